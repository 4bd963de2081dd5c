//! What a block is for, and so which operations may stand in it.

use super::known::Known;
use crate::instruction::Op;
use crate::tables::{Alarm, Answer, Delegation, Effect, Kept, Key, Rate, Rule, Scope, Slot, Tables, TypeId};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::ops::Range;

/// What a block is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The clauses of a rule or a delegation.
    Clauses,
    /// A check on a value.
    Check,
    /// What is remembered of a call's arguments and surroundings.
    Entry,
    /// What is remembered of a call's result.
    Result,
    /// What a call costs, and what it is counted by.
    Rate,
    /// The keys of what a call is answered.
    Keys,
}

impl Role {
    /// Returns whether blocks for it may use the operation.
    pub(super) fn takes(self, op: Op) -> bool {
        match op {
            Op::Clause => matches!(self, Role::Clauses | Role::Entry | Role::Result),
            Op::Mark => self == Role::Clauses,
            Op::Keep => matches!(self, Role::Entry | Role::Result | Role::Rate | Role::Keys),
            Op::Result => self == Role::Result,
            Op::Return => self != Role::Check,
            Op::ReturnValue => self == Role::Check,
            Op::Earlier => matches!(self, Role::Clauses | Role::Rate),
            Op::Gather | Op::Known | Op::AllKnown => matches!(self, Role::Clauses | Role::Rate | Role::Entry),
            _ => !matches!(self, Role::Check | Role::Result) || !reads_call(op),
        }
    }
}

/// Returns whether the operation reads something of the call or the directory, and not only its operands and constants.
fn reads_call(op: Op) -> bool {
    matches!(
        op,
        Op::Arg
            | Op::Args
            | Op::User
            | Op::UserId
            | Op::Context
            | Op::Agent
            | Op::SessionId
            | Op::SessionLabel
            | Op::AgentName
            | Op::ToolName
            | Op::Now
            | Op::Today
            | Op::UserIn
            | Op::Origin
            | Op::OriginIn
            | Op::UserAny
            | Op::UserNone
            | Op::UserIs
            | Op::Env
            | Op::Task
            | Op::During
            | Op::Requester
            | Op::Resource
            | Op::Attribute
            | Op::Id
            | Op::PathOf
            | Op::Inside
            | Op::InGroup
    )
}

/// What a block is about.
#[derive(Clone, Debug)]
pub(super) struct Subject<'t> {
    /// What it is for.
    pub(super) role: Role,
    /// The tools whose arguments it reads; `None` for all.
    pub(super) scope: Option<(&'t Scope, bool)>,
    /// The value in register 0 at the start.
    pub(super) given: Option<TypeId>,
    /// The clauses that it must report.
    pub(super) clauses: Range<u32>,
    /// The values that it may keep, by place.
    pub(super) kept: Vec<Kept>,
    /// What the call may have been answered.
    pub(super) answered: Known,
}

impl<'t> Subject<'t> {
    fn new(role: Role, scope: Option<(&'t Scope, bool)>) -> Self {
        Subject { role, scope, given: None, clauses: 0..0, kept: Vec::new(), answered: Known::default() }
    }

    pub(super) fn rule(rule: &'t Rule) -> Self {
        let scope = Some((&rule.scope, rule.effect.grants()));
        Subject { clauses: 0..rule.clauses, ..Subject::new(Role::Clauses, scope) }
    }

    pub(super) fn delegation(delegation: &'t Delegation) -> Self {
        Subject { clauses: 0..delegation.clauses, ..Subject::new(Role::Clauses, Some((&delegation.scope, true))) }
    }

    pub(super) fn check(of: TypeId) -> Self {
        Subject { given: Some(of), ..Subject::new(Role::Check, None) }
    }

    pub(super) fn entry(slot: &'t Slot) -> Self {
        let scope = Some((&slot.scope, false));
        Subject { clauses: 0..slot.clauses, kept: slot.values.clone(), ..Subject::new(Role::Entry, scope) }
    }

    /// The clauses on the result are those that stand in its block, numbered on from those before.
    pub(super) fn result(slot: &'t Slot, clauses: u32, answered: Known) -> Self {
        let clauses = slot.clauses..slot.clauses.saturating_add(clauses);
        Subject { clauses, kept: slot.values.clone(), answered, ..Subject::new(Role::Result, None) }
    }

    pub(super) fn rate(rate: &Rate, owner: &'t Rule) -> Self {
        let keys = rate.keys.iter().filter_map(|key| match key {
            Key::Value(kept) => Some(*kept),
            _ => None,
        });
        let kept = rate.cost.into_iter().chain(keys).collect();
        Subject { kept, ..Subject::new(Role::Rate, Some((&owner.scope, false))) }
    }

    pub(super) fn keys(kept: Vec<Kept>) -> Self {
        Subject { kept, ..Subject::new(Role::Keys, None) }
    }
}

/// Returns the rate of a rule.
pub(crate) fn rate_of(effect: Effect) -> Option<u32> {
    match effect {
        Effect::Limit { rate } | Effect::Alert { alarm: Alarm::Rate(rate) | Alarm::Novel(rate), .. } => Some(rate),
        _ => None,
    }
}

/// Returns what the tools may answer.
pub(super) fn answered(tables: &Tables, tools: &BTreeSet<u32>) -> Known {
    let mut known = Known::default();
    let answers = tools.iter().filter_map(|tool| tables.tools.get(*tool as usize)?.answer);
    for answer in answers.collect::<BTreeSet<u32>>() {
        known.join(&answer_known(tables, answer));
    }
    known
}

/// Answers are made of answers before them, and each is bounded, so that this ends.
fn answer_known(tables: &Tables, answer: u32) -> Known {
    match tables.answers.get(answer as usize) {
        Some(Answer::Value(of) | Answer::Keyed { of, .. }) => Known::of_type(tables, *of),
        Some(Answer::Verbatim) => Known::text(super::known::MAX_STRING),
        Some(Answer::Either(some)) => {
            let mut known = Known::default();
            some.iter().filter(|one| **one < answer).for_each(|one| known.join(&answer_known(tables, *one)));
            known
        }
        Some(Answer::List { of, max }) if *of < answer => Known::list(answer_known(tables, *of), *max),
        _ => Known::default(),
    }
}
