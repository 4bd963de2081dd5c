//! What to do about an event that was refused, and what is wrong with one that is malformed.
//!
//! The state says only one word; here the event is read once more, for people. What is said here decides nothing.

use agentpol::{Program, Refusal};
use agentpol_diagnostics::did_you_mean;
use serde_json::{Map, Value};

use crate::{hints, strict};

/// The events of the state protocol, and their members: those that are needed first.
const EVENTS: &[(&str, &[&str], usize)] = &[
    ("open", &["session", "agent", "user", "at", "parent", "via"], 4),
    ("close", &["session", "at"], 2),
    ("observe", &["session", "call", "outcome", "at", "result", "text", "untrusted"], 4),
    ("release", &["session", "call", "at"], 3),
    ("approve", &["digest", "person", "at"], 3),
    ("reject", &["digest", "person", "at"], 3),
];

/// Returns what an event is called; nothing for a request, and for what is neither.
pub(crate) fn called(item: &[u8]) -> Option<&'static str> {
    let Ok(Value::Object(read)) = serde_json::from_slice(item) else { return None };
    let only = read.keys().next().filter(|_| read.len() == 1)?;
    EVENTS.iter().map(|(word, ..)| *word).find(|word| word == only)
}

/// Returns what is wrong with something that was to be an event, and is taken for a request; nothing where it seems to be
/// a request.
pub(crate) fn misnamed(item: &Map<String, Value>) -> Option<String> {
    let words = || EVENTS.iter().map(|(word, ..)| *word);
    if item.keys().any(|key| words().any(|word| word == key)) {
        return Some("an event has one member, its name: write each on a line of its own".to_owned());
    }
    let only = item.iter().next().filter(|(_, value)| item.len() == 1 && value.is_object());
    let help = did_you_mean(only?.0, words());
    Some(help.unwrap_or_else(|| format!("events are `{}`", words().collect::<Vec<_>>().join("`, `"))))
}

/// Returns what to do about a refusal, where the word does not say it.
pub(crate) fn help(program: &Program, refusal: Refusal, event: &[u8]) -> Option<String> {
    let read: Value = serde_json::from_slice(event).ok()?;
    let (word, body) = read.as_object()?.iter().next()?;
    match refusal {
        Refusal::EventMalformed => strict::find(event).or_else(|| malformed(word, body)),
        Refusal::AgentUnknown | Refusal::AgentUnidentified => {
            agents(body).find_map(|agent| hints::agent(program, agent).filter(|_| !hints::is_agent(program, agent)))
        }
        _ => advice(refusal).map(str::to_owned),
    }
}

/// Returns what to do about a refusal, whatever the event.
pub(crate) fn advice(refusal: Refusal) -> Option<&'static str> {
    Some(match refusal {
        Refusal::EventMalformed => "docs/reference/state.md says which members each event has",
        Refusal::SessionExists => "ids of sessions are fresh: open it under another",
        Refusal::SessionUnknown => "open it first; a session that is closed stays closed, open another",
        Refusal::SessionMismatch => {
            "a session below another one is for the same user, and its chain begins with the agent of the session above"
        }
        Refusal::ChainInvalid => "a chain has at most five agents before the last, and none twice",
        Refusal::HopUndeclared => {
            "each agent of the chain must say that it `delegates to` the next, and the next that it is `reached via` it"
        }
        Refusal::DirectCallRefused => {
            "the first agent of the chain is itself `reached via` others only: name who begins, or add `directly`"
        }
        Refusal::CallUnknown => "calls that a decision allowed in this session are reported, by their `call`",
        Refusal::CallClosed => "each call is reported once; a call without a word is lost after an hour",
        Refusal::AskUnknown => "the decision that asked says the digest, and `polc state show` lists what is asked",
        Refusal::AskClosed => "make the call again: it is asked anew",
        Refusal::PersonExcluded => {
            "the user of the call, the owners of its agents and the users of sessions above do not approve it; where the \
             rule says `from user`, that user does and nobody else"
        }
        Refusal::PersonUnknown => {
            "the person is in none of the groups that may: say in `groups` (`--group`) which groups they are in; where \
             there is a directory, it says so"
        }
        Refusal::ClockRegressed => {
            "the time is more than 5 seconds before the last that was seen: compare the clocks, or the order of events"
        }
        Refusal::StateFull => "observe or release calls that are open",
        _ => return None,
    })
}

/// The session that an event opens another below.
pub(crate) fn parent(event: &[u8]) -> Option<String> {
    let read: Value = serde_json::from_slice(event).ok()?;
    Some(read.get("open")?.get("parent")?.as_str()?.to_owned())
}

/// The agents that an event names.
fn agents(body: &Value) -> impl Iterator<Item = &Value> {
    let via = body.get("via").and_then(Value::as_array).into_iter().flatten();
    body.get("agent").into_iter().chain(via)
}

/// Finds what is not as the protocol asks.
fn malformed(word: &str, body: &Value) -> Option<String> {
    let (_, members, needed) = EVENTS.iter().find(|(name, ..)| *name == word)?;
    let Value::Object(body) = body else { return Some(format!("`{word}` must be an object")) };
    if let Some(key) = body.keys().find(|key| !members.contains(&key.as_str())) {
        let help = did_you_mean(key, members.iter().copied()).unwrap_or_else(|| "take it out".to_owned());
        return Some(format!("`{word}` has no key `{key}`: {help}"));
    }
    if let Some(key) = members[..*needed].iter().find(|key| !body.contains_key(**key)) {
        return Some(format!("`{key}` is missing"));
    }
    if body.contains_key("result") && body.contains_key("text") {
        return Some("write either `result` or `text`".to_owned());
    }
    body.iter().find_map(|(key, value)| member(key, value))
}

/// Finds what is wrong with one member.
fn member(key: &str, value: &Value) -> Option<String> {
    let must = |what: &str| Some(format!("`{key}` must be {what}"));
    match (key, value) {
        ("at", Value::String(at)) if hints::is_time(at) => None,
        ("at", _) => must("a time with its offset, such as \"2026-03-02T15:00:00Z\""),
        ("session" | "call" | "parent", Value::String(id)) if (1..=256).contains(&id.len()) => None,
        ("session" | "call" | "parent", _) => must("a text of 1 to 256 bytes"),
        ("user", Value::String(user)) if user == "none" => None,
        ("user", Value::Object(user)) if user.get("id").is_some_and(Value::is_string) => None,
        ("user", _) => must("an object with `id`, or \"none\" for nobody"),
        ("outcome", Value::String(outcome)) if outcome == "ok" || outcome == "failed" => None,
        ("outcome", _) => must("\"ok\" or \"failed\""),
        ("text", value) if !value.is_string() => must("a text: JSON goes into `result`"),
        ("untrusted", value) if !value.is_boolean() => must("true or false"),
        ("digest", Value::String(digest)) if is_digest(digest) => None,
        ("digest", _) => must("the 64 hexadecimal digits that the decision said, in small letters"),
        ("person", Value::Object(person)) if person.get("id").is_some_and(Value::is_string) => None,
        ("person", _) => must("an object with `id` and `groups`"),
        ("via", value) if !value.is_array() => must("a list of agents, the first of the chain first"),
        ("agent", Value::Object(_)) => hints::presented(key, value),
        ("agent", value) if !value.is_string() => must("a name or an object with an identity"),
        _ => None,
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
