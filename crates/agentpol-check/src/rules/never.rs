//! Rules that can never match: nothing is left to speak about, or a clause excludes everything.

use super::clauses::{Block, Parts};
use super::scope::Standing;
use crate::draft::Draft;
use crate::policy::{Clause, ClauseKind, EnvId, Expr, ExprKind, LocalId, Scope, ToolId, Type, Value, Verb};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast::{self, AgentSelector, OnSelector, ToolPattern};

/// Says that no agent is left.
pub(super) fn no_agent(draft: &mut Draft<'_, '_>, standing: Standing<'_>, selector: &AgentSelector<'_>, span: Span) {
    let (label, help) = match selector {
        AgentSelector::WithFunction(function) => {
            let functions: Vec<&str> = draft.policy.agents.iter().map(|agent| agent.function.as_str()).collect();
            let near = agentpol_diagnostics::did_you_mean(function.value, functions.iter().copied());
            let whose = if standing.grants() { "no agent of this module" } else { "no agent" };
            (
                format!("{whose} has this function"),
                near.unwrap_or_else(|| "name the agents, or correct the text".to_owned()),
            )
        }
        AgentSelector::Any([]) => {
            ("this module has no agent".to_owned(), "declare one: `agent NAME { ... }`".to_owned())
        }
        _ => ("no agent is left".to_owned(), "name an agent, or remove one behind `except`".to_owned()),
    };
    never(draft, standing, span, label, help);
}

/// Finds the tools that the rule may be about; says why where there is none.
pub(super) fn candidates(
    draft: &mut Draft<'_, '_>,
    standing: Standing<'_>,
    scope: &Scope,
    parts: &Parts<'_, '_>,
    whole: Span,
) -> Option<Vec<ToolId>> {
    let grants = standing.grants();
    let ids = |draft: &Draft<'_, '_>, scope: &Scope| -> Vec<ToolId> {
        let all = (0..draft.policy.tools.len() as u32).map(ToolId);
        match &scope.tools {
            Some(tools) => tools.iter().copied().filter(|id| draft.may_match(scope, *id, grants)).collect(),
            None => all.filter(|id| draft.may_match(scope, *id, grants)).collect(),
        }
    };
    let found = ids(draft, scope);
    if !found.is_empty() || is_open(standing, parts) {
        return Some(found);
    }
    if let (Some([]), Some((_, span))) = (scope.tools.as_deref(), parts.tool) {
        no_tool(draft, standing, parts, span);
        return None;
    }
    let without_does = Scope { does: None, ..scope.clone() };
    let without_on = Scope { on: None, ..scope.clone() };
    let (span, label, help) = match (parts.does, parts.on) {
        (Some((_, span)), _) if !ids(draft, &without_does).is_empty() => {
            let left = ids(draft, &without_does);
            let help = verbs_left(draft, scope, &left, grants);
            let label = if grants { "no tool that is left does only this" } else { "no tool that is left does this" };
            (span, label.to_owned(), help)
        }
        (_, Some((selector, span))) if !ids(draft, &without_on).is_empty() => {
            let left = ids(draft, &without_on);
            let label =
                if grants { "no tool that is left touches only this" } else { "no tool that is left touches this" };
            (span, label.to_owned(), data_left(draft, selector, &left, grants))
        }
        (Some((_, span)), _) | (None, Some((_, span))) => {
            let owned = grants && standing.block != Block::Delegation;
            let label = if owned { "no tool that this module may grant fits" } else { "no tool fits" };
            (span, label.to_owned(), "name the tools that the rule is about: `tool ...`".to_owned())
        }
        (None, None) => {
            let label = "no tool is left";
            (parts.tool.map_or(whole, |(_, span)| span), label.to_owned(), "name a tool".to_owned())
        }
    };
    never(draft, standing, span, label, help);
    None
}

/// Returns whether a restriction selects by kind alone, as baselines do for tools that are declared elsewhere or later.
fn is_open(standing: Standing<'_>, parts: &Parts<'_, '_>) -> bool {
    let by_kind = match parts.tool {
        None => true,
        Some((patterns, _)) => matches!(patterns.include, [ToolPattern::Every(_)]) && patterns.except.is_empty(),
    };
    !standing.grants() && by_kind && !matches!(parts.on, Some((OnSelector::Names(_), _)))
}

fn no_tool(draft: &mut Draft<'_, '_>, standing: Standing<'_>, parts: &Parts<'_, '_>, span: Span) {
    let by_pattern = |pattern: &ToolPattern<'_>| !matches!(pattern, ToolPattern::Named(_));
    let patterns = parts.tool.map(|(patterns, _)| patterns);
    let pattern = patterns.is_some_and(|patterns| patterns.include.iter().any(by_pattern));
    let except = patterns.is_some_and(|patterns| !patterns.except.is_empty());
    let (label, help) = match (standing.grants(), pattern, except) {
        (true, true, false) if standing.block == Block::Delegation => (
            "no tool is left that a pattern covers",
            "name the tools one by one; what `touches anything` or is `unverified` is never covered by a pattern",
        ),
        (true, true, false) => (
            "none of these is this module's to grant, or to grant by a pattern",
            "name the tools one by one; what `touches anything` or is `unverified` is never granted by a pattern",
        ),
        (true, false, false) => ("none of these is this module's to grant", "name tools of this module's own systems"),
        (_, _, true) => ("`except` takes every tool away", "remove one of the tools behind `except`"),
        (false, _, false) => ("no tool is left", "declare a tool of this name first"),
    };
    never(draft, standing, span, label.to_owned(), help.to_owned());
}

/// Says which verbs the first tool that is left has beside those written.
fn verbs_left(draft: &Draft<'_, '_>, scope: &Scope, left: &[ToolId], grants: bool) -> String {
    let Some(tool) = left.first().map(|id| &draft.policy[*id]) else { return String::new() };
    if grants && (tool.unverified || tool.touches_anything) {
        let why = if tool.unverified { "is `unverified`" } else { "`touches anything`" };
        return format!("`{}` {why}: name it with `tool {}` and leave `does` out", tool.name, tool.name);
    }
    let wanted = scope.does.clone().unwrap_or_default();
    let joined = |verbs: &[Verb], by: &str| verbs.iter().map(|verb| verb.as_str()).collect::<Vec<_>>().join(by);
    let (words, does) = (|verbs: &[Verb]| joined(verbs, "`, `"), |verbs: &[Verb]| joined(verbs, ", "));
    match grants {
        true => {
            let more: Vec<Verb> = tool.verbs.iter().copied().filter(|verb| !wanted.contains(verb)).collect();
            let all = does(&[wanted.as_slice(), more.as_slice()].concat());
            let tool = &tool.name;
            format!("a grant covers every verb: `{tool}` also `{}`; write `does {all}`", words(&more))
        }
        false => format!(
            "`{}` only `{}`: write `does {}`, or name another tool",
            tool.name,
            words(&tool.verbs),
            does(&tool.verbs)
        ),
    }
}

/// Says which data the first tool that is left touches.
fn data_left(draft: &Draft<'_, '_>, selector: &OnSelector<'_>, left: &[ToolId], grants: bool) -> String {
    let Some(tool) = left.first().map(|id| &draft.policy[*id]) else { return String::new() };
    let data: Vec<String> = tool.datasets.iter().map(|id| draft.dataset_name(*id)).collect();
    match (data.as_slice(), selector) {
        ([], _) if tool.touches_anything => {
            format!("`{}` touches anything: name it with `tool {}` and leave `on` out", tool.name, tool.name)
        }
        ([], _) => format!("`{}` touches no data: leave `on` out", tool.name),
        (data, _) if grants => {
            format!("a grant covers all data of a tool: `{}` touches `{}`", tool.name, data.join("`, `"))
        }
        (data, _) => format!("`{}` touches `{}`", tool.name, data.join("`, `")),
    }
}

/// Checks the clauses that a request decides for those that nothing fulfils.
pub(super) fn check_clauses(
    draft: &mut Draft<'_, '_>,
    standing: Standing<'_>,
    tools: &[ToolId],
    clauses: &[Clause],
    typed: bool,
) {
    if typed && tools.is_empty() {
        let reads = |clause: &&Clause| expression(&clause.kind).is_some_and(has_unknown);
        if let Some(clause) = clauses.iter().find(reads) {
            let help = "check it together with the modules that declare tools, or name the tools".to_owned();
            never(draft, standing, clause.span, "no tool fits the rule, so there are no arguments".to_owned(), help);
        }
    }
    let mut during = None;
    let mut outside = None;
    for clause in clauses {
        match &clause.kind {
            ClauseKind::Env(envs) => check_env(draft, standing, tools, envs, clause.span),
            ClauseKind::During(schedules) => during = Some((schedules, clause.span)),
            ClauseKind::Outside(schedules) => outside = Some(schedules),
            ClauseKind::When(expr) if typed && is_bool(expr, false) => {
                never(
                    draft,
                    standing,
                    clause.span,
                    "is always false".to_owned(),
                    "remove the rule, or say when it holds".to_owned(),
                );
            }
            ClauseKind::Unless(expr) if typed && is_bool(expr, true) => {
                never(
                    draft,
                    standing,
                    clause.span,
                    "is always true".to_owned(),
                    "remove the clause, or say when it holds".to_owned(),
                );
            }
            _ => {}
        }
    }
    if let (Some((during, span)), Some(outside)) = (during, outside)
        && during.iter().all(|id| outside.contains(id))
    {
        let help = "remove `during` or `outside`".to_owned();
        never(draft, standing, span, "`outside` excludes all of this".to_owned(), help);
    }
}

/// Refuses a limit or alert that counts what no tool has.
pub(super) fn refuse_uncounted(draft: &mut Draft<'_, '_>, standing: Standing<'_>, tools: &[ToolId], span: Span) {
    if tools.is_empty() {
        let help = "check it together with the modules that declare tools, or name the tools".to_owned();
        never(draft, standing, span, "no tool fits the rule, so there is nothing to count".to_owned(), help);
    }
}

/// Refuses a rule that nothing came of though no mistake was told: it would restrict nothing.
pub(super) fn refuse_lost(draft: &mut Draft<'_, '_>, ast: &ast::Rule<'_>) {
    let unread = draft.names.modules.iter().any(|names| !names.unread.is_empty());
    if unread || draft.diagnostics.has_errors() {
        return;
    }
    let title = "a part of this rule has no type";
    let span = ast.name.map_or(ast.effect_span, |name| name.span);
    let diagnostic = Diagnostic::new(Code::AP0302, title, span, "cannot be decided");
    draft.report(diagnostic.help("write it in another way, part by part"));
}

/// Refuses conditions of which a part has no type though no mistake was told: they could not be decided.
pub(super) fn refuse_untyped(draft: &mut Draft<'_, '_>) {
    if draft.diagnostics.has_errors() {
        return;
    }
    let opaque = |expr: &Expr| expr.any(&mut |part| matches!(part.kind, ExprKind::Local(LocalId(u32::MAX))));
    let rules = draft.policy.rules.iter();
    let delegated = draft.policy.delegations.iter().flat_map(|delegation| &delegation.clauses);
    let clauses = rules.clone().flat_map(|rule| &rule.clauses).chain(delegated);
    let exprs = clauses.filter_map(|clause| Some((expression(&clause.kind)?, clause.span)));
    let counted = rules.flat_map(|rule| rule.effect.exprs()).map(|expr| (expr, expr.span));
    let untyped: Vec<Span> = exprs.chain(counted).filter(|(expr, _)| opaque(expr)).map(|(_, span)| span).collect();
    for span in untyped {
        let title = "a part of this condition has no type";
        let diagnostic = Diagnostic::new(Code::AP0302, title, span, "cannot be decided");
        draft.report(diagnostic.help("write it in another way, part by part"));
    }
}

/// Returns the expression of a clause.
fn expression(clause: &ClauseKind) -> Option<&Expr> {
    match clause {
        ClauseKind::Let(_, expr) | ClauseKind::When(expr) | ClauseKind::Unless(expr) => Some(expr),
        ClauseKind::User(_)
        | ClauseKind::Env(_)
        | ClauseKind::Task(_)
        | ClauseKind::During(_)
        | ClauseKind::Outside(_) => None,
    }
}

/// Returns whether a part of an expression has no type: an argument, where there is no tool that could have it.
fn has_unknown(expr: &Expr) -> bool {
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        if expr.ty == Type::Unknown || matches!(expr.kind, ExprKind::Local(LocalId(u32::MAX))) {
            return true;
        }
        open.extend(expr.children());
    }
    false
}

fn is_bool(expr: &Expr, wanted: bool) -> bool {
    matches!(&expr.kind, ExprKind::Literal(Value::Bool(value)) if *value == wanted)
}

/// Refuses environments in which none of the tools exists.
fn check_env(draft: &mut Draft<'_, '_>, standing: Standing<'_>, tools: &[ToolId], envs: &[EnvId], span: Span) {
    let exists = |id: &ToolId| {
        let Some(home) = draft.policy[*id].home else { return true };
        let own = &draft.policy[home].environments;
        own.is_empty() || envs.iter().any(|env| own.contains(env))
    };
    if tools.is_empty() || tools.iter().any(exists) {
        return;
    }
    let home = tools.iter().find_map(|id| draft.policy[*id].home);
    let help = home.map_or_else(String::new, |home| {
        let system = &draft.policy[home];
        let names: Vec<&str> = system.environments.iter().map(|env| draft.policy[*env].as_str()).collect();
        format!("`{}` exists in `{}`", system.name, names.join("`, `"))
    });
    never(draft, standing, span, "none of the tools exists there".to_owned(), help);
}

fn never(draft: &mut Draft<'_, '_>, standing: Standing<'_>, span: Span, label: String, help: String) {
    // What could not be read may be what is missing.
    if draft.names.modules.iter().any(|names| !names.unread.is_empty()) {
        return;
    }
    let title = match standing.block {
        Block::Rule(_) => "this rule can never match",
        Block::Delegation => "nothing is delegated by this",
    };
    draft.report(Diagnostic::new(Code::AP0405, title, span, label).maybe_help((!help.is_empty()).then_some(help)));
}
