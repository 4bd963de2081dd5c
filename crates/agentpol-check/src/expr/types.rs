//! When two types are one for the purposes of an operator, and when a value fits where a type is asked for.

use super::Typer;
use super::typed::Typed;
use crate::policy::{Expr, ExprKind, Policy, ShapeId, Type, Value};
use agentpol_diagnostics::{Code, Diagnostic};

/// Returns whether values of two types compare without conversion. What narrows a type (bounds, zones, roots of
/// paths) does not count; `Unknown` goes with everything.
pub(super) fn alike(policy: &Policy, a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Unknown, _) | (_, Type::Unknown) => true,
        (Type::Decimal { .. }, Type::Decimal { .. })
        | (Type::DateTime { .. }, Type::DateTime { .. })
        | (Type::Url { .. }, Type::Url { .. })
        | (Type::Path { .. }, Type::Path { .. }) => true,
        (Type::List(a, _), Type::List(b, _)) | (Type::Map(a, _), Type::Map(b, _)) => alike(policy, a, b),
        (Type::Pairs(a, b), Type::Pairs(c, d)) => alike(policy, a, c) && alike(policy, b, d),
        (Type::Shape(a), Type::Shape(b)) => a == b || alike_shapes(policy, *a, *b),
        (Type::Principal, Type::User | Type::Group) | (Type::User | Type::Group, Type::Principal) => true,
        (Type::Resource(a), Type::Resource(b)) => a.iter().any(|id| b.contains(id)),
        _ => a == b,
    }
}

/// Field by field, in any order.
fn alike_shapes(policy: &Policy, a: ShapeId, b: ShapeId) -> bool {
    let (a, b) = (&policy[a], &policy[b]);
    let found = |field: &crate::policy::Field| {
        b.field(&field.name).is_some_and(|(_, other)| {
            other.wire == field.wire && other.optional == field.optional && alike(policy, &field.ty, &other.ty)
        })
    };
    a.fields.len() == b.fields.len() && a.fields.iter().all(found)
}

/// Returns whether a value has all that a parameter's type asks for: a record may have more fields than asked.
pub(super) fn serves(policy: &Policy, given: &Type, asked: &Type) -> bool {
    match (given, asked) {
        (Type::List(a, _), Type::List(b, _)) | (Type::Map(a, _), Type::Map(b, _)) => serves(policy, a, b),
        (Type::Shape(a), Type::Shape(b)) => {
            let has = |field: &crate::policy::Field| match policy[*a].field(&field.name) {
                Some((_, given)) => (field.optional || !given.optional) && serves(policy, &given.ty, &field.ty),
                None => field.optional,
            };
            a == b || policy[*b].fields.iter().all(has)
        }
        (Type::Resource(a), Type::Resource(b)) => a.iter().all(|id| b.contains(id)),
        (Type::Principal, Type::User | Type::Group) => false,
        _ => alike(policy, given, asked),
    }
}

/// Returns whether values are read as one: neither a list nor a record.
pub(super) fn is_scalar(ty: &Type) -> bool {
    !matches!(ty, Type::List(..) | Type::Map(..) | Type::Shape(_) | Type::Pairs(..) | Type::Json)
}

/// Returns whether values have an order.
pub(super) fn has_order(ty: &Type) -> bool {
    let numbers = matches!(ty, Type::Int | Type::Decimal { .. } | Type::Float | Type::Duration);
    numbers || matches!(ty, Type::Date | Type::DateTime { .. } | Type::Level(_) | Type::Unknown)
}

/// Returns whether values are text on the wire.
pub(super) fn is_text(ty: &Type) -> bool {
    matches!(ty, Type::String | Type::Email | Type::Url { .. } | Type::Host | Type::Path { .. })
}

impl<'a> Typer<'_, 'a> {
    /// Returns the value as `expected`, an int as a decimal where that is asked; anything else is a mistake.
    pub(super) fn fit(&mut self, typed: Typed, expected: &Type, place: &str) -> Typed {
        if serves(self.cx.policy, &typed.expr.ty, expected) {
            return typed;
        }
        if let (Type::Int, Type::Decimal { .. }) = (&typed.expr.ty, expected) {
            return self.widened(typed);
        }
        let title =
            format!("`{}` is needed {place}, not `{}`", self.type_name(expected), self.type_name(&typed.expr.ty));
        let mut diagnostic =
            Diagnostic::new(Code::AP0302, title, typed.at, format!("this is {}", self.a_type(&typed.expr.ty)));
        if let Some((name, span)) = &typed.declared {
            diagnostic = diagnostic.because(*span, format!("`{name}` is declared here"));
        }
        let help = super::compare::conversion(&typed, expected);
        self.report(diagnostic.maybe_help(help));
        self.unknown(typed.at)
    }

    /// Makes an int a decimal; a literal at once.
    pub(super) fn widened(&mut self, mut typed: Typed) -> Typed {
        let span = typed.expr.span;
        let decimal = Type::Decimal { as_string: false };
        typed.expr = match typed.expr.kind {
            ExprKind::Literal(Value::Int(int)) if int.checked_mul(1_000_000).is_some() => {
                Expr { kind: ExprKind::Literal(Value::Decimal(int * 1_000_000)), ty: decimal, span }
            }
            _ => {
                self.nodes += 1;
                Expr { kind: ExprKind::ToDecimal(Box::new(typed.expr)), ty: decimal, span }
            }
        };
        typed
    }

    /// Widens the int of two numbers of which the other is a decimal.
    pub(super) fn level_numbers(&mut self, a: Typed, b: Typed) -> (Typed, Typed) {
        match (&a.expr.ty, &b.expr.ty) {
            (Type::Int, Type::Decimal { .. }) => (self.widened(a), b),
            (Type::Decimal { .. }, Type::Int) => {
                let b = self.widened(b);
                (a, b)
            }
            _ => (a, b),
        }
    }
}
