//! Two policies over one recording: what is found, why, and that the tests made of it pass with the one and fail with the
//! other.

use std::error::Error;
use std::fmt::Write;

use agentpol::{Built, Options, Program, SourceMap, build, load};
use agentpol_replay::diff::{
    Acceptance, Accepted, Changes, Class, Comparison, Fate, Group, NoTest, Side, Test, Written,
};
use agentpol_replay::{Manifest, RecordingEntry, Replay};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// What every policy here begins with.
const HEAD: &str = r#"
module desk
group staff, leads
record order by id { id: string, status: string } keep 16
system shop { dataset orders: internal  dataset ledger: confidential }
tool look(id: string) -> order reads shop.orders returns trusted
tool cancel(id: string, reason "why": string) updates shop.orders
tool refund(id: string, amount: decimal) pays shop.ledger
agent bot { function "orders" owner "cx@acme.example" phase autonomous }
"#;
const ALLOW: &str = "allow \"all\" { agent bot user in staff tool * }\n";

/// A policy, compiled.
struct Policy {
    sources: SourceMap,
    built: Built,
    program: Program,
    options: Options,
}

impl Policy {
    fn new(text: &str) -> Outcome<Policy> {
        let mut sources = SourceMap::new();
        sources.add("desk.agentpol", text);
        let options = Options::default();
        let (built, diagnostics) = build(&sources, &options);
        let built = built.ok_or_else(|| format!("{diagnostics:?}"))?;
        let program = load(&built.bytes).map_err(|error| error.to_string())?;
        Ok(Policy { sources, built, program, options })
    }

    fn side(&self) -> Side<'_> {
        let written = Written { policy: &self.built.policy, sources: &self.sources, options: &self.options };
        Side { program: &self.program, directory: None, written: Some(written) }
    }
}

fn entry(manifest: &str) -> Outcome<RecordingEntry> {
    let manifest = format!("[[recording]]\npath = \"calls.jsonl\"\nagent = \"bot\"\n{manifest}");
    Ok(Manifest::parse(&manifest).map_err(|errors| format!("{errors:?}"))?.recordings.remove(0))
}

const USER: &str = "user = \"ana\"\ngroups = [\"staff\"]\n";
const FIXED: &str = "user = \"ana\"\ngroups = [\"staff\"]\nclock = \"2026-03-02T15:00:00Z\"\n";

/// Compares two policies over lines of the own format.
fn compared(old: &Policy, new: &Policy, manifest: &str, recording: &str) -> Outcome<Changes> {
    let entry = entry(manifest)?;
    let mut comparison = Comparison::new(old.side(), new.side());
    let number = comparison.recording("calls.jsonl", recording.as_bytes(), &entry);
    if comparison.wants(number) {
        comparison.example(number, "calls.jsonl", recording.as_bytes(), &entry);
    }
    let changes = comparison.finish();
    for recording in &changes.recordings {
        assert_eq!((&recording.unread, &recording.first_malformed), (&None, &Vec::new()));
    }
    for group in &changes.groups {
        if let Some(test) = group.first.as_ref().and_then(|first| first.test.as_ref()) {
            assert!(passes(new, test)?.is_empty(), "{}", test.text);
            match passes(old, test) {
                Ok(failed) => assert_eq!(failed.first().copied(), Some(test.fails_at), "{}", test.text),
                // Where only the reason is another, a rule is named that the old policy may not have.
                Err(error) => assert!(group.old.outcome == group.new.outcome, "{error}"),
            }
        }
    }
    Ok(changes)
}

/// The steps of a test that fail where it is added to a policy.
fn passes(policy: &Policy, test: &Test) -> Outcome<Vec<usize>> {
    let mut sources = policy.sources.clone();
    sources.add("test.agentpol", &*test.text);
    let (built, diagnostics) = build(&sources, &Options::default());
    let built = built.ok_or_else(|| format!("{diagnostics:?}\n{}", test.text))?;
    let program = load(&built.bytes).map_err(|error| error.to_string())?;
    let reports = Replay::new(&program).scenarios(&built.policy, &sources);
    let report = reports.into_iter().find(|report| report.name == test.name).ok_or("no such test")?;
    Ok(report.failures.iter().map(|failure| failure.step).collect())
}

fn only(changes: &Changes) -> Outcome<&Group> {
    match changes.groups.as_slice() {
        [one] => Ok(one),
        many => Err(format!("{many:#?}").into()),
    }
}

fn test_of(group: &Group) -> Outcome<&Test> {
    let first = group.first.as_ref().ok_or("no example")?;
    first.test.as_ref().ok_or_else(|| format!("{:?}", first.no_test).into())
}

fn steps(group: &Group) -> Outcome<Vec<u64>> {
    let earlier = group.first.as_ref().and_then(|first| first.earlier.as_ref()).ok_or("no history")?;
    assert!(earlier.minimal);
    Ok(earlier.steps.iter().map(|step| step.place.line).collect())
}

const REFUNDS: &str = r#"{"session":"s","call":"a","tool":"refund","args":{"id":"o-1","amount":40.00}}
{"session":"s","call":"b","tool":"refund","args":{"id":"o-2","amount":250.00}}
{"session":"s","call":"c","tool":"refund","args":{"id":"o-3","amount":900}}
"#;

#[test]
fn a_raised_limit_is_newly_allowed_with_both_texts_and_a_test() -> Outcome {
    let deny = |limit: &str| {
        format!("deny \"no large refunds\" {{\n  agent any  tool refund\n  when args.amount > {limit}\n}}\n")
    };
    let old = Policy::new(&format!("{HEAD}{ALLOW}{}", deny("100.00")))?;
    let new = Policy::new(&format!("{HEAD}{ALLOW}{}", deny("500.00")))?;
    let changes = compared(&old, &new, FIXED, REFUNDS)?;
    let group = only(&changes)?;
    assert_eq!((group.class, group.tool.as_str(), group.count), (Class::NewlyAllowed, "refund", 1));
    let first = group.first.as_ref().ok_or("no example")?;
    assert_eq!((first.place.line, first.run.as_str(), first.call.as_deref()), (2, "s", Some("b")));
    assert_eq!(steps(group)?, Vec::<u64>::new());
    let rule = &group.rules[0];
    assert_eq!((rule.rule.as_str(), rule.fate), ("desk: no large refunds", Fate::Changed));
    assert_eq!(rule.differences, ["conditions: when args.amount > 100.00 -> when args.amount > 500.00"]);
    let text =
        |text: &Option<agentpol_replay::diff::RuleText>| text.as_ref().map(|text| (text.text.clone(), text.line));
    assert_eq!(text(&rule.old), Some((deny("100.00").trim_end().to_owned(), 11)));
    assert_eq!(text(&rule.new), Some((deny("500.00").trim_end().to_owned(), 11)));
    let expected = r#"module desk

test "refund: newly allowed, calls.jsonl:2" {
  // before: deny, denied_by_rule, by "desk: no large refunds"
  given agent bot for user "ana" { groups: ["staff"] }
        at 2026-03-02T15:00:00Z
  refund(id: "o-2", amount: 250.00) -> allow by "all"
}
"#;
    assert_eq!(test_of(group)?.text, expected);
    assert!(changes.fails(false));
    // The other way round it is a denial, which fails only where that is asked for.
    let changes = compared(&new, &old, FIXED, REFUNDS)?;
    assert_eq!(only(&changes)?.class, Class::NewlyDenied);
    assert!(!changes.fails(false) && changes.fails(true));
    // Nothing changes where nothing is different.
    let changes = compared(&old, &old, FIXED, REFUNDS)?;
    assert!(changes.groups.is_empty() && changes.declared.is_empty() && changes.declared.same_meaning);
    Ok(())
}

#[test]
fn a_tool_that_was_unknown_is_newly_allowed() -> Outcome {
    let old = Policy::new(&format!("{HEAD}{ALLOW}"))?;
    let new = Policy::new(&format!("{HEAD}{ALLOW}tool export(what: string) exports shop.orders\n"))?;
    let line = r#"{"session":"s","tool":"export","args":{"what":"all"}}"#;
    let mut comparison = Comparison::new(old.side(), new.side());
    comparison.recording("calls.jsonl", line.as_bytes(), &entry(FIXED)?);
    comparison.example(0, "calls.jsonl", line.as_bytes(), &entry(FIXED)?);
    let changes = comparison.finish();
    let classes: Vec<Class> = changes.groups.iter().map(|group| group.class).collect();
    assert_eq!(classes, [Class::NewlyAllowed, Class::NewlyCovered]);
    let called = &changes.groups[0];
    assert_eq!((called.old.outcome.as_str(), called.old.code.as_str()), ("not_evaluable", "tool_undeclared"));
    // The old policy does not know the tool, so that a test does not even read there; what it would be asked is denied.
    assert!(passes(&new, test_of(called)?)?.is_empty());
    assert_eq!(test_of(called)?.fails_at, 1);
    let covered = &changes.groups[1];
    assert_eq!((covered.tool.as_str(), covered.agents.as_slice()), ("desk: export", &["desk.bot".to_owned()][..]));
    let tools: Vec<(&str, Fate)> = changes.declared.tools.iter().map(|one| (one.name.as_str(), one.fate)).collect();
    assert_eq!(tools, [("desk: export", Fate::Added)]);
    assert_eq!(changes.declared.rules[0].differences, ["tools: cancel, look, refund -> cancel, export, look, refund"]);
    Ok(())
}

/// A run in which one look-up matters among many calls that do not.
fn long_run() -> Outcome<String> {
    let mut run = String::new();
    for at in 0..60 {
        let answer = format!(r#""result":{{"ok":{{"id":"o-{at}","status":"pending"}}}}"#);
        writeln!(run, r#"{{"session":"s","tool":"look","args":{{"id":"o-{at}"}},{answer}}}"#)?;
    }
    writeln!(run, r#"{{"session":"s","tool":"cancel","args":{{"id":"o-17","why":"no longer needed"}}}}"#)?;
    Ok(run)
}

#[test]
fn the_shortest_history_is_found_and_becomes_a_test() -> Outcome {
    let rule = |status: &str| {
        format!("deny \"pending only\" {{ agent any tool cancel unless known order(args.id).status {status} }}\n")
    };
    let old = Policy::new(&format!("{HEAD}{ALLOW}{}", rule("== \"new\"")))?;
    let new = Policy::new(&format!("{HEAD}{ALLOW}{}", rule("in [\"new\", \"pending\"]")))?;
    // Only sixteen orders are kept: the order that matters must be among the last, so the run is cut.
    let run: String = long_run()?
        .lines()
        .skip(10)
        .take(12)
        .chain(long_run()?.lines().last())
        .fold(String::new(), |all, line| all + line + "\n");
    let changes = compared(&old, &new, FIXED, &run)?;
    let group = only(&changes)?;
    assert_eq!(group.class, Class::NewlyAllowed);
    assert_eq!(steps(group)?, [8]);
    let test = test_of(group)?;
    assert!(
        test.text.contains("look(id: \"o-17\") -> allow, returns { id: \"o-17\", status: \"pending\" }"),
        "{}",
        test.text
    );
    assert!(test.text.contains("cancel(id: \"o-17\", reason: \"no longer needed\") -> allow"), "{}", test.text);
    assert_eq!(test.fails_at, 2);
    Ok(())
}

#[test]
fn history_is_as_recorded_for_both() -> Outcome {
    // What the new policy denies ran all the same, and so counts: the second look is still the second.
    let once = "deny \"once\" { agent any tool look when completed { tool look within 1d } }\n";
    let old = Policy::new(&format!("{HEAD}{ALLOW}{once}"))?;
    let new = Policy::new(&format!(
        "{HEAD}{ALLOW}{once}deny \"no looks\" {{ agent any tool look when args.id == \"o-1\" }}\n"
    ))?;
    let look = |id: &str| {
        format!(
            r#"{{"session":"s","tool":"look","args":{{"id":"{id}"}},"result":{{"ok":{{"id":"{id}","status":"new"}}}}}}"#
        )
    };
    let changes = compared(&old, &new, FIXED, &format!("{}\n{}\n", look("o-1"), look("o-2")))?;
    let group = only(&changes)?;
    assert_eq!((group.class, group.count), (Class::NewlyDenied, 1));
    Ok(())
}

#[test]
fn limits_and_approvals_have_their_words() -> Outcome {
    let limit = "limit \"pace\" { agent any tool refund at most 2 per 1h per user }\n";
    let approval = |count: &str| {
        format!(
            "require approval \"large\" {{ agent any tool refund when args.amount > 100.00 from {count}leads within 4h }}\n"
        )
    };
    let (none, paced) = (Policy::new(&format!("{HEAD}{ALLOW}"))?, Policy::new(&format!("{HEAD}{ALLOW}{limit}"))?);
    let run = REFUNDS.replace("}}", "},\"result\":{\"ok\":true}}");
    let changes = compared(&none, &paced, FIXED, &run)?;
    let group = only(&changes)?;
    assert_eq!((group.class, steps(group)?), (Class::ThrottleAdded, vec![1, 2]));
    assert!(test_of(group)?.text.contains("-> throttle"));
    assert_eq!(only(&compared(&paced, &none, FIXED, &run)?)?.class, Class::ThrottleDropped);

    let one = Policy::new(&format!("{HEAD}{ALLOW}{}", approval("")))?;
    let two = Policy::new(&format!("{HEAD}{ALLOW}{}", approval("2 of ")))?;
    for manifest in [FIXED.to_owned(), format!("{FIXED}approvals = \"as recorded\"\n")] {
        let changes = compared(&none, &one, &manifest, &run)?;
        let group = only(&changes)?;
        assert_eq!((group.class, group.count), (Class::ApprovalAdded, 2));
        assert!(test_of(group)?.text.contains("-> require approval from leads"));
        assert_eq!(only(&compared(&one, &none, &manifest, &run)?)?.class, Class::ApprovalDropped);
        let group = only(&compared(&two, &one, &manifest, &run)?)?.clone();
        assert_eq!((group.class, group.old.asks[0].count, group.new.asks[0].count), (Class::ApprovalDropped, 2, 1));
    }
    Ok(())
}

#[test]
fn calls_before_that_ask_for_approval_are_approved_in_the_test() -> Outcome {
    let approval =
        "require approval \"large\" { agent any tool refund when args.amount > 100.00 from 2 of leads within 4h }\n";
    let once = "deny \"once\" { agent any tool refund when completed { tool refund within 1d } }\n";
    let old = Policy::new(&format!("{HEAD}{ALLOW}{approval}"))?;
    let new = Policy::new(&format!("{HEAD}{ALLOW}{approval}{once}"))?;
    let paid = |id: &str, at: &str| {
        format!(
            r#"{{"at":"2026-03-02T{at}Z","session":"s","tool":"refund","args":{{"id":"{id}","amount":250}},"result":{{"ok":true}}}}"#
        )
    };
    let run = format!("{}\n{}\n", paid("o-1", "09:00:00"), paid("o-2", "10:30:30.5"));
    let changes = compared(&old, &new, USER, &run)?;
    let group = only(&changes)?;
    assert_eq!((group.class, steps(group)?), (Class::NewlyDenied, vec![1]));
    let text = &test_of(group)?.text;
    for line in [
        "at 2026-03-02T09:00:00Z",
        "refund(id: \"o-1\", amount: 250) -> require approval",
        "approve by \"approver 1\" in leads",
        "approve by \"approver 2\" in leads",
        "after 1h30m30s",
        "refund(id: \"o-2\", amount: 250) -> deny denied_by_rule",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    Ok(())
}

#[test]
fn what_runs_know_of_each_other_is_found_and_said() -> Outcome {
    let often = "deny \"often\" { agent any tool look when count of { tool look by user within 1d } >= 2 }\n";
    let old = Policy::new(&format!("{HEAD}{ALLOW}"))?;
    let new = Policy::new(&format!("{HEAD}{ALLOW}{often}"))?;
    let look = |session: &str, hour: u8| {
        format!(
            r#"{{"at":"2026-03-02T{hour:02}:00:00Z","session":"{session}","tool":"look","args":{{"id":"o"}},"result":{{"ok":{{"id":"o","status":"new"}}}}}}"#
        )
    };
    let run = [look("a", 9), look("b", 10), look("c", 11)].join("\n");
    let changes = compared(&old, &new, USER, &run)?;
    let group = only(&changes)?;
    let earlier = group.first.as_ref().and_then(|first| first.earlier.as_ref()).ok_or("no history")?;
    assert!(earlier.other_runs && earlier.minimal);
    assert_eq!((earlier.steps.len(), earlier.of), (2, 2));
    Ok(())
}

#[test]
fn all_that_the_request_says_is_given() -> Outcome {
    let head = r#"
module post
group staff
user { region?: string }
context { cwd?: string }
environment prod
system mail { dataset letters: internal }
tool write(to: string, body: string) sends mail.letters returns nothing
agent bot { function "post" owner "cx@acme.example" phase autonomous credential rotates every 24h }
"#;
    let allow = "allow \"post\" { agent bot user any tool write env prod }\n";
    let deny = "deny \"named people\" { agent any tool write unless origin(args.to) >= trusted }\n";
    let (old, new) = (Policy::new(&format!("{head}{allow}{deny}"))?, Policy::new(&format!("{head}{allow}"))?);
    let run = r#"{"at":"2026-03-02T15:00:00Z","agent":"bot","credential":{"issued_at":"2026-03-02T13:00:00Z"},"user":{"id":"ana","region":"us"},"env":"prod","task":"mail","session":"s","tool":"write","args":{"to":"bo","body":"two\nlines \u202e"},"context":{"cwd":"/work"},"origin":{"/to":"untrusted"}}"#;
    let changes = compared(&old, &new, "user = \"from record\"\n", run)?;
    let group = only(&changes)?;
    assert_eq!(group.class, Class::NewlyAllowed);
    let text = &test_of(group)?.text;
    for part in [
        "given agent bot for user \"ana\" { region: \"us\" }",
        "env prod",
        "task \"mail\"",
        "context { cwd: \"/work\" }",
        "origin { \"/to\": untrusted }",
        "credential aged 2h",
        "write(to: \"bo\", body: \"two\\nlines \\u{202e}\") -> allow by \"post\"",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    Ok(())
}

#[test]
fn where_there_is_no_test_the_reason_is_said() -> Outcome {
    let both = "deny \"a\" { agent any tool refund }\ndeny \"b\" { agent any tool refund }\n";
    let old = Policy::new(&format!("{HEAD}{ALLOW}{both}"))?;
    let new = Policy::new(&format!("{HEAD}{ALLOW}deny \"a\" {{ agent any tool refund }}\n"))?;
    let changes = compared(&old, &new, FIXED, REFUNDS)?;
    let group = only(&changes)?;
    assert_eq!((group.class, group.count), (Class::ReasonChanged, 3));
    assert_eq!(group.first.as_ref().and_then(|first| first.no_test.clone()), Some(NoTest::Unsayable));
    // A rule that is added says more, which a test can hold on to.
    let changes = compared(&new, &old, FIXED, REFUNDS)?;
    assert!(test_of(only(&changes)?)?.text.contains("-> deny denied_by_rule by \"b\""));
    // Of a built program nothing is known but what it decides.
    let mut comparison = Comparison::new(new.side(), Side { written: None, ..old.side() });
    comparison.recording("calls.jsonl", REFUNDS.as_bytes(), &entry(FIXED)?);
    comparison.example(0, "calls.jsonl", REFUNDS.as_bytes(), &entry(FIXED)?);
    let changes = comparison.finish();
    assert_eq!(only(&changes)?.first.as_ref().and_then(|first| first.no_test.clone()), Some(NoTest::Built));
    Ok(())
}

#[test]
fn an_acceptance_outlives_what_is_beside_the_change() -> Outcome {
    let deny =
        |limit: &str| format!("deny \"no large refunds\" {{ agent any tool refund when args.amount > {limit} }}\n");
    let policy = |rest: &str| Policy::new(&format!("{HEAD}{ALLOW}{rest}"));
    let old = policy(&deny("100.00"))?;
    let acceptance = Acceptance { who: "ana".into(), why: "agreed".into(), until: None };
    let found = compared(&old, &policy(&deny("500.00"))?, FIXED, REFUNDS)?;
    let (text, count) = Accepted::default().accept(&found, false, &acceptance);
    assert_eq!(count, 1);
    let fails = |new: &Policy| -> Outcome<bool> {
        let mut accepted = Accepted::parse(&text, None).map_err(|errors| format!("{errors:?}"))?;
        let mut found = compared(&old, new, FIXED, REFUNDS)?;
        accepted.apply(&mut found);
        Ok(found.fails(false))
    };
    // Other rules, other tools, another place in the file: the change is the same.
    let beside = "group guests\ndeny \"odd\" { agent any tool look when args.id == \"x\" }\n";
    assert!(!fails(&policy(&format!("{beside}\n{}", deny("500.00")))?)?);
    assert!(!fails(&policy(&format!("// why\n\n{}", deny("500.000").replace("{ agent", "{\n  agent")))?)?);
    // The same rule with another limit is another change.
    assert!(fails(&policy(&deny("600.00"))?)?);
    // What a definition means counts as well as what the rule says.
    let defined = |limit: &str| {
        format!(
            "define large(x: decimal) = x > {limit}\ndeny \"no large refunds\" {{ agent any tool refund when large(args.amount) }}\n"
        )
    };
    let (five, six) = (policy(&defined("500.00"))?, policy(&defined("600.00"))?);
    let keys = |new: &Policy| -> Outcome<String> { Ok(compared(&old, new, FIXED, REFUNDS)?.groups[0].key.clone()) };
    assert_ne!(keys(&five)?, keys(&six)?);
    let changes = compared(&five, &six, FIXED, REFUNDS)?;
    assert_eq!(changes.declared.rules[0].differences, ["meaning of its conditions: changed"]);
    Ok(())
}

#[test]
fn what_a_declaration_decides_is_told_and_accepted_with_it() -> Outcome {
    let policy = |most: &str| {
        Policy::new(
            &format!("{HEAD}{ALLOW}").replace("amount: decimal", &format!("amount: decimal where amount <= {most}")),
        )
    };
    let (old, new, further) = (policy("100")?, policy("500")?, policy("600")?);
    let changes = compared(&old, &new, FIXED, REFUNDS)?;
    let group = only(&changes)?;
    assert_eq!((group.class, group.old.code.as_str()), (Class::NewlyAllowed, "argument_invalid"));
    assert_eq!(group.declared.iter().map(|item| item.name.as_str()).collect::<Vec<_>>(), ["desk: refund"]);
    assert!(group.declared[0].differences[0].starts_with("parameters: id: string, amount: decimal where #"));
    assert_ne!(group.key, only(&compared(&old, &further, FIXED, REFUNDS)?)?.key);

    let read_only = Policy::new(&format!("{HEAD}{ALLOW}").replace("phase autonomous", "phase read_only"))?;
    let autonomous = Policy::new(&format!("{HEAD}{ALLOW}"))?;
    let changes = compared(&read_only, &autonomous, FIXED, REFUNDS)?;
    assert_eq!(only(&changes)?.declared[0].differences, ["phase: read_only -> autonomous"]);
    assert_eq!(changes.declared.agents[0].name, "desk: bot");
    Ok(())
}
