//! Lints: what is well-formed and still deserves a second look.
//!
//! Each file here has one theme. A lint speaks only where an edit can answer it. The weight of each is set by the
//! project.

mod budgets;
mod declared;
mod delegations;
mod filters;
mod grants;
mod memory;
mod overview;
mod people;
mod reach;
mod receivers;
mod sessions;
mod siblings;
mod spread;
mod thresholds;
mod unused;
mod walk;

use crate::names::Names;
use crate::policy::{Effect, Policy, Rule};
use agentpol_diagnostics::{Diagnostics, SourceMap, Span};
use agentpol_syntax::ast::{self, Ast, ItemKind};
use std::collections::BTreeMap;

/// What lints look at.
pub(crate) struct Surface<'c, 'a> {
    pub(crate) policy: &'c Policy,
    pub(crate) names: &'c Names<'a>,
    pub(crate) asts: &'c [Ast<'a>],
    pub(crate) sources: &'c SourceMap,
    /// Days since 1970-01-01; without it nothing is said about how far off a date is.
    pub(crate) today: Option<i32>,
}

/// Looks at a policy that has no mistakes.
pub(crate) fn run(surface: &Surface<'_, '_>, diagnostics: &mut Diagnostics) {
    let written = written_rules(surface.asts);
    for rule in &surface.policy.rules {
        let written = written.get(&rule.span).copied();
        people::look(rule, written, diagnostics);
        // An alert restricts nothing, so nothing gets past it.
        if matches!(rule.effect, Effect::Alert(_)) {
            continue;
        }
        grants::look(surface, rule, written, diagnostics);
        filters::look(surface, rule, diagnostics);
        thresholds::look(surface, rule, diagnostics);
    }
    let overview = overview::Overview::of(surface.policy);
    people::look_together(surface, &overview, diagnostics);
    thresholds::look_together(surface, diagnostics);
    budgets::look(surface, &written, diagnostics);
    receivers::look(surface, &overview, diagnostics);
    siblings::look(surface, &overview, diagnostics);
    declared::look(surface, diagnostics);
    delegations::look(surface, diagnostics);
    memory::look(surface, diagnostics);
    spread::look(surface, diagnostics);
    sessions::look(surface, diagnostics);
    unused::look(surface, diagnostics);
}

/// Finds rules as they are written by the place of their effect and name.
fn written_rules<'a>(asts: &[Ast<'a>]) -> BTreeMap<Span, ast::Rule<'a>> {
    let items = asts.iter().flat_map(|ast| ast.items);
    let rules = items.filter_map(|item| match item.kind {
        ItemKind::Rule(rule) => Some((rule.name.map_or(rule.effect_span, |name| rule.effect_span.to(name.span)), rule)),
        _ => None,
    });
    rules.collect()
}

/// Returns the clause of a written rule that fulfils a condition.
fn clause<'a>(rule: &ast::Rule<'a>, is: impl Fn(&ast::ClauseKind<'a>) -> bool) -> Option<ast::Clause<'a>> {
    rule.block.clauses.iter().copied().find(|clause| is(&clause.kind))
}

/// Names a rule in a sentence.
fn called(rule: &Rule) -> String {
    format!("the {} \"{}\"", rule.effect.as_str(), rule.name)
}

/// Joins names for a sentence.
fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    crate::expr::listed(names)
}
