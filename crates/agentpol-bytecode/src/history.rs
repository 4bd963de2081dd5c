//! What a program remembers, and the ways to find what one call has to do with.

use crate::instruction::Op;
use crate::program::Program;
use crate::scope::{Tri, match_agent, match_scope};
use crate::tables::{Answer, Delegation, Effect, Phase, Query, Rate, Rule, Slot, Tables, TypeDef};
use crate::verify::rate_of;
use alloc::vec::Vec;

/// What is remembered, by tool.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemoryIndex {
    /// For each tool the slots that it is not ruled out of, and whether it surely is in them.
    slots: Vec<Vec<(u32, Tri)>>,
    /// For each tool the evidence that its answers may hold, sorted.
    evidence: Vec<Vec<u32>>,
    /// See [`Program::remembers`].
    remembers: bool,
}

impl MemoryIndex {
    pub(crate) fn new(tables: &Tables) -> Self {
        let taught = taught(tables);
        let evidence = tables.tools.iter().map(|tool| {
            let found = tool.answer.and_then(|answer| taught.get(answer as usize));
            found.cloned().unwrap_or_default()
        });
        let tools = (0u32..).zip(&tables.tools);
        let slots = tools.map(|(at, tool)| {
            let matched = |(number, slot): (u32, &Slot)| (number, match_scope(tables, &slot.scope, false, at, tool));
            (0u32..).zip(&tables.slots).map(matched).filter(|(_, found)| *found != Tri::False).collect()
        });
        MemoryIndex { slots: slots.collect(), evidence: evidence.collect(), remembers: remembers(tables) }
    }

    /// The slots of a tool.
    pub(crate) fn slots(&self, tool: u32) -> &[(u32, Tri)] {
        self.slots.get(tool as usize).map_or(&[], Vec::as_slice)
    }
}

/// Returns for each answer the evidence that it may hold.
fn taught(tables: &Tables) -> Vec<Vec<u32>> {
    let types = taught_by_types(tables);
    let of_type = |of: &u32| types.get(*of as usize).cloned().unwrap_or_default();
    let mut taught: Vec<Vec<u32>> = Vec::with_capacity(tables.answers.len());
    for answer in &tables.answers {
        let inner = |of: &u32| taught.get(*of as usize).cloned().unwrap_or_default();
        let mut found = match answer {
            Answer::Value(of) => of_type(of),
            Answer::Verbatim => Vec::new(),
            Answer::Keyed { evidence, of, .. } => [of_type(of), Vec::from([*evidence])].concat(),
            Answer::Either(some) => some.iter().flat_map(inner).collect(),
            Answer::List { of, .. } => inner(of),
        };
        found.sort_unstable();
        found.dedup();
        taught.push(found);
    }
    taught
}

/// Returns for each type the evidence that is in its values, at any depth. Types are made of types before them.
fn taught_by_types(tables: &Tables) -> Vec<Vec<u32>> {
    let mut taught: Vec<Vec<u32>> = Vec::with_capacity(tables.types.len());
    for of in &tables.types {
        let inner = |of: &u32| taught.get(*of as usize).cloned().unwrap_or_default();
        let mut found: Vec<u32> = match of {
            TypeDef::List { of, .. } | TypeDef::Map { of, .. } => inner(of),
            TypeDef::Record { fields, evidence } => {
                fields.iter().flat_map(|field| inner(&field.ty)).chain(*evidence).collect()
            }
            _ => Vec::new(),
        };
        found.sort_unstable();
        found.dedup();
        taught.push(found);
    }
    taught
}

fn remembers(tables: &Tables) -> bool {
    let asks = |rule: &Rule| matches!(rule.effect, Effect::RequireApproval { .. });
    let supervised = tables.agents.iter().any(|agent| matches!(agent.phase, Phase::Supervised { .. }));
    // What the session has seen decides what an origin and a label are.
    let labels = |op: Op| matches!(op, Op::SessionLabel | Op::Origin);
    !tables.slots.is_empty()
        || !tables.evidence.is_empty()
        || !tables.rates.is_empty()
        || tables.rules.iter().any(asks)
        || supervised
        || tables.code.iter().any(|instruction| labels(instruction.op))
}

impl Program {
    /// Returns whether decisions hang on what happened before: on earlier calls, evidence, counters, approvals, or on what
    /// the session has seen. Where a state is given, requests to such a program name their session.
    pub fn remembers(&self) -> bool {
        self.memory().remembers
    }

    /// Returns the slots that a call of the tool by the agent may be remembered in, in order, and whether agent and tool
    /// alone surely put it there (`True`) or not surely (`Unknown`).
    pub fn slots_of(&self, tool: u32, agent: u32) -> impl Iterator<Item = (u32, Tri)> {
        self.memory().slots(tool).iter().copied().filter(move |(slot, _)| {
            let slot = self.tables().slots.get(*slot as usize);
            slot.is_some_and(|slot| match_agent(&slot.scope, agent) == Tri::True)
        })
    }

    /// Returns the evidence that answers of the tool may hold, sorted.
    pub fn evidence_of(&self, tool: u32) -> &[u32] {
        self.memory().evidence.get(tool as usize).map_or(&[], Vec::as_slice)
    }

    /// Returns what the one agent lets the other do: each is one of the ways, none where it does not delegate to it.
    pub fn delegations(&self, from: u32, to: u32) -> &[Delegation] {
        let all = self.tables().delegations.as_slice();
        let start = all.partition_point(|one| (one.from, one.to) < (from, to));
        let rest = all.get(start..).unwrap_or_default();
        let count = rest.partition_point(|one| (one.from, one.to) == (from, to));
        rest.get(..count).unwrap_or_default()
    }

    /// Returns the counter of a rule, and its index: of a limit, and of an alert that counts.
    pub fn rate_of(&self, rule: &Rule) -> Option<(u32, &Rate)> {
        let rate = rate_of(rule.effect)?;
        Some((rate, self.tables().rates.get(rate as usize)?))
    }

    /// Returns a question, the slot that it is asked of, and how many operands it has.
    pub fn query(&self, query: u32) -> Option<(&Query, &Slot, u32)> {
        let slots = &self.tables().slots;
        let query = self.tables().queries.get(query as usize)?;
        let slot = slots.get(query.slot as usize)?;
        let cutting = query.since.and_then(|since| slots.get(since as usize)).map_or(0, |since| since.keys);
        let compared = u32::try_from(query.compares.len()).unwrap_or(u32::MAX);
        let operands = [slot.keys, compared, cutting, query.ask.operands()];
        Some((query, slot, operands.into_iter().fold(0, u32::saturating_add)))
    }
}
