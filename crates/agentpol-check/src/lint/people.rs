//! Who a rule is about: nobody, self-declared functions, and users who confirm what is grave.

use super::{Surface, called, clause, listed, reach};
use crate::policy::{Approval, ClauseKind, Effect, Rule, ToolId, UserSelector, Verb};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics};
use agentpol_syntax::ast::{self, AgentSelector};

pub(super) fn look(
    surface: &Surface<'_, '_>,
    rule: &Rule,
    written: Option<ast::Rule<'_>>,
    diagnostics: &mut Diagnostics,
) {
    if rule.effect.grants() {
        return;
    }
    unattended(rule, diagnostics);
    if let Some(written) = written {
        function(rule, &written, diagnostics);
    }
    confirmed(surface, rule, diagnostics);
}

/// `user any` in a restriction: runs for nobody are not restricted.
fn unattended(rule: &Rule, diagnostics: &mut Diagnostics) {
    if matches!(rule.effect, Effect::RequireApproval(Approval { from: None, .. })) {
        return;
    }
    for clause in &rule.clauses {
        let ClauseKind::User(users) = &clause.kind else { continue };
        if users.contains(&UserSelector::Any) && !users.contains(&UserSelector::None) {
            let title = format!("{} leaves out runs for nobody", called(rule));
            let diagnostic = Diagnostic::new(Code::AP0618, title, clause.span, "some user, never nobody");
            diagnostics
                .push(diagnostic.help("leave the clause out to include unattended runs, or write `user any, none`"));
        }
    }
}

/// `agent with function`: whoever writes the agent chooses the function.
fn function(rule: &Rule, written: &ast::Rule<'_>, diagnostics: &mut Diagnostics) {
    let is = |kind: &ast::ClauseKind<'_>| matches!(kind, ast::ClauseKind::Agent(AgentSelector::WithFunction(_)));
    let Some(clause) = clause(written, is) else { return };
    let title = format!("{} is escaped by another function", called(rule));
    let diagnostic = Diagnostic::new(Code::AP0619, title, clause.span, "a function is what an agent's own team writes");
    diagnostics.push(diagnostic.help("name the agents, or write `agent any except ...`"));
}

/// Only the requesting user stands before what pays, grants or deploys.
fn confirmed(surface: &Surface<'_, '_>, rule: &Rule, diagnostics: &mut Diagnostics) {
    let policy = surface.policy;
    if rule.observed || !matches!(rule.effect, Effect::RequireApproval(Approval { from: None, .. })) {
        return;
    }
    let grave = |tool: &ToolId| {
        policy[*tool].verbs.iter().any(|verb| matches!(verb, Verb::Pays | Verb::Grants | Verb::Deploys))
    };
    let mut alone: Vec<ToolId> = reach::tools(policy, rule).into_iter().filter(grave).collect();
    for other in &policy.rules {
        let by_user = matches!(other.effect, Effect::RequireApproval(Approval { from: None, .. }));
        if alone.is_empty() {
            return;
        }
        if !other.effect.grants() && !by_user && !other.observed {
            let reached = reach::tools(policy, other);
            alone.retain(|tool| !reached.contains(tool));
        }
    }
    let names = listed(alone.iter().map(|tool| policy[*tool].name.as_str()));
    if names.is_empty() {
        return;
    }
    let title = format!("only the requesting user stands before {names}");
    let label = "nobody else is asked, and nothing else restricts";
    let help = "add a rule for what is too much: `require approval ... from GROUP`, or a `deny` above a bound";
    diagnostics.push(Diagnostic::new(Code::AP0620, title, rule.span, label).help(help));
}
