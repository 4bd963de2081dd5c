//! Questions about earlier calls: going through all of them (semantics 4.2 and 7).

use super::Stage;
use super::recall::Recall;
use super::slot::{Entry, Set, signature};
use crate::reference::compute::{arithmetic, compare, order};
use crate::reference::truth::Truth;
use crate::reference::value::{Held, Value};
use agentpol_check::policy::{ArithmeticOp, CompareOp, Earlier, Expr, Happened, Question};

/// A call that may be one of those asked about.
struct Found<'m> {
    entry: &'m Entry,
    time: i64,
    /// A later one may have given way.
    stale: bool,
    /// It surely is one.
    sure: bool,
}

/// From the least to the most; no most where something may be missing.
pub(super) struct Range {
    pub(super) low: i128,
    pub(super) high: Option<i128>,
}

impl<'m> Recall<'m> {
    /// Answers a question; `value` gives what stands in the frame of the call at hand.
    pub(in crate::reference) fn earlier(self, earlier: &Earlier, value: &dyn Fn(&Expr) -> Held) -> Held {
        let now: Vec<Held> = earlier.pairs.iter().map(|pair| value(&pair.now)).collect();
        if now.iter().any(|side| side.known().is_none()) {
            return Held::Unknown;
        }
        if earlier.since.is_some() || earlier.keeping.is_some() {
            return self.in_steps(earlier, &now, value);
        }
        let found = self.found(earlier, &now);
        let lost = self.lost(earlier);
        let number = |of: &dyn Fn(&Found<'_>) -> bool| found.iter().filter(|found| of(found)).count() as i128;
        match &earlier.question {
            Question::Exists => Held::truth(exists(&found, lost)),
            Question::Count { op, plus, bound } => {
                let range = Range { low: number(&|found| found.sure), high: (!lost).then(|| number(&|_| true)) };
                Held::truth(against(*op, &range, plus.as_deref().map(value).as_ref(), *bound))
            }
            Question::Distinct { op, bound, .. } => Held::truth(against(*op, &distinct(&found, lost), None, *bound)),
            Question::Sum { op, plus, bound, .. } => {
                let plus = plus.as_deref().map(value);
                let range = sum(&found, lost);
                Held::truth(range.map_or(Truth::Unknown, |range| against(*op, &range, plus.as_ref(), *bound)))
            }
            Question::First(_) => match found.iter().find(|found| found.sure) {
                Some(first) if !lost => first.entry.value.clone(),
                None if found.is_empty() && !lost => Held::Absent,
                _ => Held::Unknown,
            },
            Question::Last(_) => match found.iter().rev().find(|found| found.sure) {
                // Another may have come behind it that nobody kept.
                Some(last) if last.stale || last.time < self.doubtful_before(earlier) => Held::Unknown,
                Some(last) => last.entry.value.clone(),
                None if found.is_empty() && !lost => Held::Absent,
                None => Held::Unknown,
            },
        }
    }

    /// The calls within reach and window that are, or may be, among those asked about, in the order of decision.
    fn found(self, earlier: &Earlier, now: &[Held]) -> Vec<Found<'m>> {
        let asked = signature(self.memory.policy, earlier);
        let room = self.room(Set { earlier, cuts: false });
        let mut all = Vec::new();
        for past in self.reached(earlier.reach) {
            if room.dropped.contains(&past.decided) {
                continue;
            }
            let inside = earlier.within.is_none_or(|window| past.time > self.now - window);
            let Some(entry) = past.entries.get(&asked).filter(|_| inside) else { continue };
            let (low, high) = counts(entry.stage(past), earlier.happened);
            if !high {
                continue;
            }
            let pairs = earlier.pairs.iter().zip(&entry.pairs).zip(now);
            let mut truths: Vec<Truth> = pairs.map(|((pair, that), now)| compare(pair.op, that, now)).collect();
            truths.push(entry.filter());
            // What is surely not asked about is never vague.
            if truths.contains(&Truth::False) {
                continue;
            }
            let sure = low && truths.iter().all(|truth| *truth == Truth::True);
            all.push(Found { entry, time: past.time, stale: room.stale.contains(&past.decided), sure });
        }
        all
    }

    fn doubtful_before(self, earlier: &Earlier) -> i64 {
        let asked = signature(self.memory.policy, earlier);
        self.memory.doubtful_before(&asked, earlier.reach, self, earlier.within)
    }

    /// Whether calls that are asked about may be missing: those before what is asked was kept (H8), and those under keys
    /// that gave way to others.
    fn lost(self, earlier: &Earlier) -> bool {
        let memory = self.memory;
        let asked = signature(memory.policy, earlier);
        let dropped = self.room(Set { earlier, cuts: false }).lost;
        let inside = |time: i64| earlier.within.is_none_or(|window| time > self.now - window);
        memory.missing(&asked, earlier.reach, self, earlier.within) || dropped.is_some_and(inside)
    }
}

/// The table of what counts surely, and what possibly.
pub(super) fn counts(stage: Stage, happened: Happened) -> (bool, bool) {
    match (happened, stage) {
        (Happened::Attempted, _) => (true, true),
        (_, Stage::Refused | Stage::Released) => (false, false),
        (Happened::Called, _) => (true, true),
        (Happened::Completed | Happened::Failed, Stage::Open | Stage::Lost) => (false, true),
        (Happened::Completed, Stage::Done) | (Happened::Failed, Stage::Failed) => (true, true),
        (Happened::Completed, Stage::Failed) | (Happened::Failed, Stage::Done) => (false, false),
    }
}

fn exists(found: &[Found<'_>], lost: bool) -> Truth {
    match (found.iter().any(|found| found.sure), found.is_empty() && !lost) {
        (true, _) => Truth::True,
        (false, true) => Truth::False,
        (false, false) => Truth::Unknown,
    }
}

/// How many distinct values: at least those of the calls that surely are among those asked about; at most with all others.
fn distinct(found: &[Found<'_>], lost: bool) -> Range {
    let mut sure: Vec<&Value> = Vec::new();
    let mut all: Vec<&Value> = Vec::new();
    let mut unknown = 0;
    let new = |of: &[&Value], value: &Value| of.iter().all(|known| !order(known, value).is_some_and(|o| o.is_eq()));
    for one in found {
        match one.entry.value.known() {
            Some(value) => {
                if new(&all, value) {
                    all.push(value);
                }
                if one.sure && new(&sure, value) {
                    sure.push(value);
                }
            }
            // Any value, or none.
            None => unknown += 1,
        }
    }
    Range { low: sure.len() as i128, high: (!lost).then_some(all.len() as i128 + unknown) }
}

/// The sum; `None` where an amount is negative or not known.
fn sum(found: &[Found<'_>], lost: bool) -> Option<Range> {
    let mut range = Range { low: 0, high: Some(0) };
    for one in found {
        let amount = match one.entry.value.known() {
            Some(Value::Int(amount) | Value::Decimal(amount)) if *amount >= 0 => i128::from(*amount),
            _ => return None,
        };
        range.low += if one.sure { amount } else { 0 };
        range.high = range.high.map(|high| high + amount);
    }
    range.high = range.high.filter(|_| !lost);
    let fits = |total: i128| total <= i128::from(i64::MAX);
    (fits(range.low) && range.high.is_none_or(fits)).then_some(range)
}

/// `[lo,hi] op k`: true if true for every number of the range, false if false for every one, else unknown.
pub(super) fn against(op: CompareOp, range: &Range, plus: Option<&Held>, bound: i64) -> Truth {
    let zero = Held::of(Value::Int(0));
    let plus = match plus.unwrap_or(&zero).known() {
        Some(Value::Int(plus) | Value::Decimal(plus)) => *plus,
        _ => return Truth::Unknown,
    };
    // Added as the language adds: what does not fit is unknown.
    let add = |to: i128| {
        let to = Held::of(Value::Int(i64::try_from(to).ok()?));
        match arithmetic(ArithmeticOp::Add, &to, &Held::of(Value::Int(plus)))? {
            Value::Int(total) => Some(i128::from(total)),
            _ => None,
        }
    };
    let bound = i128::from(bound);
    let (Some(low), high) = (add(range.low), range.high.map(add)) else { return Truth::Unknown };
    let high = match high {
        Some(None) => return Truth::Unknown,
        Some(Some(high)) => high,
        // Beyond the greatest number and the bound there is nothing new.
        None => i128::from(i64::MAX).max(bound + 1),
    };
    let numbers = [low, high, bound - 1, bound, bound + 1].into_iter().filter(|number| (low..=high).contains(number));
    let answers: Vec<bool> = numbers.map(|number| holds(op, number, bound)).collect();
    match (answers.contains(&true), answers.contains(&false)) {
        (true, false) => Truth::True,
        (false, true) => Truth::False,
        _ => Truth::Unknown,
    }
}

fn holds(op: CompareOp, number: i128, bound: i128) -> bool {
    match op {
        CompareOp::Eq => number == bound,
        CompareOp::Ne => number != bound,
        CompareOp::Lt => number < bound,
        CompareOp::Le => number <= bound,
        CompareOp::Gt => number > bound,
        CompareOp::Ge => number >= bound,
    }
}
