//! A request in memory: a flat table of nodes beside one run of text, both taken once and used again.

use crate::directory::Bound;
use crate::value::{NO_NODE, NodeId, Pool, Register, Text, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::code::Code;
use agentpol_bytecode::instruction::Op;
use agentpol_bytecode::scope::Tri;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

/// The most bytes of a request.
pub(crate) const MAX_REQUEST: usize = 1024 * 1024;
/// The most bytes that `args` may be written with.
pub(crate) const MAX_ARGS: usize = 256 * 1024;
/// How deep a request may nest.
pub(crate) const MAX_DEPTH: u32 = 16;
/// The most values in a request.
pub(crate) const MAX_NODES: usize = 16_384;
/// The most bytes of a text argument.
pub(crate) const MAX_STRING: usize = 64 * 1024;
/// Room for texts: those of the request, and paths that are written anew.
const TEXT_ROOM: usize = 2 * MAX_REQUEST;

/// From here on nodes are the directory's.
const STORED: NodeId = 1 << 31;

/// No origin is known.
pub(crate) const NO_ORIGIN: u8 = u8::MAX;
/// What nothing is said against is in every list of sources.
pub(crate) const ALL_SOURCES: u64 = u64::MAX;

/// A value of the request, first as JSON, then of its type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    /// Its name in the object around it.
    pub(crate) key: Text,
    /// What it is in.
    pub(crate) parent: NodeId,
    /// The next in the same list or object.
    pub(crate) next: NodeId,
    /// The first inside.
    pub(crate) first: NodeId,
    /// How many are inside; [`UNCOUNTED`] where an unknown one stands for any number.
    pub(crate) count: u32,
    /// Which field of its record it is.
    pub(crate) slot: u32,
    /// What the host says of it, then the worst at it, above it and below it; [`NO_ORIGIN`] where nothing is said.
    pub(crate) origin: u8,
    /// The lists of sources of the program, one bit each, that everything at it, above it and below it is in.
    pub(crate) sources: u64,
}

/// How many are in a list that may go on.
pub(crate) const UNCOUNTED: u32 = u32::MAX;

/// An empty text.
pub(crate) const NO_TEXT: Text = Text { pool: Pool::Request, start: 0, length: 0, lower: false, opaque: false };

/// The request that is decided.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    pub(crate) nodes: Vec<Node>,
    text: String,
    /// Nodes being sorted.
    order: Vec<NodeId>,
    /// The number of the first node.
    base: NodeId,
    /// How many nodes there is room for.
    room: usize,
    /// What names the texts in here.
    pool: Pool,
    /// What the host has loaded, bound to the program.
    pub(crate) directory: Option<Arc<Bound>>,
    /// How often conditions had which value, where the program counts that.
    pub(crate) marks: Vec<Marked>,
    /// The first place in an answer that is not as declared: a value, or a record and the symbol of the field it lacks.
    strange: Option<(NodeId, Option<u32>)>,
}

/// How often a condition had which value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    /// False.
    pub no: u64,
    /// True.
    pub yes: u64,
    /// Unknown.
    pub unknown: u64,
}

impl Memory {
    pub(crate) fn new() -> Self {
        Memory {
            nodes: Vec::with_capacity(MAX_NODES),
            text: String::with_capacity(TEXT_ROOM),
            order: Vec::with_capacity(MAX_NODES),
            base: 0,
            room: MAX_NODES,
            pool: Pool::Request,
            directory: None,
            marks: Vec::new(),
            strange: None,
        }
    }

    /// The room for what is read from a directory once: it grows.
    pub(crate) fn stored() -> Self {
        Memory {
            nodes: Vec::new(),
            text: String::new(),
            order: Vec::new(),
            base: STORED,
            room: (STORED - 2) as usize,
            pool: Pool::Stored,
            directory: None,
            marks: Vec::new(),
            strange: None,
        }
    }

    /// Makes room for so many more bytes of text.
    pub(crate) fn grow(&mut self, bytes: usize) {
        self.text.reserve(bytes);
    }

    /// Makes room for the marks of a program.
    pub(crate) fn with_marks(mut self, program: &Program) -> Self {
        let marks = program.tables().code.iter().filter(|instruction| instruction.op == Op::Mark);
        let most = marks.map(|instruction| (instruction.imm as usize).saturating_add(1)).max().unwrap_or(0);
        self.marks = vec![Marked::default(); most];
        self
    }

    /// Counts the value of a condition.
    pub(crate) fn count_mark(&mut self, number: u32, truth: Tri) {
        let Some(mark) = self.marks.get_mut(number as usize) else { return };
        let count = match truth {
            Tri::False => &mut mark.no,
            Tri::True => &mut mark.yes,
            Tri::Unknown => &mut mark.unknown,
        };
        *count = count.saturating_add(1);
    }

    /// Forgets the request before.
    pub(crate) fn clear(&mut self) {
        self.nodes.clear();
        self.text.clear();
        self.order.clear();
        self.strange = None;
    }

    /// Notes a place in an answer that is not as declared, where none was noted before.
    pub(crate) fn note_strange(&mut self, id: NodeId, lacks: Option<u32>) {
        self.strange.get_or_insert((id, lacks));
    }

    /// The first place in an answer that is not as declared.
    pub(crate) fn strange(&self) -> Option<(NodeId, Option<u32>)> {
        self.strange
    }

    /// What is in here now.
    pub(crate) fn state(&self) -> (usize, usize) {
        (self.nodes.len(), self.text.len())
    }

    /// Forgets everything that came after a state.
    pub(crate) fn back_to(&mut self, (nodes, text): (usize, usize)) {
        self.nodes.truncate(nodes);
        self.text.truncate(text);
    }

    /// Adds a node; its number is the order of writing, so that what is inside has greater numbers.
    pub(crate) fn add(&mut self, value: Value, parent: NodeId, key: Text) -> Result<NodeId, Code> {
        if self.nodes.len() >= self.room {
            return Err(Code::RequestTooLarge);
        }
        let id = NodeId::try_from(self.nodes.len()).map_err(|_| Code::RequestTooLarge)?.saturating_add(self.base);
        let node = Node {
            value,
            key,
            parent,
            next: NO_NODE,
            first: NO_NODE,
            count: 0,
            slot: u32::MAX,
            origin: NO_ORIGIN,
            sources: ALL_SOURCES,
        };
        self.nodes.push(node);
        Ok(id)
    }

    pub(crate) fn node(&self, id: NodeId) -> Option<&Node> {
        match id.checked_sub(self.base) {
            Some(at) if id < STORED || self.base == STORED => self.nodes.get(at as usize),
            Some(_) => self.directory.as_ref()?.stored().node(id),
            None => None,
        }
    }

    /// The node, to be changed.
    pub(crate) fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(id.checked_sub(self.base)? as usize)
    }

    /// Puts a child behind the last one, or first where there is none.
    pub(crate) fn link(&mut self, parent: NodeId, last: NodeId, child: NodeId) {
        let before = if last == NO_NODE { parent } else { last };
        self.node_mut(before).into_iter().for_each(|node| match last {
            NO_NODE => node.first = child,
            _ => node.next = child,
        });
        self.node_mut(parent).into_iter().for_each(|node| node.count = node.count.saturating_add(1));
    }

    pub(crate) fn set(&mut self, id: NodeId, value: Value) {
        self.node_mut(id).into_iter().for_each(|node| node.value = value);
    }

    pub(crate) fn value(&self, id: NodeId) -> Value {
        self.node(id).map_or(Value::Unknown, |node| node.value)
    }

    /// The value with its place among the arguments.
    pub(crate) fn register(&self, id: NodeId) -> Register {
        Register { value: self.value(id), node: id }
    }

    /// Goes through what is inside.
    pub(crate) fn children(&self, id: NodeId) -> Children<'_> {
        Children { memory: self, next: self.node(id).map_or(NO_NODE, |node| node.first) }
    }

    pub(crate) fn key(&self, id: NodeId) -> &str {
        self.node(id).map_or("", |node| self.text(node.key))
    }

    /// Finds the member of this name.
    pub(crate) fn member(&self, object: NodeId, key: &str) -> Option<NodeId> {
        self.children(object).find(|child| self.key(*child) == key)
    }

    /// Returns a text of the request's own, or of the directory's.
    pub(crate) fn text(&self, text: Text) -> &str {
        let start = text.start as usize;
        let range = start..start.saturating_add(text.length as usize);
        match (text.pool, &self.directory) {
            (pool, _) if pool == self.pool => self.text.get(range).unwrap_or(""),
            (Pool::Stored, Some(directory)) => directory.stored().text(text),
            (Pool::Word(word), Some(directory)) => directory.directory().word(word).get(range).unwrap_or(""),
            _ => "",
        }
    }

    /// Where the next text will start.
    pub(crate) fn mark(&self) -> usize {
        self.text.len()
    }

    /// Adds to the text that is being written. Never takes more memory.
    pub(crate) fn push(&mut self, text: &str) -> Result<(), Code> {
        if self.text.capacity().saturating_sub(self.text.len()) < text.len() {
            return Err(Code::RequestTooLarge);
        }
        self.text.push_str(text);
        Ok(())
    }

    pub(crate) fn push_char(&mut self, c: char) -> Result<(), Code> {
        self.push(c.encode_utf8(&mut [0; 4]))
    }

    /// Adds a copy of a text of the request's own, piece by piece.
    pub(crate) fn push_copy(&mut self, text: Text) -> Result<(), Code> {
        let start = text.start as usize;
        let end = start.saturating_add(text.length as usize);
        if self.text.get(start..end).is_none() || self.text.capacity().saturating_sub(self.text.len()) < end - start {
            return Err(Code::RequestTooLarge);
        }
        self.text.extend_from_within(start..end);
        Ok(())
    }

    /// Returns the text written since a mark.
    pub(crate) fn since(&self, mark: usize) -> Text {
        let length = self.text.len().saturating_sub(mark);
        let clip = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Text { start: clip(mark), length: clip(length), pool: self.pool, ..NO_TEXT }
    }

    /// Makes the ASCII letters of a text small, where it stands.
    pub(crate) fn make_lower(&mut self, text: Text) {
        let start = text.start as usize;
        let place = self.text.get_mut(start..start.saturating_add(text.length as usize));
        place.into_iter().for_each(str::make_ascii_lowercase);
    }

    /// Returns whether two members have the same name.
    pub(crate) fn has_twins(&mut self, object: NodeId) -> bool {
        self.sort_children(object);
        let key = |id: &NodeId| self.key(*id);
        self.order.windows(2).any(|pair| matches!(pair, [one, next] if key(one) == key(next)))
    }

    /// Puts the members in the order of their names.
    pub(crate) fn sort_members(&mut self, object: NodeId) {
        self.sort_children(object);
        let mut next = NO_NODE;
        while let Some(id) = self.order.pop() {
            self.node_mut(id).into_iter().for_each(|node| node.next = next);
            next = id;
        }
        self.node_mut(object).into_iter().for_each(|node| node.first = next);
    }

    fn sort_children(&mut self, object: NodeId) {
        let mut order = core::mem::take(&mut self.order);
        order.clear();
        // There are never more nodes than there is room for, so this takes no memory.
        order.extend(self.children(object));
        order.sort_unstable_by(|one, other| self.key(*one).cmp(self.key(*other)));
        self.order = order;
    }
}

/// Goes through a list or object.
#[derive(Clone)]
pub(crate) struct Children<'m> {
    memory: &'m Memory,
    next: NodeId,
}

impl Iterator for Children<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        let id = self.next;
        self.next = self.memory.node(id)?.next;
        Some(id)
    }
}
