//! Typed policy to program.
//!
//! [`compile`] is deterministic: the same sources give the same bytes on every machine, whatever the order of files,
//! and formatting moves only the debug section. What comes out has passed the same verification as any other program.

mod answers;
mod block;
mod canon;
mod cost;
mod declared;
mod evidence;
mod expr;
mod marks;
mod pattern;
mod places;
mod pools;
mod program;
mod questions;
mod rates;
mod registers;
mod renumber;
mod rule;
mod shape;
mod slots;
mod zone;

pub use marks::Mark;
pub use program::{Compiled, MAX_CELLS, MAX_INSTRUCTIONS, compile, compile_marked};
