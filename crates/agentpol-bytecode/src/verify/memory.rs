//! What is remembered, asked and learned: slots, questions, evidence, answers, rates.

use super::rules::{MAX_REGISTERS, scope_is_sound};
use super::types::MAX_LIST;
use super::{ascending, distinct, references, require};
use crate::error::{Fault, LoadError};
use crate::tables::{
    Alarm, Answer, Ask, Comparison, Effect, Evidence, Field, Happened, Kept, Key, KeySource, Query, Rate, Slot,
    SlotShape, Tables, TypeDef, TypeId,
};
use alloc::vec;
use alloc::vec::Vec;

/// The most values that something is kept apart by.
pub(crate) const MAX_KEYS: usize = 8;
/// The most values that are kept of one call.
const MAX_VALUES: usize = 64;
/// The most keys that something has room for, and the most events that are counted one by one.
const MAX_ROOM: u32 = 10_000;
/// To tell whether there are more than so many, one more is kept.
const MAX_RING: u32 = MAX_ROOM + 1;
/// The most records of one kind that are known at a time.
const MAX_RECORDS: u32 = 65_536;
/// The most things that are remembered.
const MAX_SLOTS: usize = 1 << 16;
/// The most parts of one answer, each counted as often as it stands in it.
const MAX_PARTS: u32 = 4096;

pub(super) fn verify(tables: &Tables) -> Result<(), LoadError> {
    require(tables.slots.len() <= MAX_SLOTS && tables.rates.len() <= MAX_SLOTS, Fault::TableSize, 0)?;
    for (at, slot) in tables.slots.iter().enumerate() {
        require(slot_is_sound(tables, slot), Fault::SlotTable, at)?;
    }
    require(ascending(&ids(&tables.slots, |slot| slot.id)), Fault::SlotTable, 0)?;
    for (at, query) in tables.queries.iter().enumerate() {
        require(query_is_sound(tables, query), Fault::QueryTable, at)?;
    }
    for (at, evidence) in tables.evidence.iter().enumerate() {
        require(evidence_is_sound(tables, evidence, at), Fault::EvidenceTable, at)?;
    }
    require(ascending(&ids(&tables.evidence, |evidence| evidence.id)), Fault::EvidenceTable, 0)?;
    require(records_name_their_own(tables), Fault::EvidenceTable, 0)?;
    answers(tables)?;
    rates(tables)
}

fn ids<T>(table: &[T], id: impl Fn(&T) -> u64) -> Vec<u64> {
    table.iter().map(id).collect()
}

fn slot_is_sound(tables: &Tables, slot: &Slot) -> bool {
    let keys = slot.keys as usize;
    let Some((keyed, values)) = slot.values.split_at_checked(keys) else { return false };
    let block = |entry: u32| (entry as usize) < tables.code.len();
    block(slot.entry)
        && slot.result_entry.is_none_or(block)
        && slot.clauses as usize <= tables.code.len()
        && slot.registers <= MAX_REGISTERS
        && scope_is_sound(tables, &slot.scope)
        && slot.scope.grantable.is_none()
        && keys <= MAX_KEYS
        && slot.values.len() <= MAX_VALUES
        && slot.values.iter().all(|kept| kept_is_sound(tables, *kept))
        && keyed.iter().all(|key| key.is_scalar())
        && shape_is_sound(slot.shape, values)
        && (!matches!(slot.shape, SlotShape::First | SlotShape::Last) || slot.happened == Happened::Completed)
        && slot.window.is_none_or(|window| window > 0)
        && (1..=MAX_ROOM).contains(&slot.room)
        && (keys > 0 || slot.room == 1)
}

fn kept_is_sound(tables: &Tables, kept: Kept) -> bool {
    match kept {
        Kept::Enum(of) => (of as usize) < tables.enums.len(),
        Kept::Level(of) => (of as usize) < tables.levels.len(),
        Kept::Typed(of) => (of as usize) < tables.types.len(),
        _ => true,
    }
}

/// What a slot keeps beside its keys.
fn shape_is_sound(shape: SlotShape, values: &[Kept]) -> bool {
    let ring = |size: u32| (1..=MAX_RING).contains(&size);
    match (shape, values) {
        (SlotShape::Time, []) => true,
        (SlotShape::Count { most }, []) => ring(most),
        (SlotShape::Other, [value]) => value.is_scalar(),
        (SlotShape::Least { steps } | SlotShape::Greatest { steps }, [value]) => value.is_ordered() && ring(steps),
        (SlotShape::Distinct { most }, [value]) => value.is_scalar() && ring(most),
        (SlotShape::Sum { entries }, [value]) => value.is_number() && ring(entries),
        (SlotShape::First | SlotShape::Last, values) => !values.is_empty(),
        (SlotShape::Newest { steps }, []) => ring(steps),
        (SlotShape::Ring { most }, values) => {
            ring(most) && values.len() <= MAX_KEYS && values.iter().all(|value| value.is_scalar())
        }
        _ => false,
    }
}

/// A slot answers only for what it keeps, and only for as long.
fn query_is_sound(tables: &Tables, query: &Query) -> bool {
    let Some(slot) = tables.slots.get(query.slot as usize) else { return false };
    let asked = match (query.ask, slot.shape) {
        (Ask::Exists, SlotShape::Time) => query.since.is_none(),
        (Ask::Exists, SlotShape::Newest { .. } | SlotShape::Ring { .. }) => true,
        (Ask::Count { bound, .. }, SlotShape::Ring { most }) => bound < i64::from(most),
        (Ask::Pair(op), shape) => match shape {
            SlotShape::Other => op == Comparison::Ne,
            SlotShape::Least { .. } => matches!(op, Comparison::Lt | Comparison::Le),
            SlotShape::Greatest { .. } => matches!(op, Comparison::Gt | Comparison::Ge),
            _ => false,
        },
        (Ask::Count { bound, .. }, SlotShape::Count { most }) => bound < i64::from(most),
        (Ask::Distinct { bound, .. }, SlotShape::Distinct { most }) => bound < i64::from(most),
        (Ask::Sum { .. }, SlotShape::Sum { .. }) => true,
        (Ask::Value(place), SlotShape::First | SlotShape::Last) => {
            slot.keys.checked_add(place).is_some_and(|place| (place as usize) < slot.values.len())
        }
        _ => false,
    };
    let long_enough = match (query.within, slot.window) {
        (Some(within), Some(window)) => within > 0 && within <= window,
        (Some(within), None) => within > 0,
        (None, window) => window.is_none(),
    };
    asked && long_enough && compares_are_sound(slot, query) && cut_is_sound(tables, slot, query)
}

/// Only what is kept one by one is compared, by order where it has one.
fn compares_are_sound(slot: &Slot, query: &Query) -> bool {
    let fits = |(value, op): &(u32, Comparison)| {
        let kept = slot.keys.checked_add(*value).and_then(|at| slot.values.get(at as usize));
        let equal = matches!(op, Comparison::Eq | Comparison::Ne);
        kept.is_some_and(|kept| equal || kept.is_ordered())
    };
    let ring = matches!(slot.shape, SlotShape::Ring { .. });
    query.compares.is_empty() || ring && query.compares.len() <= MAX_KEYS && query.compares.iter().all(fits)
}

/// What cuts off is kept as long as there is something, and in the same record: its steps have one order.
fn cut_is_sound(tables: &Tables, slot: &Slot, query: &Query) -> bool {
    let Some(since) = query.since else { return true };
    let Some(cutting) = tables.slots.get(since as usize) else { return false };
    let ordered = |shape: SlotShape| matches!(shape, SlotShape::Newest { .. } | SlotShape::Ring { .. });
    ordered(slot.shape)
        && matches!(cutting.shape, SlotShape::Newest { .. })
        && cutting.window.is_none()
        && cutting.reach == slot.reach
}

fn evidence_is_sound(tables: &Tables, evidence: &Evidence, at: usize) -> bool {
    let Some(TypeDef::Record { fields, evidence: named }) = tables.types.get(evidence.ty as usize) else {
        return false;
    };
    let first_step_kept = |path: &Vec<u32>| path.first().is_some_and(|step| evidence.kept.binary_search(step).is_ok());
    let open = |field: &u32| fields.get(*field as usize).is_some_and(|field| !field.secret);
    named.is_some_and(|named| named as usize == at)
        && (evidence.name as usize) < tables.symbols.len()
        && (1..=MAX_KEYS).contains(&evidence.keys.len())
        && distinct(evidence.keys.iter())
        && evidence.keys.iter().all(|path| first_step_kept(path) && leads_to_scalar(tables, evidence.ty, path))
        && references(&evidence.kept, fields.len())
        && evidence.kept.iter().all(open)
        && (1..=MAX_RECORDS).contains(&evidence.room)
        && evidence.fresh.is_none_or(|fresh| fresh > 0)
}

/// A record names the evidence that names it.
fn records_name_their_own(tables: &Tables) -> bool {
    tables.types.iter().enumerate().all(|(at, of)| match of {
        TypeDef::Record { evidence: Some(named), .. } => {
            tables.evidence.get(*named as usize).is_some_and(|evidence| evidence.ty as usize == at)
        }
        _ => true,
    })
}

/// Returns the field at the end of a path of field indexes.
pub(super) fn field_at<'t>(tables: &'t Tables, record: TypeId, path: &[u32]) -> Option<&'t Field> {
    let (last, steps) = path.split_last()?;
    let fields = |of: TypeId| match tables.types.get(of as usize) {
        Some(TypeDef::Record { fields, .. }) => Some(fields),
        _ => None,
    };
    let mut of = record;
    for step in steps {
        of = fields(of)?.get(*step as usize)?.ty;
    }
    fields(of)?.get(*last as usize)
}

fn leads_to_scalar(tables: &Tables, record: TypeId, path: &[u32]) -> bool {
    let of = field_at(tables, record, path).and_then(|field| tables.types.get(field.ty as usize));
    of.is_some_and(|of| {
        !matches!(of, TypeDef::List { .. } | TypeDef::Map { .. } | TypeDef::Record { .. } | TypeDef::Json)
    })
}

fn answers(tables: &Tables) -> Result<(), LoadError> {
    let mut parts: Vec<u32> = Vec::with_capacity(tables.answers.len());
    for (at, answer) in tables.answers.iter().enumerate() {
        require(answer_is_sound(tables, answer, at), Fault::AnswerTable, at)?;
        let inner = |of: &u32| parts.get(*of as usize).copied().unwrap_or(u32::MAX);
        let size = match answer {
            Answer::Either(of) => of.iter().map(inner).fold(1u32, u32::saturating_add),
            Answer::List { of, .. } => inner(of).saturating_add(1),
            _ => 1,
        };
        require(size <= MAX_PARTS, Fault::AnswerTable, at)?;
        parts.push(size);
    }
    Ok(())
}

/// An answer is made of answers before it, so that none is made of itself.
fn answer_is_sound(tables: &Tables, answer: &Answer, at: usize) -> bool {
    match answer {
        Answer::Value(of) => (*of as usize) < tables.types.len(),
        Answer::Verbatim => true,
        Answer::Keyed { evidence, entry, registers, field, of, keys } => {
            let Some(evidence) = tables.evidence.get(*evidence as usize) else { return false };
            let typed = match field.as_slice() {
                [] => Some(evidence.ty),
                path => field_at(tables, evidence.ty, path).map(|field| field.ty),
            };
            typed == Some(*of)
                && (*entry as usize) < tables.code.len()
                && *registers <= MAX_REGISTERS
                && keys_are_sound(evidence, keys, field.is_empty())
        }
        Answer::Either(of) => !of.is_empty() && of.iter().all(|of| (*of as usize) < at) && distinct(of.iter()),
        Answer::List { of, max } => (*of as usize) < at && *max <= MAX_LIST,
    }
}

/// Each key has its source; only a whole record carries any, and only a field of the record itself may be left out.
fn keys_are_sound(evidence: &Evidence, keys: &[KeySource], whole: bool) -> bool {
    let fits = |(source, path): (&KeySource, &Vec<u32>)| match source {
        KeySource::Call => true,
        KeySource::Answer => whole,
        KeySource::AnswerOrCall => whole && path.len() == 1,
    };
    keys.len() == evidence.keys.len()
        && keys.iter().zip(&evidence.keys).all(fits)
        && keys.iter().any(|source| *source != KeySource::Answer)
}

/// Every rate is one rule's: calls would be counted twice else.
fn rates(tables: &Tables) -> Result<(), LoadError> {
    let mut owners = vec![0u32; tables.rates.len()];
    for (at, rule) in tables.rules.iter().enumerate() {
        let (rate, novel) = match rule.effect {
            Effect::Limit { rate } | Effect::Alert { alarm: Alarm::Rate(rate), .. } => (rate, false),
            Effect::Alert { alarm: Alarm::Novel(rate), .. } => (rate, true),
            _ => continue,
        };
        let Some(found) = tables.rates.get(rate as usize) else { return require(false, Fault::RuleTable, at) };
        require(bound_is_sound(found, novel), Fault::RateTable, rate as usize)?;
        owners.get_mut(rate as usize).into_iter().for_each(|owners| *owners = owners.saturating_add(1));
    }
    for (at, rate) in tables.rates.iter().enumerate() {
        let owned = owners.get(at) == Some(&1);
        require(owned && rate_is_sound(tables, rate), Fault::RateTable, at)?;
    }
    require(ascending(&ids(&tables.rates, |rate| rate.id)), Fault::RateTable, 0)
}

fn bound_is_sound(rate: &Rate, novel: bool) -> bool {
    let datasets = rate.keys.contains(&Key::Dataset);
    match (novel, rate.cost) {
        (true, cost) => rate.bound == 0 && cost.is_none() && !rate.keys.is_empty(),
        (false, None) => (1..=i64::from(MAX_ROOM)).contains(&rate.bound) && !datasets,
        (false, Some(_)) => rate.bound >= 1 && !datasets,
    }
}

fn rate_is_sound(tables: &Tables, rate: &Rate) -> bool {
    let key = |key: &Key| match key {
        Key::Value(kept) => kept.is_scalar() && kept_is_sound(tables, *kept),
        _ => true,
    };
    rate.window > 0
        && (rate.entry as usize) < tables.code.len()
        && rate.registers <= MAX_REGISTERS
        && rate.cost.is_none_or(Kept::is_number)
        && rate.keys.len() <= MAX_KEYS
        && rate.keys.iter().all(key)
}
