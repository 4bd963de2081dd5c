//! The changes that a policy's tests should notice.

use agentpol::policy::{AgentId, Alarm, ClauseKind, Effect, Phase, Policy, Rule, ToolId};
use agentpol::{SourceMap, Span};

use super::conditions;

/// How many tools a rule may name for each of them to be left out in turn.
const MAX_TOOLS: usize = 16;

/// One change.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// The rule that is changed, an index into the policy's; `None` where it is an agent.
    pub(crate) rule: Option<usize>,
    /// Where it stands.
    pub(crate) span: Span,
    /// A stable name of its kind.
    pub(crate) kind: &'static str,
    /// What is done, in words.
    pub(crate) what: String,
    edit: Edit,
}

/// What is done to the policy.
#[derive(Clone, Debug)]
enum Edit {
    DropRule,
    Flip(Flip),
    DropClause(usize),
    Negate(usize),
    Condition(usize, usize),
    WithoutTool(ToolId),
    Bound(i64),
    FewerPersons,
    Phase(AgentId, Phase),
}

#[derive(Clone, Copy, Debug)]
enum Flip {
    ToDeny,
    ToAllow,
}

impl Change {
    /// Makes the change.
    pub(crate) fn make(&self, policy: &Policy) -> Policy {
        let mut changed = policy.clone();
        if let Edit::Phase(agent, phase) = &self.edit {
            if let Some(agent) = changed.agents.get_mut(agent.index()) {
                agent.phase = *phase;
            }
            return changed;
        }
        let Some(number) = self.rule else { return changed };
        if matches!(self.edit, Edit::DropRule) {
            changed.rules.remove(number);
            return changed;
        }
        let (tools, agents) = (changed.tools.len(), changed.agents.len());
        if let Some(rule) = changed.rules.get_mut(number) {
            self.edit(rule, tools, agents);
        }
        changed
    }

    fn edit(&self, rule: &mut Rule, tools: usize, agents: usize) {
        match self.edit {
            Edit::DropRule | Edit::Phase(..) => {}
            Edit::Flip(Flip::ToDeny) => {
                rule.effect = Effect::Deny;
                rule.scope.grantable = None;
            }
            Edit::Flip(Flip::ToAllow) => {
                rule.effect = Effect::Allow;
                let all = || (0..tools as u32).map(ToolId).collect();
                rule.scope.grantable = Some(all());
                rule.scope.tools_by_name = true;
                rule.scope.agents.get_or_insert_with(|| (0..agents as u32).map(AgentId).collect());
            }
            Edit::DropClause(clause) => drop(rule.clauses.remove(clause)),
            Edit::Negate(clause) => {
                let Some(clause) = rule.clauses.get_mut(clause) else { return };
                clause.kind = match clause.kind.clone() {
                    ClauseKind::When(condition) => ClauseKind::Unless(condition),
                    ClauseKind::Unless(condition) => ClauseKind::When(condition),
                    ClauseKind::During(schedules) => ClauseKind::Outside(schedules),
                    ClauseKind::Outside(schedules) => ClauseKind::During(schedules),
                    other => other,
                };
            }
            Edit::Condition(clause, spot) => {
                if let Some(
                    ClauseKind::When(condition) | ClauseKind::Unless(condition) | ClauseKind::Let(_, condition),
                ) = rule.clauses.get_mut(clause).map(|clause| &mut clause.kind)
                {
                    conditions::change(condition, spot);
                }
            }
            Edit::WithoutTool(tool) => {
                if let Some(named) = &mut rule.scope.tools {
                    named.retain(|one| *one != tool);
                }
            }
            Edit::Bound(by) => {
                if let Effect::Limit(rate) = &mut rule.effect {
                    rate.bound = rate.bound.saturating_add(by).max(1);
                } else if let Effect::Alert(alert) = &mut rule.effect
                    && let Alarm::Rate(rate) = &mut alert.alarm
                {
                    rate.bound = rate.bound.saturating_add(by).max(1);
                }
            }
            Edit::FewerPersons => {
                if let Effect::RequireApproval(approval) = &mut rule.effect {
                    approval.count = approval.count.saturating_sub(1).max(1);
                }
            }
        }
    }
}

/// Lists the changes of a policy, in the order of rules and places.
pub(crate) fn changes(policy: &Policy, sources: &SourceMap) -> Vec<Change> {
    let rules = policy.rules.iter().enumerate();
    let mut all: Vec<Change> = rules.flat_map(|(number, rule)| of_rule(policy, sources, number, rule)).collect();
    for (number, agent) in policy.agents.iter().enumerate() {
        let (kind, what) = match agent.phase {
            Phase::ReadOnly => ("phase_loosened", "autonomous in place of read-only"),
            Phase::Supervised { .. } => ("phase_loosened", "autonomous in place of supervised"),
            Phase::Observe { .. } | Phase::Autonomous => continue,
        };
        let edit = Edit::Phase(AgentId(number as u32), Phase::Autonomous);
        let what = format!("the agent `{}` {what}", agent.name);
        all.push(Change { rule: None, span: agent.span, kind, what, edit });
    }
    all
}

fn of_rule(policy: &Policy, sources: &SourceMap, number: usize, rule: &Rule) -> Vec<Change> {
    let change = |span: Span, kind: &'static str, what: String, edit: Edit| Change {
        rule: Some(number),
        span,
        kind,
        what,
        edit,
    };
    let mut found = vec![change(rule.span, "rule_dropped", "the rule left out".to_owned(), Edit::DropRule)];
    match &rule.effect {
        Effect::Allow => {
            found.push(change(
                rule.span,
                "effect_flipped",
                "`deny` in place of `allow`".to_owned(),
                Edit::Flip(Flip::ToDeny),
            ));
        }
        Effect::Deny => {
            found.push(change(
                rule.span,
                "effect_flipped",
                "`allow` in place of `deny`".to_owned(),
                Edit::Flip(Flip::ToAllow),
            ));
        }
        Effect::RequireApproval(approval) => {
            let what = "`deny` in place of `require approval`".to_owned();
            found.push(change(rule.span, "effect_flipped", what, Edit::Flip(Flip::ToDeny)));
            if approval.count > 1 {
                let what = format!("{} persons in place of {}", approval.count - 1, approval.count);
                found.push(change(rule.span, "persons_dropped", what, Edit::FewerPersons));
            }
        }
        Effect::Limit(_) => found.extend(bounds(rule.span, &change)),
        Effect::Alert(alert) if matches!(alert.alarm, Alarm::Rate(_)) => found.extend(bounds(rule.span, &change)),
        Effect::Alert(_) | Effect::Entitle => {}
    }
    if let Some(tools) = rule.scope.tools.as_ref().filter(|tools| (2..=MAX_TOOLS).contains(&tools.len())) {
        for tool in tools {
            let what = format!("without the tool `{}`", policy[*tool].name);
            found.push(change(rule.span, "tool_dropped", what, Edit::WithoutTool(*tool)));
        }
    }
    for (at, clause) in rule.clauses.iter().enumerate() {
        let text: Vec<&str> = sources.text(clause.span).split_whitespace().collect();
        let text = text.join(" ");
        let mut spots = |condition| {
            for (spot, one) in conditions::spots(condition).into_iter().enumerate() {
                let text: Vec<&str> = sources.text(one.span).split_whitespace().collect();
                let what = match one.kind {
                    "operand_dropped" | "relation_dropped" => format!("without `{}`", text.join(" ")),
                    _ => format!("{} in `{}`", one.what, text.join(" ")),
                };
                found.push(change(one.span, one.kind, what, Edit::Condition(at, spot)));
            }
        };
        match &clause.kind {
            ClauseKind::When(condition) | ClauseKind::Unless(condition) => {
                spots(condition);
                let what = format!("`{text}` turned round");
                found.push(change(clause.span, "clause_negated", what, Edit::Negate(at)));
            }
            ClauseKind::During(_) | ClauseKind::Outside(_) => {
                let what = format!("`{text}` turned round");
                found.push(change(clause.span, "clause_negated", what, Edit::Negate(at)));
            }
            ClauseKind::Let(_, given) => {
                spots(given);
                continue;
            }
            ClauseKind::User(_) | ClauseKind::Env(_) | ClauseKind::Task(_) => {}
        }
        found.push(change(clause.span, "clause_dropped", format!("without `{text}`"), Edit::DropClause(at)));
    }
    found
}

fn bounds(span: Span, change: &impl Fn(Span, &'static str, String, Edit) -> Change) -> Vec<Change> {
    [1, -1].map(|by| change(span, "bound_shifted", format!("the bound shifted by {by}"), Edit::Bound(by))).into()
}
