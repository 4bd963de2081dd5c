//! What persons are shown of a call before they approve it: every part that its digest stands for, in a bounded number of
//! bytes (semantics A10). What is cut or left out is counted, so that nothing is missing silently.

use crate::call::Call;
use crate::letters::Letters;
use crate::memory::{Memory, NO_TEXT};
use crate::state::record::{array, write};
use crate::value::{Carried, NodeId, Text, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::decision::Asker;
use agentpol_bytecode::render;
use agentpol_bytecode::tables::{Field, TypeDef, TypeId};
use core::fmt::{self, Display, Write};

/// The most bytes that are kept of one call.
pub(crate) const MAX_BYTES: usize = 16_384;
/// No detail is cut shorter than this.
const LEAST: usize = 64;
/// In front of the details: how many were left out.
const HEAD: usize = 4;
/// In front of each detail: its part, the lengths of name and value as they are kept and as they were.
const DETAIL: usize = 17;
/// In place of what is never kept.
const SECRET: &str = "(secret)";
/// In place of what was not as its type asks.
const ILL_TYPED: &str = "(not as declared)";

macro_rules! parts {
    ($($name:ident $number:literal $word:literal)*) => {
        /// What a detail is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum Part { $($name = $number,)* }

        /// Returns the word for a part; nothing for a number that no part has.
        fn word_of(number: u8) -> Option<&'static str> {
            match number { $($number => Some($word),)* _ => None }
        }
    };
}

parts! {
    Rule 1 "rule"
    Phase 2 "phase"
    Tool 3 "tool"
    Server 4 "server"
    ToolDigest 5 "tool_digest"
    Agent 6 "agent"
    Via 7 "via"
    User 8 "user"
    Session 9 "session"
    Env 10 "env"
    Task 11 "task"
    Resource 12 "resource"
    Attribute 13 "attribute"
    Within 14 "within"
    Argument 15 "argument"
    Context 16 "context"
    Origin 17 "origin"
}

/// A detail as it was kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept<'b> {
    /// What it is about.
    pub(crate) part: &'static str,
    pub(crate) name: &'b str,
    pub(crate) name_bytes: u32,
    /// JSON; of a longer one the beginning.
    pub(crate) value: &'b str,
    pub(crate) value_bytes: u32,
}

/// The call that persons are asked about.
#[derive(Clone, Copy)]
pub(crate) struct Action<'a> {
    pub(crate) program: &'a Program,
    pub(crate) memory: &'a Memory,
    pub(crate) call: &'a Call,
}

/// A part of the call and what it is, to be written as JSON.
#[derive(Clone, Copy)]
struct Detail<'a> {
    part: Part,
    name: &'a str,
    value: Said<'a>,
}

/// A value, to be written as JSON.
#[derive(Clone, Copy)]
enum Said<'a> {
    Text(&'a str),
    Value { action: Action<'a>, id: NodeId, of: Option<TypeId> },
}

impl<'a> Action<'a> {
    fn text(&self, text: Text) -> &'a str {
        let text = Text { opaque: false, lower: false, ..text };
        Letters::of(self.program, self.memory, Value::Text(text)).map_or("", |letters| letters.written())
    }

    /// Goes through everything that the digest stands for.
    fn details(&self, by: Asker, show: &mut dyn FnMut(&Detail<'a>)) {
        let Action { program, memory, call } = *self;
        let (tables, request) = (program.tables(), &call.request);
        let mut text = |part, name: &'a str, value: &'a str| show(&Detail { part, name, value: Said::Text(value) });
        match by {
            Asker::Rule(rule) => {
                let rule = program.rule(rule);
                let module = rule.and_then(|rule| tables.modules.get(rule.module as usize));
                let module = module.map_or("", |module| program.symbol(module.name));
                text(Part::Rule, module, rule.map_or("", |rule| program.symbol(rule.name)));
            }
            Asker::Phase(agent) => {
                let agent = tables.agents.get(agent as usize);
                text(Part::Phase, "", agent.map_or("", |agent| program.symbol(agent.qualified)));
            }
        }
        let tool = tables.tools.get(call.tool as usize);
        text(Part::Tool, tool.map_or("", |tool| program.symbol(tool.name)), self.text(request.tool));
        let (hops, actor) = call.chain.members().split_at(call.chain.members().len().saturating_sub(1));
        for (part, members) in [(Part::Agent, actor), (Part::Via, hops)] {
            members.iter().for_each(|member| text(part, "", call.chain.text(program, memory, *member)));
        }
        let texts = [
            (Part::User, request.user.map(|user| user.id)),
            (Part::Session, request.session),
            (Part::Env, request.env),
            (Part::Task, request.task),
            (Part::Server, request.server),
            (Part::ToolDigest, request.tool_digest),
        ];
        let known = texts.into_iter().filter_map(|(part, found)| Some((part, found?)));
        known.for_each(|(part, found)| text(part, "", self.text(found)));
        let params = tool.map_or(&[][..], |tool| &tool.params);
        self.members(Part::Argument, Some(request.args), params, show);
        self.resource(show);
        self.members(Part::Context, request.context, &tables.context, show);
        self.members(Part::Origin, request.origin, &[], show);
    }

    fn resource(&self, show: &mut dyn FnMut(&Detail<'a>)) {
        let Some(given) = self.call.request.resource else { return };
        let of = self.text(given.of);
        show(&Detail { part: Part::Resource, name: of, value: Said::Text(self.text(given.id)) });
        let declared = self.program.tables().resources.iter().find(|kind| self.program.symbol(kind.wire) == of);
        let fields = declared.map_or(&[][..], |kind| &kind.fields);
        self.members(Part::Attribute, given.attributes, fields, show);
        if let Some(id) = given.within {
            let value = Said::Value { action: *self, id, of: None };
            show(&Detail { part: Part::Within, name: "", value });
        }
    }

    /// The members of an object, each a detail of its own.
    fn members(&self, part: Part, object: Option<NodeId>, fields: &[Field], show: &mut dyn FnMut(&Detail<'a>)) {
        let memory = self.memory;
        for id in object.into_iter().flat_map(|object| memory.children(object)) {
            let name = self.text(memory.node(id).map_or(NO_TEXT, |node| node.key));
            show(&Detail { part, name, value: self.member(fields, name, id) });
        }
    }

    /// What a member is, unless it is secret.
    fn member(&self, fields: &[Field], name: &str, id: NodeId) -> Said<'a> {
        let field = fields.iter().find(|field| self.program.symbol(field.wire) == name);
        match field {
            Some(field) if field.secret => Said::Text(SECRET),
            field => Said::Value { action: *self, id, of: field.map(|field| field.ty) },
        }
    }

    /// How many bytes it is kept with.
    pub(crate) fn length(&self, by: Asker) -> usize {
        self.plan(by).0
    }

    /// How many bytes are needed, and how long values may be so that they are not too many.
    fn plan(&self, by: Asker) -> (usize, usize) {
        let mut limit = MAX_BYTES;
        loop {
            let mut needed = HEAD;
            self.details(by, &mut |detail| {
                needed = needed.saturating_add(DETAIL).saturating_add(measure(detail.name).min(limit));
                needed = needed.saturating_add(measure(detail.value).min(limit));
            });
            if needed <= MAX_BYTES || limit <= LEAST {
                return (needed.min(MAX_BYTES), limit);
            }
            limit /= 2;
        }
    }

    /// Writes it into as many bytes as it needs.
    pub(crate) fn write(&self, by: Asker, out: &mut [u8]) {
        let (_, limit) = self.plan(by);
        let (mut at, mut left_out) = (HEAD, 0u32);
        self.details(by, &mut |detail| {
            let room = out.get_mut(at..).filter(|room| left_out == 0 && room.len() >= DETAIL);
            match room.and_then(|room| detail.write(limit, room)) {
                Some(written) => at = at.saturating_add(written),
                None => left_out = left_out.saturating_add(1),
            }
        });
        write(out, 0, &left_out.to_le_bytes());
    }
}

impl Detail<'_> {
    /// Writes it; `None` where there is no room for as much of it as there should be.
    fn write(&self, limit: usize, room: &mut [u8]) -> Option<usize> {
        let (head, rest) = room.split_at_mut_checked(DETAIL)?;
        let name = Cut::write(&self.name, limit, rest)?;
        let value = Cut::write(&self.value, limit, rest.get_mut(name.0..)?)?;
        write(head, 0, &[self.part as u8]);
        for (at, number) in [(1, name.0), (5, name.1), (9, value.0), (13, value.1)] {
            write(head, at, &u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
        }
        Some(DETAIL.saturating_add(name.0).saturating_add(value.0))
    }
}

/// Reads what was kept: how many details were left out, and the others.
pub(crate) fn read(bytes: &[u8]) -> (u32, impl Iterator<Item = Kept<'_>>) {
    let left_out = array(bytes, 0).map_or(0, u32::from_le_bytes);
    let mut rest = bytes.get(HEAD..).unwrap_or_default();
    let details = core::iter::from_fn(move || {
        let (head, behind) = rest.split_at_checked(DETAIL)?;
        let number = |at: usize| array(head, at).map_or(0, u32::from_le_bytes);
        let (name, behind) = behind.split_at_checked(number(1) as usize)?;
        let (value, behind) = behind.split_at_checked(number(9) as usize)?;
        rest = behind;
        let (name, value) = (core::str::from_utf8(name).ok()?, core::str::from_utf8(value).ok()?);
        let part = word_of(*head.first()?)?;
        Some(Kept { part, name, name_bytes: number(5), value, value_bytes: number(13) })
    });
    (left_out, details)
}

/// Takes as much of a text as there is room for, and counts the rest.
struct Cut<'o> {
    out: &'o mut [u8],
    at: usize,
    length: usize,
}

impl Cut<'_> {
    /// Returns how many bytes were written and how many there were; `None` where there is not even room for as many as
    /// there may be.
    fn write(text: &dyn Display, limit: usize, out: &mut [u8]) -> Option<(usize, usize)> {
        let room = out.len();
        let mut cut = Cut { out: out.get_mut(..limit.min(room)).unwrap_or_default(), at: 0, length: 0 };
        write!(cut, "{text}").ok()?;
        (cut.length.min(limit) <= room).then_some((cut.at, cut.length))
    }
}

impl Write for Cut<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // What comes behind something that was left out is left out, too.
        let room = if self.at == self.length { self.out.len().saturating_sub(self.at) } else { 0 };
        let kept = text.get(..text.floor_char_boundary(room)).unwrap_or_default();
        write(self.out, self.at, kept.as_bytes());
        self.at = self.at.saturating_add(kept.len());
        self.length = self.length.saturating_add(text.len());
        Ok(())
    }
}

fn measure(text: impl Display) -> usize {
    let mut cut = Cut { out: &mut [], at: 0, length: 0 };
    // Counting does not fail.
    let _ = write!(cut, "{text}");
    cut.length
}

impl Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Said::Text(text) => write!(f, "{}", render::Text(text)),
            Said::Value { action, id, of } => action.value(f, *id, *of),
        }
    }
}

impl<'a> Action<'a> {
    /// Writes a value in the one form that its type has. Goes as deep as requests may nest.
    fn value(&self, f: &mut fmt::Formatter<'_>, id: NodeId, of: Option<TypeId>) -> fmt::Result {
        let quoted = |f: &mut fmt::Formatter<'_>, text: &str| write!(f, "{}", render::Text(text));
        let word = |list: Option<&alloc::vec::Vec<u32>>, member: u32| {
            list.and_then(|list| list.get(member as usize)).map_or("", |symbol| self.program.symbol(*symbol))
        };
        let tables = self.program.tables();
        match self.memory.value(id) {
            Value::Null | Value::Absent | Value::Json(Carried::Null) => f.write_str("null"),
            Value::Bool(value) | Value::Json(Carried::Bool(value)) => write!(f, "{value}"),
            Value::Int(value) => write!(f, "{value}"),
            Value::Decimal(value) => write!(f, "{}", render::Decimal(value)),
            Value::Float(value) => write!(f, "{value}"),
            Value::Text(text) | Value::Json(Carried::Text(text)) => quoted(f, self.text(text)),
            Value::Number(lexeme) | Value::Json(Carried::Number(lexeme)) => f.write_str(self.text(lexeme)),
            Value::Duration(value) => write!(f, "\"{}\"", render::Span(value)),
            Value::Date(value) => write!(f, "\"{}\"", render::Date(i64::from(value))),
            Value::DateTime(value) => write!(f, "\"{}\"", render::Time(value)),
            Value::Ip { high, low, v6 } => {
                let bits = u128::from(high) << 64 | u128::from(low);
                let v4 = core::net::Ipv4Addr::from_bits(low as u32);
                if v6 { write!(f, "\"{}\"", core::net::Ipv6Addr::from_bits(bits)) } else { write!(f, "\"{v4}\"") }
            }
            Value::Enum { of, member } => quoted(f, word(tables.enums.get(of as usize), member)),
            Value::Level { of, member } => quoted(f, word(tables.levels.get(of as usize), member)),
            Value::Named { id, .. } => quoted(f, self.text(id)),
            Value::List(_) | Value::Json(Carried::List) => self.list(f, id, of),
            Value::Object(_) | Value::Map(_) | Value::Record(_) | Value::Json(Carried::Object) => {
                self.object(f, id, of)
            }
            _ => quoted(f, ILL_TYPED),
        }
    }

    fn list(&self, f: &mut fmt::Formatter<'_>, id: NodeId, of: Option<TypeId>) -> fmt::Result {
        let of = match of.and_then(|of| self.program.tables().types.get(of as usize)) {
            Some(TypeDef::List { of, .. }) => Some(*of),
            _ => None,
        };
        f.write_char('[')?;
        for (at, child) in self.memory.children(id).enumerate() {
            f.write_str(if at == 0 { "" } else { ", " })?;
            self.value(f, child, of)?;
        }
        f.write_char(']')
    }

    fn object(&self, f: &mut fmt::Formatter<'_>, id: NodeId, of: Option<TypeId>) -> fmt::Result {
        let declared = of.and_then(|of| self.program.tables().types.get(of as usize));
        f.write_char('{')?;
        for (at, child) in self.memory.children(id).enumerate() {
            let name = self.text(self.memory.node(child).map_or(NO_TEXT, |node| node.key));
            let value = match declared {
                Some(TypeDef::Record { fields, .. }) => self.member(fields, name, child),
                Some(TypeDef::Map { of, .. }) => Said::Value { action: *self, id: child, of: Some(*of) },
                _ => Said::Value { action: *self, id: child, of: None },
            };
            write!(f, "{}{}: {value}", if at == 0 { "" } else { ", " }, render::Text(name))?;
        }
        f.write_char('}')
    }
}

#[cfg(test)]
mod tests {
    use super::{Cut, measure};

    #[test]
    fn what_is_cut_is_counted_and_ends_between_characters() {
        let mut out = [0; 8];
        assert_eq!(Cut::write(&"größer", 5, &mut out), Some((4, 8)));
        assert_eq!(out.get(..4), Some("grö".as_bytes()));
        assert_eq!(Cut::write(&"ab", 5, &mut out), Some((2, 2)));
        assert_eq!(Cut::write(&"größer und größer", 12, &mut out), None);
        assert_eq!(measure("größer"), 8);
    }
}
