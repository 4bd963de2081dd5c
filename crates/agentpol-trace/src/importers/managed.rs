//! The events of Anthropic's managed agents: calls with what the permission policy made of them, confirmations, answers.

use crate::action::{Issuer, Outcome, Ruling, Speaker, ToolResult, Trace};
use crate::conversation::{Call, Conversation};
use crate::document::{Node, Object};
use crate::error::{RecordError, RecordErrorKind};
use crate::format::Format;
use crate::importers::Setting;
use crate::importers::anthropic::call;
use crate::importers::parts::{answer, arguments, content, stranger};

/// Reads an event. Those of other kinds are passed over.
pub(super) fn event(conversation: &mut Conversation, node: &Node<'_>, setting: Setting<'_>) -> Result<(), RecordError> {
    let event = node.object()?;
    let kind = event.get("type").ok_or_else(|| stranger(node, Format::Anthropic))?.string()?;
    let session = event.label("session_id").unwrap_or_else(|| setting.name.to_owned());
    conversation.enter(&session.clone(), || Trace { id: session.clone(), session: Some(session), ..Trace::default() });
    match kind.as_str() {
        "user.message" => {
            conversation.end_message();
            conversation.hear(Speaker::User, content(event.get("content"))?);
        }
        "agent.message" => {
            conversation.within_message();
            conversation.speaks();
        }
        "agent.tool_use" | "agent.mcp_tool_use" | "agent.custom_tool_use" => {
            conversation.within_message();
            match asked(&event) {
                Ok(call) => conversation.call(node, call),
                Err(error) => conversation.unreadable_call(event.label("id"), error),
            }
        }
        "user.tool_confirmation" => confirmed(conversation, node, &event)?,
        "agent.tool_result" | "agent.mcp_tool_result" | "user.custom_tool_result" => {
            conversation.end_message();
            let ids = ["tool_use_id", "mcp_tool_use_id", "custom_tool_use_id"];
            let id = ids.iter().find_map(|name| event.label(name));
            let is_error = event.get("is_error").is_some_and(|flag| flag.raw() == "true");
            conversation.result(node, id, None, ToolResult { is_error, text: answer(event.get("content")) });
        }
        _ if kind.contains('.') => {}
        _ => return Err(stranger(node, Format::Anthropic)),
    }
    Ok(())
}

fn asked(event: &Object<'_>) -> Result<Call, RecordError> {
    let call = call(event, Issuer::Agent, event.label("mcp_server_name"), arguments(event.get("input")))?;
    let at = event.label("processed_at").or_else(|| event.label("created_at"));
    let Some(permission) = event.get("evaluated_permission") else { return Ok(Call { at, ..call }) };
    let outcome = match permission.string()?.as_str() {
        "allow" => Outcome::Allow,
        "ask" => Outcome::RequireApproval,
        "deny" => Outcome::Deny,
        _ => return Err(permission.bad_value("allow, ask or deny")),
    };
    let ruling = Ruling { by: Some("permission policy".to_owned()), ..Ruling::from(outcome) };
    Ok(Call { at, ruling: Some(ruling), ..call })
}

/// A person said whether the call may run.
fn confirmed(conversation: &mut Conversation, node: &Node<'_>, event: &Object<'_>) -> Result<(), RecordError> {
    conversation.end_message();
    let id = event.require("tool_use_id")?.string()?;
    let said = event.require("result")?;
    let approved = match said.string()?.as_str() {
        "allow" => true,
        "deny" => false,
        _ => return Err(said.bad_value("allow or deny")),
    };
    let Some(call) = conversation.waiting(&id) else {
        return Err(node.error(RecordErrorKind::ResultWithoutCall { call: Some(id) }));
    };
    let before = call.ruling.clone().unwrap_or_else(|| Ruling::from(Outcome::RequireApproval));
    call.ruling = Some(Ruling { approved: Some(approved), reason: event.label("deny_message"), ..before });
    Ok(())
}
