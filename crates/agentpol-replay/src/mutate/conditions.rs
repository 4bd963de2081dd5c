//! Changes to conditions: each leaves the types as they are, so that what comes out is a policy again.

use agentpol::Span;
use agentpol::policy::{CompareOp, Earlier, Expr, ExprKind, Question};

/// A change to a condition, made at the place that is found again by counting.
pub(crate) struct Spot {
    /// Where it stands.
    pub(crate) span: Span,
    /// A stable name of the kind of change.
    pub(crate) kind: &'static str,
    /// What is done; empty where it is left out.
    pub(crate) what: String,
}

/// Lists the changes that can be made to a condition.
pub(crate) fn spots(condition: &Expr) -> Vec<Spot> {
    let mut copy = condition.clone();
    let mut walk = Walk { at: 0, wanted: None, found: Vec::new() };
    walk.condition(&mut copy);
    walk.found
}

/// Makes the change of that number.
pub(crate) fn change(condition: &mut Expr, number: usize) {
    Walk { at: 0, wanted: Some(number), found: Vec::new() }.condition(condition);
}

/// Goes through a condition; lists changes, or makes the one that is wanted.
struct Walk {
    at: usize,
    wanted: Option<usize>,
    found: Vec<Spot>,
}

impl Walk {
    /// Whether the change at hand is to be made.
    fn spot(&mut self, span: Span, kind: &'static str, what: impl FnOnce() -> String) -> bool {
        let number = self.at;
        self.at += 1;
        if self.wanted.is_none() {
            self.found.push(Spot { span, kind, what: what() });
        }
        self.wanted == Some(number)
    }

    fn condition(&mut self, expr: &mut Expr) {
        let span = expr.span;
        match &mut expr.kind {
            ExprKind::And(operands) | ExprKind::Or(operands) => {
                let mut gone = None;
                for (number, operand) in operands.iter_mut().enumerate() {
                    if self.spot(operand.span, "operand_dropped", String::new) {
                        gone = Some(number);
                    }
                    self.condition(operand);
                }
                if let Some(gone) = gone {
                    operands.remove(gone);
                }
                if let [only] = operands.as_mut_slice() {
                    *expr = only.clone();
                }
            }
            ExprKind::Not(of) => {
                let drop = self.spot(span, "negation_dropped", || "without its `not`".to_owned());
                self.condition(of);
                if drop {
                    let inner = of.as_ref().clone();
                    *expr = inner;
                }
            }
            ExprKind::If(condition, yes, no) => {
                let swap =
                    self.spot(condition.span, "branches_swapped", || "the sides of this `if` swapped".to_owned());
                self.condition(condition);
                self.condition(yes);
                self.condition(no);
                if swap {
                    std::mem::swap(yes, no);
                }
            }
            ExprKind::Let(_, given, body) => {
                self.condition(given);
                self.condition(body);
            }
            ExprKind::Any(each) | ExprKind::All(each) => self.condition(&mut each.body),
            ExprKind::Compare(op, left, right) => {
                let other = neighbour(*op);
                if self.spot(span, "comparison_shifted", || format!("`{}` in place of `{}`", sign(other), sign(*op))) {
                    *op = other;
                }
                self.condition(left);
                self.condition(right);
            }
            ExprKind::Earlier(earlier) => self.earlier(earlier, span),
            _ => {}
        }
    }

    fn earlier(&mut self, earlier: &mut Earlier, span: Span) {
        if earlier.within.is_some() && self.spot(span, "window_dropped", || "however long ago".to_owned()) {
            earlier.within = None;
        }
        for number in 0..earlier.pairs.len() {
            let place = earlier.pairs.get(number).map_or(span, |pair| pair.that.span);
            if self.spot(place, "relation_dropped", String::new) {
                earlier.pairs.remove(number);
                break;
            }
        }
        match &mut earlier.question {
            Question::Count { bound, .. } | Question::Distinct { bound, .. } | Question::Sum { bound, .. } => {
                for by in [1, -1] {
                    if self.spot(span, "bound_shifted", || format!("the bound shifted by {by}")) {
                        *bound = bound.saturating_add(by);
                    }
                }
            }
            Question::Exists | Question::First(_) | Question::Last(_) => {}
        }
    }
}

/// The comparison that differs least.
fn neighbour(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Eq => CompareOp::Ne,
        CompareOp::Ne => CompareOp::Eq,
        CompareOp::Lt => CompareOp::Le,
        CompareOp::Le => CompareOp::Lt,
        CompareOp::Gt => CompareOp::Ge,
        CompareOp::Ge => CompareOp::Gt,
    }
}

fn sign(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "==",
        CompareOp::Ne => "!=",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
    }
}
