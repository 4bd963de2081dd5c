//! Values written as Python literals, turned into JSON: what recorders leave behind that print a dictionary.

/// How deep a value may nest.
const MAX_DEPTH: usize = 32;

/// Turns a Python dictionary, list, tuple, string, number, truth value or `None` into JSON text; `None` for anything else.
/// Numbers keep their spelling.
pub(crate) fn python_to_json(text: &str) -> Option<String> {
    let mut reader = Reader { rest: text.trim(), json: String::new() };
    reader.value(0)?;
    reader.rest.trim().is_empty().then_some(reader.json)
}

struct Reader<'a> {
    rest: &'a str,
    json: String,
}

impl Reader<'_> {
    fn take(&mut self, text: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        if self.take("{") {
            return self.listed("}", '{', '}', |reader| {
                reader.string()?;
                reader.take(":").then_some(())?;
                reader.json.push(':');
                reader.value(depth + 1)
            });
        }
        for (opening, closing) in [("[", "]"), ("(", ")")] {
            if self.take(opening) {
                return self.listed(closing, '[', ']', |reader| reader.value(depth + 1));
            }
        }
        for (word, json) in [("True", "true"), ("False", "false"), ("None", "null")] {
            if self.take(word) {
                self.json.push_str(json);
                return Some(());
            }
        }
        if self.rest.starts_with(['\'', '"']) { self.string() } else { self.number() }
    }

    fn listed(&mut self, end: &str, open: char, close: char, one: impl Fn(&mut Self) -> Option<()>) -> Option<()> {
        self.json.push(open);
        let mut first = true;
        while !self.take(end) {
            if !first {
                self.take(",").then_some(())?;
                if self.take(end) {
                    break;
                }
                self.json.push(',');
            }
            first = false;
            one(self)?;
        }
        self.json.push(close);
        Some(())
    }

    fn string(&mut self) -> Option<()> {
        self.rest = self.rest.trim_start();
        let quote = self.rest.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
        let mut text = String::new();
        let mut letters = self.rest[1..].char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                _ if letter == quote => {
                    self.rest = &self.rest[1 + at + 1..];
                    self.json.push_str(&serde_json::Value::from(text).to_string());
                    return Some(());
                }
                '\\' => {
                    let (_, escaped) = letters.next()?;
                    let digits = match escaped {
                        'x' => 2,
                        'u' => 4,
                        'U' => 8,
                        _ => 0,
                    };
                    if digits > 0 {
                        let code: String = letters.by_ref().take(digits).map(|(_, digit)| digit).collect();
                        text.push(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32)?);
                        continue;
                    }
                    text.push(match escaped {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        '\\' | '\'' | '"' => escaped,
                        _ => return None,
                    });
                }
                _ => text.push(letter),
            }
        }
        None
    }

    fn number(&mut self) -> Option<()> {
        let length =
            self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))).unwrap_or(self.rest.len());
        let number = &self.rest[..length];
        serde_json::from_str::<serde_json::Number>(number).ok()?;
        self.json.push_str(number);
        self.rest = &self.rest[length..];
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::python_to_json as to_json;

    #[test]
    fn dictionaries_become_json() {
        let json = to_json(r#"{'name': 'O\'Brien', "n": [1.50, -2, (True, None,)], 'u': '\u00e9\x41', 'd': {}}"#);
        assert_eq!(json.as_deref(), Some(r#"{"name":"O'Brien","n":[1.50,-2,[true,null]],"u":"éA","d":{}}"#));
        assert_eq!(to_json("'it'").as_deref(), Some("\"it\""));
    }

    #[test]
    fn everything_else_is_left_alone() {
        for text in [
            "",
            "{'a': }",
            "{'a': 1",
            "{a: 1}",
            "{'a': 1} x",
            "{'a': __import__('os')}",
            "nan",
            "{1: 2}",
            "'\\x4'",
            "'\\",
        ] {
            assert_eq!(to_json(text), None, "{text}");
        }
        assert_eq!(to_json(&"[".repeat(100_000)), None);
    }
}
