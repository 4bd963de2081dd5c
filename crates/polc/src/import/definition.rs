//! Reading lists of tools: an answer to `tools/list` of MCP, bare or in its JSON-RPC envelope, and lists of functions
//! as model providers take them.

use std::fmt;

use serde_json::{Map, Value};

/// One tool as somebody defined it.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    /// The name on the wire.
    pub(crate) name: String,
    /// What it says of itself.
    pub(crate) description: Option<String>,
    /// The JSON Schema of its arguments; `None` where it takes none.
    pub(crate) input: Option<Value>,
    /// The hints of MCP; `None` where the definition gives none.
    pub(crate) hints: Option<Hints>,
    /// The whole definition, for a digest, where it came from an MCP server.
    pub(crate) pinned: Option<Value>,
}

/// What an MCP server says about the effects of a tool. Absent hints have the defaults of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hints {
    /// `readOnlyHint`, false by default.
    pub(crate) read_only: Option<bool>,
    /// `destructiveHint`, true by default.
    pub(crate) destructive: Option<bool>,
    /// `openWorldHint`, true by default.
    pub(crate) open_world: Option<bool>,
}

/// A list of tools.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    /// The tools, in the order listed.
    pub(crate) tools: Vec<Definition>,
    /// The answer says that there are more pages.
    pub(crate) incomplete: bool,
}

/// Why a file is no list of tools.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum DefinitionError {
    /// Not JSON.
    Syntax { line: usize, column: usize, why: String },
    /// JSON, but nothing that is known to list tools.
    NoTools,
    /// The server answered with an error.
    Refused { message: String },
    /// One entry is not as it should be.
    Entry { number: usize, field: &'static str, expected: &'static str },
    /// Two entries have one name.
    Twice { name: String },
}

impl fmt::Display for DefinitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DefinitionError::Syntax { line, column, why } => write!(f, "not JSON at {line}:{column}: {why}"),
            DefinitionError::NoTools => write!(f, "no list of tools in it"),
            DefinitionError::Refused { message } => write!(f, "the server answered with an error: {message}"),
            DefinitionError::Entry { number, field, expected } => {
                write!(f, "tool {number}: `{field}` should be {expected}")
            }
            DefinitionError::Twice { name } => write!(f, "the tool `{name}` is listed twice"),
        }
    }
}

/// Reads a list of tools; JSON documents one after the other, as in JSON Lines, count as one list.
pub(crate) fn read_listing(text: &str) -> Result<Listing, DefinitionError> {
    let mut documents = Vec::new();
    for document in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        documents.push(document.map_err(syntax)?);
    }
    let mut incomplete = false;
    let mut entries = Vec::new();
    for document in documents {
        incomplete |= collect(document, &mut entries)?;
    }
    let mut tools: Vec<Definition> = Vec::with_capacity(entries.len());
    for (at, entry) in entries.into_iter().enumerate() {
        let tool = definition(entry, at + 1)?;
        if tools.iter().any(|other| other.name == tool.name) {
            return Err(DefinitionError::Twice { name: tool.name });
        }
        tools.push(tool);
    }
    match tools.is_empty() {
        true => Err(DefinitionError::NoTools),
        false => Ok(Listing { tools, incomplete }),
    }
}

fn syntax(error: serde_json::Error) -> DefinitionError {
    let why = error.to_string();
    let why = why.split(" at line ").next().unwrap_or_default().to_owned();
    DefinitionError::Syntax { line: error.line(), column: error.column(), why }
}

/// Finds the entries of one document; returns whether it says that more pages follow.
fn collect(document: Value, entries: &mut Vec<Value>) -> Result<bool, DefinitionError> {
    match document {
        Value::Array(list) => {
            entries.extend(list);
            Ok(false)
        }
        Value::Object(mut object) => {
            if let Some(error) = object.get("error") {
                let message = error.get("message").and_then(Value::as_str).unwrap_or("no message");
                return Err(DefinitionError::Refused { message: message.to_owned() });
            }
            if let Some(result) = object.remove("result") {
                return collect(result, entries);
            }
            let more = object.get("nextCursor").is_some_and(|cursor| !cursor.is_null());
            match object.remove("tools") {
                Some(Value::Array(list)) => {
                    entries.extend(list);
                    Ok(more)
                }
                Some(_) => Err(DefinitionError::NoTools),
                None if object.contains_key("name") || object.contains_key("function") => {
                    entries.push(Value::Object(object));
                    Ok(false)
                }
                None => Err(DefinitionError::NoTools),
            }
        }
        _ => Err(DefinitionError::NoTools),
    }
}

fn definition(entry: Value, number: usize) -> Result<Definition, DefinitionError> {
    let wrong = |field, expected| DefinitionError::Entry { number, field, expected };
    let Value::Object(object) = entry else { return Err(wrong("tools", "a list of objects")) };
    let inner = match object.get("function") {
        None => &object,
        Some(Value::Object(function)) => function,
        Some(_) => return Err(wrong("function", "an object")),
    };
    let name = match inner.get("name") {
        Some(Value::String(name)) if !name.is_empty() => name.clone(),
        _ => return Err(wrong("name", "a text that is not empty")),
    };
    let description = inner.get("description").and_then(Value::as_str).map(str::to_owned);
    let from_server = inner.contains_key("inputSchema");
    let keys = ["inputSchema", "input_schema", "parameters"];
    let input = match keys.iter().find_map(|key| inner.get(*key)) {
        None | Some(Value::Null) => None,
        Some(schema @ Value::Object(_)) => Some(schema.clone()),
        Some(_) => return Err(wrong("inputSchema", "a JSON Schema of an object")),
    };
    let hints = inner.get("annotations").and_then(Value::as_object).map(hints);
    Ok(Definition { name, description, input, hints, pinned: from_server.then(|| Value::Object(object.clone())) })
}

fn hints(annotations: &Map<String, Value>) -> Hints {
    let hint = |name: &str| annotations.get(name).and_then(Value::as_bool);
    Hints { read_only: hint("readOnlyHint"), destructive: hint("destructiveHint"), open_world: hint("openWorldHint") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form() {
        let forms = [
            r#"{"tools":[{"name":"a","inputSchema":{"type":"object"}}]}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"a","inputSchema":{"type":"object"}}]}}"#,
            r#"[{"type":"function","function":{"name":"a","parameters":{"type":"object"}}}]"#,
            r#"[{"type":"function","name":"a","parameters":{"type":"object"}}]"#,
            r#"[{"name":"a","input_schema":{"type":"object"}}]"#,
            "{\"name\":\"a\"}\n",
        ];
        for form in forms {
            let listing = read_listing(form).unwrap();
            assert_eq!(listing.tools.len(), 1, "{form}");
            assert_eq!(listing.tools[0].name, "a");
            assert!(!listing.incomplete);
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let error = |text| read_listing(text).unwrap_err();
        assert!(matches!(error("[{]"), DefinitionError::Syntax { line: 1, column: 3, .. }));
        assert_eq!(error("{}"), DefinitionError::NoTools);
        assert_eq!(error("[]"), DefinitionError::NoTools);
        assert_eq!(error(""), DefinitionError::NoTools);
        assert_eq!(
            error(r#"{"error":{"code":-32601,"message":"no such method"}}"#),
            DefinitionError::Refused { message: "no such method".to_owned() }
        );
        assert_eq!(
            error(r#"[{"name":""}]"#),
            DefinitionError::Entry { number: 1, field: "name", expected: "a text that is not empty" }
        );
        assert_eq!(error(r#"[{"name":"a"},{"name":"a"}]"#), DefinitionError::Twice { name: "a".to_owned() });
    }

    #[test]
    fn sees_that_more_pages_follow() {
        assert!(read_listing(r#"{"tools":[{"name":"a"}],"nextCursor":"x"}"#).unwrap().incomplete);
    }
}
