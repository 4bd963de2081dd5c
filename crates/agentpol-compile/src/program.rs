//! A whole program: every table, every block, the cells, and the bytes.

use crate::declared::{declare, verb_bits};
use crate::evidence;
use crate::marks::Mark;
use crate::places::Places;
use crate::pools::Pools;
use crate::rates::{self, Rates};
use crate::renumber::renumber;
use crate::rule;
use crate::shape::{Code, Types};
use crate::slots;
use agentpol_bytecode::tables::{Effect, On, Rule, Scope, Tables};
use agentpol_bytecode::{Fault, LoadError, MAX_RECORD, MAX_SOURCES, MAX_STEPS, evidence_bytes};
use agentpol_check::policy::{self, ClauseKind, Policy, UserSelector};
use agentpol_diagnostics::{Code as Problem, Diagnostic, Diagnostics, SourceMap, Span};

/// How many instructions a program may have.
pub const MAX_INSTRUCTIONS: usize = 1 << 22;
/// How many cells, tools times agents, a program may have.
pub const MAX_CELLS: usize = 1 << 24;

/// A compiled program.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The bytes, as they stand in a file; [`agentpol_bytecode::load`] has accepted them.
    pub bytes: Vec<u8>,
    /// What is in them.
    pub tables: Tables,
}

/// Compiles a policy that [`agentpol_check::check`] found nothing wrong with.
///
/// `sources` are the files that the policy was made from: places and the text of clauses are taken from them. The bytes
/// depend on the policy alone, except for the debug section.
///
/// # Errors
///
/// A pattern whose automaton would exceed one mebibyte (`AP0307`), a rule that needs more than 256 values at a time or
/// nests too deeply (`AP0503`), a program that exceeds [`MAX_INSTRUCTIONS`], [`MAX_CELLS`]
/// or a bound of the format (`AP0504`). All that are found are reported.
///
/// # Panics
///
/// Where the policy is not as the checker makes them, or the result does not load: both are mistakes of this project.
pub fn compile(policy: &Policy, sources: &SourceMap) -> Result<Compiled, Diagnostics> {
    make(policy, sources, false).map(|(compiled, _)| compiled)
}

/// Compiles a policy to measure how its tests cover it: the program decides as without, and counts the values of each
/// condition at its mark. The marks come by number.
///
/// # Errors
///
/// As [`compile`]. Marks take steps: a policy near the bound may be refused here alone.
///
/// # Panics
///
/// As [`compile`].
pub fn compile_marked(policy: &Policy, sources: &SourceMap) -> Result<(Compiled, Vec<Mark>), Diagnostics> {
    make(policy, sources, true)
}

fn make(policy: &Policy, sources: &SourceMap, marked: bool) -> Result<(Compiled, Vec<Mark>), Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    let cells = policy.tools.len().saturating_mul(policy.agents.len());
    if cells > MAX_CELLS {
        diagnostics.push(too_many_cells(policy, cells));
        return Err(diagnostics);
    }
    let (mut tables, code, marks) = fill(policy, marked, &mut diagnostics);
    if code.instructions.len() > MAX_INSTRUCTIONS {
        diagnostics.push(too_long(policy, code.instructions.len()));
    }
    if tables.sources.len() > MAX_SOURCES {
        diagnostics.push(too_many_sources(policy, tables.sources.len()));
    }
    if !diagnostics.is_empty() {
        diagnostics.sort(sources);
        return Err(diagnostics);
    }
    tables.code = code.instructions;
    renumber(&mut tables);
    (tables.candidates, tables.cells) = agentpol_bytecode::derive_cells(&tables);
    tables.debug = Places::new(sources).debug(policy, &code.spans);
    let bytes = agentpol_bytecode::encode(&tables);
    match agentpol_bytecode::load(&bytes) {
        Ok(_) => Ok((Compiled { bytes, tables }, marks)),
        Err(LoadError::Refused { fault: fault @ (Fault::StepBound | Fault::TableSize), .. }) => {
            diagnostics.push(too_costly(policy, fault));
            Err(diagnostics)
        }
        Err(error) => panic!("the compiler made a program that does not load: {error}"),
    }
}

/// Fills everything but the code's final place, the cells and the debug tables.
fn fill(policy: &Policy, marked: bool, diagnostics: &mut Diagnostics) -> (Tables, Code, Vec<Mark>) {
    let mut tables = Tables::default();
    let mut pools = Pools::new(policy);
    pools.marks.wanted = marked;
    let wanted = evidence::wanted(policy, diagnostics);
    pools.questions.evidence = wanted.iter().map(|wanted| wanted.record).zip(0u32..).collect();
    let records: Vec<policy::RecordId> = wanted.iter().map(|wanted| wanted.record).collect();
    let mut types = Types::new(policy, &pools.questions.evidence);
    declare(policy, &mut tables, &mut pools, &mut types, diagnostics);
    tables.evidence = evidence::evidence(policy, wanted, &mut pools, &mut types, diagnostics);
    let mut rates = Rates::default();
    for (number, rule) in policy.rules.iter().enumerate() {
        pools.marks.rule = Some(number);
        let block = rule::rule(policy, rule, &mut pools, diagnostics);
        let registers = block.registers;
        let entry = types.code.add(block);
        let effect = rates.effect(number, rule, &mut pools, &mut types, diagnostics);
        tables.rules.push(head(rule, effect, entry, registers, &mut pools));
    }
    pools.marks.rule = None;
    tables.rates = rates.finish(&mut tables.rules, diagnostics);
    for delegation in &policy.delegations {
        tables.delegations.push(rates::delegation(delegation, &mut pools, &mut types, diagnostics));
    }
    (tables.slots, tables.queries) = slots::slots(policy, &mut pools, &mut types, diagnostics);
    let (definitions, code) = types.finish();
    tables.types = definitions;
    for (record, evidence) in records.into_iter().zip(&tables.evidence) {
        let bytes = evidence_bytes(&tables, evidence);
        if bytes > MAX_RECORD {
            diagnostics.push(too_much_to_keep(&policy[record], bytes));
        }
    }
    let marks = std::mem::take(&mut pools.marks.made);
    pools.finish(&mut tables);
    (tables, code, marks)
}

/// What stands in a rule's table row.
fn head(rule: &policy::Rule, effect: Effect, entry: u32, registers: u32, pools: &mut Pools) -> Rule {
    let nobody = |clause: &policy::Clause| match &clause.kind {
        ClauseKind::User(users) => users.contains(&UserSelector::None),
        _ => false,
    };
    Rule {
        module: rule.module.0,
        name: pools.symbol(&rule.name),
        effect,
        observed: rule.observed,
        always: rule.always,
        because: rule.because.as_ref().map(|text| pools.symbol(text)),
        scope: scope(&rule.scope, pools),
        names_nobody: rule.clauses.iter().any(nobody),
        entry,
        clauses: rule::reported(&rule.clauses).count() as u32,
        registers,
    }
}

/// What agent and tool alone decide.
pub(crate) fn scope(scope: &policy::Scope, pools: &Pools) -> Scope {
    let tools = |ids: &Vec<policy::ToolId>| ids.iter().map(|id| id.0).collect();
    let on = |on: &policy::On| match on {
        policy::On::Datasets(datasets) => On::Datasets(datasets.iter().map(|id| id.0).collect()),
        policy::On::Level(level, member) => On::Level(pools.level(*level), *member),
    };
    Scope {
        agents: scope.agents.as_ref().map(|agents| agents.iter().map(|id| id.0).collect()),
        tools: scope.tools.as_ref().map(tools),
        tools_by_name: scope.tools_by_name,
        does: scope.does.as_deref().map(verb_bits),
        on: scope.on.as_ref().map(on),
        grantable: grantable(scope).as_ref().map(tools),
    }
}

/// Returns the tools that a grant may cover, without those that it does not speak about anyway.
fn grantable(scope: &policy::Scope) -> Option<Vec<policy::ToolId>> {
    let mut grantable = scope.grantable.clone()?;
    if let Some(named) = &scope.tools {
        grantable.retain(|tool| named.binary_search(tool).is_ok());
    }
    Some(grantable)
}

fn too_many_cells(policy: &Policy, cells: usize) -> Diagnostic {
    let title = format!("{} tools times {} agents are too many", policy.tools.len(), policy.agents.len());
    let place = policy.agents.last().map(|agent| agent.span).unwrap_or_default();
    let label = format!("{cells} pairs with this one, at most {MAX_CELLS} are possible");
    Diagnostic::new(Problem::AP0504, title, place, label)
        .help("declare agents that differ only in attributes as one `fleet`")
}

fn too_many_sources(policy: &Policy, count: usize) -> Diagnostic {
    let asks = |rule: &policy::Rule| {
        let mut conditions = rule.clauses.iter().filter_map(|clause| match &clause.kind {
            ClauseKind::Let(_, of) | ClauseKind::When(of) | ClauseKind::Unless(of) => Some(of),
            _ => None,
        });
        conditions.any(|condition| condition.any(&mut |of| matches!(of.kind, policy::ExprKind::OriginIn(..))))
    };
    let place = policy.rules.iter().rfind(|rule| asks(rule)).map_or(Span::default(), |rule| rule.span);
    let title = format!("{count} different lists of sources are too many");
    let label = format!("with this rule; at most {MAX_SOURCES} are possible");
    Diagnostic::new(Problem::AP0504, title, place, label)
        .help("name the same tools in rules that ask about the same arguments, with one `define` for each list")
}

/// What is kept of a session lies in one record of the state, which has a bound.
fn too_much_to_keep(record: &policy::Record, bytes: u64) -> Diagnostic {
    let most = u64::from(record.keep).saturating_mul(MAX_RECORD).checked_div(bytes).unwrap_or(0).max(1);
    let title = format!("`{}` keeps more than there is room for in a session", record.name);
    let label = format!("{} of them can take {} MiB, a session has {}", record.keep, bytes >> 20, MAX_RECORD >> 20);
    Diagnostic::new(Problem::AP0504, title, record.span, label).help(format!("write `keep {most}`"))
}

fn too_costly(policy: &Policy, fault: Fault) -> Diagnostic {
    let place = policy.rules.last().map_or(Span::default(), |rule| rule.span);
    let (title, label, help) = match fault {
        Fault::StepBound => (
            "one call may take too many steps to decide",
            format!("the rules of one agent and tool, at their worst, take more than {MAX_STEPS} steps"),
            "give lists that are gone through smaller bounds, such as `list<string, 32>`",
        ),
        _ => (
            "the program is too large",
            format!("{} rules, {} tools and {} agents", policy.rules.len(), policy.tools.len(), policy.agents.len()),
            "split the policy into programs of their own, for example one for each system",
        ),
    };
    Diagnostic::new(Problem::AP0504, title, place, label).help(help)
}

fn too_long(policy: &Policy, length: usize) -> Diagnostic {
    let place = policy.rules.last().map_or(Span::default(), |rule| rule.span);
    let label = format!("{length} instructions with this rule, at most {MAX_INSTRUCTIONS} are possible");
    Diagnostic::new(Problem::AP0504, "the program is too long", place, label)
        .help("split the policy into programs of their own, for example one for each system")
}
