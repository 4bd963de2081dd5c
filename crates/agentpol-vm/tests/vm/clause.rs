//! One rule with one clause, to ask what an operation gives.

use crate::ask::Ask;
use crate::lab::{Lab, READS, step};
use agentpol_bytecode::Tri;
use agentpol_bytecode::instruction::{Instruction, Op};
use agentpol_bytecode::tables::{Automaton, Constant, Effect, Field, Schedule, TypeDef, Window, Zone};
use agentpol_vm::{Scratch, prepare};

/// Constants of the lab, by number.
pub(crate) const TRUE: u32 = 0;
pub(crate) const FALSE: u32 = 1;
pub(crate) const ZERO: u32 = 2;
pub(crate) const TWO: u32 = 3;
pub(crate) const HALF: u32 = 4;
pub(crate) const LIST: u32 = 5;
pub(crate) const GREATEST: u32 = 6;
pub(crate) const NETWORK: u32 = 7;
pub(crate) const MODEL: u32 = 8;
pub(crate) const TRUSTED: u32 = 9;
pub(crate) const DAY: u32 = 10;
pub(crate) const TODAY: u32 = 11;
pub(crate) const WORK: u32 = 12;
pub(crate) const EXAMPLE: u32 = 13;
pub(crate) const A: u32 = 14;

pub(crate) fn lab() -> Lab {
    let mut lab = Lab::new(&[
        ".gz",
        "/work",
        "A.tar",
        "a",
        "ar",
        "b",
        "bot",
        "email",
        "example.com",
        "f",
        "flag",
        "inner",
        "ip",
        "l",
        "map",
        "n",
        "note",
        "path",
        "prod",
        "r",
        "record",
        "region",
        "staff",
        "staff leads",
        "support",
        "t",
        "text",
        "url",
        "ana",
        "https",
        "x",
    ]);
    let work = lab.word("/work");
    let example = lab.word("example.com");
    let a = lab.word("a");
    for constant in [
        Constant::Bool(true),
        Constant::Bool(false),
        Constant::Int(0),
        Constant::Int(2),
        Constant::Decimal(500_000),
        Constant::List(vec![ZERO, TWO]),
        Constant::Int(i64::MAX),
        Constant::Network { bits: 0x0a00_0000, prefix: 8, v6: false },
        Constant::Level { of: 0, member: 1 },
        Constant::Level { of: 0, member: 2 },
        Constant::Duration(86_400_000),
        Constant::Date(20_514),
        Constant::Text(work),
        Constant::Text(example),
        Constant::Text(a),
    ] {
        lab.constant(constant);
    }
    lab.group("staff leads", &[]);
    lab.group("staff", &["staff leads"]);
    let params = params(&mut lab);
    lab.tool("t", READS, &[]).params = params;
    lab.agent("bot");
    let region = lab.field("region", TypeDef::String);
    lab.tables.user = vec![region, optional(lab.field("n", TypeDef::Int))];
    lab.tables.schedules = vec![Schedule { zone: 0, windows: vec![Window { days: 1, start: 15 * 60, end: 16 * 60 }] }];
    let name = lab.word("x");
    lab.tables.zones.push(Zone { name, offsets: vec![(i64::MIN, -16 * 3600)] });
    let mut classes = vec![0; 256];
    classes[usize::from(b'a')] = 1;
    let automaton =
        Automaton { classes, class_count: 2, start: 1, accepting: vec![false, true], next: vec![0, 0, 0, 1] };
    lab.tables.automata.push(automaton);
    lab
}

pub(crate) fn optional(mut field: Field) -> Field {
    field.optional = true;
    field
}

/// Everything may be missing.
pub(crate) fn params(lab: &mut Lab) -> Vec<Field> {
    let int = lab.ty(TypeDef::Int);
    let inner = lab.field("inner", TypeDef::Int);
    let fields = vec![inner, optional(lab.field("note", TypeDef::String))];
    let of = [
        ("email", TypeDef::Email),
        ("f", TypeDef::Decimal { as_string: false }),
        ("flag", TypeDef::Bool),
        ("ip", TypeDef::Ip),
        ("l", TypeDef::List { of: int, max: 10 }),
        ("map", TypeDef::Map { of: int, max: 10 }),
        ("n", TypeDef::Int),
        ("path", TypeDef::Path { under: None }),
        ("record", TypeDef::Record { fields, evidence: None }),
        ("text", TypeDef::String),
        ("url", TypeDef::Url { allow_ip6: true }),
    ];
    of.into_iter().map(|(name, of)| optional(lab.field(name, of))).collect()
}

/// What a rule says whose only clause has the value in register 0.
pub(crate) fn clause_for(code: impl Fn(&Lab) -> Vec<Instruction>, ask: &Ask) -> Tri {
    let mut lab = lab();
    let mut block = code(&lab);
    let end = block.len() as u32;
    block.iter_mut().filter(|instruction| instruction.imm == HERE).for_each(|instruction| instruction.imm = end);
    block.extend([step(Op::Clause, 0, 0, 0, 0), step(Op::Return, 0, 0, 0, 0)]);
    lab.rule("r", Effect::Deny, &block);
    let program = lab.program();
    let mut scratch = Scratch::new(&program);
    scratch.record(true);
    let decision = prepare(&program, ask.json().as_bytes(), &mut scratch).decide();
    let found = scratch.last_matches().next().map(|one| one.matched);
    found.unwrap_or_else(|| panic!("{} for {}", decision.code().as_str(), ask.json()))
}

/// Stands for the end of the block.
pub(crate) const HERE: u32 = u32::MAX;

pub(crate) fn clause(args: &str, code: impl Fn(&Lab) -> Vec<Instruction>) -> Tri {
    clause_for(code, &Ask::new().with("args", args))
}

pub(crate) fn constant(dst: u8, number: u32) -> Instruction {
    step(Op::Const, dst, 0, 0, number)
}

pub(crate) fn arg(lab: &Lab, dst: u8, name: &str) -> Instruction {
    step(Op::Arg, dst, 0, 0, lab.word(name))
}

/// An operation on an argument alone, its value in register 0.
pub(crate) fn on(args: &str, name: &str, op: Op, imm: u32) -> Tri {
    clause(args, |lab| vec![arg(lab, 1, name), step(op, 0, 1, 0, imm)])
}

/// An operation on an argument and a constant.
pub(crate) fn with(args: &str, name: &str, op: Op, number: u32) -> Tri {
    clause(args, |lab| vec![arg(lab, 1, name), constant(2, number), step(op, 0, 1, 2, 0)])
}
