//! Sessions, calls and clocks: what is refused, and what it is called.

use crate::lab::{Lab, READS, always, step};
use crate::slots;
use crate::world::{HOUR, START, World};
use agentpol_bytecode::Tri::{False, True, Unknown};
use agentpol_bytecode::instruction::Op;
use agentpol_bytecode::tables::{Alarm, Constant, Effect, Returns};
use agentpol_vm::{Before, Refusal, Told};

fn world() -> World {
    let mut lab = slots::lab();
    let about = slots::About {
        happened: agentpol_bytecode::tables::Happened::Called,
        reach: agentpol_bytecode::tables::Reach::Session,
        keyed: false,
        by_result: false,
        window: None,
        room: 1,
    };
    let slot = slots::slot(&mut lab, about, agentpol_bytecode::tables::SlotShape::Time);
    slots::query(&mut lab, slot, None, agentpol_bytecode::tables::Ask::Exists);
    World::new(&mut lab)
}

#[test]
fn sessions_are_opened_once_and_by_the_host() {
    let mut world = world();
    assert_eq!(world.open("s1", "bot", "ana", None), Err(Refusal::SessionExists));
    assert_eq!(world.open("s2", "nobody", "ana", None), Err(Refusal::AgentUnknown));
    assert_eq!(world.open("", "bot", "ana", None), Err(Refusal::EventMalformed));
    assert_eq!(world.open(&"s".repeat(257), "bot", "ana", None), Err(Refusal::EventMalformed));
    assert_eq!(world.open(&"s".repeat(256), "bot", "ana", None), Ok(Told::Opened));
    assert_eq!(world.open("s3", "other", "ana", Some("s1")), Ok(Told::Opened));
    assert_eq!(world.open("s4", "other", "bo", Some("s1")), Err(Refusal::SessionMismatch));
    assert_eq!(world.open("s4", "other", "ana", Some("s9")), Err(Refusal::SessionUnknown));
    assert_eq!(world.open("s4", "other", "ana", Some("s3")), Ok(Told::Opened));
    assert_eq!(world.close("s1"), Ok(Told::Closed));
    assert_eq!(world.close("s1"), Err(Refusal::SessionUnknown));
    assert_eq!(world.open("s1", "bot", "ana", None), Err(Refusal::SessionExists));
    assert_eq!(world.open("s5", "other", "ana", Some("s1")), Err(Refusal::SessionUnknown));
    assert_eq!(world.open("s5", "other", "ana", Some("s3")), Err(Refusal::SessionUnknown));
    assert_eq!(world.close("s4"), Err(Refusal::SessionUnknown));
}

#[test]
fn a_request_names_a_session_of_its_agent_and_user() {
    let mut world = world();
    world.open("s2", "other", "ana", Some("s1")).expect("a fresh session opens");
    let code = |world: &mut World, others: &[(&str, &str)]| {
        let request = world.request("c", "t", "{}", others);
        let code = world.code(&request);
        let _ = world.release("s1", "c");
        code
    };
    assert_eq!(code(&mut world, &[]), "allowed");
    assert_eq!(code(&mut world, &[("session", "")]), "session_unknown");
    assert_eq!(code(&mut world, &[("session", "\"s9\"")]), "session_unknown");
    assert_eq!(code(&mut world, &[("session", "\"s2\"")]), "session_mismatch");
    assert_eq!(code(&mut world, &[("agent", "\"other\"")]), "session_mismatch");
    assert_eq!(code(&mut world, &[("agent", "\"other\""), ("session", "\"s2\"")]), "allowed");
    assert_eq!(code(&mut world, &[("user", "\"none\"")]), "session_mismatch");
    assert_eq!(code(&mut world, &[("user", r#"{"id":"none"}"#)]), "session_mismatch");
    assert_eq!(code(&mut world, &[("call", "")]), "request_malformed");
    // Whose it is comes before what is called, and that before how.
    assert_eq!(code(&mut world, &[("session", "\"s9\""), ("tool", "\"x\"")]), "session_unknown");
    assert_eq!(code(&mut world, &[("agent", "\"x\""), ("session", "\"s9\"")]), "agent_unknown");
    assert_eq!(code(&mut world, &[("tool", "\"x\"")]), "tool_unknown");
    assert_eq!(code(&mut world, &[("args", r#"{"f":1}"#)]), "argument_invalid");
    world.close("s1").expect("an open session closes");
    assert_eq!(code(&mut world, &[]), "session_unknown");
    world.open("s5", "bot", "none", None).expect("a fresh session opens");
    assert_eq!(code(&mut world, &[("session", "\"s5\""), ("user", "\"none\"")]), "allowed");
    assert_eq!(code(&mut world, &[("session", "\"s5\""), ("user", r#"{"id":"none"}"#)]), "session_mismatch");
}

#[test]
fn a_call_ends_once() {
    let mut world = world();
    let (call, _) = world.call("t", "{}");
    let again = world.request(&call, "t", "{}", &[]);
    assert_eq!(world.code(&again), "call_duplicate");
    assert_eq!(world.observe("s1", "c9", "ok", ""), Err(Refusal::CallUnknown));
    assert_eq!(world.observe("s9", &call, "ok", ""), Err(Refusal::SessionUnknown));
    assert_eq!(world.observe("s1", &call, "ok", ""), Ok(Told::Observed { as_declared: false }));
    assert_eq!(world.observe("s1", &call, "failed", ""), Err(Refusal::CallClosed));
    assert_eq!(world.release("s1", &call), Err(Refusal::CallClosed));
    // A closed id may recur.
    assert_eq!(world.code(&again), "allowed");
    assert_eq!(world.release("s1", &call), Ok(Told::Released));
    assert_eq!(world.release("s1", &call), Err(Refusal::CallClosed));
    let denied = world.request("d1", "x", "{}", &[]);
    world.code(&denied);
    assert_eq!(world.observe("s1", "d1", "ok", ""), Err(Refusal::CallUnknown));
}

#[test]
fn calls_of_one_tree_are_told_apart_by_session() {
    let mut world = world();
    world.open("s2", "other", "ana", Some("s1")).expect("a fresh session opens");
    let inside = [("agent", "\"other\""), ("session", "\"s2\"")];
    for others in [&[][..], &inside[..]] {
        let request = world.request("c", "t", "{}", others);
        assert_eq!(world.code(&request), "allowed");
        assert_eq!(world.code(&request), "call_duplicate");
    }
    assert_eq!(world.release("s2", "c"), Ok(Told::Released));
    assert_eq!(world.release("s2", "c"), Err(Refusal::CallClosed));
    assert_eq!(world.release("s1", "c"), Ok(Told::Released));
}

#[test]
fn as_many_calls_are_open_as_may_be_and_old_ones_are_lost() {
    let mut world = world();
    let calls: Vec<String> = (0..64)
        .map(|_| world.call("t", "{}"))
        .map(|(call, code)| {
            assert_eq!(code, "allowed");
            call
        })
        .collect();
    assert_eq!(world.call("t", "{}").1, "state_full");
    world.release("s1", &calls[3]).expect("an open call is released");
    assert_eq!(world.call("t", "{}").1, "allowed");
    assert_eq!(world.call("t", "{}").1, "state_full");
    world.now += HOUR;
    assert_eq!(world.observe("s1", &calls[5], "ok", ""), Ok(Told::Observed { as_declared: false }));
    world.now += 1;
    assert_eq!(world.observe("s1", &calls[6], "ok", ""), Err(Refusal::CallClosed));
    assert_eq!(world.call("t", "{}").1, "allowed");
    assert_eq!(world.release("s1", &calls[7]), Err(Refusal::CallClosed));
}

#[test]
fn the_clock_may_fall_behind_a_little() {
    let mut world = world();
    world.now = START + 60_000;
    assert_eq!(world.call("t", "{}").1, "allowed");
    world.now = START + 55_000;
    assert_eq!(world.call("t", "{}").1, "allowed");
    world.now = START + 54_999;
    assert_eq!(world.call("t", "{}").1, "clock_regressed");
    assert_eq!(world.observe("s1", "c1", "ok", ""), Err(Refusal::ClockRegressed));
    assert_eq!(world.close("s1"), Err(Refusal::ClockRegressed));
    assert_eq!(world.open("s2", "other", "ana", Some("s1")), Err(Refusal::ClockRegressed));
    assert_eq!(world.open("s2", "bot", "ana", None), Ok(Told::Opened));
}

#[test]
fn events_are_read_strictly() {
    let mut world = world();
    let (call, _) = world.call("t", "{}");
    let body =
        |rest: &str| format!(r#"{{"observe":{{"session":"s1","call":"{call}","at":"2026-03-02T15:00:00Z"{rest}}}}}"#);
    for event in [
        String::new(),
        "{}".to_owned(),
        "[]".to_owned(),
        r#"{"close":{"session":"s1"}}"#.to_owned(),
        r#"{"close":{"session":"s1","at":"2026-03-02T15:00:00Z","x":1}}"#.to_owned(),
        r#"{"close":{"session":"s1","at":"2026-03-02T15:00:00Z"},"x":{}}"#.to_owned(),
        r#"{"shut":{"session":"s1","at":"2026-03-02T15:00:00Z"}}"#.to_owned(),
        r#"{"open":{"session":"s2","agent":"bot","at":"2026-03-02T15:00:00Z"}}"#.to_owned(),
        r#"{"approve":{"digest":"AA","person":{"id":"bo"},"at":"2026-03-02T15:00:00Z"}}"#.to_owned(),
        body(""),
        body(r#","outcome":"fine""#),
        body(r#","outcome":"ok","result":1,"text":"1""#),
        body(r#","outcome":"ok","text":1"#),
        body(r#","outcome":"ok","untrusted":"yes""#),
        body(r#","outcome":"ok","result":{"a":1,"a":2}"#),
    ] {
        assert_eq!(world.tell(&event), Err(Refusal::EventMalformed), "{event}");
    }
    let digest = "0".repeat(64);
    let event = format!(r#"{{"reject":{{"digest":"{digest}","person":{{"id":"bo"}},"at":"2026-03-02T15:00:00Z"}}}}"#);
    assert_eq!(world.tell(&event), Err(Refusal::AskUnknown));
    assert_eq!(world.tell(&body(r#","outcome":"ok","result":null"#)), Ok(Told::Observed { as_declared: false }));
}

/// Tools over data of each member of a level, and rules that ask what the session has touched.
fn labelled() -> Lab {
    let words =
        ["allow", "bot", "other", "ana", "a", "b", "c", "d", "e", "low", "middle", "high", "q1", "q2", "q3", "lows"];
    let mut lab = Lab::new(&[&words[..], &["data", "args"]].concat());
    let level = lab.level(&["low", "middle", "high"]);
    let data = [("low", 0), ("middle", 1), ("high", 2)].map(|(name, label)| lab.dataset(name, &[label], false));
    for (name, touched, returns) in [
        ("a", vec![data[0]], Returns::Trusted),
        ("b", vec![data[0], data[1]], Returns::Trusted),
        ("c", vec![data[2]], Returns::Nothing),
        ("d", vec![], Returns::Untrusted),
    ] {
        lab.tool(name, READS, &touched).returns = returns;
    }
    let tool = lab.tool("e", READS, &[]);
    (tool.touches_anything, tool.returns) = (true, Returns::Trusted);
    lab.agent("bot");
    lab.agent("other");
    let names = (0..lab.tables.tools.len() as u32).collect();
    let allow = lab.rule("allow", Effect::Allow, &always());
    (allow.scope.tools, allow.scope.tools_by_name) = (Some(names), true);
    let alert = Effect::Alert { severity: 0, outcomes: 1, alarm: Alarm::Match };
    let end = [step(Op::Clause, 0, 0, 0, 0), step(Op::Return, 0, 0, 0, 0)];
    for (name, member) in [("q1", 1), ("q2", 2)] {
        let constant = lab.constant(Constant::Level { of: level, member });
        let asked =
            [step(Op::SessionLabel, 1, 0, 0, level), step(Op::Const, 2, 0, 0, constant), step(Op::Ge, 0, 1, 2, 0)];
        lab.rule(name, alert, &[&asked[..], &end].concat());
    }
    let model = lab.constant(Constant::Level { of: 0, member: 1 });
    let asked = [step(Op::Args, 1, 0, 0, 0), step(Op::Origin, 1, 1, 0, 0), step(Op::Const, 2, 0, 0, model)];
    lab.rule("q3", alert, &[&asked[..], &[step(Op::Ge, 0, 1, 2, 0)], &end].concat());
    for tool in &mut lab.tables.tools {
        tool.open = true;
    }
    lab
}

#[test]
fn labels_rise_when_a_call_is_let_through_and_never_fall() {
    let mut world = World::new(&mut labelled());
    let asked = |world: &mut World, tool: &str| {
        let (call, code) = world.call(tool, r#"{"x":"y"}"#);
        assert_eq!(code, "allowed");
        let found = world.matched();
        world.release("s1", &call).expect("an open call is released");
        ["q1", "q2", "q3"].map(|rule| found[rule])
    };
    // What a call touches, the next one has seen.
    for (tool, expected) in [
        ("a", [False, False, True]),
        ("c", [False, False, True]),
        ("b", [False, False, True]),
        ("d", [True, False, True]),
        ("e", [True, False, False]),
        ("a", [True, True, False]),
    ] {
        assert_eq!(asked(&mut world, tool), expected, "{tool}");
    }
    // Sessions of one tree share it, others do not.
    world.open("s2", "other", "ana", Some("s1")).expect("a fresh session opens");
    let request = world.request("x1", "a", r#"{"x":"y"}"#, &[("agent", "\"other\""), ("session", "\"s2\"")]);
    assert_eq!(world.code(&request), "allowed");
    assert_eq!(world.matched()["q2"], True);
    world.open("s3", "bot", "ana", None).expect("a fresh session opens");
    let request = world.request("x2", "a", r#"{"x":"y"}"#, &[("session", "\"s3\"")]);
    assert_eq!(world.code(&request), "allowed");
    assert_eq!(["q1", "q2", "q3"].map(|rule| world.matched()[rule]), [False, False, True]);
    // The host may say that content came back that nobody vouches for.
    world.observe("s3", "x2", "ok", r#","untrusted":true"#).expect("an open call is observed");
    let request = world.request("x3", "a", r#"{"x":"y"}"#, &[("session", "\"s3\"")]);
    assert_eq!(world.code(&request), "allowed");
    assert_eq!(world.matched()["q3"], False);
}

#[test]
fn what_an_older_program_did_not_note_is_not_known() {
    let mut lab = labelled();
    let mut world = World::bare(&mut lab, Before::Unknown);
    world.now -= 1;
    world.open("s1", "bot", "ana", None).expect("a fresh session opens");
    world.now += 1;
    assert_eq!(world.call("a", r#"{"x":"y"}"#).1, "allowed");
    assert_eq!(["q1", "q2", "q3"].map(|rule| world.matched()[rule]), [Unknown, Unknown, Unknown]);
    world.open("s2", "bot", "ana", None).expect("a fresh session opens");
    let request = world.request("x2", "a", r#"{"x":"y"}"#, &[("session", "\"s2\"")]);
    assert_eq!(world.code(&request), "allowed");
    assert_eq!(["q1", "q2", "q3"].map(|rule| world.matched()[rule]), [False, False, True]);
}
