//! Questions about earlier calls: `called {...}`, `count of {...} > 5`, `(last {...}).result.status`.
//!
//! What stands in a set of calls is typed in the frame of the earlier call, where `that` begins every path; what a `where`
//! compares it with, in the rule's. No expression is in both. Only the shapes that bounded state can answer exactly are
//! typed; everything else is told together with a shape that can.

mod aggregate;
mod frame;
mod path;
mod related;
mod since;

pub(super) use frame::{Past, That};
pub(super) use path::{Call, around_taken};
pub(crate) use related::MAX_KEYS;

use super::typed::Typed;
use super::{Place, Typer};
use crate::names::{Calls, Condition};
use crate::policy::{Clause, ClauseKind, Earlier, ExprKind, Happened, Question};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast::{self, HistoryOutcome, HistoryQuestion};

impl<'a> Typer<'_, 'a> {
    /// Types a question that stands where a value does: only whether there is such a call is one.
    pub(super) fn history(&mut self, history: &ast::History<'a>) -> Typed {
        let span = history.span;
        match history.question {
            HistoryQuestion::Exists => match self.set_of_calls(history) {
                Some((earlier, _)) => self.condition_node(ExprKind::Earlier(Box::new(earlier)), span),
                None => self.undecided(span),
            },
            _ if matches!(self.cx.names.calls.get(&span), Some(None)) => self.unknown(span).at(span),
            HistoryQuestion::First | HistoryQuestion::Last => self.no_value_of_call(span),
            HistoryQuestion::Count | HistoryQuestion::Distinct(_) | HistoryQuestion::Sum(_) => {
                let title = "a number of earlier calls stands only in a comparison with a literal";
                let diagnostic = Diagnostic::new(Code::AP0318, title, span, "not compared here");
                let help = format!("write `{} > 5`, or another comparison and number", self.text(span));
                self.report(diagnostic.help(help));
                self.unknown(span).at(span)
            }
        }
    }

    /// A call where a value is needed.
    pub(super) fn no_value_of_call(&mut self, span: Span) -> Typed {
        let written = self.text(span);
        let title = format!("`{written}` is a call, not a value");
        let whole = if written.contains(' ') { format!("({written})") } else { written.clone() };
        let help = format!(
            "take something of it: `{whole}.args.NAME`, `{whole}.result`, `{whole}.at`; or ask `has {written}`"
        );
        self.report(Diagnostic::new(Code::AP0318, title, span, "a value is needed here").help(help));
        self.unknown(span).at(span)
    }

    /// Types a set of calls, as the question whether there is one in it; with it the frame that its calls stand in.
    fn set_of_calls(&mut self, history: &ast::History<'a>) -> Option<(Earlier, Past)> {
        self.may_ask_about_calls(history.span)?;
        let Some(calls) = self.cx.names.calls.get(&history.span) else {
            let title = "earlier calls cannot be asked about here";
            let diagnostic = Diagnostic::new(Code::AP0316, title, history.span, "not in a rule");
            self.report(diagnostic.help("ask in `when` or `unless` of a rule"));
            return None;
        };
        let calls = calls.as_ref()?;
        let (mut earlier, past, sound) = self.typed_calls(calls, history.outcome);
        let sound = sound & self.order_pairs(&mut earlier, calls.keeping) & self.cut(&mut earlier, calls);
        sound.then_some((earlier, past))
    }

    /// Types the conditions of a set of calls; false where something in it is wrong.
    fn typed_calls(&mut self, calls: &Calls<'a>, outcome: HistoryOutcome) -> (Earlier, Past, bool) {
        let happened = match outcome {
            HistoryOutcome::Attempted => Happened::Attempted,
            HistoryOutcome::Called => Happened::Called,
            HistoryOutcome::Completed => Happened::Completed,
            HistoryOutcome::Failed => Happened::Failed,
        };
        let mut past = Past::new(calls.tools.clone(), calls.scope.agents.clone(), happened);
        let mut earlier = Earlier {
            question: Question::Exists,
            happened,
            reach: calls.reach,
            scope: calls.scope.clone(),
            clauses: calls.selectors.clone(),
            pairs: Vec::new(),
            within: calls.within,
            since: None,
            keeping: calls.keeping.map(|(count, _)| count),
        };
        let mut sound = true;
        for condition in &calls.conditions {
            sound &= match condition {
                Condition::Where(expr) => self.related(&mut past, &mut earlier, expr),
                Condition::When(expr) => self.alone(&mut past, &mut earlier, expr, true),
                Condition::Unless(expr) => self.alone(&mut past, &mut earlier, expr, false),
            };
        }
        (earlier, past, sound)
    }

    /// Types `when` or `unless` of a set: it speaks of the earlier call alone.
    fn alone(&mut self, past: &mut Past, earlier: &mut Earlier, expr: &ast::Expr<'a>, holds: bool) -> bool {
        let help = "write `that.args.NAME` for what the earlier call was given; relate the two calls in `where`, as in \
                    `where that.args.id == args.id`";
        let span = expr.span;
        let typed = self.in_past(past, help, |this| {
            let typed = this.truth(expr);
            this.learn(&typed, holds);
            typed
        });
        let kind = if holds { ClauseKind::When(typed) } else { ClauseKind::Unless(typed) };
        self.add_clause(earlier, kind, span)
    }

    /// Adds a condition on the earlier call, if it is one that can be answered.
    fn add_clause(&mut self, earlier: &mut Earlier, kind: ClauseKind, span: Span) -> bool {
        let (ClauseKind::When(expr) | ClauseKind::Unless(expr)) = &kind else { return false };
        let sound = self.of_one_time(expr, span);
        earlier.clauses.push(Clause { kind, span: self.shown(span) });
        sound
    }

    /// Refuses questions about earlier calls where they cannot be answered.
    fn may_ask_about_calls(&mut self, span: Span) -> Option<()> {
        let (code, title, label, help) = if self.that.is_some() {
            (
                Code::AP0317,
                "a set of calls cannot ask about other calls",
                "inside of a set",
                "write two questions joined by `and`, or relate the two in `where`: `that.args.id == (first {...}).args.id`",
            )
        } else if matches!(self.place, Place::Constraint { .. } | Place::ResultKey { .. }) {
            let title = "earlier calls cannot be asked about here";
            (Code::AP0316, title, "a value on its own has no history", "ask in `when` or `unless` of a rule")
        } else if self.elements.len() > 1 {
            (
                Code::AP0311,
                "earlier calls are asked about for each element of one list, not of two",
                "inside of two",
                "ask for each element of the outer list alone: `any x in LIST: called { ... where that.args.id == x }`",
            )
        } else {
            return Some(());
        };
        self.report(Diagnostic::new(code, title, span, label).help(help));
        None
    }
}
