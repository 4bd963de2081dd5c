//! What deciding needs beside the program: taken once, used for every decision.

use crate::arguments::Held;
use crate::directory::Bound;
use crate::identity::{Part, most_parts};
use crate::memory::{MAX_NODES, Marked, Memory};
use crate::resource::Subject;
use crate::state::approvals::Needed;
use crate::state::journal::Journal;
use crate::state::key::Keyer;
use crate::state::limits::{self, Counter, RESERVATION_BYTES};
use crate::state::record::EntryKey;
use crate::value::{NO_NODE, NodeId, Register};
use agentpol_bytecode::scope::Tri;
use agentpol_bytecode::tables::{Effect, Key, Phase, RuleId, Symbol, Tables};
use agentpol_bytecode::{Program, sha256::HASH_BYTES};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

/// How many values a block keeps at most: as many as can be named.
const MAX_KEPT: usize = 256;
/// How many approvals one call can come by: more are never asked for at a time.
const MAX_NEEDED: usize = 16;

/// How many operands the questions of a block have together, at most: beyond that they are unknown.
const MAX_OPERANDS: usize = 1024;

/// How many records that were read for a call are told again: few rules of one call ask for many.
const MAX_KNOWN: usize = 8;

/// How many registers an instruction can name.
const REGISTERS: usize = 256;

/// Working memory for one program; one for each thread that decides. After it is made, deciding takes no memory.
#[derive(Clone, Debug)]
pub struct Scratch {
    /// The program it was made for.
    pub(crate) made_for: [u8; HASH_BYTES],
    pub(crate) memory: Memory,
    pub(crate) registers: Vec<Register>,
    pub(crate) groups: Vec<Symbol>,
    pub(crate) parts: Vec<Part>,
    pub(crate) attribute_nodes: Vec<NodeId>,
    pub(crate) args: Held,
    pub(crate) user: Held,
    pub(crate) context: Held,
    pub(crate) attributes: Held,
    /// Attributes of the resource that the request brings.
    pub(crate) resource: Held,
    pub(crate) subject: Subject,
    pub(crate) trace: Trace,
    /// What a block keeps.
    pub(crate) kept: Vec<Register>,
    /// How the rules of the cell came out.
    pub(crate) matched: Vec<Tri>,
    /// The approvals that a call needs.
    pub(crate) needed: Vec<Needed>,
    /// What a call takes from limits, and what alerts count.
    pub(crate) counters: Vec<Counter>,
    /// What it has taken from limits, to be kept with the open call.
    pub(crate) reserved: Vec<u8>,
    /// What questions about earlier calls need.
    pub(crate) questions: Questions,
    /// What a call will be remembered by.
    pub(crate) journal: Journal,
    /// How keys are made, for the host that was served last.
    pub(crate) keyer: Keyer,
    /// Something is counted apart or asked for each root session.
    pub(crate) tells_roots: bool,
}

/// Room for questions about earlier calls.
#[derive(Clone, Debug)]
pub(crate) struct Questions {
    /// Operands that belong together, one behind the other.
    pub(crate) operands: Vec<Register>,
    /// Records being put in order.
    pub(crate) order: Vec<(i64, EntryKey)>,
    /// Records that were read for this call already, by their evidence and key.
    known: Vec<(u32, EntryKey, Register)>,
}

impl Questions {
    fn new(program: &Program) -> Self {
        let room = program.tables().evidence.iter().map(|evidence| evidence.room as usize).max().unwrap_or(0);
        let known = if program.tables().evidence.is_empty() { 0 } else { MAX_KNOWN };
        Questions {
            operands: Vec::with_capacity(MAX_OPERANDS),
            order: Vec::with_capacity(room),
            known: Vec::with_capacity(known),
        }
    }

    /// Forgets what was read for the call before.
    pub(crate) fn forget(&mut self) {
        self.known.clear();
    }

    /// A record that was read for this call already.
    pub(crate) fn known(&self, evidence: u32, key: &EntryKey) -> Option<Register> {
        let found = self.known.iter().find(|(of, under, _)| *of == evidence && under == key)?;
        Some(found.2)
    }

    /// Notes a record that was read, so that rules which ask for the same do not read it again.
    pub(crate) fn learn(&mut self, evidence: u32, key: EntryKey, record: Register) {
        if self.known.len() < self.known.capacity() {
            self.known.push((evidence, key, record));
        }
    }
}

impl Scratch {
    /// Takes the memory that deciding with this program needs: about 3 MiB of room for requests, and what the program's
    /// own size asks for.
    pub fn new(program: &Program) -> Self {
        let tables = program.tables();
        let params = tables.tools.iter().map(|tool| tool.params.len()).max().unwrap_or(0);
        let counters = limits::most_counters(tables);
        let fleets = tables.agents.iter().filter_map(|agent| agent.fleet.as_ref());
        let attributes = fleets.map(Vec::len).max().unwrap_or(0);
        Scratch {
            made_for: *program.file_hash(),
            memory: Memory::new().with_marks(program),
            registers: vec![Register::UNKNOWN; REGISTERS],
            groups: Vec::with_capacity(MAX_NODES),
            parts: Vec::with_capacity(most_parts(tables)),
            attribute_nodes: Vec::with_capacity(attributes),
            args: Vec::with_capacity(params),
            user: Vec::with_capacity(tables.user.len()),
            context: Vec::with_capacity(tables.context.len()),
            attributes: Vec::with_capacity(attributes),
            resource: Vec::with_capacity(tables.resources.iter().map(|of| of.fields.len()).max().unwrap_or(0)),
            subject: Subject::NONE,
            trace: Trace::new(program),
            kept: Vec::with_capacity(MAX_KEPT),
            matched: Vec::with_capacity(tables.candidates.iter().map(Vec::len).max().unwrap_or(0)),
            needed: Vec::with_capacity(MAX_NEEDED),
            counters: Vec::with_capacity(counters),
            reserved: Vec::with_capacity(counters.saturating_mul(RESERVATION_BYTES)),
            questions: Questions::new(program),
            journal: Journal::new(program),
            keyer: Keyer::new(&[0; HASH_BYTES]),
            tells_roots: tells_roots(tables),
        }
    }

    /// Gives decisions from now on this directory, or none. One that is bound to another program counts as none.
    pub fn use_directory(&mut self, directory: Option<Arc<Bound>>) {
        self.memory.directory = directory;
    }

    /// Says whether decisions keep how each rule and clause came out, for [`last_matches`](Scratch::last_matches). They do
    /// not unless asked.
    pub fn record(&mut self, on: bool) {
        self.trace.recording = on;
        self.trace.clear();
    }

    /// Returns how often each marked condition had which value since this was made, by the mark's number; nothing where the
    /// program was not made to measure coverage.
    pub fn marks(&self) -> &[Marked] {
        &self.memory.marks
    }

    /// Forgets what marks have counted.
    pub fn forget_marks(&mut self) {
        self.memory.marks.fill(Marked::default());
    }

    /// Returns the first place in the last answer that was not as its tool declares it, as a JSON Pointer into the answer,
    /// empty for all of it; nothing where the last event told of no such answer. For people who look for the mistake.
    pub fn not_as_declared(&self, program: &Program) -> Option<String> {
        let (id, lacks) = self.memory.strange()?;
        let mut pointer = lacks.map(|field| format!("/{}", escaped(program.symbol(field)))).unwrap_or_default();
        let mut next = id;
        while let Some(node) = self.memory.node(next).filter(|node| node.parent != NO_NODE) {
            let among = || self.memory.children(node.parent).position(|child| child == next);
            let step = match self.memory.key(next) {
                "" => among().map(|at| at.to_string()).unwrap_or_default(),
                name => escaped(name),
            };
            pointer.insert_str(0, &format!("/{step}"));
            next = node.parent;
        }
        // An answer that is part of an event is what it says there.
        let event = ["/observe/result", "/observe/text"];
        let inside = event.iter().find_map(|event| pointer.strip_prefix(event)).map(String::from);
        Some(inside.unwrap_or(pointer))
    }

    /// Returns how the rules that agent and tool did not rule out came out in the last decision, in the order of rules;
    /// nothing where it was not recorded or failed before any rule was asked.
    pub fn last_matches(&self) -> impl Iterator<Item = RuleMatch<'_>> {
        self.trace.matches.iter().map(|(rule, matched, start, count)| RuleMatch {
            rule: *rule,
            matched: *matched,
            clauses: self.trace.clauses.get(*start..start.saturating_add(*count)).unwrap_or_default(),
        })
    }
}

/// A name as it stands in a JSON Pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Whether something is counted apart or asked for each root session.
fn tells_roots(tables: &Tables) -> bool {
    tables.rates.iter().any(|rate| rate.keys.contains(&Key::Session))
        || tables.rules.iter().any(|rule| matches!(rule.effect, Effect::RequireApproval { .. }))
        || tables.agents.iter().any(|agent| matches!(agent.phase, Phase::Supervised { .. }))
}

/// How a rule came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleMatch<'s> {
    /// The rule.
    pub rule: RuleId,
    /// Whether it matches.
    pub matched: Tri,
    /// What each of its clauses says, in order of writing.
    pub clauses: &'s [Tri],
}

/// How rules came out.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    pub(crate) recording: bool,
    /// Rule, match, and where its clauses stand.
    matches: Vec<(RuleId, Tri, usize, usize)>,
    clauses: Vec<Tri>,
}

impl Trace {
    fn new(program: &Program) -> Self {
        let tables = program.tables();
        let clauses = |rule: RuleId| program.rule(rule).map_or(0, |rule| rule.clauses as usize);
        let cells = tables.candidates.iter();
        let most =
            cells.clone().map(|cell| cell.iter().map(|one| clauses(one.rule)).fold(0usize, usize::saturating_add));
        Trace {
            recording: false,
            matches: Vec::with_capacity(cells.map(Vec::len).max().unwrap_or(0)),
            clauses: Vec::with_capacity(most.max().unwrap_or(0)),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.matches.clear();
        self.clauses.clear();
    }

    /// Makes room for the clauses of the next rule; empty where nothing is recorded.
    pub(crate) fn open(&mut self, clauses: usize) -> &mut [Tri] {
        let start = self.clauses.len();
        if !self.recording || self.clauses.capacity().saturating_sub(start) < clauses {
            return &mut [];
        }
        self.clauses.extend(core::iter::repeat_n(Tri::Unknown, clauses));
        self.clauses.get_mut(start..).unwrap_or_default()
    }

    /// Notes how the rule came out whose clauses are the last ones.
    pub(crate) fn close(&mut self, rule: RuleId, matched: Tri, clauses: usize) {
        if self.recording && self.matches.len() < self.matches.capacity() {
            let start = self.clauses.len().saturating_sub(clauses);
            self.matches.push((rule, matched, start, clauses));
        }
    }
}
