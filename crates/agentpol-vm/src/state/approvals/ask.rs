//! The record of one asking: what persons approve, who may, who has, and what became of it.

use super::action::{self, Action, Kept};
use crate::state::Trouble;
use crate::state::record::{ALONE, Entry, EntryKey, Record, RecordMut, array, read_i64, read_u32, write};
use agentpol_bytecode::decision::Asker;
use agentpol_bytecode::sha256::HASH_BYTES;
use alloc::vec::Vec;

/// The entry with what is asked.
const ASKING: u64 = 1;
/// The entries of persons who have agreed, by their ids.
const AGREED: u64 = 2;
/// The entry with what persons are shown.
const ACTION: u64 = 3;
/// How many persons may agree to one asking.
pub(crate) const MAX_PERSONS: usize = 64;

const ASKED_AT: usize = 0;
const EXPIRES: usize = 8;
const STATE: usize = 16;
const FROM_USER: usize = 17;
const COUNT: usize = 20;
const MEANING: usize = 24;
const TEXTS: usize = 56;

/// What became of an asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It can be answered.
    Open = 0,
    /// It was used.
    Spent = 1,
    /// A person has said no.
    Rejected = 2,
}

/// What a new asking says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking<'a> {
    pub(crate) asked_at: i64,
    pub(crate) expires: i64,
    /// How many persons must agree.
    pub(crate) count: u32,
    pub(crate) meaning: &'a [u8; HASH_BYTES],
    /// The group's name on the wire; `None` for the requesting user.
    pub(crate) group: Option<&'a str>,
    pub(crate) user: Option<&'a str>,
    /// The key of the record that lists the open askings of agent and user.
    pub(crate) pending: &'a [u8],
}

/// An asking to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'b> {
    record: Record<'b>,
    payload: &'b [u8],
}

impl<'b> Asked<'b> {
    /// Reads a record; `None` where nothing was asked.
    pub(crate) fn of(bytes: &'b [u8]) -> Result<Option<Asked<'b>>, Trouble> {
        let record = Record::of(bytes)?;
        let payload = record.find(ASKING, &ALONE).filter(|payload| payload.len() >= TEXTS);
        Ok(payload.map(|payload| Asked { record, payload }))
    }

    pub(crate) fn last(&self) -> i64 {
        self.record.last()
    }

    pub(crate) fn asked_at(&self) -> i64 {
        read_i64(self.payload, ASKED_AT)
    }

    pub(crate) fn expires(&self) -> i64 {
        read_i64(self.payload, EXPIRES)
    }

    /// What nobody can read is spent.
    pub(crate) fn state(&self) -> State {
        match self.payload.get(STATE) {
            Some(0) => State::Open,
            Some(2) => State::Rejected,
            _ => State::Spent,
        }
    }

    /// Only the requesting user may answer.
    pub(crate) fn is_of_user(&self) -> bool {
        self.payload.get(FROM_USER) == Some(&1)
    }

    /// How many persons must agree.
    pub(crate) fn count(&self) -> u32 {
        read_u32(self.payload, COUNT)
    }

    pub(crate) fn meaning(&self) -> [u8; HASH_BYTES] {
        array(self.payload, MEANING).unwrap_or([0; HASH_BYTES])
    }

    /// The texts behind the fixed part: group, user, the key of the pending record, then who is excluded.
    fn texts(&self) -> impl Iterator<Item = &'b [u8]> + use<'b> {
        let mut rest = self.payload.get(TEXTS..).unwrap_or_default();
        core::iter::from_fn(move || {
            let length = u32::from_le_bytes(array(rest, 0)?) as usize;
            let (text, behind) = rest.get(4..)?.split_at_checked(length)?;
            rest = behind;
            Some(text)
        })
    }

    fn text(&self, at: usize) -> Option<&'b str> {
        core::str::from_utf8(self.texts().nth(at)?).ok()
    }

    /// The group's name on the wire.
    pub(crate) fn group(&self) -> Option<&'b str> {
        self.text(0)
    }

    /// The requesting user; empty for nobody.
    pub(crate) fn user(&self) -> Option<&'b str> {
        self.text(1)
    }

    /// The key of the record that lists the open askings of agent and user.
    pub(crate) fn pending(&self) -> Option<&'b [u8]> {
        self.texts().nth(2)
    }

    /// Who may not answer, whatever group they are in: persons, and groups that answer for an agent.
    pub(crate) fn excluded(&self) -> impl Iterator<Item = &'b str> + use<'b> {
        self.texts().skip(3).filter_map(|text| core::str::from_utf8(text).ok())
    }

    /// The ids of who has agreed, each once.
    pub(crate) fn persons(&self) -> impl Iterator<Item = &'b str> + use<'b> {
        let id = |entry: Entry<'b>| core::str::from_utf8(entry.payload).ok();
        self.record.all(AGREED).filter_map(id)
    }

    /// What persons are shown: how many details were left out, and the others.
    pub(crate) fn action(&self) -> (u32, impl Iterator<Item = Kept<'b>> + use<'b>) {
        action::read(self.record.find(ACTION, &ALONE).unwrap_or_default())
    }

    /// Whether this person has agreed.
    pub(crate) fn has(&self, person: &str) -> bool {
        self.persons().any(|other| other == person)
    }

    /// How many have agreed.
    pub(crate) fn agreed(&self) -> usize {
        self.record.count(AGREED)
    }
}

/// Writes a new asking in place of whatever the record held.
pub(crate) fn open<'e>(
    bytes: &mut Vec<u8>,
    asking: &Asking<'e>,
    excluded: impl Iterator<Item = &'e str> + Clone,
    (action, by): (&Action<'_>, Asker),
) -> Option<()> {
    bytes.clear();
    let mut record = RecordMut::of(bytes).ok()?;
    let fixed =
        [asking.group.unwrap_or_default().as_bytes(), asking.user.unwrap_or_default().as_bytes(), asking.pending];
    let texts = || fixed.into_iter().chain(excluded.clone().map(str::as_bytes));
    let length = texts().map(|text| text.len().saturating_add(4)).fold(TEXTS, usize::saturating_add);
    let payload = record.resize(ASKING, &ALONE, length)?;
    write(payload, ASKED_AT, &asking.asked_at.to_le_bytes());
    write(payload, EXPIRES, &asking.expires.to_le_bytes());
    write(payload, COUNT, &asking.count.to_le_bytes());
    write(payload, FROM_USER, &[u8::from(asking.group.is_none())]);
    write(payload, MEANING, asking.meaning);
    let mut at = TEXTS;
    for text in texts() {
        write(payload, at, &u32::try_from(text.len()).ok()?.to_le_bytes());
        write(payload, at.saturating_add(4), text);
        at = at.saturating_add(4).saturating_add(text.len());
    }
    action.write(by, record.resize(ACTION, &ALONE, action.length(by))?);
    record.step(asking.asked_at);
    Some(())
}

/// Notes that a person agrees.
pub(crate) fn agree(bytes: &mut Vec<u8>, key: &EntryKey, person: &str, now: i64) -> Option<()> {
    let mut record = RecordMut::of(bytes).ok()?;
    record.put(AGREED, key, now, person.as_bytes())?;
    record.step(now);
    Some(())
}

/// Notes what became of it. What is spent, nobody has to look at any more.
pub(crate) fn close(bytes: &mut Vec<u8>, state: State, now: i64) -> Option<()> {
    let mut record = RecordMut::of(bytes).ok()?;
    write(record.payload(ASKING, &ALONE)?, STATE, &[state as u8]);
    if state == State::Spent {
        record.payload(ACTION, &ALONE).into_iter().for_each(|shown| shown.fill(0));
        record.remove(ACTION, &ALONE);
    }
    record.step(now);
    Some(())
}
