//! ATIF trajectories, versions 1.0 to 1.8: steps of system, user and agent, and trajectories of sub-agents within.
//!
//! The calls of a sub-agent come behind those of the trajectory that holds it.

use crate::action::{Issuer, Recorded, Speaker, ToolResult, Trace, Turn};
use crate::conversation::{Call, Conversation};
use crate::document::{Node, Object};
use crate::error::RecordError;
use crate::importers::parts::{answer, arguments, content, fallback_id, server_and_tool};
use crate::importers::{Items, Setting};
use crate::json::RawJson;

/// How deep trajectories may stand in trajectories.
const MAX_DEPTH: usize = 8;

/// Reads a trajectory.
pub(super) fn read(node: &Node<'_>, setting: Setting<'_>) -> Items {
    let mut conversation = Conversation::default();
    if let Err(error) = trajectory(&mut conversation, node, None, 0, setting) {
        conversation.error(error);
    }
    conversation.finish()
}

/// What is known of the trajectory around one: its session, and its id.
type Outer<'o> = Option<(&'o str, &'o str)>;

fn trajectory(
    conversation: &mut Conversation,
    node: &Node<'_>,
    outer: Outer<'_>,
    depth: usize,
    setting: Setting<'_>,
) -> Result<(), RecordError> {
    let run = node.object()?;
    let steps = run.require("steps")?.list()?;
    let session = outer.map(|(session, _)| session.to_owned()).or_else(|| run.label("session_id"));
    let named = run.label("trajectory_id").or_else(|| run.label("session_id"));
    let id = named.unwrap_or_else(|| fallback_id(node, setting));
    let session = session.unwrap_or_else(|| id.clone());
    let agent = run.inner("agent")?;
    let of = |name: &str| agent.as_ref().and_then(|agent| agent.label(name));
    let trace = Trace {
        id: id.clone(),
        session: Some(session.clone()),
        model: of("model_name"),
        parent: outer.map(|(_, id)| id.to_owned()),
        ..Trace::default()
    };
    let key = node.place().pointer;
    conversation.enter(&key, || trace);
    let acting = of("name").map(|name| RawJson::string(&name));
    for node in steps {
        let read = node.object().and_then(|one| step(conversation, &one, acting.as_ref(), outer.is_some()));
        conversation.check(read);
    }
    for node in run.list("subagent_trajectories")?.into_iter().filter(|_| depth < MAX_DEPTH) {
        let read = trajectory(conversation, &node, Some((&session, &id)), depth + 1, setting);
        conversation.check(read);
    }
    Ok(())
}

fn step(
    conversation: &mut Conversation,
    step: &Object<'_>,
    agent: Option<&RawJson>,
    aside: bool,
) -> Result<(), RecordError> {
    let source = step.require("source")?;
    let text = content(step.get("message"))?;
    match source.string()?.as_str() {
        "system" => conversation.hear(Speaker::System, text),
        // What a sub-agent is told, the agent around it wrote.
        "user" if aside => {}
        "user" => conversation.hear(Speaker::User, text),
        "agent" => return acts(conversation, step, agent, &text),
        _ => return Err(source.bad_value("system, user or agent")),
    }
    Ok(())
}

fn acts(
    conversation: &mut Conversation,
    step: &Object<'_>,
    agent: Option<&RawJson>,
    text: &str,
) -> Result<(), RecordError> {
    let calls = step.list("tool_calls")?;
    if !calls.is_empty() {
        let turn = Turn {
            calls_in_message: u32::try_from(calls.len()).ok(),
            text_beside_call: Some(!text.trim().is_empty()),
            message: Some(conversation.next_message()),
        };
        for node in calls {
            match node.object().and_then(|call| tool_call(&call, step, agent, turn)) {
                Ok(call) => conversation.call(&node, call),
                Err(error) => conversation.error(error),
            }
        }
    }
    let Some(observation) = step.inner("observation")? else { return Ok(()) };
    for node in observation.list("results")? {
        let result = node.object()?;
        // Without an id it is no call's: what the place that the agent works in says by itself.
        if let Some(id) = result.label("source_call_id") {
            let text = answer(result.get("content"));
            conversation.result(&node, Some(id), None, ToolResult { is_error: false, text });
        }
    }
    Ok(())
}

fn tool_call(call: &Object<'_>, step: &Object<'_>, agent: Option<&RawJson>, turn: Turn) -> Result<Call, RecordError> {
    let (server, tool) = server_and_tool(call.require("function_name")?.string()?);
    let made = Call::of(Issuer::Agent, tool, arguments(call.get("arguments")));
    let recorded = Recorded { agent: agent.cloned(), ..Recorded::default() };
    let (id, at) = (call.label("tool_call_id"), step.label("timestamp"));
    Ok(Call { id, server, at, turn: Some(turn), recorded, ..made })
}
