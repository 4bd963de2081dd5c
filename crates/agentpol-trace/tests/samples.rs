//! Every file under `samples/` is imported, and what comes out is compared with the file of the same name that ends in
//! `.expected`. Run with `BLESS=1` to write those files anew, and read the difference before you keep it.

use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use agentpol_trace::{Action, Arguments, OpenOptions, Recording, unpack};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn samples() -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples"))? {
        for file in fs::read_dir(folder?.path())? {
            found.push(file?.path());
        }
    }
    found.retain(|path| path.extension().is_none_or(|extension| extension != "expected"));
    found.sort();
    Ok(found)
}

fn render(path: &Path) -> Outcome<String> {
    let mut out = String::new();
    let reader = unpack(BufReader::new(File::open(path)?))?;
    let recording = match Recording::open("sample", reader, OpenOptions::default()) {
        Ok(recording) => recording,
        Err(error) => return Ok(format!("cannot open: {error}\n")),
    };
    writeln!(out, "format {}", recording.format().name())?;
    for item in recording {
        match item {
            Ok(action) => render_action(&mut out, &action)?,
            Err(error) => writeln!(out, "! {error}")?,
        }
    }
    Ok(out)
}

fn render_action(out: &mut String, action: &Action) -> Outcome {
    let Action { seq, place, trace, issuer, tool, .. } = action;
    write!(out, "{seq} [{} {}] {} `{tool}`", place.line, place.pointer, issuer.name())?;
    let call = action.call.as_deref().unwrap_or("-");
    writeln!(out, " call {call} server {}", action.server.as_deref().unwrap_or("-"))?;
    writeln!(out, "    trace {trace:?}")?;
    match &action.args {
        Arguments::Object(json) => writeln!(out, "    args {}", json.text())?,
        other => writeln!(out, "    args {other:?}")?,
    }
    writeln!(out, "    at {:?} {:?}", action.at, action.turn)?;
    for heard in &action.heard {
        writeln!(out, "    heard {:?} {:?}", heard.by, heard.text)?;
    }
    if let Some(obstacle) = action.obstacle() {
        writeln!(out, "    not evaluable: {} {obstacle:?}", obstacle.name())?;
    }
    if action.recorded != agentpol_trace::Recorded::default() {
        writeln!(out, "    {:?}", action.recorded)?;
    }
    if let Some(ruling) = &action.ruling {
        writeln!(out, "    {ruling:?} went ahead {:?}", ruling.went_ahead())?;
    }
    if let Some(expect) = &action.expect {
        writeln!(out, "    {expect:?}")?;
    }
    match &action.result {
        Some(result) => writeln!(out, "    result {result:?}")?,
        None => writeln!(out, "    no result")?,
    }
    Ok(())
}

#[test]
fn samples_become_what_is_expected() -> Outcome {
    let mut wrong = String::new();
    for path in samples()? {
        let expected = PathBuf::from(format!("{}.expected", path.display()));
        let rendered = render(&path)?;
        if std::env::var_os("BLESS").is_some() {
            fs::write(&expected, &rendered)?;
        } else if fs::read_to_string(&expected).ok().as_deref() != Some(rendered.as_str()) {
            write!(wrong, "--- {}\n{rendered}", path.display())?;
        }
    }
    assert!(wrong.is_empty(), "these samples changed:\n{wrong}");
    Ok(())
}

#[test]
fn reading_is_by_position_and_repeatable() -> Outcome {
    for path in samples()? {
        assert_eq!(render(&path)?, render(&path)?);
    }
    Ok(())
}
