//! Tests behind a dot: `.in_domain(...)`, `.within(...)`, `.in_network(...)`, and definitions of other modules.

use super::Typer;
use super::formats::{self, network};
use super::typed::Typed;
use super::words::words_of;
use crate::names::Entity;
use crate::policy::{ExprKind, Part, Type};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast;

impl<'a> Typer<'_, 'a> {
    /// Types `E.name(arguments)`.
    pub(super) fn method(
        &mut self,
        expr: &ast::Expr<'a>,
        of: &ast::Expr<'a>,
        name: &ast::Name<'a>,
        arguments: &'a [ast::Expr<'a>],
        asked: Option<&Type>,
    ) -> Typed {
        if let Some(typed) = self.other_modules(of, name, arguments, expr.span, asked) {
            return typed;
        }
        let of = self.infer(of, None);
        if of.is_unknown() {
            return of;
        }
        let span = expr.span;
        match (&of.expr.ty, name.text) {
            (Type::Host | Type::Email | Type::Url { .. }, "in_domain") => self.in_domain(of, name, arguments, span),
            (Type::Path { .. }, "within") => self.within(of, name, arguments, span),
            (Type::Ip, "in_network") => self.in_network(of, name, arguments, span),
            _ if arguments.is_empty() => {
                let before = self.diagnostics.len();
                let part = self.member_of(of, name, span);
                if self.diagnostics.len() == before && !part.is_unknown() {
                    let title = format!("`.{}` takes no parentheses", name.text);
                    let diagnostic = Diagnostic::new(Code::AP0309, title, name.span, "a part, not a question");
                    self.report(diagnostic.help(format!("write `.{}`", name.text)));
                }
                self.unknown(span).at(span)
            }
            _ => {
                self.member_of(of, name, span);
                self.unknown(span).at(span)
            }
        }
    }

    /// Types a call of another module's definition.
    fn other_modules(
        &mut self,
        of: &ast::Expr<'a>,
        name: &ast::Name<'a>,
        arguments: &'a [ast::Expr<'a>],
        span: Span,
        asked: Option<&Type>,
    ) -> Option<Typed> {
        let mut words = words_of(of)?;
        let first = *words.first()?;
        words.push(*name);
        let joined = words.iter().map(|word| word.text).collect::<Vec<_>>().join(".");
        let used = self.cx.names.modules.get(self.module().index())?.used.keys();
        let is_module = used.into_iter().any(|prefix| joined.starts_with(&format!("{prefix}.")));
        if self.binding(first.text).is_some() || !is_module {
            return None;
        }
        match self.entity(&joined) {
            Some((Entity::Define(define), _)) => Some(self.use_definition(define, Some(arguments), span, asked)),
            Some(_) => None,
            None => Some(self.unknown_dotted(&words, &joined, first.span.to(name.span))),
        }
    }

    /// Types the one argument of a test, which must be a literal text; definitions that are one count.
    fn one_text(
        &mut self,
        name: &ast::Name<'a>,
        arguments: &[ast::Expr<'a>],
        example: &str,
        span: Span,
    ) -> Option<(String, Span)> {
        let [argument] = arguments else {
            let title = format!("`.{}` takes one text", name.text);
            let label = format!("{} given", arguments.len());
            self.report(
                Diagnostic::new(Code::AP0309, title, name.span, label)
                    .help(format!("write `.{}(\"{example}\")`", name.text)),
            );
            return None;
        };
        let typed = self.infer(argument, Some(&Type::String));
        if typed.is_unknown() {
            return None;
        }
        if let Some(text) = typed.literal_text() {
            return Some((text.to_owned(), typed.at));
        }
        if typed.expr.ty == Type::String && self.shows_later(&typed.expr) {
            return None;
        }
        let title = format!("`.{}` needs a text written here", name.text);
        let diagnostic = Diagnostic::new(Code::AP0308, title, typed.at, "not a literal");
        self.report(diagnostic.help(format!(
            "write `{}.{}(\"{example}\")`",
            self.text(self.before(span, name)),
            name.text
        )));
        None
    }

    /// Returns what stands before the dot.
    fn before(&self, span: Span, name: &ast::Name<'a>) -> Span {
        Span { end: name.span.start.saturating_sub(1).max(span.start), ..span }
    }

    fn in_domain(&mut self, of: Typed, name: &ast::Name<'a>, arguments: &[ast::Expr<'a>], span: Span) -> Typed {
        let Some((text, at)) = self.one_text(name, arguments, "acme.example", span) else {
            return self.undecided(span);
        };
        let domain = match formats::canonical(&Type::Host, &text) {
            Ok(domain)
                if domain.ends_with(|c: char| c.is_ascii_digit())
                    && !domain.contains(|c: char| c.is_ascii_alphabetic()) =>
            {
                self.malformed_text(&text, "domain", at, "an address has no domains below it", None);
                return self.undecided(span);
            }
            Ok(domain) => domain,
            Err(why) => {
                let help = text
                    .strip_prefix("*.")
                    .or(text.strip_prefix('.'))
                    .map(|rest| format!("write `\"{rest}\"`: all below it is in it"));
                self.malformed_text(&text, "domain", at, &why.why, help.or(why.help));
                return self.undecided(span);
            }
        };
        let part = match of.expr.ty {
            Type::Email => Some(Part::Domain),
            Type::Url { .. } => Some(Part::Host),
            _ => None,
        };
        let host = self.operand(of);
        let host = match part {
            Some(part) => self.node(ExprKind::Part(part, Box::new(host)), Type::Host, span),
            None => host,
        };
        self.condition_node(ExprKind::InDomain(Box::new(host), domain), span)
    }

    fn in_network(&mut self, of: Typed, name: &ast::Name<'a>, arguments: &[ast::Expr<'a>], span: Span) -> Typed {
        let Some((text, at)) = self.one_text(name, arguments, "10.0.0.0/8", span) else { return self.undecided(span) };
        match network(&text) {
            Ok((bits, length, v6)) => {
                let address = self.operand(of);
                self.condition_node(ExprKind::InNetwork(Box::new(address), bits, length, v6), span)
            }
            Err(why) => {
                self.malformed_text(&text, "network", at, &why.why, why.help);
                self.undecided(span)
            }
        }
    }

    fn within(&mut self, of: Typed, name: &ast::Name<'a>, arguments: &[ast::Expr<'a>], span: Span) -> Typed {
        let [argument] = arguments else {
            let title = "`.within` takes one directory";
            let diagnostic = Diagnostic::new(Code::AP0309, title, name.span, format!("{} given", arguments.len()));
            self.report(diagnostic.help("write `.within(\"/work\")`"));
            return self.undecided(span);
        };
        let directory = self.infer(argument, Some(&Type::Path { under: None }));
        let directory = self.fit(directory, &Type::Path { under: None }, "as the directory");
        if directory.is_unknown() {
            return self.undecided(span);
        }
        let directory = Typed { expr: self.resolved(&directory.expr).clone(), ..directory };
        let is_fixed = matches!(directory.expr.kind, ExprKind::Literal(_) | ExprKind::Context(_));
        if !is_fixed && !self.shows_later(&directory.expr) {
            let title = "`.within` needs a directory that the agent does not choose";
            let diagnostic =
                Diagnostic::new(Code::AP0308, title, directory.at, "neither a literal nor from the context");
            self.report(diagnostic.help("write it, as in `.within(\"/work\")`, or read a field of the context"));
            return self.undecided(span);
        }
        let (path, directory) = (self.operand(of), self.operand(directory));
        self.condition_node(ExprKind::Within(Box::new(path), Box::new(directory)), span)
    }

    /// A condition that could not be typed: the mistake is told, the type is clear.
    pub(super) fn undecided(&mut self, span: Span) -> Typed {
        self.condition_node(ExprKind::Local(super::OPAQUE), span)
    }

    pub(super) fn malformed_text(&mut self, text: &str, what: &str, at: Span, why: &str, help: Option<String>) {
        let title = format!("`{}` is not a valid {what}", super::show::shortened(text));
        self.report(Diagnostic::new(Code::AP0302, title, at, why).maybe_help(help));
    }
}
