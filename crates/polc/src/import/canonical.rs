//! The digest that pins a tool definition: SHA-256 over its canonical JSON (RFC 8785).
//!
//! A host computes the same over each definition that a server lists, sends it as `tool_digest`, and a definition that
//! was changed under the same name no longer matches.

use std::fmt::Write;

use agentpol_bytecode::sha256::Sha256;
use serde_json::{Number, Value};

/// Returns `sha256:` and 64 hexadecimal digits.
pub(super) fn digest(definition: &Value) -> String {
    let mut hash = Sha256::new();
    hash.update(canonical(definition).as_bytes());
    let mut text = "sha256:".to_owned();
    for byte in hash.finish() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Returns the canonical JSON text: no space, keys sorted by their UTF-16 form, numbers as ECMAScript writes them.
fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write_value(value, &mut out);
    out
}

fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_number(number, out),
        Value::String(text) => write_text(text, out),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_value(item, out);
            }
            out.push(']');
        }
        Value::Object(object) => {
            let mut entries: Vec<(Vec<u16>, &String, &Value)> =
                object.iter().map(|(key, value)| (key.encode_utf16().collect(), key, value)).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            out.push('{');
            for (at, (_, key, value)) in entries.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_text(key, out);
                out.push(':');
                write_value(value, out);
            }
            out.push('}');
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Writes a number as `Number::toString` of ECMAScript does: the shortest digits that read back to the same double.
fn write_number(number: &Number, out: &mut String) {
    let Some(value) = number.as_f64() else { return };
    if value == 0.0 {
        out.push('0');
        return;
    }
    let scientific = format!("{:e}", value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let count = digits.len() as i32;
    let point = exponent + 1;
    if value < 0.0 {
        out.push('-');
    }
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    match point {
        // As integers up to 21 digits, as fractions down to six zeros behind the point, else with an exponent.
        p if p >= count && p <= 21 => out.push_str(&(digits + &zeros(p - count))),
        p if 0 < p && p <= 21 => {
            let (whole, fraction) = digits.split_at(p as usize);
            out.push_str(&format!("{whole}.{fraction}"));
        }
        p if -6 < p && p <= 0 => out.push_str(&format!("0.{}{digits}", zeros(-p))),
        _ => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            let sign = if exponent < 0 { '-' } else { '+' };
            out.push_str(&format!("{first}{dot}{rest}e{sign}{}", exponent.abs()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_json_is_that_of_rfc_8785() {
        let value: Value = serde_json::from_str(
            r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001,-0,1e21,123456789012345680000],
                "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#,
        )
        .unwrap();
        assert_eq!(
            canonical(&value),
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27,0,1e+21,\
             123456789012345680000],\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"
        );
    }

    #[test]
    fn keys_sort_by_utf16() {
        let value: Value = serde_json::from_str(r#"{"\ufb33":1,"\ud83d\ude00":2,"a":3,"1":4,"":5}"#).unwrap();
        assert_eq!(canonical(&value), "{\"\":5,\"1\":4,\"a\":3,\"\u{1f600}\":2,\"\u{fb33}\":1}");
    }
}
