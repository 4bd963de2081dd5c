//! The slips that people make again and again, each with the text to type instead.

use super::expected::{wants_name, wants_operator, wants_text};
use super::explain::{Found, Place, found};
use super::header::{hyphen, reserved, text_between, unquote};
use super::parts::Kind;
use super::{habits, operand};
use crate::token::TokenKind as K;
use crate::words;
use agentpol_diagnostics::{Code, Diagnostic, nearest};
use agentpol_grammar::Rule;

impl Place<'_, '_> {
    /// Reports a field whose name has no type behind it.
    pub(super) fn untyped(&self, at: usize) -> Diagnostic {
        let word = self.seams.word(at);
        let span = self.seams.span(at);
        let ty = if self.kind(at + 1) == K::Word { self.word(at + 1) } else { "string" };
        Diagnostic::new(Code::AP0102, format!("`{word}` has no type"), span, "").help(format!("write `{word}: {ty}`"))
    }

    /// The place directly behind the name of a field.
    pub(super) fn field_name(&self) -> bool {
        matches!(self.part.kind, Kind::Field | Kind::Param) && self.at == self.part.from + 1
    }

    /// Types, optional fields and defaults as other languages write them.
    pub(super) fn shape(&self) -> Option<Found> {
        if self.kind(self.at) == K::DotDot && self.part.kind == Kind::Param {
            return found(self.here(Code::AP0102, "`..` does not let other arguments through").help("write `...`"));
        }
        if self.at == self.part.from {
            return None;
        }
        let (kind, word, before) = (self.kind(self.at), self.word(self.at), self.word(self.at - 1));
        let field = matches!(self.part.kind, Kind::Field | Kind::Param);
        if kind == K::Word && matches!(before, "list" | "map") && (field || self.part.kind == Kind::Tool) {
            let meant = if before == "map" { format!("map<string, {word}>") } else { format!("list<{word}>") };
            let title = format!("a {before} names its elements in `<>`");
            return found(self.here(Code::AP0102, title).help(format!("write `{meant}`")));
        }
        if before == "<" && self.at >= 2 && self.word(self.at - 2) == "map" {
            let help = format!("write `map<string, {word}>`");
            return found(self.here(Code::AP0102, "a map has two types, of its keys and of its values").help(help));
        }
        let name = self.word(self.part.from);
        if field && kind == K::Question {
            let help = format!("write `{name}?: {before}`");
            return found(self.here(Code::AP0102, "`?` stands behind the name").help(help));
        }
        let constrained = (self.part.from..self.at).any(|at| self.seams.is(at, "where"));
        if field && kind == K::Assign && !constrained {
            let help = format!("take it out, and read it as `args.{name} otherwise {}`", self.word(self.at + 1));
            return found(self.here(Code::AP0102, "a field has no default").help(help));
        }
        None
    }

    /// `=` for `==`, chained comparisons, `not in`, a quantifier without its colon.
    pub(super) fn operator(&self) -> Option<Found> {
        let seams = self.seams;
        let kind = self.kind(self.at);
        let compared = self.at > 0 && matches!(self.kind(self.at - 1), K::Compare | K::Less | K::Greater);
        if self.word(self.at) == "not" && compared {
            let title = format!("`not` cannot follow `{}`", self.word(self.at - 1));
            return found(self.here(Code::AP0102, title).help("put it in parentheses: `(not ...)`"));
        }
        if !self.after_operand() {
            return None;
        }
        if kind == K::Assign && self.word(self.part.from) == "let" && self.at == self.part.from + 2 {
            return found(reserved(seams, self.at - 1));
        }
        let clause = self.part.kind == Kind::Rule && !matches!(self.word(self.part.from), "when" | "unless" | "where");
        if kind == K::Assign && clause && self.at == self.part.from + 1 {
            let title = format!("no `=` stands behind `{}`", self.word(self.part.from));
            return found(self.here(Code::AP0102, title).help("take it out"));
        }
        if kind == K::Assign {
            return found(self.here(Code::AP0005, "`=` does not compare").help("write `==`"));
        }
        if matches!(kind, K::Compare | K::Less | K::Greater)
            && let Some(first) = operand::comparison_before(seams, self.part.from, self.at)
        {
            let middle = text_between(seams, first + 1, self.at);
            let help = format!("write `and {middle} {}`", self.word(self.at));
            let diagnostic = self.here(Code::AP0102, "comparisons are not chained");
            return found(diagnostic.because(seams.span(first), "the first comparison").help(help));
        }
        if self.word(self.at) == "not" && self.word(self.at + 1) == "in" {
            let start = operand::start(seams, self.part.from, self.at);
            let help = format!("write `not {} in`", text_between(seams, start, self.at));
            return found(self.here(Code::AP0102, "`not` stands before the whole comparison").help(help));
        }
        if let Some(quantifier) = operand::unfinished_quantifier(seams, self.part.from, self.at) {
            let title = format!("`:` is missing after what `{}` goes through", seams.word(quantifier));
            let list = text_between(seams, quantifier, self.at);
            return found(self.here(Code::AP0102, title).help(format!("write `{list}:`")));
        }
        None
    }

    /// A word of another language where an operator is needed.
    pub(super) fn word_for_operator(&self) -> Option<Found> {
        let word = self.word(self.at);
        if self.kind(self.at) != K::Word || !wants_operator(&self.failure.expected) || self.begins_clause(self.at) {
            return None;
        }
        let meant = habits::operator(word)?;
        let negated = word == "is" && self.word(self.at + 1) == "not";
        let meant = if negated { "!=" } else { meant };
        found(self.here(Code::AP0005, format!("`{word}` is not an operator")).help(format!("write `{meant}`")))
    }

    /// Two elements of a list side by side.
    pub(super) fn missing_comma(&self) -> Option<Found> {
        let seams = self.seams;
        if self.field_name() || !self.after_operand() {
            return None;
        }
        let listed = match self.bracket() {
            Some(open) => matches!(seams.kind(open), K::OpenParen | K::OpenBracket),
            None => self.part.kind == Kind::Param,
        };
        let (kind, word) = (self.kind(self.at), self.word(self.at));
        let infix = words::INFIX.contains(&word) || nearest(word, words::INFIX.iter().copied()).is_some();
        let begins = kind.is_literal() || kind.opens() || kind == K::Word && !infix;
        if !listed || !begins || self.kind(self.at - 1) == K::Word && kind == K::OpenParen {
            return None;
        }
        let help = format!("write `{}, {word}`", self.word(self.at - 1));
        let label = "a new element begins here";
        found(Diagnostic::new(Code::AP0106, "a comma is missing", seams.span(self.at), label).help(help))
    }

    /// A name in quotes, a text without, a word of the language as a name.
    pub(super) fn name_or_text(&self) -> Option<Found> {
        let (seams, expected) = (self.seams, &self.failure.expected);
        let named = wants_name(expected) && !wants_operator(expected);
        match self.kind(self.at) {
            K::Minus if expected.contains(&Rule::duration) && self.kind(self.at + 1) == K::Duration => {
                let help = format!("write `{}`: time only goes on", self.word(self.at + 1));
                found(self.here(Code::AP0102, "a duration has no sign").help(help))
            }
            K::Minus if expected.contains(&Rule::clock) => {
                found(self.here(Code::AP0102, "days are joined by `..`").help("write `mon..fri`"))
            }
            K::Minus if self.after_operand() && self.kind(self.at - 1) == K::Word && !wants_operator(expected) => {
                found(hyphen(seams, self.at))
            }
            K::String | K::Raw if named && !wants_text(expected) => found(unquote(seams, self.at)),
            K::Word if wants_text(expected) && !wants_name(expected) && !self.field_name() => Some(self.quote()),
            K::Word if named => self.taken(),
            _ => None,
        }
    }

    /// Words that were meant as a text.
    fn quote(&self) -> Found {
        let mut end = self.at + 1;
        while self.kind(end) == K::Word && !self.begins_clause(end) {
            end += 1;
        }
        let text = text_between(self.seams, self.at, end);
        let span = self.seams.span(self.at).to(self.seams.span(end - 1));
        let diagnostic = Diagnostic::new(Code::AP0102, "text stands in quotes", span, "");
        Found { diagnostic: diagnostic.help(format!("write `\"{text}\"`")), resume: None }
    }

    /// A word of the language where a name is meant.
    fn taken(&self) -> Option<Found> {
        let word = self.word(self.at);
        let next = self.begins_clause(self.at) && self.after_operand() && self.kind(self.at + 1) != K::Assign;
        if next || !words::is_operator(word) && !words::is_seam(word) {
            return None;
        }
        let quoted = wants_text(&self.failure.expected).then(|| format!("write it in quotes: `\"{word}\"`"));
        found(reserved(self.seams, self.at).maybe_help(quoted))
    }

    /// A number and its unit with a space between them.
    pub(super) fn split_duration(&self) -> Option<Diagnostic> {
        let unit = unit(self.word(self.at + 1)).filter(|_| self.kind(self.at) == K::Number)?;
        let span = self.seams.span(self.at).to(self.seams.span(self.at + 1));
        let help = format!("write `{}{unit}`", self.word(self.at));
        Some(Diagnostic::new(Code::AP0102, "number and unit are one word", span, "").help(help))
    }
}

/// Returns the unit of time that a word is.
pub(super) fn unit(word: &str) -> Option<&str> {
    let units = ["day", "hour", "minute", "second", "min", "sec", "hr"];
    let known = matches!(word, "d" | "h" | "m" | "s") || units.contains(&word.trim_end_matches('s'));
    known.then(|| &word[..1])
}
