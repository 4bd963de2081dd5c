//! Persons in scenarios: who approves or rejects what was asked for.

use super::expected;
use super::steps::Asked;
use crate::draft::Draft;
use crate::policy::{ModuleId, Person};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast;

/// Makes the person of a step.
pub(super) fn person(
    draft: &mut Draft<'_, '_>,
    module: ModuleId,
    answer: &ast::Answer<'_>,
    at: Option<i64>,
    span: Span,
) -> Option<Person> {
    let who = &answer.who;
    let refused = expected::refused(draft, answer.refused.as_ref());
    if who.value.is_empty() {
        let diagnostic = Diagnostic::new(Code::AP0701, "a person without an id", who.span, "an empty text");
        draft.report(diagnostic.help("write the id of a user, such as `\"bo\"`"));
        return None;
    }
    let groups = match &answer.group {
        None => Vec::new(),
        Some(path) => {
            let group = draft.group(module, path)?;
            vec![draft.policy[group].wire.clone()]
        }
    };
    Some(Person { id: who.value.to_owned(), groups, at: at?, refused, span })
}

/// Says that nothing was asked for that a person could approve or reject.
pub(super) fn check_asked(draft: &mut Draft<'_, '_>, asked: &Asked, answer: &ast::Answer<'_>, word: &str, span: Span) {
    let label = match (asked, answer.refused.is_some()) {
        (Asked::Last, _) | (Asked::Before, true) => return,
        (Asked::NoCall, _) => "no call stands before this",
        (Asked::Never, true) => "no call before this is expected to ask",
        (Asked::Never | Asked::Before, _) => "the last call is not expected to ask",
    };
    let title = format!("there is nothing to {word}");
    let help = "write it behind a call with `-> require approval`";
    draft.report(Diagnostic::new(Code::AP0701, title, span, label).help(help));
}
