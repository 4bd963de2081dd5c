//! Tool definitions of others, made into declarations of a policy.
//!
//! A definition is a claim of whoever wrote it: verbs taken from its hints are marked `unverified` until a person has
//! looked, nothing is ever called trusted, and what the types of the language cannot say becomes `json` with a comment
//! that says why.

mod canonical;
mod definition;
mod naming;
mod pattern;
mod schema;
mod verbs;
mod writer;

pub(crate) use definition::read_listing;
pub(crate) use naming::word_of;
pub(crate) use writer::{Options, write_policy};
