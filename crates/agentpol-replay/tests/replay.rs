//! Recordings under `replay/` are replayed against the policy there by the real engine, and the whole report is compared
//! with `report.json.expected`. Run with `BLESS=1` to write it anew, and read the difference before you keep it.

use std::error::Error;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use agentpol::{Options, SourceMap, build, load};
use agentpol_replay::{
    Counts, GoldenFile, GoldenProblem, Manifest, RecordingEntry, RecordingReport, Replay, Report, Status, golden_name,
};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replay")
}

fn sources() -> Outcome<SourceMap> {
    let mut sources = SourceMap::new();
    sources.add("shop.agentpol", fs::read_to_string(folder().join("shop.agentpol"))?);
    Ok(sources)
}

fn entries() -> Outcome<Vec<RecordingEntry>> {
    let manifest = fs::read_to_string(folder().join("agentpol.toml"))?;
    Ok(Manifest::parse(&manifest).map_err(|errors| format!("{errors:?}"))?.recordings)
}

/// Replays everything, with the golden files that are there.
fn replay_all() -> Outcome<Report> {
    let sources = sources()?;
    let (built, diagnostics) = build(&sources, &Options::default());
    let built = built.ok_or_else(|| format!("{diagnostics:?}"))?;
    let program = load(&built.bytes).map_err(|error| error.to_string())?;
    let mut replay = Replay::new(&program);
    let mut report = Report { scenarios: replay.scenarios(&built.policy, &sources), ..Report::default() };
    for entry in entries()? {
        let file = BufReader::new(File::open(folder().join(&entry.path))?);
        let golden = fs::read_to_string(folder().join(golden_name(&entry.path))).ok();
        let golden = golden.as_deref().map_or(GoldenFile::Absent, GoldenFile::Compare);
        report.recordings.push(replay.recording(&entry.path, file, &entry, golden));
    }
    Ok(report)
}

fn find<'r>(report: &'r Report, name: &str) -> Outcome<&'r RecordingReport> {
    report.recordings.iter().find(|recording| recording.name == name).ok_or_else(|| format!("no {name}").into())
}

#[test]
fn the_report_is_as_expected() -> Outcome {
    let rendered = serde_json::to_string_pretty(&replay_all()?)? + "\n";
    let path = folder().join("report.json.expected");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &rendered)?;
    }
    assert_eq!(rendered, fs::read_to_string(&path)?);
    Ok(())
}

#[test]
fn a_changed_decision_names_old_new_and_the_rules() -> Outcome {
    let report = replay_all()?;
    let changed = find(&report, "changed.jsonl")?;
    assert_eq!(changed.counts.compared, 4);
    let lines: Vec<u64> = changed.differences.iter().map(|difference| difference.place.line).collect();
    assert_eq!(lines, [2, 3, 4]);
    let first = changed.differences.first().ok_or("no difference")?;
    assert_eq!((first.new.outcome.as_str(), first.call.as_deref()), ("allow", Some("c2")));
    let rules: Vec<(&str, u32, bool)> = first.rules.iter().map(|r| (r.rule.as_str(), r.line, r.decides)).collect();
    assert_eq!(rules, [("shop.desk: pay back", 30, true), ("shop.desk: middling refund", 36, false)]);
    Ok(())
}

#[test]
fn a_golden_file_that_does_not_fit_is_one_problem() -> Outcome {
    let report = replay_all()?;
    let problem = |name| Ok::<_, Box<dyn Error>>(find(&report, name)?.golden_problem.clone());
    assert!(matches!(problem("longer.jsonl")?, Some(GoldenProblem::Missing { line: 2, actions: 2, .. })));
    assert!(matches!(problem("shorter.jsonl")?, Some(GoldenProblem::Surplus { line: 4, lines: 2 })));
    assert!(matches!(problem("moved.jsonl")?, Some(GoldenProblem::OtherAction { line: 2, recording_line: 2, .. })));
    assert!(matches!(problem("broken_golden.jsonl")?, Some(GoldenProblem::Malformed { line: 2, .. })));
    Ok(())
}

#[test]
fn what_cannot_be_judged_is_counted_by_reason() -> Outcome {
    let report = replay_all()?;
    let counts = &find(&report, "not_evaluable.jsonl")?.counts;
    let reasons: Vec<(&str, u64)> = counts.not_evaluable.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    let one = |name| (name, 1);
    assert_eq!(
        reasons,
        [
            "arguments_unparsable",
            "no_agent",
            "no_clock",
            "no_credential",
            "no_environment",
            "no_user",
            "redacted",
            "tool_undeclared"
        ]
        .map(one)
    );
    // Another environment and another server are answers, not gaps in the recording.
    assert_eq!(counts.codes.get("tool_unknown"), Some(&2));
    assert_eq!(counts.actions, counts.decided() + counts.not_evaluable.values().sum::<u64>());
    assert_eq!(find(&report, "fresh.jsonl")?.counts.assumed_credential, 1);
    Ok(())
}

#[test]
fn blessed_decisions_pass_and_differ_by_nothing() -> Outcome {
    let sources = sources()?;
    let (built, _) = build(&sources, &Options::default());
    let program = load(&built.ok_or("no program")?.bytes).map_err(|error| error.to_string())?;
    let mut replay = Replay::new(&program);
    for entry in entries()?.into_iter().filter(|entry| entry.path != "expected.jsonl") {
        let open = || Ok::<_, std::io::Error>(BufReader::new(File::open(folder().join(&entry.path))?));
        let mut golden = String::new();
        let written = replay.recording(&entry.path, open()?, &entry, GoldenFile::Write(&mut golden));
        let compared = replay.recording(&entry.path, open()?, &entry, GoldenFile::Compare(&golden));
        assert_eq!(compared.differences, []);
        assert_eq!(compared.golden_problem, None);
        let judged = written.counts.decided() + written.counts.not_evaluable.values().sum::<u64>();
        assert_eq!((compared.counts.compared, golden.lines().count() as u64), (judged, judged));
    }
    Ok(())
}

#[test]
fn the_status_is_the_strictest_that_applies() -> Outcome {
    assert_eq!(Report::default().status(), Status::NoTests);
    let full = replay_all()?;
    assert_eq!(full.status(), Status::Malformed);
    let only = |name: &str| {
        let recordings = full.recordings.iter().filter(|recording| recording.name == name).cloned().collect();
        Report { recordings, ..Report::default() }
    };
    assert_eq!(only("decided.jsonl").status(), Status::NoTests, "nothing is compared without a golden file");
    assert_eq!(only("expected.jsonl").status(), Status::Failed);
    assert_eq!(only("longer.jsonl").status(), Status::Failed);
    assert_eq!(only("stranger.jsonl").status(), Status::Malformed);
    let scenarios = |name: &str| Report {
        scenarios: full.scenarios.iter().filter(|scenario| scenario.name == name).cloned().collect(),
        ..Report::default()
    };
    assert_eq!(scenarios("as the policy says").status(), Status::Passed);
    assert_eq!(scenarios("not as the policy says").status(), Status::Failed);
    let mut sum = Counts::default();
    full.recordings.iter().for_each(|recording| sum.add(&recording.counts));
    assert_eq!(sum, full.totals());
    Ok(())
}
