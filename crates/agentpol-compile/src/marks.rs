//! Marks: where a program that measures coverage counts the values of conditions.
//!
//! Only programs that are asked for it have any. Everything else about them is as without: the same decisions come out.

use agentpol_check::policy::{Expr, ExprKind, Type};
use agentpol_diagnostics::Span;

/// A condition whose values are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The rule that asks it, an index into the policy's rules; `None` where it is the scope of a delegation.
    pub rule: Option<usize>,
    /// Where it stands; a part of a `define` where that is used.
    pub span: Span,
    /// It decides between the two sides of an `if`.
    pub branch: bool,
}

/// The marks of a program under construction.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Conditions are to be marked.
    pub(crate) wanted: bool,
    /// The rule at hand.
    pub(crate) rule: Option<usize>,
    /// Those that are made, by number.
    pub(crate) made: Vec<Mark>,
}

impl Marks {
    /// Makes a mark of a condition and returns its number.
    pub(crate) fn add(&mut self, span: Span, branch: bool) -> u32 {
        self.made.push(Mark { rule: self.rule, span, branch });
        (self.made.len() - 1) as u32
    }
}

/// Whether an expression is a condition that is not put together of others: one that a test makes true or false.
pub(crate) fn is_condition(expr: &Expr) -> bool {
    let whole = matches!(
        expr.kind,
        ExprKind::Literal(_)
            | ExprKind::Local(_)
            | ExprKind::Let(..)
            | ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Not(_)
            | ExprKind::If(..)
    );
    expr.ty == Type::Bool && !whole
}
