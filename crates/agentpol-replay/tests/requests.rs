//! Each manifest under `requests/` says how the recording beside it is read; the requests that come out are compared with
//! the file that ends in `.expected`. Run with `BLESS=1` to write those anew, and read the difference before you keep it.

use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use agentpol_replay::{Manifest, NotEvaluable, request};
use agentpol_trace::{OpenOptions, Recording};

fn render(path: &Path) -> Result<String, Box<dyn Error>> {
    let mut out = String::new();
    let manifest = Manifest::parse(&fs::read_to_string(path)?).map_err(|errors| format!("{errors:?}"))?;
    let entry = manifest.recordings.first().ok_or("no recording")?;
    let options = OpenOptions { format: entry.format, mapping: entry.mapping.clone() };
    let file = BufReader::new(File::open(path.with_file_name(&entry.path))?);
    for action in Recording::open(&entry.path, file, options)? {
        let action = action?;
        match request(&action, entry) {
            Ok(request) => {
                serde_json::from_str::<serde_json::Value>(&request.json)?;
                let (fixed, assumed) = (request.fixed_clock, request.assumed_credential);
                writeln!(out, "{}\n    fixed clock {fixed}, assumed credential {assumed}", request.json)?;
            }
            Err(reason) => {
                let remedy = NotEvaluable::remedy(reason.name());
                assert!(!remedy.is_empty(), "{reason:?}");
                writeln!(out, "{}: {reason:?}\n    {remedy}", reason.name())?;
            }
        }
    }
    Ok(out)
}

#[test]
fn records_become_the_requests_that_are_expected() -> Result<(), Box<dyn Error>> {
    let mut wrong = String::new();
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/requests"))? {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let rendered = render(&path)?;
            let expected = PathBuf::from(format!("{}.expected", path.display()));
            if std::env::var_os("BLESS").is_some() {
                fs::write(&expected, &rendered)?;
            } else if fs::read_to_string(&expected).ok().as_deref() != Some(rendered.as_str()) {
                writeln!(wrong, "--- {}\n{rendered}", path.display())?;
            }
        }
    }
    assert!(wrong.is_empty(), "these requests changed:\n{wrong}");
    Ok(())
}
