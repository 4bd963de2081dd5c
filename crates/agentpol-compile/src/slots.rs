//! What is remembered: definitions to slots, each with its blocks, and the questions that are asked of them.

use crate::block::Step;
use crate::canon::{self, Canon};
use crate::pools::Pools;
use crate::program::scope;
use crate::questions::{Asked, Definition, reads_result};
use crate::registers::Laid;
use crate::rule::{Writer, reported};
use crate::shape::Types;
use agentpol_bytecode::instruction::Op;
use agentpol_bytecode::tables::{Ask, Happened, Kept, Query, Reach, Slot, SlotShape};
use agentpol_check::policy::{self, Clause, ClauseKind, Expr, LocalId, Policy, Type};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, Span};

/// How many keys a slot has room for.
const ROOM: u32 = 256;

/// Writes all slots, sorted by their ids, and the questions with the numbers that slots have then.
pub(crate) fn slots(
    policy: &Policy,
    pools: &mut Pools,
    types: &mut Types<'_>,
    diagnostics: &mut Diagnostics,
) -> (Vec<Slot>, Vec<Query>) {
    // What an earlier call is asked about may itself read what was known, so that the numbers of evidence stay.
    let definitions = std::mem::take(&mut pools.questions.definitions);
    let asked = std::mem::take(&mut pools.questions.asked);
    let mut written = Vec::with_capacity(definitions.len());
    for (number, (text, mut definition)) in definitions.into_iter().enumerate() {
        let places = sort_values(&mut definition);
        let slot = slot(policy, &text, &definition, pools, types, diagnostics);
        written.push((slot, number, places));
    }
    written.sort_by_key(|(slot, ..)| slot.id);
    if let Some(pair) = written.windows(2).find(|pair| pair[0].0.id == pair[1].0.id) {
        diagnostics.push(one_id(pair[0].0.id));
    }
    let mut numbers = vec![(0, Vec::new()); written.len()];
    for (at, (_, number, places)) in written.iter().enumerate() {
        numbers[*number] = (at as u32, places.clone());
    }
    let query = |asked: &Asked| {
        let (slot, places) = &numbers[asked.definition];
        let ask = match asked.ask {
            Ask::Value(place) => Ask::Value(places[place as usize]),
            other => other,
        };
        let since = asked.since.map(|since| numbers[since].0);
        Query { slot: *slot, within: asked.within, since, compares: asked.compares.clone(), ask }
    };
    let queries = asked.iter().map(query).collect();
    (written.into_iter().map(|(slot, ..)| slot).collect(), queries)
}

/// Sorts what is kept by its text, so that it does not depend on what is asked first. Returns the new place of each.
fn sort_values(definition: &mut Definition) -> Vec<u32> {
    let before: Vec<String> = definition.values.keys().cloned().collect();
    definition.values.sort_unstable_keys();
    let place = |text: &String| definition.values.get_index_of(text).unwrap_or_default() as u32;
    before.iter().map(place).collect()
}

fn slot(
    policy: &Policy,
    text: &str,
    definition: &Definition,
    pools: &mut Pools,
    types: &mut Types<'_>,
    diagnostics: &mut Diagnostics,
) -> Slot {
    let earlier = &definition.earlier;
    let values: Vec<&Expr> = definition.keys.iter().chain(definition.values.values()).collect();
    let keys = definition.keys.len();
    let frame = Frame::new(&earlier.clauses, definition.span);
    let entry = frame.write(policy, &values, false, pools, diagnostics);
    let result = frame.write(policy, &values, true, pools, diagnostics);
    let registers = entry.registers.max(result.registers);
    let clauses = frame.clauses(false).count() as u32;
    let has_result = frame.has_result(&values);
    let whole = matches!(definition.shape, SlotShape::First | SlotShape::Last);
    let kept = values.iter().enumerate();
    let kept = kept.map(|(at, value)| types.kept(&value.ty, whole && at >= keys, pools, diagnostics)).collect();
    Slot {
        id: canon::id(&full_text(policy, text, definition)),
        happened: happened(earlier.happened),
        reach: reach(earlier.reach),
        scope: scope(&earlier.scope, pools),
        entry: types.code.add(entry),
        clauses,
        result_entry: has_result.then(|| types.code.add(result)),
        registers,
        keys: keys as u32,
        values: kept,
        shape: definition.shape,
        window: definition.window,
        room: if keys == 0 { 1 } else { ROOM },
    }
}

/// What is remembered of the first and last call is all of its values: they stand in its record one behind the other.
fn full_text(policy: &Policy, text: &str, definition: &Definition) -> String {
    let mut full = text.to_owned();
    if matches!(definition.shape, SlotShape::First | SlotShape::Last) {
        for (written, value) in &definition.values {
            full += &format!("\nkeeps {written}:{}", Canon::new(policy).of_type(&value.ty));
        }
    }
    full
}

fn happened(happened: policy::Happened) -> Happened {
    match happened {
        policy::Happened::Attempted => Happened::Attempted,
        policy::Happened::Called => Happened::Called,
        policy::Happened::Completed => Happened::Completed,
        policy::Happened::Failed => Happened::Failed,
    }
}

fn reach(reach: policy::Reach) -> Reach {
    match reach {
        policy::Reach::Session => Reach::Session,
        policy::Reach::Agent => Reach::Agent,
        policy::Reach::User => Reach::User,
    }
}

/// Two definitions have the same hash, by a chance that nobody will see.
pub(crate) fn one_id(id: u64) -> Diagnostic {
    let title = format!("two things to remember have the same id {id:016x}");
    Diagnostic::new(Code::AP0504, title, Span::default(), "").help("write one of the conditions in another way")
}

/// The clauses about an earlier call, apart by what they read: the call, or what it was answered.
struct Frame<'e> {
    clauses: &'e [Clause],
    /// Names of values that hang on the answer.
    answered: Vec<LocalId>,
    /// Where the question stands.
    span: Span,
}

impl<'e> Frame<'e> {
    fn new(clauses: &'e [Clause], span: Span) -> Self {
        let mut answered = Vec::new();
        for clause in clauses {
            if let ClauseKind::Let(local, given) = &clause.kind
                && reads_result(given, &answered)
            {
                answered.push(*local);
            }
        }
        Frame { clauses, answered, span }
    }

    /// The clauses that read the answer, or those that do not.
    fn clauses(&self, of_result: bool) -> impl Iterator<Item = &'e Clause> {
        reported(self.clauses).filter(move |clause| match &clause.kind {
            ClauseKind::When(condition) | ClauseKind::Unless(condition) => {
                reads_result(condition, &self.answered) == of_result
            }
            _ => !of_result,
        })
    }

    fn has_result(&self, values: &[&Expr]) -> bool {
        self.clauses(true).next().is_some() || values.iter().any(|value| reads_result(value, &self.answered))
    }

    fn write(
        &self,
        policy: &Policy,
        values: &[&Expr],
        of_result: bool,
        pools: &mut Pools,
        diagnostics: &mut Diagnostics,
    ) -> Laid {
        let mut writer = Writer::new(policy, pools, diagnostics);
        writer.name(self.clauses);
        let first = if of_result { self.clauses(false).count() } else { 0 };
        for (number, clause) in self.clauses(of_result).enumerate() {
            writer.clause(clause, (first + number) as u32);
        }
        for (place, value) in (0u32..).zip(values) {
            if reads_result(value, &self.answered) == of_result {
                writer.keep(value, place);
            }
        }
        writer.block.push(Step { op: Op::Return, dst: 0, a: 0, b: 0, imm: 0, span: self.span });
        writer.finish(0, self.span, "the condition on earlier calls")
    }
}

impl Types<'_> {
    /// How values of a type are remembered. Where parts may be taken of them, texts are of their type.
    pub(crate) fn kept(&mut self, ty: &Type, whole: bool, pools: &mut Pools, diagnostics: &mut Diagnostics) -> Kept {
        match ty {
            Type::Bool => Kept::Bool,
            Type::Int => Kept::Int,
            Type::Decimal { .. } => Kept::Decimal,
            Type::Float => Kept::Float,
            Type::String => Kept::Text,
            Type::Duration => Kept::Duration,
            Type::Date => Kept::Date,
            Type::DateTime { .. } => Kept::DateTime,
            Type::Ip => Kept::Ip,
            Type::Enum(of) => Kept::Enum(of.0),
            Type::Level(of) => Kept::Level(pools.level(*of)),
            // What may be of several types has its type with it.
            Type::Resource(types) if types.len() != 1 => Kept::Text,
            text if !whole && !matches!(text, Type::List(..) | Type::Map(..) | Type::Shape(_) | Type::Json) => {
                Kept::Text
            }
            other => Kept::Typed(self.type_id(other, pools, diagnostics)),
        }
    }
}
