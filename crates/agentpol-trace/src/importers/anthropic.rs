//! Anthropic Messages: `{"messages": [...]}`, a list of messages, a list or JSON Lines of these; what the API answered, one
//! message a line; and the events of managed agents.
//!
//! Tools that the provider runs, its own and those of remote servers, are the provider's calls.

use crate::action::{Arguments, Issuer, Speaker, ToolResult, Trace};
use crate::conversation::{Call, Conversation};
use crate::document::{Node, Object};
use crate::error::RecordError;
use crate::format::Format;
use crate::importers::parts::{answer, arguments, content, fallback_id, is_of_another, server_and_tool, stranger};
use crate::importers::{Importer, Items, Setting, managed};

/// Messages and events while they are read.
#[derive(Debug, Default)]
pub(super) struct Anthropic {
    /// Events, and messages that stand alone.
    conversation: Conversation,
}

impl Importer for Anthropic {
    fn read(&mut self, node: &Node<'_>, setting: Setting<'_>) -> Items {
        match self.record(node, setting) {
            Ok(Some(run)) => return run,
            Ok(None) => {}
            Err(error) => self.conversation.error(error),
        }
        self.conversation.ready()
    }

    fn finish(&mut self) -> Items {
        self.conversation.finish()
    }
}

impl Anthropic {
    /// Reads a run, which is given back, or a record of one that goes on.
    fn record(&mut self, node: &Node<'_>, setting: Setting<'_>) -> Result<Option<Items>, RecordError> {
        if node.is_list() {
            return Ok(Some(run(node, None, setting)));
        }
        let record = node.object()?;
        if let Some(list) = record.get("messages") {
            return Ok(Some(run(&list, Some(&record), setting)));
        }
        if let Some(events) = record.get("data").filter(|data| data.is_list()) {
            for event in events.list()? {
                let read = managed::event(&mut self.conversation, &event, setting);
                self.conversation.check(read);
            }
            return Ok(None);
        }
        if is_of_another(node, Format::Anthropic) {
            return Err(stranger(node, Format::Anthropic));
        }
        if record.get("role").is_some() {
            let name = setting.name.to_owned();
            self.conversation.enter("", || Trace { id: name.clone(), session: Some(name), ..Trace::default() });
            message(&mut self.conversation, &record)?;
        } else {
            managed::event(&mut self.conversation, node, setting)?;
        }
        Ok(None)
    }
}

fn run(list: &Node<'_>, around: Option<&Object<'_>>, setting: Setting<'_>) -> Items {
    let of = |name: &str| around.and_then(|around| around.label(name));
    let place = around.map_or(list, |around| around.node());
    let id = of("id").or_else(|| of("trace_id")).unwrap_or_else(|| fallback_id(place, setting));
    let session = of("session_id").or_else(|| Some(id.clone()));
    let mut conversation = Conversation::new(Trace { id, session, model: of("model"), ..Trace::default() });
    let system = around.and_then(|around| around.get("system"));
    match content(system) {
        Ok(text) => conversation.hear(Speaker::System, text),
        Err(error) => conversation.error(error),
    }
    match list.list() {
        Ok(messages) => {
            for node in messages {
                let read = node.object().and_then(|one| message(&mut conversation, &one));
                conversation.check(read);
            }
        }
        Err(error) => conversation.error(error),
    }
    conversation.finish()
}

/// Reads a message: `{"role", "content"}`.
pub(super) fn message(conversation: &mut Conversation, message: &Object<'_>) -> Result<(), RecordError> {
    let role = message.require("role")?;
    let said = message.get("content");
    match role.string()?.as_str() {
        "system" => conversation.hear(Speaker::System, content(said)?),
        "user" => {
            conversation.end_message();
            conversation.hear(Speaker::User, content(said.clone())?);
            for node in blocks(said)? {
                let read = node.object().map(|block| result(conversation, &node, &block));
                conversation.check(read);
            }
        }
        "assistant" => {
            if let Some(model) = message.label("model") {
                conversation.learn(|trace| trace.model = Some(model));
            }
            conversation.begin_message(message.label("id").as_deref());
            for node in blocks(said)? {
                let read = node.object().map(|block| assistant(conversation, &node, &block));
                conversation.check(read);
            }
        }
        _ => return Err(role.bad_value("user, assistant or system")),
    }
    Ok(())
}

/// The blocks of a content that has some.
fn blocks<'a>(content: Option<Node<'a>>) -> Result<Vec<Node<'a>>, RecordError> {
    content.filter(|content| content.is_list()).map_or(Ok(Vec::new()), |content| content.list())
}

fn assistant(conversation: &mut Conversation, node: &Node<'_>, block: &Object<'_>) {
    let kind = block.label("type").unwrap_or_default();
    let issuer = match kind.as_str() {
        "text" => return conversation.speaks(),
        "tool_use" => Issuer::Agent,
        "server_tool_use" | "mcp_tool_use" => Issuer::Provider,
        _ => return result(conversation, node, block),
    };
    match call(block, issuer, block.label("server_name"), arguments(block.get("input"))) {
        Ok(call) => conversation.call(node, call),
        Err(error) => conversation.unreadable_call(block.label("id"), error),
    }
}

/// A call by what a block or an event says of it.
pub(super) fn call(
    block: &Object<'_>,
    issuer: Issuer,
    named: Option<String>,
    args: Arguments,
) -> Result<Call, RecordError> {
    let (server, tool) = server_and_tool(block.require("name")?.string()?);
    Ok(Call { id: block.label("id"), server: named.or(server), ..Call::of(issuer, tool, args) })
}

/// Reads an answer, whoever ran the tool; other blocks are passed over.
fn result(conversation: &mut Conversation, node: &Node<'_>, block: &Object<'_>) {
    let kind = block.label("type").unwrap_or_default();
    if !kind.ends_with("tool_result") {
        return;
    }
    let told = block.get("content");
    let failed = told.as_ref().filter(|told| told.is_object()).and_then(|told| told.object().ok()?.label("type"));
    let is_error = block.get("is_error").is_some_and(|flag| flag.raw() == "true")
        || failed.is_some_and(|kind| kind.ends_with("_error"));
    conversation.result(node, block.label("tool_use_id"), None, ToolResult { is_error, text: answer(told) });
}
