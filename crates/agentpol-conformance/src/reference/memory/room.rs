//! How many keys a question has room for: the one used the longest ago gives way, and it is known that something is lost
//! (semantics 7).

use super::Past;
use super::recall::Recall;
use super::slot::Set;
use crate::reference::truth::Truth;
use agentpol_check::policy::{CompareOp, Earlier, Happened};
use std::collections::{BTreeMap, BTreeSet};

/// How many keys are kept.
const KEYS: usize = 256;

/// What has no room.
#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    /// The calls that gave way, by the step of their decision.
    pub(super) dropped: BTreeSet<u64>,
    /// The time of the newest of them.
    pub(super) lost: Option<i64>,
    /// The step of the newest of them.
    pub(super) lost_step: u64,
    /// The calls that came back when later ones had given way, which may have been of the same key.
    pub(super) stale: BTreeSet<u64>,
}

/// A key and what lies under it.
#[derive(Clone, Debug)]
struct Shelf {
    used: i64,
    /// Each with its time.
    calls: Vec<(u64, i64)>,
    /// Calls up to this time came back when later ones had given way.
    stale: Option<i64>,
}

impl Recall<'_> {
    /// Goes through everything that is put under keys, in the order in which it was: calls when they end, those that count as
    /// soon as they are attempted when they are decided.
    pub(super) fn room(self, set: Set<'_>) -> Room {
        let earlier = set.earlier;
        let keyed = earlier.keeping.is_none() && earlier.pairs.iter().any(|pair| pair.op == CompareOp::Eq);
        let mut room = Room::default();
        if !keyed {
            return room;
        }
        let asked = set.signature(self.memory.policy);
        let mut puts: Vec<(u64, &Past<'_>)> = Vec::new();
        for past in self.reached(earlier.reach) {
            let attempted = earlier.happened == Happened::Attempted;
            if attempted {
                puts.push((past.decided, past));
            } else if past.entries.get(&asked).is_some_and(|entry| entry.closes(past, earlier.happened)) {
                puts.push((past.ended, past));
            }
        }
        puts.sort_by_key(|(step, _)| *step);
        let mut shelves: BTreeMap<String, Shelf> = BTreeMap::new();
        for (step, past) in puts {
            let entry = past.entries.get(&asked).filter(|entry| entry.filter() != Truth::False);
            let Some(key) = entry.and_then(|entry| key(earlier, &entry.pairs)) else { continue };
            if !shelves.contains_key(&key) && shelves.len() >= KEYS {
                let oldest = shelves.iter().min_by_key(|(_, shelf)| shelf.used).map(|(key, _)| key.clone());
                if let Some(shelf) = oldest.and_then(|oldest| shelves.remove(&oldest)) {
                    room.dropped.extend(shelf.calls.iter().map(|(step, _)| *step));
                    room.lost = room.lost.max(Some(shelf.used));
                    let newest = shelf.calls.iter().map(|(step, _)| *step).max();
                    room.lost_step = room.lost_step.max(newest.unwrap_or(0));
                }
            }
            room.dropped.remove(&past.decided);
            let stale = room.lost.filter(|lost| step == past.ended && *lost >= past.time);
            let shelf = shelves.entry(key).or_insert(Shelf { used: past.time, calls: Vec::new(), stale });
            shelf.used = shelf.used.max(past.time);
            shelf.calls.push((past.decided, past.time));
        }
        for shelf in shelves.values() {
            let old = shelf.calls.iter().filter(|(_, time)| shelf.stale.is_some_and(|stale| *time <= stale));
            room.stale.extend(old.map(|(step, _)| *step));
        }
        room
    }
}

/// What a call lies under; nothing where a part of it is not known.
fn key(earlier: &Earlier, pairs: &[crate::reference::value::Held]) -> Option<String> {
    let equal = earlier.pairs.iter().zip(pairs).filter(|(pair, _)| pair.op == CompareOp::Eq);
    let parts: Option<Vec<String>> = equal.map(|(_, that)| that.known().map(|value| format!("{value:?}"))).collect();
    parts.map(|parts| format!("{parts:?}"))
}
