//! What is wrong in a policy, as data.

use crate::{Code, Kind, SourceMap, Span};

/// How much a diagnostic weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; changes nothing.
    Note,
    /// Probably not meant; the policy still builds.
    Warning,
    /// Wrong; nothing is built.
    Error,
}

impl Severity {
    /// Returns the word for people and for JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// A place with a few words on what it has to do with the mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// The words; may be empty for the place alone.
    pub text: String,
}

/// One mistake: a title in the author's words, the smallest place that is wrong, why we think so, and an edit to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable code.
    pub code: Code,
    /// The weight, the code's own unless the project sets another.
    pub severity: Severity,
    /// What is wrong: lower case, no full stop, names in back-quotes.
    pub title: String,
    /// The wrong place first, then at most two that say why.
    pub labels: Vec<Label>,
    /// An edit to make, with the text to type.
    pub help: Option<String>,
}

impl Diagnostic {
    /// Makes a diagnostic of the code's own severity at the place that is wrong.
    pub fn new(code: Code, title: impl Into<String>, span: Span, label: impl Into<String>) -> Self {
        let severity = match code.kind() {
            Kind::Error => Severity::Error,
            Kind::Lint => Severity::Warning,
        };
        let labels = vec![Label { span, text: label.into() }];
        Diagnostic { code, severity, title: title.into(), labels, help: None }
    }

    /// Adds a place that says why.
    #[must_use]
    pub fn because(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Sets the edit to make.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Sets the edit to make where there is one.
    #[must_use]
    pub fn maybe_help(mut self, text: Option<String>) -> Self {
        self.help = text.or(self.help);
        self
    }

    /// Returns the place that is wrong.
    pub fn span(&self) -> Span {
        self.labels.first().map(|label| label.span).unwrap_or_default()
    }
}

/// The mistakes found so far.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    all: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Makes an empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one, unless the same code already stands at the same place.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let known = |old: &Diagnostic| old.code == diagnostic.code && old.span() == diagnostic.span();
        if !self.all.iter().rev().take(16).any(known) {
            self.all.push(diagnostic);
        }
    }

    /// Adds all of another list.
    pub fn extend(&mut self, other: Diagnostics) {
        self.all.extend(other.all);
    }

    /// Returns whether any is an error.
    pub fn has_errors(&self) -> bool {
        self.all.iter().any(|d| d.severity == Severity::Error)
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Returns them in the order found.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.all.iter()
    }

    /// Returns them for changing, as a project does that sets its own lint levels.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Diagnostic> {
        self.all.iter_mut()
    }

    /// Keeps those for which `keep` holds.
    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.all.retain(keep);
    }

    /// Sorts by file name, place and code, so that the order of files on a command line never shows.
    pub fn sort(&mut self, sources: &SourceMap) {
        let key = |d: &Diagnostic| {
            let span = d.span();
            (sources.locate(span).0.to_owned(), span.start, span.end, d.code)
        };
        self.all.sort_by_cached_key(key);
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.into_iter()
    }
}
