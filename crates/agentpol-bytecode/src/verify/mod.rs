//! Verification: everything that the vm relies on, checked once at load (semantics F1 to F3).
//!
//! After it, the vm can fail only for a request that does not fit, and that denies. The checks go in the order in which
//! they rest on each other: words, types, things, rules, memory, cells, code.

mod actors;
mod blocks;
mod cells;
mod costs;
mod flow;
mod kinds;
mod known;
mod memory;
mod operands;
mod questions;
mod roles;
mod rules;
mod times;
mod types;
mod words;

pub(crate) use blocks::AMOUNTS;
pub(crate) use known::MAX_KEPT;
pub(crate) use questions::MAX_OPEN;
pub(crate) use roles::rate_of;

pub use actors::MAX_SOURCES;
pub use costs::{Costs, MAX_STEPS};

use crate::error::{Fault, LoadError};
use crate::tables::Tables;

/// The most rules, so that loading takes bounded time, as the other bounds here.
const MAX_RULES: usize = 1 << 18;
/// The most cells: tools times agents.
const MAX_CELLS: usize = 1 << 25;
/// The most pairs of a tool and a rule.
const MAX_PAIRS: usize = 1 << 28;
/// The most pairs of a tool and an agent that a rule names.
const MAX_NAMED: usize = 1 << 31;

/// Checks the tables against every law, and returns what running them may cost.
pub(crate) fn verify(tables: &Tables) -> Result<Costs, LoadError> {
    require(size_is_bounded(tables), Fault::TableSize, 0)?;
    words::verify(tables)?;
    types::verify(tables)?;
    times::verify(tables)?;
    actors::verify(tables)?;
    rules::verify(tables)?;
    memory::verify(tables)?;
    cells::verify(tables)?;
    let costs = blocks::verify(tables)?;
    rules::verify_debug(tables)?;
    Ok(costs)
}

fn size_is_bounded(tables: &Tables) -> bool {
    let times_tools = |count: usize| tables.tools.len().saturating_mul(count);
    let named = tables.rules.iter().filter_map(|rule| rule.scope.agents.as_ref()).map(alloc::vec::Vec::len);
    tables.rules.len() <= MAX_RULES
        && times_tools(tables.agents.len()) <= MAX_CELLS
        && times_tools(tables.rules.len()) <= MAX_PAIRS
        && times_tools(tables.slots.len()) <= MAX_PAIRS
        && times_tools(named.fold(0usize, usize::saturating_add)) <= MAX_NAMED
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
