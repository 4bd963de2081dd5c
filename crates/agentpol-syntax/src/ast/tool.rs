//! Tools: what agents call, what a call touches, what it answers.

use super::{Expr, Field, Name, Number, Path, Text, TypeExpr};
use agentpol_diagnostics::Span;

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
    /// `of document(args.id)`
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
