//! Where limits, alerts and approvals keep what they count: the records' names, and the keys that they are told apart by.

use super::key::{Keyer, Packer};
use super::record::{EntryKey, KEY_BYTES, write};
use super::step::{Recall, View};
use super::{Handle, Records, Trouble};
use crate::directory::Bound;
use crate::letters::Letters;
use crate::memory::Memory;
use crate::value::{Text, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::sha256::HASH_BYTES;
use alloc::sync::Arc;

/// What a step reads and writes.
pub(crate) struct Ledger<'r> {
    pub(crate) program: &'r Program,
    pub(crate) records: &'r mut dyn Records,
    /// The host's key.
    pub(crate) key: &'r [u8; HASH_BYTES],
    /// How keys are made under it.
    pub(crate) keyer: &'r Keyer,
    /// Who is who, where users come from a directory.
    pub(crate) directory: Option<Arc<Bound>>,
    pub(crate) now: i64,
    /// Where a decision happens; `None` where persons answer.
    pub(crate) recall: Option<Recall<'r>>,
}

impl Ledger<'_> {
    pub(crate) fn open(&mut self, name: &RecordName) -> Result<Handle, Trouble> {
        self.records.open(&name.bytes)
    }

    /// What rules may ask.
    pub(crate) fn view(&self) -> Result<Option<View<'_>>, Trouble> {
        self.recall.map(|recall| recall.view(self.records)).transpose()
    }
}

/// How long a text may be of which only small letters count and that is written otherwise; a longer one is not told apart.
const MAX_LOWERED: usize = 1024;
/// How many bytes the name of a record has.
const NAME_BYTES: usize = 9 + KEY_BYTES;

/// The name of a record: its kind, what it is about, and a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordName {
    bytes: [u8; NAME_BYTES],
}

impl RecordName {
    /// The counter of a rate, or of the novelty of a rate's keys, for one combination of keys.
    pub(crate) fn rate(id: u64, key: &EntryKey) -> RecordName {
        RecordName::new(b'r', id, key)
    }

    /// The combinations of keys that an agent has counted under.
    pub(crate) fn live(agent: &EntryKey) -> RecordName {
        RecordName::new(b'l', 0, agent)
    }

    /// What is asked of persons, by its digest.
    pub(crate) fn ask(digest: &EntryKey) -> RecordName {
        RecordName::new(b'q', 0, digest)
    }

    /// What is asked for an agent and user.
    pub(crate) fn pending(parties: &EntryKey) -> RecordName {
        RecordName::new(b'p', 0, parties)
    }

    fn new(kind: u8, id: u64, key: &EntryKey) -> RecordName {
        let mut bytes = [kind; NAME_BYTES];
        write(&mut bytes, 1, &id.to_le_bytes());
        write(&mut bytes, 9, key);
        RecordName { bytes }
    }

    /// Reads a name that was kept.
    pub(crate) fn of(bytes: &[u8]) -> Option<RecordName> {
        Some(RecordName { bytes: *bytes.first_chunk::<NAME_BYTES>()? })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Adds a value to a key behind its tag and length, so that no two combinations are alike.
pub(crate) fn add(packer: &mut Packer<'_>, tag: u8, value: &[u8]) {
    match u8::try_from(value.len()) {
        Ok(length) if length < u8::MAX => packer.add(&[tag, length]),
        _ => {
            packer.add(&[tag, u8::MAX]);
            packer.add(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_le_bytes());
        }
    }
    packer.add(value);
}

/// The key that tells an agent, a person or a session from all others of its kind.
pub(crate) fn party(keyer: &Keyer, id: &str) -> EntryKey {
    let mut packer = keyer.start();
    add(&mut packer, 1, id.as_bytes());
    packer.finish()
}

/// Adds a value to a key; `None` for what is not known, not there, or nothing that can be told apart.
pub(crate) fn add_value(packer: &mut Packer<'_>, program: &Program, memory: &Memory, value: Value) -> Option<()> {
    match value {
        Value::Bool(value) => add(packer, 10, &[u8::from(value)]),
        Value::Int(value) => add(packer, 11, &value.to_le_bytes()),
        Value::Decimal(value) => add(packer, 12, &value.to_le_bytes()),
        Value::Text(text) if !text.opaque => return add_text(packer, program, memory, text),
        Value::Duration(value) => add(packer, 14, &value.to_le_bytes()),
        Value::Date(value) => add(packer, 15, &value.to_le_bytes()),
        Value::DateTime(value) => add(packer, 16, &value.to_le_bytes()),
        Value::Ip { high, low, v6 } => {
            add(packer, if v6 { 18 } else { 17 }, &(u128::from(high) << 64 | u128::from(low)).to_le_bytes());
        }
        Value::Enum { of, member } => {
            word(packer, program, program.tables().enums.get(of as usize)?.get(member as usize)?);
        }
        Value::Level { of, member } => {
            word(packer, program, program.tables().levels.get(of as usize)?.get(member as usize)?);
        }
        _ => return None,
    }
    Some(())
}

/// Members are told apart by their words, which another program numbers otherwise.
fn word(packer: &mut Packer<'_>, program: &Program, symbol: &u32) {
    add(packer, 19, program.symbol(*symbol).as_bytes());
}

/// A text of which only small letters count is told apart by those.
fn add_text(packer: &mut Packer<'_>, program: &Program, memory: &Memory, text: Text) -> Option<()> {
    let letters = Letters::of(program, memory, Value::Text(text))?;
    if text.lower && letters.written().bytes().any(|byte| byte.is_ascii_uppercase()) {
        let mut small = [0; MAX_LOWERED];
        let place = small.get_mut(..letters.written().len())?;
        place.iter_mut().zip(letters.bytes()).for_each(|(place, byte)| *place = byte);
        add(packer, 13, place);
    } else {
        add(packer, 13, letters.written().as_bytes());
    }
    Some(())
}
