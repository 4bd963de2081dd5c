//! Going through lists, maps and pairs: quantifiers and comprehensions (semantics 3.1 and 9).

use super::compute::{arithmetic, compare, extreme};
use super::evaluate::Frame;
use super::truth::{Truth, and, or};
use super::value::{Held, Item, Value};
use agentpol_check::policy::{ArithmeticOp, CompareOp, Each, Type};
use std::cmp::Ordering;

/// One element: what the first name is bound to, and the second where there is one.
type Element = (Held, Held);

/// What is gone through, as elements; `None` where it is not known.
///
/// A key of a map came with the arguments as the map did, and is looked for there.
fn elements(over: &Held) -> Option<Vec<Element>> {
    let place = match over {
        Held::Known(item) => item.at.clone(),
        Held::Absent | Held::Unknown => None,
    };
    let key = |key: &String| Held::Known(Item { value: Value::Text(key.clone()), at: place.clone() });
    match over.known()? {
        Value::List(elements) | Value::Open(elements) => {
            Some(elements.iter().map(|element| (element.clone(), Held::Absent)).collect())
        }
        Value::Map(entries) => Some(entries.iter().map(|(name, value)| (key(name), value.clone())).collect()),
        Value::Pairs(pairs) => Some(pairs.clone()),
        _ => None,
    }
}

/// Each element with what the body says of it.
fn bodies(frame: &Frame<'_>, each: &Each) -> Option<Vec<(Held, Held)>> {
    let over = elements(&frame.value(&each.over))?;
    let body = |(first, second): Element| {
        let mut inner = frame.clone();
        inner.bind(each.first, first.clone());
        if let Some(local) = each.second {
            inner.bind(local, second);
        }
        (first, inner.value(&each.body))
    };
    Some(over.into_iter().map(body).collect())
}

fn truths(frame: &Frame<'_>, each: &Each) -> Option<Vec<Truth>> {
    Some(bodies(frame, each)?.iter().map(|(_, body)| body.as_truth()).collect())
}

/// `any`: fold of `or`; empty is false; an unknown list is unknown.
pub(super) fn any(frame: &Frame<'_>, each: &Each) -> Truth {
    truths(frame, each).map_or(Truth::Unknown, or)
}

/// `all`: fold of `and`; empty is true; an unknown list is unknown.
pub(super) fn all(frame: &Frame<'_>, each: &Each) -> Truth {
    truths(frame, each).map_or(Truth::Unknown, and)
}

/// `count(x in L: E)`: unknown if one body is.
pub(super) fn count_where(frame: &Frame<'_>, each: &Each) -> Option<Value> {
    let truths = truths(frame, each)?;
    if truths.contains(&Truth::Unknown) {
        return None;
    }
    let fulfilling = truths.iter().filter(|truth| **truth == Truth::True).count();
    i64::try_from(fulfilling).ok().map(Value::Int)
}

/// `first(x in L: E)`: unknown only if an element before the found one is; absent where none fulfils it.
pub(super) fn first_where(frame: &Frame<'_>, each: &Each) -> Held {
    bodies(frame, each).map_or(Held::Unknown, |bodies| find(bodies.into_iter()))
}

/// `last(x in L: E)`: the same from the end.
pub(super) fn last_where(frame: &Frame<'_>, each: &Each) -> Held {
    bodies(frame, each).map_or(Held::Unknown, |bodies| find(bodies.into_iter().rev()))
}

fn find(bodies: impl Iterator<Item = (Held, Held)>) -> Held {
    for (element, body) in bodies {
        match body.as_truth() {
            Truth::True => return element,
            Truth::False => {}
            Truth::Unknown => return Held::Unknown,
        }
    }
    Held::Absent
}

/// `sum(x in L: E)`: of nothing, zero; overflow is unknown.
pub(super) fn sum(frame: &Frame<'_>, each: &Each, ty: &Type) -> Held {
    let Some(bodies) = bodies(frame, each) else { return Held::Unknown };
    let zero = match ty {
        Type::Decimal { .. } => Value::Decimal(0),
        Type::Duration => Value::Duration(0),
        _ => Value::Int(0),
    };
    let add = |total: Held, (_, body): (Held, Held)| Held::from(arithmetic(ArithmeticOp::Add, &total, &body));
    bodies.into_iter().fold(Held::of(zero), add)
}

/// `min(x in L: E)` and `max`: of nothing, absent.
pub(super) fn extreme_of(frame: &Frame<'_>, each: &Each, wanted: Ordering) -> Held {
    let Some(bodies) = bodies(frame, each) else { return Held::Unknown };
    let mut values = bodies.into_iter().map(|(_, body)| body);
    let Some(start) = values.next() else { return Held::Absent };
    let start = if start.known().is_some() { start } else { Held::Unknown };
    values.fold(start, |best, next| extreme(&best, &next, wanted))
}

/// `x in L` is `any y in L: x == y`; of a map, its keys.
pub(super) fn contains(list: &Held, wanted: &Held) -> Truth {
    let Some(elements) = elements(list) else { return Truth::Unknown };
    or(elements.iter().map(|(element, _)| compare(CompareOp::Eq, wanted, element)))
}

/// `count(L)` of a list or map; unknown where it may go on.
pub(super) fn count(list: &Held) -> Option<Value> {
    if matches!(list.known(), Some(Value::Open(_))) {
        return None;
    }
    i64::try_from(elements(list)?.len()).ok().map(Value::Int)
}

/// `first(L)`: absent where empty.
pub(super) fn first(list: &Held) -> Held {
    elements(list).map_or(Held::Unknown, |all| all.first().map_or(Held::Absent, |(element, _)| element.clone()))
}

/// `last(L)`: absent where empty.
pub(super) fn last(list: &Held) -> Held {
    elements(list).map_or(Held::Unknown, |all| all.last().map_or(Held::Absent, |(element, _)| element.clone()))
}

/// `pairs(L, M)`: side by side; unknown where the lengths differ.
pub(super) fn pairs(left: &Held, right: &Held) -> Option<Value> {
    if [left, right].iter().any(|side| matches!(side.known(), Some(Value::Open(_)))) {
        return None;
    }
    let (left, right) = (elements(left)?, elements(right)?);
    let side_by_side = || left.iter().zip(&right).map(|(l, r)| (l.0.clone(), r.0.clone())).collect();
    (left.len() == right.len()).then(|| Value::Pairs(side_by_side()))
}
