//! What answers teach: records by key at any depth, and what cannot be told (semantics 2.6 H12 and H13).

use super::answer::{Answers, was_given};
use super::carried::{CallGave, CallKeys};
use super::evidence::{declared, key_kind};
use super::kept::Writer;
use super::key::Keyer;
use super::record::EntryKey;
use crate::memory::Memory;
use crate::value::{NO_NODE, NodeId, Value};
use agentpol_bytecode::tables::{Answer, Evidence, Field, KeySource, TypeDef, TypeId};
use alloc::vec::Vec;

/// What an answer says of one record.
#[derive(Clone, Debug)]
pub(super) struct Lesson {
    pub(super) evidence: u32,
    pub(super) key: EntryKey,
    /// The fields that it gives, each with its value as it is kept.
    pub(super) fields: Vec<(u32, Vec<u8>)>,
    /// It is a whole record: what may be left out and is, is not there.
    pub(super) whole: bool,
    /// Only says that something is not known any more: whether there is such a record, it does not say.
    pub(super) only_doubt: bool,
}

/// What one answer teaches.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lessons {
    pub(super) all: Vec<Lesson>,
    /// Evidence of which it may say something that is not known.
    pub(super) vague: Vec<u32>,
}

/// Takes an answer in that was given its declared form.
pub(crate) struct Pupil<'a, 'k> {
    pub(crate) answers: Answers<'a>,
    pub(crate) keyer: &'k Keyer,
    pub(crate) keys: CallKeys<'k>,
    pub(crate) lessons: Lessons,
    /// All of the answer is as it is declared.
    pub(crate) whole: bool,
}

impl Pupil<'_, '_> {
    /// Gives an answer its declared form and learns from it; `None` where there is nothing that could be read. What has no
    /// such form is unknown.
    pub(crate) fn hear(&mut self, answer: u32, id: Option<NodeId>) {
        let Some(id) = id else { return self.doubt(answer, None) };
        let count = self.answers.memory.node(id).map_or(0, |node| node.count);
        match self.answers.answer(answer) {
            Some(Answer::Value(of)) => self.learn(*of, id),
            Some(Answer::Verbatim) if self.answers.is_text(id) => {}
            Some(Answer::List { of, max })
                if count <= *max && matches!(self.answers.memory.value(id), Value::List(_)) =>
            {
                self.each(id, |pupil, child| pupil.hear(*of, Some(child)));
            }
            Some(Answer::Either(some)) => match self.answers.first_that_fits(some, id) {
                Some(fitting) => self.hear(fitting, Some(id)),
                None => self.doubt(answer, Some(id)),
            },
            Some(Answer::Keyed { evidence, field, of, keys, .. }) => {
                match keys.iter().all(|key| *key == KeySource::Call) {
                    true => self.hear_keyed(answer, *evidence, field, *of, id),
                    false => self.hear_carried(answer, (*evidence, *of), keys, id),
                }
            }
            Some(Answer::Verbatim | Answer::List { .. }) | None => self.doubt(answer, Some(id)),
        }
    }

    fn each(&mut self, id: NodeId, mut hear: impl FnMut(&mut Self, NodeId)) {
        let mut next = self.answers.memory.children(id).next();
        while let Some((child, node)) = next.and_then(|child| Some((child, *self.answers.memory.node(child)?))) {
            hear(self, child);
            next = Some(node.next).filter(|next| *next != NO_NODE);
        }
    }

    fn key_of_call(&self, answer: u32) -> Option<EntryKey> {
        match self.keys.iter().find(|(asked, _)| *asked == answer)? {
            (_, CallGave::Whole(key)) => *key,
            (_, CallGave::Parts(_)) => None,
        }
    }

    pub(super) fn declared(&self, evidence: u32) -> Option<(&Evidence, &[Field])> {
        declared(self.answers.program, evidence)
    }

    /// Nothing can be made of an answer: what it says of the record that the call names is no longer known, and it may have
    /// said anything about others.
    pub(super) fn doubt(&mut self, answer: u32, id: Option<NodeId>) {
        self.whole = false;
        if let Some(id) = id {
            self.answers.memory.note_strange(id, None);
            self.answers.memory.set(id, Value::Unknown);
        }
        match self.answers.answer(answer) {
            Some(Answer::Value(of)) => self.vague_in(*of),
            Some(Answer::Verbatim) | None => {}
            Some(Answer::List { of, .. }) => self.doubt_all(&[*of]),
            Some(Answer::Either(some)) => self.doubt_all(some),
            Some(Answer::Keyed { evidence, field, of, .. }) => {
                self.vague_in(*of);
                self.lessons.vague.push(*evidence);
                let Some(key) = self.key_of_call(answer) else { return };
                let Some((declared, _)) = self.declared(*evidence) else { return };
                let named = |index: &u32| field.first().is_none_or(|first| first == index);
                let fields = declared.kept.iter().filter(|index| named(index));
                let fields = fields.map(|index| (*index, unknown())).collect();
                self.lessons.all.push(Lesson { evidence: *evidence, key, fields, whole: false, only_doubt: true });
            }
        }
    }

    /// What answers that are not even told apart may have said.
    fn doubt_all(&mut self, some: &[u32]) {
        for answer in some {
            match self.answers.answer(*answer) {
                Some(Answer::Value(of)) => self.vague_in(*of),
                Some(Answer::Keyed { evidence, of, .. }) => {
                    self.vague_in(*of);
                    self.lessons.vague.push(*evidence);
                }
                Some(Answer::List { of, .. }) => self.doubt_all(&[*of]),
                Some(Answer::Either(some)) => self.doubt_all(some),
                Some(Answer::Verbatim) | None => {}
            }
        }
    }

    fn vague_in(&mut self, of: TypeId) {
        match self.answers.program.tables().types.get(of as usize) {
            Some(TypeDef::List { of, .. } | TypeDef::Map { of, .. }) => self.vague_in(*of),
            Some(TypeDef::Record { fields, evidence }) => {
                self.lessons.vague.extend(*evidence);
                fields.iter().for_each(|field| self.vague_in(field.ty));
            }
            _ => {}
        }
    }

    fn hear_keyed(&mut self, answer: u32, evidence: u32, field: &[u32], of: TypeId, id: NodeId) {
        let readable = !field.is_empty() || matches!(self.answers.memory.value(id), Value::Object(_));
        let (Some(key), true) = (self.key_of_call(answer), readable) else {
            return self.doubt(answer, Some(id));
        };
        self.whole &= self.answers.value(of, id);
        let fields = match field {
            [] => self.given(evidence, id),
            [index] => Vec::from([(*index, self.kept(id))]),
            // A part of a part replaces nothing: what it stands in is not known as a whole.
            [index, ..] => Vec::from([(*index, unknown())]),
        };
        self.lessons.all.push(Lesson { evidence, key, fields, whole: field.is_empty(), only_doubt: false });
        if field.is_empty() {
            self.learn_fields(of, id);
        }
    }

    fn learn(&mut self, of: TypeId, id: NodeId) {
        self.whole &= self.answers.value(of, id);
        self.learn_typed(of, id);
    }

    /// Learns from a value that has its type.
    fn learn_typed(&mut self, of: TypeId, id: NodeId) {
        let program = self.answers.program;
        match (program.tables().types.get(of as usize), self.answers.memory.value(id)) {
            (Some(TypeDef::List { of, .. }), Value::List(_)) | (Some(TypeDef::Map { of, .. }), Value::Map(_)) => {
                self.each(id, |pupil, child| pupil.learn_typed(*of, child));
            }
            (Some(TypeDef::Record { evidence, .. }), Value::Record(_)) => {
                if let Some(evidence) = evidence {
                    self.learn_record(*evidence, id);
                }
                self.learn_fields(of, id);
            }
            _ => self.vague_in(of),
        }
    }

    /// Records inside of a record are learned, too. What may be left out and is says nothing.
    pub(super) fn learn_fields(&mut self, of: TypeId, id: NodeId) {
        let program = self.answers.program;
        let Some(TypeDef::Record { fields, .. }) = program.tables().types.get(of as usize) else { return };
        self.each(id, |pupil, child| {
            let slot = pupil.answers.memory.node(child).map_or(u32::MAX, |node| node.slot);
            let absent = matches!(pupil.answers.memory.value(child), Value::Absent);
            if let Some(field) = fields.get(slot as usize).filter(|_| !absent) {
                pupil.learn_typed(field.ty, child);
            }
        });
    }

    fn learn_record(&mut self, evidence: u32, id: NodeId) {
        match self.key_in(evidence, id, &[]) {
            Some(key) => {
                let fields = self.given(evidence, id);
                self.lessons.all.push(Lesson { evidence, key, fields, whole: true, only_doubt: false });
            }
            None => self.lessons.vague.push(evidence),
        }
    }

    /// The key that stands in a record; where a value is given for a part of it, that one is.
    pub(super) fn key_in(&self, evidence: u32, id: NodeId, given: &[Option<Value>]) -> Option<EntryKey> {
        let program = self.answers.program;
        let declared = program.tables().evidence.get(evidence as usize)?;
        let mut packer = self.keyer.start();
        let last = declared.keys.len().checked_sub(1)?;
        for (at, path) in declared.keys.iter().enumerate() {
            let kept = key_kind(program, declared.ty, path)?;
            let carried = || path.iter().try_fold(id, |node, index| slot_of(self.answers.memory, node, *index));
            let value = match given.get(at).copied().flatten() {
                Some(value) => value,
                None => self.answers.memory.value(carried()?),
            };
            packer.add_value(program, self.answers.memory, kept, value, at == last).then_some(())?;
        }
        Some(packer.finish())
    }

    /// The fields that an answer gives: present ones, and `null` as nothing.
    pub(super) fn given(&self, evidence: u32, id: NodeId) -> Vec<(u32, Vec<u8>)> {
        let Some((declared, _)) = self.declared(evidence) else { return Vec::new() };
        let memory = &*self.answers.memory;
        let found = declared.kept.iter().filter_map(|index| Some((*index, slot_of(memory, id, *index)?)));
        found.filter(|(_, node)| was_given(memory, *node)).map(|(index, node)| (index, self.kept(node))).collect()
    }

    fn kept(&self, id: NodeId) -> Vec<u8> {
        let mut out = Vec::with_capacity(1 << 15);
        let memory = &*self.answers.memory;
        let mut writer = Writer { program: self.answers.program, memory, out: &mut out };
        match writer.value(memory.value(id)) {
            Some(()) => out,
            None => unknown(),
        }
    }
}

/// An unknown value as it is kept.
fn unknown() -> Vec<u8> {
    Vec::from([1])
}

pub(super) fn slot_of(memory: &Memory, record: NodeId, index: u32) -> Option<NodeId> {
    memory.children(record).find(|child| memory.node(*child).is_some_and(|node| node.slot == index))
}
