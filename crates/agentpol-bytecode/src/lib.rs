//! What a program is: the instruction table, the tables beside the code, the file format, the verifier, the listing,
//! and the decision that comes out.
//!
//! No dependencies, `no_std` with `alloc`, and no way to a [`Program`] but [`load`], which verifies.

#![no_std]
#![cfg_attr(
    not(test),
    warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)
)]

extern crate alloc;

pub mod code;
pub mod decision;
pub mod directory;
pub mod instruction;
pub mod reasons;
pub mod render;
pub mod scope;
pub mod sha256;
pub mod tables;

mod asks;
mod ceiling;
mod codec;
mod error;
mod format;
mod history;
mod layout;
mod listing;
mod program;
mod trust;
mod verify;

pub use ceiling::{Ceiling, MAX_RECORD, evidence_bytes};
pub use error::{Fault, LoadError};
pub use format::{Expectation, FORMAT_VERSION, MAGIC, encode, load, load_expecting};
pub use layout::Section;
pub use listing::Listing;
pub use program::Program;
pub use scope::{Tri, derive_cells, static_match};
pub use verify::{Costs, MAX_SOURCES, MAX_STEPS};
