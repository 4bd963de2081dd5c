//! Recorded actions of agents: one model, and one importer for each format they are written in.
//!
//! [`Recording::open`] takes a reader and yields [`Action`]s in the order in which the agent asked for them. Line
//! formats are read line by line, with a bounded number of calls held back whose answers come on later lines; the formats
//! that are one JSON document are held in memory once and read run by run. [`unpack`] reads what comes packed.
//! What is wrong with one record is a [`RecordError`] in its place, and the records after it are still read.
//!
//! Arguments are kept as the exact text that was recorded: `1.10` stays `1.10`, and text that is no JSON stays text.
//! Nothing here opens files, and nothing here ever runs a tool.

mod action;
mod archive;
mod conversation;
mod detect;
mod document;
mod error;
mod format;
mod importers;
mod json;
mod lines;
mod mapping;
mod names;
mod origin;
mod python;
mod recording;
mod runs;
mod time;
mod unpack;
mod yaml;

pub use action::{
    Action, Arguments, Expectation, Heard, Issuer, Obstacle, Outcome, Place, Recorded, Ruling, Speaker, ToolResult,
    Trace, Turn,
};
pub use error::{OpenError, RecordError, RecordErrorKind};
pub use format::Format;
pub use json::RawJson;
pub use lines::{DOCUMENT_LIMIT, LINE_LIMIT};
pub use mapping::{Mapping, MappingError, RECORD_FIELDS};
pub use names::recording_stem;
pub use origin::{Answerer, Found, Held, Origin, Provenance, Step};
pub use recording::{OpenOptions, Recording};
pub use unpack::{UNPACKED_LIMIT, unpack};
pub use yaml::yaml_to_json;
