//! Delegations between modules of which one side is missing: no call passes before it is there.

use super::Surface;
use crate::names::Entity;
use crate::policy::{AgentId, ModuleId};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, Span};
use agentpol_syntax::ast::{Agent, AgentClauseKind, ItemKind, Path};
use std::collections::BTreeMap;

pub(super) fn look(surface: &Surface<'_, '_>, diagnostics: &mut Diagnostics) {
    let ids = 0..u32::try_from(surface.policy.agents.len()).unwrap_or(u32::MAX);
    let by_place: BTreeMap<Span, AgentId> =
        surface.policy.agents.iter().zip(ids).map(|(agent, at)| (agent.span, AgentId(at))).collect();
    for item in surface.asts.iter().flat_map(|ast| ast.items) {
        let ItemKind::Agent(written) = item.kind else { continue };
        if let Some(id) = by_place.get(&written.name.span) {
            look_at(surface, *id, &written, diagnostics);
        }
    }
}

/// Looks at what one agent says of others.
fn look_at(surface: &Surface<'_, '_>, own: AgentId, written: &Agent<'_>, diagnostics: &mut Diagnostics) {
    let policy = surface.policy;
    let module = policy[own].module;
    let name = format!("{}.{}", policy[module].name, policy[own].name);
    for clause in written.clauses {
        let (paths, words) = match &clause.kind {
            AgentClauseKind::DelegatesTo(paths, _) => (*paths, format!("reached via {name}")),
            AgentClauseKind::ReachedVia(paths, _) => (*paths, format!("delegates to {name} {{ tool ... }}")),
            _ => continue,
        };
        let delegates = matches!(clause.kind, AgentClauseKind::DelegatesTo(..));
        for path in paths {
            let Some(other) = agent(surface, module, path) else { continue };
            let answered = match delegates {
                true => policy[other].reached_via.binary_search(&own).is_ok(),
                false => policy.delegations.binary_search_by_key(&(other, own), |pair| (pair.from, pair.to)).is_ok(),
            };
            if answered {
                continue;
            }
            let title = match delegates {
                true => format!("`{}` does not say that it is reached via `{}`", path.joined(), policy[own].name),
                false => format!("`{}` delegates nothing to `{}`", path.joined(), policy[own].name),
            };
            let diagnostic = Diagnostic::new(Code::AP0625, title, path.span, "no call passes before it does");
            diagnostics.push(diagnostic.help(format!("its owner can write `{words}` in the agent")));
        }
    }
}

fn agent(surface: &Surface<'_, '_>, module: ModuleId, path: &Path<'_>) -> Option<AgentId> {
    match surface.names.find(module, &path.joined()) {
        Some((Entity::Agent(id), _)) => Some(id),
        _ => None,
    }
}
