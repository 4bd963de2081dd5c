//! Code is made of blocks, each ended by its only return; each is followed for what owns it, and for every field whose
//! values it checks.

use super::costs::Costs;
use super::flow::{Flow, Followed, Params};
use super::memory::field_at;
use super::require;
use super::roles::{self, Subject};
use crate::error::{Fault, LoadError};
use crate::instruction::Op;
use crate::scope::{Tri, match_scope};
use crate::tables::{Answer, Check, Field, Kept, KeySource, Rate, Slot, Tables, TypeDef, TypeId};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// The most instructions that are followed for checks, each block as often as values of different types ask for it.
const MAX_FOLLOWED: usize = 1 << 24;
/// How many amounts a counter keeps apart.
pub(crate) const AMOUNTS: u64 = 1024;

pub(super) fn verify(tables: &Tables) -> Result<Costs, LoadError> {
    let mut blocks = Blocks::split(tables)?;
    let mut rules = Vec::with_capacity(tables.rules.len());
    for rule in &tables.rules {
        rules.push(blocks.owned(Subject::rule(rule), rule.entry, rule.registers)?.steps);
    }
    rates(tables, &mut blocks, &mut rules)?;
    let mut slots = Vec::with_capacity(tables.slots.len());
    for slot in &tables.slots {
        slots.push(remembered(tables, &mut blocks, slot)?);
    }
    let mut answers = Vec::with_capacity(tables.answers.len());
    for answer in &tables.answers {
        answers.push(keys(tables, &mut blocks, answer)?);
    }
    let mut delegations = 0u64;
    for delegation in &tables.delegations {
        let subject = Subject::delegation(delegation);
        let followed = blocks.owned(subject, delegation.entry, delegation.registers)?;
        delegations = delegations.saturating_add(followed.steps);
    }
    let mut followed = 0usize;
    for (start, of) in checks(tables) {
        let end = blocks.shared(start)?;
        followed = followed.saturating_add(end.saturating_sub(start as usize));
        require(followed <= MAX_FOLLOWED, Fault::TableSize, 0)?;
        Flow::new(tables, &blocks.params, Subject::check(of), 256).block(start as usize, end)?;
    }
    blocks.all_used()?;
    Costs::new(tables, rules, &slots, &answers, delegations)
}

/// Where blocks start and end, and which of them have been followed.
struct Blocks<'t> {
    tables: &'t Tables,
    params: Params,
    /// Where each block starts and ends (its return included), and how it ends.
    ends: BTreeMap<usize, (usize, Op)>,
    used: BTreeSet<usize>,
}

impl<'t> Blocks<'t> {
    fn split(tables: &'t Tables) -> Result<Self, LoadError> {
        let mut ends = BTreeMap::new();
        let mut start = 0;
        for (at, instruction) in tables.code.iter().enumerate() {
            if matches!(instruction.op, Op::Return | Op::ReturnValue) {
                ends.insert(start, (at, instruction.op));
                start = at.saturating_add(1);
            }
        }
        require(start == tables.code.len(), Fault::CodeTable, start)?;
        Ok(Blocks { tables, params: Params::new(tables), ends, used: BTreeSet::new() })
    }

    fn end(&self, start: u32, ended_by: Op) -> Result<usize, LoadError> {
        match self.ends.get(&(start as usize)) {
            Some((end, op)) if *op == ended_by => Ok(*end),
            _ => Err(LoadError::Refused { fault: Fault::CodeTable, at: start }),
        }
    }

    /// Follows a block that nothing else may own.
    fn owned(&mut self, subject: Subject<'t>, start: u32, registers: u32) -> Result<Followed, LoadError> {
        let end = self.end(start, Op::Return)?;
        require(self.used.insert(start as usize), Fault::CodeTable, start as usize)?;
        Flow::new(self.tables, &self.params, subject, registers as usize).block(start as usize, end)
    }

    /// Finds the end of a check's block.
    fn shared(&mut self, start: u32) -> Result<usize, LoadError> {
        let end = self.end(start, Op::ReturnValue)?;
        self.used.insert(start as usize);
        Ok(end)
    }

    /// Returns how many clauses a block reports.
    fn clauses(&self, start: u32) -> u32 {
        let end = self.ends.get(&(start as usize)).map_or(0, |(end, _)| *end);
        let code = self.tables.code.get(start as usize..end).unwrap_or_default();
        let count = code.iter().filter(|instruction| instruction.op == Op::Clause).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    fn all_used(&self) -> Result<(), LoadError> {
        let unused = self.ends.keys().find(|start| !self.used.contains(start));
        require(unused.is_none(), Fault::CodeTable, unused.copied().unwrap_or(0))
    }
}

/// What a rate costs is its rule's cost.
fn rates<'t>(tables: &'t Tables, blocks: &mut Blocks<'t>, rules: &mut [u64]) -> Result<(), LoadError> {
    for (rule, steps) in tables.rules.iter().zip(rules) {
        let Some(rate) = roles::rate_of(rule.effect).and_then(|rate| tables.rates.get(rate as usize)) else { continue };
        let followed = blocks.owned(Subject::rate(rate, rule), rate.entry, rate.registers)?;
        require(followed.kept.iter().all(|kept| *kept), Fault::KeepPlace, rate.entry as usize)?;
        *steps = steps.saturating_add(followed.steps).saturating_add(events(rate));
    }
    Ok(())
}

/// How many events of a counter are looked at.
fn events(rate: &Rate) -> u64 {
    match rate.cost {
        Some(_) => AMOUNTS,
        None => u64::try_from(rate.bound).unwrap_or(0).saturating_add(1),
    }
}

/// The two blocks of a slot together keep each of its values. Returns what they cost.
fn remembered<'t>(tables: &'t Tables, blocks: &mut Blocks<'t>, slot: &'t Slot) -> Result<u64, LoadError> {
    let entry = blocks.owned(Subject::entry(slot), slot.entry, slot.registers)?;
    let (mut kept, mut steps) = (entry.kept, entry.steps);
    if let Some(start) = slot.result_entry {
        let matching = |tool: &u32| {
            let found = tables.tools.get(*tool as usize);
            found.is_some_and(|found| match_scope(tables, &slot.scope, false, *tool, found) != Tri::False)
        };
        let tools = (0u32..).take(tables.tools.len()).filter(matching).collect();
        let answered = roles::answered(tables, &tools);
        let subject = Subject::result(slot, blocks.clauses(start), answered);
        let result = blocks.owned(subject, start, slot.registers)?;
        steps = steps.saturating_add(result.steps);
        for (kept, too) in kept.iter_mut().zip(result.kept) {
            require(!(*kept && too), Fault::KeepPlace, start as usize)?;
            *kept |= too;
        }
    }
    require(kept.iter().all(|kept| *kept), Fault::KeepPlace, slot.entry as usize)?;
    Ok(steps)
}

/// Follows the block that gives a record's keys: those that the record alone carries are not the call's to give.
fn keys<'t>(tables: &'t Tables, blocks: &mut Blocks<'t>, answer: &Answer) -> Result<u64, LoadError> {
    let Answer::Keyed { evidence, entry, registers, keys, .. } = answer else { return Ok(0) };
    let Some(evidence) = tables.evidence.get(*evidence as usize) else { return Ok(0) };
    let kept = |path: &Vec<u32>| field_at(tables, evidence.ty, path).map(|field| kept_of(tables, field.ty));
    let kept: Vec<Kept> = evidence.keys.iter().filter_map(kept).collect();
    let followed = blocks.owned(Subject::keys(kept), *entry, *registers)?;
    let mut places = followed.kept.iter().zip(keys);
    require(places.all(|(kept, key)| *kept == (*key != KeySource::Answer)), Fault::KeepPlace, *entry as usize)?;
    Ok(followed.steps)
}

/// How a scalar of a type is kept.
fn kept_of(tables: &Tables, of: TypeId) -> Kept {
    match tables.types.get(of as usize) {
        Some(TypeDef::Bool) => Kept::Bool,
        Some(TypeDef::Int) => Kept::Int,
        Some(TypeDef::Decimal { .. }) => Kept::Decimal,
        Some(TypeDef::Float) => Kept::Float,
        Some(TypeDef::Date) => Kept::Date,
        Some(TypeDef::DateTime { .. }) => Kept::DateTime,
        Some(TypeDef::Ip) => Kept::Ip,
        Some(TypeDef::Enum(of)) => Kept::Enum(*of),
        Some(TypeDef::Level(of)) => Kept::Level(*of),
        _ => Kept::Text,
    }
}

/// Returns the blocks of checks, each with the type of the value that it is asked of.
fn checks(tables: &Tables) -> BTreeSet<(u32, u32)> {
    let records = tables.types.iter().filter_map(|of| match of {
        TypeDef::Record { fields, .. } => Some(fields),
        _ => None,
    });
    let fleets = tables.agents.iter().filter_map(|agent| agent.fleet.as_ref());
    let shapes = records.chain(fleets).chain(tables.tools.iter().map(|tool| &tool.params));
    let fields = shapes.flatten().chain(&tables.user).chain(&tables.context);
    fields.flat_map(asked).collect()
}

fn asked(field: &Field) -> impl Iterator<Item = (u32, u32)> {
    field.checks.iter().filter_map(|check| match check {
        Check::Where(block) => Some((*block, field.ty)),
        Check::Matches(_) => None,
    })
}
