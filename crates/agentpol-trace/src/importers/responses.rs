//! `OpenAI` Responses: items one a line or in a list, or the responses that hold them with what was put in.
//!
//! A response that names the one before it goes on with its session. Items that stand alone are one run.

use std::collections::HashMap;

use crate::action::{Speaker, Trace};
use crate::conversation::Conversation;
use crate::document::{Node, Object};
use crate::error::RecordError;
use crate::format::Format;
use crate::importers::items::{self, Reading};
use crate::importers::parts::{fallback_id, is_of_another, stranger};
use crate::importers::seen::Seen;
use crate::importers::{Importer, Items, Setting};

/// How many responses are remembered for those that go on with them.
const MOST: usize = 1 << 16;
/// Every text among the user's messages is the user's.
const READING: Reading<'static> = Reading { at: None, said_by_user: |_| true };

/// Items while they are read.
#[derive(Debug, Default)]
pub(super) struct Responses {
    conversation: Conversation,
    /// The first response of the session that a response is part of.
    sessions: HashMap<String, String>,
    /// Items that were read: what is put in repeats what came out.
    read: Seen,
}

impl Importer for Responses {
    fn read(&mut self, node: &Node<'_>, setting: Setting<'_>) -> Items {
        if let Err(error) = self.record(node, setting) {
            self.conversation.error(error);
        }
        self.conversation.ready()
    }

    fn finish(&mut self) -> Items {
        self.conversation.finish()
    }
}

impl Responses {
    fn record(&mut self, node: &Node<'_>, setting: Setting<'_>) -> Result<(), RecordError> {
        if node.is_list() {
            let id = fallback_id(node, setting);
            self.conversation.enter(&id.clone(), || Trace { session: Some(id.clone()), id, ..Trace::default() });
            return self.list(node, Known::Never);
        }
        let record = node.object()?;
        if record.get("output").is_some_and(|output| output.is_list()) && record.get("call_id").is_none() {
            return self.response(&record, setting);
        }
        let name = setting.name.to_owned();
        self.conversation.enter("", || Trace { id: name.clone(), session: Some(name), ..Trace::default() });
        self.item(node, Known::Never)
    }

    fn response(&mut self, response: &Object<'_>, setting: Setting<'_>) -> Result<(), RecordError> {
        let id = response.label("id").unwrap_or_else(|| fallback_id(response.node(), setting));
        let before = response.label("previous_response_id");
        let first = before.map(|before| self.sessions.get(&before).cloned().unwrap_or(before));
        let conversation = match response.get("conversation") {
            Some(node) if node.is_object() => node.object()?.label("id"),
            Some(node) => Some(node.plain()),
            None => None,
        };
        let session = conversation.or(first).unwrap_or_else(|| id.clone());
        if self.sessions.len() >= MOST {
            self.sessions.clear();
        }
        self.sessions.insert(id, session.clone());
        let key = session.clone();
        self.conversation.enter(&key, || Trace { id: session.clone(), session: Some(session), ..Trace::default() });
        self.conversation.end_message();
        if let Some(model) = response.label("model") {
            self.conversation.learn(|trace| trace.model = Some(model));
        }
        if let Some(text) = response.get("instructions").filter(|text| text.is_string()) {
            let text = text.string()?;
            if self.read.insert(&format!("{key} {text}")) {
                self.conversation.hear(Speaker::System, text);
            }
        }
        match response.get("input") {
            Some(said) if said.is_string() => self.conversation.hear(Speaker::User, said.string()?),
            Some(list) => self.list(&list, Known::Skip)?,
            None => {}
        }
        self.conversation.end_message();
        let read = self.list(&response.require("output")?, Known::Note);
        self.conversation.end_message();
        read
    }

    fn list(&mut self, list: &Node<'_>, known: Known) -> Result<(), RecordError> {
        for node in list.list()? {
            let read = self.item(&node, known);
            self.conversation.check(read);
        }
        Ok(())
    }

    fn item(&mut self, node: &Node<'_>, known: Known) -> Result<(), RecordError> {
        let item = node.object()?;
        let is_item = item.get("type").is_some() || item.get("role").is_some();
        if !is_item || is_of_another(node, Format::Responses) {
            return Err(stranger(node, Format::Responses));
        }
        let id = item.label("call_id").or_else(|| item.label("id"));
        if let Some(id) = id.filter(|_| known != Known::Never) {
            let new = self.read.insert(&format!("{} {id}", item.label("type").unwrap_or_default()));
            if !new && known == Known::Skip {
                return Ok(());
            }
        }
        items::read(&mut self.conversation, node, READING)?;
        Ok(())
    }
}

/// Whether items may have been read before: what is put in repeats what came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// Items that stand alone are read as they are.
    Never,
    /// These may be put in again.
    Note,
    /// Those that were read are passed over.
    Skip,
}
