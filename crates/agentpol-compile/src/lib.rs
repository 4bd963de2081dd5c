//! Typed policy to program.
