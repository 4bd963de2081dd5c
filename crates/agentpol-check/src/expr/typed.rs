//! What typing an expression tells beside its type: what may be missing, what is secret, where it was declared.

use crate::policy::{Expr, ExprKind, Type, Value};
use agentpol_diagnostics::Span;

/// A typed expression, and what its use must heed.
#[derive(Clone, Debug)]
pub(super) struct Typed {
    pub(super) expr: Expr,
    /// Where it stands in the text, also inside a definition.
    pub(super) at: Span,
    /// Optional values on the way to it.
    pub(super) missing: Vec<Missing>,
    /// It is, or is part of, a value marked `secret`.
    pub(super) secret: bool,
    /// The name and the place of what declares it.
    pub(super) declared: Option<(String, Span)>,
}

/// An optional value.
#[derive(Clone, Debug)]
pub(super) struct Missing {
    /// The path that must be known to be there.
    pub(super) key: String,
    /// As written, for messages.
    pub(super) written: String,
    /// Where it is declared.
    pub(super) declared: Span,
}

impl Typed {
    /// Wraps what is always there and nobody's secret.
    pub(super) fn plain(expr: Expr) -> Self {
        let at = expr.span;
        Typed { expr, at, missing: Vec::new(), secret: false, declared: None }
    }

    /// Sets where it stands in the text.
    pub(super) fn at(mut self, span: Span) -> Self {
        self.at = span;
        self
    }

    pub(super) fn is_unknown(&self) -> bool {
        self.expr.ty == Type::Unknown
    }

    /// Returns the literal that it is.
    pub(super) fn literal(&self) -> Option<&Value> {
        match &self.expr.kind {
            ExprKind::Literal(value) if self.expr.ty != Type::Unknown => Some(value),
            _ => None,
        }
    }

    /// Returns the text that it is, if it is a literal text.
    pub(super) fn literal_text(&self) -> Option<&str> {
        match self.literal() {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
}
