//! Names, types and lints: AST to typed policy.
//!
//! The result is [`policy::Policy`]: every name looked up, every expression typed, every definition expanded. The
//! compiler, the reference interpreter and the analysers start from it and never look at text again.

mod agents;
mod collect;
mod constraints;
mod declare;
mod draft;
mod expr;
mod groups;
mod identity;
mod lint;
mod names;
mod options;
mod ownership;
pub mod policy;
mod records;
mod resolve;
mod resources;
mod results;
mod rules;
mod scenarios;
mod size;
mod systems;
mod tool_sets;
mod tools;
mod types;
mod uses;
mod words;
mod zones;

pub use options::{LintLevel, Options};

use agentpol_diagnostics::{Diagnostics, SourceMap};
use agentpol_syntax::ast::Ast;
use collect::{Collected, collect};
use declare::{Declared, declare, module_names};
use draft::Draft;
use policy::Policy;
use std::collections::{BTreeMap, BTreeSet};
use tool_sets::ToolSets;

/// Makes a typed policy of files.
///
/// The policy is there only when nothing is wrong with what was given; mistakes that parsing found count for the
/// caller. Neither the order of the files nor that of their declarations shows in it. The diagnostics are sorted.
pub fn check<'a>(asts: &[Ast<'a>], sources: &SourceMap, options: &Options) -> (Option<Policy>, Diagnostics) {
    let mut draft = start(asts, sources);
    fill(&mut draft, options);
    let mut diagnostics = std::mem::take(&mut draft.diagnostics);
    if !diagnostics.has_errors() {
        let (policy, names) = (&draft.policy, &draft.names);
        let surface = lint::Surface { policy, names, asts, sources, today: options.today };
        lint::run(&surface, &mut diagnostics);
    }
    options.weigh(&mut diagnostics);
    diagnostics.sort(sources);
    let policy = (!diagnostics.has_errors()).then_some(draft.policy);
    (policy, diagnostics)
}

/// Gathers the items of all files by module.
fn start<'a, 's>(asts: &[Ast<'a>], sources: &'s SourceMap) -> Draft<'a, 's> {
    let mut diagnostics = Diagnostics::new();
    let Collected { modules, items } = collect(asts, sources, &mut diagnostics);
    let names = module_names(&modules);
    Draft {
        policy: Policy { modules, ..Policy::default() },
        names,
        items,
        sources,
        diagnostics,
        environments: Vec::new(),
        tasks: BTreeMap::new(),
        rule_names: BTreeSet::new(),
        constrained: Vec::new(),
    }
}

/// Names everything, then declares it, then reads the rules and scenarios that use it.
fn fill(draft: &mut Draft<'_, '_>, options: &Options) {
    uses::resolve_root(draft, options.root.as_deref());
    let declared = declare(&draft.items, &mut draft.names, uses::BUILTIN_LEVELS, &mut draft.diagnostics);
    let rules = draft.items.iter().map(|items| items.rules.len()).sum();
    size::refuse_giants(&declared, rules, &mut draft.diagnostics);
    if draft.diagnostics.iter().any(|found| found.code == agentpol_diagnostics::Code::AP0504) {
        return;
    }
    uses::resolve_uses(draft);
    uses::add_builtin_levels(draft);
    let mut sets = fill_declarations(draft, &declared);
    let grantable = ownership::grantable(draft);
    rules::fill_delegations(draft, &declared, &grantable, &mut sets);
    rules::fill_rules(draft, &grantable, &mut sets);
    scenarios::fill_scenarios(draft, &mut sets);
}

/// Fills the tables, each after those that it names.
fn fill_declarations<'a>(draft: &mut Draft<'a, '_>, declared: &Declared<'a>) -> ToolSets {
    zones::collect_zones(draft);
    draft.resolve_timezones();
    words::fill_levels_and_enums(draft, declared);
    words::fill_environments_and_tasks(draft);
    groups::fill_groups(draft, declared);
    words::fill_schedules(draft, declared);
    systems::fill_systems(draft, declared);
    records::name_records(draft, declared);
    resources::name_resources(draft, declared);
    records::fill_records(draft, declared);
    resources::fill_resources(draft, declared);
    resources::fill_sources(draft);
    resources::fill_sessions(draft);
    tools::fill_tools(draft, declared);
    agents::fill_agents(draft, declared);
    types::fill_define_params(draft);
    results::fill_results(draft, declared);
    let mut sets = tool_sets::expand_sets(draft);
    rules::resolve_calls(draft, declared, &mut sets);
    expr::check_defines(&draft.names, &draft.policy, draft.sources, &mut draft.diagnostics);
    constraints::type_constraints(draft);
    results::type_result_keys(draft, declared);
    sets
}
