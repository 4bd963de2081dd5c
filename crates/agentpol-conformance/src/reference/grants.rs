//! What grants come to: entitlement, allows, and what a module may grant (semantics O1, I4, lines 19 and 21 of 4.1).

use super::facts::Facts;
use super::truth::Truth;
use agentpol_bytecode::code::Code;
use agentpol_check::policy::{ClauseKind, DatasetId, Effect, ModuleId, Policy, Rule, Tool, ToolId, UserSelector};

/// A rule and whether it matches.
pub(super) type Matched<'a> = (&'a Rule, Truth);

/// L-2: a tool that touches anything touches what is marked.
pub(super) fn needs_entitlement(policy: &Policy, tool: &Tool) -> bool {
    let marked = |id: &DatasetId| policy[*id].entitlement;
    tool.datasets.iter().any(marked) || (tool.touches_anything && policy.datasets.iter().any(|set| set.entitlement))
}

/// Line 19 and I4: a user needs a right of their own; nobody needs a granting allow that writes `user none`.
pub(super) fn entitled(facts: &Facts<'_>, rules: &[Matched<'_>]) -> bool {
    let mut holding = rules.iter().filter(|(_, truth)| *truth == Truth::True).map(|(rule, _)| rule);
    match facts.user {
        Some(_) => holding.any(|rule| matches!(rule.effect, Effect::Entitle)),
        None => holding.any(|rule| matches!(rule.effect, Effect::Allow) && writes_user_none(rule)),
    }
}

fn writes_user_none(rule: &Rule) -> bool {
    rule.clauses.iter().any(|clause| match &clause.kind {
        ClauseKind::User(selectors) => selectors.contains(&UserSelector::None),
        _ => false,
    })
}

/// Line 21: no allow is surely true.
pub(super) fn ungranted(rules: &[Matched<'_>]) -> Option<Code> {
    let allows: Vec<Truth> =
        rules.iter().filter(|(rule, _)| matches!(rule.effect, Effect::Allow)).map(|(_, truth)| *truth).collect();
    if allows.contains(&Truth::True) {
        None
    } else if allows.contains(&Truth::Unknown) {
        Some(Code::NoAllowUnknown)
    } else {
        Some(Code::NoAllow)
    }
}

/// O1: the module may write an allow on the tool: it is the root, or the tool is its own or shared with it.
pub(super) fn may_grant(policy: &Policy, module: ModuleId, tool: ToolId) -> bool {
    policy[module].grantable.contains(&tool)
}
