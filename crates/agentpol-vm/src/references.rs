//! Users, groups and resources as values: their attributes and ids, what they lie in, and `in` by closure.

use crate::calculate::same;
use crate::directory::Bound;
use crate::elements::Elements;
use crate::facts::Facts;
use crate::machine::Machine;
use crate::value::{GROUP, NO_NODE, Pool, RESOURCE, Register, Text, USER, Value};
use agentpol_bytecode::instruction::Op;
use agentpol_bytecode::scope::Tri;
use agentpol_bytecode::tables::{Field, Symbol};

/// Everything that is asked of a reference.
pub(crate) fn operate(machine: &Machine<'_>, op: Op, a: Value, b: Value, imm: u32) -> Register {
    match op {
        Op::Attribute => attribute(machine, a, imm),
        Op::Id => Register::made(id(machine, a)),
        Op::PathOf => Register::made(path(machine, a)),
        Op::InGroup => Register::made(in_program_group(machine, a, imm).into()),
        _ => Register::made(inside(machine, a, b).into()),
    }
}

/// The directory, where it says something about values of this kind.
fn directory<'m>(machine: &'m Machine<'_>, of: u32) -> Option<&'m Bound> {
    let tables = machine.tables();
    let source = if of < RESOURCE { tables.users_from } else { tables.resources_from };
    machine.memory.directory.as_deref().filter(|_| source.is_directory())
}

/// The number in the directory.
fn found(machine: &Machine<'_>, value: Value) -> Option<(u32, u32)> {
    match value {
        Value::Found { of, at } => Some((of, at)),
        Value::Named { of, id } => Some((of, directory(machine, of)?.find(of, machine.memory.text(id))?)),
        _ => None,
    }
}

/// The id of a user or resource, or the name of a group.
pub(crate) fn id(machine: &Machine<'_>, value: Value) -> Value {
    match value {
        Value::Named { id, .. } => Value::Text(id),
        Value::Found { of, at } => {
            let word = machine.memory.directory.as_ref().and_then(|bound| Some((bound.name(of, at)?, bound)));
            word.map_or(Value::Unknown, |(word, bound)| {
                let length = u32::try_from(bound.directory().word(word).len()).unwrap_or(0);
                Value::Text(Text { pool: Pool::Word(word), start: 0, length, lower: false, opaque: false })
            })
        }
        _ => Value::Unknown,
    }
}

/// Absent where its type has no such attribute; unknown where nobody says it.
fn attribute(machine: &Machine<'_>, of_value: Value, name: Symbol) -> Register {
    let (Value::Named { of, .. } | Value::Found { of, .. }) = of_value else { return Register::UNKNOWN };
    let fields = match of {
        USER => machine.tables().user.as_slice(),
        GROUP => return Register::UNKNOWN,
        of => {
            let declared = of.checked_sub(RESOURCE).and_then(|of| machine.tables().resources.get(of as usize));
            declared.map_or(&[][..], |declared| &declared.fields)
        }
    };
    let Some(place) = fields.iter().position(|field: &Field| field.name == name) else { return Register::ABSENT };
    if let Some(facts) = machine.facts {
        let held = match of {
            USER if is_same(machine, of_value, facts.requester) => Some(facts.user_fields),
            USER => None,
            _ if is_same(machine, of_value, facts.resource) => Some(facts.resource_fields),
            _ => None,
        };
        if let (Some(held), None) = (held, directory(machine, of)) {
            return held.get(place).copied().unwrap_or(Register::UNKNOWN);
        }
    }
    match (found(machine, of_value), &machine.memory.directory) {
        (Some((of, at)), Some(bound)) => bound.attribute(of, at, name),
        _ => Register::UNKNOWN,
    }
}

fn is_same(machine: &Machine<'_>, one: Value, other: Value) -> bool {
    same(machine, one, other) == Tri::True
}

/// The list of a resource and of what it lies in.
fn path(machine: &Machine<'_>, resource: Value) -> Value {
    if let Some(facts) = machine.facts.filter(|facts| facts.path != NO_NODE)
        && is_same(machine, resource, facts.resource)
    {
        return machine.memory.value(facts.path);
    }
    match (found(machine, resource), &machine.memory.directory) {
        (Some((of, at)), Some(bound)) => bound.path(of, at),
        _ => Value::Unknown,
    }
}

/// `a in b`; nobody is in nothing.
fn inside(machine: &Machine<'_>, a: Value, b: Value) -> Tri {
    if matches!(a, Value::Absent) {
        return Tri::False;
    }
    let Some(mut elements) = Elements::of(Register::made(b), machine.memory) else { return in_one(machine, a, b) };
    let mut found = Tri::False;
    while let Some((element, _)) = elements.next(machine.program, machine.memory) {
        found = found.or(in_one(machine, a, element.value));
        if found == Tri::True {
            break;
        }
    }
    found
}

fn in_one(machine: &Machine<'_>, a: Value, b: Value) -> Tri {
    let kind = |value: Value| match value {
        Value::Named { of, .. } | Value::Found { of, .. } => Some(of),
        _ => None,
    };
    let (Some(of_a), Some(of_b)) = (kind(a), kind(b)) else { return Tri::Unknown };
    match same(machine, a, b) {
        Tri::True => Tri::True,
        equal => match (of_a, of_b) {
            (USER | GROUP, GROUP) => in_group(machine, a, b),
            (USER | GROUP, _) | (_, USER | GROUP) => equal,
            _ => lies_in(machine, a, b),
        },
    }
}

/// The groups of the directory that a user or group belongs to.
fn belongs<'m>(machine: &'m Machine<'_>, member: Value) -> Option<&'m [u32]> {
    let (of, at) = found(machine, member)?;
    let bound = machine.memory.directory.as_ref()?;
    Some(if of == USER { bound.groups_of(at) } else { bound.above(at) })
}

fn in_group(machine: &Machine<'_>, member: Value, group: Value) -> Tri {
    if let Some(bound) = directory(machine, GROUP) {
        let Some(belongs) = belongs(machine, member) else { return Tri::Unknown };
        return match (found(machine, group), group) {
            (Some((_, at)), _) => bound.in_group(belongs, at),
            (None, Value::Named { id, .. }) => bound.in_named_group(machine.program, belongs, machine.memory.text(id)),
            _ => Tri::Unknown,
        };
    }
    let Value::Named { id, .. } = group else { return Tri::Unknown };
    let name = machine.memory.text(id);
    let groups = &machine.tables().groups;
    let declared = (0u32..).zip(groups).find(|(_, group)| machine.program.symbol(group.wire) == name);
    match (declared, machine.facts) {
        (Some((group, _)), _) => in_program_group(machine, member, group),
        (None, Some(facts)) if is_same(machine, member, facts.requester) => requested(machine, facts, name),
        _ => Tri::Unknown,
    }
}

/// Whether the request says that the user is in a group of this name, which no policy declares.
fn requested(machine: &Machine<'_>, facts: &Facts<'_>, name: &str) -> Tri {
    let memory = &*machine.memory;
    let list = memory.member(facts.user_object, "groups").map(|list| memory.value(list));
    let Some(Value::List(list)) = list else { return Tri::Unknown };
    let named = |id: u32| matches!(memory.value(id), Value::Text(text) if memory.text(text) == name);
    memory.children(list).any(named).into()
}

/// Membership of a group of the program.
pub(crate) fn in_program_group(machine: &Machine<'_>, member: Value, group: u32) -> Tri {
    if matches!(member, Value::Absent) {
        return Tri::False;
    }
    if let Some(bound) = directory(machine, GROUP) {
        return belongs(machine, member).map_or(Tri::Unknown, |belongs| bound.in_program_group(belongs, group));
    }
    let Some(facts) = machine.facts else { return Tri::Unknown };
    match member {
        Value::Named { of: USER, .. } if is_same(machine, member, facts.requester) => machine.user_in(facts, group),
        Value::Named { of: GROUP, id } => {
            // What else the group belongs to, only a directory would tell.
            let symbol = machine.program.find_symbol(machine.memory.text(id));
            let closure = machine.tables().groups.get(group as usize).map_or(&[][..], |group| &group.closure);
            let inside = symbol.is_some_and(|symbol| closure.binary_search(&symbol).is_ok());
            if inside { Tri::True } else { Tri::Unknown }
        }
        _ => Tri::Unknown,
    }
}

/// Whether one resource lies in another.
fn lies_in(machine: &Machine<'_>, inner: Value, outer: Value) -> Tri {
    if let Some((of, at)) = found(machine, inner) {
        // Everything that it lies in is in the directory: what is not there is none of it.
        let Some(outer) = found(machine, outer) else { return Tri::False };
        let bound = machine.memory.directory.as_ref();
        return bound.map_or(Tri::Unknown, |bound| bound.lies_in((of, at), outer).into());
    }
    let Some(facts) = machine.facts.filter(|facts| is_same(machine, inner, facts.resource)) else {
        return Tri::Unknown;
    };
    if facts.path == NO_NODE {
        return Tri::Unknown;
    }
    let mut found = Tri::False;
    for place in machine.memory.children(facts.path) {
        found = found.or(same(machine, machine.memory.value(place), outer));
    }
    found
}
