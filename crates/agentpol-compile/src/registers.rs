//! From values to registers: lays a block out in a line and lets values share registers that do not live together.
//!
//! Code runs forward only, so a value lives from its first writing to its last reading. Two things stretch that: what is
//! read inside a loop but made before it must outlast the loop, and so must the list gone through, its element and the
//! register that the result is gathered in.

use crate::block::{Node, Step, Value};
use agentpol_bytecode::instruction::{Instruction, Operand};
use agentpol_diagnostics::Span;

/// How many registers there are.
const REGISTERS: usize = 256;

/// A finished block: targets count from its first instruction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Laid {
    pub(crate) code: Vec<Instruction>,
    pub(crate) spans: Vec<Span>,
    pub(crate) registers: u32,
}

/// Lays a block out. `given` values, the first ones, hold something before it starts and get the first registers.
/// `None` where more values live together than there are registers.
pub(crate) fn lay_out(nodes: &[Node], values: usize, given: usize) -> Option<Laid> {
    let mut line = Line::default();
    line.add(nodes);
    let lives = line.lives(values, given);
    let homes = assign(&lives, given, &line)?;
    let register = |value: Value| homes.of[value as usize].expect("every value that a step touches has a register");
    let code = line.steps.iter().map(|step| instruction(step, register)).collect();
    let spans = line.steps.iter().map(|step| step.span).collect();
    Some(Laid { code, spans, registers: homes.used })
}

/// Steps in a line, and where loops begin and end (the index of their `Yield`).
#[derive(Default)]
struct Line {
    steps: Vec<Step>,
    loops: Vec<(usize, usize)>,
}

impl Line {
    fn add(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Step(step) => self.steps.push(*step),
                Node::Loop(head, body) => {
                    let (at, end) = self.add_with_target(head, body);
                    self.loops.push((at, end - 1));
                }
                Node::Skip(head, body) => {
                    self.add_with_target(head, body);
                }
            }
        }
    }

    /// Adds a step and what it may jump over; returns its index and the one behind the last.
    fn add_with_target(&mut self, head: &Step, body: &[Node]) -> (usize, usize) {
        let at = self.steps.len();
        self.steps.push(*head);
        self.add(body);
        let end = self.steps.len();
        self.steps[at].imm = end as u32;
        (at, end)
    }

    /// Returns for each value the first and the last step that needs it.
    fn lives(&self, values: usize, given: usize) -> Vec<Option<(usize, usize)>> {
        let mut lives: Vec<Option<(usize, usize)>> = vec![None; values];
        for life in lives.iter_mut().take(given) {
            *life = Some((0, 0));
        }
        for (at, step) in self.steps.iter().enumerate() {
            for value in touched(step) {
                let life = lives[value as usize].get_or_insert((at, at));
                life.1 = at;
            }
        }
        for &(head, end) in self.loops.iter() {
            self.stretch(&mut lives, head, end);
        }
        lives
    }

    /// Lets what a loop needs live to its end. Inner loops come first in the list, so what they stretch is seen here.
    fn stretch(&self, lives: &mut [Option<(usize, usize)>], head: usize, end: usize) {
        let step = &self.steps[head];
        let whole = [step.a, step.dst, step.b, step.b + 1];
        let body = self.steps[head + 1..=end].iter().flat_map(touched);
        let outer = body.filter(|value| lives[*value as usize].is_some_and(|(first, _)| first < head));
        for value in outer.chain(whole).collect::<Vec<_>>() {
            if let Some(life) = &mut lives[value as usize] {
                life.1 = life.1.max(end);
            }
        }
    }
}

/// Returns the values that a step reads or writes.
fn touched(step: &Step) -> impl Iterator<Item = Value> + use<> {
    let fields = step.op.operands().into_iter().zip([step.dst, step.a, step.b, step.imm]);
    fields
        .flat_map(|(kind, value)| match kind {
            Operand::Read | Operand::Write | Operand::ReadImmediate => [Some(value), None],
            Operand::WriteTwo => [Some(value), Some(value + 1)],
            _ => [None, None],
        })
        .flatten()
}

/// Gives each value the lowest register, or pair of registers, that is free while it lives.
fn assign(lives: &[Option<(usize, usize)>], given: usize, line: &Line) -> Option<Homes> {
    let mut homes = Homes { of: vec![None; lives.len()], until: [None; REGISTERS], used: 0 };
    for (value, life) in lives.iter().enumerate().take(given) {
        homes.settle(value, 1, (*life)?.1)?;
    }
    for (at, step) in line.steps.iter().enumerate() {
        homes.release(at);
        let pair = matches!(step.op.operands()[2], Operand::WriteTwo);
        for value in touched(step) {
            let value = value as usize;
            if homes.of[value].is_none() {
                let width = if pair && value == step.b as usize { 2 } else { 1 };
                homes.settle(value, width, lives[value]?.1)?;
            }
        }
    }
    Some(homes)
}

/// The register of each value, until which step each register is taken, and how many there are in use.
struct Homes {
    of: Vec<Option<u8>>,
    until: [Option<usize>; REGISTERS],
    used: u32,
}

impl Homes {
    /// Frees what is not needed after step `at`: the step reads its operands before it writes.
    fn release(&mut self, at: usize) {
        for register in self.until.iter_mut().take(self.used as usize) {
            if register.is_some_and(|last| last <= at) {
                *register = None;
            }
        }
    }

    /// Gives `width` values from `value` on neighbouring registers until step `last`.
    fn settle(&mut self, value: usize, width: usize, last: usize) -> Option<()> {
        let free = |start: &usize| self.until[*start..start + width].iter().all(Option::is_none);
        let register = (0..=REGISTERS - width).find(free)?;
        for offset in 0..width {
            self.until[register + offset] = Some(last);
            self.of[value + offset] = u8::try_from(register + offset).ok();
        }
        self.used = self.used.max((register + width) as u32);
        Some(())
    }
}

fn instruction(step: &Step, register: impl Fn(Value) -> u8) -> Instruction {
    let [dst, a, b, imm] = step.op.operands();
    let small = |kind: Operand, field: u32| match kind {
        Operand::Read | Operand::Write | Operand::WriteTwo => register(field),
        _ => field as u8,
    };
    let large = |kind: Operand, field: u32| match kind {
        Operand::ReadImmediate => u32::from(register(field)),
        _ => field,
    };
    Instruction {
        op: step.op,
        dst: small(dst, step.dst),
        a: small(a, step.a),
        b: small(b, step.b),
        imm: large(imm, step.imm),
    }
}

#[cfg(test)]
#[path = "registers_tests.rs"]
mod tests;
