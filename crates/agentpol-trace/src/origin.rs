//! Where the values of arguments come from: the rule by which a recorder gives a request its `origin`.
//!
//! It is stated in full in docs/reference/origin.md. In short: a scalar argument is the user's (or the system's) where its
//! whole text stands in a message between borders of words; it is what a tool answered where a scalar of a JSON answer
//! equals it; else it is the model's. Of several sources the best counts. What an answer only repeats of its call's own
//! arguments keeps the origin that it had there. Texts of fewer than three characters prove nothing.

use std::collections::HashMap;

use serde_json::Value;

use crate::action::{Heard, Speaker};

/// How many characters a text must have to be recognised.
const SHORTEST: usize = 3;
/// How many scalars of answers are kept for one conversation; what comes later is not recognised.
const MOST_LEAVES: usize = 1 << 18;

/// Where a value comes from, from the worst to the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A tool whose word nobody vouches for.
    Untrusted,
    /// The model.
    Model,
    /// A tool whose word the system's owner vouches for.
    Trusted,
    /// The person on whose behalf the agent acts.
    User,
    /// Whoever runs the agent.
    System,
}

impl Origin {
    /// Returns the word of requests.
    pub fn as_str(self) -> &'static str {
        match self {
            Origin::Untrusted => "untrusted",
            Origin::Model => "model",
            Origin::Trusted => "trusted",
            Origin::User => "user",
            Origin::System => "system",
        }
    }
}

/// One step from the root of an answer to a scalar in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Into the member of this name.
    Member(&'a str),
    /// Into an element of a list.
    Element,
}

/// What a conversation has brought so far.
#[derive(Clone, Debug, Default)]
pub struct Provenance {
    /// What was said, with who said it.
    said: Vec<(Origin, String)>,
    /// Numbers that were said, in canonical form.
    numbers: HashMap<String, Origin>,
    /// Scalars of answers, by kind and text, with their best origin.
    answered: HashMap<(Kind, String), Origin>,
}

/// Kinds of scalars that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Text,
    Number,
}

impl Provenance {
    /// Starts a conversation.
    pub fn new() -> Self {
        Provenance::default()
    }

    /// Notes what was said to the agent.
    pub fn hear(&mut self, heard: &Heard) {
        let by = match heard.by {
            Speaker::User => Origin::User,
            Speaker::System => Origin::System,
        };
        for word in heard.text.split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-'))) {
            if let Some(number) = canonical(word.trim_end_matches(['.', '-'])) {
                let known = self.numbers.entry(number).or_insert(by);
                *known = by.max(*known);
            }
        }
        self.said.push((by, heard.text.clone()));
    }

    /// Returns the origin of every scalar in the arguments of a call, by JSON Pointer, without those that are the model's.
    ///
    /// Arguments that are no JSON object have none.
    pub fn origins(&self, arguments: &str) -> Vec<(String, Origin)> {
        let mut found = Vec::new();
        if let Ok(arguments @ Value::Object(_)) = serde_json::from_str(arguments) {
            self.walk(&arguments, &mut String::new(), &mut found);
        }
        found
    }

    /// Notes what a call was answered: `origins` are those of its arguments, `trusted` tells by path whether somebody
    /// vouches for a scalar of the answer.
    pub fn answer(&mut self, arguments: &str, answer: &str, trusted: &dyn Fn(&[Step<'_>]) -> bool) {
        let given: Value = serde_json::from_str(arguments).unwrap_or(Value::Null);
        let mut echoes = HashMap::new();
        self.leaves_of_call(&given, &mut echoes);
        // An answer that is no JSON is one text.
        let answer: Value = serde_json::from_str(answer).unwrap_or_else(|_| Value::String(answer.trim().to_owned()));
        let mut path = Vec::new();
        self.learn(&answer, &mut path, &echoes, trusted);
    }

    fn walk(&self, value: &Value, pointer: &mut String, found: &mut Vec<(String, Origin)>) {
        let mut inside = |name: &str, value: &Value| {
            let before = pointer.len();
            pointer.push('/');
            pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
            self.walk(value, pointer, found);
            pointer.truncate(before);
        };
        match value {
            Value::Object(members) => members.iter().for_each(|(name, value)| inside(name, value)),
            Value::Array(elements) => {
                elements.iter().enumerate().for_each(|(at, value)| inside(&at.to_string(), value));
            }
            leaf => match self.of_leaf(leaf) {
                Origin::Model => {}
                origin => found.push((pointer.clone(), origin)),
            },
        }
    }

    /// The best source of a scalar.
    fn of_leaf(&self, leaf: &Value) -> Origin {
        let Some((kind, text)) = keyed(leaf) else { return Origin::Model };
        let said = match kind {
            Kind::Text => {
                let by = self.said.iter().filter(|(_, message)| stands_in(message, &text)).map(|(by, _)| *by);
                by.max()
            }
            Kind::Number => self.numbers.get(&text).copied(),
        };
        let answered = self.answered.get(&(kind, text)).copied();
        said.max(answered).unwrap_or(Origin::Model)
    }

    fn leaves_of_call(&self, value: &Value, found: &mut HashMap<(Kind, String), Origin>) {
        match value {
            Value::Object(members) => members.values().for_each(|value| self.leaves_of_call(value, found)),
            Value::Array(elements) => elements.iter().for_each(|value| self.leaves_of_call(value, found)),
            leaf => {
                if let Some(key) = keyed(leaf) {
                    found.insert(key, self.of_leaf(leaf));
                }
            }
        }
    }

    fn learn<'v>(
        &mut self,
        value: &'v Value,
        path: &mut Vec<Step<'v>>,
        echoes: &HashMap<(Kind, String), Origin>,
        trusted: &dyn Fn(&[Step<'_>]) -> bool,
    ) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    path.push(Step::Member(name));
                    self.learn(value, path, echoes, trusted);
                    path.pop();
                }
            }
            Value::Array(elements) => {
                path.push(Step::Element);
                elements.iter().for_each(|value| self.learn(value, path, echoes, trusted));
                path.pop();
            }
            leaf => {
                let Some(key) = keyed(leaf) else { return };
                let origin = match (echoes.get(&key), trusted(path)) {
                    (Some(before), _) => *before,
                    (None, true) => Origin::Trusted,
                    (None, false) => Origin::Untrusted,
                };
                let known = self.answered.len() < MOST_LEAVES || self.answered.contains_key(&key);
                if known {
                    let best = self.answered.entry(key).or_insert(origin);
                    *best = origin.max(*best);
                }
            }
        }
    }
}

/// The form in which a scalar is recognised; none for what proves nothing.
fn keyed(leaf: &Value) -> Option<(Kind, String)> {
    let (kind, text) = match leaf {
        Value::String(text) => (Kind::Text, text.clone()),
        Value::Number(number) => (Kind::Number, canonical(&number.to_string())?),
        _ => return None,
    };
    (text.chars().count() >= SHORTEST).then_some((kind, text))
}

/// A number without what does not change its value; none for one that has an exponent or is none.
fn canonical(number: &str) -> Option<String> {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(part) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let part = part.trim_end_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") })
}

/// Whether the text stands in the message as a whole run of words: no letter or digit goes on at either end.
fn stands_in(message: &str, text: &str) -> bool {
    let goes_on = |inside: Option<char>, outside: Option<char>| {
        inside.is_some_and(char::is_alphanumeric) && outside.is_some_and(char::is_alphanumeric)
    };
    message.match_indices(text).any(|(at, found)| {
        let before = message[..at].chars().next_back();
        let after = message[at + found.len()..].chars().next();
        !goes_on(found.chars().next(), before) && !goes_on(found.chars().next_back(), after)
    })
}

#[cfg(test)]
mod tests {
    use super::{Heard, Origin, Provenance, Speaker, Step};

    fn user(text: &str) -> Provenance {
        let mut told = Provenance::new();
        told.hear(&Heard { by: Speaker::User, text: text.to_owned() });
        told
    }

    fn origin_of(told: &Provenance, value: &str) -> Origin {
        let found = told.origins(&format!(r#"{{"x":{value}}}"#));
        found.first().map_or(Origin::Model, |(pointer, origin)| {
            assert_eq!(pointer, "/x");
            *origin
        })
    }

    #[test]
    fn whole_words_of_the_user_are_the_users() {
        let told = user("Send 1200.50 to bo@acme.example, please, subject: Rent for May.");
        assert_eq!(origin_of(&told, "\"bo@acme.example\""), Origin::User);
        assert_eq!(origin_of(&told, "\"Rent for May\""), Origin::User);
        assert_eq!(origin_of(&told, "1200.5"), Origin::User);
        for no in ["\"acme.exampl\"", "\"ent for May\"", "\"rent for may\"", "\"to\"", "200.5", "12", "true"] {
            assert_eq!(origin_of(&told, no), Origin::Model, "{no}");
        }
        // A part at a border of words is a run of words.
        assert_eq!(origin_of(&told, "\"acme.example\""), Origin::User);
    }

    #[test]
    fn answers_are_recognised_by_whole_scalars() {
        let mut told = Provenance::new();
        told.answer("{}", r#"{"iban":"DE89 3704","note":"pay DE00 0000"}"#, &|path| path == [Step::Member("iban")]);
        assert_eq!(origin_of(&told, "\"DE89 3704\""), Origin::Trusted);
        assert_eq!(origin_of(&told, "\"DE00 0000\""), Origin::Model);
        assert_eq!(origin_of(&told, "\"pay DE00 0000\""), Origin::Untrusted);
    }

    #[test]
    fn an_echo_proves_nothing() {
        let mut told = Provenance::new();
        told.answer("{}", "\"evil@other.example\"", &|_| false);
        told.answer(r#"{"name":"evil@other.example"}"#, r#"{"name":"evil@other.example","id":"c-77"}"#, &|_| true);
        assert_eq!(origin_of(&told, "\"evil@other.example\""), Origin::Untrusted);
        assert_eq!(origin_of(&told, "\"c-77\""), Origin::Trusted);
        told.answer(r#"{"name":"made up"}"#, r#"{"name":"made up"}"#, &|_| true);
        assert_eq!(origin_of(&told, "\"made up\""), Origin::Model);
    }

    #[test]
    fn the_best_source_counts_and_pointers_are_escaped() {
        let mut told = user("write to bo@acme.example");
        told.answer("{}", "\"bo@acme.example\"", &|_| false);
        let found = told.origins(r#"{"a/b":["nothing","bo@acme.example"]}"#);
        assert_eq!(found, [("/a~1b/1".to_owned(), Origin::User)]);
    }
}
