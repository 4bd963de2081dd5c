//! Scenarios and tables: `test "name" { given ... steps }`.

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
    /// The steps, in order; none in a table.
    pub steps: &'a [Step<'a>],
    /// The agents, users and tools of a table; none where the test has steps.
    pub axes: &'a [Axis<'a>],
    /// What comes out in which cells of the table.
    pub rows: &'a [Row<'a>],
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
    Approve(Answer<'a>),
    /// `reject by "bo" in finance_leads`
    Reject(Answer<'a>),
    /// `in session "s2" of "s1" agent planner`
    Session(ChangeSession<'a>),
}

/// `by "bo" in finance_leads -> refused person_excluded`
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Who.
    pub who: Text<'a>,
    /// The group that they are in.
    pub group: Option<Path<'a>>,
    /// That it is not taken.
    pub refused: Option<Refusal<'a>>,
}

/// `-> refused person_excluded`
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    /// Why; without it, for any reason.
    pub code: Option<Name<'a>>,
}

/// `in session "s2" of "s1" agent planner for user "bo"`
#[derive(Clone, Copy, Debug)]
pub struct ChangeSession<'a> {
    /// The session.
    pub name: Text<'a>,
    /// The session that it was started from.
    pub parent: Option<Text<'a>>,
    /// Who acts in it, and the agents that it is reached through, the first caller first.
    pub agent: Option<(Hop<'a>, &'a [Hop<'a>])>,
    /// For whom.
    pub user: Option<Who<'a>>,
    /// That it cannot be opened.
    pub refused: Option<Refusal<'a>>,
}

/// `"ana" { groups: [support] }` or `none`
#[derive(Clone, Copy, Debug)]
pub struct Who<'a> {
    /// The user's id; `None` for nobody.
    pub id: Option<Text<'a>>,
    /// What the request says of them.
    pub attributes: Option<&'a [Pair<'a>]>,
    /// The whole.
    pub span: Span,
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
    /// The rules that raise an alert, which may be none.
    pub alerts: Option<&'a [Text<'a>]>,
    /// What becomes of the call then.
    pub endings: &'a [Ending<'a>],
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
    /// `require approval from 2 of leads and from user`: of whomever, where nobody is named.
    RequireApproval(&'a [super::Approvers<'a>]),
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug)]
pub struct Ending<'a> {
    /// Which.
    pub kind: EndingKind<'a>,
    /// The whole.
    pub span: Span,
}

/// The ways in which a call ends.
#[derive(Clone, Copy, Debug)]
pub enum EndingKind<'a> {
    /// `returns VALUE`
    Returns(Literal<'a>),
    /// `fails`
    Fails,
    /// `released`: it was never dispatched.
    Released,
    /// `pending`: nobody has heard of it yet.
    Pending,
    /// `untrusted`: content from outside came with the answer.
    Untrusted,
}

/// `for each tool crm.*, billing.refund(order: "o-1")`
#[derive(Clone, Copy, Debug)]
pub struct Axis<'a> {
    /// Which.
    pub kind: AxisKind<'a>,
    /// The whole.
    pub span: Span,
}

/// What a table has cells for.
#[derive(Clone, Copy, Debug)]
pub enum AxisKind<'a> {
    /// Agents, each with the one that it is reached through.
    Agents(&'a [(Hop<'a>, Option<Hop<'a>>)]),
    /// Users, and nobody.
    Users(&'a [Who<'a>]),
    /// Tools, without those of the second list.
    Tools(&'a [Sample<'a>], &'a [super::ToolPattern<'a>]),
}

/// A tool with arguments, or tools that need none.
#[derive(Clone, Copy, Debug)]
pub enum Sample<'a> {
    /// `billing.refund(order: "o-1", amount: 900.00) as large`: with a name of its own where the tool stands twice.
    Call(Path<'a>, &'a [Pair<'a>], Option<Name<'a>>),
    /// `crm.*`
    Pattern(super::ToolPattern<'a>),
}

/// `agent desk_bot  tool crm.* -> allow by "support reads"`
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// In which cells; `None` for everything else.
    pub cells: Option<&'a [Cells<'a>]>,
    /// What is expected there.
    pub expect: Expect<'a>,
    /// The expected deciding rule.
    pub by: Option<Text<'a>>,
    /// The whole.
    pub span: Span,
}

/// A clause that selects cells.
#[derive(Clone, Copy, Debug)]
pub struct Cells<'a> {
    /// Which.
    pub kind: CellsKind<'a>,
    /// The whole.
    pub span: Span,
}

/// The clauses that select cells.
#[derive(Clone, Copy, Debug)]
pub enum CellsKind<'a> {
    /// `agent desk_bot, planner`
    Agent(&'a [Path<'a>]),
    /// `user "ana", none`
    User(&'a [Who<'a>]),
    /// `tool crm.* except crm.order`
    Tool(super::ToolPatterns<'a>),
    /// `does reads`
    Does(&'a [(super::VerbWord, Span)]),
    /// `on crm`
    On(&'a [Path<'a>]),
}
