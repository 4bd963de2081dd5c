//! No input makes an importer panic or hang, and what comes before a breakage is still read.

use std::error::Error;
use std::fs;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::LazyLock;

use agentpol_trace::{Format, LINE_LIMIT, OpenOptions, RecordErrorKind, Recording, unpack};
use proptest::prelude::*;
use proptest::sample;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Imports bytes as these formats; the number of items is bounded by their length.
fn import(bytes: &[u8], formats: impl IntoIterator<Item = Option<Format>>) {
    for format in formats {
        let Ok(reader) = unpack(bytes) else { continue };
        if let Ok(recording) = Recording::open("any", reader, OpenOptions { format, mapping: None }) {
            // An archive may hold more than its own length, at most a thousand times that.
            let most = if bytes.starts_with(b"PK") { bytes.len() * 1_000 } else { bytes.len() };
            assert!(recording.take(most + 2).count() <= most + 1);
        }
    }
}

fn import_all_ways(bytes: &[u8]) {
    import(bytes, Format::ALL.map(Some).into_iter().chain([None]));
}

/// A sample and the format that its folder says.
type Sample = (Option<Format>, Vec<u8>);

fn samples() -> Outcome<Vec<Sample>> {
    let mut samples = Vec::new();
    for folder in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples"))? {
        let folder = folder?.path();
        let format = folder.file_name().and_then(|name| name.to_str()).and_then(Format::from_name);
        for file in fs::read_dir(folder)? {
            let path = file?.path();
            if path.extension().is_none_or(|extension| extension != "expected") {
                samples.push((format, fs::read(path)?));
            }
        }
    }
    samples.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(samples)
}

#[test]
fn every_sample_as_every_format() -> Outcome {
    for (_, sample) in samples()? {
        import_all_ways(&sample);
    }
    Ok(())
}

#[test]
fn cut_off_anywhere() -> Outcome {
    for (format, sample) in samples()? {
        for end in (0..sample.len()).step_by(23) {
            import(&sample[..end], [format, None]);
        }
    }
    Ok(())
}

#[test]
fn one_byte_changed_anywhere() -> Outcome {
    for (format, mut sample) in samples()? {
        for at in (0..sample.len()).step_by(61) {
            let before = sample[at];
            for byte in [b'"', b'{', b'}', b'\n', 0xff, b'0'] {
                sample[at] = byte;
                import(&sample, [format, None]);
            }
            sample[at] = before;
        }
    }
    Ok(())
}

/// One change to the bytes of a sample, at a place between 0 and 1.
#[derive(Clone, Debug)]
enum Change {
    Set(f64, u8),
    Remove(f64, usize),
    Repeat(f64, usize),
    Insert(f64, &'static str),
    /// Puts a value in the place of another.
    Value(f64, &'static str),
}

const PIECES: [&str; 10] =
    ["null", "[]", "{}", "\"\"", "-1", "1e999", "\u{feff}", "\"\\ud800\"", "[[[[[[[[", "{\"type\":\"tool\"}"];

fn change() -> impl Strategy<Value = Change> {
    let at = || 0.0..1.0_f64;
    let piece = || sample::select(&PIECES[..]);
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (at(), 1..200_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        (at(), 1..200_usize).prop_map(|(at, length)| Change::Repeat(at, length)),
        (at(), piece()).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (at(), piece()).prop_map(|(at, piece)| Change::Value(at, piece)),
    ]
}

fn changed(mut bytes: Vec<u8>, change: &Change) -> Vec<u8> {
    let place = |at: f64| (bytes.len() as f64 * at) as usize;
    let part = |at: f64, length: usize| place(at)..(place(at) + length).min(bytes.len());
    match change {
        _ if bytes.is_empty() => {}
        Change::Set(at, byte) => {
            let at = place(*at);
            bytes[at] = *byte;
        }
        Change::Remove(at, length) => {
            bytes.drain(part(*at, *length));
        }
        Change::Repeat(at, length) => {
            let part = part(*at, *length);
            let again = bytes[part.clone()].to_vec();
            bytes.splice(part.end..part.end, again);
        }
        Change::Insert(at, piece) => {
            let at = place(*at);
            bytes.splice(at..at, piece.bytes());
        }
        Change::Value(at, piece) => {
            // From behind the next colon to the comma or the end of the object behind that.
            let Some(start) = bytes[place(*at)..].iter().position(|byte| *byte == b':') else { return bytes };
            let start = place(*at) + start + 1;
            let length = bytes[start..].iter().position(|byte| matches!(byte, b',' | b'}')).unwrap_or(0);
            bytes.splice(start..start + length, piece.bytes());
        }
    }
    bytes
}

static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| samples().unwrap_or_default());

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn no_change_makes_an_importer_panic(
        which in any::<sample::Index>(),
        other in any::<sample::Index>(),
        changes in proptest::collection::vec(change(), 1..6),
    ) {
        let samples = &*SAMPLES;
        let (format, sample) = samples[which.index(samples.len())].clone();
        let bytes = changes.iter().fold(sample, changed);
        import(&bytes, [format, None, Some(Format::ALL[other.index(Format::ALL.len())])]);
    }

    #[test]
    fn two_recordings_in_one_file_are_no_trouble(one in any::<sample::Index>(), other in any::<sample::Index>()) {
        let samples = &*SAMPLES;
        let (format, mut bytes) = samples[one.index(samples.len())].clone();
        bytes.push(b'\n');
        bytes.extend_from_slice(&samples[other.index(samples.len())].1);
        import(&bytes, [format, None]);
    }
}

#[test]
fn nested_ten_thousand_deep() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        import_all_ways(deep.as_bytes());
        import_all_ways(open.repeat(10_000).as_bytes());
        import_all_ways(format!("{{\"tool\": \"t\", \"args\": {{\"x\": {deep}}}}}").as_bytes());
        import_all_ways(format!("{{\"messages\": {deep}}}").as_bytes());
        import_all_ways(format!("{{\"tasks\": [], \"simulations\": [{deep}]}}").as_bytes());
    }
}

#[test]
fn a_reader_that_fails_ends_the_recording_with_an_error() -> Outcome {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the stream breaks off"))
        }
    }
    let good = "{\"tool\": \"t\", \"args\": {}}\n".repeat(3);
    let reader = BufReader::new(good.as_bytes().chain(Broken));
    let items: Vec<_> = Recording::open("broken", reader, OpenOptions::default())?.collect();
    assert_eq!(items.iter().filter(|item| item.is_ok()).count(), 3);
    let last = items.last().and_then(|item| item.as_ref().err()).map(|error| (error.place.line, &error.kind));
    assert_eq!(last, Some((4, &RecordErrorKind::Unreadable { message: "the stream breaks off".into() })));
    assert_eq!(items.len(), 4);
    Ok(())
}

#[test]
fn a_long_recording_is_read_line_by_line() -> Outcome {
    let line: &[u8] = b"{\"tool\": \"t\", \"args\": {\"n\": 1}}\n";
    let mut recording = Recording::open("endless", BufReader::new(Endless(line, 0)), OpenOptions::default())?;
    let action = recording.nth(99_999).ok_or("an end")??;
    assert_eq!((action.seq, action.place.line), (100_000, 100_000));
    Ok(())
}

/// The same bytes again and again.
struct Endless(&'static [u8], usize);

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = (self.0.len() - self.1).min(buffer.len());
        buffer[..length].copy_from_slice(&self.0[self.1..self.1 + length]);
        self.1 = (self.1 + length) % self.0.len();
        Ok(length)
    }
}

#[test]
fn calls_that_are_never_answered_are_not_held_for_ever() -> Outcome {
    let lines: [(&[u8], Format); 3] = [
        (
            b"{\"hook_event_name\": \"PreToolUse\", \"session_id\": \"s\", \"tool_name\": \"Bash\", \"tool_input\": {}}\n",
            Format::ClaudeCodeHooks,
        ),
        (
            b"{\"type\": \"function_call\", \"call_id\": \"c\", \"name\": \"t\", \"arguments\": \"{}\"}\n",
            Format::Responses,
        ),
        (
            b"{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"tools/call\", \"params\": {\"name\": \"t\"}}\n",
            Format::Mcp,
        ),
    ];
    for (line, format) in lines {
        let mut recording = Recording::open("endless", BufReader::new(Endless(line, 0)), OpenOptions::default())?;
        assert_eq!(recording.format(), format);
        assert_eq!(recording.nth(9_999).ok_or("an end")??.seq, 10_000);
    }
    Ok(())
}

#[test]
fn a_hundred_megabytes_on_one_line_are_skipped() -> Outcome {
    let good: &[u8] = b"{\"tool\": \"t\", \"args\": {}}\n";
    let long = Endless(b"{\"tool\": \"", 0).take(100 << 20);
    let reader = BufReader::with_capacity(1 << 16, good.chain(long).chain(&b"\n"[..]).chain(good));
    let items: Vec<_> = Recording::open("long", reader, OpenOptions::default())?.collect();
    assert_eq!(items.len(), 3);
    let error = items[1].as_ref().err().map(|error| (error.place.line, error.kind.clone()));
    assert_eq!(error, Some((2, RecordErrorKind::TooLong { limit: LINE_LIMIT })));
    assert_eq!(items[2].as_ref().map(|action| action.place.line), Ok(3));
    Ok(())
}
