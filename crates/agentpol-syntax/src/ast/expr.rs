//! Expressions, as written.

use super::{Block, Duration, Name, Number, Path, Text, ToolPattern};
use agentpol_diagnostics::Span;

/// An expression.
#[derive(Clone, Copy, Debug)]
pub struct Expr<'a> {
    /// Which.
    pub kind: &'a ExprKind<'a>,
    /// The whole, without parentheses around it.
    pub span: Span,
}

/// The forms of expression.
#[derive(Clone, Copy, Debug)]
pub enum ExprKind<'a> {
    /// `true`
    Bool(bool),
    /// `42` or `100.00`
    Number(Number<'a>),
    /// `"text"`
    Text(Text<'a>),
    /// `1h30m`
    Duration(Duration),
    /// `2026-03-02`
    Date(super::Date),
    /// `2026-03-02T15:00:00Z`, milliseconds since 1970-01-01T00:00:00Z
    DateTime(i64),
    /// A word alone: a root (`args`, `user`, ...), a local name, a definition, or a member of an enum or level.
    Name(Name<'a>),
    /// `E.field`
    Member(Expr<'a>, Name<'a>),
    /// `E.method(ARGS)`
    Method(Expr<'a>, Name<'a>, &'a [Expr<'a>]),
    /// `E[KEY]`
    Index(Expr<'a>, Expr<'a>),
    /// `f(ARGS)`: a definition or one of `count sum first last min max pairs origin`
    Call(Name<'a>, &'a [Expr<'a>]),
    /// `[A, B]`
    List(&'a [Expr<'a>]),
    /// `not E`
    Not(Expr<'a>),
    /// `-E`
    Negative(Expr<'a>),
    /// `has E`
    Has(Expr<'a>),
    /// `A and B and C`: at least two
    And(&'a [Expr<'a>]),
    /// `A or B or C`: at least two
    Or(&'a [Expr<'a>]),
    /// `A == B` and the others
    Compare(CompareOp, Expr<'a>, Expr<'a>),
    /// `A in B`, `A like "x*"` and the others that are words
    Relation(RelationOp, Expr<'a>, Expr<'a>),
    /// `A + B - C`: the first operand and what follows with its sign
    Sum(Expr<'a>, &'a [(Sign, Expr<'a>)]),
    /// `A * B * C`: at least two
    Product(&'a [Expr<'a>]),
    /// `A otherwise B`
    Otherwise(Expr<'a>, Expr<'a>),
    /// `if C then A else B`
    If(Expr<'a>, Expr<'a>, Expr<'a>),
    /// `any x in L: E`, `all k, v in M: E`
    Quantified {
        /// `any` or `all`
        quantifier: Quantifier,
        /// One name, or two over maps and pairs.
        names: &'a [Name<'a>],
        /// What is gone through.
        over: Expr<'a>,
        /// What is asked of each.
        body: Expr<'a>,
    },
    /// `count(x in L: E)` and the others
    Comprehension {
        /// Which.
        kind: Comprehension,
        /// One name, or two over maps and pairs.
        names: &'a [Name<'a>],
        /// What is gone through.
        over: Expr<'a>,
        /// What is asked or taken of each.
        body: Expr<'a>,
    },
    /// `called {...}`, `count of {...}`, `last crm.order`
    History(History<'a>),
    /// `known order(KEYS)` or `known order`
    Known(Path<'a>, Option<&'a [Expr<'a>]>),
    /// `result of crm.search`, in a list of origins
    ResultOf(Path<'a>),
}

/// A comparison.
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

/// A relation that is a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each operator is its own word")]
pub enum RelationOp {
    In,
    Like,
    Matches,
    Contains,
    StartsWith,
    EndsWith,
}

/// The sign before a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "plus and minus")]
pub enum Sign {
    Plus,
    Minus,
}

/// `any` or `all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "any and all")]
pub enum Quantifier {
    Any,
    All,
}

/// A fold over a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comprehension {
    /// How many fulfil the body.
    Count,
    /// The sum of the bodies.
    Sum,
    /// The first that fulfils the body.
    First,
    /// The last that fulfils the body.
    Last,
    /// The least body.
    Min,
    /// The greatest body.
    Max,
}

/// A question about earlier calls.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    /// The words before the set of calls: `called`, `count of completed`, `sum of EXPR over`, ...
    pub question: HistoryQuestion<'a>,
    /// Which outcome is asked about; where none is written, `completed` for the first and the last, else `called`.
    pub outcome: HistoryOutcome,
    /// Which calls.
    pub calls: CallSet<'a>,
    /// From the first word to the end of the set.
    pub span: Span,
}

/// What is asked of the set.
#[derive(Clone, Copy, Debug)]
pub enum HistoryQuestion<'a> {
    /// Whether there was one.
    Exists,
    /// How many.
    Count,
    /// How many distinct values of an expression over each.
    Distinct(Expr<'a>),
    /// The sum of an expression over each.
    Sum(Expr<'a>),
    /// The first.
    First,
    /// The last.
    Last,
}

/// How far an earlier call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each outcome is its own word")]
pub enum HistoryOutcome {
    Attempted,
    Called,
    Completed,
    Failed,
}

/// A set of calls: a block or one tool pattern.
#[derive(Clone, Copy, Debug)]
pub enum CallSet<'a> {
    /// `{ clauses }`
    Block(Block<'a>),
    /// `crm.order`
    Tool(ToolPattern<'a>),
}
