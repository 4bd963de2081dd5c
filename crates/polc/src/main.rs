//! The agentpol command.

fn main() {}
