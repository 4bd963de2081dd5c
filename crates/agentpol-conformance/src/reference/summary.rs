//! What is compared between the reference interpreter and the real one: everything a decision says.

use agentpol_bytecode::code::{Code, Outcome};
use std::fmt;

/// How many rules a decision names before it only counts them (semantics Q2).
pub(super) const MAX_NAMED: usize = 16;

/// A rule by its module and its name.
pub type RuleName = (String, String);

/// A decision, in words that can be compared and printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Why, in one code; the outcome is the code's.
    pub code: Code,
    /// The rules of the deciding code, the first sixteen by module and name.
    pub rules: Vec<RuleName>,
    /// How many there are, named or not.
    pub total: usize,
    /// The other codes that applied, by number.
    pub also: Vec<Code>,
    /// What would have been decided with every rule live; only where something is in observation.
    pub would: Option<Code>,
    /// The rules whose approval is missing, the first sixteen by module and name.
    pub approvals: Vec<RuleName>,
    /// The agent's phase asks for an approval.
    pub by_phase: bool,
    /// Why each of those is missing, in one word: those of rules in their order, then those of the phase.
    pub missing: Vec<&'static str>,
    /// Which argument or field an argument code speaks of.
    pub argument: Option<String>,
    /// Until when an allowed call must be dispatched, in milliseconds since 1970-01-01T00:00:00Z.
    pub dispatch_before: Option<i64>,
    /// After how many milliseconds a limit has room again.
    pub retry_after: Option<i64>,
    /// The alerts that are raised, by module and name, and whether that is uncertain.
    pub alerts: Vec<(RuleName, bool)>,
}

/// How many bytes of a pointer a decision holds.
const MAX_POINTER: usize = 96;

/// What a decision shows of a pointer: as many whole steps as there is room for, and then `...`.
fn shown(pointer: &str) -> String {
    const CUT: &str = "...";
    let mut out = String::new();
    for step in pointer.split_inclusive('/').skip(1) {
        let step = step.trim_end_matches('/');
        if out.len() + 1 + step.len() > MAX_POINTER - CUT.len() {
            return out + CUT;
        }
        out = format!("{out}/{step}");
    }
    out
}

impl Summary {
    /// A decision for a structural reason: one code and nothing else.
    pub(super) fn structural(code: Code, argument: Option<String>) -> Summary {
        Summary {
            code,
            rules: Vec::new(),
            total: 0,
            also: Vec::new(),
            would: None,
            approvals: Vec::new(),
            by_phase: false,
            missing: Vec::new(),
            argument: argument.as_deref().map(shown),
            dispatch_before: None,
            retry_after: None,
            alerts: Vec::new(),
        }
    }

    /// Makes it a denial for a reason that came up at the end.
    pub(super) fn refuse(&mut self, code: Code) {
        self.also.push(self.code);
        self.also.sort();
        self.code = code;
        self.rules.clear();
        self.total = 0;
        self.dispatch_before = None;
    }

    /// Returns the outcome.
    pub fn outcome(&self) -> Outcome {
        self.code.outcome()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names =
            |rules: &[RuleName]| rules.iter().map(|(_, name)| format!("{name:?}")).collect::<Vec<_>>().join(", ");
        write!(f, "{} {}", self.outcome().as_str(), self.code.as_str())?;
        if !self.rules.is_empty() {
            write!(f, " by {}", names(&self.rules))?;
        }
        if self.total > self.rules.len() {
            write!(f, " of {}", self.total)?;
        }
        if !self.also.is_empty() {
            let words: Vec<&str> = self.also.iter().map(|code| code.as_str()).collect();
            write!(f, " also {}", words.join(", "))?;
        }
        if let Some(would) = self.would {
            write!(f, " would {}", would.as_str())?;
        }
        if !self.approvals.is_empty() || self.by_phase {
            let phase = if self.by_phase { " phase" } else { "" };
            write!(f, " approvals{phase} {} missing {}", names(&self.approvals), self.missing.join(", "))?;
        }
        if let Some(argument) = &self.argument {
            write!(f, " at {argument}")?;
        }
        if let Some(after) = self.retry_after {
            write!(f, " retry {after}")?;
        }
        for ((_, name), uncertain) in &self.alerts {
            write!(f, " alert {name:?}{}", if *uncertain { " uncertain" } else { "" })?;
        }
        match self.dispatch_before {
            Some(time) => write!(f, " before {time}"),
            None => Ok(()),
        }
    }
}
