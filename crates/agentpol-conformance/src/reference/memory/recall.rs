//! What expressions can ask of memory.

use super::install::UNVOUCHED;
use super::session::Place;
use super::{Asking, Bound, Memory, Past, Standing};
use agentpol_check::policy::Reach;

/// The memory as one call may ask it.
#[derive(Clone, Copy)]
pub(in crate::reference) struct Recall<'m> {
    pub(super) memory: &'m Memory<'m>,
    pub(super) place: &'m Place,
    pub(super) now: i64,
}

impl<'m> Recall<'m> {
    /// Asks for a call that happens now.
    pub(in crate::reference) fn new(memory: &'m Memory<'m>, place: &'m Place, now: i64) -> Recall<'m> {
        Recall { memory, place, now }
    }

    /// How far persons have answered an ask of the call.
    pub(in crate::reference) fn standing(self, asking: &Asking, others: &[Asking], bound: &Bound<'_>) -> Standing {
        self.memory.standing(asking, others, bound)
    }

    /// Whether a root session may be the one at hand: another of the same agent and user, where the host cannot tell them apart.
    pub(super) fn may_be(self, root: &str) -> bool {
        let pair = |root: &str| self.memory.pair_of(root);
        root == self.place.root || self.memory.policy.sessions_unvouched && pair(root) == pair(&self.place.root)
    }

    /// Where the host cannot tell sessions apart: the time before which others may have been at work that are not this one.
    pub(super) fn others(self) -> Option<i64> {
        if !self.memory.policy.sessions_unvouched {
            return None;
        }
        let others = self.memory.calls.iter().filter(|past| past.root != self.place.root && self.may_be(&past.root));
        others.map(|past| past.time + 1).max().max(self.memory.since(UNVOUCHED))
    }

    /// The calls within reach, in the order of decision.
    pub(super) fn reached(self, reach: Reach) -> Vec<&'m Past<'m>> {
        let within = |past: &&Past<'m>| match reach {
            Reach::Session => past.root == self.place.root,
            Reach::Agent => past.agent == self.place.agent,
            Reach::User => past.user == self.place.user,
        };
        self.memory.calls.iter().filter(within).collect()
    }
}
