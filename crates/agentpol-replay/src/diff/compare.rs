//! The first reading: both policies judge every action, and what they say differently is grouped.

use std::collections::hash_map::Entry;
use std::io::BufRead;

use agentpol_trace::{Action, Format, OpenOptions, Outcome, Recording};

use super::class::{Asked, Decided, class};
use super::example::Example;
use super::{ComparedRecording, Comparison, Group, Judges, Key, MOST_GROUPS};
use crate::engine::Engine;
use crate::judging::{Judged, Judging, Seen};
use crate::manifest::RecordingEntry;
use crate::report::{History, MalformedRecord, RecordPlace};

/// How many records that cannot be read are told with what is wrong.
const MOST_MALFORMED: usize = 20;

/// A recording judged by both policies at once, with one history.
pub(super) struct Pair<'r, 'p> {
    old: Judging<'r, 'p>,
    new: Judging<'r, 'p>,
}

/// What both say about an action.
pub(super) struct Said {
    /// The wire name of the tool.
    pub(super) tool: String,
    /// What the old policy decides.
    pub(super) old: Decided,
    /// What the new policy decides.
    pub(super) new: Decided,
    /// Why neither can say anything.
    pub(super) neither: Option<&'static str>,
}

impl<'r, 'p> Pair<'r, 'p> {
    pub(super) fn new(judges: &'r mut Judges<'p>, entry: &'r RecordingEntry, format: Format) -> Pair<'r, 'p> {
        let history = History::AsRecorded;
        Pair {
            old: Judging::new(&mut judges.old, entry, format, history),
            new: Judging::new(&mut judges.new, entry, format, history),
        }
    }

    /// Takes in an action, which both remember from then on. Nothing where neither is asked about it. Also returns the
    /// number of the call in its run, from 0.
    pub(super) fn judge(&mut self, action: &Action) -> (u64, Option<Said>) {
        let (step, _) = self.old.catch_up(action);
        self.new.catch_up(action);
        // The entry alone says who is asked about what, so that both say the same of that.
        let (Seen::Judged(old), Seen::Judged(new)) = (self.old.judge(action), self.new.judge(action)) else {
            return (step, None);
        };
        let neither = match (&old.verdict, &new.verdict) {
            (Err(_), Err(reason)) => Some(reason.name()),
            _ => None,
        };
        let said =
            Said { old: decided(self.old.engine, &old), new: decided(self.new.engine, &new), tool: new.tool, neither };
        (step, Some(said))
    }
}

/// A decision as it is compared: the one that asks for approval, where the recording's entry takes it for given.
fn decided(engine: &Engine<'_>, judged: &Judged) -> Decided {
    let asked = judged.asked.filter(|_| judged.verdict.is_ok());
    let verdict = asked.map_or_else(|| judged.verdict(), |asked| engine.verdict(&asked));
    let decision = asked.or(judged.decision).filter(|_| verdict.outcome == Outcome::RequireApproval.name());
    let lacking = decision.map(|decision| engine.lacking(&decision)).unwrap_or_default();
    let mut asks: Vec<Asked> = lacking.into_iter().map(|one| Asked { from: one.from, count: one.count }).collect();
    asks.sort();
    Decided::new(&verdict, asks)
}

impl Comparison<'_> {
    /// Compares what both policies decide about a recording. Never stops before its end. Returns the recording's number.
    pub fn recording<R: BufRead>(&mut self, name: &str, reader: R, entry: &RecordingEntry) -> usize {
        let number = self.recordings.len();
        self.recordings.push(ComparedRecording { name: name.to_owned(), ..ComparedRecording::default() });
        let options = OpenOptions { format: entry.format, mapping: entry.mapping.clone() };
        match Recording::open(name, reader, options) {
            Ok(recording) => self.compare(number, recording, entry),
            Err(error) => self.recordings[number].unread = Some(error.to_string()),
        }
        number
    }

    /// Notes a recording that could not be opened, and why.
    pub fn unread(&mut self, name: &str, why: String) {
        let (name, unread) = (name.to_owned(), Some(why));
        self.recordings.push(ComparedRecording { name, unread, ..ComparedRecording::default() });
    }

    fn compare<R: BufRead>(&mut self, number: usize, recording: Recording<R>, entry: &RecordingEntry) {
        let report = &mut self.recordings[number];
        report.format = Some(recording.format().name());
        let mut pair = Pair::new(&mut self.judges, entry, recording.format());
        for item in recording {
            let action = match item {
                Ok(action) => action,
                Err(error) => {
                    report.malformed += 1;
                    if report.first_malformed.len() < MOST_MALFORMED {
                        let (field, message) = (error.field.clone(), error.kind.to_string());
                        let place = RecordPlace::from(&error.place);
                        report.first_malformed.push(MalformedRecord { place, field, message });
                    }
                    continue;
                }
            };
            report.actions += 1;
            let (step, Some(said)) = pair.judge(&action) else {
                report.left_out += 1;
                continue;
            };
            report.compared += 1;
            if let Some(reason) = said.neither {
                *report.not_evaluable.entry(reason).or_default() += 1;
                report.first_not_evaluable.get_or_insert_with(|| RecordPlace::from(&action.place));
            }
            let Some(class) = class(&said.old, &said.new) else { continue };
            report.changed += 1;
            let full = self.groups.len() >= MOST_GROUPS;
            let key: Key = (class, said.tool, said.old, said.new);
            match self.index.entry(key) {
                Entry::Occupied(known) => self.groups[*known.get()].count += 1,
                Entry::Vacant(_) if full => *self.further.entry(class).or_default() += 1,
                Entry::Vacant(place) => {
                    let (class, tool, old, new) = place.key().clone();
                    let first = Some(Example::new(number, &report.name, &action, step));
                    self.groups.push(Group { count: 1, first, ..Group::new(class, &tool, old, new) });
                    place.insert(self.groups.len() - 1);
                }
            }
        }
    }
}
