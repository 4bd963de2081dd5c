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
/// How many of the newest are kept where a later step may have an earlier time.
const NEWEST: u32 = 4;
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) definition: usize,
    pub(crate) within: Option<i64>,
    /// The definition of what cuts off.
    pub(crate) since: Option<usize>,
    /// How values of a ring compare.
    pub(crate) compares: Vec<(u32, Comparison)>,
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

/// A definition that is asked, and what is asked of it.
struct Defined<'e> {
    definition: usize,
    /// What stands in the rule's frame: the keys, then what ring values are compared with.
    operands: Vec<&'e Expr>,
    compares: Vec<(u32, Comparison)>,
    /// Where the value that is asked for stands.
    place: u32,
}

impl Questions {
    fn put<'e>(&mut self, policy: &Policy, earlier: &'e Earlier, span: Span) -> Result<Put<'e>, Diagnostic> {
        let form = Form::of(earlier, span)?;
        let Defined { definition, mut operands, compares, place } = self.define(policy, earlier, &form, span)?;
        let since = match &earlier.since {
            None => None,
            Some(since) => {
                let cutting = self.define(policy, since, &Form::newest(), span)?;
                operands.extend(cutting.operands);
                Some(cutting.definition)
            }
        };
        operands.extend(form.operand);
        let ask = match form.ask {
            Ask::Value(_) => Ask::Value(place),
            other => other,
        };
        let wanted = Asked { definition, within: earlier.within, since, compares, ask };
        let known = self.asked.iter().position(|other| *other == wanted);
        let number = known.unwrap_or(self.asked.len());
        if known.is_none() {
            self.asked.push(wanted);
        }
        Ok(Put { number: number as u32, operands })
    }

    /// Finds or adds what is remembered for a question.
    fn define<'e>(
        &mut self,
        policy: &Policy,
        earlier: &'e Earlier,
        form: &Form<'e>,
        span: Span,
    ) -> Result<Defined<'e>, Diagnostic> {
        let mut canon = Canon::new(policy);
        let filter = canon.clauses(&earlier.clauses);
        let mut written = |pair: &'e policy::Pair| (canon.expr(&pair.that), pair);
        let compared = |pair: &&policy::Pair| form.one_by_one || pair.op != CompareOp::Eq;
        let mut keyed: Vec<(String, &policy::Pair)> =
            earlier.pairs.iter().filter(|pair| !compared(pair)).map(&mut written).collect();
        let mut ring: Vec<(String, &policy::Pair)> = match form.one_by_one {
            true => earlier.pairs.iter().filter(compared).map(&mut written).collect(),
            false => Vec::new(),
        };
        keyed.sort_by(|one, other| one.0.cmp(&other.0));
        ring.sort_by(|one, other| one.0.cmp(&other.0));
        if keyed.len().max(ring.len()) > MAX_KEYS {
            return Err(too_many_keys(span));
        }
        let values = form.value.map(|value| (canon.expr(value), value));
        let mut text = format!(
            "slot 1\n{:?}\n{:?}\nscope {}\nwhere {filter}\n{}",
            earlier.happened,
            earlier.reach,
            canon.scope(&earlier.scope),
            form.word
        );
        for (written, pair) in &keyed {
            text += &format!("\nby {written}:{}", canon.of_scalar(&pair.that.ty));
        }
        // What is kept of the first and the last is one list for all that is asked of them.
        if let Some((written, value)) = values.as_ref().filter(|_| !form.kept) {
            text += &format!("\nof {written}:{}", canon.of_scalar(&value.ty));
        }
        let mut kept: IndexMap<String, Expr> = IndexMap::new();
        for (written, pair) in &ring {
            if kept.insert(written.clone(), pair.that.clone()).is_none() {
                text += &format!("\nof {written}:{}", canon.of_scalar(&pair.that.ty));
            }
        }
        let place_of = |written: &String| kept.get_index_of(written).unwrap_or_default() as u32;
        let compares = ring.iter().map(|(written, pair)| (place_of(written), comparison(pair.op))).collect();
        let keys = || keyed.iter().map(|(_, pair)| pair.that.clone()).collect();
        let entry = self.definitions.entry(text);
        let definition = entry.index();
        let found = entry.or_insert_with(|| Definition {
            earlier: earlier.clone(),
            keys: keys(),
            values: kept,
            shape: form.shape,
            window: earlier.within,
            span,
        });
        found.shape = larger(found.shape, form.shape);
        found.window = found.window.zip(earlier.within).map(|(one, other)| one.max(other));
        let place = values.map_or(0, |(written, value)| found.values.insert_full(written, value.clone()).0);
        if found.values.len() > MAX_VALUES {
            return Err(too_many_values(span));
        }
        let operands = keyed.iter().chain(&ring).map(|(_, pair)| &pair.now).collect();
        Ok(Defined { definition, operands, compares, place: place as u32 })
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
    /// Calls are kept one by one, with what all pairs compare.
    one_by_one: bool,
    /// What stands behind all others, in the rule's frame.
    operand: Option<&'e Expr>,
}

impl<'e> Form<'e> {
    fn plain(word: &'static str, shape: SlotShape) -> Self {
        Form { word, shape, ask: Ask::Exists, value: None, kept: false, one_by_one: false, operand: None }
    }

    /// What cuts off, and what is cut off.
    fn newest() -> Self {
        Form::plain("newest", SlotShape::Newest { steps: NEWEST })
    }

    fn of(earlier: &'e Earlier, span: Span) -> Result<Self, Diagnostic> {
        if earlier.since.is_some() || earlier.keeping.is_some() {
            return Form::in_steps(earlier, span);
        }
        let compared = earlier.pairs.iter().find(|pair| pair.op != CompareOp::Eq);
        let plain = Form::plain("time", SlotShape::Time);
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
                let shape = SlotShape::Count { most: ring_of(*bound, span)? };
                Form { word: "count", shape, ask, operand: plus.as_deref(), ..plain }
            }
            (Question::Distinct { of, op, bound }, None) => {
                let ask = Ask::Distinct { op: comparison(*op), bound: *bound };
                let shape = SlotShape::Distinct { most: ring_of(*bound, span)? };
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

    /// What is asked of calls whose steps are kept: to be cut off, or to be looked through one by one.
    fn in_steps(earlier: &'e Earlier, span: Span) -> Result<Self, Diagnostic> {
        let ring =
            |most: u32| Form { one_by_one: earlier.keeping.is_some(), ..Form::plain("ring", SlotShape::Ring { most }) };
        let form = match (&earlier.question, earlier.keeping) {
            (Question::Exists, None) => Form::newest(),
            (Question::Exists, Some(most)) => ring(most),
            (Question::Count { op, plus, bound }, keeping) => {
                let ask = Ask::Count { op: comparison(*op), plus: plus.is_some(), bound: *bound };
                let most = keeping.map_or_else(|| ring_of(*bound, span), Ok)?;
                Form { ask, operand: plus.as_deref(), ..ring(most) }
            }
            _ => return Err(only_of_one(span)),
        };
        let other = earlier.pairs.iter().any(|pair| pair.op != CompareOp::Eq);
        if other && !form.one_by_one { Err(only_of_one(span)) } else { Ok(form) }
    }
}

/// One more than is asked for, so that more can be told from as many.
fn ring_of(bound: i64, span: Span) -> Result<u32, Diagnostic> {
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
        (SlotShape::Ring { most }, SlotShape::Ring { most: other }) => SlotShape::Ring { most: most.max(other) },
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
