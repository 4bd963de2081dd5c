//! What running a program may cost at most, in steps.

use super::require;
use crate::error::{Fault, LoadError};
use crate::scope::{Tri, match_scope};
use crate::tables::{Answer, Tables, Tool};
use alloc::vec::Vec;

/// The most steps that one cell may take: above it a program does not load.
///
/// A step is one instruction, or 64 bytes of text looked at, or one event that is remembered. The bound counts every list
/// as long as its type allows and every text as long as texts may be, which no single request can be: it keeps a program
/// from being a trap, and real decisions stay far below.
pub const MAX_STEPS: u64 = 1 << 40;

/// What running a program may cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// For each rule, its steps.
    pub(crate) rules: Vec<u64>,
    /// The steps of the most expensive decision: those of a cell, of what is remembered of the call, and of the chain.
    pub(crate) worst_cell: u64,
}

impl Costs {
    /// Adds up the rules of each cell, and refuses a program whose worst decision is above [`MAX_STEPS`].
    ///
    /// What slots and answers cost counts for every tool that they may be of, what delegations cost as if one chain went
    /// over all of them.
    pub(super) fn new(
        tables: &Tables,
        rules: Vec<u64>,
        slots: &[u64],
        answers: &[u64],
        delegations: u64,
    ) -> Result<Costs, LoadError> {
        let steps = |rule: u32| rules.get(rule as usize).copied().unwrap_or(u64::MAX);
        let cells = tables.candidates.iter();
        let totals = cells.map(|cell| cell.iter().map(|one| steps(one.rule.0)).fold(0u64, u64::saturating_add));
        let tools = (0u32..).zip(&tables.tools);
        let remembering = tools.map(|(at, tool)| remembering(tables, at, tool, slots, answers)).max().unwrap_or(0);
        let beside = remembering.saturating_add(delegations);
        let worst_cell = totals.max().unwrap_or(0).saturating_add(beside);
        require(worst_cell <= MAX_STEPS, Fault::StepBound, 0)?;
        Ok(Costs { rules, worst_cell })
    }
}

/// What it costs to remember a call of the tool.
fn remembering(tables: &Tables, at: u32, tool: &Tool, slots: &[u64], answers: &[u64]) -> u64 {
    let mut total = tool.answer.map_or(0, |answer| answering(tables, answer, answers));
    for (slot, steps) in tables.slots.iter().zip(slots) {
        if match_scope(tables, &slot.scope, false, at, tool) != Tri::False {
            total = total.saturating_add(*steps);
        }
    }
    total
}

/// Answers are made of answers before them, and each is bounded, so that this ends.
fn answering(tables: &Tables, answer: u32, answers: &[u64]) -> u64 {
    let own = answers.get(answer as usize).copied().unwrap_or(0);
    let inner = |of: &u32| if *of < answer { answering(tables, *of, answers) } else { 0 };
    match tables.answers.get(answer as usize) {
        Some(Answer::Either(of)) => of.iter().map(inner).fold(own, u64::saturating_add),
        Some(Answer::List { of, .. }) => own.saturating_add(inner(of)),
        _ => own,
    }
}
