//! `has` and `otherwise`: what they make of values that lie inside others.
//!
//! Reading anything of what is absent is unknown. So `has a.b` asks for `a` before `a.b`, and `a.b otherwise d` is `d` also
//! where `a` is absent: what an author means, said with the operators that there are.

use super::Typer;
use super::infer::wider;
use super::typed::Typed;
use crate::policy::{Expr, ExprKind, Question, Type};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast;

impl<'a> Typer<'_, 'a> {
    /// Types `has E`.
    pub(super) fn has(&mut self, of: &ast::Expr<'a>, span: Span) -> Typed {
        if let Some(typed) = self.has_call(of, span) {
            return typed;
        }
        let asked = self.asking(of);
        if asked.is_unknown() {
            return self.undecided(span);
        }
        if !may_be_absent(&asked.expr.kind) {
            let title = format!("`{}` is always there", self.text(of.span));
            let diagnostic = Diagnostic::new(Code::AP0303, title, of.span, "`has` asks for what may be missing");
            let help = match asked.expr.kind {
                ExprKind::Earlier(_) => "remove `has`: the question itself is true or false",
                ExprKind::AllKnown(_) => "write `count(known R) > 0`, or name one: `has known R(KEY)`",
                _ => "`has` stands before an argument, a field, an entry `m[k]` or `first(...)`",
            };
            self.report(diagnostic.help(help));
        }
        let mut there = self.doubtful(&asked);
        there.push(asked.expr);
        let there = self.all_there(there, span);
        Typed::plain(there).at(span)
    }

    /// Types `E otherwise D`: there when `D` is.
    pub(super) fn otherwise(
        &mut self,
        value: &ast::Expr<'a>,
        default: &ast::Expr<'a>,
        span: Span,
        asked: Option<&Type>,
    ) -> Typed {
        let value = self.infer(value, asked);
        let hint = value.expr.ty.clone();
        let default = self.infer(default, Some(&hint));
        let (plain, mut doubtful) = (value.expr.clone(), self.doubtful(&value));
        let (value, default) = self.level_numbers(value, default);
        let Some((value, default)) = self.one_type(value, default, "what stands in for it") else {
            return self.unknown(span).at(span);
        };
        let ty = wider(&value.expr.ty, &default.expr.ty);
        let (missing, secret, declared) = (default.missing, value.secret || default.secret, value.declared);
        let is_widened = matches!(value.expr.kind, ExprKind::ToDecimal(_)) && plain.ty == Type::Int;
        let kind = if is_widened {
            doubtful.push(plain);
            value.expr.kind
        } else {
            ExprKind::Otherwise(Box::new(value.expr), Box::new(default.expr.clone()))
        };
        let mut expr = self.node(kind, ty.clone(), span);
        if !doubtful.is_empty() {
            let there = self.all_there(doubtful, span);
            expr = self.node(ExprKind::If(Box::new(there), Box::new(expr), Box::new(default.expr)), ty, span);
        }
        Typed { expr, at: span, missing, secret, declared }
    }

    /// Returns what a value lies in, outermost first, as far as it may be absent and is not known to be there.
    fn doubtful(&self, typed: &Typed) -> Vec<Expr> {
        let mut found = Vec::new();
        let mut at = self.around(&typed.expr);
        while let Some(value) = at {
            let key = self.key(&value);
            let is_optional = key.as_ref().is_some_and(|key| typed.missing.iter().any(|missing| missing.key == *key));
            let is_known = key.is_some_and(|key| self.facts.contains(&key));
            at = self.around(&value);
            if (is_optional || is_entry(&value.kind)) && !is_known {
                found.push(value);
            }
        }
        found.reverse();
        found
    }

    /// Makes the condition that all of these are there, asked from the outside in.
    fn all_there(&mut self, values: Vec<Expr>, span: Span) -> Expr {
        let mut asked: Vec<Expr> = Vec::with_capacity(values.len());
        for value in values {
            asked.push(self.node(ExprKind::Has(Box::new(value)), Type::Bool, span));
        }
        match asked.pop() {
            Some(one) if asked.is_empty() => one,
            last => {
                asked.extend(last);
                self.node(ExprKind::And(asked), Type::Bool, span)
            }
        }
    }
}

/// Returns whether a value is one of several, which may be none.
fn is_entry(kind: &ExprKind) -> bool {
    matches!(
        kind,
        ExprKind::Index(..)
            | ExprKind::First(_)
            | ExprKind::Last(_)
            | ExprKind::FirstWhere(_)
            | ExprKind::LastWhere(_)
            | ExprKind::MinOf(_)
            | ExprKind::MaxOf(_)
            | ExprKind::Known(_)
    )
}

/// Returns whether asking for a value makes sense.
fn may_be_absent(kind: &ExprKind) -> bool {
    let is_path = matches!(
        kind,
        ExprKind::Arg(_)
            | ExprKind::User(_)
            | ExprKind::Context(_)
            | ExprKind::Agent(_)
            | ExprKind::Local(_)
            | ExprKind::Field(..)
            | ExprKind::Attribute(..)
            | ExprKind::Part(..)
    );
    let is_taken = matches!(kind, ExprKind::Earlier(earlier) if matches!(earlier.question, Question::First(_) | Question::Last(_)));
    is_path || is_taken || is_entry(kind)
}
