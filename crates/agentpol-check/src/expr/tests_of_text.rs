//! Tests of texts against literals: `like`, `matches`, `starts_with`, `ends_with`, `contains`.
//!
//! The right side is a literal, so that every test is one bounded automaton. Tests that the ends of a text defeat are
//! refused on emails, hosts, urls and paths: `evilacme.example` ends with `acme.example`, `/workshop` begins with `/work`.

use super::Typer;
use super::patterns::{self, Loose};
use super::typed::Typed;
use super::types::is_text;
use crate::policy::{ExprKind, Part, Pattern, PatternKind, TextTest, Type};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast::{self, RelationOp};

fn word_of(op: RelationOp) -> &'static str {
    match op {
        RelationOp::In => "in",
        RelationOp::Like => "like",
        RelationOp::Matches => "matches",
        RelationOp::Contains => "contains",
        RelationOp::StartsWith => "starts_with",
        RelationOp::EndsWith => "ends_with",
    }
}

impl<'a> Typer<'_, 'a> {
    pub(super) fn test_of_text(
        &mut self,
        op: RelationOp,
        left: &ast::Expr<'a>,
        right: &ast::Expr<'a>,
        span: Span,
    ) -> Typed {
        let text = self.infer(left, None);
        self.typed_test_of_text(op, text, right, span)
    }

    pub(super) fn typed_test_of_text(
        &mut self,
        op: RelationOp,
        text: Typed,
        right: &ast::Expr<'a>,
        span: Span,
    ) -> Typed {
        if text.is_unknown() {
            return self.undecided(span);
        }
        if !is_text(&text.expr.ty) {
            self.no_text(op, &text);
            return self.undecided(span);
        }
        let Some((literal, at)) = self.literal_on_the_right(op, right) else { return self.undecided(span) };
        if op != RelationOp::Matches && self.never_small(&text, &literal, at) {
            return self.undecided(span);
        }
        let plain = matches!(op, RelationOp::StartsWith | RelationOp::EndsWith | RelationOp::Contains);
        if plain && text.expr.ty != Type::String {
            self.defeated(op, &text, &literal, span);
            return self.undecided(span);
        }
        match op {
            RelationOp::Matches => self.pattern_test(text, PatternKind::Regex, literal, at, span),
            RelationOp::Like if matches!(text.expr.ty, Type::Path { .. }) => {
                self.pattern_test(text, PatternKind::PathGlob, literal, at, span)
            }
            RelationOp::Like => self.pattern_test(text, PatternKind::Glob, literal, at, span),
            RelationOp::StartsWith => self.plain_test(TextTest::StartsWith, text, literal, span),
            RelationOp::EndsWith => self.plain_test(TextTest::EndsWith, text, literal, span),
            RelationOp::Contains | RelationOp::In => self.plain_test(TextTest::Contains, text, literal, span),
        }
    }

    /// Returns whether a literal has capital letters and the text, by `.lower`, has none; says so.
    pub(super) fn never_small(&mut self, text: &Typed, literal: &str, at: Span) -> bool {
        let is_lower = matches!(self.resolved(&text.expr).kind, ExprKind::Part(Part::Lower, _));
        let never = is_lower && literal.contains(|c: char| c.is_ascii_uppercase());
        if never {
            let title = format!("`{}` has capital letters and `.lower` has none", super::show::shortened(literal));
            let help = format!("write `\"{}\"`", super::show::shortened(&literal.to_ascii_lowercase()));
            self.report(Diagnostic::new(Code::AP0302, title, at, "never found").help(help));
        }
        never
    }

    fn plain_test(&mut self, test: TextTest, text: Typed, literal: String, span: Span) -> Typed {
        let text = self.operand(text);
        self.condition_node(ExprKind::TextTest(test, Box::new(text), literal), span)
    }

    fn pattern_test(&mut self, text: Typed, kind: PatternKind, literal: String, at: Span, span: Span) -> Typed {
        if kind != PatternKind::Regex
            && let Some(loose) = patterns::loose_end(&text.expr.ty, &literal)
        {
            self.loose(&text, &loose, at);
            return self.undecided(span);
        }
        let pattern = Pattern { kind, text: literal };
        if let Err(refused) = patterns::check(&pattern) {
            self.refused_pattern(&pattern, refused, at);
            return self.undecided(span);
        }
        let text = if kind == PatternKind::Regex { self.guarded(text).expr } else { self.operand(text) };
        self.condition_node(ExprKind::Matches(Box::new(text), pattern), span)
    }

    fn refused_pattern(&mut self, pattern: &Pattern, refused: patterns::Refused, at: Span) {
        let word = if pattern.kind == PatternKind::Regex { "matches" } else { "like" };
        let title = match refused.too_large {
            true => format!("this pattern of `{word}` grows too large"),
            false => format!("this pattern of `{word}` is not valid"),
        };
        self.report(Diagnostic::new(Code::AP0307, title, at, refused.why).maybe_help(refused.help));
    }

    /// Reads the right side, which must be a text written there; a definition that is one counts.
    fn literal_on_the_right(&mut self, op: RelationOp, right: &ast::Expr<'a>) -> Option<(String, Span)> {
        let typed = self.infer(right, Some(&Type::String));
        if typed.is_unknown() {
            return None;
        }
        if let Some(text) = typed.literal_text() {
            return Some((text.to_owned(), typed.at));
        }
        if typed.expr.ty == Type::String && self.shows_later(&typed.expr) {
            return None;
        }
        let word = word_of(op);
        let title = format!("`{word}` needs a text written on its right");
        let diagnostic = Diagnostic::new(Code::AP0308, title, typed.at, "not a literal");
        let help = match typed.expr.ty {
            Type::List(..) => format!("write one test for each, joined by `or`: `x {word} \"a\" or x {word} \"b\"`"),
            _ => format!("write `{word} \"...\"`; two values are compared with `==`"),
        };
        self.report(diagnostic.help(help));
        None
    }

    fn no_text(&mut self, op: RelationOp, left: &Typed) {
        let title = format!("`{}` is for texts, not for `{}`", word_of(op), self.type_name(&left.expr.ty));
        let mut diagnostic =
            Diagnostic::new(Code::AP0303, title, left.at, format!("this is {}", self.a_type(&left.expr.ty)));
        if let Some((name, declared)) = &left.declared {
            diagnostic = diagnostic.because(*declared, format!("`{name}` is declared here"));
        }
        let help = match &left.expr.ty {
            Type::List(..) => {
                Some(format!("ask about each element: `any x in {}: x {} ...`", self.text(left.at), word_of(op)))
            }
            Type::Enum(_) => Some("compare with its values: `== a`, or `in [a, b]`".to_owned()),
            Type::Ip => Some("ask for a network: `.in_network(\"10.0.0.0/8\")`".to_owned()),
            _ => None,
        };
        self.report(diagnostic.maybe_help(help));
    }

    /// `ends_with` and its kin on a text whose structure they do not see.
    fn defeated(&mut self, op: RelationOp, text: &Typed, literal: &str, span: Span) {
        let word = word_of(op);
        let title = format!("`{word}` on `{}` is easily defeated", self.type_name(&text.expr.ty));
        let written = self.text(text.at);
        let bare = literal.trim_start_matches(['.', '@', '/', '*']);
        let (why, help) = match &text.expr.ty {
            Type::Email => (
                "an address of another domain passes too",
                format!("write `{written}.in_domain(\"{bare}\")`, or `{written}.domain == \"{bare}\"`"),
            ),
            Type::Host => (
                "a host of another domain passes too",
                format!("write `{written}.in_domain(\"{bare}\")`, or `{written} == \"{bare}\"`"),
            ),
            Type::Url { .. } => (
                "a url of another host passes too",
                format!("write `{written}.in_domain(\"acme.example\")`, or test `{written}.path`"),
            ),
            _ => match op {
                RelationOp::EndsWith => (
                    "names that only end alike pass too",
                    format!("write `{written}.extension == \"{bare}\"`, or `{written} like \"**/{bare}\"`"),
                ),
                _ => (
                    "directories whose names only begin alike pass too",
                    format!("write `{written}.within(\"/{bare}\")`"),
                ),
            },
        };
        self.report(Diagnostic::new(Code::AP0310, title, span, why).help(help));
    }

    /// A glob whose end leaves a name open.
    fn loose(&mut self, text: &Typed, loose: &Loose, at: Span) {
        let ty = self.type_name(&text.expr.ty);
        let is_url = matches!(text.expr.ty, Type::Url { .. });
        let diagnostic = match loose {
            Loose::Domain(domain) => {
                let title = format!("this pattern on `{ty}` is easily defeated");
                let written = self.text(text.at);
                let path = if is_url { format!(", or test `{written}.path`") } else { String::new() };
                let help = format!("write `{written}.in_domain(\"{domain}\")`{path}");
                Diagnostic::new(Code::AP0310, title, at, "another domain passes too").help(help)
            }
            Loose::NeverAbsolute(better) => {
                let title = "this pattern matches no absolute path";
                let help = format!("write `\"{better}\"`; a `*` stops at `/`, and `.name` is the last segment");
                Diagnostic::new(Code::AP0307, title, at, "a path begins with `/`").help(help)
            }
        };
        self.report(diagnostic);
    }
}
