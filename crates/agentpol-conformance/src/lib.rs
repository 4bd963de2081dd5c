//! What agentpol means, said a second time: a slow reference interpreter to hold the real one against.
//!
//! The interpreter in [`reference`] shares nothing with the vm but the words for codes and outcomes. The literate pages
//! in `cases/` and the laws in `tests/` run on both, and on the WASM build, and all must agree.

pub mod reference;
