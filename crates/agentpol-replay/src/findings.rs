//! What scenarios and tables found that is otherwise than expected, and why.

use serde::Serialize;

use crate::report::{RulePlace, SourcePlace};
use crate::verdict::Verdict;

/// One scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScenarioReport {
    /// Its module.
    pub module: String,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub at: SourcePlace,
    /// How many steps it has.
    pub steps: usize,
    /// Those that came out otherwise than expected.
    pub failures: Vec<StepFailure>,
}

/// A step that came out otherwise than expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepFailure {
    /// Its number, from 1; 0 for the opening of the session.
    pub step: usize,
    /// Where it stands.
    pub at: SourcePlace,
    /// The tool; for what is no call its words.
    pub tool: String,
    /// What was expected, in the language's words.
    pub expected: String,
    /// What came.
    pub new: Verdict,
    /// Whose approval is missing: names of groups, or `user`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<String>,
    /// What is the matter with approvals that were given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacking: Vec<Lacking>,
    /// Why state did not take the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<&'static str>,
    /// The rules that raised an alert, where something was expected of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alerts: Option<Vec<String>>,
    /// Why it came.
    #[serde(flatten)]
    pub reasons: Reasons,
}

/// An approval that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lacking {
    /// Whose: the wire name of a group, or `user`.
    pub from: String,
    /// How many persons'.
    pub count: u32,
    /// What is the matter with those that there are; `none` where there are none.
    pub missing: &'static str,
    /// The rule that asks for it, as `MODULE: NAME`; for an agent's phase there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// Why a decision is as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reasons {
    /// Whose approval the call waits for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<Lacking>,
    /// The rules that decided, and the one that should have.
    pub rules: Vec<RulePlace>,
    /// Rules that would have made it what was expected, and those that decided without being sure: with what each asked
    /// that was not true.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<AskedRule>,
}

/// A rule, and how it came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AskedRule {
    /// The rule and where it stands.
    #[serde(flatten)]
    pub rule: RulePlace,
    /// `true`, `false`, `unknown`, or `silent` where it does not speak of this agent and tool.
    pub value: &'static str,
    /// Its clauses that were not true.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clauses: Vec<AskedClause>,
}

/// A clause that was not true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AskedClause {
    /// As it is written, on one line.
    pub text: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// `false` or `unknown`.
    pub value: &'static str,
    /// Why it is unknown, as far as that can be told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
}

/// One table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableReport {
    /// Its module.
    pub module: String,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub at: SourcePlace,
    /// The agents.
    pub agents: Vec<String>,
    /// The users.
    pub users: Vec<String>,
    /// The tools.
    pub tools: Vec<String>,
    /// What came out in each cell: by agent, then tool, then user.
    pub outcomes: Vec<String>,
    /// The cells that came out otherwise than expected.
    pub failures: Vec<CellFailure>,
}

/// A cell that came out otherwise than expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CellFailure {
    /// Its number in `outcomes`, from 0.
    pub cell: usize,
    /// The agent.
    pub agent: String,
    /// The user.
    pub user: String,
    /// The tool.
    pub tool: String,
    /// The row that expects something else.
    pub at: SourcePlace,
    /// What it expects, in the language's words.
    pub expected: String,
    /// What came.
    pub new: Verdict,
    /// Why it came.
    #[serde(flatten)]
    pub reasons: Reasons,
}
