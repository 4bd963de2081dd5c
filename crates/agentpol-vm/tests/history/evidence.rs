//! What is learned from answers, and what is known then.

use crate::lab::{Lab, READS, always, step};
use crate::world::{HOUR, World};
use agentpol_bytecode::Tri::{self, False, True, Unknown};
use agentpol_bytecode::instruction::Op;
use agentpol_bytecode::tables::{Alarm, Answer, Effect, Evidence, Field, KeySource, TypeDef};
use agentpol_vm::Told;

const ORDER: u32 = 0;
const ITEM: u32 = 1;

fn record(lab: &mut Lab, fields: Vec<Field>, evidence: u32) -> TypeDef {
    let of = TypeDef::Record { fields, evidence: Some(evidence) };
    lab.ty(of.clone());
    of
}

fn optional(mut field: Field) -> Field {
    field.optional = true;
    field
}

/// Orders (`id`, `status`, `note?`, `total`, `items`) that hold items (`sku`, `n`); tools that answer them in every form; and
/// `ask`, whose `id` and `s` the rules ask about.
fn lab(room: u32) -> Lab {
    let mut words =
        vec!["allow", "bot", "ana", "order", "item", "id", "status", "note", "total", "items", "sku", "n", "s"];
    words.extend([
        "any",
        "has",
        "has_item",
        "has_note",
        "is",
        "ask",
        "get",
        "cancel",
        "status_of",
        "find",
        "either",
        "say",
    ]);
    words.extend(["none", "map", "open", "gone"]);
    let mut lab = Lab::new(&words);
    let item = vec![lab.field("sku", TypeDef::String), lab.field("n", TypeDef::Int)];
    let item = record(&mut lab, item, ITEM);
    let item_type = lab.ty(item);
    let status = ["open", "gone"].map(|word| lab.word(word)).to_vec();
    lab.tables.enums.push(status);
    let fields = vec![
        lab.field("id", TypeDef::String),
        lab.field("status", TypeDef::Enum(0)),
        optional(lab.field("note", TypeDef::String)),
        lab.field("total", TypeDef::Decimal { as_string: false }),
        optional(lab.field("items", TypeDef::List { of: item_type, max: 3 })),
    ];
    let order = record(&mut lab, fields, ORDER);
    let order = lab.ty(order);
    let names = ["order", "item"].map(|name| lab.word(name));
    let evidence = |id, name, ty, kept| Evidence { id, name, ty, keys: vec![vec![0]], kept, room, fresh: None };
    lab.tables.evidence =
        vec![evidence(50, names[0], order, vec![0, 1, 2, 3]), evidence(60, names[1], item_type, vec![0, 1])];
    let block = [step(Op::Arg, 1, 0, 0, lab.word("id")), step(Op::Keep, 0, 1, 0, 0), step(Op::Return, 0, 0, 0, 0)];
    let (whole, part) = (lab.code(&block), lab.code(&block));
    let keyed = |entry, field: &[u32], of| {
        let keys = vec![KeySource::Call];
        Answer::Keyed { evidence: ORDER, entry, registers: 2, field: field.to_vec(), of, keys }
    };
    let status = lab.ty(TypeDef::Enum(0));
    let map = lab.ty(TypeDef::Map { of: order, max: 3 });
    let answers = [
        Answer::Value(order),
        keyed(whole, &[], order),
        keyed(part, &[1], status),
        Answer::List { of: 0, max: 3 },
        Answer::Verbatim,
        Answer::Either(vec![0, 4]),
        Answer::Value(map),
    ];
    lab.tables.answers = answers.to_vec();
    let params = ["id", "s"].map(|name| optional(lab.field(name, TypeDef::String)));
    let tools =
        [("ask", 4), ("cancel", 1), ("either", 5), ("find", 3), ("get", 0), ("map", 6), ("say", 4), ("status_of", 2)];
    for (name, answer) in tools {
        let tool = lab.tool(name, READS, &[]);
        (tool.answer, tool.params) = (Some(answer), params.to_vec());
    }
    lab.agent("bot");
    lab.rule("allow", Effect::Allow, &always());
    let alert = Effect::Alert { severity: 0, outcomes: 1, alarm: Alarm::Match };
    let (id, s) = (step(Op::Arg, 1, 0, 0, lab.word("id")), step(Op::Arg, 2, 0, 0, lab.word("s")));
    let end = [step(Op::Clause, 0, 0, 0, 0), step(Op::Return, 0, 0, 0, 0)];
    let known = step(Op::Known, 3, 1, 0, ORDER);
    let status = step(Op::Field, 4, 3, 0, 1);
    lab.constant(agentpol_bytecode::tables::Constant::Enum { of: 0, member: 0 });
    let open = step(Op::Const, 5, 0, 0, 0);
    let any = [step(Op::AllKnown, 3, 0, 0, ORDER), step(Op::Any, 0, 3, 4, 5)];
    let body = [step(Op::Field, 6, 4, 0, 0), step(Op::Eq, 6, 6, 2, 0), step(Op::Yield, 0, 6, 0, 0)];
    // The loop's target counts from the start of the block.
    let mut block = vec![s, any[0], step(Op::Any, 0, 3, 4, 6)];
    block.extend(body);
    block.extend(end);
    lab.rule("any", alert, &block);
    lab.rule("has", alert, &[&[id, known, step(Op::Has, 0, 3, 0, 0)][..], &end].concat());
    lab.rule("has_item", alert, &[&[id, step(Op::Known, 3, 1, 0, ITEM), step(Op::Has, 0, 3, 0, 0)][..], &end].concat());
    let note = step(Op::Field, 4, 3, 0, 2);
    lab.rule("has_note", alert, &[&[id, known, note, step(Op::Has, 0, 4, 0, 0)][..], &end].concat());
    lab.rule("is", alert, &[&[id, known, status, open, step(Op::Eq, 0, 4, 5, 0)][..], &end].concat());
    lab
}

fn order(id: &str, status: &str) -> String {
    format!(r#"{{"id":"{id}","status":"{status}","total":"12.5","extra":[1]}}"#)
}

impl World {
    /// Whether order `id` is open, has a note, is known at all; whether there is an order `id` among all.
    fn known(&mut self, id: &str) -> [Tri; 4] {
        let (call, code) = self.call("ask", &format!(r#"{{"id":"{id}","s":"{id}"}}"#));
        assert_eq!(code, "allowed");
        let found = self.matched();
        self.release("s1", &call).expect("an open call is released");
        ["is", "has_note", "has", "any"].map(|rule| found[rule])
    }
}

#[test]
fn nothing_is_known_before_something_is_told() {
    let mut world = World::new(&mut lab(5));
    assert_eq!(world.known("o1"), [Unknown, Unknown, False, False]);
    assert_eq!(world.answered("get", "{}", &order("o1", "open")), Told::Observed { as_declared: true });
    assert_eq!(world.known("o1"), [True, False, True, True]);
    assert_eq!(world.known("o2"), [Unknown, Unknown, False, False]);
}

#[test]
fn an_open_or_lost_call_may_teach_anything() {
    let mut world = World::new(&mut lab(5));
    let (call, _) = world.call("get", "{}");
    assert_eq!(world.known("o1"), [Unknown, Unknown, Unknown, Unknown]);
    world.observe("s1", &call, "failed", "").expect("an open call is observed");
    assert_eq!(world.known("o1")[2..], [False, False]);
    world.call("say", "{}");
    assert_eq!(world.known("o1")[2..], [False, False]);
    world.call("find", "{}");
    assert_eq!(world.known("o1")[2..], [Unknown, Unknown]);
    world.now += HOUR + 1;
    assert_eq!(world.known("o1")[2..], [Unknown, Unknown]);
    world.answered("get", "{}", &order("o1", "gone"));
    assert_eq!(world.known("o1"), [False, False, True, True]);
    assert_eq!(world.known("o2")[2..], [Unknown, Unknown]);
}

#[test]
fn records_are_learned_at_any_depth_and_in_every_form() {
    let mut world = World::new(&mut lab(9));
    let nested = r#"{"id":"o1","status":"open","total":1,"items":[{"sku":"a","n":1},{"sku":"b","n":"2"}]}"#;
    assert_eq!(world.answered("get", "{}", nested), Told::Observed { as_declared: true });
    assert_eq!(world.find("has_item", "ask", r#"{"id":"b"}"#), True);
    assert_eq!(world.find("has_item", "ask", r#"{"id":"c"}"#), False);
    world.answered("find", "{}", &format!("[{},{}]", order("o2", "open"), order("o3", "gone")));
    world.answered("map", "{}", &format!(r#"{{"x":{},"y":{}}}"#, order("o4", "open"), order("o5", "gone")));
    world.answered("cancel", r#"{"id":"o6"}"#, r#"{"id":"o6","status":"gone","total":1,"note":"x"}"#);
    world.answered("either", "{}", &order("o7", "gone"));
    world.answered("either", "{}", r#""nothing found""#);
    for (id, open) in [("o2", True), ("o3", False), ("o4", True), ("o5", False), ("o6", False), ("o7", False)] {
        assert_eq!(world.known(id)[0], open, "{id}");
        assert_eq!(world.known(id)[2..], [True, True], "{id}");
    }
    assert_eq!(world.known("o6")[1], True);
    assert_eq!(world.known("o8")[2..], [False, False]);
}

#[test]
fn present_fields_replace_and_null_clears() {
    let mut world = World::new(&mut lab(5));
    world.answered("get", "{}", r#"{"id":"o1","status":"open","total":1,"note":"x"}"#);
    assert_eq!(world.known("o1")[..2], [True, True]);
    // What must be there and is not keeps what it was; what may be left out, too.
    let told = world.answered("get", "{}", r#"{"id":"o1","total":2}"#);
    assert_eq!((told, &world.known("o1")[..2]), (Told::Observed { as_declared: false }, &[True, True][..]));
    world.answered("get", "{}", r#"{"id":"o1","status":"gone","total":2,"note":null}"#);
    assert_eq!(world.known("o1")[..2], [False, False]);
    world.answered("status_of", r#"{"id":"o1"}"#, r#""open""#);
    assert_eq!(world.known("o1")[..2], [True, False]);
    world.answered("status_of", r#"{"id":"o1"}"#, r#""lost""#);
    assert_eq!(world.known("o1"), [Unknown, False, True, True]);
    world.answered("get", "{}", r#"{"id":"o1","status":null,"total":2}"#);
    assert_eq!(world.known("o1")[..2], [Unknown, False]);
}

#[test]
fn the_newest_by_decision_wins() {
    let mut world = World::new(&mut lab(5));
    let (first, _) = world.call("get", "{}");
    let (second, _) = world.call("get", "{}");
    world.done(&second, &order("o1", "gone")).expect("an open call is observed");
    world.done(&first, &order("o1", "open")).expect("an open call is observed");
    assert_eq!(world.known("o1")[0], False);
}

#[test]
fn what_is_not_as_declared_makes_the_rest_doubtful() {
    for (tool, args, rest) in [
        ("get", "{}", r#","result":7"#),
        ("get", "{}", ""),
        ("get", "{}", r#","text":"not found""#),
        ("get", "{}", r#","result":{"id":7,"status":"open","total":1}"#),
        ("find", "{}", r#","result":[{},{},{},{}]"#),
        ("either", "{}", r#","result":{"id":"o1"}"#),
        ("cancel", r#"{"id":"o1"}"#, r#","result":"no""#),
        ("cancel", "{}", r#","result":{"id":"o1","status":"gone","total":1}"#),
    ] {
        let mut world = World::new(&mut lab(5));
        world.answered("get", "{}", &order("o1", "open"));
        let (call, _) = world.call(tool, args);
        let told = world.observe("s1", &call, "ok", rest).expect("an open call is observed");
        assert_eq!(told, Told::Observed { as_declared: false }, "{tool} {rest}");
        let named = tool == "cancel" && args != "{}";
        assert_eq!(
            world.known("o1")[..3],
            [if named { Unknown } else { True }, if named { Unknown } else { False }, True]
        );
        assert_eq!(world.known("o2")[2..], [Unknown, Unknown], "{tool} {rest}");
    }
    // One field that is not as declared is one field.
    let mut world = World::new(&mut lab(5));
    world.answered("get", "{}", r#"{"id":"o1","status":"lost","total":1,"note":"x"}"#);
    assert_eq!(world.known("o1"), [Unknown, True, True, True]);
    assert_eq!(world.known("o2")[2..], [False, False]);
    // An answer as it came is parsed where no text is declared.
    let (call, _) = world.call("get", "{}");
    let text = r#","text":"{\"id\":\"o3\",\"status\":\"open\",\"total\":0.1234567}""#;
    assert_eq!(world.observe("s1", &call, "ok", text), Ok(Told::Observed { as_declared: true }));
    assert_eq!(world.known("o3")[0], True);
    // What is longer than can be kept is unknown.
    let long = "x".repeat(4097);
    world.answered("get", "{}", &format!(r#"{{"id":"o4","status":"open","total":1,"note":"{long}"}}"#));
    assert_eq!(world.known("o4")[..2], [True, Unknown]);
}

#[test]
fn the_least_recent_gives_way() {
    let mut world = World::new(&mut lab(3));
    for id in ["o1", "o2", "o3"] {
        world.answered("get", "{}", &order(id, "open"));
    }
    world.answered("get", "{}", &order("o1", "gone"));
    assert_eq!(world.known("o9")[2..], [False, False]);
    world.answered("get", "{}", &order("o4", "open"));
    assert_eq!(world.known("o2")[2..], [Unknown, Unknown]);
    for (id, open) in [("o1", False), ("o3", True), ("o4", True)] {
        assert_eq!((world.known(id)[0], world.known(id)[3]), (open, True), "{id}");
    }
}

#[test]
fn a_call_that_was_never_dispatched_teaches_nothing() {
    let mut world = World::new(&mut lab(3));
    let (call, _) = world.call("get", "{}");
    world.release("s1", &call).expect("an open call is released");
    assert_eq!(world.known("o1")[2..], [False, False]);
}
