//! Reading tables of TOML key by key, with every mistake noted at its place.

use std::ops::Range;

use agentpol::diagnostics::nearest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ManifestError, ManifestErrorKind};

/// A value and where it stands.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// The mistakes found so far.
#[derive(Debug)]
pub(super) struct Problems<'t> {
    text: &'t str,
    errors: Vec<ManifestError>,
}

impl<'t> Problems<'t> {
    pub(super) fn new(text: &'t str) -> Problems<'t> {
        Problems { text, errors: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// Notes a mistake at these bytes.
    pub(super) fn add(&mut self, span: Range<usize>, kind: ManifestErrorKind) {
        let (line, column) = self.position(span.start);
        self.errors.push(ManifestError { span, line, column, kind });
    }

    pub(super) fn wrong_type(&mut self, key: &str, value: &Value<'_>, expected: &'static str) {
        let found = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "a truth value",
            DeValue::Datetime(_) => "a time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.add(value.span(), ManifestErrorKind::WrongType { key: key.to_owned(), expected, found });
    }

    pub(super) fn bad_value(&mut self, key: &str, value: &Value<'_>, expected: impl Into<String>) {
        self.add(value.span(), ManifestErrorKind::BadValue { key: key.to_owned(), expected: expected.into() });
    }

    /// The line and the column in characters of a byte, from 1.
    pub(super) fn position(&self, at: usize) -> (u32, u32) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }

    /// All mistakes, in the order in which they stand.
    pub(super) fn finish(mut self) -> Vec<ManifestError> {
        self.errors.sort_by_key(|error| error.span.start);
        self.errors
    }
}

/// A table whose keys are known.
#[derive(Debug)]
pub(super) struct Section<'v, 't> {
    table: &'v DeTable<'t>,
    span: Range<usize>,
}

impl<'v, 't> Section<'v, 't> {
    /// Takes a table and notes its unknown keys.
    pub(super) fn new(
        table: &'v DeTable<'t>,
        span: Range<usize>,
        known: &'static [&'static str],
        problems: &mut Problems<'_>,
    ) -> Section<'v, 't> {
        for (key, _) in table.iter() {
            let word = key.get_ref().as_ref();
            if !known.contains(&word) {
                let nearest = nearest(word, known.iter().copied()).map(str::to_owned);
                let kind = ManifestErrorKind::UnknownKey { key: word.to_owned(), nearest, known: known.to_vec() };
                problems.add(key.span(), kind);
            }
        }
        Section { table, span }
    }

    /// Whether a key that is not known was meant as this one, which has then been said.
    pub(super) fn misspells(&self, key: &str, known: &[&str]) -> bool {
        let mut words = self.table.iter().map(|(word, _)| word.get_ref().as_ref());
        words.any(|word| !known.contains(&word) && nearest(word, known.iter().copied()) == Some(key))
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&'v Value<'t>> {
        self.table.get(key)
    }

    /// The text of a key.
    pub(super) fn text(&self, key: &str, problems: &mut Problems<'_>) -> Option<String> {
        let value = self.get(key)?;
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            problems.wrong_type(key, value, "a text");
        }
        text
    }

    /// The list of texts of a key.
    pub(super) fn texts(&self, key: &str, problems: &mut Problems<'_>) -> Option<Vec<String>> {
        let value = self.get(key)?;
        texts(key, value, problems)
    }
}

/// A list of texts.
pub(super) fn texts(key: &str, value: &Value<'_>, problems: &mut Problems<'_>) -> Option<Vec<String>> {
    let Some(list) = value.get_ref().as_array() else {
        problems.wrong_type(key, value, "a list of texts");
        return None;
    };
    let mut texts = Vec::new();
    for element in list.iter() {
        match element.get_ref().as_str() {
            Some(text) => texts.push(text.to_owned()),
            None => problems.wrong_type(key, element, "a list of texts"),
        }
    }
    Some(texts)
}

/// The pairs of texts in a table.
pub(super) fn pairs(key: &str, value: &Value<'_>, problems: &mut Problems<'_>) -> Vec<(String, String)> {
    let Some(table) = value.get_ref().as_table() else {
        problems.wrong_type(key, value, "a table of texts");
        return Vec::new();
    };
    let mut pairs = Vec::new();
    for (name, value) in table.iter() {
        let name = name.get_ref().to_string();
        match value.get_ref().as_str() {
            Some(text) => pairs.push((name, text.to_owned())),
            None => problems.wrong_type(&format!("{key}.{name}"), value, "a text"),
        }
    }
    pairs
}
