//! The interpreter: runs one block at a time over registers, by the instruction table.
//!
//! Verification has settled jumps, registers and operands. What still turns out not to fit gives unknown.

use crate::calculate;
use crate::elements::Elements;
use crate::facts::Facts;
use crate::letters::{Letters, accepts};
use crate::memory::Memory;
use crate::origin;
use crate::references;
use crate::scratch::Questions;
use crate::state::query;
use crate::state::step::View;
use crate::value::{LITERAL, Register, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::instruction::{Instruction, Op};
use agentpol_bytecode::scope::Tri;
use agentpol_bytecode::tables::{Constant, Tables};

/// A run.
pub(crate) struct Machine<'a> {
    pub(crate) program: &'a Program,
    pub(crate) memory: &'a mut Memory,
    registers: &'a mut [Register],
    pub(crate) facts: Option<&'a Facts<'a>>,
    /// Where the clauses' values go.
    clauses: &'a mut [Tri],
    matched: Tri,
    /// Where the values go that a block keeps.
    kept: &'a mut [Register],
    /// What is remembered, and room for asking it.
    pub(crate) recall: Option<(&'a View<'a>, &'a mut Questions)>,
    /// What the earlier call answered.
    result: Register,
}

impl<'a> Machine<'a> {
    /// A machine for checks, which read nothing but their value.
    pub(crate) fn bare(program: &'a Program, memory: &'a mut Memory, registers: &'a mut [Register]) -> Self {
        Machine {
            program,
            memory,
            registers,
            facts: None,
            clauses: &mut [],
            matched: Tri::True,
            kept: &mut [],
            recall: None,
            result: Register::UNKNOWN,
        }
    }

    /// A machine for rules.
    pub(crate) fn new(
        program: &'a Program,
        memory: &'a mut Memory,
        registers: &'a mut [Register],
        facts: &'a Facts<'a>,
        clauses: &'a mut [Tri],
    ) -> Self {
        Machine { facts: Some(facts), clauses, ..Machine::bare(program, memory, registers) }
    }

    /// Lets the block ask what is remembered.
    pub(crate) fn asking(mut self, view: Option<&'a View<'a>>, questions: &'a mut Questions) -> Self {
        questions.operands.clear();
        self.recall = view.map(|view| (view, questions));
        self
    }

    /// Gives the block what the earlier call answered.
    pub(crate) fn answered(mut self, result: Register) -> Self {
        self.result = result;
        self
    }

    /// Puts the values that the block keeps there; what it does not reach stays as it is.
    pub(crate) fn keeping(mut self, kept: &'a mut [Register]) -> Self {
        self.kept = kept;
        self
    }

    /// Runs a rule's block: the conjunction of its clauses.
    pub(crate) fn rule(mut self, entry: u32) -> Tri {
        self.run(entry as usize);
        self.matched
    }

    /// Runs a check on a value.
    pub(crate) fn check(&mut self, block: u32, value: Register) -> Tri {
        self.registers.first_mut().into_iter().for_each(|first| *first = value);
        self.run(block as usize).value.truth()
    }

    pub(crate) fn tables(&self) -> &'a Tables {
        self.program.tables()
    }

    fn get(&self, register: u8) -> &Register {
        self.registers.get(usize::from(register)).unwrap_or(&Register::UNKNOWN)
    }

    fn set(&mut self, register: u8, value: Register) {
        if let Some(place) = self.registers.get_mut(usize::from(register)) {
            *place = value;
        }
    }

    /// Runs from an instruction to the end of its body, and returns what that yields.
    fn run(&mut self, start: usize) -> Register {
        let code = self.tables().code.as_slice();
        let mut at = start;
        while let Some(instruction) = code.get(at) {
            let next = at.saturating_add(1);
            at = match instruction.op {
                Op::Yield | Op::ReturnValue => return *self.get(instruction.a),
                Op::Return => return Register::UNKNOWN,
                Op::SkipIfFalse if self.get(instruction.a).value.truth() == Tri::False => instruction.imm as usize,
                Op::SkipIfTrue if self.get(instruction.a).value.truth() == Tri::True => instruction.imm as usize,
                Op::SkipIfFalse | Op::SkipIfTrue => next,
                Op::Clause => {
                    self.clause(instruction);
                    next
                }
                Op::Mark => {
                    let truth = self.get(instruction.a).value.truth();
                    self.memory.count_mark(instruction.imm, truth);
                    next
                }
                Op::Keep => {
                    let value = *self.get(instruction.a);
                    if let Some(place) = self.kept.get_mut(instruction.imm as usize) {
                        *place = value;
                    }
                    next
                }
                Op::Gather | Op::Earlier | Op::Known | Op::AllKnown => {
                    let found = self.remember(instruction);
                    self.set(instruction.dst, found);
                    next
                }
                Op::Any | Op::All | Op::CountWhere | Op::FirstWhere | Op::LastWhere => {
                    let found = self.ask(instruction, next);
                    self.set(instruction.dst, found);
                    instruction.imm as usize
                }
                Op::SumOf | Op::MinOf | Op::MaxOf => {
                    let found = self.gather(instruction, next);
                    self.set(instruction.dst, found);
                    instruction.imm as usize
                }
                _ => {
                    let result = self.straight(instruction);
                    self.set(instruction.dst, result);
                    next
                }
            };
        }
        Register::UNKNOWN
    }

    /// Questions about earlier calls, and what belongs to them. Apart, so that all else stays short.
    #[inline(never)]
    fn remember(&mut self, instruction: &Instruction) -> Register {
        let (a, imm) = (*self.get(instruction.a), instruction.imm);
        let (program, b) = (self.program, instruction.b);
        if instruction.op == Op::Gather {
            let b = *self.get(b);
            return self.recall.as_mut().map_or(Register::UNKNOWN, |(_, questions)| gather_operands(questions, a, b));
        }
        let Some((view, questions)) = &mut self.recall else { return Register::UNKNOWN };
        match instruction.op {
            Op::Earlier => {
                let Some((query, slot, count)) = program.query(imm) else { return Register::UNKNOWN };
                query::answer(view, program, self.memory, (query, slot), operands(questions, count as usize, &a))
            }
            Op::AllKnown => view.all_known(program, self.memory, imm, &mut questions.order),
            _ => {
                let Some(evidence) = program.tables().evidence.get(imm as usize) else { return Register::UNKNOWN };
                let keys = operands(questions, evidence.keys.len(), &a);
                let Some(key) = view.evidence_key(program, self.memory, imm, keys) else { return Register::UNKNOWN };
                if let Some(found) = questions.known(imm, &key) {
                    return found;
                }
                let found = view.known(program, self.memory, imm, &key);
                questions.learn(imm, key, found);
                found
            }
        }
    }

    fn clause(&mut self, instruction: &Instruction) {
        let truth = self.get(instruction.a).value.truth();
        let truth = if instruction.b == 1 { !truth } else { truth };
        self.matched = self.matched.and(truth);
        if let Some(place) = self.clauses.get_mut(instruction.imm as usize) {
            *place = truth;
        }
    }

    /// Gives the body the next element and returns what it says.
    fn body(&mut self, instruction: &Instruction, body: usize, element: (Register, Register)) -> Register {
        self.set(instruction.b, element.0);
        self.set(instruction.b.wrapping_add(1), element.1);
        self.run(body)
    }

    /// Loops whose body is a condition.
    #[inline(never)]
    fn ask(&mut self, instruction: &Instruction, body: usize) -> Register {
        let Some(mut elements) = Elements::of(*self.get(instruction.a), self.memory) else { return Register::UNKNOWN };
        let mut folded = if instruction.op == Op::All { Tri::True } else { Tri::False };
        let mut count = 0i64;
        let mut found = Register::ABSENT;
        while let Some(element) = elements.next(self.program, self.memory) {
            let truth = self.body(instruction, body, element).value.truth();
            match (instruction.op, truth) {
                (Op::Any, _) => folded = folded.or(truth),
                (Op::All, _) => folded = folded.and(truth),
                (Op::CountWhere | Op::FirstWhere, Tri::Unknown) => return Register::UNKNOWN,
                (Op::CountWhere, Tri::True) => count = count.saturating_add(1),
                (Op::FirstWhere, Tri::True) => return element.0,
                // Of the last, only what stands behind it may not be unknown.
                (Op::LastWhere, Tri::True) => found = element.0,
                (Op::LastWhere, Tri::Unknown) => found = Register::UNKNOWN,
                _ => {}
            }
            if matches!((instruction.op, folded), (Op::Any, Tri::True) | (Op::All, Tri::False)) {
                break;
            }
        }
        match instruction.op {
            Op::Any | Op::All => Register::made(folded.into()),
            Op::CountWhere => Register::made(Value::Int(count)),
            _ => found,
        }
    }

    /// Loops whose body is a value.
    #[inline(never)]
    fn gather(&mut self, instruction: &Instruction, body: usize) -> Register {
        let Some(mut elements) = Elements::of(*self.get(instruction.a), self.memory) else { return Register::UNKNOWN };
        let mut gathered: Option<Value> = None;
        while let Some(element) = elements.next(self.program, self.memory) {
            let value = self.body(instruction, body, element).value;
            let next = match gathered {
                None if calculate::is_known(value) => Some(value),
                None => None,
                Some(before) => match instruction.op {
                    Op::SumOf => calculate::add(before, value),
                    Op::MinOf => calculate::extreme(before, value, core::cmp::Ordering::Less),
                    _ => calculate::extreme(before, value, core::cmp::Ordering::Greater),
                },
            };
            let Some(next) = next else { return Register::UNKNOWN };
            gathered = Some(next);
        }
        let of_nothing = match instruction.op {
            Op::SumOf => {
                let last = (instruction.imm as usize).checked_sub(1).and_then(|last| self.tables().code.get(last));
                if last.is_some_and(|last| last.imm == 1) { Value::Decimal(0) } else { Value::Int(0) }
            }
            _ => Value::Absent,
        };
        Register::made(gathered.unwrap_or(of_nothing))
    }

    /// Anything that is neither loop nor jump nor clause.
    fn straight(&self, instruction: &Instruction) -> Register {
        let imm = instruction.imm;
        match instruction.op {
            Op::Const => self.constant(imm),
            Op::Arg => self.facts.map_or(Register::UNKNOWN, |facts| self.argument(facts, imm)),
            Op::Not | Op::And | Op::Or | Op::Has | Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::Add => {
                let (a, b) = (self.get(instruction.a).value, self.get(instruction.b).value);
                Register::made(calculate::operate(self, instruction.op, a, b, imm))
            }
            Op::Move => *self.get(instruction.a),
            Op::Field => self.field(self.get(instruction.a).value, imm),
            Op::Index => self.index(self.get(instruction.a).value, self.get(instruction.b).value),
            Op::Select => match self.get(imm as u8).value.truth() {
                Tri::True => *self.get(instruction.a),
                Tri::False => *self.get(instruction.b),
                Tri::Unknown => Register::UNKNOWN,
            },
            Op::Otherwise => match *self.get(instruction.a) {
                Register { value: Value::Absent, .. } => *self.get(instruction.b),
                present => present,
            },
            Op::First => self.first(*self.get(instruction.a)),
            Op::Last => self.last(*self.get(instruction.a)),
            Op::Origin => Register::made(self.origin(*self.get(instruction.a))),
            Op::OriginIn => Register::made(self.origin_in(*self.get(instruction.a), imm)),
            Op::Attribute | Op::Id | Op::PathOf | Op::Inside | Op::InGroup => {
                let (a, b) = (self.get(instruction.a).value, self.get(instruction.b).value);
                references::operate(self, instruction.op, a, b, imm)
            }
            Op::Result => self.result,
            Op::Min => self.extreme(instruction, core::cmp::Ordering::Less),
            Op::Max => self.extreme(instruction, core::cmp::Ordering::Greater),
            op => match self.facts.and_then(|facts| self.fact(facts, op, imm)) {
                Some(register) => register,
                None => {
                    let (a, b) = (self.get(instruction.a).value, self.get(instruction.b).value);
                    Register::made(calculate::operate(self, op, a, b, imm))
                }
            },
        }
    }

    fn constant(&self, index: u32) -> Register {
        let value = self.tables().constants.get(index as usize).map_or(Value::Unknown, |constant| match constant {
            Constant::List(_) => Value::Literals(index),
            scalar => calculate::constant(self.program, scalar),
        });
        Register { value, node: LITERAL }
    }

    fn field(&self, record: Value, slot: u32) -> Register {
        let Value::Record(id) = record else { return Register::UNKNOWN };
        let named = |child: &u32| self.memory.node(*child).is_some_and(|node| node.slot == slot);
        self.memory.children(id).find(named).map_or(Register::ABSENT, |child| self.memory.register(child))
    }

    fn index(&self, map: Value, key: Value) -> Register {
        let (Value::Map(id), Some(key)) = (map, self.letters(key)) else { return Register::UNKNOWN };
        let named = |child: &u32| key.is(&Letters::plain(self.memory.key(*child)));
        self.memory.children(id).find(named).map_or(Register::ABSENT, |child| self.memory.register(child))
    }

    fn first(&self, list: Register) -> Register {
        match Elements::of(list, self.memory) {
            Some(mut elements) => {
                elements.next(self.program, self.memory).map_or(Register::ABSENT, |element| element.0)
            }
            None => Register::UNKNOWN,
        }
    }

    fn last(&self, list: Register) -> Register {
        let Some(mut elements) = Elements::of(list, self.memory) else { return Register::UNKNOWN };
        let mut last = Register::ABSENT;
        while let Some(element) = elements.next(self.program, self.memory) {
            last = element.0;
        }
        last
    }

    fn extreme(&self, instruction: &Instruction, wanted: core::cmp::Ordering) -> Register {
        let (a, b) = (self.get(instruction.a).value, self.get(instruction.b).value);
        Register::made(calculate::extreme(a, b, wanted).into())
    }

    fn origin(&self, of: Register) -> Value {
        match (of.value, of.node) {
            (Value::Absent | Value::Unknown, _) => Value::Unknown,
            (Value::Args, _) => {
                self.facts.map_or(Value::Unknown, |facts| origin::of_node(self.memory, facts.written, self.saw()))
            }
            (_, LITERAL) => origin::of_literal(),
            (_, node) => origin::of_node(self.memory, node, self.saw()),
        }
    }

    /// Whether all of it is from one of the sources.
    fn origin_in(&self, of: Register, sources: u32) -> Value {
        let node = match (of.value, of.node) {
            (Value::Absent | Value::Unknown, _) => return Value::Unknown,
            (Value::Args, _) => self.facts.map(|facts| facts.written),
            // What the policy says itself needs no source.
            (_, LITERAL) => return Value::Bool(true),
            (_, node) => Some(node),
        };
        node.and_then(|node| origin::is_in(self.memory, node, sources)).map(Value::Bool).into()
    }

    /// Whether the session tree has seen content that nobody vouches for; `None` where that is not known.
    fn saw(&self) -> Option<bool> {
        self.recall.as_ref().and_then(|(view, _)| view.saw())
    }

    /// The letters of a text whose tests are known.
    pub(crate) fn letters(&self, value: Value) -> Option<Letters<'_>> {
        Letters::of(self.program, self.memory, value)
    }

    /// Whether an automaton accepts a whole text.
    pub(crate) fn accepts(&self, automaton: u32, value: Value) -> Tri {
        match (self.tables().automata.get(automaton as usize), self.letters(value)) {
            (Some(automaton), Some(text)) => accepts(automaton, &text).into(),
            _ => Tri::Unknown,
        }
    }
}

/// The operands of a question that wants so many: those gathered in a register, or what it holds itself.
fn operands<'q>(questions: &'q Questions, count: usize, register: &'q Register) -> &'q [Register] {
    match (count, register.value) {
        (0, _) => &[],
        (_, Value::Operands { start, count }) => {
            let end = (start as usize).saturating_add(count as usize);
            questions.operands.get(start as usize..end).unwrap_or_default()
        }
        _ => core::slice::from_ref(register),
    }
}

/// Puts the operands of one register behind those of another.
fn gather_operands(questions: &mut Questions, a: Register, b: Register) -> Register {
    let operands = &mut questions.operands;
    let start = operands.len();
    for register in [a, b] {
        let range = match register.value {
            Value::Operands { start, count } => start as usize..(start as usize).saturating_add(count as usize),
            _ => 0..0,
        };
        let single = !matches!(register.value, Value::Operands { .. });
        if operands.capacity().saturating_sub(operands.len()) < range.len().max(1)
            || operands.get(range.clone()).is_none()
        {
            return Register::UNKNOWN;
        }
        if single {
            operands.push(register);
        } else {
            operands.extend_from_within(range);
        }
    }
    let clip = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Register::made(Value::Operands { start: clip(start), count: clip(operands.len().saturating_sub(start)) })
}
