//! Limits: exact sliding windows of calls or cost, counted apart by key (semantics H2, H3, H7 to H10, 7).
//!
//! A limit is checked with what is used already, and what the call takes is reserved in the same step, so that decisions
//! side by side never overspend. What was never dispatched gives its reservation back; what failed keeps it.

pub(crate) mod counter;
pub(crate) mod window;

pub(crate) use counter::{Counter, Weighed, Whose, weigh};

use super::ledger::{Ledger, RecordName};
use super::record::{ALONE, Record, RecordMut, read_i64, read_u64, write};
use super::{Records, Trouble};
use agentpol_bytecode::tables::{Alarm, Effect, Key, Rate, Tables};
use window::{Form, Window};

/// What a limit says of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// There is room.
    Room,
    /// The cost alone is too much.
    Unreachable,
    /// There is room again after so many milliseconds.
    Reached(i64),
}

/// Checks a counter. `since` is from when on it is known what was counted.
pub(crate) fn check(ledger: &Ledger<'_>, rate: &Rate, counter: &Counter, since: i64) -> Result<Verdict, Trouble> {
    if counter.cost > rate.bound {
        return Ok(Verdict::Unreachable);
    }
    let window = window_of(ledger.records, rate, counter)?;
    let now = window.now(ledger.now);
    let after = now.saturating_sub(rate.window);
    let (used, complete) = window.used(after);
    let excess = used.saturating_add(i128::from(counter.cost)).saturating_sub(i128::from(rate.bound));
    let known = Some(since).filter(|since| *since > after);
    if excess <= 0 && complete && known.is_none() {
        return Ok(Verdict::Room);
    }
    let leaving = window.leaving(after, excess).max(known).unwrap_or(now);
    let again = leaving.saturating_add(rate.window);
    Ok(Verdict::Reached(again.saturating_sub(ledger.now).max(1)))
}

/// How many counters one decision looks at, at most.
pub(crate) fn most_counters(tables: &Tables) -> usize {
    let datasets = tables.tools.iter().map(|tool| tool.datasets.len()).max().unwrap_or(0).max(1);
    let of = |effect: Effect| match effect {
        Effect::Limit { .. } | Effect::Alert { alarm: Alarm::Rate(_), .. } => 1,
        Effect::Alert { alarm: Alarm::Novel(rate), .. } => {
            let apart = tables.rates.get(rate as usize).is_some_and(|rate| rate.keys.contains(&Key::Dataset));
            if apart { datasets } else { 1 }
        }
        _ => 0,
    };
    let cells = tables.candidates.iter().map(|cell| {
        let rules = cell.iter().filter_map(|one| tables.rules.get(one.rule.0 as usize));
        rules.map(|rule| of(rule.effect)).fold(0, usize::saturating_add)
    });
    cells.max().unwrap_or(0)
}

/// The window of a counter as it is now.
pub(crate) fn window_of<'r>(records: &'r dyn Records, rate: &Rate, counter: &Counter) -> Result<Window<'r>, Trouble> {
    Ok(window_in(&Record::of(records.bytes(counter.handle))?, rate))
}

/// The window of a rate in its record.
pub(crate) fn window_in<'r>(record: &Record<'r>, rate: &Rate) -> Window<'r> {
    Window::of(record.find(rate.id, &ALONE), form(rate))
}

fn form(rate: &Rate) -> Form {
    if rate.cost.is_some() { Form::Amounts } else { Form::Times }
}

/// How many entries a rate's window keeps: of a count one more than the bound, so that an alert can tell.
fn kept(rate: &Rate) -> usize {
    match form(rate) {
        Form::Amounts => window::SUM_ENTRIES,
        Form::Times => usize::try_from(rate.bound).unwrap_or(0).saturating_add(1).clamp(1, window::COUNT_ENTRIES),
    }
}

/// Counts what the call takes. Returns what [`release`] needs to give it back.
pub(crate) fn reserve(ledger: &mut Ledger<'_>, rate: &Rate, counter: &Counter) -> Result<Reservation, Trouble> {
    let now = window_of(ledger.records, rate, counter)?.now(ledger.now);
    let bytes = ledger.records.edit(counter.handle).ok_or(Trouble::Unusable)?;
    let mut record = RecordMut::of(bytes)?;
    let after = now.saturating_sub(rate.window);
    let entry = (now, counter.cost);
    window::push(&mut record, rate.id, form(rate), entry, kept(rate), after).ok_or(Trouble::Unusable)?;
    record.step(now);
    counter::note_live(ledger, rate, counter, now)?;
    Ok(Reservation { name: counter.name, id: rate.id, costs: rate.cost.is_some(), time: now, cost: counter.cost })
}

/// Something that a call has taken from a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reservation {
    name: RecordName,
    id: u64,
    costs: bool,
    time: i64,
    cost: i64,
}

/// How many bytes a reservation is written with.
pub(crate) const RESERVATION_BYTES: usize = 72;
/// Where its parts stand, behind the record's name.
const ID: usize = 41;
const COSTS: usize = 49;
const TIME: usize = 50;
const COST: usize = 58;

impl Reservation {
    /// Writes it, to be kept with the open call.
    pub(crate) fn write(&self) -> [u8; RESERVATION_BYTES] {
        let mut bytes = [0; RESERVATION_BYTES];
        write(&mut bytes, 0, self.name.bytes());
        write(&mut bytes, ID, &self.id.to_le_bytes());
        write(&mut bytes, COSTS, &[u8::from(self.costs)]);
        write(&mut bytes, TIME, &self.time.to_le_bytes());
        write(&mut bytes, COST, &self.cost.to_le_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Reservation> {
        let name = RecordName::of(bytes)?;
        let costs = *bytes.get(COSTS)? == 1;
        Some(Reservation {
            name,
            id: read_u64(bytes, ID),
            costs,
            time: read_i64(bytes, TIME),
            cost: read_i64(bytes, COST),
        })
    }
}

/// Gives back what a call has taken that surely was never dispatched (semantics H3): the reservations that were kept with
/// it, one behind the other. To be asked twice: first `open`s everything, then with `write` gives back.
pub(crate) fn release(records: &mut dyn Records, reservations: &[u8], writing: bool) -> Result<(), Trouble> {
    for bytes in reservations.chunks_exact(RESERVATION_BYTES) {
        let Some(taken) = Reservation::read(bytes) else { continue };
        let handle = records.open(taken.name.bytes())?;
        if writing && !records.bytes(handle).is_empty() {
            let mut record = RecordMut::of(records.edit(handle).ok_or(Trouble::Unusable)?)?;
            let form = if taken.costs { Form::Amounts } else { Form::Times };
            window::take_back(&mut record, taken.id, form, (taken.time, taken.cost));
        }
    }
    Ok(())
}
