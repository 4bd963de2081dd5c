//! A log that forgets nothing, and what is to be answered from it: each question goes through everything.

use crate::slots::About;
use crate::world::HOUR;
use agentpol_bytecode::Tri;
use agentpol_bytecode::tables::{Ask, Comparison, Happened, Reach, SlotShape};

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Refused,
    Open,
    Done,
    Failed,
    Released,
}

/// The arguments of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Args {
    pub(crate) f: Option<bool>,
    pub(crate) k: Option<u8>,
    pub(crate) v: Option<i64>,
    pub(crate) w: Option<i64>,
    pub(crate) n: Option<i64>,
}

impl Args {
    pub(crate) fn json(&self) -> String {
        let mut members = Vec::new();
        members.extend(self.f.map(|f| format!("\"f\":{f}")));
        members.extend(self.k.map(|k| format!("\"k\":\"{}\"", key(k))));
        members.extend(self.v.map(|v| format!("\"v\":{v}")));
        members.extend(self.w.map(|w| format!("\"w\":{w}")));
        members.extend(self.n.map(|n| format!("\"n\":{n}")));
        format!("{{{}}}", members.join(","))
    }
}

/// Keys of all lengths.
pub(crate) fn key(number: u8) -> String {
    format!("k{number}-{}", "x".repeat(usize::from(number) * 7))
}

/// A call that was decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Past {
    pub(crate) time: i64,
    pub(crate) args: Args,
    pub(crate) stage: Stage,
    /// What it answered: only `f`, `k` and `v`.
    pub(crate) result: Option<Args>,
    /// The root session, the agent, the user: by number.
    pub(crate) who: [u8; 3],
}

/// Who asks, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) time: i64,
    pub(crate) args: Args,
    pub(crate) who: [u8; 3],
}

/// Whether a call at a stage counts surely, and possibly.
fn counts(happened: Happened, stage: Stage) -> (bool, bool) {
    match (happened, stage) {
        (Happened::Attempted, _) => (true, true),
        (_, Stage::Refused | Stage::Released) => (false, false),
        (Happened::Called, _) => (true, true),
        (Happened::Completed | Happened::Failed, Stage::Open) => (false, true),
        (Happened::Completed, Stage::Done) | (Happened::Failed, Stage::Failed) => (true, true),
        _ => (false, false),
    }
}

/// A call that may count.
struct Found {
    sure: bool,
    value: Option<i64>,
}

/// The calls that may count, in order.
fn found(log: &[Past], now: Now, about: About, within: Option<i64>) -> Vec<Found> {
    let after = within.map_or(i64::MIN, |window| now.time - window);
    let place = match about.reach {
        Reach::Session => 0,
        Reach::Agent => 1,
        Reach::User => 2,
    };
    let mut all = Vec::new();
    for past in log.iter().filter(|past| past.time > after && past.who[place] == now.who[place]) {
        let (low, high) = counts(about.happened, past.stage);
        let told = past.result.filter(|_| past.stage == Stage::Done).unwrap_or_default();
        let (truths, said) = match about.by_result {
            true => ([past.args.f, told.f], told),
            false => ([past.args.f, Some(true)], past.args),
        };
        let same = !about.keyed || said.k.is_none() || said.k == now.args.k;
        if high && same && !truths.contains(&Some(false)) {
            let known = !about.keyed || said.k.is_some();
            all.push(Found { sure: low && known && truths == [Some(true); 2], value: said.v });
        }
    }
    all
}

fn holds(op: Comparison, a: i128, b: i128) -> bool {
    match op {
        Comparison::Eq => a == b,
        Comparison::Ne => a != b,
        Comparison::Lt => a < b,
        Comparison::Le => a <= b,
        Comparison::Gt => a > b,
        Comparison::Ge => a >= b,
    }
}

fn all_or_none(answers: impl Iterator<Item = bool>) -> Tri {
    let answers: Vec<bool> = answers.collect();
    match (answers.contains(&true), answers.contains(&false)) {
        (true, false) => Tri::True,
        (false, true) => Tri::False,
        _ => Tri::Unknown,
    }
}

/// What a question is to be answered.
pub(crate) fn answer(log: &[Past], now: Now, about: About, shape: SlotShape, within: Option<i64>, ask: Ask) -> Tri {
    let operands = matches!(ask, Ask::Pair(_) | Ask::Count { plus: true, .. } | Ask::Sum { plus: true, .. });
    let compared = matches!(ask, Ask::Value(_));
    if (about.keyed && now.args.k.is_none()) || ((operands || compared) && now.args.w.is_none()) {
        return Tri::Unknown;
    }
    let found = found(log, now, about, within);
    let w = now.args.w.unwrap_or(0);
    let plus = if operands { i128::from(w) } else { 0 };
    let range = |low: i128, high: i128, op, bound: i64| {
        all_or_none((low..=high).map(|number| holds(op, number + plus, i128::from(bound))))
    };
    let number = |sure: bool| found.iter().filter(|one| one.sure || !sure).count() as i128;
    let exists = |sure: bool, possible: bool| {
        if sure {
            Tri::True
        } else if possible {
            Tri::Unknown
        } else {
            Tri::False
        }
    };
    match ask {
        Ask::Exists => exists(found.iter().any(|one| one.sure), !found.is_empty()),
        Ask::Pair(op) => {
            let fits = |one: &&Found| one.value.is_none_or(|value| holds(op, i128::from(value), i128::from(w)));
            let sure = found.iter().filter(fits).any(|one| one.sure && one.value.is_some());
            exists(sure, found.iter().any(|one| fits(&one)))
        }
        Ask::Count { op, bound, .. } => range(number(true), number(false), op, bound),
        Ask::Distinct { op, bound } => {
            let distinct = |sure: bool| {
                let mut values: Vec<i64> =
                    found.iter().filter(|one| one.sure || !sure).filter_map(|one| one.value).collect();
                values.sort_unstable();
                values.dedup();
                values.len() as i128
            };
            let unknown = found.iter().filter(|one| one.value.is_none()).count() as i128;
            range(distinct(true), distinct(false) + unknown, op, bound)
        }
        Ask::Sum { op, bound, .. } => {
            if found.iter().any(|one| one.value.is_none_or(|value| value < 0)) {
                return Tri::Unknown;
            }
            let sum = |sure: bool| {
                found.iter().filter(|one| one.sure || !sure).filter_map(|one| one.value).map(i128::from).sum::<i128>()
            };
            range(sum(true), sum(false), op, bound)
        }
        Ask::Value(_) => {
            let taken = match shape {
                SlotShape::First => found.iter().find(|one| one.sure),
                _ => found.iter().rev().find(|one| one.sure),
            };
            match taken.map(|one| one.value) {
                Some(Some(value)) => (value == w).into(),
                _ => Tri::Unknown,
            }
        }
    }
}

/// Whether a call is so old that nobody will report it any more.
pub(crate) fn is_lost(past: &Past, now: i64) -> bool {
    now - past.time > HOUR
}
