//! The tables of a program: plain data, as the compiler fills them and the loader reads them back.
//!
//! Nothing here is trusted: [`load`](crate::load) makes a [`Program`](crate::Program) of tables only after verifying
//! them. Indexes are `u32` everywhere, so that 32-bit and 64-bit hosts agree.

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
    /// Agents, by module and name.
    pub agents: Vec<Agent>,
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

/// A literal value.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is the value of its name")]
pub enum Constant {
    Bool(bool),
    Int(i64),
    /// Millionths.
    Decimal(i64),
    /// Finite.
    Float(f64),
    Text(Symbol),
    /// Milliseconds.
    Duration(i64),
    /// Days since 1970-01-01.
    Date(i32),
    /// Milliseconds since 1970-01-01T00:00:00Z.
    DateTime(i64),
    Ip {
        bits: u128,
        v6: bool,
    },
    Network {
        bits: u128,
        prefix: u8,
        v6: bool,
    },
    Enum {
        of: u32,
        member: u32,
    },
    Level {
        of: u32,
        member: u32,
    },
    /// Indexes of scalar constants, all of one kind.
    List(Vec<u32>),
}

/// A type of values in a request.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is the type of its name")]
pub enum TypeDef {
    Bool,
    Int,
    /// The flag: written as a JSON string.
    Decimal {
        as_string: bool,
    },
    Float,
    String,
    Date,
    /// With a zone, text without an offset is read in it.
    DateTime {
        zone: Option<u32>,
    },
    Ip,
    Email,
    Url {
        allow_ip6: bool,
    },
    Host,
    Path {
        under: Option<Symbol>,
    },
    Json,
    Enum(u32),
    Level(u32),
    List {
        of: TypeId,
        max: u32,
    },
    Map {
        of: TypeId,
        max: u32,
    },
    Record {
        fields: Vec<Field>,
    },
}

/// A field of a record, the user, the context, or a parameter of a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name in the policy.
    pub name: Symbol,
    /// Its name on the wire.
    pub wire: Symbol,
    /// Its type.
    pub ty: TypeId,
    /// May be missing or null.
    pub optional: bool,
    /// Never shown.
    pub secret: bool,
    /// What values must fulfil.
    pub checks: Vec<Check>,
}

/// What a value must fulfil to be of the type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Check {
    /// The block at this index, ended by `ReturnValue`, must give true; register 0 holds the value.
    Where(u32),
    /// The automaton must accept the text.
    Matches(u32),
}

/// A group of users.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The name in requests.
    pub wire: Symbol,
    /// Symbols of the wire names of this group and all groups inside it, sorted.
    pub closure: Vec<Symbol>,
}

/// A time zone as a table of offsets.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    /// Its name.
    pub name: Symbol,
    /// From this time (milliseconds since 1970-01-01T00:00:00Z) this offset (seconds east of UTC) holds; sorted, the
    /// first from `i64::MIN`.
    pub offsets: Vec<(i64, i32)>,
}

/// Windows of a week in a zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// The zone.
    pub zone: u32,
    /// The windows.
    pub windows: Vec<Window>,
}

/// The same hours on a set of weekdays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Bit 0 is Monday.
    pub days: u8,
    /// Minutes after local midnight.
    pub start: u16,
    /// Exclusive; above 1440 over midnight, at most 2880.
    pub end: u16,
}

/// A deterministic automaton over bytes. State 0 is dead: it has no way out and does not accept.
#[derive(Clone, Debug, PartialEq)]
pub struct Automaton {
    /// The class of each byte value; 256 entries.
    pub classes: Vec<u8>,
    /// How many classes there are.
    pub class_count: u32,
    /// The state to start in.
    pub start: u32,
    /// Whether each state accepts at the end of the text.
    pub accepting: Vec<bool>,
    /// `next[state * class_count + class]`
    pub next: Vec<u32>,
}

/// A dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// `system.name`
    pub name: Symbol,
    /// For each level (by index, `origin` included and 0) the member it counts as.
    pub labels: Vec<u32>,
    /// The user's own right is needed.
    pub entitlement: bool,
}

/// A tool.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// Its module.
    pub module: u32,
    /// Its name in the policy.
    pub name: Symbol,
    /// Its name on the wire.
    pub wire: Symbol,
    /// The servers it comes from, sorted; empty where the wire names none.
    pub servers: Vec<Symbol>,
    /// Its parameters, in order of declaration.
    pub params: Vec<Field>,
    /// Undeclared arguments pass.
    pub open: bool,
    /// Its verbs: bit n is the n-th of reads, creates, updates, deletes, sends, exports, pays, executes, deploys,
    /// grants, computes.
    pub verbs: u16,
    /// Nobody has checked them.
    pub unverified: bool,
    /// What it touches, sorted.
    pub datasets: Vec<u32>,
    /// It may touch anything.
    pub touches_anything: bool,
    /// The only hosts its url, host, email and ip arguments may name (canonical); empty for any.
    pub fixed_hosts: Vec<Symbol>,
    /// The digest its definition must have.
    pub pinned: Option<Symbol>,
}

/// An agent or fleet.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// Its module.
    pub module: u32,
    /// Its name in the policy.
    pub name: Symbol,
    /// Its name in requests; the qualified name works as well.
    pub wire: Symbol,
    /// `module.name`
    pub qualified: Symbol,
    /// Who it is on the wire.
    pub identities: Vec<Identity>,
    /// The age in milliseconds at which its credential is stale.
    pub credential_max_age: Option<i64>,
    /// How far it is trusted.
    pub phase: Phase,
    /// A fleet's attributes.
    pub fleet: Option<Vec<Field>>,
}

/// Who an agent is on the wire: one text for a SPIFFE id, two for a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// The issuer; `None` for a SPIFFE id.
    pub issuer: Option<Symbol>,
    /// The SPIFFE id or the subject, in pieces.
    pub pieces: Vec<Piece>,
}

/// A piece of an identity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Piece {
    /// This text.
    Text(Symbol),
    /// The value of this attribute (an index into the fleet's fields): one or more characters, none of them `/`.
    Attribute(u32),
}

/// How far an agent is trusted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Phase {
    /// Until this day (days since 1970-01-01, UTC); from then on read only.
    Observe {
        /// The first day on which it no longer holds.
        until: i32,
    },
    /// Changing calls are denied.
    ReadOnly,
    /// Changing calls need a person of the group, or with none the requesting user.
    Supervised {
        /// The group.
        by: Option<u32>,
    },
    /// Its rules alone decide.
    Autonomous,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Grants.
    Allow,
    /// Gives the user a right.
    Entitle,
    /// Forbids.
    Deny,
    /// Asks persons first.
    RequireApproval {
        /// A group, or with none the requesting user.
        from: Option<u32>,
        /// How many distinct persons.
        count: u32,
        /// Milliseconds from the asking to the use.
        within: i64,
    },
}

impl Effect {
    /// Returns whether it grants.
    pub fn grants(self) -> bool {
        matches!(self, Effect::Allow | Effect::Entitle)
    }

    /// Returns the words of the language.
    pub fn as_str(self) -> &'static str {
        match self {
            Effect::Allow => "allow",
            Effect::Entitle => "entitle",
            Effect::Deny => "deny",
            Effect::RequireApproval { .. } => "require approval",
        }
    }
}

/// A rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its module.
    pub module: u32,
    /// Its name.
    pub name: Symbol,
    /// What it does.
    pub effect: Effect,
    /// In observation.
    pub observed: bool,
    /// Holds in every phase.
    pub always: bool,
    /// What people and the agent are told.
    pub because: Option<Symbol>,
    /// The part that agent and tool decide.
    pub scope: Scope,
    /// A `user` clause names nobody (`user none`): it reaches entitled data without a user.
    pub names_nobody: bool,
    /// Where its block starts in the code.
    pub entry: u32,
    /// How many clauses its block reports.
    pub clauses: u32,
    /// How many registers its block uses.
    pub registers: u32,
}

/// The part of a rule that agent and tool alone decide; what is `None` covers everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// Agents, sorted.
    pub agents: Option<Vec<u32>>,
    /// Tools, sorted.
    pub tools: Option<Vec<u32>>,
    /// Every tool is named one by one.
    pub tools_by_name: bool,
    /// Verbs, as bits.
    pub does: Option<u16>,
    /// Data.
    pub on: Option<On>,
    /// In a grant: tools the module may grant, sorted.
    pub grantable: Option<Vec<u32>>,
}

/// Which data.
#[derive(Clone, Debug, PartialEq)]
pub enum On {
    /// These datasets, sorted.
    Datasets(Vec<u32>),
    /// A level and a member: at most it in a grant, at least it in a restriction.
    Level(u32, u32),
}

/// A rule in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The rule.
    pub rule: RuleId,
    /// Agent and tool alone do not settle that it matches: its match is unknown at best.
    pub unsure: bool,
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
