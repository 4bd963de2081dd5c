//! Questions to slots, answered from what is kept: `[lo, hi]` of what surely and what possibly counts (semantics 4.2, 7).

use super::areas::{Areas, BLANK, DOUBTFUL, List, PENDING, SURE};
use super::kept::Reader;
use super::key::{Keyer, Scalar};
use super::record::{ALONE, EntryKey, read_i64, write};
use super::since;
use super::slot::{Event, firsts, widths};
use super::step::View;
use super::steps;
use crate::memory::Memory;
use crate::value::{Register, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::scope::Tri;
use agentpol_bytecode::tables::{Ask, Comparison, Happened, Kept, Query, Slot, SlotShape};

/// How many comparisons of one value with another telling many apart may take; beyond that doubtful ones count as new.
const MAX_PAIRS: usize = 1 << 14;

/// What a question is asked of: the calls under its key, and those that lie under no key.
struct Found<'v> {
    slot: &'v Slot,
    key: EntryKey,
    keyed: Areas<'v>,
    alone: Areas<'v>,
    /// Only calls behind this time are asked about.
    after: i64,
    /// Something that is asked about may not be there.
    missing: bool,
    /// Calls before this time may have been followed by others that nobody kept.
    since: i64,
}

/// Returns the value that is compared, counted or summed, as slots keep it; `None` where it is not known or not of the kind.
pub(crate) fn comparable(
    keyer: &Keyer,
    program: &Program,
    memory: &Memory,
    slot: &Slot,
    value: Value,
) -> Option<EntryKey> {
    let kept = *slot.values.get(slot.keys as usize)?;
    match slot.shape {
        SlotShape::Other | SlotShape::Distinct { .. } => {
            let mut packer = keyer.start();
            packer.add_value(program, memory, kept, value, true).then(|| packer.finish())
        }
        _ => match Scalar::of(kept, value)? {
            Scalar::Number(number) => {
                let mut place = ALONE;
                write(&mut place, 0, &number.to_le_bytes());
                Some(place)
            }
            _ => None,
        },
    }
}

/// Packs the keys of a slot; `None` where one is not known.
pub(crate) fn slot_key(
    keyer: &Keyer,
    program: &Program,
    memory: &Memory,
    slot: &Slot,
    keys: &[Register],
) -> Option<EntryKey> {
    let mut packer = keyer.start();
    let count = slot.keys as usize;
    let keys = keys.get(..count)?;
    for (at, (kept, key)) in slot.values.iter().zip(keys).enumerate() {
        let last = at.saturating_add(1) == count;
        packer.add_value(program, memory, *kept, key.value, last).then_some(())?;
    }
    Some(packer.finish())
}

/// Answers a question with these operands.
pub(crate) fn answer(
    view: &View<'_>,
    program: &Program,
    memory: &mut Memory,
    query: (&Query, &Slot),
    operands: &[Register],
) -> Register {
    ask(view, program, memory, query, operands).unwrap_or(Register::UNKNOWN)
}

fn ask(
    view: &View<'_>,
    program: &Program,
    memory: &mut Memory,
    (query, slot): (&Query, &Slot),
    operands: &[Register],
) -> Option<Register> {
    if steps::in_steps(slot.shape) {
        return since::ask(view, program, memory, (query, slot), operands);
    }
    if operands.len() != slot.keys.saturating_add(query.ask.operands()) as usize {
        return None;
    }
    let key = slot_key(view.keyer, program, memory, slot, operands)?;
    let record = view.record(slot.reach);
    let widths = widths(slot);
    let after = query.within.map_or(i64::MIN, |window| view.now.saturating_sub(window));
    let since = view.kept_since(view.slot_since(query.slot), slot.reach);
    let unattested = after < since;
    let [alone, keyed] = record.find_both(slot.id, &key);
    let alone = Areas::of(alone, widths);
    let found = Found {
        slot,
        key,
        keyed: Areas::of(keyed, widths),
        alone,
        after,
        missing: unattested || alone.dropped(SURE) > after,
        since: if unattested { since } else { i64::MIN },
    };
    let operand = || operands.get(slot.keys as usize).map_or(Value::Unknown, |operand| operand.value);
    Some(Register::made(match query.ask {
        Ask::Exists => found.exists().into(),
        Ask::Pair(op) => found.pair(op, &comparable(view.keyer, program, memory, slot, operand())?).into(),
        Ask::Count { op, plus, bound } => {
            let plus = if plus { number(Kept::Int, operand())? } else { 0 };
            against(op, found.count(), plus, bound).into()
        }
        Ask::Distinct { op, bound } => against(op, found.distinct(), 0, bound).into(),
        Ask::Sum { op, plus, bound } => {
            let kept = *slot.values.get(slot.keys as usize)?;
            let plus = if plus { number(kept, operand())? } else { 0 };
            found.sum().map_or(Tri::Unknown, |range| against(op, range, plus, bound)).into()
        }
        Ask::Value(place) => return Some(found.value(program, memory, place)),
    }))
}

pub(super) fn number(kept: Kept, value: Value) -> Option<i64> {
    match Scalar::of(kept, value)? {
        Scalar::Number(number) => Some(number),
        _ => None,
    }
}

/// From the least to the most; no most where something may be missing.
pub(super) struct Range {
    pub(super) low: i128,
    pub(super) high: Option<i128>,
}

/// `[lo,hi] op k`: true if true for every number of the range, false if false for every one, else unknown.
pub(super) fn against(op: Comparison, range: Range, plus: i64, bound: i64) -> Tri {
    let fits = |number: i128| i64::try_from(number).is_ok();
    let (low, high) =
        (range.low.saturating_add(i128::from(plus)), range.high.map(|high| high.saturating_add(i128::from(plus))));
    if !fits(low) || high.is_some_and(|high| !fits(high)) {
        return Tri::Unknown;
    }
    let bound = i128::from(bound);
    let below = high.is_some_and(|high| high < bound);
    let at_most = high.is_some_and(|high| high <= bound);
    let (all, none) = match op {
        Comparison::Lt => (below, low >= bound),
        Comparison::Le => (at_most, low > bound),
        Comparison::Gt => (low > bound, at_most),
        Comparison::Ge => (low >= bound, below),
        Comparison::Eq => (low == bound && at_most, low > bound || below),
        Comparison::Ne => (low > bound || below, low == bound && at_most),
    };
    match (all, none) {
        (true, _) => Tri::True,
        (_, true) => Tri::False,
        _ => Tri::Unknown,
    }
}

impl<'v> Found<'v> {
    /// The open calls in the window that have the key or may have it, each with whether it surely counts.
    fn pending(&self) -> impl Iterator<Item = (Event, bool)> + use<'v> {
        let (slot, key, after) = (self.slot, self.key, self.after);
        let open = self.alone.list(PENDING).iter().filter(move |element| read_i64(element, 0) > after);
        let here = move |event: &Event| event.key.is_none_or(|other| other == key);
        let called = slot.happened == Happened::Called;
        let all = open.map(move |element| Event::pending(element, slot)).filter(here);
        all.map(move |event| (event, called && event.sure && event.key.is_some()))
    }

    /// Calls in the window that may count, and whose value is known.
    fn doubtful(&self) -> [List<'v>; 2] {
        [self.keyed.list(DOUBTFUL).after(self.after), self.alone.list(DOUBTFUL).after(self.after)]
    }

    /// Whether calls of the window had to be given up.
    fn dropped(&self) -> bool {
        [(self.keyed, SURE), (self.keyed, DOUBTFUL), (self.keyed, BLANK), (self.alone, DOUBTFUL), (self.alone, BLANK)]
            .into_iter()
            .any(|(areas, list)| areas.dropped(list) > self.after)
    }

    /// Whether values of the window gave way. Without a window the most extreme of all, which stayed, says it all.
    fn given_way(&self) -> bool {
        let lists = [(self.keyed, SURE), (self.keyed, DOUBTFUL), (self.alone, DOUBTFUL)];
        self.after != i64::MIN && lists.into_iter().any(|(areas, list)| areas.given_way(list) > self.after)
    }

    /// Whether there are calls in the window that may count and whose value is not known.
    fn blank(&self) -> bool {
        self.keyed.list(BLANK).reaches(self.after) || self.alone.list(BLANK).reaches(self.after)
    }

    /// Whether some call may count.
    fn any(&self) -> bool {
        self.keyed.list(SURE).reaches(self.after)
            || self.doubtful().iter().any(|list| list.count() > 0)
            || self.blank()
            || self.pending().next().is_some()
    }

    fn exists(&self) -> Tri {
        if self.keyed.list(SURE).reaches(self.after) || self.pending().any(|(_, sure)| sure) {
            Tri::True
        } else if self.any() || self.missing {
            Tri::Unknown
        } else {
            Tri::False
        }
    }

    fn pair(&self, op: Comparison, operand: &EntryKey) -> Tri {
        let number = read_i64(operand, 0);
        let holds = |value: &[u8]| match op {
            Comparison::Ne => value != operand.as_slice(),
            Comparison::Eq => value == operand.as_slice(),
            Comparison::Lt => read_i64(value, 0) < number,
            Comparison::Le => read_i64(value, 0) <= number,
            Comparison::Gt => read_i64(value, 0) > number,
            Comparison::Ge => read_i64(value, 0) >= number,
        };
        let in_list = |list: List<'_>| list.iter().any(|element| holds(element.get(8..).unwrap_or_default()));
        if in_list(self.keyed.list(SURE).after(self.after)) {
            return Tri::True;
        }
        let mut doubtful = self.blank() || self.missing;
        for (pending, sure) in self.pending() {
            match pending.value {
                Some(value) if holds(&value) && sure => return Tri::True,
                Some(value) => doubtful |= holds(&value),
                None => doubtful = true,
            }
        }
        // Two values that differ say about every other whether there is a different one.
        let dropped = op != Comparison::Ne && (self.dropped() || self.given_way());
        doubtful |= dropped || self.doubtful().into_iter().any(in_list);
        if doubtful { Tri::Unknown } else { Tri::False }
    }

    fn count(&self) -> Range {
        let whole = |count: usize| i128::try_from(count).unwrap_or(i128::MAX);
        let (mut sure, mut all) = (self.keyed.list(SURE).after(self.after).count(), 0usize);
        for (_, surely) in self.pending() {
            let place = if surely { &mut sure } else { &mut all };
            *place = place.saturating_add(1);
        }
        let doubtful = self.doubtful().iter().map(List::count).fold(all, usize::saturating_add);
        let complete = !self.missing && !self.dropped();
        Range { low: whole(sure), high: complete.then(|| whole(sure.saturating_add(doubtful))) }
    }

    fn distinct(&self) -> Range {
        let whole = |count: usize| i128::try_from(count).unwrap_or(i128::MAX);
        let value = |element: &'v [u8]| element.get(8..).unwrap_or_default();
        let known = self.keyed.list(SURE).after(self.after);
        let [keyed, alone] = self.doubtful();
        let mut low = known.count();
        let mut blanks = self.keyed.list(BLANK).after(self.after).count();
        blanks = blanks.saturating_add(self.alone.list(BLANK).after(self.after).count());
        let mut more = 0usize;
        let holds = |list: List<'v>, wanted: &[u8]| list.iter().any(|element| value(element) == wanted);
        // Those that surely count come first, so that each of the others is new or not.
        let open = || self.pending().filter(|(_, sure)| *sure).chain(self.pending().filter(|(_, sure)| !*sure));
        for (at, (pending, sure)) in open().enumerate() {
            let Some(wanted) = pending.value else {
                blanks = blanks.saturating_add(1);
                continue;
            };
            if !holds(known, &wanted) && !open().take(at).any(|(before, _)| before.value == Some(wanted)) {
                let place = if sure { &mut low } else { &mut more };
                *place = place.saturating_add(1);
            }
        }
        let pairs =
            keyed.count().saturating_add(alone.count()).saturating_mul(known.count().saturating_add(keyed.count()));
        let new = |element: &&'v [u8], before: Option<List<'v>>| {
            let wanted = value(element);
            let waits = || open().any(|(pending, _)| pending.value.is_some_and(|value| value.as_slice() == wanted));
            pairs > MAX_PAIRS || !(waits() || holds(known, wanted) || before.is_some_and(|list| holds(list, wanted)))
        };
        let first = keyed.iter().filter(|element| new(element, None)).count();
        let second = alone.iter().filter(|element| new(element, Some(keyed))).count();
        let high = low.saturating_add(more).saturating_add(first).saturating_add(second).saturating_add(blanks);
        let complete = !self.missing && !self.dropped();
        Range { low: whole(low), high: complete.then(|| whole(high)) }
    }

    /// The sum; `None` where an amount is not known.
    fn sum(&self) -> Option<Range> {
        if self.blank() {
            return None;
        }
        let (mut low, part) = self.amounts(self.keyed, SURE);
        let mut high = low.saturating_add(part);
        for areas in [self.keyed, self.alone] {
            let (whole, part) = self.amounts(areas, DOUBTFUL);
            high = high.saturating_add(whole).saturating_add(part);
        }
        for (pending, sure) in self.pending() {
            let amount = i128::from(read_i64(&pending.value?, 0));
            high = high.saturating_add(amount);
            if sure {
                low = low.saturating_add(amount);
            }
        }
        let complete = !self.missing && !self.dropped();
        let fits = |total: i128| i64::try_from(total).is_ok();
        (fits(low) && (!complete || fits(high))).then_some(Range { low, high: complete.then_some(high) })
    }

    /// What the amounts of a list come to in the window: of those that lie in it wholly, and of those that do in part. The
    /// shorter way is taken: what is inside, or all without what is before.
    fn amounts(&self, areas: Areas<'_>, list: usize) -> (i128, i128) {
        let all = areas.list(list);
        let outside = all.until(self.after);
        let amount = |element: &[u8]| i128::from(read_i64(element, 16));
        let sum = |from: usize, to: usize| {
            let some = all.iter().skip(from).take(to.saturating_sub(from));
            some.map(amount).fold(0i128, i128::saturating_add)
        };
        let inside = match areas.total(list).filter(|_| outside < all.count().saturating_sub(outside)) {
            Some(total) => i128::from(total).saturating_sub(sum(0, outside)),
            None => sum(outside, all.count()),
        };
        // What was merged does not overlap: only the first may begin before the window and end in it.
        let torn = all.iter().skip(outside).take_while(|element| read_i64(element, 8) <= self.after);
        let part = torn.map(amount).fold(0i128, i128::saturating_add);
        (inside.saturating_sub(part), part)
    }

    /// A value of the first or the last call that surely counts; absent where there surely is none.
    fn value(&self, program: &Program, memory: &mut Memory, place: u32) -> Register {
        let nothing = if self.any() || self.missing || self.dropped() { Register::UNKNOWN } else { Register::ABSENT };
        let inside = |(element, _): &(&[u8], &[u8])| read_i64(element, 0) > self.after;
        let Some((element, values)) = firsts(self.keyed).find(inside) else { return nothing };
        let time = read_i64(element, 0);
        let first = self.slot.shape == SlotShape::First;
        let earlier = self.missing || (self.keyed.dropped(SURE) > self.after && time >= self.keyed.dropped(SURE));
        let later = self.keyed.dropped(SURE) >= time;
        if time < self.since || (first && earlier) || (!first && later) {
            return Register::UNKNOWN;
        }
        let mut reader = Reader { program, bytes: values };
        for _ in 0..place {
            if reader.skip().is_none() {
                return Register::UNKNOWN;
            }
        }
        let kept = (self.slot.keys as usize).checked_add(place as usize).and_then(|at| self.slot.values.get(at));
        kept.and_then(|kept| reader.kept(memory, *kept)).unwrap_or(Register::UNKNOWN)
    }
}
