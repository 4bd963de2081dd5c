//! Sessions of the Gemini CLI: one object with `messages`, in which a call stands with its answer.

use crate::action::{Issuer, Speaker, ToolResult, Trace, Turn};
use crate::conversation::{Call, Conversation};
use crate::document::{Node, Object};
use crate::error::RecordError;
use crate::importers::parts::{answer, arguments, content, fallback_id, server_and_tool};
use crate::importers::{Items, Setting};

/// Reads a session.
pub(super) fn read(node: &Node<'_>, setting: Setting<'_>) -> Items {
    let read = node.object().and_then(|session| Ok((session.require("messages")?.list()?, session)));
    let (messages, session) = match read {
        Ok(read) => read,
        Err(error) => return vec![Err(error)],
    };
    let id = session.label("sessionId").unwrap_or_else(|| fallback_id(node, setting));
    let mut conversation = Conversation::new(Trace { session: Some(id.clone()), id, ..Trace::default() });
    for node in messages {
        let read = node.object().and_then(|one| message(&mut conversation, &one));
        conversation.check(read);
    }
    conversation.finish()
}

fn message(conversation: &mut Conversation, message: &Object<'_>) -> Result<(), RecordError> {
    let kind = message.require("type")?.string()?;
    let text = content(message.get("content").or_else(|| message.get("message")))?;
    if kind == "user" {
        conversation.hear(Speaker::User, text);
        return Ok(());
    }
    let calls = message.list("toolCalls")?;
    if calls.is_empty() {
        return Ok(());
    }
    if let Some(model) = message.label("model") {
        conversation.learn(|trace| trace.model = Some(model));
    }
    let turn = Turn {
        calls_in_message: u32::try_from(calls.len()).ok(),
        text_beside_call: Some(!text.trim().is_empty()),
        message: Some(conversation.next_message()),
    };
    for node in calls {
        match node.object().and_then(|call| tool_call(&call, turn)) {
            Ok(call) => conversation.call(&node, call),
            Err(error) => conversation.error(error),
        }
    }
    Ok(())
}

fn tool_call(call: &Object<'_>, turn: Turn) -> Result<Call, RecordError> {
    let (server, tool) = server_and_tool(call.require("name")?.string()?);
    let status = call.label("status").unwrap_or_default();
    // A call that was called off never ran, whatever stands in its place.
    let ran = status != "cancelled";
    let result = call.get("result").filter(|_| ran).map(|result| {
        let (failed, text) = result_text(&result);
        ToolResult { is_error: failed || status == "error", text }
    });
    let args = arguments(call.get("args"));
    let at = call.label("timestamp");
    Ok(Call { id: call.label("id"), server, at, turn: Some(turn), result, ..Call::of(Issuer::Agent, tool, args) })
}

/// Whether it failed, and the answer: the output of a function's response, or all of it.
fn result_text(result: &Node<'_>) -> (bool, String) {
    let response = || {
        let part = result.list().ok()?.into_iter().next()?.object().ok()?;
        part.inner("functionResponse").ok()??.inner("response").ok()?
    };
    let Some(response) = response() else { return (false, answer(Some(result.clone()))) };
    match (response.get("error"), response.get("output")) {
        (Some(error), _) => (true, answer(Some(error))),
        (None, Some(output)) => (false, answer(Some(output))),
        (None, None) => (false, response.node().raw().to_owned()),
    }
}
