//! Our own JSON Lines: one action a line, with the fields of a request and what the recorder knew beside them.
//!
//! Strict: a field that the format does not have is an error, as it would be in a request, unless its name begins with
//! `x-`. With a [`Mapping`](crate::Mapping) the fields are read from where it says and the rest of the line is left
//! alone.

use std::sync::Arc;

use crate::action::{
    Action, Arguments, Expectation, Heard, Issuer, Outcome, Recorded, Ruling, Speaker, ToolResult, Trace, Turn,
};
use crate::document::{Node, Object};
use crate::error::{RecordError, RecordErrorKind};
use crate::importers::Setting;
use crate::importers::parts::arguments;
use crate::json::RawJson;
use crate::mapping::{Mapping, RECORD_FIELDS};

/// Reads a line.
pub(super) fn read(node: &Node<'_>, setting: Setting<'_>) -> Result<Action, RecordError> {
    let record = Record::new(node.object()?, setting.mapping)?;
    let tool = match record.get("tool")? {
        Some(node) => node.string()?,
        None => return Err(record.missing("tool")),
    };
    let session = record.string("session")?;
    let trace = Trace {
        id: record.string("trace")?.or_else(|| session.clone()).unwrap_or_else(|| setting.name.to_owned()),
        session,
        model: record.string("model")?,
        domain: record.string("domain")?,
        parent: record.string("parent")?,
        ..Trace::default()
    };
    let redacted = redacted(&record)?;
    Ok(Action {
        seq: 0,
        place: node.place(),
        trace: Arc::new(trace),
        issuer: issuer(&record)?,
        call: record.string("call")?,
        server: record.string("server")?,
        tool,
        args: args(&record, &redacted)?,
        result: result(&record)?,
        at: record.string("at")?,
        turn: Turn {
            calls_in_message: record.get("calls_in_message")?.map(|node| node.count()).transpose()?,
            text_beside_call: record.get("text_beside_call")?.map(|node| node.flag()).transpose()?,
            message: record.get("message")?.map(|node| node.count()).transpose()?.map(u64::from),
        },
        heard: heard(&record)?,
        ruling: record.get("decided")?.map(|node| ruling(&node)).transpose()?,
        expect: record.get("expect")?.map(|node| expectation(&node)).transpose()?,
        recorded: Recorded {
            agent: record.raw("agent")?,
            credential: record.raw("credential")?,
            user: user(&record)?,
            env: record.string("env")?,
            task: record.string("task")?,
            tool_digest: record.string("tool_digest")?,
            context: record.raw("context")?,
            origin: record.raw("origin")?,
            redacted,
        },
    })
}

/// A line, read through a mapping or as it is.
struct Record<'a, 'm> {
    object: Object<'a>,
    mapping: Option<&'m Mapping>,
}

impl<'a, 'm> Record<'a, 'm> {
    fn new(object: Object<'a>, mapping: Option<&'m Mapping>) -> Result<Record<'a, 'm>, RecordError> {
        if mapping.is_none() {
            let stranger = object.keys().find(|key| !RECORD_FIELDS.contains(key) && !key.starts_with("x-"));
            if let Some(key) = stranger {
                return Err(object.undeclared(key, RECORD_FIELDS));
            }
        }
        Ok(Record { object, mapping })
    }

    /// The value of a field. Our own format has no `null` in place of a field that is left out.
    fn get(&self, field: &str) -> Result<Option<Node<'a>>, RecordError> {
        let Some(mapping) = self.mapping else {
            return match self.object.member(field) {
                Some(node) if node.is_null() => Err(node.wrong_type("left out where it is not known")),
                found => Ok(found),
            };
        };
        let Some(path) = mapping.path(field) else { return Ok(None) };
        let mut found = self.object.get(&path[0]);
        for step in &path[1..] {
            found = match found {
                Some(node) => node.object()?.get(step),
                None => return Ok(None),
            };
        }
        Ok(found)
    }

    fn missing(&self, field: &str) -> RecordError {
        let path = self.mapping.and_then(|mapping| mapping.path(field));
        let field = path.map_or_else(|| field.to_owned(), |path| path.join("."));
        RecordError { field, ..self.object.node().error(RecordErrorKind::Missing) }
    }

    fn string(&self, field: &str) -> Result<Option<String>, RecordError> {
        match self.get(field)? {
            // Foreign recorders number their runs and users; the digits are the name.
            Some(node) if self.mapping.is_some() && !node.is_object() && !node.is_list() => Ok(Some(node.plain())),
            Some(node) => node.string().map(Some),
            None => Ok(None),
        }
    }

    fn raw(&self, field: &str) -> Result<Option<RawJson>, RecordError> {
        Ok(self.get(field)?.map(|node| RawJson::verbatim(node.raw())))
    }
}

/// What was said to the agent. In a foreign record a text is the user's.
fn heard(record: &Record<'_, '_>) -> Result<Vec<Heard>, RecordError> {
    let Some(node) = record.get("heard")? else { return Ok(Vec::new()) };
    if node.is_string() {
        return Ok(vec![Heard { by: Speaker::User, text: node.string()? }]);
    }
    let said = |node: Node<'_>| {
        let entry = node.object()?;
        let by = entry.require("by")?;
        let speaker = match by.string()?.as_str() {
            "user" => Speaker::User,
            "system" => Speaker::System,
            _ => return Err(by.bad_value("user or system")),
        };
        Ok(Heard { by: speaker, text: entry.require("text")?.string()? })
    };
    node.list()?.into_iter().map(said).collect()
}

/// The user as a request has it. A foreign record holds a bare id.
fn user(record: &Record<'_, '_>) -> Result<Option<RawJson>, RecordError> {
    let Some(node) = record.get("user")? else { return Ok(None) };
    if record.mapping.is_none() || node.is_object() {
        return Ok(Some(RawJson::verbatim(node.raw())));
    }
    let id = RawJson::string(&node.plain());
    Ok(Some(RawJson::verbatim(&format!("{{\"id\": {}}}", id.text()))))
}

fn issuer(record: &Record<'_, '_>) -> Result<Issuer, RecordError> {
    let Some(node) = record.get("issuer")? else { return Ok(Issuer::Agent) };
    Issuer::from_name(&node.string()?).ok_or_else(|| node.bad_value("agent, user or provider"))
}

/// The arguments: `args`, or `args_text` where the recorder could not parse them, or neither where they are redacted.
fn args(record: &Record<'_, '_>, redacted: &[String]) -> Result<Arguments, RecordError> {
    let (args, text) = (record.get("args")?, record.get("args_text")?);
    match (args, text) {
        (Some(_), Some(text)) => Err(text.bad_value("left out where `args` is given")),
        (Some(node), None) if node.is_object() || record.mapping.is_some() => Ok(arguments(Some(node))),
        (Some(node), None) => Err(node.wrong_type("an object")),
        (None, Some(node)) => {
            let raw = node.string()?;
            match RawJson::parse(&raw) {
                Ok(json) if json.is_object() => Err(node.bad_value("written as `args` where it is a JSON object")),
                Ok(json) => Ok(Arguments::NotAnObject(json)),
                Err(why) => Ok(Arguments::Unparsable { raw, why }),
            }
        }
        (None, None) if record.mapping.is_some() || redacted.iter().any(|pointer| pointer == "/args") => {
            Ok(Arguments::Absent)
        }
        (None, None) => Err(record.missing("args")),
    }
}

/// `{"ok": VALUE}` or `{"error": VALUE}`; a mapped `result` is the answer itself and a mapped `error` says it failed.
fn result(record: &Record<'_, '_>) -> Result<Option<ToolResult>, RecordError> {
    if record.mapping.is_some() {
        let error = record.get("error")?.filter(|node| node.raw() != "false");
        let answer = record.get("result")?.or_else(|| error.clone());
        return Ok(answer.map(|node| ToolResult { is_error: error.is_some(), text: node.plain() }));
    }
    let Some(node) = record.get("result")? else { return Ok(None) };
    let result = node.object()?;
    let keys: Vec<&str> = result.keys().collect();
    match keys.as_slice() {
        [key @ ("ok" | "error")] => {
            let text = result.member(key).map(|node| node.plain()).unwrap_or_default();
            Ok(Some(ToolResult { is_error: *key == "error", text }))
        }
        _ => Err(node.bad_value("an object with either `ok` or `error`")),
    }
}

fn redacted(record: &Record<'_, '_>) -> Result<Vec<String>, RecordError> {
    let Some(list) = record.get("redacted")? else { return Ok(Vec::new()) };
    let mut pointers = Vec::new();
    for node in list.list()? {
        let pointer = node.string()?;
        if !pointer.starts_with('/') {
            return Err(node.bad_value("a JSON Pointer such as `/args/body`"));
        }
        pointers.push(pointer);
    }
    Ok(pointers)
}

fn outcome(node: &Node<'_>) -> Result<Outcome, RecordError> {
    Outcome::from_name(&node.string()?).ok_or_else(|| node.bad_value("allow, deny, throttle or require_approval"))
}

/// `"deny"`, or an object with `outcome` and what else is known of the decision.
fn ruling(node: &Node<'_>) -> Result<Ruling, RecordError> {
    if node.is_string() {
        return Ok(Ruling::from(outcome(node)?));
    }
    const FIELDS: &[&str] = &["outcome", "approved", "by", "reason", "id"];
    let ruling = node.object()?;
    if let Some(key) = ruling.keys().find(|key| !FIELDS.contains(key)) {
        return Err(ruling.undeclared(key, FIELDS));
    }
    Ok(Ruling {
        outcome: outcome(&ruling.require("outcome")?)?,
        approved: ruling.get("approved").map(|node| node.flag()).transpose()?,
        by: ruling.string("by")?,
        reason: ruling.string("reason")?,
        id: ruling.string("id")?,
    })
}

/// `"deny"`, or an object with `outcome` and what else is expected.
fn expectation(node: &Node<'_>) -> Result<Expectation, RecordError> {
    if node.is_string() {
        return Ok(Expectation { outcome: outcome(node)?, code: None, rule: None });
    }
    const FIELDS: &[&str] = &["outcome", "code", "rule"];
    let expect = node.object()?;
    if let Some(key) = expect.keys().find(|key| !FIELDS.contains(key)) {
        return Err(expect.undeclared(key, FIELDS));
    }
    Ok(Expectation {
        outcome: outcome(&expect.require("outcome")?)?,
        code: expect.string("code")?,
        rule: expect.string("rule")?,
    })
}
