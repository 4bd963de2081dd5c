//! What an expression costs to evaluate, in rough steps: enough to tell what is worth jumping over.

use agentpol_check::policy::{Each, Expr, ExprKind};

/// From this cost on, an operand is worth a jump.
pub(crate) const COSTLY: u32 = 12;
/// What a test costs that reads a whole text.
const TEXT: u32 = 6;
/// What an automaton costs.
const AUTOMATON: u32 = 16;
/// What it costs to look up what is remembered.
const LOOK_UP: u32 = 16;
/// How many elements a list is taken to have.
const ELEMENTS: u32 = 8;

/// Returns the cost; saturates.
pub(crate) fn cost(expr: &Expr) -> u32 {
    let all = |parts: &[&Expr]| parts.iter().fold(1, |sum: u32, part| sum.saturating_add(cost(part)));
    match &expr.kind {
        ExprKind::Field(of, _) | ExprKind::Part(_, of) | ExprKind::Not(of) | ExprKind::Has(of) => all(&[of]),
        ExprKind::Negative(of) | ExprKind::ToDecimal(of) | ExprKind::Count(of) => all(&[of]),
        ExprKind::First(of) | ExprKind::Last(of) | ExprKind::InNetwork(of, ..) => all(&[of]),
        ExprKind::TextTest(_, of, _) | ExprKind::InDomain(of, _) => all(&[of]).saturating_add(TEXT),
        ExprKind::Matches(of, _) | ExprKind::Origin(of) | ExprKind::OriginIn(of, _) => {
            all(&[of]).saturating_add(AUTOMATON)
        }
        ExprKind::Within(a, b) | ExprKind::In(a, b) | ExprKind::Contains(b, a) => all(&[a, b]).saturating_add(TEXT),
        ExprKind::Let(_, a, b) | ExprKind::Index(a, b) | ExprKind::Otherwise(a, b) => all(&[a, b]),
        ExprKind::Compare(_, a, b) | ExprKind::Arithmetic(_, a, b) => all(&[a, b]),
        ExprKind::Attribute(of, _) | ExprKind::Id(of) | ExprKind::InGroup(of, _) | ExprKind::PathOf(of) => {
            all(&[of]).saturating_add(TEXT)
        }
        ExprKind::Inside(a, b) => all(&[a, b]).saturating_add(LOOK_UP),
        ExprKind::Min(a, b) | ExprKind::Max(a, b) | ExprKind::Pairs(a, b) => all(&[a, b]),
        ExprKind::If(a, b, c) => all(&[a, b, c]),
        ExprKind::And(parts) | ExprKind::Or(parts) | ExprKind::List(parts) => all(&parts.iter().collect::<Vec<_>>()),
        ExprKind::Any(each) | ExprKind::All(each) | ExprKind::CountWhere(each) => loop_cost(each),
        ExprKind::FirstWhere(each) | ExprKind::LastWhere(each) => loop_cost(each),
        ExprKind::SumOf(each) | ExprKind::MinOf(each) | ExprKind::MaxOf(each) => loop_cost(each),
        ExprKind::Known(known) => all(&known.keys.iter().collect::<Vec<_>>()).saturating_add(LOOK_UP),
        ExprKind::Earlier(earlier) => all(&earlier.now()).saturating_add(LOOK_UP),
        ExprKind::AllKnown(_) => ELEMENTS.saturating_mul(2),
        _ => 1,
    }
}

fn loop_cost(each: &Each) -> u32 {
    cost(&each.body).saturating_add(2).saturating_mul(ELEMENTS).saturating_add(cost(&each.over))
}
