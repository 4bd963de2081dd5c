//! Tools, agents and who acts through whom: what they name, and that the wire names each of them in one way.

use super::rules::{MAX_REGISTERS, scope_is_sound};
use super::types::fields_are_sound;
use super::{ascending, distinct, references, require};
use crate::error::{Fault, LoadError};
use crate::tables::{
    Agent, Delegation, Identity, Phase, Piece, ResourceName, ResourceOf, Returns, Symbol, Tables, Tool, TypeDef,
};
use alloc::vec::Vec;

/// How many sources a program may ask for: a request notes them as bits.
pub const MAX_SOURCES: usize = 64;

/// The member `user` of the level `origin`.
const USER: u32 = 3;
/// Its highest member.
const SYSTEM: u32 = 4;

/// One bit for each verb.
pub(super) const VERBS: u16 = (1 << 11) - 1;

pub(super) fn verify(tables: &Tables) -> Result<(), LoadError> {
    tools(tables)?;
    sources(tables)?;
    agents(tables)?;
    delegations(tables)
}

fn symbols_exist<'a>(tables: &Tables, mut symbols: impl Iterator<Item = &'a Symbol>) -> bool {
    symbols.all(|symbol| (*symbol as usize) < tables.symbols.len())
}

fn tools(tables: &Tables) -> Result<(), LoadError> {
    for (at, tool) in tables.tools.iter().enumerate() {
        require(tool_is_sound(tables, tool), Fault::ToolTable, at)?;
        require(fields_are_sound(tables, &tool.params, tables.types.len()), Fault::ToolTable, at)?;
    }
    let order: Vec<(u32, Symbol)> = tables.tools.iter().map(|tool| (tool.module, tool.name)).collect();
    require(ascending(&order), Fault::ToolTable, 0)?;
    // A tool without a server is the one that a request reaches which names none.
    let mut reached = tables.tools.iter().flat_map(|tool| {
        let servers = tool.servers.iter().map(|server| (tool.wire, Some(*server)));
        servers.chain(tool.servers.is_empty().then_some((tool.wire, None)))
    });
    require(distinct(&mut reached), Fault::ToolAmbiguous, 0)
}

fn tool_is_sound(tables: &Tables, tool: &Tool) -> bool {
    let words = [tool.name, tool.wire];
    let named = words.iter().chain(&tool.fixed_hosts).chain(&tool.pinned);
    (tool.module as usize) < tables.modules.len()
        && symbols_exist(tables, named)
        && references(&tool.servers, tables.symbols.len())
        && references(tool.environments.as_deref().unwrap_or_default(), tables.symbols.len())
        && references(&tool.datasets, tables.datasets.len())
        && tool.verbs != 0
        && tool.verbs & !VERBS == 0
        && tool.answer.is_none_or(|answer| (answer as usize) < tables.answers.len())
        && tool.resource.is_none_or(|resource| resource_is_sound(tables, tool, resource))
}

/// What is as good as a level needs no tool that only reaches it: so a level stands above what every answer can be.
fn sources(tables: &Tables) -> Result<(), LoadError> {
    let vouched = |tool: &u32| {
        let returns = tables.tools.get(*tool as usize).map(|tool| tool.returns);
        matches!(returns, Some(Returns::Trusted | Returns::Mixed))
    };
    require(tables.sources.len() <= MAX_SOURCES, Fault::SourceTable, MAX_SOURCES)?;
    for (at, sources) in tables.sources.iter().enumerate() {
        let level = sources.least.is_none_or(|least| (USER..=SYSTEM).contains(&least));
        let tools = !sources.tools.is_empty() && references(&sources.tools, tables.tools.len());
        let new = tables.sources.iter().take(at).all(|other| other != sources);
        require(level && tools && new && sources.tools.iter().all(vouched), Fault::SourceTable, at)?;
    }
    Ok(())
}

/// Its type exists, and its id is a text or an int that every call has.
fn resource_is_sound(tables: &Tables, tool: &Tool, resource: ResourceOf) -> bool {
    let id = match resource.id {
        ResourceName::Text(symbol) => (symbol as usize) < tables.symbols.len(),
        ResourceName::Argument(param) => tool.params.get(param as usize).is_some_and(|field| {
            let of = tables.types.get(field.ty as usize);
            !field.optional && matches!(of, Some(TypeDef::String | TypeDef::Int))
        }),
    };
    id && (resource.of as usize) < tables.resources.len()
}

fn agents(tables: &Tables) -> Result<(), LoadError> {
    for (at, agent) in tables.agents.iter().enumerate() {
        require(agent_is_sound(tables, agent), Fault::AgentTable, at)?;
        let fleet = agent.fleet.as_deref().unwrap_or_default();
        require(fields_are_sound(tables, fleet, tables.types.len()), Fault::AgentTable, at)?;
        let identities = agent.identities.iter().all(|identity| identity_is_sound(tables, identity, fleet.len()));
        require(identities, Fault::AgentTable, at)?;
    }
    let order: Vec<(u32, Symbol)> = tables.agents.iter().map(|agent| (agent.module, agent.name)).collect();
    require(ascending(&order), Fault::AgentTable, 0)?;
    let ids = tables.agents.iter().flat_map(|agent| {
        let qualified = (agent.wire != agent.qualified).then_some(agent.qualified);
        [agent.wire].into_iter().chain(qualified)
    });
    require(distinct(ids), Fault::AgentAmbiguous, 0)?;
    let identities = tables.agents.iter().flat_map(|agent| &agent.identities);
    let exact = identities.filter_map(|identity| match identity.pieces.as_slice() {
        [Piece::Text(text)] => Some((identity.issuer, *text)),
        _ => None,
    });
    require(distinct(exact), Fault::AgentAmbiguous, 0)
}

fn agent_is_sound(tables: &Tables, agent: &Agent) -> bool {
    let phase = match agent.phase {
        Phase::Supervised { by: Some(group) } => (group as usize) < tables.groups.len(),
        _ => true,
    };
    (agent.module as usize) < tables.modules.len()
        && symbols_exist(tables, [agent.name, agent.wire, agent.qualified, agent.owner].iter())
        && agent.credential_max_age.is_none_or(|age| age > 0)
        && references(&agent.reached_via, tables.agents.len())
        && phase
}

/// Several delegations between the same two are several ways.
fn delegations(tables: &Tables) -> Result<(), LoadError> {
    for (at, delegation) in tables.delegations.iter().enumerate() {
        require(delegation_is_sound(tables, delegation), Fault::DelegationTable, at)?;
    }
    let sorted = tables.delegations.is_sorted_by_key(|delegation| (delegation.from, delegation.to));
    require(sorted, Fault::DelegationTable, 0)
}

fn delegation_is_sound(tables: &Tables, delegation: &Delegation) -> bool {
    let agents = tables.agents.len();
    (delegation.from as usize) < agents
        && (delegation.to as usize) < agents
        && delegation.from != delegation.to
        && scope_is_sound(tables, &delegation.scope)
        && (delegation.entry as usize) < tables.code.len()
        && delegation.clauses as usize <= tables.code.len()
        && delegation.registers <= MAX_REGISTERS
}

/// Texts and attributes take turns, each attribute stands at most once, and a SPIFFE id is written canonically.
fn identity_is_sound(tables: &Tables, identity: &Identity, attributes: usize) -> bool {
    let texts = identity.pieces.iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(text),
        Piece::Attribute(_) => None,
    });
    let used = identity.pieces.iter().filter_map(|piece| match piece {
        Piece::Attribute(attribute) => Some(*attribute),
        Piece::Text(_) => None,
    });
    let turns = identity
        .pieces
        .windows(2)
        .all(|pair| !matches!(pair, [Piece::Text(_), Piece::Text(_)] | [Piece::Attribute(_), Piece::Attribute(_)]));
    symbols_exist(tables, texts.chain(&identity.issuer))
        && !identity.pieces.is_empty()
        && turns
        && used.clone().all(|attribute| (attribute as usize) < attributes)
        && distinct(used)
        && (identity.issuer.is_some() || is_canonical_spiffe(tables, identity))
}

/// The trust domain stands in the first piece, in small letters.
fn is_canonical_spiffe(tables: &Tables, identity: &Identity) -> bool {
    let Some(Piece::Text(first)) = identity.pieces.first() else { return false };
    let Some(text) = tables.symbols.get(*first as usize) else { return false };
    let Some((domain, _)) = text.strip_prefix("spiffe://").and_then(|rest| rest.split_once('/')) else { return false };
    !domain.is_empty() && !domain.bytes().any(|byte| byte.is_ascii_uppercase())
}
