//! Each format is read again by a reader of that format, and what comes from recordings stays text in all of them.

use agentpol::{Options, SourceMap, build, compile_marked, load};
use agentpol_replay::{GoldenFile, Manifest, Replay, Report};
use agentpol_report::{Format, Project, Tested};
use quick_junit::{NonSuccessKind, TestCaseStatus};
use serde_json::Value;

const POLICY: &str = r#"module desk
group support
system crm { dataset tickets: internal }
tool crm.search(query: string, limit?: int) reads crm.tickets
agent bot { function "support"  owner "cx@acme.example"  phase autonomous }
allow "support reads" { agent bot  user in support  tool crm.search }
deny "wide <b>&]]>" { agent any  tool crm.search  when has args.limit and args.limit > 50 }
test "too wide" {
  given agent bot for user "ana" { groups: [support] } at 2026-03-02T15:00:00Z
  crm.search(query: "late", limit: 60) -> allow
}
test "narrow" {
  given agent bot for user "ana" { groups: [support] } at 2026-03-02T15:00:00Z
  crm.search(query: "late") -> allow
}
"#;

/// The id of a call: an end of line with a command, a tag, a mention, a separator, and a mark that turns the writing.
const CALL: &str = r"x\n::error file=a::b <script>alert(1)<\/script> @ana `|*\u2028::stop-commands::t \u202e]]>";

fn with_run<T>(see: impl FnOnce(&Tested<'_>) -> T) -> T {
    let mut sources = SourceMap::new();
    sources.add("desk.agentpol", POLICY);
    let (built, diagnostics) = build(&sources, &Options::default());
    let built = built.unwrap_or_else(|| panic!("{diagnostics:?}"));
    let (compiled, marks) = compile_marked(&built.policy, &sources).expect("the policy compiles");
    let program = load(&compiled.bytes).expect("loads");
    let manifest = Manifest::parse("[[recording]]\npath = \"calls.jsonl\"\n").expect("a manifest");
    let entry = manifest.recordings.first().expect("an entry");
    let record = format!(
        r#"{{"at":"2026-03-02T15:00:00Z","agent":"bot","user":{{"id":"ana","groups":["support"]}},"call":"{CALL}","tool":"search","args":{{"query":"q","limit":70}},"expect":"allow"}}"#
    );
    let mut replay = Replay::new(&program).with_coverage(&built.policy, &sources, &marks);
    let scenarios = replay.scenarios(&built.policy, &sources);
    let recording = replay.recording("calls.jsonl", record.as_bytes(), entry, GoldenFile::Absent);
    assert_eq!(recording.counts.differences, 1, "{recording:?}");
    let report = Report { scenarios, recordings: vec![recording], ..Report::default() };
    let coverage = replay.coverage();
    let project = Project { name: "agentpol.toml", sources: &sources, report: &report, coverage: coverage.as_ref() };
    see(&Tested { projects: &[project], broken: &[], status: report.status() })
}

#[test]
fn no_format_shows_what_hides_or_turns_text() {
    with_run(|tested| {
        for format in Format::ALL {
            let text = format.write(tested);
            assert!(!text.is_empty(), "{}", format.name());
            for hidden in ['\u{2028}', '\u{202e}'] {
                assert!(!text.contains(hidden), "{}: {hidden:?}", format.name());
            }
            let injected = text.lines().any(|line| line.starts_with("::error file=a") || line.starts_with("::stop"));
            assert!(!injected, "{}:\n{text}", format.name());
        }
        let html = Format::Html.write(tested);
        assert!(html.contains("&lt;script&gt;") && !html.contains("<script"), "{html}");
        let markdown = Format::Markdown.write(tested);
        let prose =
            markdown.lines().filter(|line| line.starts_with("- ") || line.starts_with('#') || line.starts_with('|'));
        let prose: Vec<&str> = prose.collect();
        assert!(prose.iter().all(|line| !line.contains("<script") && !line.contains("@ana")), "{prose:?}");
    });
}

#[test]
fn junit_is_read_again_with_every_case() {
    let text = with_run(|tested| Format::Junit.write(tested));
    let report = quick_junit::Report::deserialize_from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let cases: Vec<_> = report.test_suites.iter().flat_map(|suite| &suite.test_cases).collect();
    assert_eq!((report.tests, report.failures, report.errors), (3, 2, 0));
    assert_eq!(cases.len(), 3);
    let failed =
        |status: &TestCaseStatus| matches!(status, TestCaseStatus::NonSuccess { kind: NonSuccessKind::Failure, .. });
    let names: Vec<&str> = cases.iter().filter(|case| failed(&case.status)).map(|case| case.name.as_str()).collect();
    assert!(
        names.contains(&"desk: too wide") && names.iter().any(|name| name.starts_with("line 1: search")),
        "{names:?}"
    );
}

#[test]
fn sarif_points_at_the_rule_that_decides() {
    let text = with_run(|tested| Format::Sarif.write(tested));
    let sarif: serde_sarif::sarif::Sarif = serde_json::from_str(&text).expect("SARIF");
    let run = sarif.runs.first().expect("a run");
    assert_eq!(run.results.as_ref().map(Vec::len), Some(2));
    let value: Value = serde_json::from_str(&text).expect("JSON");
    let results = value["runs"][0]["results"].as_array().expect("results");
    let decision = results.iter().find(|one| one["ruleId"] == "decision").expect("the recorded action");
    let place = &decision["locations"][0]["physicalLocation"];
    assert_eq!(
        (&place["artifactLocation"]["uri"], &place["region"]["startLine"]),
        (&"desk.agentpol".into(), &7.into())
    );
}

#[test]
fn gitlab_entries_have_fingerprints_of_their_own() {
    let text = with_run(|tested| Format::Gitlab.write(tested));
    let entries: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    let prints: std::collections::BTreeSet<&str> =
        entries.iter().filter_map(|entry| entry["fingerprint"].as_str()).collect();
    assert_eq!((entries.len(), prints.len()), (2, 2));
}

#[test]
fn coverage_adds_up_in_both_formats() {
    let (lcov, cobertura) = with_run(|tested| (Format::Lcov.write(tested), Format::Cobertura.write(tested)));
    let number = |name: &str| {
        let line = lcov.lines().find_map(|line| line.strip_prefix(name)).expect("a sum");
        line.parse::<usize>().expect("a number")
    };
    let hits: Vec<&str> = lcov.lines().filter(|line| line.starts_with("DA:")).collect();
    assert_eq!(hits.len(), number("LF:"));
    assert_eq!(hits.iter().filter(|line| !line.ends_with(",0")).count(), number("LH:"));
    assert_eq!(lcov.lines().filter(|line| line.starts_with("BRDA:")).count(), number("BRF:"));
    assert!(cobertura.contains(&format!("lines-valid=\"{}\"", number("LF:"))), "{cobertura}");
    assert!(cobertura.contains(&format!("branches-covered=\"{}\"", number("BRH:"))), "{cobertura}");
}
