//! Diagnostics for people and for programs.

mod excerpt;
mod json;
mod text;
mod wrap;

pub(crate) use json::diagnostics_json;
pub(crate) use text::{diagnostics_text, summary};
pub(crate) use wrap::{paragraph, wrap};
