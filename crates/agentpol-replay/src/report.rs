//! What a run of tests found, as data: nothing in it depends on the machine, the time or the order of maps.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::findings::{ScenarioReport, TableReport};
use crate::golden::GoldenProblem;
use crate::verdict::Verdict;

/// A whole run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The scenarios of the policies, in order of module and place.
    pub scenarios: Vec<ScenarioReport>,
    /// The tables of the policies, in order of module and place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<TableReport>,
    /// The recordings, in the order in which they were replayed.
    pub recordings: Vec<RecordingReport>,
}

/// What a run comes to. The strictest that applies; a run without tests did not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Everything was as expected.
    Passed,
    /// Nothing was checked: no scenario, no golden file, no record that expects a decision.
    NoTests,
    /// Something was not as expected.
    Failed,
    /// A recording or golden file was malformed. What could be read was replayed.
    Malformed,
}

impl Report {
    /// The sums over all recordings.
    pub fn totals(&self) -> Counts {
        let mut totals = Counts::default();
        for recording in &self.recordings {
            totals.add(&recording.counts);
        }
        totals
    }

    /// What the run comes to.
    pub fn status(&self) -> Status {
        let totals = self.totals();
        let steps: usize = self.scenarios.iter().map(|scenario| scenario.steps).sum();
        let cells: usize = self.tables.iter().map(|table| table.outcomes.len()).sum();
        let failed = self.scenarios.iter().any(|scenario| !scenario.failures.is_empty())
            || self.tables.iter().any(|table| !table.failures.is_empty())
            || totals.differences > 0;
        let problems = || self.recordings.iter().filter_map(|recording| recording.golden_problem.as_ref());
        let unread =
            self.recordings.iter().any(|recording| recording.unread.is_some() || !recording.malformed.is_empty());
        if unread || problems().any(|problem| matches!(problem, GoldenProblem::Malformed { .. })) {
            Status::Malformed
        } else if failed || problems().next().is_some() {
            Status::Failed
        } else if steps + cells == 0 && totals.compared + totals.expected == 0 {
            Status::NoTests
        } else {
            Status::Passed
        }
    }
}

/// One recording.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RecordingReport {
    /// Its name, as it was given.
    pub name: String,
    /// The format it was read as; nothing where it could not be opened.
    pub format: Option<&'static str>,
    /// Why it could not be opened.
    pub unread: Option<String>,
    /// How earlier calls entered history, where decisions hang on them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
    /// The numbers.
    pub counts: Counts,
    /// Actions that were decided otherwise than expected, in order.
    pub differences: Vec<Difference>,
    /// Actions that were not judged, by reason: the first of each.
    pub not_evaluable: BTreeMap<&'static str, RecordPlace>,
    /// Records that could not be read, in order.
    pub malformed: Vec<MalformedRecord>,
    /// Whether a golden file was compared.
    pub golden: bool,
    /// Why the golden file does not fit.
    pub golden_problem: Option<GoldenProblem>,
}

/// How earlier calls enter history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum History {
    /// What really ran when it was recorded, whatever is decided today.
    #[default]
    AsRecorded,
    /// What is allowed today.
    ClosedLoop,
}

/// The numbers of a recording, or of all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Calls in the recording, whoever made them.
    pub actions: u64,
    /// Calls that are not judged because of who made them, by issuer.
    pub by_others: BTreeMap<&'static str, u64>,
    /// Calls that are not judged because their run belongs to another domain.
    pub other_domains: u64,
    /// Decisions, by outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// Decisions, by code.
    pub codes: BTreeMap<String, u64>,
    /// Actions that were not judged, by reason.
    pub not_evaluable: BTreeMap<String, u64>,
    /// Records that could not be read.
    pub malformed: u64,
    /// Requests whose time is the manifest's.
    pub fixed_clock: u64,
    /// Requests whose credential was assumed to be fresh.
    pub assumed_credential: u64,
    /// Calls that ran and that history leaves out, because their request could not be read.
    #[serde(skip_serializing_if = "is_zero")]
    pub not_in_history: u64,
    /// Answers that are not as their tool declares them, as far as some rule asks.
    #[serde(skip_serializing_if = "is_zero")]
    pub not_as_declared: u64,
    /// Verdicts that were compared with a golden line.
    pub compared: u64,
    /// Verdicts that were compared with what the record expects.
    pub expected: u64,
    /// Verdicts beside which the record has a decision of its own.
    #[serde(skip_serializing_if = "is_zero")]
    pub ruled: u64,
    /// Those that are another decision than the record's.
    #[serde(skip_serializing_if = "is_zero")]
    pub ruled_otherwise: u64,
    /// Comparisons that failed.
    pub differences: u64,
    /// Sessions that were opened in memory; 0 where decisions do not hang on earlier calls.
    #[serde(skip_serializing_if = "is_zero")]
    pub sessions: u64,
    /// Requests whose origins were told by the matching rule, where some rule of the policy reads them.
    #[serde(skip_serializing_if = "is_zero")]
    pub matched_origins: u64,
    /// Calls that were asked for approval, ran when they were recorded, and so count as approved.
    #[serde(skip_serializing_if = "is_zero")]
    pub approved: u64,
    /// Alerts that would have been raised, by rule.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub alerts: BTreeMap<String, u64>,
    /// Decisions that rules and agents in observation would have changed, by the code that it would have been.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub would: BTreeMap<String, u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Counts {
    /// Adds other numbers to these.
    pub fn add(&mut self, other: &Counts) {
        let Counts { actions, by_others, outcomes, codes, not_evaluable, .. } = other;
        self.actions += actions;
        by_others.iter().for_each(|(issuer, count)| *self.by_others.entry(issuer).or_default() += count);
        for (mine, theirs) in [
            (&mut self.outcomes, outcomes),
            (&mut self.codes, codes),
            (&mut self.not_evaluable, not_evaluable),
            (&mut self.alerts, &other.alerts),
            (&mut self.would, &other.would),
        ] {
            theirs.iter().for_each(|(name, count)| *mine.entry(name.clone()).or_default() += count);
        }
        self.other_domains += other.other_domains;
        self.malformed += other.malformed;
        self.fixed_clock += other.fixed_clock;
        self.assumed_credential += other.assumed_credential;
        self.not_in_history += other.not_in_history;
        self.not_as_declared += other.not_as_declared;
        self.compared += other.compared;
        self.expected += other.expected;
        self.ruled += other.ruled;
        self.ruled_otherwise += other.ruled_otherwise;
        self.differences += other.differences;
        self.sessions += other.sessions;
        self.matched_origins += other.matched_origins;
        self.approved += other.approved;
    }

    /// How many actions were decided.
    pub fn decided(&self) -> u64 {
        self.outcomes.values().sum()
    }
}

/// Where a record stands in its recording.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RecordPlace {
    /// The line, from 1.
    pub line: u64,
    /// The JSON Pointer in it; empty for the whole line.
    pub pointer: String,
}

impl From<&agentpol_trace::Place> for RecordPlace {
    fn from(place: &agentpol_trace::Place) -> RecordPlace {
        RecordPlace { line: place.line, pointer: place.pointer.clone() }
    }
}

/// A record that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MalformedRecord {
    /// Where it stands.
    pub place: RecordPlace,
    /// The field that is wrong; empty for the record itself.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

/// An action that was decided otherwise than expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where it stands.
    pub place: RecordPlace,
    /// Its number in the recording.
    pub seq: u64,
    /// The id of the call.
    pub call: Option<String>,
    /// The tool.
    pub tool: String,
    /// What was expected, and by whom.
    pub old: Expected,
    /// What was decided.
    pub new: Verdict,
    /// The rules that decided now, and those that had decided, as far as they are still there.
    pub rules: Vec<RulePlace>,
}

/// What was expected of an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Expected {
    /// The golden file.
    Golden(Verdict),
    /// The record itself.
    Record {
        /// The outcome.
        outcome: &'static str,
        /// The code.
        code: Option<String>,
        /// The rule.
        rule: Option<String>,
    },
    /// What was decided when it was recorded.
    Ruling {
        /// The outcome.
        outcome: &'static str,
        /// Who or what decided.
        #[serde(skip_serializing_if = "Option::is_none")]
        decider: Option<String>,
    },
}

/// A rule and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RulePlace {
    /// The rule as `MODULE: NAME`.
    pub rule: String,
    /// The words of its effect.
    pub effect: String,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// It decided now; else only before.
    pub decides: bool,
}

/// A place in a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SourcePlace {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}
