//! The normative grammar of the agentpol language, executable.
//!
//! `agentpol.pest` beside this crate's manifest is what the language is; this crate turns it into a parser and adds
//! nothing. Whoever wants diagnostics and an AST uses `agentpol-syntax`, which is the only crate that links this one.

pub use generated::{Grammar, Rule};

/// The code that pest derives.
#[expect(missing_docs, reason = "derived: one variant for each rule of the grammar")]
mod generated {
    use pest_derive::Parser;

    /// The parser: start with [`pest::Parser::parse`] at any [`Rule`].
    #[derive(Parser)]
    #[grammar = "../agentpol.pest"]
    pub struct Grammar;
}
