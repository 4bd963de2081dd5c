//! One record: a flat run of bytes that is read where it lies.
//!
//! A header of 32 bytes (magic, number of entries, room in the directory, wasted bytes, `last`, `seq`), a directory of
//! entries sorted by id and key, and behind it the payloads they point to. An entry is found by halving; adding one moves
//! the directory's tail, growing a payload appends a copy, and what is wasted so is swept up when it is the greater part.
//! Integers are little endian. Bytes that nobody checked give at worst a wrong answer, never a panic.

mod edit;

pub(crate) use edit::RecordMut;

use super::Trouble;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// How many bytes the key of an entry has.
pub(crate) const KEY_BYTES: usize = 32;
/// The key of an entry, as [`Keyer`](super::key::Keyer) packs it; all zero for what an id has only one of.
pub(crate) type EntryKey = [u8; KEY_BYTES];
/// The key of what an id has only one of: it stands before all keys that are packed.
pub(crate) const ALONE: EntryKey = [0; KEY_BYTES];

/// The first bytes of every record; the last of them is the version of the layout.
const MAGIC: [u8; 4] = *b"APR\x01";
const HEADER: usize = 32;
const ENTRY: usize = 56;
const COUNT: usize = 4;
const ROOM: usize = 8;
const WASTED: usize = 12;
const LAST: usize = 16;
const SEQ: usize = 24;
/// Where an entry keeps what, behind its id and key.
const STAMP: usize = 40;
const OFFSET: usize = 48;
const LENGTH: usize = 52;
/// The most bytes of a record, so that every place in one fits 32 bits.
const MAX_BYTES: usize = 1 << 26;
/// A step does not begin with a record that has more: what it writes then always fits.
const FULL: usize = agentpol_bytecode::MAX_RECORD as usize;
/// Less than this is not worth sweeping up.
const LITTER: usize = 4096;

/// Reads an array of bytes.
pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}

/// Reads an integer; 0 where there are not enough bytes.
pub(crate) fn read_u32(bytes: &[u8], at: usize) -> u32 {
    array(bytes, at).map_or(0, u32::from_le_bytes)
}

/// Reads an integer; 0 where there are not enough bytes.
pub(crate) fn read_u64(bytes: &[u8], at: usize) -> u64 {
    array(bytes, at).map_or(0, u64::from_le_bytes)
}

/// Reads an integer; 0 where there are not enough bytes.
pub(crate) fn read_i64(bytes: &[u8], at: usize) -> i64 {
    array(bytes, at).map_or(0, i64::from_le_bytes)
}

/// Writes bytes where there is room for all of them.
pub(crate) fn write(bytes: &mut [u8], at: usize, value: &[u8]) {
    let place = bytes.get_mut(at..).and_then(|rest| rest.get_mut(..value.len()));
    place.into_iter().for_each(|place| place.copy_from_slice(value));
}

/// A record to be read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Record<'b> {
    directory: &'b [[u8; ENTRY]],
    heap: &'b [u8],
    last: i64,
    seq: u64,
}

/// An entry of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'b> {
    pub(crate) key: &'b EntryKey,
    /// Orders the entries of one id by use: the least is the least recent.
    pub(crate) stamp: i64,
    pub(crate) payload: &'b [u8],
}

fn id_of(entry: &[u8; ENTRY]) -> u64 {
    read_u64(entry, 0)
}

fn key_of(entry: &[u8; ENTRY]) -> &EntryKey {
    entry.get(8..).and_then(|rest| rest.first_chunk()).unwrap_or(&ALONE)
}

/// An id and a key as numbers of their order.
type Place = [u64; 5];

/// Bytes in the order of their numbers.
fn place(id: u64, key: &EntryKey) -> Place {
    let [first, second, third, fourth] = key.as_chunks::<8>().0 else { return [id, 0, 0, 0, 0] };
    let [first, second, third, fourth] = [first, second, third, fourth].map(|word| u64::from_be_bytes(*word));
    [id, first, second, third, fourth]
}

fn order(entry: &[u8; ENTRY], wanted: &Place) -> Ordering {
    let [id, first, second, third, fourth] = *wanted;
    let [found, one, two, three, four, _, _] = entry.as_chunks::<8>().0 else { return Ordering::Equal };
    u64::from_le_bytes(*found)
        .cmp(&id)
        .then_with(|| u64::from_be_bytes(*one).cmp(&first))
        .then_with(|| u64::from_be_bytes(*two).cmp(&second))
        .then_with(|| u64::from_be_bytes(*three).cmp(&third))
        .then_with(|| u64::from_be_bytes(*four).cmp(&fourth))
}

/// The part of entries in which one stands, or would, and where it starts: found in steps that double.
fn near<'e>(entries: &'e [[u8; ENTRY]], wanted: &Place) -> (usize, &'e [[u8; ENTRY]]) {
    let mut end = 1usize;
    while entries.get(end.saturating_sub(1)).is_some_and(|entry| order(entry, wanted) == Ordering::Less) {
        end = end.saturating_mul(2);
    }
    let start = (end / 2).min(entries.len());
    (start, entries.get(start..end.min(entries.len())).unwrap_or_default())
}

impl<'b> Record<'b> {
    /// Reads a record; one that was never written is empty.
    ///
    /// # Errors
    /// `Unusable` where the bytes are no record of this version.
    pub(crate) fn of(bytes: &'b [u8]) -> Result<Record<'b>, Trouble> {
        if bytes.is_empty() {
            return Ok(Record { last: i64::MIN, ..Record::default() });
        }
        Record::parse(bytes).ok_or(Trouble::Unusable)
    }

    fn parse(bytes: &'b [u8]) -> Option<Record<'b>> {
        let (count, room) = (read_u32(bytes, COUNT) as usize, read_u32(bytes, ROOM) as usize);
        let rest = bytes.get(HEADER..).filter(|_| bytes.starts_with(&MAGIC) && bytes.len() <= MAX_BYTES)?;
        let (directory, heap) = rest.split_at_checked(room.checked_mul(ENTRY)?)?;
        let directory = directory.as_chunks::<ENTRY>().0.get(..count)?;
        Some(Record { directory, heap, last: read_i64(bytes, LAST), seq: read_u64(bytes, SEQ) })
    }

    /// The time of the last step that touched it, in milliseconds; `i64::MIN` before the first.
    pub(crate) fn last(&self) -> i64 {
        self.last
    }

    /// How many steps have touched it.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    fn entry(&self, entry: &'b [u8; ENTRY]) -> Entry<'b> {
        Entry { key: key_of(entry), stamp: read_i64(entry, STAMP), payload: self.payload(entry) }
    }

    fn payload(&self, entry: &[u8; ENTRY]) -> &'b [u8] {
        let (offset, length) = (read_u32(entry, OFFSET) as usize, read_u32(entry, LENGTH) as usize);
        self.heap.get(offset..offset.saturating_add(length)).unwrap_or_default()
    }

    /// Finds the payload under an id and key.
    pub(crate) fn find(&self, id: u64, key: &EntryKey) -> Option<&'b [u8]> {
        self.search(id, key).ok().map(|found| self.payload_at(found))
    }

    fn search(&self, id: u64, key: &EntryKey) -> Result<usize, usize> {
        let start = self.first_of(id);
        let rest = self.directory.get(start..).unwrap_or_default();
        if *key == ALONE {
            let found = rest.first().is_some_and(|entry| id_of(entry) == id && *key_of(entry) == ALONE);
            return if found { Ok(start) } else { Err(start) };
        }
        let wanted = place(id, key);
        let (from, near) = near(rest, &wanted);
        let at = |found: usize| start.saturating_add(from).saturating_add(found);
        near.binary_search_by(|entry| order(entry, &wanted)).map(at).map_err(at)
    }

    /// The first entry that has an id, or a greater one.
    fn first_of(&self, id: u64) -> usize {
        self.directory.partition_point(|entry| id_of(entry) < id)
    }

    /// The entries of the greatest id, where it is this one.
    fn last_of(&self, id: u64) -> &'b [[u8; ENTRY]] {
        let count = self.directory.iter().rev().take_while(|entry| id_of(entry) == id).count();
        self.directory.get(self.directory.len().saturating_sub(count)..).unwrap_or_default()
    }

    /// Finds the payload of the entry that an id has only one of, where it is most likely the one at an index.
    pub(crate) fn find_at(&self, index: usize, id: u64) -> Option<&'b [u8]> {
        match self.directory.get(index) {
            Some(entry) if id_of(entry) == id && *key_of(entry) == ALONE => Some(self.payload(entry)),
            _ => self.find(id, &ALONE),
        }
    }

    /// Finds the payload under [`ALONE`] and the one under a key: the second search begins where the first has ended.
    pub(crate) fn find_both(&self, id: u64, key: &EntryKey) -> [Option<&'b [u8]>; 2] {
        let start = self.first_of(id);
        let rest = self.directory.get(start..).unwrap_or_default();
        let (alone, rest) = match rest.split_first() {
            Some((first, behind)) if id_of(first) == id && *key_of(first) == ALONE => {
                (Some(self.payload(first)), behind)
            }
            _ => (None, rest),
        };
        let wanted = place(id, key);
        let found = match rest.first().map(|entry| order(entry, &wanted)) {
            // What has no key has one entry more.
            Some(Ordering::Equal) => rest.first(),
            Some(Ordering::Less) => {
                let found = rest.binary_search_by(|entry| order(entry, &wanted)).ok();
                found.and_then(|found| rest.get(found))
            }
            Some(Ordering::Greater) | None => None,
        };
        [alone, found.map(|entry| self.payload(entry))]
    }

    /// The payload of the entry at an index.
    pub(crate) fn payload_at(&self, index: usize) -> &'b [u8] {
        self.directory.get(index).map_or(&[], |entry| self.payload(entry))
    }

    /// Returns all entries of an id but the one under [`ALONE`], by key.
    pub(crate) fn all(&self, id: u64) -> impl Iterator<Item = Entry<'b>> + use<'b> {
        let record = *self;
        self.range(id).iter().map(move |entry| record.entry(entry))
    }

    /// Returns how many entries an id has, beside the one under [`ALONE`].
    pub(crate) fn count(&self, id: u64) -> usize {
        self.range(id).len()
    }

    fn range(&self, id: u64) -> &'b [[u8; ENTRY]] {
        let all = match id {
            u64::MAX => self.last_of(id),
            _ => {
                let rest = self.directory.get(self.first_of(id)..).unwrap_or_default();
                rest.get(..rest.partition_point(|entry| id_of(entry) == id)).unwrap_or_default()
            }
        };
        match all.split_first() {
            Some((first, others)) if *key_of(first) == ALONE => others,
            _ => all,
        }
    }

    /// Returns the entry of an id that was used least recently, [`ALONE`] left out.
    pub(crate) fn least_recent(&self, id: u64) -> Option<Entry<'b>> {
        self.range(id).iter().min_by_key(|entry| read_i64(*entry, STAMP)).map(|entry| self.entry(entry))
    }
}

/// Returns whether there is room for whatever one step may write.
pub(crate) fn has_room(bytes: &[u8]) -> bool {
    bytes.len() <= FULL
}

/// Returns whether the bytes are a record as it is laid out here: all places in bounds, entries sorted and each once, no two
/// payloads in the same place, and what is not used counted.
pub(crate) fn validate(bytes: &[u8]) -> bool {
    let Ok(record) = Record::of(bytes) else { return false };
    let sorted =
        record.directory.is_sorted_by(|one, next| order(one, &place(id_of(next), key_of(next))) == Ordering::Less);
    let mut extents: Vec<(usize, usize)> = record
        .directory
        .iter()
        .map(|entry| (read_u32(entry, OFFSET) as usize, read_u32(entry, LENGTH) as usize))
        .filter(|(_, length)| *length > 0)
        .map(|(offset, length)| (offset, offset.saturating_add(length)))
        .collect();
    extents.sort_unstable();
    let apart = extents.is_sorted_by(|one, next| one.1 <= next.0);
    let inside = extents.iter().all(|(_, end)| *end <= record.heap.len());
    let used: usize = extents.iter().map(|(start, end)| end.saturating_sub(*start)).fold(0, usize::saturating_add);
    let wasted = read_u32(bytes, WASTED) as usize;
    sorted && apart && inside && used.saturating_add(wasted) == record.heap.len()
}

#[cfg(test)]
mod tests;
