//! The records of one instance: in its memory, saved and restored as one run of bytes.

use agentpol_bytecode::sha256::{HASH_BYTES, Sha256};
use agentpol_vm::{Handle, Records, Trouble, validate};
use std::collections::BTreeMap;

/// How saved records begin; the last byte is the version.
const MAGIC: &[u8; 16] = b"agentpol state \x01";

/// Keeps records in the memory of the module.
#[derive(Debug, Default)]
pub(crate) struct Store {
    records: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// The records of one step: taken out of the store for as long as it runs.
#[derive(Debug)]
pub(crate) struct Step<'s> {
    store: &'s mut Store,
    taken: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Store {
    /// Begins a step.
    pub(crate) fn step(&mut self) -> Step<'_> {
        Step { store: self, taken: Vec::new() }
    }

    /// Writes all records, and behind them their hash.
    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(MAGIC);
        for bytes in self.records.iter().flat_map(|(key, bytes)| [key, bytes]) {
            out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            out.extend_from_slice(bytes);
        }
        let hash = hash(out);
        out.extend_from_slice(&hash);
    }

    /// Reads what was saved; `None` where it is not whole, of another version, or holds what is no record.
    pub(crate) fn restore(saved: &[u8]) -> Option<Store> {
        let (text, found) = saved.split_last_chunk::<HASH_BYTES>()?;
        if hash(text) != *found {
            return None;
        }
        let mut rest = text.strip_prefix(MAGIC)?;
        let mut store = Store::default();
        while !rest.is_empty() {
            let (key, bytes);
            (key, rest) = part(rest)?;
            (bytes, rest) = part(rest)?;
            let fresh = !bytes.is_empty() && validate(key, bytes);
            if !fresh || store.records.insert(key.to_vec(), bytes.to_vec()).is_some() {
                return None;
            }
        }
        Some(store)
    }
}

fn hash(bytes: &[u8]) -> [u8; HASH_BYTES] {
    let mut running = Sha256::new();
    running.update(bytes);
    running.finish()
}

fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)
}

impl Records for Step<'_> {
    fn open(&mut self, key: &[u8]) -> Result<Handle, Trouble> {
        let at = match self.taken.iter().position(|(taken, _)| taken == key) {
            Some(at) => at,
            None => {
                let record = self.store.records.remove_entry(key).unwrap_or_else(|| (key.to_vec(), Vec::new()));
                self.taken.push(record);
                self.taken.len().saturating_sub(1)
            }
        };
        u32::try_from(at).map(Handle).map_err(|_| Trouble::Unusable)
    }

    fn bytes(&self, handle: Handle) -> &[u8] {
        self.taken.get(handle.0 as usize).map_or(&[], |(_, bytes)| bytes)
    }

    fn edit(&mut self, handle: Handle) -> Option<&mut Vec<u8>> {
        self.taken.get_mut(handle.0 as usize).map(|(_, bytes)| bytes)
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        self.store.records.extend(self.taken.drain(..).filter(|(_, bytes)| !bytes.is_empty()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_go_back_when_the_step_ends() {
        let mut store = Store::default();
        let mut step = store.step();
        let (a, b) = (step.open(b"a").unwrap(), step.open(b"b").unwrap());
        step.edit(a).unwrap().extend(b"kept");
        assert_eq!(step.open(b"a"), Ok(a));
        assert_eq!((step.bytes(a), step.bytes(b)), (b"kept".as_slice(), b"".as_slice()));
        drop(step);
        assert_eq!(store.records.len(), 1);
        let mut step = store.step();
        let a = step.open(b"a").unwrap();
        step.edit(a).unwrap().clear();
        drop(step);
        assert!(store.records.is_empty());
    }

    #[test]
    fn what_is_not_whole_is_not_restored() {
        let mut saved = Vec::new();
        Store::default().save(&mut saved);
        assert!(Store::restore(&saved).is_some());
        for at in 0..saved.len() {
            let mut changed = saved.clone();
            changed[at] ^= 1;
            assert!(Store::restore(&changed).is_none() && Store::restore(&saved[..at]).is_none(), "byte {at}");
        }
        let mut strange = Store::default();
        strange.records.insert(b"key".to_vec(), b"no record".to_vec());
        strange.save(&mut saved);
        assert!(Store::restore(&saved).is_none());
    }
}
