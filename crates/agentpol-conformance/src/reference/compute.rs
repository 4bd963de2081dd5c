//! Comparison and arithmetic on two known values (semantics 3.1): `None` is unknown, by overflow or otherwise.

use super::calendar::DAY;
use super::number::ONE;
use super::truth::Truth;
use super::value::{Held, Value};
use agentpol_check::policy::{ArithmeticOp, CompareOp};
use std::cmp::Ordering;

/// A comparison: unknown if an operand is.
pub(super) fn compare(op: CompareOp, left: &Held, right: &Held) -> Truth {
    match (left.known(), right.known()) {
        (Some(left), Some(right)) => compare_known(op, left, right),
        _ => Truth::Unknown,
    }
}

fn compare_known(op: CompareOp, left: &Value, right: &Value) -> Truth {
    match (left, right) {
        (Value::Origin { low, high }, Value::Level(_, member)) => interval(op, *low, *high, *member),
        (Value::Level(_, member), Value::Origin { low, high }) => interval(mirrored(op), *low, *high, *member),
        (Value::Reference(left), Value::Reference(right)) => Truth::from((left == right) == (op == CompareOp::Eq)),
        _ => order(left, right).map_or(Truth::Unknown, |order| Truth::from(holds(op, order))),
    }
}

/// `[lo,hi] op k`: true if true for every value of the interval, false if false for every value, else unknown.
fn interval(op: CompareOp, low: u32, high: u32, member: u32) -> Truth {
    let answers: Vec<bool> = (low..=high).map(|value| holds(op, value.cmp(&member))).collect();
    match (answers.contains(&true), answers.contains(&false)) {
        (true, false) => Truth::True,
        (false, true) => Truth::False,
        _ => Truth::Unknown,
    }
}

fn mirrored(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Lt => CompareOp::Gt,
        CompareOp::Le => CompareOp::Ge,
        CompareOp::Gt => CompareOp::Lt,
        CompareOp::Ge => CompareOp::Le,
        same => same,
    }
}

fn holds(op: CompareOp, order: Ordering) -> bool {
    match op {
        CompareOp::Eq => order.is_eq(),
        CompareOp::Ne => order.is_ne(),
        CompareOp::Lt => order.is_lt(),
        CompareOp::Le => order.is_le(),
        CompareOp::Gt => order.is_gt(),
        CompareOp::Ge => order.is_ge(),
    }
}

/// The order of two scalars of one type. What has no order (texts, truth values, addresses, enums) is only ever asked
/// for equality.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Int(b))
        | (Value::Decimal(a), Value::Decimal(b))
        | (Value::Duration(a), Value::Duration(b))
        | (Value::DateTime(a), Value::DateTime(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Ip { bits: a, v6: x }, Value::Ip { bits: b, v6: y }) => Some((x, a).cmp(&(y, b))),
        (Value::Enum(of, a), Value::Enum(other, b)) if of == other => Some(a.cmp(b)),
        (Value::Level(of, a), Value::Level(other, b)) if of == other => Some(a.cmp(b)),
        _ => Some(left.text()?.cmp(right.text()?)),
    }
}

/// Arithmetic on two operands of fitting types; overflow is unknown.
pub(super) fn arithmetic(op: ArithmeticOp, left: &Held, right: &Held) -> Option<Value> {
    match (left.known()?, right.known()?) {
        (Value::Int(a), Value::Int(b)) => integer(op, *a, *b).map(Value::Int),
        (Value::Decimal(a), Value::Int(b)) | (Value::Int(b), Value::Decimal(a)) if op == ArithmeticOp::Mul => {
            a.checked_mul(*b).map(Value::Decimal)
        }
        (Value::Duration(a), Value::Int(b)) | (Value::Int(b), Value::Duration(a)) if op == ArithmeticOp::Mul => {
            a.checked_mul(*b).map(Value::Duration)
        }
        (Value::Decimal(a), Value::Decimal(b)) if op != ArithmeticOp::Mul => integer(op, *a, *b).map(Value::Decimal),
        (Value::Duration(a), Value::Duration(b)) if op != ArithmeticOp::Mul => integer(op, *a, *b).map(Value::Duration),
        (Value::Date(day), Value::Duration(by)) => days(op, *day, *by).map(Value::Date),
        (Value::Duration(by), Value::Date(day)) if op == ArithmeticOp::Add => days(op, *day, *by).map(Value::Date),
        (Value::DateTime(at), Value::Duration(by)) => integer(op, *at, *by).map(Value::DateTime),
        (Value::Duration(by), Value::DateTime(at)) if op == ArithmeticOp::Add => {
            integer(op, *at, *by).map(Value::DateTime)
        }
        (Value::DateTime(a), Value::DateTime(b)) if op == ArithmeticOp::Sub => a.checked_sub(*b).map(Value::Duration),
        (Value::Date(a), Value::Date(b)) if op == ArithmeticOp::Sub => {
            (i64::from(*a) - i64::from(*b)).checked_mul(DAY).map(Value::Duration)
        }
        _ => None,
    }
}

fn integer(op: ArithmeticOp, a: i64, b: i64) -> Option<i64> {
    match op {
        ArithmeticOp::Add => a.checked_add(b),
        ArithmeticOp::Sub => a.checked_sub(b),
        ArithmeticOp::Mul => a.checked_mul(b),
    }
}

/// A date moves by whole days.
fn days(op: ArithmeticOp, day: i32, by: i64) -> Option<i32> {
    if by % DAY != 0 {
        return None;
    }
    i32::try_from(integer(op, i64::from(day), by / DAY)?).ok()
}

/// `-E`
pub(super) fn negative(value: &Value) -> Option<Value> {
    match value {
        Value::Int(value) => value.checked_neg().map(Value::Int),
        Value::Decimal(value) => value.checked_neg().map(Value::Decimal),
        Value::Duration(value) => value.checked_neg().map(Value::Duration),
        Value::Float(value) => Some(Value::Float(-value)),
        _ => None,
    }
}

/// An int as decimal.
pub(super) fn to_decimal(value: &Value) -> Option<Value> {
    match value {
        Value::Int(value) => value.checked_mul(ONE).map(Value::Decimal),
        Value::Decimal(value) => Some(Value::Decimal(*value)),
        _ => None,
    }
}

/// The lesser or the greater of two; unknown if an operand is.
pub(super) fn extreme(left: &Held, right: &Held, wanted: Ordering) -> Held {
    match (left.known(), right.known()) {
        (Some(a), Some(b)) => match order(a, b) {
            Some(found) if found == wanted => left.clone(),
            Some(_) => right.clone(),
            None => Held::Unknown,
        },
        _ => Held::Unknown,
    }
}
