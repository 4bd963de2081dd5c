//! Memory in this process: records are handed out for a step and put back, never copied.

use super::notice::{Changing, Notice};
use super::{MAX_RUNS, StateStore, StoreError};
use agentpol_vm::{Handle, INSTALLED, Records, Trouble};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, RwLockReadGuard};

/// Into how many parts the records are split, so that steps about different sessions seldom wait for a lock.
const SHARDS: usize = 64;

thread_local! {
    /// Room for the records of a step, kept from step to step.
    static ROOM: RefCell<Vec<Taken>> = const { RefCell::new(Vec::new()) };
}

/// Names the record of which program is installed.
const CHANGING: Handle = Handle(u32::MAX);

/// Keeps records in the memory of this process: fast, shared by all threads, gone with the process.
///
/// A record in use by one step makes another step that needs it wait; steps about other records go on. What all steps look
/// at, which program is installed, they look at side by side, and only installing waits for all of them. Steps neither copy records nor, but for records that are new or grow, take memory.
#[derive(Debug)]
pub struct MemoryStore {
    shards: Box<[Shard]>,
    /// Which program is installed.
    installed: Notice,
    hasher: RandomState,
    fingerprint: OnceLock<[u8; 32]>,
}

#[derive(Debug, Default)]
struct Shard {
    records: Mutex<HashMap<Arc<[u8]>, Held>>,
    /// A record of this shard was put back.
    back: Condvar,
}

/// A record, or the place of one that a step has taken.
#[derive(Debug, Default)]
struct Held {
    bytes: Vec<u8>,
    taken: bool,
}

/// A record that this step has taken.
#[derive(Debug)]
struct Taken {
    key: Arc<[u8]>,
    bytes: Vec<u8>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        MemoryStore::new()
    }
}

impl MemoryStore {
    /// Makes an empty one.
    pub fn new() -> Self {
        let shards = (0..SHARDS).map(|_| Shard::default()).collect();
        MemoryStore { shards, installed: Notice::default(), hasher: RandomState::new(), fingerprint: OnceLock::new() }
    }

    /// Returns how many records there are, and how many bytes keys and records have together. Records that a step has
    /// taken meanwhile count as empty.
    pub fn size(&self) -> (usize, usize) {
        let count = |shard: &Shard| {
            let records = shard.lock();
            (records.len(), records.iter().map(|(key, held)| key.len() + held.bytes.len()).sum::<usize>())
        };
        let installed = self.installed.read().len();
        let start = if installed == 0 { (0, 0) } else { (1, INSTALLED.len() + installed) };
        self.shards.iter().map(count).fold(start, |all, one| (all.0 + one.0, all.1 + one.1))
    }

    fn shard(&self, key: &[u8]) -> &Shard {
        let hash = self.hasher.hash_one(key) as usize;
        &self.shards[hash % SHARDS]
    }
}

impl Shard {
    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<[u8]>, Held>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a record; waits for it or, where that is not wanted, returns `None` while another step has it.
    fn take(&self, key: &[u8], wait: bool) -> Option<Taken> {
        let mut records = self.lock();
        loop {
            match records.get_mut(key) {
                Some(held) if held.taken && wait => {
                    records = self.back.wait(records).unwrap_or_else(PoisonError::into_inner);
                }
                Some(held) if held.taken => return None,
                Some(held) => {
                    held.taken = true;
                    let bytes = mem::take(&mut held.bytes);
                    let key = Arc::clone(records.get_key_value(key)?.0);
                    return Some(Taken { key, bytes });
                }
                None => {
                    let key: Arc<[u8]> = Arc::from(key);
                    records.insert(Arc::clone(&key), Held { bytes: Vec::new(), taken: true });
                    return Some(Taken { key, bytes: Vec::new() });
                }
            }
        }
    }

    fn put_back(&self, taken: Taken) {
        let mut records = self.lock();
        if taken.bytes.is_empty() {
            records.remove(&taken.key);
        } else if let Some(held) = records.get_mut(&taken.key) {
            *held = Held { bytes: taken.bytes, taken: false };
        }
        drop(records);
        self.back.notify_all();
    }
}

/// The records of one run of a step. They go back when it ends, however it ends.
struct Run<'s> {
    store: &'s MemoryStore,
    taken: Vec<Taken>,
    /// Which program is installed, while it is looked at, or changed. Whoever waits for it is waited for by nobody who has it:
    /// nothing else is waited for behind it.
    looked: Option<RwLockReadGuard<'s, Vec<u8>>>,
    changing: Option<Changing<'s>>,
    /// The record for which another step stood in the way.
    missed: Option<Arc<[u8]>>,
}

impl<'s> Run<'s> {
    /// Begins with these records, in the order of their keys. As every step waits in that order, none waits for ever.
    fn begin(store: &'s MemoryStore, keys: &[Arc<[u8]>]) -> Run<'s> {
        let room = ROOM.with(|room| room.try_borrow_mut().map(|mut room| mem::take(&mut *room)));
        let mut run = Run { store, taken: room.unwrap_or_default(), looked: None, changing: None, missed: None };
        for key in keys {
            run.taken.extend(store.shard(key).take(key, true));
        }
        run
    }
}

impl Records for Run<'_> {
    fn open(&mut self, key: &[u8]) -> Result<Handle, Trouble> {
        if key == INSTALLED {
            self.looked = None;
            self.changing.get_or_insert_with(|| self.store.installed.change());
            return Ok(CHANGING);
        }
        let at = match self.taken.iter().position(|taken| *taken.key == *key) {
            Some(at) => at,
            None => {
                let Some(taken) = self.store.shard(key).take(key, false) else {
                    self.missed = Some(Arc::from(key));
                    return Err(Trouble::Conflict);
                };
                self.taken.push(taken);
                self.taken.len() - 1
            }
        };
        u32::try_from(at).map(Handle).map_err(|_| Trouble::Unusable)
    }

    fn look(&mut self, key: &[u8]) -> Result<&[u8], Trouble> {
        if key != INSTALLED || self.changing.is_some() {
            let handle = self.open(key)?;
            return Ok(self.bytes(handle));
        }
        Ok(self.looked.get_or_insert_with(|| self.store.installed.read()))
    }

    fn bytes(&self, handle: Handle) -> &[u8] {
        if handle == CHANGING {
            return self.changing.as_ref().map_or(&[], |changing| &changing.bytes);
        }
        self.taken.get(handle.0 as usize).map_or(&[], |taken| &taken.bytes)
    }

    fn edit(&mut self, handle: Handle) -> Option<&mut Vec<u8>> {
        if handle == CHANGING {
            return self.changing.as_mut().map(|changing| &mut changing.bytes);
        }
        self.taken.get_mut(handle.0 as usize).map(|taken| &mut taken.bytes)
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        let mut room = mem::take(&mut self.taken);
        for taken in room.drain(..) {
            self.store.shard(&taken.key).put_back(taken);
        }
        // A thread that is ending has no room any more.
        let _ = ROOM.try_with(|kept| kept.try_borrow_mut().map(|mut kept| *kept = room));
    }
}

impl StateStore for MemoryStore {
    fn step(&self, work: &mut dyn FnMut(&mut dyn Records)) -> Result<(), StoreError> {
        let mut keys: Vec<Arc<[u8]>> = Vec::new();
        for _ in 0..MAX_RUNS {
            let mut run = Run::begin(self, &keys);
            work(&mut run);
            let Some(missed) = run.missed.take() else { return Ok(()) };
            keys.push(missed);
            keys.extend(run.taken.iter().map(|taken| Arc::clone(&taken.key)));
            keys.sort_unstable();
            keys.dedup();
        }
        Err(StoreError::Conflict)
    }

    fn tie(&self, fingerprint: &[u8; 32]) -> Result<(), StoreError> {
        match self.fingerprint.get_or_init(|| *fingerprint) == fingerprint {
            true => Ok(()),
            false => Err(StoreError::OtherKey),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(records: &mut dyn Records, key: &[u8]) -> Result<u64, Trouble> {
        let handle = records.open(key)?;
        let old = records.bytes(handle).try_into().map_or(0, u64::from_le_bytes);
        let bytes = records.edit(handle).ok_or(Trouble::Unusable)?;
        bytes.clear();
        bytes.extend((old + 1).to_le_bytes());
        Ok(old + 1)
    }

    fn read(store: &MemoryStore, key: &[u8]) -> Vec<u8> {
        let mut found = Vec::new();
        let mut work = |records: &mut dyn Records| {
            let handle = records.open(key).unwrap();
            found = records.bytes(handle).to_vec();
        };
        store.step(&mut work).unwrap();
        found
    }

    #[test]
    fn steps_over_several_records_never_lose_one_another() {
        let store = MemoryStore::new();
        let keys: [&[u8]; 3] = [b"a", b"b", b"c"];
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let store = &store;
                scope.spawn(move || {
                    for round in 0..2_000 {
                        // Every order of keys, so that steps would wait for one another in a circle.
                        let (first, second) = (keys[(thread + round) % 3], keys[(thread + 2 * round + 1) % 3]);
                        let step = &mut |records: &mut dyn Records| {
                            // Everything is asked for before anything is written.
                            if records.open(first).is_ok() && records.open(second).is_ok() {
                                add(records, first).unwrap();
                                add(records, second).unwrap();
                            }
                        };
                        store.step(step).unwrap();
                    }
                });
            }
        });
        let sum: u64 = keys.iter().map(|key| u64::from_le_bytes(read(&store, key).try_into().unwrap())).sum();
        assert_eq!(sum, 4 * 2_000 * 2);
    }

    #[test]
    fn a_record_that_is_emptied_or_only_looked_for_is_not_kept() {
        let store = MemoryStore::new();
        store.step(&mut |records| assert_eq!(add(records, b"key"), Ok(1))).unwrap();
        assert_eq!(store.size(), (1, 11));
        assert!(read(&store, b"other").is_empty());
        assert_eq!(store.size(), (1, 11));
        let mut empty = |records: &mut dyn Records| {
            let handle = records.open(b"key").unwrap();
            records.edit(handle).unwrap().clear();
        };
        store.step(&mut empty).unwrap();
        assert_eq!(store.size(), (0, 0));
    }

    #[test]
    fn handles_are_those_of_the_step() {
        let store = MemoryStore::new();
        let mut work = |records: &mut dyn Records| {
            let (a, b) = (records.open(b"a").unwrap(), records.open(b"b").unwrap());
            assert_eq!((records.open(b"a"), records.open(b"b")), (Ok(a), Ok(b)));
            assert!(records.bytes(Handle(7)).is_empty() && records.edit(Handle(7)).is_none());
        };
        store.step(&mut work).unwrap();
    }

    #[test]
    fn a_store_belongs_to_one_host_key() {
        let store = MemoryStore::new();
        assert_eq!(store.tie(&[1; 32]), Ok(()));
        assert_eq!(store.tie(&[1; 32]), Ok(()));
        assert_eq!(store.tie(&[2; 32]), Err(StoreError::OtherKey));
    }
}
