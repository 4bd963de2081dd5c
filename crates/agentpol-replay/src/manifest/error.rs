//! What can be wrong with a manifest.

use std::fmt;
use std::ops::Range;

use agentpol_trace::MappingError;

/// One mistake in `agentpol.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestError {
    /// The bytes that are wrong.
    pub span: Range<usize>,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// What is wrong.
    pub kind: ManifestErrorKind,
}

/// The kinds of mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ManifestErrorKind {
    /// The text is not TOML.
    Syntax {
        /// What the TOML reader said.
        message: String,
    },
    /// A key that does not exist here.
    UnknownKey {
        /// It.
        key: String,
        /// A key of nearly that name.
        nearest: Option<String>,
        /// All keys that exist here.
        known: Vec<&'static str>,
    },
    /// A key that must be there.
    Missing {
        /// Which.
        key: &'static str,
    },
    /// A value of the wrong type.
    WrongType {
        /// Its key.
        key: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A value that means nothing here.
    BadValue {
        /// Its key.
        key: String,
        /// What it can be.
        expected: String,
    },
    /// Two keys that exclude each other.
    Conflict {
        /// The one.
        key: &'static str,
        /// The other.
        other: &'static str,
    },
    /// A mapping of fields that cannot be.
    Mapping(MappingError),
    /// A code that no diagnostic has.
    UnknownLint {
        /// It.
        name: String,
        /// A lint of nearly that code.
        nearest: Option<String>,
    },
    /// The code of an error, which has no level.
    NotALint {
        /// It.
        name: String,
    },
}

impl ManifestErrorKind {
    /// What to do about it, where that is not plain from the title.
    pub fn help(&self) -> Option<String> {
        match self {
            ManifestErrorKind::UnknownKey { nearest: Some(key), .. } => Some(format!("did you mean `{key}`?")),
            ManifestErrorKind::UnknownKey { known, .. } => Some(format!("known here: {}", known.join(", "))),
            ManifestErrorKind::UnknownLint { nearest: Some(name), .. } => Some(format!("did you mean `{name}`?")),
            ManifestErrorKind::NotALint { name } => Some(format!("remove the line: `{name}` is always an error")),
            ManifestErrorKind::Mapping(MappingError::NoTool) => {
                Some("add `tool = \"...\"` with the field that holds the tool's name".to_owned())
            }
            ManifestErrorKind::Mapping(MappingError::UnknownField { field }) => {
                agentpol::diagnostics::did_you_mean(field, agentpol_trace::Mapping::fields())
            }
            _ => None,
        }
    }
}

impl fmt::Display for ManifestErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ManifestErrorKind::Syntax { message } => write!(f, "not TOML: {message}"),
            ManifestErrorKind::UnknownKey { key, .. } => write!(f, "unknown key `{key}`"),
            ManifestErrorKind::Missing { key } => write!(f, "`{key}` is missing"),
            ManifestErrorKind::WrongType { key, expected, found } => {
                write!(f, "`{key}` must be {expected}, found {found}")
            }
            ManifestErrorKind::BadValue { key, expected } => write!(f, "`{key}` must be {expected}"),
            ManifestErrorKind::Conflict { key, other } => write!(f, "`{key}` and `{other}` exclude each other"),
            ManifestErrorKind::Mapping(error) => error.fmt(f),
            ManifestErrorKind::UnknownLint { name, .. } => write!(f, "no lint has the code `{name}`"),
            ManifestErrorKind::NotALint { name } => write!(f, "`{name}` is an error and not a lint"),
        }
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.kind)
    }
}

impl std::error::Error for ManifestError {}
