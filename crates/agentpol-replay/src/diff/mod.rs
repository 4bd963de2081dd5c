//! Two policies over one recording: which actions are decided otherwise, why, and what shows it.
//!
//! Both policies judge every action with the same history, the recorded one: what really ran counts, whatever either of
//! them says about it. Over runs as each policy would have let them go on, a stricter policy may allow what a milder one
//! denies, and a comparison would say nothing about either.
//!
//! A recording is read twice at most: once to find what changed, and once more, only where something did, for the earlier
//! actions of the first example of each change. Between the two nothing is kept but the examples.

mod accepted;
mod class;
mod compare;
mod declared;
mod draft;
mod example;
mod history;
mod literal;
mod meaning;
mod paper;
mod print;
mod rules;
mod shortest;
mod stage;
mod trial;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use agentpol::policy::Policy;
use agentpol::{Bound, Options, Program, SourceMap};
use serde::Serialize;

use crate::engine::Engine;
use crate::report::{MalformedRecord, RecordPlace};

pub use accepted::{Acceptance, Accepted, AcceptedError, Date, Stale};
pub use class::{Asked, Class, Decided, Direction};
pub use declared::{Declared, Item};
pub use example::{Example, Shown};
pub use history::{Earlier, Step};
pub use rules::{Fate, RuleChange, RuleText};
pub use trial::{NoTest, Test};

/// How many changes are told apart; more are only counted, by their class.
const MOST_GROUPS: usize = 4_096;
/// For how many changes the shortest history is looked for, and a test is made.
const MOST_EXPLAINED: usize = 64;

/// One of the two policies.
pub struct Side<'p> {
    /// Its program.
    pub program: &'p Program,
    /// Where it looks users and resources up.
    pub directory: Option<Arc<Bound>>,
    /// What it was made of; a built program does not have it.
    pub written: Option<Written<'p>>,
}

/// What a program was made of.
#[derive(Clone, Copy)]
pub struct Written<'p> {
    /// The typed policy.
    pub policy: &'p Policy,
    /// Its sources.
    pub sources: &'p SourceMap,
    /// What was set when they were checked.
    pub options: &'p Options,
}

/// A comparison under way: first [`recording`](Comparison::recording) for each recording, then
/// [`example`](Comparison::example) for each that [is wanted](Comparison::wants), then [`finish`](Comparison::finish).
pub struct Comparison<'p> {
    old: Side<'p>,
    new: Side<'p>,
    judges: Judges<'p>,
    groups: Vec<Group>,
    index: HashMap<Key, usize>,
    further: BTreeMap<Class, u64>,
    recordings: Vec<ComparedRecording>,
}

/// What tells changes apart: the class, the tool, and the decisions.
type Key = (Class, String, Decided, Decided);

/// The two engines.
struct Judges<'p> {
    old: Engine<'p>,
    new: Engine<'p>,
}

/// Everything that was found.
#[derive(Clone, Debug, Serialize)]
pub struct Changes {
    /// What the policies declare differently.
    pub declared: Declared,
    /// The changes: what lets more through first, then by class, rules and tool.
    pub groups: Vec<Group>,
    /// Changes beyond the many that are told apart, by class: how many actions. Nothing accepts them.
    pub further: BTreeMap<Class, u64>,
    /// The recordings, in the order in which they were compared.
    pub recordings: Vec<ComparedRecording>,
}

/// Actions that are decided otherwise in one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    /// What kind of change it is.
    pub class: Class,
    /// Which way it goes.
    pub direction: Direction,
    /// The wire name of the tool; where no call is looked at, its `MODULE: NAME`.
    pub tool: String,
    /// The agents it is about, where no call is looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<String>,
    /// What the old policy decides.
    pub old: Decided,
    /// What the new policy decides.
    pub new: Decided,
    /// How many actions.
    pub count: u64,
    /// The first of them.
    pub first: Option<Example>,
    /// The rules that decide in either policy.
    pub rules: Vec<RuleChange>,
    /// The tools and agents whose declaration decides in either policy, and that are declared differently.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub declared: Vec<Item>,
    /// What tells it from other changes, also of the same rules edited again: hexadecimal digits.
    pub key: String,
    /// Who accepted it.
    pub accepted: Option<Acceptance>,
}

impl Group {
    fn new(class: Class, tool: &str, old: Decided, new: Decided) -> Group {
        Group {
            class,
            direction: class.direction(),
            tool: tool.to_owned(),
            agents: Vec::new(),
            old,
            new,
            count: 0,
            first: None,
            rules: Vec::new(),
            declared: Vec::new(),
            key: String::new(),
            accepted: None,
        }
    }
}

/// What was seen of a recording.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ComparedRecording {
    /// Its name, as it was given.
    pub name: String,
    /// The format it was read as; nothing where it could not be opened.
    pub format: Option<&'static str>,
    /// Why it could not be opened.
    pub unread: Option<String>,
    /// Calls in the recording, whoever made them.
    pub actions: u64,
    /// Calls that neither policy is asked about: because of who made them, or because of their domain.
    pub left_out: u64,
    /// Actions that both policies were asked about.
    pub compared: u64,
    /// Actions that are decided otherwise.
    pub changed: u64,
    /// Actions that neither policy can judge, by the reason in the new one.
    pub not_evaluable: BTreeMap<&'static str, u64>,
    /// Records that could not be read.
    pub malformed: u64,
    /// The first of those, with what is wrong.
    pub first_malformed: Vec<MalformedRecord>,
    /// The place of the first action that neither can judge.
    pub first_not_evaluable: Option<RecordPlace>,
}

impl<'p> Comparison<'p> {
    /// Takes the two policies.
    pub fn new(old: Side<'p>, new: Side<'p>) -> Comparison<'p> {
        let mut judges = Judges { old: Engine::new(old.program), new: Engine::new(new.program) };
        judges.old.use_directory(old.directory.clone());
        judges.new.use_directory(new.directory.clone());
        Comparison {
            old,
            new,
            judges,
            groups: Vec::new(),
            index: HashMap::new(),
            further: BTreeMap::new(),
            recordings: Vec::new(),
        }
    }

    /// Returns everything that was found, with the rules behind it.
    pub fn finish(self) -> Changes {
        let Comparison { old, new, mut groups, further, recordings, .. } = self;
        groups.extend(declared::newly_covered(&old, &new));
        for group in &mut groups {
            rules::explain(group, &old, &new);
        }
        groups.sort_by(|a, b| {
            let order =
                |group: &Group| (group.class, group.new.rules.clone(), group.old.rules.clone(), group.tool.clone());
            order(a).cmp(&order(b)).then_with(|| (&a.old, &a.new).cmp(&(&b.old, &b.new)))
        });
        Changes { declared: declared::declared(old.program, new.program), groups, further, recordings }
    }
}

impl Changes {
    /// Whether something changed that is not accepted: something that lets more through, with `strict` also something that
    /// lets less through.
    pub fn fails(&self, strict: bool) -> bool {
        let counts = |direction| direction == Direction::Looser || strict && direction == Direction::Stricter;
        self.groups.iter().any(|group| group.accepted.is_none() && counts(group.direction))
            || self.further.keys().any(|class| counts(class.direction()))
    }

    /// Whether something could not be read.
    pub fn malformed(&self) -> bool {
        self.recordings.iter().any(|recording| recording.unread.is_some() || recording.malformed > 0)
    }
}
