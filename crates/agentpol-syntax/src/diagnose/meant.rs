//! What people write in the places of types, selectors and values, and what they meant by it.

use super::explain::{Found, Place, found};
use super::header::text_between;
use super::parts::Kind;
use super::slips::unit;
use super::{habits, operand};
use crate::token::TokenKind as K;
use crate::words;
use agentpol_diagnostics::{Code, Diagnostic, did_you_mean};
use agentpol_grammar::Rule;

impl Place<'_, '_> {
    /// Finds what was meant by something that stands for nothing in its place.
    pub(super) fn meant(&self) -> Option<Found> {
        let found = match self.part.kind {
            Kind::Field | Kind::Param => self.foreign_type(),
            Kind::Rule => {
                self.selected().or_else(|| self.condition()).or_else(|| self.window()).or_else(|| self.asked_of_calls())
            }
            Kind::Item => self.asked_of_calls(),
            Kind::Tool => self.late_result(),
            Kind::Given => self.joined_by_in(),
            _ => None,
        };
        found.or_else(|| self.foreign_value())
    }

    pub(super) fn unexpected(&self, help: impl Into<String>) -> Option<Found> {
        found(self.here(Code::AP0102, format!("`{}` is not expected here", self.word(self.at))).help(help))
    }

    /// `open | paid`, `array<string>`, `string[]`, `int > 0`, `any` for a type.
    fn foreign_type(&self) -> Option<Found> {
        let seams = self.seams;
        let colon = (self.part.from..self.at).find(|&at| self.kind(at) == K::Colon)?;
        let ty = colon + 1;
        let (name, before) = (self.word(self.part.from), self.word(self.at - 1));
        let constrained = (ty..self.at).any(|at| seams.is(at, "where") || seams.is(at, "matches"));
        let bar = self.kind(self.at) == K::Bar || self.at == ty && self.kind(ty + 1) == K::Bar;
        match self.kind(self.at) {
            _ if constrained => None,
            _ if bar => {
                let end = (self.at..self.part.to).find(|&at| seams.is(at, "where")).unwrap_or(self.part.to);
                let members = text_between(seams, ty, end);
                let field = text_between(seams, self.part.from, ty);
                let help = format!("declare `enum {name}_value = {members}`, and write `{field} {name}_value`");
                found(self.here(Code::AP0102, "alternatives are declared as an enum").help(help))
            }
            K::Less if self.at == ty + 1 && habits::container(before).is_some() => {
                let meant = habits::container(before).unwrap_or_default();
                let inner = text_between(seams, self.at, self.part.to);
                let span = seams.span(self.at - 1);
                let title = format!("`{before}` is not a type");
                found(Diagnostic::new(Code::AP0102, title, span, "").help(format!("write `{meant}{inner}`")))
            }
            K::Less | K::Greater | K::Compare if self.at > ty => {
                let rest = text_between(seams, self.at, self.part.to);
                let help = format!("write `where {name} {rest}`");
                found(self.here(Code::AP0102, "a condition on a field begins with `where`").help(help))
            }
            K::OpenBracket if self.at > ty && self.kind(self.at + 1) == K::CloseBracket => {
                let help = format!("write `list<{}>`", text_between(seams, ty, self.at));
                found(self.here(Code::AP0102, "`[]` does not make a list").help(help))
            }
            K::Word if self.at == ty && self.word(ty) == "any" => {
                found(self.here(Code::AP0102, "`any` is not a type").help("write `json` for a value of any form"))
            }
            _ => None,
        }
    }

    /// Everybody, everything and groups, as people select them; a colon behind the clause's word.
    fn selected(&self) -> Option<Found> {
        let (first, word, kind) = (self.word(self.part.from), self.word(self.at), self.kind(self.at));
        let next = self.at == self.part.from + 1;
        let everything = kind == K::Star || habits::everything(word);
        match first {
            _ if next && kind == K::Colon => {
                let title = format!("no colon stands behind `{first}`");
                found(self.here(Code::AP0102, title).help("take it out"))
            }
            "agent" | "user" if next && everything => self.unexpected("write `any`"),
            "tool" if next && (everything || word == "any") => self.unexpected("write `*`"),
            "user" if next && matches!(word, "nobody" | "null") => self.unexpected("write `none`"),
            "user" if next && kind == K::Word && !words::is_operator(word) && !words::is_seam(word) => {
                self.unexpected(format!("write `in {word}` for a group, or `\"{word}\"` for one user's id"))
            }
            "tool" if kind == K::Star && self.at > 0 && self.kind(self.at - 1) == K::Word => Some(self.half_a_name()),
            "from" if kind == K::Comma => {
                found(self.here(Code::AP0102, "one group approves").help("write a rule of its own for the other group"))
            }
            _ if kind == K::Word && self.failure.expected.contains(&Rule::verb) => {
                let verbs = words::TOOL_CLAUSES.iter().copied().take_while(|verb| *verb != "returns");
                let meant = habits::verb(word).map(|verb| format!("write `{verb}`"));
                self.unexpected(meant.or_else(|| did_you_mean(word, verbs))?)
            }
            _ => None,
        }
    }

    /// `crm.sea*`
    fn half_a_name(&self) -> Found {
        let start = operand::start(self.seams, self.part.from + 1, self.at);
        let help = match text_between(self.seams, start, self.at).rsplit_once('.') {
            Some((system, _)) => format!("write `{system}.*`, or name each tool"),
            None => "write `*`, or name each tool".to_owned(),
        };
        let title = "`*` stands alone or behind a dot";
        Found { diagnostic: self.here(Code::AP0102, title).help(help), resume: None }
    }

    /// `if` behind a complete clause.
    fn condition(&self) -> Option<Found> {
        let meant = self.word(self.at) == "if" && self.after_operand() && self.bracket().is_none();
        meant.then(|| self.here(Code::AP0104, "`if` is not a clause of a rule").help("write `when`")).and_then(found)
    }

    /// `per hour`, and `per user per 1h`: what is counted apart before the window.
    fn window(&self) -> Option<Found> {
        let (seams, from) = (self.seams, self.part.from);
        let counts = matches!(self.word(from), "at" | "more") && self.at > from && seams.is(self.at - 1, "per");
        let word = self.word(self.at);
        if !counts || self.kind(self.at) != K::Word {
            return None;
        }
        if let Some(unit) = unit(word) {
            return found(self.here(Code::AP0102, "a window is a duration").help(format!("write `1{unit}`")));
        }
        let timed = |at: &usize| self.kind(*at) == K::Duration && seams.is(*at - 1, "per");
        let (window, end) = match (self.at + 1..self.part.to).find(timed) {
            Some(at) => (self.word(at), at - 1),
            None => ("1h", self.part.to),
        };
        let (before, keys) = (text_between(seams, from, self.at), text_between(seams, self.at, end));
        let title = "the window stands before what is counted apart";
        found(self.here(Code::AP0102, title).help(format!("write `{before} {window} per {keys}`")))
    }

    /// `-> order` behind the verbs.
    fn late_result(&self) -> Option<Found> {
        if self.kind(self.at) != K::Arrow || self.at == self.part.from {
            return None;
        }
        let end = (self.at + 1..self.part.to).find(|&at| self.begins_clause(at)).unwrap_or(self.part.to);
        let result = text_between(self.seams, self.at, end);
        let help = format!("write `{}` before `{}`", result.trim_end_matches(','), self.word(self.part.from));
        found(self.here(Code::AP0102, "the result stands directly behind the parameters").help(help))
    }

    /// `in env prod`
    fn joined_by_in(&self) -> Option<Found> {
        let word = self.word(self.at);
        let joined = self.at == self.part.from + 1 && self.word(self.part.from) == "in";
        if !joined || !words::GIVEN_PARTS.contains(&word) {
            return None;
        }
        let span = self.seams.span(self.part.from);
        let title = format!("no `in` stands before `{word}`");
        let help = format!("take the `in` out: `{}`", text_between(self.seams, self.at, self.part.to));
        let diagnostic = Diagnostic::new(Code::AP0102, title, span, "").help(help);
        Some(Found { diagnostic, resume: Some(self.at) })
    }

    /// Lists in round brackets, ranges, `between`, `exists`, `for`, and numbers with a decimal comma or a loose unit.
    fn foreign_value(&self) -> Option<Found> {
        if self.at == self.part.from {
            return None;
        }
        let seams = self.seams;
        let (kind, word, before) = (self.kind(self.at), self.word(self.at), self.word(self.at - 1));
        let number_before = self.kind(self.at - 1) == K::Number;
        match kind {
            K::Comma => self.decimal_comma().or_else(|| self.list_in_parentheses()),
            K::DotDot if number_before && self.at >= 2 && seams.is(self.at - 2, "in") => {
                let help = self.bounds(self.at - 2, before, self.word(self.at + 1));
                found(self.here(Code::AP0102, "a condition has no ranges").help(help))
            }
            K::Word if word == "between" && self.after_operand() => {
                let help = match self.word(self.at + 2) {
                    "and" => self.bounds(self.at, self.word(self.at + 1), self.word(self.at + 3)),
                    _ => self.bounds(self.at, "...", "..."),
                };
                found(self.here(Code::AP0005, "`between` is not an operator").help(help))
            }
            K::Word if number_before && !self.begins_clause(self.at) => {
                let span = seams.span(self.at - 1).to(seams.span(self.at));
                let help = format!("write `{before}{}`", unit(word)?);
                found(Diagnostic::new(Code::AP0102, "number and unit are one word", span, "").help(help))
            }
            K::Word if self.kind(self.at - 1) == K::Word && (self.at < 2 || self.kind(self.at - 2) != K::Dot) => {
                let help = habits::prefix(before).filter(|_| self.part.kind != Kind::Step)?;
                let title = format!("`{before}` is not an operator");
                found(Diagnostic::new(Code::AP0005, title, seams.span(self.at - 1), "").help(help))
            }
            _ => None,
        }
    }

    /// Says with two comparisons what lies between two values.
    fn bounds(&self, end: usize, least: &str, most: &str) -> String {
        let mut start = operand::start(self.seams, self.part.from, end);
        let word = self.word(start);
        if words::is_operator(word) || words::RULE_CLAUSES.contains(&word) && self.kind(start + 1) != K::Dot {
            start += 1;
        }
        let value = text_between(self.seams, start, end);
        format!("write `{value} >= {least} and {value} <= {most}`")
    }

    /// `10,50` and `1,000`
    fn decimal_comma(&self) -> Option<Found> {
        let (comma, next) = (self.seams.tokens[self.at].token, self.seams.tokens.get(self.at + 1)?.token);
        let before = self.seams.tokens[self.at - 1].token;
        let joined = before.end == comma.start && comma.end == next.start && next.kind == K::Number;
        if before.kind != K::Number || !joined {
            return None;
        }
        let (whole, rest) = (self.word(self.at - 1), self.word(self.at + 1));
        let thousands = rest.split('.').next().is_some_and(|digits| digits.len() == 3);
        let sign = if thousands { '_' } else { '.' };
        let span = self.seams.span(self.at - 1).to(self.seams.span(self.at + 1));
        let title = format!("`{whole},{rest}` is not a number");
        found(Diagnostic::new(Code::AP0013, title, span, "").help(format!("write `{whole}{sign}{rest}`")))
    }

    /// `in ("a", "b")`
    fn list_in_parentheses(&self) -> Option<Found> {
        let open = self.bracket().filter(|&open| self.kind(open) == K::OpenParen && open > self.part.from)?;
        let close = self.seams.tokens[open].partner;
        if !self.seams.is(open - 1, "in") || close <= open {
            return None;
        }
        let help = format!("write `[{}]`", text_between(self.seams, open + 1, close));
        let span = self.seams.span(open).to(self.seams.span(close));
        found(Diagnostic::new(Code::AP0102, "a list stands in square brackets", span, "").help(help))
    }
}
