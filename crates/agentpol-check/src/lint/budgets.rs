//! Limits: whose budget it is, and whether what is counted is what is spent.

use super::thresholds::is_currency;
use super::walk::{arguments, parts};
use super::{Surface, called, clause, reach};
use crate::policy::{
    Agent, ClauseKind, Effect, Expr, ExprKind, Field, Key, Policy, Rate, Rule, ToolId, Type, UserSelector, Verb,
};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, Span};
use agentpol_syntax::ast;

pub(super) fn look(
    surface: &Surface<'_, '_>,
    rule: &Rule,
    written: Option<ast::Rule<'_>>,
    diagnostics: &mut Diagnostics,
) {
    let Effect::Limit(rate) = &rule.effect else { return };
    if rule.observed {
        return;
    }
    let bound = written.and_then(|written| clause(&written, |kind| matches!(kind, ast::ClauseKind::AtMost(_))));
    let place = bound.map_or(rule.span, |clause| clause.span);
    let tools = reach::tools(surface.policy, rule);
    workers(surface.policy, rule, rate, &tools, place, diagnostics);
    everybody(surface.policy, rule, rate, &tools, place, diagnostics);
    lists(surface.policy, rule, rate, &tools, place, diagnostics);
    currencies(surface.policy, rule, rate, &tools, diagnostics);
}

/// Returns whether each tool is also under another limit that counts as asked.
fn also(policy: &Policy, rule: &Rule, tools: &[ToolId], asked: impl Fn(&Rate) -> bool) -> bool {
    let counts = |other: &&Rule| match &other.effect {
        Effect::Limit(rate) => other.span != rule.span && !other.observed && asked(rate),
        _ => false,
    };
    let others: Vec<ToolId> =
        policy.rules.iter().filter(counts).flat_map(|other| reach::tools(policy, other)).collect();
    !tools.is_empty() && tools.iter().all(|tool| others.contains(tool))
}

/// `per agent`, where one agent hands its work to many: each brings a budget of its own.
fn workers(policy: &Policy, rule: &Rule, rate: &Rate, tools: &[ToolId], place: Span, diagnostics: &mut Diagnostics) {
    let per_agent = |rate: &Rate| rate.keys.iter().any(|key| matches!(key, Key::Agent));
    if !per_agent(rate) || also(policy, rule, tools, |other| !per_agent(other)) {
        return;
    }
    let reached = |agent: &&Agent| !agent.reached_via.is_empty();
    let worker = match &rule.scope.agents {
        Some(agents) => agents.iter().map(|id| &policy[*id]).find(reached),
        None => policy.agents.iter().find(reached),
    };
    let Some(worker) = worker else { return };
    let title = format!("{} gives each agent behind a caller a budget of its own", called(rule));
    let diagnostic = Diagnostic::new(Code::AP0623, title, place, "twenty agents, twenty budgets")
        .because(worker.span, format!("`{}` is reached via others", worker.name));
    diagnostics.push(diagnostic.help("write `per origin`, the agent that began the chain, or `per user`"));
}

/// One counter for several users.
fn everybody(policy: &Policy, rule: &Rule, rate: &Rate, tools: &[ToolId], place: Span, diagnostics: &mut Diagnostics) {
    let per_user = |rate: &Rate| {
        let is_user = |key: &Key| match key {
            Key::User | Key::Session => true,
            Key::Value(expr) => matches!(expr.kind, ExprKind::UserId),
            _ => false,
        };
        rate.keys.iter().any(is_user)
    };
    let one = rule.clauses.iter().any(|clause| match &clause.kind {
        ClauseKind::User(users) => matches!(users.as_slice(), [UserSelector::None | UserSelector::Id(_)]),
        _ => false,
    });
    if one || per_user(rate) || also(policy, rule, tools, per_user) {
        return;
    }
    let title = format!("one user can use up what {} leaves to all", called(rule));
    let diagnostic = Diagnostic::new(Code::AP0624, title, place, "counted for all users together");
    let help = "write `per user`; or keep it, and write a smaller limit `per user` beside it";
    diagnostics.push(diagnostic.help(help));
}

/// A number of calls, where one call has many receivers or payments.
fn lists(policy: &Policy, rule: &Rule, rate: &Rate, tools: &[ToolId], place: Span, diagnostics: &mut Diagnostics) {
    if rate.of.is_some() {
        return;
    }
    for id in tools {
        let tool = &policy[*id];
        let many = |field: &&Field| is_many(&field.ty, &tool.verbs);
        let Some(field) = policy[tool.params].fields.iter().find(many) else { continue };
        if is_looked_at(policy, *id, &field.name) {
            continue;
        }
        let title = format!("{} counts calls, and one call has many `{}`", called(rule), field.name);
        let diagnostic = Diagnostic::new(Code::AP0607, title, place, format!("one call of `{}` is one", tool.name))
            .because(field.span, format!("`{}` is a list", field.name));
        let help = format!("count what is in it: `at most ... of count(args.{}) per ...`", field.name);
        diagnostics.push(diagnostic.help(help));
        return;
    }
}

/// Returns whether a value is several receivers, or several payments.
fn is_many(ty: &Type, verbs: &[Verb]) -> bool {
    match ty {
        Type::List(_, 0 | 1) => false,
        Type::List(of, _) => match **of {
            Type::Email | Type::Url { .. } | Type::Host | Type::Ip => true,
            Type::Shape(_) => verbs.contains(&Verb::Pays),
            _ => false,
        },
        _ => false,
    }
}

/// Returns whether some rule counts an argument of a tool.
fn is_looked_at(policy: &Policy, tool: ToolId, argument: &str) -> bool {
    let counts = |expr: &Expr| {
        let is = |of: &Expr| matches!(&of.kind, ExprKind::Arg(name) if name == argument);
        expr.any(&mut |part| match &part.kind {
            ExprKind::Count(of) => is(of),
            ExprKind::SumOf(each) | ExprKind::CountWhere(each) => is(&each.over),
            _ => false,
        })
    };
    let looks = |rule: &&Rule| {
        let counted = rule.effect.exprs().into_iter().any(counts) || parts(rule).iter().any(|part| counts(part.expr));
        !rule.observed && !rule.effect.grants() && counted
    };
    policy.rules.iter().filter(looks).any(|rule| reach::tools(policy, rule).contains(&tool))
}

/// A sum over amounts of several currencies.
fn currencies(policy: &Policy, rule: &Rule, rate: &Rate, tools: &[ToolId], diagnostics: &mut Diagnostics) {
    let Some(of) = rate.of.as_ref().filter(|of| matches!(of.ty, Type::Decimal { .. })) else { return };
    let is_read = arguments(rule).is_none_or(|names| names.iter().any(|name| is_currency(name)));
    let field = |expr: &Expr| matches!(&expr.kind, ExprKind::Field(_, name) if is_currency(name));
    let in_parts = || parts(rule).iter().any(|part| field(part.expr));
    let in_counted = || rule.effect.exprs().into_iter().any(|expr| expr.any(&mut |part| field(part)));
    if is_read || in_parts() || in_counted() {
        return;
    }
    let currency = |id: &ToolId| {
        policy[policy[*id].params].fields.iter().find(|field| is_currency(&field.name)).map(|field| (*id, field))
    };
    let Some((tool, field)) = tools.iter().find_map(currency) else { return };
    let title = format!("{} adds up amounts of several currencies", called(rule));
    let diagnostic = Diagnostic::new(Code::AP0611, title, of.span, "100 of what?")
        .because(field.span, format!("`{}` of `{}` says of what", field.name, policy[tool].name));
    diagnostics.push(diagnostic.help(format!("count each apart: `per ..., args.{}`", field.name)));
}
