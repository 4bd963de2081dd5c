//! Since when what a program asks is kept: a changed program goes on with what an earlier one has kept, and knows what it
//! cannot know (semantics H8).

use super::key::{INSTALLED, META};
use super::record::{ALONE, Record, RecordMut, read_i64, read_u64, write};
use super::session::{LABELS, LIVE};
use super::{Handle, Records, Refusal, Trouble};
use agentpol_bytecode::Program;
use agentpol_bytecode::sha256::{HASH_BYTES, Sha256};
use agentpol_bytecode::tables::{Key, Rate, Reach, Slot};
use alloc::vec::Vec;

/// What the host knows of the time before a program's new questions were kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Nothing happened: as in a new store.
    Empty,
    /// Anything may have happened.
    Unknown,
}

/// The entry of the meta record that all others lie under: the id of what is kept is its key.
const KEPT: u64 = 16;
/// The entry that says which program is installed.
const MARK: u64 = 1;
/// What a mark is: the meaning of the program, and how often another one was installed.
type Mark = [u8; HASH_BYTES + 8];

/// A program that is installed in a store: since when each of its questions is kept. One for each program and store, shared
/// by all threads.
#[derive(Clone, Debug)]
pub struct Installed {
    /// The program it was made for.
    made_for: [u8; HASH_BYTES],
    /// The record of what is installed, as long as no other program was installed behind it.
    mark: Vec<u8>,
    slots: Vec<i64>,
    evidence: Vec<i64>,
    rates: Vec<i64>,
    labels: i64,
    /// Since when it is kept which sessions of an agent and a user were at work; `None` where sessions are vouched for.
    pairs: Option<i64>,
    /// For each dataset by which number the state knows it.
    datasets: Vec<u64>,
    /// The same, sorted, with the dataset's index.
    known_datasets: Vec<(u64, u32)>,
    /// For each tool by which number the state knows it.
    tools: Vec<u64>,
    /// The same, sorted, with the tool's index.
    known_tools: Vec<(u64, u32)>,
    /// Something is kept for agents, whatever their session, and for users.
    by_agent: bool,
    by_user: bool,
}

impl Installed {
    /// Returns whether it was made for the program.
    pub fn fits(&self, program: &Program) -> bool {
        self.made_for == *program.file_hash()
    }

    /// Returns whether this is still what is installed in the store of a step. Where another program was installed since, that
    /// one keeps what it asks and no longer all that this one asks: neither may decide beside the other.
    ///
    /// # Errors
    /// Returns why the store cannot say.
    pub fn is_current(&self, records: &mut dyn Records) -> Result<bool, Trouble> {
        Ok(records.look(INSTALLED)? == self.mark)
    }

    /// Since when a slot is kept, in milliseconds; `i64::MIN` where that is since ever.
    pub(crate) fn slot(&self, slot: u32) -> i64 {
        self.slots.get(slot as usize).copied().unwrap_or(i64::MAX)
    }

    /// Since when evidence is kept.
    pub(crate) fn evidence(&self, evidence: u32) -> i64 {
        self.evidence.get(evidence as usize).copied().unwrap_or(i64::MAX)
    }

    /// Since when a rate is counted.
    pub(crate) fn rate(&self, rate: u32) -> i64 {
        self.rates.get(rate as usize).copied().unwrap_or(i64::MAX)
    }

    /// Since when labels are kept.
    pub(crate) fn labels(&self) -> i64 {
        self.labels
    }

    /// Since when it is kept what an agent does for a user in all their sessions; `None` where sessions are vouched for.
    pub(crate) fn pairs(&self) -> Option<i64> {
        self.pairs
    }

    pub(crate) fn dataset(&self, dataset: u32) -> Option<u64> {
        self.datasets.get(dataset as usize).copied()
    }

    /// The datasets that the state knows by a number; none where the program does not have it.
    pub(crate) fn known_datasets(&self, number: u64) -> impl Iterator<Item = u32> {
        let start = self.known_datasets.partition_point(|(known, _)| *known < number);
        let found = self.known_datasets.get(start..).unwrap_or_default().iter();
        found.take_while(move |(known, _)| *known == number).map(|(_, dataset)| *dataset)
    }

    pub(crate) fn tool(&self, tool: u32) -> Option<u64> {
        self.tools.get(tool as usize).copied()
    }

    pub(crate) fn known_tool(&self, number: u64) -> Option<u32> {
        let found = self.known_tools.partition_point(|(known, _)| *known < number);
        self.known_tools.get(found).filter(|(known, _)| *known == number).map(|(_, tool)| *tool)
    }

    /// Whether the program keeps something in records of a reach.
    pub(crate) fn reaches(&self, reach: Reach) -> bool {
        match reach {
            Reach::Session => true,
            Reach::Agent => self.by_agent,
            Reach::User => self.by_user,
        }
    }
}

fn mark(record: Record<'_>) -> Option<&Mark> {
    record.find_at(0, MARK)?.first_chunk()
}

/// Marks the store as this program's. Each installation of another one has a number of its own: whoever was installed before
/// and comes back has missed something.
fn claim(program: &Program, changed: bool, records: &mut dyn Records, handle: Handle) -> Result<(), Refusal> {
    let before = mark(Record::of(records.bytes(handle))?).copied();
    let meaning = |mark: &Mark| mark.starts_with(program.meaning_hash());
    if !changed && before.as_ref().is_some_and(meaning) {
        return Ok(());
    }
    let mut mark: Mark = [0; HASH_BYTES + 8];
    write(&mut mark, 0, program.meaning_hash());
    let number = before.map_or(0, |before| read_u64(&before, HASH_BYTES)).saturating_add(1);
    write(&mut mark, HASH_BYTES, &number.to_le_bytes());
    let mut record = RecordMut::of(records.edit(handle).ok_or(Trouble::Unusable)?)?;
    record.put(MARK, &ALONE, 0, &mark).ok_or(Refusal::StateFull)
}

/// The number of a name across programs.
fn number(parts: &[&str]) -> u64 {
    let mut running = Sha256::new();
    for part in parts {
        running.update(&(part.len() as u64).to_le_bytes());
        running.update(part.as_bytes());
    }
    running.finish().first_chunk().copied().map_or(0, u64::from_le_bytes)
}

/// Installs a program in a store: what it asks that was asked before goes on, what is new is kept from `at` on
/// (milliseconds since 1970-01-01T00:00:00Z) or, where nothing was before, since ever; what it no longer asks is forgotten,
/// and would be new again. Programs that were installed before decide no more with the store: `state_unusable`.
///
/// # Errors
/// Refuses where the store cannot give or keep what is installed.
pub fn install(program: &Program, at: i64, before: Before, records: &mut dyn Records) -> Result<Installed, Refusal> {
    let (meta, installed) = (records.open(META)?, records.open(INSTALLED)?);
    let tables = program.tables();
    let slots: Vec<u64> = tables.slots.iter().map(|slot: &Slot| slot.id).collect();
    let evidence: Vec<u64> = tables.evidence.iter().map(|evidence| evidence.id).collect();
    let rates: Vec<u64> = tables.rates.iter().map(|rate| rate.id).collect();
    let labels = program.remembers().then_some(LABELS);
    let pairs = (tables.unvouched && program.remembers()).then_some(LIVE);
    let own = labels.into_iter().chain(pairs);
    let mut wanted: Vec<u64> = slots.iter().chain(&evidence).chain(&rates).copied().chain(own).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let since = match before {
        Before::Empty => i64::MIN,
        Before::Unknown => at,
    };
    let record = Record::of(records.bytes(meta))?;
    let window = |id: u64| tables.rates.iter().find(|rate| rate.id == id).map_or(0, forgets_after);
    // Of a counter that forgets, only what its window reached to is known.
    let forgot = |payload: &[u8], window: i64| match read_i64(payload, 8) {
        before if before < window => at.saturating_sub(before),
        _ => i64::MIN,
    };
    let kept = |id: u64| {
        let (window, payload) = (window(id), record.find(KEPT, &key_of(id)));
        let since = payload.map_or(since, |payload| read_i64(payload, 0).max(forgot(payload, window)));
        (id, since, [since.to_le_bytes(), window.to_le_bytes()])
    };
    let found: Vec<(u64, i64, [[u8; 8]; 2])> = wanted.iter().map(|id| kept(*id)).collect();
    let as_kept = |(id, _, payload): &(u64, i64, [[u8; 8]; 2])| {
        record.find(KEPT, &key_of(*id)).is_some_and(|before| before == payload.as_flattened())
    };
    let same = record.count(KEPT) == found.len() && found.iter().all(as_kept);
    if !same {
        let mut record = RecordMut::of(records.edit(meta).ok_or(Trouble::Unusable)?)?;
        record.retain(|id| id != KEPT);
        for (id, since, payload) in &found {
            record.put(KEPT, &key_of(*id), *since, payload.as_flattened()).ok_or(Refusal::StateFull)?;
        }
    }
    claim(program, !same, records, installed)?;
    let mark = records.bytes(installed).to_vec();
    let since = |id: &u64| {
        let place = found.binary_search_by_key(id, |(id, ..)| *id);
        place.ok().and_then(|place| found.get(place)).map_or(i64::MAX, |(_, since, _)| *since)
    };
    let module = |module: u32| tables.modules.get(module as usize).map_or("", |module| program.symbol(module.name));
    let datasets: Vec<u64> = tables.datasets.iter().map(|dataset| number(&[program.symbol(dataset.name)])).collect();
    let mut known_datasets: Vec<(u64, u32)> = datasets.iter().copied().zip(0u32..).collect();
    known_datasets.sort_unstable();
    let tools: Vec<u64> =
        tables.tools.iter().map(|tool| number(&[module(tool.module), program.symbol(tool.name)])).collect();
    let mut known_tools: Vec<(u64, u32)> = tools.iter().copied().zip(0u32..).collect();
    known_tools.sort_unstable();
    let reaches = |reach: Reach| tables.slots.iter().any(|slot| slot.reach == reach);
    Ok(Installed {
        made_for: *program.file_hash(),
        mark,
        labels: labels.as_ref().map_or(i64::MAX, since),
        pairs: pairs.as_ref().map(since),
        slots: slots.iter().map(since).collect(),
        evidence: evidence.iter().map(since).collect(),
        rates: rates.iter().map(since).collect(),
        datasets,
        known_datasets,
        tools,
        known_tools,
        by_agent: reaches(Reach::Agent),
        by_user: reaches(Reach::User),
    })
}

/// The window of a counter whose combinations of values give way once they are out of it; 0 where none do.
fn forgets_after(rate: &Rate) -> i64 {
    if rate.keys.iter().any(|key| matches!(key, Key::Value(_))) { rate.window } else { 0 }
}

fn key_of(id: u64) -> super::record::EntryKey {
    let mut key = ALONE;
    let parts = [1].into_iter().chain(id.to_le_bytes());
    key.iter_mut().zip(parts).for_each(|(place, byte)| *place = byte);
    key
}
