//! Runs of `LangSmith`, one a line or in a list, or under `runs` as the service lists them.
//!
//! Runs of the type `tool` are the calls. Runs may stand in any order, so they are held until the end and given out by
//! their dotted order, which begins with the time.

use crate::action::{Arguments, Issuer, Place, Recorded, ToolResult, Trace};
use crate::conversation::{Call, Conversation};
use crate::document::{Node, Object};
use crate::error::{RecordError, RecordErrorKind};
use crate::format::Format;
use crate::importers::parts::{answer, arguments, stranger, unknown_answer, written};
use crate::importers::{Importer, Items, Setting};
use crate::json;
use crate::python::python_to_json;

/// How many calls are held.
const RUNS: usize = 1 << 20;

/// Runs while they are read.
#[derive(Debug, Default)]
pub(super) struct Runs {
    calls: Vec<Held>,
}

/// A call that waits for those before it.
#[derive(Debug)]
struct Held {
    order: String,
    place: Place,
    trace: Trace,
    call: Call,
}

impl Importer for Runs {
    fn read(&mut self, node: &Node<'_>, _: Setting<'_>) -> Items {
        let mut errors = Vec::new();
        if let Err(error) = self.record(node, &mut errors) {
            errors.push(error);
        }
        errors.into_iter().map(Err).collect()
    }

    fn finish(&mut self) -> Items {
        let mut calls = std::mem::take(&mut self.calls);
        calls.sort_by(|one, other| one.order.cmp(&other.order));
        let mut conversation = Conversation::default();
        for Held { place, trace, call, .. } in calls {
            let key = format!("{:?} {}", trace.session, trace.id);
            conversation.enter(&key, || trace);
            conversation.call_at(place, call);
        }
        conversation.finish()
    }
}

impl Runs {
    fn record(&mut self, node: &Node<'_>, errors: &mut Vec<RecordError>) -> Result<(), RecordError> {
        let record = node.object()?;
        if record.get("run_type").is_none() && record.get("runs").is_some() {
            for node in record.list("runs")? {
                errors.extend(node.object().and_then(|run| self.run(&node, &run)).err());
            }
            return Ok(());
        }
        self.run(node, &record)
    }

    fn run(&mut self, node: &Node<'_>, run: &Object<'_>) -> Result<(), RecordError> {
        let kind = run.get("run_type").ok_or_else(|| stranger(node, Format::LangSmith))?;
        if !kind.is("tool") {
            return Ok(());
        }
        if self.calls.len() >= RUNS {
            return Err(node.error(RecordErrorKind::TooMany { limit: RUNS }));
        }
        let extra = run.inner("extra")?;
        let metadata = extra.map(|extra| extra.inner("metadata")).transpose()?.flatten();
        let of = |name: &str| metadata.as_ref().and_then(|metadata| metadata.label(name));
        let id = run.label("trace_id").or_else(|| run.label("id")).unwrap_or_default();
        let session = ["thread_id", "session_id", "conversation_id"].iter().find_map(|name| of(name));
        let trace =
            Trace { session: session.or_else(|| Some(id.clone())), id, user: of("user_id"), ..Trace::default() };
        let at = run.label("start_time");
        let order = run.label("dotted_order").or_else(|| at.clone()).unwrap_or_default();
        let call = Call::of(Issuer::Agent, run.require("name")?.string()?, inputs(run)?);
        let (result, recorded) = result(run)?;
        let call = Call { id: run.label("id"), at, result, recorded, ..call };
        self.calls.push(Held { order, place: node.place(), trace, call });
        Ok(())
    }
}

/// The arguments. A tracer that only gets them printed writes them under `input`, as JSON or as Python prints them.
fn inputs(run: &Object<'_>) -> Result<Arguments, RecordError> {
    let Some(node) = run.get("inputs") else { return Ok(Arguments::Absent) };
    if node.is_object() {
        let inputs = node.object()?;
        let printed = inputs.get("input").filter(|input| input.is_string() && inputs.keys().count() == 1);
        if let Some(text) = printed.and_then(|printed| json::string(printed.raw()).ok()) {
            if let Arguments::Object(args) = written(&text) {
                return Ok(Arguments::Object(args));
            }
            if let Some(Arguments::Object(args)) = python_to_json(&text).map(|text| written(&text)) {
                return Ok(Arguments::Object(args));
            }
        }
    }
    Ok(arguments(Some(node)))
}

/// What came of it. A run that ended without outputs that were kept answered something that nobody knows.
fn result(run: &Object<'_>) -> Result<(Option<ToolResult>, Recorded), RecordError> {
    if let Some(error) = run.get("error").filter(|error| !error.is("")) {
        return Ok((Some(ToolResult { is_error: true, text: error.plain() }), Recorded::default()));
    }
    let Some(node) = run.get("outputs") else {
        return Ok(run.get("end_time").map_or((None, Recorded::default()), |_| unknown_answer()));
    };
    let output = if node.is_object() { node.object()?.get("output") } else { None };
    let text = answer(Some(output.unwrap_or(node)));
    Ok((Some(ToolResult { is_error: false, text }), Recorded::default()))
}
