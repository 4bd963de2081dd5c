//! What expressions give: values, known, absent or unknown.

use super::truth::Truth;
use agentpol_check::policy::{self, EnumId, LevelId, ResourceId};

/// What an expression gives.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Held {
    /// A value.
    Known(Item),
    /// Nothing: an optional value that is missing, the first of no elements.
    Absent,
    /// Not known.
    Unknown,
}

/// A value and, where it came with the arguments, the JSON Pointer at which it stood there.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    pub(super) value: Value,
    pub(super) at: Option<String>,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Bool(bool),
    Int(i64),
    /// Millionths.
    Decimal(i64),
    Float(f64),
    /// Any kind of text, in canonical form.
    Text(String),
    /// A path; not `plain` when a segment is `.` or `..`, and then every test of it is unknown (semantics 6).
    Path {
        text: String,
        plain: bool,
    },
    /// Milliseconds.
    Duration(i64),
    /// Days since 1970-01-01.
    Date(i32),
    /// Milliseconds since 1970-01-01T00:00:00Z.
    DateTime(i64),
    Ip {
        bits: u128,
        v6: bool,
    },
    Enum(EnumId, u32),
    Level(LevelId, u32),
    /// Some origin from `low` to `high`, as members of the builtin level.
    Origin {
        low: u32,
        high: u32,
    },
    List(Vec<Held>),
    /// A list that may go on: its last element, unknown, stands for any number of others.
    Open(Vec<Held>),
    /// By key bytes.
    Map(Vec<(String, Held)>),
    /// By names in the policy; what is missing is absent.
    Record(Vec<(String, Held)>),
    Pairs(Vec<(Held, Held)>),
    /// A user, group or resource.
    Reference(Reference),
    /// Carried and never read.
    Json,
}

/// What names a user, a group or a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    User(String),
    Group(String),
    Resource(ResourceId, String),
}

impl Held {
    /// Holds a value that did not come with the arguments.
    pub(super) fn of(value: Value) -> Held {
        Held::Known(Item { value, at: None })
    }

    /// Holds a truth value.
    pub(super) fn truth(truth: Truth) -> Held {
        match truth {
            Truth::True => Held::of(Value::Bool(true)),
            Truth::False => Held::of(Value::Bool(false)),
            Truth::Unknown => Held::Unknown,
        }
    }

    /// The value, where there is one that can be read: every operator on anything else gives unknown (semantics 3.1).
    pub(super) fn known(&self) -> Option<&Value> {
        match self {
            Held::Known(Item { value: Value::Path { plain: false, .. }, .. }) => None,
            Held::Known(item) => Some(&item.value),
            Held::Absent | Held::Unknown => None,
        }
    }

    /// As a condition: what is no truth value is unknown.
    pub(super) fn as_truth(&self) -> Truth {
        match self.known() {
            Some(Value::Bool(known)) => Truth::from(*known),
            _ => Truth::Unknown,
        }
    }
}

impl From<Option<Value>> for Held {
    fn from(value: Option<Value>) -> Held {
        value.map_or(Held::Unknown, Held::of)
    }
}

impl Value {
    /// The text of a value that is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) | Value::Path { text, .. } => Some(text),
            _ => None,
        }
    }
}

impl From<&policy::Value> for Value {
    fn from(literal: &policy::Value) -> Value {
        match literal.clone() {
            policy::Value::Bool(value) => Value::Bool(value),
            policy::Value::Int(value) => Value::Int(value),
            policy::Value::Decimal(value) => Value::Decimal(value),
            policy::Value::Float(value) => Value::Float(value),
            policy::Value::Text(value) => Value::Text(value),
            policy::Value::Duration(value) => Value::Duration(value),
            policy::Value::Date(value) => Value::Date(value),
            policy::Value::DateTime(value) => Value::DateTime(value),
            policy::Value::Ip { bits, v6 } => Value::Ip { bits, v6 },
            policy::Value::Enum(of, member) => Value::Enum(of, member),
            policy::Value::Level(of, member) => Value::Level(of, member),
        }
    }
}
