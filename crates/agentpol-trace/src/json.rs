//! JSON as exact text: values, members and elements by reference, never re-spelled.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// The exact text of one JSON value.
///
/// Numbers, escapes and the order of members are as somebody wrote them. That the text is JSON is established when the
/// value is made; whether keys repeat or numbers fit is for the reader of the request to judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawJson(String);

impl RawJson {
    /// Takes a text that holds exactly one JSON value; white space around it is dropped.
    ///
    /// # Errors
    /// What the JSON reader says about a text that does not.
    pub fn parse(text: &str) -> Result<RawJson, String> {
        match serde_json::from_str::<&RawValue>(text) {
            Ok(value) => Ok(RawJson(value.get().to_owned())),
            Err(error) => Err(without_position(&error)),
        }
    }

    /// Takes a text, which becomes a JSON string.
    pub fn string(text: &str) -> RawJson {
        RawJson(serde_json::Value::from(text).to_string())
    }

    /// Takes text that was cut out of parsed JSON.
    pub(crate) fn verbatim(text: &str) -> RawJson {
        RawJson(text.to_owned())
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The members of an object, in order, each value in its exact text; none for anything else.
    pub fn members(&self) -> Vec<(String, RawJson)> {
        let member = |(key, value): (Cow<'_, str>, &str)| (key.into_owned(), RawJson::verbatim(value));
        members(&self.0).0.into_iter().map(member).collect()
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        self.0.starts_with('{')
    }
}

/// The message of an error, without the place in it, which is told apart, and in plain words.
pub(crate) fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rfind(" at line ").map_or(text.as_str(), |end| &text[..end]);
    match text.strip_prefix("EOF while parsing ") {
        Some("a value") => "the text ends where a value should be".to_owned(),
        Some(what) => format!("the text ends inside {what}"),
        None if text == "expected ident" || text == "expected value" => "expected a value".to_owned(),
        None if text == "unexpected end of hex escape" => "half of a surrogate pair in a text".to_owned(),
        None => text.to_owned(),
    }
}

/// What kind of value a JSON text begins.
pub(crate) fn kind(raw: &str) -> &'static str {
    match raw.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a text",
        Some(b't' | b'f') => "a truth value",
        Some(b'n') => "null",
        Some(_) => "a number",
        None => "nothing",
    }
}

/// A mistake in JSON text: the byte at which it was noticed, and the reader's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) at: usize,
    pub(crate) message: String,
}

/// A place in JSON text from which values are cut out one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Cursor<'a> {
        Cursor { text, at: 0 }
    }

    /// The next byte that is no white space, not consumed.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        let blank = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        self.at += blank;
        rest.get(blank).copied()
    }

    /// Consumes this byte if it is next.
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        if there {
            self.at += 1;
        }
        there
    }

    /// A mistake here.
    pub(crate) fn mistake(&self, message: &str) -> Mistake {
        Mistake { at: self.at, message: message.to_owned() }
    }

    /// Cuts out the next value.
    pub(crate) fn value(&mut self) -> Result<&'a str, Mistake> {
        self.peek();
        let rest = &self.text[self.at..];
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<&'a RawValue>();
        match stream.next() {
            Some(Ok(value)) => {
                self.at += stream.byte_offset();
                Ok(value.get())
            }
            Some(Err(error)) => {
                Err(Mistake { at: self.at + offset_in(rest, &error), message: without_position(&error) })
            }
            None => Err(self.mistake("the text ends where a value should be")),
        }
    }

    /// Cuts out the next key and its colon.
    pub(crate) fn key(&mut self) -> Result<Cow<'a, str>, Mistake> {
        if self.peek() != Some(b'"') {
            return Err(self.mistake("expected a key in double quotes"));
        }
        let start = self.at;
        let raw = self.value()?;
        let key = string(raw).map_err(|message| Mistake { at: start, message })?;
        if !self.take(b':') {
            return Err(self.mistake("expected `:`"));
        }
        Ok(key)
    }
}

/// The byte in `text` that an error of the JSON reader points at.
fn offset_in(text: &str, error: &serde_json::Error) -> usize {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    (before + error.column().saturating_sub(1)).min(text.len())
}

/// The text of a JSON string.
pub(crate) fn string(raw: &str) -> Result<Cow<'_, str>, String> {
    match raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) if !inner.contains('\\') => Ok(Cow::Borrowed(inner)),
        _ => serde_json::from_str::<String>(raw).map(Cow::Owned).map_err(|error| without_position(&error)),
    }
}

/// The members of an object, in order, up to the first mistake.
pub(crate) fn members(raw: &str) -> (Vec<(Cow<'_, str>, &str)>, Option<Mistake>) {
    let mut members = Vec::new();
    let mut cursor = Cursor::new(raw);
    if !cursor.take(b'{') {
        return (members, Some(cursor.mistake("expected `{`")));
    }
    if cursor.take(b'}') {
        return (members, None);
    }
    loop {
        let member = cursor.key().and_then(|key| Ok((key, cursor.value()?)));
        match member {
            Ok(member) => members.push(member),
            Err(mistake) => return (members, Some(mistake)),
        }
        if cursor.take(b'}') {
            return (members, None);
        }
        if !cursor.take(b',') {
            return (members, Some(cursor.mistake("expected `,` or `}`")));
        }
    }
}

/// The elements of a list, in order, up to the first mistake.
pub(crate) fn elements(raw: &str) -> (Vec<&str>, Option<Mistake>) {
    let mut elements = Vec::new();
    let mut cursor = Cursor::new(raw);
    if !cursor.take(b'[') {
        return (elements, Some(cursor.mistake("expected `[`")));
    }
    if cursor.take(b']') {
        return (elements, None);
    }
    loop {
        match cursor.value() {
            Ok(element) => elements.push(element),
            Err(mistake) => return (elements, Some(mistake)),
        }
        if cursor.take(b']') {
            return (elements, None);
        }
        if !cursor.take(b',') {
            return (elements, Some(cursor.mistake("expected `,` or `]`")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_lexeme() {
        let (got, mistake) = members(r#" {"a" : 1.10, "b\u0063": [1e2 , {"x": -0.0}], "d":"\u00e9"} "#);
        assert_eq!(mistake, None);
        let pairs: Vec<(&str, &str)> = got.iter().map(|(key, value)| (key.as_ref(), *value)).collect();
        assert_eq!(pairs, [("a", "1.10"), ("bc", r#"[1e2 , {"x": -0.0}]"#), ("d", r#""\u00e9""#)]);
        assert_eq!(elements("[1, 2.50,[]]").0, ["1", "2.50", "[]"]);
    }

    #[test]
    fn stops_at_a_mistake_and_says_where() {
        let (got, mistake) = members(r#"{"a": 1, "b": tru}"#);
        assert_eq!(got.len(), 1);
        assert_eq!(mistake.map(|mistake| mistake.at), Some(17));
        let (_, mistake) = elements("[1\n,\n 2 3]");
        assert_eq!(mistake.map(|mistake| (mistake.at, mistake.message)), Some((8, "expected `,` or `]`".into())));
        assert!(members("{\"a\": [").1.is_some());
        assert!(members("").1.is_some());
    }

    #[test]
    fn takes_deep_nesting_without_recursion() {
        let deep = format!("{{\"a\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(members(&deep).1, None);
        assert!(RawJson::parse(&deep).is_ok());
    }

    #[test]
    fn raw_json_is_one_value() {
        assert_eq!(RawJson::parse(" {\"a\": 1.0} ").map(|json| json.text().to_owned()), Ok("{\"a\": 1.0}".into()));
        assert!(RawJson::parse("{} {}").is_err());
        assert!(RawJson::parse("").is_err());
        assert_eq!(RawJson::string("a\"b").text(), r#""a\"b""#);
        let members = RawJson::parse("{\"a\": 1.0}").map(|json| json.members());
        assert_eq!(members, Ok(vec![("a".into(), RawJson("1.0".into()))]));
    }
}
