//! One source: which of the two forms it has, and its text line by line or as a whole.

use crate::problem::{Problem, ProblemKind};
use crate::records::{Builder, Place};
use crate::{lines, scim};
use std::io::{self, BufRead, Read};

/// The largest line of JSON Lines.
const MAX_LINE: u64 = 16 << 20;
/// The largest SCIM document.
const MAX_DOCUMENT: u64 = 1 << 30;

impl Builder {
    /// Reads a source. What is wrong with it is kept for [`finish`](Builder::finish), and the rest still read.
    ///
    /// JSON Lines are read one at a time. A SCIM document is told by not being a line of its own; it is held as text while
    /// its resources are read one by one.
    ///
    /// # Errors
    /// Where the reader fails.
    pub fn read(&mut self, name: &str, mut source: impl BufRead) -> io::Result<()> {
        let file = self.file(name);
        let mut number = 0;
        let mut any = false;
        loop {
            let mut line = Vec::new();
            let read = source.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(());
            }
            number += 1;
            let place = Place { file, line: number };
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            // More than a line may have can still be a document without line ends.
            if !any && (line.len() as u64 > MAX_LINE || !lines::is_record(&line)) {
                return self.document(&line, source, place);
            }
            any = true;
            if line.len() as u64 > MAX_LINE {
                self.problem(place, ProblemKind::TooLarge);
                return Ok(());
            }
            match str::from_utf8(&line) {
                Ok(text) => lines::read(self, text.trim_end(), place),
                Err(_) => self.problem(place, ProblemKind::NotUtf8),
            }
        }
    }

    /// Reads the rest as one document.
    fn document(&mut self, start: &[u8], source: impl BufRead, place: Place) -> io::Result<()> {
        let mut bytes = start.to_vec();
        source.take(MAX_DOCUMENT + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_DOCUMENT {
            self.problem(place, ProblemKind::TooLarge);
            return Ok(());
        }
        match str::from_utf8(&bytes) {
            Ok(text) => scim::read(self, text, place),
            Err(error) => {
                let before = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() as u32;
                self.problem(Place { line: place.line + before, ..place }, ProblemKind::NotUtf8);
            }
        }
        Ok(())
    }

    /// Notes what is wrong at a place.
    pub(crate) fn problem(&mut self, place: Place, kind: ProblemKind) {
        let (file, line) = self.at(place);
        self.problems.push(Problem { file, line, kind });
    }
}
