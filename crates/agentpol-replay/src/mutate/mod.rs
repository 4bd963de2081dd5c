//! Mutation testing: changes to a policy that its tests should notice, and those that none of them does.
//!
//! Every change is small and leaves a policy that compiles: a rule left out, an effect flipped, a clause or a part of a
//! condition left out, a bound shifted by one. A change is *killed* where some test fails that passed before, and
//! *survives* else. Only tests that reach the changed rule are run: no other can notice.

mod changes;
mod conditions;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use agentpol::policy::Policy;
use agentpol::{Bound, Program, SourceMap, compile_marked, load};
use serde::Serialize;

use crate::coverage::{Extent, extent};
use crate::manifest::RecordingEntry;
use crate::replay::{GoldenFile, Replay};
use crate::report::History;
use changes::{Change, changes};

/// What is tested.
#[derive(Clone, Copy)]
pub struct Subject<'s> {
    /// The policy, with its scenarios and tables.
    pub policy: &'s Policy,
    /// The files that it was made from.
    pub sources: &'s SourceMap,
    /// Recordings that are compared with golden decisions or expectations.
    pub recordings: &'s [Recorded<'s>],
    /// Makes the directory that a program decides with, where there is one.
    pub directory: &'s (dyn Fn(&Program) -> Option<Arc<Bound>> + Sync),
    /// How earlier calls enter the history of recordings.
    pub history: History,
}

/// A recording, read.
#[derive(Clone, Copy)]
pub struct Recorded<'r> {
    /// Its name.
    pub name: &'r str,
    /// Its bytes, unpacked.
    pub bytes: &'r [u8],
    /// How it is read.
    pub entry: &'r RecordingEntry,
    /// Its golden decisions.
    pub golden: Option<&'r str>,
}

/// What became of the changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Mutations {
    /// Every change, in the order of rules and places.
    pub mutants: Vec<Mutant>,
    /// Why they could not be tried: tests that fail already would kill them all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<String>,
}

/// A change and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mutant {
    /// The rule as `MODULE: NAME`; `None` where it is an agent that is changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Where it stands.
    pub at: Extent,
    /// A stable name of its kind.
    pub kind: &'static str,
    /// What was done, in words.
    pub what: String,
    /// What became of it.
    #[serde(flatten)]
    pub fate: Fate,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "fate", rename_all = "snake_case")]
pub enum Fate {
    /// A test noticed.
    Killed {
        /// Which.
        by: String,
    },
    /// Tests reached it, and none noticed.
    Survived,
    /// No test reaches it.
    Unreached,
    /// What came out is no policy, or the same program: it is not counted.
    Void,
}

impl Mutations {
    /// How many were killed, and how many count.
    pub fn score(&self) -> (usize, usize) {
        let killed = self.mutants.iter().filter(|one| matches!(one.fate, Fate::Killed { .. })).count();
        let void = self.mutants.iter().filter(|one| one.fate == Fate::Void).count();
        (killed, self.mutants.len() - void)
    }

    /// The score in percent, rounded down; 100 of nothing.
    pub fn percent(&self) -> u64 {
        let (killed, of) = self.score();
        (killed as u64 * 100).checked_div(of as u64).unwrap_or(100)
    }
}

/// A test by its kind and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    Scenario(usize),
    Table(usize),
    Recording(usize),
}

/// A test and the rules that it reaches.
struct Reach {
    test: Test,
    rules: BTreeSet<usize>,
}

/// Tries every change in as many threads as said. `done` is told of each that is done; where it says so, the rest is left.
pub fn mutate(subject: &Subject<'_>, jobs: usize, done: &(dyn Fn(usize, usize) -> bool + Sync)) -> Mutations {
    let (reaches, failing) = reaches(subject);
    if !failing.is_empty() {
        return Mutations { mutants: Vec::new(), failing };
    }
    let all = changes(subject.policy, subject.sources);
    let made = agentpol::compile_policy(subject.policy, subject.sources).ok();
    let unchanged = made.and_then(|made| load(&made.bytes).ok()).map_or([0; 32], |program| *program.meaning_hash());
    let (next, finished, stopped) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let work = || {
        let mut mine = Vec::new();
        while let Some((number, change)) = (!stopped.load(Ordering::Relaxed))
            .then(|| next.fetch_add(1, Ordering::Relaxed))
            .and_then(|n| Some((n, all.get(n)?)))
        {
            mine.push((number, fate(subject, &reaches, &unchanged, change)));
            if !done(finished.fetch_add(1, Ordering::Relaxed) + 1, all.len()) {
                stopped.store(true, Ordering::Relaxed);
            }
        }
        mine
    };
    let mut fates: Vec<(usize, Fate)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    fates.sort_by_key(|(number, _)| *number);
    let mutants = fates.into_iter().filter_map(|(number, fate)| Some(mutant(subject, all.get(number)?, fate)));
    let mut mutants: Vec<Mutant> = mutants.collect();
    mutants.sort_by(|a, b| a.at.cmp(&b.at));
    Mutations { mutants, failing: Vec::new() }
}

fn mutant(subject: &Subject<'_>, change: &Change, fate: Fate) -> Mutant {
    let rule = change.rule.and_then(|number| subject.policy.rules.get(number));
    Mutant {
        rule: rule.map(|rule| format!("{}: {}", subject.policy[rule.module].name, rule.name)),
        at: extent(subject.sources, change.span),
        kind: change.kind,
        what: change.what.clone(),
        fate,
    }
}

/// Runs every test on the policy as it is: which rules it reaches, and which of them fail.
fn reaches(subject: &Subject<'_>) -> (Vec<Reach>, Vec<String>) {
    let (mut reaches, mut failing) = (Vec::new(), Vec::new());
    let tests = (0..subject.policy.tests.len()).map(Test::Scenario);
    let tests = tests.chain((0..subject.policy.tables.len()).map(Test::Table));
    let tests = tests.chain((0..subject.recordings.len()).map(Test::Recording));
    let marked = compile_marked(subject.policy, subject.sources).ok();
    let Some((program, marks)) = marked.and_then(|(made, marks)| Some((load(&made.bytes).ok()?, marks))) else {
        return (reaches, vec!["the policy is too large to be measured".to_owned()]);
    };
    for test in tests {
        let mut replay = Replay::new(&program)
            .with_directory((subject.directory)(&program))
            .with_history(subject.history)
            .with_coverage(subject.policy, subject.sources, &marks);
        failing.extend(run(subject, &mut replay, subject.policy, test));
        let rules = replay.reached().unwrap_or_default();
        reaches.push(Reach { test, rules });
    }
    (reaches, failing)
}

fn fate(subject: &Subject<'_>, reaches: &[Reach], unchanged: &[u8; 32], change: &Change) -> Fate {
    let reached = |reach: &&Reach| change.rule.is_none_or(|rule| reach.rules.contains(&rule));
    let tests: Vec<Test> = reaches.iter().filter(reached).map(|reach| reach.test).collect();
    if tests.is_empty() {
        return Fate::Unreached;
    }
    let changed = change.make(subject.policy);
    let Ok(made) = agentpol::compile_policy(&changed, subject.sources) else { return Fate::Void };
    let Ok(program) = load(&made.bytes) else { return Fate::Void };
    if program.meaning_hash() == unchanged {
        return Fate::Void;
    }
    let directory = (subject.directory)(&program);
    for test in tests {
        let mut replay = Replay::new(&program)
            .with_directory(directory.clone())
            .with_history(subject.history)
            .stopping_at_the_first();
        if let Some(by) = run(subject, &mut replay, &changed, test) {
            return Fate::Killed { by };
        }
    }
    Fate::Survived
}

/// Runs one test; returns its name where it fails.
fn run(subject: &Subject<'_>, replay: &mut Replay<'_>, policy: &Policy, test: Test) -> Option<String> {
    match test {
        Test::Scenario(number) => {
            let scenario = policy.tests.get(number)?;
            let report = replay.scenario(policy, subject.sources, scenario);
            (!report.failures.is_empty()).then(|| format!("{}: {}", report.module, report.name))
        }
        Test::Table(number) => {
            let report = replay.table(policy, subject.sources, policy.tables.get(number)?);
            (!report.failures.is_empty()).then(|| format!("{}: {}", report.module, report.name))
        }
        Test::Recording(number) => {
            let Recorded { name, bytes, entry, golden } = *subject.recordings.get(number)?;
            let golden = golden.map_or(GoldenFile::Absent, GoldenFile::Compare);
            let report = replay.recording(name, bytes, entry, golden);
            (report.counts.differences > 0).then(|| name.to_owned())
        }
    }
}
