//! Recordings that others made, where they are at hand: each raw file is imported, and every run must become the calls
//! that an independent reading of the same file found, in the same order.
//!
//! The recordings are no part of the project. Where they are absent, the tests say so and check nothing.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};

use agentpol_trace::{Action, Arguments, Format, Issuer, Mapping, OpenOptions, Recording, unpack};
use serde_json::Value;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// What is compared of a call: tool, arguments, calls in its message, text beside it, issuer, failed, answer.
type Call = (String, String, u64, bool, bool, bool, String);

/// How much of an answer is compared; the independent reading cut longer ones off.
const ANSWER: usize = 1_000;

/// The folder of the recordings; a note where there is none.
fn recordings() -> Outcome<Option<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/recorded");
    if folder.is_dir() {
        return Ok(Some(folder));
    }
    writeln!(std::io::stderr(), "note: no recordings at {}, nothing is compared with them", folder.display())?;
    Ok(None)
}

fn canonical(text: &str) -> Outcome<String> {
    let mut value: Value = serde_json::from_str(text)?;
    value.sort_all_objects();
    Ok(value.to_string())
}

fn files(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?.map(|file| Ok(file?.path())).collect::<Outcome<_>>()?;
    files.sort();
    Ok(files)
}

/// The runs of every raw file of a source, as sequences of calls, sorted.
fn imported(folder: &Path, format: Format) -> Outcome<Vec<Vec<Call>>> {
    let mut runs: BTreeMap<(PathBuf, String), Vec<Call>> = BTreeMap::new();
    for path in files(folder)? {
        let reader = unpack(BufReader::new(File::open(&path)?))?;
        let recording = Recording::open("raw", reader, OpenOptions::default())?;
        assert_eq!(recording.format(), format, "{}", path.display());
        for item in recording {
            let action = item.map_err(|error| format!("{}: {error}", path.display()))?;
            let run = format!("{} {:?}", action.trace.id, action.trace.session);
            runs.entry((path.clone(), run)).or_default().push(call(&action)?);
        }
    }
    let mut runs: Vec<Vec<Call>> = runs.into_values().collect();
    runs.sort();
    Ok(runs)
}

fn call(action: &Action) -> Outcome<Call> {
    let Arguments::Object(args) = &action.args else { return Err(format!("no arguments: {action:?}").into()) };
    Ok((
        action.tool.clone(),
        canonical(args.text())?,
        action.turn.calls_in_message.map_or(0, u64::from),
        action.turn.text_beside_call.unwrap_or(false),
        action.issuer == Issuer::Agent,
        action.result.as_ref().is_some_and(|result| result.is_error),
        action.result.as_ref().map(|result| result.text.chars().take(ANSWER).collect()).unwrap_or_default(),
    ))
}

/// The same from the independent reading.
fn expected(path: &Path) -> Outcome<Vec<Vec<Call>>> {
    let mut runs: BTreeMap<String, Vec<Call>> = BTreeMap::new();
    for line in fs::read_to_string(path)?.lines() {
        let line: Value = serde_json::from_str(line)?;
        let text = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
        let answer = if line["output"].as_str().is_none_or(str::is_empty) { text("error") } else { text("output") };
        runs.entry(text("trace_id")).or_default().push((
            text("function"),
            canonical(&line["args"].to_string())?,
            line["parallel"].as_u64().unwrap_or(0),
            line["with_text"] == true,
            line["requestor"] == "assistant",
            !line["error"].is_null(),
            answer.chars().take(ANSWER).collect(),
        ));
    }
    let mut runs: Vec<Vec<Call>> = runs.into_values().collect();
    runs.sort();
    Ok(runs)
}

/// A run without its answers.
fn asked(run: &[Call]) -> Vec<Call> {
    run.iter().cloned().map(|call| (call.0, call.1, call.2, call.3, call.4, false, String::new())).collect()
}

/// Compares a source: every run must be there, call for call. `by_id` runs repeat a call id and were joined by it in the
/// other reading, where we pair by position: of those only the calls are compared.
fn compare(source: &str, format: Format, calls: usize, by_id: usize) -> Outcome {
    let Some(folder) = recordings()? else { return Ok(()) };
    let mut imported = imported(&folder.join("raw").join(source), format)?;
    let mut expected = expected(&folder.join("calls").join(format!("{source}_calls.jsonl")))?;
    assert_eq!(imported.iter().map(Vec::len).sum::<usize>(), calls);
    assert_eq!(imported.len(), expected.len());
    imported.retain(|run| match expected.iter().position(|other| other == run) {
        Some(index) => {
            expected.remove(index);
            false
        }
        None => true,
    });
    assert_eq!(imported.len(), by_id, "{imported:?}");
    let calls_only = |runs: &[Vec<Call>]| runs.iter().map(|run| asked(run)).collect::<Vec<_>>();
    assert_eq!(calls_only(&imported), calls_only(&expected));
    Ok(())
}

#[test]
fn tau_bench_agrees_with_an_independent_reading() -> Outcome {
    compare("tau-bench", Format::TauBench, 1_572, 0)
}

#[test]
fn tau2_bench_agrees_with_an_independent_reading() -> Outcome {
    compare("tau2-bench", Format::Tau2Bench, 3_770, 2)
}

#[test]
fn agentdojo_agrees_with_an_independent_reading() -> Outcome {
    compare("agentdojo-runs", Format::AgentDojo, 4_419, 0)
}

#[test]
fn the_independent_readings_import_through_a_mapping() -> Outcome {
    let Some(folder) = recordings()? else { return Ok(()) };
    let mapping = Mapping::new([
        ("tool", "function"),
        ("args", "args"),
        ("trace", "trace_id"),
        ("session", "trace_id"),
        ("user", "user_id"),
        ("at", "time"),
        ("result", "output"),
        ("error", "error"),
        ("issuer", "requestor"),
        ("calls_in_message", "parallel"),
        ("text_beside_call", "with_text"),
    ])?;
    for path in files(&folder.join("calls"))? {
        let lines = fs::read_to_string(&path)?.lines().count();
        let options = OpenOptions { format: None, mapping: Some(mapping.clone()) };
        let recording = Recording::open("calls", BufReader::new(File::open(&path)?), options)?;
        let actions: Vec<Action> =
            recording.collect::<Result<_, _>>().map_err(|error| format!("{}: {error}", path.display()))?;
        assert_eq!(actions.len(), lines, "{}", path.display());
        assert!(actions.iter().all(|action| action.obstacle().is_none()), "{}", path.display());
    }
    Ok(())
}

/// A call as far as every source has it: tool, arguments where they are known and JSON, beginning of the answer.
type Bare = (String, Option<String>, String);

/// The runs of a raw file.
fn bare_runs(path: &Path, format: Format) -> Outcome<BTreeMap<String, Vec<Bare>>> {
    let recording = Recording::open("raw", unpack(BufReader::new(File::open(path)?))?, OpenOptions::default())?;
    assert_eq!(recording.format(), format, "{}", path.display());
    let mut runs: BTreeMap<String, Vec<Bare>> = BTreeMap::new();
    for item in recording {
        let action = item.map_err(|error| format!("{}: {error}", path.display()))?;
        let args = match &action.args {
            Arguments::Object(args) => Some(canonical(args.text())?),
            _ => None,
        };
        let answer = action.result.map(|result| result.text.chars().take(ANSWER).collect()).unwrap_or_default();
        runs.entry(action.trace.id.clone()).or_default().push((action.tool, args, answer));
    }
    Ok(runs)
}

/// The same from the independent reading, by the name of the run there.
fn bare_expected(source: &str, folder: &Path) -> Outcome<BTreeMap<String, Vec<Bare>>> {
    let mut runs: BTreeMap<String, Vec<Bare>> = BTreeMap::new();
    for line in fs::read_to_string(folder.join("calls").join(format!("{source}_calls.jsonl")))?.lines() {
        let line: Value = serde_json::from_str(line)?;
        let text = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
        // Arguments that the other reading could not read either, or that nobody gave.
        let known = line["args_unknown"] != true && line["args"].get("_raw").is_none();
        let args = if known { Some(canonical(&line["args"].to_string())?) } else { None };
        let answer = text("output").chars().take(ANSWER).collect();
        runs.entry(text("trace_id")).or_default().push((text("function"), args, answer));
    }
    Ok(runs)
}

#[test]
fn coding_agents_agree_with_an_independent_reading() -> Outcome {
    let Some(folder) = recordings()? else { return Ok(()) };
    let expected = bare_expected("coding-agents", &folder)?;
    let mut calls = 0;
    for (name, expected) in expected {
        let raw = folder.join("raw").join(&name);
        let gemini = name.ends_with("gemini_session");
        let (ending, format) = match name.as_str() {
            _ if gemini => ("json.gz", Format::GeminiCli),
            _ if name.ends_with("codex_session") => ("jsonl.gz", Format::Codex),
            _ => ("jsonl.gz", Format::ClaudeCode),
        };
        let path = PathBuf::from(format!("{}.{ending}", raw.display()));
        let mut found: Vec<Bare> = bare_runs(&path, format)?.into_values().flatten().collect();
        // The other reading keeps the whole response of a function, this one its output.
        let without_answers = |runs: Vec<Bare>| runs.into_iter().map(|call| (call.0, call.1, String::new())).collect();
        let expected = if gemini { without_answers(expected) } else { expected };
        found = if gemini { without_answers(found) } else { found };
        calls += found.len();
        assert_eq!(found, expected, "{name}");
    }
    assert_eq!(calls, 57);
    Ok(())
}

#[test]
fn swe_agent_agrees_with_an_independent_reading() -> Outcome {
    let Some(folder) = recordings()? else { return Ok(()) };
    let (mut calls, mut functions) = (0, 0);
    for (name, expected) in bare_expected("swe-agent", &folder)? {
        let path = PathBuf::from(format!("{}.traj.gz", folder.join("raw").join(&name).display()));
        let found: Vec<Bare> = bare_runs(&path, Format::SweAgent)?.into_values().flatten().collect();
        assert_eq!(found.len(), expected.len(), "{name}");
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(found.2, expected.2, "{name}");
            // The other reading takes functions for lines of shell.
            if found.0 == "shell" {
                assert_eq!(*found, expected, "{name}");
            } else {
                functions += 1;
            }
            calls += 1;
        }
    }
    assert_eq!((calls, functions), (120, 35));
    Ok(())
}

#[test]
fn injecagent_agrees_with_an_independent_reading() -> Outcome {
    let Some(folder) = recordings()? else { return Ok(()) };
    let mut found: Vec<Vec<Bare>> = Vec::new();
    for path in files(&folder.join("raw/injecagent"))? {
        found.extend(bare_runs(&path, Format::InjecAgent)?.into_values());
    }
    let mut expected: Vec<Vec<Bare>> = bare_expected("injecagent", &folder)?.into_values().collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(found.iter().map(Vec::len).sum::<usize>(), 624);
    Ok(())
}

#[test]
fn privacylens_agrees_with_an_independent_reading() -> Outcome {
    let Some(folder) = recordings()? else { return Ok(()) };
    let found = bare_runs(&folder.join("raw/privacylens/main_data.json.gz"), Format::PrivacyLens)?;
    let expected = bare_expected("privacylens", &folder)?;
    assert_eq!(found.len(), expected.len());
    let mut different = Vec::new();
    for (name, found) in &found {
        if expected.get(&format!("privacylens/{name}")) != Some(found) {
            different.push(name.as_str());
        }
    }
    // In these the other reading misses an action whose observation begins on the line of its input, or that has none.
    assert_eq!(different, ["main12", "main281", "main437"]);
    assert_eq!(found.values().map(Vec::len).sum::<usize>(), 721);
    Ok(())
}

/// Every file of a folder, however deep.
fn all_files(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in files(folder)? {
        if path.is_dir() {
            found.extend(all_files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

#[test]
fn everything_raw_is_read_by_detection_alone() -> Outcome {
    let Some(folder) = recordings()? else { return Ok(()) };
    let mut counts: BTreeMap<&str, (u64, u64, u64)> = BTreeMap::new();
    for path in all_files(&folder.join("raw"))? {
        let reader = unpack(BufReader::new(File::open(&path)?))?;
        let recording = Recording::open("raw", reader, OpenOptions::default());
        let recording = recording.map_err(|error| format!("{}: {error}", path.display()))?;
        let count = counts.entry(recording.format().name()).or_default();
        count.0 += 1;
        for item in recording {
            let action = item.map_err(|error| format!("{}: {error}", path.display()))?;
            count.1 += 1;
            count.2 += u64::from(action.obstacle().is_some());
        }
    }
    for (format, (files, actions, obstacles)) in &counts {
        writeln!(std::io::stderr(), "{format}: {files} files, {actions} actions, {obstacles} not evaluable")?;
    }
    let actions: BTreeMap<&str, u64> = counts.iter().map(|(format, count)| (*format, count.1)).collect();
    let expected = [
        ("agentdojo", 4_419),
        ("claude-code", 47),
        ("codex", 5),
        ("gemini-cli", 5),
        ("injecagent", 624),
        ("privacylens", 721),
        ("swe-agent", 120),
        ("tau-bench", 1_572),
        ("tau2-bench", 3_770),
    ];
    assert_eq!(actions, BTreeMap::from(expected));
    Ok(())
}
