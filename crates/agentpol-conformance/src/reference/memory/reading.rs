//! Which records a policy asks for, and which of their fields it reads: what is not read is not kept, and a policy that
//! reads more than the one before begins anew with the record (H8).

use agentpol_check::policy::{
    Alarm, Clause, ClauseKind, Each, Effect, Expr, ExprKind, Key, LocalId, Policy, Question, Rate, RecordId,
};
use std::collections::{BTreeMap, BTreeSet};

/// The records that are asked for, each with the names of the fields that are read; all fields where it is used whole.
pub(super) fn read(policy: &Policy) -> BTreeMap<RecordId, BTreeSet<String>> {
    let mut reading = Reading { policy, found: BTreeMap::new(), locals: BTreeMap::new() };
    for rule in &policy.rules {
        reading.clauses(&rule.clauses);
        match &rule.effect {
            Effect::Limit(rate) => reading.rate(rate),
            Effect::Alert(alert) => match &alert.alarm {
                Alarm::Match => {}
                Alarm::Rate(rate) => reading.rate(rate),
                Alarm::Novel { keys, .. } => reading.keys(keys),
            },
            Effect::Allow | Effect::Entitle | Effect::Deny | Effect::RequireApproval(_) => {}
        }
    }
    for delegation in &policy.delegations {
        reading.clauses(&delegation.clauses);
    }
    reading.found
}

struct Reading<'p> {
    policy: &'p Policy,
    found: BTreeMap<RecordId, BTreeSet<String>>,
    /// The records that a local is, or holds.
    locals: BTreeMap<LocalId, BTreeSet<RecordId>>,
}

impl Reading<'_> {
    fn clauses(&mut self, clauses: &[Clause]) {
        for clause in clauses {
            match &clause.kind {
                ClauseKind::Let(local, value) => self.bind(*local, value),
                ClauseKind::When(expr) | ClauseKind::Unless(expr) => self.all(expr),
                _ => {}
            }
        }
    }

    fn rate(&mut self, rate: &Rate) {
        rate.of.iter().for_each(|of| self.all(of));
        self.keys(&rate.keys);
    }

    fn keys(&mut self, keys: &[Key]) {
        for key in keys {
            if let Key::Value(value) = key {
                self.all(value);
            }
        }
    }

    fn bind(&mut self, local: LocalId, value: &Expr) {
        let records = self.records(value);
        self.parts(value);
        self.locals.insert(local, records);
    }

    /// The records that an expression gives, alone or in a list.
    fn records(&self, expr: &Expr) -> BTreeSet<RecordId> {
        match &expr.kind {
            ExprKind::Known(known) => BTreeSet::from([known.record]),
            ExprKind::AllKnown(record) => BTreeSet::from([*record]),
            ExprKind::Local(local) => self.locals.get(local).cloned().unwrap_or_default(),
            ExprKind::First(of) | ExprKind::Last(of) | ExprKind::Let(_, _, of) => self.records(of),
            ExprKind::FirstWhere(each) | ExprKind::LastWhere(each) => self.records(&each.over),
            ExprKind::Otherwise(one, other) | ExprKind::If(_, one, other) => {
                [self.records(one), self.records(other)].into_iter().flatten().collect()
            }
            _ => BTreeSet::new(),
        }
    }

    /// What is used as it is.
    fn all(&mut self, expr: &Expr) {
        self.parts(expr);
        for record in self.records(expr) {
            let shape = self.policy[record].shape;
            let names = self.policy[shape].fields.iter().map(|field| field.name.clone());
            self.found.entry(record).or_default().extend(names);
        }
    }

    /// What is used for its parts, or for being there.
    fn parts(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Field(of, name) => {
                self.parts(of);
                for record in self.records(of) {
                    self.found.entry(record).or_default().insert(name.clone());
                }
            }
            ExprKind::Has(of) | ExprKind::Count(of) | ExprKind::First(of) | ExprKind::Last(of) => self.parts(of),
            ExprKind::Let(local, value, body) => {
                self.bind(*local, value);
                self.parts(body);
            }
            ExprKind::Otherwise(one, other) => [one, other].into_iter().for_each(|side| self.parts(side)),
            ExprKind::If(condition, one, other) => {
                self.all(condition);
                [one, other].into_iter().for_each(|side| self.parts(side));
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
                known.keys.iter().for_each(|key| self.all(key));
            }
            ExprKind::Earlier(earlier) => {
                for set in [Some(&**earlier), earlier.since.as_deref()].into_iter().flatten() {
                    self.clauses(&set.clauses);
                    set.pairs.iter().for_each(|pair| self.all(&pair.that));
                }
                match &earlier.question {
                    Question::Exists | Question::Count { .. } => {}
                    Question::Distinct { of, .. } | Question::Sum { of, .. } => self.all(of),
                    Question::First(of) | Question::Last(of) => self.all(of),
                }
                earlier.now().into_iter().for_each(|now| self.all(now));
            }
            _ => expr.children().into_iter().for_each(|child| self.all(child)),
        }
    }

    fn each(&mut self, each: &Each) {
        self.parts(&each.over);
        let records = self.records(&each.over);
        self.locals.insert(each.first, records);
        self.all(&each.body);
    }
}
