//! What a program is: the instruction table, the tables beside the code, the file format, the verifier, the listing,
//! and the decision that comes out.
//!
//! No dependencies, `no_std` with `alloc`, and no way to a [`Program`] but [`load`], which verifies.

#![no_std]

extern crate alloc;

pub mod code;
pub mod decision;
pub mod instruction;
pub mod tables;
