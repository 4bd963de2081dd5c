//! The attributes of a span, as JSON.

use std::collections::HashMap;

use crate::document::Node;
use crate::error::RecordError;
use crate::json::{self, RawJson};

/// How deep a value may nest.
const MAX_DEPTH: usize = 32;

/// Attributes by name, each as JSON text.
#[derive(Debug, Default)]
pub(super) struct Attributes(HashMap<String, String>);

impl Attributes {
    /// Reads a list of `{"key", "value"}`.
    pub(super) fn of(list: Option<Node<'_>>) -> Result<Attributes, RecordError> {
        let mut attributes = HashMap::new();
        let Some(list) = list else { return Ok(Attributes::default()) };
        for node in list.list()? {
            let attribute = node.object()?;
            let name = attribute.require("key")?.string()?;
            if let Some(value) = attribute.get("value").and_then(|value| any(&value, 0)) {
                attributes.insert(name, value);
            }
        }
        Ok(Attributes(attributes))
    }

    /// The value of that name as JSON text.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The text of that name, where it is one and says something.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let raw = self.get(name).filter(|raw| raw.starts_with('"'))?;
        json::string(raw).ok().map(|text| text.into_owned()).filter(|text| !text.is_empty())
    }

    /// The value of that name as text: itself where it is one, its JSON text where it is anything else.
    pub(super) fn plain(&self, name: &str) -> Option<String> {
        let raw = self.get(name)?;
        Some(json::string(raw).map_or_else(|_| raw.to_owned(), |text| text.into_owned()))
    }
}

/// The JSON text of a value of any kind. Whole numbers are written as texts, which is what they are in 64 bits.
fn any(node: &Node<'_>, depth: usize) -> Option<String> {
    if depth > MAX_DEPTH {
        return None;
    }
    let value = node.object().ok()?;
    let of = |camel: &str, snake: &str| value.get(camel).or_else(|| value.get(snake));
    if let Some(text) = of("stringValue", "string_value").or_else(|| of("bytesValue", "bytes_value")) {
        return text.is_string().then(|| text.raw().to_owned());
    }
    if let Some(number) = of("intValue", "int_value").or_else(|| of("doubleValue", "double_value")) {
        let number = number.plain();
        return serde_json::from_str::<serde_json::Number>(&number).ok().map(|_| number);
    }
    if let Some(truth) = of("boolValue", "bool_value") {
        return truth.flag().ok().map(|truth| truth.to_string());
    }
    if let Some(list) = of("arrayValue", "array_value") {
        let elements = list.object().ok()?.list("values").ok()?;
        let elements: Option<Vec<String>> = elements.iter().map(|element| any(element, depth + 1)).collect();
        return Some(format!("[{}]", elements?.join(",")));
    }
    let members = of("kvlistValue", "kvlist_value")?.object().ok()?.list("values").ok()?;
    let member = |node: &Node<'_>| {
        let member = node.object().ok()?;
        let name = member.get("key")?.string().ok()?;
        let value = member.get("value").map_or_else(|| Some("null".to_owned()), |value| any(&value, depth + 1))?;
        Some(format!("{}:{value}", RawJson::string(&name).text()))
    };
    let members: Option<Vec<String>> = members.iter().map(member).collect();
    Some(format!("{{{}}}", members?.join(",")))
}
