//! What stands in a directory: plain data, as the builder fills it and the loader reads it back.

use alloc::string::String;
use alloc::vec::Vec;

/// How many resources a resource may lie in, itself included, through all folders.
pub const MAX_PATH: u32 = 256;
/// How many groups a group or user may belong to, through all nesting.
pub const MAX_GROUPS: u32 = 65_536;

/// Names a text: texts are sorted, so that comparing words compares texts.
pub type Word = u32;

/// Everything in a directory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tables {
    /// When it was taken, in milliseconds since 1970-01-01T00:00:00Z.
    pub as_of: Option<i64>,
    /// All texts, one behind the other, each once, sorted by bytes.
    pub texts: String,
    /// Where each text ends in `texts`.
    pub ends: Vec<u32>,
    /// Values of attributes; each made of those before it.
    pub items: Vec<Item>,
    /// Groups, by name.
    pub groups: Vec<Group>,
    /// Users, by id.
    pub users: Vec<User>,
    /// What is said about agents, by id, then by attributes.
    pub agents: Vec<AgentStatus>,
    /// Types of resources, by name.
    pub kinds: Vec<Kind>,
}

impl Tables {
    /// Returns the text of a word.
    pub fn word(&self, word: Word) -> Option<&str> {
        let end = *self.ends.get(word as usize)? as usize;
        let start = match word.checked_sub(1) {
            Some(before) => *self.ends.get(before as usize)? as usize,
            None => 0,
        };
        self.texts.get(start..end)
    }

    /// Returns a resource.
    pub fn resource(&self, place: Place) -> Option<&Resource> {
        self.kinds.get(place.kind as usize)?.resources.get(place.at as usize)
    }
}

/// A value of an attribute, as it was written: programs give it a type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// The characters of a number.
    Number(Word),
    /// A text.
    Text(Word),
    /// Indexes of items.
    List(Vec<u32>),
    /// Names and indexes of items, by name.
    Object(Vec<(Word, u32)>),
}

/// A group of users.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its name.
    pub name: Word,
    /// The groups that it belongs to, directly or through others, and itself; sorted.
    pub above: Vec<u32>,
}

/// A user.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// The id that requests name.
    pub id: Word,
    /// May act.
    pub active: bool,
    /// The groups that the user belongs to, directly or through others; sorted.
    pub groups: Vec<u32>,
    /// Attributes: names and indexes of items, by name.
    pub attributes: Vec<(Word, u32)>,
}

/// What is said about an agent, or about one member of a fleet. It can only be stricter than the policy.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentStatus {
    /// The name that the policy has for the agent or fleet on the wire.
    pub id: Word,
    /// Which member: names and values of attributes, by name. None for all.
    pub attributes: Vec<(Word, Word)>,
    /// May not act at all.
    pub suspended: bool,
    /// May only read, whatever its declared phase.
    pub read_only: bool,
}

/// A type of resources.
#[derive(Clone, Debug, PartialEq)]
pub struct Kind {
    /// Its name.
    pub name: Word,
    /// The resources, by id.
    pub resources: Vec<Resource>,
}

/// A resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Its id.
    pub id: Word,
    /// What it lies in, directly or through others, the nearest first; without itself.
    pub above: Vec<Place>,
    /// Attributes: names and indexes of items, by name.
    pub attributes: Vec<(Word, u32)>,
}

/// Names a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// An index into the types.
    pub kind: u32,
    /// An index into the type's resources.
    pub at: u32,
}
