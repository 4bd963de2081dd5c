//! What conditions rest on: asking is not doing, and labels only tighten.

use super::typed::Typed;
use super::{Typer, WhichClause};
use crate::names::Entity;
use crate::policy::{CompareOp, Earlier, Expr, ExprKind, Happened, LevelId, Question, Type};
use agentpol_diagnostics::{Code, Diagnostic, Span, did_you_mean};
use agentpol_syntax::ast;

/// What a true condition does to the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Loosens,
    Tightens,
    /// Both, or it cannot be told.
    Either,
}

impl Effect {
    pub(super) fn opposite(self) -> Self {
        match self {
            Effect::Loosens => Effect::Tightens,
            Effect::Tightens => Effect::Loosens,
            Effect::Either => Effect::Either,
        }
    }

    /// Returns what a condition of a clause does.
    pub(super) fn of(grants: bool, clause: WhichClause) -> Self {
        match (grants, clause) {
            (true, WhichClause::When) | (false, WhichClause::Unless) => Effect::Loosens,
            (true, WhichClause::Unless) | (false, WhichClause::When) => Effect::Tightens,
        }
    }
}

/// What more calls do to the truth of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum More {
    /// It becomes true.
    True,
    /// It becomes false.
    False,
    Either,
}

/// Returns what more calls do to the truth of a question.
pub(crate) fn more(question: &Question) -> More {
    let (op, zero) = match question {
        Question::Exists => return More::True,
        Question::First(_) | Question::Last(_) => return More::Either,
        Question::Count { op, plus, bound } => (*op, plus.is_none() && *bound == 0),
        Question::Distinct { op, bound, .. } => (*op, *bound == 0),
        Question::Sum { op, .. } => (*op, false),
    };
    match (op, zero) {
        (CompareOp::Gt | CompareOp::Ge, _) | (CompareOp::Ne, true) => More::True,
        (CompareOp::Lt | CompareOp::Le, _) | (CompareOp::Eq, true) => More::False,
        (CompareOp::Eq | CompareOp::Ne, false) => More::Either,
    }
}

impl More {
    fn opposite(self) -> More {
        match self {
            More::True => More::False,
            More::False => More::True,
            More::Either => More::Either,
        }
    }
}

/// Returns whether nothing says that calls that came so far were made.
fn only_asked(happened: Happened) -> bool {
    matches!(happened, Happened::Attempted | Happened::Called)
}

/// Returns whether more calls may loosen a condition of this effect.
fn rests(more: More, effect: Effect) -> bool {
    !matches!((more, effect), (More::True, Effect::Tightens) | (More::False, Effect::Loosens))
}

impl<'a> Typer<'_, 'a> {
    /// Refuses a grant that rests on calls that were asked for or let through: nothing says that they were made.
    pub(super) fn check_asked(&mut self, earlier: &Earlier, effect: Effect, span: Span) {
        if !self.grants() {
            return;
        }
        let more = more(&earlier.question);
        if let Some(since) = earlier.since.as_ref().filter(|since| only_asked(since.happened)) {
            // Calls of the one set take calls of the other out of the question.
            if rests(more.opposite(), effect) {
                let title = "a grant rests on a call behind `since` that may never have been made";
                let diagnostic = Diagnostic::new(Code::AP0319, title, span, "asking is not doing");
                let word = if since.happened == Happened::Called { "`called`, or no word," } else { "`attempted`" };
                self.report(diagnostic.help(format!("write `since completed` in the place of {word} behind `since`")));
            }
        }
        if !only_asked(earlier.happened) || !rests(more, effect) {
            return;
        }
        let word = if earlier.happened == Happened::Called { "called" } else { "attempted" };
        let counts = !matches!(earlier.question, Question::Exists);
        let title = match earlier.happened {
            Happened::Called => "a grant rests on a call that was let through, and may never have been made",
            _ => "a grant rests on a call that was only asked for",
        };
        let help = match counts {
            true => "count what was done: `count of completed { ... }`, `sum of ... over completed { ... }`".to_owned(),
            false => format!("write `completed` in the place of `{word}`"),
        };
        self.report(Diagnostic::new(Code::AP0319, title, span, "asking is not doing").help(help));
    }

    /// Types `session.LEVEL`; `None` where no level has that name.
    pub(super) fn session_label(&mut self, dotted: &str, span: Span) -> Option<Typed> {
        let Some((Entity::Level(id), _)) = self.entity(dotted) else { return None };
        if Some(id) == self.origin_level() {
            let title = "a session has no `origin`; arguments have";
            let diagnostic = Diagnostic::new(Code::AP0214, title, span, "not a level of data");
            self.report(diagnostic.help("write `origin(args.NAME)`, or ask `called { returns untrusted }`"));
            return Some(self.unknown(span).at(span));
        }
        Some(Typed::plain(self.node(ExprKind::SessionLabel(id), Type::Level(id), span)).at(span))
    }

    /// Returns whether a value is a label of the session.
    pub(super) fn is_label(&self, expr: &Expr) -> bool {
        matches!(self.resolved(expr).kind, ExprKind::SessionLabel(_))
    }

    /// Types `session.ALIAS.LEVEL`, a level of another module; `None` for anything else.
    pub(super) fn dotted_label(&mut self, expr: &ast::Expr<'a>) -> Option<Typed> {
        let words = super::words::words_of(expr)?;
        let [root, first, .., last] = words.as_slice() else { return None };
        if root.text != "session" || self.that.is_some() || self.binding("session").is_some() {
            return None;
        }
        let dotted: Vec<&str> = words[1..].iter().map(|word| word.text).collect();
        self.session_label(&dotted.join("."), root.span.to(last.span).to(first.span))
    }

    /// Says that a session has no such part.
    pub(super) fn no_session_part(&mut self, name: &ast::Name<'a>, span: Span) -> Typed {
        let title = format!("a session has no `{}`", name.text);
        let visible = self.cx.names.visible(self.module());
        let data = |entity: &Entity| matches!(entity, Entity::Level(id) if *id != LevelId(0));
        let levels: Vec<&str> =
            visible.iter().filter(|(_, entity)| data(entity)).map(|(name, _)| name.as_str()).chain(["id"]).collect();
        let help = did_you_mean(name.text, levels.iter().copied()).unwrap_or_else(|| {
            let written: Vec<String> = levels.iter().map(|level| format!("session.{level}")).collect();
            format!("it has {}", super::show::listed(written.iter().map(String::as_str)))
        });
        self.report(Diagnostic::new(Code::AP0214, title, name.span, "not known").help(help));
        self.unknown(span).at(span)
    }

    /// Checks what a comparison of labels may look like: by order, so that a higher label never loosens.
    pub(super) fn label_comparable(&mut self, ordered: bool, left: &Typed, right: &Typed, span: Span) -> bool {
        match (self.is_label(&left.expr), self.is_label(&right.expr)) {
            (false, false) => true,
            (true, true) => {
                let title = "a label of the session is compared with itself";
                self.report(Diagnostic::new(Code::AP0303, title, span, "always the same"));
                false
            }
            _ if ordered => true,
            _ => {
                let title = "a label of the session is compared by order only";
                let diagnostic = Diagnostic::new(Code::AP0303, title, span, "by equality");
                self.report(diagnostic.help("write `>=`, as in `session.sensitivity >= confidential`"));
                false
            }
        }
    }

    /// Checks that a higher label tightens.
    pub(super) fn check_label(&mut self, op: CompareOp, on_the_left: bool, effect: Effect, span: Span) {
        let risks = matches!(op, CompareOp::Ge | CompareOp::Gt) == on_the_left;
        let wanted = if risks { Effect::Tightens } else { Effect::Loosens };
        if effect == wanted {
            return;
        }
        let (title, help) = match (effect, risks) {
            (Effect::Either, _) => (
                "a label of the session is read where it cannot be told whether a higher one tightens",
                "compare it directly in `when` or `unless`, joined by `and`, `or`, `not`",
            ),
            (_, true) => (
                "a higher label of the session would loosen here",
                "write `<` or `<=` in this place, or move the test where it tightens: `when` of a `deny`",
            ),
            (_, false) => (
                "a lower label of the session would tighten here",
                "write `>=` or `>` in this place, or move the test where it loosens: `unless` of a `deny`",
            ),
        };
        let label = if risks { "true when more has been read" } else { "true when less has been read" };
        self.report(Diagnostic::new(Code::AP0313, title, span, label).help(help));
    }
}
