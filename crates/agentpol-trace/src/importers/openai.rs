//! `OpenAI` chat completions: `{"messages": [...]}`, or an array of messages.
//!
//! The arguments of a call are a JSON text inside a string; logs that hold the object itself are read too. Custom tools
//! take free text, which becomes the argument `input`. The older `function_call` with messages of the role `function` is paired by name.

use crate::action::{Issuer, Speaker, ToolResult, Trace, Turn};
use crate::conversation::{Call, Conversation, Items};
use crate::document::{Node, Object};
use crate::error::RecordError;
use crate::importers::Setting;
use crate::importers::parts::{arguments, content, fallback_id, free_text, turn};

/// Reads a run.
pub(super) fn read(node: &Node<'_>, setting: Setting<'_>) -> Items {
    let fallback = || fallback_id(node, setting);
    if node.is_list() {
        let id = fallback();
        let mut conversation = Conversation::new(Trace { session: Some(id.clone()), id, ..Trace::default() });
        messages(&mut conversation, node, |_| false);
        return conversation.finish();
    }
    let read = node.object().and_then(|run| Ok((run.require("messages")?, run)));
    let (list, run) = match read {
        Ok(read) => read,
        Err(error) => return vec![Err(error)],
    };
    let id = run.label("id").or_else(|| run.label("trace_id")).unwrap_or_else(fallback);
    let session = run.label("session_id").or_else(|| Some(id.clone()));
    let trace = Trace { id, session, model: run.label("model"), ..Trace::default() };
    let mut conversation = Conversation::new(trace);
    messages(&mut conversation, &list, |_| false);
    conversation.finish()
}

/// Reads messages; `failed` tells from the text of a result whether the call failed.
pub(super) fn messages(conversation: &mut Conversation, list: &Node<'_>, failed: fn(&str) -> bool) {
    match list.list() {
        Ok(messages) => {
            for node in messages {
                let read = node.object().and_then(|message| self::message(conversation, &message, failed));
                conversation.check(read);
            }
        }
        Err(error) => conversation.error(error),
    }
}

fn message(conversation: &mut Conversation, message: &Object<'_>, failed: fn(&str) -> bool) -> Result<(), RecordError> {
    let role = message.require("role")?;
    match role.string()?.as_str() {
        "user" => {
            conversation.hear(Speaker::User, content(message.get("content"))?);
            Ok(())
        }
        "system" | "developer" => {
            conversation.hear(Speaker::System, content(message.get("content"))?);
            Ok(())
        }
        "assistant" => assistant(conversation, message),
        "tool" | "function" => {
            let text = content(message.get("content"))?;
            let result = ToolResult { is_error: failed(&text), text };
            let tool = message.string("name")?;
            conversation.result(message.node(), message.label("tool_call_id"), tool.as_deref(), result);
            Ok(())
        }
        _ => Err(role.bad_value("system, developer, user, assistant, tool or function")),
    }
}

/// The calls of one message of the assistant. A call that cannot be read does not hide the others.
fn assistant(conversation: &mut Conversation, message: &Object<'_>) -> Result<(), RecordError> {
    let calls = message.get("tool_calls").map_or(Ok(Vec::new()), |list| list.list())?;
    let legacy = message.get("function_call");
    if calls.is_empty() && legacy.is_none() {
        return Ok(());
    }
    let turn = turn(conversation, message, calls.len() + usize::from(legacy.is_some()));
    for node in calls {
        match node.object().and_then(|call| tool_call(&call, turn)) {
            Ok(call) => conversation.call(&node, call),
            Err(error) => conversation.unreadable_call(node.object().ok().and_then(|call| call.label("id")), error),
        }
    }
    if let Some(node) = legacy {
        match node.object().and_then(|call| function(None, &call, turn)) {
            Ok(call) => conversation.call(&node, call),
            Err(error) => conversation.unreadable_call(None, error),
        }
    }
    Ok(())
}

fn tool_call(call: &Object<'_>, turn: Turn) -> Result<Call, RecordError> {
    let id = call.label("id");
    match call.string("type")?.as_deref() {
        None | Some("function") => function(id, &call.require("function")?.object()?, turn),
        Some("custom") => {
            let custom = call.require("custom")?.object()?;
            let args = free_text(&custom.require("input")?.string()?);
            Ok(Call { id, turn: Some(turn), ..Call::of(Issuer::Agent, custom.require("name")?.string()?, args) })
        }
        Some(_) => Err(call.require("type")?.bad_value("function or custom")),
    }
}

fn function(id: Option<String>, function: &Object<'_>, turn: Turn) -> Result<Call, RecordError> {
    let tool = function.require("name")?.string()?;
    let args = arguments(function.get("arguments"));
    Ok(Call { id, turn: Some(turn), ..Call::of(Issuer::Agent, tool, args) })
}
