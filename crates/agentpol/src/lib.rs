//! The facade that a service embeds.

mod consequence;
mod sources;

pub use agentpol_bytecode as bytecode;
pub use agentpol_bytecode::{Expectation, LoadError, Program, load, load_expecting};
pub use agentpol_check::{LintLevel, Options, policy};
pub use agentpol_diagnostics::{Code as Problem, Diagnostic, Diagnostics, FileId, Severity, SourceMap, Span};
pub use agentpol_syntax::decode;
pub use sources::{Built, Checked, build, compile_sources};
