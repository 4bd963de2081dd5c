//! Restrictions that look at one receiver of a tool and not at the others.

use super::walk::arguments;
use super::{Surface, called, listed, reach};
use crate::policy::{Policy, Rule, ToolId, Type};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics};
use std::collections::{BTreeMap, BTreeSet};

/// Arguments that any restriction reads, by tool; `None` where one reads them all.
type Read<'c> = BTreeMap<ToolId, Option<Vec<&'c str>>>;

/// A restriction, the arguments that it reads (`None` for all of them), and the tools that it may be about.
type Looking<'c> = (&'c Rule, Option<Vec<&'c str>>, Vec<ToolId>);

pub(super) fn look(surface: &Surface<'_, '_>, diagnostics: &mut Diagnostics) {
    let policy = surface.policy;
    let restrictions = policy.rules.iter().filter(|rule| !rule.effect.grants() && !rule.observed);
    let looked: Vec<Looking<'_>> = restrictions
        .map(|rule| (rule, arguments(rule)))
        .filter(|(_, read)| read.as_ref().is_none_or(|read| !read.is_empty()))
        .map(|(rule, read)| (rule, read, reach::tools(policy, rule)))
        .collect();
    let mut read: Read<'_> = BTreeMap::new();
    for (_, names, tools) in &looked {
        for tool in tools {
            let all = read.entry(*tool).or_insert_with(|| Some(Vec::new()));
            match (all.as_mut(), names) {
                (Some(all), Some(names)) => all.extend(names),
                _ => *all = None,
            }
        }
    }
    let mut told: BTreeSet<ToolId> = BTreeSet::new();
    for (rule, names, tools) in &looked {
        let Some(names) = names else { continue };
        let mut open = tools.iter().filter(|tool| !told.contains(tool));
        let found = open.find_map(|tool| Some((*tool, overlooked(policy, rule, *tool, names, &read)?)));
        if let Some((tool, diagnostic)) = found {
            told.insert(tool);
            diagnostics.push(diagnostic);
        }
    }
}

/// Tells about the first tool of which a receiver is read and another of the same type by no rule at all.
fn overlooked(policy: &Policy, rule: &Rule, id: ToolId, names: &[&str], read: &Read<'_>) -> Option<Diagnostic> {
    let tool = &policy[id];
    let all = read.get(&id)?.as_ref()?;
    let receivers = || policy[tool.params].fields.iter().filter(|field| receives(&field.ty).is_some());
    let seen = receivers().find(|field| names.contains(&field.name.as_str()))?;
    let kind = receives(&seen.ty);
    let others: Vec<_> =
        receivers().filter(|field| receives(&field.ty) == kind && !all.contains(&field.name.as_str())).collect();
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
