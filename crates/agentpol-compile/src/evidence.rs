//! Evidence: which records rules ask for, and which of their fields they read. Nothing else of an answer is kept.

use crate::canon::{self, Canon};
use crate::pools::Pools;
use crate::shape::Types;
use crate::slots::one_id;
use agentpol_bytecode::tables::Evidence;
use agentpol_check::policy::{
    Alarm, Clause, ClauseKind, Each, Earlier, Effect, Expr, ExprKind, Key, LocalId, Policy, Question, Rate, RecordId,
    Shape, ShapeId, Type,
};
use agentpol_diagnostics::Diagnostics;
use std::collections::{BTreeMap, BTreeSet};

/// What is read of a record.
#[derive(Clone, Debug, Default)]
struct Read {
    fields: BTreeSet<String>,
    /// It is used as a whole.
    whole: bool,
}

/// A record that some rule asks for.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) record: RecordId,
    id: u64,
    keys: Vec<Vec<u32>>,
    kept: Vec<u32>,
}

/// Finds the records that rules ask for, sorted by their ids.
pub(crate) fn wanted(policy: &Policy, diagnostics: &mut Diagnostics) -> Vec<Wanted> {
    let mut reading = Reading { found: BTreeMap::new(), locals: BTreeMap::new() };
    for rule in &policy.rules {
        reading.clauses(&rule.clauses);
        match &rule.effect {
            Effect::Limit(rate) => reading.rate(rate),
            Effect::Alert(alert) => match &alert.alarm {
                Alarm::Rate(rate) => reading.rate(rate),
                Alarm::Novel { keys, .. } => reading.keys(keys),
                Alarm::Match => {}
            },
            Effect::Allow | Effect::Entitle | Effect::Deny | Effect::RequireApproval(_) => {}
        }
    }
    policy.delegations.iter().for_each(|delegation| reading.clauses(&delegation.clauses));
    let mut wanted: Vec<Wanted> = reading.found.iter().map(|(record, read)| want(policy, *record, read)).collect();
    wanted.sort_by_key(|wanted| wanted.id);
    if let Some(pair) = wanted.windows(2).find(|pair| pair[0].id == pair[1].id) {
        diagnostics.push(one_id(pair[0].id));
    }
    wanted
}

/// Makes the table of evidence.
pub(crate) fn evidence(
    policy: &Policy,
    wanted: Vec<Wanted>,
    pools: &mut Pools,
    types: &mut Types<'_>,
    diagnostics: &mut Diagnostics,
) -> Vec<Evidence> {
    let row = |wanted: Wanted| Evidence {
        id: wanted.id,
        name: pools.symbol(&policy[wanted.record].name),
        ty: types.type_id(&Type::Shape(policy[wanted.record].shape), pools, diagnostics),
        keys: wanted.keys,
        kept: wanted.kept,
        room: policy[wanted.record].keep,
        fresh: policy[wanted.record].fresh,
    };
    wanted.into_iter().map(row).collect()
}

/// Numbers the fields that are kept; the key fields are among them, secrets are not.
fn want(policy: &Policy, record: RecordId, read: &Read) -> Wanted {
    let declared = &policy[record];
    let shape = &policy[declared.shape];
    let keys: Vec<Vec<u32>> = declared.keys.iter().map(|path| steps(policy, declared.shape, path)).collect();
    let is_key = |at: u32| keys.iter().any(|path| path.first() == Some(&at));
    let is_read = |name: &str| read.whole || read.fields.contains(name);
    let kept: Vec<u32> = (0u32..)
        .zip(&shape.fields)
        .filter(|(at, field)| is_key(*at) || (is_read(&field.name) && !field.secret))
        .map(|(at, _)| at)
        .collect();
    let canon = Canon::new(policy);
    let mut text = format!("evidence 1\n{}", canon.record(record));
    declared.keys.iter().for_each(|path| text += &format!("\nby {}", path.join(".")));
    for field in kept.iter().filter_map(|at| shape.fields.get(*at as usize)) {
        text += &format!("\nkeeps {:?}:{}", field.name, canon.of_type(&field.ty));
    }
    Wanted { record, id: canon::id(&text), keys, kept }
}

/// Returns a path of field names as field numbers.
pub(crate) fn steps(policy: &Policy, shape: ShapeId, path: &[String]) -> Vec<u32> {
    let mut at: &Shape = &policy[shape];
    let mut steps = Vec::with_capacity(path.len());
    for name in path {
        let found = at.field(name);
        let (number, field) = found.unwrap_or_else(|| unreachable!("the checker has found the field `{name}`"));
        steps.push(number as u32);
        if let Type::Shape(inner) = field.ty {
            at = &policy[inner];
        }
    }
    steps
}

/// Goes through everything that rules read.
struct Reading {
    found: BTreeMap<RecordId, Read>,
    /// The records that a local may be, or hold.
    locals: BTreeMap<LocalId, BTreeSet<RecordId>>,
}

impl Reading {
    fn clauses(&mut self, clauses: &[Clause]) {
        for clause in clauses {
            match &clause.kind {
                ClauseKind::Let(local, given) => self.bind(*local, given),
                ClauseKind::When(condition) | ClauseKind::Unless(condition) => self.whole(condition),
                ClauseKind::User(_)
                | ClauseKind::Env(_)
                | ClauseKind::Task(_)
                | ClauseKind::During(_)
                | ClauseKind::Outside(_) => {}
            }
        }
    }

    fn rate(&mut self, rate: &Rate) {
        rate.of.iter().for_each(|cost| self.whole(cost));
        self.keys(&rate.keys);
    }

    fn keys(&mut self, keys: &[Key]) {
        for key in keys {
            if let Key::Value(value) = key {
                self.whole(value);
            }
        }
    }

    fn bind(&mut self, local: LocalId, given: &Expr) {
        let records = self.records(given);
        self.part(given);
        self.locals.insert(local, records);
    }

    /// The records that an expression may be, or a list of.
    fn records(&self, expr: &Expr) -> BTreeSet<RecordId> {
        match &expr.kind {
            ExprKind::Known(known) => BTreeSet::from([known.record]),
            ExprKind::AllKnown(record) => BTreeSet::from([*record]),
            ExprKind::Local(local) => self.locals.get(local).cloned().unwrap_or_default(),
            ExprKind::First(of) | ExprKind::Last(of) | ExprKind::Let(_, _, of) => self.records(of),
            ExprKind::FirstWhere(each) | ExprKind::LastWhere(each) => self.records(&each.over),
            ExprKind::Otherwise(one, other) | ExprKind::If(_, one, other) => {
                self.records(one).into_iter().chain(self.records(other)).collect()
            }
            _ => BTreeSet::new(),
        }
    }

    /// An expression that is used as it is: records in it are used whole.
    fn whole(&mut self, expr: &Expr) {
        self.part(expr);
        for record in self.records(expr) {
            self.found.entry(record).or_default().whole = true;
        }
    }

    /// An expression of which only parts are used, or whether it is there.
    fn part(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Field(of, name) => {
                self.part(of);
                for record in self.records(of) {
                    self.found.entry(record).or_default().fields.insert(name.clone());
                }
            }
            ExprKind::Has(of) | ExprKind::Count(of) | ExprKind::First(of) | ExprKind::Last(of) => self.part(of),
            ExprKind::Let(local, given, body) => {
                self.bind(*local, given);
                self.part(body);
            }
            ExprKind::Otherwise(one, other) => {
                self.part(one);
                self.part(other);
            }
            ExprKind::If(condition, one, other) => {
                self.whole(condition);
                self.part(one);
                self.part(other);
            }
            ExprKind::Any(each)
            | ExprKind::All(each)
            | ExprKind::CountWhere(each)
            | ExprKind::FirstWhere(each)
            | ExprKind::LastWhere(each)
            | ExprKind::SumOf(each)
            | ExprKind::MinOf(each)
            | ExprKind::MaxOf(each) => self.each(each),
            ExprKind::AllKnown(record) => drop(self.found.entry(*record).or_default()),
            ExprKind::Known(known) => {
                self.found.entry(known.record).or_default();
                known.keys.iter().for_each(|key| self.whole(key));
            }
            ExprKind::Earlier(earlier) => self.earlier(earlier),
            _ => expr.children().into_iter().for_each(|child| self.whole(child)),
        }
    }

    fn each(&mut self, each: &Each) {
        self.part(&each.over);
        let records = self.records(&each.over);
        self.locals.insert(each.first, records);
        self.whole(&each.body);
    }

    /// Both frames: what is known may be read in either.
    fn earlier(&mut self, earlier: &Earlier) {
        for set in [Some(earlier), earlier.since.as_deref()].into_iter().flatten() {
            self.clauses(&set.clauses);
            set.pairs.iter().for_each(|pair| self.whole(&pair.that));
        }
        match &earlier.question {
            Question::Distinct { of, .. } | Question::Sum { of, .. } => self.whole(of),
            Question::First(take) | Question::Last(take) => self.whole(take),
            Question::Exists | Question::Count { .. } => {}
        }
        earlier.now().into_iter().for_each(|now| self.whole(now));
    }
}
