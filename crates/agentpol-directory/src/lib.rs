//! Users, groups, agents' status and resources, from the files that organisations have to one flat directory.
//!
//! Two forms are read: SCIM 2.0 (RFC 7643), as identity providers export users and groups, and JSON Lines of the project's
//! own, for everything. What the files say together is checked as a whole (nothing twice, nothing that is named and not there,
//! no circles), closures are worked out, and the result is written as bytes that
//! [`Directory::load`](agentpol_bytecode::directory::Directory::load) reads without a parser.
//!
//! Nothing here touches files: sources are handed in as readers, and JSON Lines are never held as a whole.

mod build;
mod graph;
mod json;
mod lines;
mod problem;
mod records;
mod scim;
mod source;

pub use build::{Built, Counts};
pub use problem::{Problem, ProblemKind};
pub use records::Builder;
pub use scim::UserKey;

/// Reads a time (RFC 3339, with an offset) as milliseconds since 1970-01-01T00:00:00Z.
pub fn time(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

/// Writes a time as RFC 3339 in UTC.
pub fn written(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis).map_or_else(|_| millis.to_string(), |time| time.to_string())
}
