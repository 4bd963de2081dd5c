//! Strict types of arguments: what is of the type, what is not, and where it stands (semantics 2.10 and 6).

use crate::ask::Ask;
use crate::lab::{Lab, READS, always, step};
use agentpol_bytecode::Program;
use agentpol_bytecode::instruction::Op;
use agentpol_bytecode::tables::{Automaton, Check, Constant, Effect, Field, TypeDef, Zone};

fn lab() -> Lab {
    let mut lab =
        Lab::new(&["a", "b", "bot", "cwd", "high", "low", "one", "t", "two", "v", "/work", "good.example", "10.0.0.1"]);
    lab.level(&["low", "high"]);
    lab.tables.enums.push(vec![lab.word("one"), lab.word("two")]);
    lab.tool("t", READS, &[]);
    lab.agent("bot");
    lab.rule("a", Effect::Allow, &always());
    lab
}

/// A program whose tool takes `v` of this type.
fn taking(make: impl Fn(&mut Lab) -> TypeDef) -> Program {
    let mut lab = lab();
    let of = make(&mut lab);
    let field = lab.field("v", of);
    lab.tables.tools[0].params = vec![field];
    lab.program()
}

fn check(program: &Program, good: &[&str], bad: &[&str]) {
    for value in good {
        let decision = Ask::new().with("args", &format!("{{\"v\":{value}}}")).decide(program);
        assert_eq!(decision.code().as_str(), "allowed", "{value}");
    }
    for value in bad {
        let decision = Ask::new().with("args", &format!("{{\"v\":{value}}}")).decide(program);
        assert_eq!(decision.code().as_str(), "argument_invalid", "{value}");
    }
}

#[test]
fn scalars() {
    let text = [r#""""#, r#""a""#, r#""\u00e4\ud83d\ude00""#];
    check(&taking(|_| TypeDef::Bool), &["true", "false"], &["null", "0", r#""true""#, "[]"]);
    check(
        &taking(|_| TypeDef::Int),
        &["0", "-7", "2.0", "9223372036854775807"],
        &["1.5", "1e2", "9223372036854775808", r#""1""#, "null"],
    );
    let decimal = taking(|_| TypeDef::Decimal { as_string: false });
    check(&decimal, &["0", "100.000001", "-1.5"], &["100.0000004", "1e2", r#""1""#, "9223372036855"]);
    let decimal = taking(|_| TypeDef::Decimal { as_string: true });
    check(&decimal, &[r#""100.50""#, r#""-1""#], &["100.50", r#""""#, r#""1e2""#, r#"" 1""#, r#""+1""#]);
    check(&taking(|_| TypeDef::Float), &["0", "1e2", "-2.5E-3"], &["1e999", r#""1""#]);
    check(&taking(|_| TypeDef::String), &text, &["1", "null", "{}"]);
    check(
        &taking(|_| TypeDef::Date),
        &[r#""2026-03-02""#, r#""1985-12-31""#],
        &[r#""2026-02-29""#, r#""2026-3-2""#, "20260302"],
    );
    let datetime = taking(|_| TypeDef::DateTime { zone: None });
    check(&datetime, &[r#""2026-03-02T15:00:00.5+01:00""#], &[r#""2026-03-02T15:00:00""#, r#""2026-03-02""#]);
    let local = taking(|lab| {
        let name = lab.word("a");
        lab.tables.zones.push(Zone { name, offsets: vec![(i64::MIN, 3600)] });
        TypeDef::DateTime { zone: Some(1) }
    });
    check(&local, &[r#""2026-03-02T15:00:00""#, r#""2026-03-02T15:00:00Z""#], &[r#""2100-01-01T02:00:00""#]);
    check(&taking(|_| TypeDef::Enum(0)), &[r#""one""#, r#""two""#], &[r#""One""#, r#""""#, "0"]);
    check(&taking(|_| TypeDef::Level(1)), &[r#""low""#], &[r#""lowest""#]);
    check(&taking(|_| TypeDef::Json), &["null", "[1,{\"a\":null}]", r#""x""#, "1e999"], &[]);
}

#[test]
fn names_on_the_net() {
    check(&taking(|_| TypeDef::Ip), &[r#""10.0.0.1""#, r#""::1""#], &[r#""10.0.0.01""#, r#""::0001""#, r#""a""#, "1"]);
    check(&taking(|_| TypeDef::Host), &[r#""A.Example""#, r#""10.0.0.1""#], &[r#""a.""#, r#""a/b""#, r#""[::1]""#]);
    check(
        &taking(|_| TypeDef::Email),
        &[r#""a.b@C.Example""#],
        &[r#""a@b""#, r#""A <a@b.example>""#, r#""a@b.example,c@d.example""#],
    );
    let url = taking(|_| TypeDef::Url { allow_ip6: false });
    check(
        &url,
        &[r#""https://A.Example/x""#],
        &[r#""https://[::1]/""#, r#""https://a@b.example/""#, r#""javascript:x""#],
    );
    let url = taking(|_| TypeDef::Url { allow_ip6: true });
    check(&url, &[r#""https://[::1]/""#], &[r#""https://[::01]/""#]);
}

#[test]
fn fixed_hosts_admit_no_others() {
    let program = |of: TypeDef| {
        let mut lab = lab();
        let hosts = vec![lab.word("good.example"), lab.word("10.0.0.1")];
        let of = lab.ty(of);
        let field = lab.field("v", TypeDef::List { of, max: 3 });
        (lab.tables.tools[0].params, lab.tables.tools[0].fixed_hosts) = (vec![field], hosts);
        lab.program()
    };
    check(
        &program(TypeDef::Url { allow_ip6: true }),
        &[r#"["https://GOOD.example/x","http://10.0.0.1"]"#],
        &[r#"["https://a.good.example/"]"#, r#"["https://evil.example/?good.example"]"#, r#"["https://[::1]/"]"#],
    );
    check(&program(TypeDef::Email), &[r#"["a@Good.Example"]"#], &[r#"["a@evil.example"]"#]);
    check(&program(TypeDef::Host), &[r#"["good.example","10.0.0.1"]"#], &[r#"["evil.example"]"#]);
    check(&program(TypeDef::Ip), &[r#"["10.0.0.1","::ffff:10.0.0.1"]"#], &[r#"["10.0.0.2"]"#, r#"["::1"]"#]);
}

#[test]
fn paths_start_somewhere() {
    let path = taking(|_| TypeDef::Path { under: None });
    check(
        &path,
        &[r#""/a/b""#, r#""/""#, r#""//a//b/""#, r#""/a/../b""#],
        &[r#""a""#, r#""~/a""#, r#""""#, r#""/a\\b""#, r#""/a\u0000""#],
    );
    let under = taking(|lab| TypeDef::Path { under: Some(lab.word("/work")) });
    check(&under, &[r#""/work""#, r#""//work//a/""#], &[r#""/worker""#, r#""/work/../etc""#, r#""/etc""#, r#""a""#]);
    let mut lab = lab();
    let cwd = lab.field("cwd", TypeDef::Path { under: None });
    lab.tables.context = vec![cwd];
    let field = lab.field("v", TypeDef::Path { under: Some(lab.word("/work")) });
    lab.tables.tools[0].params = vec![field];
    let program = lab.program();
    let code = |cwd: &str, path: &str| {
        let context = format!(r#"{{"cwd":"{cwd}"}}"#);
        Ask::new().with("context", &context).with("args", &format!(r#"{{"v":"{path}"}}"#)).code(&program)
    };
    assert_eq!(code("/work", "a"), "allowed");
    assert_eq!(code("/work/", "a//b/"), "allowed");
    assert_eq!(code("/", "work"), "allowed");
    assert_eq!(code("/home", "a"), "argument_invalid");
    assert_eq!(code("/work", "../a"), "argument_invalid");
    assert_eq!(code("/work/..", "work/a"), "argument_invalid");
    assert_eq!(code("work", "/work"), "context_invalid");
    assert_eq!(Ask::new().with("args", r#"{"v":"/work"}"#).code(&program), "context_invalid");
    assert_eq!(Ask::new().with("args", r#"{"v":"a"}"#).code(&program), "argument_invalid");
}

fn optional(mut field: Field) -> Field {
    field.optional = true;
    field
}

#[test]
fn lists_maps_and_records() {
    let list = taking(|lab| TypeDef::List { of: lab.ty(TypeDef::Int), max: 2 });
    check(&list, &["[]", "[1,2]"], &["[1,2,3]", "[null]", r#"["1"]"#, "{}", "1"]);
    let map = taking(|lab| TypeDef::Map { of: lab.ty(TypeDef::Int), max: 2 });
    check(&map, &["{}", r#"{"b":1,"a":2}"#], &[r#"{"a":1,"b":2,"c":3}"#, r#"{"a":null}"#, "[]"]);
    let record = taking(|lab| {
        let fields = vec![lab.field("a", TypeDef::Int), optional(lab.field("b", TypeDef::String))];
        TypeDef::Record { fields, evidence: None }
    });
    let good = [r#"{"a":1}"#, r#"{"b":null,"a":1}"#, r#"{"a":1,"b":"x"}"#];
    check(&record, &good, &["{}", r#"{"a":null}"#, r#"{"a":1,"c":1}"#, "[]", "null"]);
}

#[test]
fn what_does_not_fit_is_pointed_at() {
    let program = taking(|lab| {
        let fields = vec![lab.field("a", TypeDef::Int), optional(lab.field("b", TypeDef::String))];
        let of = lab.ty(TypeDef::Record { fields, evidence: None });
        TypeDef::List { of, max: 20 }
    });
    for (value, pointer) in [
        (r#"[{"a":1},{"a":"x"}]"#, "/v/1/a"),
        (r#"[{"a":1},{"b":"x"}]"#, "/v/1/a"),
        (r#"[{"a":1,"c":2}]"#, "/v/0/c"),
        (r#"[{"a":1},{"a":1},{"a":1},{"a":1},{"a":1},{"a":1},{"a":1},{"a":1},{"a":1},{"a":1},7]"#, "/v/10"),
        ("7", "/v"),
    ] {
        let decision = Ask::new().with("args", &format!("{{\"v\":{value}}}")).decide(&program);
        assert_eq!((decision.code().as_str(), decision.argument()), ("argument_invalid", Some(pointer)), "{value}");
    }
}

#[test]
fn checks_are_part_of_the_type() {
    let mut lab = lab();
    let hundred = lab.constant(Constant::Int(100));
    let below =
        lab.code(&[step(Op::Const, 1, 0, 0, hundred), step(Op::Lt, 1, 0, 1, 0), step(Op::ReturnValue, 0, 1, 0, 0)]);
    // Accepts one or more `x`.
    let mut classes = vec![0; 256];
    classes[usize::from(b'x')] = 1;
    let automaton = Automaton {
        classes,
        class_count: 2,
        start: 1,
        accepting: vec![false, false, true],
        next: vec![0, 0, 0, 2, 0, 2],
    };
    lab.tables.automata.push(automaton);
    let mut number = lab.field("a", TypeDef::Int);
    number.checks = vec![Check::Where(below)];
    let mut text = optional(lab.field("b", TypeDef::String));
    text.checks = vec![Check::Matches(0)];
    lab.tables.tools[0].params = vec![number, text];
    let program = lab.program();
    for (args, code) in [
        (r#"{"a":99}"#, "allowed"),
        (r#"{"a":100}"#, "argument_invalid"),
        (r#"{"a":1,"b":"xx"}"#, "allowed"),
        (r#"{"a":1,"b":null}"#, "allowed"),
        (r#"{"a":1,"b":""}"#, "argument_invalid"),
        (r#"{"a":1,"b":"xxy"}"#, "argument_invalid"),
        (r#"{"a":1,"b":"yxx"}"#, "argument_invalid"),
    ] {
        assert_eq!(Ask::new().with("args", args).code(&program), code, "{args}");
    }
}
