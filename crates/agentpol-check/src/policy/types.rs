//! Types and the values that literals have.

use super::{EnumId, Expr, LevelId, ResourceId, ShapeId, ZoneId};
use agentpol_diagnostics::Span;

/// The type of a value. Whether it may be missing is a matter of the field, not of the type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Failed to type; silent from there on. Never in a policy without errors.
    Unknown,
    /// `bool`
    Bool,
    /// `int`, 64 bits
    Int,
    /// `decimal`, 64 bits of millionths; the flag is `as string`: on the wire it is a JSON string.
    Decimal {
        /// Written as a JSON string.
        as_string: bool,
    },
    /// `float`
    Float,
    /// `string`
    String,
    /// `duration`; never a parameter's type
    Duration,
    /// `date`
    Date,
    /// `datetime`; with a zone, text without an offset is read in it.
    DateTime {
        /// `datetime in "ZONE"`
        zone: Option<ZoneId>,
    },
    /// `ip`
    Ip,
    /// `email`
    Email,
    /// `url`
    Url {
        /// `url allow ip6`
        allow_ip6: bool,
    },
    /// `host`
    Host,
    /// `path`
    Path {
        /// `path under "/work"`: canonical, absolute.
        under: Option<String>,
    },
    /// `json`: any value, carried and never read.
    Json,
    /// An enumeration.
    Enum(EnumId),
    /// A level, `origin` included.
    Level(LevelId),
    /// `list<T, N>`
    List(Box<Type>, u32),
    /// `map<string, T, N>`
    Map(Box<Type>, u32),
    /// A record, named or inline.
    Shape(ShapeId),
    /// The id of a user.
    User,
    /// The name of a group.
    Group,
    /// A user or a group.
    Principal,
    /// The id of a resource of one of these types; sorted. A field has one.
    Resource(Vec<ResourceId>),
    /// `pairs(L, M)`, only to go through.
    Pairs(Box<Type>, Box<Type>),
}

/// The fields of a record, user, context or parameter list.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// In order of declaration.
    pub fields: Vec<Field>,
}

impl Shape {
    /// Finds a field by its name in the policy.
    pub fn field(&self, name: &str) -> Option<(usize, &Field)> {
        self.fields.iter().enumerate().find(|(_, field)| field.name == name)
    }
}

/// One field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name in the policy.
    pub name: String,
    /// Its name on the wire.
    pub wire: String,
    /// Its type.
    pub ty: Type,
    /// May be missing or null.
    pub optional: bool,
    /// Never logged, kept or explained.
    pub secret: bool,
    /// Its content is nobody's word, even in a trusted result.
    pub untrusted: bool,
    /// What a value must fulfil to be of the type.
    pub constraints: Vec<Constraint>,
    /// Where it is declared.
    pub span: Span,
}

/// What a value must fulfil.
#[derive(Clone, Debug)]
pub enum Constraint {
    /// A condition on the value, which is [`LocalId`](super::LocalId) 0 in it; anything but true is ill-typed.
    Where(Expr),
    /// A whole-string regular expression.
    Matches(Pattern),
}

/// A pattern over a whole string.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// Which language it is in.
    pub kind: PatternKind,
    /// The pattern as written, after escapes of the string literal.
    pub text: String,
}

/// The languages of patterns. All are anchored at both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PatternKind {
    /// `matches`: a regular expression in the syntax of the `regex` crate, Unicode off for classes such as `\d`
    /// (ASCII), `.` any character but a line feed.
    Regex,
    /// `like`: `*` any run, `?` any one character, `\` escapes.
    Glob,
    /// `like` on a path: `*` and `?` do not match `/`, `**` does; `**/` also matches nothing.
    PathGlob,
}

/// A literal value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// Millionths.
    Decimal(i64),
    /// A binary float, finite.
    Float(f64),
    /// Any kind of text, in canonical form for emails, hosts, urls and paths.
    Text(String),
    /// Milliseconds.
    Duration(i64),
    /// Days since 1970-01-01.
    Date(i32),
    /// Milliseconds since 1970-01-01T00:00:00Z.
    DateTime(i64),
    /// An address: v4 as its 32 bits with `v6` false.
    Ip {
        /// The address.
        bits: u128,
        /// IPv6.
        v6: bool,
    },
    /// The index of a member.
    Enum(EnumId, u32),
    /// The index of a member, from the lowest.
    Level(LevelId, u32),
}
