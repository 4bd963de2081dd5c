//! Literal values, types, and what values are tested against: groups, zones, schedules, automata.

use super::{Symbol, TypeId};
use alloc::vec::Vec;

/// A literal value.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is the value of its name")]
pub enum Constant {
    Bool(bool),
    Int(i64),
    /// Millionths.
    Decimal(i64),
    /// Finite.
    Float(f64),
    Text(Symbol),
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
    Network {
        bits: u128,
        prefix: u8,
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
    /// Indexes of scalar constants, all of one kind.
    List(Vec<u32>),
}

/// A type of values in a request.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is the type of its name")]
pub enum TypeDef {
    Bool,
    Int,
    /// The flag: written as a JSON string.
    Decimal {
        as_string: bool,
    },
    Float,
    String,
    Date,
    /// With a zone, text without an offset is read in it.
    DateTime {
        zone: Option<u32>,
    },
    Ip,
    Email,
    Url {
        allow_ip6: bool,
    },
    Host,
    Path {
        under: Option<Symbol>,
    },
    Json,
    Enum(u32),
    Level(u32),
    List {
        of: TypeId,
        max: u32,
    },
    Map {
        of: TypeId,
        max: u32,
    },
    Record {
        fields: Vec<Field>,
        /// What is learned where such a record stands in an answer: an index into the evidence.
        evidence: Option<u32>,
    },
    /// The id of a user.
    User,
    /// The name of a group.
    Group,
    /// A user or a group: an object with one member, `user` or `group`.
    Principal,
    /// The id of a resource of this type.
    Resource(u32),
}

/// A field of a record, the user, the context, or a parameter of a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name in the policy.
    pub name: Symbol,
    /// Its name on the wire.
    pub wire: Symbol,
    /// Its type.
    pub ty: TypeId,
    /// May be missing or null.
    pub optional: bool,
    /// Never shown.
    pub secret: bool,
    /// Nobody's word, even in a trusted answer.
    pub untrusted: bool,
    /// What values must fulfil.
    pub checks: Vec<Check>,
}

/// What a value must fulfil to be of the type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Check {
    /// The block at this index, ended by `ReturnValue`, must give true; register 0 holds the value.
    Where(u32),
    /// The automaton must accept the text.
    Matches(u32),
}

/// A group of users.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The name in requests.
    pub wire: Symbol,
    /// Symbols of the wire names of this group and all groups inside it, sorted.
    pub closure: Vec<Symbol>,
}

/// A time zone as a table of offsets.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    /// Its name.
    pub name: Symbol,
    /// From this time (milliseconds since 1970-01-01T00:00:00Z) this offset (seconds east of UTC) holds; sorted, the
    /// first from `i64::MIN`.
    pub offsets: Vec<(i64, i32)>,
}

/// Windows of a week in a zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// The zone.
    pub zone: u32,
    /// The windows.
    pub windows: Vec<Window>,
}

/// The same hours on a set of weekdays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Bit 0 is Monday.
    pub days: u8,
    /// Minutes after local midnight.
    pub start: u16,
    /// Exclusive; above 1440 over midnight, at most 2880.
    pub end: u16,
}

/// A deterministic automaton over bytes. State 0 is dead: it has no way out and does not accept.
#[derive(Clone, Debug, PartialEq)]
pub struct Automaton {
    /// The class of each byte value; 256 entries.
    pub classes: Vec<u8>,
    /// How many classes there are.
    pub class_count: u32,
    /// The state to start in.
    pub start: u32,
    /// Whether each state accepts at the end of the text.
    pub accepting: Vec<bool>,
    /// `next[state * class_count + class]`
    pub next: Vec<u32>,
}
