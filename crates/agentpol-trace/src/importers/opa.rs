//! Decision logs of the Open Policy Agent: a list of events, as the service that takes them gets it, or one a line, as the
//! console prints them.
//!
//! An `input` that is an `AuthZEN` request, or that names a `tool` and its `args`, is read as what it says. Any other is
//! the arguments of a tool that has the name of the query's path. What was taken out or masked is redacted here.

use std::sync::Arc;

use crate::action::{Action, Issuer, Outcome, Recorded, Ruling, Trace, Turn};
use crate::document::{Node, Object};
use crate::error::RecordError;
use crate::format::Format;
use crate::importers::authzen::Asked;
use crate::importers::parts::{arguments, stranger};
use crate::importers::{Items, Setting};

/// Reads an event.
pub(super) fn read(node: &Node<'_>, setting: Setting<'_>) -> Items {
    match event(node, setting) {
        Ok(Some(action)) => vec![Ok(action)],
        Ok(None) => Vec::new(),
        Err(error) => vec![Err(error)],
    }
}

fn event(node: &Node<'_>, setting: Setting<'_>) -> Result<Option<Action>, RecordError> {
    let event = node.object()?;
    if event.get("decision_id").is_none() {
        // What else the console prints has a level.
        return if event.get("level").is_some() { Ok(None) } else { Err(stranger(node, Format::Opa)) };
    }
    let path = event.label("path").or_else(|| event.label("query"));
    let input = event.get("input");
    let told = input.as_ref().filter(|input| input.is_object()).map(|input| input.object()).transpose()?;
    let asked = told.as_ref().and_then(|told| said(told).transpose()).transpose()?;
    let redacted = redacted(&event, asked.is_none())?;
    let asked = match asked {
        Some(asked) => asked,
        None => {
            let tool = path.clone().ok_or_else(|| stranger(node, Format::Opa))?;
            Asked { tool, args: arguments(input), ..Asked::default() }
        }
    };
    let session = event.label("trace_id");
    let trace = Trace { id: session.clone().unwrap_or_else(|| setting.name.to_owned()), session, ..Trace::default() };
    Ok(Some(Action {
        seq: 0,
        place: node.place(),
        trace: Arc::new(trace),
        issuer: Issuer::Agent,
        call: event.label("decision_id"),
        server: asked.server,
        tool: asked.tool,
        args: asked.args,
        result: None,
        at: event.label("timestamp").or_else(|| event.label("time")),
        turn: Turn::default(),
        heard: Vec::new(),
        recorded: Recorded { agent: asked.agent, user: asked.user, redacted, ..Recorded::default() },
        ruling: ruling(&event, path)?,
        expect: None,
    }))
}

/// What an input says that has a shape of its own.
fn said(input: &Object<'_>) -> Result<Option<Asked>, RecordError> {
    let is_object = |name: &str| input.get(name).is_some_and(|node| node.is_object());
    if is_object("subject") && is_object("action") && is_object("resource") {
        return Asked::of(input, None).map(Some);
    }
    let args = ["args", "arguments", "parameters"].iter().find_map(|name| input.get(name));
    match (input.get("tool").filter(|tool| tool.is_string()), args) {
        (Some(tool), Some(args)) => Ok(Some(Asked {
            tool: tool.string()?,
            args: arguments(Some(args)),
            server: input.label("server"),
            ..Asked::default()
        })),
        _ => Ok(None),
    }
}

/// A decision is a truth value, or an object that has one under `allow` or `allowed`, or a word under `decision`.
fn ruling(event: &Object<'_>, path: Option<String>) -> Result<Option<Ruling>, RecordError> {
    let made = |outcome| Ruling { by: path.clone(), id: event.label("decision_id"), ..Ruling::from(outcome) };
    let truth = |node: &Node<'_>| match node.plain().as_str() {
        "true" => Some(Outcome::Allow),
        "false" => Some(Outcome::Deny),
        _ => None,
    };
    let Some(result) = event.get("result") else { return Ok(None) };
    if !result.is_object() {
        return Ok(truth(&result).map(made));
    }
    let result = result.object()?;
    let word = |node: &Node<'_>| match node.plain().as_str() {
        "allow" => Some(Outcome::Allow),
        "deny" => Some(Outcome::Deny),
        "ask" | "require_approval" => Some(Outcome::RequireApproval),
        _ => None,
    };
    let truths = ["allow", "allowed"].iter().filter_map(|name| result.get(name)).find_map(|node| truth(&node));
    let outcome = truths.or_else(|| result.get("decision").and_then(|node| word(&node).or_else(|| truth(&node))));
    let reason = result.label("reason").or_else(|| result.label("message"));
    Ok(outcome.map(|outcome| Ruling { reason, ..made(outcome) }))
}

/// Pointers to what is missing or masked, from the record that is made of the event; `whole` where its arguments are the
/// whole input.
fn redacted(event: &Object<'_>, whole: bool) -> Result<Vec<String>, RecordError> {
    let mut pointers = Vec::new();
    for name in ["erased", "masked"] {
        for node in event.list(name)? {
            let pointer = node.string()?;
            // Arguments that are a part of the input are the arguments here; whatever else is missing of it stays as it is.
            let within = |prefix: &str| {
                let rest = pointer.strip_prefix(prefix)?;
                (rest.is_empty() || rest.starts_with('/')).then(|| format!("/args{rest}"))
            };
            let argument =
                ["/input/args", "/input/arguments", "/input/parameters"].iter().find_map(|part| within(part));
            pointers.push(argument.or_else(|| within("/input").filter(|_| whole)).unwrap_or(pointer));
        }
    }
    // Results of built-in functions are no part of what is asked.
    pointers.retain(|pointer| !pointer.starts_with("/nd_builtin_cache"));
    Ok(pointers)
}
