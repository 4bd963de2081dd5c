//! Reading foreign JSON Lines: which field of a line holds what.

use std::fmt;

/// The fields of a record in our own format, in the order of the reference.
pub const RECORD_FIELDS: &[&str] = &[
    "at",
    "agent",
    "credential",
    "user",
    "session",
    "call",
    "env",
    "task",
    "server",
    "tool",
    "tool_digest",
    "args",
    "args_text",
    "context",
    "origin",
    "result",
    "decided",
    "expect",
    "redacted",
    "trace",
    "parent",
    "model",
    "domain",
    "issuer",
    "calls_in_message",
    "text_beside_call",
    "message",
    "heard",
];

/// A field that only a mapping has: what holds the message of a failed call.
const ERROR_FIELD: &str = "error";

/// Which path of a foreign line holds which field of ours.
///
/// Only mapped fields are read, and everything else on the line is left alone. A path is one key, or several with dots
/// between them for nested objects; `null` at the end of it is as good as nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    pairs: Vec<(&'static str, Vec<String>)>,
}

/// What is wrong with a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MappingError {
    /// The name on the left is no field of a record.
    UnknownField {
        /// It.
        field: String,
    },
    /// The path on the right is empty, or has an empty step.
    EmptyPath {
        /// The field it was for.
        field: String,
    },
    /// The field is mapped twice.
    Repeated {
        /// It.
        field: String,
    },
    /// Nothing says where the name of the tool stands.
    NoTool,
}

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MappingError::UnknownField { field } => write!(f, "a record has no field `{field}`"),
            MappingError::EmptyPath { field } => write!(f, "the path for `{field}` has an empty step"),
            MappingError::Repeated { field } => write!(f, "`{field}` is mapped twice"),
            MappingError::NoTool => write!(f, "`tool` is not mapped"),
        }
    }
}

impl std::error::Error for MappingError {}

impl Mapping {
    /// Takes pairs of our field and the foreign path.
    ///
    /// # Errors
    /// The first pair that means nothing; or that `tool` is missing.
    pub fn new<'s>(pairs: impl IntoIterator<Item = (&'s str, &'s str)>) -> Result<Mapping, MappingError> {
        let mut mapping = Mapping { pairs: Vec::new() };
        for (field, path) in pairs {
            let Some(name) = Mapping::fields().find(|name| *name == field) else {
                return Err(MappingError::UnknownField { field: field.to_owned() });
            };
            let steps: Vec<String> = path.split('.').map(str::to_owned).collect();
            if steps.iter().any(String::is_empty) {
                return Err(MappingError::EmptyPath { field: field.to_owned() });
            }
            if mapping.path(name).is_some() {
                return Err(MappingError::Repeated { field: field.to_owned() });
            }
            mapping.pairs.push((name, steps));
        }
        if mapping.path("tool").is_none() { Err(MappingError::NoTool) } else { Ok(mapping) }
    }

    /// The names that may stand on the left: those of a record, and `error`.
    pub fn fields() -> impl Iterator<Item = &'static str> {
        RECORD_FIELDS.iter().copied().chain([ERROR_FIELD])
    }

    /// The path for a field.
    pub(crate) fn path(&self, field: &str) -> Option<&[String]> {
        self.pairs.iter().find(|(name, _)| *name == field).map(|(_, path)| path.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_means_nothing() {
        let field = |name: &str| name.to_owned();
        assert_eq!(Mapping::new([("tol", "x")]), Err(MappingError::UnknownField { field: field("tol") }));
        assert_eq!(Mapping::new([("tool", "a..b")]), Err(MappingError::EmptyPath { field: field("tool") }));
        assert_eq!(Mapping::new([("args", "a")]), Err(MappingError::NoTool));
        assert_eq!(Mapping::new([("tool", "a"), ("tool", "b")]), Err(MappingError::Repeated { field: field("tool") }));
    }
}
