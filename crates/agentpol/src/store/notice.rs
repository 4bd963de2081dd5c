//! What every step looks at and hardly one changes: copies of one record, so that threads that read it share nothing.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// How many copies there are.
const COPIES: usize = 16;

/// One record in several copies.
#[derive(Debug, Default)]
pub(super) struct Notice {
    copies: [Copy; COPIES],
}

/// A copy; no two lie in one line of a processor's cache.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Copy {
    bytes: RwLock<Vec<u8>>,
}

/// Which copy this thread reads.
fn own() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: Cell<Option<usize>> = const { Cell::new(None) };
    }
    let choose = |own: &Cell<Option<usize>>| {
        let copy = own.get().unwrap_or_else(|| THREADS.fetch_add(1, Ordering::Relaxed) % COPIES);
        own.set(Some(copy));
        copy
    };
    // A thread that is ending has no place of its own any more.
    OWN.try_with(choose).unwrap_or(0)
}

impl Notice {
    /// Reads it; nobody changes it while it is held.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Vec<u8>> {
        self.copies[own()].bytes.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody reads it any more.
    pub(super) fn change(&self) -> Changing<'_> {
        let lock = |copy| RwLock::write(copy).unwrap_or_else(PoisonError::into_inner);
        let copies: Vec<_> = self.copies.iter().map(|copy| lock(&copy.bytes)).collect();
        let bytes = copies[0].clone();
        Changing { copies, bytes }
    }
}

/// The record while it is changed.
#[derive(Debug)]
pub(super) struct Changing<'n> {
    copies: Vec<RwLockWriteGuard<'n, Vec<u8>>>,
    /// What it will be.
    pub(super) bytes: Vec<u8>,
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.copies.iter_mut().for_each(|copy| (**copy).clone_from(&self.bytes));
    }
}
