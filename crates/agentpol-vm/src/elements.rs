//! Going through lists, maps and pairs, those of the request and those of the policy alike.

use crate::calculate;
use crate::memory::{Memory, UNCOUNTED};
use crate::value::{LITERAL, NO_NODE, NodeId, Register, Side, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::tables::Constant;

/// One list being gone through.
#[derive(Clone, Copy)]
enum Cursor {
    /// The next node.
    Nodes(NodeId),
    /// The list among the constants, and the place in it.
    Literals(u32, usize),
}

impl Cursor {
    fn new(side: Side, memory: &Memory) -> Cursor {
        match side {
            Side::Node(list) => Cursor::Nodes(memory.node(list).map_or(NO_NODE, |node| node.first)),
            Side::Literals(list) => Cursor::Literals(list, 0),
        }
    }

    fn next(&mut self, program: &Program, memory: &Memory) -> Option<Register> {
        match self {
            Cursor::Nodes(next) => {
                let id = *next;
                *next = memory.node(id)?.next;
                Some(memory.register(id))
            }
            Cursor::Literals(list, at) => {
                let Constant::List(elements) = program.tables().constants.get(*list as usize)? else { return None };
                let constant = program.tables().constants.get(*elements.get(*at)? as usize)?;
                *at = at.saturating_add(1);
                Some(Register { value: calculate::constant(program, constant), node: LITERAL })
            }
        }
    }
}

/// What is being gone through.
pub(crate) struct Elements {
    left: Cursor,
    right: Option<Cursor>,
    /// The map whose keys are the first of each element.
    map: Option<NodeId>,
}

impl Elements {
    /// Starts; `None` where it is no list, map or pairs, or not known.
    pub(crate) fn of(list: Register, memory: &Memory) -> Option<Elements> {
        let one = |side, map| Elements { left: Cursor::new(side, memory), right: None, map };
        match list.value {
            Value::List(id) => Some(one(Side::Node(id), None)),
            Value::Map(id) => Some(one(Side::Node(id), Some(id))),
            Value::Literals(list) => Some(one(Side::Literals(list), None)),
            Value::Pairs { left, right } => {
                Some(Elements { left: Cursor::new(left, memory), right: Some(Cursor::new(right, memory)), map: None })
            }
            _ => None,
        }
    }

    /// The next element: of a list and nothing, of a map its key and value, of pairs both sides.
    ///
    /// A key came with the arguments like what it names: it has the origin of the whole map.
    pub(crate) fn next(&mut self, program: &Program, memory: &Memory) -> Option<(Register, Register)> {
        let left = self.left.next(program, memory)?;
        match (&mut self.right, self.map) {
            (Some(right), _) => Some((left, right.next(program, memory)?)),
            (None, Some(map)) => {
                let key = memory.node(left.node).map_or(Value::Unknown, |node| Value::Text(node.key));
                Some((Register { value: key, node: map }, left))
            }
            (None, None) => Some((left, Register::ABSENT)),
        }
    }
}

/// How many elements a list or map has; `None` where it may have more.
pub(crate) fn count(list: Value, program: &Program, memory: &Memory) -> Option<i64> {
    match list {
        Value::List(id) | Value::Map(id) => side_count(Side::Node(id), program, memory),
        Value::Literals(list) => side_count(Side::Literals(list), program, memory),
        Value::Pairs { left, .. } => side_count(left, program, memory),
        _ => None,
    }
}

fn side_count(side: Side, program: &Program, memory: &Memory) -> Option<i64> {
    match side {
        Side::Node(id) => memory.node(id).map(|node| node.count).filter(|count| *count != UNCOUNTED).map(i64::from),
        Side::Literals(list) => match program.tables().constants.get(list as usize) {
            Some(Constant::List(elements)) => i64::try_from(elements.len()).ok(),
            _ => None,
        },
    }
}

/// Two lists side by side, where they are equally long.
pub(crate) fn pairs(left: Value, right: Value, program: &Program, memory: &Memory) -> Option<Value> {
    let side = |value| match value {
        Value::List(id) => Some(Side::Node(id)),
        Value::Literals(list) => Some(Side::Literals(list)),
        _ => None,
    };
    let (left, right) = (side(left)?, side(right)?);
    let same = side_count(left, program, memory)? == side_count(right, program, memory)?;
    same.then_some(Value::Pairs { left, right })
}
