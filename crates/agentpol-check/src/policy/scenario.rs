//! Scenarios and tables, typed: each step and each cell is a request ready to be decided, and what is expected of it.

use super::{ModuleId, ToolId};
use agentpol_diagnostics::Span;

/// A scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The module that it stands in.
    pub module: ModuleId,
    /// Its name, unique in the module.
    pub name: String,
    /// Opens the session that it begins in, as JSON text: an event of the state protocol, for the agent (of a chain, its
    /// first) and the user.
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
    /// A person approves what the last call was asked for, as far as they may.
    Approve(Person),
    /// A person rejects what the last call was asked for, as far as they may.
    Reject(Person),
    /// Another session is opened; the calls behind it belong to it.
    Open(Opening),
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
    /// That none of what was asked for takes the answer.
    pub refused: Option<Refused>,
    /// The step.
    pub span: Span,
}

/// A session that is opened on the way.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Its id.
    pub session: String,
    /// The event of the state protocol, as JSON text.
    pub event: String,
    /// That it cannot be opened.
    pub refused: Option<Refused>,
    /// The step.
    pub span: Span,
}

/// That state is expected to refuse something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The word for why, such as `person_excluded`; `None` for any reason.
    pub code: Option<String>,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The tool called.
    pub tool: ToolId,
    /// The session that it belongs to.
    pub session: String,
    /// The request, as JSON text; `at` already moved by the `after` before it.
    pub request: String,
    /// What becomes of the call where it is let through.
    pub ending: Ending,
    /// Content from outside comes with the answer.
    pub untrusted: bool,
    /// The call's id in the session.
    pub id: String,
    /// When, in milliseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// What is expected of the decision.
    pub claim: Claim,
    /// The names of all rules that raise an alert; `None` where nothing is said of them. Sorted.
    pub alerts: Option<Vec<String>>,
    /// The call.
    pub span: Span,
}

/// What becomes of a call that was let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is done, and its answer is not known.
    Done,
    /// It is done, and this JSON text came back.
    Returned(String),
    /// It failed.
    Failed,
    /// It was never dispatched.
    Released,
    /// Nobody has heard of it yet.
    Pending,
}

/// What is expected of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The outcome.
    pub expect: Expected,
    /// The name of a rule that decides.
    pub by: Option<String>,
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
    /// Asked for approval.
    RequireApproval {
        /// Everybody who is asked, in order of writing; of whomever, where it is empty.
        from: Vec<Approver>,
    },
    /// To be tried later.
    Throttle,
}

/// Who is expected to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approver {
    /// A group's wire name, or `user`.
    pub who: String,
    /// How many persons; `None` where it is not said.
    pub count: Option<u32>,
}

/// A table: what comes out for each agent with each user and each tool.
#[derive(Clone, Debug)]
pub struct Table {
    /// The module that it stands in.
    pub module: ModuleId,
    /// Its name, unique in the module.
    pub name: String,
    /// The agents, as they are written.
    pub agents: Vec<String>,
    /// The users, as they are written, without what is said of them.
    pub users: Vec<String>,
    /// The tools, each by its name or by the one that it has in the table.
    pub tools: Vec<String>,
    /// What is said of cells, in order of writing.
    pub rows: Vec<Row>,
    /// One for each agent, user and tool, by agent, then tool, then user.
    pub cells: Vec<Cell>,
    /// The word `test` and the name.
    pub span: Span,
}

/// What is said of cells.
#[derive(Clone, Debug)]
pub struct Row {
    /// What is expected there.
    pub claim: Claim,
    /// The row.
    pub span: Span,
}

/// One agent with one user and one tool. It is decided with nothing remembered.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The agent, an index.
    pub agent: usize,
    /// The user, an index.
    pub user: usize,
    /// The tool, an index.
    pub tool: usize,
    /// Opens the session, as JSON text.
    pub open: String,
    /// The request, as JSON text.
    pub request: String,
    /// The rows that speak of it, indexes; at least one. Each must hold.
    pub rows: Vec<usize>,
}
