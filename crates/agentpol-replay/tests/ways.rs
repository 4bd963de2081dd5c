//! A recording whose decisions hang on earlier calls, replayed in each way that a manifest and the command can ask for. What
//! comes out is compared with `ways/all.expected`. Run with `BLESS=1` to write it anew, and read the difference before
//! you keep it.

use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use agentpol::{Options, SourceMap, build, load};
use agentpol_replay::{GoldenFile, History, Manifest, Replay};

/// What is common to all ways.
const ENTRY: &str = r#"
[[recording]]
path = "runs.jsonl"
agent = "bot"
user = { id = "ana", groups = ["clerks"] }
clock = "2026-03-02T15:00:00Z"
"#;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ways")
}

#[test]
fn every_way_gives_what_is_expected() -> Result<(), Box<dyn Error>> {
    let mut sources = SourceMap::new();
    sources.add("desk.agentpol", fs::read_to_string(folder().join("desk.agentpol"))?);
    let (built, diagnostics) = build(&sources, &Options::default());
    let built = built.ok_or_else(|| format!("{diagnostics:?}"))?;
    let program = load(&built.bytes).map_err(|error| error.to_string())?;
    let mut rendered = String::new();
    for (way, lines, history) in [
        ("as recorded", "", History::AsRecorded),
        ("closed loop", "", History::ClosedLoop),
        ("together", "sessions = \"together\"", History::AsRecorded),
        ("approved as recorded", "approvals = \"as recorded\"", History::AsRecorded),
        ("approved as recorded, closed loop", "approvals = \"as recorded\"", History::ClosedLoop),
    ] {
        let manifest = Manifest::parse(&format!("{ENTRY}{lines}\n")).map_err(|errors| format!("{errors:?}"))?;
        let entry = manifest.recordings.first().ok_or("no recording")?;
        let file = BufReader::new(File::open(folder().join(&entry.path))?);
        let mut golden = String::new();
        let mut replay = Replay::new(&program).with_history(history);
        let report = replay.recording("runs.jsonl", file, entry, GoldenFile::Write(&mut golden));
        let counts = serde_json::to_string_pretty(&report.counts)?;
        writeln!(rendered, "=== {way}\n{golden}history {:?}\n{counts}", report.history)?;
    }
    let path = folder().join("all.expected");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &rendered)?;
    }
    assert_eq!(rendered, fs::read_to_string(&path)?);
    Ok(())
}
