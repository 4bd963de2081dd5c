//! What each question makes of a call: whether the call is one of those asked about, and the values that it gives.
//!
//! That is said once for arguments and surroundings, when the call is decided, and once for the result, when it is
//! reported: a later policy, or a later state of evidence, does not change what happened.

use super::question::counts;
use super::recall::Recall;
use super::{Decided, Memory, Past, Stage};
use crate::reference::condition;
use crate::reference::evaluate::Frame;
use crate::reference::facts::Facts;
use crate::reference::pattern::regex;
use crate::reference::select;
use crate::reference::truth::{Truth, and};
use crate::reference::value::Held;
use agentpol_check::policy::{
    Alarm, Clause, ClauseKind, CompareOp, Earlier, Effect, Expr, ExprKind, Happened, Key, Policy, Question, Rate,
};
use std::collections::BTreeMap;
use std::fmt::Debug;

/// What a question makes of a call.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    scope: Truth,
    clauses: Vec<Truth>,
    /// The earlier side of each pair.
    pub(super) pairs: Vec<Held>,
    /// What is counted, summed or taken.
    pub(super) value: Held,
    /// The call ended while no policy asked the question: how, it does not know.
    pub(super) unseen: bool,
}

impl Entry {
    /// Whether the call is one of those asked about.
    pub(super) fn filter(&self) -> Truth {
        and(self.clauses.iter().copied().chain([self.scope]))
    }

    /// How far the call has come, as far as the question knows.
    pub(super) fn stage(&self, past: &Past<'_>) -> Stage {
        if self.unseen { Stage::Lost } else { past.stage }
    }

    /// Whether the end of the call puts it among those that have come so far.
    pub(super) fn closes(&self, past: &Past<'_>, happened: Happened) -> bool {
        let stage = self.stage(past);
        matches!(stage, Stage::Done | Stage::Failed) && counts(stage, happened).1
    }
}

/// What of a question reads the result is not known before there is one.
fn reads_result(expr: &Expr) -> bool {
    expr.any(&mut |expr| matches!(expr.kind, ExprKind::Result))
}

fn clause_reads_result(clause: &Clause) -> bool {
    match &clause.kind {
        ClauseKind::Let(_, expr) | ClauseKind::When(expr) | ClauseKind::Unless(expr) => reads_result(expr),
        _ => false,
    }
}

/// What is taken of each call.
fn taken(question: &Question) -> Option<&Expr> {
    match question {
        Question::Exists | Question::Count { .. } => None,
        Question::Distinct { of, .. } | Question::Sum { of, .. } => Some(of),
        Question::First(of) | Question::Last(of) => Some(of),
    }
}

impl<'a> Memory<'a> {
    /// What every question of the policy makes of a call that is decided now.
    pub(super) fn entries(&self, decided: &Decided<'_, 'a>) -> BTreeMap<String, Entry> {
        let recall = Recall::new(self, decided.place, decided.facts.now);
        let entry = |set: Set<'_>| {
            let earlier = set.earlier;
            let scope = select::restricting(self.policy, &earlier.scope, decided.actor, decided.tool);
            let frame = Frame::new(&decided.facts, Some(recall));
            let value = |expr: &Expr| if reads_result(expr) { Held::Unknown } else { frame.value(expr) };
            let mut clauses = condition::each(&decided.facts, Some(recall), &earlier.clauses);
            for (truth, clause) in clauses.iter_mut().zip(&earlier.clauses) {
                if clause_reads_result(clause) {
                    *truth = Truth::Unknown;
                }
            }
            Entry {
                scope,
                clauses,
                pairs: earlier.pairs.iter().map(|pair| value(&pair.that)).collect(),
                value: taken(&earlier.question).map_or(Held::Absent, value),
                unseen: false,
            }
        };
        let all = questions(self.policy);
        all.into_iter().map(|set| (set.signature(self.policy), entry(set))).collect()
    }

    /// What the questions make of the result of a call.
    pub(super) fn with_result(&self, past: &mut Past<'a>) {
        let facts = &Facts { policy: self.policy, ..past.facts.clone() };
        for set in questions(self.policy) {
            let Some(entry) = past.entries.get_mut(&set.signature(self.policy)) else { continue };
            let earlier = set.earlier;
            let frame = Frame::new(facts, None);
            let clauses = condition::each(facts, None, &earlier.clauses);
            for ((truth, found), clause) in entry.clauses.iter_mut().zip(clauses).zip(&earlier.clauses) {
                if clause_reads_result(clause) {
                    *truth = found;
                }
            }
            for (held, pair) in entry.pairs.iter_mut().zip(&earlier.pairs) {
                if reads_result(&pair.that) {
                    *held = frame.value(&pair.that);
                }
            }
            if let Some(of) = taken(&earlier.question).filter(|of| reads_result(of)) {
                entry.value = frame.value(of);
            }
        }
    }
}

/// A set of earlier calls.
#[derive(Clone, Copy)]
pub(super) struct Set<'p> {
    pub(super) earlier: &'p Earlier,
    /// It stands behind `since`.
    pub(super) cuts: bool,
}

/// Every set of earlier calls that the rules and delegations of a policy ask about.
pub(super) fn questions(policy: &Policy) -> Vec<Set<'_>> {
    let mut found = Vec::new();
    for rule in &policy.rules {
        in_clauses(&rule.clauses, &mut found);
        match &rule.effect {
            Effect::Limit(rate) => in_rate(rate, &mut found),
            Effect::Alert(alert) => match &alert.alarm {
                Alarm::Match => {}
                Alarm::Rate(rate) => in_rate(rate, &mut found),
                Alarm::Novel { keys, .. } => in_keys(keys, &mut found),
            },
            Effect::Allow | Effect::Entitle | Effect::Deny | Effect::RequireApproval(_) => {}
        }
    }
    for delegation in &policy.delegations {
        in_clauses(&delegation.clauses, &mut found);
    }
    found
}

fn in_clauses<'p>(clauses: &'p [Clause], found: &mut Vec<Set<'p>>) {
    for clause in clauses {
        if let ClauseKind::Let(_, expr) | ClauseKind::When(expr) | ClauseKind::Unless(expr) = &clause.kind {
            in_expr(expr, found);
        }
    }
}

fn in_rate<'p>(rate: &'p Rate, found: &mut Vec<Set<'p>>) {
    rate.of.iter().for_each(|of| in_expr(of, found));
    in_keys(&rate.keys, found);
}

fn in_keys<'p>(keys: &'p [Key], found: &mut Vec<Set<'p>>) {
    for key in keys {
        if let Key::Value(expr) = key {
            in_expr(expr, found);
        }
    }
}

fn in_expr<'p>(expr: &'p Expr, found: &mut Vec<Set<'p>>) {
    if let ExprKind::Earlier(earlier) = &expr.kind {
        found.push(Set { earlier, cuts: false });
        found.extend(earlier.since.as_deref().map(|since| Set { earlier: since, cuts: true }));
    }
    expr.children().into_iter().for_each(|child| in_expr(child, found));
}

/// H8: what is asked, without thresholds and names: two questions that are the same are answered from the same past, in
/// whatever policy they stand. All that is taken of the first or the last of some calls is kept together.
pub(super) fn signature(policy: &Policy, earlier: &Earlier) -> String {
    Set { earlier, cuts: false }.signature(policy)
}

impl Set<'_> {
    /// As [`signature`].
    pub(super) fn signature(self, policy: &Policy) -> String {
        let (Question::First(of) | Question::Last(of)) = &self.earlier.question else { return self.asked_of(policy) };
        let calls = self.asked_of(policy);
        let same = questions(policy).into_iter().filter(|other| other.asked_of(policy) == calls);
        let mut together: Vec<String> =
            same.filter_map(|other| taken(&other.earlier.question)).map(|of| named(policy, of)).collect();
        together.sort();
        together.dedup();
        format!("{calls} {together:?} {}", named(policy, of))
    }

    fn asked_of(self, policy: &Policy) -> String {
        let Set { earlier, cuts } = self;
        let in_steps = earlier.since.is_some() || earlier.keeping.is_some();
        let question = match &earlier.question {
            // The newest is what cuts off, and what is cut off.
            Question::Exists if cuts || in_steps && earlier.keeping.is_none() => "newest".to_owned(),
            Question::Exists | Question::Count { .. } if in_steps => "one by one".to_owned(),
            Question::Exists => "exists".to_owned(),
            Question::Count { .. } => "count".to_owned(),
            Question::Distinct { of, .. } => format!("distinct {of:?}"),
            Question::Sum { of, .. } => format!("sum {of:?}"),
            Question::First(_) if earlier.within.is_some() => "first in a window".to_owned(),
            Question::First(_) => "first".to_owned(),
            Question::Last(_) => "last".to_owned(),
        };
        let equal = |op: CompareOp| if op == CompareOp::Eq { "same".to_owned() } else { format!("{op:?}") };
        let mut pairs: Vec<String> =
            earlier.pairs.iter().map(|pair| format!("{} {:?}", equal(pair.op), pair.that)).collect();
        if earlier.keeping.is_some() {
            // What is kept does not hang on how it is compared.
            pairs = earlier.pairs.iter().map(|pair| named(policy, &pair.that)).collect();
            pairs.sort();
            pairs.dedup();
        }
        let asked = (question, earlier.happened, earlier.reach, &earlier.scope, &earlier.clauses, pairs);
        named(policy, &asked)
    }
}

/// A part of a policy as text in which ids are names and places are left out.
pub(super) fn named(policy: &Policy, part: &impl Debug) -> String {
    let text = format!("{part:?}");
    let Some(ids) = regex(r"([A-Z][A-Za-z]*)Id\((\d+)\)|Span \{[^}]*\}") else { return text };
    let mut locals: Vec<String> = Vec::new();
    let mut out = String::new();
    let mut rest = 0;
    for found in ids.captures_iter(&text) {
        let whole = found.get(0).map_or(0..0, |whole| whole.range());
        out.push_str(&text[rest..whole.start]);
        rest = whole.end;
        let (Some(kind), Some(index)) = (found.get(1), found.get(2)) else { continue };
        let index: usize = index.as_str().parse().unwrap_or(usize::MAX);
        out.push_str(&match kind.as_str() {
            "Local" => {
                let local = index.to_string();
                let known = locals.iter().position(|known| *known == local);
                format!(
                    "local {}",
                    known.unwrap_or_else(|| {
                        locals.push(local);
                        locals.len() - 1
                    })
                )
            }
            kind => name_of(policy, kind, index),
        });
    }
    out.push_str(&text[rest..]);
    out
}

fn name_of(policy: &Policy, kind: &str, index: usize) -> String {
    let module = |id: agentpol_check::policy::ModuleId| policy[id].name.as_str();
    let found = match kind {
        "Tool" => policy.tools.get(index).map(|tool| format!("{}.{}", module(tool.module), tool.name)),
        "Agent" => policy.agents.get(index).map(|agent| format!("{}.{}", module(agent.module), agent.name)),
        "Group" => policy.groups.get(index).map(|group| format!("{}.{}", module(group.module), group.name)),
        "Record" => policy.records.get(index).map(|record| format!("{}.{}", module(record.module), record.name)),
        "Schedule" => policy.schedules.get(index).map(|of| format!("{:?} {:?}", of.windows, policy[of.zone])),
        "Enum" => policy.enums.get(index).map(|of| format!("{}.{}", module(of.module), of.name)),
        "Level" => policy.levels.get(index).map(|level| level.name.clone()),
        "Env" => policy.environments.get(index).cloned(),
        "Zone" => policy.zones.get(index).cloned(),
        "Module" => policy.modules.get(index).map(|module| module.name.clone()),
        "System" => policy.systems.get(index).map(|of| format!("{}.{}", module(of.module), of.name)),
        "Dataset" => policy.datasets.get(index).map(|dataset| {
            let system = &policy[dataset.system];
            format!("{}.{}.{}", module(system.module), system.name, dataset.name)
        }),
        "Shape" => policy.shapes.get(index).map(|shape| {
            let fields: Vec<String> =
                shape.fields.iter().map(|field| format!("{} {}", field.name, named(policy, &field.ty))).collect();
            fields.join(", ")
        }),
        _ => None,
    };
    format!("{kind} {}", found.unwrap_or_default())
}
