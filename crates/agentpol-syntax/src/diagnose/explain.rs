//! From the place where reading stopped to a message: what the tokens around it look like.

use super::expected::{phrase, wants_name, wants_operator, wants_text, wants_value};
use super::header::{hyphen, reserved, text_between, unquote};
use super::parts::{Failure, Kind, Part};
use super::{habits, operand};
use crate::seams::Seams;
use crate::token::TokenKind as K;
use crate::words;
use agentpol_diagnostics::{Code, Diagnostic, did_you_mean, nearest};
use agentpol_grammar::Rule;

/// A message, and where in the part reading may go on.
pub(super) struct Found {
    pub(super) diagnostic: Diagnostic,
    pub(super) resume: Option<usize>,
}

/// Explains why a part could not be read.
pub(super) fn explain(seams: &Seams<'_>, part: &Part, failure: &Failure) -> Found {
    let place = Place { seams, part, failure, at: failure.at };
    place
        .comma()
        .or_else(|| place.beginning())
        .or_else(|| place.end())
        .or_else(|| place.operator())
        .or_else(|| place.word_for_operator())
        .or_else(|| place.missing_comma())
        .or_else(|| place.name_or_text())
        .or_else(|| place.unknown_word())
        .unwrap_or_else(|| place.general())
}

struct Place<'s, 't> {
    seams: &'s Seams<'t>,
    part: &'s Part,
    failure: &'s Failure,
    at: usize,
}

fn found(diagnostic: Diagnostic) -> Option<Found> {
    Some(Found { diagnostic, resume: None })
}

impl Place<'_, '_> {
    fn kind(&self, at: usize) -> K {
        if at < self.part.to { self.seams.kind(at) } else { K::Space }
    }

    fn word(&self, at: usize) -> &str {
        if at < self.part.to { self.seams.word(at) } else { "" }
    }

    fn here(&self, code: Code, title: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, title, self.seams.span(self.at), "")
    }

    fn begins_clause(&self, at: usize) -> bool {
        self.kind(at) == K::Word && self.part.kind.words().contains(&self.word(at))
    }

    /// The innermost bracket of the part that is open before the place.
    fn bracket(&self) -> Option<usize> {
        let around = |open: usize| self.seams.kind(open).opens() && self.seams.tokens[open].partner >= self.at;
        (self.part.from..self.at).rev().find(|&open| around(open))
    }

    /// A comma between clauses, or one too many in a list.
    fn comma(&self) -> Option<Found> {
        let at = match (self.kind(self.at), self.at > self.part.from) {
            (K::Comma, _) => self.at,
            (_, true) if self.kind(self.at - 1) == K::Comma => self.at - 1,
            _ => return None,
        };
        let last = at + 1 >= self.part.to;
        let span = self.seams.span(at);
        let inside = self.bracket().is_some() || matches!(self.part.kind, Kind::Field | Kind::Param | Kind::Tool);
        if !inside && (last || self.begins_clause(at + 1)) {
            let diagnostic =
                Diagnostic::new(Code::AP0106, "no comma stands between clauses", span, "").help("take the comma out");
            return Some(Found { diagnostic, resume: Some(at + 1) });
        }
        let double = at > self.part.from && (self.kind(at - 1) == K::Comma || self.kind(at - 1).opens());
        if double || last {
            return found(Diagnostic::new(Code::AP0106, "a comma too many", span, "").help("take it out"));
        }
        None
    }

    /// The very first token: no clause, field or step begins with it.
    fn beginning(&self) -> Option<Found> {
        if self.at != self.part.from || self.part.kind == Kind::Item {
            return None;
        }
        let (kind, word) = (self.part.kind, self.word(self.at));
        if self.kind(self.at) != K::Word || kind.words().is_empty() {
            return None;
        }
        let diagnostic = self.here(Code::AP0104, format!("`{word}` is not {}", kind.noun()));
        let help = match habits::clause(word) {
            Some(meant) if kind == Kind::Rule => Some(format!("write `{meant}`")),
            _ => did_you_mean(word, kind.words().iter().copied()),
        };
        let help = help.or_else(|| elsewhere(word, kind)).or_else(|| {
            let all: Vec<String> = kind.words().iter().map(|word| format!("`{word}`")).collect();
            Some(format!("it begins with one of {}", all.join(", ")))
        });
        found(diagnostic.maybe_help(help))
    }

    /// The part ends before it is complete.
    fn end(&self) -> Option<Found> {
        if self.at < self.part.to {
            return None;
        }
        let last = self.part.to - 1;
        let word = self.seams.word(last);
        let wanted = phrase(&self.failure.expected).unwrap_or_else(|| "more".to_owned());
        if self.part.kind == Kind::Step && self.kind(last) == K::CloseParen {
            let diagnostic = Diagnostic::new(Code::AP0102, "this step expects nothing", self.seams.span(last), "");
            return found(
                diagnostic.help("say what is expected: `-> allow`, `-> deny by \"rule\"`, `-> require approval`"),
            );
        }
        if self.part.from == last && matches!(self.part.kind, Kind::Field | Kind::Param) {
            return found(self.untyped(last));
        }
        let diagnostic =
            Diagnostic::new(Code::AP0102, format!("something is missing after `{word}`"), self.seams.span(last), "");
        found(diagnostic.help(format!("write {wanted} after it")))
    }

    fn untyped(&self, at: usize) -> Diagnostic {
        let word = self.seams.word(at);
        let span = self.seams.span(at);
        Diagnostic::new(Code::AP0102, format!("`{word}` has no type"), span, "").help(format!("write `{word}: string`"))
    }

    /// `=` for `==`, chained comparisons, `not in`.
    fn operator(&self) -> Option<Found> {
        let seams = self.seams;
        let kind = self.kind(self.at);
        let after_operand = self.at > self.part.from && seams.ends_operand(self.at - 1);
        if kind == K::Assign && after_operand {
            return found(self.here(Code::AP0005, "`=` does not compare").help("write `==`"));
        }
        if !after_operand {
            return None;
        }
        if matches!(kind, K::Compare | K::Less | K::Greater)
            && let Some(first) = operand::comparison_before(seams, self.part.from, self.at)
        {
            let middle = text_between(seams, first + 1, self.at);
            let title = "comparisons are not chained";
            let help = format!("write `and {middle} {}`", self.word(self.at));
            return found(self.here(Code::AP0102, title).because(seams.span(first), "the first comparison").help(help));
        }
        if seams.is(self.at, "not") && self.word(self.at + 1) == "in" {
            let start = operand::start(seams, self.part.from, self.at);
            let left = text_between(seams, start, self.at);
            let help = format!("write `not {left} in`");
            return found(self.here(Code::AP0102, "`not` stands before the whole comparison").help(help));
        }
        if let Some(quantifier) = operand::unfinished_quantifier(seams, self.part.from, self.at) {
            let word = seams.word(quantifier);
            let title = format!("`:` is missing after what `{word}` goes through");
            let list = text_between(seams, quantifier, self.at);
            return found(self.here(Code::AP0102, title).help(format!("write `{list}:`")));
        }
        None
    }

    /// A word of another language where an operator is needed.
    fn word_for_operator(&self) -> Option<Found> {
        let word = self.word(self.at);
        if self.kind(self.at) != K::Word || !wants_operator(&self.failure.expected) || self.begins_clause(self.at) {
            return None;
        }
        if let Some(meant) = habits::operator(word) {
            let negated = word == "is" && self.word(self.at + 1) == "not";
            let meant = if negated { "!=" } else { meant };
            return found(
                self.here(Code::AP0005, format!("`{word}` is not an operator")).help(format!("write `{meant}`")),
            );
        }
        None
    }

    /// Two elements of a list side by side.
    fn missing_comma(&self) -> Option<Found> {
        let seams = self.seams;
        if self.at == self.part.from || !seams.ends_operand(self.at - 1) {
            return None;
        }
        let listed = match self.bracket() {
            Some(open) => matches!(seams.kind(open), K::OpenParen | K::OpenBracket),
            None => self.part.kind == Kind::Param,
        };
        let kind = self.kind(self.at);
        let word = self.word(self.at);
        let begins = kind.is_literal()
            || kind.opens()
            || kind == K::Word
                && (!words::INFIX.contains(&word) && nearest(word, words::INFIX.iter().copied()).is_none());
        if !listed || !begins || self.kind(self.at - 1) == K::Word && kind == K::OpenParen {
            return None;
        }
        let label = "a new element begins here";
        let span = seams.span(self.at);
        let before = text_between(seams, self.at - 1, self.at);
        let diagnostic = Diagnostic::new(Code::AP0106, "a comma is missing", span, label);
        found(diagnostic.help(format!("write `{before}, {word}`")))
    }

    /// A name in quotes, a text without, a word of the language as a name.
    fn name_or_text(&self) -> Option<Found> {
        let seams = self.seams;
        let expected = &self.failure.expected;
        let kind = self.kind(self.at);
        match kind {
            K::Minus if self.at > self.part.from && self.kind(self.at - 1) == K::Word && !wants_operator(expected) => {
                found(hyphen(seams, self.at))
            }
            K::String | K::Raw if wants_name(expected) && !wants_text(expected) => found(unquote(seams, self.at)),
            K::Word if wants_text(expected) && !wants_name(expected) && !self.field_name() => {
                let mut end = self.at + 1;
                while self.kind(end) == K::Word && !self.begins_clause(end) {
                    end += 1;
                }
                let text = text_between(seams, self.at, end);
                let span = seams.span(self.at).to(seams.span(end - 1));
                let diagnostic = Diagnostic::new(Code::AP0102, "text stands in quotes", span, "");
                Some(Found { diagnostic: diagnostic.help(format!("write `\"{text}\"`")), resume: None })
            }
            K::Word if wants_name(expected) && !wants_operator(expected) => {
                let word = self.word(self.at);
                let taken = words::is_operator(word) || words::is_seam(word);
                if taken && !self.begins_clause(self.at) {
                    return found(reserved(seams, self.at));
                }
                None
            }
            _ => None,
        }
    }

    /// The place directly behind the name of a field.
    fn field_name(&self) -> bool {
        matches!(self.part.kind, Kind::Field | Kind::Param) && self.at == self.part.from + 1
    }

    /// A word behind something complete that begins no clause.
    fn unknown_word(&self) -> Option<Found> {
        let seams = self.seams;
        if self.field_name() && self.kind(self.at) != K::Colon {
            return found(self.untyped(self.part.from));
        }
        let word = self.word(self.at);
        if self.kind(self.at) != K::Word || self.at == self.part.from || !seams.ends_operand(self.at - 1) {
            return None;
        }
        if self.kind(self.at - 1) == K::Word && matches!(self.word(self.at - 1), "list" | "map") {
            let list = self.word(self.at - 1);
            let help =
                if list == "map" { format!("write `map<string, {word}>`") } else { format!("write `list<{word}>`") };
            return found(self.here(Code::AP0102, format!("a {list} names its elements in `<>`")).help(help));
        }
        let kind = self.part.kind;
        if kind.words().is_empty() || self.begins_clause(self.at) || self.bracket().is_some() {
            return None;
        }
        let operator = wants_operator(&self.failure.expected);
        let infix = words::INFIX.iter().copied().filter(|_| operator);
        let help = did_you_mean(word, kind.words().iter().copied().chain(infix))
            .or_else(|| habits::clause(word).filter(|_| kind == Kind::Rule).map(|meant| format!("write `{meant}`")))
            .or_else(|| elsewhere(word, kind))
            .unwrap_or_else(|| format!("{} begins with a word such as `{}`", kind.noun(), kind.words()[0]));
        let title = if operator {
            format!("`{word}` is neither an operator nor {}", kind.noun())
        } else {
            format!("`{word}` is not {}", kind.noun())
        };
        found(self.here(Code::AP0104, title).help(help))
    }

    /// Whatever else: what was expected and what stands there.
    fn general(&self) -> Found {
        let word = self.word(self.at);
        let unit = word_unit(self.word(self.at + 1)).filter(|_| self.kind(self.at) == K::Number);
        if let (Some(unit), true) = (unit, self.failure.expected.contains(&Rule::duration)) {
            let help = format!("write `{word}{unit}`");
            let span = self.seams.span(self.at).to(self.seams.span(self.at + 1));
            let diagnostic = Diagnostic::new(Code::AP0102, "number and unit are one word", span, "").help(help);
            return Found { diagnostic, resume: None };
        }
        let empty = self.at == self.part.from + 1 && self.kind(self.part.from) == K::Word;
        if empty && self.begins_clause(self.at) {
            let first = self.part.from;
            let wanted = phrase(&self.failure.expected).unwrap_or_else(|| "something".to_owned());
            let title = format!("something is missing after `{}`", self.word(first));
            let diagnostic = Diagnostic::new(Code::AP0102, title, self.seams.span(first), "");
            return Found { diagnostic: diagnostic.help(format!("write {wanted} after it")), resume: Some(self.at) };
        }
        let wanted = phrase(&self.failure.expected);
        let title = format!("`{word}` is not expected here");
        let help = wanted.unwrap_or_else(|| "something else".to_owned());
        let diagnostic = self.here(Code::AP0102, title).help(format!("write {help} here"));
        let stray = self.at > self.part.from && self.begins_clause(self.at) && !wants_value(&self.failure.expected);
        Found { diagnostic, resume: stray.then_some(self.at) }
    }
}

/// Returns the unit of time that a word is.
fn word_unit(word: &str) -> Option<&str> {
    matches!(word, "d" | "h" | "m" | "s" | "days" | "hours" | "minutes" | "seconds").then(|| &word[..1])
}

/// Says where a clause of another kind of block belongs.
fn elsewhere(word: &str, kind: Kind) -> Option<String> {
    let homes = [
        (Kind::Rule, words::RULE_CLAUSES, "a rule"),
        (Kind::Agent, words::AGENT_CLAUSES, "an agent"),
        (Kind::System, words::SYSTEM_PARTS, "a system"),
        (Kind::Tool, words::TOOL_CLAUSES, "a tool"),
    ];
    let (_, _, home) = homes.iter().find(|(home, words, _)| *home != kind && words.contains(&word))?;
    Some(format!("`{word}` belongs to {home}"))
}
