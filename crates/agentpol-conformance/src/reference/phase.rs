//! The phase that holds for a call: the strictest over the chain (semantics I7, P1, lines 3 and 4 of 4.1).

use super::calendar;
use super::call::Call;
use agentpol_check::policy::{AgentId, GroupId, Phase, Policy, Tool, Verb};

/// The phase that holds now; the stricter the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effective {
    Observe,
    Autonomous,
    Supervised,
    ReadOnly,
}

/// P1: observe ends at its date and is read only from then on.
fn of(policy: &Policy, agent: AgentId, now: i64) -> Effective {
    match policy[agent].phase {
        Phase::Observe { until } if calendar::utc_day(now) < i64::from(until) => Effective::Observe,
        Phase::Observe { .. } | Phase::ReadOnly => Effective::ReadOnly,
        Phase::Supervised { .. } => Effective::Supervised,
        Phase::Autonomous => Effective::Autonomous,
    }
}

/// I7: the strictest of all agents of the chain.
pub(super) fn strictest(call: &Call<'_>) -> Effective {
    let phases = call.chain.iter().map(|agent| of(call.policy, *agent, call.now));
    let said = call.read_only.then_some(Effective::ReadOnly);
    phases.chain(said).max().unwrap_or(Effective::ReadOnly)
}

/// The agents of the chain that are supervised, and by whom; nobody is the requesting user.
pub(super) fn supervised(call: &Call<'_>) -> Vec<(AgentId, Option<GroupId>)> {
    let by = |agent: &AgentId| match call.policy[*agent].phase {
        Phase::Supervised { by } => Some((*agent, by)),
        _ => None,
    };
    call.chain.iter().filter_map(by).collect()
}

/// Line 3: whether the call changes something; unverified verbs count as all.
pub(super) fn changes(tool: &Tool) -> bool {
    tool.unverified || tool.verbs.iter().copied().any(Verb::changes)
}
