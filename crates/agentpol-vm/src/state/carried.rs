//! Records that carry a part of their key in the answer; the call gives the rest.

use super::evidence::key_type;
use super::kept::Reader;
use super::lesson::{Lesson, Pupil, slot_of};
use super::record::EntryKey;
use super::session::CallKey;
use crate::memory::Memory;
use crate::value::{NodeId, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::tables::{Answer, KeySource, TypeId};
use alloc::vec::Vec;

/// What a call gave to the key of what it is answered.
#[derive(Clone, Debug)]
pub(crate) enum CallGave<'k> {
    /// All of the key, where it is known.
    Whole(Option<EntryKey>),
    /// A value for each part of the key; not known where only the answer gives it.
    Parts(Vec<Part<'k>>),
}

/// A part of a key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'k> {
    value: Value,
    /// The same as it is kept.
    kept: &'k [u8],
}

/// The keys that a call gave, for each answer that asks for one.
pub(crate) type CallKeys<'k> = &'k [(u32, CallGave<'k>)];

/// What a call was to give, and nobody knows.
const NOT_GIVEN: Part<'static> = Part { value: Value::Unknown, kept: &[1] };

impl<'k> CallGave<'k> {
    /// Reads what was kept of the call.
    pub(crate) fn read(program: &Program, memory: &mut Memory, answer: u32, key: CallKey<'k>) -> CallGave<'k> {
        let bytes = match key {
            CallKey::Unknown => return CallGave::Whole(None),
            CallKey::Whole(key) => return CallGave::Whole(Some(key)),
            CallKey::Parts(bytes) => bytes,
        };
        let tables = program.tables();
        let declared = match tables.answers.get(answer as usize) {
            Some(Answer::Keyed { evidence, .. }) => tables.evidence.get(*evidence as usize),
            _ => None,
        };
        let Some(declared) = declared else { return CallGave::Whole(None) };
        let mut reader = Reader { program, bytes };
        let mut parts = Vec::with_capacity(declared.keys.len());
        for path in &declared.keys {
            let start = bytes.len().saturating_sub(reader.bytes.len());
            let value = key_type(program, declared.ty, path).map(|of| reader.typed(memory, of).value);
            let end = bytes.len().saturating_sub(reader.bytes.len());
            let kept = bytes.get(start..end).filter(|kept| !kept.is_empty());
            parts.push(value.zip(kept).map_or(NOT_GIVEN, |(value, kept)| Part { value, kept }));
        }
        CallGave::Parts(parts)
    }
}

impl Pupil<'_, '_> {
    /// A record that carries a part of its key.
    pub(super) fn hear_carried(&mut self, answer: u32, (evidence, of): (u32, TypeId), keys: &[KeySource], id: NodeId) {
        if !matches!(self.answers.memory.value(id), Value::Object(_)) {
            return self.doubt(answer, Some(id));
        }
        self.whole &= self.answers.value(of, id);
        let readable = matches!(self.answers.memory.value(id), Value::Record(_));
        let given = self.given_parts(answer, evidence, keys, id);
        let values: Vec<Option<Value>> = given.iter().map(|part| part.map(|part| part.value)).collect();
        match self.key_in(evidence, id, &values).filter(|_| readable) {
            Some(key) => {
                let fields = self.with_given(evidence, keys, &given, id);
                self.lessons.all.push(Lesson { evidence, key, fields, whole: true, only_doubt: false });
            }
            None => self.lessons.vague.push(evidence),
        }
        self.learn_fields(of, id);
    }

    /// For each part of the key what the call gives: of those that may be left out only where the answer lacks them.
    fn given_parts<'s>(&'s self, answer: u32, evidence: u32, keys: &[KeySource], id: NodeId) -> Vec<Option<Part<'s>>> {
        let parts = match self.keys.iter().find(|(asked, _)| *asked == answer) {
            Some((_, CallGave::Parts(parts))) => parts.as_slice(),
            _ => &[],
        };
        let memory = &*self.answers.memory;
        let left_out = |at: usize| {
            let path = self.declared(evidence).and_then(|(declared, _)| declared.keys.get(at)?.first());
            let found = path.and_then(|index| slot_of(memory, id, *index));
            found.is_none_or(|node| matches!(memory.value(node), Value::Absent))
        };
        let given = |(at, source): (usize, &KeySource)| match source {
            KeySource::Answer => None,
            KeySource::AnswerOrCall if !left_out(at) => None,
            _ => Some(parts.get(at).copied().unwrap_or(NOT_GIVEN)),
        };
        keys.iter().enumerate().map(given).collect()
    }

    /// The fields that an answer gives, and in place of those that it lacks what the call gave.
    fn with_given(
        &self,
        evidence: u32,
        keys: &[KeySource],
        given: &[Option<Part<'_>>],
        id: NodeId,
    ) -> Vec<(u32, Vec<u8>)> {
        let mut fields = self.given(evidence, id);
        let paths = self.declared(evidence).map(|(declared, _)| declared.keys.as_slice()).unwrap_or_default();
        for ((source, part), path) in keys.iter().zip(given).zip(paths) {
            if let (KeySource::AnswerOrCall, Some(part), [index]) = (source, part, path.as_slice()) {
                fields.retain(|(other, _)| other != index);
                fields.push((*index, part.kept.to_vec()));
            }
        }
        fields
    }
}
