//! Calls by name: the functions of the language, and definitions.

use super::Typer;
use super::typed::Typed;
use super::types::alike;
use crate::names::Entity;
use crate::policy::{Each, Expr, ExprKind, Type};
use agentpol_diagnostics::{Code, Diagnostic, Span, did_you_mean};
use agentpol_syntax::ast;

/// The functions of the language. No definition may have one of these names.
pub(super) const FUNCTIONS: [&str; 8] = ["count", "sum", "first", "last", "min", "max", "pairs", "origin"];

impl<'a> Typer<'_, 'a> {
    /// Types `name(arguments)`.
    pub(super) fn call(
        &mut self,
        name: &ast::Name<'a>,
        arguments: &[ast::Expr<'a>],
        span: Span,
        asked: Option<&Type>,
    ) -> Typed {
        match (name.text, arguments) {
            ("origin", [of]) => self.origin(of, span),
            ("count", [of]) => self.count(of, span),
            ("first" | "last", [of]) => self.end_of(name.text, of, span),
            ("sum" | "min" | "max", [of]) => self.fold_of(name.text, of, span),
            ("min" | "max", [_, _, ..]) => self.least(name.text, arguments, span, asked),
            ("pairs", [_, _]) => {
                let diagnostic = Diagnostic::new(Code::AP0303, "`pairs` is only gone through", span, "used as a value");
                self.report(diagnostic.help("write `any a, b in pairs(L, M): ...`"));
                self.unknown(span).at(span)
            }
            (function, _) if FUNCTIONS.contains(&function) => {
                let takes = match function {
                    "pairs" => "two lists",
                    "min" | "max" => "a list, or two values or more",
                    "origin" => "one argument of the call",
                    _ => "one list",
                };
                let title = format!("`{function}` takes {takes}");
                self.report(Diagnostic::new(Code::AP0309, title, span, format!("{} given", arguments.len())));
                match (function, self.origin_level()) {
                    ("origin", Some(level)) => self.opaque(Type::Level(level), span),
                    _ => self.unknown(span).at(span),
                }
            }
            _ => self.call_definition(name, arguments, span, asked),
        }
    }

    fn call_definition(
        &mut self,
        name: &ast::Name<'a>,
        arguments: &[ast::Expr<'a>],
        span: Span,
        asked: Option<&Type>,
    ) -> Typed {
        match self.entity(name.text) {
            Some((Entity::Define(define), _)) => self.use_definition(define, Some(arguments), span, asked),
            Some((entity, declared)) => {
                let title = format!("`{}` is {}, not a definition", name.text, entity.kind());
                let diagnostic = Diagnostic::new(Code::AP0207, title, name.span, "used with arguments")
                    .because(declared, format!("`{}` is declared here", name.text));
                let known = matches!(entity, Entity::Record(_));
                let help = known.then(|| format!("write `known {}(...)`", name.text));
                self.report(diagnostic.maybe_help(help));
                self.unknown(span).at(span)
            }
            None => {
                let visible = self.cx.names.visible(self.module());
                let definitions = visible.iter().filter(|(_, entity)| matches!(entity, Entity::Define(_)));
                let names = definitions.map(|(name, _)| name.as_str()).chain(FUNCTIONS);
                let help = did_you_mean(name.text, names).or_else(|| match name.text {
                    "len" | "length" | "size" => Some("did you mean `count`?".to_owned()),
                    other => Some(format!("declare it: `define {other}(...) = ...`")),
                });
                let title = format!("`{}` is not defined", name.text);
                self.report(Diagnostic::new(Code::AP0201, title, name.span, "no such definition").maybe_help(help));
                self.unknown(span).at(span)
            }
        }
    }

    fn count(&mut self, of: &ast::Expr<'a>, span: Span) -> Typed {
        let of = self.infer(of, None);
        match &of.expr.ty {
            Type::Unknown => self.unknown(span).at(span),
            Type::List(..) | Type::Map(..) => {
                let of = self.operand(of);
                Typed::plain(self.node(ExprKind::Count(Box::new(of)), Type::Int, span)).at(span)
            }
            ty => {
                let title = format!("`count` counts lists and maps, not `{}`", self.type_name(ty));
                let help = match ty {
                    Type::String => {
                        Some(format!("bound a length by a pattern: `{} matches \".{{0,80}}\"`", self.text(of.at)))
                    }
                    Type::Bool => Some("count elements with a condition: `count(x in LIST: ...)`".to_owned()),
                    _ => None,
                };
                let diagnostic = Diagnostic::new(Code::AP0303, title, of.at, format!("this is {}", self.a_type(ty)));
                self.report(diagnostic.maybe_help(help));
                self.unknown(span).at(span)
            }
        }
    }

    /// Types `first(L)` and `last(L)`: absent where the list is empty.
    fn end_of(&mut self, word: &str, of: &ast::Expr<'a>, span: Span) -> Typed {
        let of = self.infer(of, None);
        let Some(element) = self.element_or_say(word, &of) else { return self.unknown(span).at(span) };
        let list = Box::new(of.expr);
        let kind = if word == "first" { ExprKind::First(list) } else { ExprKind::Last(list) };
        let expr = self.node(kind, element, span);
        Typed { expr, at: span, missing: of.missing, secret: of.secret, declared: of.declared }
    }

    fn element_or_say(&mut self, word: &str, of: &Typed) -> Option<Type> {
        match &of.expr.ty {
            Type::Unknown => None,
            Type::List(..) if self.is_bare(of) => None,
            Type::List(element, _) => Some((**element).clone()),
            ty => {
                let title = format!("`{word}` takes a list, not `{}`", self.type_name(ty));
                self.report(Diagnostic::new(Code::AP0303, title, of.at, format!("this is {}", self.a_type(ty))));
                None
            }
        }
    }

    /// Types `sum(L)`, `min(L)` and `max(L)`: folds over the elements themselves.
    fn fold_of(&mut self, word: &str, of: &ast::Expr<'a>, span: Span) -> Typed {
        let of = self.infer(of, None);
        let Some(ty) = self.element_or_say(word, &of) else { return self.unknown(span).at(span) };
        if !self.can_fold(word, &ty, of.at) {
            return self.unknown(span).at(span);
        }
        let first = self.fresh();
        let body = self.node(ExprKind::Local(first), ty.clone(), span);
        let each = Box::new(Each { first, second: None, over: self.operand(of), body });
        let kind = match word {
            "sum" => ExprKind::SumOf(each),
            "min" => ExprKind::MinOf(each),
            _ => ExprKind::MaxOf(each),
        };
        Typed::plain(self.node(kind, ty, span)).at(span)
    }

    /// Types `min(a, b)` and `max(a, b)` of two values or more.
    fn least(&mut self, word: &str, arguments: &[ast::Expr<'a>], span: Span, asked: Option<&Type>) -> Typed {
        let own = arguments.iter().find(|argument| !self.is_flexible(argument)).copied();
        let first = own.map(|own| self.infer(&own, asked));
        let hint = first.as_ref().map(|typed| typed.expr.ty.clone()).or(asked.cloned());
        let mut least = first;
        for argument in arguments {
            if own.is_some_and(|own| own.span == argument.span) {
                continue;
            }
            let right = self.infer(argument, hint.as_ref());
            least = Some(match least {
                None => right,
                Some(left) => self.lesser(word, left, right, span),
            });
        }
        least.unwrap_or_else(|| self.unknown(span)).at(span)
    }

    fn lesser(&mut self, word: &str, left: Typed, right: Typed, span: Span) -> Typed {
        let (left, right) = self.level_numbers(left, right);
        if left.is_unknown() || right.is_unknown() {
            return self.unknown(span).at(span);
        }
        if !alike(self.cx.policy, &left.expr.ty, &right.expr.ty) {
            self.mismatch(&left, &right);
            return self.unknown(span).at(span);
        }
        if !self.can_fold(word, &left.expr.ty, left.at) {
            return self.unknown(span).at(span);
        }
        let ty = left.expr.ty.clone();
        let (left, right): (Expr, Expr) = (self.operand(left), self.operand(right));
        let (left, right) = (Box::new(left), Box::new(right));
        let kind = if word == "min" { ExprKind::Min(left, right) } else { ExprKind::Max(left, right) };
        Typed::plain(self.node(kind, ty, span)).at(span)
    }
}
