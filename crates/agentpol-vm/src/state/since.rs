//! Questions to what is kept in the order of steps: calls after the newest of another slot, and calls that are looked through
//! one by one (semantics 7).
//!
//! What cuts off is conservative in both directions: a call surely counts where it comes after every call that may cut it
//! off, and may count where it comes after those that surely do.

use super::areas::{Areas, DOUBTFUL, List, PENDING, SURE};
use super::query::{Range, against, number, slot_key};
use super::record::{ALONE, EntryKey, read_i64, read_u64};
use super::slot::{Event, widths};
use super::step::View;
use super::steps::{self, MOST_MEASURES};
use crate::memory::Memory;
use crate::value::{Register, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::scope::Tri;
use agentpol_bytecode::tables::{Ask, Comparison, Happened, Kept, Query, Slot};

/// What a slot keeps under a key, and under none.
struct Lists<'v> {
    slot: &'v Slot,
    key: EntryKey,
    keyed: Areas<'v>,
    alone: Areas<'v>,
    /// Since when it is kept, where that matters.
    since: Option<i64>,
}

impl<'v> Lists<'v> {
    /// `None` where a key is not known.
    fn find(
        view: &View<'v>,
        program: &Program,
        memory: &Memory,
        (number, slot): (u32, &'v Slot),
        keys: &[Register],
        after: i64,
    ) -> Option<Lists<'v>> {
        let key = slot_key(view.keyer, program, memory, slot, keys)?;
        let widths = widths(slot);
        let [alone, keyed] = view.record(slot.reach).find_both(slot.id, &key).map(|bytes| Areas::of(bytes, widths));
        let since = view.kept_since(view.slot_since(number), slot.reach);
        let since = (after < since).then_some(since);
        Some(Lists { slot, key, keyed, alone, since })
    }

    /// Calls that are open and have the key or may have it, with whether they surely count.
    fn pending(&self) -> impl Iterator<Item = (&'v [u8], Event, bool)> + use<'v> {
        let (slot, key) = (self.slot, self.key);
        let called = slot.happened == Happened::Called;
        let open = self.alone.list(PENDING).iter().map(move |element| (element, Event::pending(element, slot)));
        let here = open.filter(move |(_, event)| event.key.is_none_or(|other| other == key));
        here.map(move |(element, event)| (element, event, called && event.sure && event.key.is_some()))
    }

    /// Calls that may count, and are closed.
    fn doubtful(&self) -> [List<'v>; 2] {
        [self.keyed.list(DOUBTFUL), self.alone.list(DOUBTFUL)]
    }
}

/// What cuts off calls.
struct Cut {
    /// The newest step that surely does; 0 where there is none.
    sure: u64,
    /// The latest time of one that surely does.
    time: i64,
    /// The newest step that may.
    maybe: u64,
    /// Before this time something may have happened that nobody kept.
    since: i64,
}

impl Cut {
    /// Nothing cuts off.
    const NONE: Cut = Cut { sure: 0, time: i64::MIN, maybe: 0, since: i64::MIN };

    fn of(lists: &Lists<'_>) -> Cut {
        let mut cut = Cut { since: lists.since.unwrap_or(i64::MIN), ..Cut::NONE };
        for element in lists.keyed.list(SURE).iter() {
            cut.surely(read_u64(element, 8), read_i64(element, 0));
        }
        for element in lists.doubtful().iter().flat_map(List::iter) {
            cut.maybe = cut.maybe.max(read_u64(element, 8));
        }
        for (_, event, sure) in lists.pending() {
            cut.maybe = cut.maybe.max(event.seq);
            if sure {
                cut.surely(event.seq, event.time);
            }
        }
        // It may have been under the keys that gave way.
        cut.maybe = cut.maybe.max(lists.alone.step_dropped(SURE)).max(cut.sure);
        cut
    }

    fn surely(&mut self, step: u64, time: i64) {
        self.sure = self.sure.max(step);
        self.time = self.time.max(time);
    }
}

/// What is asked of each call.
struct Test<'q> {
    cut: Cut,
    compares: &'q [(u32, Comparison)],
    operands: [EntryKey; MOST_MEASURES],
    /// Only calls behind this time are asked about.
    after: i64,
}

impl Test<'_> {
    /// Whether a call of a time and step is one of those asked about.
    fn of(&self, time: i64, step: u64, measures: &[u8]) -> Tri {
        if time <= self.after || step <= self.cut.sure {
            return Tri::False;
        }
        let behind = if step > self.cut.maybe && time >= self.cut.since { Tri::True } else { Tri::Unknown };
        behind.and(steps::compare(measures, self.compares, &self.operands))
    }

    fn of_element(&self, element: &[u8], slot: &Slot) -> Tri {
        self.of(read_i64(element, 0), read_u64(element, 8), steps::kept(element, slot))
    }

    /// Whether calls that are asked about may be missing.
    fn missing(&self, lists: &Lists<'_>) -> bool {
        let unattested = lists.since.is_some_and(|since| self.cut.time < since);
        let dropped = |(areas, list): (Areas<'_>, usize)| {
            areas.dropped(list) > self.after && areas.step_dropped(list) > self.cut.sure
        };
        let all = [(lists.alone, SURE), (lists.alone, DOUBTFUL), (lists.keyed, SURE), (lists.keyed, DOUBTFUL)];
        unattested || all.into_iter().any(dropped)
    }
}

/// Answers a question with these operands: the keys, what each call is compared with, the keys of what cuts off, and what is
/// added.
pub(super) fn ask(
    view: &View<'_>,
    program: &Program,
    memory: &Memory,
    (query, slot): (&Query, &Slot),
    operands: &[Register],
) -> Option<Register> {
    let after = query.within.map_or(i64::MIN, |window| view.now.saturating_sub(window));
    let (keys, rest) = operands.split_at_checked(slot.keys as usize)?;
    let (compared, rest) = rest.split_at_checked(query.compares.len())?;
    let lists = Lists::find(view, program, memory, (query.slot, slot), keys, after)?;
    let (cut, rest) = match query.since {
        None => (Cut::NONE, rest),
        Some(number) => {
            let cutting = program.tables().slots.get(number as usize)?;
            let (keys, rest) = rest.split_at_checked(cutting.keys as usize)?;
            (Cut::of(&Lists::find(view, program, memory, (number, cutting), keys, i64::MIN)?), rest)
        }
    };
    let mut measured = [ALONE; MOST_MEASURES];
    for (((value, _), operand), place) in query.compares.iter().zip(compared).zip(&mut measured) {
        let kept = slot.values.get(slot.keys.checked_add(*value)? as usize)?;
        *place = steps::measure(view.keyer, program, memory, *kept, operand.value);
        // What it is compared with is not known.
        (*place != ALONE).then_some(())?;
    }
    let test = Test { cut, compares: &query.compares, operands: measured, after };
    let range = count(&lists, &test);
    Some(Register::made(match query.ask {
        Ask::Exists if range.low > 0 => Tri::True.into(),
        Ask::Exists if range.high == Some(0) => Tri::False.into(),
        Ask::Exists => Tri::Unknown.into(),
        Ask::Count { op, plus, bound } => {
            let plus =
                if plus { number(Kept::Int, rest.first().map_or(Value::Unknown, |added| added.value))? } else { 0 };
            against(op, range, plus, bound).into()
        }
        _ => return None,
    }))
}

/// How many calls there are: at least those that surely count, at most with those that may.
fn count(lists: &Lists<'_>, test: &Test<'_>) -> Range {
    let (mut low, mut more) = (0i128, 0i128);
    let mut add = |found: Tri, sure: bool| match found {
        Tri::False => {}
        Tri::True if sure => low = low.saturating_add(1),
        _ => more = more.saturating_add(1),
    };
    for element in lists.keyed.list(SURE).iter() {
        add(test.of_element(element, lists.slot), true);
    }
    for element in lists.doubtful().iter().flat_map(List::iter) {
        add(test.of_element(element, lists.slot), false);
    }
    for (element, event, sure) in lists.pending() {
        add(test.of(event.time, event.seq, steps::kept(element, lists.slot)), sure);
    }
    Range { low, high: (!test.missing(lists)).then(|| low.saturating_add(more)) }
}
