//! Changing a record where it lies: entries come and go, payloads grow and shrink, and what is wasted is swept up.

use super::{
    COUNT, ENTRY, EntryKey, HEADER, LAST, LENGTH, LITTER, MAGIC, MAX_BYTES, OFFSET, ROOM, Record, SEQ, STAMP, WASTED,
    id_of, read_i64, read_u32, read_u64, write,
};
use crate::state::Trouble;
use alloc::vec::Vec;

/// A record to be changed. One that was never written gets its header with the first change.
#[derive(Debug)]
pub(crate) struct RecordMut<'b> {
    bytes: &'b mut Vec<u8>,
}

impl<'b> RecordMut<'b> {
    /// Changes a record.
    ///
    /// # Errors
    /// `Unusable` where the bytes are no record of this version.
    pub(crate) fn of(bytes: &'b mut Vec<u8>) -> Result<RecordMut<'b>, Trouble> {
        if bytes.is_empty() {
            bytes.extend_from_slice(&MAGIC);
            bytes.resize(HEADER, 0);
            write(bytes, LAST, &i64::MIN.to_le_bytes());
        }
        Record::of(bytes)?;
        Ok(RecordMut { bytes })
    }

    /// Reads it as it is now.
    pub(crate) fn read(&self) -> Record<'_> {
        Record::parse(self.bytes).unwrap_or_default()
    }

    /// Notes a step at a time: `last` never falls, `seq` rises by one. Returns the step's number.
    pub(crate) fn step(&mut self, now: i64) -> u64 {
        let (last, seq) = (read_i64(self.bytes, LAST).max(now), read_u64(self.bytes, SEQ).saturating_add(1));
        write(self.bytes, LAST, &last.to_le_bytes());
        write(self.bytes, SEQ, &seq.to_le_bytes());
        seq
    }

    fn number(&self, at: usize) -> usize {
        read_u32(self.bytes, at) as usize
    }

    fn set_number(&mut self, at: usize, value: usize) {
        write(self.bytes, at, &u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes());
    }

    /// Where the heap starts.
    fn heap(&self) -> usize {
        HEADER.saturating_add(self.number(ROOM).saturating_mul(ENTRY))
    }

    fn place(index: usize) -> usize {
        HEADER.saturating_add(index.saturating_mul(ENTRY))
    }

    fn search(&self, id: u64, key: &EntryKey) -> Result<usize, usize> {
        self.read().search(id, key)
    }

    /// The index of an entry: it stands there until another is added or removed.
    pub(crate) fn index(&self, id: u64, key: &EntryKey) -> Option<usize> {
        self.search(id, key).ok()
    }

    /// Where a payload lies, and how long it is; nothing where that is out of bounds.
    fn extent(&self, index: usize) -> (usize, usize) {
        let place = RecordMut::place(index);
        let (offset, length) = (place.saturating_add(OFFSET), place.saturating_add(LENGTH));
        let (start, length) = (self.heap().saturating_add(self.number(offset)), self.number(length));
        let inside = start.saturating_add(length) <= self.bytes.len();
        if inside { (start, length) } else { (0, 0) }
    }

    /// The payload of the entry at an index, to be changed.
    pub(crate) fn payload_at(&mut self, index: usize) -> Option<&mut [u8]> {
        let (start, length) = self.extent(index);
        self.bytes.get_mut(start..start.saturating_add(length))
    }

    /// Finds a payload to be changed.
    pub(crate) fn payload(&mut self, id: u64, key: &EntryKey) -> Option<&mut [u8]> {
        let index = self.search(id, key).ok()?;
        self.payload_at(index)
    }

    /// Notes when the entry at an index was last used, where that is later than before.
    pub(crate) fn touch(&mut self, index: usize, stamp: i64) {
        let place = RecordMut::place(index).saturating_add(STAMP);
        if index < self.number(COUNT) && read_i64(self.bytes, place) < stamp {
            write(self.bytes, place, &stamp.to_le_bytes());
        }
    }

    /// Gives an entry a payload of this length: what it had as far as it fits, then zeros. `None` where there is no room.
    pub(crate) fn resize(&mut self, id: u64, key: &EntryKey, length: usize) -> Option<&mut [u8]> {
        let index = match self.search(id, key) {
            Ok(index) => index,
            Err(_) if self.bytes.len() > MAX_BYTES / 2 => return None,
            Err(index) => self.add(index, id, key),
        };
        self.resize_at(index, length)
    }

    /// As [`resize`](RecordMut::resize), of the entry at an index.
    pub(crate) fn resize_at(&mut self, index: usize, length: usize) -> Option<&mut [u8]> {
        if self.bytes.len().saturating_add(length) > MAX_BYTES {
            return None;
        }
        self.grow(index, length);
        // Sweeping keeps the directory as it is.
        self.sweep();
        self.payload_at(index)
    }

    /// Adds an entry of these bytes, or replaces the one there is. `None` where there is no room.
    pub(crate) fn put(&mut self, id: u64, key: &EntryKey, stamp: i64, payload: &[u8]) -> Option<()> {
        let index = match self.search(id, key) {
            Ok(index) => index,
            Err(_) if self.bytes.len() > MAX_BYTES / 2 => return None,
            Err(index) => self.add(index, id, key),
        };
        self.resize_at(index, payload.len())?.copy_from_slice(payload);
        write(self.bytes, RecordMut::place(index).saturating_add(STAMP), &stamp.to_le_bytes());
        Some(())
    }

    /// Makes place in the directory for an entry without payload.
    fn add(&mut self, index: usize, id: u64, key: &EntryKey) -> usize {
        let (count, room) = (self.number(COUNT), self.number(ROOM));
        if count >= room {
            let more = room.max(4);
            let (heap, end) = (self.heap(), self.bytes.len());
            let moved = more.saturating_mul(ENTRY);
            self.bytes.resize(end.saturating_add(moved), 0);
            self.bytes.copy_within(heap..end, heap.saturating_add(moved));
            self.set_number(ROOM, room.saturating_add(more));
        }
        let (place, end) = (RecordMut::place(index), RecordMut::place(count));
        self.bytes.copy_within(place..end, place.saturating_add(ENTRY));
        let mut entry = [0; ENTRY];
        write(&mut entry, 0, &id.to_le_bytes());
        write(&mut entry, 8, key);
        write(&mut entry, STAMP, &i64::MIN.to_le_bytes());
        write(self.bytes, place, &entry);
        self.set_number(COUNT, count.saturating_add(1));
        index
    }

    /// Gives the entry at an index a longer or shorter payload.
    fn grow(&mut self, index: usize, length: usize) {
        let (start, before) = self.extent(index);
        if before > 0 && start.saturating_add(before) == self.bytes.len() {
            // The last payload grows and shrinks where it lies.
            self.bytes.resize(start.saturating_add(length), 0);
            self.set_number(RecordMut::place(index).saturating_add(LENGTH), length);
            return;
        }
        if length > before {
            let end = self.bytes.len();
            self.bytes.resize(end.saturating_add(length), 0);
            self.bytes.copy_within(start..start.saturating_add(before), end);
            let offset = end.saturating_sub(self.heap());
            self.set_number(RecordMut::place(index).saturating_add(OFFSET), offset);
        }
        let wasted = if length > before { before } else { before.saturating_sub(length) };
        self.waste(wasted);
        self.set_number(RecordMut::place(index).saturating_add(LENGTH), length);
    }

    fn waste(&mut self, bytes: usize) {
        let wasted = self.number(WASTED).saturating_add(bytes);
        self.set_number(WASTED, wasted);
    }

    /// Removes an entry.
    pub(crate) fn remove(&mut self, id: u64, key: &EntryKey) {
        if let Ok(index) = self.search(id, key) {
            self.remove_at(index);
            self.sweep();
        }
    }

    fn remove_at(&mut self, index: usize) {
        let (start, length) = self.extent(index);
        if length > 0 && start.saturating_add(length) == self.bytes.len() {
            self.bytes.truncate(start);
        } else {
            self.waste(length);
        }
        let (place, end) = (RecordMut::place(index), RecordMut::place(self.number(COUNT)));
        self.bytes.copy_within(place.saturating_add(ENTRY).min(end)..end, place);
        self.set_number(COUNT, self.number(COUNT).saturating_sub(1));
    }

    /// Removes every entry whose id is not wanted any more.
    pub(crate) fn retain(&mut self, wanted: impl Fn(u64) -> bool) {
        for index in (0..self.number(COUNT)).rev() {
            if !self.read().directory.get(index).is_some_and(|entry| wanted(id_of(entry))) {
                self.remove_at(index);
            }
        }
        self.sweep();
    }

    /// Writes the payloads anew, in the order of the directory, once more is wasted than used.
    fn sweep(&mut self) {
        let (heap, end, wasted) = (self.heap(), self.bytes.len(), self.number(WASTED));
        if wasted < LITTER || wasted < end.saturating_sub(heap) / 2 {
            return;
        }
        let mut swept = Vec::with_capacity(end.saturating_sub(wasted));
        swept.extend_from_slice(self.bytes.get(..heap).unwrap_or_default());
        for index in 0..self.number(COUNT) {
            let (start, length) = self.extent(index);
            let offset = swept.len().saturating_sub(heap);
            let payload = self.bytes.get(start..start.saturating_add(length)).unwrap_or_default();
            swept.extend_from_slice(payload);
            let place = RecordMut::place(index);
            let clip = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
            write(&mut swept, place.saturating_add(OFFSET), &clip(offset));
            write(&mut swept, place.saturating_add(LENGTH), &clip(payload.len()));
        }
        *self.bytes = swept;
        self.set_number(WASTED, 0);
    }
}
