//! The runs of a JSON document, cut out one after the other, so that a document that breaks off still yields what came
//! before.

use std::ops::Range;

use crate::conversation::Items;
use crate::document::Text;
use crate::error::{RecordError, RecordErrorKind};
use crate::format::Format;
use crate::importers::{Importer, Setting};
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
    /// A member of the document.
    Member,
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
    pub(crate) fn next_run(&mut self, importer: &mut dyn Importer, setting: Setting<'_>) -> Option<Items> {
        loop {
            if matches!(self.state, State::Done) {
                return None;
            }
            match self.step() {
                Ok(Step::On) => {}
                Ok(Step::Run(range, pointer)) => return Some(self.read(range, pointer, importer, setting)),
                Err(error) => {
                    self.state = State::Done;
                    return Some(vec![Err(error)]);
                }
            }
        }
    }

    fn read(&self, range: Range<usize>, pointer: String, importer: &mut dyn Importer, setting: Setting<'_>) -> Items {
        let node = self.text.node(&self.text.as_str()[range], pointer);
        let name = self.format.around().map_or("", |(_, header)| header);
        let header = self.header.clone().map(|range| self.text.node(&self.text.as_str()[range], format!("/{name}")));
        importer.read(&node, Setting { header: header.as_ref(), ..setting })
    }

    fn step(&mut self) -> Result<Step, RecordError> {
        let mut cursor = Cursor { text: self.text.as_str(), at: self.at };
        let stepped = match self.state {
            State::Start => start(&mut cursor, self.format),
            State::List { of, index } => element(&mut cursor, of, index, self.format),
            State::Members { seen, first } => match member(&mut cursor, seen, first, self.format) {
                Ok((state, Some(header))) => {
                    self.header = Some(header);
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
    match (format.around(), cursor.peek()) {
        (Some(_), Some(b'{')) => {
            cursor.take(b'{');
            Ok((State::Members { seen: false, first: true }, Step::On))
        }
        (Some(_), _) => {
            Err(Trouble::Field("", RecordErrorKind::WrongType { expected: "an object", found: "something else" }))
        }
        (None, Some(b'[')) if !(format.runs_are_lists() && holds_messages(*cursor)) => {
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

fn element(cursor: &mut Cursor<'_>, of: Holder, index: usize, format: Format) -> Result<(State, Step), Trouble> {
    if cursor.take(b']') {
        let state = match of {
            Holder::Document => State::Behind,
            Holder::Member => State::Members { seen: true, first: false },
        };
        return Ok((state, Step::On));
    }
    if index > 0 && !cursor.take(b',') {
        return Err(cursor.mistake("expected `,` or `]`").into());
    }
    let range = value(cursor)?;
    let pointer = match (of, format.around()) {
        (Holder::Member, Some((list, _))) => format!("/{list}/{index}"),
        _ => format!("/{index}"),
    };
    Ok((State::List { of, index: index + 1 }, Step::Run(range, pointer)))
}

/// What comes after a member of the object around the runs, and that member where it is said to be true of all of them.
type Member = (State, Option<Range<usize>>);

fn member(cursor: &mut Cursor<'_>, seen: bool, first: bool, format: Format) -> Result<Member, Trouble> {
    let (list, header) = format.around().unwrap_or_default();
    if cursor.take(b'}') {
        // A log of an evaluation that never began has no samples.
        return if seen || format != Format::Tau2Bench {
            Ok((State::Behind, None))
        } else {
            Err(Trouble::Field(list, RecordErrorKind::Missing))
        };
    }
    if !first && !cursor.take(b',') {
        return Err(cursor.mistake("expected `,` or `}`").into());
    }
    let key = cursor.key()?.into_owned();
    if key != list {
        let range = value(cursor)?;
        return Ok((State::Members { seen, first: false }, (key == header).then_some(range)));
    }
    if seen {
        return Err(Trouble::Field(list, RecordErrorKind::Repeated));
    }
    if cursor.take(b'[') {
        return Ok((State::List { of: Holder::Member, index: 0 }, None));
    }
    match json::kind(&cursor.text[cursor.at..]) {
        "null" if format != Format::Tau2Bench => {
            value(cursor)?;
            Ok((State::Members { seen: true, first: false }, None))
        }
        found => Err(Trouble::Field(list, RecordErrorKind::WrongType { expected: "a list", found })),
    }
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
