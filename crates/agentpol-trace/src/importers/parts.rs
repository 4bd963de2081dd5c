//! What several formats write alike: arguments, the text of messages, names of tools.

use crate::action::{Arguments, Recorded, ToolResult, Turn};
use crate::conversation::Conversation;
use crate::detect::looks_like;
use crate::document::{Node, Object};
use crate::error::{RecordError, RecordErrorKind};
use crate::format::Format;
use crate::importers::Setting;
use crate::json::{self, RawJson};

/// Arguments as models write them: a JSON text inside a string, or the object itself.
pub(super) fn arguments(node: Option<Node<'_>>) -> Arguments {
    let Some(node) = node else { return Arguments::Absent };
    if !node.is_string() {
        return value(RawJson::verbatim(node.raw()));
    }
    match json::string(node.raw()) {
        Ok(text) => written(&text),
        Err(why) => Arguments::Unparsable { raw: node.raw().to_owned(), why },
    }
}

/// Arguments that are a JSON text.
pub(super) fn written(text: &str) -> Arguments {
    match RawJson::parse(text) {
        Ok(json) => value(json),
        Err(why) => Arguments::Unparsable { raw: text.to_owned(), why },
    }
}

fn value(json: RawJson) -> Arguments {
    if json.is_object() { Arguments::Object(json) } else { Arguments::NotAnObject(json) }
}

/// The arguments of a tool that takes one free text: an object whose member `input` is that text.
pub(super) fn free_text(text: &str) -> Arguments {
    named(&[("input", RawJson::string(text).text())])
}

/// Arguments of which each is given as JSON text.
pub(super) fn named(members: &[(&str, &str)]) -> Arguments {
    Arguments::Object(object(members))
}

/// An object of which each member is given as JSON text.
pub(super) fn object(members: &[(&str, &str)]) -> RawJson {
    let members: Vec<String> =
        members.iter().map(|(name, value)| format!("{}:{value}", RawJson::string(name).text())).collect();
    RawJson::verbatim(&format!("{{{}}}", members.join(",")))
}

/// The text of a message: a string, or the text parts of a list of parts.
pub(super) fn content(node: Option<Node<'_>>) -> Result<String, RecordError> {
    const TEXTS: [&str; 3] = ["text", "input_text", "output_text"];
    let Some(node) = node else { return Ok(String::new()) };
    if node.is_string() {
        return node.string();
    }
    let mut text = String::new();
    for part in node.list()? {
        if part.is_string() {
            text.push_str(&part.string()?);
            continue;
        }
        let part = part.object()?;
        let is_text = part.get("type").is_none_or(|kind| TEXTS.iter().any(|text| kind.is(text)));
        if let Some(node) = part.get("text").or_else(|| part.get("content")).filter(|node| is_text && node.is_string())
        {
            text.push_str(&node.string()?);
        }
    }
    Ok(text)
}

/// What a tool answered: a text, the text of a list of text parts, the JSON text of anything else.
pub(super) fn answer(node: Option<Node<'_>>) -> String {
    let Some(node) = node else { return String::new() };
    let is_text = |part: &Node<'_>| {
        part.object().is_ok_and(|part| {
            part.get("text").is_some_and(|text| text.is_string())
                && part
                    .get("type")
                    .is_none_or(|kind| ["text", "input_text", "output_text"].iter().any(|text| kind.is(text)))
        })
    };
    let of_text = node.is_list() && node.list().is_ok_and(|parts| !parts.is_empty() && parts.iter().all(is_text));
    if of_text { content(Some(node)).unwrap_or_default() } else { node.plain() }
}

/// That a tool answered, where what it answered was not kept.
pub(super) fn unknown_answer() -> (Option<ToolResult>, Recorded) {
    let recorded = Recorded { redacted: vec!["/result".to_owned()], ..Recorded::default() };
    (Some(ToolResult { is_error: false, text: String::new() }), recorded)
}

/// The turn of a message that makes so many calls. Content that cannot be read does not hide the calls beside it.
pub(super) fn turn(conversation: &mut Conversation, message: &Object<'_>, calls: usize) -> Turn {
    let text_beside_call = match content(message.get("content")) {
        Ok(text) => Some(!text.trim().is_empty()),
        Err(error) => {
            conversation.error(error);
            None
        }
    };
    Turn { calls_in_message: u32::try_from(calls).ok(), text_beside_call, message: Some(conversation.next_message()) }
}

/// The server and the tool of a name such as `mcp__crm__refund`. The server's name ends at the first double underscore.
pub(super) fn server_and_tool(name: String) -> (Option<String>, String) {
    match name.strip_prefix("mcp__").and_then(|rest| rest.split_once("__")) {
        Some((server, tool)) if !server.is_empty() && !tool.is_empty() => (Some(server.to_owned()), tool.to_owned()),
        _ => (None, name),
    }
}

/// A name for a run that has none: the recording, and where the run begins in it.
pub(super) fn fallback_id(node: &Node<'_>, setting: Setting<'_>) -> String {
    let (name, place) = (setting.name, node.place());
    match (place.line, place.pointer.as_str()) {
        (1, "") => name.to_owned(),
        (line, "") => format!("{name}:{line}"),
        (_, pointer) => format!("{name}{pointer}"),
    }
}

/// Something is not of the format; what it looks like is said where it can be told.
pub(super) fn stranger(node: &Node<'_>, format: Format) -> RecordError {
    let looks_like = looks_like(node.raw()).filter(|other| *other != format).map(Format::name);
    node.error(RecordErrorKind::Stranger { expected: format.record(), looks_like })
}

/// Whether an object is one of another format, and of that alone.
pub(super) fn is_of_another(node: &Node<'_>, format: Format) -> bool {
    looks_like(node.raw()).is_some_and(|other| other != format)
}

/// The texts of a list, as the JSON text of a list; what is no text is left out.
pub(super) fn texts(list: &[Node<'_>]) -> String {
    let texts: Vec<&str> = list.iter().filter(|node| node.is_string()).map(Node::raw).collect();
    format!("[{}]", texts.join(","))
}
