//! What is wrong with the sources of a directory, each with its file and line.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What.
    pub kind: ProblemKind,
}

/// What may be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The text is not JSON, or no two readers would agree what it means.
    NotJson {
        /// The column, from 1, where it is known.
        column: Option<u32>,
        /// Why.
        why: String,
    },
    /// The bytes are not UTF-8.
    NotUtf8,
    /// A line or file is larger than is read.
    TooLarge,
    /// A value nests more than 16 deep.
    TooDeep,
    /// A record is of none of the known kinds.
    UnknownRecord {
        /// The word that it has instead.
        found: String,
    },
    /// A record has a member that it may not have.
    UnknownMember {
        /// The record's kind.
        record: &'static str,
        /// The member.
        member: String,
    },
    /// A member is not as it must be.
    WrongType {
        /// The member.
        member: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A member is missing.
    Missing {
        /// The member.
        member: &'static str,
    },
    /// Something is there twice.
    Twice {
        /// What: `user "ana"`.
        what: String,
        /// Where it was first.
        first: (String, u32),
    },
    /// Something is named and not there.
    NotThere {
        /// What: `group "suport"`.
        what: String,
    },
    /// Things contain each other.
    Circle {
        /// Those on the way.
        through: Vec<String>,
    },
    /// Something lies in more than can be followed.
    TooMuchAbove {
        /// What.
        what: String,
        /// How many are possible.
        most: u32,
    },
    /// A document is not a SCIM list or resource.
    NotScim {
        /// Why.
        why: &'static str,
    },
    /// Two parts of a SCIM user say the same attribute.
    Conflict {
        /// The attribute.
        attribute: String,
    },
    /// Two names differ on the way here and are one there.
    SameName {
        /// What.
        what: String,
        /// Where it was first.
        first: (String, u32),
    },
    /// The directory would be larger than the format can say.
    TooMany,
}

impl ProblemKind {
    /// Returns what to do about it, where that can be told.
    pub fn help(&self) -> Option<&'static str> {
        Some(match self {
            ProblemKind::UnknownRecord { .. } => {
                "write one of `user`, `group`, `agent`, `resource`, `directory`, as in `{\"user\": {\"id\": \"ana\"}}`"
            }
            ProblemKind::UnknownMember { .. } => "what a program reads of it stands in `attributes`",
            ProblemKind::NotThere { .. } => "add it, or remove what names it",
            ProblemKind::Twice { .. } => "remove one of them",
            ProblemKind::Circle { .. } => "take one step of the circle out",
            ProblemKind::NotScim { .. } => "hand in a ListResponse, or single User and Group resources",
            ProblemKind::SameName { .. } => "give each group a name of its own: programs know groups by it",
            _ => return None,
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.kind)
    }
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProblemKind::NotJson { column: Some(column), why } => write!(f, "not JSON at column {column}: {why}"),
            ProblemKind::NotJson { column: None, why } => write!(f, "not JSON: {why}"),
            ProblemKind::NotUtf8 => f.write_str("not UTF-8"),
            ProblemKind::TooLarge => f.write_str("larger than is read"),
            ProblemKind::TooDeep => f.write_str("a value nests more than 16 deep"),
            ProblemKind::UnknownRecord { found } => write!(f, "unknown kind of record `{found}`"),
            ProblemKind::UnknownMember { record, member } => write!(f, "a record of `{record}` has no `{member}`"),
            ProblemKind::WrongType { member, expected } => write!(f, "`{member}` must be {expected}"),
            ProblemKind::Missing { member } => write!(f, "`{member}` is missing"),
            ProblemKind::Twice { what, first: (file, line) } => write!(f, "{what} is there already, {file}:{line}"),
            ProblemKind::NotThere { what } => write!(f, "{what} is not in the directory"),
            ProblemKind::Circle { through } => write!(f, "these contain each other: {}", through.join(", ")),
            ProblemKind::TooMuchAbove { what, most } => write!(f, "{what} lies in more than {most} others"),
            ProblemKind::NotScim { why } => write!(f, "not a SCIM document: {why}"),
            ProblemKind::Conflict { attribute } => write!(f, "two parts of the user say `{attribute}`"),
            ProblemKind::SameName { what, first: (file, line) } => {
                write!(f, "{what} has the name of another, {file}:{line}")
            }
            ProblemKind::TooMany => f.write_str("more than a directory can hold"),
        }
    }
}

impl std::error::Error for Problem {}
