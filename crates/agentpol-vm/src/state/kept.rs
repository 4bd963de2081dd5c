//! Values as they are kept: written behind a tag, and read back as values of the type that the program declares. What does
//! not fit the type is unknown; what is too long to be kept is, too.

use super::record::{array, read_i64, read_u32};
use crate::letters::Letters;
use crate::memory::{MAX_DEPTH, Memory, NO_TEXT};
use crate::value::{Carried, GROUP, NO_NODE, NodeId, RESOURCE, Register, Text, USER, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::tables::{Kept, TypeDef, TypeId};
use alloc::vec::Vec;

/// The longest text that is kept.
const MAX_TEXT: usize = 4096;
/// The most bytes that a list, map or record is kept with.
const MAX_COMPOSITE: usize = 16_384;

/// Tags of values.
const ABSENT: u8 = 0;
const UNKNOWN: u8 = 1;
const BOOL: u8 = 2;
const NUMBER: u8 = 3;
const TEXT: u8 = 4;
const OPAQUE: u8 = 5;
const IP: u8 = 6;
const MEMBER: u8 = 7;
const LIST: u8 = 8;
const MAP: u8 = 9;
const RECORD: u8 = 10;
const JSON: u8 = 11;
const NAMED: u8 = 12;
/// A value that is not there yet.
const UNSET: u8 = 13;

/// Writes values one behind the other.
pub(crate) struct Writer<'a> {
    pub(crate) program: &'a Program,
    pub(crate) memory: &'a Memory,
    pub(crate) out: &'a mut Vec<u8>,
}

impl Writer<'_> {
    /// Adds bytes. Never takes more memory.
    fn push(&mut self, bytes: &[u8]) -> Option<()> {
        let room = self.out.capacity().saturating_sub(self.out.len()) >= bytes.len();
        room.then(|| self.out.extend_from_slice(bytes))
    }

    /// Adds a value; one that cannot be kept as unknown. `None` where there is no room even for that.
    pub(crate) fn value(&mut self, value: Value) -> Option<()> {
        let start = self.out.len();
        let written = self.whole(value);
        let too_long = self.out.len().saturating_sub(start) > MAX_COMPOSITE;
        if written.is_none() || too_long {
            self.out.truncate(start);
            return self.push(&[UNKNOWN]);
        }
        Some(())
    }

    /// Adds a mark that a value will come later.
    pub(crate) fn unset(&mut self) -> Option<()> {
        self.push(&[UNSET])
    }

    fn number(&mut self, value: i64) -> Option<()> {
        self.push(&[NUMBER])?;
        self.push(&value.to_le_bytes())
    }

    fn text(&mut self, tag: u8, text: Text) -> Option<()> {
        let letters = Letters::of(self.program, self.memory, Value::Text(Text { opaque: false, ..text }))?;
        if letters.written().len() > MAX_TEXT {
            return None;
        }
        self.push(&[tag])?;
        self.push(&u32::try_from(letters.written().len()).ok()?.to_le_bytes())?;
        letters.bytes().try_for_each(|byte| self.push(&[byte]))
    }

    fn whole(&mut self, value: Value) -> Option<()> {
        match value {
            Value::Absent => self.push(&[ABSENT]),
            Value::Bool(value) => self.push(&[BOOL, u8::from(value)]),
            Value::Int(value) | Value::Decimal(value) | Value::Duration(value) | Value::DateTime(value) => {
                self.number(value)
            }
            Value::Float(value) => self.number(value.to_bits() as i64),
            Value::Date(value) => self.number(i64::from(value)),
            Value::Text(text) => self.text(if text.opaque { OPAQUE } else { TEXT }, text),
            Value::Ip { high, low, v6 } => {
                self.push(&[IP, u8::from(v6)])?;
                self.push(&high.to_le_bytes())?;
                self.push(&low.to_le_bytes())
            }
            Value::Enum { member, .. } | Value::Level { member, .. } => {
                self.push(&[MEMBER])?;
                self.push(&member.to_le_bytes())
            }
            Value::Named { of, id } => {
                self.push(&[NAMED])?;
                self.push(&of.to_le_bytes())?;
                self.text(TEXT, id)
            }
            Value::List(id) => self.children(LIST, id),
            Value::Map(id) => self.children(MAP, id),
            Value::Record(id) => self.children(RECORD, id),
            Value::Json(_) => self.push(&[JSON]),
            _ => self.push(&[UNKNOWN]),
        }
    }

    /// As deep as requests nest.
    fn children(&mut self, tag: u8, id: NodeId) -> Option<()> {
        let memory = self.memory;
        let wanted = |child: &NodeId| tag != RECORD || memory.node(*child).is_some_and(|node| node.slot != u32::MAX);
        let count = u32::try_from(memory.children(id).filter(wanted).count()).ok()?;
        self.push(&[tag])?;
        self.push(&count.to_le_bytes())?;
        for child in memory.children(id).filter(wanted) {
            let node = memory.node(child)?;
            match tag {
                MAP => self.text(TEXT, node.key)?,
                RECORD => self.push(&node.slot.to_le_bytes())?,
                _ => {}
            }
            self.value(node.value)?;
        }
        Some(())
    }
}

/// Reads values that were kept.
pub(crate) struct Reader<'a> {
    pub(crate) program: &'a Program,
    pub(crate) bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn length(&mut self) -> Option<usize> {
        Some(read_u32(self.take(4)?, 0) as usize)
    }

    /// Passes over a value.
    pub(crate) fn skip(&mut self) -> Option<()> {
        self.pass(MAX_DEPTH.saturating_mul(2))
    }

    fn pass(&mut self, depth: u32) -> Option<()> {
        let inner = depth.checked_sub(1)?;
        match self.byte()? {
            ABSENT | UNKNOWN | JSON | UNSET => Some(()),
            BOOL => self.take(1).map(drop),
            NUMBER => self.take(8).map(drop),
            TEXT | OPAQUE => {
                let length = self.length()?;
                self.take(length).map(drop)
            }
            IP => self.take(17).map(drop),
            MEMBER => self.take(4).map(drop),
            NAMED => {
                self.take(4)?;
                self.pass(inner)
            }
            tag @ (LIST | MAP | RECORD) => {
                for _ in 0..self.length()? {
                    match tag {
                        MAP => self.pass(inner)?,
                        RECORD => self.take(4).map(drop)?,
                        _ => {}
                    }
                    self.pass(inner)?;
                }
                Some(())
            }
            _ => None,
        }
    }

    /// Reads a value of a kind; `None` where it was not there yet.
    pub(crate) fn kept(&mut self, memory: &mut Memory, kept: Kept) -> Option<Register> {
        if self.bytes.first() == Some(&UNSET) {
            self.take(1);
            return None;
        }
        let value = match kept {
            Kept::Typed(of) => return Some(self.typed(memory, of)),
            scalar => self.scalar(memory, &|number| match scalar {
                Kept::Int => Some(Value::Int(number)),
                Kept::Decimal => Some(Value::Decimal(number)),
                Kept::Float => finite(number),
                Kept::Duration => Some(Value::Duration(number)),
                Kept::Date => i32::try_from(number).ok().map(Value::Date),
                Kept::DateTime => Some(Value::DateTime(number)),
                _ => None,
            }),
        };
        let value = match (kept, value) {
            (Kept::Enum(of), Some(Value::Enum { member, .. })) => self.member(of, member, false),
            (Kept::Level(of), Some(Value::Enum { member, .. })) => self.member(of, member, true),
            (Kept::Bool, Some(Value::Bool(_))) | (Kept::Text, Some(Value::Text(_))) => value,
            (Kept::Ip, Some(Value::Ip { .. })) => value,
            (Kept::Int, Some(Value::Int(_))) | (Kept::Decimal, Some(Value::Decimal(_))) => value,
            (Kept::Float, Some(Value::Float(_))) | (Kept::Duration, Some(Value::Duration(_))) => value,
            (Kept::Date, Some(Value::Date(_))) | (Kept::DateTime, Some(Value::DateTime(_))) => value,
            (_, Some(Value::Absent)) => value,
            _ => None,
        };
        Some(Register::made(value.into()))
    }

    /// Reads a value of a type.
    pub(crate) fn typed(&mut self, memory: &mut Memory, of: TypeId) -> Register {
        let rest = self.bytes;
        match self.node(memory, of, NO_NODE, NO_TEXT) {
            Some(node) => memory.register(node),
            None => {
                // Whatever it is, the next value stands behind it.
                self.bytes = rest;
                if self.skip().is_none() {
                    self.bytes = &[];
                }
                Register::UNKNOWN
            }
        }
    }

    /// Reads a value of a type into a node.
    pub(crate) fn node(&mut self, memory: &mut Memory, of: TypeId, parent: NodeId, key: Text) -> Option<NodeId> {
        let program = self.program;
        let found = program.tables().types.get(of as usize)?;
        let id = memory.add(Value::Unknown, parent, key).ok()?;
        let value = match (found, self.bytes.first().copied()?) {
            (TypeDef::List { of, .. }, LIST) => {
                self.inside(memory, id, |reader, memory| reader.node(memory, *of, id, NO_TEXT))?;
                Some(Value::List(id))
            }
            (TypeDef::Map { of, .. }, MAP) => {
                self.inside(memory, id, |reader, memory| {
                    let Some(Value::Text(key)) = reader.scalar(memory, &|_| None) else { return None };
                    reader.node(memory, *of, id, key)
                })?;
                Some(Value::Map(id))
            }
            (TypeDef::Record { fields, .. }, RECORD) => {
                self.inside(memory, id, |reader, memory| {
                    let slot = read_u32(reader.take(4)?, 0);
                    let child = reader.node(memory, fields.get(slot as usize)?.ty, id, NO_TEXT)?;
                    memory.node_mut(child)?.slot = slot;
                    Some(child)
                })?;
                Some(Value::Record(id))
            }
            (_, LIST | MAP | RECORD) => {
                self.skip()?;
                None
            }
            (found, _) => self.of_type(memory, found),
        };
        memory.set(id, value.into());
        Some(id)
    }

    /// Reads what is inside, and links it.
    fn inside(
        &mut self,
        memory: &mut Memory,
        id: NodeId,
        mut read: impl FnMut(&mut Self, &mut Memory) -> Option<NodeId>,
    ) -> Option<()> {
        self.take(1)?;
        let count = self.length()?;
        let mut links = Links::new(id);
        for _ in 0..count {
            let child = read(self, memory)?;
            links.add(memory, child);
        }
        Some(())
    }

    fn of_type(&mut self, memory: &mut Memory, of: &TypeDef) -> Option<Value> {
        let value = self.scalar(memory, &|number| match of {
            TypeDef::Int => Some(Value::Int(number)),
            TypeDef::Decimal { .. } => Some(Value::Decimal(number)),
            TypeDef::Float => finite(number),
            TypeDef::Date => i32::try_from(number).ok().map(Value::Date),
            TypeDef::DateTime { .. } => Some(Value::DateTime(number)),
            _ => None,
        })?;
        match (of, value) {
            (TypeDef::Enum(of), Value::Enum { member, .. }) => self.member(*of, member, false),
            (TypeDef::Level(of), Value::Enum { member, .. }) => self.member(*of, member, true),
            (TypeDef::User, Value::Named { of: USER, .. })
            | (TypeDef::Group, Value::Named { of: GROUP, .. })
            | (TypeDef::Principal, Value::Named { of: USER | GROUP, .. }) => Some(value),
            (TypeDef::Resource(kind), Value::Named { of, .. }) if kind.checked_add(RESOURCE) == Some(of) => Some(value),
            (TypeDef::Bool, Value::Bool(_)) | (TypeDef::Ip, Value::Ip { .. }) | (_, Value::Absent) => Some(value),
            (TypeDef::Json, Value::Json(_)) => Some(value),
            (
                TypeDef::String | TypeDef::Email | TypeDef::Url { .. } | TypeDef::Host | TypeDef::Path { .. },
                Value::Text(_),
            ) => Some(value),
            (TypeDef::Int, Value::Int(_)) | (TypeDef::Decimal { .. }, Value::Decimal(_)) => Some(value),
            (TypeDef::Float, Value::Float(_)) | (TypeDef::Date, Value::Date(_)) => Some(value),
            (TypeDef::DateTime { .. }, Value::DateTime(_)) => Some(value),
            _ => None,
        }
    }

    fn member(&self, of: u32, member: u32, level: bool) -> Option<Value> {
        let tables = self.program.tables();
        let members = if level { tables.levels.get(of as usize)? } else { tables.enums.get(of as usize)? };
        members.get(member as usize)?;
        Some(if level { Value::Level { of, member } } else { Value::Enum { of, member } })
    }

    /// Reads a scalar. Members come as those of an enumeration; what a number is, the caller says.
    fn scalar(&mut self, memory: &mut Memory, number: &dyn Fn(i64) -> Option<Value>) -> Option<Value> {
        match self.byte()? {
            ABSENT => Some(Value::Absent),
            BOOL => Some(Value::Bool(self.byte()? == 1)),
            NUMBER => number(read_i64(self.take(8)?, 0)),
            tag @ (TEXT | OPAQUE) => {
                let length = self.length()?;
                let text = core::str::from_utf8(self.take(length)?).ok()?;
                let mark = memory.mark();
                memory.push(text).ok()?;
                Some(Value::Text(Text { opaque: tag == OPAQUE, ..memory.since(mark) }))
            }
            IP => {
                let bytes = self.take(17)?;
                let half = |at| array(bytes, at).map_or(0, u64::from_le_bytes);
                Some(Value::Ip { high: half(1), low: half(9), v6: bytes.first() == Some(&1) })
            }
            MEMBER => Some(Value::Enum { of: 0, member: read_u32(self.take(4)?, 0) }),
            NAMED => {
                let of = read_u32(self.take(4)?, 0);
                match self.scalar(memory, &|_| None)? {
                    Value::Text(id) => Some(Value::Named { of, id }),
                    _ => None,
                }
            }
            JSON => Some(Value::Json(Carried::Object)),
            _ => None,
        }
    }
}

fn finite(bits: i64) -> Option<Value> {
    let value = f64::from_bits(bits as u64);
    value.is_finite().then_some(Value::Float(value))
}

/// Links nodes one behind the other inside of another.
pub(crate) struct Links {
    parent: NodeId,
    last: NodeId,
}

impl Links {
    pub(crate) fn new(parent: NodeId) -> Self {
        Links { parent, last: NO_NODE }
    }

    pub(crate) fn add(&mut self, memory: &mut Memory, child: NodeId) {
        let before = if self.last == NO_NODE { self.parent } else { self.last };
        if let Some(node) = memory.node_mut(before) {
            let place = if self.last == NO_NODE { &mut node.first } else { &mut node.next };
            *place = child;
        }
        memory.node_mut(self.parent).into_iter().for_each(|node| node.count = node.count.saturating_add(1));
        self.last = child;
    }
}
