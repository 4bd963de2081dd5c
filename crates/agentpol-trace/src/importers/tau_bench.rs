//! tau-bench: an array of runs `{"task_id", "trial", "info", "traj"}`, where `traj` holds `OpenAI` chat messages.
//!
//! The environment reports a failed call as a text that begins with `Error:`. Runs have no times.

use crate::action::Trace;
use crate::conversation::{Conversation, Items};
use crate::document::Node;
use crate::error::RecordError;
use crate::importers::{Setting, openai};

/// Reads a run.
pub(super) fn read(node: &Node<'_>, setting: Setting<'_>) -> Items {
    match header(node, setting) {
        Ok((trace, messages)) => {
            let mut conversation = Conversation::new(trace);
            openai::messages(&mut conversation, &messages, |text| text.starts_with("Error:"));
            conversation.finish()
        }
        Err(error) => vec![Err(error)],
    }
}

fn header<'a>(node: &Node<'a>, setting: Setting<'_>) -> Result<(Trace, Node<'a>), RecordError> {
    let run = node.object()?;
    let messages = run.require("traj")?;
    let task = run.label("task_id").unwrap_or_else(|| setting.name.to_owned());
    let id = format!("{task}/{}", run.label("trial").unwrap_or_else(|| "0".to_owned()));
    let info = run.get("info").map(|info| info.object()).transpose()?;
    let about = info.and_then(|info| info.get("task")).map(|task| task.object()).transpose()?;
    let user = about.and_then(|task| task.label("user_id"));
    Ok((Trace { session: Some(id.clone()), id, user, task: Some(task), ..Trace::default() }, messages))
}
