//! Where users, groups and resources come from, and what a program knows about resources.

use super::{Field, Symbol};
use alloc::vec::Vec;

/// Where facts about users, or about resources, come from: one source for a program, never two merged (semantics I9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// Each request brings them.
    #[default]
    Request,
    /// A directory that the host has loaded.
    Directory {
        /// How old it may be, in milliseconds.
        max_age: Option<i64>,
    },
}

impl Source {
    /// Returns whether it is a directory.
    pub fn is_directory(self) -> bool {
        matches!(self, Source::Directory { .. })
    }
}

/// A type of resources.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceType {
    /// Its name in the policy.
    pub name: Symbol,
    /// Its name in requests and directories.
    pub wire: Symbol,
    /// Its attributes.
    pub fields: Vec<Field>,
    /// The types that it may lie in, sorted.
    pub within: Vec<u32>,
}

/// The resource that a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceOf {
    /// Its type.
    pub of: u32,
    /// Which one.
    pub id: ResourceName,
}

/// Which resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceName {
    /// Always this one.
    Text(Symbol),
    /// The one that this argument names: an index into the tool's parameters, a text or an int that is always there.
    Argument(u32),
}
