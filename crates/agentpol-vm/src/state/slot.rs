//! What a slot keeps of calls: the bounded algorithms of semantics 7.
//!
//! Under each key lie the calls that surely count, those that may count, and those that may count with a value that nobody
//! knows. A call whose key is not known lies under no key: it may count for each. There, too, lie the calls that are open.

use super::areas::{Areas, AreasMut, BLANK, BLOB, DOUBTFUL, PENDING, SURE, Widths};
use super::record::{ALONE, EntryKey, KEY_BYTES, RecordMut, array, read_i64, read_u32, read_u64, write};
use super::steps;
use agentpol_bytecode::tables::{Happened, Slot, SlotShape};
use alloc::vec::Vec;

/// How long a call may stay unreported before it is lost: an hour.
pub(crate) const LOST_AFTER: i64 = 3_600_000;
/// How many open calls a slot waits for: more than a session tree has, for those that many sessions share.
const MAX_PENDING: usize = 256;
/// How many of the first calls in a window are kept.
const FIRST_STEPS: usize = 16;
/// In the number of an open call: it may be none of those that are asked about.
const UNSURE: u64 = 1 << 63;
/// In the number of an open call: its value is not known.
const VALUELESS: u64 = 1 << 62;
/// In the number of an open call: its key is not known.
const KEYLESS: u64 = 1 << 61;
/// Time and number of an open call.
const PENDING_BYTES: usize = 16;

/// What a call says to a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    /// When it was decided.
    pub(crate) time: i64,
    /// The number of that step in the slot's record.
    pub(crate) seq: u64,
    /// It surely is one of those asked about.
    pub(crate) sure: bool,
    /// The key; `None` where it is not known.
    pub(crate) key: Option<EntryKey>,
    /// What is compared, counted or summed: an integer of the values' order in the first bytes, or what tells the value from
    /// others. `None` where there is none, or it is not known.
    pub(crate) value: Option<EntryKey>,
}

impl Event {
    fn place(&self) -> &EntryKey {
        self.key.as_ref().unwrap_or(&ALONE)
    }

    /// Reads an open call as a slot keeps it.
    pub(crate) fn pending(element: &[u8], slot: &Slot) -> Event {
        let flags = read_u64(element, 8);
        let value = compares(slot.shape).then(|| array(element, PENDING_BYTES)).flatten();
        let key_at = PENDING_BYTES.saturating_add(beside(slot).saturating_mul(KEY_BYTES));
        let key = if slot.keys > 0 { array(element, key_at) } else { Some(keyless()) };
        Event {
            time: read_i64(element, 0),
            seq: flags & !(UNSURE | VALUELESS | KEYLESS),
            sure: flags & UNSURE == 0,
            key: key.filter(|_| flags & KEYLESS == 0),
            value: value.filter(|_| flags & VALUELESS == 0),
        }
    }

    /// As a slot keeps an open call, with what it is compared by one by one.
    fn write<const BYTES: usize>(&self, slot: &Slot, measures: &[u8]) -> [u8; BYTES] {
        let flag = |set: bool, bit: u64| if set { bit } else { 0 };
        let flags = self.seq
            | flag(!self.sure, UNSURE)
            | flag(self.value.is_none(), VALUELESS)
            | flag(self.key.is_none(), KEYLESS);
        let mut element = [0; BYTES];
        write(&mut element, 0, &self.time.to_le_bytes());
        write(&mut element, 8, &flags.to_le_bytes());
        if compares(slot.shape) {
            write(&mut element, PENDING_BYTES, &self.value.unwrap_or(ALONE));
        } else if measures.len() == steps::measures(slot).saturating_mul(KEY_BYTES) {
            write(&mut element, PENDING_BYTES, measures);
        }
        if slot.keys > 0 {
            let at = PENDING_BYTES.saturating_add(beside(slot).saturating_mul(KEY_BYTES));
            write(&mut element, at, self.place());
        }
        element
    }
}

/// How many values stand with an open call beside its key.
fn beside(slot: &Slot) -> usize {
    if compares(slot.shape) { 1 } else { steps::measures(slot) }
}

/// The key of a slot that has none.
fn keyless() -> EntryKey {
    let mut key = ALONE;
    key.iter_mut().take(1).for_each(|first| *first = 1);
    key
}

/// How wide elements are.
pub(crate) fn widths(slot: &Slot) -> Widths {
    let (sure, doubtful) = match slot.shape {
        SlotShape::Time | SlotShape::Count { .. } => (8, 8),
        SlotShape::Other | SlotShape::Distinct { .. } => (8 + KEY_BYTES, 8 + KEY_BYTES),
        SlotShape::Least { .. } | SlotShape::Greatest { .. } => (16, 16),
        SlotShape::Sum { .. } => (24, 24),
        SlotShape::First | SlotShape::Last => (24, 8),
        SlotShape::Newest { .. } | SlotShape::Ring { .. } => (steps::width(slot), steps::width(slot)),
    };
    let parts = beside(slot).saturating_add(usize::from(slot.keys > 0));
    [PENDING_BYTES.saturating_add(parts.saturating_mul(KEY_BYTES)), sure, doubtful, 8, 1]
}

/// Returns whether calls are compared, counted apart or summed by a value.
pub(crate) fn compares(shape: SlotShape) -> bool {
    match shape {
        SlotShape::Time | SlotShape::Count { .. } | SlotShape::First | SlotShape::Last => false,
        SlotShape::Newest { .. } | SlotShape::Ring { .. } => false,
        SlotShape::Other | SlotShape::Least { .. } | SlotShape::Greatest { .. } => true,
        SlotShape::Distinct { .. } | SlotShape::Sum { .. } => true,
    }
}

/// The values of a call that is the first or the last; of one that is kept one by one what it is compared by.
pub(crate) type Values<'v> = &'v [u8];

/// A slot in a record.
pub(crate) struct Shelf<'r, 'b> {
    record: &'r mut RecordMut<'b>,
    slot: &'r Slot,
    now: i64,
}

impl<'r, 'b> Shelf<'r, 'b> {
    pub(crate) fn of(record: &'r mut RecordMut<'b>, slot: &'r Slot, now: i64) -> Self {
        Shelf { record, slot, now }
    }

    fn areas(&mut self, key: &EntryKey) -> Option<AreasMut<'_, 'b>> {
        AreasMut::of(self.record, self.slot.id, key, widths(self.slot))
    }

    /// Makes place for a key: the least recent one gives way, and it is known that something is lost.
    fn admit(&mut self, key: &EntryKey) -> Option<()> {
        let id = self.slot.id;
        let record = self.record.read();
        if *key == ALONE || record.find(id, key).is_some() {
            return Some(());
        }
        // Another program may have had more room.
        let excess = record.count(id).saturating_add(1).saturating_sub((self.slot.room as usize).max(1));
        for _ in 0..excess {
            let oldest = self.record.read().least_recent(id).map(|entry| (*entry.key, entry.stamp));
            let Some((oldest, stamp)) = oldest else { break };
            self.give_way(&oldest, stamp)?;
        }
        Some(())
    }

    /// Removes a key. That there was a value which nobody knows stays known.
    fn give_way(&mut self, key: &EntryKey, stamp: i64) -> Option<()> {
        let (id, shape) = (self.slot.id, self.slot.shape);
        let areas = Areas::of(self.record.read().find(id, key), widths(self.slot));
        let blank = areas.list(BLANK).iter().next_back().map(|element| read_i64(element, 0));
        let newest = steps::in_steps(shape).then(|| steps::newest(areas));
        self.record.remove(id, key);
        let mut alone = self.areas(&ALONE)?;
        match newest {
            Some(newest) => alone.give_up_step(SURE, stamp, newest),
            None => alone.give_up(SURE, stamp),
        }
        match blank {
            Some(time) => push(&mut alone, BLANK, &time.to_le_bytes(), blanks(shape)),
            None => Some(()),
        }
    }

    /// Notes a call that is let through and not reported. `None` where there is no room.
    pub(crate) fn open(&mut self, event: &Event, measures: &[u8]) -> Option<()> {
        // What its result says is not known yet.
        let waiting = Event { sure: event.sure && self.slot.result_entry.is_none(), ..*event };
        if measures.is_empty() {
            self.wait(&waiting.write::<{ PENDING_BYTES + 2 * KEY_BYTES }>(self.slot, measures))
        } else {
            self.wait(&waiting.write::<{ PENDING_BYTES + (steps::MOST_MEASURES + 1) * KEY_BYTES }>(self.slot, measures))
        }
    }

    fn wait(&mut self, element: &[u8]) -> Option<()> {
        let slot = self.slot;
        let [width, ..] = widths(slot);
        let element = element.get(..width)?;
        if let Some(payload) = self.record.payload(slot.id, &ALONE)
            && AreasMut::push_open(payload, width, element, MAX_PENDING)
        {
            return Some(());
        }
        let mut areas = self.areas(&ALONE)?;
        if areas.list(PENDING).count() >= MAX_PENDING {
            let list = areas.list(PENDING);
            let (oldest, measures) = (Event::pending(list.get(0), slot), steps::kept(list.get(0), slot).to_vec());
            areas.remove(PENDING, 0);
            // One that is not lost yet may still turn out not to have been dispatched.
            let lost = self.now.saturating_sub(oldest.time) > LOST_AFTER;
            let sure = slot.happened == Happened::Called && lost && oldest.sure;
            self.close(&Event { sure, ..oldest }, &measures)?;
            areas = self.areas(&ALONE)?;
        }
        let at = areas.list(PENDING).count();
        areas.insert(PENDING, at, element)
    }

    /// Takes an open call out.
    pub(crate) fn forget(&mut self, seq: u64) {
        let slot = self.slot;
        if self.record.read().find(slot.id, &ALONE).is_some()
            && let Some(mut areas) = self.areas(&ALONE)
        {
            let found = areas.list(PENDING).iter().position(|one| Event::pending(one, slot).seq == seq);
            found.into_iter().for_each(|at| areas.remove(PENDING, at));
        }
    }

    /// Where a key comes back after later calls gave way, the last call that is kept under it may not be the last: the time
    /// of what gave way.
    fn stale(&self, key: &EntryKey, time: i64) -> Option<i64> {
        let (id, record) = (self.slot.id, self.record.read());
        let given_up = Areas::of(record.find(id, &ALONE), widths(self.slot)).dropped(SURE);
        let comes_back = self.slot.shape == SlotShape::Last && *key != ALONE && record.find(id, key).is_none();
        (comes_back && given_up >= time).then_some(given_up)
    }

    /// Notes a call that counts, surely or not, from now on. `None` where there is no room.
    pub(crate) fn close(&mut self, event: &Event, values: Values<'_>) -> Option<()> {
        let key = *event.place();
        let stale = self.stale(&key, event.time);
        self.admit(&key)?;
        let (slot, shape, windowed) = (self.slot, self.slot.shape, self.slot.window.is_some());
        let list = if event.sure && event.key.is_some() { SURE } else { DOUBTFUL };
        let after = self.slot.window.map_or(i64::MIN, |window| self.now.saturating_sub(window));
        let mut areas = self.areas(&key)?;
        areas.touch(event.time);
        stale.into_iter().for_each(|given_up| areas.give_up(SURE, given_up));
        if event.value.is_none() && compares(shape) {
            return push(&mut areas, BLANK, &event.time.to_le_bytes(), blanks(shape));
        }
        let value = event.value.unwrap_or(ALONE);
        match shape {
            SlotShape::Time => push(&mut areas, list, &event.time.to_le_bytes(), 1),
            SlotShape::Count { most } => push(&mut areas, list, &event.time.to_le_bytes(), most as usize),
            SlotShape::Other => push_distinct(&mut areas, list, event.time, &value, 2),
            SlotShape::Distinct { most } => push_distinct(&mut areas, list, event.time, &value, most as usize),
            SlotShape::Least { steps } | SlotShape::Greatest { steps } => {
                let least = matches!(shape, SlotShape::Least { .. });
                push_extreme(&mut areas, list, event.time, &value, steps as usize, (least, windowed))
            }
            SlotShape::Sum { entries } => push_sum(&mut areas, list, event.time, &value, entries as usize, after),
            SlotShape::First | SlotShape::Last if list == DOUBTFUL => {
                push(&mut areas, DOUBTFUL, &event.time.to_le_bytes(), 1)
            }
            SlotShape::Newest { steps } => steps::push_newest(&mut areas, list, event, steps as usize),
            SlotShape::Ring { most } => steps::push_ring(&mut areas, list, event, slot, values, most as usize),
            SlotShape::Last => push_last(&mut areas, event, values),
            SlotShape::First => push_first(&mut areas, event, values, windowed.then_some(after)),
        }
    }
}

/// How many calls are kept whose value is not known: each may have another.
fn blanks(shape: SlotShape) -> usize {
    if let SlotShape::Distinct { most } = shape { most as usize } else { 1 }
}

/// Adds to a list of the newest.
fn push(areas: &mut AreasMut<'_, '_>, list: usize, element: &[u8], most: usize) -> Option<()> {
    let time = read_i64(element, 0);
    let found = areas.list(list);
    let (at, count, oldest) = (found.until(time), found.count(), found.time(0));
    if count >= most.max(1) {
        if at == 0 {
            areas.give_up(list, time);
            return Some(());
        }
        areas.remove(list, 0);
        areas.give_up(list, oldest);
        return areas.insert(list, at.saturating_sub(1), element);
    }
    areas.insert(list, at, element)
}

/// Adds to a list in which each value stands once, with the last time it was.
fn push_distinct(areas: &mut AreasMut<'_, '_>, list: usize, time: i64, value: &EntryKey, most: usize) -> Option<()> {
    let found = areas.list(list);
    let known = found.iter().position(|element| element.get(8..) == Some(value.as_slice()));
    if let Some((at, before)) = known.map(|at| (at, found.time(at))) {
        if before >= time {
            return Some(());
        }
        areas.remove(list, at);
    }
    let mut element = [0; 8 + KEY_BYTES];
    let bytes = time.to_le_bytes().into_iter().chain(*value);
    element.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
    push(areas, list, &element, most)
}

/// Adds to a list of the values of which no later one is less (or greater): the first in a window is its extreme. The first of
/// all gives way only where every question has a window.
fn push_extreme(
    areas: &mut AreasMut<'_, '_>,
    list: usize,
    time: i64,
    value: &EntryKey,
    steps: usize,
    (least, windowed): (bool, bool),
) -> Option<()> {
    let value = read_i64(value, 0);
    // Not beaten by: as extreme, or more.
    let covers = |one: i64, other: i64| if least { one <= other } else { one >= other };
    let found = areas.list(list);
    let later = found.until(time.saturating_sub(1));
    if later < found.count() && covers(read_i64(found.get(later), 8), value) {
        return Some(());
    }
    let mut at = found.until(time);
    while let Some(before) = at.checked_sub(1) {
        if !covers(value, read_i64(areas.list(list).get(before), 8)) {
            break;
        }
        areas.remove(list, before);
        at = before;
    }
    let mut element = [0; 16];
    let bytes = time.to_le_bytes().into_iter().chain(value.to_le_bytes());
    element.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
    if windowed || areas.list(list).count() < steps.max(1) {
        return push(areas, list, &element, steps);
    }
    // The most extreme of all stays: the next one to it gives way.
    areas.insert(list, at, &element)?;
    let given_up = areas.list(list).time(1);
    areas.remove(list, 1);
    areas.give_way(list, given_up);
    Some(())
}

fn amount(last: i64, first: i64, amount: i64) -> [u8; 24] {
    let mut element = [0; 24];
    let bytes = [last, first, amount].into_iter().flat_map(i64::to_le_bytes);
    element.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
    element
}

/// Adds an amount. When full, the two closest in time become one, from the earlier to the later: what it adds to a window
/// that begins between them is no less than nothing and no more than all.
fn push_sum(
    areas: &mut AreasMut<'_, '_>,
    list: usize,
    time: i64,
    value: &EntryKey,
    entries: usize,
    after: i64,
) -> Option<()> {
    let added = read_i64(value, 0);
    while areas.list(list).count() > 0 && areas.list(list).time(0) <= after {
        let oldest = areas.list(list).get(0);
        let (gone, amount) = (read_i64(oldest, 0), read_i64(oldest, 16));
        areas.remove(list, 0);
        areas.give_up(list, gone);
        areas.add_up(list, amount.saturating_neg());
    }
    areas.add_up(list, added);
    if into_merged(areas, list, time, added) {
        return Some(());
    }
    if areas.list(list).count() >= entries.max(2) {
        let found = areas.list(list);
        let gap = |at: &usize| found.time(at.saturating_add(1)).saturating_sub(found.time(*at));
        let closest = (0..found.count().saturating_sub(1)).min_by_key(gap)?;
        let (one, next) = (found.get(closest), found.get(closest.saturating_add(1)));
        let together = read_i64(one, 16).saturating_add(read_i64(next, 16));
        let merged = amount(read_i64(next, 0), read_i64(one, 8).min(read_i64(next, 8)), together);
        areas.change(list, closest.saturating_add(1), &merged);
        areas.remove(list, closest);
        // What came late may now lie inside of what was merged.
        if into_merged(areas, list, time, added) {
            return Some(());
        }
    }
    let at = areas.list(list).until(time);
    areas.insert(list, at, &amount(time, time, added))
}

/// Adds an amount to what was merged around its time, so that nothing that is kept overlaps; `false` where there is no such.
fn into_merged(areas: &mut AreasMut<'_, '_>, list: usize, time: i64, added: i64) -> bool {
    let found = areas.list(list);
    let at = found.until(time);
    let around = found.get(at);
    let inside = at < found.count() && read_i64(around, 8) <= time;
    if inside {
        let merged = amount(read_i64(around, 0), read_i64(around, 8), read_i64(around, 16).saturating_add(added));
        areas.change(list, at, &merged);
    }
    inside
}

/// One of the first, or the last: when it was, in which step, how long its values are.
fn valued(event: &Event, values: Values<'_>) -> [u8; 24] {
    let mut element = [0; 24];
    let length = u64::try_from(values.len()).unwrap_or(0);
    let bytes = event.time.to_le_bytes().into_iter().chain(event.seq.to_le_bytes()).chain(length.to_le_bytes());
    element.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
    element
}

fn push_last(areas: &mut AreasMut<'_, '_>, event: &Event, values: Values<'_>) -> Option<()> {
    let found = areas.list(SURE);
    if found.count() > 0 && read_u64(found.get(0), 8) >= event.seq {
        return Some(());
    }
    areas.clear(SURE);
    areas.clear(BLOB);
    areas.append(BLOB, values)?;
    areas.insert(SURE, 0, &valued(event, values))
}

/// The first calls, in order; with a window so many of them that those that fall out of it have others behind them.
fn push_first(areas: &mut AreasMut<'_, '_>, event: &Event, values: Values<'_>, after: Option<i64>) -> Option<()> {
    let mut kept: Vec<([u8; 24], Vec<u8>)> = firsts(areas.read())
        .map(|(element, values)| (element.first_chunk().copied().unwrap_or([0; 24]), values.to_vec()))
        .collect();
    let at = kept.partition_point(|(element, _)| read_u64(element, 8) <= event.seq);
    kept.insert(at, (valued(event, values), values.to_vec()));
    let gone = after.map_or(0, |after| kept.iter().take_while(|(element, _)| read_i64(element, 0) <= after).count());
    let most = if after.is_some() { FIRST_STEPS } else { 1 };
    for (at, (element, _)) in kept.iter().enumerate() {
        let dropped = at < gone || at.saturating_sub(gone) >= most;
        if dropped && after.is_some() {
            areas.give_up(SURE, read_i64(element, 0));
        }
    }
    areas.clear(SURE);
    areas.clear(BLOB);
    for (at, (element, values)) in kept.iter().skip(gone).take(most).enumerate() {
        areas.append(BLOB, values)?;
        areas.insert(SURE, at, element)?;
    }
    Some(())
}

/// The calls that are kept with their values, in order.
pub(crate) fn firsts(areas: Areas<'_>) -> impl Iterator<Item = (&[u8], &[u8])> {
    let blob = areas.list(BLOB).bytes();
    let mut at = 0usize;
    areas.list(SURE).iter().map(move |element| {
        let end = at.saturating_add(read_u32(element, 16) as usize);
        let values = blob.get(at..end).unwrap_or_default();
        at = end;
        (element, values)
    })
}
