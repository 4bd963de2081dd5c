//! Persons in scenarios: who approves or rejects what was asked for.

use crate::draft::Draft;
use crate::policy::{ModuleId, Person};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast::{self, Expect};

/// Makes the person of a step.
pub(super) fn person(
    draft: &mut Draft<'_, '_>,
    module: ModuleId,
    who: &ast::Text<'_>,
    group: Option<&ast::Path<'_>>,
    at: Option<i64>,
    span: Span,
) -> Option<Person> {
    if who.value.is_empty() {
        let diagnostic = Diagnostic::new(Code::AP0701, "a person without an id", who.span, "an empty text");
        draft.report(diagnostic.help("write the id of a user, such as `\"bo\"`"));
        return None;
    }
    let groups = match group {
        None => Vec::new(),
        Some(path) => {
            let group = draft.group(module, path)?;
            vec![draft.policy[group].wire.clone()]
        }
    };
    Some(Person { id: who.value.to_owned(), groups, at: at?, span })
}

/// Says that nothing was asked for that a person could approve or reject.
pub(super) fn check_asked(draft: &mut Draft<'_, '_>, last: Option<&ast::Call<'_>>, word: &str, span: Span) {
    let label = match last {
        None => "no call stands before this",
        Some(call) if matches!(call.expect, Expect::RequireApproval(_)) => return,
        Some(_) => "the last call is not expected to ask",
    };
    let title = format!("there is nothing to {word}");
    let help = "write it behind a call with `-> require approval`";
    draft.report(Diagnostic::new(Code::AP0701, title, span, label).help(help));
}
