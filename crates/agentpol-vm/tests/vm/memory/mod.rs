//! Deciding with memory: limits, approvals and alerts over sessions, on programs put together by hand.

mod alerts;
mod approvals;
mod directory;
mod limits;
mod world;

use crate::lab::{DELETES, Lab, always, step};
use agentpol_bytecode::instruction::{Instruction, Op};
use agentpol_bytecode::tables::{Alarm, Effect, Kept, Key, Rate, RuleId, TypeDef};

/// One hour in milliseconds.
const HOUR: i64 = 3_600_000;

/// Two agents, `bot` and `other`, and a tool `t` that deletes, with an int `n` and a text `x` that may both be missing; the
/// rule `allow` lets everybody call it. Rules are added in the order of their names.
fn lab(words: &[&str]) -> Lab {
    let known = ["allow", "bot", "other", "t", "n", "x", "leads", "cx", "prod", "staging"];
    let words: Vec<&str> = known.into_iter().chain(words.iter().copied()).collect();
    let mut lab = Lab::new(&words);
    lab.group("leads", &[]);
    let mut params = vec![lab.field("n", TypeDef::Int), lab.field("x", TypeDef::String)];
    params.iter_mut().for_each(|field| field.optional = true);
    lab.tool("t", DELETES, &[]).params = params;
    let owner = lab.word("cx");
    lab.agent("bot").owner = owner;
    lab.agent("other").owner = owner;
    lab.rule("allow", Effect::Allow, &always());
    lab
}

/// Keeps these arguments, in order.
fn keep(lab: &Lab, names: &[&str]) -> Vec<Instruction> {
    let mut block = Vec::new();
    for (place, name) in (0u32..).zip(names) {
        block.push(step(Op::Arg, 1, 0, 0, lab.word(name)));
        block.push(step(Op::Keep, 0, 1, 0, place));
    }
    block.push(step(Op::Return, 0, 0, 0, 0));
    block
}

/// A counter of an hour. Names of arguments are those of the cost, then of the keys that are values.
fn rate(lab: &mut Lab, bound: i64, cost: Option<Kept>, keys: &[Key], names: &[&str]) -> u32 {
    let block = keep(lab, names);
    let entry = lab.code(&block);
    let id = lab.tables.rates.len() as u64 + 1;
    let keys = keys.to_vec();
    lab.tables.rates.push(Rate { id, bound, window: HOUR, entry, registers: 4, cost, keys });
    lab.tables.rates.len() as u32 - 1
}

/// A limit on everything.
fn limit(lab: &mut Lab, name: &str, bound: i64, cost: Option<Kept>, keys: &[Key], names: &[&str]) -> RuleId {
    let rate = rate(lab, bound, cost, keys, names);
    lab.rule(name, Effect::Limit { rate }, &always());
    RuleId(lab.tables.rules.len() as u32 - 1)
}

/// Outcomes that an alert watches.
const ALLOW: u8 = 1;
const DENY: u8 = 8;

fn alert(lab: &mut Lab, name: &str, outcomes: u8, alarm: Alarm) -> RuleId {
    lab.rule(name, Effect::Alert { severity: 2, outcomes, alarm }, &always());
    RuleId(lab.tables.rules.len() as u32 - 1)
}

/// Matches where the argument `n` is there.
fn when_n(lab: &Lab) -> Vec<Instruction> {
    vec![
        step(Op::Arg, 1, 0, 0, lab.word("n")),
        step(Op::Has, 0, 1, 0, 0),
        step(Op::Clause, 0, 0, 0, 0),
        step(Op::Return, 0, 0, 0, 0),
    ]
}
