//! Operations on one or two values (semantics 3.1): comparison, arithmetic, tests of text. What is not known, or does not
//! fit, gives unknown.

use crate::elements::{self, Elements};
use crate::forms::number::ONE;
use crate::forms::time::{DAY, date_in};
use crate::forms::{self, path};
use crate::letters::Letters;
use crate::machine::Machine;
use crate::references;
use crate::value::{Pool, Register, Text, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::instruction::{Op, Part};
use agentpol_bytecode::scope::Tri;
use agentpol_bytecode::tables::Constant;
use core::cmp::Ordering;

/// A scalar constant as a value.
pub(crate) fn constant(program: &Program, constant: &Constant) -> Value {
    match *constant {
        Constant::Bool(value) => Value::Bool(value),
        Constant::Int(value) => Value::Int(value),
        Constant::Decimal(value) => Value::Decimal(value),
        Constant::Float(value) => Value::Float(value),
        Constant::Text(symbol) => {
            let length = u32::try_from(program.symbol(symbol).len()).unwrap_or(0);
            Value::Text(Text { pool: Pool::Symbol(symbol), start: 0, length, lower: false, opaque: false })
        }
        Constant::Duration(value) => Value::Duration(value),
        Constant::Date(value) => Value::Date(value),
        Constant::DateTime(value) => Value::DateTime(value),
        Constant::Ip { bits, v6 } => Value::ip(bits, v6),
        Constant::Enum { of, member } => Value::Enum { of, member },
        Constant::Level { of, member } => Value::Level { of, member },
        Constant::Network { .. } | Constant::List(_) => Value::Unknown,
    }
}

/// Returns whether there is a value that can be read.
pub(crate) fn is_known(value: Value) -> bool {
    match value {
        Value::Absent | Value::Unknown => false,
        Value::Text(text) => !text.opaque,
        _ => true,
    }
}

/// Everything that needs no more than its operands.
pub(crate) fn operate(machine: &Machine<'_>, op: Op, a: Value, b: Value, imm: u32) -> Value {
    match op {
        Op::Not => (!a.truth()).into(),
        Op::And => a.truth().and(b.truth()).into(),
        Op::Or => a.truth().or(b.truth()).into(),
        Op::Has => match a {
            Value::Absent => Value::Bool(false),
            Value::Unknown => Value::Unknown,
            _ => Value::Bool(true),
        },
        Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge => compare(machine, op, a, b).into(),
        Op::Add => add(a, b).into(),
        Op::Sub => subtract(a, b).into(),
        Op::Mul => multiply(a, b).into(),
        Op::Neg => negative(a).into(),
        Op::ToDecimal => to_decimal(a).into(),
        Op::Part => part(machine, a, imm).into(),
        Op::DateOf => match a {
            Value::DateTime(at) => date_in(machine.tables(), imm, at).map(Value::Date).into(),
            _ => Value::Unknown,
        },
        Op::In => is_in(machine, a, b).into(),
        Op::Count => elements::count(a, machine.program, machine.memory).map(Value::Int).into(),
        Op::Pairs => elements::pairs(a, b, machine.program, machine.memory).into(),
        op => test(machine, op, a, b, imm).into(),
    }
}

/// Tests of texts and addresses.
fn test(machine: &Machine<'_>, op: Op, a: Value, b: Value, imm: u32) -> Tri {
    let literal = machine.program.symbol(imm);
    let asked = |test: &dyn Fn(Letters<'_>) -> bool| machine.letters(a).map_or(Tri::Unknown, |text| test(text).into());
    match op {
        Op::InDomain => asked(&|text| forms::in_domain(text.bytes(), literal)),
        Op::StartsWith => asked(&|text| text.starts_with(literal)),
        Op::EndsWith => asked(&|text| text.ends_with(literal)),
        Op::HasText => asked(&|text| text.contains(literal)),
        Op::Match => machine.accepts(imm, a),
        Op::Within => match (machine.letters(a), machine.letters(b)) {
            (Some(path), Some(directory)) => path::within(path.written(), directory.written()).into(),
            _ => Tri::Unknown,
        },
        Op::InNetwork => in_network(machine, a, imm),
        _ => Tri::Unknown,
    }
}

fn in_network(machine: &Machine<'_>, address: Value, network: u32) -> Tri {
    let network = machine.tables().constants.get(network as usize);
    let (Value::Ip { high, low, v6 }, Some(Constant::Network { bits, prefix, v6: six })) = (address, network) else {
        return Tri::Unknown;
    };
    let address = u128::from(high) << 64 | u128::from(low);
    let width: u32 = if *six { 128 } else { 32 };
    let ignored = width.saturating_sub(u32::from(*prefix));
    let head = |bits: u128| bits.checked_shr(ignored).unwrap_or(0);
    (v6 == *six && head(address) == head(*bits)).into()
}

/// `x in L` is `any y in L: x == y`; of a map, its keys.
fn is_in(machine: &Machine<'_>, value: Value, list: Value) -> Tri {
    let Some(mut elements) = Elements::of(Register::made(list), machine.memory) else { return Tri::Unknown };
    let mut found = Tri::False;
    while let Some((element, _)) = elements.next(machine.program, machine.memory) {
        found = found.or(compare(machine, Op::Eq, value, element.value));
        if found == Tri::True {
            break;
        }
    }
    found
}

/// A comparison: unknown if an operand is.
fn compare(machine: &Machine<'_>, op: Op, a: Value, b: Value) -> Tri {
    match (a, b) {
        (Value::Origin { low, high }, Value::Level { of: 0, member }) => interval(op, low, high, member),
        (Value::Level { of: 0, member }, Value::Origin { low, high }) => interval(mirrored(op), low, high, member),
        _ if matches!(op, Op::Eq | Op::Ne) => {
            let same = equal(machine, a, b);
            if op == Op::Ne { !same } else { same }
        }
        _ => order(a, b).map_or(Tri::Unknown, |order| holds(op, order).into()),
    }
}

/// True if true for every value from `low` to `high`, false if false for every one, else unknown.
fn interval(op: Op, low: u32, high: u32, member: u32) -> Tri {
    let mut answers = (low..=high).map(|value| Tri::from(holds(op, value.cmp(&member))));
    let Some(first) = answers.next() else { return Tri::Unknown };
    if answers.all(|answer| answer == first) { first } else { Tri::Unknown }
}

fn mirrored(op: Op) -> Op {
    match op {
        Op::Lt => Op::Gt,
        Op::Le => Op::Ge,
        Op::Gt => Op::Lt,
        Op::Ge => Op::Le,
        same => same,
    }
}

fn holds(op: Op, order: Ordering) -> bool {
    match op {
        Op::Eq => order.is_eq(),
        Op::Ne => order.is_ne(),
        Op::Lt => order.is_lt(),
        Op::Le => order.is_le(),
        Op::Gt => order.is_gt(),
        _ => order.is_ge(),
    }
}

/// Whether two scalars of one type are the same.
fn equal(machine: &Machine<'_>, a: Value, b: Value) -> Tri {
    match (a, b) {
        (Value::Named { .. } | Value::Found { .. }, Value::Named { .. } | Value::Found { .. }) => same(machine, a, b),
        (Value::Bool(a), Value::Bool(b)) => (a == b).into(),
        (Value::Text(_), Value::Text(_)) => match (machine.letters(a), machine.letters(b)) {
            (Some(a), Some(b)) => a.is(&b).into(),
            _ => Tri::Unknown,
        },
        (Value::Ip { high, low, v6 }, Value::Ip { high: other_high, low: other_low, v6: other_v6 }) => {
            ((high, low, v6) == (other_high, other_low, other_v6)).into()
        }
        (Value::Enum { of, member }, Value::Enum { of: other, member: with }) if of == other => (member == with).into(),
        _ => order(a, b).map_or(Tri::Unknown, |order| order.is_eq().into()),
    }
}

/// Whether two references name the same: of one kind, by number or by id.
pub(crate) fn same(machine: &Machine<'_>, a: Value, b: Value) -> Tri {
    let (
        Value::Named { of, .. } | Value::Found { of, .. },
        Value::Named { of: other, .. } | Value::Found { of: other, .. },
    ) = (a, b)
    else {
        return Tri::Unknown;
    };
    if of != other {
        return Tri::False;
    }
    if let (Value::Found { at, .. }, Value::Found { at: with, .. }) = (a, b) {
        return (at == with).into();
    }
    match (machine.letters(references::id(machine, a)), machine.letters(references::id(machine, b))) {
        (Some(a), Some(b)) => a.is(&b).into(),
        _ => Tri::Unknown,
    }
}

/// The order of two values that have one.
fn order(a: Value, b: Value) -> Option<Ordering> {
    let millionths = |int: i64| i128::from(int).saturating_mul(i128::from(ONE));
    match (a, b) {
        (Value::Int(a), Value::Int(b))
        | (Value::Decimal(a), Value::Decimal(b))
        | (Value::Duration(a), Value::Duration(b))
        | (Value::DateTime(a), Value::DateTime(b)) => Some(a.cmp(&b)),
        (Value::Int(a), Value::Decimal(b)) => Some(millionths(a).cmp(&i128::from(b))),
        (Value::Decimal(a), Value::Int(b)) => Some(i128::from(a).cmp(&millionths(b))),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(&b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(&b),
        (Value::Level { of, member }, Value::Level { of: other, member: with }) if of == other => {
            Some(member.cmp(&with))
        }
        _ => None,
    }
}

/// The lesser or the greater of two.
pub(crate) fn extreme(a: Value, b: Value, wanted: Ordering) -> Option<Value> {
    let order = order(a, b)?;
    let (a, b) = match (a, b) {
        (Value::Int(_), Value::Decimal(_)) => (to_decimal(a)?, b),
        (Value::Decimal(_), Value::Int(_)) => (a, to_decimal(b)?),
        same => same,
    };
    Some(if order == wanted { a } else { b })
}

pub(crate) fn add(a: Value, b: Value) -> Option<Value> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.checked_add(b).map(Value::Int),
        (Value::Decimal(a), Value::Decimal(b)) => a.checked_add(b).map(Value::Decimal),
        (Value::Duration(a), Value::Duration(b)) => a.checked_add(b).map(Value::Duration),
        (Value::Int(_), Value::Decimal(_)) => add(to_decimal(a)?, b),
        (Value::Decimal(_), Value::Int(_)) => add(a, to_decimal(b)?),
        (Value::Date(day), Value::Duration(by)) | (Value::Duration(by), Value::Date(day)) => moved(day, by),
        (Value::DateTime(at), Value::Duration(by)) | (Value::Duration(by), Value::DateTime(at)) => {
            at.checked_add(by).map(Value::DateTime)
        }
        _ => None,
    }
}

fn subtract(a: Value, b: Value) -> Option<Value> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.checked_sub(b).map(Value::Int),
        (Value::Decimal(a), Value::Decimal(b)) => a.checked_sub(b).map(Value::Decimal),
        (Value::Duration(a), Value::Duration(b)) => a.checked_sub(b).map(Value::Duration),
        (Value::Int(_), Value::Decimal(_)) => subtract(to_decimal(a)?, b),
        (Value::Decimal(_), Value::Int(_)) => subtract(a, to_decimal(b)?),
        (Value::Date(day), Value::Duration(by)) => moved(day, by.checked_neg()?),
        (Value::Date(a), Value::Date(b)) => {
            i64::from(a).checked_sub(i64::from(b))?.checked_mul(DAY).map(Value::Duration)
        }
        (Value::DateTime(at), Value::Duration(by)) => at.checked_sub(by).map(Value::DateTime),
        (Value::DateTime(a), Value::DateTime(b)) => a.checked_sub(b).map(Value::Duration),
        _ => None,
    }
}

/// A date moves by whole days.
fn moved(day: i32, by: i64) -> Option<Value> {
    let days = i32::try_from(by / DAY).ok().filter(|_| by % DAY == 0)?;
    day.checked_add(days).map(Value::Date)
}

/// Of decimals and durations, one factor is an int.
fn multiply(a: Value, b: Value) -> Option<Value> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.checked_mul(b).map(Value::Int),
        (Value::Decimal(a), Value::Int(b)) | (Value::Int(b), Value::Decimal(a)) => a.checked_mul(b).map(Value::Decimal),
        (Value::Duration(a), Value::Int(b)) | (Value::Int(b), Value::Duration(a)) => {
            a.checked_mul(b).map(Value::Duration)
        }
        _ => None,
    }
}

fn negative(value: Value) -> Option<Value> {
    match value {
        Value::Int(value) => value.checked_neg().map(Value::Int),
        Value::Decimal(value) => value.checked_neg().map(Value::Decimal),
        Value::Duration(value) => value.checked_neg().map(Value::Duration),
        Value::Float(value) => Some(Value::Float(-value)),
        _ => None,
    }
}

fn to_decimal(value: Value) -> Option<Value> {
    match value {
        Value::Int(value) => value.checked_mul(ONE).map(Value::Decimal),
        Value::Decimal(_) => Some(value),
        _ => None,
    }
}

/// A part of a typed text.
fn part(machine: &Machine<'_>, value: Value, which: u32) -> Option<Value> {
    let text = machine.letters(value)?.written();
    let Value::Text(whole) = value else { return None };
    let range = match Part::from_number(which)? {
        Part::Domain => forms::email(text)?.checked_add(1)?..text.len(),
        Part::Local => 0..forms::email(text)?,
        Part::Host => forms::url(text, true)?.host,
        Part::Scheme => forms::url(text, true)?.scheme,
        Part::Port => return Some(Value::Int(i64::from(forms::url(text, true)?.port))),
        Part::UrlPath => match forms::url(text, true)?.path {
            // Where none is written, the slash of the scheme stands for it.
            path if path.is_empty() => text.find('/').map(|slash| slash..slash.saturating_add(1))?,
            path => path,
        },
        Part::Name => path::name(text)..text.len(),
        Part::Extension => path::extension(text)..text.len(),
        Part::Lower => return Some(Value::Text(Text { lower: true, ..whole })),
    };
    Some(Value::Text(whole.part(range.start, range.len())))
}
