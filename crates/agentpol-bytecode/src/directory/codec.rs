//! The file: a header with version and checksum, then the tables in order. See docs/reference/directory.md.

use super::DirectoryError;
use super::tables::{AgentStatus, Group, Item, Kind, Place, Resource, Tables, User, Word};
use crate::codec::{Broken, Coded, Reader, coded_enum, coded_struct};
use crate::sha256::{HASH_BYTES, Sha256};
use alloc::string::String;
use alloc::vec::Vec;

/// The first bytes of every directory.
pub const DIRECTORY_MAGIC: [u8; 8] = *b"agentdir";
/// The version of the format that is written and read here.
pub const DIRECTORY_VERSION: u32 = 1;

/// Magic, version, checksum.
const BODY_AT: usize = DIRECTORY_MAGIC.len() + 4 + HASH_BYTES;

coded_enum!(Item {
    0 Null;
    1 Bool(value);
    2 Number(word);
    3 Text(word);
    4 List(items);
    5 Object(members);
});
coded_struct!(Group { name: Word, above: Vec<u32> });
coded_struct!(User { id: Word, active: bool, groups: Vec<u32>, attributes: Vec<(Word, u32)> });
coded_struct!(AgentStatus { id: Word, attributes: Vec<(Word, Word)>, suspended: bool, read_only: bool });
coded_struct!(Kind { name: Word, resources: Vec<Resource> });
coded_struct!(Resource { id: Word, above: Vec<Place>, attributes: Vec<(Word, u32)> });
coded_struct!(Place { kind: u32, at: u32 });
coded_struct!(Tables {
    as_of: Option<i64>,
    texts: String,
    ends: Vec<u32>,
    items: Vec<Item>,
    groups: Vec<Group>,
    users: Vec<User>,
    agents: Vec<AgentStatus>,
    kinds: Vec<Kind>,
});

/// Writes a directory. The same tables give the same bytes. Nothing is verified: [`Directory::load`](super::Directory::load)
/// does that.
pub fn encode(tables: &Tables) -> Vec<u8> {
    let mut body = Vec::new();
    tables.write(&mut body);
    let mut out = Vec::with_capacity(BODY_AT.saturating_add(body.len()));
    out.extend_from_slice(&DIRECTORY_MAGIC);
    DIRECTORY_VERSION.write(&mut out);
    out.extend_from_slice(&checksum(&body));
    out.extend_from_slice(&body);
    out
}

/// Reads what [`encode`] has written.
pub(super) fn decode(bytes: &[u8]) -> Result<(Tables, [u8; HASH_BYTES]), DirectoryError> {
    let rest = bytes.strip_prefix(&DIRECTORY_MAGIC).ok_or(DirectoryError::NotADirectory)?;
    let (version, rest) = rest.split_first_chunk::<4>().ok_or(DirectoryError::NotADirectory)?;
    let version = u32::from_le_bytes(*version);
    if version != DIRECTORY_VERSION {
        return Err(DirectoryError::Version { found: version });
    }
    let (hash, body) = rest.split_first_chunk::<HASH_BYTES>().ok_or(DirectoryError::NotADirectory)?;
    if checksum(body) != *hash {
        return Err(DirectoryError::Checksum);
    }
    let mut reader = Reader::new(body);
    let tables = Tables::read(&mut reader).map_err(|broken| DirectoryError::Malformed { at: broken.at })?;
    match reader.is_empty() {
        true => Ok((tables, *hash)),
        false => Err(DirectoryError::Malformed { at: u32::try_from(body.len()).unwrap_or(u32::MAX) }),
    }
}

/// The hash over version and tables.
fn checksum(body: &[u8]) -> [u8; HASH_BYTES] {
    let mut hash = Sha256::new();
    hash.update(&DIRECTORY_VERSION.to_le_bytes());
    hash.update(body);
    hash.finish()
}
