//! The request as the format asks for it: codes 4 and 5 of the table, before anything is known of agent or tool.

use crate::forms::time;
use crate::json;
use crate::memory::{MAX_ARGS, Memory};
use crate::origin;
use crate::resource::Given;
use crate::value::{NodeId, Text, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::code::Code;
use agentpol_bytecode::tables::Symbol;
use alloc::vec::Vec;

type Read<T> = Result<T, Code>;

/// A request, read but not yet understood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) at: i64,
    pub(crate) agent: Presented,
    pub(crate) issued_at: Option<i64>,
    /// The list of agents that the call passed before, the first first.
    pub(crate) via: Option<NodeId>,
    /// `None` is nobody.
    pub(crate) user: Option<User>,
    pub(crate) session: Option<Text>,
    pub(crate) call: Option<Text>,
    pub(crate) env: Option<Text>,
    pub(crate) task: Option<Text>,
    pub(crate) server: Option<Text>,
    pub(crate) tool: Text,
    pub(crate) tool_digest: Option<Text>,
    pub(crate) args: NodeId,
    pub(crate) context: Option<NodeId>,
    /// What it brings of the resource.
    pub(crate) resource: Option<Given>,
    /// What it says of where arguments come from.
    pub(crate) origin: Option<NodeId>,
}

/// What is presented of the agent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Presented {
    pub(crate) id: Option<Text>,
    pub(crate) spiffe: Option<Text>,
    /// Issuer and subject.
    pub(crate) token: Option<(Text, Text)>,
    pub(crate) attributes: Option<NodeId>,
}

/// The requesting user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User {
    pub(crate) id: Text,
    /// The object in which attributes stand.
    pub(crate) object: NodeId,
    /// The request says which groups the user is in.
    pub(crate) groups_known: bool,
    /// Which one of the directory it is.
    pub(crate) found: Option<u32>,
}

/// The members of a request, as far as they were found.
#[derive(Default)]
struct Members {
    at: Option<NodeId>,
    agent: Option<NodeId>,
    credential: Option<NodeId>,
    via: Option<NodeId>,
    user: Option<NodeId>,
    session: Option<Text>,
    call: Option<Text>,
    env: Option<Text>,
    task: Option<Text>,
    server: Option<Text>,
    tool: Option<Text>,
    tool_digest: Option<Text>,
    args: Option<NodeId>,
    context: Option<NodeId>,
    resource: Option<NodeId>,
    origin: Option<NodeId>,
}

/// Reads a request; the first thing that is not as the format asks ends it. The user's groups, as far as the program knows
/// them, go into `groups`.
pub(crate) fn read(program: &Program, bytes: &[u8], memory: &mut Memory, groups: &mut Vec<Symbol>) -> Read<Request> {
    let (root, args_length) = json::read(bytes, memory)?;
    if args_length > MAX_ARGS {
        return Err(Code::RequestTooLarge);
    }
    let found = members(memory, root)?;
    let args = object(memory, found.args.ok_or(Code::RequestMalformed)?)?;
    let request = Request {
        at: moment(memory, found.at)?,
        agent: presented(memory, found.agent.ok_or(Code::RequestMalformed)?)?,
        issued_at: found.credential.map(|credential| issued_at(memory, credential)).transpose()?,
        via: found.via.map(|via| chain(memory, via)).transpose()?,
        user: user(program, memory, found.user.ok_or(Code::RequestMalformed)?, groups)?,
        session: found.session,
        call: found.call,
        env: found.env,
        task: found.task,
        server: found.server,
        tool: found.tool.ok_or(Code::RequestMalformed)?,
        tool_digest: found.tool_digest,
        args,
        context: found.context.map(|context| object(memory, context)).transpose()?,
        resource: found.resource.map(|resource| given(program, memory, resource)).transpose()?,
        origin: found.origin.map(|entries| object(memory, entries)).transpose()?,
    };
    if let Some(entries) = request.origin {
        origin::note(program, memory, args, entries)?;
    }
    let end = memory.node(args).map_or(args, |node| node.next);
    origin::spread(memory, args, end.min(NodeId::try_from(memory.nodes.len()).unwrap_or(args)));
    Ok(request)
}

fn members(memory: &Memory, root: NodeId) -> Read<Members> {
    let mut found = Members::default();
    for id in memory.children(object(memory, root)?) {
        match memory.key(id) {
            "at" => found.at = Some(id),
            "agent" => found.agent = Some(id),
            "credential" => found.credential = Some(id),
            "via" => found.via = Some(id),
            "user" => found.user = Some(id),
            "session" => found.session = Some(text(memory, id)?),
            "call" => found.call = Some(text(memory, id)?),
            "env" => found.env = Some(text(memory, id)?),
            "task" => found.task = Some(text(memory, id)?),
            "server" => found.server = Some(text(memory, id)?),
            "tool" => found.tool = Some(text(memory, id)?),
            "tool_digest" => found.tool_digest = Some(text(memory, id)?),
            "args" => found.args = Some(id),
            "context" => found.context = Some(id),
            "resource" => found.resource = Some(id),
            "origin" => found.origin = Some(id),
            _ => return Err(Code::RequestMalformed),
        }
    }
    Ok(found)
}

pub(crate) fn object(memory: &Memory, id: NodeId) -> Read<NodeId> {
    match memory.value(id) {
        Value::Object(id) => Ok(id),
        _ => Err(Code::RequestMalformed),
    }
}

pub(crate) fn text(memory: &Memory, id: NodeId) -> Read<Text> {
    match memory.value(id) {
        Value::Text(text) => Ok(text),
        _ => Err(Code::RequestMalformed),
    }
}

pub(crate) fn moment(memory: &Memory, id: Option<NodeId>) -> Read<i64> {
    let written = text(memory, id.ok_or(Code::RequestMalformed)?)?;
    time::datetime(memory.text(written), None, i64::MAX).ok_or(Code::RequestMalformed)
}

fn issued_at(memory: &Memory, credential: NodeId) -> Read<i64> {
    let mut found = None;
    for id in memory.children(object(memory, credential)?) {
        match memory.key(id) {
            "issued_at" => found = Some(id),
            _ => return Err(Code::RequestMalformed),
        }
    }
    moment(memory, found)
}

/// A list of agents as presented, each with the credential it came with.
pub(crate) fn chain(memory: &Memory, via: NodeId) -> Read<NodeId> {
    let Value::List(list) = memory.value(via) else { return Err(Code::RequestMalformed) };
    memory.children(list).try_for_each(|agent| hop(memory, agent).map(|_| ()))?;
    Ok(list)
}

/// One agent of a chain: what is presented of it, and when its credential was issued.
pub(crate) fn hop(memory: &Memory, agent: NodeId) -> Read<(Presented, Option<i64>)> {
    let credential = match memory.value(agent) {
        Value::Object(agent) => memory.member(agent, "credential"),
        _ => None,
    };
    let issued_at = credential.map(|credential| issued_at(memory, credential)).transpose()?;
    Ok((read_presented(memory, agent, credential)?, issued_at))
}

pub(crate) fn presented(memory: &Memory, agent: NodeId) -> Read<Presented> {
    read_presented(memory, agent, None)
}

/// `"name"`, or an object of `id`, `spiffe`, `issuer` with `subject`, and `attributes`; beside the member that the caller
/// has read.
fn read_presented(memory: &Memory, agent: NodeId, beside: Option<NodeId>) -> Read<Presented> {
    if let Value::Text(id) = memory.value(agent) {
        return Ok(Presented { id: Some(id), ..Presented::default() });
    }
    let (mut found, mut issuer, mut subject) = (Presented::default(), None, None);
    for id in memory.children(object(memory, agent)?).filter(|id| Some(*id) != beside) {
        match memory.key(id) {
            "id" => found.id = Some(text(memory, id)?),
            "spiffe" => found.spiffe = Some(text(memory, id)?),
            "issuer" => issuer = Some(text(memory, id)?),
            "subject" => subject = Some(text(memory, id)?),
            "attributes" => found.attributes = Some(object(memory, id)?),
            _ => return Err(Code::RequestMalformed),
        }
    }
    found.token = match (issuer, subject) {
        (Some(issuer), Some(subject)) => Some((issuer, subject)),
        (None, None) => None,
        _ => return Err(Code::RequestMalformed),
    };
    let nothing = found.id.is_none() && found.spiffe.is_none() && found.token.is_none();
    if nothing { Err(Code::RequestMalformed) } else { Ok(found) }
}

/// The key is required, and nobody is the explicit `"none"` (semantics I4).
pub(crate) fn user(program: &Program, memory: &Memory, user: NodeId, groups: &mut Vec<Symbol>) -> Read<Option<User>> {
    groups.clear();
    let directory = program.tables().users_from.is_directory();
    if let Value::Text(id) = memory.value(user) {
        return match memory.text(id) {
            "none" => Ok(None),
            "" => Err(Code::RequestMalformed),
            // The directory says the rest.
            _ if directory => Ok(Some(User { id, object: user, groups_known: false, found: None })),
            _ => Err(Code::RequestMalformed),
        };
    }
    let (mut found, mut groups_known) = (None, false);
    for id in memory.children(object(memory, user)?) {
        match memory.key(id) {
            "id" => found = Some(text(memory, id)?),
            _ if directory => return Err(Code::RequestMalformed),
            "groups" => {
                groups_known = true;
                membership(program, memory, id, groups)?;
            }
            key if program.tables().user.iter().any(|field| program.symbol(field.wire) == key) => {}
            _ => return Err(Code::RequestMalformed),
        }
    }
    // A user without a name is nobody that the host forgot to say.
    let id = found.filter(|id| id.length > 0).ok_or(Code::RequestMalformed)?;
    Ok(Some(User { id, object: user, groups_known, found: None }))
}

/// `{"type": .., "id": .., "attributes": {..}, "within": [{"type": .., "id": ..}]}`: only where resources come from requests,
/// and with no attribute that its type does not declare.
fn given(program: &Program, memory: &Memory, resource: NodeId) -> Read<Given> {
    if program.tables().resources_from.is_directory() {
        return Err(Code::RequestMalformed);
    }
    let (of, id, attributes, within) = named(memory, resource, true)?;
    if let Some(attributes) = attributes {
        let declared = program.tables().resources.iter().find(|known| program.symbol(known.wire) == memory.text(of));
        let fields = declared.map(|declared| declared.fields.as_slice());
        let known =
            |key: &str| fields.is_none_or(|fields| fields.iter().any(|field| program.symbol(field.wire) == key));
        if !memory.children(attributes).all(|id| known(memory.key(id))) {
            return Err(Code::RequestMalformed);
        }
    }
    if let Some(within) = within {
        memory.children(within).try_for_each(|place| named(memory, place, false).map(|_| ()))?;
    }
    Ok(Given { of, id, attributes, within })
}

type Named = (Text, Text, Option<NodeId>, Option<NodeId>);

/// Type and id of a resource, with `whole` its attributes and what it lies in too.
fn named(memory: &Memory, resource: NodeId, whole: bool) -> Read<Named> {
    let (mut of, mut name, mut attributes, mut within) = (None, None, None, None);
    for id in memory.children(object(memory, resource)?) {
        match memory.key(id) {
            "type" => of = Some(text(memory, id)?),
            "id" => name = Some(text(memory, id)?),
            "attributes" if whole => attributes = Some(object(memory, id)?),
            "within" if whole => match memory.value(id) {
                Value::List(list) => within = Some(list),
                _ => return Err(Code::RequestMalformed),
            },
            _ => return Err(Code::RequestMalformed),
        }
    }
    let sound = |text: Option<Text>| text.filter(|text| text.length > 0).ok_or(Code::RequestMalformed);
    Ok((sound(of)?, sound(name)?, attributes, within))
}

pub(crate) fn membership(program: &Program, memory: &Memory, list: NodeId, groups: &mut Vec<Symbol>) -> Read<()> {
    let Value::List(list) = memory.value(list) else { return Err(Code::RequestMalformed) };
    for id in memory.children(list) {
        let name = text(memory, id)?;
        // There are never more groups than nodes, for which there is room.
        groups.extend(program.find_symbol(memory.text(name)).filter(|_| groups.len() < groups.capacity()));
    }
    groups.sort_unstable();
    Ok(())
}
