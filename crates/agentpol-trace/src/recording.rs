//! A recording being read: actions in order, errors in their places.

use std::collections::VecDeque;
use std::io::BufRead;

use crate::action::{Action, Place};
use crate::conversation::Items;
use crate::detect::detect;
use crate::document::Text;
use crate::error::{OpenError, RecordError, RecordErrorKind};
use crate::format::Format;
use crate::importers::{self, Setting};
use crate::json::{self, Cursor};
use crate::lines::{DOCUMENT_LIMIT, LINE_LIMIT, Line, Lines, into_text};
use crate::mapping::Mapping;
use crate::runs::Document;

/// How many lines are looked at to tell the format; transcripts may begin with lines of another kind.
const DETECTION_LINES: usize = 32;

/// What the caller knows about a recording.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// The format; told from the first object where it is not given.
    pub format: Option<Format>,
    /// Which fields of foreign JSON Lines hold what. With it the format is our own.
    pub mapping: Option<Mapping>,
}

/// An open recording: an iterator over its actions.
///
/// Line formats take the memory of one line at a time (at most [`LINE_LIMIT`]), documents that of the document (at most
/// [`DOCUMENT_LIMIT`]) and one run. After an [`RecordErrorKind::Unreadable`] nothing follows.
#[derive(Debug)]
pub struct Recording<R> {
    name: String,
    format: Format,
    mapping: Option<Mapping>,
    source: Source<R>,
    ready: VecDeque<Result<Action, RecordError>>,
    seq: u64,
}

#[derive(Debug)]
enum Source<R> {
    Lines { first: VecDeque<Line>, rest: Lines<R> },
    Document(Document),
}

impl<R: BufRead> Recording<R> {
    /// Opens a recording. The name is only carried: into traces that have no id of their own.
    ///
    /// # Errors
    /// [`OpenError`] when the format cannot be told, is not read yet, or the first bytes cannot be read.
    pub fn open(name: &str, reader: R, options: OpenOptions) -> Result<Recording<R>, OpenError> {
        let OpenOptions { format, mapping } = options;
        let format = if mapping.is_some() { Some(Format::Own) } else { format };
        let mut rest = Lines::new(reader);
        let mut first = VecDeque::new();
        pull(&mut rest, &mut first, DOCUMENT_LIMIT)?;
        let by_lines = match format {
            Some(Format::Own) => true,
            Some(Format::Tau2Bench) => false,
            Some(_) | None => looks_like_lines(&mut rest, &mut first)?,
        };
        let (format, source) = if by_lines {
            let format = format.map_or_else(|| detect_lines(&mut rest, &mut first), Ok)?;
            (format, Source::Lines { first, rest })
        } else {
            let text = gather(first, rest)?;
            let format = format.map_or_else(|| detect(&text), Ok)?;
            (format, Source::Document(Document::new(text, format)))
        };
        let source = match source {
            // One line may hold a whole document.
            Source::Lines { first, rest } if format == Format::Tau2Bench => {
                Source::Document(Document::new(gather(first, rest)?, format))
            }
            source => source,
        };
        Ok(Recording { name: name.to_owned(), format, mapping, source, ready: VecDeque::new(), seq: 0 })
    }

    /// The name it was opened with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The format it is read as.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Reads the next line or run; false at the end.
    fn refill(&mut self) -> bool {
        let setting = Setting { name: &self.name, mapping: self.mapping.as_ref(), header: None };
        let items = match &mut self.source {
            Source::Lines { first, rest } => {
                let Some(line) = first.pop_front().or_else(|| rest.next_line(LINE_LIMIT)) else { return false };
                match line.text {
                    Ok(text) => read_line(self.format, text, line.number, setting),
                    Err(kind) => vec![Err(line_error(line.number, kind))],
                }
            }
            Source::Document(document) => match document.next_run(setting) {
                Some(items) => items,
                None => return false,
            },
        };
        self.ready.extend(items);
        true
    }
}

impl<R: BufRead> Iterator for Recording<R> {
    type Item = Result<Action, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() {
            if !self.refill() {
                return None;
            }
        }
        let mut item = self.ready.pop_front();
        if let Some(Ok(action)) = &mut item {
            self.seq += 1;
            action.seq = self.seq;
        }
        item
    }
}

fn line_error(line: u64, kind: RecordErrorKind) -> RecordError {
    RecordError { place: Place { line, pointer: String::new() }, field: String::new(), kind }
}

/// Takes one more line to the front. An empty source is an error only when nothing was there before.
fn pull<R: BufRead>(rest: &mut Lines<R>, first: &mut VecDeque<Line>, limit: usize) -> Result<bool, OpenError> {
    match rest.next_line(limit) {
        Some(Line { text: Err(RecordErrorKind::Unreadable { message }), .. }) if first.is_empty() => {
            Err(OpenError::Unreadable { message })
        }
        Some(line) => {
            first.push_back(line);
            Ok(true)
        }
        None if first.is_empty() => Err(OpenError::Empty),
        None => Ok(false),
    }
}

/// Whether records stand one a line: the first line is an object by itself, or the second begins one at its margin.
fn looks_like_lines<R: BufRead>(rest: &mut Lines<R>, first: &mut VecDeque<Line>) -> Result<bool, OpenError> {
    let text = |line: Option<&Line>| line.and_then(|line| line.text.as_ref().ok()).cloned().unwrap_or_default();
    let head = text(first.front());
    if head.trim_start().starts_with('[') {
        return Ok(false);
    }
    if json::RawJson::parse(&head).is_ok() {
        return Ok(true);
    }
    pull(rest, first, LINE_LIMIT)?;
    Ok(text(first.get(1)).starts_with('{'))
}

/// The format of a source of lines: that of the first line which any format recognises.
fn detect_lines<R: BufRead>(rest: &mut Lines<R>, first: &mut VecDeque<Line>) -> Result<Format, OpenError> {
    let mut failure = None;
    for index in 0..DETECTION_LINES {
        if index >= first.len() && !pull(rest, first, LINE_LIMIT)? {
            break;
        }
        let Some(Line { text: Ok(text), .. }) = first.get(index) else { continue };
        match detect(text) {
            Err(error @ (OpenError::Unrecognised { .. } | OpenError::NotJson)) => {
                failure.get_or_insert(error);
            }
            told => return told,
        }
    }
    Err(failure.unwrap_or(OpenError::NotJson))
}

/// The whole source as one text, each line at its number.
fn gather<R: BufRead>(first: VecDeque<Line>, rest: Lines<R>) -> Result<String, OpenError> {
    let mut text = String::new();
    let mut number = 1;
    for line in first {
        while number < line.number {
            text.push('\n');
            number += 1;
        }
        text.push_str(&line.text.map_err(|kind| whole(kind, text.len()))?);
    }
    text.push('\n');
    let rest = rest.rest(DOCUMENT_LIMIT).and_then(into_text);
    match rest {
        Ok(rest) => Ok(text + &rest),
        Err(kind) => Err(whole(kind, text.len())),
    }
}

/// What is wrong with a part of a document is wrong with all of it; the part begins at this byte.
fn whole(kind: RecordErrorKind, start: usize) -> OpenError {
    match kind {
        RecordErrorKind::NotUtf8 { byte } => OpenError::NotUtf8 { byte: start + byte },
        RecordErrorKind::TooLong { limit } => OpenError::TooLong { limit },
        other => OpenError::Unreadable { message: other.to_string() },
    }
}

fn read_line(format: Format, text: String, number: u64, setting: Setting<'_>) -> Items {
    let text = Text::new(text, number);
    let mut cursor = Cursor::new(text.as_str());
    let value = cursor.value().and_then(|value| match cursor.peek() {
        None => Ok(value),
        Some(_) => Err(cursor.mistake("more text behind the end of the object")),
    });
    match value {
        Ok(value) => importers::read(format, &text.node(value, String::new()), setting),
        Err(mistake) => vec![Err(text.syntax(mistake.at, "", mistake.message))],
    }
}
