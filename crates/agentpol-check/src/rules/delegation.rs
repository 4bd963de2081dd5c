//! Delegation: who may act through whom, and for what. Both sides say so: `delegates to` and `reached via`.

use super::clauses::{self, Block};
use super::scope::{self, Standing};
use super::{Typed, never, ready_clauses, type_clauses};
use crate::declare::Declared;
use crate::draft::Draft;
use crate::expr::Place;
use crate::ownership::Grantable;
use crate::policy::{AgentId, Clause, ClauseKind, Delegation, Expr, ExprKind, ModuleId, Scope};
use crate::tool_sets::ToolSets;
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast::{self, AgentClauseKind};
use std::collections::BTreeMap;

/// Who delegates to whom, and where that is written.
type Declarations = BTreeMap<(AgentId, AgentId), Span>;

/// Fills the delegations of all agents, by the two agents.
pub(crate) fn fill_delegations<'a>(
    draft: &mut Draft<'a, '_>,
    declared: &Declared<'a>,
    grantable: &Grantable,
    sets: &mut ToolSets,
) {
    let mut delegated = Declarations::new();
    for (at, (module, ast)) in declared.agents.iter().enumerate() {
        let from = AgentId(at as u32);
        for clause in ast.clauses {
            if let AgentClauseKind::DelegatesTo(paths, block) = &clause.kind {
                let to = receivers(draft, *module, from, paths, &mut delegated);
                let standing = Standing { module: *module, block: Block::Delegation, grantable };
                delegate(draft, standing, sets, from, &to, block.as_ref(), clause.span);
            }
        }
    }
    draft.policy.delegations.sort_by_key(|delegation| (delegation.from, delegation.to));
    refuse_one_sided(draft, declared, &delegated);
}

/// Looks up to whom an agent delegates; each once, and never to itself.
fn receivers(
    draft: &mut Draft<'_, '_>,
    module: ModuleId,
    from: AgentId,
    paths: &[ast::Path<'_>],
    delegated: &mut Declarations,
) -> Vec<AgentId> {
    let mut ids = Vec::new();
    for path in paths {
        let Some(to) = draft.agent(module, path) else { continue };
        let name = path.joined();
        if to == from {
            let title = format!("`{name}` delegates to itself");
            let diagnostic = Diagnostic::new(Code::AP0415, title, path.span, "the agent itself");
            draft.report(diagnostic.help("remove it: what an agent may do itself, an `allow` says"));
            continue;
        }
        if let Some(first) = delegated.get(&(from, to)) {
            let title = format!("it is said twice what is delegated to `{name}`");
            let diagnostic = Diagnostic::new(Code::AP0415, title, path.span, "again here");
            let help = format!("write one block: `delegates to {name} {{ tool a, b }}`");
            draft.report(diagnostic.because(*first, "first here").help(help));
            continue;
        }
        delegated.insert((from, to), path.span);
        ids.push(to);
    }
    ids
}

/// Types one `delegates to` and adds a delegation for each receiver.
fn delegate<'a>(
    draft: &mut Draft<'a, '_>,
    standing: Standing<'_>,
    sets: &mut ToolSets,
    from: AgentId,
    to: &[AgentId],
    block: Option<&ast::Block<'a>>,
    span: Span,
) {
    let parts = block.map(|block| clauses::sort_block(draft, Block::Delegation, block));
    let bounded = |parts: &clauses::Parts<'_, '_>| parts.tool.is_some() || parts.does.is_some() || parts.on.is_some();
    let Some(parts) = parts.filter(bounded) else {
        let title = format!("`{}` does not say what it delegates", draft.policy[from].name);
        let diagnostic = Diagnostic::new(Code::AP0415, title, span, "`tool`, `does` or `on` is missing");
        draft.report(diagnostic.help("write it in a block behind the agent: `delegates to worker { tool crm.find }`"));
        return;
    };
    let Some(scope) = scope::resolve(draft, standing, sets, &parts) else { return };
    let Some(tools) = never::candidates(draft, standing, &scope, &parts, span) else { return };
    let ready = ready_clauses(draft, standing, &parts);
    let place = Place::Rule { tools: tools.clone(), agents: Some(to.to_vec()), grants: true, span };
    let before = draft.diagnostics.len();
    let Typed { clauses, locals, .. } = type_clauses(draft, standing.module, place, &parts, ready, !to.is_empty());
    let typed = draft.diagnostics.len() == before;
    never::check_clauses(draft, standing, &tools, &clauses, typed);
    refuse_attributes(draft, &clauses);
    for to in to {
        let (scope, clauses): (Scope, Vec<Clause>) = (scope.clone(), clauses.clone());
        draft.policy.delegations.push(Delegation { from, to: *to, scope, clauses, locals, span });
    }
}

/// Refuses `agent.NAME`: a chain goes on behind the agent that something is delegated to.
fn refuse_attributes(draft: &mut Draft<'_, '_>, clauses: &[Clause]) {
    fn find(expr: &Expr) -> Option<Span> {
        match &expr.kind {
            ExprKind::Agent(_) => Some(expr.span),
            _ => expr.children().into_iter().find_map(find),
        }
    }
    let read = |clause: &Clause| match &clause.kind {
        ClauseKind::Let(_, expr) | ClauseKind::When(expr) | ClauseKind::Unless(expr) => find(expr),
        _ => None,
    };
    for span in clauses.iter().filter_map(read).collect::<Vec<_>>() {
        let title = "the attributes of an agent are not read in what is delegated";
        let diagnostic = Diagnostic::new(Code::AP0316, title, span, "another agent may act at the end of the chain");
        draft.report(diagnostic.help("write it into the `allow` of the agent that acts"));
    }
}

/// Refuses what only one of two agents of one module says. Of another module the rest may still come.
fn refuse_one_sided(draft: &mut Draft<'_, '_>, declared: &Declared<'_>, delegated: &Declarations) {
    let module = |draft: &Draft<'_, '_>, id: AgentId| draft.policy[id].module;
    for ((from, to), span) in delegated {
        if module(draft, *from) == module(draft, *to) && !draft.policy[*to].reached_via.contains(from) {
            let (by, whom) = (draft.policy[*from].name.clone(), draft.policy[*to].name.clone());
            let title = format!("`{whom}` does not say that it is reached via `{by}`");
            let place = draft.policy[*to].span;
            let help = format!("write `reached via {by}` in `{whom}`; or `reached via {by}, directly`");
            let diagnostic = Diagnostic::new(Code::AP0414, title, *span, "delegates to it");
            draft.report(diagnostic.because(place, "declared here").help(help));
        }
    }
    for (at, (own, ast)) in declared.agents.iter().enumerate() {
        let to = AgentId(at as u32);
        for clause in ast.clauses {
            let AgentClauseKind::ReachedVia(paths, _) = &clause.kind else { continue };
            for path in *paths {
                let found = draft.names.find(*own, &path.joined());
                let Some((crate::names::Entity::Agent(from), _)) = found else { continue };
                if from == to || module(draft, from) != *own || delegated.contains_key(&(from, to)) {
                    continue;
                }
                let (by, whom) = (path.joined(), draft.policy[to].name.clone());
                let title = format!("`{by}` delegates nothing to `{whom}`");
                let place = draft.policy[from].span;
                let help = format!("write `delegates to {whom} {{ tool ... }}` in `{by}`, or remove it here");
                let diagnostic = Diagnostic::new(Code::AP0414, title, path.span, "says that it reaches this agent");
                draft.report(diagnostic.because(place, "declared here").help(help));
            }
        }
    }
}
