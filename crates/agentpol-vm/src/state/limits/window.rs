//! A sliding window: when something was counted, and how much, as far back as it can still matter (semantics 7, H10).
//!
//! A ring of entries in order of time, the oldest first. Counts keep the times of the last so many, which says exactly
//! whether so many lie in the window; sums keep amounts beside them and, when full, merge the two that are closest in time
//! into the later, so that never less is counted than was used.

use crate::state::record::{ALONE, RecordMut, read_i64, read_u32, write};
use core::ops::Range;

/// Lost, raised, head, count.
const HEADER: usize = 24;
const LOST: usize = 0;
const RAISED: usize = 8;
const HEAD: usize = 16;
const COUNT: usize = 20;
/// How many amounts a sum keeps apart.
pub(crate) const SUM_ENTRIES: usize = 1024;
/// How many times a count keeps at most.
pub(crate) const COUNT_ENTRIES: usize = 10_001;
/// How many entries a new ring has room for.
const FIRST_ENTRIES: usize = 4;

/// How many bytes a time has, and a time and an amount.
const TIME_BYTES: usize = 8;
const AMOUNT_BYTES: usize = 16;

/// How entries are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Only times: each counts 1.
    Times,
    /// Times and amounts.
    Amounts,
}

impl Form {
    fn width(self) -> usize {
        match self {
            Form::Times => TIME_BYTES,
            Form::Amounts => AMOUNT_BYTES,
        }
    }
}

/// A window to be read; one that was never written is empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window<'b> {
    payload: &'b [u8],
    form: Form,
}

impl<'b> Window<'b> {
    pub(crate) fn of(payload: Option<&'b [u8]>, form: Form) -> Self {
        Window { payload: payload.unwrap_or_default(), form }
    }

    fn capacity(&self) -> usize {
        let room = self.payload.len().saturating_sub(HEADER);
        // Known widths are divided by faster.
        match self.form {
            Form::Times => room / TIME_BYTES,
            Form::Amounts => room / AMOUNT_BYTES,
        }
    }

    fn count(&self) -> usize {
        (read_u32(self.payload, COUNT) as usize).min(self.capacity())
    }

    fn place(&self, at: usize) -> usize {
        let (capacity, turned) = (self.capacity(), (read_u32(self.payload, HEAD) as usize).saturating_add(at));
        // Most rings are not turned.
        let turned = if turned < capacity { turned } else { turned.checked_rem(capacity).unwrap_or(0) };
        HEADER.saturating_add(turned.saturating_mul(self.form.width()))
    }

    fn time(&self, at: usize) -> i64 {
        read_i64(self.payload, self.place(at))
    }

    fn amount(&self, at: usize) -> i64 {
        match self.form {
            Form::Times => 1,
            Form::Amounts => read_i64(self.payload, self.place(at).saturating_add(8)),
        }
    }

    /// The time of the newest entry that was given up; `None` where none was.
    fn lost(&self) -> Option<i64> {
        (self.payload.len() >= HEADER).then(|| read_i64(self.payload, LOST)).filter(|lost| *lost != i64::MIN)
    }

    /// When an alert was last raised from here.
    pub(crate) fn raised(&self) -> Option<i64> {
        (self.payload.len() >= HEADER).then(|| read_i64(self.payload, RAISED)).filter(|raised| *raised != i64::MIN)
    }

    /// The time of the newest entry.
    pub(crate) fn newest(&self) -> Option<i64> {
        self.count().checked_sub(1).map(|last| self.time(last))
    }

    /// Whether nothing was counted since.
    pub(crate) fn is_over(&self, after: i64) -> bool {
        self.newest().is_none_or(|newest| newest <= after)
    }

    /// The time that it is asked about: its own, where it is ahead.
    pub(crate) fn now(&self, now: i64) -> i64 {
        self.newest().map_or(now, |newest| newest.max(now))
    }

    /// The first entry that is younger than a time.
    fn first_after(&self, time: i64) -> usize {
        let (mut low, mut high) = (0, self.count());
        // What is asked about most often is all of it.
        if high > 0 && self.time(0) > time {
            return 0;
        }
        while low < high {
            let middle = low.midpoint(high);
            if self.time(middle) > time {
                high = middle;
            } else {
                low = middle.saturating_add(1);
            }
        }
        low
    }

    /// What was used since `after`, and whether that is all.
    pub(crate) fn used(&self, after: i64) -> (i128, bool) {
        let live = self.first_after(after)..self.count();
        let used = match self.form {
            Form::Times => live.len() as i128,
            Form::Amounts => self.amounts(live),
        };
        (used, self.lost().is_none_or(|lost| lost <= after))
    }

    /// What some entries come to. The ring is one run of bytes, or two where it is turned in between.
    fn amounts(&self, live: Range<usize>) -> i128 {
        let ring = self.payload.get(HEADER..).unwrap_or_default().as_chunks::<AMOUNT_BYTES>().0;
        let room = ring.len();
        let turned = (read_u32(self.payload, HEAD) as usize).checked_rem(room).unwrap_or(0);
        let (start, end) = (turned.saturating_add(live.start), turned.saturating_add(live.end));
        let sum = |some: Range<usize>| {
            let entries = ring.get(some).unwrap_or_default();
            entries.iter().map(|entry| i128::from(read_i64(entry, 8))).sum::<i128>()
        };
        let (straight, around) = (start.min(room)..end.min(room), start.saturating_sub(room)..end.saturating_sub(room));
        sum(straight).saturating_add(sum(around))
    }

    /// The least time such that what was counted up to it, since `after`, comes to `excess`; with what was lost where
    /// that is later.
    pub(crate) fn leaving(&self, after: i64, excess: i128) -> Option<i64> {
        let mut left = 0i128;
        let first = self.first_after(after);
        let found = (first..self.count()).find(|at| {
            left = left.saturating_add(i128::from(self.amount(*at)));
            left >= excess
        });
        let time = if excess <= 0 { None } else { found.map(|at| self.time(at)) };
        time.max(self.lost().filter(|lost| *lost > after))
    }
}

/// Counts something.
///
/// Returns `None` where the record has no room.
pub(crate) fn push(
    record: &mut RecordMut<'_>,
    id: u64,
    form: Form,
    entry: (i64, i64),
    keep: usize,
    after: i64,
) -> Option<()> {
    let keep = keep.max(1);
    if record.read().find(id, &ALONE).is_none() {
        let length = HEADER.saturating_add(form.width().saturating_mul(FIRST_ENTRIES.min(keep)));
        let payload = record.resize(id, &ALONE, length)?;
        write(payload, LOST, &i64::MIN.to_le_bytes());
        write(payload, RAISED, &i64::MIN.to_le_bytes());
    }
    let mut ring = Ring { payload: record.payload(id, &ALONE)?, form };
    let gone = ring.read().first_after(after);
    ring.drop_oldest(gone);
    while ring.read().count() >= keep {
        match form {
            Form::Times => ring.drop_oldest(1),
            Form::Amounts => ring.merge(),
        }
    }
    let (count, capacity) = (ring.read().count(), ring.read().capacity());
    if count >= capacity {
        ring.straighten();
        let more =
            capacity.saturating_mul(2).clamp(FIRST_ENTRIES, keep.max(FIRST_ENTRIES)).max(count.saturating_add(1));
        let length = HEADER.saturating_add(form.width().saturating_mul(more));
        ring = Ring { payload: record.resize(id, &ALONE, length)?, form };
    }
    ring.add(entry);
    Some(())
}

/// Takes back what was counted at a time. What has been merged with others stays counted.
pub(crate) fn take_back(record: &mut RecordMut<'_>, id: u64, form: Form, entry: (i64, i64)) {
    let Some(payload) = record.payload(id, &ALONE) else { return };
    let mut ring = Ring { payload, form };
    let window = ring.read();
    let start = window.first_after(entry.0.saturating_sub(1));
    let same = |at: &usize| window.time(*at) == entry.0 && window.amount(*at) == entry.1;
    if let Some(found) = (start..window.count()).take_while(|at| window.time(*at) == entry.0).find(same) {
        ring.remove(found);
    }
}

/// Notes that an alert was raised.
pub(crate) fn raise(record: &mut RecordMut<'_>, id: u64, now: i64) {
    record.payload(id, &ALONE).into_iter().for_each(|payload| write(payload, RAISED, &now.to_le_bytes()));
}

/// A window to be changed.
struct Ring<'b> {
    payload: &'b mut [u8],
    form: Form,
}

impl Ring<'_> {
    fn read(&self) -> Window<'_> {
        Window { payload: self.payload, form: self.form }
    }

    fn set_number(&mut self, at: usize, value: usize) {
        write(self.payload, at, &u32::try_from(value).unwrap_or(0).to_le_bytes());
    }

    /// Gives up the oldest.
    fn drop_oldest(&mut self, many: usize) {
        let Some(last) = many.checked_sub(1) else { return };
        let window = self.read();
        let (count, capacity, time) = (window.count(), window.capacity(), window.time(last));
        let lost = window.lost().map_or(time, |lost| lost.max(time));
        let head = (read_u32(self.payload, HEAD) as usize).saturating_add(many).checked_rem(capacity).unwrap_or(0);
        write(self.payload, LOST, &lost.to_le_bytes());
        self.set_number(HEAD, head);
        self.set_number(COUNT, count.saturating_sub(many));
    }

    /// Puts the oldest first.
    fn straighten(&mut self) {
        let (width, capacity) = (self.form.width(), self.read().capacity());
        let head = read_u32(self.payload, HEAD) as usize;
        let ring = self.payload.get_mut(HEADER..).and_then(|rest| rest.get_mut(..capacity.saturating_mul(width)));
        let turn = head.checked_rem(capacity).unwrap_or(0).saturating_mul(width);
        ring.into_iter().for_each(|ring| ring.rotate_left(turn));
        self.set_number(HEAD, 0);
    }

    fn add(&mut self, (time, amount): (i64, i64)) {
        let window = self.read();
        // Entries are in order of time, whatever the clock does.
        let time = window.newest().map_or(time, |newest| newest.max(time));
        let (count, place) = (window.count(), window.place(window.count()));
        write(self.payload, place, &time.to_le_bytes());
        if self.form == Form::Amounts {
            write(self.payload, place.saturating_add(8), &amount.to_le_bytes());
        }
        self.set_number(COUNT, count.saturating_add(1));
    }

    fn remove(&mut self, at: usize) {
        self.straighten();
        let (width, count) = (self.form.width(), self.read().count());
        let place = self.read().place(at);
        let end = HEADER.saturating_add(width.saturating_mul(count));
        let next = place.saturating_add(width);
        if next <= end && end <= self.payload.len() {
            self.payload.copy_within(next..end, place);
            self.set_number(COUNT, count.saturating_sub(1));
        }
    }

    /// Makes one entry of the two closest in time, at the later of their times.
    fn merge(&mut self) {
        let window = self.read();
        let gap = |at: &usize| window.time(at.saturating_add(1)).saturating_sub(window.time(*at));
        let Some(closest) = (0..window.count().saturating_sub(1)).min_by_key(gap) else { return self.drop_oldest(1) };
        let later = closest.saturating_add(1);
        let amount = window.amount(closest).saturating_add(window.amount(later));
        let place = window.place(later).saturating_add(8);
        write(self.payload, place, &amount.to_le_bytes());
        self.remove(closest);
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, Window, push, take_back};
    use crate::state::record::{ALONE, Record, RecordMut, validate};
    use alloc::vec::Vec;

    const ID: u64 = 5;

    fn next(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    }

    fn window(bytes: &[u8], form: Form) -> Window<'_> {
        Window::of(Record::of(bytes).expect("it was written here").find(ID, &ALONE), form)
    }

    /// Counts and sums agree with a log that forgets nothing.
    #[test]
    fn agrees_with_a_log() {
        for (form, keep) in [(Form::Times, 6), (Form::Times, 1), (Form::Amounts, 4000)] {
            let (mut bytes, mut log, mut state, mut now) = (Vec::new(), Vec::<(i64, i64)>::new(), 9, 1_000);
            for _ in 0..3_000 {
                now += (next(&mut state) % 40) as i64;
                let (length, amount) = (100, if form == Form::Times { 1 } else { (next(&mut state) % 50) as i64 });
                let after = now - length;
                let live: Vec<&(i64, i64)> = log.iter().filter(|entry| entry.0 > after).collect();
                let all: i128 = live.iter().map(|entry| i128::from(entry.1)).sum();
                let (used, complete) = window(&bytes, form).used(after);
                // A count keeps the newest: whether so many are in the window is exact.
                assert_eq!(used, if form == Form::Times { all.min(keep as i128) } else { all });
                assert!(complete || used == keep as i128);
                if complete && all > 3 {
                    let mut left = 0;
                    let leaves = live.iter().find(|entry| {
                        left += i128::from(entry.1);
                        left >= all - 3
                    });
                    assert_eq!(window(&bytes, form).leaving(after, all - 3), leaves.map(|entry| entry.0));
                }
                let mut record = RecordMut::of(&mut bytes).expect("it was written here");
                if next(&mut state).is_multiple_of(5) && complete && !log.is_empty() {
                    let at = log.len() - 1 - (next(&mut state) as usize % log.len().min(3));
                    if log[at].0 > after {
                        take_back(&mut record, ID, form, log.remove(at));
                        continue;
                    }
                }
                push(&mut record, ID, form, (now, amount), keep, after).expect("there is room");
                log.push((now, amount));
                assert!(validate(&bytes));
            }
        }
    }

    #[test]
    fn a_full_sum_never_counts_less() {
        let (mut bytes, mut log, mut state, mut now) = (Vec::new(), Vec::<(i64, i64)>::new(), 4, 0);
        for _ in 0..2_000 {
            now += (next(&mut state) % 9) as i64;
            let after = now - 100;
            let all: i128 = log.iter().filter(|entry| entry.0 > after).map(|entry| i128::from(entry.1)).sum();
            let (used, complete) = window(&bytes, Form::Amounts).used(after);
            assert!(used >= all && complete);
            let mut record = RecordMut::of(&mut bytes).expect("it was written here");
            push(&mut record, ID, Form::Amounts, (now, 3), 8, after).expect("there is room");
            log.push((now, 3));
        }
    }

    #[test]
    fn spoiled_bytes_never_panic() {
        let mut state = 8;
        for _ in 0..5_000 {
            let length = (next(&mut state) % 90) as usize;
            let payload: Vec<u8> = (0..length).map(|_| next(&mut state) as u8).collect();
            let form = if next(&mut state).is_multiple_of(2) { Form::Times } else { Form::Amounts };
            let found = Window::of(Some(&payload), form);
            let _ = (found.used(5), found.leaving(0, 7), found.raised(), found.newest());
            let mut bytes = Vec::new();
            let mut record = RecordMut::of(&mut bytes).expect("it is empty");
            record.put(ID, &ALONE, 0, &payload).expect("there is room");
            push(&mut record, ID, form, (3, 4), 5, 0);
            take_back(&mut record, ID, form, (3, 4));
        }
    }
}
