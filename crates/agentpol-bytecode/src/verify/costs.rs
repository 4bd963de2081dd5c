//! What running a program may cost at most, in steps.

use super::require;
use crate::error::{Fault, LoadError};
use crate::tables::Tables;
use alloc::vec::Vec;

/// The most steps that one cell may take: above it a program does not load.
///
/// A step is one instruction, or 64 bytes of text looked at. The bound counts every list as long as its type allows and
/// every text as long as texts may be, which no single request can be: it keeps a program from being a trap, and real
/// decisions stay far below.
pub const MAX_STEPS: u64 = 1 << 40;

/// What running a program may cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// For each rule, its steps.
    pub(crate) rules: Vec<u64>,
    /// The steps of the most expensive cell.
    pub(crate) worst_cell: u64,
}

impl Costs {
    /// Adds up the rules of each cell, and refuses a program whose worst cell is above [`MAX_STEPS`].
    pub(super) fn new(tables: &Tables, rules: Vec<u64>) -> Result<Costs, LoadError> {
        let steps = |rule: u32| rules.get(rule as usize).copied().unwrap_or(u64::MAX);
        let cells = tables.candidates.iter();
        let totals = cells.map(|cell| cell.iter().map(|one| steps(one.rule.0)).fold(0u64, u64::saturating_add));
        let worst_cell = totals.max().unwrap_or(0);
        require(worst_cell <= MAX_STEPS, Fault::StepBound, 0)?;
        Ok(Costs { rules, worst_cell })
    }
}
