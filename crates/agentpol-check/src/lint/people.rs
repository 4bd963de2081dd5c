//! Who a rule is about: nobody, self-declared functions, and users who confirm what is grave.

use super::overview::{Overview, by_user};
use super::{Surface, called, clause, listed, reach};
use crate::policy::{ClauseKind, Policy, Rule, ToolId, UserSelector, Verb};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics};
use agentpol_syntax::ast::{self, AgentSelector};

pub(super) fn look(rule: &Rule, written: Option<ast::Rule<'_>>, diagnostics: &mut Diagnostics) {
    if rule.effect.grants() {
        return;
    }
    unattended(rule, diagnostics);
    if let Some(written) = written {
        function(rule, &written, diagnostics);
    }
}

/// Looks at what only the requesting user confirms.
pub(super) fn look_together(surface: &Surface<'_, '_>, overview: &Overview<'_>, diagnostics: &mut Diagnostics) {
    for rule in surface.policy.rules.iter().filter(|rule| by_user(rule) && !rule.observed) {
        confirmed(surface.policy, rule, overview, diagnostics);
    }
}

/// `user any` in a restriction: runs for nobody are not restricted.
fn unattended(rule: &Rule, diagnostics: &mut Diagnostics) {
    if by_user(rule) {
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
fn confirmed(policy: &Policy, rule: &Rule, overview: &Overview<'_>, diagnostics: &mut Diagnostics) {
    let is_grave = |verb: &Verb| matches!(verb, Verb::Pays | Verb::Grants | Verb::Deploys);
    let grave = |tool: &ToolId| policy[*tool].verbs.iter().any(is_grave);
    let guarded = |tool: &ToolId| overview.tool(*tool).is_some_and(|tool| tool.guarded);
    let reached = reach::tools(policy, rule);
    let alone: Vec<ToolId> = reached.into_iter().filter(|tool| grave(tool) && !guarded(tool)).collect();
    let names = listed(alone.iter().map(|tool| policy[*tool].name.as_str()));
    if names.is_empty() {
        return;
    }
    let title = format!("only the requesting user stands before {names}");
    let label = "nobody else is asked, and nothing else restricts";
    let help = "add a rule for what is too much: `require approval ... from GROUP`, or a `deny` above a bound";
    diagnostics.push(Diagnostic::new(Code::AP0620, title, rule.span, label).help(help));
}
