//! Modules, symbols, enumerations, levels, groups and datasets.

use super::{ascending, distinct, references, require};
use crate::error::{Fault, LoadError};
use crate::tables::{Symbol, Tables};
use alloc::collections::BTreeMap;

/// The members of level 0.
const ORIGINS: [&str; 5] = ["untrusted", "model", "trusted", "user", "system"];

pub(super) fn verify(tables: &Tables) -> Result<(), LoadError> {
    let symbols = tables.symbols.len();
    let exists = |symbol: &Symbol| (*symbol as usize) < symbols;
    for (at, pair) in tables.symbols.windows(2).enumerate() {
        require(ascending(pair), Fault::SymbolTable, at)?;
    }
    modules(tables)?;
    for (at, members) in tables.enums.iter().enumerate() {
        let sound = !members.is_empty() && members.iter().all(exists) && distinct(members.iter());
        require(sound, Fault::EnumTable, at)?;
    }
    for (at, members) in tables.levels.iter().enumerate() {
        let sound = !members.is_empty() && members.iter().all(exists) && distinct(members.iter());
        require(sound, Fault::LevelTable, at)?;
    }
    let origin = tables.levels.first().is_some_and(|members| {
        let words = members.iter().filter_map(|member| tables.symbols.get(*member as usize));
        words.eq(ORIGINS.iter())
    });
    require(origin, Fault::LevelTable, 0)?;
    groups(tables)?;
    for (at, dataset) in tables.datasets.iter().enumerate() {
        let labelled = dataset.labels.len() == tables.levels.len() && dataset.labels.first() == Some(&0);
        let mut labels = dataset.labels.iter().zip(&tables.levels);
        let in_range = labels.all(|(label, members)| (*label as usize) < members.len());
        require(exists(&dataset.name) && labelled && in_range, Fault::DatasetTable, at)?;
    }
    Ok(())
}

fn modules(tables: &Tables) -> Result<(), LoadError> {
    let names: alloc::vec::Vec<Symbol> = tables.modules.iter().map(|module| module.name).collect();
    require(ascending(&names), Fault::ModuleTable, 0)?;
    require(tables.modules.iter().filter(|module| module.root).count() <= 1, Fault::ModuleTable, 0)?;
    for (at, module) in tables.modules.iter().enumerate() {
        require((module.name as usize) < tables.symbols.len(), Fault::ModuleTable, at)?;
        require(references(&module.requires, tables.modules.len()), Fault::ModuleMissing, at)?;
        require(references(&module.grantable, tables.tools.len()), Fault::ModuleTable, at)?;
    }
    Ok(())
}

/// A group's closure holds itself, and with another group all that is in that one.
fn groups(tables: &Tables) -> Result<(), LoadError> {
    let mut by_wire: BTreeMap<Symbol, alloc::vec::Vec<usize>> = BTreeMap::new();
    for (at, group) in tables.groups.iter().enumerate() {
        by_wire.entry(group.wire).or_default().push(at);
    }
    for (at, group) in tables.groups.iter().enumerate() {
        let inside = group.closure.binary_search(&group.wire).is_ok();
        require(inside && references(&group.closure, tables.symbols.len()), Fault::GroupTable, at)?;
    }
    for (at, group) in tables.groups.iter().enumerate() {
        // Groups of one name on the wire are told apart by nobody, so only single ones say something about the closure.
        let nested =
            group.closure.iter().filter_map(|wire| by_wire.get(wire)).filter_map(|same| match same.as_slice() {
                [one] if *one != at => tables.groups.get(*one),
                _ => None,
            });
        for inner in nested {
            let closed = inner.closure.iter().all(|wire| group.closure.binary_search(wire).is_ok());
            require(closed, Fault::GroupTable, at)?;
        }
    }
    Ok(())
}
