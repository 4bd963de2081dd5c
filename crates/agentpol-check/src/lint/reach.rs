//! Which tools a rule may be about, by its selectors alone.

use crate::policy::{On, Policy, Rule, Tool, ToolId};

/// Returns the tools that a restriction may be about, or a grant may grant.
pub(super) fn tools(policy: &Policy, rule: &Rule) -> Vec<ToolId> {
    match &rule.scope.tools {
        Some(tools) => tools.iter().copied().filter(|id| reaches(policy, rule, *id)).collect(),
        None => all(policy).filter(|id| reaches(policy, rule, *id)).collect(),
    }
}

/// Returns every tool.
pub(super) fn all(policy: &Policy) -> impl Iterator<Item = ToolId> {
    (0..policy.tools.len()).filter_map(|at| u32::try_from(at).ok()).map(ToolId)
}

fn reaches(policy: &Policy, rule: &Rule, id: ToolId) -> bool {
    let (scope, tool) = (&rule.scope, &policy[id]);
    let selected = |tools: &Option<Vec<ToolId>>| tools.as_ref().is_none_or(|tools| tools.contains(&id));
    selected(&scope.grantable) && does(rule, tool) && on(policy, rule, tool)
}

fn does(rule: &Rule, tool: &Tool) -> bool {
    let Some(verbs) = &rule.scope.does else { return true };
    match rule.effect.grants() {
        true => !tool.unverified && tool.verbs.iter().all(|verb| verbs.contains(verb)),
        false => tool.unverified || tool.verbs.iter().any(|verb| verbs.contains(verb)),
    }
}

fn on(policy: &Policy, rule: &Rule, tool: &Tool) -> bool {
    let Some(on) = &rule.scope.on else { return true };
    if tool.touches_anything {
        return !rule.effect.grants();
    }
    let covered = |dataset: &crate::policy::DatasetId| match on {
        On::Datasets(datasets) => datasets.contains(dataset),
        On::Level(level, member) => {
            let highest = u32::try_from(policy[*level].members.len()).unwrap_or(u32::MAX).saturating_sub(1);
            let label = match policy[*dataset].label {
                Some((of, at)) if of == *level => at,
                _ => highest,
            };
            if rule.effect.grants() { label <= *member } else { label >= *member }
        }
    };
    match rule.effect.grants() {
        true => tool.datasets.iter().all(covered),
        false => tool.datasets.iter().any(covered),
    }
}
