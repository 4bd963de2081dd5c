//! Replaying recordings: what would be decided today, compared with what was.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::sync::Arc;

use agentpol::policy::Policy;
use agentpol::{Bound, Mark, Program, SourceMap};
use agentpol_trace::{Action, Expectation, OpenOptions, Outcome, RecordError, Recording};

use crate::coverage::{Coverage, Gathered};
use crate::engine::Engine;
use crate::golden::{Golden, Identity, write_line};
use crate::judging::{Assumed, Judged, Judging, Seen};
use crate::listing::Line;
use crate::manifest::{RecordingEntry, RulingSetting};
use crate::report::{Difference, Expected, History, MalformedRecord, RecordPlace, RecordingReport};
use crate::verdict::{NOT_EVALUABLE, Verdict};

/// What is done with golden decisions.
#[derive(Debug)]
pub enum GoldenFile<'g> {
    /// There are none.
    Absent,
    /// Those of this text are compared.
    Compare(&'g str),
    /// Those of today are written to this text, and nothing is compared with them.
    Write(&'g mut String),
}

/// A program that recordings are replayed against.
pub struct Replay<'p> {
    pub(crate) engine: Engine<'p>,
    history: History,
    listing: Option<String>,
    /// A recording ends at its first difference.
    hasty: bool,
}

impl<'p> Replay<'p> {
    /// Takes a program.
    pub fn new(program: &'p Program) -> Replay<'p> {
        Replay { engine: Engine::new(program), history: History::default(), listing: None, hasty: false }
    }

    /// Looks users and resources up in a directory that is bound to the program.
    pub fn with_directory(mut self, directory: Option<Arc<Bound>>) -> Self {
        self.engine.use_directory(directory);
        self
    }

    /// Says how earlier calls of a recording enter history; as recorded where this is not said.
    #[must_use]
    pub fn with_history(self, history: History) -> Replay<'p> {
        Replay { history, ..self }
    }

    /// Ends each recording at its first difference.
    pub(crate) fn stopping_at_the_first(self) -> Self {
        Replay { hasty: true, ..self }
    }

    /// Returns the rules that were reached so far, as indexes into the policy's; nothing where it is not measured.
    pub(crate) fn reached(&self) -> Option<BTreeSet<usize>> {
        self.engine.reached.as_ref().map(Gathered::rules)
    }

    /// How earlier calls enter history.
    pub(crate) fn history(&self) -> History {
        self.history
    }

    /// Keeps a line of JSON about every call of recordings from now on: what was decided, and all rules that stood in the
    /// way. [`listed`](Replay::listed) gives them out.
    pub fn with_listing(mut self) -> Self {
        self.listing = Some(String::new());
        self
    }

    /// Returns the lines since the last time; none where none are kept.
    pub fn listed(&mut self) -> String {
        self.listing.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Measures from now on what is reached of the policy, which must be the one that the program was made of, by
    /// [`compile_marked`](agentpol::compile_marked) with these marks. [`coverage`](Replay::coverage) gives it out.
    pub fn with_coverage(mut self, policy: &Policy, sources: &SourceMap, marks: &[Mark]) -> Self {
        self.engine.reached = Some(Gathered::new(policy, sources, marks));
        self.engine.scratch.record(true);
        self
    }

    /// Returns what was reached, and measures no longer; nothing where it was not measured.
    pub fn coverage(&mut self) -> Option<Coverage> {
        let reached = self.engine.reached.take()?;
        Some(reached.finish(&self.engine.scratch))
    }

    /// Replays a recording, with memory of what stands before each call in its run. Never stops before its end: what cannot
    /// be read or judged is in the report.
    pub fn recording<R: BufRead>(
        &mut self,
        name: &str,
        reader: R,
        entry: &RecordingEntry,
        golden: GoldenFile<'_>,
    ) -> RecordingReport {
        let mut report = RecordingReport { name: name.to_owned(), ..RecordingReport::default() };
        let options = OpenOptions { format: entry.format, mapping: entry.mapping.clone() };
        let recording = match Recording::open(name, reader, options) {
            Ok(recording) => recording,
            Err(error) => {
                report.unread = Some(error.to_string());
                return report;
            }
        };
        report.format = Some(recording.format().name());
        report.history = self.engine.has_history().then_some(self.history);
        self.engine.scratch.record(self.listing.is_some() || self.engine.reached.is_some());
        let (mut compared, mut written) = match golden {
            GoldenFile::Absent => (None, None),
            GoldenFile::Compare(text) => (Some(Golden::new(text)), None),
            GoldenFile::Write(text) => (None, Some(text)),
        };
        report.golden = compared.is_some();
        let mut judging = Judging::new(&mut self.engine, entry, recording.format(), self.history);
        for item in recording {
            if self.hasty && report.counts.differences > 0 {
                return report;
            }
            let action = match item {
                Ok(action) => action,
                Err(error) => {
                    malformed(&mut report, &error);
                    continue;
                }
            };
            report.counts.actions += 1;
            let (step, not_as_declared) = judging.catch_up(&action);
            report.counts.not_as_declared += not_as_declared;
            let judged = match judging.judge(&action) {
                Seen::By(issuer) => {
                    *report.counts.by_others.entry(issuer.name()).or_default() += 1;
                    continue;
                }
                Seen::OtherDomain => {
                    report.counts.other_domains += 1;
                    continue;
                }
                Seen::Judged(judged) => judged,
            };
            count(&mut report, &action, &judged, judging.engine);
            let verdict = judged.verdict();
            if let Some(listing) = &mut self.listing {
                list(listing, judging.engine, (name, &action, step), &judged, &verdict);
            }
            let identity = Identity { seq: action.seq, call: action.call.as_deref(), tool: &judged.tool };
            if let Some(text) = &mut written {
                write_line(text, identity, &verdict);
            }
            if let Some(golden) = &mut compared
                && let Some(old) = golden.next(identity, &action.place)
            {
                report.counts.compared += 1;
                if !old.is_as(&verdict) {
                    difference(&mut report, judging.engine, (&action, &judged.tool), Expected::Golden(old), &verdict);
                }
            }
            if let Some(ruling) = action.ruling.as_ref().filter(|_| judged.verdict.is_ok()) {
                report.counts.ruled += 1;
                let otherwise = !agrees(&verdict, ruling.outcome);
                report.counts.ruled_otherwise += u64::from(otherwise);
                let compared = entry.rulings == RulingSetting::Compare;
                report.counts.expected += u64::from(compared);
                if otherwise && compared {
                    let old = Expected::Ruling { outcome: ruling.outcome.name(), decider: ruling.by.clone() };
                    difference(&mut report, judging.engine, (&action, &judged.tool), old, &verdict);
                }
            }
            if let Some(expect) = &action.expect {
                report.counts.expected += 1;
                if !meets(&verdict, expect) {
                    let Expectation { outcome, code, rule } = expect.clone();
                    let old = Expected::Record { outcome: outcome.name(), code, rule };
                    difference(&mut report, judging.engine, (&action, &judged.tool), old, &verdict);
                }
            }
        }
        if report.history.is_some() {
            report.counts.sessions = judging.sessions();
        }
        report.golden_problem = compared.and_then(Golden::finish);
        report
    }
}

/// Counts what became of an action.
fn count(report: &mut RecordingReport, action: &Action, judged: &Judged, engine: &Engine<'_>) {
    let counts = &mut report.counts;
    let Assumed { clock, credential, forgotten, approved, origins } = judged.assumed;
    counts.fixed_clock += u64::from(clock);
    counts.assumed_credential += u64::from(credential);
    counts.not_in_history += u64::from(forgotten);
    counts.approved += u64::from(approved);
    counts.matched_origins += u64::from(origins);
    for alert in judged.decision.iter().flat_map(|decision| engine.alerts(decision)) {
        *counts.alerts.entry(alert).or_default() += 1;
    }
    match &judged.verdict {
        Ok(verdict) => {
            *counts.outcomes.entry(verdict.outcome.clone()).or_default() += 1;
            *counts.codes.entry(verdict.code.clone()).or_default() += 1;
            if let Some(would) = &verdict.would {
                *counts.would.entry(would.clone()).or_default() += 1;
            }
        }
        Err(reason) => {
            *counts.not_evaluable.entry(reason.name().to_owned()).or_default() += 1;
            report.not_evaluable.entry(reason.name()).or_insert_with(|| RecordPlace::from(&action.place));
        }
    }
}

/// Keeps the line about a call, which is the given step of its run.
fn list(
    listing: &mut String,
    engine: &Engine<'_>,
    (name, action, step): (&str, &Action, u64),
    judged: &Judged,
    verdict: &Verdict,
) {
    let restrictions = judged.decision.map(|decision| engine.restrictions(&decision)).unwrap_or_default();
    let alerts = judged.decision.map(|decision| engine.alerts(&decision)).unwrap_or_default();
    let (trace, seq, tool) = (&action.trace.id, action.seq, judged.tool.as_str());
    Line { recording: name, trace, step, seq, tool, verdict, restrictions, alerts }.write(listing);
}

/// Reports an action that was decided otherwise than expected.
fn difference(
    report: &mut RecordingReport,
    engine: &Engine<'_>,
    (action, tool): (&Action, &str),
    old: Expected,
    new: &Verdict,
) {
    let mut rules = engine.places(&new.rules, true);
    if let Expected::Golden(old) = &old {
        let gone: Vec<String> = old.rules.iter().filter(|rule| !new.rules.contains(rule)).cloned().collect();
        rules.extend(engine.places(&gone, false));
    }
    report.counts.differences += 1;
    report.differences.push(Difference {
        place: RecordPlace::from(&action.place),
        seq: action.seq,
        call: action.call.clone(),
        tool: tool.to_owned(),
        old,
        new: new.clone(),
        rules,
    });
}

fn malformed(report: &mut RecordingReport, error: &RecordError) {
    report.counts.malformed += 1;
    report.malformed.push(MalformedRecord {
        place: RecordPlace::from(&error.place),
        field: error.field.clone(),
        message: error.kind.to_string(),
    });
}

/// Whether a verdict comes to what was decided then. What must wait does not go ahead.
fn agrees(verdict: &Verdict, then: Outcome) -> bool {
    match then {
        Outcome::Deny | Outcome::Throttle => matches!(verdict.outcome.as_str(), "deny" | "throttle"),
        Outcome::Allow | Outcome::RequireApproval => verdict.outcome == then.name(),
    }
}

/// Whether a verdict is what a record expects. What was not judged meets nothing.
fn meets(verdict: &Verdict, expect: &Expectation) -> bool {
    let named = |rule: &String| verdict.rules.iter().any(|full| is_rule(full, rule));
    verdict.outcome != NOT_EVALUABLE
        && verdict.outcome == expect.outcome.name()
        && expect.code.as_ref().is_none_or(|code| *code == verdict.code)
        && expect.rule.as_ref().is_none_or(named)
}

/// Whether `MODULE: NAME` is the rule of that name, which may be given with or without its module.
pub(crate) fn is_rule(full: &str, name: &str) -> bool {
    full == name || full.split_once(": ").is_some_and(|(_, bare)| bare == name)
}
