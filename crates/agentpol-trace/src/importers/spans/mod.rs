//! OTLP/JSON spans, one export a line or a document: the conventions for generative AI, and those of `OpenInference`.
//!
//! A span may stand before the one that it is part of, so what spans say is held until the end and then given out in the
//! order in which they began. A call that is recorded twice, by the agent and by the MCP client or server below it, is one
//! call. Of the agents around a call the nearest acts.

mod attributes;
mod span;

use std::collections::HashMap;

use crate::action::{Arguments, Heard, Issuer, Recorded, Trace};
use crate::conversation::{Call, Conversation};
use crate::document::{Node, Object};
use crate::error::{RecordError, RecordErrorKind};
use crate::format::Format;
use crate::importers::parts::stranger;
use crate::importers::spans::span::{Kind, Span};
use crate::importers::{Importer, Items, Setting};
use crate::json::RawJson;
use crate::time::from_nanoseconds;

/// How many spans are held.
const SPANS: usize = 1 << 20;
/// How many spans deep one looks for the agent.
const DEPTH: usize = 64;

/// Spans while they are read.
#[derive(Debug, Default)]
pub(super) struct Spans {
    spans: Vec<Span>,
    full: bool,
}

impl Importer for Spans {
    fn read(&mut self, node: &Node<'_>, _: Setting<'_>) -> Items {
        let mut errors = Vec::new();
        if let Err(error) = self.export(node, &mut errors) {
            errors.push(error);
        }
        errors.into_iter().map(Err).collect()
    }

    fn finish(&mut self) -> Items {
        let mut spans = std::mem::take(&mut self.spans);
        spans.sort_by_key(|span| span.start);
        Tree::new(&spans).actions()
    }
}

impl Spans {
    fn export(&mut self, node: &Node<'_>, errors: &mut Vec<RecordError>) -> Result<(), RecordError> {
        let export = node.object()?;
        if export.get("resourceSpans").or_else(|| export.get("resource_spans")).is_none() {
            // The same file may hold metrics and logs.
            let others = ["resourceMetrics", "resourceLogs", "resource_metrics", "resource_logs"];
            let known = others.iter().any(|name| export.get(name).is_some());
            return if known { Ok(()) } else { Err(stranger(node, Format::Otlp)) };
        }
        for resource in either(&export, "resourceSpans", "resource_spans")? {
            for scope in either(&resource.object()?, "scopeSpans", "scope_spans")? {
                for node in scope.object()?.list("spans")? {
                    match span::read(&node) {
                        Ok(span) if self.spans.len() < SPANS => self.spans.push(span),
                        Ok(_) if self.full => {}
                        Ok(_) => {
                            self.full = true;
                            errors.push(node.error(RecordErrorKind::TooMany { limit: SPANS }));
                        }
                        Err(error) => errors.push(error),
                    }
                }
            }
        }
        Ok(())
    }
}

/// The list of that name, in either spelling that protocol buffers have.
fn either<'a>(object: &Object<'a>, camel: &str, snake: &str) -> Result<Vec<Node<'a>>, RecordError> {
    object.get(camel).map_or_else(|| object.list(snake), |list| list.list())
}

/// Spans and how they contain each other.
struct Tree<'s> {
    spans: &'s [Span],
    by_id: HashMap<(&'s str, &'s str), usize>,
}

impl<'s> Tree<'s> {
    fn new(spans: &'s [Span]) -> Tree<'s> {
        let by_id = spans.iter().enumerate().map(|(at, span)| ((span.trace.as_str(), span.id.as_str()), at));
        Tree { spans, by_id: by_id.collect() }
    }

    /// The spans around one, the nearest first.
    fn around(&self, span: &'s Span) -> impl Iterator<Item = &'s Span> {
        let parent = |span: &Span| {
            let parent = span.parent.as_deref()?;
            self.by_id.get(&(span.trace.as_str(), parent)).map(|at| &self.spans[*at])
        };
        std::iter::successors(parent(span), move |span| parent(span)).take(DEPTH)
    }

    /// Whether a span around it is about the same call.
    fn is_repeated(&self, span: &'s Span) -> bool {
        let same = |other: &Span| matches!(other.kind, Kind::Tool | Kind::McpCall) && other.tool == span.tool;
        span.kind == Kind::McpCall && self.around(span).any(same)
    }

    fn actions(&self) -> Items {
        let is_call = |span: &Span| matches!(span.kind, Kind::Tool | Kind::McpCall);
        let (repeated, calls): (Vec<&Span>, Vec<&Span>) =
            self.spans.iter().filter(|span| is_call(span)).partition(|span| self.is_repeated(span));
        // What the span of the agent leaves out, the one below may have.
        let mut below: HashMap<(&str, &str), &Span> = HashMap::new();
        for span in repeated {
            let same = |other: &&Span| is_call(other) && other.tool == span.tool;
            if let Some(whole) = self.around(span).filter(same).last() {
                below.entry((whole.trace.as_str(), whole.id.as_str())).or_insert(span);
            }
        }
        let mut conversation = Conversation::default();
        for span in calls {
            let below = below.get(&(span.trace.as_str(), span.id.as_str())).copied();
            self.enter(&mut conversation, span);
            conversation.call_at(span.place.clone(), self.call(span, below));
        }
        conversation.finish()
    }

    /// Goes on with the run of the nearest agent around a call.
    fn enter(&self, conversation: &mut Conversation, span: &'s Span) {
        let agents: Vec<&Span> = self.around(span).filter(|around| around.kind == Kind::Agent).collect();
        // The outermost agent has the trace to itself; what started another is the run around it.
        let id = |at: usize| match agents.get(at) {
            Some(agent) if at + 1 < agents.len() => format!("{}/{}", agent.trace, agent.id),
            _ => span.trace.clone(),
        };
        let (run, parent) = (id(0), (agents.len() > 1).then(|| id(1)));
        let first = |of: fn(&Span) -> Option<&String>| of(span).or_else(|| self.around(span).find_map(of)).cloned();
        let session = first(|span| span.conversation.as_ref()).unwrap_or_else(|| span.trace.clone());
        let (user, model) = (first(|span| span.user.as_ref()), first(|span| span.model.as_ref()));
        let mut begun = false;
        conversation.enter(&run.clone(), || {
            begun = true;
            Trace { id: run, session: Some(session), user, model, parent, ..Trace::default() }
        });
        // What an agent is told by another is no person's word.
        if let (true, [outermost]) = (begun, agents.as_slice()) {
            for Heard { by, text } in &outermost.said {
                conversation.hear(*by, text.clone());
            }
        }
    }

    fn call(&self, span: &'s Span, below: Option<&Span>) -> Call {
        let agent = span.agent.as_ref().or_else(|| {
            let agents = self.around(span).filter(|around| around.kind == Kind::Agent);
            agents.filter_map(|agent| agent.agent.as_ref()).next()
        });
        let args = span.args.clone().or_else(|| below.and_then(|below| below.args.clone()));
        let result = span.result.clone().or_else(|| below.and_then(|below| below.result.clone()));
        let mut recorded = Recorded { agent: agent.map(|name| RawJson::string(name)), ..Recorded::default() };
        // That it ran is known, what it answered is not: recorders leave answers out unless they are told to keep them.
        let result = result.unwrap_or_else(|| {
            recorded.redacted.push("/result".to_owned());
            span.ending()
        });
        let call = Call::of(Issuer::Agent, span.tool.clone(), args.unwrap_or(Arguments::Absent));
        Call { id: span.call.clone(), at: from_nanoseconds(span.start), recorded, result: Some(result), ..call }
    }
}
