//! What is asked for one agent and user: at most eight askings at a time (semantics A3), and beside them some that are
//! over, so that it can be said why an approval that was given is not the one that is needed.

use super::ask::{Asking, State};
use crate::state::digest::{Digest, Digests};
use crate::state::record::{EntryKey, Record, RecordMut, array, read_i64, write};
use agentpol_bytecode::decision::Missing;
use agentpol_bytecode::sha256::HASH_BYTES;

/// The entries of askings, by their digests.
const ASKINGS: u64 = 1;
/// How many askings may be open.
pub(crate) const MAX_OPEN: usize = 8;
/// How many are remembered, open or over.
const MAX_KEPT: usize = 32;

const EXPIRES: usize = 0;
const STATE: usize = 8;
const ANSWERED: usize = 9;
const ACTION: usize = 16;
const ASKER: usize = 48;
const MEANING: usize = 80;
const SESSION: usize = 112;
const LENGTH: usize = 144;

/// The askings of one agent and user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending<'b> {
    record: Record<'b>,
}

impl<'b> Pending<'b> {
    pub(crate) fn of(record: Record<'b>) -> Self {
        Pending { record }
    }

    fn is_open(payload: &[u8], now: i64) -> bool {
        payload.get(STATE) == Some(&(State::Open as u8)) && read_i64(payload, EXPIRES) > now
    }

    /// How many can still be answered.
    pub(crate) fn open(&self, now: i64) -> usize {
        self.record.all(ASKINGS).filter(|entry| Pending::is_open(entry.payload, now)).count()
    }

    /// Whether it is remembered.
    pub(crate) fn has(&self, digest: &EntryKey) -> bool {
        self.record.find(ASKINGS, digest).is_some()
    }

    /// The askings that must go so that so many new ones can be kept, the oldest first; `None` where that cannot be. What
    /// is open or rejected stays until its time is over.
    pub(crate) fn making_room(&self, new: usize, now: i64, kept: impl Fn(&EntryKey) -> bool) -> Option<Going> {
        let excess = self.record.count(ASKINGS).saturating_add(new).saturating_sub(MAX_KEPT);
        let (mut going, mut count) = ([(0i64, [0u8; HASH_BYTES]); MAX_KEPT], 0usize);
        for entry in self.record.all(ASKINGS) {
            let spent = entry.payload.get(STATE) == Some(&(State::Spent as u8));
            let over = spent || read_i64(entry.payload, EXPIRES) <= now;
            if let Some(place) = going.get_mut(count).filter(|_| over && !kept(entry.key)) {
                *place = (entry.stamp, *entry.key);
                count = count.saturating_add(1);
            }
        }
        going.get_mut(..count)?.sort_unstable();
        (excess <= count).then_some(Going { digests: going, count: excess })
    }

    /// Why an approval that was given for something else is not the one that is needed.
    pub(crate) fn other(&self, wanted: &Digest, here: &Digests, now: i64) -> Missing {
        let mut found = Missing::None;
        for entry in self.record.all(ASKINGS) {
            let at = |at: usize| array::<HASH_BYTES>(entry.payload, at).unwrap_or_default();
            let given = entry.payload.get(ANSWERED) == Some(&1) && Pending::is_open(entry.payload, now);
            if !given || at(ASKER) != wanted.asker {
                continue;
            }
            let (same_action, same_session) = (at(ACTION) == wanted.action, at(SESSION) == *here.session());
            found = match (same_action, at(MEANING) == *here.meaning(), same_session) {
                (true, false, true) => return Missing::PolicyChanged,
                (true, _, false) => Missing::OtherSession,
                (false, _, true) if found == Missing::None => Missing::ActionChanged,
                _ => found,
            };
        }
        found
    }
}

/// The askings that go, the oldest first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Going {
    digests: [(i64, EntryKey); MAX_KEPT],
    count: usize,
}

impl Going {
    /// Their digests.
    pub(crate) fn digests(&self) -> impl Iterator<Item = &EntryKey> {
        self.digests.iter().take(self.count).map(|(_, digest)| digest)
    }
}

/// Adds an asking.
pub(crate) fn add(record: &mut RecordMut<'_>, digest: &Digest, here: &Digests, asking: &Asking<'_>) -> Option<()> {
    let mut payload = [0; LENGTH];
    write(&mut payload, EXPIRES, &asking.expires.to_le_bytes());
    write(&mut payload, ACTION, &digest.action);
    write(&mut payload, ASKER, &digest.asker);
    write(&mut payload, MEANING, here.meaning());
    write(&mut payload, SESSION, here.session());
    record.put(ASKINGS, &digest.whole, asking.asked_at, &payload)
}

/// Forgets an asking.
pub(crate) fn forget(record: &mut RecordMut<'_>, digest: &EntryKey) {
    record.remove(ASKINGS, digest);
}

/// Notes what became of an asking.
pub(crate) fn mark(record: &mut RecordMut<'_>, digest: &EntryKey, state: State) {
    record.payload(ASKINGS, digest).into_iter().for_each(|payload| write(payload, STATE, &[state as u8]));
}

/// Notes that somebody has agreed.
pub(crate) fn answered(record: &mut RecordMut<'_>, digest: &EntryKey) {
    record.payload(ASKINGS, digest).into_iter().for_each(|payload| write(payload, ANSWERED, &[1]));
}
