//! Rules, and where things stand in the sources.

use super::actors::VERBS;
use super::{ascending, references, require};
use crate::error::{Fault, LoadError};
use crate::tables::{Effect, On, Place, Rule, Scope, Symbol, Tables};
use alloc::vec::Vec;

/// More registers than this no instruction can name.
pub(super) const MAX_REGISTERS: u32 = 256;
/// The number of `critical`.
const MAX_SEVERITY: u8 = 3;
/// One bit for each outcome.
const ALL_OUTCOMES: u8 = (1 << 4) - 1;

pub(super) fn verify(tables: &Tables) -> Result<(), LoadError> {
    for (at, rule) in tables.rules.iter().enumerate() {
        require(rule_is_sound(tables, rule) && scope_is_sound(tables, &rule.scope), Fault::RuleTable, at)?;
    }
    let order: Vec<(u32, Symbol)> = tables.rules.iter().map(|rule| (rule.module, rule.name)).collect();
    require(ascending(&order), Fault::RuleTable, 0)
}

fn rule_is_sound(tables: &Tables, rule: &Rule) -> bool {
    let symbols = tables.symbols.len();
    let effect = match rule.effect {
        Effect::RequireApproval { from, count, within, .. } => {
            from.is_none_or(|group| (group as usize) < tables.groups.len()) && count >= 1 && within >= 1
        }
        // That the rates exist is checked with them.
        Effect::Alert { severity, outcomes, .. } => severity <= MAX_SEVERITY && (1..=ALL_OUTCOMES).contains(&outcomes),
        Effect::Allow | Effect::Entitle | Effect::Deny | Effect::Limit { .. } => true,
    };
    (rule.module as usize) < tables.modules.len()
        && (rule.name as usize) < symbols
        && rule.because.is_none_or(|text| (text as usize) < symbols)
        && effect
        && (rule.entry as usize) < tables.code.len()
        && (rule.clauses as usize) <= tables.code.len()
        && rule.registers <= MAX_REGISTERS
}

pub(super) fn scope_is_sound(tables: &Tables, scope: &Scope) -> bool {
    let named = |indexes: &Option<Vec<u32>>, count| indexes.as_ref().is_none_or(|indexes| references(indexes, count));
    let data = match &scope.on {
        None => true,
        Some(On::Datasets(datasets)) => references(datasets, tables.datasets.len()),
        Some(On::Level(level, member)) => {
            tables.levels.get(*level as usize).is_some_and(|members| (*member as usize) < members.len())
        }
    };
    named(&scope.agents, tables.agents.len())
        && named(&scope.tools, tables.tools.len())
        && named(&scope.grantable, tables.tools.len())
        && scope.does.is_none_or(|does| does & !VERBS == 0)
        && data
}

/// Places are of no consequence for a decision, but a listing follows them.
pub(super) fn verify_debug(tables: &Tables) -> Result<(), LoadError> {
    let debug = &tables.debug;
    let exists = |place: &Place| (place.file as usize) < debug.files.len();
    let rules = debug.rules.is_empty() || debug.rules.len() == tables.rules.len();
    let clauses = debug.clauses.is_empty() || debug.clauses.len() == tables.rules.len();
    require(rules && clauses && debug.rules.iter().all(exists), Fault::DebugTable, 0)?;
    let described = debug.clauses.iter().zip(&tables.rules);
    for (at, (clauses, rule)) in described.enumerate() {
        let sound = clauses.len() == rule.clauses as usize && clauses.iter().all(|(place, _)| exists(place));
        require(sound, Fault::DebugTable, at)?;
    }
    let sorted = debug.code.is_sorted_by(|one, next| one.0 < next.0);
    let inside = debug.code.iter().all(|(at, place)| (*at as usize) < tables.code.len() && exists(place));
    require(sorted && inside, Fault::DebugTable, 0)
}
