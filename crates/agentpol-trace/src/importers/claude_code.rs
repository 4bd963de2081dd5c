//! Transcripts of Claude Code: one message, or one block of one, a line.
//!
//! The format is not a public one, so what is not known is passed over. Lines and calls that stand twice, as a resumed
//! session writes them, are read once. One message of the model may be spread over lines that share its id.

use crate::action::{Issuer, Outcome, Ruling, Speaker, ToolResult, Trace};
use crate::conversation::{Call, Conversation};
use crate::document::{Node, Object};
use crate::error::RecordError;
use crate::format::Format;
use crate::importers::parts::{answer, arguments, content, is_of_another, server_and_tool, stranger};
use crate::importers::seen::Seen;
use crate::importers::{Importer, Items, Setting};

/// Beginnings of texts that stand among the user's and are not: what commands printed, and what the client adds.
const NOT_SAID: [&str; 4] = ["<local-command-", "<bash-", "<system-reminder>", "Caveat: "];
/// What the client notes beside the answer where the user refused the call. The text of an answer proves nothing: a tool may
/// write anything.
const REJECTED: &str = "User rejected tool use";

/// A transcript while it is read.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    conversation: Conversation,
    lines: Seen,
    calls: Seen,
}

impl Importer for Transcript {
    fn read(&mut self, node: &Node<'_>, setting: Setting<'_>) -> Items {
        if let Err(error) = self.message(node, setting) {
            self.conversation.error(error);
        }
        self.conversation.ready()
    }

    fn finish(&mut self) -> Items {
        self.conversation.finish()
    }
}

impl Transcript {
    fn message(&mut self, node: &Node<'_>, setting: Setting<'_>) -> Result<(), RecordError> {
        let line = node.object()?;
        let kind = line.get("type").ok_or_else(|| stranger(node, Format::ClaudeCode))?.string()?;
        if !matches!(kind.as_str(), "user" | "assistant") {
            let other = is_of_another(node, Format::ClaudeCode);
            return if other { Err(stranger(node, Format::ClaudeCode)) } else { Ok(()) };
        }
        let message = line.inner("message")?.ok_or_else(|| stranger(node, Format::ClaudeCode))?;
        if line.label("uuid").is_some_and(|uuid| !self.lines.insert(&uuid)) {
            return Ok(());
        }
        let aside = enter(&mut self.conversation, &line, setting);
        if kind == "assistant" {
            if let Some(model) = message.label("model") {
                self.conversation.learn(|trace| trace.model = Some(model));
            }
            self.assistant(&line, &message)
        } else {
            self.user(&line, &message, aside)
        }
    }

    /// What the model wrote. A call that cannot be read does not hide the others.
    fn assistant(&mut self, line: &Object<'_>, message: &Object<'_>) -> Result<(), RecordError> {
        self.conversation.begin_message(message.label("id").as_deref());
        let Some(content) = message.get("content").filter(|content| content.is_list()) else { return Ok(()) };
        for node in content.list()? {
            let block = match node.object() {
                Ok(block) => block,
                Err(error) => {
                    self.conversation.error(error);
                    continue;
                }
            };
            match block.label("type").as_deref() {
                Some("text") => self.conversation.speaks(),
                Some("tool_use") => {
                    let id = block.label("id");
                    if id.as_deref().is_some_and(|id| !self.calls.insert(id)) {
                        continue;
                    }
                    match tool_use(&block, line.label("timestamp")) {
                        Ok(call) => self.conversation.call(&node, call),
                        Err(error) => self.conversation.unreadable_call(id, error),
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What the user said, and what tools answered.
    fn user(&mut self, line: &Object<'_>, message: &Object<'_>, aside: bool) -> Result<(), RecordError> {
        let Some(said) = message.get("content") else { return Ok(()) };
        let is_true = |name: &str| line.get(name).is_some_and(|flag| flag.raw() == "true");
        let mut results = Vec::new();
        if said.is_list() {
            for node in said.list()? {
                let block = node.object()?;
                if block.get("type").is_some_and(|kind| kind.is("tool_result")) {
                    results.push((node, block));
                }
            }
        }
        // What a sub-agent is told, the model that called it wrote; a hook and a summary are nobody's word.
        let theirs = results.is_empty() && !aside && !is_true("isMeta") && !is_true("isCompactSummary");
        let text = content(Some(said))?;
        if theirs && !NOT_SAID.iter().any(|mark| text.trim_start().starts_with(mark)) {
            self.conversation.hear(Speaker::User, text);
        }
        for (node, block) in results {
            self.result(&node, &block, line);
        }
        Ok(())
    }

    fn result(&mut self, node: &Node<'_>, block: &Object<'_>, line: &Object<'_>) {
        let key = block.label("tool_use_id");
        let again = key.as_deref().is_some_and(|key| self.calls.contains(key) && !self.conversation.waits(key));
        if again {
            return;
        }
        let text = answer(block.get("content"));
        let is_error = block.get("is_error").is_some_and(|flag| flag.raw() == "true");
        let rejected = is_error && line.get("toolUseResult").is_some_and(|beside| beside.is(REJECTED));
        if let Some(key) = key.as_deref().filter(|_| rejected) {
            let by = Some("user".to_owned());
            let ruling = Ruling { approved: Some(false), by, ..Ruling::from(Outcome::RequireApproval) };
            self.conversation.refused(key, ruling);
            return;
        }
        self.conversation.result(node, key, None, ToolResult { is_error, text });
    }
}

/// Goes on with the session, or the sub-agent in it, that a line belongs to; says whether it is a sub-agent.
fn enter(conversation: &mut Conversation, line: &Object<'_>, setting: Setting<'_>) -> bool {
    let session = line.label("sessionId").unwrap_or_else(|| setting.name.to_owned());
    let aside = line.get("isSidechain").is_some_and(|flag| flag.raw() == "true");
    let agent = line.label("agentId").filter(|_| aside);
    let id = match (aside, &agent) {
        (false, _) => session.clone(),
        (true, Some(agent)) => format!("{session}/{agent}"),
        (true, None) => format!("{session}/sidechain"),
    };
    let parent = aside.then(|| session.clone());
    conversation.enter(&id.clone(), || Trace { id, session: Some(session), parent, ..Trace::default() });
    aside
}

fn tool_use(block: &Object<'_>, at: Option<String>) -> Result<Call, RecordError> {
    let (server, tool) = server_and_tool(block.require("name")?.string()?);
    let args = arguments(block.get("input"));
    Ok(Call { id: block.label("id"), server, at, ..Call::of(Issuer::Agent, tool, args) })
}
