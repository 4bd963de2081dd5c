//! tau2-bench: one object `{"info", "tasks", "simulations": [{"messages": [...]}]}`.
//!
//! The arguments of a call are an object. `requestor` says whose call it is: the simulated user has tools too, and a
//! call that does not say belongs to whoever wrote the message. Several results may come in one message.

use crate::action::{Issuer, Speaker, ToolResult, Trace, Turn};
use crate::conversation::{Call, Conversation, Items};
use crate::document::{Node, Object};
use crate::error::{RecordError, RecordErrorKind};
use crate::importers::Setting;
use crate::importers::parts::{arguments, content, turn};

/// Reads a run.
pub(super) fn read(node: &Node<'_>, setting: Setting<'_>) -> Items {
    let (trace, messages) = match header(node, setting) {
        Ok(read) => read,
        Err(error) => return vec![Err(error)],
    };
    let mut conversation = Conversation::new(trace);
    for node in messages {
        let read = node.object().and_then(|message| self::message(&mut conversation, &message));
        conversation.check(read);
    }
    conversation.finish()
}

fn header<'a>(node: &Node<'a>, setting: Setting<'_>) -> Result<(Trace, Vec<Node<'a>>), RecordError> {
    let run = node.object()?;
    if let (None, Some(ticks)) = (run.get("messages"), run.get("ticks")) {
        return Err(ticks.error(RecordErrorKind::NotSupported { part: "the ticks of voice runs" }));
    }
    let messages = run.require("messages")?.list()?;
    let task = run.label("task_id").unwrap_or_else(|| setting.name.to_owned());
    let id = format!("{task}/{}", run.label("trial").unwrap_or_else(|| "0".to_owned()));
    let info = setting.header.map(Node::object).transpose()?;
    let of = |part: &str, field: &str| {
        let part = info.as_ref().and_then(|info| info.get(part))?.object().ok()?;
        part.label(field)
    };
    let trace = Trace {
        session: run.label("id").or_else(|| Some(id.clone())),
        id,
        user: None,
        model: of("agent_info", "llm"),
        task: Some(task),
        domain: of("environment_info", "domain_name"),
        parent: None,
    };
    Ok((trace, messages))
}

fn message(conversation: &mut Conversation, message: &Object<'_>) -> Result<(), RecordError> {
    let role = message.require("role")?;
    match role.string()?.as_str() {
        "system" => {
            conversation.hear(Speaker::System, content(message.get("content"))?);
            Ok(())
        }
        "assistant" => calls(conversation, message, Issuer::Agent),
        "user" => {
            conversation.hear(Speaker::User, content(message.get("content"))?);
            calls(conversation, message, Issuer::User)
        }
        "tool" => match message.get("tool_messages") {
            Some(list) => {
                for node in list.list()? {
                    let read = node.object().and_then(|message| result(conversation, &message));
                    conversation.check(read);
                }
                Ok(())
            }
            None => result(conversation, message),
        },
        _ => Err(role.bad_value("system, user, assistant or tool")),
    }
}

fn calls(conversation: &mut Conversation, message: &Object<'_>, author: Issuer) -> Result<(), RecordError> {
    let Some(list) = message.get("tool_calls") else { return Ok(()) };
    let calls = list.list()?;
    let turn = turn(conversation, message, calls.len());
    let at = message.string("timestamp")?;
    for node in calls {
        match node.object().and_then(|call| self::call(&call, author, turn, at.clone())) {
            Ok(call) => conversation.call(&node, call),
            Err(error) => conversation.unreadable_call(node.object().ok().and_then(|call| call.label("id")), error),
        }
    }
    Ok(())
}

fn call(call: &Object<'_>, author: Issuer, turn: Turn, at: Option<String>) -> Result<Call, RecordError> {
    let issuer = match call.get("requestor") {
        Some(node) => Issuer::from_name(&node.string()?).ok_or_else(|| node.bad_value("assistant or user"))?,
        None => author,
    };
    let tool = call.require("name")?.string()?;
    let args = arguments(call.get("arguments"));
    Ok(Call { id: call.label("id"), at, turn: Some(turn), ..Call::of(issuer, tool, args) })
}

fn result(conversation: &mut Conversation, message: &Object<'_>) -> Result<(), RecordError> {
    let text = content(message.get("content"))?;
    // Older runs have no such field; the environment then says it in the text alone.
    let is_error = message.get("error").map_or_else(|| Ok(text.starts_with("Error:")), |node| node.flag())?;
    let result = ToolResult { is_error, text };
    conversation.result(message.node(), message.label("id"), None, result);
    Ok(())
}
