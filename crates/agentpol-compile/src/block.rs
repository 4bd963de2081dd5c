//! One block under construction: steps over any number of values, each computed once where it can be shared.
//!
//! Values are numbered without bound here; [`registers`](crate::registers) gives them registers afterwards. A block is
//! a stack of frames: the block itself, bodies of loops, and stretches that a skip may jump over. What a frame computes
//! is known inside it and nowhere else, so nothing is read that some path did not write.

use agentpol_bytecode::instruction::{Op, Operand};
use agentpol_diagnostics::Span;
use std::collections::HashMap;

/// A value: the result of a step, before it has a register.
pub(crate) type Value = u32;

/// An instruction whose registers are still values. Fields that its operation does not use are 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) op: Op,
    pub(crate) dst: Value,
    pub(crate) a: Value,
    pub(crate) b: Value,
    pub(crate) imm: u32,
    pub(crate) span: Span,
}

/// A piece of a block.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Step(Step),
    /// The head's target is filled in when the block is laid out; the body ends in its `Yield`.
    Loop(Step, Vec<Node>),
    /// A jump over the body.
    Skip(Step, Vec<Node>),
}

/// What makes two steps the same: operation, operands, immediate.
type Key = (Op, Value, Value, u32);

#[derive(Debug)]
struct Frame {
    in_loop: bool,
    nodes: Vec<Node>,
    known: HashMap<Key, Value>,
}

impl Frame {
    fn new(in_loop: bool) -> Self {
        Frame { in_loop, nodes: Vec::new(), known: HashMap::new() }
    }
}

/// A block under construction.
#[derive(Debug)]
pub(crate) struct Block {
    frames: Vec<Frame>,
    /// For each value, the frame that it belongs to, counted from the outermost.
    depths: Vec<usize>,
}

impl Block {
    /// Makes an empty block.
    pub(crate) fn new() -> Self {
        Block { frames: vec![Frame::new(false)], depths: Vec::new() }
    }

    /// Makes a value of the current frame.
    pub(crate) fn fresh(&mut self) -> Value {
        self.fresh_at(self.frames.len() - 1)
    }

    fn fresh_at(&mut self, depth: usize) -> Value {
        self.depths.push(depth);
        (self.depths.len() - 1) as Value
    }

    /// Computes a value, or finds it where it has been computed already.
    ///
    /// In a loop, what does not hang on the element is computed once, before the loop.
    pub(crate) fn emit(&mut self, op: Op, a: Value, b: Value, imm: u32, span: Span) -> Value {
        let key = (op, a, b, imm);
        if let Some(value) = self.frames.iter().rev().find_map(|frame| frame.known.get(&key)) {
            return *value;
        }
        let depth = self.home(op, [a, b, imm]);
        let dst = self.fresh_at(depth);
        let frame = &mut self.frames[depth];
        frame.known.insert(key, dst);
        frame.nodes.push(Node::Step(Step { op, dst, a, b, imm, span }));
        dst
    }

    /// Finds the outermost frame in which a step may stand: up through loops as long as all operands are there.
    fn home(&self, op: Op, fields: [u32; 3]) -> usize {
        let [_, kinds @ ..] = op.operands();
        let read = |(kind, field): (Operand, u32)| match kind {
            Operand::Read | Operand::ReadImmediate => Some(self.depths[field as usize]),
            _ => None,
        };
        let deepest = kinds.into_iter().zip(fields).filter_map(read).max().unwrap_or(0);
        let mut depth = self.frames.len() - 1;
        while depth > deepest && self.frames[depth].in_loop {
            depth -= 1;
        }
        depth
    }

    /// Adds a step as it is, at this place: one that writes again what is there, or that writes nothing.
    pub(crate) fn push(&mut self, step: Step) {
        self.top().nodes.push(Node::Step(step));
    }

    /// Begins a loop's body and returns its element; the value behind it is the second half of a pair.
    pub(crate) fn open_loop(&mut self) -> Value {
        self.frames.push(Frame::new(true));
        let first = self.fresh();
        self.fresh();
        first
    }

    /// Ends the innermost loop's body with what it gives, and returns the loop's value.
    pub(crate) fn close_loop(
        &mut self,
        op: Op,
        over: Value,
        first: Value,
        given: Value,
        flag: u32,
        span: Span,
    ) -> Value {
        self.push(Step { op: Op::Yield, dst: 0, a: given, b: 0, imm: flag, span });
        let body = self.close();
        let dst = self.fresh();
        self.top().nodes.push(Node::Loop(Step { op, dst, a: over, b: first, imm: 0, span }, body));
        dst
    }

    /// Begins a stretch that a skip may jump over.
    pub(crate) fn open_skip(&mut self) {
        self.frames.push(Frame::new(false));
    }

    /// Ends the innermost stretch; `op` decides on `on` whether it is jumped over.
    pub(crate) fn close_skip(&mut self, op: Op, on: Value, span: Span) {
        let body = self.close();
        self.top().nodes.push(Node::Skip(Step { op, dst: 0, a: on, b: 0, imm: 0, span }, body));
    }

    /// Returns what the block is made of, and how many values it has.
    pub(crate) fn finish(mut self) -> (Vec<Node>, usize) {
        let values = self.depths.len();
        (self.close(), values)
    }

    fn close(&mut self) -> Vec<Node> {
        self.frames.pop().map(|frame| frame.nodes).unwrap_or_default()
    }

    fn top(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("a block always has its outermost frame")
    }
}
