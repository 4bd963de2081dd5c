//! Whether a space stands between two words of one line.

use crate::source::Word;
use agentpol_syntax::{TokenKind as K, WordClass, word_class};

/// Returns whether a word ends an operand, so that a bracket or a minus behind it belongs to it.
pub(crate) fn ends_operand(words: &[Word<'_>], at: usize) -> bool {
    let word = &words[at];
    match word.kind {
        K::Word => follows_dot(words, at) || word_class(word.text) != WordClass::Operator && !takes_operand(word.text),
        K::CloseBrace | K::CloseParen | K::CloseBracket | K::Star => true,
        kind => kind.is_literal(),
    }
}

/// Words that are no operators and have an expression behind them.
fn takes_operand(word: &str) -> bool {
    matches!(word, "when" | "unless" | "where" | "of" | "per" | "over" | "novel")
}

fn follows_dot(words: &[Word<'_>], at: usize) -> bool {
    at > 0 && words[at - 1].kind == K::Dot
}

/// Returns for each word whether a space stands before it.
pub(crate) fn spaces(words: &[Word<'_>]) -> Vec<bool> {
    let mut angles = Angles::default();
    (0..words.len())
        .map(|at| {
            let inner = angles.take(words, at);
            at > 0 && !inner && between(words, at)
        })
        .collect()
}

/// Follows the `<` and `>` of `list<T>` and `map<K, V>`.
#[derive(Default)]
struct Angles {
    open: usize,
    /// The word before was such a `<`.
    inside: bool,
}

impl Angles {
    /// Returns whether a word is glued to the one before because of such a bracket.
    fn take(&mut self, words: &[Word<'_>], at: usize) -> bool {
        let typed = at > 0 && matches!(words[at - 1].text, "list" | "map") && !follows_dot(words, at - 1);
        let glued = std::mem::take(&mut self.inside);
        match words[at].kind {
            K::Less if typed => {
                self.open += 1;
                self.inside = true;
                true
            }
            K::Greater if self.open > 0 => {
                self.open -= 1;
                true
            }
            K::OpenBrace | K::CloseBrace if self.open == 0 => glued,
            _ => glued,
        }
    }
}

fn between(words: &[Word<'_>], at: usize) -> bool {
    let (left, right) = (words[at - 1].kind, words[at].kind);
    match (left, right) {
        (K::OpenParen | K::OpenBracket | K::Dot | K::DotDot, _) => false,
        (_, K::CloseParen | K::CloseBracket | K::Comma | K::Colon | K::Dot | K::DotDot | K::Question) => false,
        (K::OpenBrace, K::CloseBrace) => false,
        (K::Minus, _) => at >= 2 && words[at - 2].kind != K::Star && ends_operand(words, at - 2),
        (K::Word, K::OpenParen) => !ends_operand(words, at - 1),
        (K::CloseParen | K::CloseBracket, K::OpenParen) => false,
        (_, K::OpenBracket) => !ends_operand(words, at - 1),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use crate::source::words;

    fn spaced(text: &str) -> String {
        let words = words(text);
        let spaces = super::spaces(&words);
        let part = |(word, space): (&crate::source::Word<'_>, &bool)| {
            format!("{}{}", if *space { " " } else { "" }, word.text)
        };
        words.iter().zip(&spaces).map(part).collect::<String>().trim_end().to_owned()
    }

    #[test]
    fn words_are_spaced_as_people_do() {
        for line in [
            "when args.a[0].b(c, -1) - 2 * -x == [1, 2] and not (a or has b) in [c]",
            "tool mail.send \"send_email\" (to: list<email, 20>, cc?: map<string, list<int>>, x? \"-x\": bool, ...) -> a | b",
            "level a = b < c < d",
            "schedule s = mon..fri 09:00..17:00, sat 10:00..12:00",
            "tools t = crm.*, * except a",
            "at most 5 of (a) per 1h per user, args.x",
            "novel (agent, tool)",
            "origin(args.to otherwise []) >= trusted",
            "x.in(y).not[z] < 3",
        ] {
            let tight: String = line.split(' ').collect::<Vec<_>>().join("  ");
            assert_eq!(spaced(&tight), line);
        }
    }
}
