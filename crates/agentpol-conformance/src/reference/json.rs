//! Strict JSON (semantics 2.10): what two readers might understand differently is refused. Numbers stay as written.

use agentpol_bytecode::code::Code;

/// How deep a request may nest.
const MAX_DEPTH: usize = 16;
/// How many values a request may have.
const MAX_NODES: usize = 16_384;
/// How many bytes a request may have.
const MAX_REQUEST: usize = 1024 * 1024;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// The characters as written.
    Number(String),
    Text(String),
    List(Vec<Json>),
    /// In order of writing; keys are unique.
    Object(Vec<Member>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) key: String,
    pub(super) value: Json,
    /// How many bytes the value was written with.
    pub(super) length: usize,
}

impl Json {
    /// The value under a key.
    pub(super) fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().find(|member| member.key == key).map(|member| &member.value),
            _ => None,
        }
    }
}

/// Reads a whole request.
pub(super) fn read(bytes: &[u8]) -> Result<Json, Code> {
    if bytes.len() > MAX_REQUEST {
        return Err(Code::RequestTooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Code::RequestMalformed)?;
    let mut reader = Reader { text, position: 0, nodes: 0 };
    reader.space();
    let value = reader.value(1)?;
    reader.space();
    if reader.position == text.len() { Ok(value) } else { Err(Code::RequestMalformed) }
}

struct Reader<'a> {
    text: &'a str,
    position: usize,
    nodes: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.position..]
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.position += word.len();
        }
        found
    }

    fn expect(&mut self, word: &str) -> Result<(), Code> {
        if self.take(word) { Ok(()) } else { Err(Code::RequestMalformed) }
    }

    fn space(&mut self) {
        while self.rest().starts_with([' ', '\t', '\r', '\n']) {
            self.position += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json, Code> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(Code::RequestTooLarge);
        }
        match self.rest().chars().next() {
            Some('{') => self.object(depth),
            Some('[') => self.list(depth),
            Some('"') => Ok(Json::Text(self.string()?)),
            Some('-' | '0'..='9') => self.number(),
            _ if self.take("null") => Ok(Json::Null),
            _ if self.take("true") => Ok(Json::Bool(true)),
            _ if self.take("false") => Ok(Json::Bool(false)),
            _ => Err(Code::RequestMalformed),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, Code> {
        if depth > MAX_DEPTH {
            return Err(Code::RequestMalformed);
        }
        self.expect("{")?;
        let mut members: Vec<Member> = Vec::new();
        self.space();
        while !self.take("}") {
            if !members.is_empty() {
                self.expect(",")?;
                self.space();
            }
            let key = self.string()?;
            self.space();
            self.expect(":")?;
            self.space();
            let start = self.position;
            let value = self.value(depth + 1)?;
            let length = self.position - start;
            if members.iter().any(|member| member.key == key) {
                return Err(Code::RequestMalformed);
            }
            members.push(Member { key, value, length });
            self.space();
        }
        Ok(Json::Object(members))
    }

    fn list(&mut self, depth: usize) -> Result<Json, Code> {
        if depth > MAX_DEPTH {
            return Err(Code::RequestMalformed);
        }
        self.expect("[")?;
        let mut elements = Vec::new();
        self.space();
        while !self.take("]") {
            if !elements.is_empty() {
                self.expect(",")?;
                self.space();
            }
            elements.push(self.value(depth + 1)?);
            self.space();
        }
        Ok(Json::List(elements))
    }

    fn number(&mut self) -> Result<Json, Code> {
        let start = self.position;
        self.take("-");
        if !self.take("0") {
            self.digits()?;
        }
        if self.take(".") {
            self.digits()?;
        }
        if self.take("e") || self.take("E") {
            let _ = self.take("+") || self.take("-");
            self.digits()?;
        }
        Ok(Json::Number(self.text[start..self.position].to_owned()))
    }

    fn digits(&mut self) -> Result<(), Code> {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.position += count;
        if count > 0 { Ok(()) } else { Err(Code::RequestMalformed) }
    }

    fn string(&mut self) -> Result<String, Code> {
        self.expect("\"")?;
        let mut out = String::new();
        while !self.take("\"") {
            let next = self.rest().chars().next().ok_or(Code::RequestMalformed)?;
            match next {
                '\\' => out.push(self.escape()?),
                '\0'..='\u{1f}' => return Err(Code::RequestMalformed),
                plain => {
                    self.position += plain.len_utf8();
                    out.push(plain);
                }
            }
        }
        Ok(out)
    }

    fn escape(&mut self) -> Result<char, Code> {
        self.expect("\\")?;
        let escapes = [
            ("\"", '"'),
            ("\\", '\\'),
            ("/", '/'),
            ("b", '\u{8}'),
            ("f", '\u{c}'),
            ("n", '\n'),
            ("r", '\r'),
            ("t", '\t'),
        ];
        for (written, meant) in escapes {
            if self.take(written) {
                return Ok(meant);
            }
        }
        let unit = self.unicode_escape()?;
        match unit {
            0xd800..=0xdbff => {
                self.expect("\\")?;
                let low = self.unicode_escape()?;
                let units = [unit as u16, low as u16];
                char::decode_utf16(units).next().and_then(Result::ok).ok_or(Code::RequestMalformed)
            }
            _ => char::from_u32(unit).ok_or(Code::RequestMalformed),
        }
    }

    fn unicode_escape(&mut self) -> Result<u32, Code> {
        self.expect("u")?;
        let digits = self.rest().get(..4).ok_or(Code::RequestMalformed)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(Code::RequestMalformed);
        }
        let unit = u32::from_str_radix(digits, 16).map_err(|_| Code::RequestMalformed)?;
        self.position += 4;
        Ok(unit)
    }
}

/// Reads a JSON Pointer (RFC 6901) into its reference tokens.
pub(super) fn pointer(text: &str) -> Option<Vec<String>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let unescape = |token: &str| {
        let bare = token.replace("~0", "").replace("~1", "");
        (!bare.contains('~')).then(|| token.replace("~1", "/").replace("~0", "~"))
    };
    text.strip_prefix('/')?.split('/').map(unescape).collect()
}

/// The pointer one step further down.
pub(super) fn step(pointer: &str, token: &str) -> String {
    format!("{pointer}/{}", token.replace('~', "~0").replace('/', "~1"))
}

/// Follows a pointer.
pub(super) fn follow<'a>(root: &'a Json, tokens: &[String]) -> Option<&'a Json> {
    let Some((token, rest)) = tokens.split_first() else { return Some(root) };
    let next = match root {
        Json::Object(_) => root.get(token)?,
        Json::List(elements) => {
            let plain = token == "0" || (!token.starts_with('0') && token.bytes().all(|b| b.is_ascii_digit()));
            elements.get(if plain { token.parse::<usize>().ok()? } else { return None })?
        }
        _ => return None,
    };
    follow(next, rest)
}
