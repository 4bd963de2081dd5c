//! Thresholds on amounts: by element or by call instead of in sum, and without the currency.

use super::walk::{Part, lets, parts, path};
use super::{Surface, called, reach};
use crate::policy::{
    CompareOp, Each, Effect, Expr, ExprKind, LocalId, Policy, Question, Rule, Shape, ToolId, Type, Verb,
};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, Span};
use std::collections::BTreeSet;

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

/// `args.amount > 100`: twenty payments of 100 pass one after the other. Told once for each tool.
pub(super) fn look_together(surface: &Surface<'_, '_>, diagnostics: &mut Diagnostics) {
    let policy = surface.policy;
    // Those that are bounded in sum, and those that were told.
    let mut done = summed(policy);
    let asks = |rule: &&Rule| !rule.observed && matches!(rule.effect, Effect::Deny | Effect::RequireApproval(_));
    for rule in policy.rules.iter().filter(asks) {
        let tools = reach::tools(policy, rule);
        if !tools.iter().all(|tool| policy[*tool].verbs.contains(&Verb::Pays)) {
            continue;
        }
        for (amount, span) in parts(rule).iter().filter_map(large) {
            let has = |tool: &&ToolId| policy[policy[**tool].params].field(amount).is_some();
            let open = |tool: &&ToolId| !done.contains(&(**tool, amount));
            let Some(tool) = tools.iter().filter(has).find(open) else { continue };
            let name = &policy[*tool].name;
            let title = format!("{} bounds each `args.{amount}`, and no rule their sum", called(rule));
            let rest = format!("agent any  tool {name}  at most ... of args.{amount} per 1d per user");
            let help = format!("bound the sum of a day too: `limit \"a day's {amount}\" {{ {rest} }}`");
            diagnostics.push(Diagnostic::new(Code::AP0607, title, span, "many small ones pass").help(help));
            done.extend(tools.iter().map(|tool| (*tool, amount)));
        }
    }
}

/// Returns the argument of which a rule catches large values, if it is an amount of money.
fn large<'r>(part: &Part<'r>) -> Option<(&'r str, Span)> {
    let ExprKind::Compare(op, left, right) = &part.expr.kind else { return None };
    let (op, name) = match (&left.kind, &right.kind) {
        (ExprKind::Arg(name), ExprKind::Literal(_)) => (*op, name),
        (ExprKind::Literal(_), ExprKind::Arg(name)) => (turned(*op), name),
        _ => return None,
    };
    let over = match part.helps? {
        true => matches!(op, CompareOp::Gt | CompareOp::Ge),
        false => matches!(op, CompareOp::Lt | CompareOp::Le),
    };
    let money = matches!(left.ty, Type::Decimal { .. });
    (over && money).then_some((name.as_str(), part.expr.span))
}

fn turned(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Lt => CompareOp::Gt,
        CompareOp::Le => CompareOp::Ge,
        CompareOp::Gt => CompareOp::Lt,
        CompareOp::Ge => CompareOp::Le,
        CompareOp::Eq | CompareOp::Ne => op,
    }
}

/// Finds the arguments of each tool of which some restriction bounds what they add up to over several calls.
fn summed(policy: &Policy) -> BTreeSet<(ToolId, &str)> {
    let mut summed = BTreeSet::new();
    for rule in policy.rules.iter().filter(|rule| !rule.observed) {
        let mut names = Vec::new();
        match &rule.effect {
            Effect::Limit(rate) => rate.of.iter().for_each(|of| arguments_in(of, &mut names)),
            Effect::Deny | Effect::RequireApproval(_) => {
                for part in parts(rule) {
                    if let ExprKind::Earlier(earlier) = &part.expr.kind
                        && let Question::Sum { of, .. } = &earlier.question
                    {
                        arguments_in(of, &mut names);
                    }
                }
            }
            Effect::Allow | Effect::Entitle | Effect::Alert(_) => {}
        }
        if !names.is_empty() {
            let tools = reach::tools(policy, rule);
            summed.extend(tools.iter().flat_map(|tool| names.iter().map(|name| (*tool, *name))));
        }
    }
    summed
}

fn arguments_in<'e>(expr: &'e Expr, names: &mut Vec<&'e str>) {
    if let ExprKind::Arg(name) = &expr.kind {
        names.push(name);
    }
    expr.children().into_iter().for_each(|child| arguments_in(child, names));
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

pub(super) fn is_currency(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "currency" || name.ends_with("_currency") || name == "currency_code"
}
