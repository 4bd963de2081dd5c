//! Where users and resources come from, and what types of resources there are.

use super::{ModuleId, Policy, ResourceId, ShapeId, Type};
use agentpol_diagnostics::Span;

/// Where facts come from: one source, never two merged.
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
#[derive(Clone, Debug)]
pub struct ResourceType {
    /// The owner.
    pub module: ModuleId,
    /// Its name.
    pub name: String,
    /// Its name in requests and directories.
    pub wire: String,
    /// Its attributes.
    pub shape: ShapeId,
    /// The types that it may lie in; sorted.
    pub within: Vec<ResourceId>,
    /// Where it is declared.
    pub span: Span,
}

/// The resource that a tool's calls are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceOf {
    /// Its type.
    pub of: ResourceId,
    /// Which one.
    pub id: ResourceName,
}

/// Which resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceName {
    /// Always this one.
    Text(String),
    /// The one that this argument names: a `string` or `int` that every call has.
    Argument(String),
}

impl Policy {
    /// Returns these types of resources and every type that one of them may lie in, directly or through others; sorted.
    pub fn path_of(&self, types: &[ResourceId]) -> Vec<ResourceId> {
        let mut found = types.to_vec();
        let mut at = 0;
        while let Some(of) = found.get(at).copied() {
            let further: Vec<ResourceId> = self[of].within.iter().filter(|id| !found.contains(id)).copied().collect();
            found.extend(further);
            at += 1;
        }
        found.sort();
        found.dedup();
        found
    }
}

impl Type {
    /// Returns whether values name a user, a group or a resource.
    pub fn is_reference(&self) -> bool {
        matches!(self, Type::User | Type::Group | Type::Principal | Type::Resource(_))
    }
}
