//! Events of the state protocol, read as strictly as requests.

use super::key::MAX_ID;
use super::record::{EntryKey, KEY_BYTES};
use crate::json;
use crate::memory::Memory;
use crate::request::{self, Presented};
use crate::value::{NodeId, Text, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::code::Code;
use agentpol_bytecode::tables::Symbol;
use alloc::vec::Vec;

type Read<T> = Result<T, Code>;

/// Something that happens beside decisions.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    Open {
        session: Text,
        agent: Presented,
        /// The list of agents that it was passed on by, the first cause first.
        via: Option<NodeId>,
        /// `None` is nobody.
        user: Option<Text>,
        parent: Option<Text>,
        at: i64,
    },
    Close {
        session: Text,
        at: i64,
    },
    Observe {
        session: Text,
        call: Text,
        done: bool,
        result: Option<NodeId>,
        text: Option<NodeId>,
        untrusted: bool,
        at: i64,
    },
    Release {
        session: Text,
        call: Text,
        at: i64,
    },
    Answer {
        yes: bool,
        digest: EntryKey,
        /// The person; their groups are told beside.
        person: Text,
        at: i64,
    },
}

/// Reads an event: one member, whose name says what happens. The groups of a person go into `groups`, as far as the program
/// knows them.
pub(crate) fn read(program: &Program, bytes: &[u8], memory: &mut Memory, groups: &mut Vec<Symbol>) -> Read<Event> {
    let (root, _) = json::read(bytes, memory)?;
    groups.clear();
    let mut members = memory.children(request::object(memory, root)?);
    let (Some(event), None) = (members.next(), members.next()) else { return Err(Code::RequestMalformed) };
    let body = request::object(memory, event)?;
    let at = || request::moment(memory, memory.member(body, "at"));
    match memory.key(event) {
        "open" => {
            only(memory, body, &["session", "agent", "via", "user", "parent", "at"])?;
            let user = memory.member(body, "user").ok_or(Code::RequestMalformed)?;
            let agent = memory.member(body, "agent").ok_or(Code::RequestMalformed)?;
            let via = memory.member(body, "via").map(|via| request::chain(memory, via)).transpose()?;
            Ok(Event::Open {
                session: id(memory, body, "session")?,
                agent: request::presented(memory, agent)?,
                via,
                user: request::user(program, memory, user, groups)?.map(|user| user.id),
                parent: memory.member(body, "parent").map(|_| id(memory, body, "parent")).transpose()?,
                at: at()?,
            })
        }
        "close" => {
            only(memory, body, &["session", "at"])?;
            Ok(Event::Close { session: id(memory, body, "session")?, at: at()? })
        }
        "observe" => observe(memory, body),
        "release" => {
            only(memory, body, &["session", "call", "at"])?;
            Ok(Event::Release { session: id(memory, body, "session")?, call: id(memory, body, "call")?, at: at()? })
        }
        yes @ ("approve" | "reject") => {
            only(memory, body, &["digest", "person", "at"])?;
            let digest = request::text(memory, memory.member(body, "digest").ok_or(Code::RequestMalformed)?)?;
            let (yes, digest, at) = (yes == "approve", hex(memory.text(digest))?, at()?);
            let person = request::object(memory, memory.member(body, "person").ok_or(Code::RequestMalformed)?)?;
            only(memory, person, &["id", "groups"])?;
            if let Some(list) = memory.member(person, "groups") {
                request::membership(program, memory, list, groups)?;
            }
            Ok(Event::Answer { yes, digest, person: id(memory, person, "id")?, at })
        }
        _ => Err(Code::RequestMalformed),
    }
}

fn observe(memory: &Memory, body: NodeId) -> Read<Event> {
    only(memory, body, &["session", "call", "outcome", "result", "text", "untrusted", "at"])?;
    let (result, text) = (memory.member(body, "result"), memory.member(body, "text"));
    if result.is_some() && text.is_some() {
        return Err(Code::RequestMalformed);
    }
    text.map(|text| request::text(memory, text)).transpose()?;
    let outcome = request::text(memory, memory.member(body, "outcome").ok_or(Code::RequestMalformed)?)?;
    let done = match memory.text(outcome) {
        "ok" => true,
        "failed" => false,
        _ => return Err(Code::RequestMalformed),
    };
    let untrusted = match memory.member(body, "untrusted").map(|said| memory.value(said)) {
        None => false,
        Some(Value::Bool(said)) => said,
        Some(_) => return Err(Code::RequestMalformed),
    };
    let (session, call) = (id(memory, body, "session")?, id(memory, body, "call")?);
    let at = request::moment(memory, memory.member(body, "at"))?;
    Ok(Event::Observe { session, call, done, result, text, untrusted, at })
}

fn only(memory: &Memory, object: NodeId, known: &[&str]) -> Read<()> {
    let all = memory.children(object).all(|child| known.contains(&memory.key(child)));
    if all { Ok(()) } else { Err(Code::RequestMalformed) }
}

/// An id that a session, call or person can have.
fn id(memory: &Memory, object: NodeId, key: &str) -> Read<Text> {
    let text = request::text(memory, memory.member(object, key).ok_or(Code::RequestMalformed)?)?;
    if (1..=MAX_ID).contains(&(text.length as usize)) { Ok(text) } else { Err(Code::RequestMalformed) }
}

/// 64 small hexadecimal digits.
fn hex(text: &str) -> Read<EntryKey> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(byte.wrapping_sub(b'a').wrapping_add(10)),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let mut key = [0; KEY_BYTES];
    if pairs.len() != KEY_BYTES || !rest.is_empty() {
        return Err(Code::RequestMalformed);
    }
    for (place, [high, low]) in key.iter_mut().zip(pairs) {
        let (high, low) = digit(*high).zip(digit(*low)).ok_or(Code::RequestMalformed)?;
        *place = high << 4 | low;
    }
    Ok(key)
}
