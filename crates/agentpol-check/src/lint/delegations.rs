//! Delegations between modules of which one side is missing: no call passes before it is there.

use super::Surface;
use crate::names::Entity;
use crate::policy::{AgentId, ModuleId};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics};
use agentpol_syntax::ast::{AgentClauseKind, ItemKind, Path};

pub(super) fn look(surface: &Surface<'_, '_>, diagnostics: &mut Diagnostics) {
    let policy = surface.policy;
    let agent = |module: ModuleId, path: &Path<'_>| match surface.names.find(module, &path.joined()) {
        Some((Entity::Agent(id), _)) => Some(id),
        _ => None,
    };
    for item in surface.asts.iter().flat_map(|ast| ast.items) {
        let ItemKind::Agent(written) = item.kind else { continue };
        let Some(at) = policy.agents.iter().position(|agent| agent.span == written.name.span) else { continue };
        let (own, module) = (AgentId(u32::try_from(at).unwrap_or(u32::MAX)), policy.agents[at].module);
        for clause in written.clauses {
            match &clause.kind {
                AgentClauseKind::DelegatesTo(paths, _) => {
                    let unheard =
                        |path: &&Path<'_>| agent(module, path).is_some_and(|to| !policy[to].reached_via.contains(&own));
                    for path in paths.iter().filter(unheard) {
                        let title =
                            format!("`{}` does not say that it is reached via `{}`", path.joined(), written.name.text);
                        let help = format!(
                            "its owner can write `reached via {}.{}` in the agent",
                            policy[module].name, written.name.text
                        );
                        let diagnostic =
                            Diagnostic::new(Code::AP0625, title, path.span, "no call passes before it does");
                        diagnostics.push(diagnostic.help(help));
                    }
                }
                AgentClauseKind::ReachedVia(paths, _) => {
                    let delegates = |from: AgentId| {
                        policy.delegations.iter().any(|delegation| (delegation.from, delegation.to) == (from, own))
                    };
                    let unheard = |path: &&Path<'_>| agent(module, path).is_some_and(|from| !delegates(from));
                    for path in paths.iter().filter(unheard) {
                        let title = format!("`{}` delegates nothing to `{}`", path.joined(), written.name.text);
                        let help = format!(
                            "its owner can write `delegates to {}.{} {{ tool ... }}` in the agent",
                            policy[module].name, written.name.text
                        );
                        let diagnostic =
                            Diagnostic::new(Code::AP0625, title, path.span, "no call passes before it does");
                        diagnostics.push(diagnostic.help(help));
                    }
                }
                _ => {}
            }
        }
    }
}
