//! JSON text for requests and results of scenarios.

use std::fmt::Write;

/// A JSON value. Numbers keep their digits as they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    /// In order of writing.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Makes a text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Json::Text(text.into())
    }

    /// Writes it on one line.
    pub(super) fn write(&self) -> String {
        let mut out = String::new();
        self.write_to(&mut out);
        out
    }

    fn write_to(&self, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(true) => out.push_str("true"),
            Json::Bool(false) => out.push_str("false"),
            Json::Number(digits) => out.push_str(digits),
            Json::Text(text) => write_text(text, out),
            Json::List(elements) => {
                out.push('[');
                for (at, element) in elements.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { ", " });
                    element.write_to(out);
                }
                out.push(']');
            }
            Json::Object(entries) => {
                out.push('{');
                for (at, (key, value)) in entries.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { ", " });
                    write_text(key, out);
                    out.push_str(": ");
                    value.write_to(out);
                }
                out.push('}');
            }
        }
    }

    /// Returns whether a JSON Pointer leads to something in here.
    pub(super) fn has(&self, pointer: &str) -> bool {
        let unescape = |part: &str| part.replace("~1", "/").replace("~0", "~");
        let mut here = self;
        for part in pointer.split('/').skip(1).map(unescape) {
            let next = match here {
                Json::Object(entries) => entries.iter().find(|(key, _)| *key == part).map(|(_, value)| value),
                Json::List(elements) => part.parse::<usize>().ok().and_then(|at| elements.get(at)),
                _ => None,
            };
            let Some(next) = next else { return false };
            here = next;
        }
        true
    }
}

/// Returns one part of a JSON Pointer.
pub(super) fn pointer_part(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Returns a moment as RFC 3339 in UTC; `None` outside the years 1970 to 2200.
pub(super) fn rfc3339(millis: i64) -> Option<String> {
    const LAST: i64 = 7_289_654_399_999; // 2200-12-31T23:59:59.999Z
    if !(0..=LAST).contains(&millis) {
        return None;
    }
    let (year, month, day) = civil(i32::try_from(millis / 86_400_000).ok()?);
    let within = millis % 86_400_000;
    let (hour, minute, second) = (within / 3_600_000, within / 60_000 % 60, within / 1000 % 60);
    let fraction = match within % 1000 {
        0 => String::new(),
        millis => format!(".{millis:03}"),
    };
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z"))
}

/// Returns a date of days since 1970-01-01 as `2026-03-02`.
pub(super) fn date(days: i32) -> String {
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Returns year, month and day of days since 1970-01-01, after the algorithm `civil_from_days` of Howard Hinnant.
fn civil(days: i32) -> (i64, i64, i64) {
    let shifted = i64::from(days) + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_escaped_and_pointed_into() {
        let value = Json::Object(vec![
            ("a/b".to_owned(), Json::List(vec![Json::text("x\"\n\u{1}"), Json::Null])),
            ("n".to_owned(), Json::Number("1.50".to_owned())),
        ]);
        assert_eq!(value.write(), r#"{"a/b": ["x\"\n\u0001", null], "n": 1.50}"#);
        assert!(value.has("/a~1b/1") && value.has("/n") && value.has(""));
        assert!(!value.has("/a~1b/2") && !value.has("/n/x") && !value.has("/m"));
    }

    #[test]
    fn moments_are_written_in_utc() {
        assert_eq!(rfc3339(1_772_463_600_000).as_deref(), Some("2026-03-02T15:00:00Z"));
        assert_eq!(rfc3339(951_782_400_001).as_deref(), Some("2000-02-29T00:00:00.001Z"));
        assert_eq!(rfc3339(7_289_654_399_999).as_deref(), Some("2200-12-31T23:59:59.999Z"));
        assert_eq!((rfc3339(-1), rfc3339(7_289_654_400_000)), (None, None));
        assert_eq!((date(0), date(20_514)), ("1970-01-01".to_owned(), "2026-03-02".to_owned()));
    }
}
