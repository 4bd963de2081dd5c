//! Scenarios, typed: each step is a request ready to be decided, and what is expected of it.

use super::{AgentId, ModuleId, ToolId};
use agentpol_diagnostics::Span;

/// A scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The module that it stands in.
    pub module: ModuleId,
    /// Its name, unique in the module.
    pub name: String,
    /// The agent that acts.
    pub agent: AgentId,
    /// The session that its calls belong to; opened before the first, with the agent (of a chain, its first) and the user.
    pub session: String,
    /// Opens the session, as JSON text: an event of the state protocol.
    pub open: String,
    /// Its steps, in order.
    pub steps: Vec<Step>,
    /// The word `test` and the name.
    pub span: Span,
}

/// One step.
#[derive(Clone, Debug)]
pub enum Step {
    /// A call.
    Call(Box<Call>),
    /// A person approves everything that the last call was asked for.
    Approve(Person),
    /// A person rejects everything that the last call was asked for.
    Reject(Person),
}

/// Who approves or rejects.
#[derive(Clone, Debug)]
pub struct Person {
    /// The person's id.
    pub id: String,
    /// Wire names of the groups that they are in.
    pub groups: Vec<String>,
    /// When, in milliseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// The step.
    pub span: Span,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The tool called.
    pub tool: ToolId,
    /// The request, as JSON text; `at` already moved by the `after` before it.
    pub request: String,
    /// What the call gives, as JSON text, or that it fails. `None` where nothing is said: it is done, and its answer is
    /// not known.
    pub result: Option<Result<String, ()>>,
    /// The call's id in the session.
    pub id: String,
    /// When, in milliseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// The expected outcome.
    pub expect: Expected,
    /// The expected deciding rule's name.
    pub by: Option<String>,
    /// The call.
    pub span: Span,
}

/// An expected outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Let through.
    Allow,
    /// Denied; with a code where one is written.
    Deny {
        /// A code of the table, such as `no_allow`.
        code: Option<String>,
    },
    /// Asked for approval; from whom where it is written: a group's wire name, or `user`.
    RequireApproval {
        /// Whose.
        from: Option<String>,
    },
    /// To be tried later.
    Throttle,
}
