//! Runs random blocks twice, with a place for every value and with registers, and compares what they report.
//!
//! Every result is a digest of operation and operands, so that reading a register that another value has taken shows.

use super::*;
use crate::block::Block;
use agentpol_bytecode::instruction::Op;

/// A generator of numbers (xorshift): the same blocks on every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

fn step(op: Op, dst: Value, a: Value, b: Value, imm: u32) -> Step {
    Step { op, dst, a, b, imm, span: Span::default() }
}

/// Adds random steps that read `visible` values; returns one that stands for all of them.
fn grow(block: &mut Block, numbers: &mut Numbers, visible: &[Value], depth: u32) -> Value {
    let mut known = visible.to_vec();
    known.push(block.emit(Op::Const, 0, 0, numbers.below(6) as u32, Span::default()));
    for _ in 0..numbers.below(8) {
        let (a, b) = (known[numbers.below(known.len())], known[numbers.below(known.len())]);
        let value = match numbers.below(7) {
            0 => block.emit(Op::User, 0, 0, numbers.below(4) as u32, Span::default()),
            1 => block.emit(Op::Select, a, b, known[numbers.below(known.len())], Span::default()),
            2 if depth > 0 => {
                let element = block.open_loop();
                let mut inside = known.clone();
                inside.extend([element, element + 1]);
                let given = grow(block, numbers, &inside, depth - 1);
                block.close_loop(Op::SumOf, a, element, given, 0, Span::default())
            }
            3 if depth > 0 => {
                let gathered = block.fresh();
                block.push(step(Op::Move, gathered, a, 0, 0));
                block.open_skip();
                let value = grow(block, numbers, &known, depth - 1);
                block.push(step(Op::And, gathered, gathered, value, 0));
                block.close_skip(Op::SkipIfFalse, gathered, Span::default());
                gathered
            }
            _ => block.emit(Op::Add, a, b, 0, Span::default()),
        };
        known.push(value);
    }
    let last = known[known.len() - 1];
    block.emit(Op::Sub, last, known[numbers.below(known.len())], 0, Span::default())
}

fn digest(parts: &[u64]) -> u64 {
    parts.iter().fold(0xcbf2_9ce4_8422_2325, |hash, part| (hash ^ part).wrapping_mul(0x0100_0000_01b3).rotate_left(17))
}

/// Runs `code` from `at` to `end` on `store`; a read of what was never written fails the test.
fn run(code: &[Step], at: usize, end: usize, store: &mut Vec<Option<u64>>, reports: &mut Vec<u64>) -> u64 {
    let read = |store: &Vec<Option<u64>>, index: u32| store[index as usize].expect("written before it is read");
    let mut next = at;
    while next < end {
        let step = code[next];
        next += 1;
        match step.op {
            Op::Yield => return read(store, step.a),
            Op::Clause => reports.push(read(store, step.a)),
            Op::SkipIfFalse if read(store, step.a) % 2 == 0 => next = step.imm as usize,
            Op::SkipIfFalse => {}
            Op::SumOf => {
                let over = read(store, step.a);
                let mut sum = 0;
                for element in 0..over % 4 {
                    store[step.b as usize] = Some(digest(&[read(store, step.a), element]));
                    store[step.b as usize + 1] = Some(element);
                    sum = digest(&[sum, run(code, next, step.imm as usize, store, reports)]);
                }
                store[step.dst as usize] = Some(digest(&[over, sum]));
                next = step.imm as usize;
            }
            op => {
                let fields = op.operands().into_iter().zip([0, step.a, step.b, step.imm]).skip(1);
                let value = |(kind, field)| match kind {
                    Operand::Read | Operand::ReadImmediate => read(store, field),
                    _ => u64::from(field),
                };
                let parts: Vec<u64> = fields.map(value).collect();
                store[step.dst as usize] = Some(digest(&[op as u64, parts[0], parts[1], parts[2]]));
            }
        }
    }
    0
}

#[test]
fn registers_hold_what_values_hold() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut most = 0;
    for _ in 0..4_000 {
        let mut block = Block::new();
        let given = block.fresh();
        for clause in 0..3 {
            let value = grow(&mut block, &mut numbers, &[given], 3);
            block.push(step(Op::Clause, 0, value, 0, clause));
        }
        let (nodes, values) = block.finish();
        let laid = lay_out(&nodes, values, 1).expect("enough registers");
        let mut line = Line::default();
        line.add(&nodes);
        let physical: Vec<Step> =
            laid.code.iter().map(|i| step(i.op, i.dst.into(), i.a.into(), i.b.into(), i.imm)).collect();
        let outcome = |code: &[Step], places: usize| {
            let mut store = vec![None; places];
            store[0] = Some(7);
            let mut reports = Vec::new();
            run(code, 0, code.len(), &mut store, &mut reports);
            reports
        };
        assert_eq!(outcome(&line.steps, values), outcome(&physical, laid.registers as usize));
        most = most.max(laid.registers);
    }
    assert!(most > 8, "the blocks were too simple to show anything");
}

#[test]
fn too_many_values_at_a_time_are_refused() {
    let block = |count: u32| {
        let mut block = Block::new();
        let values: Vec<Value> = (0..count).map(|imm| block.emit(Op::Const, 0, 0, imm, Span::default())).collect();
        values.iter().for_each(|value| block.push(step(Op::Clause, 0, *value, 0, 0)));
        let (nodes, values) = block.finish();
        lay_out(&nodes, values, 0).map(|laid| laid.registers)
    };
    assert_eq!((block(256), block(257)), (Some(256), None));
}

#[test]
fn what_does_not_hang_on_the_element_stands_before_the_loop() {
    let mut block = Block::new();
    let list = block.emit(Op::Arg, 0, 0, 0, Span::default());
    let element = block.open_loop();
    let fixed = block.emit(Op::User, 0, 0, 0, Span::default());
    let equal = block.emit(Op::Eq, element, fixed, 0, Span::default());
    let any = block.close_loop(Op::Any, list, element, equal, 0, Span::default());
    block.push(step(Op::Clause, 0, any, 0, 0));
    let (nodes, values) = block.finish();
    let laid = lay_out(&nodes, values, 0).unwrap();
    let ops: Vec<Op> = laid.code.iter().map(|instruction| instruction.op).collect();
    assert_eq!(ops, [Op::Arg, Op::User, Op::Any, Op::Eq, Op::Yield, Op::Clause]);
    assert_eq!((laid.code[2].imm, laid.registers), (5, 6));
}
