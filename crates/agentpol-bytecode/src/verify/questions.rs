//! Questions about earlier calls: the operands that they take, what they give, what they cost.

use super::kinds::Kinds;
use super::known::Known;
use crate::instruction::{Instruction, Op};
use crate::tables::{Ask, Evidence, Query, Slot, SlotShape, Tables, TypeId};
use alloc::vec::Vec;

/// How many calls of one root session may be under way, each of which a question has to look at.
pub(crate) const MAX_OPEN: u32 = 64;
/// What finding a key among those that there is room for takes.
const FINDING: u32 = 16;

/// Returns whether the instruction takes what is in its first operand: as many operands as it asks for, each of a kind that
/// can be compared with what is kept.
pub(super) fn takes(tables: &Tables, instruction: &Instruction, given: &Known) -> bool {
    let index = instruction.imm as usize;
    let wanted = match instruction.op {
        Op::Earlier => tables.queries.get(index).and_then(|query| asked(tables, query)),
        Op::Known => tables.evidence.get(index).map(|evidence| keys(tables, evidence)),
        _ => return true,
    };
    let Some(wanted) = wanted else { return false };
    let fits = |(given, wanted): (&Kinds, &Kinds)| given.comparable(*wanted);
    match (wanted.as_slice(), given.kinds) {
        ([], kinds) => kinds != Kinds::OPERANDS,
        ([wanted], kinds) => kinds != Kinds::OPERANDS && fits((&kinds, wanted)),
        (wanted, Kinds::OPERANDS) => {
            wanted.len() == given.gathered.len() && given.gathered.iter().zip(wanted).all(fits)
        }
        _ => false,
    }
}

/// The operands of a question: the keys, what is compared with each call, the keys of what cuts off, and what is compared or
/// added.
fn asked(tables: &Tables, query: &Query) -> Option<Vec<Kinds>> {
    let slot = tables.slots.get(query.slot as usize)?;
    let kinds = |place: usize| slot.values.get(place).map(|kept| Known::of_kept(tables, *kept).kinds);
    let mut wanted: Vec<Kinds> = (0..slot.keys as usize).map(kinds).collect::<Option<_>>()?;
    let compared = query.compares.iter().map(|(value, _)| kinds(slot.keys.checked_add(*value)? as usize));
    wanted.extend(compared.collect::<Option<Vec<Kinds>>>()?);
    if let Some(since) = query.since {
        let cutting = tables.slots.get(since as usize)?;
        let keys = cutting.values.get(..cutting.keys as usize)?;
        wanted.extend(keys.iter().map(|kept| Known::of_kept(tables, *kept).kinds));
    }
    if query.ask.operands() == 1 {
        wanted.push(match query.ask {
            Ask::Count { .. } => Kinds::INT,
            _ => kinds(slot.keys as usize)?,
        });
    }
    Some(wanted)
}

/// The operands of evidence: the key fields.
fn keys(tables: &Tables, evidence: &Evidence) -> Vec<Kinds> {
    let of = |path: &Vec<u32>| super::memory::field_at(tables, evidence.ty, path).map(|field| field.ty);
    let kinds = |of: Option<TypeId>| of.map_or(Kinds::NONE, |of| Known::of_type(tables, of).kinds);
    evidence.keys.iter().map(|path| kinds(of(path))).collect()
}

/// Returns what the instruction gives.
pub(super) fn answer(tables: &Tables, instruction: &Instruction) -> Known {
    let index = instruction.imm as usize;
    match instruction.op {
        Op::Earlier => {
            match tables.queries.get(index).map(|query| (query.ask, tables.slots.get(query.slot as usize))) {
                Some((Ask::Value(place), Some(slot))) => {
                    let kept = slot.values.get(slot.keys.saturating_add(place) as usize);
                    kept.map_or_else(Known::default, |kept| Known::of_kept(tables, *kept))
                }
                _ => Known::of_kind(Kinds::BOOL),
            }
        }
        _ => {
            let Some(evidence) = tables.evidence.get(index) else { return Known::default() };
            let record = Known::of_type(tables, evidence.ty);
            match instruction.op {
                // One more stands for what may be missing.
                Op::AllKnown => Known::list(record, evidence.room.saturating_add(1)),
                _ => record,
            }
        }
    }
}

/// Returns what the question costs beside its instruction: all that is kept under a key, and every call under way.
pub(super) fn steps(tables: &Tables, instruction: &Instruction) -> u64 {
    let index = instruction.imm as usize;
    let looked_at = match instruction.op {
        Op::Earlier => {
            let query = tables.queries.get(index);
            let asked = query.into_iter().flat_map(|query| [Some(query.slot), query.since]).flatten();
            let slots = asked.filter_map(|slot| tables.slots.get(slot as usize));
            let each = slots.map(|slot| kept(slot).saturating_add(FINDING).saturating_add(MAX_OPEN));
            let compares = query.map_or(0, |query| query.compares.len()).max(1);
            each.fold(0, u32::saturating_add).saturating_mul(u32::try_from(compares).unwrap_or(u32::MAX))
        }
        Op::Known => FINDING.saturating_add(MAX_OPEN),
        Op::AllKnown => tables.evidence.get(index).map_or(0, |evidence| evidence.room.saturating_add(MAX_OPEN)),
        _ => 0,
    };
    let fields = match instruction.op {
        Op::Known | Op::AllKnown => tables.evidence.get(index).map_or(1, |evidence| evidence.kept.len().max(1) as u64),
        _ => 1,
    };
    u64::from(looked_at).saturating_mul(fields)
}

/// How many events or values are kept under one key at most.
fn kept(slot: &Slot) -> u32 {
    match slot.shape {
        SlotShape::Time | SlotShape::Other | SlotShape::First | SlotShape::Last => 1,
        SlotShape::Least { steps } | SlotShape::Greatest { steps } | SlotShape::Newest { steps } => steps,
        SlotShape::Count { most } | SlotShape::Distinct { most } | SlotShape::Ring { most } => most,
        SlotShape::Sum { entries } => entries,
    }
}
