//! Where things stand in the sources: the only part of a program that formatting changes.

use agentpol_bytecode::tables::{Debug, Place};
use agentpol_check::policy::{self, Policy};
use agentpol_diagnostics::{SourceMap, Span};

use crate::rule::reported;

/// Finds places in sources. Files are numbered by name, so that the order in which they were read does not show.
pub(crate) struct Places<'s> {
    sources: &'s SourceMap,
    /// The number of each file of the source map.
    numbers: Vec<u32>,
    names: Vec<String>,
}

impl<'s> Places<'s> {
    /// Numbers the files.
    pub(crate) fn new(sources: &'s SourceMap) -> Self {
        let mut files: Vec<(&str, &str, usize)> =
            sources.iter().map(|(id, file)| (file.name(), file.text(), id.0 as usize)).collect();
        files.sort_unstable();
        let mut numbers = vec![0; files.len()];
        for (number, (_, _, id)) in files.iter().enumerate() {
            numbers[*id] = number as u32;
        }
        let mut names: Vec<String> = files.into_iter().map(|(name, _, _)| name.to_owned()).collect();
        if names.is_empty() {
            // A policy that was not made from text: its places are all the same, and still somewhere.
            names.push(String::new());
        }
        Places { sources, numbers, names }
    }

    /// Makes the debug tables of a policy whose instructions stand at these places.
    pub(crate) fn debug(self, policy: &Policy, code: &[Span]) -> Debug {
        let clauses = |rule: &policy::Rule| {
            reported(&rule.clauses).map(|c| (self.place(c.span), self.sources.text(c.span).to_owned())).collect()
        };
        let mut places: Vec<(u32, Place)> = Vec::new();
        for (at, span) in code.iter().enumerate() {
            let place = self.place(*span);
            if places.last().is_none_or(|(_, last)| *last != place) {
                places.push((at as u32, place));
            }
        }
        Debug {
            rules: policy.rules.iter().map(|rule| self.place(rule.span)).collect(),
            clauses: policy.rules.iter().map(clauses).collect(),
            code: places,
            files: self.names,
        }
    }

    fn place(&self, span: Span) -> Place {
        let position = self.sources.locate(span).1;
        let file = self.numbers.get(span.file.0 as usize).copied().unwrap_or_default();
        Place { file, line: position.line, column: position.column }
    }
}
