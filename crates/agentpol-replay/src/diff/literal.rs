//! Recorded JSON as the language writes it: names of the policy in place of those on the wire, and numbers without exponents.

use agentpol::policy::{Policy, ShapeId, Type};
use agentpol_trace::RawJson;
use serde_json::value::RawValue;

/// How deep values are followed; requests are not deeper.
const DEPTH: usize = 20;

/// Writes values for a policy.
#[derive(Clone, Copy)]
pub(super) struct Writer<'p> {
    pub(super) policy: &'p Policy,
    /// Fields that a declared record does not have are left out; else they are written as they stand.
    pub(super) declared_only: bool,
}

impl Writer<'_> {
    /// Writes a value; nothing for what the language cannot say. The type is what is declared, where something is.
    pub(super) fn value(self, json: &str, ty: Option<&Type>) -> Option<String> {
        self.value_in(json.trim(), ty, DEPTH)
    }

    /// Writes the members of an object as the fields of a shape, with commas between them.
    pub(super) fn fields(self, json: &RawJson, shape: ShapeId) -> Option<Vec<String>> {
        self.fields_in(json, shape, DEPTH)
    }

    fn value_in(self, json: &str, ty: Option<&Type>, depth: usize) -> Option<String> {
        let depth = depth.checked_sub(1)?;
        match json.as_bytes().first()? {
            b'{' => {
                let object = RawJson::parse(json).ok()?;
                let pairs = match ty {
                    Some(Type::Shape(shape)) => self.fields_in(&object, *shape, depth)?,
                    _ => {
                        let of = match ty {
                            Some(Type::Map(of, _)) => Some(&**of),
                            _ => None,
                        };
                        let pair = |(key, value): &(String, RawJson)| {
                            Some(format!("{}: {}", text(key), self.value_in(value.text(), of, depth)?))
                        };
                        object.members().iter().map(pair).collect::<Option<Vec<String>>>()?
                    }
                };
                Some(if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) })
            }
            b'[' => {
                let of = match ty {
                    Some(Type::List(of, _)) => Some(&**of),
                    _ => None,
                };
                let elements: Vec<&RawValue> = serde_json::from_str(json).ok()?;
                let elements: Option<Vec<String>> =
                    elements.iter().map(|element| self.value_in(element.get(), of, depth)).collect();
                Some(format!("[{}]", elements?.join(", ")))
            }
            b'"' => Some(text(&serde_json::from_str::<String>(json).ok()?)),
            b't' | b'f' | b'n' => Some(json.to_owned()),
            _ => number(json),
        }
    }

    fn fields_in(self, json: &RawJson, shape: ShapeId, depth: usize) -> Option<Vec<String>> {
        let mut pairs = Vec::new();
        for (key, value) in json.members() {
            match self.policy[shape].fields.iter().find(|field| field.wire == key) {
                Some(field) => {
                    pairs.push(format!("{}: {}", field.name, self.value_in(value.text(), Some(&field.ty), depth)?));
                }
                None if self.declared_only => {}
                None => pairs.push(format!("{}: {}", text(&key), self.value_in(value.text(), None, depth)?)),
            }
        }
        Some(pairs)
    }
}

/// A text in quotes. What is not plainly visible is written out.
pub(super) fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric() => out.push(c),
            c => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

/// A number without an exponent.
fn number(json: &str) -> Option<String> {
    if !json.contains(['e', 'E']) {
        return Some(json.to_owned());
    }
    let value: f64 = json.parse().ok()?;
    let plain = value.abs() < 1e15 && (value == 0.0 || value.abs() > 1e-6);
    plain.then(|| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_the_language_has_them() {
        let policy = Policy::default();
        let writer = Writer { policy: &policy, declared_only: false };
        for (json, expected) in [
            (r#"{"a": [1, 2.50, -3e2], "b c": null}"#, r#"{ "a": [1, 2.50, -300], "b c": null }"#),
            (r#""say \"hi\"\n\u202e""#, r#""say \"hi\"\n\u{202e}""#),
            ("{}", "{}"),
            (" true ", "true"),
        ] {
            assert_eq!(writer.value(json, None).as_deref(), Some(expected));
        }
        assert_eq!(writer.value("1e300", None), None);
        assert_eq!(writer.value(&"[".repeat(30), None), None);
    }
}
