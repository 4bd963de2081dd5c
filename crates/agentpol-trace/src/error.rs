//! What can be wrong with a recording, and with one record in it.

use std::fmt;

use crate::action::Place;
use crate::format::Format;

/// One record that could not be read. The records after it still are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordError {
    /// Where the record stands.
    pub place: Place,
    /// The field that is wrong, as a dotted path from there; empty for the record itself.
    pub field: String,
    /// What is wrong with it.
    pub kind: RecordErrorKind,
}

/// The kinds of mistake in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordErrorKind {
    /// The bytes are not UTF-8.
    NotUtf8 {
        /// The first byte that is not, counted from 0 in the line or document.
        byte: usize,
    },
    /// The text is not JSON.
    Syntax {
        /// The column in bytes, from 1.
        column: usize,
        /// What the JSON reader said.
        message: String,
    },
    /// A line or document beyond the limit.
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// A field that must be there is not.
    Missing,
    /// A field that the format does not have.
    Undeclared {
        /// The fields that it does have.
        known: &'static [&'static str],
    },
    /// A field stands twice.
    Repeated,
    /// A value of another type than the format asks for.
    WrongType {
        /// What it asks for.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A value of the right type that means nothing here.
    BadValue {
        /// What it could be.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A part of the format that is not read yet.
    NotSupported {
        /// Which.
        part: &'static str,
    },
    /// A result without a call that waits for it.
    ResultWithoutCall {
        /// The id it names.
        call: Option<String>,
    },
    /// Something that is not of the format: a line of another recording, or of none.
    Stranger {
        /// What was expected.
        expected: &'static str,
        /// The format that it is of, where it can be told.
        looks_like: Option<&'static str>,
    },
    /// More records than are held at a time, in a format whose records may refer to later ones.
    TooMany {
        /// How many are held.
        limit: usize,
    },
    /// The source could not be read on. Nothing comes after this.
    Unreadable {
        /// What the reader said.
        message: String,
    },
}

impl fmt::Display for RecordErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordErrorKind::NotUtf8 { byte } => write!(f, "not UTF-8 at byte {byte}"),
            RecordErrorKind::Syntax { column, message } => write!(f, "not JSON at column {column}: {message}"),
            RecordErrorKind::TooLong { limit } => write!(f, "longer than {limit} bytes"),
            RecordErrorKind::Missing => write!(f, "missing"),
            RecordErrorKind::Undeclared { .. } => write!(f, "no such field"),
            RecordErrorKind::Repeated => write!(f, "stands twice"),
            RecordErrorKind::WrongType { expected, found } => write!(f, "must be {expected}, found {found}"),
            RecordErrorKind::BadValue { expected, found } => write!(f, "must be {expected}, found `{found}`"),
            RecordErrorKind::NotSupported { part } => write!(f, "{part} are not supported yet"),
            RecordErrorKind::ResultWithoutCall { call: Some(call) } => {
                write!(f, "a result for call `{call}`, but no call of that id waits for one")
            }
            RecordErrorKind::ResultWithoutCall { call: None } => write!(f, "a result, but no call waits for one"),
            RecordErrorKind::Stranger { expected, looks_like: Some(format) } => {
                write!(f, "must be {expected}, and looks like `{format}`")
            }
            RecordErrorKind::Stranger { expected, looks_like: None } => write!(f, "must be {expected}"),
            RecordErrorKind::TooMany { limit } => write!(f, "more than {limit} records that may refer to each other"),
            RecordErrorKind::Unreadable { message } => write!(f, "cannot be read: {message}"),
        }
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.place.line)?;
        if !self.place.pointer.is_empty() {
            write!(f, ", {}", self.place.pointer)?;
        }
        if !self.field.is_empty() {
            write!(f, ", `{}`", self.field)?;
        }
        write!(f, ": {}", self.kind)
    }
}

impl std::error::Error for RecordError {}

/// Why a recording could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// There is nothing in it.
    Empty,
    /// It does not begin like JSON.
    NotJson,
    /// No known format begins like this.
    Unrecognised {
        /// The fields of the first object.
        fields: Vec<String>,
    },
    /// More than one format begins like this.
    Ambiguous {
        /// Their names.
        candidates: Vec<&'static str>,
    },
    /// An archive that cannot be read as one.
    Archive {
        /// What is wrong with it.
        message: String,
    },
    /// A document, one JSON value over the whole file, whose bytes are not UTF-8.
    NotUtf8 {
        /// The first byte that is not, from 0.
        byte: usize,
    },
    /// A document beyond the limit.
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// The source could not be read.
    Unreadable {
        /// What the reader said.
        message: String,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Format::ALL.map(Format::name).join(", ");
        match self {
            OpenError::Empty => write!(f, "the recording is empty"),
            OpenError::NotJson => {
                write!(f, "the recording does not begin like JSON; the option `format` takes one of {names}")
            }
            OpenError::Unrecognised { fields } if fields.is_empty() => {
                write!(
                    f,
                    "the format is not recognised (the first object has no fields); set `format` to one of {names}"
                )
            }
            OpenError::Unrecognised { fields } => write!(
                f,
                "the format is not recognised (the first object has the fields {}); set `format` to one of {names}, \
                 or name its fields under `[recording.fields]`",
                fields.join(", ")
            ),
            OpenError::Ambiguous { candidates } => {
                write!(f, "this could be {}; set `format` to one of {names}", candidates.join(" or "))
            }
            OpenError::Archive { message } => {
                write!(f, "begins like a zip archive and cannot be read as one: {message}")
            }
            OpenError::NotUtf8 { byte } => write!(f, "not UTF-8 at byte {byte}"),
            OpenError::TooLong { limit } => {
                write!(f, "longer than {limit} bytes, the most that is read as one document")
            }
            OpenError::Unreadable { message } => write!(f, "cannot be read: {message}"),
        }
    }
}

impl std::error::Error for OpenError {}
