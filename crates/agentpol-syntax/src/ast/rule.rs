//! Rules: an effect, a name and a block of clauses; and the same block as it describes a set of calls.

use super::{Date, Duration, Expr, Name, Number, Path, Text, ToolPatterns, VerbWord};
use agentpol_diagnostics::Span;

/// `allow "name" { clauses }`
#[derive(Clone, Copy, Debug)]
pub struct Rule<'a> {
    /// What it does.
    pub effect: Effect,
    /// The effect's words.
    pub effect_span: Span,
    /// Its name; missing only where the author forgot it.
    pub name: Option<Text<'a>>,
    /// Its clauses.
    pub block: Block<'a>,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Grants.
    Allow,
    /// Gives a user the right that data marked `entitlement required` asks for.
    Entitle,
    /// Forbids.
    Deny,
    /// Asks a person first.
    RequireApproval,
    /// Bounds a count or a sum.
    Limit,
    /// Tells the operator.
    Alert,
}

/// `{ clauses }`
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// In order.
    pub clauses: &'a [Clause<'a>],
    /// With its braces.
    pub span: Span,
}

/// One clause.
#[derive(Clone, Copy, Debug)]
pub struct Clause<'a> {
    /// Which.
    pub kind: ClauseKind<'a>,
    /// The whole clause.
    pub span: Span,
}

/// The kinds of clause.
#[derive(Clone, Copy, Debug)]
pub enum ClauseKind<'a> {
    /// `agent any except x`
    Agent(AgentSelector<'a>),
    /// `user in support`
    User(&'a [UserSelector<'a>]),
    /// `tool a, crm.* except crm.b`
    Tool(ToolPatterns<'a>),
    /// `does reads, sends`
    Does(&'a [(VerbWord, Span)]),
    /// `on crm.tickets` or `on sensitivity >= confidential`
    On(OnSelector<'a>),
    /// `env prod`
    Env(&'a [Name<'a>]),
    /// `task "support"`
    Task(&'a [Text<'a>]),
    /// `during business_hours`
    During(&'a [Path<'a>]),
    /// `outside business_hours`
    Outside(&'a [Path<'a>]),
    /// `let r = EXPR`
    Let(Name<'a>, Expr<'a>),
    /// `when EXPR`
    When(Expr<'a>),
    /// `unless EXPR`
    Unless(Expr<'a>),
    /// `because "..."`
    Because(Text<'a>),
    /// `from 2 of finance` or `from user`
    From(Approvers<'a>),
    /// `within 4h`
    Within(Duration),
    /// `phase observe` or `phase observe until DATE`
    PhaseObserve(Option<Date>),
    /// `always`
    Always,
    /// `where EXPR`, in a set of calls.
    Where(Expr<'a>),
    /// `by user`, in a set of calls.
    By(Name<'a>),
    /// `returns untrusted`, in a set of calls.
    ReturnsUntrusted,
    /// `distinct`, in an approval.
    Distinct,
    /// `at most 5 of EXPR per 1h per KEY, KEY`, in a limit.
    AtMost(Rate<'a>),
    /// `more than 5 per 1h per KEY`, in an alert.
    MoreThan(Rate<'a>),
    /// `outcome deny, require approval`, in an alert.
    Outcome(&'a [Name<'a>]),
    /// `novel (agent, tool, args.host)`, in an alert.
    Novel(&'a [Expr<'a>]),
    /// `severity high`, in an alert.
    Severity(Name<'a>),
    /// `since { clauses }`, `since completed crm.reset`, in a set of calls: a question whether there is one of another set.
    Since(super::History<'a>),
    /// `keeping last 64`, in a set of calls.
    Keeping(Number<'a>),
}

/// `5 of EXPR per 1h per user, args.channel`
#[derive(Clone, Copy, Debug)]
pub struct Rate<'a> {
    /// How many.
    pub bound: Number<'a>,
    /// Of what; without it, calls.
    pub of: Option<Expr<'a>>,
    /// In which window.
    pub window: Duration,
    /// Counted apart for each of these.
    pub keys: &'a [Expr<'a>],
}

/// Which agents.
#[derive(Clone, Copy, Debug)]
pub enum AgentSelector<'a> {
    /// `any`, `any except X, Y`
    Any(&'a [Path<'a>]),
    /// `X, Y`
    Named(&'a [Path<'a>]),
    /// `in FLEET, FLEET`
    In(&'a [Path<'a>]),
    /// `with function "support"`
    WithFunction(Text<'a>),
}

/// Which users.
#[derive(Clone, Copy, Debug)]
pub enum UserSelector<'a> {
    /// `any`: some user.
    Any(Span),
    /// `none`: nobody.
    None(Span),
    /// `in GROUP`
    In(Path<'a>),
    /// `"ana"`: that user id.
    Id(Text<'a>),
}

/// On what.
#[derive(Clone, Copy, Debug)]
pub enum OnSelector<'a> {
    /// Systems and datasets.
    Names(&'a [Path<'a>]),
    /// `sensitivity >= confidential`
    Level {
        /// The level's name.
        level: Path<'a>,
        /// How compared.
        op: super::CompareOp,
        /// With which member.
        member: Name<'a>,
    },
}

/// `from 2 of finance`
#[derive(Clone, Copy, Debug)]
pub struct Approvers<'a> {
    /// How many distinct persons; without a number, one.
    pub count: Option<Number<'a>>,
    /// Of which group; `None` is `user`, who made the request.
    pub group: Option<Path<'a>>,
}

/// `assert "x" { never allow {...} }`: not built yet, kept whole.
#[derive(Clone, Copy, Debug)]
pub struct Assert<'a> {
    /// Its name.
    pub name: Text<'a>,
    /// The blocks in it.
    pub blocks: &'a [Block<'a>],
}
