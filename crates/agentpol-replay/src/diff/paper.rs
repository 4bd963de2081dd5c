//! A test on paper: its lines, how they become text, and how they are corrected by what a policy decides.

use std::collections::{BTreeMap, BTreeSet};

use agentpol::policy::{Policy, Scenario};
use agentpol::{SourceMap, compile_sources};

use super::Written;
use super::literal::text;
use super::trial::NoTest;
use crate::findings::StepFailure;

/// The longest test that is written, in bytes.
const LONGEST: usize = 16 << 10;
/// Who approves in tests what stands before the last call; each call another.
const APPROVER: &str = "approver";

/// A line of a test.
#[derive(Clone)]
pub(super) enum Line {
    Call { text: String, expect: String, gives: Option<String>, last: bool },
    Approve { text: String },
    After { text: String },
}

/// A test before it is tried.
pub(super) struct Paper {
    pub(super) name: String,
    /// The module that it belongs to.
    pub(super) module: String,
    /// The modules whose names it uses.
    pub(super) uses: BTreeSet<String>,
    /// What stands in its braces before the first step.
    pub(super) opening: String,
    pub(super) lines: Vec<Line>,
    /// The user, in quotes, who approves what is asked of users.
    pub(super) user: Option<String>,
    /// The module and name of each group, by its name on the wire.
    pub(super) groups: BTreeMap<String, (String, String)>,
}

impl Paper {
    /// The whole file.
    pub(super) fn text(&self) -> String {
        let mut out = format!("module {}\n\n", self.module);
        for other in &self.uses {
            out.push_str(&format!("use {other}\n"));
        }
        let gap = if self.uses.is_empty() { "" } else { "\n" };
        out.push_str(&format!("{gap}test {} {{\n{}", text(&self.name), self.opening));
        for line in &self.lines {
            let line = match line {
                Line::Call { text, expect, gives: None, .. } => format!("{text} -> {expect}"),
                Line::Call { text, expect, gives: Some(gives), .. } => format!("{text} -> {expect}, {gives}"),
                Line::Approve { text } => text.clone(),
                Line::After { text } => format!("after {text}"),
            };
            out.push_str(&format!("  {line}\n"));
        }
        out.push_str("}\n");
        out
    }

    /// Checks it with the new policy's sources; returns the policy with no other test in it.
    pub(super) fn check(&self, written: Written<'_>) -> Result<(Policy, SourceMap), NoTest> {
        let text = self.text();
        if text.len() > LONGEST {
            return Err(NoTest::TooLong);
        }
        let mut sources = written.sources.clone();
        sources.add("test.agentpol", text);
        let checked = compile_sources(&sources, written.options);
        let Some(mut policy) = checked.policy.filter(|_| !checked.diagnostics.has_errors()) else {
            let first = checked.diagnostics.iter().next();
            return Err(NoTest::Refused { title: first.map_or_else(String::new, |first| first.title.clone()) });
        };
        let modules = policy.modules.clone();
        let is_it = |test: &Scenario| modules[test.module.index()].name == self.module && test.name == self.name;
        policy.tests.retain(is_it);
        Ok((policy, sources))
    }

    /// Lets a call before the last expect what was decided; says whether that was possible.
    pub(super) fn correct(&mut self, failure: &StepFailure) -> bool {
        let steps = self.lines.iter().enumerate().filter(|(_, line)| !matches!(line, Line::After { .. }));
        let Some((at, line)) = steps.map(|(at, line)| (at, line.clone())).nth(failure.step.wrapping_sub(1)) else {
            return false;
        };
        let Line::Call { text, expect, gives, last: false } = line else { return false };
        let decided = match failure.new.outcome.as_str() {
            "deny" => format!("deny {}", failure.new.code),
            "throttle" => "throttle".to_owned(),
            "require_approval" => "require approval".to_owned(),
            _ => return false,
        };
        if decided == expect {
            return false;
        }
        let asks = decided == "require approval";
        let again = Line::Call { text: text.clone(), expect: "allow".to_owned(), gives, last: false };
        self.lines[at] = Line::Call { text, expect: decided, gives: None, last: false };
        if asks {
            let approvers: BTreeSet<&String> = failure.approvers.iter().collect();
            let before = self.lines.iter().filter(|line| matches!(line, Line::Approve { .. })).count();
            let mut approvals = Vec::new();
            for (number, from) in (before + 1..).zip(approvers) {
                match from.as_str() {
                    "user" => {
                        let Some(user) = &self.user else { return false };
                        approvals.push(format!("approve by {user}"));
                    }
                    group => {
                        let Some((module, name)) = self.groups.get(group).cloned() else { return false };
                        let own = module == self.module;
                        let name = if own { name } else { format!("{module}.{name}") };
                        self.uses.extend((!own).then_some(module));
                        approvals.push(format!("approve by \"{APPROVER} {number}\" in {name}"));
                    }
                }
            }
            let further = approvals.into_iter().map(|text| Line::Approve { text }).chain([again]);
            self.lines.splice(at + 1..at + 1, further);
        }
        true
    }
}
