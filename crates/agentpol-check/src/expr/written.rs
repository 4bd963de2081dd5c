//! Going through expressions as they are written, without recursion, and the definitions that they name.

use crate::names::{DefineId, Entity, Names};
use crate::policy::ModuleId;
use agentpol_syntax::ast::{CallSet, ClauseKind, Expr, ExprKind as Written, History, HistoryQuestion};

/// Returns the expressions directly in one.
pub(crate) fn parts<'a>(expr: &Expr<'a>) -> Vec<Expr<'a>> {
    match expr.kind {
        Written::Bool(_) | Written::Number(_) | Written::Text(_) | Written::Duration(_) | Written::Date(_) => {
            Vec::new()
        }
        Written::DateTime(_) | Written::Name(_) | Written::ResultOf(_) => Vec::new(),
        Written::History(history) => in_history(history),
        Written::Member(of, _) | Written::Not(of) | Written::Negative(of) | Written::Has(of) => vec![*of],
        Written::Method(of, _, arguments) => [&[*of], *arguments].concat(),
        Written::Call(_, arguments) => arguments.to_vec(),
        Written::List(all) | Written::And(all) | Written::Or(all) | Written::Product(all) => all.to_vec(),
        Written::Index(a, b) | Written::Compare(_, a, b) | Written::Relation(_, a, b) | Written::Otherwise(a, b) => {
            vec![*a, *b]
        }
        Written::Sum(first, rest) => std::iter::once(*first).chain(rest.iter().map(|(_, term)| *term)).collect(),
        Written::If(a, b, c) => vec![*a, *b, *c],
        Written::Quantified { over, body, .. } | Written::Comprehension { over, body, .. } => vec![*over, *body],
        Written::Known(_, keys) => keys.unwrap_or_default().to_vec(),
    }
}

/// Returns the expressions directly in a question about earlier calls.
fn in_history<'a>(history: &History<'a>) -> Vec<Expr<'a>> {
    let of = match history.question {
        HistoryQuestion::Sum(of) | HistoryQuestion::Distinct(of) => Some(of),
        HistoryQuestion::Exists | HistoryQuestion::Count | HistoryQuestion::First | HistoryQuestion::Last => None,
    };
    let clauses = match history.calls {
        CallSet::Block(block) => block.clauses,
        CallSet::Tool(_) => &[],
    };
    of.into_iter().chain(clauses.iter().flat_map(|clause| in_clause(&clause.kind))).collect()
}

/// Returns the expressions directly in a clause.
pub(crate) fn in_clause<'a>(clause: &ClauseKind<'a>) -> Vec<Expr<'a>> {
    match clause {
        ClauseKind::Let(_, expr) | ClauseKind::When(expr) | ClauseKind::Unless(expr) | ClauseKind::Where(expr) => {
            vec![*expr]
        }
        ClauseKind::AtMost(rate) | ClauseKind::MoreThan(rate) => rate.of.iter().chain(rate.keys).copied().collect(),
        ClauseKind::Novel(keys) => keys.to_vec(),
        ClauseKind::Since(history) => in_history(history),
        _ => Vec::new(),
    }
}

/// Counts the nodes of an expression and lists the definitions that it names, once for each time.
pub(crate) fn survey(names: &Names<'_>, module: ModuleId, expr: &Expr<'_>) -> (u64, Vec<DefineId>) {
    let (mut nodes, mut found) = (0, Vec::new());
    let mut open = vec![*expr];
    while let Some(expr) = open.pop() {
        nodes += 1;
        match named(&expr).and_then(|dotted| names.find(module, &dotted)) {
            Some((Entity::Define(define), _)) => {
                found.push(define);
                if let Written::Call(_, arguments) | Written::Method(_, _, arguments) = expr.kind {
                    open.extend_from_slice(arguments);
                }
            }
            _ => open.extend(parts(&expr)),
        }
    }
    (nodes, found)
}

/// Returns the dotted name that an expression is, or calls.
pub(crate) fn named(expr: &Expr<'_>) -> Option<String> {
    match expr.kind {
        Written::Call(name, _) => Some(name.text.to_owned()),
        Written::Method(of, name, _) => Some(format!("{}.{}", named_plainly(of)?, name.text)),
        _ => named_plainly(expr),
    }
}

fn named_plainly(expr: &Expr<'_>) -> Option<String> {
    let words = super::words::words_of(expr)?;
    Some(words.iter().map(|word| word.text).collect::<Vec<_>>().join("."))
}

/// Calls `found` with every dotted name in an expression, and with each of its beginnings.
pub(crate) fn survey_names(expr: &Expr<'_>, mut found: impl FnMut(&str)) {
    let mut open = vec![*expr];
    while let Some(expr) = open.pop() {
        if let Some(dotted) = named(&expr) {
            found(&dotted);
        }
        open.extend(parts(&expr));
    }
}
