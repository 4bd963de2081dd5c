//! Declarations: the words that a policy describes its world in.

use super::{Duration, Expr, Name, Path, Text};
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

/// `record NAME by KEY, KEY { ... } keep N fresh within DURATION`
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
    /// How long what was learned holds.
    pub fresh: Option<Duration>,
}

/// `resource NAME { within NAME  field: type }`
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// Its name on the wire; without one the name itself.
    pub wire: Option<Text<'a>>,
    /// What it may lie in.
    pub within: &'a [Path<'a>],
    /// Its attributes.
    pub fields: &'a [Field<'a>],
}

/// `users from directory max age 15m`, `resources from request`
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// It speaks of resources, else of users.
    pub resources: bool,
    /// From a directory, else from each request.
    pub directory: bool,
    /// How old the directory may be.
    pub max_age: Option<Duration>,
    /// The whole.
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
