//! From the place where reading stopped to a message: what the tokens around it look like.

use super::expected::{nearest_keyword, phrase, wants_end, wants_operator, wants_value};
use super::parts::{Failure, Kind, Part};
use super::{forms, habits};
use crate::seams::Seams;
use crate::token::TokenKind as K;
use crate::words;
use agentpol_diagnostics::{Code, Diagnostic, did_you_mean};
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
        .or_else(|| place.meant())
        .or_else(|| place.empty())
        .or_else(|| place.shape())
        .or_else(|| place.operator())
        .or_else(|| place.word_for_operator())
        .or_else(|| place.missing_comma())
        .or_else(|| place.name_or_text())
        .or_else(|| place.unknown_word())
        .unwrap_or_else(|| place.general())
}

/// Where reading a part stopped.
pub(super) struct Place<'s, 't> {
    pub(super) seams: &'s Seams<'t>,
    pub(super) part: &'s Part,
    pub(super) failure: &'s Failure,
    /// The token, or the end of the part.
    pub(super) at: usize,
}

pub(super) fn found(diagnostic: Diagnostic) -> Option<Found> {
    Some(Found { diagnostic, resume: None })
}

impl Place<'_, '_> {
    pub(super) fn kind(&self, at: usize) -> K {
        if at < self.part.to { self.seams.kind(at) } else { K::Space }
    }

    pub(super) fn word(&self, at: usize) -> &str {
        if at < self.part.to { self.seams.word(at) } else { "" }
    }

    pub(super) fn here(&self, code: Code, title: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, title, self.seams.span(self.at), "")
    }

    pub(super) fn begins_clause(&self, at: usize) -> bool {
        self.kind(at) == K::Word && self.part.kind.words().contains(&self.word(at))
    }

    /// The token before the place ends an operand of this part.
    pub(super) fn after_operand(&self) -> bool {
        self.at > self.part.from && self.seams.ends_operand(self.at - 1)
    }

    /// The innermost bracket of the part that is open before the place.
    pub(super) fn bracket(&self) -> Option<usize> {
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
        let bracket = self.bracket();
        let set = bracket.is_some_and(|open| self.part.kind == Kind::Rule && self.kind(open) == K::OpenBrace);
        if set && self.begins_clause(at + 1) {
            return found(
                Diagnostic::new(Code::AP0106, "no comma stands between clauses", span, "").help("take it out"),
            );
        }
        let inside = bracket.is_some() || matches!(self.part.kind, Kind::Field | Kind::Param | Kind::Tool);
        if !inside && (last || self.begins_clause(at + 1)) {
            let title = "no comma stands between clauses";
            let diagnostic = Diagnostic::new(Code::AP0106, title, span, "").help("take the comma out");
            return Some(Found { diagnostic, resume: Some(at + 1) });
        }
        let double = at > self.part.from && (self.kind(at - 1) == K::Comma || self.kind(at - 1).opens());
        if double || last {
            return found(Diagnostic::new(Code::AP0106, "a comma too many", span, "").help("take it out"));
        }
        None
    }

    /// The very first token: no clause, field or step begins with it, or it begins one that is not complete.
    fn beginning(&self) -> Option<Found> {
        let (kind, word) = (self.part.kind, self.word(self.at));
        if self.at != self.part.from || kind == Kind::Item || self.kind(self.at) != K::Word || kind.words().is_empty() {
            return None;
        }
        if let (true, Some(form)) = (kind.words().contains(&word), forms::form(kind, word)) {
            return found(self.incomplete(form));
        }
        let diagnostic = self.here(Code::AP0104, format!("`{word}` is not {}", kind.noun()));
        let help = match habits::clause(word) {
            Some(meant) if kind == Kind::Rule => Some(write(meant)),
            _ if kind == Kind::Tool && habits::verb(word).is_some() => habits::verb(word).map(write),
            _ => did_you_mean(word, kind.words().iter().copied()),
        };
        let help = help.or_else(|| elsewhere(word, kind)).unwrap_or_else(|| begins_with(kind));
        found(diagnostic.help(help))
    }

    fn incomplete(&self, form: &str) -> Diagnostic {
        let first = self.word(self.part.from);
        let span = self.seams.span(self.part.from);
        let title = format!("`{first}` is not complete");
        Diagnostic::new(Code::AP0102, title, span, "").help(format!("write it like this: `{form}`"))
    }

    /// The part ends before it is complete.
    fn end(&self) -> Option<Found> {
        if self.at < self.part.to {
            return None;
        }
        let last = self.part.to - 1;
        let word = self.seams.word(last);
        if self.part.kind == Kind::Step && self.kind(last) == K::CloseParen {
            let diagnostic = Diagnostic::new(Code::AP0102, "this step expects nothing", self.seams.span(last), "");
            let help = "say what is expected: `-> allow`, `-> deny by \"rule\"`, `-> require approval`";
            return found(diagnostic.help(help));
        }
        if self.part.from == last && matches!(self.part.kind, Kind::Field | Kind::Param) {
            return found(self.untyped(last));
        }
        Some(self.missing_after(last, word, None))
    }

    /// A clause that is its word alone, with the next one behind it.
    fn empty(&self) -> Option<Found> {
        let first = self.part.from;
        let alone = self.at == first + 1 && self.kind(first) == K::Word && self.kind(self.at + 1) != K::Assign;
        if !alone || !self.begins_clause(self.at) {
            return None;
        }
        Some(self.missing_after(first, self.word(first), Some(self.at)))
    }

    fn missing_after(&self, at: usize, word: &str, resume: Option<usize>) -> Found {
        let title = format!("something is missing after `{word}`");
        let form = forms::form(self.part.kind, self.word(self.part.from));
        let help = match (phrase(&self.failure.expected), form) {
            (Some(wanted), _) => format!("write {wanted} after it"),
            (None, Some(form)) => format!("write it like this: `{form}`"),
            (None, None) => "complete it, or take it out".to_owned(),
        };
        Found { diagnostic: Diagnostic::new(Code::AP0102, title, self.seams.span(at), "").help(help), resume }
    }

    /// A word behind something complete that begins no clause.
    fn unknown_word(&self) -> Option<Found> {
        if self.field_name() && self.kind(self.at) != K::Colon {
            return found(self.untyped(self.part.from));
        }
        let word = self.word(self.at);
        if self.kind(self.at) != K::Word || !self.after_operand() {
            return None;
        }
        let first = self.word(self.part.from);
        if first == "dataset" && self.at == self.part.from + 2 {
            let help = format!("write `dataset {}: {word}`", self.word(self.at - 1));
            return found(self.here(Code::AP0102, "`:` is missing before the label").help(help));
        }
        if first == "from" && word == "of" {
            return found(self.here(Code::AP0102, "how many is said with a number").help("write `from 2 of GROUP`"));
        }
        let kind = self.part.kind;
        let ended = wants_end(&self.failure.expected) && !words::is_operator(word);
        if !ended || kind.words().is_empty() || self.begins_clause(self.at) || self.bracket().is_some() {
            return None;
        }
        let operator = wants_operator(&self.failure.expected);
        let infix = words::INFIX.iter().copied().filter(|_| operator);
        let help = did_you_mean(word, kind.words().iter().copied().chain(infix))
            .or_else(|| habits::clause(word).filter(|_| kind == Kind::Rule).map(write))
            .or_else(|| habits::verb(word).filter(|_| kind == Kind::Tool).map(write))
            .or_else(|| elsewhere(word, kind))
            .unwrap_or_else(|| begins_with(kind));
        let title = if operator {
            format!("`{word}` is neither an operator nor {}", kind.noun())
        } else {
            format!("`{word}` is not {}", kind.noun())
        };
        found(self.here(Code::AP0104, title).help(help))
    }

    /// Whatever else: what was expected and what stands there.
    fn general(&self) -> Found {
        let (word, expected) = (self.word(self.at), &self.failure.expected);
        if expected.contains(&Rule::duration)
            && let Some(diagnostic) = self.split_duration()
        {
            return Found { diagnostic, resume: None };
        }
        let form = forms::form(self.part.kind, self.word(self.part.from)).filter(|_| self.part.kind == Kind::Item);
        if let (true, Some(form)) = (self.at == self.part.from, form) {
            return Found { diagnostic: self.incomplete(form), resume: None };
        }
        let help = match (nearest_keyword(word, expected), phrase(expected)) {
            (Some(meant), _) => meant,
            (None, Some(wanted)) if wants_end(expected) => format!("take it out, or write {wanted} before it"),
            (None, Some(wanted)) => format!("write {wanted} here"),
            (None, None) => form.map_or("take it out".to_owned(), |form| format!("write it like this: `{form}`")),
        };
        let stray = self.at > self.part.from && self.begins_clause(self.at) && !wants_value(expected);
        let diagnostic = self.here(Code::AP0102, format!("`{word}` is not expected here")).help(help);
        Found { diagnostic, resume: stray.then_some(self.at) }
    }
}

fn write(meant: &str) -> String {
    format!("write `{meant}`")
}

/// Names the words with which a part may begin.
fn begins_with(kind: Kind) -> String {
    let words: Vec<String> = kind.words().iter().take(6).map(|word| format!("`{word}`")).collect();
    format!("{} begins with a word such as {}", kind.noun(), words.join(", "))
}

/// Says where an item, or a clause of another kind of block, belongs.
fn elsewhere(word: &str, kind: Kind) -> Option<String> {
    if kind == Kind::Given && word == "user" {
        return Some("write `for user`".to_owned());
    }
    let item = words::begins_item(word) && (kind == Kind::System || !words::RULE_CLAUSES.contains(&word));
    if item && matches!(kind, Kind::Rule | Kind::Agent | Kind::System) {
        return Some(format!("close the block with `}}` before it: `{word}` begins an item of its own"));
    }
    let homes = [
        (Kind::Rule, words::RULE_CLAUSES, "a rule"),
        (Kind::Agent, words::AGENT_CLAUSES, "an agent"),
        (Kind::System, words::SYSTEM_PARTS, "a system"),
        (Kind::Tool, words::TOOL_CLAUSES, "a tool"),
    ];
    let (_, _, home) = homes.iter().find(|(home, words, _)| *home != kind && words.contains(&word))?;
    Some(format!("`{word}` belongs to {home}"))
}
