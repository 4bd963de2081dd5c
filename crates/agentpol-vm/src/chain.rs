//! Who acts through whom: the chain of delegation, the first agent first, the actor last (semantics I5 to I8).

use crate::identity::{self, Part};
use crate::memory::{Memory, NO_TEXT};
use crate::request::{Presented, Request};
use crate::value::{NO_NODE, NodeId, Pool, Text, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::code::Code;
use agentpol_bytecode::tables::{Agent, Delegation, Phase};
use alloc::vec::Vec;

/// How many agents may stand between the first cause and the actor.
pub(crate) const MAX_HOPS: usize = 5;
const MAX_CHAIN: usize = MAX_HOPS + 1;

/// The agents of a call, in the order in which they passed it on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chain {
    agents: [u32; MAX_CHAIN],
    /// Of each the text that tells it from all others; of a fleet, the member.
    members: [Text; MAX_CHAIN],
    length: usize,
    /// The directory says of some agent that it may only read.
    read_only: bool,
}

impl Chain {
    fn new() -> Self {
        Chain { agents: [0; MAX_CHAIN], members: [NO_TEXT; MAX_CHAIN], length: 0, read_only: false }
    }

    fn push(&mut self, agent: u32, member: Text) {
        let places = (self.agents.get_mut(self.length), self.members.get_mut(self.length));
        if let (Some(place), Some(name)) = places {
            (*place, *name) = (agent, member);
            self.length = self.length.saturating_add(1);
        }
    }

    /// All agents, the actor last.
    pub(crate) fn agents(&self) -> &[u32] {
        self.agents.get(..self.length).unwrap_or_default()
    }

    /// All agents' own texts, the actor's last. Where the program names an agent alone the text is a symbol's.
    pub(crate) fn members(&self) -> &[Text] {
        self.members.get(..self.length).unwrap_or_default()
    }

    /// What tells the actor from all other agents.
    pub(crate) fn actor(&self) -> Text {
        self.members().last().copied().unwrap_or(NO_TEXT)
    }

    /// What tells the first agent of the chain from all others.
    pub(crate) fn origin(&self) -> Text {
        self.members().first().copied().unwrap_or(NO_TEXT)
    }

    /// Reads an agent's own text.
    pub(crate) fn text<'a>(&self, program: &'a Program, memory: &'a Memory, member: Text) -> &'a str {
        match member.pool {
            Pool::Symbol(symbol) => program.symbol(symbol),
            _ => memory.text(member),
        }
    }

    /// The agents that pass the call on, each with the next.
    fn hops(&self) -> impl Iterator<Item = (u32, u32)> {
        self.agents().windows(2).filter_map(|pair| match pair {
            [from, to] => Some((*from, *to)),
            _ => None,
        })
    }

    /// For each hop what the one agent lets the next do.
    pub(crate) fn scopes<'p>(&self, program: &'p Program) -> impl Iterator<Item = &'p [Delegation]> {
        self.hops().map(|(from, to)| delegations(program, from, to))
    }

    /// Returns whether an agent stands in it twice.
    fn turns_back(&self) -> bool {
        let agents = self.agents();
        agents
            .iter()
            .enumerate()
            .any(|(at, agent)| agents.iter().skip(at.saturating_add(1)).any(|other| other == agent))
    }
}

/// What one agent lets another do; where there are several, each is one of the ways.
fn delegations(program: &Program, from: u32, to: u32) -> &[Delegation] {
    let all = program.tables().delegations.as_slice();
    let start = all.partition_point(|one| (one.from, one.to) < (from, to));
    let rest = all.get(start..).unwrap_or_default();
    let count = rest.partition_point(|one| (one.from, one.to) == (from, to));
    rest.get(..count).unwrap_or_default()
}

/// Codes 6 to 14: who the agents are, whether their credentials hold, and whether each may act through the one before. The
/// attributes of the actor stay in `nodes`.
pub(crate) fn resolve(
    program: &Program,
    memory: &mut Memory,
    request: &Request,
    now: i64,
    parts: &mut Vec<Part>,
    nodes: &mut Vec<NodeId>,
) -> Result<Chain, Code> {
    let hops = request.via.map_or(0, |via| memory.children(via).count());
    let mut chain = Chain::new();
    let mut found = Found::default();
    let mut next = request.via.and_then(|via| memory.children(via).next());
    while let Some(hop) = next.filter(|_| found.looked_at < MAX_HOPS) {
        let named = crate::request::hop(memory, hop).and_then(|(presented, issued_at)| {
            let (agent, member, read_only) = recognise(program, memory, &presented, parts, nodes)?;
            chain.read_only |= read_only;
            Ok((agent, member, issued_at))
        });
        found.note(&mut chain, named);
        next = memory.node(hop).map(|node| node.next).filter(|next| *next != NO_NODE);
    }
    let actor = recognise(program, memory, &request.agent, parts, nodes);
    chain.read_only |= matches!(actor, Ok((_, _, true)));
    found.note(&mut chain, actor.map(|(agent, member, _)| (agent, member, request.issued_at)));
    found.refused.map_or(Ok(()), Err)?;
    let mut refused = None;
    for (agent, issued_at) in chain.agents().iter().zip(found.issued_at) {
        let agent = program.tables().agents.get(*agent as usize).ok_or(Code::Internal)?;
        refused = first(refused, identity::credential(agent, now, issued_at).err());
    }
    refused.map_or(Ok(()), Err)?;
    accepted(program, &chain, hops)?;
    Ok(chain)
}

/// Finds the agents that a session is opened for, the actor last. Where hops are presented, their chain must be one that
/// calls may have; without hops it may follow later.
pub(crate) fn presented(
    program: &Program,
    memory: &mut Memory,
    via: Option<NodeId>,
    actor: &Presented,
    parts: &mut Vec<Part>,
    nodes: &mut Vec<NodeId>,
) -> Result<Chain, Code> {
    let (actor, name, _) = recognise(program, memory, actor, parts, nodes)?;
    let mut chain = Chain::new();
    let mut hops = 0usize;
    let mut next = via.and_then(|via| memory.children(via).next());
    while let Some(hop) = next {
        let (presented, _) = crate::request::hop(memory, hop)?;
        let (agent, member, _) = recognise(program, memory, &presented, parts, nodes)?;
        if hops < MAX_HOPS {
            chain.push(agent, member);
        }
        hops = hops.saturating_add(1);
        next = memory.node(hop).map(|node| node.next).filter(|next| *next != NO_NODE);
    }
    chain.push(actor, name);
    if hops > 0 {
        accepted(program, &chain, hops)?;
    }
    Ok(chain)
}

/// What was found of a chain's agents.
#[derive(Default)]
struct Found {
    looked_at: usize,
    issued_at: [Option<i64>; MAX_CHAIN],
    refused: Option<Code>,
}

impl Found {
    fn note(&mut self, chain: &mut Chain, named: Result<(u32, Text, Option<i64>), Code>) {
        self.looked_at = self.looked_at.saturating_add(1);
        match named {
            Ok((agent, member, issued_at)) => {
                self.issued_at.get_mut(chain.length).into_iter().for_each(|place| *place = issued_at);
                chain.push(agent, member);
            }
            Err(code) => self.refused = first(self.refused, Some(code)),
        }
    }
}

/// The code that stands first in the table.
fn first(one: Option<Code>, other: Option<Code>) -> Option<Code> {
    [one, other].into_iter().flatten().min_by_key(|code| code.rank())
}

/// Finds the agent, what tells it from all others, and whether the directory says that it may only read.
pub(crate) fn recognise(
    program: &Program,
    memory: &mut Memory,
    presented: &Presented,
    parts: &mut Vec<Part>,
    nodes: &mut Vec<NodeId>,
) -> Result<(u32, Text, bool), Code> {
    let agent = identity::identify(program, memory, presented, parts)?;
    let declared = program.tables().agents.get(agent as usize).ok_or(Code::Internal)?;
    identity::attributes(program, memory, declared, presented.attributes, parts, nodes)?;
    let status = memory.directory.as_ref().filter(|bound| bound.made_for == *program.file_hash());
    let status = status.map(|bound| bound.status(program, memory, agent, nodes)).unwrap_or_default();
    if status.suspended {
        return Err(Code::AgentSuspended);
    }
    Ok((agent, member(program, memory, declared, nodes)?, status.read_only))
}

/// Codes 12 to 14: at most five hops and no agent twice; each declared by both sides; not called directly where that is
/// refused.
fn accepted(program: &Program, chain: &Chain, hops: usize) -> Result<(), Code> {
    if hops > MAX_HOPS || chain.turns_back() {
        return Err(Code::ChainInvalid);
    }
    let agent = |index: u32| program.tables().agents.get(index as usize);
    let declared = |(from, to): (u32, u32)| {
        let accepts = agent(to).is_some_and(|agent| agent.reached_via.binary_search(&from).is_ok());
        accepts && !delegations(program, from, to).is_empty()
    };
    if !chain.hops().all(declared) {
        return Err(Code::HopUndeclared);
    }
    // Who leaves out the beginning of a chain does not get around what it narrows.
    let direct = chain.agents().first().and_then(|first| agent(*first)).is_some_and(|first| first.directly);
    if direct { Ok(()) } else { Err(Code::DirectCallRefused) }
}

/// The text that tells an agent from all others: its qualified name; of a fleet's member, with its attributes.
fn member(program: &Program, memory: &mut Memory, agent: &Agent, nodes: &[NodeId]) -> Result<Text, Code> {
    let name = program.symbol(agent.qualified);
    let length = u32::try_from(name.len()).map_err(|_| Code::Internal)?;
    let Some(fields) = &agent.fleet else {
        return Ok(Text { pool: Pool::Symbol(agent.qualified), length, ..NO_TEXT });
    };
    let mark = memory.mark();
    memory.push(name)?;
    for (field, node) in fields.iter().zip(nodes).filter(|(_, node)| **node != NO_NODE) {
        memory.push(" ")?;
        memory.push(program.symbol(field.wire))?;
        memory.push("=")?;
        spell(memory, *node)?;
    }
    Ok(memory.since(mark))
}

/// Writes JSON so that different values are written differently.
fn spell(memory: &mut Memory, id: NodeId) -> Result<(), Code> {
    let value = memory.value(id);
    match value {
        Value::Text(text) => {
            spell_length(memory, text.length)?;
            memory.push("\"")?;
            memory.push_copy(text)
        }
        Value::Number(text) => memory.push_copy(text),
        Value::Bool(value) => memory.push(if value { "true" } else { "false" }),
        Value::Object(_) | Value::List(_) => {
            memory.push(if matches!(value, Value::List(_)) { "[" } else { "{" })?;
            let mut next = memory.children(id).next();
            while let Some(child) = next {
                if let Value::Object(_) = value {
                    let key = memory.node(child).map_or(NO_TEXT, |node| node.key);
                    spell_length(memory, key.length)?;
                    memory.push(":")?;
                    memory.push_copy(key)?;
                }
                spell(memory, child)?;
                memory.push(",")?;
                next = memory.node(child).map(|node| node.next).filter(|next| *next != NO_NODE);
            }
            memory.push("]")
        }
        _ => memory.push("null"),
    }
}

fn spell_length(memory: &mut Memory, length: u32) -> Result<(), Code> {
    let mut digits = [0u8; 10];
    let mut rest = length;
    let mut start = digits.len();
    loop {
        start = start.saturating_sub(1);
        digits.get_mut(start).into_iter().for_each(|place| *place = b'0'.saturating_add((rest % 10) as u8));
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let written = digits.get(start..).and_then(|digits| core::str::from_utf8(digits).ok());
    memory.push(written.unwrap_or("?"))
}

/// The phase that holds for a chain: the strictest of its agents' (semantics I7). Observe past its day is read only.
pub(crate) fn phase(program: &Program, chain: &Chain, now: i64) -> Option<Phase> {
    let mut strictest = chain.read_only.then_some(Phase::ReadOnly);
    for agent in chain.agents() {
        let phase = holding(program.tables().agents.get(*agent as usize)?.phase, now);
        strictest = strictest.filter(|before| rank(*before) >= rank(phase)).or(Some(phase));
    }
    strictest
}

/// The agents of the chain that are supervised.
pub(crate) fn supervised(program: &Program, chain: &Chain) -> impl Iterator<Item = u32> {
    let by = |agent: &u32| {
        let found = program.tables().agents.get(*agent as usize);
        found.is_some_and(|agent| matches!(agent.phase, Phase::Supervised { .. }))
    };
    chain.agents.into_iter().take(chain.length).filter(by)
}

fn holding(phase: Phase, now: i64) -> Phase {
    match phase {
        Phase::Observe { until } if now.div_euclid(crate::forms::time::DAY) >= i64::from(until) => Phase::ReadOnly,
        phase => phase,
    }
}

fn rank(phase: Phase) -> u8 {
    match phase {
        Phase::Observe { .. } => 0,
        Phase::Autonomous => 1,
        Phase::Supervised { .. } => 2,
        Phase::ReadOnly => 3,
    }
}
