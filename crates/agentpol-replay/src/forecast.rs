//! What a policy would ask of people and of agents, if the recordings were an ordinary time: the numbers that decide whether
//! it can be rolled out.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

use agentpol::Outcome;
use agentpol::bytecode::decision::Asker;
use agentpol::bytecode::scope;
use agentpol::bytecode::tables::Phase;
use agentpol_trace::{Action, OpenOptions, Recording};
use serde::Serialize;

use crate::engine::Engine;
use crate::judging::{Judged, Judging, Seen};
use crate::manifest::RecordingEntry;
use crate::replay::Replay;

/// What is to be expected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// Calls of agents that were decided.
    pub decided: u64,
    /// Calls that could not be judged; they are missing in every number.
    pub not_evaluable: u64,
    /// Records and recordings that could not be read, each with its place.
    pub unread: Vec<String>,
    /// Decisions by outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// The days on which something was decided, of recorded times only: `2026-03-02`, in the time's own zone.
    pub days: BTreeSet<String>,
    /// Decisions whose time is the manifest's: they say nothing per day.
    pub without_day: u64,
    /// Tasks: runs, or sessions.
    pub tasks: Tasks,
    /// Who is asked, by the wire name of the group, or `user`.
    pub approvers: BTreeMap<String, Asked>,
    /// Calls that must wait, by rule.
    pub throttled: BTreeMap<String, u64>,
    /// Alerts, by rule.
    pub alerts: BTreeMap<String, u64>,
    /// Denials, by rule, or by code where no rule decides.
    pub denied: BTreeMap<String, u64>,
    /// The agents, by name.
    pub agents: BTreeMap<String, AgentForecast>,
}

/// Tasks, and how many of them meet what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tasks {
    /// All of them.
    pub count: u64,
    /// With at least one call that asks for approval.
    pub asked: u64,
    /// The most calls that asked in one task.
    pub most_asked: u64,
    /// With at least one call that must wait.
    pub throttled: u64,
    /// With at least one denial.
    pub denied: u64,
}

/// How often persons of a group are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// Calls that ask them.
    pub calls: u64,
    /// Answers that are needed: two for `from 2 of`.
    pub answers: u64,
    /// Answers on each day, of recorded times.
    pub by_day: BTreeMap<String, u64>,
}

/// What an agent meets, in its phase and in others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AgentForecast {
    /// Its phase: `observe`, `read_only`, `supervised` or `autonomous`.
    pub phase: &'static str,
    /// Decisions by outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// Calls that its phase alone stops or asks for.
    pub by_phase: u64,
    /// Calls that go through and change something: as `read_only` they would be denied, as `supervised` asked for.
    pub changing: u64,
    /// Calls that go through only because rules or the agent are in observation.
    pub observed: u64,
}

/// Tasks as they are counted.
#[derive(Default)]
struct Task {
    asked: u64,
    throttled: u64,
    denied: u64,
}

impl Replay<'_> {
    /// Adds what a recording shows.
    pub fn forecast<R: BufRead>(&mut self, name: &str, reader: R, entry: &RecordingEntry, forecast: &mut Forecast) {
        let options = OpenOptions { format: entry.format, mapping: entry.mapping.clone() };
        let recording = match Recording::open(name, reader, options) {
            Ok(recording) => recording,
            Err(error) => {
                forecast.unread.push(format!("{name}: {error}"));
                return;
            }
        };
        let history = self.history();
        let mut judging = Judging::new(&mut self.engine, entry, recording.format(), history);
        let mut tasks: BTreeMap<String, Task> = BTreeMap::new();
        for item in recording {
            let action = match item {
                Ok(action) => action,
                Err(error) => {
                    forecast.unread.push(format!("{name}:{}: {}", error.place.line, error.kind));
                    continue;
                }
            };
            judging.catch_up(&action);
            if let Seen::Judged(judged) = judging.judge(&action) {
                let task = action.trace.session.as_deref().unwrap_or(&action.trace.id);
                let task = tasks.entry(task.to_owned()).or_default();
                forecast.add(judging.engine, &action, &judged, task);
            }
        }
        forecast.end(&tasks);
    }
}

impl Forecast {
    fn add(&mut self, engine: &Engine<'_>, action: &Action, judged: &Judged, task: &mut Task) {
        let (Ok(verdict), Some(decision)) = (&judged.verdict, &judged.decision) else {
            self.not_evaluable += 1;
            return;
        };
        self.decided += 1;
        bump(&mut self.outcomes, &verdict.outcome);
        let day = action.at.as_deref().filter(|_| !judged.assumed.clock).and_then(|at| at.get(..10));
        match day {
            Some(day) => drop(self.days.insert(day.to_owned())),
            None => self.without_day += 1,
        }
        match decision.outcome() {
            Outcome::RequireApproval => {
                task.asked += 1;
                for lacking in engine.lacking(decision) {
                    let asked = self.approvers.entry(lacking.from).or_default();
                    asked.calls += 1;
                    asked.answers += u64::from(lacking.count);
                    if let Some(day) = day {
                        *asked.by_day.entry(day.to_owned()).or_default() += u64::from(lacking.count);
                    }
                }
            }
            Outcome::Throttle => {
                task.throttled += 1;
                verdict.rules.iter().for_each(|rule| bump(&mut self.throttled, rule));
            }
            Outcome::Deny => {
                task.denied += 1;
                verdict.rules.iter().for_each(|rule| bump(&mut self.denied, rule));
                if verdict.rules.is_empty() {
                    bump(&mut self.denied, &verdict.code);
                }
            }
            Outcome::Allow => {}
        }
        engine.alerts(decision).iter().for_each(|alert| bump(&mut self.alerts, alert));
        self.agent(engine, judged);
    }

    fn agent(&mut self, engine: &Engine<'_>, judged: &Judged) {
        let (Ok(verdict), Some(decision)) = (&judged.verdict, &judged.decision) else { return };
        let tables = engine.program.tables();
        let declared = engine.presented(&judged.agent);
        let name = declared.map_or_else(|| judged.agent.clone(), |agent| engine.program.symbol(agent.wire).to_owned());
        let of = self.agents.entry(name).or_default();
        of.phase = declared.map_or("", |agent| match agent.phase {
            Phase::Observe { .. } => "observe",
            Phase::ReadOnly => "read_only",
            Phase::Supervised { .. } => "supervised",
            Phase::Autonomous => "autonomous",
        });
        bump(&mut of.outcomes, &verdict.outcome);
        let asked_by_phase = decision.asks().named().iter().any(|ask| matches!(ask.by, Asker::Phase(_)));
        of.by_phase += u64::from(verdict.code == "phase_read_only" || asked_by_phase);
        let tool = judged.tool_id.and_then(|tool| tables.tools.get(tool as usize));
        of.changing += u64::from(decision.permits() && tool.is_some_and(scope::changes));
        of.observed += u64::from(decision.permits() && verdict.would.is_some());
    }

    fn end(&mut self, tasks: &BTreeMap<String, Task>) {
        for task in tasks.values() {
            self.tasks.count += 1;
            self.tasks.asked += u64::from(task.asked > 0);
            self.tasks.most_asked = self.tasks.most_asked.max(task.asked);
            self.tasks.throttled += u64::from(task.throttled > 0);
            self.tasks.denied += u64::from(task.denied > 0);
        }
    }
}

fn bump(counts: &mut BTreeMap<String, u64>, name: &str) {
    if let Some(count) = counts.get_mut(name) {
        *count += 1;
    } else {
        counts.insert(name.to_owned(), 1);
    }
}
