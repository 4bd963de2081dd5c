//! Why a state file cannot be used.

use redb::{CommitError, DatabaseError, StorageError, TableError, TransactionError};
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Why a state file cannot be used. Shown, it names the file.
#[derive(Debug)]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub kind: FileErrorKind,
}

/// What is wrong with a state file.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileErrorKind {
    /// It cannot be read or written.
    Io(io::Error),
    /// There is one where a new one was to be made.
    Exists,
    /// Another process has it open.
    InUse,
    /// It is no state file.
    Foreign,
    /// It is a state file of another version.
    OtherVersion {
        /// Which, where that can be told.
        found: Option<u32>,
    },
    /// It was torn or changed.
    Damaged {
        /// Where.
        what: String,
    },
}

impl FileErrorKind {
    pub(crate) fn at(self, path: &Path) -> FileError {
        FileError { path: path.to_owned(), kind: self }
    }
}

impl fmt::Display for FileErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileErrorKind::Io(error) if error.kind() == ErrorKind::NotFound => f.write_str("there is no such file"),
            FileErrorKind::Io(error) => write!(f, "cannot be read or written: {error}"),
            FileErrorKind::Exists => f.write_str("there is a file already"),
            FileErrorKind::InUse => f.write_str("another process has it open"),
            FileErrorKind::Foreign => f.write_str("this is no state file of agentpol"),
            FileErrorKind::OtherVersion { found: Some(found) } => {
                write!(f, "this state file has version {found}, not {}", crate::file::VERSION)
            }
            FileErrorKind::OtherVersion { found: None } => f.write_str("this state file has another version"),
            FileErrorKind::Damaged { what } => write!(f, "this state file is damaged: {what}"),
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.kind)
    }
}

impl std::error::Error for FileError {}

impl From<StorageError> for FileErrorKind {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Io(error) if error.kind() == ErrorKind::InvalidData => FileErrorKind::Foreign,
            StorageError::Io(error) if error.kind() == ErrorKind::UnexpectedEof => {
                FileErrorKind::Damaged { what: "it ends too early".to_owned() }
            }
            StorageError::Io(error) => FileErrorKind::Io(error),
            StorageError::Corrupted(what) => FileErrorKind::Damaged { what },
            other => FileErrorKind::Io(io::Error::other(other)),
        }
    }
}

impl From<DatabaseError> for FileErrorKind {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => FileErrorKind::InUse,
            DatabaseError::UpgradeRequired(_) => FileErrorKind::OtherVersion { found: None },
            DatabaseError::Storage(error) => error.into(),
            other => FileErrorKind::Damaged { what: other.to_string() },
        }
    }
}

impl From<TransactionError> for FileErrorKind {
    fn from(error: TransactionError) -> Self {
        match error {
            TransactionError::Storage(error) => error.into(),
            other => FileErrorKind::Io(io::Error::other(other)),
        }
    }
}

impl From<TableError> for FileErrorKind {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Storage(error) => error.into(),
            // The tables have their names and types since the file was made: another program's have not.
            _ => FileErrorKind::Foreign,
        }
    }
}

impl From<CommitError> for FileErrorKind {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Storage(error) => error.into(),
            other => FileErrorKind::Io(io::Error::other(other)),
        }
    }
}
