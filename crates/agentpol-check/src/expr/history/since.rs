//! `since` and `keeping last`: what cuts a set of calls off, and what has its calls kept one by one.

use super::related::BY_EQUALS;
use crate::expr::Typer;
use crate::names::Calls;
use crate::policy::{CompareOp, Earlier};
use agentpol_diagnostics::{Code, Diagnostic, Span};

impl<'a> Typer<'_, 'a> {
    /// Types what stands behind `since`; false where something in it is wrong.
    pub(super) fn cut(&mut self, earlier: &mut Earlier, calls: &Calls<'a>) -> bool {
        let Some(since) = &calls.since else { return true };
        let (inner, _, mut sound) = self.typed_calls(&since.calls, since.outcome);
        if let Some(pair) = inner.pairs.iter().find(|pair| pair.op != CompareOp::Eq) {
            let title = "the calls behind `since` are related by `==` only";
            let diagnostic = Diagnostic::new(Code::AP0317, title, pair.that.span, "compared otherwise");
            self.report(diagnostic.help(BY_EQUALS));
            sound = false;
        }
        sound &= self.few_enough(&inner);
        let other = earlier.pairs.iter().find(|pair| pair.op != CompareOp::Eq);
        if let (Some(pair), None) = (other, earlier.keeping) {
            let title = "with `since` calls are related by `==` only";
            let diagnostic = Diagnostic::new(Code::AP0317, title, pair.that.span, "compared otherwise");
            let help = "add `keeping last 64` to the set: so many calls are then looked through one by one";
            self.report(diagnostic.help(help));
            sound = false;
        }
        earlier.since = Some(Box::new(inner));
        sound
    }

    /// Refuses `since` and `keeping last` for questions that do not go with them.
    pub(super) fn whole_set(&mut self, earlier: &Earlier, what: &str, span: Span) -> bool {
        let word = match (&earlier.since, earlier.keeping) {
            (None, None) => return true,
            (Some(_), _) => "since",
            (None, Some(_)) => "keeping last",
        };
        let title = format!("`{what}` does not go with `{word}`");
        let label = format!("`{word}` stands in its set");
        let help = format!("ask whether there is such a call, or count them: `count of {{ ... {word} ... }} >= 3`");
        self.report(Diagnostic::new(Code::AP0317, title, span, label).help(help));
        false
    }
}
