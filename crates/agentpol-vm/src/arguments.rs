//! Arguments, context and attributes as declared: code 23 of the table.

use crate::memory::Memory;
use crate::request::{Request, User};
use crate::typed::{Misfit, Reading};
use crate::value::{NO_NODE, NodeId, Register, Text, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::code::Code;
use agentpol_bytecode::decision::ArgumentPath;
use agentpol_bytecode::tables::{Field, Tool};
use alloc::vec::Vec;

/// A structural failure, and which argument or field it speaks of.
pub(crate) type Failure = (Code, Option<ArgumentPath>);

/// The context field that relative paths are joined to.
const CWD: &str = "cwd";

/// Values of declared fields, by the field's index.
pub(crate) type Held = Vec<Register>;

/// Reads the arguments: what is missing, then what is not declared, then what is not of its type.
pub(crate) fn arguments(
    program: &Program,
    memory: &mut Memory,
    registers: &mut [Register],
    request: &Request,
    tool: &Tool,
    cwd: Option<Text>,
    held: &mut Held,
) -> Result<(), Failure> {
    held.clear();
    let named = |field: &Field| program.symbol(field.wire);
    let missing =
        tool.params.iter().find(|field| !field.optional && memory.member(request.args, named(field)).is_none());
    if let Some(field) = missing {
        return Err((Code::ArgumentMissing, Some(top(named(field)))));
    }
    let declared = |key: &str| tool.params.iter().any(|field| named(field) == key);
    let undeclared = memory.children(request.args).find(|child| !declared(memory.key(*child)));
    if let Some(extra) = undeclared.filter(|_| !tool.open) {
        return Err((Code::ArgumentUndeclared, Some(top(memory.key(extra)))));
    }
    let reading = Reading { program, cwd, hosts: &tool.fixed_hosts };
    for field in tool.params.iter().take(held.capacity()) {
        let register = match memory.member(request.args, named(field)) {
            None => Register::ABSENT,
            Some(id) => {
                let invalid = |misfit: Misfit, memory: &Memory| {
                    (Code::ArgumentInvalid, Some(misfit.pointer(program, memory, request.args)))
                };
                reading.field(memory, registers, field, id).map_err(|misfit| invalid(misfit, memory))?;
                memory.register(id)
            }
        };
        held.push(register);
    }
    Ok(())
}

fn top(name: &str) -> ArgumentPath {
    let mut pointer = ArgumentPath::new();
    pointer.push(name);
    pointer
}

/// Reads the context: exactly its declared fields, those that are not optional required.
pub(crate) fn context(
    program: &Program,
    memory: &mut Memory,
    registers: &mut [Register],
    object: Option<NodeId>,
    held: &mut Held,
) -> Result<(), Failure> {
    held.clear();
    let fields = &program.tables().context;
    let named = |field: &Field| program.symbol(field.wire);
    let declared = |key: &str| fields.iter().any(|field| named(field) == key);
    let extra = object.and_then(|object| memory.children(object).find(|child| !declared(memory.key(*child))));
    if let Some(extra) = extra {
        return Err((Code::ContextInvalid, Some(top(memory.key(extra)))));
    }
    let reading = Reading { program, cwd: None, hosts: &[] };
    for field in fields.iter().take(held.capacity()) {
        let value = match object.and_then(|object| memory.member(object, named(field))) {
            None if field.optional => Value::Absent,
            None => return Err((Code::ContextInvalid, Some(top(named(field))))),
            Some(id) => {
                let root = object.unwrap_or(NO_NODE);
                let invalid = |misfit: Misfit, memory: &Memory| {
                    (Code::ContextInvalid, Some(misfit.pointer(program, memory, root)))
                };
                reading.field(memory, registers, field, id).map_err(|misfit| invalid(misfit, memory))?;
                memory.value(id)
            }
        };
        held.push(Register::made(value));
    }
    Ok(())
}

/// The directory that the context says relative paths start in.
pub(crate) fn cwd(program: &Program, context: &Held) -> Option<Text> {
    let fields = program.tables().context.iter().zip(context);
    fields.filter(|(field, _)| program.symbol(field.name) == CWD).find_map(|(field, register)| {
        use agentpol_bytecode::tables::TypeDef;
        let of = program.tables().types.get(field.ty as usize);
        match (of, register.value) {
            (Some(TypeDef::Path { .. }), Value::Text(text)) => Some(text),
            _ => None,
        }
    })
}

/// Reads attributes of a user or a fleet's member: one that is missing or ill-typed is unknown.
pub(crate) fn attributes(
    program: &Program,
    memory: &mut Memory,
    registers: &mut [Register],
    fields: &[Field],
    find: impl Fn(&Memory, usize) -> Option<NodeId>,
    held: &mut Held,
) {
    held.clear();
    let reading = Reading { program, cwd: None, hosts: &[] };
    for (at, field) in fields.iter().enumerate().take(held.capacity()) {
        let value = match find(memory, at) {
            None if field.optional => Value::Absent,
            None => Value::Unknown,
            Some(id) => match reading.field(memory, registers, field, id) {
                Ok(()) => memory.value(id),
                Err(_) => Value::Unknown,
            },
        };
        held.push(Register::made(value));
    }
}

/// Reads the user's attributes.
pub(crate) fn user(
    program: &Program,
    memory: &mut Memory,
    registers: &mut [Register],
    user: Option<&User>,
    held: &mut Held,
) {
    let fields = &program.tables().user;
    if let (Some(found), Some(directory)) = (user.and_then(|user| user.found), memory.directory.clone()) {
        held.clear();
        held.extend((0..fields.len().min(held.capacity())).map(|field| directory.user_field(found, field)));
        return;
    }
    let find = |memory: &Memory, at: usize| {
        let field = fields.get(at)?;
        memory.member(user?.object, program.symbol(field.wire))
    };
    attributes(program, memory, registers, fields, find, held);
}
