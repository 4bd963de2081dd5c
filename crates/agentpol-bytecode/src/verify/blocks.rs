//! Code is made of blocks, each ended by its only return; each is checked for every rule and field that refers to it.

use super::costs::Costs;
use super::flow::{Flow, Params, Subject};
use super::require;
use crate::error::{Fault, LoadError};
use crate::instruction::Op;
use crate::tables::{Check, Field, Tables, TypeDef};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// Where each block starts and ends (its return included), and how it ends.
type Blocks = BTreeMap<usize, (usize, Op)>;

/// The most instructions that are followed for checks, each block as often as values of different types ask for it.
const MAX_FOLLOWED: usize = 1 << 24;

pub(super) fn verify(tables: &Tables) -> Result<Costs, LoadError> {
    let blocks = split(tables)?;
    let params = Params::new(tables);
    let mut used = BTreeSet::new();
    let mut costs = Vec::with_capacity(tables.rules.len());
    for rule in &tables.rules {
        let end = block(&blocks, rule.entry, Op::Return)?;
        require(used.insert(rule.entry as usize), Fault::CodeTable, rule.entry as usize)?;
        let registers = rule.registers as usize;
        costs.push(Flow::new(tables, &params, Subject::Rule(rule), registers).block(rule.entry as usize, end)?);
    }
    let mut followed = 0usize;
    for (start, of) in checks(tables) {
        let end = block(&blocks, start, Op::ReturnValue)?;
        used.insert(start as usize);
        followed = followed.saturating_add(end.saturating_sub(start as usize));
        require(followed <= MAX_FOLLOWED, Fault::TableSize, 0)?;
        Flow::new(tables, &params, Subject::Check(of), 256).block(start as usize, end)?;
    }
    let unused = blocks.keys().find(|start| !used.contains(start));
    require(unused.is_none(), Fault::CodeTable, unused.copied().unwrap_or(0))?;
    Costs::new(tables, costs)
}

fn split(tables: &Tables) -> Result<Blocks, LoadError> {
    let mut blocks = Blocks::new();
    let mut start = 0;
    for (at, instruction) in tables.code.iter().enumerate() {
        if matches!(instruction.op, Op::Return | Op::ReturnValue) {
            blocks.insert(start, (at, instruction.op));
            start = at.saturating_add(1);
        }
    }
    require(start == tables.code.len(), Fault::CodeTable, start)?;
    Ok(blocks)
}

fn block(blocks: &Blocks, start: u32, ended_by: Op) -> Result<usize, LoadError> {
    match blocks.get(&(start as usize)) {
        Some((end, op)) if *op == ended_by => Ok(*end),
        _ => Err(LoadError::Refused { fault: Fault::CodeTable, at: start }),
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
