//! Memory of earlier calls: the protocol of semantics 4.2 over records of bytes that a store keeps.
//!
//! A store gives the records of one atomic step; what the step writes becomes durable as a whole before the answer goes
//! out, or not at all. Here no record is written before everything that could refuse the step has been asked.

pub(crate) mod alerts;
mod answer;
pub(crate) mod approvals;
mod areas;
mod carried;
mod describe;
pub(crate) mod digest;
mod event;
mod evidence;
pub(crate) mod install;
pub(crate) mod journal;
mod kept;
pub(crate) mod key;
pub(crate) mod ledger;
mod lesson;
pub(crate) mod limits;
mod observe;
pub(crate) mod query;
pub(crate) mod record;
mod refusal;
mod session;
mod since;
mod slot;
pub(crate) mod step;
mod steps;
mod tell;

pub use describe::{
    Described, DescribedAsk, DescribedCall, DescribedDetail, DescribedSession, describe, describe_session,
};
pub use install::{Before, Installed, install};
pub use key::INSTALLED;
pub use refusal::{Refusal, Told};
pub use tell::tell;

/// What the host has of its own, beside program and store.
#[derive(Clone, Copy, Debug)]
pub struct Host<'h> {
    /// Its secret: longer keys are kept as hashes under it, and digests of approvals are made with it. A store belongs to one.
    pub key: &'h [u8; 32],
    /// The program as it is installed in the store.
    pub installed: &'h Installed,
}

/// Returns whether bytes that come from elsewhere can be a record; a store that reads them from a file asks this before it
/// gives them out.
pub fn validate(key: &[u8], bytes: &[u8]) -> bool {
    !key.is_empty() && (bytes.is_empty() || record::validate(bytes))
}

/// The records of one atomic step, as a store hands them out.
///
/// A step may be run again from the start where the store finds that another one came between; it then sees the newer
/// records.
pub trait Records {
    /// Finds the record under a key; one that was never written is empty. The same key gives the same handle for the whole
    /// step.
    ///
    /// # Errors
    /// Returns why the store cannot give it: the step is then given up and nothing is written.
    fn open(&mut self, key: &[u8]) -> Result<Handle, Trouble>;

    /// Finds a record that every step looks at and hardly one changes, and returns its bytes. A store may let steps that only
    /// look at it go on side by side; until they end, none changes it.
    ///
    /// # Errors
    /// As [`open`](Records::open).
    fn look(&mut self, key: &[u8]) -> Result<&[u8], Trouble> {
        let handle = self.open(key)?;
        Ok(self.bytes(handle))
    }

    /// Returns the bytes of a record; none for a handle that is not this step's.
    fn bytes(&self, handle: Handle) -> &[u8];

    /// Returns the bytes of a record to be changed, `None` for a handle that is not this step's. A record that is left empty
    /// is removed.
    fn edit(&mut self, handle: Handle) -> Option<&mut alloc::vec::Vec<u8>>;
}

/// Names a record that was opened in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle(pub u32);

/// Why a store cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// What it holds is torn, of another version, or cannot be read: `state_unusable`.
    Unusable,
    /// Other steps came between again and again: `state_conflict`.
    Conflict,
}
