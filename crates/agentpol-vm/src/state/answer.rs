//! What tools answer, read as they declare it: what is not as declared is unknown where it stands, further members are
//! ignored (semantics H13, 2.10).

use crate::forms::number;
use crate::memory::{MAX_STRING, Memory, NO_TEXT};
use crate::typed::Reading;
use crate::value::{NodeId, Register, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::tables::{Answer, Field, TypeDef, TypeId};

/// In place of an origin: the field was not in the answer.
const SUPPLIED: u8 = u8::MAX - 1;

/// Returns whether a field of a record stood in the answer.
pub(crate) fn was_given(memory: &Memory, field: NodeId) -> bool {
    memory.node(field).is_some_and(|node| node.origin != SUPPLIED)
}

/// What the host tells of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing, or nothing that can be read.
    Nothing,
    /// This JSON.
    Json(NodeId),
    /// A text as it came.
    Text(NodeId),
}

/// Reads answers.
pub(crate) struct Answers<'a> {
    pub(crate) program: &'a Program,
    pub(crate) memory: &'a mut Memory,
    pub(crate) registers: &'a mut [Register],
}

impl<'a> Answers<'a> {
    fn reading(&self) -> Reading<'a> {
        Reading { program: self.program, cwd: None, hosts: &[] }
    }

    pub(crate) fn answer(&self, answer: u32) -> Option<&'a Answer> {
        self.program.tables().answers.get(answer as usize)
    }

    fn type_of(&self, of: TypeId) -> Option<&'a TypeDef> {
        self.program.tables().types.get(of as usize)
    }

    pub(crate) fn is_text(&self, id: NodeId) -> bool {
        matches!(self.memory.value(id), Value::Text(text) if text.length as usize <= MAX_STRING)
    }

    /// The first of several answers that this is.
    pub(crate) fn first_that_fits(&mut self, some: &[u32], id: NodeId) -> Option<u32> {
        some.iter().copied().find(|answer| self.fits(*answer, id))
    }

    /// Whether all of it has the form of an answer.
    fn fits(&mut self, answer: u32, id: NodeId) -> bool {
        match self.answer(answer) {
            Some(Answer::Value(of) | Answer::Keyed { of, .. }) => self.fits_type(*of, id),
            Some(Answer::Verbatim) => self.is_text(id),
            Some(Answer::Either(some)) => self.first_that_fits(some, id).is_some(),
            Some(Answer::List { of, max }) => {
                let count = self.memory.node(id).map_or(0, |node| node.count);
                matches!(self.memory.value(id), Value::List(_))
                    && count <= *max
                    && self.all(id, |answers, child| answers.fits(*of, child))
            }
            None => false,
        }
    }

    fn fits_type(&mut self, of: TypeId, id: NodeId) -> bool {
        let count = self.memory.node(id).map_or(0, |node| node.count);
        match (self.type_of(of), self.memory.value(id)) {
            (Some(TypeDef::List { of, max }), Value::List(_)) => {
                count <= *max && self.all(id, |answers, child| answers.fits_type(*of, child))
            }
            (Some(TypeDef::Map { of, max }), Value::Object(_)) => {
                count <= *max && self.all(id, |answers, child| answers.fits_type(*of, child))
            }
            (Some(TypeDef::Record { fields, .. }), Value::Object(_)) => {
                fields.iter().all(|field| match self.memory.member(id, self.program.symbol(field.wire)) {
                    Some(child) if !matches!(self.memory.value(child), Value::Null) => self.fits_type(field.ty, child),
                    _ => field.optional,
                })
            }
            (Some(of), json) => self.try_scalar(of, json).is_some(),
            (None, _) => false,
        }
    }

    /// Reads a scalar without touching the answer.
    fn try_scalar(&mut self, of: &TypeDef, json: Value) -> Option<Value> {
        let json = match json {
            Value::Text(text) if !matches!(of, TypeDef::String) => {
                let mark = self.memory.mark();
                self.memory.push_copy(text).ok()?;
                Value::Text(self.memory.since(mark))
            }
            json => json,
        };
        self.scalar(of, json)
    }

    fn all(&mut self, id: NodeId, mut holds: impl FnMut(&mut Self, NodeId) -> bool) -> bool {
        let mut next = self.memory.children(id).next();
        while let Some((child, node)) = next.and_then(|child| Some((child, *self.memory.node(child)?))) {
            if !holds(self, child) {
                return false;
            }
            next = Some(node.next);
        }
        true
    }

    fn each(&mut self, id: NodeId, mut read: impl FnMut(&mut Self, NodeId) -> bool) -> bool {
        let mut whole = true;
        self.all(id, |answers, child| {
            whole &= read(answers, child);
            true
        });
        whole
    }

    /// Gives a value its type; returns whether all of it has it.
    pub(crate) fn value(&mut self, of: TypeId, id: NodeId) -> bool {
        let count = self.memory.node(id).map_or(0, |node| node.count);
        let (whole, value) = match (self.type_of(of), self.memory.value(id)) {
            (Some(TypeDef::List { of, max }), Value::List(_)) if count <= *max => {
                (self.each(id, |answers, child| answers.value(*of, child)), Value::List(id))
            }
            (Some(TypeDef::Map { of, max }), Value::Object(_)) if count <= *max => {
                let whole = self.each(id, |answers, child| answers.value(*of, child));
                self.memory.sort_members(id);
                (whole, Value::Map(id))
            }
            (Some(TypeDef::Record { fields, .. }), Value::Object(_)) => match self.record(fields, id) {
                Some(whole) => (whole, Value::Record(id)),
                None => (false, Value::Unknown),
            },
            (Some(TypeDef::List { .. } | TypeDef::Map { .. } | TypeDef::Record { .. }) | None, _) => {
                (false, Value::Unknown)
            }
            (Some(of), json) => match self.scalar(of, json) {
                Some(value) => (true, value),
                None => (false, Value::Unknown),
            },
        };
        if !whole {
            // What is wrong inside has been noted before.
            self.memory.note_strange(id, None);
        }
        self.memory.set(id, value);
        whole
    }

    /// Numbers may come as text, and decimals with more digits than there is room for.
    fn scalar(&mut self, of: &TypeDef, json: Value) -> Option<Value> {
        match (of, json) {
            (TypeDef::Int, Value::Number(lexeme) | Value::Text(lexeme)) => {
                number::int(self.memory.text(lexeme)).map(Value::Int)
            }
            (TypeDef::Decimal { .. }, Value::Number(lexeme) | Value::Text(lexeme)) => {
                number::rounded(self.memory.text(lexeme)).map(Value::Decimal)
            }
            _ => self.reading().scalar(self.memory, of, json),
        }
    }

    /// `None` where there is no room for what is not known of it.
    fn record(&mut self, fields: &[Field], id: NodeId) -> Option<bool> {
        let mut whole = true;
        for (slot, field) in (0u32..).zip(fields) {
            let found = self.memory.member(id, self.program.symbol(field.wire));
            let (child, fits) = match found {
                Some(child) => (Some(child), self.field(field, child)),
                None if field.optional => (None, true),
                None => {
                    self.memory.note_strange(id, Some(field.wire));
                    (Some(self.supply(id)?), false)
                }
            };
            whole &= fits;
            let node = child.and_then(|child| self.memory.node_mut(child));
            node.into_iter().for_each(|node| node.slot = slot);
        }
        Some(whole)
    }

    fn field(&mut self, field: &Field, child: NodeId) -> bool {
        if matches!(self.memory.value(child), Value::Null) {
            self.memory.set(child, if field.optional { Value::Absent } else { Value::Unknown });
            if !field.optional {
                self.memory.note_strange(child, None);
            }
            return field.optional;
        }
        let whole = self.value(field.ty, child);
        if matches!(self.memory.value(child), Value::Unknown) {
            return false;
        }
        let reading = self.reading();
        let fulfils = field.checks.iter().all(|check| reading.fulfils(self.memory, self.registers, *check, child));
        if !fulfils {
            self.memory.note_strange(child, None);
            self.memory.set(child, Value::Unknown);
        }
        whole && fulfils
    }

    /// Puts an unknown field where a record lacks one that it must have.
    fn supply(&mut self, record: NodeId) -> Option<NodeId> {
        let child = self.memory.add(Value::Unknown, record, NO_TEXT).ok()?;
        let first = self.memory.node(record).map(|node| node.first)?;
        let node = self.memory.node_mut(child)?;
        (node.origin, node.next) = (SUPPLIED, first);
        self.memory.node_mut(record)?.first = child;
        Some(child)
    }
}
