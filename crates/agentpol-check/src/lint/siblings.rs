//! Restrictions that name a tool and leave out its twin: the same verb on the same data, with the same arguments.

use super::walk::arguments;
use super::{Surface, called, reach};
use crate::policy::{Policy, Rule, ToolId, Verb};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics};
use std::collections::BTreeSet;

/// Verbs of which a second way matters.
const GRAVE: [Verb; 7] =
    [Verb::Pays, Verb::Sends, Verb::Exports, Verb::Deletes, Verb::Grants, Verb::Deploys, Verb::Executes];

pub(super) fn look(surface: &Surface<'_, '_>, diagnostics: &mut Diagnostics) {
    let policy = surface.policy;
    let mut restricted: BTreeSet<ToolId> = BTreeSet::new();
    for rule in policy.rules.iter().filter(|rule| !rule.effect.grants() && !rule.observed) {
        if arguments(rule).is_none_or(|read| !read.is_empty()) || rule.clauses.is_empty() {
            restricted.extend(reach::tools(policy, rule));
        }
    }
    for rule in policy.rules.iter().filter(|rule| !rule.effect.grants()) {
        if let Some(diagnostic) = twin(policy, rule, &restricted) {
            diagnostics.push(diagnostic);
        }
    }
}

/// Finds a tool that the rule could name as well, and that no restriction looks into.
fn twin(policy: &Policy, rule: &Rule, restricted: &BTreeSet<ToolId>) -> Option<Diagnostic> {
    let named = rule.scope.tools.as_ref().filter(|_| rule.scope.tools_by_name)?;
    let read = arguments(rule).filter(|read| !read.is_empty())?;
    for tool in named {
        for at in 0..policy.tools.len() {
            let other = ToolId(u32::try_from(at).ok()?);
            if restricted.contains(&other) || !alike(policy, *tool, other, &read) {
                continue;
            }
            let (tool, other) = (&policy[*tool], &policy[other]);
            let title = format!("{} is about `{}`, but not about `{}`", called(rule), tool.name, other.name);
            let diagnostic = Diagnostic::new(Code::AP0609, title, rule.span, "the other way stays open")
                .because(other.span, "the same verb on the same data");
            return Some(diagnostic.help(format!("add `{}` to the tools of the rule", other.name)));
        }
    }
    None
}

fn alike(policy: &Policy, tool: ToolId, other: ToolId, read: &[&str]) -> bool {
    let (a, b) = (&policy[tool], &policy[other]);
    let grave = |verb: &&Verb| GRAVE.contains(verb);
    let shared = a.verbs.iter().filter(grave).any(|verb| b.verbs.contains(verb));
    let same_data = a.datasets.iter().any(|dataset| b.datasets.contains(dataset));
    let argument = |name: &&str| {
        let (of_a, of_b) = (policy[a.params].field(name), policy[b.params].field(name));
        matches!((of_a, of_b), (Some((_, a)), Some((_, b))) if a.ty == b.ty)
    };
    tool != other && shared && same_data && read.iter().all(argument)
}
