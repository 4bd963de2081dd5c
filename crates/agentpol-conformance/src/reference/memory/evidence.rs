//! Evidence: records by key, learned from what tools answered (semantics 2.6 H12 and H13).

use super::answer::{Answers, Told, kept, type_inside};
use super::reading;
use super::recall::Recall;
use super::slot::named;
use super::{Memory, Past, Stage};
use crate::reference::compute::order;
use crate::reference::evaluate::Frame;
use crate::reference::facts::Facts;
use crate::reference::json::Json;
use crate::reference::value::{Held, Value};
use agentpol_check::policy::{Expr, KeySource, Policy, Reach, Record, RecordId, ResultType, ShapeId, Type};
use std::collections::{BTreeMap, BTreeSet};

/// What an answer says of one record.
#[derive(Clone, Debug)]
pub(super) struct Lesson {
    /// The record's name, `module.name`.
    record: String,
    key: Vec<Value>,
    /// The fields that it gives, by name; what it does not give stays as it was.
    fields: Vec<(String, Held)>,
    /// It is a whole record: what may be left out and is, is not there.
    whole: bool,
    /// Only says that something is not known any more: whether there is such a record, it does not say.
    only_doubt: bool,
}

/// What is known under a key.
#[derive(Clone, Debug)]
struct Fact {
    key: Vec<Value>,
    fields: Vec<Said>,
    /// Nobody has said yet that there is such a record.
    doubted: bool,
    /// Which call taught it last, by decision, and where in its answer.
    newest: (usize, usize),
    /// When that call was decided.
    time: i64,
}

/// What was said of a field, and by which call, by decision, and where in its answer; `None` while nobody has.
#[derive(Clone, Debug)]
struct Said {
    name: String,
    held: Held,
    by: Option<(usize, usize)>,
    /// When that call was decided.
    time: i64,
}

fn record_name(policy: &Policy, record: &Record) -> String {
    format!("{}.{}", policy[record.module].name, record.name)
}

/// What the records that a policy asks for are known by, across policies.
pub(super) fn signatures(policy: &Policy) -> Vec<String> {
    reading::read(policy).into_keys().map(|record| signature(policy, record)).collect()
}

/// How many of each record a policy keeps, by name.
pub(super) fn keeps(policy: &Policy) -> BTreeMap<String, u32> {
    policy.records.iter().map(|record| (record_name(policy, record), record.keep)).collect()
}

/// A record is the same as long as it is read alike.
fn signature(policy: &Policy, id: RecordId) -> String {
    let record = &policy[id];
    let read = reading::read(policy).remove(&id).unwrap_or_default();
    let key = |name: &String| record.keys.iter().any(|path| path.first() == Some(name));
    let fields = policy[record.shape].fields.iter().filter(|field| read.contains(&field.name) || key(&field.name));
    let kept: Vec<String> = fields.map(|field| format!("{} {}", field.name, named(policy, &field.ty))).collect();
    format!("record {} by {:?} {kept:?}", record_name(policy, record), record.keys)
}

/// The record of a shape, where it has keys.
fn record_of(policy: &Policy, shape: ShapeId) -> Option<&Record> {
    policy.records.iter().find(|record| record.shape == shape && !record.keys.is_empty())
}

/// The records that answers of a type may speak of, by name.
pub(super) fn records_in(policy: &Policy, result: &ResultType) -> BTreeSet<String> {
    match result {
        ResultType::Undeclared => BTreeSet::new(),
        ResultType::Type(ty) => records_in_type(policy, ty),
        ResultType::Record(record) => records_in_type(policy, &Type::Shape(policy[*record].shape)),
        ResultType::List(of, _) => records_in(policy, of),
        ResultType::Either(all) => all.iter().flat_map(|one| records_in(policy, one)).collect(),
        ResultType::Keyed { record, field, .. } => {
            let mut found = records_in_type(policy, &type_inside(policy, *record, field));
            found.insert(record_name(policy, &policy[*record]));
            found
        }
    }
}

fn records_in_type(policy: &Policy, ty: &Type) -> BTreeSet<String> {
    match ty {
        Type::List(of, _) | Type::Map(of, _) => records_in_type(policy, of),
        Type::Shape(shape) => {
            let own = record_of(policy, *shape).map(|record| record_name(policy, record));
            let fields = policy[*shape].fields.iter();
            fields.flat_map(|field| records_in_type(policy, &field.ty)).chain(own).collect()
        }
        _ => BTreeSet::new(),
    }
}

/// Takes an answer in: what it teaches, and the records of which it may say something that is not known.
pub(super) struct Pupil<'a> {
    answers: Answers<'a>,
    policy: &'a Policy,
    /// The keys that the call gives are known.
    keyed: bool,
    pub(super) lessons: Vec<Lesson>,
    pub(super) vague: BTreeSet<String>,
}

impl<'a> Pupil<'a> {
    pub(super) fn new(facts: &'a Facts<'a>, keyed: bool) -> Pupil<'a> {
        Pupil { answers: Answers { facts }, policy: facts.policy, keyed, lessons: Vec::new(), vague: BTreeSet::new() }
    }

    /// Learns from what was told of an answer.
    pub(super) fn hear(&mut self, result: &ResultType, told: &Told) {
        match told.json(result) {
            Some(json) => self.learn(result, &json),
            None => self.doubt(result),
        }
    }

    fn learn(&mut self, result: &ResultType, json: &Json) {
        match (result, json) {
            (ResultType::Undeclared, _) => {}
            (ResultType::Type(ty), _) => self.learn_type(ty, json),
            (ResultType::Record(record), _) => self.learn_type(&Type::Shape(self.policy[*record].shape), json),
            (ResultType::List(of, max), Json::List(elements)) if elements.len() <= *max as usize => {
                elements.iter().for_each(|element| self.learn(of, element));
            }
            (ResultType::Either(all), _) => match all.iter().find(|one| self.answers.fits(one, json)) {
                Some(one) => self.learn(one, json),
                None => self.doubt(result),
            },
            (ResultType::Keyed { record, keys, .. }, Json::Object(_)) if carries(keys) => {
                self.learn_carried(*record, keys, json);
            }
            (ResultType::Keyed { record, field, .. }, _) => self.learn_keyed(result, *record, field, json),
            (ResultType::List(..), _) => self.doubt(result),
        }
    }

    /// Nothing can be made of the answer: what it says of the records that the call names is no longer known, and it may
    /// have said anything about others.
    fn doubt(&mut self, result: &ResultType) {
        self.vague.extend(records_in(self.policy, result));
        if let ResultType::Keyed { record, field, .. } = result
            && let Some(key) = self.key_of_call(result)
        {
            let fields = &self.policy[self.policy[*record].shape].fields;
            let named = |name: &str| field.first().is_none_or(|first| first == name);
            let unknown = fields.iter().filter(|field| named(&field.name));
            let fields = unknown.map(|field| (field.name.clone(), Held::Unknown)).collect();
            let record = record_name(self.policy, &self.policy[*record]);
            self.lessons.push(Lesson { record, key, fields, whole: false, only_doubt: true });
        }
    }

    /// The key that the call gives to what it answers.
    fn key_of_call(&self, result: &ResultType) -> Option<Vec<Value>> {
        let ResultType::Keyed { keys, .. } = result else { return None };
        if carries(keys) {
            return None;
        }
        keys.iter().map(|key| self.given_by_call(key.given()?).known().cloned()).collect()
    }

    /// A part of a key that the call gives.
    fn given_by_call(&self, key: &Expr) -> Held {
        if self.keyed { Frame::new(self.answers.facts, None).value(key) } else { Held::Unknown }
    }

    fn learn_keyed(&mut self, result: &ResultType, record: RecordId, field: &[String], json: &Json) {
        let shape = self.policy[record].shape;
        let known_form = field.is_empty() && matches!(json, Json::Object(_)) || !field.is_empty();
        let Some(key) = self.key_of_call(result).filter(|_| known_form) else { return self.doubt(result) };
        let fields = match field {
            [] => self.given(shape, json),
            [name, inside @ ..] => {
                let ty = type_inside(self.policy, record, field);
                let held = self.answers.of_type(&ty, json);
                vec![(name.clone(), nested(inside, held))]
            }
        };
        let record = record_name(self.policy, &self.policy[record]);
        self.lessons.push(Lesson { record, key, fields, whole: field.is_empty(), only_doubt: false });
        if field.is_empty() {
            self.learn_fields(shape, json);
        }
    }

    /// A record of which the answer carries a part of the key, and the call gives the rest.
    fn learn_carried(&mut self, id: RecordId, keys: &[KeySource], json: &Json) {
        let record = &self.policy[id];
        let whole = Held::of(Value::Record(self.answers.fields(record.shape, json)));
        let mut fields = self.given(record.shape, json);
        let mut found = Vec::new();
        for (path, source) in record.keys.iter().zip(keys) {
            let carried = path.iter().fold(whole.clone(), |held, name| part(&held, name));
            found.push(match source {
                KeySource::Carried => carried,
                KeySource::Given(given) => kept(self.given_by_call(given)),
                KeySource::CarriedOr(given) if matches!(carried, Held::Absent) => {
                    let held = kept(self.given_by_call(given));
                    fields.retain(|(name, _)| *name != path[0]);
                    fields.push((path[0].clone(), held.clone()));
                    held
                }
                KeySource::CarriedOr(_) => carried,
            });
        }
        let name = record_name(self.policy, record);
        match found.iter().map(|held| held.known().cloned()).collect() {
            Some(key) => self.lessons.push(Lesson { record: name, key, fields, whole: true, only_doubt: false }),
            None => drop(self.vague.insert(name)),
        }
        self.learn_fields(record.shape, json);
    }

    fn learn_type(&mut self, ty: &Type, json: &Json) {
        match (ty, json) {
            (Type::List(of, max), Json::List(elements)) if elements.len() <= *max as usize => {
                elements.iter().for_each(|element| self.learn_type(of, element));
            }
            (Type::Map(of, max), Json::Object(members)) if members.len() <= *max as usize => {
                members.iter().for_each(|member| self.learn_type(of, &member.value));
            }
            (Type::Shape(shape), Json::Object(_)) => {
                if let Some(record) = record_of(self.policy, *shape) {
                    self.learn_record(record, json);
                }
                self.learn_fields(*shape, json);
            }
            _ => self.vague.extend(records_in_type(self.policy, ty)),
        }
    }

    fn learn_record(&mut self, record: &Record, json: &Json) {
        let name = record_name(self.policy, record);
        let whole = Held::of(Value::Record(self.answers.fields(record.shape, json)));
        let key: Option<Vec<Value>> = record
            .keys
            .iter()
            .map(|path| path.iter().fold(whole.clone(), |held, name| part(&held, name)).known().cloned())
            .collect();
        match key {
            Some(key) => {
                let fields = self.given(record.shape, json);
                self.lessons.push(Lesson { record: name, key, fields, whole: true, only_doubt: false });
            }
            None => drop(self.vague.insert(name)),
        }
    }

    /// Records inside of a record are learned, too. What may be left out and is says nothing.
    fn learn_fields(&mut self, shape: ShapeId, json: &Json) {
        for field in &self.policy[shape].fields {
            match json.get(&field.wire) {
                None | Some(Json::Null) if field.optional => {}
                None | Some(Json::Null) => self.vague.extend(records_in_type(self.policy, &field.ty)),
                Some(inside) => self.learn_type(&field.ty, inside),
            }
        }
    }

    /// The fields that an answer gives: present ones, and `null` as nothing.
    fn given(&self, shape: ShapeId, json: &Json) -> Vec<(String, Held)> {
        let present = self.policy[shape].fields.iter().filter(|field| json.get(&field.wire).is_some());
        present.map(|field| (field.name.clone(), kept(self.answers.field(field, json.get(&field.wire))))).collect()
    }
}

/// Whether the answer gives a part of the key.
fn carries(keys: &[KeySource]) -> bool {
    keys.iter().any(|key| !matches!(key, KeySource::Given(_)))
}

/// A value inside of records that hold nothing else that is known.
fn nested(path: &[String], held: Held) -> Held {
    match path {
        [] => held,
        [name, inside @ ..] => Held::of(Value::Record(vec![(name.clone(), nested(inside, held))])),
    }
}

fn part(held: &Held, name: &str) -> Held {
    match held.known() {
        Some(Value::Record(fields)) => Facts::find(fields, name),
        _ => Held::Unknown,
    }
}

/// All that is known of a record in a session tree.
struct Knowledge {
    facts: Vec<Fact>,
    /// There may be more.
    incomplete: bool,
    /// What was learned before this time may have changed since, and nobody kept it.
    doubtful_before: i64,
    /// When the newest was said that gave way.
    gone: Option<(usize, usize)>,
}

impl Knowledge {
    /// A record, as far as it still is what it was.
    fn record(&self, fact: &Fact) -> Held {
        match fact.time < self.doubtful_before {
            true => Held::Unknown,
            false => {
                let held =
                    |said: &Said| if said.time < self.doubtful_before { Held::Unknown } else { said.held.clone() };
                let fields = fact.fields.iter().map(|said| (said.name.clone(), held(said)));
                Held::of(Value::Record(fields.collect()))
            }
        }
    }
}

impl Memory<'_> {
    /// Goes through everything that ended, in the order in which it did.
    fn knowledge(&self, recall: Recall<'_>, id: RecordId) -> Knowledge {
        let record = &self.policy[id];
        let name = record_name(self.policy, record);
        let mut all: Vec<(usize, &Past<'_>)> =
            self.calls.iter().enumerate().filter(|(_, past)| past.root == recall.place.root).collect();
        all.sort_by_key(|(_, past)| past.ended);
        let asked = signature(self.policy, id);
        // What is too old to be fresh is no better known than what nobody kept.
        let stale = record.fresh.map_or(i64::MIN, |fresh| recall.now - fresh + 1);
        let doubtful_before = self.doubtful_before(&asked, Reach::Session, recall, None).max(stale);
        let mut known = Knowledge { facts: Vec::new(), incomplete: false, doubtful_before, gone: None };
        for (seq, past) in all {
            match past.stage {
                Stage::Open | Stage::Lost => known.incomplete |= past.teaches.contains(&name),
                Stage::Done => {
                    known.incomplete |= past.vague.contains(&name);
                    for (at, lesson) in past.lessons.iter().filter(|lesson| lesson.record == name).enumerate() {
                        self.take(&mut known, record, lesson, (seq, at, past.time), self.keep_at(&name, past.ended));
                    }
                }
                Stage::Refused | Stage::Failed | Stage::Released => {}
            }
        }
        known.incomplete |= self.missing(&asked, Reach::Session, recall, None);
        known
    }

    /// Field by field the newest by decision wins, in whatever order answers arrive; what is least recent gives way (7).
    /// Where records gave way, a new one may be one of them: what is older says nothing, and what is left open that may have
    /// said.
    fn take(&self, known: &mut Knowledge, record: &Record, lesson: &Lesson, when: (usize, usize, i64), keep: usize) {
        let (seq, at, time) = when;
        let when = (seq, at);
        let gone = known.gone;
        let same = |fact: &Fact| fact.key.iter().zip(&lesson.key).all(|(a, b)| order(a, b).is_some_and(|o| o.is_eq()));
        let fields = &self.policy[record.shape].fields;
        let found = known.facts.iter().position(same);
        if found.is_none() && Some(when) < gone {
            return;
        }
        let at = found.unwrap_or_else(|| {
            let unsaid = |field: &agentpol_check::policy::Field| Said {
                name: field.name.clone(),
                held: Held::Unknown,
                by: gone,
                time,
            };
            let (key, fields) = (lesson.key.clone(), fields.iter().map(unsaid).collect());
            known.facts.push(Fact { key, fields, doubted: true, newest: when, time });
            known.facts.len() - 1
        });
        let fact = &mut known.facts[at];
        fact.doubted &= lesson.only_doubt;
        if when > fact.newest {
            (fact.newest, fact.time) = (when, time);
        }
        for (said, field) in fact.fields.iter_mut().zip(fields) {
            match lesson.fields.iter().find(|(name, _)| *name == said.name) {
                Some((_, held)) if said.by <= Some(when) => {
                    (said.held, said.by, said.time) = (held.clone(), Some(when), time);
                }
                None if lesson.whole && field.optional && said.by.is_none() => {
                    (said.held, said.time) = (Held::Absent, time);
                }
                _ => {}
            }
        }
        while known.facts.len() > keep {
            let oldest = (0..known.facts.len()).min_by_key(|at| known.facts[*at].newest).unwrap_or_default();
            known.gone = known.gone.max(Some(known.facts.remove(oldest).newest));
            known.incomplete = true;
        }
    }

    /// How many of a record were kept in a step.
    fn keep_at(&self, record: &str, step: u64) -> usize {
        let all = self.keeps.iter().rev().filter(|(since, _)| *since < step);
        all.filter_map(|(_, keeps)| keeps.get(record)).next().map_or(usize::MAX, |keep| *keep as usize)
    }
}

impl Recall<'_> {
    /// `known R(k)`: the newest; absent where there surely is none.
    pub(in crate::reference) fn known(self, record: RecordId, keys: &[Held]) -> Held {
        let Some(keys) = keys.iter().map(|key| key.known().cloned()).collect::<Option<Vec<Value>>>() else {
            return Held::Unknown;
        };
        let knowledge = self.memory.knowledge(self, record);
        let same = |fact: &&Fact| fact.key.iter().zip(&keys).all(|(a, b)| order(a, b).is_some_and(|o| o.is_eq()));
        match knowledge.facts.iter().find(same) {
            Some(fact) if fact.doubted => Held::Unknown,
            Some(fact) => knowledge.record(fact),
            None if knowledge.incomplete => Held::Unknown,
            None => Held::Absent,
        }
    }

    /// `known R`: all of them, in the order of the calls that taught them last; an unknown one stands for what may be
    /// missing.
    pub(in crate::reference) fn all_known(self, record: RecordId) -> Held {
        let mut knowledge = self.memory.knowledge(self, record);
        // What is only doubted is among what may be missing.
        knowledge.facts.retain(|fact| !fact.doubted);
        knowledge.facts.sort_by_key(|fact| fact.newest);
        let mut all: Vec<Held> = knowledge.facts.iter().map(|fact| knowledge.record(fact)).collect();
        if !knowledge.incomplete {
            return Held::of(Value::List(all));
        }
        all.push(Held::Unknown);
        Held::of(Value::Open(all))
    }
}
