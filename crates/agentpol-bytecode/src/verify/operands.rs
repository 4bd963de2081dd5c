//! Operands of instructions: what they name exists, and what is not used is 0.

use crate::instruction::{Instruction, Op, Operand, Part};
use crate::tables::{Constant, Tables};

/// Returns whether the operands name existing entries of the tables. Registers, fields and jumps depend on where the
/// instruction stands and are checked there.
pub(super) fn in_range(tables: &Tables, instruction: &Instruction) -> bool {
    let [dst, a, b, imm] = instruction.op.operands();
    let registers = [(dst, instruction.dst), (a, instruction.a), (b, instruction.b)];
    let sound = registers.iter().all(|(operand, value)| match operand {
        Operand::Unused => *value == 0,
        Operand::Flag => *value <= 1,
        _ => true,
    });
    sound && immediate(tables, imm, instruction) && network(tables, instruction)
}

fn immediate(tables: &Tables, operand: Operand, instruction: &Instruction) -> bool {
    let index = instruction.imm as usize;
    match operand {
        Operand::Unused => instruction.imm == 0,
        Operand::Flag => instruction.imm <= 1,
        Operand::Constant => index < tables.constants.len(),
        Operand::Symbol => index < tables.symbols.len(),
        Operand::UserField => index < tables.user.len(),
        Operand::ContextField => index < tables.context.len(),
        Operand::Part => Part::from_number(instruction.imm).is_some(),
        Operand::Zone => index < tables.zones.len(),
        Operand::Group => index < tables.groups.len(),
        Operand::Schedule => index < tables.schedules.len(),
        Operand::Automaton => index < tables.automata.len(),
        Operand::ReadImmediate => instruction.imm <= u32::from(u8::MAX),
        Operand::Target | Operand::Mark => index < tables.code.len(),
        // The builtin `origin` is no label of data.
        Operand::Level => (1..tables.levels.len()).contains(&index),
        Operand::Query => index < tables.queries.len(),
        Operand::Evidence => index < tables.evidence.len(),
        Operand::Sources => index < tables.sources.len(),
        Operand::Read | Operand::Write | Operand::WriteTwo | Operand::Field | Operand::Clause | Operand::Place => true,
    }
}

/// A network stands only where a network is asked for.
fn network(tables: &Tables, instruction: &Instruction) -> bool {
    let constant = match instruction.op {
        Op::Const | Op::InNetwork => tables.constants.get(instruction.imm as usize),
        _ => return true,
    };
    matches!(constant, Some(Constant::Network { .. })) == (instruction.op == Op::InNetwork)
}

/// Returns the registers that the instruction reads.
pub(super) fn reads(instruction: &Instruction) -> impl Iterator<Item = u8> {
    let [_, a, b, imm] = instruction.op.operands();
    let immediate = u8::try_from(instruction.imm).ok().filter(|_| imm == Operand::ReadImmediate);
    let a = (a == Operand::Read).then_some(instruction.a);
    let b = (b == Operand::Read).then_some(instruction.b);
    a.into_iter().chain(b).chain(immediate)
}

/// Returns the registers that the instruction writes, as far as they exist.
pub(super) fn writes(instruction: &Instruction) -> impl Iterator<Item = u8> {
    let [dst, _, b, _] = instruction.op.operands();
    let dst = (dst == Operand::Write).then_some(instruction.dst);
    let element = (b == Operand::WriteTwo).then_some(instruction.b);
    let second = element.and_then(|element| element.checked_add(1));
    dst.into_iter().chain(element).chain(second)
}

/// Returns whether the operation opens a loop.
pub(super) fn is_loop(op: Op) -> bool {
    op.operands()[2] == Operand::WriteTwo
}
