//! Messages of the Model Context Protocol: what a proxy wrote (`{"ts", "dir", "server", "msg"}`), the bare messages, one or a
//! batch a line, or the text that a desktop client logs.
//!
//! Only `tools/call` is a call. An answer belongs to the newest request of its id, whoever made it: servers ask, too,
//! while a call of theirs runs. The ids `1` and `"1"` are two.

use std::collections::HashMap;

use crate::action::{Arguments, Issuer, ToolResult, Trace};
use crate::conversation::{Call, Conversation};
use crate::document::{Node, Object, Text};
use crate::error::RecordError;
use crate::format::Format;
use crate::importers::parts::{answer, arguments, stranger};
use crate::importers::{Importer, Items, Setting};
use crate::json::{self, Cursor, RawJson};

/// How many requests of one id may be open at a time.
const OPEN: usize = 16;
/// How many ids may have open requests; beyond, all are forgotten.
const IDS: usize = 1 << 16;
/// What a desktop client writes before a message.
const MARKS: [&str; 2] = ["Message from client: ", "Message from server: "];

/// A log while it is read.
#[derive(Debug, Default)]
pub(super) struct Messages {
    conversation: Conversation,
    /// The open requests of an id, the newest last: whether each is a call.
    open: HashMap<String, Vec<bool>>,
}

/// What is known of a message beside it.
#[derive(Clone, Debug, Default)]
struct Around {
    at: Option<String>,
    server: Option<String>,
    session: Option<String>,
    /// Whether it went to the server; unknown in a log of bare messages.
    to_server: Option<bool>,
}

impl Importer for Messages {
    fn read(&mut self, node: &Node<'_>, setting: Setting<'_>) -> Items {
        // A batch holds messages, and no batches.
        let messages = if node.is_list() { node.list() } else { Ok(vec![node.clone()]) };
        match messages {
            Ok(messages) => {
                for node in messages {
                    let read = self.record(&node, setting);
                    self.conversation.check(read);
                }
            }
            Err(error) => self.conversation.error(error),
        }
        self.conversation.ready()
    }

    fn line(&mut self, text: &Text, setting: Setting<'_>) -> Items {
        let line = text.as_str();
        if line.trim_start().starts_with(['{', '['])
            && let Ok(value) = Cursor::new(line).value()
        {
            return self.read(&text.node(value, String::new()), setting);
        }
        let read = match MARKS.iter().position(|mark| line.contains(mark)) {
            Some(mark) => self.logged(text, mark == 0, setting),
            // Anything else that the client noted; a message that is cut off is one.
            None if !line.trim_start().starts_with('{') => Ok(()),
            None => {
                let mistake = Cursor::new(line).value().err();
                mistake.map_or(Ok(()), |mistake| Err(text.syntax(mistake.at, "", mistake.message)))
            }
        };
        self.conversation.check(read);
        self.conversation.ready()
    }

    fn finish(&mut self) -> Items {
        self.conversation.finish()
    }
}

impl Messages {
    fn record(&mut self, node: &Node<'_>, setting: Setting<'_>) -> Result<(), RecordError> {
        let record = node.object()?;
        let Some(inner) = record.get("msg").or_else(|| record.get("message")).filter(|inner| inner.is_object()) else {
            return self.message(&record, &Around::default(), setting);
        };
        let direction = record.label("dir").or_else(|| record.label("direction"));
        let around = Around {
            at: record.label("ts").or_else(|| record.label("timestamp")),
            server: record.label("server"),
            session: record.label("session").or_else(|| record.label("conn")),
            to_server: direction.map(|direction| direction == "c2s"),
        };
        self.message(&inner.object()?, &around, setting)
    }

    /// Reads a line of text: the time, the server and the level in brackets, the mark, the message, and what follows it.
    fn logged(&mut self, text: &Text, to_server: bool, setting: Setting<'_>) -> Result<(), RecordError> {
        let line = text.as_str();
        let mark = MARKS[usize::from(!to_server)];
        let Some((head, _)) = line.split_once(mark) else { return Ok(()) };
        let levels = ["info", "error", "warn", "debug"];
        let mut brackets = head.split('[').skip(1).filter_map(|part| Some(part.split_once(']')?.0.trim()));
        let around = Around {
            at: head.split_whitespace().next().filter(|word| word.contains('T')).map(str::to_owned),
            server: brackets.find(|word| !levels.contains(word)).map(str::to_owned),
            session: None,
            to_server: Some(to_server),
        };
        let start = head.len() + mark.len();
        let mut cursor = Cursor { text: line, at: start };
        match cursor.value() {
            Ok(value) => self.message(&text.node(value, String::new()).object()?, &around, setting),
            Err(mistake) => match self.cut_off(&line[start..], text, &around, setting) {
                true => Ok(()),
                false => Err(text.syntax(mistake.at, "", mistake.message)),
            },
        }
    }

    /// An answer that the client cut off: the call has one, and nobody knows which. Says whether it was one.
    fn cut_off(&mut self, message: &str, text: &Text, around: &Around, setting: Setting<'_>) -> bool {
        let members = json::members(message).0;
        let id = members.iter().find(|(name, _)| name == "id").map(|(_, id)| *id);
        let Some(id) = id.filter(|_| around.to_server == Some(false)) else { return false };
        self.enter(around, setting);
        if !self.conversation.waits(id) {
            return false;
        }
        if let Some(call) = self.conversation.waiting(id) {
            call.recorded.redacted.push("/result".to_owned());
        }
        let result = ToolResult { is_error: false, text: String::new() };
        self.conversation.result(&text.node(text.as_str(), String::new()), Some(id.to_owned()), None, result);
        true
    }

    fn enter(&mut self, around: &Around, setting: Setting<'_>) -> String {
        let parts = [around.session.clone(), around.server.clone()];
        let name = parts.into_iter().flatten().collect::<Vec<_>>().join("/");
        let id = if name.is_empty() { setting.name.to_owned() } else { name };
        // All servers of a session are one run; without sessions, all of a log.
        let session = around.session.clone().unwrap_or_else(|| setting.name.to_owned());
        self.conversation.enter(&id.clone(), || Trace {
            id: session.clone(),
            session: Some(session),
            ..Trace::default()
        });
        id
    }

    fn message(&mut self, message: &Object<'_>, around: &Around, setting: Setting<'_>) -> Result<(), RecordError> {
        if !message.get("jsonrpc").is_some_and(|version| version.is("2.0")) {
            return Err(stranger(message.node(), Format::Mcp));
        }
        let connection = self.enter(around, setting);
        let id = message.get("id").map(|id| id.raw().to_owned());
        let method = message.string("method")?;
        match (method, id) {
            (Some(method), Some(id)) => {
                let is_call = method == "tools/call" && around.to_server != Some(false);
                if self.open.len() >= IDS {
                    self.open.clear();
                }
                let open = self.open.entry(format!("{connection} {id}")).or_default();
                if open.len() < OPEN {
                    open.push(is_call);
                }
                if is_call { self.call(message, &id, around) } else { Ok(()) }
            }
            // A notification.
            (Some(_), None) => Ok(()),
            (None, Some(id)) => {
                let open = format!("{connection} {id}");
                let newest = self.open.get_mut(&open).and_then(Vec::pop);
                if self.open.get(&open).is_some_and(Vec::is_empty) {
                    self.open.remove(&open);
                }
                match newest {
                    Some(true) => self.result(message, &id),
                    // The answer to another request, or to one before the log begins.
                    Some(false) | None => Ok(()),
                }
            }
            (None, None) => Err(stranger(message.node(), Format::Mcp)),
        }
    }

    fn call(&mut self, message: &Object<'_>, id: &str, around: &Around) -> Result<(), RecordError> {
        let params = message.require("params")?.object()?;
        let tool = params.require("name")?.string()?;
        // A tool without parameters is called without arguments.
        let args = match params.get("arguments") {
            Some(args) => arguments(Some(args)),
            None => Arguments::Object(RawJson::verbatim("{}")),
        };
        let call = Call {
            id: message.label("id"),
            key: Some(id.to_owned()),
            server: around.server.clone(),
            at: around.at.clone(),
            ..Call::of(Issuer::Agent, tool, args)
        };
        self.conversation.call(message.node(), call);
        Ok(())
    }

    fn result(&mut self, message: &Object<'_>, id: &str) -> Result<(), RecordError> {
        let error = message.inner("error")?;
        let told = message.inner("result")?;
        let result = match (error, told) {
            (Some(error), _) => ToolResult { is_error: true, text: answer(error.get("message")) },
            // The server asks first; the call is made again with what it asked for.
            (None, Some(told)) if told.get("resultType").is_some_and(|kind| kind.is("input_required")) => return Ok(()),
            (None, Some(told)) => {
                let is_error = told.get("isError").is_some_and(|flag| flag.raw() == "true");
                let text = match told.get("structuredContent") {
                    Some(structured) => structured.plain(),
                    None => answer(told.get("content")),
                };
                ToolResult { is_error, text }
            }
            (None, None) => return Err(stranger(message.node(), Format::Mcp)),
        };
        self.conversation.result(message.node(), Some(id.to_owned()), None, result);
        Ok(())
    }
}
