//! Answers that are written as YAML, as the tools of `AgentDojo` do, turned into JSON.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Number, Value};

/// How deep an answer may nest.
const MAX_DEPTH: usize = 16;

/// Turns a YAML list or mapping into JSON text, for answers of tools that write YAML; `None` for plain text and what is no
/// YAML. Aliases, tags and nesting beyond 16 are not taken.
pub fn yaml_to_json(text: &str) -> Option<String> {
    let documents = Yaml::load_from_str(text).ok()?;
    match documents.as_slice() {
        [document @ (Yaml::Sequence(_) | Yaml::Mapping(_))] => Some(value(document, 0)?.to_string()),
        _ => None,
    }
}

fn value(node: &Yaml<'_>, depth: usize) -> Option<Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    match node {
        Yaml::Sequence(elements) => elements.iter().map(|one| value(one, depth + 1)).collect::<Option<_>>(),
        Yaml::Mapping(members) => {
            let mut object = Map::new();
            for (key, member) in members {
                object.insert(name(key)?, value(member, depth + 1)?);
            }
            Some(Value::Object(object))
        }
        Yaml::Value(scalar) => Some(match scalar {
            Scalar::Null => Value::Null,
            Scalar::Boolean(truth) => Value::Bool(*truth),
            Scalar::Integer(number) => Value::Number((*number).into()),
            Scalar::FloatingPoint(number) => Value::Number(Number::from_f64(number.into_inner())?),
            Scalar::String(text) => Value::String(text.to_string()),
        }),
        _ => None,
    }
}

fn name(key: &Yaml<'_>) -> Option<String> {
    match key {
        Yaml::Value(Scalar::String(text)) => Some(text.to_string()),
        Yaml::Value(Scalar::Integer(number)) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::yaml_to_json as to_json;

    #[test]
    fn lists_and_mappings_become_json() {
        let json = to_json("- id_: '13'\n  size: 10\n  start: 2024-05-26 19:00:00\n  who:\n  - a@b.example\n").unwrap();
        assert_eq!(json, r#"[{"id_":"13","size":10,"start":"2024-05-26 19:00:00","who":["a@b.example"]}]"#);
        assert_eq!(to_json("['a', 'b']").unwrap(), r#"["a","b"]"#);
    }

    #[test]
    fn plain_text_is_left_alone() {
        for text in ["DE89370400440532013000", "The message has been sent.", "", "a: [", "{'a': 1"] {
            assert_eq!(to_json(text), None, "{text}");
        }
    }
}
