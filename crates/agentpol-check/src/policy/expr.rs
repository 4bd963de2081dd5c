//! Expressions, typed. Definitions are expanded, enum words are values, patterns are known.
//!
//! Every operator is strict in what is unknown or absent except `Has`, `Otherwise`, `And`, `Or` and the quantifiers
//! (Kleene). Numbers of mixed operands have been widened: where `Int` meets `Decimal`, `ToDecimal` stands around it.

use super::{Earlier, GroupId, Known, LevelId, Pattern, RecordId, ToolId, Type, Value, ZoneId};
use agentpol_diagnostics::Span;

/// A variable of one rule: numbered from 0, each bound before it is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalId(pub u32);

/// A typed expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// Which.
    pub kind: ExprKind,
    /// Its type when it is present and known.
    pub ty: Type,
    /// Where it stands; for an expanded definition, where it is used.
    pub span: Span,
}

/// The forms of typed expression.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A literal.
    Literal(Value),
    /// `[a, b]`; elements are scalars.
    List(Vec<Expr>),
    /// `args`, the whole: only inside `Origin`.
    Args,
    /// `args.NAME`; the name in the policy.
    Arg(String),
    /// `user.NAME`
    User(String),
    /// `user.id`, a string
    UserId,
    /// `context.NAME`
    Context(String),
    /// `agent.NAME`, an attribute of the fleet
    Agent(String),
    /// `session.id`, a string
    SessionId,
    /// `session.LEVEL`: the highest member of the level among the data that the root session's calls have touched
    SessionLabel(LevelId),
    /// The agent's name, `module.name`: a string; `that.agent` in an earlier call's frame
    AgentName,
    /// The tool's name in the policy, a string; `that.tool` in an earlier call's frame
    ToolName,
    /// What the earlier call answered: only in that call's frame
    Result,
    /// `user`, to be compared and followed
    Requester,
    /// `resource`
    Resource,
    /// An attribute of what a reference names; the name in the policy. Absent where its type has none.
    Attribute(Box<Expr>, String),
    /// `.id` of a reference, a string; of a group its name
    Id(Box<Expr>),
    /// `.path` of a resource: it and all that it lies in, the nearest first
    PathOf(Box<Expr>),
    /// `a in b` by closure: a user, group or resource is the one in `b`, or in it; of a list in `b`, one of its elements
    Inside(Box<Expr>, Box<Expr>),
    /// `E in GROUP` of a user or group that is not the requester
    InGroup(Box<Expr>, GroupId),
    /// `now`
    Now,
    /// `today` in the module's zone
    Today(ZoneId),
    /// A variable.
    Local(LocalId),
    /// Binds a local around a body.
    Let(LocalId, Box<Expr>, Box<Expr>),
    /// A field of a record; the name in the policy.
    Field(Box<Expr>, String),
    /// A value of a map by key; absent where the key is.
    Index(Box<Expr>, Box<Expr>),
    /// A part of a typed text or time.
    Part(Part, Box<Expr>),
    /// `not`
    Not(Box<Expr>),
    /// At least two.
    And(Vec<Expr>),
    /// At least two.
    Or(Vec<Expr>),
    /// `if c then a else b`; strict in `c` only.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `has E`
    Has(Box<Expr>),
    /// `E otherwise D`
    Otherwise(Box<Expr>, Box<Expr>),
    /// A comparison of two scalars of one type.
    Compare(CompareOp, Box<Expr>, Box<Expr>),
    /// `x in L`: a list literal, or any list or map (keys).
    In(Box<Expr>, Box<Expr>),
    /// `user in GROUP`
    UserIn(GroupId),
    /// Arithmetic on two operands of fitting types: int, decimal, duration, date + duration, datetime + duration,
    /// datetime - datetime.
    Arithmetic(ArithmeticOp, Box<Expr>, Box<Expr>),
    /// `-E`
    Negative(Box<Expr>),
    /// An int as decimal.
    ToDecimal(Box<Expr>),
    /// `like` and `matches`
    Matches(Box<Expr>, Pattern),
    /// `starts_with`, `ends_with`, `contains` with a literal text
    TextTest(TextTest, Box<Expr>, String),
    /// `LIST contains x`
    Contains(Box<Expr>, Box<Expr>),
    /// `HOST.in_domain("acme.example")`: the domain itself or below
    InDomain(Box<Expr>, String),
    /// `PATH.within(DIR)`; the directory a literal or a context field
    Within(Box<Expr>, Box<Expr>),
    /// `IP.in_network("10.0.0.0/8")`: address bits, prefix length, v6
    InNetwork(Box<Expr>, u128, u8, bool),
    /// `any x in L: E`
    Any(Box<Each>),
    /// `all x in L: E`
    All(Box<Each>),
    /// `count(x in L: E)`
    CountWhere(Box<Each>),
    /// `first(x in L: E)`
    FirstWhere(Box<Each>),
    /// `last(x in L: E)`
    LastWhere(Box<Each>),
    /// `sum(x in L: E)`
    SumOf(Box<Each>),
    /// `min(x in L: E)`
    MinOf(Box<Each>),
    /// `max(x in L: E)`
    MaxOf(Box<Each>),
    /// `count(L)` of a list or map
    Count(Box<Expr>),
    /// `first(L)`
    First(Box<Expr>),
    /// `last(L)`
    Last(Box<Expr>),
    /// `min(a, b)`
    Min(Box<Expr>, Box<Expr>),
    /// `max(a, b)`
    Max(Box<Expr>, Box<Expr>),
    /// `pairs(L, M)`, only as what is gone through
    Pairs(Box<Expr>, Box<Expr>),
    /// `origin(E)`, of the builtin level `origin`
    Origin(Box<Expr>),
    /// `origin(E) in [user, result of crm.search]`: each leaf of `E` is from one of the sources
    OriginIn(Box<Expr>, Sources),
    /// A question about earlier calls: a bool, or a value of one of them
    Earlier(Box<Earlier>),
    /// `known R(k)`: the newest record under the key; absent where surely none is known
    Known(Box<Known>),
    /// `known R`: a list of all that are known; where some may be missing, an unknown element stands for them
    AllKnown(RecordId),
}

/// Where a value may come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    /// The lowest member of the builtin level `origin` that will do, always one above `trusted`; `None` where only the tools
    /// count.
    pub least: Option<u32>,
    /// Tools whose answers will do; sorted, at least one, each `returns trusted`.
    pub tools: Vec<ToolId>,
}

/// A list gone through.
#[derive(Clone, Debug)]
pub struct Each {
    /// The element; the key of a map; the left of a pair.
    pub first: LocalId,
    /// The value of a map, the right of a pair.
    pub second: Option<LocalId>,
    /// A list, map or pairs.
    pub over: Expr,
    /// Asked or taken of each.
    pub body: Expr,
}

/// A comparison. Order exists on numbers, durations, dates, datetimes and levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each operator is its own sign")]
pub enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// Arithmetic. One factor of a product is a literal or an `if` of literals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each operator is its own sign")]
pub enum ArithmeticOp {
    Add,
    Sub,
    Mul,
}

/// A test of text against a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each test is its own word")]
pub enum TextTest {
    StartsWith,
    EndsWith,
    Contains,
}

/// A part of a typed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// `.domain` of an email: a host
    Domain,
    /// `.local` of an email
    Local,
    /// `.host` of a url: a host
    Host,
    /// `.scheme` of a url
    Scheme,
    /// `.port` of a url: an int; the scheme's own where none is written
    Port,
    /// `.path` of a url: a string, `/` where none is written
    UrlPath,
    /// `.name` of a path: its last segment
    Name,
    /// `.extension` of a path: behind the last dot of the name, empty without one or where the dot is first
    Extension,
    /// `.lower`: ASCII letters made small
    Lower,
    /// `.date` of a datetime, in the module's zone
    Date(ZoneId),
}
