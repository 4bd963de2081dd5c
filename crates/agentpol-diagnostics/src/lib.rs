//! Spans, the source map, diagnostics as data, the table of codes and "did you mean".
//!
//! Every stage that reads what an author wrote returns `(T, Diagnostics)`: a mistake in a policy is data, never an
//! `Err` and never a panic. Rendering belongs to whoever prints; this crate prints nothing.

mod codes;
mod diagnostic;
mod source;
mod suggest;

pub use codes::{Code, Kind};
pub use diagnostic::{Diagnostic, Diagnostics, Label, Severity};
pub use source::{FileId, Position, SourceFile, SourceMap, Span};
pub use suggest::{did_you_mean, nearest};
