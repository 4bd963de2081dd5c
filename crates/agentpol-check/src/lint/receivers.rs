//! Restrictions that look at one receiver of a tool and not at the others.

use super::overview::Overview;
use super::{Surface, called, listed, reach};
use crate::policy::{Policy, Rule, ToolId, Type};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics};
use std::collections::BTreeSet;

pub(super) fn look(surface: &Surface<'_, '_>, overview: &Overview<'_>, diagnostics: &mut Diagnostics) {
    let policy = surface.policy;
    let mut told: BTreeSet<ToolId> = BTreeSet::new();
    for (rule, read) in &overview.readers {
        let Some(names) = read.as_ref().filter(|_| !rule.observed) else { continue };
        for tool in reach::tools(policy, rule) {
            if told.contains(&tool) {
                continue;
            }
            if let Some(diagnostic) = overlooked(policy, rule, tool, names, overview) {
                told.insert(tool);
                diagnostics.push(diagnostic);
                break;
            }
        }
    }
}

/// Tells of a tool of which a receiver is read and another of the same type by no rule at all.
fn overlooked(policy: &Policy, rule: &Rule, id: ToolId, names: &[&str], overview: &Overview<'_>) -> Option<Diagnostic> {
    let all = overview.tool(id).filter(|all| !all.read_whole)?;
    let tool = &policy[id];
    let receivers = || policy[tool.params].fields.iter().filter(|field| receives(&field.ty).is_some());
    let seen = receivers().find(|field| names.contains(&field.name.as_str()))?;
    let kind = receives(&seen.ty);
    let others: Vec<_> =
        receivers().filter(|field| receives(&field.ty) == kind && !all.read.contains(field.name.as_str())).collect();
    if let Some(first) = others.first() {
        let list = listed(others.iter().map(|field| field.name.as_str()));
        let title = format!("{} reads `{}` of `{}`, but not {list}", called(rule), seen.name, tool.name);
        let diagnostic = Diagnostic::new(Code::AP0608, title, rule.span, "another way out stays open")
            .because(first.span, format!("`{}` receives too", first.name));
        return Some(diagnostic.help(format!("ask the same of {list}")));
    }
    if tool.open {
        let title =
            format!("{} reads `{}` of `{}`, which takes undeclared arguments", called(rule), seen.name, tool.name);
        let diagnostic = Diagnostic::new(Code::AP0608, title, rule.span, "an undeclared argument may receive too")
            .because(tool.span, "`...` lets them through");
        return Some(diagnostic.help("declare the arguments and remove `...`"));
    }
    None
}

/// Returns the kind of receiver that a type names.
fn receives(ty: &Type) -> Option<&'static str> {
    match ty {
        Type::Email => Some("email"),
        Type::Url { .. } => Some("url"),
        Type::Host => Some("host"),
        Type::Ip => Some("ip"),
        Type::List(of, _) => receives(of),
        _ => None,
    }
}
