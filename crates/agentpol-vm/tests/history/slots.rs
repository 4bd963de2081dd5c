//! Programs that ask about earlier calls of one tool `t`: each question is a rule whose only clause is its answer.

use crate::lab::{DELETES, Lab, always, step};
use agentpol_bytecode::instruction::{Instruction, Op};
use agentpol_bytecode::tables::{
    Alarm, Answer, Ask, Comparison, Effect, Happened, Kept, Query, Reach, Scope, Slot, SlotShape, TypeDef,
};

/// The names that questions can have.
const NAMES: usize = 200;

/// A lab with the agents `bot` and `other`, and the tool `t` with the optional arguments `f` (a bool), `k` (a text), `v` (an
/// int), and for questions `w` (an int); everybody may call it, without an `n`. It answers a record of `f`, `k` and `v`.
pub(crate) fn lab() -> Lab {
    let names: Vec<String> = (0..NAMES).map(|number| format!("q{number:03}")).collect();
    let mut words = vec!["allow", "bot", "other", "t", "f", "k", "v", "w", "n", "zno", "ana", "bo"];
    words.extend(names.iter().map(String::as_str));
    let mut lab = Lab::new(&words);
    let of =
        [("f", TypeDef::Bool), ("k", TypeDef::String), ("v", TypeDef::Int), ("w", TypeDef::Int), ("n", TypeDef::Int)];
    let mut params: Vec<_> = of.into_iter().map(|(name, of)| lab.field(name, of)).collect();
    params.iter_mut().for_each(|field| field.optional = true);
    let fields = params[..3].to_vec();
    let answer = lab.ty(TypeDef::Record { fields, evidence: None });
    lab.tables.answers.push(Answer::Value(answer));
    let tool = lab.tool("t", DELETES, &[]);
    (tool.params, tool.answer) = (params, Some(0));
    lab.agent("bot");
    lab.agent("other");
    lab.rule("allow", Effect::Allow, &always());
    lab
}

/// Denies calls that have an `n`. To be added last.
pub(crate) fn deny(lab: &mut Lab) {
    let has = [arg(lab, 1, "n"), step(Op::Has, 0, 1, 0, 0), step(Op::Clause, 0, 0, 0, 0), step(Op::Return, 0, 0, 0, 0)];
    lab.rule("zno", Effect::Deny, &has);
}

fn arg(lab: &Lab, dst: u8, name: &str) -> Instruction {
    step(Op::Arg, dst, 0, 0, lab.word(name))
}

/// What a slot is about, beside its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) happened: Happened,
    pub(crate) reach: Reach,
    /// Apart for each `k`.
    pub(crate) keyed: bool,
    /// `f` of the answer must be true, too, and `k` and `v` are the answer's.
    pub(crate) by_result: bool,
    pub(crate) window: Option<i64>,
    pub(crate) room: u32,
}

/// Returns whether a shape looks at `v`.
pub(crate) fn has_value(shape: SlotShape) -> bool {
    !matches!(shape, SlotShape::Time | SlotShape::Count { .. } | SlotShape::Newest { .. } | SlotShape::Ring { .. })
}

/// Adds a slot of the calls whose `f` is true, and returns its index.
pub(crate) fn slot(lab: &mut Lab, about: About, shape: SlotShape) -> u32 {
    let mut block = vec![arg(lab, 1, "f"), step(Op::Clause, 0, 1, 0, 0)];
    let end = step(Op::Return, 0, 0, 0, 0);
    let mut entry = None;
    if about.by_result {
        block.push(end);
        entry = Some(lab.code(&block));
        let ok = [step(Op::Result, 2, 0, 0, 0), step(Op::Field, 1, 2, 0, 0), step(Op::Clause, 0, 1, 0, 1)];
        block = ok.to_vec();
    }
    let mut values = Vec::new();
    for (field, name, kept, wanted) in [(1, "k", Kept::Text, about.keyed), (2, "v", Kept::Int, has_value(shape))] {
        if wanted {
            block.push(if about.by_result { step(Op::Field, 1, 2, 0, field) } else { arg(lab, 1, name) });
            block.push(step(Op::Keep, 0, 1, 0, values.len() as u32));
            values.push(kept);
        }
    }
    block.push(end);
    let last = lab.code(&block);
    let (entry, result_entry) = (entry.unwrap_or(last), entry.map(|_| last));
    let slot = Slot {
        id: 1000 + lab.tables.slots.len() as u64,
        happened: about.happened,
        reach: about.reach,
        scope: Scope::default(),
        entry,
        clauses: 1,
        result_entry,
        registers: 4,
        keys: u32::from(about.keyed),
        values,
        shape,
        window: about.window,
        room: if about.keyed { about.room } else { 1 },
    };
    lab.tables.slots.push(slot);
    lab.tables.slots.len() as u32 - 1
}

/// Adds a question and a rule for it, and returns the rule's name. Its operands are `k` where the slot is keyed, then `w`. A
/// value that is taken is compared with `w`.
pub(crate) fn query(lab: &mut Lab, slot: u32, within: Option<i64>, ask: Ask) -> String {
    let keyed = lab.tables.slots[slot as usize].keys > 0;
    lab.tables.queries.push(Query { slot, within, since: None, compares: Vec::new(), ask });
    let query = lab.tables.queries.len() as u32 - 1;
    let plus = matches!(ask, Ask::Pair(_) | Ask::Count { plus: true, .. } | Ask::Sum { plus: true, .. });
    let mut block = vec![arg(lab, 1, "k"), arg(lab, 2, "w")];
    let operands = match (keyed, plus) {
        (true, true) => {
            block.push(step(Op::Gather, 3, 1, 2, 0));
            3
        }
        (true, false) => 1,
        (false, _) => 2,
    };
    block.push(step(Op::Earlier, 0, operands, 0, query));
    if matches!(ask, Ask::Value(_)) {
        block.push(step(Op::Eq, 0, 0, 2, 0));
    }
    block.extend([step(Op::Clause, 0, 0, 0, 0), step(Op::Return, 0, 0, 0, 0)]);
    rule(lab, &block)
}

/// Adds a rule that does nothing but be asked, and returns its name.
pub(crate) fn rule(lab: &mut Lab, block: &[Instruction]) -> String {
    let name = format!("q{:03}", lab.tables.rules.len() - 1);
    lab.rule(&name, Effect::Alert { severity: 0, outcomes: 1, alarm: Alarm::Match }, block);
    name
}

/// All comparisons.
pub(crate) const COMPARISONS: [Comparison; 6] =
    [Comparison::Eq, Comparison::Ne, Comparison::Lt, Comparison::Le, Comparison::Gt, Comparison::Ge];
