//! Observations of Langfuse, one a line or in a list, under `data` as the service lists them, or under `observations` of a
//! trace.
//!
//! Observations of the type `TOOL` are the calls, and the nearest `AGENT` around one acts. They may stand in any order, so
//! they are held until the end and given out in the order in which they began.

use std::collections::HashMap;

use crate::action::{Arguments, Issuer, Place, Recorded, ToolResult, Trace};
use crate::conversation::{Call, Conversation};
use crate::document::{Node, Object};
use crate::error::{RecordError, RecordErrorKind};
use crate::format::Format;
use crate::importers::parts::{answer, arguments, stranger, unknown_answer};
use crate::importers::{Importer, Items, Setting};
use crate::json::RawJson;

/// How many observations are held.
const OBSERVATIONS: usize = 1 << 20;
/// How many observations deep one looks for the agent.
const DEPTH: usize = 64;

/// Observations while they are read.
#[derive(Debug, Default)]
pub(super) struct Observations {
    calls: Vec<Held>,
    /// By id: the observation around one, and the agent that it is.
    around: HashMap<String, (Option<String>, Option<String>)>,
}

/// A call that waits for those before it, and for the agent around it.
#[derive(Debug)]
struct Held {
    start: String,
    place: Place,
    trace: Trace,
    parent: Option<String>,
    call: Call,
}

impl Importer for Observations {
    fn read(&mut self, node: &Node<'_>, _: Setting<'_>) -> Items {
        let mut errors = Vec::new();
        if let Err(error) = self.record(node, &mut errors) {
            errors.push(error);
        }
        errors.into_iter().map(Err).collect()
    }

    fn finish(&mut self) -> Items {
        let mut calls = std::mem::take(&mut self.calls);
        calls.sort_by(|one, other| one.start.cmp(&other.start));
        let mut conversation = Conversation::default();
        for Held { place, trace, parent, call, .. } in calls {
            let key = format!("{:?} {}", trace.session, trace.id);
            conversation.enter(&key, || trace);
            let agent = self.agent(parent).map(|name| RawJson::string(&name));
            let recorded = Recorded { agent, ..call.recorded };
            conversation.call_at(place, Call { recorded, ..call });
        }
        conversation.finish()
    }
}

impl Observations {
    /// The name of the nearest agent.
    fn agent(&self, mut at: Option<String>) -> Option<String> {
        for _ in 0..DEPTH {
            let (parent, agent) = self.around.get(&at?)?;
            if agent.is_some() {
                return agent.clone();
            }
            at = parent.clone();
        }
        None
    }

    fn record(&mut self, node: &Node<'_>, errors: &mut Vec<RecordError>) -> Result<(), RecordError> {
        let record = node.object()?;
        let list = record.get("data").or_else(|| record.get("observations")).filter(|list| list.is_list());
        let Some(list) = list else { return self.observation(node, &record, None) };
        for node in list.list()? {
            errors.extend(node.object().and_then(|one| self.observation(&node, &one, Some(&record))).err());
        }
        Ok(())
    }

    fn observation(
        &mut self,
        node: &Node<'_>,
        one: &Object<'_>,
        trace: Option<&Object<'_>>,
    ) -> Result<(), RecordError> {
        let id = one.label("traceId").ok_or_else(|| stranger(node, Format::Langfuse))?;
        let kind = one.label("type").unwrap_or_default();
        let (name, parent) = (one.label("name"), one.label("parentObservationId"));
        if self.around.len() >= OBSERVATIONS || self.calls.len() >= OBSERVATIONS {
            return Err(node.error(RecordErrorKind::TooMany { limit: OBSERVATIONS }));
        }
        if let Some(id) = one.label("id") {
            let agent = name.clone().filter(|_| kind == "AGENT");
            self.around.insert(id, (parent.clone(), agent));
        }
        if kind != "TOOL" {
            return Ok(());
        }
        let of = |name: &str| one.label(name).or_else(|| trace.and_then(|trace| trace.label(name)));
        let trace =
            Trace { session: of("sessionId").or_else(|| Some(id.clone())), id, user: of("userId"), ..Trace::default() };
        let start = one.label("startTime");
        let tool = one.require("name")?.string()?;
        let args = one.get("input").map_or(Arguments::Absent, |input| arguments(Some(input)));
        let is_error = one.get("level").is_some_and(|level| level.is("ERROR"));
        let told = one.get("output").or_else(|| one.get("statusMessage").filter(|_| is_error));
        let (result, recorded) = match told {
            Some(told) => (Some(ToolResult { is_error, text: answer(Some(told)) }), Recorded::default()),
            // One that ended without an output that was kept answered something that nobody knows.
            None => one.get("endTime").map_or((None, Recorded::default()), |_| unknown_answer()),
        };
        let call = Call::of(Issuer::Agent, tool, args);
        let call = Call { id: one.label("id"), at: start.clone(), result, recorded, ..call };
        self.calls.push(Held { start: start.unwrap_or_default(), place: node.place(), trace, parent, call });
        Ok(())
    }
}
