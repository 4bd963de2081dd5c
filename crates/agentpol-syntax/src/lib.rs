//! Text to tokens to AST, with all lexical and syntax diagnostics.
//!
//! The boundary is [`parse`]: source text in, an AST and diagnostics out, never an error and never a panic. Inside,
//! one logos scan makes lossless tokens and finds the seams where items and clauses begin; pest then parses each
//! healthy piece with the normative grammar of `agentpol-grammar`. Neither pest's types nor the lexer leave this crate.

pub mod ast;
mod diagnose;
mod letters;
mod lexer;
mod lexical;
mod literal;
mod lower;
mod nesting;
mod parse;
mod salvage;
mod seams;
mod shape;
mod split;
mod token;
pub mod words;

pub use parse::{MAX_BYTES, decode, parse, tokens};
pub use token::{Token, TokenKind};
pub use words::{WordClass, word_class};
