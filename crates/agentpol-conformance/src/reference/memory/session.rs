//! Sessions: opened by the host, in trees that share one memory (semantics H5, T5), and the clock of each (H11).

use super::{Memory, Stage, Who};
use agentpol_bytecode::code::Code;

/// How far a clock may fall behind what was seen before.
pub(super) const SLACK: i64 = 5_000;
/// How many calls of a session tree may be open.
const MAX_OPEN: usize = 64;
/// How deep a tree of sessions may be.
pub(super) const MAX_DEPTH: usize = 16;

/// A session.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) agent: Who,
    /// `None` is nobody.
    pub(super) user: Option<String>,
    pub(super) parent: Option<String>,
    pub(super) opened_at: i64,
    pub(super) open: bool,
    /// The host reported content that nobody vouches for.
    pub(super) told_untrusted: bool,
}

/// Where a call happens: its session, the root of that, and for whom.
#[derive(Clone, Debug)]
pub(in crate::reference) struct Place {
    pub(in crate::reference) session: String,
    pub(in crate::reference) root: String,
    pub(in crate::reference) agent: Who,
    /// The first of the chain, else the agent.
    pub(in crate::reference) origin: Who,
    /// `None` is nobody.
    pub(in crate::reference) user: Option<String>,
}

impl Memory<'_> {
    /// Whose a root session is.
    pub(super) fn pair_of(&self, root: &str) -> Option<(&Who, Option<&str>)> {
        self.sessions.get(root).map(|session| (&session.agent, session.user.as_deref()))
    }

    /// The session at the top of the tree.
    pub(super) fn root_of(&self, session: &str) -> String {
        match self.sessions.get(session).and_then(|session| session.parent.as_deref()) {
            Some(parent) => self.root_of(parent),
            None => session.to_owned(),
        }
    }

    /// All sessions from this one up to the root.
    pub(super) fn lineage(&self, session: &str) -> Vec<&Session> {
        let found = self.sessions.get(session);
        let above = found.and_then(|session| session.parent.as_deref()).map(|parent| self.lineage(parent));
        found.into_iter().chain(above.into_iter().flatten()).collect()
    }

    /// Whether a session goes on: it was opened, and neither it nor any above it is closed.
    pub(super) fn is_open(&self, session: &str) -> bool {
        let lineage = self.lineage(session);
        !lineage.is_empty() && lineage.iter().all(|session| session.open)
    }

    /// H11: a clock that fell behind what the session tree has seen.
    pub(in crate::reference) fn clock(&self, session: &str, at: i64) -> Result<(), Code> {
        let last = self.clocks.get(&root_clock(&self.root_of(session)));
        match last {
            Some(last) if self.sessions.contains_key(session) && last - at > SLACK => Err(Code::ClockRegressed),
            _ => Ok(()),
        }
    }

    /// H11: now is never before the last time of anything touched.
    pub(super) fn now(&self, clocks: &[String], at: i64) -> i64 {
        clocks.iter().filter_map(|clock| self.clocks.get(clock)).copied().fold(at, i64::max)
    }

    /// Moves clocks on.
    pub(super) fn tick(&mut self, clocks: Vec<String>, now: i64) {
        for clock in clocks {
            let last = self.clocks.entry(clock).or_insert(now);
            *last = (*last).max(now);
        }
    }

    /// Codes 18 and 19: the session must be open, and its own agent's and user's. Behind a chain, the root of the tree is
    /// the session of the first.
    pub(in crate::reference) fn place(
        &self,
        session: Option<&str>,
        agent: &Who,
        chain: &[Who],
        user: Option<&str>,
    ) -> Result<Place, Code> {
        let id = session.ok_or(Code::SessionUnknown)?;
        let found = self.sessions.get(id).filter(|_| self.is_open(id)).ok_or(Code::SessionUnknown)?;
        let root = self.root_of(id);
        let at_root = root == id;
        let fits = match chain.first() {
            None => found.agent == *agent,
            Some(first) => self.sessions[&root].agent == *first && (at_root || found.agent == *agent),
        };
        if !fits || found.user.as_deref() != user {
            return Err(Code::SessionMismatch);
        }
        let origin = chain.first().unwrap_or(agent).clone();
        Ok(Place { session: id.to_owned(), root, agent: agent.clone(), origin, user: user.map(str::to_owned) })
    }

    /// Code 20: an id equal to an open one is a duplicate; closed ids may recur (H4).
    pub(in crate::reference) fn duplicate(&self, place: &Place, call: &str, now: i64) -> bool {
        self.open_calls(&place.root, now).any(|(session, id)| session == place.session && id == call)
    }

    /// F7: at most 64 open calls for each session tree.
    pub(in crate::reference) fn full(&self, place: &Place, now: i64) -> bool {
        self.open_calls(&place.root, now).count() >= MAX_OPEN
    }

    fn open_calls(&self, root: &str, now: i64) -> impl Iterator<Item = (&str, &str)> {
        let open = move |past: &&super::Past<'_>| past.stage == Stage::Open && now - past.time <= super::LOST_AFTER;
        let root = root.to_owned();
        let of_root = self.calls.iter().filter(move |past| past.root == root);
        of_root.filter(open).map(|past| (past.session.as_str(), past.id.as_str()))
    }
}

/// The clock of a session tree.
pub(super) fn root_clock(root: &str) -> String {
    format!("session {root}")
}
