//! What is kept of a session: whose it is, which calls are open, what its tree has touched (semantics H5, T5, L-3).

use super::key::{Keyer, Name};
use super::record::{ALONE, EntryKey, KEY_BYTES, Record, RecordMut, array, read_i64, read_u64, write};
use super::slot::LOST_AFTER;
use alloc::vec::Vec;

/// Whose a session is.
pub(crate) const SESSION: u64 = 1;
/// What its tree has touched; kept at the root.
pub(crate) const LABELS: u64 = 2;
/// Open calls of the tree; kept at the root, and behind everything else: they come and go most often.
pub(crate) const OPEN: u64 = u64::MAX;
/// The calls of the tree that were closed last; kept at the root.
pub(crate) const CLOSED: u64 = 4;

/// Which session trees of an agent and a user were at work last; kept at the pair.
pub(crate) const LIVE: u64 = 6;

/// How many calls of a session tree may be open (semantics F7).
pub(crate) const MAX_OPEN: usize = 64;
/// How many closed calls are told from unknown ones.
const MAX_CLOSED: usize = 128;
/// How far a clock may fall behind what was seen before.
pub(crate) const SLACK: i64 = 5_000;

/// How deep a tree of sessions may be.
pub(crate) const MAX_DEPTH: usize = 16;

/// A session as it is kept: closed or not, when it was opened, and the names of its agent, its user, its root and its parent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session<'b> {
    pub(crate) closed: bool,
    pub(crate) opened: i64,
    pub(crate) agent: &'b [u8],
    pub(crate) user: &'b [u8],
    /// The name of the record of the root; empty where it is this session.
    pub(crate) root: &'b [u8],
    /// The name of the record of its parent; empty where that is the root, or there is none.
    pub(crate) parent: &'b [u8],
}

impl<'b> Session<'b> {
    /// Finds the session in its record.
    pub(crate) fn of(record: Record<'b>) -> Option<Session<'b>> {
        let payload = record.find_at(0, SESSION)?;
        let mut rest = payload.get(9..)?;
        let mut name = || {
            let length = u16::from_le_bytes(array(rest, 0)?);
            let (name, behind) = rest.get(2..)?.split_at_checked(usize::from(length))?;
            rest = behind;
            Some(name)
        };
        let (agent, user, root, parent) = (name()?, name()?, name()?, name()?);
        Some(Session { closed: payload.first() != Some(&0), opened: read_i64(payload, 1), agent, user, root, parent })
    }

    /// Writes it into its record. `None` where there is no room.
    pub(crate) fn write(&self, record: &mut RecordMut<'_>) -> Option<()> {
        let mut payload = Vec::from([u8::from(self.closed)]);
        payload.extend_from_slice(&self.opened.to_le_bytes());
        for name in [self.agent, self.user, self.root, self.parent] {
            payload.extend_from_slice(&u16::try_from(name.len()).ok()?.to_le_bytes());
            payload.extend_from_slice(name);
        }
        record.put(SESSION, &ALONE, 0, &payload)
    }

    /// The name of the root's record, where it is another.
    pub(crate) fn root(&self) -> Option<Name> {
        Name::kept(self.root)
    }

    /// The name of the parent's record, where that is not the root.
    pub(crate) fn parent(&self) -> Option<Name> {
        Name::kept(self.parent)
    }
}

/// Notes that a session is closed.
pub(crate) fn close(record: &mut RecordMut<'_>) {
    let place = record.payload(SESSION, &ALONE).and_then(|payload| payload.first_mut());
    place.into_iter().for_each(|closed| *closed = 1);
}

/// Returns whether a call that is open since a time is lost.
pub(crate) fn is_lost(time: i64, now: i64) -> bool {
    now.saturating_sub(time) > LOST_AFTER
}

/// How many calls are open and not lost.
pub(crate) fn open_calls(root: Record<'_>, now: i64) -> usize {
    if root.count(OPEN) < MAX_OPEN {
        return root.count(OPEN);
    }
    root.all(OPEN).filter(|entry| !is_lost(entry.stamp, now)).count()
}

/// Returns whether a call was closed of late.
pub(crate) fn was_closed(root: Record<'_>, call: &EntryKey) -> bool {
    let ring = root.find(CLOSED, &ALONE).and_then(|payload| payload.get(8..)).unwrap_or_default();
    ring.as_chunks::<KEY_BYTES>().0.contains(call)
}

/// Takes a call from those that are open to those that are closed. `None` where there is no room.
pub(crate) fn end(root: &mut RecordMut<'_>, call: &EntryKey) -> Option<()> {
    root.remove(OPEN, call);
    let length = root.read().find(CLOSED, &ALONE).map_or(0, <[u8]>::len);
    let full = length >= 8usize.saturating_add(MAX_CLOSED.saturating_mul(KEY_BYTES));
    let grown = if full { length } else { length.max(8).saturating_add(KEY_BYTES) };
    let payload = root.resize(CLOSED, &ALONE, grown)?;
    let next = read_u64(payload, 0);
    let at = usize::try_from(next).unwrap_or(0).checked_rem(MAX_CLOSED).unwrap_or(0);
    write(payload, 8usize.saturating_add(at.saturating_mul(KEY_BYTES)), call);
    write(payload, 0, &next.wrapping_add(1).to_le_bytes());
    Some(())
}

/// What a session tree has touched.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Labels<'b> {
    /// It saw content that nobody vouches for.
    pub(crate) saw: bool,
    /// It may have touched anything.
    pub(crate) anything: bool,
    /// The numbers of the datasets it has touched, sorted.
    datasets: &'b [[u8; 8]],
}

const SAW: u64 = 1;
const ANYTHING: u64 = 2;

impl<'b> Labels<'b> {
    pub(crate) fn of(root: Record<'b>) -> Labels<'b> {
        let Some(payload) = root.find_at(1, LABELS) else { return Labels::default() };
        let flags = read_u64(payload, 0);
        let datasets = payload.get(8..).unwrap_or_default().as_chunks::<8>().0;
        Labels { saw: flags & SAW != 0, anything: flags & ANYTHING != 0, datasets }
    }

    fn has(&self, dataset: u64) -> bool {
        self.datasets.binary_search_by_key(&dataset, |bytes| u64::from_le_bytes(*bytes)).is_ok()
    }

    pub(crate) fn datasets(&self) -> impl Iterator<Item = u64> + use<'b> {
        self.datasets.iter().map(|bytes| u64::from_le_bytes(*bytes))
    }
}

/// Raises what a session tree has touched; it never falls. `None` where there is no room.
pub(crate) fn raise(
    root: &mut RecordMut<'_>,
    saw: bool,
    anything: bool,
    datasets: impl Iterator<Item = u64> + Clone,
) -> Option<()> {
    let before = Labels::of(root.read());
    if (before.saw || !saw) && (before.anything || !anything) && datasets.clone().all(|dataset| before.has(dataset)) {
        return Some(());
    }
    let flags = u64::from(saw || before.saw) * SAW + u64::from(anything || before.anything) * ANYTHING;
    if root.read().find(LABELS, &ALONE).is_none() {
        root.resize(LABELS, &ALONE, 8)?;
    }
    write(root.payload(LABELS, &ALONE)?, 0, &flags.to_le_bytes());
    for dataset in datasets {
        let known = Labels::of(root.read()).datasets;
        let Err(at) = known.binary_search_by_key(&dataset, |bytes| u64::from_le_bytes(*bytes)) else { continue };
        let (place, end) = (at.saturating_add(1).saturating_mul(8), known.len().saturating_add(1).saturating_mul(8));
        let payload = root.resize(LABELS, &ALONE, end.saturating_add(8))?;
        payload.copy_within(place..end, place.saturating_add(8));
        write(payload, place, &dataset.to_le_bytes());
    }
    Some(())
}

/// What tells an agent and a user, by the names of their records, from all others.
pub(crate) fn pair_key(keyer: &Keyer, session: &Session<'_>) -> EntryKey {
    let mut packer = keyer.start();
    packer.add(&u16::try_from(session.agent.len()).unwrap_or(u16::MAX).to_le_bytes());
    packer.add(session.agent);
    packer.add(session.user);
    packer.finish()
}

/// Notes that a session tree of the pair was at work. `None` where there is no room.
pub(crate) fn note_live(pair: &mut RecordMut<'_>, root: &EntryKey, time: i64) -> Option<()> {
    let (last, before, others) = live(pair.read()).unwrap_or((*root, i64::MIN, i64::MIN));
    let others = if last == *root { others } else { others.max(before) };
    let payload = pair.resize(LIVE, &ALONE, KEY_BYTES + 16)?;
    write(payload, 0, root);
    write(payload, KEY_BYTES, &time.max(before).to_le_bytes());
    write(payload, KEY_BYTES + 8, &others.to_le_bytes());
    Some(())
}

/// When another session tree of the pair was at work last; `None` where none ever was.
pub(crate) fn others_live(pair: Record<'_>, root: &EntryKey) -> Option<i64> {
    let (last, time, others) = live(pair)?;
    let at = if last == *root { others } else { time.max(others) };
    (at != i64::MIN).then_some(at)
}

/// The tree that was at work last, when, and when some other was last.
fn live(pair: Record<'_>) -> Option<(EntryKey, i64, i64)> {
    let payload = pair.find(LIVE, &ALONE)?;
    Some((array(payload, 0)?, read_i64(payload, KEY_BYTES), read_i64(payload, KEY_BYTES + 8)))
}

/// An open call as it is kept: when and in which step it was decided, what was called, what its answer may teach under
/// which keys, and what the slots wait for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenCall<'b> {
    pub(crate) time: i64,
    pub(crate) seq: u64,
    /// The number of the tool.
    pub(crate) tool: u64,
    /// The program that decided it.
    pub(crate) program: [u8; 8],
    /// The name of the agent's record.
    pub(crate) agent: &'b [u8],
    evidence: &'b [[u8; 8]],
    keys: &'b [u8],
    key_count: usize,
    slots: &'b [u8],
    slot_count: usize,
    /// Parts that others keep with a call.
    pub(crate) others: &'b [u8],
}

impl<'b> OpenCall<'b> {
    /// One of which only the call itself is said.
    pub(crate) fn new(time: i64, seq: u64, tool: u64, program: [u8; 8], agent: &'b [u8]) -> Self {
        let (evidence, keys, slots, others) = (&[][..], &[][..], &[][..], &[][..]);
        OpenCall { time, seq, tool, program, agent, evidence, keys, key_count: 0, slots, slot_count: 0, others }
    }
}

/// What a call gives to the key of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallKey<'b> {
    /// A key that is not known.
    Unknown,
    /// All of the key.
    Whole(EntryKey),
    /// Values as they are kept, one for each part of the key; unset those that only the answer gives.
    Parts(&'b [u8]),
}

/// What stands before the agent's name.
const CALL_HEAD: usize = 44;
/// The number of an answer, which of the three it is, and the key, or the length of the parts behind it.
const CALL_KEY: usize = 5 + KEY_BYTES;

/// Takes the next key of a call off.
fn next_key<'b>(rest: &mut &'b [u8]) -> Option<(u32, CallKey<'b>)> {
    let (head, mut behind) = rest.split_at_checked(CALL_KEY)?;
    let answer = array(head, 0).map(u32::from_le_bytes)?;
    let key = match head.get(4)? {
        1 => CallKey::Whole(array(head, 5)?),
        2 => {
            let length = array(head, 5).map(u32::from_le_bytes)? as usize;
            let (parts, next) = behind.split_at_checked(length)?;
            behind = next;
            CallKey::Parts(parts)
        }
        _ => CallKey::Unknown,
    };
    *rest = behind;
    Some((answer, key))
}

/// What an open call says to a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting<'b> {
    /// The slot's id.
    pub(crate) slot: u64,
    /// The number of the step in the slot's record.
    pub(crate) seq: u64,
    pub(crate) reach: u8,
    pub(crate) sure: bool,
    pub(crate) key: Option<EntryKey>,
    pub(crate) value: Option<EntryKey>,
    /// Values that are known already, as they are kept.
    pub(crate) values: &'b [u8],
}

impl<'b> OpenCall<'b> {
    /// Reads one; `None` where it is not whole.
    pub(crate) fn read(payload: &'b [u8]) -> Option<OpenCall<'b>> {
        let count = |at: usize| Some(usize::from(u16::from_le_bytes(array(payload, at)?)));
        let (agent, evidence, key_count, slots) = (count(32)?, count(34)?, count(36)?, count(38)?);
        let others = u32::from_le_bytes(array(payload, 40)?);
        let rest = payload.get(CALL_HEAD..)?;
        let (agent, rest) = rest.split_at_checked(agent)?;
        let (evidence, rest) = rest.split_at_checked(evidence.checked_mul(8)?)?;
        let (keys, mut behind) = (rest, rest);
        for _ in 0..key_count {
            next_key(&mut behind)?;
        }
        let rest = behind;
        let end = rest.len().checked_sub(others as usize)?;
        let (waiting, others) = rest.split_at_checked(end)?;
        Some(OpenCall {
            time: read_i64(payload, 0),
            seq: read_u64(payload, 8),
            tool: read_u64(payload, 16),
            program: array(payload, 24)?,
            agent,
            evidence: evidence.as_chunks().0,
            keys,
            key_count,
            slots: waiting,
            slot_count: slots,
            others,
        })
    }

    /// The ids of the evidence that its answer may teach.
    pub(crate) fn evidence(&self) -> impl Iterator<Item = u64> + use<'b> {
        self.evidence.iter().map(|id| u64::from_le_bytes(*id))
    }

    /// What the call gave to the keys of its answers.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (u32, CallKey<'b>)> + use<'b> {
        let mut rest = self.keys;
        (0..self.key_count).map_while(move |_| next_key(&mut rest))
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = Waiting<'b>> + use<'b> {
        let mut rest = self.slots;
        (0..self.slot_count).map_while(move |_| {
            let (head, behind) = rest.split_at_checked(WAITING)?;
            let flags = *head.get(17)?;
            let length = u32::from_le_bytes(array(head, 18)?) as usize;
            let (values, next) = behind.split_at_checked(length)?;
            rest = next;
            Some(Waiting {
                slot: read_u64(head, 0),
                seq: read_u64(head, 8),
                reach: *head.get(16)?,
                sure: flags & 1 != 0,
                key: array(head, 22).filter(|_| flags & 2 != 0),
                value: array(head, 22 + KEY_BYTES).filter(|_| flags & 4 != 0),
                values,
            })
        })
    }
}

const WAITING: usize = 22 + 2 * KEY_BYTES;

/// Writes an open call.
pub(crate) struct OpenWriter<'o> {
    pub(crate) out: &'o mut Vec<u8>,
}

impl OpenWriter<'_> {
    /// Adds bytes. Never takes more memory.
    fn push(&mut self, bytes: &[u8]) -> Option<()> {
        let room = self.out.capacity().saturating_sub(self.out.len()) >= bytes.len();
        room.then(|| self.out.extend_from_slice(bytes))
    }

    /// Starts with what every call has.
    pub(crate) fn start(&mut self, call: &OpenCall<'_>, counts: [usize; 3], others: usize) -> Option<()> {
        let count = |count: usize| u16::try_from(count).ok().map(u16::to_le_bytes);
        let [evidence, keys, slots] = counts;
        let mut head = [0; CALL_HEAD];
        write(&mut head, 0, &call.time.to_le_bytes());
        write(&mut head, 8, &call.seq.to_le_bytes());
        write(&mut head, 16, &call.tool.to_le_bytes());
        write(&mut head, 24, &call.program);
        write(&mut head, 32, &count(call.agent.len())?);
        write(&mut head, 34, &count(evidence)?);
        write(&mut head, 36, &count(keys)?);
        write(&mut head, 38, &count(slots)?);
        write(&mut head, 40, &u32::try_from(others).ok()?.to_le_bytes());
        self.push(&head)?;
        self.push(call.agent)
    }

    pub(crate) fn evidence(&mut self, id: u64) -> Option<()> {
        self.push(&id.to_le_bytes())
    }

    pub(crate) fn key(&mut self, answer: u32, key: CallKey<'_>) -> Option<()> {
        let mut place = ALONE;
        let (kind, parts) = match key {
            CallKey::Unknown => (0, &[][..]),
            CallKey::Whole(key) => {
                place = key;
                (1, &[][..])
            }
            CallKey::Parts(parts) => {
                write(&mut place, 0, &u32::try_from(parts.len()).ok()?.to_le_bytes());
                (2, parts)
            }
        };
        self.push(&answer.to_le_bytes())?;
        self.push(&[kind])?;
        self.push(&place)?;
        self.push(parts)
    }

    pub(crate) fn slot(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let flags = flag(waiting.sure, 1) | flag(waiting.key.is_some(), 2) | flag(waiting.value.is_some(), 4);
        let mut head = [0; WAITING];
        write(&mut head, 0, &waiting.slot.to_le_bytes());
        write(&mut head, 8, &waiting.seq.to_le_bytes());
        write(&mut head, 16, &[waiting.reach, flags]);
        write(&mut head, 18, &u32::try_from(waiting.values.len()).ok()?.to_le_bytes());
        write(&mut head, 22, waiting.key.as_ref().unwrap_or(&ALONE));
        write(&mut head, 22 + KEY_BYTES, waiting.value.as_ref().unwrap_or(&ALONE));
        self.push(&head)?;
        self.push(waiting.values)
    }

    pub(crate) fn others(&mut self, bytes: &[u8]) -> Option<()> {
        self.push(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::{CallKey, OpenCall, OpenWriter, Waiting};
    use alloc::vec::Vec;

    #[test]
    fn open_calls_read_back_as_written() {
        let mut out = Vec::with_capacity(4096);
        let call = OpenCall::new(-7, 9, 11, [3; 8], b"abot");
        let mut writer = OpenWriter { out: &mut out };
        let waiting =
            Waiting { slot: 5, seq: 6, reach: 2, sure: true, key: Some([1; 32]), value: None, values: b"xyz" };
        let written = writer.start(&call, [1, 3, 2], 4).and_then(|()| {
            writer.evidence(77)?;
            writer.key(8, CallKey::Unknown)?;
            writer.key(9, CallKey::Parts(b"parts"))?;
            writer.key(10, CallKey::Whole([7; 32]))?;
            writer.slot(&waiting)?;
            writer.slot(&Waiting { key: None, value: Some([4; 32]), sure: false, values: b"", ..waiting })?;
            writer.others(b"rest")
        });
        assert!(written.is_some());
        let read = OpenCall::read(&out).expect("it was written here");
        assert_eq!((read.time, read.seq, read.tool, read.agent, read.others), (-7, 9, 11, &b"abot"[..], &b"rest"[..]));
        assert!(read.evidence().eq([77]));
        let keys = [(8, CallKey::Unknown), (9, CallKey::Parts(b"parts")), (10, CallKey::Whole([7; 32]))];
        assert!(read.keys().eq(keys));
        let slots: Vec<Waiting<'_>> = read.slots().collect();
        assert_eq!((slots.len(), slots[0].key, slots[0].values), (2, Some([1; 32]), &b"xyz"[..]));
        assert_eq!((slots[1].value, slots[1].sure, slots[1].key), (Some([4; 32]), false, None));
        for length in 0..out.len() {
            if let Some(call) = OpenCall::read(&out[..length]) {
                let _ = (call.slots().count(), call.keys().count(), call.evidence().count());
            }
        }
    }
}
