//! The file: header, hashes, sections. See docs/reference/program-format.md.

use crate::codec::{Coded, length};
use crate::error::LoadError;
use crate::layout::Section;
use crate::program::Program;
use crate::sha256::{HASH_BYTES, Sha256};
use crate::tables::Tables;
use crate::verify;
use alloc::string::String;
use alloc::vec::Vec;

/// The first bytes of every program.
pub const MAGIC: [u8; 8] = *b"agentpol";
/// The version of the format that is written and read here.
pub const FORMAT_VERSION: u32 = 3;

const MEANING_AT: usize = MAGIC.len() + 4 + 4;
const FILE_AT: usize = MEANING_AT + HASH_BYTES;
const TABLE_AT: usize = FILE_AT + HASH_BYTES;
/// Number, offset and length of a section.
const ENTRY_BYTES: usize = 12;

/// What the host demands of a program beside being sound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// The meaning hash that it must have.
    pub meaning: Option<[u8; HASH_BYTES]>,
    /// Modules that it must contain, by name.
    pub modules: Vec<String>,
}

/// Writes a program. The same tables give the same bytes.
///
/// Nothing is verified: [`load`] does that.
pub fn encode(tables: &Tables) -> Vec<u8> {
    let start = TABLE_AT + ENTRY_BYTES * Section::ALL.len();
    let mut table = Vec::new();
    let mut body = Vec::new();
    for section in Section::ALL {
        let before = body.len();
        section.write(tables, &mut body);
        (*section as u32).write(&mut table);
        length(start.saturating_add(before)).write(&mut table);
        length(body.len().saturating_sub(before)).write(&mut table);
    }
    let mut out = Vec::with_capacity(start.saturating_add(body.len()));
    out.extend_from_slice(&MAGIC);
    FORMAT_VERSION.write(&mut out);
    length(Section::ALL.len()).write(&mut out);
    out.extend_from_slice(&[0; 2 * HASH_BYTES]);
    out.extend_from_slice(&table);
    out.extend_from_slice(&body);
    seal(&mut out);
    out
}

/// Puts both hashes into the header of bytes that are otherwise complete.
fn seal(bytes: &mut [u8]) {
    let Some(sections) = sections(bytes) else { return };
    let meaning = meaning_hash(&sections);
    place(bytes, MEANING_AT, &meaning);
    let file = file_hash(bytes);
    place(bytes, FILE_AT, &file);
}

fn place(bytes: &mut [u8], at: usize, hash: &[u8; HASH_BYTES]) {
    if let Some(field) = bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        *field = *hash;
    }
}

/// Reads and verifies a program. Never panics, whatever the bytes.
///
/// # Errors
/// Returns why the bytes are no sound program. Soundness is not authenticity: a host that did not compile the program
/// itself pins its meaning hash with [`load_expecting`].
pub fn load(bytes: &[u8]) -> Result<Program, LoadError> {
    let version = word_at(bytes, MAGIC.len()).filter(|_| bytes.starts_with(&MAGIC)).ok_or(LoadError::NotAProgram)?;
    if version != FORMAT_VERSION {
        return Err(LoadError::Version { found: version });
    }
    if bytes.len() < TABLE_AT {
        return Err(LoadError::NotAProgram);
    }
    let sections = sections(bytes).ok_or(LoadError::Sections)?;
    let file = file_hash(bytes);
    if hash_at(bytes, FILE_AT) != Some(file) {
        return Err(LoadError::FileHash);
    }
    let meaning = meaning_hash(&sections);
    if hash_at(bytes, MEANING_AT) != Some(meaning) {
        return Err(LoadError::MeaningHash);
    }
    let mut tables = Tables::default();
    for (section, content) in &sections {
        section
            .read(content, &mut tables)
            .map_err(|broken| LoadError::Malformed { section: *section, at: broken.at })?;
    }
    let costs = verify::verify(&tables)?;
    let sizes = sections.iter().map(|(section, content)| (*section, length(content.len()))).collect();
    Ok(Program::new(tables, meaning, file, costs, sizes))
}

/// Reads and verifies a program that must be a certain one, or contain certain modules.
///
/// # Errors
/// As [`load`], and where the program is sound but not as expected.
pub fn load_expecting(bytes: &[u8], expectation: &Expectation) -> Result<Program, LoadError> {
    let program = load(bytes)?;
    if expectation.meaning.is_some_and(|meaning| meaning != *program.meaning_hash()) {
        return Err(LoadError::OtherMeaning { found: *program.meaning_hash() });
    }
    let missing = expectation.modules.iter().find(|name| {
        let modules = &program.tables().modules;
        !modules.iter().any(|module| program.symbol(module.name) == name.as_str())
    });
    match missing {
        Some(name) => Err(LoadError::ModuleMissing { name: name.clone() }),
        None => Ok(program),
    }
}

type Sections<'a> = Vec<(Section, &'a [u8])>;

/// Cuts the bytes into sections: all of them, in order, one behind the other up to the end.
fn sections(bytes: &[u8]) -> Option<Sections<'_>> {
    let count = word_at(bytes, MAGIC.len() + 4)? as usize;
    if count != Section::ALL.len() {
        return None;
    }
    let mut next = TABLE_AT + ENTRY_BYTES * Section::ALL.len();
    let mut sections = Vec::with_capacity(count);
    for (section, at) in Section::ALL.iter().zip((TABLE_AT..).step_by(ENTRY_BYTES)) {
        let offset = word_at(bytes, at + 4)? as usize;
        let end = offset.checked_add(word_at(bytes, at + 8)? as usize)?;
        if word_at(bytes, at)? != *section as u32 || offset != next {
            return None;
        }
        sections.push((*section, bytes.get(offset..end)?));
        next = end;
    }
    (next == bytes.len()).then_some(sections)
}

/// The hash over everything but where things stand in the sources.
fn meaning_hash(sections: &Sections<'_>) -> [u8; HASH_BYTES] {
    let mut hash = Sha256::new();
    hash.update(&FORMAT_VERSION.to_le_bytes());
    for (section, content) in sections.iter().filter(|(section, _)| *section != Section::Debug) {
        hash.update(&(*section as u32).to_le_bytes());
        hash.update(&length(content.len()).to_le_bytes());
        hash.update(content);
    }
    hash.finish()
}

/// The hash over all bytes but its own place.
fn file_hash(bytes: &[u8]) -> [u8; HASH_BYTES] {
    let mut hash = Sha256::new();
    hash.update(bytes.get(..FILE_AT).unwrap_or(bytes));
    hash.update(bytes.get(TABLE_AT..).unwrap_or_default());
    hash.finish()
}

fn word_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

fn hash_at(bytes: &[u8], at: usize) -> Option<[u8; HASH_BYTES]> {
    bytes.get(at..)?.first_chunk().copied()
}
