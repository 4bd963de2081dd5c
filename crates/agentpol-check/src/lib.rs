//! Names, types and lints: AST to typed policy.
//!
//! The result is [`policy::Policy`]: every name looked up, every expression typed, every definition expanded. The
//! compiler, the reference interpreter and the analysers start from it and never look at text again.

mod names;
pub mod policy;
