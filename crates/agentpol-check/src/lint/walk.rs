//! Going through the conditions of a rule, knowing what a true part does.

use crate::policy::{ClauseKind, Expr, ExprKind, LocalId, Rule};

/// A part of a condition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'r> {
    pub(super) expr: &'r Expr,
    /// Whether its truth helps the rule to match; `None` where that cannot be told.
    pub(super) helps: Option<bool>,
    /// It is one of several ways to match.
    pub(super) alternative: bool,
}

/// Values of the rule's `let` clauses.
pub(super) fn lets(rule: &Rule) -> Vec<(LocalId, &Expr)> {
    let clauses = rule.clauses.iter();
    clauses
        .filter_map(|clause| if let ClauseKind::Let(id, value) = &clause.kind { Some((*id, value)) } else { None })
        .collect()
}

/// Returns every part of the conditions of a rule, outer before inner.
pub(super) fn parts(rule: &Rule) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    for clause in &rule.clauses {
        match &clause.kind {
            ClauseKind::When(expr) => walk(expr, Some(true), false, &mut found),
            ClauseKind::Unless(expr) => walk(expr, Some(false), false, &mut found),
            ClauseKind::Let(_, value) => walk(value, None, false, &mut found),
            _ => {}
        }
    }
    found
}

fn walk<'r>(expr: &'r Expr, helps: Option<bool>, alternative: bool, found: &mut Vec<Part<'r>>) {
    found.push(Part { expr, helps, alternative });
    match &expr.kind {
        ExprKind::Not(of) => walk(of, helps.map(|helps| !helps), alternative, found),
        ExprKind::And(parts) | ExprKind::Or(parts) => {
            let is_or = matches!(expr.kind, ExprKind::Or(_));
            let alternative = alternative || helps == Some(is_or);
            parts.iter().for_each(|part| walk(part, helps, alternative, found));
        }
        ExprKind::Any(each) | ExprKind::All(each) => {
            walk(&each.over, None, alternative, found);
            walk(&each.body, helps, alternative, found);
        }
        ExprKind::Let(_, value, body) => {
            walk(value, None, alternative, found);
            walk(body, helps, alternative, found);
        }
        ExprKind::If(condition, then, other) => {
            walk(condition, None, true, found);
            walk(then, helps, true, found);
            walk(other, helps, true, found);
        }
        _ => expr.children().into_iter().for_each(|child| walk(child, None, alternative, found)),
    }
}

/// Names a path by its structure; `None` for what is no path into the request.
pub(super) fn path(lets: &[(LocalId, &Expr)], expr: &Expr) -> Option<String> {
    Some(match &expr.kind {
        ExprKind::Arg(name) => format!("args.{name}"),
        ExprKind::Field(of, name) => format!("{}.{name}", path(lets, of)?),
        ExprKind::Otherwise(of, _) => path(lets, of)?,
        ExprKind::Local(local) => path(lets, lets.iter().find(|(id, _)| id == local)?.1)?,
        _ => return None,
    })
}

/// The arguments that a rule reads, in conditions or in what it counts; `None` where it reads all of them at once.
pub(super) fn arguments(rule: &Rule) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut all = parts(rule);
    rule.effect.exprs().into_iter().for_each(|expr| walk(expr, None, false, &mut all));
    for part in all {
        match &part.expr.kind {
            ExprKind::Args => return None,
            ExprKind::Arg(name) => names.push(name.as_str()),
            _ => {}
        }
    }
    names.sort_unstable();
    names.dedup();
    Some(names)
}
