//! The call that is judged: line 1 of semantics 4.1, the first structural code that applies, in the order of the table.

use super::argument;
use super::chain;
use super::directory::{self, Directory};
use super::facts::Facts;
use super::identity::{self, Actor};
use super::memory::{Action, Bound, Memory, Place, Who};
use super::request::{self, Request};
use super::resource;
use agentpol_bytecode::code::Code;
use agentpol_check::policy::{AgentId, Policy, System, Tool, ToolId};
use std::sync::Arc;

/// A call, understood.
#[derive(Clone, Debug)]
pub(super) struct Call<'a> {
    pub(super) policy: &'a Policy,
    /// The first of the chain first, the one that acts last.
    pub(super) chain: Vec<AgentId>,
    /// The directory says of some agent of it that it may only read.
    pub(super) read_only: bool,
    pub(super) agent: AgentId,
    pub(super) tool: ToolId,
    pub(super) now: i64,
    pub(super) facts: Facts<'a>,
    /// Where it happens, with memory.
    pub(super) scene: Option<Scene>,
    /// Why it is denied whatever the rules say.
    pub(super) unsound: Option<argument::Failure>,
}

/// Where a call happens and what approvals of it are bound to.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) place: Place,
    /// The id that the call was given; `None` where nothing is remembered of calls.
    pub(super) id: Option<String>,
    pub(super) action: Action,
    /// Who answers for the agents.
    pub(super) owners: Vec<String>,
}

impl Scene {
    /// What approvals of the call are bound to.
    pub(super) fn bound(&self, now: i64) -> Bound<'_> {
        Bound { action: &self.action, place: &self.place, owners: &self.owners, now }
    }
}

/// A call of which the agent and the tool are known at least.
pub(super) fn understand<'a>(
    policy: &'a Policy,
    memory: Option<&Memory<'_>>,
    directory: Option<Arc<Directory>>,
    bytes: &[u8],
) -> Result<Call<'a>, argument::Failure> {
    let bare = |code| (code, None);
    let request = request::read(policy, bytes).map_err(bare)?;
    let now = now(memory, &request).map_err(bare)?;
    let actor: Actor = identity::identify(policy, &request.agent).map_err(bare)?;
    let via = chain::hops(policy, &request).map_err(bare)?;
    let all: Vec<&Actor> = via.iter().chain([&actor]).collect();
    let status = directory::status_of_all(directory.as_deref(), policy, &all);
    if status.suspended {
        return Err(bare(Code::AgentSuspended));
    }
    credentials(policy, &request, &actor, &via, now).map_err(bare)?;
    chain::sound(policy, &via, &actor).map_err(bare)?;
    resource::people(policy, directory.as_deref(), &request, now).map_err(bare)?;
    let admitted = match memory {
        Some(memory) if memory.remembers() => Some(scene(policy, memory, &request, &actor, &via, now)),
        _ => None,
    };
    let admitted = admitted.transpose().map_err(bare)?;
    let tool = called(policy, &request).map_err(bare)?;
    let (mut facts, mut unsound) = argument::facts(policy, directory, &request, &actor, &policy[tool]);
    facts.now = now;
    if unsound.is_none() {
        match resource::subject(&facts, &request, &policy[tool]) {
            Ok(subject) => facts.resource = subject,
            Err(failure) => unsound = Some(failure),
        }
    }
    let chain: Vec<AgentId> = via.iter().map(|hop| hop.id).chain([actor.id]).collect();
    let scene = memory.map(|memory| {
        let (place, id) = match admitted {
            Some((place, id)) => {
                unsound = unsound.take().or(memory.full(&place, now).then_some(bare(Code::StateFull)));
                (place, Some(id))
            }
            None => (stranger(policy, &request, &actor, &via), None),
        };
        let names: Vec<String> = via.iter().map(|hop| format!("{:?}", Who::new(policy, hop))).collect();
        let action = Action::new(&facts, &request, &place, &names, &policy[tool]);
        let owners = chain.iter().map(|agent| policy[*agent].owner.clone()).collect();
        Scene { place, id, action, owners }
    });
    let read_only = status.read_only;
    Ok(Call { policy, chain, read_only, agent: actor.id, tool, now, facts, scene, unsound })
}

/// H11: the time of the call; a clock that fell behind what its session has seen is refused.
fn now(memory: Option<&Memory<'_>>, request: &Request) -> Result<i64, Code> {
    match (memory, &request.session) {
        (Some(memory), Some(session)) if memory.remembers() => {
            memory.clock(session, request.at)?;
            Ok(memory.time_in(session, request.at))
        }
        _ => Ok(request.at),
    }
}

fn credentials(policy: &Policy, request: &Request, actor: &Actor, via: &[Actor], now: i64) -> Result<(), Code> {
    identity::credential(&policy[actor.id], now, request.issued_at)?;
    for (hop, actor) in request.via.iter().zip(via) {
        identity::credential(&policy[actor.id], now, hop.issued_at)?;
    }
    Ok(())
}

/// Codes 21 and 22: what is called.
fn called(policy: &Policy, request: &Request) -> Result<ToolId, Code> {
    let tool = named_tool(policy, &request.tool, request.server.as_deref()).ok_or(Code::ToolUnknown)?;
    exists(policy, &policy[tool], request)?;
    pinned(&policy[tool], request)?;
    Ok(tool)
}

/// Whose call it is, where nothing is remembered of calls.
fn stranger(policy: &Policy, request: &Request, actor: &Actor, via: &[Actor]) -> Place {
    let agent = Who::new(policy, actor);
    let origin = via.first().map_or(agent.clone(), |first| Who::new(policy, first));
    let user = request.user.as_ref().map(|user| user.id.clone());
    Place { session: String::new(), root: String::new(), agent, origin, user }
}

/// Codes 18 to 20: where the call happens, and the id that it was given.
fn scene(
    policy: &Policy,
    memory: &Memory<'_>,
    request: &Request,
    actor: &Actor,
    via: &[Actor],
    now: i64,
) -> Result<(Place, String), Code> {
    let who = Who::new(policy, actor);
    let chain: Vec<Who> = via.iter().map(|hop| Who::new(policy, hop)).collect();
    let user = request.user.as_ref().map(|user| user.id.as_str());
    let place = memory.place(request.session.as_deref(), &who, &chain, user)?;
    let id = request.call.clone().filter(|id| !id.is_empty()).ok_or(Code::RequestMalformed)?;
    if memory.duplicate(&place, &id, now) {
        return Err(Code::CallDuplicate);
    }
    Ok((place, id))
}

/// I1: a tool is (server, wire name). A home system that names servers must be reached through one of them, one that
/// names none through none.
pub(super) fn named_tool(policy: &Policy, wire: &str, server: Option<&str>) -> Option<ToolId> {
    let served = |system: &System| match server {
        Some(server) => system.servers.iter().any(|known| known == server),
        None => system.servers.is_empty(),
    };
    let reached = |tool: &Tool| match tool.home {
        Some(home) => served(&policy[home]),
        None => server.is_none(),
    };
    let found = policy.tools.iter().position(|tool| tool.wire == wire && reached(tool))?;
    u32::try_from(found).ok().map(ToolId)
}

/// L-4: where a system says in which environments it exists, its tools are in no other, and in none that is not said.
fn exists(policy: &Policy, tool: &Tool, request: &Request) -> Result<(), Code> {
    let touched = tool.datasets.iter().map(|dataset| policy[*dataset].system);
    let here = |system: &System| {
        let named = |env: &String| system.environments.iter().any(|known| policy[*known] == *env);
        system.environments.is_empty() || request.env.as_ref().is_some_and(named)
    };
    let all_here = tool.home.into_iter().chain(touched).all(|system| here(&policy[system]));
    if all_here { Ok(()) } else { Err(Code::ToolUnknown) }
}

/// I2: a pinned tool must present its digest.
fn pinned(tool: &Tool, request: &Request) -> Result<(), Code> {
    match &tool.pinned {
        Some(_) if tool.pinned != request.tool_digest => Err(Code::ToolChanged),
        _ => Ok(()),
    }
}
