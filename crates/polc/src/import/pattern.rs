//! Patterns of JSON Schema (ECMAScript, found anywhere in the text) as patterns of the language (anchored, linear time).
//!
//! Only what means the same in both is translated; anything else is refused, and the parameter stays a plain string.

/// Returns the anchored pattern, or in a few words what stands in the way.
pub(super) fn translate(pattern: &str) -> Result<String, &'static str> {
    let (body, from_start) = match pattern.strip_prefix('^') {
        Some(rest) => (rest, true),
        None => (pattern, false),
    };
    let escaped = |text: &str| text.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
    let (body, to_end) = match body.strip_suffix('$') {
        Some(rest) if !escaped(rest) => (rest, true),
        _ => (body, false),
    };
    let mut reader = Reader { rest: body, out: String::new(), depth: 0, alternatives: false };
    reader.read()?;
    if reader.alternatives && (from_start || to_end) {
        return Err("its anchors belong to one alternative only");
    }
    let (before, after) = (if from_start { "" } else { "(?s:.*)" }, if to_end { "" } else { "(?s:.*)" });
    let grouped = reader.alternatives && !(before.is_empty() && after.is_empty());
    Ok(if grouped { format!("{before}(?:{}){after}", reader.out) } else { format!("{before}{}{after}", reader.out) })
}

struct Reader<'p> {
    rest: &'p str,
    out: String,
    depth: usize,
    alternatives: bool,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn read(&mut self) -> Result<(), &'static str> {
        while let Some(c) = self.next() {
            match c {
                '^' | '$' => return Err("it has an anchor inside"),
                '\\' => {
                    let piece = self.escape(false)?;
                    self.out.push_str(&piece);
                }
                '[' => self.class()?,
                '(' => self.open()?,
                ')' => {
                    self.depth = self.depth.checked_sub(1).ok_or("a bracket closes nothing")?;
                    self.out.push(')');
                }
                '|' => {
                    self.alternatives |= self.depth == 0;
                    self.out.push('|');
                }
                '{' => self.repetition()?,
                '}' | ']' => return Err("it has a bracket that stands for itself"),
                // In ECMAScript the dot stops at four line ends, here at one.
                '.' => self.out.push_str("[^\\n\\r\\x{2028}\\x{2029}]"),
                c => self.out.push(c),
            }
        }
        if self.depth > 0 { Err("a bracket is not closed") } else { Ok(()) }
    }

    fn open(&mut self) -> Result<(), &'static str> {
        self.depth += 1;
        if let Some(rest) = self.rest.strip_prefix("?:") {
            self.rest = rest;
        } else if self.rest.starts_with('?') {
            return Err("it looks around or names a group");
        }
        self.out.push_str("(?:");
        Ok(())
    }

    /// `{2}`, `{2,}`, `{2,5}` with small numbers.
    fn repetition(&mut self) -> Result<(), &'static str> {
        let end = self.rest.find('}').ok_or("it has a bracket that stands for itself")?;
        let inside = &self.rest[..end];
        let (low, high) = inside.split_once(',').unwrap_or((inside, inside));
        let number = |text: &str| text.parse::<u32>().ok().filter(|n| *n <= 1_000);
        let fits = number(low).is_some() && (high.is_empty() || number(high) >= number(low) && number(high).is_some());
        if !fits {
            return Err("it repeats too often");
        }
        self.out.push('{');
        self.out.push_str(inside);
        self.out.push('}');
        self.rest = &self.rest[end + 1..];
        Ok(())
    }

    /// What stands behind a backslash. Letters and digits have meanings that differ; signs stand for themselves.
    fn escape(&mut self, in_class: bool) -> Result<String, &'static str> {
        let set = |inside: &str| if in_class { inside.to_owned() } else { format!("[{inside}]") };
        match self.next().ok_or("it ends in a backslash")? {
            'd' => Ok(set("0-9")),
            'w' => Ok(set("A-Za-z0-9_")),
            's' => Ok(set(
                "\\t\\n\\x0B\\f\\r \\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}\\x{FEFF}",
            )),
            'D' if !in_class => Ok("[^0-9]".to_owned()),
            'W' if !in_class => Ok("[^A-Za-z0-9_]".to_owned()),
            same @ ('n' | 'r' | 't' | 'f') => Ok(format!("\\{same}")),
            'v' => Ok("\\x0B".to_owned()),
            '/' => Ok("/".to_owned()),
            sign if sign.is_ascii_punctuation() => Ok(format!("\\{sign}")),
            _ => Err("it has an escape that is not known here"),
        }
    }

    fn class(&mut self) -> Result<(), &'static str> {
        self.out.push('[');
        if let Some(rest) = self.rest.strip_prefix('^') {
            self.rest = rest;
            self.out.push('^');
        }
        let (mut empty, mut behind_set) = (true, false);
        loop {
            let was_behind_set = std::mem::take(&mut behind_set);
            match self.next().ok_or("a bracket is not closed")? {
                ']' if empty => return Err("it has an empty class"),
                ']' => break,
                '\\' => {
                    behind_set = self.rest.starts_with(['d', 'w', 's']);
                    let piece = self.escape(true)?;
                    self.out.push_str(&piece);
                }
                '-' if !empty && ["\\d", "\\w", "\\s"].iter().any(|set| self.rest.starts_with(set)) => {
                    return Err("it has a range that ends in a set");
                }
                // These have no meaning of their own in a class of ECMAScript.
                sign @ ('[' | '&' | '~' | '^') => {
                    self.out.push('\\');
                    self.out.push(sign);
                }
                '-' if empty || was_behind_set || self.rest.starts_with(']') => self.out.push_str("\\-"),
                c => self.out.push(c),
            }
            empty = false;
        }
        self.out.push(']');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_made_explicit() {
        assert_eq!(translate("^[A-Z0-9]{6}$").unwrap(), "[A-Z0-9]{6}");
        assert_eq!(translate("abc").unwrap(), "(?s:.*)abc(?s:.*)");
        assert_eq!(translate("^a\\$").unwrap(), "a\\$(?s:.*)");
        assert_eq!(translate("a|b").unwrap(), "(?s:.*)(?:a|b)(?s:.*)");
        assert!(translate("^a|b$").is_err());
        assert_eq!(translate("^(a|b)$").unwrap(), "(?:a|b)");
    }

    #[test]
    fn classes_mean_ascii() {
        assert_eq!(translate("^\\d+$").unwrap(), "[0-9]+");
        assert_eq!(translate("^[\\w.-]+$").unwrap(), "[A-Za-z0-9_.\\-]+");
        assert_eq!(translate("^[\\w-x]$").unwrap(), "[A-Za-z0-9_\\-x]");
        assert_eq!(translate("^[[&]$").unwrap(), "[\\[\\&]");
    }

    #[test]
    fn what_differs_is_refused() {
        for pattern in
            ["(?=a)", "(a)\\1", "\\bword", "[]", "a{2000}", "a{", "\\p{L}", "(a", "a)", "[a", "a\\", "x^y", "[a-\\d]"]
        {
            assert!(translate(pattern).is_err(), "{pattern}");
        }
    }
}
