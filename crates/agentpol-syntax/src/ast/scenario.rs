//! Scenarios: `test "name" { given ... steps }`.

use super::{Duration, Name, Number, Path, Text};
use agentpol_diagnostics::Span;

/// `test "name" { ... }`
#[derive(Clone, Copy, Debug)]
pub struct Test<'a> {
    /// Its name.
    pub name: Text<'a>,
    /// What holds at the start.
    pub given: &'a [Given<'a>],
    /// From `given` to its last clause; the name where there is none.
    pub given_span: Span,
    /// The steps, in order.
    pub steps: &'a [Step<'a>],
}

/// One part of `given`.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// Which.
    pub kind: GivenKind<'a>,
    /// The whole part.
    pub span: Span,
}

/// The parts of `given`.
#[derive(Clone, Copy, Debug)]
pub enum GivenKind<'a> {
    /// `agent store_bot { store: "0042" } via planner`: who acts, and the agents that it is reached through, the first
    /// caller first.
    Agent(Hop<'a>, &'a [Hop<'a>]),
    /// `for user "ana" { groups: [support] }`
    User(Text<'a>, Option<&'a [Pair<'a>]>),
    /// `for user none`
    NoUser,
    /// `in session "s1"`
    Session(Text<'a>),
    /// `env prod`
    Env(Name<'a>),
    /// `task "support"`
    Task(Text<'a>),
    /// `at 2026-03-02T15:00:00Z`, milliseconds since 1970-01-01T00:00:00Z
    At(i64),
    /// `context { ... }`
    Context(&'a [Pair<'a>]),
    /// `origin { to: user }`
    Origin(&'a [Pair<'a>]),
    /// `resource document "d-1" { public: true } within folder "f-1"`: what the request brings of a resource.
    Resource(NamedResource<'a>, Option<&'a [Pair<'a>]>, &'a [NamedResource<'a>]),
    /// `credential aged 30h`
    CredentialAged(Duration),
    /// `credential none`
    NoCredential,
}

/// An agent of the chain, with the attributes of a fleet.
#[derive(Clone, Copy, Debug)]
pub struct Hop<'a> {
    /// Which agent.
    pub agent: Path<'a>,
    /// Its attributes.
    pub attributes: Option<&'a [Pair<'a>]>,
}

/// `document "d-1"`
#[derive(Clone, Copy, Debug)]
pub struct NamedResource<'a> {
    /// Its type.
    pub of: Path<'a>,
    /// Its id.
    pub id: Text<'a>,
}

/// `key: value`
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// The key; a text where it is no word.
    pub key: Text<'a>,
    /// The value.
    pub value: Literal<'a>,
}

/// A value in a scenario.
#[derive(Clone, Copy, Debug)]
pub struct Literal<'a> {
    /// Which.
    pub kind: LiteralKind<'a>,
    /// Where it stands.
    pub span: Span,
}

/// The forms of value.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each form is its own word")]
pub enum LiteralKind<'a> {
    Null,
    Bool(bool),
    /// The flag is a minus sign.
    Number(bool, Number<'a>),
    Text(Text<'a>),
    /// A member of an enum or level, or a group, which may be another module's.
    Word(Path<'a>),
    Duration(Duration),
    Date(super::Date),
    DateTime(i64),
    /// `result of crm.search at "/0/email"`: an origin
    ResultOf(Path<'a>, Option<Text<'a>>),
    List(&'a [Literal<'a>]),
    Object(&'a [Pair<'a>]),
}

/// One step.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Which.
    pub kind: StepKind<'a>,
    /// The whole step.
    pub span: Span,
}

/// The kinds of step.
#[derive(Clone, Copy, Debug)]
pub enum StepKind<'a> {
    /// `crm.order(order_id: "o-1") -> allow by "rule", returns {...}`
    Call(Call<'a>),
    /// `after 8h`
    After(Duration),
    /// `approve by "bo" in finance_leads`
    Approve(Text<'a>, Option<Path<'a>>),
    /// `reject by "bo" in finance_leads`
    Reject(Text<'a>, Option<Path<'a>>),
}

/// A call and what is expected of it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The tool.
    pub tool: Path<'a>,
    /// Its arguments.
    pub args: &'a [Pair<'a>],
    /// The expected outcome.
    pub expect: Expect<'a>,
    /// The expected deciding rule.
    pub by: Option<Text<'a>>,
    /// What the call then gives.
    pub outcome: Option<CallOutcome<'a>>,
}

/// An expected outcome.
#[derive(Clone, Copy, Debug)]
pub enum Expect<'a> {
    /// `allow`
    Allow,
    /// `deny`, `deny no_allow`: with a code of the table where one is written.
    Deny(Option<Name<'a>>),
    /// `throttle`
    Throttle,
    /// `require approval from finance_leads`
    RequireApproval(Option<super::Approvers<'a>>),
}

/// What a call gives.
#[derive(Clone, Copy, Debug)]
pub enum CallOutcome<'a> {
    /// `returns VALUE`
    Returns(Literal<'a>),
    /// `fails`
    Fails(Span),
}
