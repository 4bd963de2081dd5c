//! Values of the manifest as the JSON that a request carries.

use agentpol_trace::RawJson;
use toml::de::DeValue;

use super::reader::{Problems, Value};

/// The JSON of a value; times become texts. What JSON has no way to write is a mistake.
pub(super) fn json(key: &str, value: &Value<'_>, problems: &mut Problems<'_>) -> Option<RawJson> {
    let mut out = String::new();
    write(key, value, &mut out, problems)?;
    RawJson::parse(&out).ok()
}

fn write(key: &str, value: &Value<'_>, out: &mut String, problems: &mut Problems<'_>) -> Option<()> {
    match value.get_ref() {
        DeValue::String(text) => out.push_str(RawJson::string(text).text()),
        DeValue::Datetime(time) => out.push_str(RawJson::string(&time.to_string()).text()),
        DeValue::Boolean(flag) => out.push_str(if *flag { "true" } else { "false" }),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => out.push_str(&number.to_string()),
            Err(_) => {
                problems.bad_value(key, value, "a number of 64 bits");
                return None;
            }
        },
        DeValue::Float(number) => {
            let lexeme = number.as_str().trim_start_matches('+');
            if RawJson::parse(lexeme).is_err() {
                problems.bad_value(key, value, "a finite number");
                return None;
            }
            out.push_str(lexeme);
        }
        DeValue::Array(elements) => {
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write(key, element, out, problems)?;
            }
            out.push(']');
        }
        DeValue::Table(table) => {
            out.push('{');
            for (index, (name, value)) in table.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                out.push_str(RawJson::string(name.get_ref()).text());
                out.push_str(": ");
                write(&format!("{key}.{}", name.get_ref()), value, out, problems)?;
            }
            out.push('}');
        }
    }
    Some(())
}
