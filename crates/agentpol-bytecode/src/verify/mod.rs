//! Verification: everything that the vm relies on, checked once at load (semantics F1 to F3).
//!
//! After it, the vm can fail only for a request that does not fit, and that denies. The checks go in the order in which
//! they rest on each other: words, types, things, rules, code, cells.

mod actors;
mod blocks;
mod cells;
mod costs;
mod flow;
mod kinds;
mod known;
mod operands;
mod rules;
mod times;
mod types;
mod words;

pub use costs::{Costs, MAX_STEPS};

use crate::error::{Fault, LoadError};
use crate::tables::Tables;

/// The most tables of a program may hold, so that loading takes bounded time.
const MAX_RULES: usize = 1 << 18;
/// The most cells: tools times agents.
const MAX_CELLS: usize = 1 << 25;

/// Checks the tables against every law, and returns what running them may cost.
pub(crate) fn verify(tables: &Tables) -> Result<Costs, LoadError> {
    let cells = tables.tools.len().saturating_mul(tables.agents.len());
    require(tables.rules.len() <= MAX_RULES && cells <= MAX_CELLS, Fault::TableSize, 0)?;
    words::verify(tables)?;
    types::verify(tables)?;
    times::verify(tables)?;
    actors::verify(tables)?;
    rules::verify(tables)?;
    cells::verify(tables)?;
    let costs = blocks::verify(tables)?;
    rules::verify_debug(tables)?;
    Ok(costs)
}

/// Demands that a law is kept by an entry.
fn require(kept: bool, fault: Fault, at: usize) -> Result<(), LoadError> {
    if kept { Ok(()) } else { Err(LoadError::Refused { fault, at: u32::try_from(at).unwrap_or(u32::MAX) }) }
}

/// Returns whether each element is greater than the one before it.
fn ascending<T: PartialOrd>(elements: &[T]) -> bool {
    elements.is_sorted_by(|one, next| one < next)
}

/// Returns whether the indexes are ascending and below a count.
fn references(indexes: &[u32], count: usize) -> bool {
    ascending(indexes) && indexes.last().is_none_or(|last| (*last as usize) < count)
}

fn distinct<T: Ord>(elements: impl Iterator<Item = T>) -> bool {
    let mut all: alloc::vec::Vec<T> = elements.collect();
    all.sort_unstable();
    ascending(&all)
}
