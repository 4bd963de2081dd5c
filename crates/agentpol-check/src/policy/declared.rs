//! What a policy declares: modules, systems, tools, agents and the words they are described in.

use super::{AgentId, DatasetId, EnvId, GroupId, LevelId, ModuleId, RecordId, ShapeId, SystemId, ToolId, Type, ZoneId};
use agentpol_diagnostics::Span;

/// A module: the unit of ownership.
#[derive(Clone, Debug)]
pub struct Module {
    /// Its dotted name.
    pub name: String,
    /// Modules without which it must not be loaded.
    pub requires: Vec<ModuleId>,
    /// The tools that its allows may rest on: its own, those shared with it, in the root all; sorted.
    pub grantable: Vec<ToolId>,
    /// Where it is first declared.
    pub span: Span,
}

/// An ordered level.
#[derive(Clone, Debug)]
pub struct Level {
    /// The owner; `None` for builtin levels.
    pub module: Option<ModuleId>,
    /// Its name.
    pub name: String,
    /// From lowest to highest.
    pub members: Vec<String>,
}

/// An enumeration.
#[derive(Clone, Debug)]
pub struct Enum {
    /// The owner.
    pub module: ModuleId,
    /// Its name.
    pub name: String,
    /// The members, which are also the texts on the wire.
    pub members: Vec<String>,
}

/// A group of users.
#[derive(Clone, Debug)]
pub struct Group {
    /// The owner.
    pub module: ModuleId,
    /// Its name.
    pub name: String,
    /// Its name in requests and directories.
    pub wire: String,
    /// The groups that it belongs to.
    pub parents: Vec<GroupId>,
    /// This group and every group that belongs to it, directly or through others; sorted.
    pub closure: Vec<GroupId>,
    /// Where it is declared.
    pub span: Span,
}

/// Windows of a week.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The owner.
    pub module: ModuleId,
    /// Its name.
    pub name: String,
    /// Local to this zone.
    pub zone: ZoneId,
    /// The windows.
    pub windows: Vec<Window>,
}

/// One window: the same hours on a run of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Bit 0 is Monday.
    pub days: u8,
    /// Minutes after local midnight of the day that it starts on.
    pub start: u16,
    /// Minutes after the same midnight, exclusive; above 1440 for a window over midnight.
    pub end: u16,
}

/// A system: where tools act.
#[derive(Clone, Debug)]
pub struct System {
    /// The owner.
    pub module: ModuleId,
    /// Its name.
    pub name: String,
    /// Servers that its tools come from; empty where the wire names none.
    pub servers: Vec<String>,
    /// Environments that it exists in; empty for any.
    pub environments: Vec<EnvId>,
    /// Its datasets.
    pub datasets: Vec<DatasetId>,
    /// Where it is declared.
    pub span: Span,
}

/// A dataset of a system.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Its system.
    pub system: SystemId,
    /// Its name inside the system.
    pub name: String,
    /// Its label: a level and the index of the member; in every other level it counts as the highest.
    pub label: Option<(LevelId, u32)>,
    /// The user's own right is needed too.
    pub entitlement: bool,
    /// Where it is declared.
    pub span: Span,
}

/// A record that results are made of.
#[derive(Clone, Debug)]
pub struct Record {
    /// The owner.
    pub module: ModuleId,
    /// Its name.
    pub name: String,
    /// The key fields, each a path of field names; empty for a mere shape.
    pub keys: Vec<Vec<String>>,
    /// Its fields.
    pub shape: ShapeId,
    /// How many are kept; 256 where nothing is written.
    pub keep: u32,
    /// How long what was learned holds, in milliseconds; for ever where nothing is written.
    pub fresh: Option<i64>,
    /// Where it is declared.
    pub span: Span,
}

/// A verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each verb is its own word")]
pub enum Verb {
    Reads,
    Creates,
    Updates,
    Deletes,
    Sends,
    Exports,
    Pays,
    Executes,
    Deploys,
    Grants,
    Computes,
}

impl Verb {
    /// All verbs, in the order of their bits.
    pub const ALL: [Verb; 11] = [
        Verb::Reads,
        Verb::Creates,
        Verb::Updates,
        Verb::Deletes,
        Verb::Sends,
        Verb::Exports,
        Verb::Pays,
        Verb::Executes,
        Verb::Deploys,
        Verb::Grants,
        Verb::Computes,
    ];

    /// Returns the word.
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Reads => "reads",
            Verb::Creates => "creates",
            Verb::Updates => "updates",
            Verb::Deletes => "deletes",
            Verb::Sends => "sends",
            Verb::Exports => "exports",
            Verb::Pays => "pays",
            Verb::Executes => "executes",
            Verb::Deploys => "deploys",
            Verb::Grants => "grants",
            Verb::Computes => "computes",
        }
    }

    /// Returns whether it changes something: all but `reads` and `computes` do.
    pub fn changes(self) -> bool {
        !matches!(self, Verb::Reads | Verb::Computes)
    }
}

/// A tool.
#[derive(Clone, Debug)]
pub struct Tool {
    /// The module that declares it.
    pub module: ModuleId,
    /// Its dotted name in the policy.
    pub name: String,
    /// Its name on the wire.
    pub wire: String,
    /// The system whose servers it comes from.
    pub home: Option<SystemId>,
    /// Its parameters.
    pub params: ShapeId,
    /// Undeclared arguments pass.
    pub open: bool,
    /// Its verbs, the implied `sends` included; sorted, at least one.
    pub verbs: Vec<Verb>,
    /// The verbs come from annotations nobody has checked.
    pub unverified: bool,
    /// What it touches; sorted.
    pub datasets: Vec<DatasetId>,
    /// It may touch anything.
    pub touches_anything: bool,
    /// The only hosts that its url, host, email and ip arguments may name; empty for any.
    pub fixed_hosts: Vec<String>,
    /// The digest that its definition must have.
    pub pinned: Option<String>,
    /// What it answers.
    pub result: ResultType,
    /// How far its answers can be trusted.
    pub returns: Returns,
    /// The resource that a call is about.
    pub resource: Option<super::ResourceOf>,
    /// Where it is declared.
    pub span: Span,
}

/// How far answers can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returns {
    /// Nobody's word; the default.
    Untrusted,
    /// The system's own word.
    Trusted,
    /// No content comes back.
    Nothing,
}

/// What a tool answers; read by history and evidence.
#[derive(Clone, Debug)]
pub enum ResultType {
    /// Nothing is declared.
    Undeclared,
    /// A value of a type.
    Type(Type),
    /// A record by its own key fields.
    Record(RecordId),
    /// A list of results.
    List(Box<ResultType>, u32),
    /// A record, or one field of it, whose key the call gives, in whole or in part.
    Keyed {
        /// The record.
        record: RecordId,
        /// Where each key comes from.
        keys: Vec<KeySource>,
        /// The field that the answer is; empty where it is the record.
        field: Vec<String>,
    },
    /// One of several.
    Either(Vec<ResultType>),
}

/// Where a key of a record in an answer comes from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// The call gives it.
    Given(super::Expr),
    /// The record carries it.
    Carried,
    /// The record carries it; where it is left out or null, the call gives it, and it is the record's field.
    CarriedOr(super::Expr),
}

impl KeySource {
    /// Returns what the call gives.
    pub fn given(&self) -> Option<&super::Expr> {
        match self {
            KeySource::Given(expr) | KeySource::CarriedOr(expr) => Some(expr),
            KeySource::Carried => None,
        }
    }
}

/// An agent, or a fleet of agents declared at once.
#[derive(Clone, Debug)]
pub struct Agent {
    /// The owner.
    pub module: ModuleId,
    /// Its name.
    pub name: String,
    /// Its name in requests: the bare name where no other module has it, else `module.name`.
    pub wire: String,
    /// What it is for.
    pub function: String,
    /// Who answers for it.
    pub owner: String,
    /// Who it is on the wire; with none, a plain id is accepted.
    pub identities: Vec<Identity>,
    /// The age at which its credential is stale, in milliseconds.
    pub credential_max_age: Option<i64>,
    /// How far it is trusted.
    pub phase: Phase,
    /// The agents that it may be reached through; sorted.
    pub reached_via: Vec<AgentId>,
    /// It may be called without any agent in between; so it is where `reached_via` is empty.
    pub directly: bool,
    /// A fleet's attributes.
    pub fleet: Option<ShapeId>,
    /// Where it is declared.
    pub span: Span,
}

/// Who an agent is on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// A SPIFFE id in canonical form; a fleet's has `{attribute}` as whole path segments or parts of them.
    Spiffe(String),
    /// The issuer and subject of a verified token.
    Token {
        /// Who issued it.
        issuer: String,
        /// Whom it names; may have `{attribute}` parts in a fleet.
        subject: String,
    },
}

/// How far an agent is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its own module's rules only observe, until the date (days since 1970-01-01); from then on `ReadOnly`.
    Observe {
        /// The first day in UTC on which it no longer holds.
        until: i32,
    },
    /// Changing calls are denied.
    ReadOnly,
    /// Changing calls need a person: somebody of the group, or with none the requesting user.
    Supervised {
        /// Who approves.
        by: Option<GroupId>,
    },
    /// Its rules alone decide.
    Autonomous,
}
