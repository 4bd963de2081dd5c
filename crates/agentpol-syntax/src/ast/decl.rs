//! Declarations: everything a policy names.

use super::{Block, Expr, Name, Path, Text};
use agentpol_diagnostics::Span;

/// `module NAME requires NAME, NAME`
#[derive(Clone, Copy, Debug)]
pub struct Module<'a> {
    /// The module's name.
    pub name: Path<'a>,
    /// Modules without which this one must not be loaded.
    pub requires: &'a [Path<'a>],
}

/// `use NAME as ALIAS`
#[derive(Clone, Copy, Debug)]
pub struct Use<'a> {
    /// The module whose names are used.
    pub module: Path<'a>,
    /// A short name for it; without one its own name is written in full.
    pub alias: Option<Name<'a>>,
}

/// `share SYSTEM[.DATASET] with MODULE, MODULE`: lets the modules write allows on it.
#[derive(Clone, Copy, Debug)]
pub struct Share<'a> {
    /// A system or one of its datasets.
    pub what: Path<'a>,
    /// Who may.
    pub with: &'a [Path<'a>],
}

/// `level NAME = LOWEST < ... < HIGHEST`
#[derive(Clone, Copy, Debug)]
pub struct Level<'a> {
    /// The order's name.
    pub name: Name<'a>,
    /// From lowest to highest.
    pub members: &'a [Name<'a>],
}

/// `enum NAME = MEMBER | MEMBER`
#[derive(Clone, Copy, Debug)]
pub struct Enum<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// A bare word or a text; the value is also what stands on the wire.
    pub members: &'a [Text<'a>],
}

/// `group NAME "on the wire", NAME in PARENT, PARENT`
#[derive(Clone, Copy, Debug)]
pub struct Group<'a> {
    /// The groups declared.
    pub names: &'a [Wired<'a>],
    /// The groups they belong to.
    pub parents: &'a [Path<'a>],
}

/// A name with its optional text on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Wired<'a> {
    /// The name in the policy.
    pub name: Name<'a>,
    /// The text on the wire; without one the name itself.
    pub wire: Option<Text<'a>>,
}

/// `task "support" claimed`: a task, and whether the agent itself claims it.
#[derive(Clone, Copy, Debug)]
pub struct TaskDecl<'a> {
    /// The task.
    pub name: Text<'a>,
    /// Said by the agent, not attested by the host: never a ground for an allow.
    pub claimed: bool,
}

/// `schedule NAME = WINDOW, WINDOW in "ZONE"`
#[derive(Clone, Copy, Debug)]
pub struct Schedule<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// The windows of a week.
    pub windows: &'a [Window<'a>],
    /// Its own time zone; without one the module's.
    pub zone: Option<Text<'a>>,
}

/// `mon..fri 09:00..17:00`
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    /// The first day, one of `mon tue wed thu fri sat sun`.
    pub first_day: Name<'a>,
    /// The last day; without one the first alone.
    pub last_day: Option<Name<'a>>,
    /// `09:00` as minutes from midnight.
    pub start: u16,
    /// `17:00`, at most `24:00`; not after `start` means over midnight.
    pub end: u16,
    /// The whole window.
    pub span: Span,
}

/// One field of a record, user, context or parameter list.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// The name in the policy.
    pub name: Name<'a>,
    /// `?`: may be missing or null.
    pub optional: bool,
    /// The name on the wire, where another.
    pub wire: Option<Text<'a>>,
    /// The type with its marks.
    pub ty: TypeExpr<'a>,
    /// What the value must fulfil to be of the type.
    pub constraints: &'a [Constraint<'a>],
    /// The whole field.
    pub span: Span,
}

/// `where amount > 0` or `matches "[A-Z]{6}"`
#[derive(Clone, Copy, Debug)]
pub enum Constraint<'a> {
    /// A condition in which the field's own name is the value.
    Where(Expr<'a>),
    /// An anchored regular expression.
    Matches(Text<'a>),
}

/// A type as written.
#[derive(Clone, Copy, Debug)]
pub struct TypeExpr<'a> {
    /// `secret`
    pub secret: bool,
    /// `untrusted`
    pub untrusted: bool,
    /// The type itself.
    pub kind: TypeKind<'a>,
    /// The whole, marks included.
    pub span: Span,
}

/// The forms of type.
#[derive(Clone, Copy, Debug)]
pub enum TypeKind<'a> {
    /// `string`, `decimal`, an enum, level or record.
    Named(Path<'a>),
    /// `list<T, N>`
    List(&'a TypeExpr<'a>, Option<Number<'a>>),
    /// `map<string, T, N>`
    Map(&'a TypeExpr<'a>, &'a TypeExpr<'a>, Option<Number<'a>>),
    /// `{ name: T, ... }`
    Fields(&'a [Field<'a>]),
    /// `url allow ip6`
    UrlWithIp6,
    /// `path under "/work"`
    PathUnder(Text<'a>),
    /// `datetime in "ZONE"`
    DateTimeIn(Text<'a>),
    /// `decimal as string`
    DecimalAsString,
}

/// A number as written, `_` removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number<'a> {
    /// Digits, at most one dot, no sign.
    pub digits: &'a str,
    /// Where it stands.
    pub span: Span,
}

/// `system NAME { ... }`
#[derive(Clone, Copy, Debug)]
pub struct System<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// Its clauses, in order.
    pub clauses: &'a [SystemClause<'a>],
}

/// What stands in a system.
#[derive(Clone, Copy, Debug)]
pub enum SystemClause<'a> {
    /// `environment prod, staging`: where it exists.
    Environment(&'a [Name<'a>]),
    /// `server "gmail"`: where its tools come from on the wire.
    Server(Text<'a>),
    /// `dataset ledger: restricted, entitlement required`
    Dataset(Dataset<'a>),
    /// `entitlement required`: for every dataset of the system.
    Entitlement(Span),
    /// `case insensitive`: its paths compare without letter case.
    CaseInsensitive(Span),
}

/// `dataset NAME: LEVEL, entitlement required`
#[derive(Clone, Copy, Debug)]
pub struct Dataset<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// Its label; without one the highest of every level.
    pub label: Option<Path<'a>>,
    /// The user's own right is needed too.
    pub entitlement: bool,
}

/// `record NAME by KEY, KEY { ... } keep N`
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// The key fields; none for a record that is only a shape.
    pub keys: &'a [Path<'a>],
    /// Its fields.
    pub fields: &'a [Field<'a>],
    /// How many are kept.
    pub keep: Option<Number<'a>>,
}

/// `resource NAME { within NAME  field: type }`
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// What it may lie in.
    pub within: &'a [Path<'a>],
    /// Its attributes.
    pub fields: &'a [Field<'a>],
}

/// `tools NAME = PATTERN, ... except PATTERN, ...`
#[derive(Clone, Copy, Debug)]
pub struct ToolSet<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// The tools in it.
    pub tools: ToolPatterns<'a>,
}

/// `a, crm.*` and `except b`
#[derive(Clone, Copy, Debug)]
pub struct ToolPatterns<'a> {
    /// What is in.
    pub include: &'a [ToolPattern<'a>],
    /// What is out again.
    pub except: &'a [ToolPattern<'a>],
    /// The whole.
    pub span: Span,
}

/// One pattern of tools.
#[derive(Clone, Copy, Debug)]
pub enum ToolPattern<'a> {
    /// `*`
    Every(Span),
    /// `crm.*`
    Under(Path<'a>),
    /// A tool or a tool set.
    Named(Path<'a>),
}

/// `tool NAME "wire" (PARAMS, ...) -> RESULT CLAUSES`
#[derive(Clone, Copy, Debug)]
pub struct Tool<'a> {
    /// Its name; the first word may be its system.
    pub name: Path<'a>,
    /// Its name on the wire; without one the last word of the name.
    pub wire: Option<Text<'a>>,
    /// Its parameters.
    pub params: &'a [Field<'a>],
    /// `...`: undeclared arguments pass.
    pub open: Option<Span>,
    /// What it answers.
    pub result: Option<ResultExpr<'a>>,
    /// Its other clauses, in order.
    pub clauses: &'a [ToolClause<'a>],
}

/// What a tool answers.
#[derive(Clone, Copy, Debug)]
pub struct ResultExpr<'a> {
    /// The form.
    pub kind: ResultKind<'a>,
    /// The whole.
    pub span: Span,
}

/// The forms of result.
#[derive(Clone, Copy, Debug)]
pub enum ResultKind<'a> {
    /// `-> T`, a record or any type.
    Type(TypeExpr<'a>),
    /// `-> list<R, N>` whose element is not merely a type.
    List(&'a ResultExpr<'a>, Option<Number<'a>>),
    /// `-> R(args.id)` and `-> R(args.id).field`
    Keyed {
        /// The record.
        record: Path<'a>,
        /// Its key, by expressions over the arguments and the record's fields.
        keys: &'a [Expr<'a>],
        /// The field that the answer is, where it is not the record.
        field: &'a [Name<'a>],
    },
    /// `-> A | B`
    Either(&'a [ResultExpr<'a>]),
}

/// What stands behind a tool's parameters.
#[derive(Clone, Copy, Debug)]
pub enum ToolClause<'a> {
    /// `reads crm.tickets, crm.customers`; `computes` and `executes` may name nothing.
    Verb(VerbWord, &'a [Path<'a>], Span),
    /// `returns trusted`
    ReturnsTrusted(Span),
    /// `returns untrusted`, the default, said aloud.
    ReturnsUntrusted(Span),
    /// `returns nothing`
    ReturnsNothing(Span),
    /// `unverified`: verbs taken from annotations nobody has checked.
    Unverified(Span),
    /// `to fixed hosts "a", "b"`
    FixedHosts(&'a [Text<'a>], Span),
    /// `touches anything`
    TouchesAnything(Span),
    /// `pinned "sha256:..."`
    Pinned(Text<'a>),
    /// `of document(args.id)`: not built yet.
    Of(Path<'a>, &'a [Expr<'a>], Span),
}

/// A verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each verb is its own word")]
pub enum VerbWord {
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

/// `agent NAME { ... }` or `fleet NAME(params) { ... }`
#[derive(Clone, Copy, Debug)]
pub struct Agent<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// A fleet's parameters: attributes of each member.
    pub fleet: Option<&'a [Field<'a>]>,
    /// Its clauses, in order.
    pub clauses: &'a [AgentClause<'a>],
}

/// What stands in an agent.
#[derive(Clone, Copy, Debug)]
pub struct AgentClause<'a> {
    /// Which clause.
    pub kind: AgentClauseKind<'a>,
    /// The whole clause.
    pub span: Span,
}

/// The clauses of an agent.
#[derive(Clone, Copy, Debug)]
pub enum AgentClauseKind<'a> {
    /// `function "support"`
    Function(Text<'a>),
    /// `owner "team@acme.example"`
    Owner(Text<'a>),
    /// `identity "spiffe://..."`
    Identity(Text<'a>),
    /// `identity issuer "https://..." subject "..."`
    Token(Text<'a>, Text<'a>),
    /// `credential rotates every 24h`
    Credential(Duration),
    /// `phase autonomous`
    Phase(Phase<'a>),
    /// `reached via planner, directly`: not built yet.
    ReachedVia(&'a [Path<'a>], bool),
    /// `delegates to worker { tool ... }`: not built yet.
    DelegatesTo(&'a [Path<'a>], Option<Block<'a>>),
}

/// How far an agent is trusted.
#[derive(Clone, Copy, Debug)]
pub enum Phase<'a> {
    /// `observe until DATE`; the date may be missing, which is an error later.
    Observe(Option<Date>),
    /// `read_only`
    ReadOnly,
    /// `supervised by GROUP`; without one, an error later.
    Supervised(Option<Path<'a>>),
    /// `supervised by user`
    SupervisedByUser,
    /// `autonomous`
    Autonomous,
    /// Another word.
    Unknown(Name<'a>),
}

/// A duration in milliseconds, never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duration {
    /// Milliseconds.
    pub millis: i64,
    /// Where it stands.
    pub span: Span,
}

/// A calendar date as days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// Days.
    pub days: i32,
    /// Where it stands.
    pub span: Span,
}

/// `define NAME(params) = EXPR`
#[derive(Clone, Copy, Debug)]
pub struct Define<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// Its parameters; `None` for a value.
    pub params: Option<&'a [Field<'a>]>,
    /// What it stands for.
    pub body: Expr<'a>,
}
