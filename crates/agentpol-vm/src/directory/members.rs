//! What a directory says of agents and of single members of a fleet: suspended, or restricted to reading.

use super::{Bound, Finding};
use crate::memory::Memory;
use crate::value::{NO_NODE, NodeId, Text, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::directory::{AgentStatus, Directory};
use agentpol_bytecode::tables::{Agent, TypeDef};
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// What is said of an agent. It is never milder than the policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) suspended: bool,
    pub(crate) read_only: bool,
}

impl Status {
    fn with(self, other: Status) -> Status {
        Status { suspended: self.suspended || other.suspended, read_only: self.read_only || other.read_only }
    }

    fn of(entry: &AgentStatus) -> Status {
        Status { suspended: entry.suspended, read_only: entry.read_only }
    }
}

/// Entries about one agent that name the same attributes; they stand one behind the other, in the order of the values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    start: usize,
    end: usize,
    /// The strictest of all, for a member of whom it is not known which it is.
    strictest: Status,
    /// The attributes are all the fleet's, and texts.
    exact: bool,
}

/// Sorts the entries about each agent into runs.
pub(super) fn sort(directory: &Directory, program: &Program, findings: &mut Vec<Finding>) -> Vec<Vec<Run>> {
    let entries = &directory.tables().agents;
    let mut runs: Vec<Vec<Run>> = Vec::new();
    runs.resize_with(program.tables().agents.len(), Vec::new);
    let mut start = 0usize;
    let names = |entry: &AgentStatus| entry.attributes.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    while let Some(first) = entries.get(start) {
        let same = |entry: &&AgentStatus| entry.id == first.id && names(entry) == names(first);
        let count = entries.iter().skip(start).take_while(same).count();
        let end = start.saturating_add(count.max(1));
        let id = directory.word(first.id);
        match program.find_agent(id) {
            None => findings.push(Finding::UnknownAgent { agent: String::from(id) }),
            Some(agent) => {
                let strictest = entries.get(start..end).unwrap_or_default().iter().map(Status::of);
                let strictest = strictest.fold(Status::default(), Status::with);
                let declared = program.tables().agents.get(agent as usize);
                let exact = declared.is_some_and(|agent| are_texts(directory, program, agent, first));
                if !exact {
                    findings.push(Finding::UnknownMembers { agent: String::from(id) });
                }
                let run = Run { start, end, strictest, exact };
                runs.get_mut(agent as usize).into_iter().for_each(|runs| runs.push(run));
            }
        }
        start = end;
    }
    runs
}

/// Whether all attributes that an entry names are texts of the fleet.
fn are_texts(directory: &Directory, program: &Program, agent: &Agent, entry: &AgentStatus) -> bool {
    let fields = agent.fleet.as_deref().unwrap_or_default();
    entry.attributes.iter().all(|(name, _)| {
        let name = directory.word(*name);
        fields.iter().filter(|field| program.symbol(field.wire) == name).any(|field| {
            let of = program.tables().types.get(field.ty as usize);
            matches!(of, Some(TypeDef::String | TypeDef::Enum(_)))
        })
    })
}

impl Bound {
    /// What is said of an agent; of a fleet's member by its attributes as presented.
    pub(crate) fn status(&self, program: &Program, memory: &Memory, agent: u32, nodes: &[NodeId]) -> Status {
        let runs = self.agents.get(agent as usize).map_or(&[][..], Vec::as_slice);
        let fields = program.tables().agents.get(agent as usize).and_then(|agent| agent.fleet.as_deref());
        let presented = |name: &str| -> Option<Text> {
            let place = fields?.iter().position(|field| program.symbol(field.wire) == name)?;
            match memory.value(nodes.get(place).copied().filter(|node| *node != NO_NODE)?) {
                Value::Text(text) => Some(text),
                _ => None,
            }
        };
        let of_run = |run: &Run| self.of_run(run, memory, &presented).unwrap_or(run.strictest);
        runs.iter().map(of_run).fold(Status::default(), Status::with)
    }

    /// What a run says of a member; `None` where it is not known which member it is.
    fn of_run(&self, run: &Run, memory: &Memory, presented: &dyn Fn(&str) -> Option<Text>) -> Option<Status> {
        let directory = self.directory();
        let entries = directory.tables().agents.get(run.start..run.end)?;
        let names = &entries.first().filter(|_| run.exact)?.attributes;
        if !names.iter().all(|(name, _)| presented(directory.word(*name)).is_some()) {
            return None;
        }
        let compare = |entry: &AgentStatus| {
            let mut values = entry.attributes.iter().map(|(name, value)| {
                let member = presented(directory.word(*name)).map_or("", |text| memory.text(text));
                directory.word(*value).cmp(member)
            });
            values.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        };
        let found = entries.binary_search_by(compare).ok().and_then(|at| entries.get(at));
        Some(found.map_or(Status::default(), Status::of))
    }
}
