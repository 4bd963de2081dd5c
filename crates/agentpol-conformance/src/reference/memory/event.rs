//! Events of the state protocol, read as strictly as requests.

use super::answer::Told;
use crate::reference::json::{self, Json};
use crate::reference::request::{self, Presented, User};
use agentpol_bytecode::code::Code;
use agentpol_check::policy::Policy;

/// How many bytes an id may have.
const MAX_ID: usize = 256;

/// Something that happens beside decisions.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Open { session: String, agent: Presented, via: Vec<Presented>, user: Option<User>, parent: Option<String>, at: i64 },
    Close { session: String, at: i64 },
    Observe { session: String, call: String, done: bool, told: Told, untrusted: bool, at: i64 },
    Release { session: String, call: String, at: i64 },
    Approve { digest: String, person: Person, at: i64 },
    Reject { digest: String, person: Person, at: i64 },
}

/// Who approves or rejects.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) groups: Vec<String>,
}

/// Reads an event: one member, whose name says what happens.
pub(super) fn read(policy: &Policy, bytes: &[u8]) -> Result<Event, Code> {
    let whole = json::read(bytes)?;
    let [member] = request::object(&whole)? else { return Err(Code::RequestMalformed) };
    let event = &member.value;
    match member.key.as_str() {
        "open" => {
            request::only(request::object(event)?, &["session", "agent", "via", "user", "parent", "at"])?;
            Ok(Event::Open {
                session: id(event, "session")?,
                agent: request::presented(needed(event, "agent")?)?,
                via: request::via(event)?.into_iter().map(|hop| hop.presented).collect(),
                user: request::user(policy, needed(event, "user")?)?,
                parent: event.get("parent").map(|_| id(event, "parent")).transpose()?,
                at: at(event)?,
            })
        }
        "close" => {
            request::only(request::object(event)?, &["session", "at"])?;
            Ok(Event::Close { session: id(event, "session")?, at: at(event)? })
        }
        "observe" => observe(event),
        "release" => {
            request::only(request::object(event)?, &["session", "call", "at"])?;
            Ok(Event::Release { session: id(event, "session")?, call: id(event, "call")?, at: at(event)? })
        }
        "approve" | "reject" => {
            request::only(request::object(event)?, &["digest", "person", "at"])?;
            let (digest, person, at) = (digest(event)?, person(needed(event, "person")?)?, at(event)?);
            Ok(match member.key.as_str() {
                "approve" => Event::Approve { digest, person, at },
                _ => Event::Reject { digest, person, at },
            })
        }
        _ => Err(Code::RequestMalformed),
    }
}

fn observe(event: &Json) -> Result<Event, Code> {
    let keys = ["session", "call", "outcome", "result", "text", "untrusted", "at"];
    request::only(request::object(event)?, &keys)?;
    let told = match (event.get("result"), event.get("text")) {
        (None, None) => Told::Nothing,
        (Some(json), None) => Told::Result(json.clone()),
        (None, Some(text)) => Told::Text(request::text(text)?),
        (Some(_), Some(_)) => return Err(Code::RequestMalformed),
    };
    let done = match request::text(needed(event, "outcome")?)?.as_str() {
        "ok" => true,
        "failed" => false,
        _ => return Err(Code::RequestMalformed),
    };
    let untrusted = match event.get("untrusted") {
        None => false,
        Some(Json::Bool(said)) => *said,
        Some(_) => return Err(Code::RequestMalformed),
    };
    Ok(Event::Observe {
        session: id(event, "session")?,
        call: id(event, "call")?,
        done,
        told,
        untrusted,
        at: at(event)?,
    })
}

fn needed<'j>(event: &'j Json, key: &str) -> Result<&'j Json, Code> {
    event.get(key).ok_or(Code::RequestMalformed)
}

fn id(event: &Json, key: &str) -> Result<String, Code> {
    let id = request::text(needed(event, key)?)?;
    if (1..=MAX_ID).contains(&id.len()) { Ok(id) } else { Err(Code::RequestMalformed) }
}

fn at(event: &Json) -> Result<i64, Code> {
    request::time(needed(event, "at")?)
}

fn digest(event: &Json) -> Result<String, Code> {
    let digest = request::text(needed(event, "digest")?)?;
    let hex = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if hex { Ok(digest) } else { Err(Code::RequestMalformed) }
}

fn person(value: &Json) -> Result<Person, Code> {
    request::only(request::object(value)?, &["id", "groups"])?;
    let groups = match value.get("groups") {
        None => Vec::new(),
        Some(Json::List(names)) => names.iter().map(request::text).collect::<Result<_, Code>>()?,
        Some(_) => return Err(Code::RequestMalformed),
    };
    Ok(Person { id: id(value, "id")?, groups })
}
