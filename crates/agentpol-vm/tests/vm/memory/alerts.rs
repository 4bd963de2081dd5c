//! Alerts: raised behind the decision, for the operator alone.

use super::world::World;
use super::{ALLOW, DENY, HOUR, alert, lab, rate, when_n};
use crate::lab::{READS, always, one_clause};
use agentpol_bytecode::decision::{Decision, Raised};
use agentpol_bytecode::instruction::Op;
use agentpol_bytecode::tables::{Alarm, Effect, Kept, Key};

fn raised(decision: &Decision) -> Vec<(u32, bool)> {
    listed(decision.alerts().named())
}

fn listed(alerts: &[Raised]) -> Vec<(u32, bool)> {
    alerts.iter().map(|Raised { rule, uncertain }| (rule.0, *uncertain)).collect()
}

#[test]
fn a_match_is_told_for_the_outcomes_that_are_watched() {
    let mut lab = lab(&["denied", "no", "passed", "perhaps"]);
    alert(&mut lab, "denied", DENY, Alarm::Match);
    let block = when_n(&lab);
    lab.rule("no", Effect::Deny, &block);
    alert(&mut lab, "passed", ALLOW, Alarm::Match);
    let env = lab.word("prod");
    let effect = Effect::Alert { severity: 3, outcomes: ALLOW | DENY, alarm: Alarm::Match };
    lab.rule("perhaps", effect, &one_clause(Op::Env, env));
    let mut world = World::new(&mut lab);
    assert_eq!(raised(&world.decide("{}")), [(3, false), (4, true)]);
    assert_eq!(raised(&world.decide(r#"{"n":1}"#)), [(1, false), (4, true)]);
    let call = world.call("{}").with("env", "\"prod\"");
    assert_eq!(raised(&world.ask(&call)), [(3, false), (4, false)]);
    let call = world.call("{}").with("env", "\"staging\"");
    let decision = world.ask(&call);
    assert_eq!(raised(&decision), [(3, false)]);
    let operator = decision.for_operator(&world.program).to_string();
    let alerts = r#""alerts":[{"rule":{"module":"m","name":"passed","effect":"alert"},"severity":"high"}]"#;
    assert!(operator.contains(alerts), "{operator}");
    assert_eq!(decision.for_agent(&world.program).to_string(), r#"{"outcome":"allow"}"#);
    assert_eq!(raised(&crate::ask::Ask::new().decide(&world.program)), []);
}

#[test]
fn a_rate_is_told_once_for_a_window_and_key() {
    let mut lab = lab(&["no", "spike"]);
    lab.rule("no", Effect::Deny, &always());
    let counter = rate(&mut lab, 2, None, &[Key::Agent], &[]);
    alert(&mut lab, "spike", DENY, Alarm::Rate(counter));
    let mut world = World::new(&mut lab);
    let at = |world: &mut World, now: i64| {
        world.now = now;
        raised(&world.decide("{}"))
    };
    assert_eq!(at(&mut world, 0), []);
    assert_eq!(at(&mut world, 1), []);
    assert_eq!(at(&mut world, 2), [(2, false)]);
    assert_eq!(at(&mut world, 3), []);
    world.open("s2", "other", Some("ana"));
    let call = world.call("{}").with("agent", "\"other\"").with("session", "\"s2\"");
    assert_eq!(raised(&world.ask(&call)), []);
    assert_eq!(at(&mut world, 2 + HOUR - 1), []);
    assert_eq!(at(&mut world, 2 + HOUR), [(2, false)]);
    assert_eq!(at(&mut world, 2 + HOUR + 1), []);
}

#[test]
fn what_cannot_be_counted_is_told_as_uncertain() {
    let mut lab = lab(&["spike"]);
    let counter = rate(&mut lab, 100, Some(Kept::Int), &[], &["n"]);
    alert(&mut lab, "spike", ALLOW, Alarm::Rate(counter));
    let mut world = World::new(&mut lab);
    assert_eq!(raised(&world.decide("{}")), [(1, true)]);
    assert_eq!(raised(&world.decide(r#"{"n":100}"#)), []);
    assert_eq!(raised(&world.decide(r#"{"n":1}"#)), [(1, false)]);
}

#[test]
fn what_is_new_is_told_until_it_was_seen() {
    let mut lab = lab(&["d1", "d2", "new", "seen"]);
    let data = [lab.dataset("d1", &[], false), lab.dataset("d2", &[], false)];
    lab.tables.tools[0].verbs |= READS;
    lab.tables.tools[0].datasets = data.to_vec();
    let first = rate(&mut lab, 0, None, &[Key::Agent, Key::Value(Kept::Text)], &["x"]);
    alert(&mut lab, "new", ALLOW, Alarm::Novel(first));
    let second = rate(&mut lab, 0, None, &[Key::Dataset, Key::User], &[]);
    alert(&mut lab, "seen", ALLOW, Alarm::Novel(second));
    let mut world = World::new(&mut lab);
    assert_eq!(listed(world.preview(r#"{"x":"a"}"#).alerts().named()), [(1, false), (2, false)]);
    assert_eq!(raised(&world.decide(r#"{"x":"a"}"#)), [(1, false), (2, false)]);
    assert_eq!(raised(&world.decide(r#"{"x":"a"}"#)), []);
    assert_eq!(raised(&world.decide(r#"{"x":"b"}"#)), [(1, false)]);
    assert_eq!(raised(&world.decide("{}")), [(1, true)]);
    // Each time it is seen puts it off.
    world.now = HOUR - 1;
    assert_eq!(raised(&world.decide(r#"{"x":"a"}"#)), []);
    world.now = 2 * HOUR - 2;
    assert_eq!(raised(&world.decide(r#"{"x":"a"}"#)), []);
    world.now = 3 * HOUR - 2;
    assert_eq!(raised(&world.decide(r#"{"x":"a"}"#)), [(1, false), (2, false)]);
}

#[test]
fn a_call_that_fails_by_its_structure_counts_as_denied() {
    let mut lab = lab(&["denied", "odd"]);
    alert(&mut lab, "denied", DENY, Alarm::Match);
    let block = when_n(&lab);
    lab.rule("odd", Effect::Alert { severity: 0, outcomes: DENY, alarm: Alarm::Match }, &block);
    let mut world = World::new(&mut lab);
    let decision = world.decide(r#"{"n":"one"}"#);
    assert_eq!((decision.code().as_str(), raised(&decision)), ("argument_invalid", vec![(1, false), (2, true)]));
    let call = world.call("{}").with("tool", "\"nothing\"");
    assert_eq!(raised(&world.ask(&call)), []);
}
