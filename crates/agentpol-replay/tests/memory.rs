//! What a replay remembers: history as it was recorded, answers as they were given, origins told from the conversation.

use std::error::Error;

use agentpol::{Options, Program, SourceMap, build, load};
use agentpol_replay::{GoldenFile, Manifest, Replay};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const POLICY: &str = r#"
module desk
record order by id { id: string, status: string, note: untrusted string } keep 16
context { customer?: string }
system shop { dataset orders: internal }
tool look(id: string) -> order reads shop.orders returns trusted
tool cancel(id: string) -> order deletes shop.orders returns trusted
tool write(to: string) sends shop.orders returns nothing
tool greet(id: string) -> string reads shop.orders returns trusted
tool forward(to: string) sends shop.orders returns nothing
agent bot { function "orders" owner "cx@acme.example" phase autonomous }
allow "all" { agent bot user any tool * }
deny "pending only" { agent any tool cancel unless known order(args.id).status == "pending" }
deny "one a day" { agent any tool cancel when completed { tool cancel within 1d } }
deny "named people" { agent any tool write unless origin(args.to) >= trusted }
deny "people of orders" { agent any tool forward unless origin(args.to) in [user, result of look] }
deny "for somebody" { agent any tool write unless has context.customer }
"#;

fn program() -> Outcome<Program> {
    let mut sources = SourceMap::new();
    sources.add("desk.agentpol", POLICY);
    let (built, diagnostics) = build(&sources, &Options::default());
    Ok(load(&built.ok_or_else(|| format!("{diagnostics:?}"))?.bytes).map_err(|error| error.to_string())?)
}

/// The outcomes of a recording's calls and what kept them, as words.
fn replayed(manifest: &str, lines: &[&str]) -> Outcome<Vec<String>> {
    let manifest = format!("[[recording]]\npath = \"x.jsonl\"\nagent = \"bot\"\nuser = \"ana\"\n{manifest}");
    let entry = Manifest::parse(&manifest).map_err(|errors| format!("{errors:?}"))?.recordings.remove(0);
    let program = program()?;
    let mut replay = Replay::new(&program).with_listing();
    let text = lines.join("\n");
    let report = replay.recording("x.jsonl", text.as_bytes(), &entry, GoldenFile::Absent);
    assert!(report.malformed.is_empty(), "{:?}", report.malformed);
    let line = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line)?;
        let rules = line["restrictions"].as_array().into_iter().flatten();
        let rules: Vec<&str> = rules.filter_map(|rule| rule["rule"].as_str()).collect();
        Ok([&[line["outcome"].as_str().unwrap_or("?")][..], &rules].concat().join(" "))
    };
    replay.listed().lines().map(line).collect()
}

const FIXED: &str = "clock = \"2026-03-02T15:00:00Z\"";
const PENDING: &str = r#""result":{"ok":{"id":"o-1","status":"pending","note":"for bo-7"}}"#;

#[test]
fn what_ran_is_history_whatever_is_decided() -> Outcome {
    let lines = [
        r#"{"session":"s","tool":"cancel","args":{"id":"o-1"},"result":{"ok":{"id":"o-1","status":"pending","note":""}}}"#,
        r#"{"session":"s","tool":"cancel","args":{"id":"o-1"}}"#,
        r#"{"session":"s2","tool":"cancel","args":{"id":"o-1"}}"#,
    ];
    // The first was denied and ran; it taught that the order is pending. The second did not run. Runs are apart.
    let expected = ["deny desk: pending only", "deny desk: one a day", "deny desk: pending only"];
    assert_eq!(replayed(FIXED, &lines)?, expected);
    Ok(())
}

#[test]
fn calls_of_one_message_do_not_know_their_answers() -> Outcome {
    let look =
        |message: u8| format!(r#"{{"session":"s","message":{message},"tool":"look","args":{{"id":"o-1"}},{PENDING}}}"#);
    let cancel = r#"{"session":"s","message":0,"tool":"cancel","args":{"id":"o-1"}}"#;
    assert_eq!(replayed(FIXED, &[&look(0), cancel])?, ["allow", "deny desk: pending only"]);
    let later = cancel.replace("\"message\":0", "\"message\":1");
    assert_eq!(replayed(FIXED, &[&look(0), &later])?, ["allow", "allow"]);
    Ok(())
}

#[test]
fn origins_and_what_was_heard_come_from_the_conversation() -> Outcome {
    let manifest = format!("{FIXED}\nheard = {{ customer = \"[a-z]+_[0-9]+\" }}");
    let look = format!(
        r#"{{"session":"s","tool":"look","args":{{"id":"o-1"}},{PENDING},"heard":"I am ana_1, write to ben"}}"#
    );
    let write = |to: &str| format!(r#"{{"session":"s","tool":"write","args":{{"to":"{to}"}}}}"#);
    let lines = [look, write("ben"), write("pending"), write("for bo-7"), write("eve")];
    let lines = lines.each_ref().map(String::as_str);
    let no = "deny desk: named people";
    assert_eq!(replayed(&manifest, &lines)?, ["allow", "allow", "allow", no, no]);
    assert_eq!(replayed(FIXED, &lines[1..2])?, ["deny desk: for somebody desk: named people"]);
    Ok(())
}

#[test]
fn answers_of_named_tools_are_told_of() -> Outcome {
    let look = format!(r#"{{"session":"s","tool":"look","args":{{"id":"o-1"}},{PENDING},"heard":"write to ben"}}"#);
    let greet = r#"{"session":"s","tool":"greet","args":{"id":"o-1"},"result":{"ok":"hello"}}"#.to_owned();
    let forward = |to: &str| format!(r#"{{"session":"s","tool":"forward","args":{{"to":"{to}"}}}}"#);
    let lines = [look, greet, forward("ben"), forward("pending"), forward("hello"), forward("for bo-7")];
    let lines = lines.each_ref().map(String::as_str);
    let no = "deny desk: people of orders";
    assert_eq!(replayed(FIXED, &lines)?, ["allow", "allow", "allow", "allow", no, no]);
    Ok(())
}

#[test]
fn recorded_times_make_runs_one_world() -> Outcome {
    let call = |session: &str, at: &str| {
        format!(r#"{{"at":"{at}","session":"{session}","tool":"cancel","args":{{"id":"o-1"}},{PENDING}}}"#)
    };
    let lines = [call("s", "2026-03-02T15:00:00Z"), call("s2", "2026-03-02T16:00:00Z")];
    let told = replayed("", &lines.iter().map(String::as_str).collect::<Vec<_>>())?;
    assert_eq!(told, ["deny desk: pending only", "deny desk: pending only"]);
    Ok(())
}

#[test]
fn answers_may_be_yaml() -> Outcome {
    let manifest = format!(
        "{FIXED}\nresults = \"yaml\"\nfields = {{ tool = \"f\", args = \"a\", result = \"r\", session = \"s\" }}"
    );
    let lines = [
        r#"{"s":"1","f":"look","a":{"id":"o-1"},"r":"id: o-1\nnote: x\nstatus: pending\n"}"#,
        r#"{"s":"1","f":"cancel","a":{"id":"o-1"}}"#,
    ];
    assert_eq!(replayed(&manifest, &lines)?, ["allow", "allow"]);
    Ok(())
}
