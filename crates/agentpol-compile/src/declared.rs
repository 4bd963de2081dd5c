//! Declarations to tables: modules, words, groups, zones, datasets, tools, agents.

use crate::answers::{Answers, returns};
use crate::pools::{Pools, is_origin};
use crate::shape::Types;
use crate::zone;
use agentpol_bytecode::tables::{
    Agent, Dataset, Field, Group, Identity, Module, Phase, Piece, ResourceName, ResourceOf, ResourceType, Schedule,
    Source, Symbol, Tables, Tool, Window, Zone,
};
use agentpol_check::policy::{self, EnvId, Policy, Verb};
use agentpol_diagnostics::Diagnostics;

/// The words of the builtin level `origin`, for a policy that does not mention it.
const ORIGINS: [&str; 5] = ["untrusted", "model", "trusted", "user", "system"];

/// Fills every table that does not come from rules.
pub(crate) fn declare(
    policy: &Policy,
    tables: &mut Tables,
    pools: &mut Pools,
    types: &mut Types<'_>,
    diagnostics: &mut Diagnostics,
) {
    tables.modules = policy.modules.iter().enumerate().map(|(at, m)| module(policy, at, m, pools)).collect();
    tables.tz_version = zone::version(policy.zones.iter().map(String::as_str)).to_owned();
    tables.horizon = zone::HORIZON;
    tables.enums = policy.enums.iter().map(|e| symbols(&e.members, pools)).collect();
    tables.levels = levels(policy, pools);
    tables.groups = policy.groups.iter().map(|g| group(policy, g, pools)).collect();
    tables.zones = policy.zones.iter().map(|name| zone_table(name, pools)).collect();
    tables.schedules = policy.schedules.iter().map(schedule).collect();
    tables.user = types.fields(policy.user, pools, diagnostics);
    tables.context = types.fields(policy.context, pools, diagnostics);
    tables.users_from = source(policy.users_from);
    tables.unvouched = policy.sessions_unvouched;
    tables.resources_from = source(policy.resources_from);
    for declared in &policy.resources {
        let fields = types.fields(declared.shape, pools, diagnostics);
        let within = declared.within.iter().map(|id| id.0).collect();
        let (name, wire) = (pools.symbol(&declared.name), pools.symbol(&declared.wire));
        tables.resources.push(ResourceType { name, wire, fields, within });
    }
    tables.datasets = policy.datasets.iter().map(|d| dataset(policy, d, pools)).collect();
    let mut answers = Answers::default();
    for declared in &policy.tools {
        let params = types.fields(declared.params, pools, diagnostics);
        let answer = answers.answer(declared, pools, types, diagnostics);
        tables.tools.push(Tool { answer, ..tool(policy, declared, params, pools) });
    }
    tables.answers = answers.finish();
    for declared in &policy.agents {
        let fleet = declared.fleet.map(|shape| types.fields(shape, pools, diagnostics));
        tables.agents.push(agent(policy, declared, fleet, pools));
    }
}

/// Returns verbs as bits.
pub(crate) fn verb_bits(verbs: &[Verb]) -> u16 {
    verbs.iter().fold(0, |bits, verb| bits | 1 << *verb as u16)
}

fn symbols(texts: &[String], pools: &mut Pools) -> Vec<Symbol> {
    texts.iter().map(|text| pools.symbol(text)).collect()
}

fn module(policy: &Policy, at: usize, module: &policy::Module, pools: &mut Pools) -> Module {
    let mut requires: Vec<u32> = module.requires.iter().map(|required| required.0).collect();
    requires.sort_unstable();
    requires.dedup();
    let root = policy.root.is_some_and(|root| root.index() == at);
    let grantable = module.grantable.iter().map(|tool| tool.0).collect();
    Module { name: pools.symbol(&module.name), requires, root, grantable }
}

fn levels(policy: &Policy, pools: &mut Pools) -> Vec<Vec<Symbol>> {
    let origin = ORIGINS.iter().map(|word| pools.symbol(word)).collect();
    let others = policy.levels.iter().filter(|level| !is_origin(level));
    std::iter::once(origin).chain(others.map(|level| symbols(&level.members, pools))).collect()
}

fn group(policy: &Policy, group: &policy::Group, pools: &mut Pools) -> Group {
    let closure = group.closure.iter().map(|inner| pools.symbol(&policy[*inner].wire)).collect();
    Group { wire: pools.symbol(&group.wire), closure }
}

fn zone_table(name: &str, pools: &mut Pools) -> Zone {
    let offsets = zone::offsets(name).unwrap_or_else(|| unreachable!("the checker knows no zone `{name}`"));
    Zone { name: pools.symbol(name), offsets }
}

fn schedule(schedule: &policy::Schedule) -> Schedule {
    let window = |w: &policy::Window| Window { days: w.days, start: w.start, end: w.end };
    Schedule { zone: schedule.zone.0, windows: schedule.windows.iter().map(window).collect() }
}

/// A dataset has a label of one level and counts as the highest of every other; of `origin` it has none.
fn dataset(policy: &Policy, dataset: &policy::Dataset, pools: &mut Pools) -> Dataset {
    let mut labels = vec![0];
    for (at, level) in policy.levels.iter().enumerate().filter(|(_, level)| !is_origin(level)) {
        let own = dataset.label.filter(|(of, _)| of.index() == at).map(|(_, member)| member);
        labels.push(own.unwrap_or_else(|| (level.members.len() as u32).saturating_sub(1)));
    }
    let name = format!("{}.{}", policy[dataset.system].name, dataset.name);
    Dataset { name: pools.symbol(&name), labels, entitlement: dataset.entitlement }
}

fn tool(policy: &Policy, tool: &policy::Tool, params: Vec<Field>, pools: &mut Pools) -> Tool {
    let servers = tool.home.map(|home| symbols(&policy[home].servers, pools)).unwrap_or_default();
    Tool {
        module: tool.module.0,
        name: pools.symbol(&tool.name),
        wire: pools.symbol(&tool.wire),
        servers,
        environments: environments(policy, tool, pools),
        params,
        open: tool.open,
        verbs: verb_bits(&tool.verbs),
        unverified: tool.unverified,
        datasets: tool.datasets.iter().map(|dataset| dataset.0).collect(),
        touches_anything: tool.touches_anything,
        fixed_hosts: symbols(&tool.fixed_hosts, pools),
        pinned: tool.pinned.as_ref().map(|digest| pools.symbol(digest)),
        answer: None,
        returns: returns(policy, tool),
        resource: tool.resource.as_ref().map(|resource| resource_of(policy, tool, resource, pools)),
    }
}

fn source(source: policy::Source) -> Source {
    match source {
        policy::Source::Request => Source::Request,
        policy::Source::Directory { max_age } => Source::Directory { max_age },
    }
}

fn resource_of(policy: &Policy, tool: &policy::Tool, resource: &policy::ResourceOf, pools: &mut Pools) -> ResourceOf {
    let id = match &resource.id {
        policy::ResourceName::Text(id) => ResourceName::Text(pools.symbol(id)),
        policy::ResourceName::Argument(name) => {
            let found = policy[tool.params].field(name);
            let (at, _) = found.unwrap_or_else(|| unreachable!("the checker has found the argument `{name}`"));
            ResourceName::Argument(at as u32)
        }
    };
    ResourceOf { of: resource.of.0, id }
}

/// The environments that every system of the tool exists in; `None` where no system says any.
fn environments(policy: &Policy, tool: &policy::Tool, pools: &mut Pools) -> Option<Vec<Symbol>> {
    let touched = tool.datasets.iter().map(|dataset| policy[*dataset].system);
    let said = tool.home.into_iter().chain(touched).map(|system| policy[system].environments.as_slice());
    let common = said.filter(|said| !said.is_empty()).fold(None, |common: Option<Vec<EnvId>>, said| match common {
        Some(before) => Some(before.into_iter().filter(|env| said.contains(env)).collect()),
        None => Some(said.to_vec()),
    })?;
    Some(symbols(&common.iter().map(|env| policy[*env].clone()).collect::<Vec<_>>(), pools))
}

fn agent(policy: &Policy, agent: &policy::Agent, fleet: Option<Vec<Field>>, pools: &mut Pools) -> Agent {
    let attributes = agent.fleet.map(|shape| policy[shape].fields.as_slice()).unwrap_or_default();
    let identities = agent.identities.iter().map(|one| identity(one, attributes, pools)).collect();
    let qualified = format!("{}.{}", policy[agent.module].name, agent.name);
    Agent {
        module: agent.module.0,
        name: pools.symbol(&agent.name),
        wire: pools.symbol(&agent.wire),
        qualified: pools.symbol(&qualified),
        identities,
        credential_max_age: agent.credential_max_age,
        owner: pools.symbol(&agent.owner),
        phase: phase(agent.phase),
        reached_via: agent.reached_via.iter().map(|id| id.0).collect(),
        directly: agent.directly,
        fleet,
    }
}

fn phase(phase: policy::Phase) -> Phase {
    match phase {
        policy::Phase::Observe { until } => Phase::Observe { until },
        policy::Phase::ReadOnly => Phase::ReadOnly,
        policy::Phase::Supervised { by } => Phase::Supervised { by: by.map(|group| group.0) },
        policy::Phase::Autonomous => Phase::Autonomous,
    }
}

fn identity(identity: &policy::Identity, attributes: &[policy::Field], pools: &mut Pools) -> Identity {
    match identity {
        policy::Identity::Spiffe(id) => Identity { issuer: None, pieces: pieces(id, attributes, pools) },
        policy::Identity::Token { issuer, subject } => {
            Identity { issuer: Some(pools.symbol(issuer)), pieces: pieces(subject, attributes, pools) }
        }
    }
}

/// Cuts a template at its `{attribute}` parts. Braces around anything else are text.
fn pieces(template: &str, attributes: &[policy::Field], pools: &mut Pools) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut text = 0;
    let mut at = 0;
    while let Some(open) = template[at..].find('{').map(|found| at + found) {
        at = open + 1;
        let Some(close) = template[open..].find('}').map(|found| open + found) else { break };
        let name = &template[open + 1..close];
        let Some(attribute) = attributes.iter().position(|field| field.name == name) else { continue };
        if open > text {
            pieces.push(Piece::Text(pools.symbol(&template[text..open])));
        }
        pieces.push(Piece::Attribute(attribute as u32));
        (text, at) = (close + 1, close + 1);
    }
    if text < template.len() {
        pieces.push(Piece::Text(pools.symbol(&template[text..])));
    }
    pieces
}
