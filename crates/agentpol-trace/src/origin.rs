//! Where the values of arguments come from: the rule by which a recorder gives a request its `origin`.
//!
//! It is stated in full in docs/reference/origin.md. In short: a scalar argument is the user's (or the system's) where its
//! whole text stands in a message between borders of words; it is what a tool answered where a scalar of a JSON answer
//! equals it; else it is the model's. Of several sources the best counts. What an answer only repeats of its call's own
//! arguments keeps the origin that it had there. Texts of fewer than three characters prove nothing.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use crate::action::{Heard, Speaker};

/// How many characters a text must have to be recognised.
const SHORTEST: usize = 3;
/// How many scalars of answers are kept for one conversation; what comes later is not recognised.
const MOST_LEAVES: usize = 1 << 18;
/// How many tools are remembered to have held one scalar.
const MOST_TOOLS: usize = 4;

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

/// A tool, as requests name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Answerer {
    /// The server it comes from.
    pub server: Option<String>,
    /// Its name on the wire.
    pub tool: String,
}

/// An answer that held a value: by which tool, and where in it, a JSON Pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Who answered.
    pub by: Arc<Answerer>,
    /// Where in the answer.
    pub at: String,
}

/// Where a scalar of the arguments comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// A JSON Pointer into the arguments.
    pub pointer: String,
    /// The best of its sources.
    pub origin: Origin,
    /// The answers of named tools that held it where somebody vouches for them; of each tool the first.
    pub held: Vec<Held>,
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
    /// Which answers of named tools held them, where somebody vouches for those.
    held: HashMap<(Kind, String), Vec<Held>>,
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
    pub fn origins(&self, arguments: &str) -> Vec<Found> {
        let mut found = Vec::new();
        if let Ok(arguments @ Value::Object(_)) = serde_json::from_str(arguments) {
            self.walk(&arguments, &mut String::new(), &mut found);
        }
        found
    }

    /// Notes what a call was answered: `trusted` tells by path whether somebody vouches for a scalar of the answer. With a
    /// name, the answer is remembered to have held them.
    pub fn answer(
        &mut self,
        by: Option<Answerer>,
        arguments: &str,
        answer: &str,
        trusted: &dyn Fn(&[Step<'_>]) -> bool,
    ) {
        let given: Value = serde_json::from_str(arguments).unwrap_or(Value::Null);
        let mut echoes = HashMap::new();
        self.leaves_of_call(&given, &mut echoes);
        // An answer that is no JSON is one text.
        let answer: Value = serde_json::from_str(answer).unwrap_or_else(|_| Value::String(answer.trim().to_owned()));
        let lesson = Lesson { by: by.map(Arc::new), echoes, trusted };
        self.learn(&lesson, &answer, &mut Vec::new(), &mut String::new());
    }

    fn walk(&self, value: &Value, pointer: &mut String, found: &mut Vec<Found>) {
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(name, value)| {
                    inside(pointer, name, |pointer| self.walk(value, pointer, found));
                });
            }
            Value::Array(elements) => {
                elements.iter().enumerate().for_each(|(at, value)| {
                    inside(pointer, &at.to_string(), |pointer| self.walk(value, pointer, found));
                });
            }
            leaf => match self.of_leaf(leaf) {
                Origin::Model => {}
                origin => {
                    let held = keyed(leaf).and_then(|key| self.held.get(&key)).cloned().unwrap_or_default();
                    found.push(Found { pointer: pointer.clone(), origin, held });
                }
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

    fn learn<'v>(&mut self, lesson: &Lesson<'_>, value: &'v Value, path: &mut Vec<Step<'v>>, pointer: &mut String) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    path.push(Step::Member(name));
                    inside(pointer, name, |pointer| self.learn(lesson, value, path, pointer));
                    path.pop();
                }
            }
            Value::Array(elements) => {
                path.push(Step::Element);
                for (at, value) in elements.iter().enumerate() {
                    inside(pointer, &at.to_string(), |pointer| self.learn(lesson, value, path, pointer));
                }
                path.pop();
            }
            leaf => {
                let Some(key) = keyed(leaf) else { return };
                let known = self.answered.len() < MOST_LEAVES || self.answered.contains_key(&key);
                if !known {
                    return;
                }
                let origin = match (lesson.echoes.get(&key), (lesson.trusted)(path)) {
                    (Some(before), _) => *before,
                    (None, true) => {
                        self.hold(lesson, &key, pointer);
                        Origin::Trusted
                    }
                    (None, false) => Origin::Untrusted,
                };
                let best = self.answered.entry(key).or_insert(origin);
                *best = origin.max(*best);
            }
        }
    }

    /// Remembers which tool held a scalar.
    fn hold(&mut self, lesson: &Lesson<'_>, key: &(Kind, String), pointer: &str) {
        let Some(by) = &lesson.by else { return };
        let held = self.held.entry(key.clone()).or_default();
        if held.len() < MOST_TOOLS && held.iter().all(|held| held.by != *by) {
            held.push(Held { by: Arc::clone(by), at: pointer.to_owned() });
        }
    }
}

/// An answer that is looked through.
struct Lesson<'l> {
    by: Option<Arc<Answerer>>,
    /// The scalars of the call, with the origins that they had.
    echoes: HashMap<(Kind, String), Origin>,
    trusted: &'l dyn Fn(&[Step<'_>]) -> bool,
}

/// Goes one step down a JSON Pointer, and back.
fn inside(pointer: &mut String, name: &str, visit: impl FnOnce(&mut String)) {
    let before = pointer.len();
    pointer.push('/');
    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
    visit(pointer);
    pointer.truncate(before);
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
    use super::{Answerer, Found, Heard, Origin, Provenance, Speaker, Step};

    fn user(text: &str) -> Provenance {
        let mut told = Provenance::new();
        told.hear(&Heard { by: Speaker::User, text: text.to_owned() });
        told
    }

    fn origin_of(told: &Provenance, value: &str) -> Origin {
        let found = told.origins(&format!(r#"{{"x":{value}}}"#));
        found.first().map_or(Origin::Model, |found| {
            assert_eq!(found.pointer, "/x");
            found.origin
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
        told.answer(None, "{}", r#"{"iban":"DE89 3704","note":"pay DE00 0000"}"#, &|path| {
            path == [Step::Member("iban")]
        });
        assert_eq!(origin_of(&told, "\"DE89 3704\""), Origin::Trusted);
        assert_eq!(origin_of(&told, "\"DE00 0000\""), Origin::Model);
        assert_eq!(origin_of(&told, "\"pay DE00 0000\""), Origin::Untrusted);
    }

    #[test]
    fn an_echo_proves_nothing() {
        let mut told = Provenance::new();
        told.answer(None, "{}", "\"evil@other.example\"", &|_| false);
        told.answer(None, r#"{"name":"evil@other.example"}"#, r#"{"name":"evil@other.example","id":"c-77"}"#, &|_| {
            true
        });
        assert_eq!(origin_of(&told, "\"evil@other.example\""), Origin::Untrusted);
        assert_eq!(origin_of(&told, "\"c-77\""), Origin::Trusted);
        told.answer(None, r#"{"name":"made up"}"#, r#"{"name":"made up"}"#, &|_| true);
        assert_eq!(origin_of(&told, "\"made up\""), Origin::Model);
    }

    #[test]
    fn the_best_source_counts_and_pointers_are_escaped() {
        let mut told = user("write to bo@acme.example");
        told.answer(None, "{}", "\"bo@acme.example\"", &|_| false);
        let found = told.origins(r#"{"a/b":["nothing","bo@acme.example"]}"#);
        let expected = Found { pointer: "/a~1b/1".to_owned(), origin: Origin::User, held: Vec::new() };
        assert_eq!(found, [expected]);
    }

    #[test]
    fn named_tools_are_remembered_to_have_held_what_they_are_trusted_for() {
        let tool = |tool: &str| Some(Answerer { server: Some("crm".to_owned()), tool: tool.to_owned() });
        let mut told = user("write to bo@acme.example");
        let found = r#"[{"mail":"bo@acme.example","note":"call di@acme.example"},{"mail":"di@acme.example"}]"#;
        told.answer(tool("search"), "{}", found, &|path| path.last() == Some(&Step::Member("mail")));
        told.answer(tool("search"), "{}", r#""di@acme.example""#, &|_| true);
        told.answer(tool("read"), r#"{"id":"di@acme.example"}"#, r#""di@acme.example""#, &|_| true);
        told.answer(tool("read"), "{}", r#""di@acme.example""#, &|_| false);
        let origins = told.origins(r#"{"a":"bo@acme.example","b":"di@acme.example","c":"call di@acme.example"}"#);
        let held: Vec<_> = origins
            .iter()
            .map(|found| {
                let held: Vec<String> = found.held.iter().map(|held| format!("{}{}", held.by.tool, held.at)).collect();
                (found.pointer.as_str(), found.origin, held.join(" "))
            })
            .collect();
        assert_eq!(
            held,
            [
                ("/a", Origin::User, "search/0/mail".to_owned()),
                ("/b", Origin::Trusted, "search/1/mail".to_owned()),
                ("/c", Origin::Untrusted, String::new()),
            ]
        );
    }
}
