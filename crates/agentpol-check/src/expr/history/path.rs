//! `first {...}` and `last {...}`: one call, and what is taken of it.
//!
//! The call itself is no value. What is taken of it is kept, so a path is followed as far as it goes in the frame of the
//! earlier call: of a record only the fields that are read.

use super::Past;
use crate::expr::Typer;
use crate::expr::scope::Binding;
use crate::expr::typed::{Missing, Typed};
use crate::expr::words::size_of;
use crate::policy::{Earlier, Expr, ExprKind, Field, LocalId, Question, Type, Value};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast::{self, ExprKind as Written, HistoryQuestion};
use std::rc::Rc;

/// The first or the last call of a set.
#[derive(Clone, Debug)]
pub(in crate::expr) struct Call {
    /// Whether there is one.
    earlier: Earlier,
    first: bool,
    past: Past,
}

impl<'a> Typer<'_, 'a> {
    /// Returns the call that an expression stands for: `first {...}`, `last {...}`, or a name for one. The outer `None` is
    /// anything else, the inner one a mistake.
    pub(in crate::expr) fn earlier_call(&mut self, expr: &ast::Expr<'a>) -> Option<Option<Rc<Call>>> {
        match expr.kind {
            Written::History(history) => {
                let first = match history.question {
                    HistoryQuestion::First => true,
                    HistoryQuestion::Last => false,
                    _ => return None,
                };
                Some(self.one_call(history, first))
            }
            Written::Name(name) => {
                let call = self.binding(name.text)?.call.clone()?;
                if self.is_outer(name.text) {
                    self.of_the_rule(name.text, name.span);
                    return Some(None);
                }
                Some(call)
            }
            _ => None,
        }
    }

    fn one_call(&mut self, history: &ast::History<'a>, first: bool) -> Option<Rc<Call>> {
        let word = if first { "first" } else { "last" };
        if history.outcome != ast::HistoryOutcome::Completed {
            let title = format!("`{word}` speaks of completed calls");
            let diagnostic = Diagnostic::new(Code::AP0317, title, history.span, "another word stands before the set");
            self.report(diagnostic.help(format!("write `{word}` and the set alone")));
            return None;
        }
        let (earlier, past) = self.set_of_calls(history)?;
        let sound = self.whole_set(&earlier, word, history.span) && self.keys_only(&earlier, word);
        sound.then(|| Rc::new(Call { earlier, first, past }))
    }

    /// Puts the name of a call in force, if that is what a `let` binds.
    pub(in crate::expr) fn bind_call(
        &mut self,
        name: &ast::Name<'a>,
        value: &ast::Expr<'a>,
    ) -> Option<(LocalId, Expr)> {
        let call = self.earlier_call(value)?;
        self.check_fresh(name);
        let stands_for = self.unknown(name.span).at(name.span);
        let binding = Binding { name: name.text, span: name.span, stands_for, literal: None, call: Some(call) };
        self.bindings.push(binding);
        Some((self.fresh(), self.holds(name.span)))
    }

    /// Puts the name of a record of a call in force: each use takes of it what it reads.
    pub(in crate::expr) fn bind_record(&mut self, name: &ast::Name<'a>, value: &Typed) -> Option<(LocalId, Expr)> {
        let (ExprKind::Earlier(_), Type::Shape(_)) = (&value.expr.kind, &value.expr.ty) else { return None };
        self.check_fresh(name);
        let binding =
            Binding { name: name.text, span: name.span, stands_for: value.clone(), literal: None, call: None };
        self.bindings.push(binding);
        Some((self.fresh(), self.holds(name.span)))
    }

    /// Stands for the value of a name that has none of its own.
    fn holds(&mut self, span: Span) -> Expr {
        self.node(ExprKind::Literal(Value::Bool(true)), Type::Bool, span)
    }

    /// Types `has first {...}`, or `has x` where `x` is a call; `None` where it is not about a call.
    pub(in crate::expr) fn has_call(&mut self, of: &ast::Expr<'a>, span: Span) -> Option<Typed> {
        let call = self.earlier_call(of)?;
        Some(match call {
            Some(call) => self.condition_node(ExprKind::Earlier(Box::new(call.earlier.clone())), span),
            None => self.undecided(span),
        })
    }

    /// Types something of a call.
    pub(super) fn taken(
        &mut self,
        call: Rc<Call>,
        section: Option<&ast::Name<'a>>,
        name: &ast::Name<'a>,
        span: Span,
        asking: bool,
    ) -> Typed {
        let mut past = call.past.clone();
        let typed = self.in_past(&mut past, "", |this| this.of_that(section, name, span, asking));
        if typed.is_unknown() {
            return typed;
        }
        if typed.secret {
            self.refuse_keeping(&typed, typed.declared.as_ref());
            return self.unknown(span).at(span);
        }
        let missing = typed.missing.iter().filter(|missing| !past.knows(&missing.key));
        let base = key_of(&call.earlier, call.first);
        let missing = missing.map(|missing| Missing { key: format!("{base}{}", missing.key), ..missing.clone() });
        let missing: Vec<Missing> = missing.collect();
        let ty = typed.expr.ty.clone();
        let question = ask(call.first, typed.expr);
        let kind = ExprKind::Earlier(Box::new(Earlier { question, ..call.earlier.clone() }));
        let expr = self.node(kind, ty, span);
        // The set is written out at each use.
        self.nodes += size_of(&expr);
        Typed { expr, at: span, missing, secret: false, declared: typed.declared }
    }

    /// Types a field of something that is taken of a call; `None` for any other value.
    pub(in crate::expr) fn field_taken(&mut self, of: &Expr, field: &Field, span: Span) -> Option<ExprKind> {
        let (earlier, take) = taken_of(self.resolved(of))?;
        let (earlier, take) = (earlier.clone(), take.clone());
        let take = self.node(ExprKind::Field(Box::new(take), field.name.clone()), field.ty.clone(), span);
        let question = ask(matches!(earlier.question, Question::First(_)), take);
        Some(ExprKind::Earlier(Box::new(Earlier { question, ..earlier })))
    }

    /// Refuses to keep a whole answer, or a list of an answer, in which a secret lies.
    pub(in crate::expr) fn check_kept(&mut self, expr: &Expr) {
        let policy = self.cx.policy;
        let mut found = None;
        expr.any(&mut |part| {
            let whole =
                taken_of(part).is_some() && policy.any_field(std::slice::from_ref(&part.ty), &mut |of| of.secret);
            found = whole.then_some(part.span);
            whole
        });
        if let Some(span) = found {
            let typed = self.unknown(span).at(span);
            self.refuse_keeping(&typed, None);
        }
    }

    /// Names what is taken of a call by its structure.
    pub(in crate::expr) fn key_taken(&self, expr: &Expr) -> Option<String> {
        let (earlier, take) = taken_of(expr)?;
        Some(format!("{}{}", key_of(earlier, matches!(earlier.question, Question::First(_))), self.key(take)?))
    }

    /// Refuses to keep a secret.
    pub(in crate::expr) fn refuse_keeping(&mut self, typed: &Typed, declared: Option<&(String, Span)>) {
        let title = format!("`{}` is secret and may not be remembered", self.text(typed.at));
        let mut diagnostic = Diagnostic::new(Code::AP0312, title, typed.at, "would be kept with the session");
        if let Some((name, span)) = declared {
            diagnostic = diagnostic.because(*span, format!("`{name}` is declared secret here"));
        }
        self.report(diagnostic.help("read a field that is not secret, or take the word `secret` away"));
    }
}

fn ask(first: bool, take: Expr) -> Question {
    if first { Question::First(Box::new(take)) } else { Question::Last(Box::new(take)) }
}

/// Returns the call and what is taken of it.
fn taken_of(expr: &Expr) -> Option<(&Earlier, &Expr)> {
    match &expr.kind {
        ExprKind::Earlier(earlier) => match &earlier.question {
            Question::First(take) | Question::Last(take) => Some((earlier, take)),
            _ => None,
        },
        _ => None,
    }
}

/// Returns what a value that is taken of a call lies in, still as something taken of the call.
pub(in crate::expr) fn around_taken(expr: &Expr) -> Option<Expr> {
    let (earlier, take) = taken_of(expr)?;
    let of = match &take.kind {
        ExprKind::Field(of, _) | ExprKind::Part(_, of) | ExprKind::Index(of, _) => of,
        ExprKind::First(of) | ExprKind::Last(of) => of,
        _ => return None,
    };
    let question = ask(matches!(earlier.question, Question::First(_)), (**of).clone());
    let kind = ExprKind::Earlier(Box::new(Earlier { question, ..earlier.clone() }));
    Some(Expr { kind, ty: of.ty.clone(), span: expr.span })
}

/// Names a call by its structure: the set that it is the first or the last of.
fn key_of(earlier: &Earlier, first: bool) -> String {
    let word = if first { "first" } else { "last" };
    let parts = (earlier.reach, earlier.within, &earlier.scope, &earlier.clauses, &earlier.pairs);
    format!("{word}{}.", without_places(&format!("{parts:?}")))
}

/// Takes the places out of a structure written out.
fn without_places(written: &str) -> String {
    let mut kept = String::with_capacity(written.len());
    let mut rest = written;
    while let Some((before, after)) = rest.split_once("Span {") {
        kept.push_str(before);
        rest = after.split_once('}').map_or("", |(_, next)| next);
    }
    kept.push_str(rest);
    kept
}
