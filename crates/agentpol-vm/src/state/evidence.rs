//! Records by key, as they are kept: field by field what the newest call said (semantics 2.6 H12 and H13, 7).

use super::kept::{Links, Reader};
use super::lesson::{Lesson, Lessons};
use super::record::{ALONE, EntryKey, Record, RecordMut, read_i64, read_u32, read_u64, write};
use crate::memory::{Memory, NO_TEXT, UNCOUNTED};
use crate::value::{NO_NODE, NodeId, Register, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::tables::{Evidence, Field, Kept, TypeDef, TypeId};
use alloc::vec::Vec;

/// Time, number of the step, place in its answer, whether it is only doubted.
const HEADER: usize = 24;
/// Of each field its number, the length of its value, and when it was said.
const FIELD: usize = 28;
/// How many open calls may still teach, whether something may be missing, and the newest mark of what gave way.
const LEDGER: usize = 20;

/// Evidence as it is declared, and the fields of its record.
pub(super) fn declared(program: &Program, evidence: u32) -> Option<(&Evidence, &[Field])> {
    let declared = program.tables().evidence.get(evidence as usize)?;
    match program.tables().types.get(declared.ty as usize)? {
        TypeDef::Record { fields, .. } => Some((declared, fields)),
        _ => None,
    }
}

/// The type of the value that a path of fields leads to.
pub(super) fn key_type(program: &Program, of: TypeId, path: &[u32]) -> Option<TypeId> {
    path.iter().try_fold(of, |of, index| match program.tables().types.get(of as usize)? {
        TypeDef::Record { fields, .. } => fields.get(*index as usize).map(|field| field.ty),
        _ => None,
    })
}

/// The kind of the value that a path of fields leads to.
pub(crate) fn key_kind(program: &Program, of: TypeId, path: &[u32]) -> Option<Kept> {
    let of = key_type(program, of, path)?;
    Some(match program.tables().types.get(of as usize)? {
        TypeDef::Bool => Kept::Bool,
        TypeDef::Int => Kept::Int,
        TypeDef::Decimal { .. } => Kept::Decimal,
        TypeDef::Float => Kept::Float,
        TypeDef::String | TypeDef::Email | TypeDef::Url { .. } | TypeDef::Host | TypeDef::Path { .. } => Kept::Text,
        // What a reference names is told by its id.
        TypeDef::User | TypeDef::Group | TypeDef::Resource(_) => Kept::Text,
        TypeDef::Date => Kept::Date,
        TypeDef::DateTime { .. } => Kept::DateTime,
        TypeDef::Ip => Kept::Ip,
        TypeDef::Enum(of) => Kept::Enum(*of),
        TypeDef::Level(of) => Kept::Level(*of),
        _ => return None,
    })
}

/// The call at which something was said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct When {
    pub(crate) time: i64,
    pub(crate) seq: u64,
}

/// Notes that a call is open that may teach.
pub(crate) fn expect(record: &mut RecordMut<'_>, id: u64) -> Option<()> {
    if let Some(open) = record.payload(id, &ALONE).filter(|payload| payload.len() == LEDGER) {
        let more = read_u32(open, 0).saturating_add(1);
        write(open, 0, &more.to_le_bytes());
        return Some(());
    }
    let ledger = Ledger::of(record.read(), id);
    Ledger { open: ledger.open.saturating_add(1), ..ledger }.write(record, id)
}

/// Notes that such a call has ended; without an answer where it is lost.
pub(crate) fn settle(record: &mut RecordMut<'_>, id: u64, missing: bool) -> Option<()> {
    let ledger = Ledger::of(record.read(), id);
    Ledger { open: ledger.open.saturating_sub(1), missing: missing || ledger.missing, ..ledger }.write(record, id)
}

/// What is kept of a kind of records beside them.
#[derive(Clone, Copy, Debug)]
struct Ledger {
    /// How many calls may still teach.
    open: u32,
    /// Something may be missing.
    missing: bool,
    /// When the newest of the records was said that gave way.
    gone: Mark,
}

impl Ledger {
    fn of(record: Record<'_>, id: u64) -> Ledger {
        let payload = record.find(id, &ALONE).unwrap_or_default();
        let gone = Mark { seq: read_u64(payload, 8), place: read_u32(payload, 16) };
        Ledger { open: read_u32(payload, 0), missing: read_u32(payload, 4) != 0, gone }
    }

    fn write(self, record: &mut RecordMut<'_>, id: u64) -> Option<()> {
        let payload = record.resize(id, &ALONE, LEDGER)?;
        write(payload, 0, &self.open.to_le_bytes());
        write(payload, 4, &u32::from(self.missing).to_le_bytes());
        write(payload, 8, &self.gone.seq.to_le_bytes());
        write(payload, 16, &self.gone.place.to_le_bytes());
        Some(())
    }
}

impl Lessons {
    /// Writes what was learned. `None` where there is no room.
    pub(crate) fn write(&self, program: &Program, record: &mut RecordMut<'_>, when: When) -> Option<()> {
        for evidence in &self.vague {
            let declared = program.tables().evidence.get(*evidence as usize)?;
            let ledger = Ledger::of(record.read(), declared.id);
            Ledger { missing: true, ..ledger }.write(record, declared.id)?;
        }
        let mut places: Vec<(u32, u32)> = Vec::new();
        for lesson in &self.all {
            let at = places.iter().position(|(evidence, _)| *evidence == lesson.evidence).unwrap_or(places.len());
            if at == places.len() {
                places.push((lesson.evidence, 0));
            }
            let place = places.get_mut(at)?;
            let number = place.1;
            place.1 = number.saturating_add(1);
            take(program, record, lesson, when, number)?;
        }
        Some(())
    }
}

/// When a field was said: in which step, and where in its answer. What nobody has said comes before everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    seq: u64,
    place: u32,
}

const UNSAID: Mark = Mark { seq: 0, place: 0 };
/// Values as they are kept.
const ABSENT: [u8; 1] = [0];
const UNKNOWN: [u8; 1] = [1];

/// What was said of a field.
#[derive(Clone, Copy, Debug)]
struct Saying<'p> {
    mark: Mark,
    time: i64,
    value: &'p [u8],
}

/// When a payload was said last.
fn newest_in(payload: &[u8]) -> Mark {
    Mark { seq: read_u64(payload, 8), place: read_u32(payload, 16) }
}

/// Field by field the newest by decision wins, in whatever order answers arrive; what is least recent gives way (semantics
/// 7). Where records gave way, a new one may be one of them: what it says is behind what that said, and what it leaves open
/// that may have said.
fn take(program: &Program, record: &mut RecordMut<'_>, lesson: &Lesson, when: When, place: u32) -> Option<()> {
    let (declared, fields) = declared(program, lesson.evidence)?;
    let now = Mark { seq: when.seq, place };
    let before = record.read().find(declared.id, &lesson.key).unwrap_or_default();
    let gone = Ledger::of(record.read(), declared.id).gone;
    if before.is_empty() && now < gone {
        return Some(());
    }
    let newest = newest_in(before);
    let (last, time) = if newest > now { (newest, read_i64(before, 0)) } else { (now, when.time) };
    // Where it is only doubted, nobody has said yet that there is such a record.
    let doubted = lesson.only_doubt && (before.is_empty() || is_doubted(before));
    let mut payload = Vec::from([0; HEADER]);
    write(&mut payload, 0, &time.to_le_bytes());
    write(&mut payload, 8, &last.seq.to_le_bytes());
    write(&mut payload, 16, &last.place.to_le_bytes());
    write(&mut payload, 20, &u32::from(doubted).to_le_bytes());
    for index in &declared.kept {
        let given = lesson.fields.iter().find(|(given, _)| given == index);
        let given = given.map(|(_, value)| Saying { mark: now, time: when.time, value });
        let optional = fields.get(*index as usize).is_some_and(|field| field.optional);
        let kept = match (field_of(before, *index), before.is_empty()) {
            (Some(kept), _) => kept,
            (None, true) => Saying { mark: gone, time: when.time, value: &UNKNOWN },
            // An earlier program did not keep it.
            (None, false) => Saying { mark: newest, time: read_i64(before, 0), value: &UNKNOWN },
        };
        let left_out = lesson.whole && optional && kept.mark == UNSAID;
        let kept = if left_out { Saying { time: when.time, value: &ABSENT, ..kept } } else { kept };
        let Saying { mark, time, value } = given.filter(|given| given.mark >= kept.mark).unwrap_or(kept);
        payload.extend_from_slice(&index.to_le_bytes());
        payload.extend_from_slice(&u32::try_from(value.len()).ok()?.to_le_bytes());
        payload.extend_from_slice(&mark.seq.to_le_bytes());
        payload.extend_from_slice(&mark.place.to_le_bytes());
        payload.extend_from_slice(&time.to_le_bytes());
        payload.extend_from_slice(value);
    }
    // Records are told by their last step, and within it by their place.
    let stamp = last.seq.saturating_mul(1 << 20).saturating_add(u64::from(last.place.min((1 << 20) - 1)));
    record.put(declared.id, &lesson.key, i64::try_from(stamp).unwrap_or(i64::MAX), &payload)?;
    // Another program may have had more room.
    let excess = record.read().count(declared.id).saturating_sub(declared.room as usize);
    for _ in 0..excess {
        let (oldest, said) =
            record.read().least_recent(declared.id).map(|entry| (*entry.key, newest_in(entry.payload)))?;
        record.remove(declared.id, &oldest);
        let ledger = Ledger::of(record.read(), declared.id);
        Ledger { missing: true, gone: ledger.gone.max(said), ..ledger }.write(record, declared.id)?;
    }
    Some(())
}

/// Whether nobody has said yet that there is such a record.
fn is_doubted(payload: &[u8]) -> bool {
    read_u32(payload, 20) != 0
}

/// A field of a record as it is kept.
fn field_of(payload: &[u8], wanted: u32) -> Option<Saying<'_>> {
    fields_of(payload).find(|(index, _)| *index == wanted).map(|(_, field)| field)
}

fn fields_of(payload: &[u8]) -> impl Iterator<Item = (u32, Saying<'_>)> {
    let mut rest = payload.get(HEADER..).unwrap_or_default();
    core::iter::from_fn(move || {
        let (index, length) = (read_u32(rest, 0), read_u32(rest, 4) as usize);
        let mark = Mark { seq: read_u64(rest, 8), place: read_u32(rest, 16) };
        let time = read_i64(rest, 20);
        let behind = rest.get(FIELD..)?;
        let value = behind.get(..length)?;
        rest = behind.get(length..)?;
        Some((index, Saying { mark, time, value }))
    })
}

/// What is asked of evidence.
pub(crate) struct Asked<'v> {
    pub(crate) program: &'v Program,
    pub(crate) record: Record<'v>,
    pub(crate) evidence: u32,
    /// What was said before this is no longer known: it may be said again, or was not kept.
    pub(crate) since: i64,
    /// Something may have been said before it was kept.
    pub(crate) unattested: bool,
}

impl Asked<'_> {
    /// The newest record under a key; absent where there surely is none.
    pub(crate) fn known(&self, memory: &mut Memory, key: &EntryKey) -> Register {
        let Some((declared, _)) = declared(self.program, self.evidence) else { return Register::UNKNOWN };
        match self.record.find(declared.id, key) {
            Some(payload) if is_doubted(payload) => Register::UNKNOWN,
            Some(payload) => match self.read(memory, payload, NO_NODE) {
                Some(node) => memory.register(node),
                None => Register::UNKNOWN,
            },
            None if self.incomplete(declared) => Register::UNKNOWN,
            None => Register::ABSENT,
        }
    }

    fn incomplete(&self, declared: &Evidence) -> bool {
        let ledger = Ledger::of(self.record, declared.id);
        ledger.open > 0 || ledger.missing || self.unattested
    }

    /// All records, in the order of the calls that taught them last; an unknown one stands for what may be missing.
    pub(crate) fn all(&self, memory: &mut Memory, order: &mut Vec<(i64, EntryKey)>) -> Register {
        let read = |memory: &mut Memory, order: &mut Vec<(i64, EntryKey)>| {
            let (declared, _) = declared(self.program, self.evidence)?;
            order.clear();
            for entry in self.record.all(declared.id) {
                (order.len() < order.capacity()).then(|| order.push((entry.stamp, *entry.key)))?;
            }
            order.sort_unstable();
            let list = memory.add(Value::Unknown, NO_NODE, NO_TEXT).ok()?;
            let mut links = Links::new(list);
            for (_, key) in order.iter() {
                let payload = self.record.find(declared.id, key)?;
                // One that is only doubted is among what may be missing.
                if !is_doubted(payload) {
                    let node = self.read(memory, payload, list)?;
                    links.add(memory, node);
                }
            }
            if self.incomplete(declared) {
                let more = memory.add(Value::Unknown, list, NO_TEXT).ok()?;
                links.add(memory, more);
                memory.node_mut(list)?.count = UNCOUNTED;
            }
            memory.set(list, Value::List(list));
            Some(list)
        };
        read(memory, order).map_or(Register::UNKNOWN, |list| memory.register(list))
    }

    /// Puts a record into memory. What is older than what is kept may have been replaced since.
    fn read(&self, memory: &mut Memory, payload: &[u8], parent: NodeId) -> Option<NodeId> {
        let (declared, fields) = declared(self.program, self.evidence)?;
        let record = memory.add(Value::Unknown, parent, NO_TEXT).ok()?;
        if read_i64(payload, 0) < self.since {
            return Some(record);
        }
        let mut links = Links::new(record);
        for index in (0u32..).take(fields.len()) {
            let kept = declared.kept.binary_search(&index).is_ok();
            let said = field_of(payload, index).filter(|said| kept && said.time >= self.since);
            let value = said.map(|said| said.value);
            let of = fields.get(index as usize)?.ty;
            let node = match value
                .and_then(|bytes| Reader { program: self.program, bytes }.node(memory, of, record, NO_TEXT))
            {
                Some(node) => node,
                None => memory.add(Value::Unknown, record, NO_TEXT).ok()?,
            };
            memory.node_mut(node)?.slot = index;
            links.add(memory, node);
        }
        memory.set(record, Value::Record(record));
        Some(record)
    }
}
