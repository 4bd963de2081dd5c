//! One importer for each format: what a run or a line of it says, as actions.

mod agentdojo;
mod openai;
mod own;
mod tau2_bench;
mod tau_bench;

use crate::action::{Arguments, Turn};
use crate::conversation::{Conversation, Items};
use crate::document::{Node, Object};
use crate::error::RecordError;
use crate::format::Format;
use crate::json::{self, RawJson};
use crate::mapping::Mapping;

/// What an importer knows beside the record itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'s> {
    /// The name of the recording.
    pub(crate) name: &'s str,
    /// Which fields of a foreign line hold what; own format only.
    pub(crate) mapping: Option<&'s Mapping>,
    /// What the document says about all its runs.
    pub(crate) header: Option<&'s Node<'s>>,
}

/// Reads one line or one run.
pub(crate) fn read(format: Format, node: &Node<'_>, setting: Setting<'_>) -> Items {
    match format {
        Format::Own => vec![own::read(node, setting)],
        Format::OpenAi => openai::read(node, setting),
        Format::TauBench => tau_bench::read(node, setting),
        Format::Tau2Bench => tau2_bench::read(node, setting),
        Format::AgentDojo => agentdojo::read(node, setting),
    }
}

/// Arguments as models write them: a JSON text inside a string, or the object itself.
fn arguments(node: Option<Node<'_>>) -> Arguments {
    let Some(node) = node else { return Arguments::Absent };
    let parsed = if node.is_string() {
        match json::string(node.raw()) {
            Ok(text) => RawJson::parse(&text).map_err(|why| (text.into_owned(), why)),
            Err(why) => Err((node.raw().to_owned(), why)),
        }
    } else {
        Ok(RawJson::verbatim(node.raw()))
    };
    match parsed {
        Ok(json) if json.is_object() => Arguments::Object(json),
        Ok(json) => Arguments::NotAnObject(json),
        Err((raw, why)) => Arguments::Unparsable { raw, why },
    }
}

/// The text of a message: a string, or the text parts of a list of parts.
fn content(node: Option<Node<'_>>) -> Result<String, RecordError> {
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
        let is_text = part.get("type").is_none_or(|kind| kind.raw() == r#""text""#);
        if let Some(node) = part.get("text").or_else(|| part.get("content")).filter(|node| is_text && node.is_string())
        {
            text.push_str(&node.string()?);
        }
    }
    Ok(text)
}

/// The turn of a message that makes so many calls. Content that cannot be read does not hide the calls beside it.
fn turn(conversation: &mut Conversation, message: &Object<'_>, calls: usize) -> Turn {
    let text_beside_call = match content(message.get("content")) {
        Ok(text) => Some(!text.trim().is_empty()),
        Err(error) => {
            conversation.error(error);
            None
        }
    };
    Turn { calls_in_message: u32::try_from(calls).ok(), text_beside_call, message: Some(conversation.next_message()) }
}
