//! The table of cells is derived again from the selectors: none is believed (semantics F1).

use super::require;
use crate::error::{Fault, LoadError};
use crate::scope::derive_at_most;
use crate::tables::Tables;
use alloc::vec::Vec;

pub(super) fn verify(tables: &Tables) -> Result<(), LoadError> {
    let cells = tables.tools.len().checked_mul(tables.agents.len());
    require(cells == Some(tables.cells.len()), Fault::CellTable, 0)?;
    let shown = tables.candidates.iter().map(Vec::len).fold(0usize, usize::saturating_add);
    let Some((candidates, cells)) = derive_at_most(tables, shown) else {
        return require(false, Fault::CellTable, 0);
    };
    let differing = tables.cells.iter().zip(&cells).position(|(found, derived)| found != derived);
    require(differing.is_none(), Fault::CellTable, differing.unwrap_or(0))?;
    require(tables.candidates == candidates, Fault::CellTable, 0)
}
