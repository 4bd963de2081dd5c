//! No input makes an importer panic or hang, and what comes before a breakage is still read.

use std::error::Error;
use std::fs;
use std::io::{self, BufReader, Read};
use std::path::Path;

use agentpol_trace::{Format, OpenOptions, RecordErrorKind, Recording};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Imports bytes as every format; the number of items is bounded by their length.
fn import_all_ways(bytes: &[u8]) {
    let formats = Format::ALL.map(Some).into_iter().chain([None]);
    for format in formats {
        if let Ok(recording) = Recording::open("any", bytes, OpenOptions { format, mapping: None }) {
            assert!(recording.count() <= bytes.len() + 1);
        }
    }
}

fn samples() -> Outcome<Vec<Vec<u8>>> {
    let mut samples = Vec::new();
    for folder in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples"))? {
        for file in fs::read_dir(folder?.path())? {
            let path = file?.path();
            if path.extension().is_none_or(|extension| extension != "expected") {
                samples.push(fs::read(path)?);
            }
        }
    }
    Ok(samples)
}

#[test]
fn cut_off_anywhere() -> Outcome {
    for sample in samples()? {
        for end in (0..sample.len()).step_by(7) {
            import_all_ways(&sample[..end]);
        }
    }
    Ok(())
}

#[test]
fn one_byte_changed_anywhere() -> Outcome {
    for mut sample in samples()? {
        for at in (0..sample.len()).step_by(11) {
            let before = sample[at];
            for byte in [b'"', b'{', b'}', b'\n', 0xff, b'0'] {
                sample[at] = byte;
                import_all_ways(&sample);
            }
            sample[at] = before;
        }
    }
    Ok(())
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
    struct Endless(&'static [u8], usize, usize);
    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = (self.0.len() - self.1).min(buffer.len());
            buffer[..length].copy_from_slice(&self.0[self.1..self.1 + length]);
            self.1 = (self.1 + length) % self.0.len();
            self.2 += usize::from(self.1 == 0);
            Ok(length)
        }
    }
    let mut recording = Recording::open("endless", BufReader::new(Endless(line, 0, 0)), OpenOptions::default())?;
    let action = recording.nth(99_999).ok_or("an end")??;
    assert_eq!((action.seq, action.place.line), (100_000, 100_000));
    Ok(())
}
