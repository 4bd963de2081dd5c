//! What is remembered of earlier calls, and what is asked of it.
//!
//! Everything that state holds has an id that is the hash of its definition without thresholds and names, so that a
//! changed program finds what an earlier one has written (semantics H8).

use super::{Scope, Symbol, TypeId};
use alloc::vec::Vec;

/// Identifies what state holds across programs.
pub type Identity64 = u64;

/// One thing that is remembered of calls.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// The hash of its definition. Unique; slots are sorted by it.
    pub id: Identity64,
    /// How far calls must have come.
    pub happened: Happened,
    /// Whose calls.
    pub reach: Reach,
    /// Which calls; matched as a restriction's.
    pub scope: Scope,
    /// Run for a call that is let through (of `Attempted`: for every call that is decided): its clauses are the filter, its
    /// `Keep`s the values that arguments and surroundings give.
    pub entry: u32,
    /// How many clauses that block reports.
    pub clauses: u32,
    /// Run when the call is observed as done, with its result: further clauses, numbered on from `clauses`, and further
    /// `Keep`s. It reads the result and constants, nothing of the call.
    pub result_entry: Option<u32>,
    /// How many registers the blocks use at most.
    pub registers: u32,
    /// How many of the values are keys: what is remembered is apart for each combination of them.
    pub keys: u32,
    /// The types of all values, keys first. Of `Last` and `First` those behind the keys are kept, of `Ring` they are kept to be
    /// compared; of the others the one behind the keys is compared, counted or summed.
    pub values: Vec<Kept>,
    /// What is kept under each key.
    pub shape: SlotShape,
    /// The longest window that is asked; `None` where some question has none.
    pub window: Option<i64>,
    /// How many keys there is room for, at least 1; without keys exactly 1.
    pub room: u32,
}

/// The kind of a value that is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the kind of its name")]
pub enum Kept {
    Bool,
    Int,
    Decimal,
    Float,
    Text,
    Duration,
    Date,
    DateTime,
    Ip,
    Enum(u32),
    Level(u32),
    /// A list, map or record of this type, or any text type that parts are taken of. Never a key.
    Typed(TypeId),
}

impl Kept {
    /// Returns whether values of it can be told from each other: all but those of a type.
    pub fn is_scalar(self) -> bool {
        !matches!(self, Kept::Typed(_))
    }

    /// Returns whether values of it have an order.
    pub fn is_ordered(self) -> bool {
        matches!(
            self,
            Kept::Int | Kept::Decimal | Kept::Float | Kept::Duration | Kept::Date | Kept::DateTime | Kept::Level(_)
        )
    }

    /// Returns whether values of it can be added up.
    pub fn is_number(self) -> bool {
        matches!(self, Kept::Int | Kept::Decimal)
    }
}

/// What is kept of the calls under one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotShape {
    /// When the last one was.
    Time,
    /// The last value and when it last was, and when any other last was: for `that.x != e`.
    Other,
    /// The least value still in the window: for `that.x < e` and `<=`.
    Least {
        /// How many descending steps are kept.
        steps: u32,
    },
    /// The greatest value still in the window.
    Greatest {
        /// How many ascending steps are kept.
        steps: u32,
    },
    /// When the last so many were.
    Count {
        /// How many.
        most: u32,
    },
    /// The last so many distinct values and when each last was.
    Distinct {
        /// How many.
        most: u32,
    },
    /// Times and amounts; when full, the two closest in time are merged into the later.
    Sum {
        /// How many.
        entries: u32,
    },
    /// The values of the first.
    First,
    /// The values of the last, by decision.
    Last,
    /// When and in which step the newest one was: for what is cut off by another slot, and for what cuts off. So many are
    /// kept where clocks differ and a later step has an earlier time.
    Newest {
        /// How many.
        steps: u32,
    },
    /// When and in which step each of the last so many was, and its values.
    Ring {
        /// How many.
        most: u32,
    },
}

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Those of all sessions that have the same root.
    Session,
    /// Those of the agent.
    Agent,
    /// Those for the user.
    User,
}

/// A question to a slot. Operands are its keys in order, one for each of `compares`, the keys of `since`, and then what
/// `ask` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Which slot.
    pub slot: u32,
    /// How long ago at most, in milliseconds.
    pub within: Option<i64>,
    /// The slot of the same reach whose newest call cuts off what was decided before it; a `Newest`.
    pub since: Option<u32>,
    /// Of a `Ring` how values behind the keys must compare: which, and `that OP operand`.
    pub compares: Vec<(u32, Comparison)>,
    /// What is asked.
    pub ask: Ask,
}

/// What is asked of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Whether there is one.
    Exists,
    /// Whether there is one whose value stands so to the operand: `that OP operand`.
    Pair(Comparison),
    /// Whether the number, and the operand where `plus`, compares so.
    Count {
        /// How.
        op: Comparison,
        /// There is an operand: an int.
        plus: bool,
        /// A literal.
        bound: i64,
    },
    /// Whether the number of distinct values compares so.
    Distinct {
        /// How.
        op: Comparison,
        /// A literal.
        bound: i64,
    },
    /// Whether the sum, and the operand where `plus`, compares so.
    Sum {
        /// How.
        op: Comparison,
        /// There is an operand, of the slot's value type.
        plus: bool,
        /// A literal: an int, or millionths.
        bound: i64,
    },
    /// The value at this place behind the keys.
    Value(u32),
}

impl Ask {
    /// Returns how many operands the question has behind all others.
    pub fn operands(self) -> u32 {
        match self {
            Ask::Exists | Ask::Distinct { .. } | Ask::Value(_) => 0,
            Ask::Pair(_) => 1,
            Ask::Count { plus, .. } | Ask::Sum { plus, .. } => u32::from(plus),
        }
    }
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each operator is its own sign")]
pub enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// Evidence: records by key, learned from what tools answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The hash of its definition. Unique; evidence is sorted by it.
    pub id: Identity64,
    /// The record's name.
    pub name: Symbol,
    /// The record as declared, a [`TypeDef::Record`](super::TypeDef::Record).
    pub ty: TypeId,
    /// The key fields, each a path of field indexes; at least one.
    pub keys: Vec<Vec<u32>>,
    /// The fields that some rule reads, by index; sorted. The key fields' first steps are among them.
    pub kept: Vec<u32>,
    /// How many are kept.
    pub room: u32,
    /// How long what was learned holds, in milliseconds; for ever where nothing is said.
    pub fresh: Option<i64>,
}

/// Where a key of a record in an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// The call gives it.
    Call,
    /// The record carries it.
    Answer,
    /// The record carries it; where it is left out or null, the call gives it, and it is the record's field.
    AnswerOrCall,
}

/// What a tool answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A value; records with keys in it, at any depth, are learned.
    Value(TypeId),
    /// A text, verbatim: the answer is not JSON.
    Verbatim,
    /// A record, or a part of it, whose key the call gives, in whole or in part.
    Keyed {
        /// Which.
        evidence: u32,
        /// Run when the call is let through; its `Keep`s are the keys that the call gives, each at its place.
        entry: u32,
        /// How many registers the block uses.
        registers: u32,
        /// The field that the answer is, as a path; empty where it is the record.
        field: Vec<u32>,
        /// The answer's type.
        of: TypeId,
        /// Where each key comes from. What is only a part carries none, and some key is the call's.
        keys: Vec<KeySource>,
    },
    /// The first of these that fits: indexes of answers that stand before this one.
    Either(Vec<u32>),
    /// A list of an answer that stands before this one, at most so many.
    List {
        /// An index.
        of: u32,
        /// How many at most.
        max: u32,
    },
}

/// How far a tool's answers can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returns {
    /// Nobody's word.
    Untrusted,
    /// The system's own word, but for fields that are marked.
    Trusted,
    /// The system's own word, but some field is marked `untrusted`: the session has seen untrusted content.
    Mixed,
    /// No content comes back.
    Nothing,
}

/// How often, or how much: the counters of limits and alerts.
#[derive(Clone, Debug, PartialEq)]
pub struct Rate {
    /// The hash of its definition. Unique; rates are sorted by it.
    pub id: Identity64,
    /// How many, or how much: an int, or millionths. Of `novel` 0.
    pub bound: i64,
    /// Milliseconds.
    pub window: i64,
    /// A block of `Keep`s: the cost first where there is one, then the keys that are values.
    pub entry: u32,
    /// How many registers the block uses.
    pub registers: u32,
    /// What each call costs; `None` for 1.
    pub cost: Option<Kept>,
    /// Counted apart for each combination of these.
    pub keys: Vec<Key>,
}

/// What is counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The agent; of a fleet, the member.
    Agent,
    /// The user, or nobody.
    User,
    /// The root session.
    Session,
    /// The first agent of the chain, else the agent.
    Origin,
    /// The tool.
    Tool,
    /// Each dataset of the tool apart.
    Dataset,
    /// The environment.
    Env,
    /// The next value that is kept.
    Value(Kept),
    /// The agent and the user of the root session, together.
    Pair,
}

/// Who may act through whom, and for what.
#[derive(Clone, Debug, PartialEq)]
pub struct Delegation {
    /// Who delegates, by index.
    pub from: u32,
    /// To whom, by index.
    pub to: u32,
    /// What: matched as a grant's scope.
    pub scope: Scope,
    /// Its clauses; all must be true.
    pub entry: u32,
    /// How many clauses the block reports.
    pub clauses: u32,
    /// How many registers the block uses.
    pub registers: u32,
}
