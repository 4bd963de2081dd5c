//! A directory bound to a program: attributes read as their declared types, groups resolved, once, so that a decision only
//! looks things up.

mod bind;
mod groups;
mod members;

use crate::memory::Memory;
use crate::value::{GROUP, NO_NODE, NodeId, RESOURCE, Register, USER, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::directory::{Directory, Place};
use agentpol_bytecode::scope::Tri;
use agentpol_bytecode::sha256::HASH_BYTES;
use agentpol_bytecode::tables::Symbol;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// In place of a node: the attribute is not known.
const NOT_KNOWN: NodeId = u32::MAX - 1;

/// A directory as one program reads it. Making one takes time and memory in proportion to the directory; it may then be
/// shared by any number of threads, and replaced at any time by a newer one.
#[derive(Clone, Debug)]
pub struct Bound {
    directory: Arc<Directory>,
    /// The program it is bound to.
    pub(crate) made_for: [u8; HASH_BYTES],
    /// Attributes, of their declared types.
    stored: Memory,
    users: Attributes,
    /// For each type of resources of the program.
    resources: Vec<Resources>,
    groups: Vec<groups::Membership>,
    agents: Vec<Vec<members::Run>>,
    findings: Vec<Finding>,
}

/// The attributes of many, each with the same fields.
#[derive(Clone, Debug, Default)]
struct Attributes {
    /// The names of the fields.
    names: Vec<Symbol>,
    /// For each owner, for each field: the value's node, [`NO_NODE`] where it is absent, [`NOT_KNOWN`].
    nodes: Vec<NodeId>,
}

impl Attributes {
    /// The attribute at this place among the fields.
    fn at(&self, memory: &Memory, owner: u32, field: usize) -> Register {
        let place = (owner as usize).checked_mul(self.names.len()).and_then(|start| start.checked_add(field));
        match place.and_then(|place| self.nodes.get(place)).copied() {
            Some(NO_NODE) => Register::ABSENT,
            None | Some(NOT_KNOWN) => Register::UNKNOWN,
            Some(node) => Register::made(memory.value(node)),
        }
    }

    /// The attribute of this name; absent where there is no such field.
    fn named(&self, memory: &Memory, owner: u32, name: Symbol) -> Register {
        match self.names.iter().position(|field| *field == name) {
            Some(field) => self.at(memory, owner, field),
            None => Register::ABSENT,
        }
    }
}

/// The resources of one type.
#[derive(Clone, Debug, Default)]
struct Resources {
    /// The type's number in the directory; `None` where the directory has none of it.
    kind: Option<u32>,
    attributes: Attributes,
    /// For each the list of itself and of what it lies in; empty where no rule asks for it.
    paths: Vec<NodeId>,
}

/// What a directory and a program do not agree about. None of it keeps a decision from being made: what is not known
/// restricts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// The directory does not have this group of the program: who is in it is not known.
    UnboundGroup {
        /// Its name on the wire.
        group: String,
    },
    /// A value is not of its declared type, and so not known.
    IllTyped {
        /// The type of resources; `None` for a user.
        kind: Option<String>,
        /// Whose.
        id: String,
        /// The attribute's name on the wire.
        attribute: String,
    },
    /// Something is said of an agent that the program does not have.
    UnknownAgent {
        /// The name that the entry gives.
        agent: String,
    },
    /// What is said of members of a fleet names something that is no text attribute of it: it counts for all of them.
    UnknownMembers {
        /// The fleet's name.
        agent: String,
    },
}

impl Bound {
    /// Binds a directory to a program.
    pub fn new(directory: Arc<Directory>, program: &Program) -> Bound {
        bind::bind(directory, program)
    }

    /// Returns the directory.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Returns what directory and program do not agree about; of ill-typed values the first hundred.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What was read of it.
    pub(crate) fn stored(&self) -> &Memory {
        &self.stored
    }

    /// Whether a person may approve now: known, active, and surely in the group where one is asked for.
    pub(crate) fn may_approve(&self, id: &str, group: Option<u32>) -> bool {
        let Some(user) = self.directory.find_user(id) else { return false };
        let Some(user) = self.directory.tables().users.get(user as usize) else { return false };
        user.active && group.is_none_or(|group| self.in_program_group(&user.groups, group) == Tri::True)
    }

    /// The groups of a user, closed.
    pub(crate) fn groups_of(&self, user: u32) -> &[u32] {
        self.directory.tables().users.get(user as usize).map_or(&[], |user| &user.groups)
    }

    /// An attribute of the user at this place among the fields.
    pub(crate) fn user_field(&self, user: u32, field: usize) -> Register {
        self.users.at(&self.stored, user, field)
    }

    /// An attribute of a user or resource by name.
    pub(crate) fn attribute(&self, of: u32, at: u32, name: Symbol) -> Register {
        match of {
            USER => self.users.named(&self.stored, at, name),
            GROUP => Register::UNKNOWN,
            of => match self.of_type(of) {
                Some(resources) => resources.attributes.named(&self.stored, at, name),
                None => Register::UNKNOWN,
            },
        }
    }

    /// The list of a resource and of what it lies in.
    pub(crate) fn path(&self, of: u32, at: u32) -> Value {
        let node = self.of_type(of).and_then(|resources| resources.paths.get(at as usize));
        node.map_or(Value::Unknown, |node| Value::List(*node))
    }

    /// Whether one resource lies in another.
    pub(crate) fn lies_in(&self, (of, at): (u32, u32), (in_type, in_at): (u32, u32)) -> bool {
        let place = |of: u32, at: u32| self.of_type(of)?.kind.map(|kind| Place { kind, at });
        let (Some(inner), Some(outer)) = (place(of, at), place(in_type, in_at)) else { return false };
        let tables = self.directory.tables();
        inner == outer || tables.resource(inner).is_some_and(|resource| resource.above.contains(&outer))
    }

    /// The id of a user or resource, or the name of a group.
    pub(crate) fn name(&self, of: u32, at: u32) -> Option<u32> {
        let tables = self.directory.tables();
        match of {
            USER => tables.users.get(at as usize).map(|user| user.id),
            GROUP => tables.groups.get(at as usize).map(|group| group.name),
            of => {
                let kind = self.of_type(of)?.kind?;
                tables.resource(Place { kind, at }).map(|resource| resource.id)
            }
        }
    }

    /// Finds a user, group or resource by its id.
    pub(crate) fn find(&self, of: u32, id: &str) -> Option<u32> {
        match of {
            USER => self.directory.find_user(id),
            GROUP => self.directory.find_group(id),
            of => self.directory.find_resource(self.of_type(of)?.kind?, id),
        }
    }

    fn of_type(&self, of: u32) -> Option<&Resources> {
        self.resources.get(of.checked_sub(RESOURCE)? as usize)
    }
}
