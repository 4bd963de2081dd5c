//! Tests of policies: their own scenarios, and recorded actions with golden decisions beside them.
//!
//! Nothing here opens files, and nothing ever runs a tool: a replay asks the engine what it would decide today about
//! what an agent asked for then. What cannot be judged is counted by reason and never passed over.

mod claims;
mod clock;
mod coverage;
pub mod diff;
mod engine;
mod findings;
mod forecast;
mod golden;
mod heard;
mod judging;
mod listing;
mod manifest;
mod memory;
mod mutate;
mod replay;
mod report;
mod request;
mod run;
mod scenario;
mod table;
mod unknown;
mod verdict;

pub use agentpol::LintLevel;
pub use coverage::{Coverage, Extent, PartCoverage, RuleCoverage, Share, Shares, Values};
pub use findings::{AskedClause, AskedRule, CellFailure, Lacking, Reasons, ScenarioReport, StepFailure, TableReport};
pub use forecast::{AgentForecast, Asked, Forecast, Tasks};
pub use golden::{GoldenProblem, golden_name, is_golden_name};
pub use heard::Shape;
pub use manifest::{
    AgentSetting, Answers, ApprovalSetting, ClockSetting, ContextValue, CredentialSetting, Manifest, ManifestError,
    ManifestErrorKind, RecordingEntry, RulingSetting, SessionSetting, Setting, UserSetting,
};
pub use mutate::{Fate, Mutant, Mutations, Recorded, Subject, mutate};
pub use replay::{GoldenFile, Replay};
pub use report::{
    Counts, Difference, Expected, History, MalformedRecord, RecordPlace, RecordingReport, Report, RulePlace,
    SourcePlace, Status,
};
pub use request::{NotEvaluable, Request, request};
pub use verdict::{NOT_EVALUABLE, Verdict};
