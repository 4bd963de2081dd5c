//! The runs of a JSON document, cut out one after the other, so that a document that breaks off still yields what came
//! before.

use std::ops::Range;

use crate::conversation::Items;
use crate::document::Text;
use crate::error::{RecordError, RecordErrorKind};
use crate::format::Format;
use crate::importers::{self, Setting};
use crate::json::{self, Cursor, Mistake};

/// A document and how far it has been read.
#[derive(Debug)]
pub(crate) struct Document {
    text: Text,
    format: Format,
    at: usize,
    state: State,
    header: Option<Range<usize>>,
}

/// Where in the document the next run is looked for.
#[derive(Clone, Copy, Debug)]
enum State {
    /// At its beginning.
    Start,
    /// In a list of runs, before the element of this number.
    List { of: Holder, index: usize },
    /// Among the members of the object that holds the list of runs; whether the list was there.
    Members { seen: bool, first: bool },
    /// Behind the value that is the document.
    Behind,
    /// At its end, or where it cannot be read on.
    Done,
}

/// What holds a list of runs.
#[derive(Clone, Copy, Debug)]
enum Holder {
    /// The document is the list.
    Document,
    /// The member `simulations` of the document.
    Simulations,
}

/// One step through a document.
enum Step {
    /// A run, and its pointer.
    Run(Range<usize>, String),
    /// Nothing yet.
    On,
}

impl Document {
    pub(crate) fn new(text: String, format: Format) -> Document {
        Document { text: Text::new(text, 1), format, at: 0, state: State::Start, header: None }
    }

    /// Reads the next run, or nothing at the end. A mistake in the document itself ends it.
    pub(crate) fn next_run(&mut self, setting: Setting<'_>) -> Option<Items> {
        loop {
            if matches!(self.state, State::Done) {
                return None;
            }
            match self.step() {
                Ok(Step::On) => {}
                Ok(Step::Run(range, pointer)) => return Some(self.read(range, pointer, setting)),
                Err(error) => {
                    self.state = State::Done;
                    return Some(vec![Err(error)]);
                }
            }
        }
    }

    fn read(&self, range: Range<usize>, pointer: String, setting: Setting<'_>) -> Items {
        let node = self.text.node(&self.text.as_str()[range], pointer);
        let header = self.header.clone().map(|range| self.text.node(&self.text.as_str()[range], "/info".to_owned()));
        importers::read(self.format, &node, Setting { header: header.as_ref(), ..setting })
    }

    fn step(&mut self) -> Result<Step, RecordError> {
        let mut cursor = Cursor { text: self.text.as_str(), at: self.at };
        let stepped = match self.state {
            State::Start => start(&mut cursor, self.format),
            State::List { of, index } => element(&mut cursor, of, index),
            State::Members { seen, first } => match member(&mut cursor, seen, first) {
                Ok((state, Some((key, range)))) => {
                    if key == "info" {
                        self.header = Some(range);
                    }
                    Ok((state, Step::On))
                }
                Ok((state, None)) => Ok((state, Step::On)),
                Err(mistake) => Err(mistake),
            },
            State::Behind => behind(&mut cursor),
            State::Done => Ok((State::Done, Step::On)),
        };
        let at = cursor.at;
        match stepped {
            Ok((state, step)) => {
                self.at = at;
                self.state = state;
                Ok(step)
            }
            Err(Trouble::Text(mistake)) => Err(self.text.syntax(mistake.at, "", mistake.message)),
            Err(Trouble::Field(field, kind)) => Err(RecordError {
                field: field.to_owned(),
                ..self.text.node(self.text.as_str(), String::new()).error(kind)
            }),
        }
    }
}

/// What is wrong with a document: its text, or a field at its top.
enum Trouble {
    Text(Mistake),
    Field(&'static str, RecordErrorKind),
}

impl From<Mistake> for Trouble {
    fn from(mistake: Mistake) -> Trouble {
        Trouble::Text(mistake)
    }
}

fn start(cursor: &mut Cursor<'_>, format: Format) -> Result<(State, Step), Trouble> {
    let opening = cursor.peek();
    match (format, opening) {
        (Format::Tau2Bench, Some(b'{')) => {
            cursor.take(b'{');
            Ok((State::Members { seen: false, first: true }, Step::On))
        }
        (Format::Tau2Bench, _) => {
            Err(Trouble::Field("", RecordErrorKind::WrongType { expected: "an object", found: "something else" }))
        }
        (_, Some(b'[')) if !(format == Format::OpenAi && holds_messages(*cursor)) => {
            cursor.take(b'[');
            Ok((State::List { of: Holder::Document, index: 0 }, Step::On))
        }
        _ => {
            let range = value(cursor)?;
            Ok((State::Behind, Step::Run(range, String::new())))
        }
    }
}

/// Whether the list that begins here is one of messages, so that it is a run by itself.
fn holds_messages(mut cursor: Cursor<'_>) -> bool {
    cursor.take(b'[');
    cursor.peek();
    json::members(&cursor.text[cursor.at..]).0.iter().any(|(key, _)| key == "role")
}

fn element(cursor: &mut Cursor<'_>, of: Holder, index: usize) -> Result<(State, Step), Trouble> {
    if cursor.take(b']') {
        let state = match of {
            Holder::Document => State::Behind,
            Holder::Simulations => State::Members { seen: true, first: false },
        };
        return Ok((state, Step::On));
    }
    if index > 0 && !cursor.take(b',') {
        return Err(cursor.mistake("expected `,` or `]`").into());
    }
    let range = value(cursor)?;
    let pointer = match of {
        Holder::Document => format!("/{index}"),
        Holder::Simulations => format!("/simulations/{index}"),
    };
    Ok((State::List { of, index: index + 1 }, Step::Run(range, pointer)))
}

/// A member of the object around the runs: its key and value, or nothing where it is the list of runs or the end.
type Member = (State, Option<(String, Range<usize>)>);

fn member(cursor: &mut Cursor<'_>, seen: bool, first: bool) -> Result<Member, Trouble> {
    if cursor.take(b'}') {
        return if seen {
            Ok((State::Behind, None))
        } else {
            Err(Trouble::Field("simulations", RecordErrorKind::Missing))
        };
    }
    if !first && !cursor.take(b',') {
        return Err(cursor.mistake("expected `,` or `}`").into());
    }
    let key = cursor.key()?.into_owned();
    if key != "simulations" {
        let range = value(cursor)?;
        return Ok((State::Members { seen, first: false }, Some((key, range))));
    }
    if seen {
        return Err(Trouble::Field("simulations", RecordErrorKind::Repeated));
    }
    if !cursor.take(b'[') {
        let found = json::kind(&cursor.text[cursor.at..]);
        return Err(Trouble::Field("simulations", RecordErrorKind::WrongType { expected: "a list", found }));
    }
    Ok((State::List { of: Holder::Simulations, index: 0 }, None))
}

fn behind(cursor: &mut Cursor<'_>) -> Result<(State, Step), Trouble> {
    match cursor.peek() {
        None => Ok((State::Done, Step::On)),
        Some(_) => Err(cursor.mistake("more text behind the end of the document").into()),
    }
}

fn value(cursor: &mut Cursor<'_>) -> Result<Range<usize>, Mistake> {
    let length = cursor.value()?.len();
    Ok(cursor.at - length..cursor.at)
}
