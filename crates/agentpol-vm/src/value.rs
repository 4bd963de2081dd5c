//! Values in registers: small, copied, and pointing into the request or the program for anything long.

use agentpol_bytecode::scope::Tri;

/// Names a node of the request.
pub(crate) type NodeId = u32;

/// No node.
pub(crate) const NO_NODE: NodeId = u32::MAX;
/// In place of a node: a literal of the policy.
pub(crate) const LITERAL: NodeId = u32::MAX - 1;

/// What a reference names: a user.
pub(crate) const USER: u32 = 0;
/// A group.
pub(crate) const GROUP: u32 = 1;
/// A resource: from here on the types of resources of the program.
pub(crate) const RESOURCE: u32 = 2;

/// A value, known or not.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    /// Not there.
    Absent,
    /// Not known.
    Unknown,
    Bool(bool),
    Int(i64),
    /// Millionths.
    Decimal(i64),
    Float(f64),
    Text(Text),
    /// Milliseconds.
    Duration(i64),
    /// Days since 1970-01-01.
    Date(i32),
    /// Milliseconds since 1970-01-01T00:00:00Z.
    DateTime(i64),
    /// The halves of 128 bits.
    Ip {
        high: u64,
        low: u64,
        v6: bool,
    },
    Enum {
        of: u32,
        member: u32,
    },
    Level {
        of: u32,
        member: u32,
    },
    /// Some origin from `low` to `high`.
    Origin {
        low: u32,
        high: u32,
    },
    /// A list, map or record of the request.
    List(NodeId),
    Map(NodeId),
    Record(NodeId),
    /// A list among the constants.
    Literals(u32),
    /// Two lists side by side.
    Pairs {
        left: Side,
        right: Side,
    },
    /// All arguments together; only its origin is asked.
    Args,
    /// Operands of a question: from which place on, and how many.
    Operands {
        start: u32,
        count: u32,
    },
    /// A user, group or resource by its id.
    Named {
        of: u32,
        id: Text,
    },
    /// A user, group or resource of the directory, by its number there.
    Found {
        of: u32,
        at: u32,
    },
    /// Carried and never read but to be told from other content.
    Json(Carried),
    /// JSON that no type has been given yet.
    Null,
    /// The characters of a number.
    Number(Text),
    /// An object.
    Object(NodeId),
}

/// What is carried.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Carried {
    Null,
    Bool(bool),
    /// The characters of a number.
    Number(Text),
    Text(Text),
    /// A list or an object.
    List,
    Object,
}

/// One list of pairs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    Node(NodeId),
    Literals(u32),
}

/// Where a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pool {
    /// In the request's own texts.
    Request,
    /// In this symbol of the program.
    Symbol(u32),
    /// In what was read from the directory when it was bound to the program.
    Stored,
    /// The directory's own word.
    Word(u32),
}

/// A text, or a part of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    pub(crate) pool: Pool,
    pub(crate) start: u32,
    pub(crate) length: u32,
    /// ASCII letters count as small ones.
    pub(crate) lower: bool,
    /// A path with `.` or `..`: every test of it is unknown (semantics 6).
    pub(crate) opaque: bool,
}

impl Text {
    /// The part from byte `start` with `length` bytes.
    pub(crate) fn part(self, start: usize, length: usize) -> Text {
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        let length = u32::try_from(length).unwrap_or(0);
        Text { start: self.start.saturating_add(start), length, ..self }
    }
}

impl From<Tri> for Value {
    fn from(truth: Tri) -> Value {
        match truth {
            Tri::True => Value::Bool(true),
            Tri::False => Value::Bool(false),
            Tri::Unknown => Value::Unknown,
        }
    }
}

impl From<Option<Value>> for Value {
    fn from(value: Option<Value>) -> Value {
        value.unwrap_or(Value::Unknown)
    }
}

impl Value {
    /// As a condition: what is no truth value is unknown.
    pub(crate) fn truth(self) -> Tri {
        match self {
            Value::Bool(value) => value.into(),
            _ => Tri::Unknown,
        }
    }

    /// An address by its bits.
    pub(crate) fn ip(bits: u128, v6: bool) -> Value {
        Value::Ip { high: (bits >> 64) as u64, low: bits as u64, v6 }
    }
}

/// A register: a value, and where in the arguments it came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Register {
    pub(crate) value: Value,
    /// A node of the arguments, [`LITERAL`], or [`NO_NODE`] for what is neither.
    pub(crate) node: NodeId,
}

impl Register {
    pub(crate) const UNKNOWN: Register = Register { value: Value::Unknown, node: NO_NODE };
    pub(crate) const ABSENT: Register = Register { value: Value::Absent, node: NO_NODE };

    /// A value that did not come as it is from arguments or literals.
    pub(crate) fn made(value: Value) -> Register {
        Register { value, node: NO_NODE }
    }
}
