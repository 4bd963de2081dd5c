//! Replaying recordings: what would be decided today, compared with what was.

use std::io::BufRead;
use std::sync::Arc;

use agentpol::{Bound, Decision, Program};
use agentpol_trace::{Action, Expectation, Format, OpenOptions, RecordError, Recording};

use crate::engine::{Declared, Engine};
use crate::golden::{Golden, Identity, write_line};
use crate::listing::Line;
use crate::manifest::{Answers, RecordingEntry};
use crate::report::{Difference, Expected, History, MalformedRecord, RecordPlace, RecordingReport};
use crate::request::{NotEvaluable, Request};
use crate::run::Runs;
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
}

impl<'p> Replay<'p> {
    /// Takes a program.
    pub fn new(program: &'p Program) -> Replay<'p> {
        Replay { engine: Engine::new(program), history: History::default(), listing: None }
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
        let answers = entry.answers.unwrap_or(match recording.format() {
            Format::AgentDojo => Answers::Yaml,
            _ => Answers::AsWritten,
        });
        let mut runs = Runs::new(self.engine.program, entry, answers, self.history);
        report.history = self.engine.has_history().then_some(self.history);
        self.engine.scratch.record(self.listing.is_some());
        let (mut compared, mut written) = match golden {
            GoldenFile::Absent => (None, None),
            GoldenFile::Compare(text) => (Some(Golden::new(text)), None),
            GoldenFile::Write(text) => (None, Some(text)),
        };
        report.golden = compared.is_some();
        for item in recording {
            let action = match item {
                Ok(action) => action,
                Err(error) => {
                    malformed(&mut report, &error);
                    continue;
                }
            };
            report.counts.actions += 1;
            let (step, not_as_declared) = runs.step(self.engine.program, &mut self.engine.scratch, &action);
            report.counts.not_as_declared += not_as_declared;
            if !entry.issuers.contains(&action.issuer) {
                *report.counts.by_others.entry(action.issuer.name()).or_default() += 1;
                continue;
            }
            if entry.domain.is_some() && entry.domain != action.trace.domain {
                report.counts.other_domains += 1;
                continue;
            }
            let (tool, verdict, decision) = self.judge(&action, entry, &mut runs, &mut report);
            self.list(name, &action, step, (&tool, &verdict, decision));
            let identity = Identity { seq: action.seq, call: action.call.as_deref(), tool: &tool };
            if let Some(text) = &mut written {
                write_line(text, identity, &verdict);
            }
            if let Some(golden) = &mut compared
                && let Some(old) = golden.next(identity, &action.place)
            {
                report.counts.compared += 1;
                if !old.is_as(&verdict) {
                    self.difference(&mut report, &action, &tool, Expected::Golden(old), verdict.clone());
                }
            }
            if let Some(expect) = &action.expect {
                report.counts.expected += 1;
                if !meets(&verdict, expect) {
                    let Expectation { outcome, code, rule } = expect.clone();
                    let old = Expected::Record { outcome: outcome.name(), code, rule };
                    self.difference(&mut report, &action, &tool, old, verdict);
                }
            }
        }
        if report.history.is_some() {
            report.counts.sessions = runs.opened();
        }
        report.golden_problem = compared.and_then(Golden::finish);
        report
    }

    /// The wire name of the tool and the verdict, both counted, and the decision where it is one.
    fn judge(
        &mut self,
        action: &Action,
        entry: &RecordingEntry,
        runs: &mut Runs<'_>,
        report: &mut RecordingReport,
    ) -> (String, Verdict, Option<Decision>) {
        let judged = runs.judge(&mut self.engine, action);
        let (tool, verdict) = match (judged.request, judged.decision) {
            (Ok(request), Some(decision)) => {
                let verdict = self.verdict(action, &request, &decision);
                if verdict.is_ok() {
                    report.counts.fixed_clock += u64::from(request.fixed_clock);
                    report.counts.assumed_credential += u64::from(request.assumed_credential);
                    let history = report.history.is_some();
                    report.counts.not_in_history += u64::from(judged.forgotten && history);
                    report.counts.approved += u64::from(judged.approved);
                    let matched = judged.matched && self.engine.reads_origins();
                    report.counts.matched_origins += u64::from(matched);
                    for alert in self.engine.alerts(&decision) {
                        *report.counts.alerts.entry(alert).or_default() += 1;
                    }
                }
                (request.tool, verdict)
            }
            (Ok(request), None) => (request.tool, Err(NotEvaluable::ToolUndeclared)),
            (Err(reason), _) => (entry.wire_tool(&action.tool).to_owned(), Err(reason)),
        };
        match verdict {
            Ok(verdict) => {
                *report.counts.outcomes.entry(verdict.outcome.clone()).or_default() += 1;
                *report.counts.codes.entry(verdict.code.clone()).or_default() += 1;
                if let Some(would) = &verdict.would {
                    *report.counts.would.entry(would.clone()).or_default() += 1;
                }
                (tool, verdict, judged.decision)
            }
            Err(reason) => {
                *report.counts.not_evaluable.entry(reason.name().to_owned()).or_default() += 1;
                report.not_evaluable.entry(reason.name()).or_insert_with(|| RecordPlace::from(&action.place));
                (tool, Verdict::from(&reason), None)
            }
        }
    }

    /// What a decision says of the call. A tool that the policy does not know, and a credential or an environment that the
    /// recorder did not keep, say nothing about it, unless the record expects just that code.
    fn verdict(&self, action: &Action, request: &Request, decision: &Decision) -> Result<Verdict, NotEvaluable> {
        let verdict = self.engine.verdict(decision);
        let expected = action.expect.as_ref().and_then(|expect| expect.code.as_deref());
        match verdict.code.as_str() {
            code if expected == Some(code) => Ok(verdict),
            "tool_unknown" => match self.engine.declared(request) {
                Declared::Here if request.has_env => Ok(verdict),
                Declared::Here => Err(NotEvaluable::NoEnvironment),
                Declared::Elsewhere => Ok(verdict),
                Declared::Nowhere => Err(NotEvaluable::ToolUndeclared),
            },
            "credential_missing" if !request.has_credential => Err(NotEvaluable::NoCredential),
            _ => Ok(verdict),
        }
    }

    /// Keeps the line about a call.
    fn list(&mut self, name: &str, action: &Action, step: u64, judged: (&str, &Verdict, Option<Decision>)) {
        let Some(listing) = &mut self.listing else { return };
        let (tool, verdict, decision) = judged;
        let restrictions = decision.map(|decision| self.engine.restrictions(&decision)).unwrap_or_default();
        let alerts = decision.map(|decision| self.engine.alerts(&decision)).unwrap_or_default();
        let (trace, seq) = (&action.trace.id, action.seq);
        Line { recording: name, trace, step, seq, tool, verdict, restrictions, alerts }.write(listing);
    }

    fn difference(&self, report: &mut RecordingReport, action: &Action, tool: &str, old: Expected, new: Verdict) {
        let mut rules = self.engine.places(&new.rules, true);
        if let Expected::Golden(old) = &old {
            let gone: Vec<String> = old.rules.iter().filter(|rule| !new.rules.contains(rule)).cloned().collect();
            rules.extend(self.engine.places(&gone, false));
        }
        report.counts.differences += 1;
        report.differences.push(Difference {
            place: RecordPlace::from(&action.place),
            seq: action.seq,
            call: action.call.clone(),
            tool: tool.to_owned(),
            old,
            new,
            rules,
        });
    }
}

fn malformed(report: &mut RecordingReport, error: &RecordError) {
    report.counts.malformed += 1;
    report.malformed.push(MalformedRecord {
        place: RecordPlace::from(&error.place),
        field: error.field.clone(),
        message: error.kind.to_string(),
    });
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
