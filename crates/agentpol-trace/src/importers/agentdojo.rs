//! `AgentDojo`: one run an object, alone in a file or one a line behind a line of metadata.
//!
//! A run says what it is at its top, or under `metadata` where runs were gathered into one file. Calls are written as
//! `{"function": NAME, "args": {...}}`, or with `function` holding `name` and `arguments`. Ids may be empty, and results
//! then come in the order of the calls.

use crate::action::{Issuer, Speaker, ToolResult, Trace, Turn};
use crate::conversation::{Call, Conversation, Items};
use crate::document::{Node, Object};
use crate::error::RecordError;
use crate::importers::Setting;
use crate::importers::parts::{arguments, content, turn};

/// Reads a run. The line of metadata before the runs holds none.
pub(super) fn read(node: &Node<'_>, setting: Setting<'_>) -> Items {
    let (trace, messages) = match header(node, setting) {
        Ok(Some(read)) => read,
        Ok(None) => return Vec::new(),
        Err(error) => return vec![Err(error)],
    };
    let mut conversation = Conversation::new(trace);
    for node in messages {
        let read = node.object().and_then(|message| self::message(&mut conversation, &message));
        conversation.check(read);
    }
    conversation.finish()
}

fn header<'a>(node: &Node<'a>, setting: Setting<'_>) -> Result<Option<(Trace, Vec<Node<'a>>)>, RecordError> {
    let run = node.object()?;
    let metadata = run.get("metadata").map(|metadata| metadata.object()).transpose()?;
    let of = |field: &str| run.label(field).or_else(|| metadata.as_ref()?.label(field));
    if run.get("messages").is_none() && of("benchmark").is_some() {
        return Ok(None);
    }
    let messages = run.require("messages")?.list()?;
    let suite = of("suite_name").unwrap_or_else(|| setting.name.to_owned());
    let task = of("user_task_id");
    let steps = [Some(suite.clone()), task.clone(), of("injection_task_id"), of("attack_type")];
    let id = steps.into_iter().flatten().collect::<Vec<_>>().join("/");
    let model = of("model").or_else(|| of("pipeline_name"));
    let session = Some(id.clone());
    Ok(Some((Trace { id, session, model, task, domain: Some(suite), ..Trace::default() }, messages)))
}

fn message(conversation: &mut Conversation, message: &Object<'_>) -> Result<(), RecordError> {
    let role = message.require("role")?;
    match role.string()?.as_str() {
        "system" => {
            conversation.hear(Speaker::System, content(message.get("content"))?);
            Ok(())
        }
        "user" => {
            conversation.hear(Speaker::User, content(message.get("content"))?);
            Ok(())
        }
        "assistant" => assistant(conversation, message),
        "tool" => result(conversation, message),
        _ => Err(role.bad_value("system, user, assistant or tool")),
    }
}

fn assistant(conversation: &mut Conversation, message: &Object<'_>) -> Result<(), RecordError> {
    let Some(list) = message.get("tool_calls") else { return Ok(()) };
    let calls = list.list()?;
    let turn = turn(conversation, message, calls.len());
    for node in calls {
        match node.object().and_then(|call| self::call(&call, turn)) {
            Ok(call) => conversation.call(&node, call),
            Err(error) => conversation.unreadable_call(node.object().ok().and_then(|call| call.label("id")), error),
        }
    }
    Ok(())
}

fn call(call: &Object<'_>, turn: Turn) -> Result<Call, RecordError> {
    let function = call.require("function")?;
    let (tool, args) = if function.is_object() {
        let function = function.object()?;
        (function.require("name")?.string()?, function.get("arguments"))
    } else {
        (function.string()?, call.get("args"))
    };
    Ok(Call { id: call.label("id"), turn: Some(turn), ..Call::of(Issuer::Agent, tool, arguments(args)) })
}

fn result(conversation: &mut Conversation, message: &Object<'_>) -> Result<(), RecordError> {
    let error = message.string("error")?;
    let text = content(message.get("content"))?;
    let result =
        ToolResult { is_error: error.is_some(), text: if text.is_empty() { error.unwrap_or_default() } else { text } };
    let call = message.get("tool_call").map(|call| call.object()).transpose()?;
    let tool = call.and_then(|call| call.get("function")).filter(|name| name.is_string());
    let tool = tool.map(|name| name.string()).transpose()?;
    conversation.result(message.node(), message.label("tool_call_id"), tool.as_deref(), result);
    Ok(())
}
