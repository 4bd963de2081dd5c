//! Lists in the order of steps: of calls that another slot cuts off, of those that cut off, and of calls that are kept one by
//! one with what they are compared by.
//!
//! An element is the time, the number of the step in the slot's record, and the measures: for each value the key of it, or
//! zeros where it is not known.

use super::areas::{Areas, AreasMut, DOUBTFUL, SURE};
use super::key::Keyer;
use super::record::{ALONE, EntryKey, KEY_BYTES, read_i64, read_u64, write};
use super::slot::Event;
use crate::memory::Memory;
use crate::value::Value;
use agentpol_bytecode::Program;
use agentpol_bytecode::scope::Tri;
use agentpol_bytecode::tables::{Comparison, Kept, Slot, SlotShape};

/// Time and step.
const STEP_BYTES: usize = 16;
/// How many values calls can be compared by one by one.
pub(crate) const MOST_MEASURES: usize = 8;

/// Returns whether what is kept is in the order of steps.
pub(crate) fn in_steps(shape: SlotShape) -> bool {
    matches!(shape, SlotShape::Newest { .. } | SlotShape::Ring { .. })
}

/// How many values are kept of each call to be compared.
pub(crate) fn measures(slot: &Slot) -> usize {
    match slot.shape {
        SlotShape::Ring { .. } => slot.values.len().saturating_sub(slot.keys as usize).min(MOST_MEASURES),
        _ => 0,
    }
}

/// How wide elements are.
pub(crate) fn width(slot: &Slot) -> usize {
    STEP_BYTES.saturating_add(measures(slot).saturating_mul(KEY_BYTES))
}

/// The measures of an element, or of an open call.
pub(crate) fn kept<'b>(element: &'b [u8], slot: &Slot) -> &'b [u8] {
    element.get(STEP_BYTES..width(slot)).unwrap_or_default()
}

/// What a value is compared by; zeros where it is not known, or not of its kind.
pub(crate) fn measure(keyer: &Keyer, program: &Program, memory: &Memory, kept: Kept, value: Value) -> EntryKey {
    let mut packer = keyer.start();
    let known = packer.add_value(program, memory, kept, value, true);
    if known { packer.finish() } else { ALONE }
}

/// Whether the measures of a call stand so to the operands: unknown where one is not known.
pub(crate) fn compare(measures: &[u8], compares: &[(u32, Comparison)], operands: &[EntryKey]) -> Tri {
    let all = measures.as_chunks::<KEY_BYTES>().0;
    let each = compares.iter().zip(operands).map(|((value, op), operand)| match all.get(*value as usize) {
        Some(measure) if *measure != ALONE && *operand != ALONE => holds(*op, measure, operand).into(),
        _ => Tri::Unknown,
    });
    each.fold(Tri::True, Tri::and)
}

/// Behind the first byte of a number is the number.
fn holds(op: Comparison, that: &EntryKey, operand: &EntryKey) -> bool {
    let (number, other) = (read_i64(that, 1), read_i64(operand, 1));
    match op {
        Comparison::Eq => that == operand,
        Comparison::Ne => that != operand,
        Comparison::Lt => number < other,
        Comparison::Le => number <= other,
        Comparison::Gt => number > other,
        Comparison::Ge => number >= other,
    }
}

/// The newest step under a key, given up or not; 0 where there is none.
pub(crate) fn newest(areas: Areas<'_>) -> u64 {
    let of = |list: usize| {
        let last = areas.list(list).iter().next_back().map_or(0, |element| read_u64(element, 8));
        last.max(areas.step_dropped(list))
    };
    of(SURE).max(of(DOUBTFUL))
}

/// Adds to a list in which nothing has another behind it that is as late and of a later step.
pub(crate) fn push_newest(areas: &mut AreasMut<'_, '_>, list: usize, event: &Event, most: usize) -> Option<()> {
    let found = areas.list(list);
    if found.iter().any(|one| read_u64(one, 8) >= event.seq && read_i64(one, 0) >= event.time) {
        return Some(());
    }
    let mut at = place(areas, list, event.seq);
    while let Some(before) = at.checked_sub(1).filter(|before| areas.list(list).time(*before) <= event.time) {
        areas.remove(list, before);
        at = before;
    }
    let mut element = [0; STEP_BYTES];
    begin(&mut element, event);
    insert(areas, list, at, &element, most)
}

/// Adds to a list of the last.
pub(crate) fn push_ring(
    areas: &mut AreasMut<'_, '_>,
    list: usize,
    event: &Event,
    slot: &Slot,
    measures: &[u8],
    most: usize,
) -> Option<()> {
    let mut element = [0; STEP_BYTES + MOST_MEASURES * KEY_BYTES];
    let width = width(slot);
    begin(&mut element, event);
    // What is not whole is not known.
    if measures.len() == width.saturating_sub(STEP_BYTES) {
        write(&mut element, STEP_BYTES, measures);
    }
    let at = place(areas, list, event.seq);
    insert(areas, list, at, element.get(..width)?, most)
}

fn begin(element: &mut [u8], event: &Event) {
    write(element, 0, &event.time.to_le_bytes());
    write(element, 8, &event.seq.to_le_bytes());
}

/// Where a step belongs: calls mostly end in the order in which they were decided.
fn place(areas: &AreasMut<'_, '_>, list: usize, step: u64) -> usize {
    let found = areas.list(list);
    let later = found.iter().rev().take_while(|element| read_u64(element, 8) > step).count();
    found.count().saturating_sub(later)
}

/// Puts an element in; the oldest step gives way where there are as many as may be.
fn insert(areas: &mut AreasMut<'_, '_>, list: usize, at: usize, element: &[u8], most: usize) -> Option<()> {
    let found = areas.list(list);
    if found.count() < most.max(1) {
        return areas.insert(list, at, element);
    }
    let oldest = if at == 0 { element } else { found.get(0) };
    let (time, step) = (read_i64(oldest, 0), read_u64(oldest, 8));
    areas.give_up_step(list, time, step);
    if at == 0 {
        return Some(());
    }
    areas.remove(list, 0);
    areas.insert(list, at.saturating_sub(1), element)
}
