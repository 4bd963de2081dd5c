//! What to change in a request that was refused before any rule had a say.
//!
//! The evaluator says only that a request is malformed or names nobody; here the same text is read once more, for
//! people. What is said here decides nothing.

use agentpol::bytecode::tables::{Agent, Field, Tool};
use agentpol::{Code, Decision, Program};
use agentpol_diagnostics::{did_you_mean, nearest};
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::{events, strict, types};

/// The keys of a request, those that are needed first.
const KEYS: &[&str] = &[
    "at",
    "agent",
    "user",
    "tool",
    "args",
    "via",
    "credential",
    "resource",
    "session",
    "call",
    "env",
    "task",
    "server",
    "tool_digest",
    "context",
    "origin",
];
const NEEDED: usize = 5;
/// Keys that only recordings have.
const RECORDED: &[&str] = &["result", "expect", "redacted", "trace", "model", "domain", "issuer", "args_text"];

/// Whether a request is decided with memory of earlier calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// With a state file.
    Kept,
    /// Without one.
    None,
}

/// Returns what to change in a request, where the decision does not say it.
pub(crate) fn hint(program: &Program, decision: &Decision, request: &[u8], memory: Memory) -> Option<String> {
    let code = decision.code();
    if code == Code::RequestMalformed {
        return Some(malformed(program, request, memory).unwrap_or_else(|| {
            "a value is not of the form that its key has; see `polc explain request_malformed`".to_owned()
        }));
    }
    let read: Value = serde_json::from_slice(request).ok()?;
    let request = read.as_object()?;
    match code {
        Code::AgentUnknown | Code::AgentUnidentified => agent(program, request.get("agent")?),
        Code::ToolUnknown => tool(program, request),
        Code::ArgumentUndeclared | Code::ArgumentMissing => argument(program, request, decision.argument()?),
        Code::ArgumentInvalid => declared(program, request, decision.argument()?),
        Code::SessionUnknown | Code::SessionMismatch | Code::CallDuplicate | Code::ClockRegressed => {
            in_memory(code, request).map(str::to_owned)
        }
        _ => None,
    }
}

/// Returns the session that a request names.
pub(crate) fn session(request: &[u8]) -> Option<String> {
    let read: Value = serde_json::from_slice(request).ok()?;
    Some(read.get("session")?.as_str()?.to_owned())
}

/// Says what to do about a request that has no place in what is remembered.
fn in_memory(code: Code, request: &Map<String, Value>) -> Option<&'static str> {
    Some(match code {
        Code::SessionUnknown if !request.contains_key("session") => {
            "`session` is missing: with memory every call belongs to a session that was opened"
        }
        Code::SessionUnknown => "open the session first, with an event `open` or `polc state open`",
        Code::SessionMismatch => {
            "a session has one agent and one user; what an agent hands to another belongs to a session of its own, opened \
             with `parent`"
        }
        Code::CallDuplicate => "every call has a `call` of its own, made up by the host",
        Code::ClockRegressed => "`at` is more than 5 seconds before the last time that was seen",
        _ => return None,
    })
}

/// Finds what is not as the format asks.
fn malformed(program: &Program, request: &[u8], memory: Memory) -> Option<String> {
    let value: Value = match serde_json::from_slice(request) {
        Ok(value) => value,
        Err(_) if request.trim_ascii().is_empty() => return Some("there is no request: nothing was given".to_owned()),
        Err(_) if memory == Memory::None && several(request) => {
            return Some("one request at a time: with `--state FILE` lines are decided in order".to_owned());
        }
        Err(error) => return Some(strict::not_json(&error)),
    };
    if let Some(help) = strict::find(request) {
        return Some(help);
    }
    let Value::Object(request) = &value else { return Some("a request is one JSON object".to_owned()) };
    if let Some(help) = events::misnamed(request).filter(|_| memory == Memory::Kept) {
        return Some(help);
    }
    if events::called(value.to_string().as_bytes()).is_some() {
        return Some("this is an event: events are taken with `--state FILE`".to_owned());
    }
    let stranger = request.keys().find(|key| !KEYS.contains(&key.as_str()));
    if let Some(key) = stranger {
        let recorded = RECORDED.contains(&key.as_str()) || key.starts_with("x-");
        let help = match did_you_mean(key, KEYS.iter().copied()) {
            Some(help) => help,
            None if recorded => "it belongs to recordings: take it out".to_owned(),
            None => "take it out".to_owned(),
        };
        return Some(format!("a request has no key `{key}`: {help}"));
    }
    if let Some(key) = KEYS[..NEEDED].iter().find(|key| !request.contains_key(**key)) {
        return Some(format!("`{key}` is missing"));
    }
    if let Some(help) = request.iter().find_map(|(key, value)| member(program, key, value)) {
        return Some(help);
    }
    let nameless = memory == Memory::Kept && !request.contains_key("call");
    nameless.then(|| "`call` is missing: with memory every call has an id, made up by the host".to_owned())
}

/// Whether the first line alone is JSON.
fn several(request: &[u8]) -> bool {
    let first = request.split(|byte| *byte == b'\n').next().unwrap_or_default();
    serde_json::from_slice::<IgnoredAny>(first).is_ok()
}

/// Finds what is wrong with an agent as it is presented.
pub(crate) fn presented(key: &str, value: &Value) -> Option<String> {
    let Value::Object(agent) = value else {
        let text = value.is_string();
        return (!text).then(|| format!("`{key}` must be a name or an object with an identity"));
    };
    let known: &[&str] = match key {
        "via" => &["id", "spiffe", "issuer", "subject", "attributes", "credential"],
        _ => &["id", "spiffe", "issuer", "subject", "attributes"],
    };
    let stranger = agent.keys().find(|key| !known.contains(&key.as_str()))?;
    let help = did_you_mean(stranger, known.iter().copied()).unwrap_or_else(|| "take it out".to_owned());
    Some(format!("an agent in `{key}` has no key `{stranger}`: {help}"))
}

/// Finds what is wrong with one member.
fn member(program: &Program, key: &str, value: &Value) -> Option<String> {
    let must = |what: &str| Some(format!("`{key}` must be {what}"));
    match (key, value) {
        ("at", Value::String(at)) if is_time(at) => None,
        ("at", _) => must("a time with its offset, such as \"2026-03-02T15:00:00Z\""),
        ("agent", value) => presented(key, value),
        ("via", Value::Array(via)) => via.iter().find_map(|hop| presented(key, hop)),
        ("via", _) => must("a list of agents, the first of the chain first"),
        ("user", Value::String(user)) if user == "none" => None,
        ("user", Value::Object(user)) => self::user(program, user),
        ("user", _) => must("an object with `id` and `groups`, or \"none\" for nobody"),
        ("args" | "context" | "origin" | "resource", Value::Object(_)) => None,
        ("args" | "context" | "origin" | "resource", _) => must("an object"),
        ("credential", Value::Object(credential)) => {
            let issued = credential.get("issued_at").and_then(Value::as_str).is_some_and(is_time);
            if issued && credential.len() == 1 { None } else { must("an object with `issued_at`, a time") }
        }
        ("credential", _) => must("an object with `issued_at`, a time"),
        (_, Value::String(_)) => None,
        _ => must("a text"),
    }
}

fn user(program: &Program, user: &Map<String, Value>) -> Option<String> {
    if !user.get("id").is_some_and(Value::is_string) {
        return Some("`user` needs an `id`, a text".to_owned());
    }
    let texts = |groups: &Value| groups.as_array().is_some_and(|groups| groups.iter().all(Value::is_string));
    if user.get("groups").is_some_and(|groups| !texts(groups)) {
        return Some("`groups` of a user must be a list of texts".to_owned());
    }
    let mut declared = names(program, &program.tables().user);
    declared.extend(["id", "groups"]);
    let stranger = user.keys().find(|key| !declared.contains(&key.as_str()))?;
    let help = did_you_mean(stranger, declared.iter().copied());
    let help = help.unwrap_or_else(|| "declare it with `user { ... }`, or take it out".to_owned());
    Some(format!("the policy declares no `{stranger}` of a user: {help}"))
}

/// Says which agent may have been meant, or how it must be presented.
pub(crate) fn agent(program: &Program, presented: &Value) -> Option<String> {
    let agents = &program.tables().agents;
    let id = presented.as_str().or_else(|| presented.get("id").and_then(Value::as_str));
    let Some(id) = id else {
        return Some("compare the identity with those that the policy declares, letter by letter".to_owned());
    };
    let named = |agent: &&Agent| [agent.wire, agent.qualified].iter().any(|name| program.symbol(*name) == id);
    if agents.iter().find(named).is_some_and(|agent| !agent.identities.is_empty()) {
        return Some(format!(
            "`{id}` declares an identity and is known by nothing else: present {{\"spiffe\": ...}} or {{\"issuer\": ..., \
             \"subject\": ...}}"
        ));
    }
    did_you_mean(id, agents.iter().map(|agent| program.symbol(agent.wire)))
}

/// Whether an agent is known by what is presented as its name.
pub(crate) fn is_agent(program: &Program, presented: &Value) -> bool {
    let id = presented.as_str().or_else(|| presented.get("id").and_then(Value::as_str));
    let named = |agent: &Agent| [agent.wire, agent.qualified].iter().any(|name| Some(program.symbol(*name)) == id);
    program.tables().agents.iter().any(|agent| agent.identities.is_empty() && named(agent))
}

/// Says which tool may have been meant, or which server it belongs to.
fn tool(program: &Program, request: &Map<String, Value>) -> Option<String> {
    let text = |key: &str| request.get(key).and_then(Value::as_str);
    let (name, server) = (text("tool")?, text("server"));
    let tools = &program.tables().tools;
    let of_name: Vec<&Tool> = tools.iter().filter(|tool| program.symbol(tool.wire) == name).collect();
    let servers: Vec<&str> = of_name.iter().flat_map(|tool| &tool.servers).map(|id| program.symbol(*id)).collect();
    match (of_name.as_slice(), servers.as_slice()) {
        ([], _) => {
            let last = |full: &str| full.rsplit('.').next() == name.rsplit('.').next();
            let by_name = tools.iter().find(|tool| last(program.symbol(tool.name)));
            match by_name {
                Some(tool) => Some(format!("requests name it as on the wire: `{}`", program.symbol(tool.wire))),
                None => did_you_mean(name, tools.iter().map(|tool| program.symbol(tool.wire))),
            }
        }
        (_, []) if server.is_some() => Some(format!("`{name}` comes from no server: take `server` out")),
        (_, [first, ..]) if server.is_none() => {
            Some(format!("write `\"server\": \"{first}\"`: a tool is known by both"))
        }
        (_, servers) if server.is_some_and(|server| !servers.contains(&server)) => {
            Some(format!("`{name}` is declared for `{}`", servers.join("`, `")))
        }
        (tools, _) => {
            let environments = tools.iter().find_map(|tool| tool.environments.as_deref())?;
            let names: Vec<&str> = environments.iter().map(|id| program.symbol(*id)).collect();
            Some(format!("say in `env` where it acts: its system exists in `{}`", names.join("`, `")))
        }
    }
}

/// Says which argument may have been meant: the declared one by the name given, or the given one by the name declared.
fn argument(program: &Program, request: &Map<String, Value>, pointer: &str) -> Option<String> {
    let name = request.get("tool").and_then(Value::as_str)?;
    let tool = program.tables().tools.iter().find(|tool| program.symbol(tool.wire) == name)?;
    let pointed = pointer.strip_prefix('/').filter(|pointed| !pointed.contains('/'))?;
    let declared = names(program, &tool.params);
    if !declared.contains(&pointed) {
        return did_you_mean(pointed, declared);
    }
    let given = request.get("args").and_then(Value::as_object)?;
    let strangers = given.keys().map(String::as_str).filter(|key| !declared.contains(key));
    let near = nearest(pointed, strangers)?;
    Some(format!("`{near}` is not declared: did you mean `{pointed}`?"))
}

/// Says which type an argument is declared with.
fn declared(program: &Program, request: &Map<String, Value>, pointer: &str) -> Option<String> {
    let name = request.get("tool").and_then(Value::as_str)?;
    let tool = program.tables().tools.iter().find(|tool| program.symbol(tool.wire) == name)?;
    let first = pointer.strip_prefix('/')?.split('/').next()?;
    let field = tool.params.iter().find(|field| program.symbol(field.wire) == first)?;
    let checked = if field.checks.is_empty() { "" } else { ", with a condition" };
    Some(format!("`{first}` is declared as `{}`{checked}", types::of_field(program, field)))
}

fn names<'p>(program: &'p Program, fields: &[Field]) -> Vec<&'p str> {
    fields.iter().map(|field| program.symbol(field.wire)).collect()
}

/// Whether a text has the form of a time with its offset.
pub(crate) fn is_time(text: &str) -> bool {
    let form: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let Some(rest) = form.strip_prefix("0000-00-00T00:00:00") else { return false };
    let fraction = rest.strip_prefix('.').map_or(rest, |digits| digits.trim_start_matches('0'));
    matches!(fraction, "Z" | "z" | "+00:00" | "-00:00")
}
