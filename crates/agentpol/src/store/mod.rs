//! Where memory of earlier calls is kept: the seam between deciding and storing.

mod memory;
mod notice;

pub use memory::MemoryStore;

use agentpol_vm::Records;
use std::fmt;
use std::sync::Arc;

/// How often a step is run before it is given up because others came between.
pub const MAX_RUNS: usize = 8;

/// Keeps records of bytes under keys, and changes several of them as one atomic step.
///
/// The bytes are the evaluator's; a store neither reads nor makes any. What a store has to promise:
///
/// * A step is atomic: of all that it edits, either everything is kept or nothing, and no other step sees a part of it.
///   A step that edits nothing keeps nothing.
/// * What `step` has returned `Ok` for is durable, as far as the store is durable at all.
/// * A record comes back as it was written or not at all; a store that cannot be sure answers
///   [`Trouble::Unusable`](agentpol_vm::Trouble::Unusable).
pub trait StateStore: Send + Sync {
    /// Runs a step. `work` may be run again from the start where another step came between, at most [`MAX_RUNS`] times;
    /// what the last run found is what counts.
    ///
    /// # Errors
    /// Nothing that the step edited is kept.
    fn step(&self, work: &mut dyn FnMut(&mut dyn Records)) -> Result<(), StoreError>;

    /// Ties the store to a host key, given as its fingerprint. Records made with one key mean nothing under another.
    ///
    /// # Errors
    /// [`StoreError::OtherKey`] where the store was tied to another one before.
    fn tie(&self, fingerprint: &[u8; 32]) -> Result<(), StoreError>;
}

/// Why a store could not carry out a step.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreError {
    /// Other steps came between every time.
    Conflict,
    /// What it keeps cannot be read, or cannot be written any more.
    Unusable {
        /// Which store, and why.
        reason: String,
    },
    /// The store was tied to another host key.
    OtherKey,
    /// Another program was installed since: this one decides no more.
    OtherProgram,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::Conflict => f.write_str("other steps came between again and again"),
            StoreError::Unusable { reason } => f.write_str(reason),
            StoreError::OtherKey => f.write_str("the state was made with another host key"),
            StoreError::OtherProgram => f.write_str("another policy was installed in the state since"),
        }
    }
}

impl std::error::Error for StoreError {}

impl<S: StateStore + ?Sized> StateStore for Arc<S> {
    fn step(&self, work: &mut dyn FnMut(&mut dyn Records)) -> Result<(), StoreError> {
        (**self).step(work)
    }

    fn tie(&self, fingerprint: &[u8; 32]) -> Result<(), StoreError> {
        (**self).tie(fingerprint)
    }
}

impl<S: StateStore + ?Sized> StateStore for Box<S> {
    fn step(&self, work: &mut dyn FnMut(&mut dyn Records)) -> Result<(), StoreError> {
        (**self).step(work)
    }

    fn tie(&self, fingerprint: &[u8; 32]) -> Result<(), StoreError> {
        (**self).tie(fingerprint)
    }
}
