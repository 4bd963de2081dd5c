//! Reading a source line by line with bounded memory.

use std::io::{self, BufRead, Read};

use crate::error::RecordErrorKind;

/// The longest line that is read as one record, in bytes.
pub const LINE_LIMIT: usize = 16 << 20;

/// The largest source that is read as one JSON document, in bytes.
pub const DOCUMENT_LIMIT: usize = 256 << 20;

/// One line, or why it could not be had.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) number: u64,
    pub(crate) text: Result<String, RecordErrorKind>,
}

/// The lines of a source that are not blank.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    reader: R,
    number: u64,
    finished: bool,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(reader: R) -> Lines<R> {
        Lines { reader, number: 0, finished: false }
    }

    /// The next line that is not blank, without its end.
    pub(crate) fn next_line(&mut self, limit: usize) -> Option<Line> {
        while !self.finished {
            let text = match self.read_line(limit) {
                Ok(None) => break,
                Ok(Some(bytes)) => bytes.and_then(into_text),
                Err(error) => {
                    self.finished = true;
                    Err(RecordErrorKind::Unreadable { message: reason(&error) })
                }
            };
            let blank = matches!(&text, Ok(text) if text.trim().is_empty());
            if !blank {
                return Some(Line { number: self.number, text });
            }
        }
        self.finished = true;
        None
    }

    /// Everything that is left, up to the limit.
    pub(crate) fn rest(mut self, limit: usize) -> Result<Vec<u8>, RecordErrorKind> {
        let mut bytes = Vec::new();
        if self.finished {
            return Ok(bytes);
        }
        let read = self.reader.by_ref().take(limit as u64 + 1).read_to_end(&mut bytes);
        match read {
            Err(error) => Err(RecordErrorKind::Unreadable { message: reason(&error) }),
            Ok(_) if bytes.len() > limit => Err(RecordErrorKind::TooLong { limit }),
            Ok(_) => Ok(bytes),
        }
    }

    /// The bytes of the next line, or that it is too long, in which case it is skipped.
    fn read_line(&mut self, limit: usize) -> io::Result<Option<Result<Vec<u8>, RecordErrorKind>>> {
        let mut line = Vec::new();
        let (mut seen, mut fits) = (false, true);
        loop {
            let buffer = match self.reader.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.number += 1;
                    return Err(error);
                }
            };
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let part = &buffer[..end.unwrap_or(buffer.len())];
            if buffer.is_empty() && !seen {
                return Ok(None);
            }
            seen = true;
            fits = fits && line.len() + part.len() <= limit;
            if fits {
                line.extend_from_slice(part);
            }
            let (consumed, at_end) = (part.len() + usize::from(end.is_some()), end.is_some() || buffer.is_empty());
            self.reader.consume(consumed);
            if at_end {
                self.number += 1;
                return Ok(Some(if fits { Ok(line) } else { Err(RecordErrorKind::TooLong { limit }) }));
            }
        }
    }
}

/// The bytes as text; a byte order mark at the front is dropped.
pub(crate) fn into_text(bytes: Vec<u8>) -> Result<String, RecordErrorKind> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        }),
        Err(error) => Err(RecordErrorKind::NotUtf8 { byte: error.utf8_error().valid_up_to() }),
    }
}

/// What the reader said, in plain words for packed files that are cut off.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ends before it should: it was cut off".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8], limit: usize) -> Vec<(u64, Result<String, RecordErrorKind>)> {
        let mut lines = Lines::new(io::BufReader::with_capacity(3, bytes));
        std::iter::from_fn(|| lines.next_line(limit)).map(|line| (line.number, line.text)).collect()
    }

    #[test]
    fn numbers_lines_and_skips_blank_ones() {
        let lines = all("\u{feff}one\r\n\n  \ntwo\nlast".as_bytes(), 100);
        assert_eq!(lines, [(1, Ok("one\r".into())), (4, Ok("two".into())), (5, Ok("last".into()))]);
        assert_eq!(all(b"", 10), []);
        assert_eq!(all(b"\n\n", 10), []);
    }

    #[test]
    fn a_bad_line_does_not_hide_the_next() {
        let lines = all(b"abc\xff\n0123456789\nok\n", 5);
        assert_eq!(lines[0], (1, Err(RecordErrorKind::NotUtf8 { byte: 3 })));
        assert_eq!(lines[1], (2, Err(RecordErrorKind::TooLong { limit: 5 })));
        assert_eq!(lines[2], (3, Ok("ok".into())));
    }
}
