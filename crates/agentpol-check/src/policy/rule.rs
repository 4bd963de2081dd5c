//! Rules, typed.

use super::{
    AgentId, Alarm, DatasetId, EnvId, Expr, GroupId, LevelId, LocalId, ModuleId, Outcome, Rate, ScheduleId, Severity,
    ToolId, Verb,
};
use agentpol_diagnostics::Span;

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The module that it stands in.
    pub module: ModuleId,
    /// Its name, unique in the module.
    pub name: String,
    /// What it does.
    pub effect: Effect,
    /// In observation: it never counts, the decision says what it would have done.
    pub observed: bool,
    /// Holds in every phase of its own module's agents.
    pub always: bool,
    /// What people, and the agent, are told.
    pub because: Option<String>,
    /// Whom, and what, it speaks about as far as agent and tool tell.
    pub scope: Scope,
    /// The rest, in order of writing; all must hold.
    pub clauses: Vec<Clause>,
    /// How many locals its expressions use.
    pub locals: u32,
    /// The effect's words and the name.
    pub span: Span,
}

/// What a rule does.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Grants.
    Allow,
    /// Gives the user the right that marked data asks for.
    Entitle,
    /// Forbids.
    Deny,
    /// Asks persons first.
    RequireApproval(Approval),
    /// Bounds how often, or how much.
    Limit(Box<Rate>),
    /// Tells the operator.
    Alert(Box<Alert>),
}

impl Effect {
    /// Returns whether it grants, which decides how selectors cover.
    pub fn grants(&self) -> bool {
        matches!(self, Effect::Allow | Effect::Entitle)
    }

    /// Returns the words of the language.
    pub fn as_str(&self) -> &'static str {
        match self {
            Effect::Allow => "allow",
            Effect::Entitle => "entitle",
            Effect::Deny => "deny",
            Effect::RequireApproval(_) => "require approval",
            Effect::Limit(_) => "limit",
            Effect::Alert(_) => "alert",
        }
    }
}

/// Whose approval is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Members of this group; with none, the requesting user.
    pub from: Option<GroupId>,
    /// How many distinct persons, at least one.
    pub count: u32,
    /// From the asking to the use, in milliseconds; 24 hours where nothing is written.
    pub within: i64,
    /// Nobody who serves another rule for the same call serves this one.
    pub distinct: bool,
}

/// What an alert watches.
#[derive(Clone, Debug)]
pub struct Alert {
    /// How grave it is.
    pub severity: Severity,
    /// Decisions that come out so; `None` for any. Sorted.
    pub outcomes: Option<Vec<Outcome>>,
    /// What raises it.
    pub alarm: Alarm,
}

/// Who may act through whom, and for what: `A delegates to B { ... }`, which `B` accepts by `reached via A`.
#[derive(Clone, Debug)]
pub struct Delegation {
    /// Who delegates.
    pub from: AgentId,
    /// To whom.
    pub to: AgentId,
    /// What, as far as agent and tool tell: every verb and dataset of the tool must be covered.
    pub scope: Scope,
    /// The rest; all must be true.
    pub clauses: Vec<Clause>,
    /// How many locals its expressions use.
    pub locals: u32,
    /// The clause.
    pub span: Span,
}

/// The part of a rule that agent and tool alone decide. A part left out is `None` and covers everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// These agents; sorted. In an allow never `None`.
    pub agents: Option<Vec<AgentId>>,
    /// These tools; sorted.
    pub tools: Option<Vec<ToolId>>,
    /// Every tool that `touches anything` or is `unverified` is named one by one, not by a pattern, as an allow asks.
    pub tools_by_name: bool,
    /// These verbs; sorted.
    pub does: Option<Vec<Verb>>,
    /// This data.
    pub on: Option<On>,
    /// In a grant: the tools that the rule's module may grant; sorted. `None` in a restriction.
    pub grantable: Option<Vec<ToolId>>,
}

/// Which data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum On {
    /// These datasets; sorted.
    Datasets(Vec<DatasetId>),
    /// At most (in a grant) or at least (in a restriction) this member.
    Level(LevelId, u32),
}

/// One clause that a request decides.
#[derive(Clone, Debug)]
pub struct Clause {
    /// Which.
    pub kind: ClauseKind,
    /// The whole clause.
    pub span: Span,
}

/// The clauses that a request decides.
#[derive(Clone, Debug)]
pub enum ClauseKind {
    /// One of these must hold.
    User(Vec<UserSelector>),
    /// One of these environments.
    Env(Vec<EnvId>),
    /// One of these tasks.
    Task(Vec<String>),
    /// Inside one of these schedules.
    During(Vec<ScheduleId>),
    /// Outside all of these schedules.
    Outside(Vec<ScheduleId>),
    /// Gives a local its value; always holds.
    Let(LocalId, Expr),
    /// Must be true.
    When(Expr),
    /// Must be false.
    Unless(Expr),
}

/// Which users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserSelector {
    /// Some user.
    Any,
    /// Nobody.
    None,
    /// A member.
    In(GroupId),
    /// This user.
    Id(String),
}
