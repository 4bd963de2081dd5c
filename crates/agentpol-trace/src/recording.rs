//! A recording being read: actions in order, errors in their places.

use std::collections::VecDeque;
use std::io::{BufRead, Read as _};

use crate::action::{Action, Place};
use crate::archive::{Archive, is_archive};
use crate::detect::detect;
use crate::document::Text;
use crate::error::{OpenError, RecordError, RecordErrorKind};
use crate::format::Format;
use crate::importers::{self, Importer, Setting};
use crate::json;
use crate::lines::{DOCUMENT_LIMIT, LINE_LIMIT, Line, Lines, into_text};
use crate::mapping::Mapping;
use crate::runs::Document;

/// How many lines are looked at to tell the format; transcripts may begin with lines of another kind.
const DETECTION_LINES: usize = 64;
/// How many bytes of them.
const DETECTION_BYTES: usize = 64 << 20;

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
    importer: Box<dyn Importer>,
    source: Source<R>,
    ready: VecDeque<Result<Action, RecordError>>,
    seq: u64,
}

#[derive(Debug)]
enum Source<R> {
    Lines { first: VecDeque<Line>, rest: Lines<R> },
    Document(Document),
    Archive(Archive),
    End,
}

impl<R: BufRead> Recording<R> {
    /// Opens a recording. The name is only carried: into traces that have no id of their own.
    ///
    /// # Errors
    /// [`OpenError`] when the format cannot be told, is not read yet, or the first bytes cannot be read.
    pub fn open(name: &str, mut reader: R, options: OpenOptions) -> Result<Recording<R>, OpenError> {
        let OpenOptions { format, mapping } = options;
        let format = if mapping.is_some() { Some(Format::Own) } else { format };
        let (format, source) = match archive(&mut reader, format)? {
            Some(archive) => (Format::Inspect, Source::Archive(archive)),
            None => open_text(reader, format)?,
        };
        let importer = importers::importer(format);
        Ok(Recording { name: name.to_owned(), format, mapping, importer, source, ready: VecDeque::new(), seq: 0 })
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
        let importer = self.importer.as_mut();
        let items = match &mut self.source {
            Source::Lines { first, rest } => match first.pop_front().or_else(|| rest.next_line(LINE_LIMIT)) {
                Some(Line { text: Ok(text), number }) => {
                    let text = Text::new(text, number);
                    Some(importer.line(&text, setting))
                }
                Some(Line { text: Err(kind), number }) => Some(vec![Err(line_error(number, kind))]),
                None => None,
            },
            Source::Document(document) => document.next_run(importer, setting),
            Source::Archive(archive) => archive.next_sample(importer, setting),
            Source::End => return false,
        };
        match items {
            Some(items) => self.ready.extend(items),
            None => {
                self.ready.extend(self.importer.finish());
                self.source = Source::End;
            }
        }
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

/// Opens what is no archive.
fn open_text<R: BufRead>(reader: R, format: Option<Format>) -> Result<(Format, Source<R>), OpenError> {
    let mut rest = Lines::new(reader);
    let mut first = VecDeque::new();
    pull(&mut rest, &mut first, DOCUMENT_LIMIT)?;
    let by_lines = match format {
        Some(Format::Own) => true,
        Some(format) if format.around().is_some() => false,
        Some(_) | None => looks_like_lines(&mut rest, &mut first)?,
    };
    if !by_lines {
        let text = gather(first, rest)?;
        let format = format.map_or_else(|| detect(&text), Ok)?;
        return Ok((format, Source::Document(Document::new(text, format))));
    }
    let format = format.map_or_else(|| detect_lines(&mut rest, &mut first), Ok)?;
    // One line may hold a whole document.
    if format.around().is_some() {
        return Ok((format, Source::Document(Document::new(gather(first, rest)?, format))));
    }
    Ok((format, Source::Lines { first, rest }))
}

/// The archive that the reader holds, where it is one and that can be.
fn archive(reader: &mut impl BufRead, format: Option<Format>) -> Result<Option<Archive>, OpenError> {
    let begins = reader.fill_buf().is_ok_and(is_archive);
    if !begins || format.is_some_and(|format| format != Format::Inspect) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    match reader.take(DOCUMENT_LIMIT as u64 + 1).read_to_end(&mut bytes) {
        Err(error) => Err(OpenError::Unreadable { message: error.to_string() }),
        Ok(_) if bytes.len() > DOCUMENT_LIMIT => Err(OpenError::TooLong { limit: DOCUMENT_LIMIT }),
        Ok(_) => Archive::new(bytes).map(Some),
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
    let is_text = !head.trim().is_empty() && !head.trim_start().starts_with('{');
    if is_text || json::RawJson::parse(&head).is_ok() {
        return Ok(true);
    }
    pull(rest, first, LINE_LIMIT)?;
    Ok(text(first.get(1)).starts_with('{'))
}

/// The format of a source of lines: that of the first line which any format recognises.
fn detect_lines<R: BufRead>(rest: &mut Lines<R>, first: &mut VecDeque<Line>) -> Result<Format, OpenError> {
    let mut failure = None;
    let mut bytes = 0;
    for index in 0..DETECTION_LINES {
        if bytes > DETECTION_BYTES || index >= first.len() && !pull(rest, first, LINE_LIMIT)? {
            break;
        }
        let Some(Line { text: Ok(text), .. }) = first.get(index) else { continue };
        bytes += text.len();
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
