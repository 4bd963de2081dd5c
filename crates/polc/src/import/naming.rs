//! Names of the policy for names of the wire.

use std::collections::BTreeSet;

use agentpol_syntax::{WordClass, word_class};

/// Returns the nearest word to a text: letters, digits and `_`, not beginning with a digit.
pub(crate) fn word_of(text: &str) -> String {
    let mut word = String::new();
    for c in text.chars() {
        match c {
            c if c.is_ascii_alphanumeric() || c == '_' => word.push(c),
            _ if word.ends_with('_') || word.is_empty() => {}
            _ => word.push('_'),
        }
    }
    let word = word.trim_end_matches('_');
    match word.chars().next() {
        None => "unnamed".to_owned(),
        Some(c) if c.is_ascii_digit() => format!("n{word}"),
        Some(_) => word.to_owned(),
    }
}

/// Returns a word that may name what is declared: one that the language uses itself gets `_` and `kind` behind it.
pub(super) fn declared_name(text: &str, kind: &str) -> String {
    let word = word_of(text);
    match word_class(&word) {
        WordClass::Plain => word,
        _ => format!("{word}_{kind}"),
    }
}

/// Names in one scope, each given once.
#[derive(Debug, Default)]
pub(super) struct Scope {
    taken: BTreeSet<String>,
}

impl Scope {
    /// Takes a name, with a number behind it where it is taken already.
    pub(super) fn take(&mut self, name: String) -> String {
        let mut free = name.clone();
        let mut number = 2;
        while !self.taken.insert(free.clone()) {
            free = format!("{name}_{number}");
            number += 1;
        }
        free
    }
}

/// Returns the text as a literal of the language; `None` where it hides something from readers.
pub(super) fn literal(text: &str) -> Option<String> {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if crate::escape::is_hidden(c) => return None,
            c => out.push(c),
        }
    }
    out.push('"');
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_becomes_a_word() {
        let words = ["get-user", "a.b", "3d", "$filter", "-i", "naïve", "", "--", "user_id"].map(word_of);
        assert_eq!(words, ["get_user", "a_b", "n3d", "filter", "i", "na_ve", "unnamed", "unnamed", "user_id"]);
        assert_eq!(declared_name("agent", "system"), "agent_system");
    }

    #[test]
    fn names_are_given_once() {
        let mut scope = Scope::default();
        assert_eq!(["a", "a", "b", "a"].map(|n| scope.take(n.to_owned())), ["a", "a_2", "b", "a_3"]);
    }
}
