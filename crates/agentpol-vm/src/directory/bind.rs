//! Reading a directory's attributes as the types that a program declares.

use super::{Attributes, Bound, Finding, NOT_KNOWN, Resources, groups, members};
use crate::memory::{MAX_STRING, Memory, NO_TEXT};
use crate::typed::Reading;
use crate::value::{GROUP, NO_NODE, NodeId, RESOURCE, Register, Text, USER, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::code::Code;
use agentpol_bytecode::directory::{Directory, Item, Place};
use agentpol_bytecode::instruction::Op;
use agentpol_bytecode::tables::Field;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

/// How many ill-typed values are named.
const MAX_NAMED: usize = 100;
/// How many registers an instruction can name.
const REGISTERS: usize = 256;

/// A directory being bound.
struct Binding<'a> {
    directory: &'a Directory,
    program: &'a Program,
    stored: Memory,
    registers: Vec<Register>,
    findings: Vec<Finding>,
}

pub(super) fn bind(directory: Arc<Directory>, program: &Program) -> Bound {
    let tables = program.tables();
    let mut binding = Binding {
        directory: &directory,
        program,
        stored: Memory::stored(),
        registers: vec![Register::UNKNOWN; REGISTERS],
        findings: Vec::new(),
    };
    let groups = if tables.users_from.is_directory() { groups::resolve(&directory, program) } else { Vec::new() };
    binding.unbound(&groups);
    let users = if tables.users_from.is_directory() { binding.users() } else { Attributes::default() };
    let resources = if tables.resources_from.is_directory() { binding.resources() } else { Vec::new() };
    let agents = members::sort(&directory, program, &mut binding.findings);
    let Binding { stored, findings, .. } = binding;
    let made_for = *program.file_hash();
    let mut bound = Bound { directory, made_for, stored, users, resources, groups, agents, findings };
    resolve_references(&mut bound, program);
    bound
}

impl Binding<'_> {
    fn unbound(&mut self, groups: &[groups::Membership]) {
        let declared = self.program.tables().groups.iter().zip(groups);
        for (group, _) in declared.filter(|(_, found)| found.named.is_none()) {
            let group = String::from(self.program.symbol(group.wire));
            self.findings.push(Finding::UnboundGroup { group });
        }
    }

    fn users(&mut self) -> Attributes {
        let (directory, fields) = (self.directory, &self.program.tables().user);
        let owners = directory.tables().users.iter().map(|user| (user.id, user.attributes.as_slice()));
        self.attributes(fields, owners, None)
    }

    /// What is known of the resources of each type of the program.
    fn resources(&mut self) -> Vec<Resources> {
        let directory = self.directory;
        let of_types = self.program.tables().resources.iter();
        let mut found: Vec<Resources> = of_types
            .map(|of| {
                let wire = self.program.symbol(of.wire);
                let kind = directory.find_kind(wire);
                let all = kind.and_then(|kind| directory.tables().kinds.get(kind as usize));
                let owners = all.into_iter().flat_map(|kind| &kind.resources);
                let owners = owners.map(|resource| (resource.id, resource.attributes.as_slice()));
                let attributes = self.attributes(&of.fields, owners, Some(wire));
                Resources { kind, attributes, paths: Vec::new() }
            })
            .collect();
        if self.program.tables().code.iter().any(|step| step.op == Op::PathOf) {
            let kinds: Vec<Option<u32>> = found.iter().map(|resources| resources.kind).collect();
            for (number, resources) in (RESOURCE..).zip(&mut found) {
                resources.paths = resources.kind.map_or(Vec::new(), |kind| self.paths(&kinds, number, kind));
            }
        }
        found
    }

    /// For each resource the list of itself and of what it lies in, as far as the program knows the types.
    fn paths(&mut self, kinds: &[Option<u32>], of: u32, kind: u32) -> Vec<NodeId> {
        let all = self.directory.tables().kinds.get(kind as usize).map_or(&[][..], |kind| &kind.resources);
        let mut lists = Vec::with_capacity(all.len());
        for (at, resource) in (0u32..).zip(all) {
            let above = resource.above.iter().filter_map(|Place { kind, at }| {
                let of = (RESOURCE..).zip(kinds).find(|(_, known)| **known == Some(*kind))?.0;
                Some(Value::Found { of, at: *at })
            });
            let elements: Vec<Value> = [Value::Found { of, at }].into_iter().chain(above).collect();
            lists.push(self.list(&elements).unwrap_or(NO_NODE));
        }
        lists
    }

    fn list(&mut self, elements: &[Value]) -> Result<NodeId, Code> {
        let id = self.stored.add(Value::Null, NO_NODE, NO_TEXT)?;
        let mut last = NO_NODE;
        for element in elements {
            let child = self.stored.add(*element, id, NO_TEXT)?;
            self.stored.link(id, last, child);
            last = child;
        }
        self.stored.set(id, Value::List(id));
        Ok(id)
    }

    /// Reads the attributes of all owners.
    fn attributes<'d>(
        &mut self,
        fields: &[Field],
        owners: impl Iterator<Item = (u32, &'d [(u32, u32)])>,
        kind: Option<&str>,
    ) -> Attributes {
        let words: Vec<Option<u32>> =
            fields.iter().map(|field| self.directory.find_word(self.program.symbol(field.wire))).collect();
        let mut nodes = Vec::new();
        for (owner, attributes) in owners {
            for (field, word) in fields.iter().zip(&words) {
                let place = word.and_then(|word| attributes.binary_search_by_key(&word, |one| one.0).ok());
                let item = place.and_then(|place| attributes.get(place)).map(|one| one.1);
                let node = match item {
                    None if field.optional => NO_NODE,
                    None => NOT_KNOWN,
                    Some(item) => self.attribute(field, item).unwrap_or_else(|| {
                        self.ill_typed(kind, owner, field);
                        NOT_KNOWN
                    }),
                };
                nodes.push(node);
            }
        }
        Attributes { names: fields.iter().map(|field| field.name).collect(), nodes }
    }

    fn ill_typed(&mut self, kind: Option<&str>, owner: u32, field: &Field) {
        if self.findings.len() < MAX_NAMED {
            let id = String::from(self.directory.word(owner));
            let attribute = String::from(self.program.symbol(field.wire));
            self.findings.push(Finding::IllTyped { kind: kind.map(String::from), id, attribute });
        }
    }

    /// Reads one value; `None` where it is not of the field's type.
    fn attribute(&mut self, field: &Field, item: u32) -> Option<NodeId> {
        let node = self.copy(item, NO_NODE, NO_TEXT).ok()?;
        let reading = Reading { program: self.program, cwd: None, hosts: &[] };
        // Canonical forms of paths are written anew, and are not longer than texts may be.
        self.stored.grow(MAX_STRING);
        reading.field(&mut self.stored, &mut self.registers, field, node).ok()?;
        match self.stored.value(node) {
            Value::Absent => Some(NO_NODE),
            _ => Some(node),
        }
    }

    /// Writes a value of the directory as a request would bring it. Values nest as deep as in requests.
    fn copy(&mut self, item: u32, parent: NodeId, key: Text) -> Result<NodeId, Code> {
        let directory = self.directory;
        let Some(item) = directory.tables().items.get(item as usize) else { return Err(Code::Internal) };
        let id = self.stored.add(Value::Null, parent, key)?;
        let value = match item {
            Item::Null => Value::Null,
            Item::Bool(value) => Value::Bool(*value),
            Item::Number(word) => Value::Number(self.text(*word)?),
            Item::Text(word) => Value::Text(self.text(*word)?),
            Item::List(items) => {
                self.inside(id, items.iter().map(|item| (None, *item)))?;
                Value::List(id)
            }
            Item::Object(members) => {
                self.inside(id, members.iter().map(|(name, item)| (Some(*name), *item)))?;
                Value::Object(id)
            }
        };
        self.stored.set(id, value);
        Ok(id)
    }

    fn inside(&mut self, id: NodeId, items: impl Iterator<Item = (Option<u32>, u32)>) -> Result<(), Code> {
        let mut last = NO_NODE;
        for (name, item) in items {
            let key = match name {
                Some(name) => self.text(name)?,
                None => NO_TEXT,
            };
            let child = self.copy(item, id, key)?;
            self.stored.link(id, last, child);
            last = child;
        }
        Ok(())
    }

    fn text(&mut self, word: u32) -> Result<Text, Code> {
        let text = self.directory.word(word);
        self.stored.grow(text.len());
        let mark = self.stored.mark();
        self.stored.push(text)?;
        Ok(self.stored.since(mark))
    }
}

/// Gives references to what the directory has their numbers there, so that no decision looks them up.
fn resolve_references(bound: &mut Bound, program: &Program) {
    let mut stored = core::mem::replace(&mut bound.stored, Memory::stored());
    let tables = program.tables();
    let known = |of: u32| match of {
        USER | GROUP => tables.users_from.is_directory(),
        _ => tables.resources_from.is_directory(),
    };
    for at in 0..stored.nodes.len() {
        let Some(Value::Named { of, id }) = stored.nodes.get(at).map(|node| node.value) else { continue };
        let found = if known(of) { bound.find(of, stored.text(id)) } else { None };
        if let (Some(found), Some(node)) = (found, stored.nodes.get_mut(at)) {
            node.value = Value::Found { of, at: found };
        }
    }
    bound.stored = stored;
}
