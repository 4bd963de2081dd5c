//! Payloads of Claude Code's hooks, as a hook that keeps its input writes them, one a line.
//!
//! `PreToolUse` is the call and `PostToolUse` its answer. What a hook answered may stand on a line of its own behind the
//! payload, or in it as `hookSpecificOutput` or `output`. A log of `PostToolUse` alone is read as calls with answers.

use crate::action::{Issuer, Outcome, Recorded, Ruling, Speaker, ToolResult, Trace};
use crate::conversation::{Call, Conversation};
use crate::document::{Node, Object};
use crate::error::RecordError;
use crate::format::Format;
use crate::importers::parts::{answer, arguments, is_of_another, server_and_tool, stranger};
use crate::importers::seen::Seen;
use crate::importers::{Importer, Items, Setting};
use crate::json::RawJson;

/// A log while it is read.
#[derive(Debug, Default)]
pub(super) struct Hooks {
    conversation: Conversation,
    calls: Seen,
}

impl Importer for Hooks {
    fn read(&mut self, node: &Node<'_>, setting: Setting<'_>) -> Items {
        if let Err(error) = self.line_of(node, setting) {
            self.conversation.error(error);
        }
        self.conversation.ready()
    }

    fn finish(&mut self) -> Items {
        self.conversation.finish()
    }
}

impl Hooks {
    fn line_of(&mut self, node: &Node<'_>, setting: Setting<'_>) -> Result<(), RecordError> {
        let payload = node.object()?;
        let Some(event) = payload.get("hook_event_name") else {
            // What a hook answers where it says nothing about the call is passed over.
            let common = ["continue", "decision", "systemMessage", "suppressOutput"];
            return match output(&payload)? {
                Some(ruling) => {
                    if let Some(call) = self.conversation.newest() {
                        call.ruling = Some(ruling);
                    }
                    Ok(())
                }
                None if payload.get("hookSpecificOutput").is_some() => Ok(()),
                None if common.iter().any(|name| payload.get(name).is_some()) => Ok(()),
                None => Err(stranger(node, Format::ClaudeCodeHooks)),
            };
        };
        if is_of_another(node, Format::ClaudeCodeHooks) {
            return Err(stranger(node, Format::ClaudeCodeHooks));
        }
        enter(&mut self.conversation, &payload, setting);
        match event.string()?.as_str() {
            "PreToolUse" => self.call(node, &payload, None),
            "PostToolUse" => {
                let text = answer(payload.get("tool_response").or_else(|| payload.get("tool_output")));
                self.answered(node, &payload, ToolResult { is_error: false, text })
            }
            "PostToolUseFailure" => {
                let text = answer(payload.get("error"));
                self.answered(node, &payload, ToolResult { is_error: true, text })
            }
            "PermissionRequest" => {
                let ruling = requested(&payload)?;
                self.ruled(&payload, ruling);
                Ok(())
            }
            "PermissionDenied" => {
                let (by, reason) = (Some("permissions".to_owned()), payload.label("reason"));
                self.ruled(&payload, Ruling { by, reason, ..Ruling::from(Outcome::Deny) });
                Ok(())
            }
            "UserPromptSubmit" if payload.get("agent_id").is_none() => {
                self.conversation.hear(Speaker::User, payload.label("prompt").unwrap_or_default());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn call(&mut self, node: &Node<'_>, payload: &Object<'_>, result: Option<ToolResult>) -> Result<(), RecordError> {
        let id = payload.label("tool_use_id");
        if id.as_deref().is_some_and(|id| !self.calls.insert(id)) {
            return Ok(());
        }
        let (server, tool) = server_and_tool(payload.require("tool_name")?.string()?);
        let named = payload.inner("mcp_server")?.and_then(|server| server.label("name"));
        let agent = payload.label("agent_type").map(|agent| RawJson::string(&agent));
        self.conversation.call(
            node,
            Call {
                id,
                server: named.or(server),
                at: payload.label("timestamp"),
                recorded: Recorded { agent, ..Recorded::default() },
                ruling: output(payload)?,
                result,
                ..Call::of(Issuer::Agent, tool, arguments(payload.get("tool_input")))
            },
        );
        Ok(())
    }

    /// Gives an answer to its call, or makes the call with its answer where only answers are logged.
    fn answered(&mut self, node: &Node<'_>, payload: &Object<'_>, result: ToolResult) -> Result<(), RecordError> {
        let id = payload.label("tool_use_id");
        let tool = server_and_tool(payload.require("tool_name")?.string()?).1;
        let waits = match &id {
            Some(id) => self.conversation.waits(id),
            None => self.conversation.waits_for_tool(&tool),
        };
        if waits {
            self.conversation.result(node, id, Some(&tool), result);
            return Ok(());
        }
        self.call(node, payload, Some(result))
    }

    /// Notes what was decided about the call that a payload is about.
    fn ruled(&mut self, payload: &Object<'_>, ruling: Ruling) {
        let call = match payload.label("tool_use_id") {
            Some(id) => self.conversation.waiting(&id),
            None => self.conversation.newest(),
        };
        if let Some(call) = call {
            call.ruling = Some(ruling);
        }
    }
}

fn enter(conversation: &mut Conversation, payload: &Object<'_>, setting: Setting<'_>) {
    let session = payload.label("session_id").unwrap_or_else(|| setting.name.to_owned());
    let agent = payload.label("agent_id");
    let id = agent.as_ref().map_or_else(|| session.clone(), |agent| format!("{session}/{agent}"));
    let parent = agent.map(|_| session.clone());
    conversation.enter(&id.clone(), || Trace { id, session: Some(session), parent, ..Trace::default() });
}

/// What the hook decided, as it stands in a payload or on a line of its own.
fn output(holder: &Object<'_>) -> Result<Option<Ruling>, RecordError> {
    let beside = holder.inner("output")?;
    let output = match (holder.inner("hookSpecificOutput")?, beside) {
        (Some(output), _) => output,
        (None, Some(beside)) => match beside.inner("hookSpecificOutput")? {
            Some(output) => output,
            None => return Ok(None),
        },
        (None, None) => return Ok(None),
    };
    let Some(decision) = output.get("permissionDecision") else { return Ok(None) };
    let outcome = match decision.string()?.as_str() {
        "allow" => Outcome::Allow,
        "deny" => Outcome::Deny,
        // A call that is put off until somebody resumes the session waits for a person too.
        "ask" | "defer" => Outcome::RequireApproval,
        _ => return Err(decision.bad_value("allow, deny, ask or defer")),
    };
    let reason = output.label("permissionDecisionReason");
    Ok(Some(Ruling { by: Some("hook".to_owned()), reason, ..Ruling::from(outcome) }))
}

/// A person was asked; what was answered stands beside it where it is known.
fn requested(payload: &Object<'_>) -> Result<Ruling, RecordError> {
    let answer = match payload.inner("decision")? {
        Some(decision) => Some(decision),
        None => match payload.inner("hookSpecificOutput")? {
            Some(output) => output.inner("decision")?,
            None => None,
        },
    };
    let behavior = answer.as_ref().and_then(|answer| answer.label("behavior"));
    let approved = match behavior.as_deref() {
        Some("allow") => Some(true),
        Some("deny") => Some(false),
        _ => None,
    };
    let reason = answer.and_then(|answer| answer.label("message"));
    Ok(Ruling { approved, reason, ..Ruling::from(Outcome::RequireApproval) })
}
