//! Records against a map that holds the same, and records that somebody has spoiled.

use super::{ALONE, EntryKey, Record, RecordMut, validate};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// A small generator of numbers (xorshift).
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

fn key(number: u64) -> EntryKey {
    let mut key = ALONE;
    key[0] = (number % 5) as u8;
    key
}

#[test]
fn keeps_what_a_map_keeps() {
    let mut state = 7;
    let (mut bytes, mut model) = (Vec::new(), BTreeMap::<(u64, EntryKey), Vec<u8>>::new());
    for _ in 0..20_000 {
        let (id, key, length) = (next(&mut state) % 20, key(next(&mut state)), (next(&mut state) % 300) as usize);
        let mut record = RecordMut::of(&mut bytes).expect("it was written here");
        match next(&mut state) % 4 {
            0 => {
                record.remove(id, &key);
                model.remove(&(id, key));
            }
            1 => {
                record.resize(id, &key, length).expect("there is room");
                model.entry((id, key)).or_default().resize(length, 0);
            }
            _ => {
                let payload: Vec<u8> = (0..length).map(|at| (at as u64 ^ id) as u8).collect();
                record.put(id, &key, length as i64, &payload).expect("there is room");
                model.insert((id, key), payload);
            }
        }
        assert!(validate(&bytes));
    }
    let record = Record::of(&bytes).expect("it was written here");
    for id in 0..20 {
        for number in 0..5 {
            let found = record.find(id, &key(number)).map(<[u8]>::to_vec);
            assert_eq!(found, model.get(&(id, key(number))).cloned());
        }
        let others = model.range((id, ALONE)..(id + 1, ALONE)).filter(|(place, _)| place.1 != ALONE);
        assert!(record.all(id).map(|entry| *entry.key).eq(others.map(|(place, _)| place.1)));
    }
    RecordMut::of(&mut bytes).expect("it was written here").retain(|id| id % 2 == 0);
    let record = Record::of(&bytes).expect("it was written here");
    assert!(validate(&bytes) && record.count(3) == 0 && record.count(4) > 0);
}

#[test]
fn spoiled_bytes_are_refused_and_never_panic() {
    let mut bytes = Vec::new();
    let mut record = RecordMut::of(&mut bytes).expect("it is empty");
    for number in 0..9 {
        record.put(number % 3, &key(number), 0, &[number as u8; 20]).expect("there is room");
    }
    record.step(5);
    assert!(validate(&bytes) && validate(&[]));
    let mut state = 3;
    for _ in 0..20_000 {
        let mut spoiled = bytes.clone();
        for _ in 0..=next(&mut state) % 3 {
            let at = (next(&mut state) as usize) % spoiled.len();
            spoiled[at] ^= next(&mut state) as u8;
        }
        spoiled.truncate(spoiled.len() - (next(&mut state) % 3) as usize);
        let sound = validate(&spoiled);
        if let Ok(mut record) = RecordMut::of(&mut spoiled) {
            record.read().all(1).for_each(drop);
            record.read().least_recent(2);
            record.resize(1, &key(1), 64);
            record.remove(2, &key(2));
            record.put(7, &ALONE, 1, b"seven");
            record.retain(|id| id != 0);
            assert!(!sound || record.read().find(7, &ALONE) == Some(b"seven"));
        }
    }
    assert!(Record::of(b"APR").is_err() && Record::of(&[0; 64]).is_err());
}
