//! Deploying another program on what is remembered (semantics H8).

use crate::slots::{self, About};
use crate::world::{HOUR, World};
use agentpol_bytecode::Tri::{self, False, True, Unknown};
use agentpol_bytecode::tables::{Ask, Comparison, Happened, Reach, SlotShape};
use agentpol_vm::Before;

const ABOUT: About =
    About { happened: Happened::Called, reach: Reach::Session, keyed: false, by_result: false, window: None, room: 1 };

/// A program with a count of so many, by agents where `wide`, under an id; and one that asks nothing.
fn lab(most: u32, id: u64, reach: Reach) -> crate::lab::Lab {
    let mut lab = slots::lab();
    let slot = slots::slot(&mut lab, About { reach, ..ABOUT }, SlotShape::Count { most });
    lab.tables.slots[slot as usize].id = id;
    let most_asked = i64::from(most) - 1;
    for within in [None, Some(HOUR)] {
        slots::query(&mut lab, slot, within, Ask::Count { op: Comparison::Ge, plus: false, bound: most_asked.min(2) });
    }
    lab
}

fn asked(world: &mut World) -> [Tri; 2] {
    let (call, code) = world.call("t", r#"{"f":true}"#);
    assert_eq!(code, "allowed");
    let found = ["q000", "q001"].map(|rule| world.matched()[rule]);
    world.done(&call, "{}").expect("an open call is observed");
    found
}

#[test]
fn what_is_asked_again_goes_on() {
    let mut world = World::new(&mut lab(4, 7, Reach::Session));
    assert_eq!(asked(&mut world), [False, False]);
    assert_eq!(asked(&mut world), [False, False]);
    world.install(&mut lab(9, 7, Reach::Session), Before::Unknown);
    assert_eq!(asked(&mut world), [True, True]);
}

#[test]
fn a_ring_that_must_grow_and_was_full_knows_what_it_lost() {
    let mut world = World::new(&mut lab(2, 7, Reach::Session));
    for _ in 0..5 {
        asked(&mut world);
        world.now += HOUR / 4;
    }
    world.install(&mut lab(4, 7, Reach::Session), Before::Unknown);
    // At least two are known, and there may be more.
    let found = asked(&mut world);
    assert_eq!(found, [True, True]);
    let mut more = slots::lab();
    let slot = slots::slot(&mut more, ABOUT, SlotShape::Count { most: 9 });
    more.tables.slots[slot as usize].id = 7;
    slots::query(&mut more, slot, None, Ask::Count { op: Comparison::Ge, plus: false, bound: 4 });
    slots::query(&mut more, slot, Some(HOUR), Ask::Count { op: Comparison::Ge, plus: false, bound: 4 });
    world.install(&mut more, Before::Unknown);
    assert_eq!(asked(&mut world), [Unknown, Unknown]);
    world.now += HOUR;
    assert_eq!(asked(&mut world), [True, False]);
}

#[test]
fn what_is_new_knows_nothing_of_before() {
    let mut world = World::new(&mut lab(3, 7, Reach::Agent));
    asked(&mut world);
    world.now += 1;
    world.install(&mut lab(3, 8, Reach::Agent), Before::Unknown);
    assert_eq!(asked(&mut world), [Unknown, Unknown]);
    world.now += HOUR - 1;
    assert_eq!(asked(&mut world), [Unknown, Unknown]);
    world.now += 1;
    assert_eq!(asked(&mut world), [True, False]);
    // What is forgotten is new again, whatever was kept of it.
    world.install(&mut lab(3, 7, Reach::Agent), Before::Unknown);
    assert_eq!(asked(&mut world), [Unknown, Unknown]);
    // Where nothing was before, nothing is missing.
    world.install(&mut lab(3, 9, Reach::Agent), Before::Empty);
    assert_eq!(asked(&mut world), [False, False]);
}

#[test]
fn in_a_session_there_is_nothing_before_it_was_opened() {
    let mut world = World::new(&mut lab(3, 7, Reach::Session));
    world.now += 1;
    world.install(&mut lab(3, 8, Reach::Session), Before::Unknown);
    assert_eq!(asked(&mut world), [Unknown, Unknown]);
    world.open("s2", "bot", "ana", None).expect("a fresh session opens");
    let request = world.request("x", "t", "{}", &[("session", "\"s2\"")]);
    assert_eq!(world.code(&request), "allowed");
    assert_eq!(["q000", "q001"].map(|rule| world.matched()[rule]), [False, False]);
}

#[test]
fn a_program_is_served_by_its_own_installation_only() {
    let mut world = World::new(&mut lab(3, 7, Reach::Session));
    let other = lab(4, 7, Reach::Session).program();
    let mut scratch = agentpol_vm::Scratch::new(&other);
    let request = world.request("x", "t", "{}", &[]);
    let host = agentpol_vm::Host { key: &world.key, installed: &world.installed };
    let work = |records: &mut dyn agentpol_vm::Records| {
        agentpol_vm::decide_in(&other, request.as_bytes(), &mut scratch, records, &host)
    };
    let (decision, written) = world.store.step(work);
    assert_eq!((decision.code().as_str(), written), ("internal", false));
}
