//! Evaluation logs that are zip archives: a header and one JSON document for each sample.

use std::fmt;
use std::io::{Cursor, Read};

use ruzstd::decoding::StreamingDecoder;
use zip::{CompressionMethod, ZipArchive};

use crate::action::Place;
use crate::conversation::Items;
use crate::document::Text;
use crate::error::{OpenError, RecordError, RecordErrorKind};
use crate::importers::{Importer, Setting};
use crate::json::Cursor as Json;
use crate::lines::{DOCUMENT_LIMIT, into_text};
use crate::unpack::MOST_RATIO;

/// How many members an archive may have.
const MEMBERS: usize = 1 << 20;
/// Where the header of a log may be: that of a finished one, or what was written when it began.
const HEADERS: [&str; 2] = ["header.json", "_journal/start.json"];

/// Whether these first bytes of a file are those of a zip archive.
pub(crate) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// An archive and how far it has been read.
pub(crate) struct Archive {
    zip: ZipArchive<Cursor<Vec<u8>>>,
    header: Option<Text>,
    samples: std::vec::IntoIter<String>,
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive").field("samples", &self.samples).finish_non_exhaustive()
    }
}

impl Archive {
    /// Opens an archive.
    ///
    /// # Errors
    /// [`OpenError::Archive`] when it is none that can be read.
    pub(crate) fn new(bytes: Vec<u8>) -> Result<Archive, OpenError> {
        let broken = |message: String| OpenError::Archive { message };
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(error.to_string()))?;
        if zip.len() > MEMBERS {
            return Err(broken(format!("more than {MEMBERS} members")));
        }
        let mut samples: Vec<String> = zip
            .file_names()
            .filter_map(|name| name.ok().map(|name| name.into_owned()))
            .filter(|name| name.starts_with("samples/") && name.ends_with(".json"))
            .collect();
        samples.sort();
        let mut header = None;
        for name in HEADERS {
            if header.is_none() && zip.index_for_name(name).is_some() {
                let text = member(&mut zip, name).map_err(|kind| broken(format!("{name}: {kind}")))?;
                header = Some(Text::new(text, 1));
            }
        }
        if header.is_none() && samples.is_empty() {
            return Err(broken("it holds no evaluation log".to_owned()));
        }
        Ok(Archive { zip, header, samples: samples.into_iter() })
    }

    /// Reads the next sample, or nothing at the end. One that cannot be read is an error in its place.
    pub(crate) fn next_sample(&mut self, importer: &mut dyn Importer, setting: Setting<'_>) -> Option<Items> {
        let name = self.samples.next()?;
        let pointer = format!("/{name}");
        let text = match member(&mut self.zip, &name) {
            Ok(text) => Text::new(text, 1),
            Err(kind) => {
                let place = Place { line: 1, pointer };
                return Some(vec![Err(RecordError { place, field: String::new(), kind })]);
            }
        };
        let header = self.header.as_ref().and_then(|text| text.node(text.as_str().trim(), String::new()).object().ok());
        let header = header.and_then(|header| header.get("eval"));
        let setting = Setting { header: header.as_ref(), ..setting };
        Some(match Json::new(text.as_str()).value() {
            Ok(value) => importer.read(&text.node(value, pointer), setting),
            Err(mistake) => vec![Err(text.syntax(mistake.at, &pointer, mistake.message))],
        })
    }
}

/// The text of a member, within the bounds of a document.
fn member(zip: &mut ZipArchive<Cursor<Vec<u8>>>, name: &str) -> Result<String, RecordErrorKind> {
    let unreadable = |message: String| RecordErrorKind::Unreadable { message };
    let index = zip.index_for_name(name).ok_or_else(|| unreadable("no such member".to_owned()))?;
    let (method, packed) = match zip.by_index_raw(index) {
        Ok(file) => (file.compression(), file.compressed_size()),
        Err(error) => return Err(unreadable(error.to_string())),
    };
    let most = packed.saturating_mul(MOST_RATIO).max(16 << 20).min(DOCUMENT_LIMIT as u64);
    let mut bytes = Vec::new();
    let read = if method == CompressionMethod::ZSTD {
        let raw = zip.by_index_raw(index).map_err(|error| unreadable(error.to_string()))?;
        let frame = StreamingDecoder::new(raw).map_err(|error| unreadable(error.to_string()))?;
        frame.take(most + 1).read_to_end(&mut bytes)
    } else {
        let file = zip.by_index(index).map_err(|error| unreadable(error.to_string()))?;
        file.take(most + 1).read_to_end(&mut bytes)
    };
    match read {
        Err(error) => Err(unreadable(error.to_string())),
        Ok(_) if bytes.len() as u64 > most => {
            Err(RecordErrorKind::TooLong { limit: usize::try_from(most).unwrap_or(DOCUMENT_LIMIT) })
        }
        Ok(_) => into_text(bytes),
    }
}
