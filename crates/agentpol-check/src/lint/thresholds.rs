//! Thresholds on amounts: by element instead of in sum, and without the currency.

use super::walk::{lets, parts, path};
use super::{Surface, called, reach};
use crate::policy::{CompareOp, Each, Expr, ExprKind, LocalId, Rule, Shape, ToolId, Type, Verb};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, Span};

pub(super) fn look(surface: &Surface<'_, '_>, rule: &Rule, diagnostics: &mut Diagnostics) {
    if rule.effect.grants() {
        return;
    }
    let bounds = |expr: &Expr| {
        matches!(&expr.kind, ExprKind::Compare(_, left, right)
        if [left, right].iter().any(|side| matches!(side.ty, Type::Decimal { .. })))
    };
    if !parts(rule).iter().any(|part| bounds(part.expr)) {
        return;
    }
    let tools = reach::tools(surface.policy, rule);
    split(surface, rule, &tools, diagnostics);
    currency(surface, rule, &tools, diagnostics);
}

/// `any p in args.payments: p.amount > 100`: twenty payments of 100 pass in one call.
fn split(surface: &Surface<'_, '_>, rule: &Rule, tools: &[ToolId], diagnostics: &mut Diagnostics) {
    let pays = |tool: &ToolId| surface.policy[*tool].verbs.contains(&Verb::Pays);
    if tools.is_empty() || !tools.iter().all(pays) {
        return;
    }
    let lets = lets(rule);
    let parts = parts(rule);
    let sums = |list: &str| {
        let of = |each: &Each| path(&lets, &each.over).as_deref() == Some(list);
        parts.iter().any(|part| matches!(&part.expr.kind, ExprKind::SumOf(each) if of(each)))
    };
    for part in &parts {
        let (each, over) = match (&part.expr.kind, part.helps) {
            (ExprKind::Any(each), Some(true)) => (each, true),
            (ExprKind::All(each), Some(false)) => (each, false),
            _ => continue,
        };
        let (Some(list), Some((amount, span))) = (path(&lets, &each.over), bounded(&each.body, each.first, over))
        else {
            continue;
        };
        if sums(&list) {
            continue;
        }
        let title = format!("{} bounds each amount in `{list}`, not their sum", called(rule));
        let help = format!("bound the sum too: `sum(x in {list}: x.{amount}) > ...`");
        diagnostics.push(Diagnostic::new(Code::AP0607, title, span, "many small ones pass").help(help));
    }
}

/// Finds a comparison of a money-like field of the element with a literal: more than it, or at most it.
fn bounded(body: &Expr, element: LocalId, over: bool) -> Option<(String, Span)> {
    if let ExprKind::Compare(op, left, right) = &body.kind
        && let (ExprKind::Field(of, name), ExprKind::Literal(_)) = (&left.kind, &right.kind)
        && matches!(of.kind, ExprKind::Local(local) if local == element)
        && matches!(left.ty, Type::Decimal { .. })
    {
        let more = matches!(op, CompareOp::Gt | CompareOp::Ge);
        let less = matches!(op, CompareOp::Lt | CompareOp::Le);
        if (over && more) || (!over && less) {
            return Some((name.clone(), body.span));
        }
    }
    match &body.kind {
        ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().find_map(|part| bounded(part, element, over)),
        _ => None,
    }
}

/// An amount compared with a number beside a currency that nobody reads.
fn currency(surface: &Surface<'_, '_>, rule: &Rule, tools: &[ToolId], diagnostics: &mut Diagnostics) {
    let parts = parts(rule);
    let reads = parts.iter().any(|part| match &part.expr.kind {
        ExprKind::Arg(name) | ExprKind::Field(_, name) => is_currency(name),
        _ => false,
    });
    if reads {
        return;
    }
    let policy = surface.policy;
    for part in &parts {
        let ExprKind::Compare(op, left, right) = &part.expr.kind else { continue };
        let amount = if matches!(right.kind, ExprKind::Literal(_)) { left } else { right };
        if matches!(op, CompareOp::Eq | CompareOp::Ne) || !matches!(amount.ty, Type::Decimal { .. }) {
            continue;
        }
        let shape: Option<&Shape> = match &amount.kind {
            ExprKind::Arg(_) => {
                tools.iter().map(|tool| &policy[policy[*tool].params]).find(|shape| has_currency(shape))
            }
            ExprKind::Field(of, _) => match of.ty {
                Type::Shape(id) => Some(&policy[id]),
                _ => None,
            },
            _ => None,
        };
        let Some(field) = shape.and_then(|shape| shape.fields.iter().find(|field| is_currency(&field.name))) else {
            continue;
        };
        let title = format!("{} compares an amount without looking at its currency", called(rule));
        let diagnostic = Diagnostic::new(Code::AP0611, title, part.expr.span, "100 of what?")
            .because(field.span, format!("`{}` says of what", field.name));
        diagnostics
            .push(diagnostic.help(format!("write one bound for each: `args.{} == \"USD\" and ...`", field.name)));
        return;
    }
}

fn has_currency(shape: &Shape) -> bool {
    shape.fields.iter().any(|field| is_currency(&field.name))
}

fn is_currency(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "currency" || name.ends_with("_currency") || name == "currency_code"
}
