//! A ready-made test of a change: written in the language from the calls that show it, run on both policies, and given out
//! only where it passes with the new one and fails with the old one.

use std::borrow::Cow;
use std::collections::BTreeSet;

use agentpol::policy::ModuleId;
use agentpol_trace::{Action, Format};
use serde::Serialize;

use super::draft::Draft;
use super::literal::text;
use super::paper::{Line, Paper};
use super::stage::{Asked, Stage};
use super::{Group, Judges, Side, Written};
use crate::findings::ScenarioReport;
use crate::judging::answers;
use crate::manifest::RecordingEntry;
use crate::replay::Replay;
use crate::report::History;
use crate::run::Runs;

/// How often a test is written anew until it says what the new policy decides about the calls before the last.
const ROUNDS: usize = 12;

/// A test of a change, as a file of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Test {
    /// Its name.
    pub name: String,
    /// The module that it belongs to.
    pub module: String,
    /// The whole file.
    pub text: String,
    /// The step, from 1, at which the old policy first decides otherwise; approvals are steps too.
    pub fails_at: usize,
}

/// Why there is no test of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoTest {
    /// The change shows only with calls that stand too far back.
    FurtherBack,
    /// The new policy is a built program, and what it was made of is not known.
    Built,
    /// The new policy cannot judge the call.
    NotJudged,
    /// Several agents or users act in the calls that show it, and a test has one.
    SeveralParties,
    /// The language cannot say what the request holds, or what changed.
    Unsayable,
    /// It would be longer than a person would read.
    TooLong,
    /// The new policy does not take it as a test.
    Refused {
        /// What it says.
        title: String,
    },
    /// With the calls before it decided anew, the new policy decides otherwise than with what was recorded.
    NotAsRecorded,
    /// It passes with the old policy too: the calls before it are decided anew there as well.
    HoldsInOld,
    /// The new policy has a test of this name already.
    AlreadyThere {
        /// The name.
        name: String,
    },
}

impl NoTest {
    /// The reason in words.
    pub fn title(&self) -> String {
        match self {
            NoTest::FurtherBack => "it shows only with calls that stand too far back".to_owned(),
            NoTest::Built => "the new policy is a built program".to_owned(),
            NoTest::NotJudged => "the new policy does not judge the call".to_owned(),
            NoTest::SeveralParties => "several agents or users act in the calls that show it".to_owned(),
            NoTest::Unsayable => "a test cannot say what is different".to_owned(),
            NoTest::TooLong => "it would be too long".to_owned(),
            NoTest::Refused { title } => format!("the new policy does not take it: {title}"),
            NoTest::NotAsRecorded => "it shows only with calls that ran when they were recorded".to_owned(),
            NoTest::HoldsInOld => "decided call by call, the old policy agrees".to_owned(),
            NoTest::AlreadyThere { name } => format!("the new policy has it already: {}", text(name)),
        }
    }
}

/// Makes a test of the last of these actions, the others before it, and tries it on both policies.
pub(super) fn test(
    judges: &mut Judges<'_>,
    (old, new): (&Side<'_>, &Side<'_>),
    group: &Group,
    actions: &[Cow<'_, Action>],
    entry: &RecordingEntry,
    format: Format,
) -> Result<Test, NoTest> {
    let written = new.written.ok_or(NoTest::Built)?;
    let asked = requests(judges, actions, entry, format)?;
    let calls: Vec<(&Action, Asked)> = asked;
    let requests: Vec<&Asked> = calls.iter().map(|(_, asked)| asked).collect();
    let last = requests.last().copied().ok_or(NoTest::NotJudged)?;
    let stage = |module| Stage { policy: written.policy, program: new.program, module, uses: BTreeSet::new() };
    let (agent, _) = stage(ModuleId(0)).agent(last).ok_or(NoTest::Unsayable)?;
    let tool = stage(ModuleId(0)).tool(last).ok_or(NoTest::NotJudged)?;
    let mut why = NoTest::Unsayable;
    let mut modules = vec![written.policy[agent].module, written.policy[tool].module];
    modules.dedup();
    for module in modules {
        let mut draft =
            Draft { stage: stage(module), written, old: old.program, group, answers: answers(entry, format) };
        match draft.write(&calls).and_then(|paper| try_out(paper, (old, new), written)) {
            Ok(test) => return Ok(test),
            Err(reason) => why = reason,
        }
    }
    Err(why)
}

/// The requests that the new policy is asked, with their actions.
fn requests<'a>(
    judges: &mut Judges<'_>,
    actions: &'a [Cow<'_, Action>],
    entry: &RecordingEntry,
    format: Format,
) -> Result<Vec<(&'a Action, Asked)>, NoTest> {
    let engine = &mut judges.new;
    let mut runs = Runs::new(engine.program, entry, answers(entry, format), History::AsRecorded);
    let mut calls = Vec::with_capacity(actions.len());
    let mut party: Option<String> = None;
    for action in actions {
        runs.step(engine.program, &mut engine.scratch, action);
        if !entry.issuers.contains(&action.issuer) {
            continue;
        }
        let request = runs.judge(engine, action).request.map_err(|_| NoTest::NotJudged)?;
        if party.as_ref().is_some_and(|party| *party != request.party) {
            return Err(NoTest::SeveralParties);
        }
        calls.push((action.as_ref(), Asked::new(&request.json).ok_or(NoTest::Unsayable)?));
        party = Some(request.party);
    }
    Ok(calls)
}

/// Runs a test on both policies, corrects what it expects of the calls before the last, and leaves out what they give
/// where that is of no matter.
fn try_out(mut paper: Paper, (old, new): (&Side<'_>, &Side<'_>), written: Written<'_>) -> Result<Test, NoTest> {
    settle(&mut paper, new, written)?;
    let fails_at = tried_on_old(&paper, old, written)?;
    let mut bare = Paper { lines: paper.lines.clone(), ..paper };
    for line in &mut bare.lines {
        if let Line::Call { gives, .. } = line {
            *gives = gives.take().filter(|gives| gives == "fails");
        }
    }
    let holds = run(&bare, new, written).is_ok_and(|report| report.failures.is_empty());
    let (paper, fails_at) = match holds.then(|| tried_on_old(&bare, old, written)) {
        Some(Ok(fails_at)) => (bare, fails_at),
        _ => {
            bare.lines = paper.lines;
            (bare, fails_at)
        }
    };
    let text = paper.text();
    Ok(Test { name: paper.name, module: paper.module, text, fails_at })
}

/// The first step at which the old policy decides otherwise.
fn tried_on_old(paper: &Paper, old: &Side<'_>, written: Written<'_>) -> Result<usize, NoTest> {
    let report = run(paper, old, written)?;
    report.failures.first().map(|failure| failure.step).ok_or(NoTest::HoldsInOld)
}

/// Brings a test into the form that passes with the new policy.
fn settle(paper: &mut Paper, new: &Side<'_>, written: Written<'_>) -> Result<(), NoTest> {
    for _ in 0..ROUNDS {
        let report = run(paper, new, written)?;
        let Some(failure) = report.failures.first() else { return Ok(()) };
        if !paper.correct(failure) {
            return Err(NoTest::NotAsRecorded);
        }
    }
    Err(NoTest::TooLong)
}

/// Runs the calls of a test on one side. They are made of the new policy's text: what they ask is the same for both.
fn run(paper: &Paper, side: &Side<'_>, written: Written<'_>) -> Result<ScenarioReport, NoTest> {
    let (policy, sources) = paper.check(written)?;
    let mut replay = Replay::new(side.program).with_directory(side.directory.clone());
    replay.scenarios(&policy, &sources).pop().ok_or(NoTest::Unsayable)
}
