//! Who acts: what is presented to a declared agent, and a fleet member's attributes (semantics I3).

use crate::memory::{Memory, NO_TEXT};
use crate::request::Presented;
use crate::value::{NO_NODE, NodeId, Text, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::code::Code;
use agentpol_bytecode::tables::{Agent, Field, Piece, Tables};
use alloc::vec::Vec;

/// How far ahead of the request a credential may be issued, in milliseconds.
const CLOCK_SKEW: i64 = 60_000;

/// What an identity that has attributes in it says about one of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    /// An index into the fleet's fields.
    attribute: u32,
    value: Text,
}

/// Finds the one agent that everything presented names, and puts what its identity says about attributes into `parts`.
pub(crate) fn identify(
    program: &Program,
    memory: &mut Memory,
    presented: &Presented,
    parts: &mut Vec<Part>,
) -> Result<u32, Code> {
    parts.clear();
    let mut named = None;
    let mut name = |agent: u32| match named.replace(agent) {
        Some(other) if other != agent => Err(Code::AgentUnidentified),
        _ => Ok(()),
    };
    if let Some(spiffe) = presented.spiffe {
        canonical_spiffe(memory, spiffe).ok_or(Code::AgentUnidentified)?;
        let agent = by_identity(program, memory, None, spiffe, parts)?;
        name(agent)?;
    }
    if let Some((issuer, subject)) = presented.token {
        let agent = by_identity(program, memory, Some(issuer), subject, parts)?;
        name(agent)?;
    }
    if let Some(id) = presented.id {
        let agent = program.find_agent(memory.text(id)).ok_or(Code::AgentUnknown)?;
        let declared = program.tables().agents.get(agent as usize).ok_or(Code::AgentUnknown)?;
        let alone = presented.spiffe.is_none() && presented.token.is_none();
        if alone && !declared.identities.is_empty() {
            return Err(Code::AgentUnidentified);
        }
        name(agent)?;
    }
    named.ok_or(Code::AgentUnidentified)
}

/// The trust domain in small letters, the path exact.
fn canonical_spiffe(memory: &mut Memory, spiffe: Text) -> Option<()> {
    const SCHEME: &str = "spiffe://";
    let (domain, path) = memory.text(spiffe).strip_prefix(SCHEME)?.split_once('/')?;
    let length = domain.len();
    if domain.is_empty() || path.is_empty() {
        return None;
    }
    memory.make_lower(spiffe.part(SCHEME.len(), length));
    Some(())
}

/// An identity that is written out wins; of those with attributes exactly one may fit, and in one way.
fn by_identity(
    program: &Program,
    memory: &Memory,
    issuer: Option<Text>,
    presented: Text,
    parts: &mut Vec<Part>,
) -> Result<u32, Code> {
    let text = memory.text(presented);
    let issuer = issuer.map(|issuer| memory.text(issuer));
    if let Some(agent) = program.find_identity(issuer, text) {
        return Ok(agent);
    }
    let mut found = None;
    for (agent, identity) in program.templates() {
        let same_issuer = match (issuer, identity.issuer) {
            (Some(presented), Some(declared)) => presented == program.symbol(declared),
            (None, None) => true,
            _ => false,
        };
        if same_issuer {
            let before = parts.len();
            match split(program, &identity.pieces, text, presented, parts) {
                Fit::None => parts.truncate(before),
                Fit::Once if found.is_none() => found = Some(agent),
                Fit::Once | Fit::Often => return Err(Code::AgentUnidentified),
            }
        }
    }
    found.ok_or(Code::AgentUnknown)
}

/// Whether an identity, written out or with attributes in it, may be this text.
pub(crate) fn covers(program: &Program, pieces: &[Piece], text: &str) -> bool {
    let mut parts = Vec::with_capacity(pieces.len());
    !matches!(split(program, pieces, text, NO_TEXT, &mut parts), Fit::None)
}

/// In how many ways a template gives a text.
enum Fit {
    None,
    Once,
    Often,
}

/// Splits a text at the pieces of a template. Each attribute takes as little as it can; where taking as much as it can
/// gives something else, the text has two readings.
fn split(program: &Program, pieces: &[Piece], text: &str, whole: Text, parts: &mut Vec<Part>) -> Fit {
    let mut at = 0;
    let mut attribute = None;
    let mut ambiguous = false;
    for (number, piece) in pieces.iter().enumerate() {
        let last = number.saturating_add(1) == pieces.len();
        match piece {
            Piece::Attribute(index) => attribute = Some(*index),
            Piece::Text(symbol) => {
                let wanted = program.symbol(*symbol);
                let rest = text.get(at..).unwrap_or("");
                let found = match attribute {
                    None => rest.starts_with(wanted).then_some(0),
                    Some(_) if last => rest.len().checked_sub(wanted.len()).filter(|_| rest.ends_with(wanted)),
                    Some(_) => first_behind(rest, wanted),
                };
                let Some(length) = found else { return Fit::None };
                if let Some(index) = attribute.take() {
                    ambiguous |= !last && again_behind(rest, wanted, length);
                    if !take(parts, index, rest, whole.part(at, length)) {
                        return Fit::None;
                    }
                }
                at = at.saturating_add(length).saturating_add(wanted.len());
            }
        }
    }
    let rest = text.get(at..).unwrap_or("");
    let complete = match attribute {
        Some(index) => take(parts, index, rest, whole.part(at, rest.len())),
        None => rest.is_empty(),
    };
    match (complete, ambiguous) {
        (false, _) => Fit::None,
        (true, false) => Fit::Once,
        (true, true) => Fit::Often,
    }
}

/// Where a text first stands behind at least one character.
fn first_behind(rest: &str, wanted: &str) -> Option<usize> {
    let skipped = rest.chars().next()?.len_utf8();
    Some(rest.get(skipped..)?.find(wanted)?.saturating_add(skipped))
}

/// Whether it stands there again before the next `/`, so that the attribute could be longer.
fn again_behind(rest: &str, wanted: &str, length: usize) -> bool {
    let end = rest.find('/').unwrap_or(rest.len());
    let next = rest.get(length..).and_then(|rest| first_behind(rest, wanted));
    next.is_some_and(|next| length.saturating_add(next) <= end)
}

/// Takes an attribute's value: one or more characters, none of them `/`.
fn take(parts: &mut Vec<Part>, attribute: u32, rest: &str, value: Text) -> bool {
    let text = rest.get(..value.length as usize).unwrap_or("");
    let sound = !text.is_empty() && !text.contains('/') && parts.len() < parts.capacity();
    if sound {
        parts.push(Part { attribute, value });
    }
    sound
}

/// Brings a fleet member's attributes together: from the request and from its identity. Both and different is no identity,
/// one that is not declared is malformed. Gives the node of each field, [`NO_NODE`] where nothing is said.
pub(crate) fn attributes(
    program: &Program,
    memory: &mut Memory,
    agent: &Agent,
    given: Option<NodeId>,
    parts: &[Part],
    nodes: &mut Vec<NodeId>,
) -> Result<(), Code> {
    nodes.clear();
    let fields = agent.fleet.as_deref().unwrap_or_default();
    let names = |field: &Field, key: &str| program.symbol(field.wire) == key;
    if let Some(given) = given {
        let mut keys = memory.children(given).map(|id| memory.key(id));
        if !keys.all(|key| fields.iter().any(|field| names(field, key))) {
            return Err(Code::RequestMalformed);
        }
    }
    let room = nodes.capacity();
    let of_request = |field: &Field| given.and_then(|given| memory.member(given, program.symbol(field.wire)));
    nodes.extend(fields.iter().take(room).map(|field| of_request(field).unwrap_or(NO_NODE)));
    for part in parts {
        let Some(place) = nodes.get_mut(part.attribute as usize) else { return Err(Code::Internal) };
        if *place == NO_NODE {
            *place = memory.add(Value::Text(part.value), NO_NODE, part.value)?;
        } else {
            let same =
                matches!(memory.value(*place), Value::Text(text) if memory.text(text) == memory.text(part.value));
            if !same {
                return Err(Code::AgentUnidentified);
            }
        }
    }
    Ok(())
}

/// Codes 9 to 11: a credential that rotates must be there, from the past, and young enough.
pub(crate) fn credential(agent: &Agent, at: i64, issued_at: Option<i64>) -> Result<(), Code> {
    let Some(bound) = agent.credential_max_age else { return Ok(()) };
    let issued = issued_at.ok_or(Code::CredentialMissing)?;
    if issued > at.saturating_add(CLOCK_SKEW) {
        Err(Code::CredentialInvalid)
    } else if at.saturating_sub(issued) >= bound {
        Err(Code::CredentialStale)
    } else {
        Ok(())
    }
}

/// How many attributes the identities of one request may name at most.
pub(crate) fn most_parts(tables: &Tables) -> usize {
    let templates = tables.agents.iter().flat_map(|agent| &agent.identities);
    templates.map(|identity| identity.pieces.len()).max().unwrap_or(0).saturating_mul(3)
}
