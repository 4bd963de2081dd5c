//! Agents and fleets: who acts, and how far each is trusted.

use super::{Block, Field, Name, Path, Text};
use agentpol_diagnostics::Span;

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
    /// `reached via planner, directly`
    ReachedVia(&'a [Path<'a>], bool),
    /// `delegates to worker { tool ... }`
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
