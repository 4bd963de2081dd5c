//! What an approval is for: the keyed hash of exactly one call (semantics D1).
//!
//! Everything is written with a tag, numbers at a fixed width and texts behind their length, members in the order of their
//! names, so that no two calls are written alike. Left out are the time, the call's own id, credentials and approvals.

use crate::chain::Chain;
use crate::memory::Memory;
use crate::request::Request;
use crate::value::{Carried, NodeId, Pool, Text, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::decision::Asker;
use agentpol_bytecode::sha256::{HASH_BYTES, Hmac};

/// The digests of one call, by who asks.
#[derive(Clone, Debug)]
pub(crate) struct Digests {
    /// The call without policy and session.
    action: Hmac,
    meaning: [u8; HASH_BYTES],
    session: [u8; HASH_BYTES],
}

/// What is asked of persons, and what they would have been asked in other surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digest {
    /// Names the asking: what persons approve.
    pub(crate) whole: [u8; HASH_BYTES],
    /// The same under every policy and in every session.
    pub(crate) action: [u8; HASH_BYTES],
    /// The same for every call: who asks.
    pub(crate) asker: [u8; HASH_BYTES],
}

/// The parts of a call, each written behind its number.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Part {
    Agent = 1,
    Hop = 2,
    User = 3,
    Nobody = 4,
    Env = 5,
    Task = 6,
    Context = 7,
    Server = 8,
    Tool = 9,
    ToolDigest = 10,
    Args = 11,
    Origin = 19,
    Resource = 12,
    Meaning = 13,
    Session = 14,
    Rule = 15,
    Phase = 16,
    /// Nothing but the action and who asks.
    Action = 17,
    /// Nothing but who asks.
    Asker = 18,
}

impl Digests {
    /// Begins the digests of a call.
    pub(crate) fn new(
        key: &[u8; HASH_BYTES],
        program: &Program,
        memory: &mut Memory,
        request: &Request,
        chain: &Chain,
        root: &[u8],
    ) -> Digests {
        sort(memory);
        let mut writer = Writer { program, memory, running: Hmac::new(key) };
        let session = {
            let mut running = Hmac::new(key);
            running.update(&[Part::Session as u8]);
            running.update(root);
            running.finish()
        };
        let (hops, actor) = chain.members().split_at(chain.members().len().saturating_sub(1));
        actor.iter().for_each(|actor| writer.part(Part::Agent, *actor));
        hops.iter().for_each(|hop| writer.part(Part::Hop, *hop));
        match request.user {
            Some(user) => writer.part(Part::User, user.id),
            None => writer.tag(Part::Nobody as u8),
        }
        let texts = [
            (Part::Env, request.env),
            (Part::Task, request.task),
            (Part::Server, request.server),
            (Part::Tool, Some(request.tool)),
            (Part::ToolDigest, request.tool_digest),
        ];
        texts
            .into_iter()
            .filter_map(|(part, text)| Some((part, text?)))
            .for_each(|(part, text)| writer.part(part, text));
        let origin = request.origin.filter(|entries| writer.memory.children(*entries).next().is_some());
        let values = [(Part::Context, request.context), (Part::Args, Some(request.args)), (Part::Origin, origin)];
        for (part, value) in values.into_iter().filter_map(|(part, value)| Some((part, value?))) {
            writer.tag(part as u8);
            writer.value(value);
        }
        if let Some(resource) = request.resource {
            writer.part(Part::Resource, resource.of);
            writer.text(resource.id);
            for node in [resource.attributes, resource.within] {
                writer.tag(u8::from(node.is_some()));
                node.into_iter().for_each(|node| writer.value(node));
            }
        }
        Digests { action: writer.running, meaning: *program.meaning_hash(), session }
    }

    /// Under which policy it is called.
    pub(crate) fn meaning(&self) -> &[u8; HASH_BYTES] {
        &self.meaning
    }

    /// In which root session it is called.
    pub(crate) fn session(&self) -> &[u8; HASH_BYTES] {
        &self.session
    }

    /// Returns the digest for who asks.
    pub(crate) fn of(&self, key: &[u8; HASH_BYTES], program: &Program, asker: Asker) -> Digest {
        let with_asker = |mut running: Hmac| {
            write_asker(program, asker, &mut running);
            running.finish()
        };
        let mut whole = self.action.clone();
        whole.update(&[Part::Meaning as u8]);
        whole.update(&self.meaning);
        whole.update(&[Part::Session as u8]);
        whole.update(&self.session);
        let mut action = self.action.clone();
        action.update(&[Part::Action as u8]);
        let mut alone = Hmac::new(key);
        alone.update(&[Part::Asker as u8]);
        Digest { whole: with_asker(whole), action: with_asker(action), asker: with_asker(alone) }
    }
}

fn write_asker(program: &Program, asker: Asker, running: &mut Hmac) {
    let mut text = |text: &str| {
        running.update(&(text.len() as u64).to_be_bytes());
        running.update(text.as_bytes());
    };
    match asker {
        Asker::Rule(rule) => {
            let rule = program.rule(rule);
            let module = rule.and_then(|rule| program.tables().modules.get(rule.module as usize));
            text(module.map_or("", |module| program.symbol(module.name)));
            text(rule.map_or("", |rule| program.symbol(rule.name)));
            running.update(&[Part::Rule as u8]);
        }
        Asker::Phase(agent) => {
            let agent = program.tables().agents.get(agent as usize);
            text(agent.map_or("", |agent| program.symbol(agent.qualified)));
            running.update(&[Part::Phase as u8]);
        }
    }
}

/// Puts the members of all objects in the order of their names.
fn sort(memory: &mut Memory) {
    let mut id: NodeId = 0;
    while let Some(node) = memory.node(id) {
        if node.count > 1 && matches!(node.value, Value::Object(_) | Value::Record(_) | Value::Json(Carried::Object)) {
            memory.sort_members(id);
        }
        id = id.saturating_add(1);
    }
}

struct Writer<'a> {
    program: &'a Program,
    memory: &'a Memory,
    running: Hmac,
}

impl Writer<'_> {
    fn tag(&mut self, tag: u8) {
        self.running.update(&[tag]);
    }

    fn part(&mut self, part: Part, text: Text) {
        self.tag(part as u8);
        self.text(text);
    }

    fn text(&mut self, text: Text) {
        let written = match text.pool {
            Pool::Symbol(symbol) => self.program.symbol(symbol),
            _ => self.memory.text(text),
        };
        self.length(written.len());
        self.running.update(written.as_bytes());
    }

    fn length(&mut self, length: usize) {
        self.running.update(&(length as u64).to_be_bytes());
    }

    fn number(&mut self, tag: u8, value: i64) {
        self.tag(tag);
        self.running.update(&i128::from(value).to_be_bytes());
    }

    /// Writes a value. Goes as deep as requests may nest.
    fn value(&mut self, id: NodeId) {
        let Some(node) = self.memory.node(id) else { return self.tag(0) };
        match node.value {
            Value::Null | Value::Absent | Value::Json(Carried::Null) => self.tag(1),
            Value::Bool(value) | Value::Json(Carried::Bool(value)) => {
                self.tag(2);
                self.tag(u8::from(value));
            }
            Value::Int(value) => self.number(3, value),
            Value::Decimal(value) => self.number(4, value),
            Value::Float(value) => {
                self.tag(5);
                // Zero is one value, whatever its sign.
                self.running.update(&(value + 0.0).to_bits().to_be_bytes());
            }
            Value::Text(text) | Value::Json(Carried::Text(text)) => {
                self.tag(6);
                self.text(text);
            }
            Value::DateTime(value) => self.number(7, value),
            Value::Date(value) => self.number(8, i64::from(value)),
            Value::Duration(value) => self.number(9, value),
            Value::Ip { high, low, v6 } => {
                self.tag(if v6 { 11 } else { 10 });
                self.running.update(&high.to_be_bytes());
                self.running.update(&low.to_be_bytes());
            }
            Value::Enum { of, member } => self.member(12, of, member),
            Value::Level { of, member } => self.member(13, of, member),
            Value::Number(lexeme) | Value::Json(Carried::Number(lexeme)) => {
                self.tag(14);
                self.text(lexeme);
            }
            Value::List(_) | Value::Json(Carried::List) => self.inside(15, id, false),
            Value::Object(_) | Value::Map(_) | Value::Record(_) | Value::Json(Carried::Object) => {
                self.inside(16, id, true);
            }
            Value::Named { of, id } => {
                self.tag(17);
                self.running.update(&of.to_be_bytes());
                self.text(id);
            }
            // Nothing else is read from a request.
            _ => self.tag(0),
        }
    }

    fn member(&mut self, tag: u8, of: u32, member: u32) {
        self.tag(tag);
        self.running.update(&of.to_be_bytes());
        self.running.update(&member.to_be_bytes());
    }

    fn inside(&mut self, tag: u8, id: NodeId, named: bool) {
        self.tag(tag);
        self.length(self.memory.node(id).map_or(0, |node| node.count as usize));
        let memory = self.memory;
        for child in memory.children(id) {
            if named {
                self.text(memory.node(child).map_or(crate::memory::NO_TEXT, |node| node.key));
            }
            self.value(child);
        }
    }
}
