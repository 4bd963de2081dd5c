//! Declarations that say too little, or for too long.

use super::Surface;
use crate::policy::{Phase, Tool, Verb};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics};

/// How long (days) an agent may be observed without a word.
const MAX_OBSERVED: i32 = 90;

/// First words of names of tools that change something.
const CHANGING: [&str; 28] = [
    "ack",
    "acknowledge",
    "add",
    "approve",
    "archive",
    "book",
    "cancel",
    "create",
    "delete",
    "deploy",
    "drop",
    "edit",
    "exec",
    "execute",
    "insert",
    "mark",
    "merge",
    "move",
    "pay",
    "post",
    "publish",
    "remove",
    "run",
    "send",
    "set",
    "update",
    "upload",
    "write",
];

pub(super) fn look(surface: &Surface<'_, '_>, diagnostics: &mut Diagnostics) {
    for tool in &surface.policy.tools {
        says_too_little(tool, diagnostics);
    }
    let Some(today) = surface.today else { return };
    for agent in &surface.policy.agents {
        let Phase::Observe { until } = agent.phase else { continue };
        let days = until.saturating_sub(today);
        if days > MAX_OBSERVED {
            let title = format!("`{}` is only observed for {days} days", agent.name);
            let diagnostic = Diagnostic::new(Code::AP0614, title, agent.span, "its own rules do not bind until then");
            diagnostics.push(
                diagnostic
                    .help(format!("choose a day within {MAX_OBSERVED} days, and look at what it would have denied")),
            );
        }
    }
}

/// A tool that only reads, by its verb, and changes something, by its name.
fn says_too_little(tool: &Tool, diagnostics: &mut Diagnostics) {
    if tool.unverified || tool.verbs != [Verb::Reads] {
        return;
    }
    let last = tool.name.rsplit('.').next().unwrap_or(&tool.name);
    let Some(word) = CHANGING.iter().find(|word| first_word(last) == **word) else { return };
    let title = format!("`{}` only reads, and its name says `{word}`", tool.name);
    let diagnostic = Diagnostic::new(Code::AP0617, title, tool.span, "reads pass where changes are refused");
    diagnostics.push(
        diagnostic.help(
            "write the verb that says what it changes, such as `updates`; or rename it with its text on the wire",
        ),
    );
}

/// Returns the first word of `snake_case`, `camelCase` or `kebab-case`, in small letters.
fn first_word(name: &str) -> String {
    let end = name.char_indices().skip(1).find(|(_, c)| !c.is_ascii_lowercase()).map_or(name.len(), |(at, _)| at);
    name[..end].to_ascii_lowercase()
}
