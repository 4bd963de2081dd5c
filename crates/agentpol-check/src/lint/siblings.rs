//! Restrictions that name a tool and leave out its twin: the same verb on the same data, with the same arguments.

use super::overview::Overview;
use super::{Surface, called, reach};
use crate::policy::{Policy, Rule, ToolId, Verb};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics};

/// Verbs of which a second way matters.
const GRAVE: [Verb; 7] =
    [Verb::Pays, Verb::Sends, Verb::Exports, Verb::Deletes, Verb::Grants, Verb::Deploys, Verb::Executes];

pub(super) fn look(surface: &Surface<'_, '_>, overview: &Overview<'_>, diagnostics: &mut Diagnostics) {
    let policy = surface.policy;
    let is_free = |id: &ToolId| overview.tool(*id).is_none_or(|tool| !tool.looked_into);
    let free: Vec<ToolId> = reach::all(policy).filter(is_free).collect();
    for (rule, read) in &overview.readers {
        if let Some(diagnostic) = read.as_ref().and_then(|read| twin(policy, rule, read, &free)) {
            diagnostics.push(diagnostic);
        }
    }
}

/// Finds a tool that the rule could name as well, and that no restriction looks into.
fn twin(policy: &Policy, rule: &Rule, read: &[&str], free: &[ToolId]) -> Option<Diagnostic> {
    let named = rule.scope.tools.as_ref().filter(|_| rule.scope.tools_by_name)?;
    for tool in named {
        let Some(other) = free.iter().find(|other| alike(policy, *tool, **other, read)) else { continue };
        let (tool, other) = (&policy[*tool], &policy[*other]);
        let title = format!("{} is about `{}`, but not about `{}`", called(rule), tool.name, other.name);
        let diagnostic = Diagnostic::new(Code::AP0609, title, rule.span, "the other way stays open")
            .because(other.span, "the same verb on the same data");
        return Some(diagnostic.help(format!("add `{}` to the tools of the rule", other.name)));
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
