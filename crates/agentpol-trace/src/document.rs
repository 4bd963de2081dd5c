//! A text that records stand in, and the values in it that know their place.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::action::Place;
use crate::error::{RecordError, RecordErrorKind};
use crate::json::{self, Mistake};

/// A line or a whole document, with its line numbers.
#[derive(Debug)]
pub(crate) struct Text {
    text: String,
    first_line: u64,
    breaks: Vec<usize>,
}

impl Text {
    /// Takes a text whose first line has this number.
    pub(crate) fn new(text: String, first_line: u64) -> Text {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
        Text { text, first_line, breaks }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The line of a byte.
    pub(crate) fn line_at(&self, at: usize) -> u64 {
        self.first_line + self.breaks.partition_point(|end| *end < at) as u64
    }

    /// The column of a byte, from 1.
    pub(crate) fn column_at(&self, at: usize) -> usize {
        let before = self.breaks.partition_point(|end| *end < at);
        let start = if before == 0 { 0 } else { self.breaks[before - 1] + 1 };
        at.saturating_sub(start) + 1
    }

    /// Where a part begins that was cut out of this text.
    fn offset_of(&self, part: &str) -> usize {
        (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize).min(self.text.len())
    }

    /// A mistake at a byte of this text, as the error of the record at that pointer.
    pub(crate) fn syntax(&self, at: usize, pointer: &str, message: String) -> RecordError {
        RecordError {
            place: Place { line: self.line_at(at), pointer: pointer.to_owned() },
            field: String::new(),
            kind: RecordErrorKind::Syntax { column: self.column_at(at), message },
        }
    }

    /// The node of a value cut out of this text.
    pub(crate) fn node<'a>(&'a self, raw: &'a str, pointer: String) -> Node<'a> {
        Node { text: self, raw, pointer, field: String::new() }
    }
}

/// A JSON value and where it stands: the record it is part of, and the field in that.
#[derive(Clone, Debug)]
pub(crate) struct Node<'a> {
    text: &'a Text,
    raw: &'a str,
    pointer: String,
    field: String,
}

impl<'a> Node<'a> {
    pub(crate) fn raw(&self) -> &'a str {
        self.raw
    }

    pub(crate) fn is_null(&self) -> bool {
        self.raw == "null"
    }

    pub(crate) fn is_string(&self) -> bool {
        self.raw.starts_with('"')
    }

    pub(crate) fn is_list(&self) -> bool {
        self.raw.starts_with('[')
    }

    pub(crate) fn is_object(&self) -> bool {
        self.raw.starts_with('{')
    }

    /// The place of the record: its line and pointer.
    pub(crate) fn place(&self) -> Place {
        Place { line: self.text.line_at(self.text.offset_of(self.raw)), pointer: self.pointer.clone() }
    }

    /// Something is wrong with this value.
    pub(crate) fn error(&self, kind: RecordErrorKind) -> RecordError {
        RecordError { place: self.place(), field: self.field.clone(), kind }
    }

    /// This value is of the wrong type.
    pub(crate) fn wrong_type(&self, expected: &'static str) -> RecordError {
        self.error(RecordErrorKind::WrongType { expected, found: json::kind(self.raw) })
    }

    /// This value means nothing here.
    pub(crate) fn bad_value(&self, expected: &'static str) -> RecordError {
        let found = json::string(self.raw).unwrap_or(Cow::Borrowed(self.raw));
        self.error(RecordErrorKind::BadValue { expected, found: found.chars().take(80).collect() })
    }

    fn mistake(&self, mistake: Mistake) -> RecordError {
        let at = self.text.offset_of(self.raw) + mistake.at;
        RecordError { field: self.field.clone(), ..self.text.syntax(at, &self.pointer, mistake.message) }
    }

    /// The members, if it is an object in which no key repeats.
    pub(crate) fn object(&self) -> Result<Object<'a>, RecordError> {
        if !self.is_object() {
            return Err(self.wrong_type("an object"));
        }
        let (members, mistake) = json::members(self.raw);
        if let Some(mistake) = mistake {
            return Err(self.mistake(mistake));
        }
        let mut seen = BTreeSet::new();
        if let Some((key, _)) = members.iter().find(|(key, _)| !seen.insert(key.as_ref())) {
            return Err(self.member(key, self.raw).error(RecordErrorKind::Repeated));
        }
        Ok(Object { node: self.clone(), members })
    }

    /// The elements, if it is a list. Each element is a record of its own.
    pub(crate) fn list(&self) -> Result<Vec<Node<'a>>, RecordError> {
        if !self.is_list() {
            return Err(self.wrong_type("a list"));
        }
        let (elements, mistake) = json::elements(self.raw);
        if let Some(mistake) = mistake {
            return Err(self.mistake(mistake));
        }
        let mut base = self.pointer.clone();
        for step in self.field.split('.').filter(|step| !step.is_empty()) {
            base = format!("{base}/{step}");
        }
        let at = |(index, raw)| self.text.node(raw, format!("{base}/{index}"));
        Ok(elements.into_iter().enumerate().map(at).collect())
    }

    /// The text, if it is one.
    pub(crate) fn string(&self) -> Result<String, RecordError> {
        if !self.is_string() {
            return Err(self.wrong_type("a text"));
        }
        match json::string(self.raw) {
            Ok(text) => Ok(text.into_owned()),
            Err(message) => Err(self.mistake(Mistake { at: 0, message })),
        }
    }

    /// The truth value, if it is one.
    pub(crate) fn flag(&self) -> Result<bool, RecordError> {
        match self.raw {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.wrong_type("true or false")),
        }
    }

    /// The count, if it is one that fits.
    pub(crate) fn count(&self) -> Result<u32, RecordError> {
        if json::kind(self.raw) != "a number" {
            return Err(self.wrong_type("a whole number"));
        }
        self.raw.parse().map_err(|_| self.bad_value("a whole number from 0 to 4294967295"))
    }

    /// Whether it is the text of that name.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.is_string() && json::string(self.raw).is_ok_and(|found| found == text)
    }

    /// The text of a string, the JSON text of anything else.
    pub(crate) fn plain(&self) -> String {
        json::string(self.raw).map_or_else(|_| self.raw.to_owned(), Cow::into_owned)
    }

    fn member(&self, key: &str, raw: &'a str) -> Node<'a> {
        let field = if self.field.is_empty() { key.to_owned() } else { format!("{}.{key}", self.field) };
        Node { text: self.text, raw, pointer: self.pointer.clone(), field }
    }
}

/// An object and its members, in the order in which they stand.
#[derive(Clone, Debug)]
pub(crate) struct Object<'a> {
    node: Node<'a>,
    members: Vec<(Cow<'a, str>, &'a str)>,
}

impl<'a> Object<'a> {
    pub(crate) fn node(&self) -> &Node<'a> {
        &self.node
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|(key, _)| key.as_ref())
    }

    /// The member of that name, `null` included.
    pub(crate) fn member(&self, key: &str) -> Option<Node<'a>> {
        self.members.iter().find(|(name, _)| name == key).map(|(_, raw)| self.node.member(key, raw))
    }

    /// The member of that name; `null` is as good as none.
    pub(crate) fn get(&self, key: &str) -> Option<Node<'a>> {
        self.member(key).filter(|node| !node.is_null())
    }

    /// The member of that name, which must be there.
    pub(crate) fn require(&self, key: &str) -> Result<Node<'a>, RecordError> {
        self.get(key).ok_or_else(|| self.node.member(key, self.node.raw).error(RecordErrorKind::Missing))
    }

    /// The text of that name, where there is one.
    pub(crate) fn string(&self, key: &str) -> Result<Option<String>, RecordError> {
        self.get(key).map(|node| node.string()).transpose()
    }

    /// The elements of the list of that name; none where there is none.
    pub(crate) fn list(&self, key: &str) -> Result<Vec<Node<'a>>, RecordError> {
        self.get(key).map_or(Ok(Vec::new()), |node| node.list())
    }

    /// The object of that name, where there is one.
    pub(crate) fn inner(&self, key: &str) -> Result<Option<Object<'a>>, RecordError> {
        self.get(key).map(|node| node.object()).transpose()
    }

    /// The text or number of that name as text: what recorders use for ids.
    pub(crate) fn label(&self, key: &str) -> Option<String> {
        self.get(key).filter(|node| !node.is_object() && !node.is_list()).map(|node| node.plain())
    }

    /// An error about a member that has no place in the format.
    pub(crate) fn undeclared(&self, key: &str, known: &'static [&'static str]) -> RecordError {
        self.node.member(key, self.node.raw).error(RecordErrorKind::Undeclared { known })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_place() -> Result<(), RecordError> {
        let text = Text::new("{\n \"runs\": [\n  {\"n\": 1},\n  {\"n\": \"x\"}\n ]}".into(), 10);
        let root = text.node(text.as_str(), String::new()).object()?;
        let runs = root.require("runs")?.list()?;
        assert_eq!(runs[1].place(), Place { line: 13, pointer: "/runs/1".into() });
        let error = runs[1].object()?.require("n")?.count().err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("line 13, /runs/1, `n`: must be a whole number, found a text"));
        let error = runs[0].object()?.require("m").err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("line 12, /runs/0, `m`: missing"));
        Ok(())
    }

    #[test]
    fn a_key_that_repeats_is_an_error() {
        let text = Text::new("{\"a\": 1, \"\\u0061\": 2}".into(), 1);
        let error = text.node(text.as_str(), String::new()).object().err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("line 1, `a`: stands twice"));
    }

    #[test]
    fn columns_count_from_the_line() {
        let text = Text::new("{\n  \"a\": oops}".into(), 1);
        let error = text.node(text.as_str(), String::new()).object().err();
        assert!(matches!(
            error,
            Some(RecordError { place: Place { line: 2, .. }, kind: RecordErrorKind::Syntax { column: 8, .. }, .. })
        ));
    }
}
