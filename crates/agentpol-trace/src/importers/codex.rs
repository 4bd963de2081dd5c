//! Rollouts of Codex: `{"timestamp", "type", "payload"}` a line.
//!
//! The items of the model are those of the Responses API. Events repeat them for the screen and are passed over, but for
//! what a person was asked.

use crate::action::{Outcome, Ruling, Trace};
use crate::conversation::Conversation;
use crate::document::{Node, Object};
use crate::error::RecordError;
use crate::format::Format;
use crate::importers::items::{self, Reading};
use crate::importers::parts::stranger;
use crate::importers::{Importer, Items, Setting};

/// A rollout while it is read.
#[derive(Debug, Default)]
pub(super) struct Rollout {
    conversation: Conversation,
    /// Whether the session is known; a resumed one repeats what it goes on with.
    begun: bool,
}

impl Importer for Rollout {
    fn read(&mut self, node: &Node<'_>, setting: Setting<'_>) -> Items {
        if let Err(error) = self.line_of(node, setting) {
            self.conversation.error(error);
        }
        self.conversation.ready()
    }

    fn finish(&mut self) -> Items {
        self.conversation.finish()
    }
}

impl Rollout {
    fn line_of(&mut self, node: &Node<'_>, setting: Setting<'_>) -> Result<(), RecordError> {
        let line = node.object()?;
        let kind = line.label("type").unwrap_or_default();
        let payload = line.inner("payload")?.ok_or_else(|| stranger(node, Format::Codex))?;
        match kind.as_str() {
            "session_meta" => self.begin(Some(&payload), setting),
            "turn_context" => {
                self.begin(None, setting);
                if let Some(model) = payload.label("model") {
                    self.conversation.learn(|trace| trace.model = Some(model));
                }
            }
            "response_item" => {
                self.begin(None, setting);
                let at = line.label("timestamp");
                let reading = Reading { at: at.as_deref(), said_by_user };
                items::read(&mut self.conversation, payload.node(), reading)?;
            }
            "event_msg" => self.event(&payload),
            "compacted" => {}
            _ if line.get("timestamp").is_some() => {}
            _ => return Err(stranger(node, Format::Codex)),
        }
        Ok(())
    }

    fn begin(&mut self, meta: Option<&Object<'_>>, setting: Setting<'_>) {
        if self.begun {
            return;
        }
        self.begun = true;
        let id = meta.and_then(|meta| meta.label("id")).unwrap_or_else(|| setting.name.to_owned());
        let parent = meta.and_then(parent);
        self.conversation.enter("", || Trace { session: Some(id.clone()), id, parent, ..Trace::default() });
    }

    fn event(&mut self, event: &Object<'_>) {
        let kind = event.label("type").unwrap_or_default();
        let asks = matches!(kind.as_str(), "exec_approval_request" | "apply_patch_approval_request");
        if let Some(id) = event.label("call_id").filter(|_| asks)
            && let Some(call) = self.conversation.waiting(&id)
        {
            call.ruling = Some(Ruling { reason: event.label("reason"), ..Ruling::from(Outcome::RequireApproval) });
        }
    }
}

/// The session that started this one.
fn parent(meta: &Object<'_>) -> Option<String> {
    let source = meta.get("source").filter(|source| source.is_object())?.object().ok()?;
    let started = source.inner("subagent").ok()??.inner("thread_spawn").ok()??;
    started.label("parent_thread_id")
}

/// What the client adds about the place and the project begins with a tag or a heading; it is nobody's word.
fn said_by_user(text: &str) -> bool {
    let text = text.trim_start();
    !text.starts_with('<') && !text.starts_with("# AGENTS.md")
}
