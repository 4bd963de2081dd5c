//! Limits: windows to the millisecond, keys, reservations.

use super::world::World;
use super::{HOUR, lab, limit, when_n};
use crate::lab::always;
use agentpol_bytecode::decision::Decision;
use agentpol_bytecode::tables::{Effect, Kept, Key, RuleId};
use agentpol_vm::Before;

fn reached(decision: &Decision) -> (&'static str, Option<i64>) {
    (decision.code().as_str(), decision.retry_after())
}

#[test]
fn a_count_holds_in_every_window() {
    let mut lab = lab(&["pace"]);
    let pace = limit(&mut lab, "pace", 2, None, &[Key::User], &[]);
    let mut world = World::new(&mut lab);
    assert_eq!(world.code("{}"), "allowed");
    world.now = 1_000;
    assert_eq!(world.code("{}"), "allowed");
    world.now = 1_500;
    let decision = world.decide("{}");
    assert_eq!(reached(&decision), ("limit_reached", Some(HOUR - 1_500)));
    assert_eq!((decision.rules().named(), decision.outcome().as_str()), (&[pace][..], "throttle"));
    assert!(!decision.permits() && !decision.opened());
    // What was throttled takes nothing: the wait stays the same, and ends to the millisecond.
    world.now = HOUR - 1;
    assert_eq!(reached(&world.decide("{}")), ("limit_reached", Some(1)));
    world.now = HOUR;
    assert_eq!(world.code("{}"), "allowed");
    assert_eq!(reached(&world.decide("{}")), ("limit_reached", Some(1_000)));
    world.now = HOUR + 1_000;
    assert_eq!(world.code("{}"), "allowed");
    assert_eq!(reached(&world.decide("{}")), ("limit_reached", Some(HOUR - 1_000)));
}

#[test]
fn costs_are_added_up_to_the_bound_and_not_one_past_it() {
    let mut lab = lab(&["budget"]);
    limit(&mut lab, "budget", 100, Some(Kept::Int), &[Key::User], &["n"]);
    let mut world = World::new(&mut lab);
    assert_eq!(world.code(r#"{"n":60}"#), "allowed");
    assert_eq!(world.code(r#"{"n":41}"#), "limit_reached");
    world.now = 10;
    assert_eq!(world.code(r#"{"n":40}"#), "allowed");
    assert_eq!(world.code(r#"{"n":0}"#), "allowed");
    assert_eq!(reached(&world.decide(r#"{"n":1}"#)), ("limit_reached", Some(HOUR - 10)));
    // For more than the oldest leaves there is room later.
    assert_eq!(reached(&world.decide(r#"{"n":61}"#)), ("limit_reached", Some(HOUR)));
    assert_eq!(reached(&world.decide(r#"{"n":101}"#)), ("limit_unreachable", None));
    assert_eq!(world.code(r#"{"n":-1}"#), "limit_cost_invalid");
    assert_eq!(world.code("{}"), "limit_cost_invalid");
}

#[test]
fn keys_count_apart() {
    let decisions = |key: Key, names: &[&str]| {
        let mut lab = lab(&["pace"]);
        limit(&mut lab, "pace", 1, None, &[key], names);
        let mut world = World::new(&mut lab);
        world.open("s2", "bot", Some("ana"));
        world.open("s3", "other", Some("ana"));
        world.open("s4", "bot", None);
        let mut ask = |session: &str, agent: &str, user: &str, x: &str| {
            let call = world.call(&format!(r#"{{"x":"{x}"}}"#)).with("env", "\"prod\"");
            let call = call.with("session", &format!("\"{session}\"")).with("agent", &format!("\"{agent}\""));
            world.ask(&call.with("user", user)).permits()
        };
        let ana = r#"{"id":"ana"}"#;
        let first = ask("s1", "bot", ana, "a");
        assert!(first);
        [
            ask("s1", "bot", ana, "a"),
            ask("s2", "bot", ana, "a"),
            ask("s3", "other", ana, "a"),
            ask("s4", "bot", "\"none\"", "a"),
            ask("s4", "bot", "\"none\"", "b"),
        ]
    };
    assert_eq!(decisions(Key::User, &[]), [false, false, false, true, false]);
    assert_eq!(decisions(Key::Agent, &[]), [false, false, true, false, false]);
    assert_eq!(decisions(Key::Origin, &[]), [false, false, true, false, false]);
    assert_eq!(decisions(Key::Session, &[]), [false, true, true, true, false]);
    assert_eq!(decisions(Key::Tool, &[]), [false, false, false, false, false]);
    assert_eq!(decisions(Key::Env, &[]), [false, false, false, false, false]);
    assert_eq!(decisions(Key::Value(Kept::Text), &["x"]), [false, false, false, false, true]);
}

#[test]
fn a_key_that_is_not_there_denies() {
    let mut lab = lab(&["pace"]);
    limit(&mut lab, "pace", 5, None, &[Key::Value(Kept::Text)], &["x"]);
    assert_eq!(World::new(&mut lab).code("{}"), "limit_cost_invalid");
    let mut lab = super::lab(&["pace"]);
    limit(&mut lab, "pace", 5, None, &[Key::Env], &[]);
    let mut world = World::new(&mut lab);
    assert_eq!(world.code("{}"), "limit_cost_invalid");
    let call = world.call("{}").with("env", "\"prod\"");
    assert_eq!(world.ask(&call).code().as_str(), "allowed");
}

#[test]
fn only_what_was_never_dispatched_gives_back() {
    let mut lab = lab(&["budget"]);
    limit(&mut lab, "budget", 10, Some(Kept::Int), &[Key::User], &["n"]);
    let mut world = World::new(&mut lab);
    assert!(world.decide(r#"{"n":6}"#).opened());
    assert_eq!(world.code(r#"{"n":4}"#), "allowed");
    assert_eq!(world.code(r#"{"n":1}"#), "limit_reached");
    // The second gives back its four, not six; what failed gives back nothing.
    world.release("s1", "c2");
    assert_eq!(world.code(r#"{"n":5}"#), "limit_reached");
    world.fail("s1", "c1");
    assert_eq!(world.code(r#"{"n":5}"#), "limit_reached");
    assert_eq!(world.code(r#"{"n":4}"#), "allowed");
}

#[test]
fn what_is_not_let_through_takes_nothing() {
    let mut lab = lab(&["no", "pace"]);
    let block = when_n(&lab);
    lab.rule("no", Effect::Deny, &block);
    limit(&mut lab, "pace", 1, None, &[Key::User], &[]);
    let mut world = World::new(&mut lab);
    assert_eq!(world.code(r#"{"n":1}"#), "denied_by_rule");
    assert_eq!(world.preview("{}").code().as_str(), "allowed");
    assert_eq!(world.code("{}"), "allowed");
    assert_eq!(world.preview("{}").code().as_str(), "limit_reached");
    // A denial comes before a limit.
    let decision = world.decide(r#"{"n":1}"#);
    assert_eq!((decision.code().as_str(), decision.retry_after()), ("denied_by_rule", None));
}

#[test]
fn several_limits_name_the_longest_wait() {
    let mut lab = lab(&["one", "two"]);
    limit(&mut lab, "one", 1, None, &[Key::Agent], &[]);
    limit(&mut lab, "two", 1, None, &[Key::User], &[]);
    let mut world = World::new(&mut lab);
    world.open("s2", "other", Some("ana"));
    assert_eq!(world.code("{}"), "allowed");
    world.now = 500;
    let decision = world.decide("{}");
    assert_eq!(reached(&decision), ("limit_reached", Some(HOUR - 500)));
    assert_eq!(decision.rules().named(), [RuleId(1), RuleId(2)]);
    let call = world.call("{}").with("agent", "\"other\"").with("session", "\"s2\"");
    assert_eq!(world.ask(&call).rules().named(), [RuleId(2)]);
}

#[test]
fn a_limit_in_observation_counts_and_stops_nothing() {
    let mut lab = lab(&["pace"]);
    let pace = limit(&mut lab, "pace", 1, None, &[Key::User], &[]);
    lab.tables.rules[pace.0 as usize].observed = true;
    let mut world = World::new(&mut lab);
    let mut would = || {
        let decision = world.decide("{}");
        (decision.code().as_str(), decision.would().map(|code| code.as_str()), decision.retry_after())
    };
    assert_eq!(would(), ("allowed", Some("allowed"), None));
    assert_eq!(would(), ("allowed", Some("limit_reached"), None));
    assert_eq!(would(), ("allowed", Some("limit_reached"), None));
}

#[test]
fn an_agent_counts_under_so_many_combinations_at_a_time() {
    let mut lab = lab(&["pace"]);
    limit(&mut lab, "pace", 1, None, &[Key::Value(Kept::Int)], &["n"]);
    let mut world = World::new(&mut lab);
    for n in 0..1024 {
        if n % 50 == 0 {
            world.open(&format!("t{n}"), "bot", Some("ana"));
        }
        let session = format!("\"t{}\"", n / 50 * 50);
        let call = world.call(&format!(r#"{{"n":{n}}}"#)).with("session", &session);
        assert_eq!(world.ask(&call).code().as_str(), "allowed", "{n}");
    }
    assert_eq!(world.code(r#"{"n":2000}"#), "state_full");
    assert_eq!(world.code(r#"{"n":7}"#), "limit_reached");
    // Another agent has its own room.
    world.open("s2", "other", Some("ana"));
    let call = world.call(r#"{"n":2000}"#).with("agent", "\"other\"").with("session", "\"s2\"");
    assert_eq!(world.ask(&call).code().as_str(), "allowed");
    world.now = HOUR;
    assert_eq!(world.code(r#"{"n":2001}"#), "allowed");
}

#[test]
fn a_window_that_reaches_before_the_installation_has_no_room() {
    let mut lab = lab(&["pace"]);
    limit(&mut lab, "pace", 5, None, &[Key::User], &[]);
    let mut world = World::bare(&mut lab, Before::Unknown);
    world.open("s1", "bot", Some("ana"));
    world.now = 1_000;
    assert_eq!(reached(&world.decide("{}")), ("limit_reached", Some(HOUR - 1_000)));
    world.now = HOUR;
    assert_eq!(world.code("{}"), "allowed");
}

#[test]
fn deploying_a_policy_keeps_what_was_counted() {
    let mut lab = lab(&["pace", "why"]);
    limit(&mut lab, "pace", 2, None, &[Key::User], &[]);
    let mut world = World::new(&mut lab);
    assert_eq!(world.code("{}"), "allowed");
    assert_eq!(world.code("{}"), "allowed");
    lab.rule("why", Effect::Allow, &always());
    world.reinstall(&mut lab);
    assert_eq!(world.code("{}"), "limit_reached");
    // A greater bound: the ring was full, and what it gave up is not known.
    lab.tables.rates[0].bound = 3;
    world.reinstall(&mut lab);
    assert_eq!(world.code("{}"), "allowed");
    assert_eq!(world.code("{}"), "limit_reached");
}
