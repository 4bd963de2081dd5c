//! Deploying a policy on what is remembered: what was asked before goes on, what is new knows nothing of before (H8).

use super::recall::Recall;
use super::session::root_clock;
use super::slot::questions;
use super::{Memory, evidence, limit};
use agentpol_check::policy::{Policy, Reach};
use std::collections::BTreeMap;

/// What the host knows of the time before what is new was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Nothing happened.
    Empty,
    /// Anything may have happened.
    Unknown,
}

/// What is kept of which sessions of an agent and a user were at work.
pub(super) const UNVOUCHED: &str = "sessions unvouched";

/// Since when something is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Since {
    Ever,
    At(i64),
}

impl<'a> Memory<'a> {
    /// Starts with nothing remembered, on a host with this key.
    pub fn new(policy: &'a Policy, meaning: [u8; 32], key: [u8; 32]) -> Memory<'a> {
        let mut memory = Memory {
            policy,
            meaning,
            key,
            sessions: BTreeMap::new(),
            calls: Vec::new(),
            asks: Vec::new(),
            rung: Vec::new(),
            kept: BTreeMap::new(),
            windows: BTreeMap::new(),
            keeps: Vec::new(),
            steps: 0,
            clocks: BTreeMap::new(),
            directory: None,
            asked: Vec::new(),
        };
        memory.install(policy, meaning, 0, Before::Empty);
        memory
    }

    /// Deploys a policy: what it asks that was asked before goes on. What it no longer asks is not kept from now on, so that it
    /// is new when it is asked again; what happened before has happened all the same.
    pub fn install(&mut self, policy: &'a Policy, meaning: [u8; 32], at: i64, before: Before) {
        let since = match before {
            Before::Empty => Since::Ever,
            Before::Unknown => Since::At(at),
        };
        let mut asked: Vec<String> = questions(policy).into_iter().map(|set| set.signature(policy)).collect();
        asked.extend(evidence::signatures(policy));
        asked.extend(limit::signatures(policy));
        asked.extend(policy.sessions_unvouched.then(|| UNVOUCHED.to_owned()));
        let windows = limit::forgetting(policy);
        let known = |asked: &String| {
            let known = self.kept.get(asked).copied().unwrap_or(since);
            // Of a counter that forgets, only what its window reached to is known.
            match (self.windows.get(asked), windows.get(asked), known) {
                (Some(before), Some(window), Since::Ever) if before < window => Since::At(at - before),
                (Some(before), Some(window), Since::At(since)) if before < window => Since::At(since.max(at - before)),
                _ => known,
            }
        };
        self.kept = asked.iter().map(|asked| (asked.clone(), known(asked))).collect();
        self.windows = windows;
        self.keeps.push((self.steps, evidence::keeps(policy)));
        self.policy = policy;
        self.meaning = meaning;
    }

    /// Since when something is kept, where it is not since ever.
    pub(super) fn since(&self, asked: &str) -> Option<i64> {
        match self.kept.get(asked) {
            Some(Since::At(since)) => Some(*since),
            Some(Since::Ever) | None => None,
        }
    }

    /// The last time that anything was seen.
    pub fn last(&self) -> i64 {
        self.clocks.values().copied().max().unwrap_or(0)
    }

    /// The time before which something may have happened that nobody kept, where that matters.
    pub(super) fn doubtful_before(&self, asked: &str, reach: Reach, recall: Recall<'_>, within: Option<i64>) -> i64 {
        let since = self.kept_since(asked, reach, recall);
        if self.missing(asked, reach, recall, within) { since } else { i64::MIN }
    }

    /// Whether something may have happened in the window before it was kept.
    pub(super) fn missing(&self, asked: &str, reach: Reach, recall: Recall<'_>, within: Option<i64>) -> bool {
        let after = within.map_or(i64::MIN, |window| recall.now - window);
        after < self.kept_since(asked, reach, recall)
    }

    /// Since when everything within reach is kept. In a session there is nothing before the session was opened; but where the
    /// host cannot tell it from others (H5), what those did may have been done in it.
    pub(super) fn kept_since(&self, asked: &str, reach: Reach, recall: Recall<'_>) -> i64 {
        let opened = self.sessions.get(&recall.place.root).map_or(i64::MIN, |root| root.opened_at);
        let since = match self.kept.get(asked) {
            None => return i64::MAX,
            Some(Since::Ever) => i64::MIN,
            Some(Since::At(since)) if reach == Reach::Session && *since <= opened => i64::MIN,
            Some(Since::At(since)) => *since,
        };
        if reach == Reach::Session { since.max(recall.others().unwrap_or(i64::MIN)) } else { since }
    }

    /// The clocks of what a call at this place touches.
    pub(super) fn clocks_of(&self, root: &str) -> Vec<String> {
        vec![root_clock(root)]
    }
}
