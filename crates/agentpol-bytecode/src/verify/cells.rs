//! The table of cells is derived again from the selectors: none is believed (semantics F1).

use super::require;
use crate::error::{Fault, LoadError};
use crate::scope::derive_cells;
use crate::tables::Tables;

pub(super) fn verify(tables: &Tables) -> Result<(), LoadError> {
    let cells = tables.tools.len().checked_mul(tables.agents.len());
    require(cells == Some(tables.cells.len()), Fault::CellTable, 0)?;
    let (candidates, cells) = derive_cells(tables);
    let differing = tables.cells.iter().zip(&cells).position(|(found, derived)| found != derived);
    require(differing.is_none(), Fault::CellTable, differing.unwrap_or(0))?;
    require(tables.candidates == candidates, Fault::CellTable, 0)
}
