//! What a decided call will be remembered by: worked out while nothing is written yet, then written at once (semantics 4.2).

use super::evidence;
use super::install::Installed;
use super::kept::Writer;
use super::key::{Keyer, Name};
use super::query::{comparable, slot_key};
use super::record::EntryKey;
use super::session::{self, CallKey, OPEN, OpenCall, OpenWriter, Waiting};
use super::slot::{Event, Shelf, compares};
use super::step::{Place, View, edit};
use super::steps;
use super::{Records, Trouble};
use crate::call::Call;
use crate::forms::number::ONE;
use crate::memory::Memory;
use crate::scratch::Scratch;
use crate::value::{Register, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::scope::Tri;
use agentpol_bytecode::tables::{Answer, Happened, Kept, KeySource, Returns, Slot, SlotShape};
use alloc::vec::Vec;

/// Room for the values that slots keep of one call; what finds none is unknown.
const VALUES: usize = 1 << 17;
/// Room for an open call, beside values.
const OPEN_CALL: usize = 1 << 12;

/// What a call will be remembered by.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    notes: Vec<Note>,
    /// Values, as they are kept.
    values: Vec<u8>,
    /// What the call gives to the keys of its answers.
    keys: Vec<(u32, Given)>,
    /// The open call as it is written.
    open: Vec<u8>,
}

/// What a call gives to the key of its answer.
#[derive(Clone, Copy, Debug)]
enum Given {
    Unknown,
    Whole(EntryKey),
    /// Where its parts lie among the values.
    Parts(usize, usize),
}

/// What one slot remembers.
#[derive(Clone, Copy, Debug)]
struct Note {
    slot: u32,
    sure: bool,
    key: Option<EntryKey>,
    value: Option<EntryKey>,
    /// Where its values lie.
    start: usize,
    end: usize,
    /// Where what it is compared by one by one lies: it ends where the values begin, or is the values.
    measures: (usize, usize),
    /// The number of the step in the slot's record.
    seq: u64,
}

impl Journal {
    pub(crate) fn new(program: &Program) -> Self {
        let tables = program.tables();
        let slots = tables.slots.len();
        let remembers = program.remembers();
        let room = |room: usize| if remembers { room } else { 0 };
        Journal {
            notes: Vec::with_capacity(slots),
            values: Vec::with_capacity(room(VALUES)),
            keys: Vec::with_capacity(tables.answers.len()),
            open: Vec::with_capacity(room(OPEN_CALL.saturating_add(VALUES).saturating_add(slots.saturating_mul(128)))),
        }
    }
}

/// A value that a block has not kept.
const NOT_KEPT: Register = Register { value: Value::Null, node: crate::value::NO_NODE };

/// Works out what a call will be remembered by: where it is let through by all slots, else by those of what was attempted.
pub(crate) fn note(program: &Program, scratch: &mut Scratch, view: &View<'_>, call: &Call, let_through: bool) {
    scratch.journal.notes.clear();
    scratch.journal.values.clear();
    scratch.journal.keys.clear();
    for (index, placed) in program.slots_of(call.tool, call.agent) {
        let Some(slot) = program.tables().slots.get(index as usize) else { continue };
        if !let_through && slot.happened != Happened::Attempted {
            continue;
        }
        let matched = placed.and(run(program, scratch, view, call, slot.entry, slot.values.len()));
        if matched != Tri::False {
            // What is only attempted has no result that could be known later.
            let sure = matched == Tri::True && (slot.result_entry.is_none() || slot.happened != Happened::Attempted);
            note_slot(program, scratch, view, (index, slot), sure);
        }
    }
    if let_through {
        let answer = program.tables().tools.get(call.tool as usize).and_then(|tool| tool.answer);
        answer.into_iter().for_each(|answer| note_keys(program, scratch, view, call, answer));
    }
}

fn run(program: &Program, scratch: &mut Scratch, view: &View<'_>, call: &Call, entry: u32, count: usize) -> Tri {
    scratch.kept.clear();
    let count = count.min(scratch.kept.capacity());
    scratch.kept.resize(count, NOT_KEPT);
    call.run(program, scratch, Some(view), entry, 0).0
}

/// The keys of all answers in an answer that ask for one.
fn note_keys(program: &Program, scratch: &mut Scratch, view: &View<'_>, call: &Call, answer: u32) {
    match program.tables().answers.get(answer as usize) {
        Some(Answer::Keyed { evidence, entry, keys, .. }) => {
            run(program, scratch, view, call, *entry, keys.len());
            let given = if keys.iter().all(|key| *key == KeySource::Call) {
                let key = view.evidence_key(program, &scratch.memory, *evidence, &scratch.kept);
                key.map_or(Given::Unknown, Given::Whole)
            } else {
                note_parts(program, scratch, *evidence).unwrap_or(Given::Unknown)
            };
            if scratch.journal.keys.len() < scratch.journal.keys.capacity() {
                scratch.journal.keys.push((answer, given));
            }
        }
        Some(Answer::Either(some)) => some.iter().for_each(|one| note_keys(program, scratch, view, call, *one)),
        Some(Answer::List { of, .. }) => note_keys(program, scratch, view, call, *of),
        Some(Answer::Value(_) | Answer::Verbatim) | None => {}
    }
}

/// Keeps what the call gives to a key of which the answer carries the rest. `None` where there is no room.
fn note_parts(program: &Program, scratch: &mut Scratch, evidence: u32) -> Option<Given> {
    let declared = program.tables().evidence.get(evidence as usize)?;
    let Scratch { memory, kept, journal, .. } = scratch;
    let start = journal.values.len();
    let mut writer = Writer { program, memory, out: &mut journal.values };
    let written = declared.keys.iter().zip(kept.iter()).try_for_each(|(path, place)| {
        match (evidence::key_kind(program, declared.ty, path)?, place.value) {
            (_, Value::Null) => writer.unset(),
            (Kept::Decimal, Value::Int(whole)) => {
                writer.value(whole.checked_mul(ONE).map_or(Value::Unknown, Value::Decimal))
            }
            (_, value) => writer.value(value),
        }
    });
    if written.is_none() {
        journal.values.truncate(start);
    }
    written.map(|()| Given::Parts(start, journal.values.len()))
}

/// Returns the amount of a sum, or what tells a value from others, as far as it is known. A negative amount is not.
pub(crate) fn value_of(
    keyer: &Keyer,
    program: &Program,
    memory: &Memory,
    slot: &Slot,
    kept: &[Register],
) -> Option<EntryKey> {
    if !compares(slot.shape) {
        return None;
    }
    let value = kept.get(slot.keys as usize)?.value;
    let found = comparable(keyer, program, memory, slot, value)?;
    let negative = super::record::read_i64(&found, 0) < 0;
    (!negative || !matches!(slot.shape, SlotShape::Sum { .. })).then_some(found)
}

fn note_slot(program: &Program, scratch: &mut Scratch, view: &View<'_>, (index, slot): (u32, &Slot), sure: bool) {
    let Scratch { memory, kept, journal, .. } = scratch;
    let key = slot_key(view.keyer, program, memory, slot, kept);
    let value = value_of(view.keyer, program, memory, slot, kept);
    let first = journal.values.len();
    for (of, register) in slot.values.iter().zip(kept.iter()).skip(slot.keys as usize).take(steps::measures(slot)) {
        let measure = steps::measure(view.keyer, program, memory, *of, register.value);
        let room = journal.values.capacity().saturating_sub(journal.values.len()) >= measure.len();
        room.then(|| journal.values.extend_from_slice(&measure));
    }
    let measures = (first, journal.values.len());
    // What does not hang on the answer is kept as it is compared.
    let ready = steps::in_steps(slot.shape) && slot.result_entry.is_none();
    let start = if ready { first } else { journal.values.len() };
    let mut writer = Writer { program, memory, out: &mut journal.values };
    let takes = matches!(slot.shape, SlotShape::First | SlotShape::Last);
    // Of a slot that waits for the result everything is kept; of others what will be asked for.
    let wanted = match (slot.result_entry, takes) {
        (Some(_), _) => 0..slot.values.len(),
        (None, true) => slot.keys as usize..slot.values.len(),
        (None, false) => 0..0,
    };
    for place in kept.get(wanted).unwrap_or_default() {
        let written = match place.value {
            Value::Null => writer.unset(),
            value => writer.value(value),
        };
        if written.is_none() {
            break;
        }
    }
    let end = journal.values.len();
    if journal.notes.len() < journal.notes.capacity() {
        journal.notes.push(Note { slot: index, sure, key, value, start, end, measures, seq: 0 });
    }
}

/// Where and as what a call is remembered.
pub(crate) struct Commit<'c> {
    pub(crate) program: &'c Program,
    pub(crate) installed: &'c Installed,
    pub(crate) place: &'c Place,
    pub(crate) tool: u32,
    /// The key of the call.
    pub(crate) call: EntryKey,
    /// What tells the agent from all others.
    pub(crate) agent: &'c str,
    pub(crate) keyer: &'c Keyer,
    /// It was let through.
    pub(crate) let_through: bool,
}

impl Commit<'_> {
    /// Writes what was noted. Everything that is written to has been opened before.
    pub(crate) fn write(
        &self,
        records: &mut dyn Records,
        journal: &mut Journal,
        reserved: &[u8],
    ) -> Result<(), Trouble> {
        let seat = self.place.seat().ok_or(Trouble::Unusable)?;
        let now = self.place.now;
        expire(records, seat.root, now)?;
        let seq = edit(records, seat.root)?.step(now);
        for handle in [self.place.agent, self.place.user].into_iter().flatten() {
            edit(records, handle)?.step(now);
        }
        if let Some(pair) = self.place.pair {
            let mut pair = edit(records, pair)?;
            session::note_live(&mut pair, &self.place.root_key, now).ok_or(Trouble::Unusable)?;
            pair.step(now);
        }
        for at in 0..journal.notes.len() {
            let Some(note) = journal.notes.get_mut(at) else { break };
            let slot = self.program.tables().slots.get(note.slot as usize).ok_or(Trouble::Unusable)?;
            let handle = self.place.handle(slot.reach).ok_or(Trouble::Unusable)?;
            let mut record = edit(records, handle)?;
            note.seq = record.read().seq();
            let event = Event { time: now, seq: note.seq, sure: note.sure, key: note.key, value: note.value };
            let values = journal.values.get(note.start..note.end).unwrap_or_default();
            let measures = journal.values.get(note.measures.0..note.measures.1).unwrap_or_default();
            let mut shelf = Shelf::of(&mut record, slot, now);
            let done = match slot.happened {
                Happened::Attempted => shelf.close(&event, values),
                _ => shelf.open(&event, measures),
            };
            done.ok_or(Trouble::Unusable)?;
        }
        if self.let_through {
            self.open(records, journal, seq, reserved)?;
        }
        Ok(())
    }

    /// Notes the call as open, what its answer may teach, and what it touches.
    fn open(&self, records: &mut dyn Records, journal: &mut Journal, seq: u64, reserved: &[u8]) -> Result<(), Trouble> {
        let seat = self.place.seat().ok_or(Trouble::Unusable)?;
        let mut root = edit(records, seat.root)?;
        let evidence = self.program.evidence_of(self.tool);
        let ids = evidence.iter().filter_map(|at| self.program.tables().evidence.get(*at as usize)).map(|of| of.id);
        write_open(self, journal, ids.clone(), evidence.len(), seq, reserved).ok_or(Trouble::Unusable)?;
        let open = journal.open.as_slice();
        root.put(OPEN, &self.call, self.place.now, open).ok_or(Trouble::Unusable)?;
        for id in ids {
            evidence::expect(&mut root, id).ok_or(Trouble::Unusable)?;
        }
        let tool = self.program.tables().tools.get(self.tool as usize).ok_or(Trouble::Unusable)?;
        if tool.returns != Returns::Nothing {
            let saw = matches!(tool.returns, Returns::Untrusted | Returns::Mixed);
            for handle in [Some(seat.root), self.place.pair].into_iter().flatten() {
                let datasets = tool.datasets.iter().filter_map(|dataset| self.installed.dataset(*dataset));
                let mut record = edit(records, handle)?;
                session::raise(&mut record, saw, tool.touches_anything, datasets).ok_or(Trouble::Unusable)?;
            }
        }
        Ok(())
    }
}

fn write_open(
    commit: &Commit<'_>,
    journal: &mut Journal,
    evidence: impl Iterator<Item = u64>,
    evidence_count: usize,
    seq: u64,
    reserved: &[u8],
) -> Option<()> {
    let Journal { notes, values, keys, open } = journal;
    let tables = commit.program.tables();
    let waits =
        |note: &&Note| tables.slots.get(note.slot as usize).is_some_and(|slot| slot.happened != Happened::Attempted);
    let tool = commit.installed.tool(commit.tool)?;
    let agent = Name::agent(commit.keyer, commit.agent);
    let call = OpenCall::new(commit.place.now, seq, tool, program_mark(commit.program), agent.as_bytes());
    open.clear();
    let mut writer = OpenWriter { out: open };
    let counts = [evidence_count, keys.len(), notes.iter().filter(waits).count()];
    writer.start(&call, counts, reserved.len())?;
    for id in evidence {
        writer.evidence(id)?;
    }
    for (answer, given) in keys.iter() {
        let key = match given {
            Given::Unknown => CallKey::Unknown,
            Given::Whole(key) => CallKey::Whole(*key),
            Given::Parts(start, end) => CallKey::Parts(values.get(*start..*end)?),
        };
        writer.key(*answer, key)?;
    }
    for note in notes.iter().filter(waits) {
        let slot = tables.slots.get(note.slot as usize)?;
        writer.slot(&Waiting {
            slot: slot.id,
            seq: note.seq,
            reach: slot.reach as u8,
            sure: note.sure,
            key: note.key,
            value: note.value,
            values: values.get(note.start..note.end)?,
        })?;
    }
    writer.others(reserved)
}

/// What tells the program that decided a call from others.
pub(crate) fn program_mark(program: &Program) -> [u8; 8] {
    program.file_hash().first_chunk().copied().unwrap_or_default()
}

/// Closes the open calls that are lost: what they could have taught is missing.
pub(crate) fn expire(records: &mut dyn Records, root: super::Handle, now: i64) -> Result<(), Trouble> {
    let mut root = edit(records, root)?;
    while let Some(entry) = root.read().least_recent(OPEN).filter(|entry| session::is_lost(entry.stamp, now)) {
        let key = *entry.key;
        let call = OpenCall::read(entry.payload).map(|call| call.evidence().collect::<Vec<u64>>());
        for id in call.into_iter().flatten() {
            evidence::settle(&mut root, id, true).ok_or(Trouble::Unusable)?;
        }
        session::end(&mut root, &key).ok_or(Trouble::Unusable)?;
    }
    Ok(())
}
