//! What requests and events may not have although it is JSON: names that stand twice, and values nested too deeply.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// How deep a request may nest.
const MAX_DEPTH: usize = 16;

/// Finds the first such thing, with its place; nothing where there is none or the text is no JSON.
pub(crate) fn find(bytes: &[u8]) -> Option<String> {
    let error = Strict { depth: 1 }.deserialize(&mut serde_json::Deserializer::from_slice(bytes)).err()?;
    let text = error.to_string();
    let why = text.split(" at line ").next().unwrap_or_default();
    error.is_data().then(|| format!("{why}, at {}", place(&error)))
}

/// Says where text stops being JSON.
pub(crate) fn not_json(error: &serde_json::Error) -> String {
    let place = place(error);
    if error.is_eof() { format!("not JSON: it ends too early, at {place}") } else { format!("not JSON at {place}") }
}

fn place(error: &serde_json::Error) -> String {
    format!("line {}, column {}", error.line(), error.column())
}

/// Reads a value and keeps nothing of it.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn inside<E: Error>(self) -> Result<Strict, E> {
        match self.depth <= MAX_DEPTH {
            true => Ok(Strict { depth: self.depth + 1 }),
            false => Err(E::custom(format!("a value is nested more than {MAX_DEPTH} deep"))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        while list.next_element_seed(inside)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        let mut names = HashSet::new();
        while let Some(name) = object.next_key::<String>()? {
            if names.contains(&name) {
                return Err(A::Error::custom(format!("`{name}` stands twice")));
            }
            names.insert(name);
            object.next_value_seed(inside)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn what_stands_twice_has_a_place() {
        let twice = "{\"a\": {\"b\": 1,\n  \"\\u0062\": 2}}";
        assert_eq!(find(twice.as_bytes()).as_deref(), Some("`b` stands twice, at line 2, column 10"));
        assert_eq!(find(b"{\"a\": [{\"b\": 1}, {\"b\": -1.5}], \"b\": null}"), None);
        assert_eq!(find(b"{\"a\""), None);
    }

    #[test]
    fn what_is_nested_too_deeply_has_a_place() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(find(nested(16).as_bytes()), None);
        let deep = "a value is nested more than 16 deep, at line 1, column 18";
        assert_eq!(find(nested(17).as_bytes()).as_deref(), Some(deep));
    }
}
