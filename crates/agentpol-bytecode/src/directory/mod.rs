//! The directory: users, groups, agents' status and resources as one flat file that is looked up and never parsed.
//!
//! Like a program it is verified once, at load, and then only read: tables sorted by what they are searched for, closures of
//! groups and folders worked out when it was built. It knows nothing of any program, and many programs may share one.

mod codec;
mod tables;
mod verify;

pub use codec::{DIRECTORY_MAGIC, DIRECTORY_VERSION, encode};
pub use tables::{AgentStatus, Group, Item, Kind, MAX_GROUPS, MAX_PATH, Place, Resource, Tables, User, Word};

use crate::sha256::HASH_BYTES;
use core::fmt;

/// A verified directory. It is plain data and may be shared by any number of threads; only [`Directory::load`] makes one.
#[derive(Clone, Debug)]
pub struct Directory {
    tables: Tables,
    hash: [u8; HASH_BYTES],
}

/// Why bytes are no directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DirectoryError {
    /// They do not begin as a directory does.
    NotADirectory,
    /// They are written in another version of the format.
    Version {
        /// The version that they say.
        found: u32,
    },
    /// The checksum does not fit.
    Checksum,
    /// They do not follow the encoding.
    Malformed {
        /// The byte behind the header at which reading stopped.
        at: u32,
    },
    /// A table breaks a law of directories.
    Refused {
        /// Which table.
        table: &'static str,
        /// The entry.
        at: u32,
    },
}

impl fmt::Display for DirectoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DirectoryError::NotADirectory => f.write_str("not a built directory"),
            DirectoryError::Version { found } => {
                write!(f, "written in version {found} of the directory format, which is not known here")
            }
            DirectoryError::Checksum => f.write_str("the checksum does not fit: it is damaged or was changed"),
            DirectoryError::Malformed { at } => write!(f, "malformed at byte {at}"),
            DirectoryError::Refused { table, at } => {
                write!(f, "table `{table}`, entry {at}, is not as directories are")
            }
        }
    }
}

impl core::error::Error for DirectoryError {}

impl Directory {
    /// Reads and verifies a directory. Never panics, whatever the bytes; they are not needed afterwards.
    ///
    /// # Errors
    /// Returns why the bytes are no sound directory. Soundness is not authenticity: who may write the file is the host's to
    /// see to.
    pub fn load(bytes: &[u8]) -> Result<Directory, DirectoryError> {
        let (tables, hash) = codec::decode(bytes)?;
        verify::verify(&tables)?;
        Ok(Directory { tables, hash })
    }

    /// Returns the tables.
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Returns the hash over everything in it.
    pub fn hash(&self) -> &[u8; HASH_BYTES] {
        &self.hash
    }

    /// Returns when it was taken, in milliseconds since 1970-01-01T00:00:00Z; `None` where nobody said.
    pub fn as_of(&self) -> Option<i64> {
        self.tables.as_of
    }

    /// Returns the text of a word; empty for one that does not exist.
    pub fn word(&self, word: Word) -> &str {
        self.tables.word(word).unwrap_or("")
    }

    /// Finds the word of a text.
    pub fn find_word(&self, text: &str) -> Option<Word> {
        let (mut low, mut high) = (0u32, u32::try_from(self.tables.ends.len()).unwrap_or(u32::MAX));
        while low < high {
            let middle = low.midpoint(high);
            match self.word(middle).cmp(text) {
                core::cmp::Ordering::Less => low = middle.saturating_add(1),
                core::cmp::Ordering::Equal => return Some(middle),
                core::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Finds a user by id.
    pub fn find_user(&self, id: &str) -> Option<u32> {
        let word = self.find_word(id)?;
        index(self.tables.users.binary_search_by_key(&word, |user| user.id))
    }

    /// Finds a group by name.
    pub fn find_group(&self, name: &str) -> Option<u32> {
        let word = self.find_word(name)?;
        index(self.tables.groups.binary_search_by_key(&word, |group| group.name))
    }

    /// Finds a type of resources by name.
    pub fn find_kind(&self, name: &str) -> Option<u32> {
        let word = self.find_word(name)?;
        index(self.tables.kinds.binary_search_by_key(&word, |kind| kind.name))
    }

    /// Finds a resource of a type by id.
    pub fn find_resource(&self, kind: u32, id: &str) -> Option<u32> {
        let resources = &self.tables.kinds.get(kind as usize)?.resources;
        let word = self.find_word(id)?;
        index(resources.binary_search_by_key(&word, |resource| resource.id))
    }

    /// Returns what is said about an agent, by the id that entries give: all members of a fleet, or the agent itself.
    pub fn statuses(&self, id: &str) -> &[AgentStatus] {
        let Some(word) = self.find_word(id) else { return &[] };
        let agents = &self.tables.agents;
        let start = agents.partition_point(|agent| agent.id < word);
        let end = agents.partition_point(|agent| agent.id <= word);
        agents.get(start..end).unwrap_or_default()
    }
}

fn index(found: Result<usize, usize>) -> Option<u32> {
    found.ok().and_then(|at| u32::try_from(at).ok())
}
