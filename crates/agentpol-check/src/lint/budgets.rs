//! Limits: whose budget it is, and whether what is counted is what is spent.

use super::thresholds::is_currency;
use super::walk::{arguments, parts};
use super::{Surface, called, clause, reach};
use crate::policy::{
    Agent, ClauseKind, Effect, Expr, ExprKind, Key, Policy, Rate, Rule, ToolId, Type, UserSelector, Verb,
};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, Span};
use agentpol_syntax::ast;
use std::collections::{BTreeMap, BTreeSet};

/// How the tools are limited, all limits together.
struct Limited {
    /// Tools under a limit that counts other than per agent.
    whole: BTreeSet<ToolId>,
    /// Tools under a limit that counts per user, or per session.
    shared: BTreeSet<ToolId>,
    /// Tools and arguments of which some restriction counts the elements.
    counted: BTreeSet<(ToolId, String)>,
}

pub(super) fn look(surface: &Surface<'_, '_>, written: &BTreeMap<Span, ast::Rule<'_>>, diagnostics: &mut Diagnostics) {
    let policy = surface.policy;
    let limited = limited(policy);
    for rule in policy.rules.iter().filter(|rule| !rule.observed) {
        let Effect::Limit(rate) = &rule.effect else { continue };
        let at_most = |kind: &ast::ClauseKind<'_>| matches!(kind, ast::ClauseKind::AtMost(_));
        let bound = written.get(&rule.span).and_then(|written| clause(written, at_most));
        let limit = Limit {
            policy,
            rule,
            rate,
            tools: reach::tools(policy, rule),
            place: bound.map_or(rule.span, |clause| clause.span),
        };
        let found = [
            limit.workers(&limited.whole),
            limit.everybody(&limited.shared),
            limit.lists(&limited.counted),
            limit.currencies(),
        ];
        found.into_iter().flatten().for_each(|diagnostic| diagnostics.push(diagnostic));
    }
}

/// Gathers how the tools are limited.
fn limited(policy: &Policy) -> Limited {
    let mut limited = Limited { whole: BTreeSet::new(), shared: BTreeSet::new(), counted: BTreeSet::new() };
    for rule in policy.rules.iter().filter(|rule| !rule.observed && !rule.effect.grants()) {
        let mut counted = Vec::new();
        rule.effect.exprs().into_iter().for_each(|expr| elements(expr, &mut counted));
        parts(rule).iter().for_each(|part| elements(part.expr, &mut counted));
        let tools = reach::tools(policy, rule);
        if let Effect::Limit(rate) = &rule.effect {
            if !per_agent(rate) {
                limited.whole.extend(&tools);
            }
            if per_user(rate) {
                limited.shared.extend(&tools);
            }
        }
        let pairs = tools.iter().flat_map(|tool| counted.iter().map(|name| (*tool, (*name).to_owned())));
        limited.counted.extend(pairs);
    }
    limited
}

/// Lists the arguments of which an expression counts the elements.
fn elements<'e>(expr: &'e Expr, found: &mut Vec<&'e str>) {
    let list = match &expr.kind {
        ExprKind::Count(of) => Some(&**of),
        ExprKind::SumOf(each) | ExprKind::CountWhere(each) => Some(&each.over),
        _ => None,
    };
    if let Some(ExprKind::Arg(name)) = list.map(|list| &list.kind) {
        found.push(name);
    }
    expr.children().into_iter().for_each(|child| elements(child, found));
}

fn per_agent(rate: &Rate) -> bool {
    rate.keys.iter().any(|key| matches!(key, Key::Agent))
}

fn per_user(rate: &Rate) -> bool {
    rate.keys.iter().any(|key| match key {
        Key::User | Key::Session => true,
        Key::Value(expr) => matches!(expr.kind, ExprKind::UserId),
        _ => false,
    })
}

/// Whether each account, order or the like has a counter of its own: that one is used up leaves nothing less of the others.
fn per_value(rate: &Rate) -> bool {
    rate.keys.iter().any(|key| matches!(key, Key::Value(_)))
}

/// A limit, and what it is about.
struct Limit<'c> {
    policy: &'c Policy,
    rule: &'c Rule,
    rate: &'c Rate,
    tools: Vec<ToolId>,
    /// The clause with the bound.
    place: Span,
}

impl Limit<'_> {
    /// `per agent`, where one agent hands its work to many: each brings a budget of its own.
    fn workers(&self, whole: &BTreeSet<ToolId>) -> Option<Diagnostic> {
        if !per_agent(self.rate) || self.are_all(whole) {
            return None;
        }
        let reached = |agent: &&Agent| !agent.reached_via.is_empty();
        let worker = match &self.rule.scope.agents {
            Some(agents) => agents.iter().map(|id| &self.policy[*id]).find(reached),
            None => self.policy.agents.iter().find(reached),
        }?;
        let title = format!("{} gives each agent behind a caller a budget of its own", called(self.rule));
        let diagnostic = Diagnostic::new(Code::AP0623, title, self.place, "twenty agents, twenty budgets")
            .because(worker.span, format!("`{}` is reached via others", worker.name));
        Some(diagnostic.help("write `per origin`, the agent that began the chain, or `per user`"))
    }

    /// One counter for several users.
    fn everybody(&self, shared: &BTreeSet<ToolId>) -> Option<Diagnostic> {
        let one = self.rule.clauses.iter().any(|clause| match &clause.kind {
            ClauseKind::User(users) => matches!(users.as_slice(), [UserSelector::None | UserSelector::Id(_)]),
            _ => false,
        });
        if one || per_user(self.rate) || per_value(self.rate) || self.are_all(shared) {
            return None;
        }
        let title = format!("one user can use up what {} leaves to all", called(self.rule));
        let diagnostic = Diagnostic::new(Code::AP0624, title, self.place, "counted for all users together");
        Some(diagnostic.help("write `per user`; or keep it, and write a smaller limit `per user` beside it"))
    }

    fn are_all(&self, tools: &BTreeSet<ToolId>) -> bool {
        !self.tools.is_empty() && self.tools.iter().all(|tool| tools.contains(tool))
    }

    /// A number of calls, where one call has many receivers or payments.
    fn lists(&self, counted: &BTreeSet<(ToolId, String)>) -> Option<Diagnostic> {
        if self.rate.of.is_some() {
            return None;
        }
        let many = |id: &ToolId| {
            let tool = &self.policy[*id];
            let field = self.policy[tool.params].fields.iter().find(|field| is_many(&field.ty, &tool.verbs))?;
            (!counted.contains(&(*id, field.name.clone()))).then_some((tool, field))
        };
        let (tool, field) = self.tools.iter().find_map(many)?;
        let title = format!("{} counts calls, and one call has many `{}`", called(self.rule), field.name);
        let diagnostic =
            Diagnostic::new(Code::AP0607, title, self.place, format!("one call of `{}` is one", tool.name))
                .because(field.span, format!("`{}` is a list", field.name));
        Some(diagnostic.help(format!("count what is in it: `at most ... of count(args.{}) per ...`", field.name)))
    }

    /// A sum over amounts of several currencies.
    fn currencies(&self) -> Option<Diagnostic> {
        let of = self.rate.of.as_ref().filter(|of| matches!(of.ty, Type::Decimal { .. }))?;
        let is_read = arguments(self.rule).is_none_or(|names| names.iter().any(|name| is_currency(name)));
        let field = |expr: &Expr| matches!(&expr.kind, ExprKind::Field(_, name) if is_currency(name));
        let in_parts = || parts(self.rule).iter().any(|part| field(part.expr));
        let in_counted = || self.rule.effect.exprs().into_iter().any(|expr| expr.any(&mut |part| field(part)));
        if is_read || in_parts() || in_counted() {
            return None;
        }
        let currency = |id: &ToolId| {
            let fields = &self.policy[self.policy[*id].params].fields;
            fields.iter().find(|field| is_currency(&field.name)).map(|field| (*id, field))
        };
        let (tool, field) = self.tools.iter().find_map(currency)?;
        let title = format!("{} adds up amounts of several currencies", called(self.rule));
        let place = format!("`{}` of `{}` says of what", field.name, self.policy[tool].name);
        let diagnostic = Diagnostic::new(Code::AP0611, title, of.span, "100 of what?").because(field.span, place);
        Some(diagnostic.help(format!("count each apart: `per ..., args.{}`", field.name)))
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
