//! Program and request to decision.
//!
//! `no_std`, no dependencies but the program format, no panic, and no memory taken once the [`Scratch`] is made. Time
//! comes from the request: the same program and request give the same decision on every machine.

#![no_std]
#![cfg_attr(
    not(test),
    warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)
)]

extern crate alloc;

mod arguments;
mod calculate;
mod call;
mod chain;
mod decide;
mod directory;
mod elements;
mod facts;
mod forms;
mod identity;
mod json;
mod judge;
mod letters;
mod machine;
mod memory;
mod origin;
mod references;
mod request;
mod resource;
mod scratch;
mod settle;
mod state;
mod typed;
mod value;

pub use decide::{Prepared, Preview, decide, decide_in, prepare, preview_in};
pub use directory::{Bound, Finding};
pub use memory::Marked;
pub use scratch::{RuleMatch, Scratch};
pub use state::{
    Before, Described, DescribedAsk, DescribedCall, DescribedDetail, DescribedSession, Handle, Host, INSTALLED,
    Installed, Records, Refusal, Told, Trouble, describe, describe_session, install, tell, validate,
};
