//! What a project sets: its root module and how much each lint weighs.

use agentpol_diagnostics::{Code, Diagnostics, Kind, Severity};
use std::collections::BTreeMap;

/// What a project sets.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The module that may do what ownership forbids to the others. With none, the only module of a program is it.
    pub root: Option<String>,
    /// Today, as days since 1970-01-01, for what is said about dates that are far off. With none, nothing is said.
    pub today: Option<i32>,
    /// Levels of lints; a lint that is not named warns.
    pub lints: BTreeMap<Code, LintLevel>,
}

/// How much a lint weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LintLevel {
    /// Says nothing.
    Allow,
    /// Warns.
    Warn,
    /// Is an error.
    Deny,
}

impl Options {
    /// Gives each lint the weight that the project sets. Errors keep theirs.
    pub(crate) fn weigh(&self, diagnostics: &mut Diagnostics) {
        let level = |code: Code| match code.kind() {
            Kind::Error => None,
            Kind::Lint => self.lints.get(&code).copied(),
        };
        diagnostics.retain(|diagnostic| level(diagnostic.code) != Some(LintLevel::Allow));
        for diagnostic in diagnostics.iter_mut() {
            match level(diagnostic.code) {
                Some(LintLevel::Deny) => diagnostic.severity = Severity::Error,
                Some(LintLevel::Warn) => diagnostic.severity = Severity::Warning,
                Some(LintLevel::Allow) | None => {}
            }
        }
    }
}
