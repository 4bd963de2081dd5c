//! The people and the resource of a call, from the directory or from the request: codes 15 to 17, 24 and 25.

use crate::arguments::{self, Held};
use crate::memory::{Memory, NO_TEXT};
use crate::request::Request;
use crate::value::{NO_NODE, NodeId, RESOURCE, Register, Text, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::code::Code;
use agentpol_bytecode::tables::{ResourceName, Source, Tool};

/// What a request brings of a resource.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given {
    pub(crate) of: Text,
    pub(crate) id: Text,
    /// The object in which attributes stand.
    pub(crate) attributes: Option<NodeId>,
    /// The list of all that it lies in.
    pub(crate) within: Option<NodeId>,
}

/// The resource that a call is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject {
    /// The resource; unknown where the tool has none.
    pub(crate) value: Value,
    /// Of one that the request brings the list of itself and of all that it lies in; [`NO_NODE`] where it does not say.
    pub(crate) path: NodeId,
}

impl Subject {
    pub(crate) const NONE: Subject = Subject { value: Value::Unknown, path: NO_NODE };
}

/// Codes 15 to 17: the directory is there and young enough, and the user is in it and may act. Notes which user it is.
pub(crate) fn people(program: &Program, memory: &Memory, request: &mut Request, now: i64) -> Result<(), Code> {
    let tables = program.tables();
    let sources = [tables.users_from, tables.resources_from];
    let directory = memory.directory.as_ref().filter(|bound| bound.made_for == *program.file_hash());
    for source in sources {
        let Source::Directory { max_age } = source else { continue };
        let directory = directory.ok_or(Code::DirectoryStale)?.directory();
        let age = directory.as_of().map(|as_of| now.saturating_sub(as_of));
        if max_age.is_some_and(|max_age| age.is_none_or(|age| age > max_age)) {
            return Err(Code::DirectoryStale);
        }
    }
    if let (Some(user), Source::Directory { .. }) = (&mut request.user, tables.users_from) {
        let directory = directory.ok_or(Code::DirectoryStale)?.directory();
        let found = directory.find_user(memory.text(user.id)).ok_or(Code::UserUnknown)?;
        let active = directory.tables().users.get(found as usize).is_some_and(|user| user.active);
        if !active {
            return Err(Code::UserSuspended);
        }
        user.found = Some(found);
    }
    Ok(())
}

/// Codes 24 and 25: the resource that the arguments name, and what is known of it.
pub(crate) fn subject(
    program: &Program,
    memory: &mut Memory,
    registers: &mut [Register],
    request: &Request,
    tool: &Tool,
    args: &Held,
    held: &mut Held,
) -> Result<Subject, Code> {
    held.clear();
    let Some(resource) = tool.resource else {
        return if request.resource.is_some() { Err(Code::ResourceMismatch) } else { Ok(Subject::NONE) };
    };
    let of = resource.of.saturating_add(RESOURCE);
    let id = match resource.id {
        ResourceName::Text(symbol) => program.symbol(symbol),
        ResourceName::Argument(param) => {
            let argument = args.get(param as usize).map_or(Value::Unknown, |register| register.value);
            let text = argument_text(memory, argument)?;
            memory.text(text)
        }
    };
    if program.tables().resources_from.is_directory() {
        let directory = memory.directory.as_ref().ok_or(Code::DirectoryStale)?;
        let at = directory.find(of, id).ok_or(Code::ResourceMissing)?;
        return Ok(Subject { value: Value::Found { of, at }, path: NO_NODE });
    }
    let given = request.resource.ok_or(Code::ResourceMissing)?;
    let declared = program.tables().resources.get(resource.of as usize).ok_or(Code::Internal)?;
    if memory.text(given.of) != program.symbol(declared.wire) || memory.text(given.id) != id {
        return Err(Code::ResourceMismatch);
    }
    let find = |memory: &Memory, at: usize| {
        let field = declared.fields.get(at)?;
        memory.member(given.attributes?, program.symbol(field.wire))
    };
    arguments::attributes(program, memory, registers, &declared.fields, find, held);
    let value = Value::Named { of, id: given.id };
    let path = match given.within {
        None if !declared.within.is_empty() => NO_NODE,
        within => path(program, memory, value, within)?,
    };
    Ok(Subject { value, path })
}

/// The id that an argument gives: a text as it is, an int in its digits.
fn argument_text(memory: &mut Memory, argument: Value) -> Result<Text, Code> {
    match argument {
        Value::Text(text) => Ok(text),
        Value::Int(number) => {
            let mark = memory.mark();
            let mut digits = [0u8; 20];
            let mut start = digits.len();
            let mut rest = number.unsigned_abs();
            loop {
                start = start.saturating_sub(1);
                digits.get_mut(start).into_iter().for_each(|place| *place = b'0'.saturating_add((rest % 10) as u8));
                rest /= 10;
                if rest == 0 {
                    break;
                }
            }
            memory.push(if number < 0 { "-" } else { "" })?;
            memory.push(digits.get(start..).and_then(|digits| core::str::from_utf8(digits).ok()).unwrap_or(""))?;
            Ok(memory.since(mark))
        }
        _ => Err(Code::ResourceMissing),
    }
}

/// Makes the list of the resource itself and of all that it lies in, as far as the program knows the types.
fn path(program: &Program, memory: &mut Memory, resource: Value, within: Option<NodeId>) -> Result<NodeId, Code> {
    let list = memory.add(Value::Null, NO_NODE, NO_TEXT)?;
    let mut last = memory.add(resource, list, NO_TEXT)?;
    memory.link(list, NO_NODE, last);
    let mut next = within.and_then(|within| memory.children(within).next());
    while let Some(place) = next {
        let text = |key: &str| match memory.member(place, key).map(|id| memory.value(id)) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        };
        if let (Some(of), Some(id)) = (text("type"), text("id")) {
            let known = program.tables().resources.iter();
            let of = (RESOURCE..).zip(known).find(|(_, known)| program.symbol(known.wire) == memory.text(of));
            if let Some((of, _)) = of {
                let child = memory.add(Value::Named { of, id }, list, NO_TEXT)?;
                memory.link(list, last, child);
                last = child;
            }
        }
        next = memory.node(place).map(|node| node.next).filter(|next| *next != NO_NODE);
    }
    memory.set(list, Value::List(list));
    Ok(list)
}
