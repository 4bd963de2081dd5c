//! The second reading: what of the run before an example is needed to show the change.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::io::BufRead;
use std::rc::Rc;

use agentpol_trace::{Action, Arguments, Format, OpenOptions, Recording};
use serde::Serialize;

use super::compare::Pair;
use super::example::Shown;
use super::shortest::shortest;
use super::trial::{self, NoTest};
use super::{Comparison, Group, Judges, MOST_EXPLAINED};
use crate::manifest::{ClockSetting, RecordingEntry, SessionSetting};
use crate::report::RecordPlace;

/// How many earlier calls are kept for an example, the latest.
const MOST_CALLS: usize = 2_000;
/// How many bytes of arguments and answers are kept for an example, roughly.
const MOST_BYTES: usize = 16 << 20;
/// How many calls are judged, by each policy, to find the shortest history of one example.
const WORK: usize = 20_000;

/// What of the calls before an example is needed to show the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Earlier {
    /// These calls, in order. With them alone, and what was said before them, both policies decide as they did.
    pub steps: Vec<Step>,
    /// How many calls stood before it, in its run or, where runs know of each other, in the recording.
    pub of: u64,
    /// None of the steps can be left out. Where this is false, the bound on the work was reached before that was known.
    pub minimal: bool,
    /// Some of them are of other runs.
    pub other_runs: bool,
}

/// An earlier call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Where it stands.
    pub place: RecordPlace,
    /// Its number in the recording.
    pub seq: u64,
    /// The run.
    pub run: String,
    /// The tool, as recorded.
    pub tool: String,
    /// The arguments.
    pub args: Shown,
    /// It ran: it has an answer.
    pub ran: bool,
}

/// What was done before an example: the latest calls, and how many there were.
#[derive(Default)]
struct Past {
    calls: VecDeque<Rc<Action>>,
    bytes: usize,
    seen: u64,
}

impl Past {
    fn push(&mut self, action: &Rc<Action>) {
        self.seen += 1;
        self.bytes += weight(action);
        self.calls.push_back(Rc::clone(action));
        while self.calls.len() > MOST_CALLS || self.bytes > MOST_BYTES {
            let Some(gone) = self.calls.pop_front() else { break };
            self.bytes -= weight(&gone);
        }
    }
}

/// Roughly the bytes of an action.
fn weight(action: &Action) -> usize {
    let heard: usize = action.heard.iter().map(|heard| heard.text.len()).sum();
    let args = match &action.args {
        Arguments::Object(json) | Arguments::NotAnObject(json) => json.text().len(),
        Arguments::Unparsable { raw, .. } => raw.len(),
        Arguments::Absent => 0,
    };
    heard + args + action.result.as_ref().map_or(0, |result| result.text.len())
}

impl Comparison<'_> {
    /// Whether a recording of this number must be read once more, by [`example`](Comparison::example).
    pub fn wants(&self, number: usize) -> bool {
        !self.wanted(number).is_empty()
    }

    /// The changes whose example stands in this recording, in the order of the examples; what lets more through is
    /// explained before what does not.
    fn wanted(&self, number: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.groups.len()).collect();
        order.sort_by_key(|at| self.groups[*at].class);
        order.truncate(MOST_EXPLAINED);
        let example = |at: &usize| self.groups[*at].first.as_ref().filter(|first| first.number == number);
        let mut wanted: Vec<usize> = order.into_iter().filter(|at| example(at).is_some()).collect();
        wanted.sort_by_key(|at| example(at).map(|first| first.seq));
        wanted
    }

    /// Reads a recording once more, for the earlier calls that its examples need, and makes tests of them. Must be given
    /// what [`recording`](Comparison::recording) was given.
    pub fn example<R: BufRead>(&mut self, number: usize, name: &str, reader: R, entry: &RecordingEntry) {
        let mut wanted: VecDeque<usize> = self.wanted(number).into();
        let options = OpenOptions { format: entry.format, mapping: entry.mapping.clone() };
        let Ok(recording) = Recording::open(name, reader, options) else { return };
        let format = recording.format();
        let mut runs: HashMap<String, Past> = HashMap::new();
        let mut needed: HashMap<String, usize> = HashMap::new();
        for first in wanted.iter().filter_map(|at| self.groups[*at].first.as_ref()) {
            *needed.entry(first.run.clone()).or_default() += 1;
        }
        let together = are_together(entry);
        let mut all = Past::default();
        for action in recording.flatten() {
            let action = Rc::new(action);
            let run = action.trace.session.as_deref().unwrap_or(&action.trace.id).to_owned();
            while let Some(at) = wanted.front().copied().filter(|at| self.seq(*at) == Some(action.seq)) {
                wanted.pop_front();
                let own = runs.remove(&run).unwrap_or_default();
                self.explain(at, &action, &own, together.then_some(&all), entry, format);
                let left = needed.get_mut(&run).map_or(0, |left| {
                    *left = left.saturating_sub(1);
                    *left
                });
                if left > 0 {
                    runs.insert(run.clone(), own);
                } else {
                    needed.remove(&run);
                }
            }
            if wanted.is_empty() {
                break;
            }
            if needed.contains_key(&run) {
                runs.entry(run).or_default().push(&action);
            }
            if together {
                all.push(&action);
            }
        }
    }

    fn seq(&self, group: usize) -> Option<u64> {
        self.groups[group].first.as_ref().map(|first| first.seq)
    }

    /// Finds what of the past is needed, and makes a test of it.
    fn explain(
        &mut self,
        at: usize,
        action: &Rc<Action>,
        own: &Past,
        all: Option<&Past>,
        entry: &RecordingEntry,
        format: Format,
    ) {
        let group = &self.groups[at];
        let mut found = None;
        for past in [Some(own), all].into_iter().flatten() {
            let calls: Vec<&Action> = past.calls.iter().map(Rc::as_ref).collect();
            let shows = |kept: &[usize]| shows(&mut self.judges, entry, format, &only(&calls, kept, action), group);
            if let Some(shortest) = shortest(calls.len(), WORK, shows) {
                found = Some((shortest, past));
                break;
            }
        }
        let (earlier, tested) = match found {
            None => (None, Err(NoTest::FurtherBack)),
            Some((shortest, past)) => {
                let calls: Vec<&Action> = past.calls.iter().map(Rc::as_ref).collect();
                let steps: Vec<&Action> = shortest.kept.iter().map(|at| calls[*at]).collect();
                let actions = only(&calls, &shortest.kept, action);
                let tested = trial::test(&mut self.judges, (&self.old, &self.new), group, &actions, entry, format);
                let earlier = Earlier {
                    other_runs: steps.iter().any(|step| run_of(step) != run_of(action)),
                    steps: steps.into_iter().map(step).collect(),
                    of: past.seen,
                    minimal: shortest.minimal,
                };
                (Some(earlier), tested)
            }
        };
        if let Some(first) = self.groups[at].first.as_mut() {
            first.earlier = earlier;
            match tested {
                Ok(test) => first.test = Some(test),
                Err(why) => first.no_test = Some(why),
            }
        }
    }
}

/// Whether runs of a recording know of each other.
fn are_together(entry: &RecordingEntry) -> bool {
    match entry.sessions {
        Some(setting) => setting == SessionSetting::Together,
        None => !matches!(entry.clock, ClockSetting::At(_)),
    }
}

fn run_of(action: &Action) -> &str {
    action.trace.session.as_deref().unwrap_or(&action.trace.id)
}

fn step(action: &Action) -> Step {
    Step {
        place: RecordPlace::from(&action.place),
        seq: action.seq,
        run: run_of(action).to_owned(),
        tool: action.tool.clone(),
        args: Shown::arguments(action),
        ran: action.result.is_some(),
    }
}

/// These calls and the action, each with what was said since the one before it: what is left out takes no words with it.
fn only<'a>(calls: &[&'a Action], kept: &[usize], action: &'a Action) -> Vec<Cow<'a, Action>> {
    let mut actions = Vec::with_capacity(kept.len() + 1);
    let mut from = 0;
    let ends = kept.iter().map(|at| (*at, calls[*at])).chain([(calls.len(), action)]);
    for (end, kept) in ends {
        let same_run = |gone: &&&Action| run_of(gone) == run_of(kept);
        let missed = calls.get(from..end).unwrap_or_default().iter().filter(same_run);
        let heard: Vec<_> = missed.flat_map(|gone| gone.heard.iter().cloned()).collect();
        actions.push(match heard.is_empty() {
            true => Cow::Borrowed(kept),
            false => {
                let heard = heard.into_iter().chain(kept.heard.iter().cloned()).collect();
                Cow::Owned(Action { heard, ..kept.clone() })
            }
        });
        from = end + 1;
    }
    actions
}

/// Whether both policies decide the last of these actions as the group says, with the others before it and nothing else.
fn shows(
    judges: &mut Judges<'_>,
    entry: &RecordingEntry,
    format: Format,
    actions: &[Cow<'_, Action>],
    group: &Group,
) -> bool {
    let mut pair = Pair::new(judges, entry, format);
    let mut last = None;
    for action in actions {
        last = pair.judge(action).1;
    }
    last.is_some_and(|said| (&said.old, &said.new) == (&group.old, &group.new))
}
