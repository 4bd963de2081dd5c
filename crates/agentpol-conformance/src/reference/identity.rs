//! Who acts: the presented identity to a declared agent (semantics I3, I11), codes 6, 7, 9, 10 and 11.

use super::json::{Json, Member};
use super::pattern::regex;
use super::request::Presented;
use agentpol_bytecode::code::Code;
use agentpol_check::policy::{Agent, AgentId, Identity, Policy};

/// How far ahead of the request a credential may be issued.
const CLOCK_SKEW: i64 = 60_000;

/// The agent that acts.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    pub(super) id: AgentId,
    /// The attributes that are given, by wire name.
    pub(super) attributes: Vec<(String, Json)>,
}

/// What an identity says about attributes: names in the policy, and texts.
type Parts = Vec<(String, String)>;

/// An agent that a presented identity names, and the attributes that stand in it.
type Named = (AgentId, Parts);

/// I3: finds the agent. What is presented must name exactly one.
pub(super) fn identify(policy: &Policy, presented: &Presented) -> Result<Actor, Code> {
    let mut named: Vec<Named> = Vec::new();
    if let Some(text) = &presented.spiffe {
        let canonical = spiffe(text).ok_or(Code::AgentUnidentified)?;
        named.push(one_of(by_identity(policy, &|identity| match identity {
            Identity::Spiffe(template) => in_template(template, &canonical),
            Identity::Token { .. } => None,
        }))?);
    }
    if let (Some(issuer), Some(subject)) = (&presented.issuer, &presented.subject) {
        named.push(one_of(by_identity(policy, &|identity| match identity {
            Identity::Token { issuer: of, subject: template } if of == issuer => in_template(template, subject),
            _ => None,
        }))?);
    }
    if let Some(id) = &presented.id {
        let agent = by_plain_id(policy, id).ok_or(Code::AgentUnknown)?;
        if !policy[agent].identities.is_empty() && named.is_empty() {
            return Err(Code::AgentUnidentified);
        }
        named.push((agent, Vec::new()));
    }
    let (id, _) = *named.first().ok_or(Code::AgentUnidentified)?;
    if named.iter().any(|(other, _)| *other != id) {
        return Err(Code::AgentUnidentified);
    }
    let parts: Parts = named.into_iter().flat_map(|(_, parts)| parts).collect();
    Ok(Actor { id, attributes: attributes(&policy[id], policy, &parts, &presented.attributes)? })
}

/// An agent's name with its module's.
pub(super) fn qualified(policy: &Policy, agent: AgentId) -> String {
    format!("{}.{}", policy[policy[agent].module].name, policy[agent].name)
}

fn by_plain_id(policy: &Policy, id: &str) -> Option<AgentId> {
    let ids = (0..policy.agents.len() as u32).map(AgentId);
    ids.into_iter().find(|agent| policy[*agent].wire == id || qualified(policy, *agent) == id)
}

fn by_identity(policy: &Policy, parts: &dyn Fn(&Identity) -> Option<Parts>) -> Vec<Named> {
    let mut found = Vec::new();
    for (index, agent) in policy.agents.iter().enumerate() {
        let matching = agent.identities.iter().filter_map(parts).map(|parts| (AgentId(index as u32), parts));
        found.extend(matching);
    }
    found
}

/// Of several that match, one that is written out wins over templates; nothing else may be doubtful.
fn one_of(found: Vec<Named>) -> Result<Named, Code> {
    let exact = found.iter().find(|(_, parts)| parts.is_empty());
    match (exact, found.as_slice()) {
        (Some(exact), _) => Ok(exact.clone()),
        (None, []) => Err(Code::AgentUnknown),
        (None, [one]) => Ok(one.clone()),
        (None, _) => Err(Code::AgentUnidentified),
    }
}

/// SPIFFE: the trust domain in small letters, the path exact.
fn spiffe(text: &str) -> Option<String> {
    let rest = text.strip_prefix("spiffe://")?;
    let (domain, path) = rest.split_once('/')?;
    let sound = !domain.is_empty() && !path.is_empty();
    sound.then(|| format!("spiffe://{}/{path}", domain.to_ascii_lowercase()))
}

/// The attributes with which a template gives this text: each one or more characters, none of them `/`.
pub(super) fn in_template(template: &str, text: &str) -> Option<Parts> {
    let mut names = Vec::new();
    let mut pattern = String::from("^");
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        let (name, after) = behind.split_once('}')?;
        pattern.push_str(&regex::escape(before));
        pattern.push_str("([^/]+)");
        names.push(name.to_owned());
        rest = after;
    }
    pattern.push_str(&regex::escape(rest));
    pattern.push('$');
    let captures = regex(&pattern)?.captures(text)?;
    let values = captures.iter().skip(1).map(|part| part.map_or(String::new(), |part| part.as_str().to_owned()));
    Some(names.into_iter().zip(values).collect())
}

/// A fleet member's attributes come from the request or from the identity; both and different is refused.
fn attributes(
    agent: &Agent,
    policy: &Policy,
    parts: &[(String, String)],
    given: &[Member],
) -> Result<Vec<(String, Json)>, Code> {
    let declared = agent.fleet.map_or(&[][..], |shape| &policy[shape].fields[..]);
    let mut all: Vec<(String, Json)> = Vec::new();
    for member in given {
        if !declared.iter().any(|field| field.wire == member.key) {
            return Err(Code::RequestMalformed);
        }
        all.push((member.key.clone(), member.value.clone()));
    }
    for (name, value) in parts {
        let wire = declared.iter().find(|field| field.name == *name).map_or(name, |field| &field.wire);
        let value = Json::Text(value.clone());
        match all.iter().find(|(key, _)| key == wire) {
            Some((_, other)) if *other != value => return Err(Code::AgentUnidentified),
            Some(_) => {}
            None => all.push((wire.clone(), value)),
        }
    }
    Ok(all)
}

/// I11: absent where declared, issued in the future, or too old.
pub(super) fn credential(agent: &Agent, at: i64, issued_at: Option<i64>) -> Result<(), Code> {
    let Some(bound) = agent.credential_max_age else { return Ok(()) };
    let issued = issued_at.ok_or(Code::CredentialMissing)?;
    if issued > at + CLOCK_SKEW {
        return Err(Code::CredentialInvalid);
    }
    if at - issued >= bound { Err(Code::CredentialStale) } else { Ok(()) }
}
