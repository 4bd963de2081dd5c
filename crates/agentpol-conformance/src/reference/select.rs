//! Which rules speak about a call, as far as agent and tool tell (semantics 3.2, L-1, L-2, V1).

use super::truth::{Truth, and, or};
use agentpol_check::policy::{AgentId, DatasetId, LevelId, On, Policy, Rule, Scope, Tool, ToolId, Verb};

/// The static match of a rule: its agent, tool, `does` and `on` selectors, of which one left out covers everything.
pub(super) fn scope(policy: &Policy, rule: &Rule, agent: AgentId, tool: ToolId) -> Truth {
    if rule.effect.grants() {
        granting(policy, &rule.scope, agent, tool)
    } else {
        restricting(policy, &rule.scope, agent, tool)
    }
}

/// A scope as a grant's.
pub(super) fn granting(policy: &Policy, scope: &Scope, agent: AgentId, tool: ToolId) -> Truth {
    and([named(scope, agent, tool), granted(policy, scope, &policy[tool])])
}

/// A scope as a restriction's, and as that of a question about earlier calls.
pub(super) fn restricting(policy: &Policy, scope: &Scope, agent: AgentId, tool: ToolId) -> Truth {
    and([named(scope, agent, tool), restricted(policy, scope, &policy[tool])])
}

fn named(scope: &Scope, agent: AgentId, tool: ToolId) -> Truth {
    let agents = scope.agents.as_ref().is_none_or(|agents| agents.contains(&agent));
    let tools = scope.tools.as_ref().is_none_or(|tools| tools.contains(&tool));
    let grantable = scope.grantable.as_ref().is_none_or(|tools| tools.contains(&tool));
    Truth::from(agents && tools && grantable)
}

/// In a grant every verb and every dataset of the tool must be covered. Unverified verbs, and a tool that touches
/// anything, are never covered by `does` or `on`: such a tool must be named.
fn granted(policy: &Policy, scope: &Scope, tool: &Tool) -> Truth {
    let named = scope.tools.is_some() && scope.tools_by_name;
    let by_name = named || !(tool.unverified || tool.touches_anything);
    let does = match &scope.does {
        None => true,
        Some(_) if tool.unverified || tool.touches_anything => false,
        Some(verbs) => tool.verbs.iter().all(|verb| verbs.contains(verb)),
    };
    let on = match &scope.on {
        None => true,
        Some(_) if tool.touches_anything || tool.datasets.is_empty() => false,
        Some(On::Datasets(datasets)) => tool.datasets.iter().all(|dataset| datasets.contains(dataset)),
        Some(On::Level(level, member)) => {
            tool.datasets.iter().all(|dataset| label(policy, *dataset, *level) <= *member)
        }
    };
    Truth::from(by_name && does && on)
}

/// In a restriction one verb and one dataset of the tool suffice. An unverified verb may be any, a tool that touches
/// anything may touch it: unknown.
fn restricted(policy: &Policy, scope: &Scope, tool: &Tool) -> Truth {
    let does = match &scope.does {
        None => Truth::True,
        Some(verbs) => does(verbs, tool),
    };
    let on = match &scope.on {
        None => Truth::True,
        Some(on) => touches(policy, on, tool),
    };
    and([does, on])
}

fn does(verbs: &[Verb], tool: &Tool) -> Truth {
    if tool.unverified || tool.touches_anything {
        return Truth::Unknown;
    }
    or(tool.verbs.iter().map(|verb| Truth::from(verbs.contains(verb))))
}

fn touches(policy: &Policy, on: &On, tool: &Tool) -> Truth {
    if tool.touches_anything {
        return Truth::Unknown;
    }
    or(tool.datasets.iter().map(|dataset| {
        Truth::from(match on {
            On::Datasets(datasets) => datasets.contains(dataset),
            On::Level(level, member) => label(policy, *dataset, *level) >= *member,
        })
    }))
}

/// The label of a dataset in a level: where it has none there, the highest (L-2).
pub(super) fn label(policy: &Policy, dataset: DatasetId, level: LevelId) -> u32 {
    match policy[dataset].label {
        Some((of, member)) if of == level => member,
        _ => u32::try_from(policy[level].members.len().saturating_sub(1)).unwrap_or(u32::MAX),
    }
}
