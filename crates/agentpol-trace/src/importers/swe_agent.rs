//! Trajectories of SWE-agent: `trajectory` is the list of steps, `history` what the model was told and wrote.
//!
//! Where the model called functions, the history has its calls. Else an action is a line of shell, and is read as a call of
//! `shell` with the argument `command`. Steps have no times.

use crate::action::{Arguments, Issuer, Speaker, ToolResult, Trace, Turn};
use crate::conversation::{Call, Conversation};
use crate::document::{Node, Object};
use crate::error::RecordError;
use crate::importers::parts::{arguments, content, fallback_id, named};
use crate::importers::{Items, Setting};
use crate::json::RawJson;

/// The tool that a line of shell is a call of.
const SHELL: &str = "shell";

/// How many messages of the model are looked through for the one of a step.
const AHEAD: usize = 64;

/// Reads a trajectory.
pub(super) fn read(node: &Node<'_>, setting: Setting<'_>) -> Items {
    let read = node.object().and_then(|run| Ok((run.require("trajectory")?.list()?, run.list("history")?, run)));
    let (steps, history, run) = match read {
        Ok(read) => read,
        Err(error) => return vec![Err(error)],
    };
    let id = fallback_id(node, setting);
    let trace = Trace { session: Some(id.clone()), id, domain: run.label("environment"), ..Trace::default() };
    let mut conversation = Conversation::new(trace);
    let mut said =
        history.iter().filter_map(|message| message.object().ok()).filter(|message| !is_demo(message)).peekable();
    // What stands before the first action is the system's and the task; later messages of this role are observations.
    while let Some(message) = said.next_if(|message| !message.get("role").is_some_and(|role| role.is("assistant"))) {
        let by =
            if message.get("role").is_some_and(|role| role.is("system")) { Speaker::System } else { Speaker::User };
        match content(message.get("content")) {
            Ok(text) => conversation.hear(by, text),
            Err(error) => conversation.error(error),
        }
    }
    let actions: Vec<Object<'_>> = said.filter(|message| message.get("action").is_some()).collect();
    let mut next = 0;
    for node in steps {
        let read = node.object().and_then(|step| {
            let action = step.require("action")?.string()?;
            // Steps that were taken back are in the trajectory alone.
            let found = actions
                .iter()
                .skip(next)
                .take(AHEAD)
                .position(|message| message.label("action").as_deref() == Some(action.as_str()));
            let message = found.map(|found| &actions[next + found]);
            next += found.map_or(0, |found| found + 1);
            self::step(&mut conversation, &node, &step, &action, message)
        });
        conversation.check(read);
    }
    conversation.finish()
}

fn is_demo(message: &Object<'_>) -> bool {
    message.get("is_demo").is_some_and(|flag| flag.raw() == "true")
}

fn step(
    conversation: &mut Conversation,
    node: &Node<'_>,
    step: &Object<'_>,
    action: &str,
    message: Option<&Object<'_>>,
) -> Result<(), RecordError> {
    // A step without an action only thinks, or ends the run.
    if action.trim().is_empty() {
        return Ok(());
    }
    let calls = message.map_or(Ok(Vec::new()), |message| message.list("tool_calls"))?;
    let thought = step.label("thought").unwrap_or_default();
    let turn = Turn {
        calls_in_message: Some(1),
        text_beside_call: Some(!thought.trim().is_empty()),
        message: Some(conversation.next_message()),
    };
    let result = step.get("observation").map(|told| ToolResult { is_error: false, text: told.plain() });
    let (id, tool, args) = match calls.as_slice() {
        [call] => function(&call.object()?)?,
        _ => (None, SHELL.to_owned(), named(&[("command", RawJson::string(action).text())])),
    };
    conversation.call(node, Call { id, turn: Some(turn), result, ..Call::of(Issuer::Agent, tool, args) });
    Ok(())
}

fn function(call: &Object<'_>) -> Result<(Option<String>, String, Arguments), RecordError> {
    let function = call.require("function")?.object()?;
    Ok((call.label("id"), function.require("name")?.string()?, arguments(function.get("arguments"))))
}
