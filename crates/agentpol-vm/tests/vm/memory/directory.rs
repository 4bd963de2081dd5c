//! Approvals where a directory says who is who: asked when somebody answers, and again when the answer is used.

use super::world::World;
use super::{HOUR, lab};
use crate::lab::{Lab, always};
use agentpol_bytecode::directory::{Directory, Group, Tables, User, encode};
use agentpol_bytecode::tables::{Effect, Source};
use agentpol_vm::{Bound, Refusal, Told};
use std::sync::Arc;

/// A directory of these users: id, active, groups. The groups are `cx` and `leads`.
fn directory(users: &[(&str, bool, &[&str])]) -> Vec<u8> {
    let groups = ["cx", "leads"];
    let mut words: Vec<&str> = users.iter().map(|user| user.0).chain(groups).collect();
    words.sort_unstable();
    words.dedup();
    let word = |text: &str| words.iter().position(|word| *word == text).expect("every word is listed") as u32;
    let group = |text: &&str| groups.iter().position(|group| group == text).expect("there are two") as u32;
    let mut users: Vec<User> = users
        .iter()
        .map(|(id, active, of)| User {
            id: word(id),
            active: *active,
            groups: of.iter().map(group).collect(),
            attributes: Vec::new(),
        })
        .collect();
    users.sort_by_key(|user| user.id);
    let ends = words.iter().scan(0, |end, word| {
        *end += word.len() as u32;
        Some(*end)
    });
    encode(&Tables {
        texts: words.concat(),
        ends: ends.collect(),
        groups: (0u32..).zip(groups).map(|(at, name)| Group { name: word(name), above: vec![at] }).collect(),
        users,
        ..Tables::default()
    })
}

fn asking(count: u32, from: Option<u32>) -> Lab {
    let mut lab = lab(&["ask"]);
    lab.tables.users_from = Source::Directory { max_age: None };
    lab.rule("ask", Effect::RequireApproval { from, count, within: HOUR, distinct: false }, &always());
    lab
}

fn bind(world: &mut World, users: &[(&str, bool, &[&str])]) {
    let directory = Directory::load(&directory(users)).expect("the directory is sound");
    let bound = Bound::new(Arc::new(directory), &world.program);
    world.use_directory(Arc::new(bound));
}

fn ask(world: &mut World) -> (&'static str, Option<[u8; 32]>, Vec<&'static str>) {
    let call = world.call("{}").with("user", "\"ana\"");
    let decision = world.ask(&call);
    let asks = decision.asks().named();
    let digest = asks.first().and_then(|ask| ask.opened).map(|opened| opened.digest);
    (decision.code().as_str(), digest, asks.iter().map(|ask| ask.missing.as_str()).collect())
}

#[test]
fn the_directory_says_who_may_answer() {
    let mut world = World::new(&mut asking(1, Some(0)));
    bind(
        &mut world,
        &[
            ("ana", true, &["leads"]),
            ("bo", true, &["leads"]),
            ("cy", true, &["cx", "leads"]),
            ("di", false, &["leads"]),
            ("ed", true, &[]),
        ],
    );
    let digest = ask(&mut world).1.expect("it is asked");
    // `cx` answers for the agent: it is a group here, and cy is in it.
    assert_eq!(world.approve_as(&digest, "ana", &[]), Err(Refusal::PersonExcluded));
    assert_eq!(world.approve_as(&digest, "cy", &[]), Err(Refusal::PersonExcluded));
    assert_eq!(world.approve_as(&digest, "di", &[]), Err(Refusal::PersonUnknown));
    assert_eq!(world.approve_as(&digest, "ed", &[]), Err(Refusal::PersonUnknown));
    assert_eq!(world.approve_as(&digest, "nobody", &[]), Err(Refusal::PersonUnknown));
    assert_eq!(world.approve_as(&digest, "bo", &[]), Ok(Told::Approved { missing: 0 }));
    assert_eq!(ask(&mut world).0, "allowed_after_approval");
}

#[test]
fn who_has_left_no_longer_counts() {
    let everybody: [(&str, bool, &[&str]); 3] =
        [("ana", true, &[]), ("bo", true, &["leads"]), ("cy", true, &["leads"])];
    let mut world = World::new(&mut asking(2, Some(0)));
    bind(&mut world, &everybody);
    let digest = ask(&mut world).1.expect("it is asked");
    for person in ["bo", "cy"] {
        world.approve_as(&digest, person, &[]).expect("both are leads");
    }
    for bo in [("bo", true, &[][..]), ("bo", false, &["leads"][..]), ("bo", true, &["cx", "leads"][..])] {
        bind(&mut world, &[everybody[0], bo, everybody[2]]);
        let why = if bo.2.len() == 2 { "approver_excluded" } else { "approver_left_group" };
        let (code, again, missing) = ask(&mut world);
        assert_eq!((code, again, missing), ("approval_required", Some(digest), vec![why]));
    }
    bind(&mut world, &[everybody[0], everybody[2]]);
    assert_eq!(ask(&mut world).2, ["approver_left_group"]);
    bind(&mut world, &everybody);
    assert_eq!(ask(&mut world).0, "allowed_after_approval");
}

#[test]
fn a_suspended_user_does_not_confirm() {
    let mut world = World::new(&mut asking(1, None));
    bind(&mut world, &[("ana", true, &[])]);
    let digest = ask(&mut world).1.expect("it is asked");
    bind(&mut world, &[("ana", false, &[])]);
    assert_eq!(world.approve_as(&digest, "ana", &[]), Err(Refusal::PersonUnknown));
    assert_eq!(ask(&mut world).0, "user_suspended");
    bind(&mut world, &[("ana", true, &[])]);
    world.approve_as(&digest, "ana", &[]).expect("ana is asked");
    assert_eq!(ask(&mut world).0, "allowed_after_approval");
}
