//! Standard output and standard error: colours where they are wanted, and closed pipes that end nothing but the text.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;

use crate::escape;

/// When colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` has them everywhere
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Both streams.
pub(crate) struct Terminal {
    /// What was asked for.
    pub(crate) out: Page,
    /// What went wrong and what goes on.
    pub(crate) err: Page,
}

impl Terminal {
    /// Opens both streams with their choice of colours.
    pub(crate) fn open(color: Color) -> Terminal {
        let wanted = |automatic: ColorChoice| match color {
            Color::Auto => automatic != ColorChoice::Never,
            Color::Always => true,
            Color::Never => false,
        };
        let out = wanted(AutoStream::choice(&io::stdout()));
        let err = wanted(AutoStream::choice(&io::stderr()));
        Terminal { out: Page::new(Box::new(io::stdout()), out), err: Page::new(Box::new(io::stderr()), err) }
    }

    /// Returns whether a person is watching standard error.
    pub(crate) fn is_watched(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// Writes out what is held back, and returns why standard output could not take it, if it could not.
    pub(crate) fn finish(&mut self) -> Option<io::Error> {
        self.err.flush();
        self.out.flush();
        self.out.failure.take()
    }
}

/// The look of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Good.
    Green,
    /// Bad.
    Red,
    /// Worth a look.
    Yellow,
    /// A heading.
    Bold,
    /// Less important.
    Dim,
}

/// One stream.
pub(crate) struct Page {
    stream: BufWriter<Box<dyn Write>>,
    colored: bool,
    closed: bool,
    failure: Option<io::Error>,
}

impl Page {
    fn new(stream: Box<dyn Write>, colored: bool) -> Page {
        Page { stream: BufWriter::new(stream), colored, closed: false, failure: None }
    }

    /// Returns whether it takes colours.
    pub(crate) fn colored(&self) -> bool {
        self.colored
    }

    /// Writes text as it is. After the reader has gone away nothing is written and nothing fails: `polc test | head`
    /// still ends with the code of the test.
    pub(crate) fn text(&mut self, text: impl Display) {
        if self.closed {
            return;
        }
        let written = write!(self.stream, "{text}");
        self.note(written);
    }

    /// Writes a line.
    pub(crate) fn line(&mut self, text: impl Display) {
        self.text(format_args!("{text}\n"));
    }

    /// Writes bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        if !self.closed {
            let written = self.stream.write_all(bytes);
            self.note(written);
        }
    }

    /// Returns the text in this colour, if the page takes colours.
    pub(crate) fn ink(&self, ink: Ink, text: impl Display) -> String {
        if !self.colored {
            return text.to_string();
        }
        let code = match ink {
            Ink::Green => "32",
            Ink::Red => "31",
            Ink::Yellow => "33",
            Ink::Bold => "1",
            Ink::Dim => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// Writes `error: ...` and, if given, `help: ...`.
    pub(crate) fn problem(&mut self, text: &str, help: Option<&str>) {
        let word = self.ink(Ink::Red, "error");
        self.line(format_args!("{word}: {}", escape::lines(text)));
        if let Some(help) = help {
            let word = self.ink(Ink::Green, "help");
            self.line(format_args!("{word}: {}", escape::lines(help)));
        }
    }

    /// Writes out what is held back.
    pub(crate) fn flush(&mut self) {
        if !self.closed {
            let written = self.stream.flush();
            self.note(written);
        }
    }

    fn note(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            self.closed = true;
            if error.kind() != io::ErrorKind::BrokenPipe {
                self.failure = Some(error);
            }
        }
    }
}
