//! The vm for hosts that are not Rust: a core module that imports nothing.
