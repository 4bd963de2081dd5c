//! The entries of a page: requests and events, written with what differs from the defaults.

use crate::words::{Expected, expected};
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The keys of a request or event, each with its value as it is written: numbers must not change.
type Keys = BTreeMap<String, Box<RawValue>>;

/// An entry and what is expected of it.
pub(crate) struct Case {
    /// The line of the page on which it ends.
    pub(crate) line: usize,
    /// It is asked of whoever still has the policy before.
    pub(crate) stale: bool,
    /// What is asked or told.
    pub(crate) entry: Entry,
    /// What stands behind the arrow.
    pub(crate) expected: Expectation,
}

/// What is asked or told.
pub(crate) enum Entry {
    /// A request as bytes.
    Request(Vec<u8>),
    /// An event as JSON text.
    Event {
        /// The event.
        text: String,
        /// It names digests of the last decision: of the rule of this name, of `phase`, or of all.
        last: Option<Option<String>>,
    },
    /// Another directory, as JSON Lines.
    Directory(String),
}

/// What stands behind the arrow.
pub(crate) enum Expectation {
    /// A decision.
    Decision(Box<Expected>),
    /// `ok`, or `refused CODE`.
    Told(Option<String>),
}

/// In place of what an event's digest will be.
pub(crate) const LAST: &str = "<last>";

/// What each event takes from the defaults.
const EVENTS: [(&str, &[&str]); 6] = [
    ("open", &["session", "agent", "via", "user", "parent", "at"]),
    ("close", &["session", "at"]),
    ("observe", &["session", "call", "at"]),
    ("release", &["session", "call", "at"]),
    ("approve", &["person", "at"]),
    ("reject", &["person", "at"]),
];

/// Reads entries, one block behind the other.
#[derive(Default)]
pub(crate) struct Reader {
    defaults: Keys,
    event_defaults: Keys,
    /// How many calls were numbered.
    calls: usize,
    /// The id of the last call.
    last_call: String,
}

impl Reader {
    /// Entries are written over several lines; the line with the arrow ends one. `//` begins a line of prose.
    pub(crate) fn cases(&mut self, block: &[(usize, &str)]) -> Result<Vec<Case>, String> {
        let mut cases = Vec::new();
        let mut written = String::new();
        for (number, line) in block {
            let fail = |error: String| format!("line {number}: {error}");
            if line.trim_start().starts_with("//") || (line.trim().is_empty() && written.is_empty()) {
                continue;
            }
            if let Some((before, behind)) = line.rsplit_once(" -> ") {
                written.push_str(before);
                let (times, rest) = times(written.trim()).map_err(fail)?;
                for time in 1..=times.unwrap_or(1) {
                    let one = if times.is_some() { rest.replace('#', &time.to_string()) } else { rest.to_owned() };
                    let (stale, one) = one.strip_prefix("stale ").map_or((false, &*one), |one| (true, one));
                    let entry = self.entry(one).map_err(fail)?;
                    let expected = match &entry {
                        Entry::Request(_) => {
                            Expectation::Decision(Box::new(expected(&repeated(behind)?).map_err(fail)?))
                        }
                        Entry::Event { .. } | Entry::Directory(_) => Expectation::Told(told(behind).map_err(fail)?),
                    };
                    cases.push(Case { line: *number, stale, entry, expected });
                }
                written.clear();
            } else {
                written.push_str(line);
                written.push('\n');
                if self.setting(&written).map_err(fail)? {
                    written.clear();
                }
            }
        }
        if written.trim().is_empty() { Ok(cases) } else { Err(format!("no ` -> ` behind {written}")) }
    }

    /// `defaults {...}`, `event defaults {...}` and `after DURATION`, once they are whole.
    fn setting(&mut self, written: &str) -> Result<bool, String> {
        if let Some(text) = written.strip_prefix("defaults ") {
            let found = serde_json::from_str(text);
            self.defaults = found.as_ref().ok().cloned().unwrap_or_default();
            return Ok(found.is_ok());
        }
        if let Some(text) = written.strip_prefix("event defaults ") {
            let found = serde_json::from_str(text);
            self.event_defaults = found.as_ref().ok().cloned().unwrap_or_default();
            return Ok(found.is_ok());
        }
        if let Some(duration) = written.strip_prefix("after ") {
            for keys in [&mut self.defaults, &mut self.event_defaults] {
                if let Some(at) = keys.get_mut("at") {
                    *at = later(at, duration.trim())?;
                }
            }
            return Ok(true);
        }
        Ok(false)
    }

    fn entry(&mut self, written: &str) -> Result<Entry, String> {
        let written = repeated(written)?;
        if let Some(text) = written.strip_prefix("raw event ") {
            return Ok(Entry::Event { text: text.to_owned(), last: None });
        }
        if let Some(raw) = written.strip_prefix("raw") {
            return Ok(Entry::Request(bytes(raw.trim_start())?));
        }
        let event =
            EVENTS.iter().find(|(word, _)| written.strip_prefix(word).is_some_and(|rest| rest.starts_with(' ')));
        match event {
            Some((word, keys)) => self.event(word, keys, written[word.len()..].trim()),
            None => self.request(&written).map(Entry::Request),
        }
    }

    /// The defaults with what is written in place of theirs; `null` takes a key away. In a session, a call that has no id
    /// is given the next number.
    fn request(&mut self, written: &str) -> Result<Vec<u8>, String> {
        let differences: Keys = serde_json::from_str(written).map_err(|error| format!("{error} in {written:.200}"))?;
        let mut whole = self.defaults.clone();
        if (whole.contains_key("session") || differences.contains_key("session"))
            && !whole.contains_key("call")
            && !differences.contains_key("call")
        {
            self.calls += 1;
            whole.insert("call".to_owned(), quoted(&format!("c{}", self.calls))?);
        }
        whole.extend(differences);
        whole.retain(|_, value| value.get() != "null");
        if let Some(call) = whole.get("call") {
            self.last_call = call.get().trim_matches('"').to_owned();
        }
        serde_json::to_vec(&whole).map_err(|error| format!("{error}"))
    }

    /// An event with its defaults. What is observed without more is done; the call is the last one.
    fn event(&self, word: &str, taken: &[&str], written: &str) -> Result<Entry, String> {
        let mut keys: Keys = self.event_defaults.clone();
        keys.retain(|key, _| taken.contains(&key.as_str()));
        if taken.contains(&"call") {
            keys.insert("call".to_owned(), quoted(&self.last_call)?);
        }
        if word == "observe" {
            keys.insert("outcome".to_owned(), quoted("ok")?);
        }
        let (last, object) = last(written)?;
        if last.is_some() {
            keys.insert("digest".to_owned(), quoted(LAST)?);
        }
        let differences: Keys = serde_json::from_str(object).map_err(|error| format!("{error} in {object:.200}"))?;
        keys.extend(differences);
        keys.retain(|_, value| value.get() != "null");
        let inside = serde_json::to_string(&keys).map_err(|error| format!("{error}"))?;
        Ok(Entry::Event { text: format!("{{\"{word}\":{inside}}}"), last })
    }
}

fn quoted(text: &str) -> Result<Box<RawValue>, String> {
    RawValue::from_string(format!("{text:?}")).map_err(|error| format!("{error}"))
}

/// `last {...}`, `last phase {...}`, `last "rule" {...}`: digests of the last decision.
fn last(written: &str) -> Result<(Option<Option<String>>, &str), String> {
    let Some(rest) = written.strip_prefix("last ") else { return Ok((None, written)) };
    let at = rest.find('{').ok_or("an event is an object")?;
    let (name, object) = rest.split_at(at);
    let name = name.trim().trim_matches('"');
    Ok((Some((!name.is_empty()).then(|| name.to_owned())), object))
}

/// `times 70 {...}`: the entry so many times, `#` is which.
fn times(written: &str) -> Result<(Option<usize>, &str), String> {
    let Some(rest) = written.strip_prefix("times ") else { return Ok((None, written)) };
    let (count, rest) = rest.split_once(' ').ok_or("`times` without a number")?;
    Ok((Some(count.parse().map_err(|_| format!("`{count}` is not a number"))?), rest))
}

/// `ok`, or `refused CODE`.
fn told(text: &str) -> Result<Option<String>, String> {
    let text = text.split(" //").next().unwrap_or("").trim();
    match text.strip_prefix("refused ") {
        Some(code) => Ok(Some(code.trim().to_owned())),
        None if text == "ok" => Ok(None),
        None => Err(format!("`{text}` is neither `ok` nor `refused CODE`")),
    }
}

/// A time moved by a duration such as `1h30m`.
fn later(at: &RawValue, duration: &str) -> Result<Box<RawValue>, String> {
    let time: Timestamp = at.get().trim_matches('"').parse().map_err(|error| format!("{error}"))?;
    let mut millis: i64 = 0;
    let mut number = String::new();
    let mut rest = duration.chars().peekable();
    while let Some(next) = rest.next() {
        let unit = match next {
            '0'..='9' => {
                number.push(next);
                continue;
            }
            'd' => 86_400_000,
            'h' => 3_600_000,
            'm' if rest.next_if_eq(&'s').is_some() => 1,
            'm' => 60_000,
            's' => 1_000,
            _ => return Err(format!("`{duration}` is no duration")),
        };
        millis += unit * number.parse::<i64>().map_err(|_| format!("`{duration}` is no duration"))?;
        number.clear();
    }
    let moved = time.checked_add(SignedDuration::from_millis(millis)).map_err(|error| format!("{error}"))?;
    quoted(&moved.to_string())
}

/// `<<TEXT * 1000>>` stands for the text a thousand times.
pub(crate) fn repeated(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("<<") {
        let (inside, after) = behind.split_once(">>").ok_or("`<<` without `>>`")?;
        let (what, count) = inside.rsplit_once(" * ").ok_or("`<<` without ` * `")?;
        let count: usize = count.parse().map_err(|_| format!("`{count}` is not a number"))?;
        out.push_str(before);
        out.push_str(&what.repeat(count));
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// `<ff>` stands for the byte.
fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let hex = rest.strip_prefix('<').and_then(|behind| behind.split_once('>')).filter(|(hex, _)| hex.len() == 2);
        if let Some((hex, after)) = hex {
            out.push(u8::from_str_radix(hex, 16).map_err(|_| format!("`<{hex}>` is no byte"))?);
            rest = after;
        } else {
            out.extend_from_slice(next.to_string().as_bytes());
            rest = &rest[next.len_utf8()..];
        }
    }
    Ok(out)
}
