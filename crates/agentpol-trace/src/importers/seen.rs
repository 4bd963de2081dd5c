//! What has been read before, for recorders that write things twice.

use std::collections::{HashSet, VecDeque};

/// How many names are remembered; beyond, the oldest are forgotten.
const MOST: usize = 1 << 16;

/// Names that have been seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    names: HashSet<String>,
    order: VecDeque<String>,
}

impl Seen {
    /// Notes a name; says whether it is new.
    pub(super) fn insert(&mut self, name: &str) -> bool {
        if !self.names.insert(name.to_owned()) {
            return false;
        }
        self.order.push_back(name.to_owned());
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.names.remove(&oldest);
        }
        true
    }

    /// Whether the name was noted.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}
