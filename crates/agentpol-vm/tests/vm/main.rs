//! The vm over programs put together by hand.

mod ask;
mod clause;
mod decisions;
mod delegation;
#[path = "../../../agentpol-bytecode/tests/lab/mod.rs"]
mod lab;
mod lists;
mod logic;
mod memory;
mod noise;
mod structure;
mod types;
