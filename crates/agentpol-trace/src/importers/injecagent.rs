//! Test cases of `InjecAgent`: the user's tool is called and answers with an instruction of an attacker, who means other tools
//! to be called.
//!
//! A case is a run: the call that the user asked for, with its answer, and one call for each tool of the attacker, whose
//! arguments no case gives and which nobody answered. Descriptions of tools hold no calls.

use crate::action::{Arguments, Issuer, Speaker, ToolResult, Trace};
use crate::conversation::{Call, Conversation};
use crate::document::Node;
use crate::error::RecordError;
use crate::format::Format;
use crate::importers::parts::{fallback_id, stranger, written};
use crate::importers::{Items, Setting};
use crate::python::python_to_json;

/// Reads a case.
pub(super) fn read(node: &Node<'_>, setting: Setting<'_>) -> Items {
    let id = fallback_id(node, setting);
    let mut conversation = Conversation::new(Trace { session: Some(id.clone()), id, ..Trace::default() });
    if let Err(error) = case(&mut conversation, node) {
        conversation.error(error);
    }
    conversation.finish()
}

fn case(conversation: &mut Conversation, node: &Node<'_>) -> Result<(), RecordError> {
    let case = node.object()?;
    if case.get("toolkit").is_some() && case.get("tools").is_some() {
        return Ok(());
    }
    if case.get("User Tool").is_none() {
        return Err(stranger(node, Format::InjecAgent));
    }
    let kind = case.label("Attack Type");
    conversation.learn(|trace| trace.domain = kind);
    conversation.hear(Speaker::User, case.string("User Instruction")?.unwrap_or_default());
    let args = match case.string("Tool Parameters")? {
        Some(text) => python_to_json(&text).map_or_else(|| written(&text), |json| written(&json)),
        None => Arguments::Absent,
    };
    let result = case.string("Tool Response")?.map(|text| ToolResult { is_error: false, text });
    let call = Call::of(Issuer::Agent, case.require("User Tool")?.string()?, args);
    conversation.call(node, Call { result, ..call });
    for tool in case.list("Attacker Tools")? {
        conversation.call(&tool, Call::of(Issuer::Agent, tool.string()?, Arguments::Absent));
    }
    Ok(())
}
