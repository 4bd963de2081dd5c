//! The one match over the forms of expression.

use super::typed::Typed;
use super::{MAX_DEPTH, Typer};
use crate::policy::{Expr, ExprKind, Type, Value};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast::{self, ExprKind as Written};

impl<'a> Typer<'_, 'a> {
    /// Types an expression. `asked` is what the place would like: words, texts and numbers follow it where they can,
    /// and whoever asks checks what came.
    pub(super) fn infer(&mut self, expr: &ast::Expr<'a>, asked: Option<&Type>) -> Typed {
        if self.full {
            return self.unknown(expr.span).at(expr.span);
        }
        if self.depth >= MAX_DEPTH {
            self.full_of(
                expr.span,
                &format!("this nests deeper than {MAX_DEPTH} when its definitions are written out"),
            );
            return self.unknown(expr.span).at(expr.span);
        }
        self.depth += 1;
        let typed = self.infer_form(expr, asked);
        self.depth -= 1;
        typed
    }

    fn infer_form(&mut self, expr: &ast::Expr<'a>, asked: Option<&Type>) -> Typed {
        let span = expr.span;
        match expr.kind {
            Written::Bool(value) => self.literal(Value::Bool(*value), Type::Bool, span),
            Written::Number(number) => self.number(number, false, span, asked),
            Written::Text(text) => self.text_literal(text, asked),
            Written::Duration(duration) => self.literal(Value::Duration(duration.millis), Type::Duration, span),
            Written::Date(date) => self.literal(Value::Date(date.days), Type::Date, span),
            Written::DateTime(millis) => self.literal(Value::DateTime(*millis), Type::DateTime { zone: None }, span),
            Written::Name(name) => self.word(name, asked),
            Written::Member(of, name) => self.part_or_field(expr, of, name, asked),
            Written::Method(of, name, arguments) => self.method(expr, of, name, arguments, asked),
            Written::Index(of, key) => self.index(of, key, span),
            Written::Call(name, arguments) => self.call(name, arguments, span, asked),
            Written::List(elements) => self.list(elements, span, asked),
            Written::Not(of) => {
                let of = self.truth(of);
                self.condition_node(ExprKind::Not(Box::new(of)), span)
            }
            Written::Negative(of) => self.negative(of, span, asked),
            Written::Has(of) => self.has(of, span),
            Written::And(parts) => self.all_of(parts, span, true),
            Written::Or(parts) => self.all_of(parts, span, false),
            Written::Compare(op, left, right) => self.comparison(*op, left, right, span),
            Written::Relation(op, left, right) => self.relation(*op, left, right, span),
            Written::Sum(first, rest) => self.sum_of_terms(first, rest, span, asked),
            Written::Product(factors) => self.product(factors, span),
            Written::Otherwise(value, default) => self.otherwise(value, default, span, asked),
            Written::If(condition, then, other) => self.choice(condition, then, other, span, asked),
            Written::Quantified { quantifier, names, over, body } => {
                self.quantified(*quantifier, names, over, body, span)
            }
            Written::Comprehension { kind, names, over, body } => {
                self.comprehension(*kind, names, over, body, span, asked)
            }
            Written::History(history) => self.history(history),
            Written::Known(path, keys) => self.known(path, *keys, span),
            Written::ResultOf(_) => self.stray_source(span),
        }
    }

    /// Makes a node that is a condition.
    pub(super) fn condition_node(&mut self, kind: ExprKind, span: Span) -> Typed {
        Typed::plain(self.node(kind, Type::Bool, span)).at(span)
    }

    /// Types `and` or `or`: each part is read knowing that those before it were true, or false.
    fn all_of(&mut self, parts: &[ast::Expr<'a>], span: Span, outcome: bool) -> Typed {
        let before = self.facts.len();
        let mut typed: Vec<Expr> = Vec::with_capacity(parts.len());
        for part in parts {
            let part = self.truth(part);
            self.learn(&part, outcome);
            typed.push(part);
        }
        self.facts.truncate(before);
        let kind = if outcome { ExprKind::And(typed) } else { ExprKind::Or(typed) };
        self.condition_node(kind, span)
    }

    /// Types `if`: each branch is read knowing what the condition said, and may be missing where it was not guarded.
    fn choice(
        &mut self,
        condition: &ast::Expr<'a>,
        then: &ast::Expr<'a>,
        other: &ast::Expr<'a>,
        span: Span,
        asked: Option<&Type>,
    ) -> Typed {
        let condition = self.truth(condition);
        let (yes, no) = (self.implied(&condition, true), self.implied(&condition, false));
        let first_is_words = asked.is_none() && self.is_flexible(then) && !self.is_flexible(other);
        let (then, other) = if first_is_words {
            let other = self.branch(no, other, None);
            let hint = other.expr.ty.clone();
            (self.branch(yes, then, Some(&hint)), other)
        } else {
            let then = self.branch(yes, then, asked);
            let hint = asked.cloned().unwrap_or_else(|| then.expr.ty.clone());
            let other = self.branch(no, other, Some(&hint));
            (then, other)
        };
        let (then, other) = self.level_numbers(then, other);
        let Some((then, other)) = self.one_type(then, other, "the other branch") else {
            return self.unknown(span).at(span);
        };
        let ty = wider(&then.expr.ty, &other.expr.ty);
        let mut missing = then.missing;
        missing.extend(other.missing);
        let secret = then.secret || other.secret;
        let kind = ExprKind::If(Box::new(condition), Box::new(then.expr), Box::new(other.expr));
        let expr = self.node(kind, ty, span);
        Typed { expr, at: span, missing, secret, declared: None }
    }

    /// Types a branch; what the condition guards is there in it.
    fn branch(&mut self, facts: Vec<String>, branch: &ast::Expr<'a>, asked: Option<&Type>) -> Typed {
        self.knowing(facts, |this| {
            let mut typed = this.infer(branch, asked);
            typed.missing.retain(|missing| !this.facts.contains(&missing.key));
            typed
        })
    }

    /// Returns both when they are of one type; `None` after telling that they are not, or when one is unknown.
    pub(super) fn one_type(&mut self, a: Typed, b: Typed, what: &str) -> Option<(Typed, Typed)> {
        if a.is_unknown() || b.is_unknown() {
            return None;
        }
        if super::types::alike(self.cx.policy, &a.expr.ty, &b.expr.ty) {
            return Some((a, b));
        }
        let title = format!("this is `{}`, {what} is `{}`", self.type_name(&a.expr.ty), self.type_name(&b.expr.ty));
        let diagnostic = Diagnostic::new(Code::AP0301, title, b.at, format!("this is {}", self.a_type(&b.expr.ty)))
            .because(a.at, format!("this is {}", self.a_type(&a.expr.ty)));
        self.report(diagnostic.maybe_help(super::compare::conversion(&b, &a.expr.ty)));
        None
    }
}

/// Returns the type that holds both values: an empty list's element type is the other's.
pub(super) fn wider(a: &Type, b: &Type) -> Type {
    match (a, b) {
        (Type::List(one, n), Type::List(other, m)) => {
            let element = if **one == Type::Unknown { other.clone() } else { one.clone() };
            Type::List(element, *n.max(m))
        }
        (Type::Path { under: None }, Type::Path { .. }) | (Type::Path { .. }, Type::Path { .. }) if a != b => {
            Type::Path { under: None }
        }
        (Type::Url { .. }, Type::Url { .. }) if a != b => Type::Url { allow_ip6: true },
        (Type::DateTime { .. }, Type::DateTime { .. }) => Type::DateTime { zone: None },
        (Type::Principal, Type::User | Type::Group) | (Type::User | Type::Group, Type::Principal) => Type::Principal,
        (Type::Resource(one), Type::Resource(other)) => {
            let mut both = [one.as_slice(), other.as_slice()].concat();
            both.sort();
            both.dedup();
            Type::Resource(both)
        }
        (Type::Unknown, other) | (other, _) => other.clone(),
    }
}
