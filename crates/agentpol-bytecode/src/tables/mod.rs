//! The tables of a program: plain data, as the compiler fills them and the loader reads them back.
//!
//! Nothing here is trusted: [`load`](crate::load) makes a [`Program`](crate::Program) of tables only after verifying
//! them. Indexes are `u32` everywhere, so that 32-bit and 64-bit hosts agree.

mod actors;
mod directory;
mod memory;
mod rules;
mod values;

pub use actors::*;
pub use directory::*;
pub use memory::*;
pub use rules::*;
pub use values::*;

use crate::instruction::Instruction;
use alloc::string::String;
use alloc::vec::Vec;

/// An index into [`Tables::symbols`].
pub type Symbol = u32;
/// An index into [`Tables::types`].
pub type TypeId = u32;
/// Names a rule: an index into [`Tables::rules`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub u32);

/// Everything in a program.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tables {
    /// Modules, by name.
    pub modules: Vec<Module>,
    /// The time-zone data that schedules were made from, such as `2026a`.
    pub tz_version: String,
    /// Milliseconds since 1970-01-01T00:00:00Z from which on schedules and dates in zones are unknown.
    pub horizon: i64,
    /// Texts, each once, sorted by bytes.
    pub symbols: Vec<String>,
    /// Literal values.
    pub constants: Vec<Constant>,
    /// Types.
    pub types: Vec<TypeDef>,
    /// Enumerations: the members' symbols, in order.
    pub enums: Vec<Vec<Symbol>>,
    /// Levels: the members' symbols from the lowest. Level 0 is the builtin `origin`.
    pub levels: Vec<Vec<Symbol>>,
    /// Groups.
    pub groups: Vec<Group>,
    /// Time zones.
    pub zones: Vec<Zone>,
    /// Schedules.
    pub schedules: Vec<Schedule>,
    /// Whole-string automata.
    pub automata: Vec<Automaton>,
    /// The user's attributes.
    pub user: Vec<Field>,
    /// The context's fields.
    pub context: Vec<Field>,
    /// Datasets.
    pub datasets: Vec<Dataset>,
    /// Tools, by module and name.
    pub tools: Vec<Tool>,
    /// Sources that arguments are asked to come from.
    pub sources: Vec<Sources>,
    /// Agents, by module and name.
    pub agents: Vec<Agent>,
    /// What is remembered of calls, by id.
    pub slots: Vec<Slot>,
    /// What is asked of it.
    pub queries: Vec<Query>,
    /// What is learned from answers, by id.
    pub evidence: Vec<Evidence>,
    /// What tools answer; each made of those before it.
    pub answers: Vec<Answer>,
    /// The counters of limits and alerts, by id.
    pub rates: Vec<Rate>,
    /// Who may act through whom, by the two agents.
    pub delegations: Vec<Delegation>,
    /// Where users, groups and their attributes come from.
    pub users_from: Source,
    /// The host cannot tell one session from another of the same agent and user.
    pub unvouched: bool,
    /// Where resources come from.
    pub resources_from: Source,
    /// Types of resources, by module and name.
    pub resources: Vec<ResourceType>,
    /// Rules, by module and name.
    pub rules: Vec<Rule>,
    /// All code: the rules' blocks and the constraints' blocks, each ending in a return.
    pub code: Vec<Instruction>,
    /// The distinct lists of candidates.
    pub candidates: Vec<Vec<Candidate>>,
    /// For each tool, for each agent, an index into `candidates`: `cells[tool * agents + agent]`.
    pub cells: Vec<u32>,
    /// Where things stand in the sources; outside the meaning hash.
    pub debug: Debug,
}

/// A module and what it must not be loaded without.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Module {
    /// Its name.
    pub name: Symbol,
    /// Indexes of required modules, sorted.
    pub requires: Vec<u32>,
    /// It is the root.
    pub root: bool,
    /// The tools that its rules may grant, its own and those shared with it; sorted. The root's are all.
    pub grantable: Vec<u32>,
}

/// Where things stand in the sources.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Debug {
    /// File names.
    pub files: Vec<String>,
    /// For each rule its place.
    pub rules: Vec<Place>,
    /// For each rule, for each of its clauses the place and the text.
    pub clauses: Vec<Vec<(Place, String)>>,
    /// Places of instructions: from this index on, until the next entry; sorted.
    pub code: Vec<(u32, Place)>,
}

/// A place in a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// An index into the files.
    pub file: u32,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}
