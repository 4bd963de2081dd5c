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
    /// Its steps, in order.
    pub steps: Vec<Step>,
    /// The word `test` and the name.
    pub span: Span,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Step {
    /// The tool called.
    pub tool: ToolId,
    /// The request, as JSON text; `at` already moved by the `after` before it.
    pub request: String,
    /// What the call gives, as JSON text; `Err` where it fails, `None` where nothing is said.
    pub result: Option<Result<String, ()>>,
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
