//! Approvals: who may give them, what they are for, and that they are used once.

use super::world::World;
use super::{HOUR, Key, lab, limit, when_n};
use crate::lab::{Lab, always};
use agentpol_bytecode::decision::{Decision, Missing};
use agentpol_bytecode::tables::{Effect, Phase};
use agentpol_vm::{Refusal, Told};

const ASK: Effect = Effect::RequireApproval { from: Some(0), count: 1, within: HOUR, distinct: false };

fn asking(effects: &[Effect]) -> Lab {
    let names = ["r0", "r1", "r2"];
    let mut lab = lab(&names);
    for (name, effect) in names.into_iter().zip(effects) {
        lab.rule(name, *effect, &always());
    }
    lab
}

fn digests(decision: &Decision) -> Vec<[u8; 32]> {
    let opened = decision.asks().named().iter().map(|ask| ask.opened.expect("what is asked can be answered"));
    opened.map(|opened| opened.digest).collect()
}

fn missing(decision: &Decision) -> Vec<&'static str> {
    decision.asks().named().iter().map(|ask| ask.missing.as_str()).collect()
}

/// Asks, and returns the only digest.
fn ask(world: &mut World) -> [u8; 32] {
    let decision = world.decide("{}");
    assert_eq!(decision.code().as_str(), "approval_required");
    digests(&decision)[0]
}

#[test]
fn an_approval_is_good_for_one_call() {
    let mut world = World::new(&mut asking(&[ASK]));
    let digest = ask(&mut world);
    assert_eq!(ask(&mut world), digest);
    assert_eq!(world.approve(&digest, "bo"), Ok(Told::Approved { missing: 0 }));
    let decision = world.decide("{}");
    assert_eq!((decision.code().as_str(), decision.opened()), ("allowed_after_approval", true));
    let again = world.decide("{}");
    assert_eq!((again.code().as_str(), missing(&again)), ("approval_required", vec!["spent"]));
    assert_eq!(digests(&again), [digest]);
    // It is asked anew: the old yes is gone, a new one counts.
    assert_eq!(missing(&world.decide("{}")), ["none"]);
    world.approve(&digest, "bo").expect("it is asked again");
    assert_eq!(world.code("{}"), "allowed_after_approval");
}

#[test]
fn releasing_a_call_does_not_bring_its_approval_back() {
    let mut world = World::new(&mut asking(&[ASK]));
    let digest = ask(&mut world);
    world.approve(&digest, "bo").expect("bo is a lead");
    assert_eq!(world.code("{}"), "allowed_after_approval");
    world.release("s1", "c2");
    assert_eq!(world.code("{}"), "approval_required");
}

#[test]
fn a_quorum_is_of_distinct_persons() {
    let effect = Effect::RequireApproval { from: Some(0), count: 2, within: HOUR, distinct: false };
    let mut world = World::new(&mut asking(&[effect]));
    let digest = ask(&mut world);
    assert_eq!(world.approve(&digest, "bo"), Ok(Told::Approved { missing: 1 }));
    assert_eq!(world.approve(&digest, "bo"), Ok(Told::Approved { missing: 1 }));
    let decision = world.decide("{}");
    assert_eq!((decision.code().as_str(), missing(&decision)), ("approval_required", vec!["too_few"]));
    assert_eq!(world.approve(&digest, "cy"), Ok(Told::Approved { missing: 0 }));
    assert_eq!(world.code("{}"), "allowed_after_approval");
}

#[test]
fn nobody_approves_for_themselves_or_for_their_agent() {
    let mut world = World::new(&mut asking(&[ASK]));
    let digest = ask(&mut world);
    assert_eq!(world.approve(&digest, "ana"), Err(Refusal::PersonExcluded));
    assert_eq!(world.approve(&digest, "cx"), Err(Refusal::PersonExcluded));
    assert_eq!(world.approve(&digest, "bot"), Err(Refusal::PersonExcluded));
    assert_eq!(world.approve_as(&digest, "bo", &[]), Err(Refusal::PersonUnknown));
    assert_eq!(world.approve_as(&digest, "bo", &["nobody", "cx"]), Err(Refusal::PersonUnknown));
    assert_eq!(world.approve(&[9; 32], "bo"), Err(Refusal::AskUnknown));
    assert_eq!(missing(&world.decide("{}")), ["none"]);
}

#[test]
fn the_requesting_user_confirms_where_they_are_asked() {
    let effect = Effect::RequireApproval { from: None, count: 1, within: HOUR, distinct: false };
    let mut world = World::new(&mut asking(&[effect]));
    let digest = ask(&mut world);
    assert_eq!(world.approve(&digest, "bo"), Err(Refusal::PersonExcluded));
    assert_eq!(world.approve_as(&digest, "ana", &[]), Ok(Told::Approved { missing: 0 }));
    assert_eq!(world.code("{}"), "allowed_after_approval");
    world.open("s2", "bot", None);
    let call = world.call("{}").with("user", "\"none\"").with("session", "\"s2\"");
    let digest = digests(&world.ask(&call))[0];
    assert_eq!(world.approve_as(&digest, "none", &[]), Err(Refusal::PersonExcluded));
    assert_eq!(world.approve_as(&digest, "ana", &[]), Err(Refusal::PersonExcluded));
}

#[test]
fn whoever_serves_another_rule_does_not_serve_a_distinct_one() {
    let distinct = Effect::RequireApproval { from: Some(0), count: 1, within: HOUR, distinct: true };
    let mut world = World::new(&mut asking(&[ASK, distinct]));
    let both = digests(&world.decide("{}"));
    assert_eq!(both.len(), 2);
    world.approve(&both[0], "bo").expect("bo is a lead");
    world.approve(&both[1], "bo").expect("bo is a lead");
    let decision = world.decide("{}");
    assert_eq!((decision.code().as_str(), decision.asks().total()), ("approval_required", 1));
    world.approve(&both[1], "cy").expect("cy is a lead");
    assert_eq!(world.code("{}"), "allowed_after_approval");
    let mut world = World::new(&mut asking(&[ASK, ASK]));
    let both = digests(&world.decide("{}"));
    world.approve(&both[0], "bo").expect("bo is a lead");
    world.approve(&both[1], "bo").expect("bo is a lead");
    assert_eq!(world.code("{}"), "allowed_after_approval");
}

#[test]
fn what_is_not_used_in_time_expires() {
    let mut world = World::new(&mut asking(&[ASK]));
    let digest = ask(&mut world);
    world.approve(&digest, "bo").expect("bo is a lead");
    world.now = HOUR - 1;
    assert_eq!(world.preview("{}").code().as_str(), "allowed_after_approval");
    world.now = HOUR;
    let decision = world.decide("{}");
    assert_eq!((decision.code().as_str(), missing(&decision)), ("approval_required", vec!["expired"]));
    // The clock starts anew, and so does the quorum.
    let opened = decision.asks().named()[0].opened.expect("it is asked anew");
    assert_eq!(opened.expires - opened.asked_at, HOUR);
    assert_eq!(missing(&world.decide("{}")), ["none"]);
    world.now = 2 * HOUR;
    assert_eq!(world.approve(&digest, "bo"), Err(Refusal::AskClosed));
}

#[test]
fn a_rejection_holds_until_its_time_is_over() {
    let mut world = World::new(&mut asking(&[ASK]));
    let digest = ask(&mut world);
    assert_eq!(world.reject(&digest, "ana"), Err(Refusal::PersonExcluded));
    assert_eq!(world.reject(&digest, "bo"), Ok(Told::Rejected));
    assert_eq!(world.approve(&digest, "cy"), Err(Refusal::AskClosed));
    let decision = world.decide("{}");
    assert_eq!((decision.code().as_str(), decision.rules().total()), ("approval_rejected", 1));
    world.now = HOUR;
    assert_eq!(world.code("{}"), "approval_required");
}

#[test]
fn an_approval_is_for_exactly_one_call() {
    let mut world = World::new(&mut asking(&[ASK]));
    world.open("s2", "bot", Some("ana"));
    world.open("s3", "bot", Some("eve"));
    let staging = |world: &mut World| world.call(r#"{"n":5,"x":"a"}"#).with("env", "\"staging\"");
    let call = staging(&mut world);
    let digest = digests(&world.ask(&call))[0];
    world.approve(&digest, "bo").expect("bo is a lead");
    let mut why = |change: &dyn Fn(crate::ask::Ask) -> crate::ask::Ask| {
        let call = change(staging(&mut world));
        let decision = world.ask(&call);
        assert_eq!(decision.code().as_str(), "approval_required");
        assert_ne!(digests(&decision)[0], digest);
        missing(&decision)[0]
    };
    assert_eq!(why(&|call| call.with("env", "\"prod\"")), "action_changed");
    assert_eq!(why(&|call| call.without("env")), "action_changed");
    assert_eq!(why(&|call| call.with("task", "\"x\"")), "action_changed");
    assert_eq!(why(&|call| call.with("args", r#"{"n":6,"x":"a"}"#)), "action_changed");
    assert_eq!(why(&|call| call.with("args", r#"{"n":5}"#)), "action_changed");
    assert_eq!(why(&|call| call.with("origin", r#"{"/x":"user"}"#)), "action_changed");
    assert_eq!(why(&|call| call.with("session", "\"s2\"")), "other_session");
    assert_eq!(why(&|call| call.with("session", "\"s3\"").with("user", r#"{"id":"eve"}"#)), "none");
    // The same call, written otherwise.
    let call = staging(&mut world).with("args", r#"{ "x": "\u0061", "n": 5.0 }"#);
    assert_eq!(world.ask(&call).code().as_str(), "allowed_after_approval");
}

#[test]
fn what_is_absent_is_not_what_is_null() {
    let mut world = World::new(&mut asking(&[ASK]));
    let digest = |world: &mut World, args: &str| digests(&world.decide(args))[0];
    assert_ne!(digest(&mut world, "{}"), digest(&mut world, r#"{"x":null}"#));
    assert_ne!(digest(&mut world, r#"{"x":""}"#), digest(&mut world, r#"{"x":null}"#));
}

#[test]
fn another_policy_asks_again() {
    let mut lab = asking(&[ASK]);
    let mut world = World::new(&mut lab);
    let digest = ask(&mut world);
    world.approve(&digest, "bo").expect("bo is a lead");
    lab.rule("r1", Effect::Deny, &when_n(&lab));
    world.reinstall(&mut lab);
    let decision = world.decide("{}");
    assert_eq!((decision.code().as_str(), missing(&decision)), ("approval_required", vec!["policy_changed"]));
    assert_eq!(world.approve(&digest, "cy"), Err(Refusal::AskClosed));
}

#[test]
fn a_throttled_call_spends_no_approval_and_a_pending_one_takes_nothing() {
    let mut lab = asking(&[ASK]);
    let rule = super::rate(&mut lab, 1, None, &[Key::User], &[]);
    lab.rule("r1", Effect::Limit { rate: rule }, &always());
    let mut world = World::new(&mut lab);
    // Asked three times, and nothing is taken from the limit.
    let digest = ask(&mut world);
    assert_eq!((ask(&mut world), ask(&mut world)), (digest, digest));
    world.approve(&digest, "bo").expect("bo is a lead");
    assert_eq!(world.code("{}"), "allowed_after_approval");
    let decision = world.decide("{}");
    assert_eq!((decision.code().as_str(), decision.asks().named()[0].opened), ("limit_reached", None));
    world.now = HOUR;
    let digest = ask(&mut world);
    world.approve(&digest, "bo").expect("bo is a lead");
    let other = world.decide(r#"{"n":1}"#);
    world.approve(&digests(&other)[0], "bo").expect("bo is a lead");
    assert_eq!(world.code(r#"{"n":1}"#), "allowed_after_approval");
    assert_eq!(world.code("{}"), "limit_reached");
    world.release("s1", "c8");
    assert_eq!(world.code("{}"), "allowed_after_approval");
}

#[test]
fn at_most_eight_askings_are_open() {
    let mut world = World::new(&mut asking(&[ASK]));
    for n in 0..8 {
        assert_eq!(world.code(&format!(r#"{{"n":{n}}}"#)), "approval_required");
    }
    let full = world.decide(r#"{"n":8}"#);
    assert_eq!((full.code().as_str(), full.asks().named()[0].opened), ("approvals_full", None));
    assert_eq!(world.code(r#"{"n":3}"#), "approval_required");
    // Another user, or agent, has its own room.
    world.open("s2", "other", Some("ana"));
    let call = world.call(r#"{"n":8}"#).with("agent", "\"other\"").with("session", "\"s2\"");
    assert_eq!(world.ask(&call).code().as_str(), "approval_required");
    world.now = HOUR;
    for n in 0..200 {
        assert_eq!(world.code(&format!(r#"{{"n":{n}}}"#)), "approval_required");
        world.now += HOUR;
    }
}

#[test]
fn supervised_agents_ask_each_for_themselves() {
    let mut lab = lab(&["boss"]);
    lab.tables.agents[0].phase = Phase::Supervised { by: Some(0) };
    let mut world = World::new(&mut lab);
    let decision = world.decide("{}");
    assert_eq!((decision.code().as_str(), decision.approval_by_phase()), ("approval_required", true));
    let digest = digests(&decision)[0];
    world.approve(&digest, "bo").expect("bo is a lead");
    assert_eq!(world.code("{}"), "allowed_after_approval");
    assert_eq!(missing(&world.decide("{}")), ["spent"]);
    world.reject(&digest, "bo").expect("bo is a lead");
    assert_eq!(world.code("{}"), "approval_rejected");
}

#[test]
fn the_views_say_what_each_may_know() {
    let mut world = World::new(&mut asking(&[ASK]));
    let decision = world.decide("{}");
    let hex: String = digests(&decision)[0].iter().map(|byte| format!("{byte:02x}")).collect();
    let operator = decision.for_operator(&world.program).to_string();
    let asked = r#""asked_at":"2026-03-02T15:00:00Z","expires":"2026-03-02T16:00:00Z""#;
    assert!(operator.contains(&format!(r#""missing":"none","digest":"{hex}",{asked}"#)), "{operator}");
    assert_eq!(decision.for_agent(&world.program).to_string(), r#"{"outcome":"approval_required"}"#);
    assert_eq!(Missing::default().as_str(), "none");
    let mut lab = lab(&["pace"]);
    limit(&mut lab, "pace", 1, None, &[Key::User], &[]);
    let mut world = World::new(&mut lab);
    assert!(world.decide("{}").permits());
    world.now = 1;
    let decision = world.decide("{}");
    let operator = decision.for_operator(&world.program).to_string();
    assert!(operator.contains(r#""retry_after":"1h","retry_at":"2026-03-02T16:00:00Z""#), "{operator}");
    let agent = decision.for_agent(&world.program).to_string();
    assert_eq!(agent, r#"{"outcome":"try_later","retry_after":"1h"}"#);
}
