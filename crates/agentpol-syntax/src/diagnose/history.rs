//! What people write in the place of questions about earlier calls, and what they meant by it.

use super::explain::{Found, Place};
use super::header::text_between;
use crate::token::TokenKind as K;
use crate::words;

/// The words that a set of calls stands behind.
const LEADING: [&str; 8] = ["called", "completed", "attempted", "failed", "of", "over", "first", "last"];

/// The words of other languages for numbers over many.
const NUMBERS: [&str; 6] = ["max", "min", "avg", "average", "total", "distinct"];

const DISTINCT: &str = "write `count of distinct that.args.NAME over { ... }`";

impl Place<'_, '_> {
    /// Finds what was meant by something that is no question about earlier calls.
    pub(super) fn asked_of_calls(&self) -> Option<Found> {
        let first = self.part.from;
        if self.word(first) == "distinct" && first > 0 && self.seams.is(first - 1, "count") && self.at == first + 1 {
            return self.unexpected(DISTINCT);
        }
        if let Some(help) = self.clause_of_set() {
            return self.unexpected(help);
        }
        let asks = matches!(self.word(self.part.from), "when" | "unless" | "let" | "define");
        if !asks || self.at <= self.part.from + 1 {
            return None;
        }
        let help =
            self.no_braces().or_else(|| self.number()).or_else(|| self.inside_of_set()).or_else(|| self.adverb());
        help.or_else(|| self.no_word()).and_then(|help| self.unexpected(help))
    }

    /// `since 1h`, `keeping 64`
    fn clause_of_set(&self) -> Option<String> {
        let written = self.word(self.at);
        match (self.at.checked_sub(1).map(|before| self.word(before))?, self.kind(self.at)) {
            ("since", K::Duration) => Some(format!("write `within {written}`")),
            ("keeping", K::Number) => Some(format!("write `keeping last {written}`")),
            _ => None,
        }
    }

    fn before(&self) -> &str {
        self.word(self.at - 1)
    }

    /// `called tool crm.order`, `called(crm.order)`, `known(order)`
    fn no_braces(&self) -> Option<String> {
        let (seams, before) = (self.seams, self.before());
        if before == "known" && self.kind(self.at) == K::OpenParen {
            return Some("write `known RECORD(KEY)`, with the record's name before the parentheses".to_owned());
        }
        if !LEADING.contains(&before) || before == "of" && self.at < 2 {
            return None;
        }
        let from = match self.kind(self.at) {
            K::Word if self.word(self.at) == "tool" => self.at + 1,
            K::OpenParen => self.at + 1,
            _ => return None,
        };
        let named = |at: &usize| matches!(self.kind(*at), K::Word | K::Dot | K::Star);
        let end = (from..self.part.to).find(|at| !named(at)).unwrap_or(self.part.to);
        let tools = if end > from { text_between(seams, from, end) } else { "NAME".to_owned() };
        Some(format!("write `{before} {{ tool {tools} }}`"))
    }

    /// `count { ... }`, `sum args.amount over`, `count distinct`, `max of`
    fn number(&self) -> Option<String> {
        let (before, word) = (self.before(), self.word(self.at));
        let distinct = word == "distinct" || before == "distinct";
        let counts = before == "count" || self.at >= 2 && self.word(self.at - 2) == "count" || word == "count";
        if distinct && counts {
            return Some(DISTINCT.to_owned());
        }
        match (before, self.kind(self.at)) {
            ("count", K::OpenBrace) => Some("write `count of { ... }`".to_owned()),
            ("sum", K::Word) | ("sum", K::OpenBrace) => Some("write `sum of that.args.NAME over { ... }`".to_owned()),
            (other, K::Word) if word == "of" && NUMBERS.contains(&other) => Some(
                "earlier calls are counted and summed: `count of { ... }`, `sum of that.args.NAME over { ... }`"
                    .to_owned(),
            ),
            _ => None,
        }
    }

    /// `called { crm.order }`, `called { last 1h }`
    fn inside_of_set(&self) -> Option<String> {
        let open = self.bracket().filter(|open| self.kind(*open) == K::OpenBrace)?;
        if open <= self.part.from || !LEADING.contains(&self.word(open - 1)) || self.kind(self.at) != K::Word {
            return None;
        }
        let word = self.word(self.at);
        if matches!(word, "during" | "last" | "in") && self.kind(self.at + 1) == K::Duration {
            return Some(format!("write `within {}`", self.word(self.at + 1)));
        }
        if word == "in" && self.word(self.at + 1) == "session" {
            return Some("write `by session`, or take it out: the session is what is looked at".to_owned());
        }
        if self.at != open + 1 || words::is_operator(word) {
            return None;
        }
        let named = |at: &usize| matches!(self.kind(*at), K::Word | K::Dot | K::Star);
        let end = (self.at..self.part.to).find(|at| !named(at)).unwrap_or(self.part.to);
        (self.kind(self.at + 1) == K::Dot).then(|| format!("write `tool {}`", text_between(self.seams, self.at, end)))
    }

    /// `never called { ... }`, `was called { ... }`
    fn adverb(&self) -> Option<String> {
        let outcome = self.word(self.at);
        if !matches!(outcome, "called" | "completed" | "attempted" | "failed") {
            return None;
        }
        match self.before() {
            "never" => Some(format!("write `not {outcome}`")),
            before @ ("was" | "were" | "ever" | "has" | "been" | "is") => Some(format!("take `{before}` out")),
            _ => None,
        }
    }

    /// `history { ... }`
    fn no_word(&self) -> Option<String> {
        let path = self.kind(self.at - 2) == K::Dot;
        let word = self.kind(self.at - 1) == K::Word && !path && !words::is_operator(self.before());
        let after = self.kind(self.at) == K::OpenBrace;
        (word && after && !LEADING.contains(&self.before())).then(|| {
            "write `called { ... }`, `completed { ... }`, `last { ... }` or another word for earlier calls".to_owned()
        })
    }
}
