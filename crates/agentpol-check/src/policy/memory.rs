//! What a rule asks about earlier calls: history, evidence, limits, alerts.
//!
//! An expression about an earlier call stands in that call's frame: there `Arg`, `UserId`, `Now`, `Env` and the like are
//! the earlier call's own, and `Result` is what it answered. Both frames share one numbering of locals per rule.

use super::{Clause, CompareOp, Expr, RecordId, Scope};

/// A question about earlier calls: `called { tool docs.read  where that.args.id == args.id }`.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// What is asked of them.
    pub question: Question,
    /// How far they must have come.
    pub happened: Happened,
    /// Whose calls.
    pub reach: Reach,
    /// Which calls, as far as agent and tool tell; matched as a restriction's scope. `returns untrusted` is in its tools.
    pub scope: Scope,
    /// What else must hold of the earlier call, in its frame: selectors, `when`, `unless`, and the parts of `where` that
    /// speak of it alone. A clause reads arguments and surroundings, or the result, never both.
    pub clauses: Vec<Clause>,
    /// The parts of `where` that relate it to the call at hand: any number of `==`; or these and one other, last; or any where
    /// calls are kept one by one.
    pub pairs: Vec<Pair>,
    /// How long ago at most, in milliseconds.
    pub within: Option<i64>,
    /// Only calls that were decided after the newest of these count: whether there is one, of the same reach, with neither a
    /// window nor a `since` of its own, related by `==` only.
    pub since: Option<Box<Earlier>>,
    /// The last so many calls of the set are kept one by one, so that the pairs may be any comparisons.
    pub keeping: Option<u32>,
}

/// One part of a `where`: `that.args.id == args.id`.
#[derive(Clone, Debug)]
pub struct Pair {
    /// How they relate: `that OP now`.
    pub op: CompareOp,
    /// In the earlier call's frame: arguments and surroundings, or the result.
    pub that: Expr,
    /// In the rule's frame.
    pub now: Expr,
}

/// What is asked of the calls.
#[derive(Clone, Debug)]
pub enum Question {
    /// Whether there is one. `has first {...}` and `has last {...}` too.
    Exists,
    /// Whether their number (and `plus`, an int in the rule's frame) compares so with the bound.
    Count {
        /// How.
        op: CompareOp,
        /// Added to the number.
        plus: Option<Box<Expr>>,
        /// A literal.
        bound: i64,
    },
    /// Whether the number of distinct values compares so with the bound.
    Distinct {
        /// In the earlier call's frame; a scalar.
        of: Box<Expr>,
        /// How.
        op: CompareOp,
        /// A literal.
        bound: i64,
    },
    /// Whether the sum (and `plus`, in the rule's frame) compares so with the bound.
    Sum {
        /// In the earlier call's frame; an int, or a decimal.
        of: Box<Expr>,
        /// How.
        op: CompareOp,
        /// Added to the sum, of the same type.
        plus: Option<Box<Expr>>,
        /// A literal: an int, or millionths.
        bound: i64,
    },
    /// A value of the first completed call; the expression's type is its type. Absent where there surely is none.
    First(Box<Expr>),
    /// A value of the last completed call.
    Last(Box<Expr>),
}

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Happened {
    /// Asked for, whatever came out.
    Attempted,
    /// Let through, and not released.
    Called,
    /// Let through and reported as done.
    Completed,
    /// Let through and reported as failed.
    Failed,
}

/// Whose calls are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Those of all sessions that have the same root.
    Session,
    /// Those of the agent (a fleet's member), whatever the session.
    Agent,
    /// Those for the user, whatever the agent and session.
    User,
}

/// A bound on how often, or how much.
#[derive(Clone, Debug)]
pub struct Rate {
    /// How many calls; or how much of `of`: an int, or millionths. At least 1.
    pub bound: i64,
    /// What each call costs, an int or a decimal; `None` for 1.
    pub of: Option<Expr>,
    /// Over how long, in milliseconds: in any window `(now - window, now]`.
    pub window: i64,
    /// Counted apart for each combination of these.
    pub keys: Vec<Key>,
}

/// What is counted apart.
#[derive(Clone, Debug)]
pub enum Key {
    /// The agent; of a fleet, the member.
    Agent,
    /// The user, `none` for nobody.
    User,
    /// The root session.
    Session,
    /// The first agent of the chain, else the agent.
    Origin,
    /// The tool.
    Tool,
    /// The datasets of the tool; in `novel` only.
    Dataset,
    /// The environment.
    Env,
    /// Any scalar.
    Value(Expr),
}

/// What raises an alert.
#[derive(Clone, Debug)]
pub enum Alarm {
    /// Every match.
    Match,
    /// More than so many matches.
    Rate(Rate),
    /// A combination not seen for so many milliseconds.
    Novel {
        /// The combination.
        keys: Vec<Key>,
        /// Milliseconds.
        within: i64,
    },
}

/// What decisions come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is its own word")]
pub enum Outcome {
    Allow,
    RequireApproval,
    Throttle,
    Deny,
}

/// How grave an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is its own word")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// Returns the word of the language.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

/// Evidence asked for: `known order(args.id)`.
#[derive(Clone, Debug)]
pub struct Known {
    /// Which record.
    pub record: RecordId,
    /// One for each key field, in order.
    pub keys: Vec<Expr>,
}
