//! Evaluation logs of Inspect: the samples of a `.json` log, or of a `.eval` archive.
//!
//! The events of a sample hold its calls, those of sub-agents within, and what approvers decided. A sample that kept no
//! events is read from its messages.

use crate::action::{Arguments, Issuer, Outcome, Place, Recorded, Ruling, Speaker, ToolResult, Trace, Turn};
use crate::conversation::{Call, Conversation};
use crate::document::{Node, Object};
use crate::error::RecordError;
use crate::importers::parts::{answer, arguments, content, fallback_id, turn};
use crate::importers::{Items, Setting};
use crate::json::RawJson;

/// How deep events may stand in events.
const MAX_DEPTH: usize = 16;

/// How many rulings are looked through for the one about a call.
const SEARCHED: usize = 1_024;

/// Reads a sample.
pub(super) fn read(node: &Node<'_>, setting: Setting<'_>) -> Items {
    let sample = match node.object() {
        Ok(sample) => sample,
        Err(error) => return vec![Err(error)],
    };
    let header = setting.header.and_then(|header| header.object().ok());
    let of = |name: &str| header.as_ref().and_then(|header| header.label(name));
    let name = sample.label("id").unwrap_or_else(|| fallback_id(node, setting));
    let id = format!("{name}/{}", sample.label("epoch").unwrap_or_else(|| "1".to_owned()));
    let session = sample.label("uuid").or_else(|| Some(id.clone()));
    let trace = Trace { id, session, model: of("model"), task: of("task"), ..Trace::default() };
    let mut reading = Reading { conversation: Conversation::new(trace), rulings: Vec::new(), calls: 0 };
    if let Err(error) = reading.sample(&sample) {
        reading.conversation.error(error);
    }
    reading.conversation.finish()
}

/// A sample while it is read.
struct Reading {
    conversation: Conversation,
    /// What approvers decided of calls that were not seen yet.
    rulings: Vec<Decided>,
    calls: u64,
}

/// A call that an approver decided on, and that may yet be seen to run.
struct Decided {
    id: String,
    place: Place,
    call: Call,
    ruling: Ruling,
}

impl Reading {
    fn sample(&mut self, sample: &Object<'_>) -> Result<(), RecordError> {
        match sample.get("input") {
            Some(said) if said.is_string() => self.conversation.hear(Speaker::User, said.string()?),
            Some(list) if list.is_list() => {
                for message in list.list()? {
                    self.heard(&message.object()?)?;
                }
            }
            _ => {}
        }
        let events = sample.list("events")?;
        self.events(&events, 0)?;
        // What was refused before it began has no event of its own.
        for Decided { id, place, call, ruling } in std::mem::take(&mut self.rulings) {
            self.calls += 1;
            self.conversation.end_message();
            self.conversation.call_at(place, Call { id: Some(id), ruling: Some(ruling), ..call });
        }
        if self.calls == 0 {
            for node in sample.list("messages")? {
                let read = node.object().and_then(|message| self.message(&node, &message));
                self.conversation.check(read);
            }
        }
        Ok(())
    }

    fn events(&mut self, events: &[Node<'_>], depth: usize) -> Result<(), RecordError> {
        for node in events.iter().filter(|_| depth < MAX_DEPTH) {
            let read = node.object().and_then(|event| match event.label("event").as_deref() {
                Some("tool") => self.tool(node, &event, depth),
                Some("approval") => self.approval(node, &event),
                Some("subtask") => self.events(&event.list("events")?, depth + 1),
                _ => Ok(()),
            });
            self.conversation.check(read);
        }
        Ok(())
    }

    fn tool(&mut self, node: &Node<'_>, event: &Object<'_>, depth: usize) -> Result<(), RecordError> {
        let id = event.label("id");
        let error = event.inner("error")?;
        let failed = error.is_some() || event.get("failed").is_some_and(|flag| flag.raw() == "true");
        let refused = error.as_ref().is_some_and(|error| error.get("type").is_some_and(|kind| kind.is("approval")));
        let pending = event.get("pending").is_some_and(|flag| flag.raw() == "true");
        let told = error.as_ref().and_then(|error| error.get("message")).or_else(|| event.get("result"));
        let result =
            told.filter(|_| !refused && !pending).map(|told| ToolResult { is_error: failed, text: answer(Some(told)) });
        let agent = event.label("agent").map(|name| RawJson::string(&name));
        let decided = id.as_deref().and_then(|id| self.decided(id));
        let ruling = decided.map(|at| self.rulings.remove(at).ruling);
        let denied = refused.then(|| Ruling { by: Some("approver".to_owned()), ..Ruling::from(Outcome::Deny) });
        let message = event.label("message_id");
        self.conversation.begin_message(message.as_deref());
        let call = Call::of(Issuer::Agent, event.require("function")?.string()?, arguments(event.get("arguments")));
        self.calls += 1;
        self.conversation.call(
            node,
            Call {
                id,
                at: event.label("timestamp"),
                recorded: Recorded { agent, ..Recorded::default() },
                ruling: ruling.or(denied),
                result,
                ..call
            },
        );
        self.events(&event.list("events")?, depth + 1)
    }

    /// Where among the newest rulings the one about a call is that was not seen yet.
    fn decided(&self, id: &str) -> Option<usize> {
        let newest = self.rulings.iter().enumerate().rev().take(SEARCHED);
        newest.into_iter().find(|(_, decided)| decided.id == id).map(|(at, _)| at)
    }

    /// An approver decided; the last of several says what became of the call.
    fn approval(&mut self, node: &Node<'_>, event: &Object<'_>) -> Result<(), RecordError> {
        let call = event.require("call")?.object()?;
        let id = call.require("id")?.string()?;
        let word = event.require("decision")?;
        let outcome = match word.string()?.as_str() {
            "approve" | "modify" => Outcome::Allow,
            "reject" | "terminate" => Outcome::Deny,
            "escalate" => Outcome::RequireApproval,
            _ => return Err(word.bad_value("approve, modify, reject, escalate or terminate")),
        };
        let known = self.decided(&id);
        let before = match known {
            Some(at) => Some(&self.rulings[at].ruling),
            None => self.conversation.waiting(&id).and_then(|call| call.ruling.as_ref()),
        };
        let asked = before.is_some_and(|before| before.outcome == Outcome::RequireApproval);
        let (by, reason) = (event.label("approver"), event.label("explanation"));
        let ruling = match (asked, outcome) {
            // Who was asked has answered.
            (true, Outcome::Allow | Outcome::Deny) => {
                let approved = Some(outcome == Outcome::Allow);
                Ruling { approved, by, reason, ..Ruling::from(Outcome::RequireApproval) }
            }
            _ => Ruling { by, reason, ..Ruling::from(outcome) },
        };
        if let Some(at) = known {
            self.rulings[at].ruling = ruling;
        } else if let Some(call) = self.conversation.waiting(&id) {
            call.ruling = Some(ruling);
        } else {
            let made = Call::of(Issuer::Agent, call.require("function")?.string()?, arguments(call.get("arguments")));
            self.rulings.push(Decided { id, place: node.place(), call: made, ruling });
        }
        Ok(())
    }

    fn heard(&mut self, message: &Object<'_>) -> Result<(), RecordError> {
        let by = match message.label("role").as_deref() {
            Some("user") => Speaker::User,
            Some("system") => Speaker::System,
            _ => return Ok(()),
        };
        self.conversation.hear(by, content(message.get("content"))?);
        Ok(())
    }

    /// A message of a sample without events.
    fn message(&mut self, node: &Node<'_>, message: &Object<'_>) -> Result<(), RecordError> {
        match message.label("role").as_deref() {
            Some("assistant") => {
                let calls = message.list("tool_calls")?;
                if calls.is_empty() {
                    return Ok(());
                }
                let turn = turn(&mut self.conversation, message, calls.len());
                for node in calls {
                    let read = node.object().and_then(|call| self.called(&node, &call, turn));
                    self.conversation.check(read);
                }
            }
            Some("tool") => {
                let error = message.inner("error")?.and_then(|error| error.label("message"));
                let is_error = error.is_some();
                let text = error.unwrap_or_else(|| answer(message.get("content")));
                let tool = message.label("function");
                let id = message.label("tool_call_id");
                self.conversation.result(node, id, tool.as_deref(), ToolResult { is_error, text });
            }
            _ => {}
        }
        Ok(())
    }

    fn called(&mut self, node: &Node<'_>, call: &Object<'_>, turn: Turn) -> Result<(), RecordError> {
        let tool = call.require("function")?.string()?;
        let args = call.get("arguments").map_or(Arguments::Absent, |args| arguments(Some(args)));
        self.conversation
            .call(node, Call { id: call.label("id"), turn: Some(turn), ..Call::of(Issuer::Agent, tool, args) });
        Ok(())
    }
}
