//! The file format: what is written is read back, and what was changed is refused.

mod lab;

use agentpol_bytecode::sha256::Sha256;
use agentpol_bytecode::{Expectation, FORMAT_VERSION, LoadError, MAGIC, Section, encode, load, load_expecting};
use lab::remembering::remembering;
use lab::sample::sample;

/// Puts right hashes into bytes that were changed, as an attacker would.
fn seal(bytes: &mut [u8]) {
    let mut hash = Sha256::new();
    hash.update(&FORMAT_VERSION.to_le_bytes());
    for at in 0..Section::ALL.len() - 1 {
        let word = |field: usize| {
            let start = 80 + 12 * at + 4 * field;
            bytes.get(start..start + 4).and_then(|word| word.try_into().ok()).map_or(0, u32::from_le_bytes)
        };
        let (offset, length) = (word(1) as usize, word(2) as usize);
        let Some(content) = offset.checked_add(length).and_then(|end| bytes.get(offset..end)) else { return };
        hash.update(&word(0).to_le_bytes());
        hash.update(&(length as u32).to_le_bytes());
        hash.update(content);
    }
    let meaning = hash.finish();
    bytes[16..48].copy_from_slice(&meaning);
    let mut hash = Sha256::new();
    hash.update(&bytes[..48]);
    hash.update(&bytes[80..]);
    let file = hash.finish();
    bytes[48..80].copy_from_slice(&file);
}

#[test]
fn what_is_written_is_read_back() {
    let tables = sample();
    let bytes = encode(&tables);
    let program = load(&bytes).expect("the sample is sound");
    assert_eq!(*program.tables(), tables);
    assert_eq!(encode(program.tables()), bytes);
    let sizes: u32 = program.section_sizes().iter().map(|(_, bytes)| bytes).sum();
    assert_eq!(80 + 12 * Section::ALL.len() + sizes as usize, bytes.len());
}

#[test]
fn places_in_the_sources_do_not_change_the_meaning() {
    let tables = sample();
    let mut moved = tables.clone();
    moved.debug.rules[0].line = 7;
    let (first, second) = (load(&encode(&tables)).expect("sound"), load(&encode(&moved)).expect("sound"));
    assert_eq!(first.meaning_hash(), second.meaning_hash());
    assert_ne!(first.file_hash(), second.file_hash());
    let mut other = tables;
    other.rules[2].always = true;
    assert_ne!(load(&encode(&other)).expect("sound").meaning_hash(), first.meaning_hash());
}

#[test]
fn every_flipped_bit_is_noticed() {
    let bytes = encode(&remembering());
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(load(&changed).is_err(), "byte {at}");
    }
}

#[test]
fn every_cut_is_noticed() {
    let bytes = encode(&sample());
    for length in 0..bytes.len() {
        assert!(load(&bytes[..length]).is_err(), "length {length}");
        let mut cut = bytes[..length].to_vec();
        if length >= 80 {
            seal(&mut cut);
            assert!(load(&cut).is_err(), "sealed at length {length}");
        }
    }
    let mut longer = bytes;
    longer.push(0);
    seal(&mut longer);
    assert_eq!(load(&longer).err(), Some(LoadError::Sections));
}

#[test]
fn sealed_changes_are_refused_or_mean_what_they_say() {
    sealed_changes(&encode(&sample()));
    sealed_changes(&encode(&remembering()));
}

fn sealed_changes(bytes: &[u8]) {
    for at in 80..bytes.len() {
        for change in [1, 0x80, 0xff] {
            let mut changed = bytes.to_vec();
            changed[at] ^= change;
            seal(&mut changed);
            if let Ok(program) = load(&changed) {
                assert_eq!(encode(program.tables()), changed, "byte {at} has two readings");
            }
        }
    }
}

#[test]
fn headers_say_what_is_wrong() {
    let bytes = encode(&sample());
    assert_eq!(load(b"").err(), Some(LoadError::NotAProgram));
    assert_eq!(load(b"#!/bin/sh").err(), Some(LoadError::NotAProgram));
    let mut newer = bytes.clone();
    newer[MAGIC.len()] = FORMAT_VERSION as u8 + 1;
    assert_eq!(load(&newer).err(), Some(LoadError::Version { found: FORMAT_VERSION + 1 }));
    let mut damaged = bytes.clone();
    damaged[60] ^= 1;
    assert_eq!(load(&damaged).err(), Some(LoadError::FileHash));
    let mut forged = bytes.clone();
    forged[20] ^= 1;
    let mut hash = Sha256::new();
    hash.update(&forged[..48]);
    hash.update(&forged[80..]);
    let file = hash.finish();
    forged[48..80].copy_from_slice(&file);
    assert_eq!(load(&forged).err(), Some(LoadError::MeaningHash));
    assert!(load(&bytes).is_ok());
}

#[test]
fn huge_counts_take_no_memory() {
    let mut bytes = encode(&sample());
    // The first word of the first section counts the modules.
    let start = 80 + 12 * Section::ALL.len();
    bytes[start..start + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    seal(&mut bytes);
    assert_eq!(load(&bytes).err(), Some(LoadError::Malformed { section: Section::Modules, at: 4 }));
}

#[test]
fn hosts_can_demand_a_program() {
    let bytes = encode(&sample());
    let meaning = *load(&bytes).expect("sound").meaning_hash();
    let wanted =
        |meaning, modules: &[&str]| Expectation { meaning, modules: modules.iter().map(|m| m.to_string()).collect() };
    assert!(load_expecting(&bytes, &wanted(Some(meaning), &["m"])).is_ok());
    assert!(load_expecting(&bytes, &Expectation::default()).is_ok());
    let other = load_expecting(&bytes, &wanted(Some([0; 32]), &[])).err();
    assert_eq!(other, Some(LoadError::OtherMeaning { found: meaning }));
    let missing = load_expecting(&bytes, &wanted(None, &["m", "acme.baseline"])).err();
    assert_eq!(missing, Some(LoadError::ModuleMissing { name: "acme.baseline".into() }));
}

#[test]
fn the_listing_names_what_it_shows() {
    let program = load(&encode(&sample())).expect("sound");
    let listing = program.listing().to_string();
    for part in [
        "deny \"rule a\" of m, in observation  (a.agentpol:1:2)",
        "in_network",
        "10.0.0.0/8",
        "part           r2 = r2 domain",
        "; a.agentpol:1:2 \"unless x\"",
        "  agents bot",
        "  does reads",
        "check of a value in r0",
        "module  m, the root",
    ] {
        assert!(listing.contains(part), "no `{part}` in\n{listing}");
    }
}
