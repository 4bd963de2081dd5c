//! Memory of earlier calls in a file: what was answered stays true after a crash.
//!
//! One file holds all records. It is an ordinary [redb](https://docs.rs/redb) database, so that several records change in
//! one commit; each record carries a checksum of its own beside those of the pages. A step returns after its commit was
//! written through to the disk. Steps of several threads share commits, so that more threads wait no longer.
//!
//! Opening reads and checks the whole file. A file that is torn, of another version, of another program, or open in
//! another process is an error that names it, and nothing in it is changed.
//!
//! ```no_run
//! use agentpol_store::FileStore;
//! use std::path::Path;
//!
//! let store = FileStore::open(Path::new("/var/lib/desk/state.redb"))?;
//! assert_eq!(store.path(), Path::new("/var/lib/desk/state.redb"));
//! # Ok::<(), agentpol_store::FileError>(())
//! ```

mod error;
mod file;
mod record;

pub use error::{FileError, FileErrorKind};
pub use file::FileStore;
