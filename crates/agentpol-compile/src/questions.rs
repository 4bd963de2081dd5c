//! What rules ask about earlier calls: each definition is remembered once, however often it is asked about.

use crate::block::Value;
use crate::canon::Canon;
use crate::rule::Writer;
use agentpol_bytecode::instruction::Op;
use agentpol_bytecode::tables::{Ask, Comparison, SlotShape};
use agentpol_check::policy::{self, CompareOp, Earlier, Expr, ExprKind, Known, LocalId, Policy, Question, RecordId};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use indexmap::IndexMap;

/// The most values that something is remembered apart by.
pub(crate) const MAX_KEYS: usize = 8;
/// The greatest number that a number of calls is compared with.
const MAX_COUNT: i64 = 10_000;
/// The most values that are kept of one call.
const MAX_VALUES: usize = 56;
/// How many steps of a least or greatest value in a window are kept.
const STEPS: u32 = 64;
/// How many amounts a sum is kept of.
const AMOUNTS: u32 = 256;

/// A definition of what is remembered, with everything that is asked about it.
#[derive(Debug)]
pub(crate) struct Definition {
    /// One of the questions; all agree in what is remembered.
    pub(crate) earlier: Earlier,
    /// The keys, in order.
    pub(crate) keys: Vec<Expr>,
    /// The value that is compared, counted or summed; or those that are kept, by their canonical text.
    pub(crate) values: IndexMap<String, Expr>,
    /// The shape; its size is the largest that is asked for.
    pub(crate) shape: SlotShape,
    /// The longest window; `None` where a question has none.
    pub(crate) window: Option<i64>,
    /// Where it is first asked.
    pub(crate) span: Span,
}

/// A question: which definition, how long ago, what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) definition: usize,
    pub(crate) within: Option<i64>,
    /// A value is named by its place among the definition's values so far.
    pub(crate) ask: Ask,
}

/// All questions of a program under construction.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    /// By canonical text.
    pub(crate) definitions: IndexMap<String, Definition>,
    pub(crate) asked: Vec<Asked>,
    /// The number of each record that is known by its keys.
    pub(crate) evidence: IndexMap<RecordId, u32>,
}

/// A question about to be asked: its number, and its operands in order.
struct Put<'e> {
    number: u32,
    operands: Vec<&'e Expr>,
}

impl Questions {
    fn put<'e>(&mut self, policy: &Policy, earlier: &'e Earlier, span: Span) -> Result<Put<'e>, Diagnostic> {
        let mut canon = Canon::new(policy);
        let filter = canon.clauses(&earlier.clauses);
        let mut keyed: Vec<(String, &policy::Pair)> = Vec::new();
        let mut compared = None;
        for pair in &earlier.pairs {
            match pair.op {
                CompareOp::Eq => keyed.push((canon.expr(&pair.that), pair)),
                _ => compared = Some(pair),
            }
        }
        keyed.sort_by(|one, other| one.0.cmp(&other.0));
        if keyed.len() > MAX_KEYS {
            return Err(too_many_keys(span));
        }
        let asked = Form::of(earlier, compared, span)?;
        let mut operands: Vec<&Expr> = keyed.iter().map(|(_, pair)| &pair.now).collect();
        operands.extend(asked.operand);
        let values = asked.value.map(|value| (canon.expr(value), value));
        let mut text = format!(
            "slot 1\n{:?}\n{:?}\nscope {}\nwhere {filter}\n{}",
            earlier.happened,
            earlier.reach,
            canon.scope(&earlier.scope),
            asked.word
        );
        for (written, pair) in &keyed {
            text += &format!("\nby {written}:{}", canon.of_scalar(&pair.that.ty));
        }
        // What is kept of the first and the last is one list for all that is asked of them.
        if let Some((written, value)) = values.as_ref().filter(|_| !asked.kept) {
            text += &format!("\nof {written}:{}", canon.of_scalar(&value.ty));
        }
        let keys = || keyed.iter().map(|(_, pair)| pair.that.clone()).collect();
        let entry = self.definitions.entry(text);
        let definition = entry.index();
        let found = entry.or_insert_with(|| Definition {
            earlier: earlier.clone(),
            keys: keys(),
            values: IndexMap::new(),
            shape: asked.shape,
            window: earlier.within,
            span,
        });
        found.shape = larger(found.shape, asked.shape);
        found.window = found.window.zip(earlier.within).map(|(one, other)| one.max(other));
        let mut ask = asked.ask;
        if let Some((written, value)) = values {
            let place = found.values.insert_full(written, value.clone()).0;
            if let Ask::Value(at) = &mut ask {
                *at = place as u32;
            }
        }
        if found.values.len() > MAX_VALUES {
            return Err(too_many_values(span));
        }
        let wanted = Asked { definition, within: earlier.within, ask };
        let known = self.asked.iter().position(|other| *other == wanted);
        if known.is_none() {
            self.asked.push(wanted);
        }
        Ok(Put { number: known.unwrap_or(self.asked.len() - 1) as u32, operands })
    }
}

/// What a question asks for, and what has to be remembered for it.
struct Form<'e> {
    /// The word of its shape, for the canonical text.
    word: &'static str,
    shape: SlotShape,
    ask: Ask,
    /// What is compared, counted, summed or kept, in the earlier call's frame.
    value: Option<&'e Expr>,
    /// The value is kept, among others.
    kept: bool,
    /// What stands behind the keys, in the rule's frame.
    operand: Option<&'e Expr>,
}

impl<'e> Form<'e> {
    fn of(earlier: &'e Earlier, compared: Option<&'e policy::Pair>, span: Span) -> Result<Self, Diagnostic> {
        let plain =
            Form { word: "time", shape: SlotShape::Time, ask: Ask::Exists, value: None, kept: false, operand: None };
        // Without a window the one least value says it all.
        let steps = if earlier.within.is_some() { STEPS } else { 1 };
        let form = match (&earlier.question, compared) {
            (Question::Exists, None) => plain,
            (Question::Exists, Some(pair)) => {
                let (word, shape) = match pair.op {
                    CompareOp::Lt | CompareOp::Le => ("least", SlotShape::Least { steps }),
                    CompareOp::Gt | CompareOp::Ge => ("greatest", SlotShape::Greatest { steps }),
                    CompareOp::Eq | CompareOp::Ne => ("other", SlotShape::Other),
                };
                let ask = Ask::Pair(comparison(pair.op));
                Form { word, shape, ask, value: Some(&pair.that), operand: Some(&pair.now), ..plain }
            }
            (_, Some(_)) => return Err(only_of_one(span)),
            (Question::Count { op, plus, bound }, None) => {
                let ask = Ask::Count { op: comparison(*op), plus: plus.is_some(), bound: *bound };
                let shape = SlotShape::Count { most: ring(*bound, span)? };
                Form { word: "count", shape, ask, operand: plus.as_deref(), ..plain }
            }
            (Question::Distinct { of, op, bound }, None) => {
                let ask = Ask::Distinct { op: comparison(*op), bound: *bound };
                let shape = SlotShape::Distinct { most: ring(*bound, span)? };
                Form { word: "distinct", shape, ask, value: Some(of), ..plain }
            }
            (Question::Sum { of, op, plus, bound }, None) => {
                let ask = Ask::Sum { op: comparison(*op), plus: plus.is_some(), bound: *bound };
                let shape = SlotShape::Sum { entries: AMOUNTS };
                Form { word: "sum", shape, ask, value: Some(of), operand: plus.as_deref(), ..plain }
            }
            (Question::First(take), None) => {
                // The first of a window is not the first of all: what is kept differs.
                let word = if earlier.within.is_some() { "first in a window" } else { "first" };
                let shape = SlotShape::First;
                Form { word, shape, ask: Ask::Value(0), value: Some(take), kept: true, ..plain }
            }
            (Question::Last(take), None) => {
                let shape = SlotShape::Last;
                Form { word: "last", shape, ask: Ask::Value(0), value: Some(take), kept: true, ..plain }
            }
        };
        Ok(form)
    }
}

/// One more than is asked for, so that more can be told from as many.
fn ring(bound: i64, span: Span) -> Result<u32, Diagnostic> {
    match u32::try_from(bound.max(0)) {
        Ok(bound) if i64::from(bound) <= MAX_COUNT => Ok(bound + 1),
        _ => {
            let label = format!("at most {MAX_COUNT} calls are counted one by one");
            let large = Diagnostic::new(Code::AP0411, "a number of calls that is not kept", span, label);
            Err(large.help(format!("compare with {MAX_COUNT} or less")))
        }
    }
}

fn larger(one: SlotShape, other: SlotShape) -> SlotShape {
    match (one, other) {
        (SlotShape::Least { steps }, SlotShape::Least { steps: other }) => SlotShape::Least { steps: steps.max(other) },
        (SlotShape::Greatest { steps }, SlotShape::Greatest { steps: other }) => {
            SlotShape::Greatest { steps: steps.max(other) }
        }
        (SlotShape::Count { most }, SlotShape::Count { most: other }) => SlotShape::Count { most: most.max(other) },
        (SlotShape::Distinct { most }, SlotShape::Distinct { most: other }) => {
            SlotShape::Distinct { most: most.max(other) }
        }
        (same, _) => same,
    }
}

fn comparison(op: CompareOp) -> Comparison {
    match op {
        CompareOp::Eq => Comparison::Eq,
        CompareOp::Ne => Comparison::Ne,
        CompareOp::Lt => Comparison::Lt,
        CompareOp::Le => Comparison::Le,
        CompareOp::Gt => Comparison::Gt,
        CompareOp::Ge => Comparison::Ge,
    }
}

fn too_many_keys(span: Span) -> Diagnostic {
    let label = format!("at most {MAX_KEYS} values can be equal");
    Diagnostic::new(Code::AP0503, "too much to compare with earlier calls", span, label)
        .help("leave out what the other parts imply")
}

fn too_many_values(span: Span) -> Diagnostic {
    let label = format!("at most {MAX_VALUES} values of one call are kept");
    Diagnostic::new(Code::AP0503, "too much to keep of earlier calls", span, label)
        .help("read the record that holds them, such as `(last {...}).result`")
}

fn only_of_one(span: Span) -> Diagnostic {
    let title = "only whether there is a call can be asked with a comparison other than `==`";
    Diagnostic::new(Code::AP0503, title, span, "").help("compare by `==`, or ask `called {...}`")
}

impl Writer<'_, '_> {
    /// Asks about earlier calls.
    pub(crate) fn earlier(&mut self, expr: &Expr, earlier: &Earlier) -> Value {
        match self.pools.questions.put(self.policy, earlier, expr.span) {
            Ok(put) => {
                let operands = self.gather(&put.operands, expr.span);
                self.block.emit(Op::Earlier, operands, 0, put.number, expr.span)
            }
            Err(problem) => self.refuse_as(problem),
        }
    }

    /// Asks for a record by its keys.
    pub(crate) fn known(&mut self, known: &Known, span: Span) -> Value {
        let keys = self.gather(&known.keys.iter().collect::<Vec<_>>(), span);
        let evidence = self.evidence(known.record);
        self.block.emit(Op::Known, keys, 0, evidence, span)
    }

    /// Returns the number of the evidence that is kept of a record.
    pub(crate) fn evidence(&self, record: RecordId) -> u32 {
        let found = self.pools.questions.evidence.get(&record).copied();
        found.unwrap_or_else(|| unreachable!("every record that is asked for has been seen before"))
    }

    /// Operands one behind the other; something that nobody looks at where there are none.
    fn gather(&mut self, operands: &[&Expr], span: Span) -> Value {
        let mut gathered: Option<Value> = None;
        for operand in operands {
            let value = self.value(operand);
            gathered = Some(gathered.map_or(value, |before| self.block.emit(Op::Gather, before, value, 0, span)));
        }
        gathered.unwrap_or_else(|| self.literal(&policy::Value::Bool(true), span))
    }
}

/// Returns whether an expression reads what the call was answered, itself or through locals that do.
pub(crate) fn reads_result(expr: &Expr, answered: &[LocalId]) -> bool {
    expr.any(&mut |inner| match &inner.kind {
        ExprKind::Result => true,
        ExprKind::Local(local) => answered.contains(local),
        _ => false,
    })
}
