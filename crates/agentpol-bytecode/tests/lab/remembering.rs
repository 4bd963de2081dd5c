//! A program that remembers: every shape of slot, evidence, answers, counters, a delegation.

use super::{Lab, PAYS, READS, always, step};
use agentpol_bytecode::instruction::{Instruction, Op};
use agentpol_bytecode::tables::{
    Alarm, Answer, Ask, Comparison, Constant, Delegation, Effect, Evidence, Happened, Kept, Key, KeySource, Query,
    Rate, Reach, Returns, Scope, Slot, SlotShape, Tables, TypeDef,
};

/// The numbers of slots in [`remembering`].
pub(crate) const TIME: usize = 0;
pub(crate) const COUNT: usize = 1;
pub(crate) const LAST: usize = 2;
pub(crate) const SUM: usize = 3;
pub(crate) const LEAST: usize = 4;
pub(crate) const RING: usize = 8;
pub(crate) const NEWEST: usize = 9;

/// Symbols of arguments.
struct Args {
    id: u32,
    amount: u32,
}

fn end() -> Instruction {
    step(Op::Return, 0, 0, 0, 0)
}

/// A block that keeps these arguments, each in its place.
fn keeping(args: &[u32]) -> Vec<Instruction> {
    let mut block = Vec::new();
    for (place, arg) in (0u32..).zip(args) {
        block.extend([step(Op::Arg, 0, 0, 0, *arg), step(Op::Keep, 0, 0, 0, place)]);
    }
    block.push(end());
    block
}

fn slot(lab: &mut Lab, shape: SlotShape, values: &[Kept], keys: u32, block: &[Instruction]) -> usize {
    let number = lab.tables.slots.len();
    let entry = lab.code(block);
    let clauses = block.iter().filter(|instruction| instruction.op == Op::Clause).count() as u32;
    lab.tables.slots.push(Slot {
        id: number as u64 + 1,
        happened: Happened::Completed,
        reach: Reach::Session,
        scope: Scope { tools: Some(vec![0]), ..Scope::default() },
        entry,
        clauses,
        result_entry: None,
        registers: 4,
        keys,
        values: values.to_vec(),
        shape,
        window: Some(60_000),
        room: if keys == 0 { 1 } else { 256 },
    });
    number
}

/// A program that remembers.
pub(crate) fn remembering() -> Tables {
    let words = ["a", "amount", "b", "id", "look", "order", "pay", "rule a", "rule l", "rule n", "secret", "status"];
    let mut lab = Lab::new(&words);
    let args = Args { id: lab.word("id"), amount: lab.word("amount") };
    let pending = lab.text("status");
    lab.constant(Constant::Bool(true));
    let fields = vec![lab.field("id", TypeDef::String), lab.field("status", TypeDef::String)];
    let mut secret = lab.field("secret", TypeDef::String);
    secret.secret = true;
    let order = lab.ty(TypeDef::Record { fields: [fields, vec![secret]].concat(), evidence: Some(0) });
    let params = vec![lab.field("id", TypeDef::String), lab.field("amount", TypeDef::Int)];
    let tool = lab.tool("look", READS, &[]);
    (tool.params, tool.answer, tool.returns) = (params.clone(), Some(2), Returns::Trusted);
    let tool = lab.tool("pay", PAYS, &[]);
    (tool.params, tool.answer) = (params, Some(4));
    lab.agent("a");
    lab.agent("b").reached_via = vec![0];
    slots(&mut lab, &args, pending);
    lab.tables.evidence = vec![Evidence {
        id: 1,
        name: lab.word("order"),
        ty: order,
        keys: vec![vec![0]],
        kept: vec![0, 1],
        room: 64,
        fresh: Some(60_000),
    }];
    let entry = lab.code(&keeping(&[args.id]));
    let string = lab.ty(TypeDef::String);
    lab.tables.answers = vec![
        Answer::Value(order),
        Answer::Keyed { evidence: 0, entry, registers: 1, field: vec![1], of: string, keys: vec![KeySource::Call] },
        Answer::Either(vec![0, 1]),
        Answer::Verbatim,
        Answer::List { of: 2, max: 8 },
    ];
    rules(&mut lab, &args);
    let entry = lab.code(&[step(Op::Const, 0, 0, 0, 1), step(Op::Clause, 0, 0, 0, 0), end()]);
    let scope = Scope { tools: Some(vec![0]), ..Scope::default() };
    lab.tables.delegations = vec![Delegation { from: 0, to: 1, scope, entry, clauses: 1, registers: 1 }];
    lab.finish().clone()
}

fn slots(lab: &mut Lab, args: &Args, pending: u32) {
    let own = [
        step(Op::Const, 0, 0, 0, 1),
        step(Op::Clause, 0, 0, 0, 0),
        step(Op::Arg, 0, 0, 0, args.id),
        step(Op::Keep, 0, 0, 0, 0),
        end(),
    ];
    slot(lab, SlotShape::Time, &[Kept::Text], 1, &own);
    let of_result = lab.code(&[
        step(Op::Result, 0, 0, 0, 0),
        step(Op::Const, 1, 0, 0, pending),
        step(Op::Eq, 0, 0, 1, 0),
        step(Op::Clause, 0, 0, 0, 1),
        end(),
    ]);
    lab.tables.slots[TIME].result_entry = Some(of_result);
    slot(lab, SlotShape::Count { most: 6 }, &[], 0, &[end()]);
    let own = [
        step(Op::Arg, 0, 0, 0, args.id),
        step(Op::Keep, 0, 0, 0, 0),
        step(Op::Arg, 0, 0, 0, args.amount),
        step(Op::Keep, 0, 0, 0, 2),
        end(),
    ];
    slot(lab, SlotShape::Last, &[Kept::Text, Kept::Text, Kept::Int], 1, &own);
    let of_result = lab.code(&[step(Op::Result, 0, 0, 0, 0), step(Op::Keep, 0, 0, 0, 1), end()]);
    lab.tables.slots[LAST].result_entry = Some(of_result);
    let amounts = [Kept::Text, Kept::Int];
    for shape in [
        SlotShape::Sum { entries: 256 },
        SlotShape::Least { steps: 64 },
        SlotShape::Greatest { steps: 64 },
        SlotShape::Other,
        SlotShape::Distinct { most: 3 },
    ] {
        slot(lab, shape, &amounts, 1, &keeping(&[args.id, args.amount]));
    }
    slot(lab, SlotShape::Ring { most: 6 }, &amounts, 0, &keeping(&[args.id, args.amount]));
    slot(lab, SlotShape::Newest { steps: 4 }, &[Kept::Text], 1, &keeping(&[args.id]));
    lab.tables.slots[NEWEST].window = None;
    let asks = [
        Ask::Exists,
        Ask::Count { op: Comparison::Gt, plus: true, bound: 5 },
        Ask::Value(1),
        Ask::Sum { op: Comparison::Le, plus: true, bound: 100 },
        Ask::Pair(Comparison::Lt),
        Ask::Pair(Comparison::Ge),
        Ask::Pair(Comparison::Ne),
        Ask::Distinct { op: Comparison::Eq, bound: 2 },
    ];
    let query = |(slot, ask)| Query { slot, within: Some(1_000), since: None, compares: Vec::new(), ask };
    lab.tables.queries = (0u32..).zip(asks).map(query).collect();
    lab.tables.queries.push(Query {
        slot: RING as u32,
        within: Some(1_000),
        since: Some(NEWEST as u32),
        compares: vec![(1, Comparison::Lt)],
        ask: Ask::Count { op: Comparison::Gt, plus: true, bound: 5 },
    });
}

/// A rule that asks everything, a limit, and an alert.
fn rules(lab: &mut Lab, args: &Args) {
    let mut block = vec![
        step(Op::Arg, 0, 0, 0, args.id),
        step(Op::Arg, 1, 0, 0, args.amount),
        step(Op::Gather, 2, 0, 1, 0),
        step(Op::Earlier, 3, 0, 0, 0),
        step(Op::Clause, 0, 3, 0, 0),
        step(Op::Earlier, 3, 1, 0, 1),
        step(Op::Clause, 0, 3, 0, 1),
        step(Op::Earlier, 3, 0, 0, 2),
        step(Op::Eq, 3, 3, 1, 0),
        step(Op::Clause, 0, 3, 0, 2),
    ];
    for (number, query) in (3u32..).zip([3, 4, 5, 6]) {
        block.extend([step(Op::Earlier, 3, 2, 0, query), step(Op::Clause, 0, 3, 0, number)]);
    }
    block.extend([
        step(Op::Earlier, 3, 0, 0, 7),
        step(Op::Clause, 0, 3, 0, 7),
        step(Op::Known, 3, 0, 0, 0),
        step(Op::Field, 3, 3, 0, 1),
        step(Op::Eq, 3, 3, 0, 0),
        step(Op::Clause, 0, 3, 0, 8),
        step(Op::AllKnown, 3, 0, 0, 0),
        step(Op::Has, 3, 3, 0, 0),
        step(Op::Clause, 0, 3, 0, 9),
        end(),
    ]);
    lab.rule("rule a", Effect::Deny, &block).scope.tools = Some(vec![0, 1]);
    lab.rule("rule l", Effect::Limit { rate: 0 }, &always());
    let novel = Effect::Alert { severity: 2, outcomes: 1, alarm: Alarm::Novel(1) };
    lab.rule("rule n", novel, &always());
    let costing = [
        step(Op::Arg, 0, 0, 0, args.amount),
        step(Op::Keep, 0, 0, 0, 0),
        step(Op::Arg, 0, 0, 0, args.id),
        step(Op::Keep, 0, 0, 0, 1),
        end(),
    ];
    let entry = lab.code(&costing);
    let keys = vec![Key::User, Key::Value(Kept::Text)];
    let limit = Rate { id: 1, bound: 100, window: 60_000, entry, registers: 1, cost: Some(Kept::Int), keys };
    let entry = lab.code(&always());
    let keys = vec![Key::Agent, Key::Dataset];
    let novel = Rate { id: 2, bound: 0, window: 60_000, entry, registers: 0, cost: None, keys };
    lab.tables.rates = vec![limit, novel];
}
