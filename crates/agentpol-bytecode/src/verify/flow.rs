//! One block, followed on all its paths: jumps, loops, registers, kinds of values, clauses, what it keeps and costs.

use super::kinds::{self, Kinds};
use super::known::{Known, MAX_STRING};
use super::operands::{in_range, is_loop, reads, writes};
use super::questions;
use super::require;
use super::roles::{Role, Subject};
use crate::error::{Fault, LoadError};
use crate::instruction::{Instruction, Op, Operand, Part};
use crate::scope::{Tri, match_scope};
use crate::tables::{Scope, Symbol, Tables, TypeId};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;

/// How deep loops may nest.
const MAX_NESTING: usize = 2;
/// How many places jumps may be under way to at once.
const MAX_SKIPS: usize = 1024;
/// What asking for one membership counts as, in bytes of text: names are looked up, closures searched.
const CLOSURE: u32 = 4096;
/// How many bytes of text one step looks at.
const BYTES_PER_STEP: u32 = 64;

/// What arguments and attributes of a name may be.
pub(super) struct Params {
    /// Which tools have a parameter of this name, and of which type.
    params: BTreeMap<Symbol, Vec<(u32, TypeId)>>,
    /// What a fleet's attribute of this name may be, over all fleets.
    attributes: BTreeMap<Symbol, Known>,
}

impl Params {
    pub(super) fn new(tables: &Tables) -> Self {
        let mut params: BTreeMap<Symbol, Vec<(u32, TypeId)>> = BTreeMap::new();
        for (index, tool) in (0u32..).zip(&tables.tools) {
            tool.params.iter().for_each(|field| params.entry(field.name).or_default().push((index, field.ty)));
        }
        let mut attributes: BTreeMap<Symbol, Known> = BTreeMap::new();
        for field in tables.agents.iter().filter_map(|agent| agent.fleet.as_ref()).flatten() {
            attributes.entry(field.name).or_default().join(&Known::of_type(tables, field.ty));
        }
        Params { params, attributes }
    }

    /// Returns what the argument may be over all tools that the block speaks about.
    fn known(&self, tables: &Tables, scope: Option<(&Scope, bool)>, name: Symbol) -> Known {
        let mut known = Known::default();
        let mut seen = BTreeSet::new();
        for (tool, of) in self.params.get(&name).map_or(&[][..], Vec::as_slice) {
            let found = tables.tools.get(*tool as usize).filter(|_| !seen.contains(of));
            let spoken_about = found.is_some_and(|found| match scope {
                Some((scope, grants)) => match_scope(tables, scope, grants, *tool, found) != Tri::False,
                None => true,
            });
            if spoken_about && seen.insert(*of) {
                known.join(&Known::of_type(tables, *of));
            }
        }
        known
    }
}

type Registers = Vec<Option<Known>>;

/// What following a block shows.
pub(super) struct Followed {
    /// What it costs at most.
    pub(super) steps: u64,
    /// Which places it keeps values in.
    pub(super) kept: Vec<bool>,
}

/// A block being followed.
pub(super) struct Flow<'a> {
    tables: &'a Tables,
    params: &'a Params,
    subject: Subject<'a>,
    /// What each register may hold; `None` where it may be unwritten.
    registers: Registers,
    /// What arguments may be, as far as it was asked.
    arguments: BTreeMap<Symbol, Known>,
    /// Which clauses have been reported, from the first of the block's.
    reported: Vec<bool>,
    /// Which values have been kept.
    kept: Vec<bool>,
    /// What the last yield or return has given.
    given: Known,
}

impl<'a> Flow<'a> {
    pub(super) fn new(tables: &'a Tables, params: &'a Params, subject: Subject<'a>, registers: usize) -> Self {
        let mut registers = vec![None; registers];
        if let Some(of) = subject.given {
            registers.first_mut().into_iter().for_each(|first| *first = Some(Known::of_type(tables, of)));
        }
        let reported = vec![false; subject.clauses.len()];
        let kept = vec![false; subject.kept.len()];
        Flow { tables, params, subject, registers, arguments: BTreeMap::new(), reported, kept, given: Known::default() }
    }

    /// Follows the block.
    pub(super) fn block(mut self, start: usize, end: usize) -> Result<Followed, LoadError> {
        let steps = self.body(start, end, 0)?;
        require(self.reported.iter().all(|reported| *reported), Fault::ClauseReport, start)?;
        Ok(Followed { steps, kept: self.kept })
    }

    /// Follows a body up to and with its last instruction, at `end`.
    fn body(&mut self, start: usize, end: usize, nesting: usize) -> Result<u64, LoadError> {
        let mut steps = 0u64;
        let mut skips: BTreeMap<usize, Registers> = BTreeMap::new();
        let mut at = start;
        while at <= end {
            self.land(&mut skips, at);
            let Some(instruction) = self.tables.code.get(at).copied() else { break };
            self.operands(at, &instruction)?;
            steps = steps.saturating_add(1).saturating_add(self.text_steps(&instruction));
            steps = steps.saturating_add(questions::steps(self.tables, &instruction));
            at = match instruction.op {
                op if is_loop(op) => {
                    let (next, cost) = self.follow_loop(at, end, nesting, &instruction)?;
                    steps = steps.saturating_add(cost);
                    next
                }
                op => {
                    let inside = !skips.is_empty() || nesting > 0;
                    self.straight(at, end, nesting, inside, &instruction)?;
                    if matches!(op, Op::SkipIfFalse | Op::SkipIfTrue) {
                        let target = instruction.imm as usize;
                        require(target > at && target <= end, Fault::JumpTarget, at)?;
                        self.jump(&mut skips, target);
                        require(skips.len() <= MAX_SKIPS, Fault::JumpTarget, at)?;
                    }
                    at.saturating_add(1)
                }
            };
        }
        Ok(steps)
    }

    /// Notes what holds where a jump is taken. Jumps to one place are one.
    fn jump(&self, skips: &mut BTreeMap<usize, Registers>, target: usize) {
        match skips.get_mut(&target) {
            Some(jumped) => meet(jumped, &self.registers),
            None => drop(skips.insert(target, self.registers.clone())),
        }
    }

    /// Where a jump lands, both ways meet.
    fn land(&mut self, skips: &mut BTreeMap<usize, Registers>, at: usize) {
        if let Some(jumped) = skips.remove(&at) {
            meet(&mut self.registers, &jumped);
        }
    }

    fn operands(&self, at: usize, instruction: &Instruction) -> Result<(), LoadError> {
        require(in_range(self.tables, instruction), Fault::OperandRange, at)?;
        let misplaced = match self.subject.role {
            Role::Check => Fault::ConstraintOperation,
            _ => Fault::BlockOperation,
        };
        // How a block ends was seen when it was found.
        let fits = self.subject.role.takes(instruction.op) || ends_body(instruction.op);
        require(fits, misplaced, at)?;
        for register in reads(instruction) {
            require(self.known(register).is_some(), Fault::RegisterUse, at)?;
        }
        let pair = instruction.op.operands()[2] == Operand::WriteTwo;
        require(!pair || instruction.b < u8::MAX, Fault::RegisterUse, at)?;
        for register in writes(instruction) {
            require(usize::from(register) < self.registers.len(), Fault::RegisterUse, at)?;
        }
        let (a, b) = kinds::demanded(instruction.op, instruction.imm);
        let [_, reads_a, reads_b, _] = instruction.op.operands();
        let fits = |operand, register, demanded| operand != Operand::Read || self.kinds(register).may_be(demanded);
        let fit = fits(reads_a, instruction.a, a) && fits(reads_b, instruction.b, b);
        let compared = matches!(instruction.op, Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge);
        let comparable = !compared || self.kinds(instruction.a).comparable(self.kinds(instruction.b));
        let asked = self.known(instruction.a).is_none_or(|given| questions::takes(self.tables, instruction, given));
        require(fit && comparable && asked, Fault::OperandKind, at)
    }

    fn known(&self, register: u8) -> Option<&Known> {
        self.registers.get(usize::from(register))?.as_ref()
    }

    fn kinds(&self, register: u8) -> Kinds {
        self.known(register).map_or(Kinds::NONE, |known| known.kinds)
    }

    fn write(&mut self, register: u8, known: Option<Known>) {
        self.registers.get_mut(usize::from(register)).into_iter().for_each(|place| place.clone_from(&known));
    }

    /// Anything but a loop.
    fn straight(
        &mut self,
        at: usize,
        end: usize,
        nesting: usize,
        inside: bool,
        instruction: &Instruction,
    ) -> Result<(), LoadError> {
        match instruction.op {
            Op::Yield => require(at == end && nesting > 0, Fault::LoopNesting, at)?,
            Op::Return | Op::ReturnValue => require(at == end && nesting == 0, Fault::CodeTable, at)?,
            Op::Clause => {
                let number = instruction.imm.checked_sub(self.subject.clauses.start);
                let reported = number.and_then(|number| self.reported.get_mut(number as usize));
                let fresh = reported.filter(|reported| !**reported);
                require(fresh.is_some() && !inside, Fault::ClauseReport, at)?;
                fresh.into_iter().for_each(|reported| *reported = true);
            }
            Op::Keep => self.keep(at, inside, instruction)?,
            _ => {}
        }
        require(at != end || ends_body(instruction.op), Fault::LoopNesting, at)?;
        if instruction.op == Op::Yield {
            self.given = self.known(instruction.a).cloned().unwrap_or_default();
        }
        if instruction.op == Op::Arg && !self.arguments.contains_key(&instruction.imm) {
            let known = self.params.known(self.tables, self.subject.scope, instruction.imm);
            self.arguments.insert(instruction.imm, known);
        }
        if instruction.op.operands()[0] == Operand::Write {
            let result = self.result(instruction);
            require(result.is_some(), Fault::OperandRange, at)?;
            self.write(instruction.dst, result);
        }
        Ok(())
    }

    /// Each place takes one value, of a kind that is kept there.
    fn keep(&mut self, at: usize, inside: bool, instruction: &Instruction) -> Result<(), LoadError> {
        let place = instruction.imm as usize;
        let fresh = self.kept.get_mut(place).filter(|kept| !**kept);
        require(fresh.is_some() && !inside, Fault::KeepPlace, at)?;
        fresh.into_iter().for_each(|kept| *kept = true);
        let wanted = self.subject.kept.get(place).map(|kept| Known::of_kept(self.tables, *kept));
        let fits = wanted.is_some_and(|wanted| self.kinds(instruction.a).comparable(wanted.kinds));
        require(fits, Fault::OperandKind, at)
    }

    /// A loop runs its body at most as often as its list may be long. Nothing but its result outlasts it.
    fn follow_loop(
        &mut self,
        at: usize,
        end: usize,
        nesting: usize,
        instruction: &Instruction,
    ) -> Result<(usize, u64), LoadError> {
        let next = instruction.imm as usize;
        let last = next.saturating_sub(1);
        require(nesting < MAX_NESTING, Fault::LoopNesting, at)?;
        require(last > at && next <= end, Fault::JumpTarget, at)?;
        let list = self.known(instruction.a).cloned().unwrap_or_default();
        let (first, second) = list.elements_of(self.tables);
        // What the body writes is unwritten when it begins and when it has ended: it may run never or often.
        let body = self.tables.code.get(at.saturating_add(1)..next).unwrap_or_default();
        for register in body.iter().chain([instruction]).flat_map(writes) {
            self.write(register, None);
        }
        let outside = self.registers.clone();
        self.write(instruction.b, Some(first.clone()));
        self.write(instruction.b.saturating_add(1), Some(second));
        let steps = self.body(at.saturating_add(1), last, nesting.saturating_add(1))?;
        let yields = self.tables.code.get(last).is_some_and(|instruction| instruction.op == Op::Yield);
        require(yields, Fault::LoopNesting, last)?;
        require(self.given.kinds.may_be(kinds::demanded_of_body(instruction.op)), Fault::OperandKind, last)?;
        let result = match instruction.op {
            Op::Any | Op::All => Known::of_kind(Kinds::BOOL),
            Op::CountWhere => Known::of_kind(Kinds::INT),
            Op::FirstWhere | Op::LastWhere => first,
            Op::SumOf => Known::of_kind(self.given.kinds.or(Kinds::NUMBER)),
            _ => core::mem::take(&mut self.given),
        };
        self.registers = outside;
        self.write(instruction.dst, Some(result));
        Ok((next, steps.saturating_mul(u64::from(list.longest))))
    }

    /// Returns what an instruction that is no loop gives; `None` where it names what is not there.
    fn result(&self, instruction: &Instruction) -> Option<Known> {
        let tables = self.tables;
        let index = instruction.imm as usize;
        let a = self.known(instruction.a);
        let b = self.known(instruction.b);
        let boolean = Known::of_kind(Kinds::BOOL);
        Some(match instruction.op {
            Op::Const => Known::of_constant(tables, tables.constants.get(index)?),
            Op::Move => a?.clone(),
            Op::Arg => self.arguments.get(&instruction.imm).cloned().unwrap_or_default(),
            Op::Args => Known::of_kind(Kinds::ARGS),
            Op::User => Known::of_field(tables, tables.user.get(index)?),
            Op::Context => Known::of_field(tables, tables.context.get(index)?),
            Op::Agent => self.params.attributes.get(&instruction.imm).cloned().unwrap_or_default(),
            Op::UserId | Op::SessionId | Op::AgentName | Op::ToolName => Known::text(MAX_STRING),
            Op::SessionLabel => Known::of_kind(Kinds::LEVEL),
            Op::Result => self.subject.answered.clone(),
            Op::Gather => Known::gather(a?, b?),
            Op::Earlier | Op::Known | Op::AllKnown => questions::answer(tables, instruction),
            Op::Now => Known::of_kind(Kinds::DATE_TIME),
            Op::Today | Op::DateOf => Known::of_kind(Kinds::DATE),
            Op::Field => a?.field(tables, instruction.imm)?,
            Op::Index => a?.elements_of(tables).1,
            Op::Part if instruction.imm == Part::Port as u32 => Known::of_kind(Kinds::INT),
            Op::Part if instruction.imm == Part::Lower as u32 => a?.clone(),
            Op::Part => Known { kinds: Kinds::STRING.or(Kinds::HOST), bytes: a?.bytes, ..Known::default() },
            Op::Select => self.joined(&[instruction.a, instruction.b]),
            Op::Otherwise | Op::Min | Op::Max => self.joined(&[instruction.a, instruction.b]),
            Op::Add | Op::Sub | Op::Mul => Known::of_kind(kinds::arithmetic(instruction.op, a?.kinds, b?.kinds)),
            Op::Neg => Known::of_kind(a?.kinds),
            Op::ToDecimal => Known::of_kind(Kinds::DECIMAL),
            Op::Count => Known::of_kind(Kinds::INT),
            Op::First | Op::Last => a?.elements_of(tables).0,
            Op::Pairs => Known::pairs(tables, a?, b?),
            Op::Origin => Known::of_kind(Kinds::ORIGIN),
            Op::Requester | Op::Resource => Known::reference(),
            Op::Attribute => Known::of_attribute(tables, instruction.imm),
            Op::Id => Known::text(MAX_STRING),
            Op::PathOf => Known::path(),
            _ => boolean,
        })
    }

    fn joined(&self, registers: &[u8]) -> Known {
        let mut known = Known::default();
        registers.iter().filter_map(|register| self.known(*register)).for_each(|other| known.join(other));
        known
    }

    /// What an instruction costs beside itself: the text that it may have to look at.
    fn text_steps(&self, instruction: &Instruction) -> u64 {
        let a = self.known(instruction.a).map_or(0, |known| known.bytes);
        let b = self.known(instruction.b);
        let literal = || {
            let symbol = self.tables.symbols.get(instruction.imm as usize);
            u32::try_from(symbol.map_or(0, alloc::string::String::len)).unwrap_or(u32::MAX)
        };
        let bytes = match instruction.op {
            Op::Eq | Op::Ne | Op::Within => u64::from(a.min(b.map_or(0, |known| known.bytes))),
            Op::In => b.map_or(0, |list| compared(list, a.min(list.elements_of(self.tables).0.bytes))),
            Op::Index => self.known(instruction.a).map_or(0, |map| compared(map, b.map_or(0, |key| key.bytes))),
            Op::Last => self.known(instruction.a).map_or(0, |list| compared(list, 0)),
            Op::Inside => b.map_or(0, |list| per_element(list.longest.max(1) as usize, CLOSURE)),
            Op::InGroup => u64::from(CLOSURE),
            Op::UserIn => {
                let group = self.tables.groups.get(instruction.imm as usize);
                group.map_or(0, |group| per_element(group.closure.len(), 0))
            }
            Op::During => {
                let schedule = self.tables.schedules.get(instruction.imm as usize);
                schedule.map_or(0, |schedule| per_element(schedule.windows.len(), 0))
            }
            Op::InDomain | Op::StartsWith | Op::EndsWith => u64::from(a.min(literal())),
            Op::HasText => u64::from(a).saturating_mul(u64::from(literal().max(1))),
            Op::Match | Op::Part => u64::from(a),
            _ => 0,
        };
        bytes.div_ceil(u64::from(BYTES_PER_STEP))
    }
}

/// The bytes to look at, in a list whose every element takes a step and so many bytes.
fn compared(list: &Known, bytes: u32) -> u64 {
    per_element(list.longest as usize, bytes)
}

fn per_element(count: usize, bytes: u32) -> u64 {
    (count as u64).saturating_mul(u64::from(BYTES_PER_STEP).saturating_add(u64::from(bytes)))
}

/// Where two ways meet, a register may hold what it holds on either; it is written where it is on both.
fn meet(here: &mut Registers, there: &Registers) {
    for (here, there) in here.iter_mut().zip(there) {
        match (here.as_mut(), there) {
            (Some(known), Some(other)) => known.join(other),
            _ => *here = None,
        }
    }
}

fn ends_body(op: Op) -> bool {
    matches!(op, Op::Yield | Op::Return | Op::ReturnValue)
}
