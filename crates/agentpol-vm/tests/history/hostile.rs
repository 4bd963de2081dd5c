//! State that nobody here has written: it is refused, or answered with, but it never breaks anything.

use crate::brute::Dice;
use crate::log::Args;
use crate::slots::{self, About};
use crate::world::World;
use agentpol_bytecode::tables::{Ask, Comparison, Happened, Reach, SlotShape};
use agentpol_vm::validate;

/// A world with something of every kind in its records, and calls that are open.
fn world() -> World {
    let mut lab = slots::lab();
    let shapes = [
        (SlotShape::Time, Ask::Exists),
        (SlotShape::Other, Ask::Pair(Comparison::Ne)),
        (SlotShape::Least { steps: 4 }, Ask::Pair(Comparison::Lt)),
        (SlotShape::Count { most: 4 }, Ask::Count { op: Comparison::Ge, plus: true, bound: 2 }),
        (SlotShape::Distinct { most: 4 }, Ask::Distinct { op: Comparison::Ge, bound: 2 }),
        (SlotShape::Sum { entries: 3 }, Ask::Sum { op: Comparison::Ge, plus: true, bound: 2 }),
        (SlotShape::First, Ask::Value(0)),
        (SlotShape::Last, Ask::Value(0)),
    ];
    for (at, (shape, ask)) in shapes.into_iter().enumerate() {
        let happened = if at == 3 { Happened::Called } else { Happened::Completed };
        let reach = [Reach::Session, Reach::Agent, Reach::User][at % 3];
        let about =
            About { happened, reach, keyed: at % 2 == 0, by_result: at % 4 == 1, window: Some(9_000_000), room: 3 };
        let slot = slots::slot(&mut lab, about, shape);
        slots::query(&mut lab, slot, Some(3_600_000), ask);
    }
    let mut world = World::new(&mut lab);
    world.open("s2", "other", "ana", Some("s1")).expect("a fresh session opens");
    for number in 0..12u8 {
        let args = Args { f: Some(true), k: Some(number % 5), v: Some(i64::from(number)), w: Some(3), n: None };
        let (call, code) = world.call("t", &args.json());
        assert_eq!(code, "allowed");
        world.now += 60_000;
        if number % 3 > 0 {
            world.done(&call, r#"{"f":true,"k":"x","v":4}"#).expect("an open call is observed");
        }
    }
    world
}

#[test]
fn spoiled_records_are_refused_or_answer_but_never_break() {
    let sound = world();
    let mut dice = Dice(5);
    let mut refused = 0;
    let mut scratch = agentpol_vm::Scratch::new(&sound.program);
    for _ in 0..2_000 {
        let mut store = sound.store.clone();
        let names: Vec<Vec<u8>> = store.kept.keys().cloned().collect();
        let name = &names[dice.roll(names.len() as u64) as usize];
        let bytes = store.kept.get_mut(name).expect("it was listed");
        for _ in 0..=dice.roll(4) {
            let at = dice.roll(bytes.len() as u64) as usize;
            bytes[at] = if dice.roll(3) == 0 { 0xff } else { bytes[at] ^ (1 << dice.roll(8)) };
        }
        if dice.roll(6) == 0 {
            bytes.truncate(dice.roll(bytes.len() as u64) as usize);
        }
        refused += u32::from(!validate(name, bytes));
        spoiled(&sound, store, &mut dice, &mut scratch);
    }
    assert!(refused > 30, "{refused}");
}

/// Lets a host with this store live on for a while.
fn spoiled(sound: &World, store: crate::world::Store, dice: &mut Dice, scratch: &mut agentpol_vm::Scratch) {
    let mut unchecked = Unchecked { kept: store.kept };
    let host = agentpol_vm::Host { key: &sound.key, installed: &sound.installed };
    let args = Args { f: Some(true), k: Some(1), v: Some(2), w: Some(2), n: None };
    for number in 0..3 {
        let request = sound.request(&format!("y{number}"), "t", &args.json(), &[]);
        let decision = unchecked
            .step(|records| agentpol_vm::decide_in(&sound.program, request.as_bytes(), scratch, records, &host));
        let known =
            ["allowed", "state_unusable", "session_unknown", "session_mismatch", "clock_regressed", "state_full"];
        let code = decision.code().as_str();
        assert!(known.contains(&code) || code == "call_duplicate", "{code}");
        let call = format!("c{}", 1 + dice.roll(12));
        let body = format!(r#""session":"s1","call":"{call}","at":{}"#, sound.at());
        let event = format!(r#"{{"observe":{{{body},"outcome":"ok","result":{{"f":true,"v":3}}}}}}"#);
        let event = if dice.roll(4) == 0 { format!(r#"{{"release":{{{body}}}}}"#) } else { event };
        let _ = unchecked.step(|records| agentpol_vm::tell(&sound.program, event.as_bytes(), scratch, records, &host));
    }
}

/// A store that looks at nothing.
struct Unchecked {
    kept: std::collections::BTreeMap<Vec<u8>, Vec<u8>>,
}

struct Open<'s> {
    store: &'s mut Unchecked,
    names: Vec<Vec<u8>>,
}

impl Unchecked {
    fn step<T>(&mut self, work: impl FnOnce(&mut dyn agentpol_vm::Records) -> T) -> T {
        work(&mut Open { store: self, names: Vec::new() })
    }
}

impl agentpol_vm::Records for Open<'_> {
    fn open(&mut self, key: &[u8]) -> Result<agentpol_vm::Handle, agentpol_vm::Trouble> {
        let at = self.names.iter().position(|name| name == key).unwrap_or_else(|| {
            self.names.push(key.to_vec());
            self.store.kept.entry(key.to_vec()).or_default();
            self.names.len() - 1
        });
        Ok(agentpol_vm::Handle(at as u32))
    }

    fn bytes(&self, handle: agentpol_vm::Handle) -> &[u8] {
        self.names.get(handle.0 as usize).and_then(|name| self.store.kept.get(name)).map_or(&[], Vec::as_slice)
    }

    fn edit(&mut self, handle: agentpol_vm::Handle) -> Option<&mut Vec<u8>> {
        self.store.kept.get_mut(self.names.get(handle.0 as usize)?)
    }
}

#[test]
fn bytes_of_another_kind_are_no_record() {
    assert!(validate(b"s1", b""));
    for bytes in [&b"APR\x02"[..], &[0; 40], b"hello", &[0xff; 4096]] {
        assert!(!validate(b"s1", bytes));
    }
    assert!(!validate(b"", b""));
    let world = world();
    for (name, bytes) in &world.store.kept {
        assert!(validate(name, bytes));
        for length in 1..bytes.len().min(3000) {
            assert!(!validate(name, &bytes[..length]), "{length} of {}", bytes.len());
        }
    }
}

#[test]
fn noise_is_no_event() {
    let mut world = world();
    let mut dice = Dice(3);
    let seeds = [
        r#"{"open":{"session":"s7","agent":"bot","user":{"id":"ana"},"parent":"s1","at":"2026-03-02T16:00:00Z"}}"#,
        r#"{"observe":{"session":"s1","call":"c1","outcome":"ok","result":{"f":true},"at":"2026-03-02T16:00:00Z"}}"#,
        r#"{"approve":{"digest":"00","person":{"id":"bo","groups":[]},"at":"2026-03-02T16:00:00Z"}}"#,
    ];
    for _ in 0..3_000 {
        let mut event = seeds[dice.roll(3) as usize].as_bytes().to_vec();
        for _ in 0..=dice.roll(3) {
            let at = dice.roll(event.len() as u64) as usize;
            event[at] = dice.roll(256) as u8;
        }
        let host = agentpol_vm::Host { key: &world.key, installed: &world.installed };
        let (program, scratch) = (&world.program, &mut world.scratch);
        let told = world.store.step(|records| agentpol_vm::tell(program, &event, scratch, records, &host));
        assert!(told.0.is_ok() || !told.1);
    }
}
