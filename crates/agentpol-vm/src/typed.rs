//! JSON to values of a declared type (semantics 2.10 and 6). Anything that is not of the type is refused, with the place
//! where it stands.

use crate::forms::{self, number, path, time};
use crate::machine::Machine;
use crate::memory::{MAX_STRING, Memory};
use crate::value::{Carried, GROUP, NodeId, RESOURCE, Register, Text, USER, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::decision::ArgumentPath;
use agentpol_bytecode::scope::Tri;
use agentpol_bytecode::tables::{Check, Field, Symbol, TypeDef, TypeId};

/// What is not of its type.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Misfit {
    /// This node.
    At(NodeId),
    /// A field that is missing from this record.
    Missing(NodeId, Symbol),
}

impl Misfit {
    /// Writes where it stands, as a JSON Pointer from `root`.
    pub(crate) fn pointer(self, program: &Program, memory: &Memory, root: NodeId) -> ArgumentPath {
        let mut pointer = ArgumentPath::new();
        match self {
            Misfit::At(node) => descend(memory, root, node, &mut pointer),
            Misfit::Missing(record, field) => {
                descend(memory, root, record, &mut pointer);
                pointer.push(program.symbol(field));
            }
        }
        pointer
    }
}

/// As deep as requests nest.
fn descend(memory: &Memory, root: NodeId, node: NodeId, pointer: &mut ArgumentPath) {
    let Some(found) = memory.node(node).filter(|_| node != root) else { return };
    descend(memory, root, found.parent, pointer);
    // Elements of lists have no name: their number is written out.
    let in_list = matches!(memory.value(found.parent), Value::List(_));
    if in_list {
        let index = memory.children(found.parent).position(|child| child == node).unwrap_or(0);
        let mut digits = [0; 20];
        pointer.push(decimal(index, &mut digits));
    } else {
        pointer.push(memory.text(found.key));
    }
}

fn decimal(mut number: usize, digits: &mut [u8; 20]) -> &str {
    let mut start = digits.len();
    for place in digits.iter_mut().rev() {
        *place = b'0'.wrapping_add((number % 10) as u8);
        number /= 10;
        start = start.saturating_sub(1);
        if number == 0 {
            break;
        }
    }
    core::str::from_utf8(digits.get(start..).unwrap_or_default()).unwrap_or("")
}

/// What reading depends on beside the type.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) program: &'a Program,
    /// Where relative paths start.
    pub(crate) cwd: Option<Text>,
    /// The only hosts that may be named; empty for any (semantics V2).
    pub(crate) hosts: &'a [Symbol],
}

impl Reading<'_> {
    /// Reads a field that may be missing; `null` is absent for an optional one and ill-typed elsewhere.
    pub(crate) fn field(
        &self,
        memory: &mut Memory,
        registers: &mut [Register],
        field: &Field,
        id: NodeId,
    ) -> Result<(), Misfit> {
        if field.optional && matches!(memory.value(id), Value::Null) {
            memory.set(id, Value::Absent);
            return Ok(());
        }
        self.value(memory, registers, field.ty, id)?;
        let fits = field.checks.iter().all(|check| self.fulfils(memory, registers, *check, id));
        if fits { Ok(()) } else { Err(Misfit::At(id)) }
    }

    /// Checks are part of the type; anything but true is ill-typed.
    pub(crate) fn fulfils(&self, memory: &mut Memory, registers: &mut [Register], check: Check, id: NodeId) -> bool {
        let register = memory.register(id);
        let mut machine = Machine::bare(self.program, memory, registers);
        let truth = match check {
            Check::Where(block) => machine.check(block, register),
            Check::Matches(automaton) => machine.accepts(automaton, register.value),
        };
        truth == Tri::True
    }

    /// Reads a value of a type. Goes as deep as requests may nest.
    fn value(&self, memory: &mut Memory, registers: &mut [Register], of: TypeId, id: NodeId) -> Result<(), Misfit> {
        let misfit = Err(Misfit::At(id));
        let Some(of) = self.program.tables().types.get(of as usize) else { return misfit };
        let (json, count) = memory.node(id).map_or((Value::Unknown, 0), |node| (node.value, node.count));
        match (of, json) {
            (TypeDef::List { of, max }, Value::List(_)) if count <= *max => self.all(memory, registers, *of, id),
            (TypeDef::Map { of, max }, Value::Object(_)) if count <= *max => {
                self.all(memory, registers, *of, id)?;
                memory.sort_members(id);
                memory.set(id, Value::Map(id));
                Ok(())
            }
            (TypeDef::Record { fields, .. }, Value::Object(_)) => self.record(memory, registers, fields, id),
            (TypeDef::List { .. } | TypeDef::Map { .. } | TypeDef::Record { .. }, _) => misfit,
            (of, json) => match self.scalar(memory, of, json) {
                Some(value) => {
                    memory.set(id, value);
                    Ok(())
                }
                None => misfit,
            },
        }
    }

    fn all(&self, memory: &mut Memory, registers: &mut [Register], of: TypeId, id: NodeId) -> Result<(), Misfit> {
        let mut next = memory.node(id).map(|node| node.first);
        while let Some((child, node)) = next.and_then(|child| Some((child, *memory.node(child)?))) {
            self.value(memory, registers, of, child)?;
            next = Some(node.next);
        }
        Ok(())
    }

    /// An object with exactly these fields.
    fn record(
        &self,
        memory: &mut Memory,
        registers: &mut [Register],
        fields: &[Field],
        id: NodeId,
    ) -> Result<(), Misfit> {
        let declared = |key: &str| fields.iter().any(|field| self.program.symbol(field.wire) == key);
        if let Some(extra) = memory.children(id).find(|child| !declared(memory.key(*child))) {
            return Err(Misfit::At(extra));
        }
        for (slot, field) in (0u32..).zip(fields) {
            match memory.member(id, self.program.symbol(field.wire)) {
                Some(child) => {
                    self.field(memory, registers, field, child)?;
                    memory.node_mut(child).into_iter().for_each(|node| node.slot = slot);
                }
                None if field.optional => {}
                None => return Err(Misfit::Missing(id, field.wire)),
            }
        }
        memory.set(id, Value::Record(id));
        Ok(())
    }

    pub(crate) fn scalar(&self, memory: &mut Memory, of: &TypeDef, json: Value) -> Option<Value> {
        match (of, json) {
            (TypeDef::User, Value::Text(id)) => named(USER, id),
            (TypeDef::Group, Value::Text(id)) => named(GROUP, id),
            (TypeDef::Resource(of), Value::Text(id)) => named(of.checked_add(RESOURCE)?, id),
            (TypeDef::Principal, Value::Object(object)) => principal(memory, object),
            (TypeDef::Json, json) => carried(json).map(Value::Json),
            (TypeDef::Bool, Value::Bool(value)) => Some(Value::Bool(value)),
            (TypeDef::Int, Value::Number(lexeme)) => number::int(memory.text(lexeme)).map(Value::Int),
            (TypeDef::Decimal { as_string: false }, Value::Number(lexeme))
            | (TypeDef::Decimal { as_string: true }, Value::Text(lexeme)) => {
                number::decimal(memory.text(lexeme)).map(Value::Decimal)
            }
            (TypeDef::Float, Value::Number(lexeme)) => number::float(memory.text(lexeme)).map(Value::Float),
            (of, Value::Text(text)) if text.length as usize <= MAX_STRING => self.text(memory, of, text),
            _ => None,
        }
    }

    fn text(&self, memory: &mut Memory, of: &TypeDef, text: Text) -> Option<Value> {
        let tables = self.program.tables();
        let written = memory.text(text);
        match of {
            TypeDef::String => Some(Value::Text(text)),
            TypeDef::Date => time::date(written).map(Value::Date),
            TypeDef::DateTime { zone } => {
                let zone = zone.and_then(|zone| tables.zones.get(zone as usize));
                time::datetime(written, zone, tables.horizon).map(Value::DateTime)
            }
            TypeDef::Enum(of) => {
                let member = self.member(tables.enums.get(*of as usize)?, written)?;
                Some(Value::Enum { of: *of, member })
            }
            TypeDef::Level(of) => {
                let member = self.member(tables.levels.get(*of as usize)?, written)?;
                Some(Value::Level { of: *of, member })
            }
            TypeDef::Ip => {
                let (bits, v6) = forms::ip(written)?;
                let same = |fixed: &str| forms::ip(fixed) == Some((bits, v6));
                self.admits(same).then(|| Value::ip(bits, v6))
            }
            TypeDef::Host => forms::host(written).then(|| self.host(memory, text, text))?,
            TypeDef::Email => {
                let domain = forms::email(written)?.checked_add(1)?;
                self.host(memory, text, text.part(domain, written.len().checked_sub(domain)?))
            }
            TypeDef::Url { allow_ip6 } => {
                let host = forms::url(written, *allow_ip6)?.host;
                self.host(memory, text, text.part(host.start, host.len()))
            }
            TypeDef::Path { under } => self.path(memory, *under, text),
            _ => None,
        }
    }

    fn member(&self, members: &[Symbol], word: &str) -> Option<u32> {
        let found = members.iter().position(|member| self.program.symbol(*member) == word)?;
        u32::try_from(found).ok()
    }

    /// Puts a text with a host in it into canonical form.
    fn host(&self, memory: &mut Memory, text: Text, host: Text) -> Option<Value> {
        memory.make_lower(host);
        self.admits(|fixed| fixed == memory.text(host)).then_some(Value::Text(text))
    }

    fn admits(&self, same: impl Fn(&str) -> bool) -> bool {
        self.hosts.is_empty() || self.hosts.iter().any(|fixed| same(self.program.symbol(*fixed)))
    }

    /// An absolute path, or a relative one where it is known where it starts.
    fn path(&self, memory: &mut Memory, under: Option<Symbol>, text: Text) -> Option<Value> {
        let written = memory.text(text);
        if !path::is_path(written) {
            return None;
        }
        let start = if written.starts_with('/') { None } else { Some(self.cwd?) };
        let canonical = match start {
            None if path::is_canonical(written) => text,
            start => folded(memory, start, text)?,
        };
        let whole = memory.text(canonical);
        let opaque = path::has_dots(whole);
        let inside = under.is_none_or(|directory| !opaque && path::within(whole, self.program.symbol(directory)));
        inside.then_some(Value::Text(Text { opaque, ..canonical }))
    }
}

/// A reference; nobody and nothing has an empty id.
fn named(of: u32, id: Text) -> Option<Value> {
    (id.length > 0 && id.length as usize <= MAX_STRING).then_some(Value::Named { of, id })
}

/// `{"user": ".."}` or `{"group": ".."}`
fn principal(memory: &Memory, object: NodeId) -> Option<Value> {
    let mut members = memory.children(object);
    let (only, None) = (members.next()?, members.next()) else { return None };
    let of = match memory.key(only) {
        "user" => USER,
        "group" => GROUP,
        _ => return None,
    };
    match memory.value(only) {
        Value::Text(id) => named(of, id),
        _ => None,
    }
}

/// What is carried without being read.
fn carried(json: Value) -> Option<Carried> {
    Some(match json {
        Value::Null => Carried::Null,
        Value::Bool(value) => Carried::Bool(value),
        Value::Number(lexeme) => Carried::Number(lexeme),
        Value::Text(text) => Carried::Text(text),
        Value::List(_) => Carried::List,
        Value::Object(_) => Carried::Object,
        _ => return None,
    })
}

/// Writes a path anew, behind where it starts, with every slash once and none at the end.
fn folded(memory: &mut Memory, start: Option<Text>, text: Text) -> Option<Text> {
    let mark = memory.mark();
    for source in start.into_iter().chain([text]) {
        let mut at = 0;
        while let Some(rest) = memory.text(source).get(at..).filter(|rest| !rest.is_empty()) {
            let length = rest.find('/').unwrap_or(rest.len());
            if length > 0 {
                memory.push("/").ok()?;
                memory.push_copy(source.part(at, length)).ok()?;
            }
            at = at.saturating_add(length).saturating_add(1);
        }
    }
    if memory.mark() == mark {
        memory.push("/").ok()?;
    }
    Some(memory.since(mark))
}
