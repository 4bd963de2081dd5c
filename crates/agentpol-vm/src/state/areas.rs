//! The payload of a slot's key: five lists that grow on their own, one behind the other.
//!
//! Elements of a list have one width and begin with a time; lists of times are sorted by it. Each list knows the newest
//! time that it had to give up. Lists are read where they lie; a longer one is found by halving.

use super::record::{EntryKey, RecordMut, array, read_i64, read_u32, read_u64, write};

/// Calls that are open.
pub(crate) const PENDING: usize = 0;
/// Calls that surely count.
pub(crate) const SURE: usize = 1;
/// Calls that may count.
pub(crate) const DOUBTFUL: usize = 2;
/// Calls that may count, and whose value is not known.
pub(crate) const BLANK: usize = 3;
/// Values of the calls that surely count, one behind the other.
pub(crate) const BLOB: usize = 4;
const LISTS: usize = 5;

/// How many bytes the header of a list has: capacity, start, count. Those of values, which are counted in bytes, are wider.
const LIST: usize = 6;
const START: usize = 2;
const COUNT: usize = 4;
const BLOB_CAPACITY: usize = BLOB * LIST;
const BLOB_COUNT: usize = BLOB_CAPACITY + 4;
/// The newest time that each list but that of open calls gave up.
const DROPPED: usize = BLOB_COUNT + 4;
/// What the amounts of sure and of doubtful calls come to; of lists in the order of steps the newest step that they gave up; of
/// least and greatest values the newest time of one that gave way while the most extreme of all stayed.
const TOTALS: usize = DROPPED + 3 * 8;
const HEADER: usize = TOTALS + 2 * 8;

/// How wide the elements of each list are.
pub(crate) type Widths = [usize; LISTS];

/// A payload to be read; one that was never written is empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Areas<'b> {
    header: &'b [u8; HEADER],
    bytes: &'b [u8],
    widths: Widths,
}

/// The header of an empty payload.
const EMPTY: [u8; HEADER] = [0; HEADER];

/// Capacity, start and count of a list.
fn head(bytes: &[u8], list: usize) -> [usize; 3] {
    if list == BLOB {
        return [read_u32(bytes, BLOB_CAPACITY) as usize, 0, read_u32(bytes, BLOB_COUNT) as usize];
    }
    let numbers: [u8; LIST] = array(bytes, list.saturating_mul(LIST)).unwrap_or_default();
    let [a, b, c, d, e, f] = numbers;
    [u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]), u16::from_le_bytes([e, f])].map(usize::from)
}

impl<'b> Areas<'b> {
    pub(crate) fn of(bytes: Option<&'b [u8]>, widths: Widths) -> Self {
        match bytes.and_then(|bytes| Some((bytes.first_chunk::<HEADER>()?, bytes))) {
            Some((header, bytes)) => Areas { header, bytes, widths },
            None => Areas { header: &EMPTY, bytes: &[], widths },
        }
    }

    /// The elements of a list.
    #[inline]
    pub(crate) fn list(&self, list: usize) -> List<'b> {
        let width = self.widths.get(list).copied().unwrap_or(1);
        let [_, start, count] = head(self.header, list);
        if count == 0 {
            return List { bytes: &[], width, count };
        }
        let sizes = self.widths.iter().enumerate().take(list);
        let sizes = sizes.map(|(before, width)| width.saturating_mul(head(self.header, before)[0]));
        let base = sizes.fold(HEADER, usize::saturating_add);
        let first = base.saturating_add(start.saturating_mul(width));
        let bytes = self.bytes.get(first..first.saturating_add(count.saturating_mul(width)));
        List::of(bytes, width, count)
    }

    /// The newest time that a list had to give up; `i64::MIN` where there is none.
    pub(crate) fn dropped(&self, list: usize) -> i64 {
        if self.bytes.is_empty() || !(SURE..=BLANK).contains(&list) {
            return i64::MIN;
        }
        read_i64(self.header, dropped(list))
    }

    /// What the amounts of a list come to; `None` where they are too much, or are not kept.
    pub(crate) fn total(&self, list: usize) -> Option<i64> {
        (SURE..=DOUBTFUL).contains(&list).then(|| read_i64(self.header, total(list))).filter(|total| *total != i64::MIN)
    }
}

impl Areas<'_> {
    /// The newest time of a value that gave way while the most extreme of all stayed; 0 where there is none.
    pub(crate) fn given_way(&self, list: usize) -> i64 {
        if (SURE..=DOUBTFUL).contains(&list) { read_i64(self.header, total(list)) } else { 0 }
    }

    /// The newest step that a list in the order of steps had to give up; 0 where there is none.
    pub(crate) fn step_dropped(&self, list: usize) -> u64 {
        if (SURE..=DOUBTFUL).contains(&list) { read_u64(self.header, total(list)) } else { 0 }
    }
}

/// Elements of one width, each with its time first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List<'b> {
    bytes: &'b [u8],
    width: usize,
    count: usize,
}

impl<'b> List<'b> {
    /// So many elements; none where they do not lie in their payload.
    fn of(bytes: Option<&'b [u8]>, width: usize, count: usize) -> Self {
        List { bytes: bytes.unwrap_or_default(), width, count: if bytes.is_some() { count } else { 0 } }
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// All bytes.
    pub(crate) fn bytes(&self) -> &'b [u8] {
        self.bytes
    }

    pub(crate) fn get(&self, at: usize) -> &'b [u8] {
        let start = at.saturating_mul(self.width);
        self.bytes.get(start..start.saturating_add(self.width)).unwrap_or_default()
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &'b [u8]> + ExactSizeIterator + use<'b> {
        let list = *self;
        (0..self.count).map(move |at| list.get(at))
    }

    pub(crate) fn time(&self, at: usize) -> i64 {
        read_i64(self.get(at), 0)
    }

    /// How many elements are not younger than a time.
    pub(crate) fn until(&self, time: i64) -> usize {
        // What is asked about most often is all of it, or nothing.
        let (mut low, mut high) = (0, self.count());
        if high > 0 && self.time(0) > time {
            return 0;
        }
        while low < high {
            let middle = low.midpoint(high);
            if self.time(middle) > time {
                high = middle;
            } else {
                low = middle.saturating_add(1);
            }
        }
        low
    }

    /// The elements that are younger than a time.
    pub(crate) fn after(&self, time: i64) -> List<'b> {
        let gone = self.until(time);
        let start = gone.saturating_mul(self.width);
        let bytes = self.bytes.get(start..).unwrap_or_default();
        List { bytes, width: self.width, count: self.count.saturating_sub(gone) }
    }

    /// Whether some element is younger than a time.
    pub(crate) fn reaches(&self, time: i64) -> bool {
        self.count().checked_sub(1).is_some_and(|last| self.time(last) > time)
    }
}

/// Where the time is kept that a list gave up.
fn dropped(list: usize) -> usize {
    DROPPED.saturating_add(list.saturating_sub(SURE).saturating_mul(8))
}

/// Where the sum of a list is kept.
fn total(list: usize) -> usize {
    TOTALS.saturating_add(list.saturating_sub(SURE).saturating_mul(8))
}

/// A payload to be changed.
pub(crate) struct AreasMut<'r, 'b> {
    record: &'r mut RecordMut<'b>,
    /// Where its entry stands.
    index: usize,
    widths: Widths,
}

impl<'r, 'b> AreasMut<'r, 'b> {
    /// Changes the payload under an id and key; makes an empty one where there is none. `None` where there is no room.
    pub(crate) fn of(record: &'r mut RecordMut<'b>, id: u64, key: &EntryKey, widths: Widths) -> Option<Self> {
        let known = record.index(id, key).filter(|index| record.read().payload_at(*index).len() >= HEADER);
        if known.is_none() {
            let payload = record.resize(id, key, HEADER)?;
            payload.fill(0);
            (SURE..=BLANK).for_each(|list| write(payload, dropped(list), &i64::MIN.to_le_bytes()));
        }
        let index = known.or_else(|| record.index(id, key))?;
        Some(AreasMut { record, index, widths })
    }

    pub(crate) fn read(&self) -> Areas<'_> {
        Areas::of(Some(self.record.read().payload_at(self.index)), self.widths)
    }

    fn bytes(&self) -> &[u8] {
        self.record.read().payload_at(self.index)
    }

    fn payload(&mut self) -> &mut [u8] {
        self.record.payload_at(self.index).unwrap_or_default()
    }

    fn width(&self, list: usize) -> usize {
        self.widths.get(list).copied().unwrap_or(1)
    }

    /// The elements of a list.
    pub(crate) fn list(&self, list: usize) -> List<'_> {
        let ([_, start, count], base) = self.place(list);
        let width = self.width(list);
        let first = base.saturating_add(start.saturating_mul(width));
        let bytes = self.bytes().get(first..first.saturating_add(count.saturating_mul(width)));
        List::of(bytes, width, count)
    }

    /// Capacity, start and count of a list, and where it lies.
    fn place(&self, list: usize) -> ([usize; 3], usize) {
        let bytes = self.bytes();
        let size =
            |list: usize| head(bytes, list).first().map_or(0, |capacity| capacity.saturating_mul(self.width(list)));
        (head(bytes, list), (0..list).map(size).fold(HEADER, usize::saturating_add))
    }

    /// Notes when it was last used.
    pub(crate) fn touch(&mut self, stamp: i64) {
        self.record.touch(self.index, stamp);
    }

    fn set(&mut self, list: usize, field: usize, value: usize) {
        if list == BLOB {
            let place = if field == COUNT { BLOB_COUNT } else { BLOB_CAPACITY };
            if field != START {
                write(self.payload(), place, &u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes());
            }
            return;
        }
        let place = list.saturating_mul(LIST).saturating_add(field);
        write(self.payload(), place, &u16::try_from(value).unwrap_or(u16::MAX).to_le_bytes());
    }

    /// Notes that a list gave something up.
    pub(crate) fn give_up(&mut self, list: usize, time: i64) {
        if (SURE..=BLANK).contains(&list) {
            let before = self.read().dropped(list);
            write(self.payload(), dropped(list), &before.max(time).to_le_bytes());
        }
    }

    /// Notes that a value gave way while the most extreme of all stayed.
    pub(crate) fn give_way(&mut self, list: usize, time: i64) {
        if (SURE..=DOUBTFUL).contains(&list) {
            let before = self.read().given_way(list);
            write(self.payload(), total(list), &before.max(time).to_le_bytes());
        }
    }

    /// Notes that a list in the order of steps gave up a step of a time.
    pub(crate) fn give_up_step(&mut self, list: usize, time: i64, step: u64) {
        self.give_up(list, time);
        if (SURE..=DOUBTFUL).contains(&list) {
            let before = self.read().step_dropped(list);
            write(self.payload(), total(list), &before.max(step).to_le_bytes());
        }
    }

    /// Notes that the amounts of a list come to more, or less. Too much is not kept.
    pub(crate) fn add_up(&mut self, list: usize, amount: i64) {
        let sum = self.read().total(list).and_then(|total| total.checked_add(amount)).unwrap_or(i64::MIN);
        write(self.payload(), total(list), &sum.to_le_bytes());
    }

    /// Puts an open call behind those that there are, where there is room for it without growing.
    pub(crate) fn push_open(payload: &mut [u8], width: usize, element: &[u8], most: usize) -> bool {
        let [capacity, start, count] = head(payload, PENDING);
        let at = start.saturating_add(count);
        let room = payload.len() >= HEADER && at < capacity && count < most;
        if room {
            write(payload, HEADER.saturating_add(at.saturating_mul(width)), element);
            let count = u16::try_from(count.saturating_add(1)).unwrap_or(u16::MAX);
            write(payload, PENDING.saturating_mul(LIST).saturating_add(COUNT), &count.to_le_bytes());
        }
        room
    }

    /// Puts an element in at a place. `None` where there is no room.
    pub(crate) fn insert(&mut self, list: usize, at: usize, element: &[u8]) -> Option<()> {
        self.reserve(list, 1)?;
        let ([_, start, count], base) = self.place(list);
        let width = self.width(list);
        let place = |at: usize| base.saturating_add(start.saturating_add(at).saturating_mul(width));
        let (from, to) = (place(at.min(count)), place(count));
        let payload = self.payload();
        if to.saturating_add(width) > payload.len() {
            return None;
        }
        payload.copy_within(from..to, from.saturating_add(width));
        write(payload, from, element.get(..width)?);
        self.set(list, COUNT, count.saturating_add(1));
        Some(())
    }

    /// Puts bytes behind a list of bytes.
    pub(crate) fn append(&mut self, list: usize, bytes: &[u8]) -> Option<()> {
        self.reserve(list, bytes.len())?;
        let ([_, start, count], base) = self.place(list);
        let place = base.saturating_add(start).saturating_add(count);
        write(self.payload(), place, bytes);
        self.set(list, COUNT, count.saturating_add(bytes.len()));
        Some(())
    }

    /// Makes room for so many more elements.
    fn reserve(&mut self, list: usize, more: usize) -> Option<()> {
        let ([capacity, start, count], base) = self.place(list);
        let width = self.width(list);
        let wanted = count.checked_add(more)?;
        if start.saturating_add(wanted) <= capacity {
            return Some(());
        }
        let place = |at: usize| base.saturating_add(at.saturating_mul(width));
        if start > 0 {
            let payload = self.payload();
            let (from, to) = (place(start), place(start.saturating_add(count)));
            if to > payload.len() {
                return None;
            }
            payload.copy_within(from..to, base);
            self.set(list, START, 0);
        }
        // A list that gave up what is a good part of it goes on in its place.
        if wanted.saturating_add(capacity / 4) <= capacity {
            return Some(());
        }
        if list != BLOB && wanted > usize::from(u16::MAX) {
            return None;
        }
        let grown = wanted.max(count.saturating_add(count / 2)).max(capacity);
        let grown = if list == BLOB { grown } else { grown.min(usize::from(u16::MAX)) };
        let (end, added) = (place(capacity), grown.saturating_sub(capacity).checked_mul(width)?);
        let length = self.payload().len();
        if end > length {
            return None;
        }
        let payload = self.record.resize_at(self.index, length.checked_add(added)?)?;
        payload.copy_within(end..length, end.saturating_add(added));
        self.set(list, 0, grown);
        Some(())
    }

    /// Takes an element out.
    pub(crate) fn remove(&mut self, list: usize, at: usize) {
        let ([_, start, count], base) = self.place(list);
        let width = self.width(list);
        if at >= count {
            return;
        }
        if at == 0 {
            self.set(list, START, if count == 1 { 0 } else { start.saturating_add(1) });
        } else {
            let place = base.saturating_add(start.saturating_add(at).saturating_mul(width));
            let end = base.saturating_add(start.saturating_add(count).saturating_mul(width));
            let payload = self.payload();
            let next = place.saturating_add(width);
            if next <= end && end <= payload.len() {
                payload.copy_within(next..end, place);
            }
        }
        self.set(list, COUNT, count.saturating_sub(1));
    }

    /// Takes everything out.
    pub(crate) fn clear(&mut self, list: usize) {
        self.set(list, START, 0);
        self.set(list, COUNT, 0);
    }

    /// Writes into an element.
    pub(crate) fn change(&mut self, list: usize, at: usize, element: &[u8]) {
        let ([_, start, count], base) = self.place(list);
        let place = base.saturating_add(start.saturating_add(at).saturating_mul(self.width(list)));
        if at < count {
            write(self.payload(), place, element);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Areas, AreasMut, BLOB, DOUBTFUL, SURE};
    use crate::state::record::{ALONE, Record, RecordMut, validate};
    use alloc::vec::Vec;

    const WIDTHS: [usize; 5] = [32, 8, 24, 8, 1];

    fn next(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    }

    #[test]
    fn lists_grow_and_shrink_on_their_own() {
        let (mut bytes, mut state) = (Vec::new(), 5);
        let mut model: [Vec<u64>; 2] = [Vec::new(), Vec::new()];
        let mut blob = Vec::new();
        for _ in 0..5_000 {
            let mut record = RecordMut::of(&mut bytes).expect("it was written here");
            let mut areas = AreasMut::of(&mut record, 9, &ALONE, WIDTHS).expect("there is room");
            let (which, roll) = (next(&mut state) as usize % 2, next(&mut state));
            let (list, width) = [(SURE, 8), (DOUBTFUL, 24)][which];
            let at = roll as usize % (model[which].len() + 1);
            match roll % 5 {
                0 | 1 => {
                    let mut element = [0; 24];
                    element[..8].copy_from_slice(&roll.to_le_bytes());
                    areas.insert(list, at, &element[..width]).expect("there is room");
                    model[which].insert(at, roll);
                }
                2 if at < model[which].len() => {
                    areas.remove(list, at);
                    model[which].remove(at);
                }
                3 if !model[which].is_empty() => {
                    areas.remove(list, 0);
                    model[which].remove(0);
                }
                _ => {
                    areas.append(BLOB, &[roll as u8]).expect("there is room");
                    blob.push(roll as u8);
                }
            }
            assert!(validate(&bytes));
            let areas = Areas::of(Record::of(&bytes).expect("it was written here").find(9, &ALONE), WIDTHS);
            for (list, model) in [(SURE, &model[0]), (DOUBTFUL, &model[1])] {
                assert!(areas.list(list).iter().map(|element| &element[..8]).eq(model.iter().map(|n| n.to_le_bytes())));
            }
            assert_eq!(areas.list(BLOB).bytes(), blob);
        }
    }

    #[test]
    fn spoiled_payloads_never_panic() {
        let mut state = 8;
        for _ in 0..5_000 {
            let payload: Vec<u8> = (0..next(&mut state) % 300).map(|_| (next(&mut state) % 9) as u8).collect();
            let mut bytes = Vec::new();
            let mut record = RecordMut::of(&mut bytes).expect("it is empty");
            record.put(9, &ALONE, 0, &payload).expect("there is room");
            let Some(mut areas) = AreasMut::of(&mut record, 9, &ALONE, WIDTHS) else { continue };
            for list in 0..5 {
                let _ = (areas.read().list(list).after(3).count(), areas.read().dropped(list));
                areas.insert(list, 1, &[1; 32]);
                areas.remove(list, 2);
                areas.change(list, 0, &[3; 8]);
                areas.append(BLOB, b"abc");
                areas.give_up(list, 7);
            }
        }
    }
}
