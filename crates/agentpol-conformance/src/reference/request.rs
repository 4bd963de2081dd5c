//! The request as the format asks for it: codes 4 and 5 of the table, before anything is known of agent or tool.

use super::calendar;
use super::json::{self, Json, Member};
use super::origin::Entry;
use agentpol_bytecode::code::Code;
use agentpol_check::policy::Policy;

/// How many bytes the arguments may be written with.
const MAX_ARGS: usize = 256 * 1024;

/// A request, read but not yet understood.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) at: i64,
    pub(super) agent: Presented,
    /// Through whom it acts, the first first.
    pub(super) via: Vec<Hop>,
    pub(super) issued_at: Option<i64>,
    /// `None` is nobody.
    pub(super) user: Option<User>,
    pub(super) session: Option<String>,
    pub(super) call: Option<String>,
    pub(super) env: Option<String>,
    pub(super) task: Option<String>,
    pub(super) server: Option<String>,
    pub(super) tool: String,
    pub(super) tool_digest: Option<String>,
    pub(super) args: Json,
    pub(super) context: Json,
    /// What it brings of the resource.
    pub(super) resource: Option<GivenResource>,
    pub(super) origin: Vec<Entry>,
}

/// What a request brings of a resource.
#[derive(Clone, Debug)]
pub(super) struct GivenResource {
    /// Type and id.
    pub(super) named: (String, String),
    pub(super) attributes: Vec<Member>,
    /// All that it lies in.
    pub(super) within: Option<Vec<(String, String)>>,
}

/// What is presented of the agent.
#[derive(Clone, Debug, Default)]
pub(super) struct Presented {
    pub(super) id: Option<String>,
    pub(super) spiffe: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) attributes: Vec<Member>,
}

/// One agent of a chain.
#[derive(Clone, Debug)]
pub(super) struct Hop {
    pub(super) presented: Presented,
    pub(super) issued_at: Option<i64>,
}

/// The requesting user.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) id: String,
    /// Names on the wire; `None` where the request does not say.
    pub(super) groups: Option<Vec<String>>,
    pub(super) attributes: Vec<Member>,
}

const KEYS: [&str; 16] = [
    "at",
    "agent",
    "via",
    "credential",
    "user",
    "session",
    "call",
    "env",
    "task",
    "server",
    "tool",
    "tool_digest",
    "args",
    "context",
    "resource",
    "origin",
];

type Read<T> = Result<T, Code>;

/// Reads a request; the first thing that is not as the format asks ends it (F6: an unknown key is such a thing).
pub(super) fn read(policy: &Policy, bytes: &[u8]) -> Read<Request> {
    let whole = json::read(bytes)?;
    let members = object(&whole)?;
    if members.iter().any(|member| member.key == "args" && member.length > MAX_ARGS) {
        return Err(Code::RequestTooLarge);
    }
    only(members, &KEYS)?;
    let args = whole.get("args").ok_or(Code::RequestMalformed)?;
    object(args)?;
    let context = whole.get("context").cloned().unwrap_or(Json::Object(Vec::new()));
    object(&context)?;
    Ok(Request {
        at: time(whole.get("at").ok_or(Code::RequestMalformed)?)?,
        agent: presented(whole.get("agent").ok_or(Code::RequestMalformed)?)?,
        via: via(&whole)?,
        issued_at: whole.get("credential").map(issued_at).transpose()?,
        user: user(policy, whole.get("user").ok_or(Code::RequestMalformed)?)?,
        session: optional(&whole, "session")?,
        call: optional(&whole, "call")?,
        env: optional(&whole, "env")?,
        task: optional(&whole, "task")?,
        server: optional(&whole, "server")?,
        tool: optional(&whole, "tool")?.ok_or(Code::RequestMalformed)?,
        tool_digest: optional(&whole, "tool_digest")?,
        args: args.clone(),
        resource: whole.get("resource").map(|resource| given(policy, resource)).transpose()?,
        origin: whole.get("origin").map_or(Ok(Vec::new()), |entries| origins(policy, args, entries))?,
        context,
    })
}

pub(super) fn object(value: &Json) -> Read<&[Member]> {
    match value {
        Json::Object(members) => Ok(members),
        _ => Err(Code::RequestMalformed),
    }
}

pub(super) fn only(members: &[Member], keys: &[&str]) -> Read<()> {
    match members.iter().all(|member| keys.contains(&member.key.as_str())) {
        true => Ok(()),
        false => Err(Code::RequestMalformed),
    }
}

pub(super) fn text(value: &Json) -> Read<String> {
    match value {
        Json::Text(text) => Ok(text.clone()),
        _ => Err(Code::RequestMalformed),
    }
}

fn optional(whole: &Json, key: &str) -> Read<Option<String>> {
    whole.get(key).map(text).transpose()
}

pub(super) fn time(value: &Json) -> Read<i64> {
    calendar::datetime(&text(value)?, None).ok_or(Code::RequestMalformed)
}

fn issued_at(value: &Json) -> Read<i64> {
    only(object(value)?, &["issued_at"])?;
    time(value.get("issued_at").ok_or(Code::RequestMalformed)?)
}

/// `"name"`, or an object of `id`, `spiffe`, `issuer` with `subject`, and `attributes`.
pub(super) fn presented(value: &Json) -> Read<Presented> {
    named(value, &["id", "spiffe", "issuer", "subject", "attributes"])
}

/// `via`: the agents that it came through, each as presented, with a credential of its own.
pub(super) fn via(whole: &Json) -> Read<Vec<Hop>> {
    let hop = |value: &Json| {
        let issued_at = value.get("credential").map(issued_at).transpose()?;
        let presented = named(value, &["id", "spiffe", "issuer", "subject", "attributes", "credential"])?;
        Ok(Hop { presented, issued_at })
    };
    match whole.get("via") {
        None => Ok(Vec::new()),
        Some(Json::List(hops)) => hops.iter().map(hop).collect(),
        Some(_) => Err(Code::RequestMalformed),
    }
}

fn named(value: &Json, keys: &[&str]) -> Read<Presented> {
    if let Json::Text(id) = value {
        return Ok(Presented { id: Some(id.clone()), ..Presented::default() });
    }
    only(object(value)?, keys)?;
    let attributes = value.get("attributes").map_or(Ok(Vec::new()), |found| object(found).map(<[Member]>::to_vec))?;
    let read = Presented {
        id: optional(value, "id")?,
        spiffe: optional(value, "spiffe")?,
        issuer: optional(value, "issuer")?,
        subject: optional(value, "subject")?,
        attributes,
    };
    let nothing = read.id.is_none() && read.spiffe.is_none() && read.issuer.is_none();
    if nothing || read.issuer.is_some() != read.subject.is_some() {
        return Err(Code::RequestMalformed);
    }
    Ok(read)
}

/// I4: the key is required, nobody is the explicit `"none"`.
pub(super) fn user(policy: &Policy, value: &Json) -> Read<Option<User>> {
    if *value == Json::Text("none".to_owned()) {
        return Ok(None);
    }
    if policy.users_from.is_directory() {
        // I9: the directory says the rest.
        let id = match value {
            Json::Text(id) => Some(id.clone()),
            _ => only(object(value)?, &["id"]).and_then(|()| optional(value, "id"))?,
        };
        let id = id.filter(|id| !id.is_empty()).ok_or(Code::RequestMalformed)?;
        return Ok(Some(User { id, groups: None, attributes: Vec::new() }));
    }
    let declared = &policy[policy.user].fields;
    let mut attributes = Vec::new();
    for member in object(value)? {
        match member.key.as_str() {
            "id" | "groups" => {}
            key if declared.iter().any(|field| field.wire == key) => attributes.push(member.clone()),
            _ => return Err(Code::RequestMalformed),
        }
    }
    let id = optional(value, "id")?.filter(|id| !id.is_empty()).ok_or(Code::RequestMalformed)?;
    let groups = match value.get("groups") {
        None => None,
        Some(Json::List(names)) => Some(names.iter().map(text).collect::<Read<Vec<_>>>()?),
        Some(_) => return Err(Code::RequestMalformed),
    };
    Ok(Some(User { id, groups, attributes }))
}

/// I10: type, id, declared attributes, and all that it lies in; never where resources come from a directory.
fn given(policy: &Policy, value: &Json) -> Read<GivenResource> {
    if policy.resources_from.is_directory() {
        return Err(Code::RequestMalformed);
    }
    only(object(value)?, &["type", "id", "attributes", "within"])?;
    let named = type_and_id(value)?;
    let attributes = value.get("attributes").map_or(Ok(&[][..]), object)?;
    if let Some(of) = policy.resources.iter().find(|known| known.wire == named.0) {
        let keys: Vec<&str> = policy[of.shape].fields.iter().map(|field| field.wire.as_str()).collect();
        only(attributes, &keys)?;
    }
    let within = match value.get("within") {
        None => None,
        Some(Json::List(places)) => Some(places.iter().map(place).collect::<Read<Vec<_>>>()?),
        Some(_) => return Err(Code::RequestMalformed),
    };
    Ok(GivenResource { named, attributes: attributes.to_vec(), within })
}

fn place(value: &Json) -> Read<(String, String)> {
    only(object(value)?, &["type", "id"])?;
    type_and_id(value)
}

fn type_and_id(value: &Json) -> Read<(String, String)> {
    let part = |key| optional(value, key)?.filter(|text| !text.is_empty()).ok_or(Code::RequestMalformed);
    Ok((part("type")?, part("id")?))
}

/// T3: entries are JSON Pointers into the arguments; a pointer to nothing is malformed.
fn origins(policy: &Policy, args: &Json, value: &Json) -> Read<Vec<Entry>> {
    let entry = |member: &Member| {
        let tokens = json::pointer(&member.key).ok_or(Code::RequestMalformed)?;
        json::follow(args, &tokens).ok_or(Code::RequestMalformed)?;
        Entry::read(policy, &member.key, &member.value)
    };
    object(value)?.iter().map(entry).collect()
}
