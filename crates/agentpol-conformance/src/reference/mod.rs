//! The reference interpreter: typed policy, request text and what happened before to a summary of the decision.
//!
//! Written to be read beside the semantics: each function names the paragraph that it says, uses plain data and the
//! obvious algorithm, and never cares for speed. It shares no code with the compiler or the vm.

mod argument;
mod calendar;
mod call;
mod chain;
mod compute;
mod condition;
mod decide;
mod directory;
mod evaluate;
mod facts;
mod fold;
mod grants;
mod identity;
mod json;
mod memory;
mod number;
mod origin;
mod part;
mod pattern;
mod phase;
mod reasons;
mod request;
mod resource;
mod select;
mod summary;
mod text;
mod truth;
mod typed;
mod value;

pub use decide::{decide, decide_with};
pub use directory::Directory;
pub use memory::{Asked, Before, Memory, Refusal};
pub use summary::{RuleName, Summary};
