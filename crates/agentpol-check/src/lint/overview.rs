//! What all restrictions together look at, gathered once.

use super::reach;
use super::walk::arguments;
use crate::policy::{Approval, Effect, Policy, Rule, ToolId};
use std::collections::BTreeSet;

/// The arguments that a rule reads; `None` for all of them at once.
pub(super) type Read<'c> = Option<Vec<&'c str>>;

/// What restrictions that are in force say of one tool.
#[derive(Clone, Debug, Default)]
pub(super) struct Restricted<'c> {
    /// One of them reads every argument.
    pub(super) read_whole: bool,
    /// The arguments that they read.
    pub(super) read: BTreeSet<&'c str>,
    /// One of them looks into the call, or refuses it whole.
    pub(super) looked_into: bool,
    /// One of them is more than a question to the requesting user.
    pub(super) guarded: bool,
}

/// What restrictions look at.
#[derive(Debug)]
pub(super) struct Overview<'c> {
    /// By [`ToolId`].
    tools: Vec<Restricted<'c>>,
    /// Restrictions that read something or everything, with what they read.
    pub(super) readers: Vec<(&'c Rule, Read<'c>)>,
}

impl<'c> Overview<'c> {
    /// Goes through all restrictions.
    pub(super) fn of(policy: &'c Policy) -> Self {
        let mut overview = Overview { tools: vec![Restricted::default(); policy.tools.len()], readers: Vec::new() };
        let restricts = |rule: &&Rule| !rule.effect.grants() && !matches!(rule.effect, Effect::Alert(_));
        for rule in policy.rules.iter().filter(restricts) {
            let read = arguments(rule);
            if !rule.observed {
                for id in reach::tools(policy, rule) {
                    overview.add(rule, &read, id);
                }
            }
            if read.as_ref().is_none_or(|read| !read.is_empty()) {
                overview.readers.push((rule, read));
            }
        }
        overview
    }

    fn add(&mut self, rule: &Rule, read: &Read<'c>, id: ToolId) {
        let Some(tool) = self.tools.get_mut(id.index()) else { return };
        tool.guarded |= !by_user(rule);
        match read {
            None => tool.read_whole = true,
            Some(names) => tool.read.extend(names),
        }
        let refuses = rule.clauses.is_empty() && !matches!(rule.effect, Effect::Limit(_));
        tool.looked_into |= refuses || read.as_ref().is_none_or(|read| !read.is_empty());
    }

    /// Returns what is said of a tool.
    pub(super) fn tool(&self, id: ToolId) -> Option<&Restricted<'c>> {
        self.tools.get(id.index())
    }
}

/// Returns whether a rule only asks the requesting user.
pub(super) fn by_user(rule: &Rule) -> bool {
    matches!(rule.effect, Effect::RequireApproval(Approval { from: None, .. }))
}
