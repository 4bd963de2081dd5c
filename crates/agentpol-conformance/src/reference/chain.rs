//! Acting through others: both owners agree, each hop's scope narrows, the strictest phase holds (semantics I5 to I7).

use super::condition;
use super::facts::Facts;
use super::identity::{self, Actor};
use super::memory::Recall;
use super::request::Request;
use super::select;
use super::truth::Truth;
use agentpol_bytecode::code::Code;
use agentpol_check::policy::{AgentId, Delegation, Policy, ToolId};

/// How many agents may stand before the one that acts.
const MAX_HOPS: usize = 5;

/// Finds the agents of a chain, the first first, and checks their credentials.
pub(super) fn hops(policy: &Policy, request: &Request) -> Result<Vec<Actor>, Code> {
    let hops = request.via.iter().map(|hop| identity::identify(policy, &hop.presented));
    hops.collect()
}

/// Codes 12, 13 and 14: at most five hops and no agent twice; every step declared by both; not called directly where
/// that is refused.
pub(super) fn sound(policy: &Policy, via: &[Actor], actor: &Actor) -> Result<(), Code> {
    let all: Vec<AgentId> = via.iter().map(|hop| hop.id).chain([actor.id]).collect();
    let twice = |at: usize| all[..at].contains(&all[at]);
    if via.len() > MAX_HOPS || (0..all.len()).any(twice) {
        return Err(Code::ChainInvalid);
    }
    let agreed = |pair: &[AgentId]| {
        delegations(policy, pair[0], pair[1]).next().is_some() && policy[pair[1]].reached_via.contains(&pair[0])
    };
    if !all.windows(2).all(agreed) {
        return Err(Code::HopUndeclared);
    }
    // Who leaves out the beginning of a chain does not get around what it narrows.
    if policy[all[0]].directly { Ok(()) } else { Err(Code::DirectCallRefused) }
}

fn delegations(policy: &Policy, from: AgentId, to: AgentId) -> impl Iterator<Item = &Delegation> {
    policy.delegations.iter().filter(move |delegation| delegation.from == from && delegation.to == to)
}

/// Line 18: whether the scope of every hop surely covers the call; where a hop is declared more than once, one of them.
pub(super) fn covered(
    policy: &Policy,
    facts: &Facts<'_>,
    recall: Option<Recall<'_>>,
    chain: &[AgentId],
    tool: ToolId,
) -> bool {
    chain.windows(2).all(|pair| {
        delegations(policy, pair[0], pair[1]).any(|delegation| {
            let scope = select::granting(policy, &delegation.scope, pair[1], tool);
            condition::matches(facts, recall, &delegation.clauses, scope) == Truth::True
        })
    })
}
