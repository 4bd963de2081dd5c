//! What a program remembers, as text: slots and the questions asked of them, evidence, answers, counters, delegations.

use super::{Counted, Listing};
use crate::render::{Decimal, Span, Text};
use crate::tables::{
    Alarm, Answer, Ask, Comparison, Delegation, Effect, Evidence, Field, Happened, Kept, Key, KeySource, Query, Rate,
    Reach, Returns, Rule, Slot, SlotShape, Tables, TypeDef, TypeId,
};
use core::fmt;

impl Listing<'_> {
    /// The most bytes of state, where there is any.
    pub(super) fn ceiling(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "state   at most";
        for (bytes, what) in self.0.ceiling().parts() {
            write!(f, "{before} {} for {what}", Counted(bytes, "byte"))?;
            before = ",";
        }
        if before == "," { writeln!(f) } else { Ok(()) }
    }

    /// Everything that is remembered but for counters, which stand with their rules.
    pub(super) fn memory(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tables = self.0.tables();
        for (number, slot) in (0u32..).zip(&tables.slots) {
            self.slot(f, number, slot)?;
        }
        tables.evidence.iter().try_for_each(|evidence| self.evidence(f, evidence))?;
        self.answers(f)?;
        tables.delegations.iter().try_for_each(|delegation| self.delegation(f, delegation))
    }

    fn slot(&self, f: &mut fmt::Formatter<'_>, number: u32, slot: &Slot) -> fmt::Result {
        let (calls, whose) = (calls(slot.happened), whose(slot.reach));
        writeln!(f, "\nremembered {:016x}: {calls} of {whose}, {}", slot.id, Shape(slot.shape))?;
        self.scope(f, &slot.scope, false)?;
        let (keys, values) = slot.values.split_at_checked(slot.keys as usize).unwrap_or((&slot.values, &[]));
        if !keys.is_empty() {
            f.write_str("  by")?;
            keys.iter().try_for_each(|kept| self.kept(f, *kept))?;
            writeln!(f, ", at most {} at a time", slot.room)?;
        }
        if !values.is_empty() {
            f.write_str("  keeps")?;
            values.iter().try_for_each(|kept| self.kept(f, *kept))?;
            writeln!(f)?;
        }
        if let Some(window) = slot.window {
            writeln!(f, "  for {}", Span(window))?;
        }
        self.block(f, slot.entry, None)?;
        if let Some(entry) = slot.result_entry {
            writeln!(f, "  once it is answered")?;
            self.block(f, entry, None)?;
        }
        let asked = (0u32..).zip(&self.0.tables().queries).filter(|(_, query)| query.slot == number);
        let summed = values.first().copied();
        asked.into_iter().try_for_each(|(number, query)| question(f, number, query, summed, self.0.tables()))
    }

    fn kept(&self, f: &mut fmt::Formatter<'_>, kept: Kept) -> fmt::Result {
        match kept {
            Kept::Bool => f.write_str(" bool"),
            Kept::Int => f.write_str(" int"),
            Kept::Decimal => f.write_str(" decimal"),
            Kept::Float => f.write_str(" float"),
            Kept::Text => f.write_str(" text"),
            Kept::Duration => f.write_str(" duration"),
            Kept::Date => f.write_str(" date"),
            Kept::DateTime => f.write_str(" datetime"),
            Kept::Ip => f.write_str(" ip"),
            Kept::Enum(of) => write!(f, " enum {of}"),
            Kept::Level(of) => write!(f, " level {of}"),
            Kept::Typed(of) => write!(f, " type {of}"),
        }
    }

    fn evidence(&self, f: &mut fmt::Formatter<'_>, evidence: &Evidence) -> fmt::Result {
        let name = Text(self.0.symbol(evidence.name));
        write!(f, "\nevidence {:016x} of {name}, at most {}", evidence.id, evidence.room)?;
        if let Some(fresh) = evidence.fresh {
            write!(f, ", fresh within {}", Span(fresh))?;
        }
        f.write_str("\n  by")?;
        for path in &evidence.keys {
            f.write_str(" ")?;
            self.path(f, evidence.ty, path)?;
        }
        f.write_str("\n  keeps")?;
        for field in &evidence.kept {
            f.write_str(" ")?;
            self.path(f, evidence.ty, &[*field])?;
        }
        writeln!(f)
    }

    /// A path of fields, by their names.
    fn path(&self, f: &mut fmt::Formatter<'_>, record: TypeId, path: &[u32]) -> fmt::Result {
        let mut of = record;
        let mut dot = "";
        for step in path {
            let Some(field) = self.fields(of).get(*step as usize) else { return Ok(()) };
            write!(f, "{dot}{}", self.0.symbol(field.name))?;
            (of, dot) = (field.ty, ".");
        }
        Ok(())
    }

    fn fields(&self, record: TypeId) -> &[Field] {
        match self.0.tables().types.get(record as usize) {
            Some(TypeDef::Record { fields, .. }) => fields,
            _ => &[],
        }
    }

    fn answers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tables = self.0.tables();
        if tables.answers.is_empty() {
            return Ok(());
        }
        writeln!(f, "\nanswers")?;
        for (number, answer) in tables.answers.iter().enumerate() {
            write!(f, "  {number:>6}  ")?;
            match answer {
                Answer::Value(of) => write!(f, "type {of}")?,
                Answer::Verbatim => f.write_str("the text itself")?,
                Answer::Either(some) => {
                    f.write_str("the first that fits of")?;
                    some.iter().try_for_each(|one| write!(f, " {one}"))?;
                }
                Answer::List { of, max } => write!(f, "a list of {of}, at most {max}")?,
                Answer::Keyed { evidence, field, keys, .. } => {
                    let found = tables.evidence.get(*evidence as usize);
                    let (name, of) = found.map_or(("", 0), |found| (self.0.symbol(found.name), found.ty));
                    write!(f, "{} by ", Text(name))?;
                    f.write_str(keyed_by(keys))?;
                    f.write_str(if field.is_empty() { "" } else { ", its " })?;
                    self.path(f, of, field)?;
                }
            }
            writeln!(f)?;
            if let Answer::Keyed { entry, .. } = answer {
                self.block(f, *entry, None)?;
            }
        }
        for tool in &tables.tools {
            if let Some(answer) = tool.answer {
                writeln!(f, "  {} answers {answer}, {}", self.0.symbol(tool.name), trust(tool.returns))?;
            }
        }
        Ok(())
    }

    /// The counter of a limit or alert.
    pub(super) fn counter(&self, f: &mut fmt::Formatter<'_>, rule: &Rule) -> fmt::Result {
        let Some((_, rate)) = self.0.rate_of(rule) else { return Ok(()) };
        let window = Span(rate.window);
        write!(f, "  counter {:016x}: ", rate.id)?;
        match rule.effect {
            Effect::Alert { alarm: Alarm::Novel(_), .. } => write!(f, "not seen in {window}")?,
            Effect::Alert { .. } => write!(f, "more than {} in {window}", Amount(rate.bound, rate.cost))?,
            _ => write!(f, "at most {} in {window}", Amount(rate.bound, rate.cost))?,
        }
        self.keys(f, rate)?;
        writeln!(f)?;
        self.block(f, rate.entry, None)
    }

    fn keys(&self, f: &mut fmt::Formatter<'_>, rate: &Rate) -> fmt::Result {
        let mut before = ", by";
        for key in &rate.keys {
            f.write_str(before)?;
            match key {
                Key::Agent => f.write_str(" agent")?,
                Key::User => f.write_str(" user")?,
                Key::Session => f.write_str(" session")?,
                Key::Pair => f.write_str(" agent and user")?,
                Key::Origin => f.write_str(" origin")?,
                Key::Tool => f.write_str(" tool")?,
                Key::Dataset => f.write_str(" dataset")?,
                Key::Env => f.write_str(" env")?,
                Key::Value(kept) => self.kept(f, *kept)?,
            }
            before = ",";
        }
        Ok(())
    }

    fn delegation(&self, f: &mut fmt::Formatter<'_>, delegation: &Delegation) -> fmt::Result {
        let agents = &self.0.tables().agents;
        let name = |at: u32| agents.get(at as usize).map_or("", |agent| self.0.symbol(agent.qualified));
        writeln!(f, "\n{} delegates to {}", name(delegation.from), name(delegation.to))?;
        self.scope(f, &delegation.scope, true)?;
        self.block(f, delegation.entry, None)
    }
}

fn question(
    f: &mut fmt::Formatter<'_>,
    number: u32,
    query: &Query,
    summed: Option<Kept>,
    tables: &Tables,
) -> fmt::Result {
    write!(f, "  question {number}: ")?;
    match query.ask {
        Ask::Exists => f.write_str("is there one")?,
        Ask::Pair(op) => write!(f, "is there one that is {} the operand", sign(op))?,
        Ask::Count { op, plus, bound } => write!(f, "how many{} {} {bound}", added(plus), sign(op))?,
        Ask::Distinct { op, bound } => write!(f, "how many different {} {bound}", sign(op))?,
        Ask::Sum { op, plus, bound } => {
            write!(f, "how much{} {} {}", added(plus), sign(op), Amount(bound, summed))?;
        }
        Ask::Value(place) => write!(f, "value {place}")?,
    }
    for (value, op) in &query.compares {
        write!(f, ", value {value} {} its operand", sign(*op))?;
    }
    if let Some(since) = query.since.and_then(|since| tables.slots.get(since as usize)) {
        write!(f, ", since the newest of {:016x}", since.id)?;
    }
    match query.within {
        Some(within) => writeln!(f, ", within {}", Span(within)),
        None => writeln!(f),
    }
}

fn added(plus: bool) -> &'static str {
    if plus { " and the operand" } else { "" }
}

fn calls(happened: Happened) -> &'static str {
    match happened {
        Happened::Attempted => "attempted calls",
        Happened::Called => "calls",
        Happened::Completed => "completed calls",
        Happened::Failed => "failed calls",
    }
}

fn whose(reach: Reach) -> &'static str {
    match reach {
        Reach::Session => "the session",
        Reach::Agent => "the agent",
        Reach::User => "the user",
    }
}

/// Who gives the key of what is answered.
fn keyed_by(keys: &[KeySource]) -> &'static str {
    let all_given = keys.iter().all(|key| *key == KeySource::Call);
    if all_given { "the call's key" } else { "a key of the call and the answer" }
}

fn trust(returns: Returns) -> &'static str {
    match returns {
        Returns::Untrusted => "untrusted",
        Returns::Trusted => "trusted",
        Returns::Mixed => "trusted but for marked fields",
        Returns::Nothing => "without content",
    }
}

fn sign(op: Comparison) -> &'static str {
    match op {
        Comparison::Eq => "==",
        Comparison::Ne => "!=",
        Comparison::Lt => "<",
        Comparison::Le => "<=",
        Comparison::Gt => ">",
        Comparison::Ge => ">=",
    }
}

/// How many, or how much: millionths where decimals are added up.
struct Amount(i64, Option<Kept>);

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(Kept::Decimal) => write!(f, "{}", Decimal(self.0)),
            _ => write!(f, "{}", self.0),
        }
    }
}

/// What is kept of the calls under one key, in words.
struct Shape(SlotShape);

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            SlotShape::Time => f.write_str("when the last one was"),
            SlotShape::Other => f.write_str("the last value and when another was"),
            SlotShape::Least { steps } => write!(f, "the least value, in {steps} steps"),
            SlotShape::Greatest { steps } => write!(f, "the greatest value, in {steps} steps"),
            SlotShape::Count { most } => write!(f, "when the last {most} were"),
            SlotShape::Distinct { most } => write!(f, "the last {most} different values"),
            SlotShape::Sum { entries } => write!(f, "amounts, {entries} of them"),
            SlotShape::First => f.write_str("values of the first"),
            SlotShape::Last => f.write_str("values of the last"),
            SlotShape::Newest { .. } => f.write_str("when and in which step the newest was"),
            SlotShape::Ring { most } => write!(f, "the last {most}, one by one"),
        }
    }
}
