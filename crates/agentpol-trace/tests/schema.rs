//! The published JSON Schema of the own format and the importer agree: on the names of the fields, and line by line on
//! the samples.

use std::error::Error;
use std::fs;
use std::path::Path;

use agentpol_trace::{OpenOptions, RECORD_FIELDS, Recording};
use serde_json::Value;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn schema() -> Outcome<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/recording.schema.json");
    Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
}

/// Whether a value fits a schema, for the keywords that ours uses; any other keyword is an error.
fn fits(root: &Value, schema: &Value, value: &Value) -> Outcome<bool> {
    let Some(keywords) = schema.as_object() else { return Err("a schema that is no object".into()) };
    let list = |keyword: &str| schema[keyword].as_array().map(Vec::as_slice).unwrap_or_default();
    for (keyword, rule) in keywords {
        let holds = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "properties" | "patternProperties" => true,
            "$ref" => {
                let pointer = rule.as_str().and_then(|text| text.strip_prefix('#')).ok_or("a foreign reference")?;
                fits(root, root.pointer(pointer).ok_or("a dangling reference")?, value)?
            }
            "type" => match rule.as_str() {
                Some("object") => value.is_object(),
                Some("array") => value.is_array(),
                Some("string") => value.is_string(),
                Some("boolean") => value.is_boolean(),
                Some("integer") => value.is_i64() || value.is_u64(),
                _ => return Err(format!("unknown type {rule}").into()),
            },
            "required" => list(keyword).iter().all(|name| value.get(name.as_str().unwrap_or("")).is_some()),
            "const" => value == rule,
            "enum" => list(keyword).contains(value),
            "minimum" => value.as_i64() >= rule.as_i64(),
            "maximum" => value.as_i64() <= rule.as_i64(),
            "minProperties" => {
                value.as_object().is_some_and(|object| object.len() as u64 >= rule.as_u64().unwrap_or(0))
            }
            "maxProperties" => {
                value.as_object().is_some_and(|object| object.len() as u64 <= rule.as_u64().unwrap_or(0))
            }
            "pattern" => rule == "^/" && value.as_str().is_some_and(|text| text.starts_with('/')),
            "not" => !fits(root, rule, value)?,
            "anyOf" => {
                list(keyword).iter().map(|one| fits(root, one, value)).collect::<Outcome<Vec<_>>>()?.contains(&true)
            }
            "items" => {
                let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
                !items.iter().map(|item| fits(root, rule, item)).collect::<Outcome<Vec<_>>>()?.contains(&false)
            }
            "additionalProperties" => members_fit(root, schema, value)?,
            other => return Err(format!("unknown keyword {other}").into()),
        };
        if !holds {
            return Ok(false);
        }
    }
    if !keywords.contains_key("additionalProperties") {
        return members_fit(root, schema, value);
    }
    Ok(true)
}

fn members_fit(root: &Value, schema: &Value, value: &Value) -> Outcome<bool> {
    for (name, member) in value.as_object().into_iter().flatten() {
        let fits = match (schema["properties"].get(name), schema["patternProperties"].get("^x-")) {
            (Some(rule), _) => fits(root, rule, member)?,
            (None, Some(_)) if name.starts_with("x-") => true,
            (None, _) => match &schema["additionalProperties"] {
                Value::Bool(allowed) => *allowed,
                Value::Null => true,
                rule => fits(root, rule, member)?,
            },
        };
        if !fits {
            return Ok(false);
        }
    }
    Ok(true)
}

#[test]
fn the_schema_has_the_fields_of_the_format() -> Outcome {
    let schema = schema()?;
    let properties: Vec<&String> =
        schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name).collect();
    assert_eq!(properties, RECORD_FIELDS);
    Ok(())
}

#[test]
fn the_schema_and_the_importer_take_the_same_lines() -> Outcome {
    let schema = schema()?;
    let (mut taken, mut refused) = (0, 0);
    for sample in ["desk.jsonl", "malformed.jsonl"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/own").join(sample);
        for line in fs::read_to_string(path)?.lines() {
            let Ok(value) = serde_json::from_str::<Value>(line) else { continue };
            let options = OpenOptions { format: Some(agentpol_trace::Format::Own), mapping: None };
            let imported = Recording::open("line", line.as_bytes(), options)?.all(|item| item.is_ok());
            // What a schema cannot say: a key that stands twice, and a text that turns out to be JSON.
            let beyond = line.matches("\"tool\"").count() > 1 || value["args_text"] == "{}";
            if !beyond {
                assert_eq!(fits(&schema, &schema, &value)?, imported, "{line}");
                *(if imported { &mut taken } else { &mut refused }) += 1;
            }
        }
    }
    assert!(taken >= 7 && refused >= 10, "{taken} taken, {refused} refused");
    Ok(())
}
