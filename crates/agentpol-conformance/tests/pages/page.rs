//! Literate pages: prose, policies, and requests and events with what is expected of them.
//!
//! A page is Markdown. A block fenced as `agentpol` starts a policy; `agentpol and` adds a file to it; `agentpol next`
//! deploys a changed policy on what the one before remembers, `at=TIME`; `root=MODULE` names the root. A block fenced as `directory` is the
//! JSON Lines that users and resources are looked up in from there on. A block fenced as `requests`
//! holds entries for the policy above it, each ending in ` -> ` and what is expected. The README of this package says how
//! to write one.

use crate::entries::{Case, Entry, Expectation, Reader};

/// A page.
pub(crate) struct Page {
    /// The topic: the file name without its ending.
    pub(crate) topic: String,
    /// Its policies, in order.
    pub(crate) policies: Vec<PolicyBlock>,
}

/// A policy and the entries that belong to it.
pub(crate) struct PolicyBlock {
    /// The heading above it.
    pub(crate) heading: String,
    /// Its files.
    pub(crate) files: Vec<String>,
    /// The root module, where one is named.
    pub(crate) root: Option<String>,
    /// It is deployed on what the policy before it remembers.
    pub(crate) next: bool,
    /// When it is deployed, in milliseconds since 1970-01-01T00:00:00Z; behind everything that happened where nothing is said.
    pub(crate) at: Option<i64>,
    /// What is asked and told.
    pub(crate) cases: Vec<Case>,
}

/// Reads a page.
pub(crate) fn read(topic: &str, text: &str) -> Result<Page, String> {
    let mut page = Page { topic: topic.to_owned(), policies: Vec::new() };
    let mut heading = String::new();
    let mut reader = Reader::default();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if let Some(title) = line.strip_prefix('#') {
            heading = title.trim_start_matches('#').trim().to_owned();
        }
        let Some(info) = line.strip_prefix("```") else { continue };
        let block: Vec<(usize, &str)> =
            lines.by_ref().take_while(|(_, line)| *line != "```").map(|(at, line)| (at + 1, line)).collect();
        let words: Vec<&str> = info.split_whitespace().collect();
        match words.split_first() {
            Some((&"agentpol", marks)) => add_policy(&mut page, &heading, marks, &block),
            Some((&"requests", _)) => {
                let policy = page.policies.last_mut().ok_or("requests before any policy")?;
                policy.cases.extend(reader.cases(&block)?);
            }
            Some((&"directory", _)) => {
                let policy = page.policies.last_mut().ok_or("a directory before any policy")?;
                policy.cases.push(directory(number + 1, &block));
            }
            Some((&"json" | &"text", _)) => {}
            _ => {
                return Err(format!(
                    "line {}: a block must be `agentpol`, `directory`, `requests`, `json` or `text`",
                    number + 1
                ));
            }
        }
    }
    let empty =
        page.policies.iter().find(|policy| policy.cases.is_empty() && !policy.files.concat().contains("test \""));
    match empty {
        Some(policy) => Err(format!("nothing is asked of the policy under \"{}\"", policy.heading)),
        None if page.policies.is_empty() => Err("no policy".to_owned()),
        None => Ok(page),
    }
}

/// A directory that everything behind it is looked up in.
fn directory(line: usize, block: &[(usize, &str)]) -> Case {
    let lines: String = block.iter().map(|(_, line)| format!("{line}\n")).collect();
    Case { line, stale: false, entry: Entry::Directory(lines), expected: Expectation::Told(None) }
}

fn add_policy(page: &mut Page, heading: &str, marks: &[&str], block: &[(usize, &str)]) {
    let file: String = block.iter().map(|(_, line)| format!("{line}\n")).collect();
    let root = marks.iter().find_map(|mark| mark.strip_prefix("root=")).map(str::to_owned);
    match page.policies.last_mut() {
        Some(policy) if marks.contains(&"and") => policy.files.push(file),
        _ => {
            let (heading, next) = (heading.to_owned(), marks.contains(&"next"));
            let at = marks.iter().find_map(|mark| mark.strip_prefix("at=")?.parse::<jiff::Timestamp>().ok());
            let at = at.map(jiff::Timestamp::as_millisecond);
            page.policies.push(PolicyBlock { heading, files: vec![file], root, next, at, cases: Vec::new() });
        }
    }
}

#[test]
fn a_page_is_read_as_it_says() {
    let text = "# Topic\n```agentpol\nmodule a\n```\n## One\n```requests\ndefaults { \"a\": 1, \"b\": 2 }\n// prose\n\
        { \"b\": null,\n  \"c\": \"<<x * 3>>\" } -> deny no_allow also denied_by_rule at /c  // why\n\
        raw {<ff>} -> allow by \"one\", \"two\"\n```\n";
    let page = read("topic", text).expect("a page");
    let cases = &page.policies[0].cases;
    let request = |case: &Case| match &case.entry {
        Entry::Request(bytes) => bytes.clone(),
        _ => panic!("no request"),
    };
    let expected = |case: &Case| match &case.expected {
        Expectation::Decision(expected) => (expected.code.clone(), expected.argument.clone(), expected.rules.clone()),
        Expectation::Told(_) => panic!("an event's"),
    };
    assert_eq!(request(&cases[0]), br#"{"a":1,"c":"xxx"}"#);
    assert_eq!(expected(&cases[0]), ("no_allow".to_owned(), Some("/c".to_owned()), None));
    assert_eq!(request(&cases[1]), b"{\xff}");
    assert_eq!(expected(&cases[1]).2.as_deref(), Some(&["one".to_owned(), "two".to_owned()][..]));
    assert!(read("topic", "```agentpol\nmodule a\n```\n").is_err());
}

#[test]
fn events_are_read_as_they_say() {
    let text = "```agentpol\nmodule a\n```\n```requests\ndefaults { \"at\": \"2026-03-02T15:00:00Z\", \"session\": \"s\" }\n\
        event defaults { \"at\": \"2026-03-02T15:00:00Z\", \"session\": \"s\", \"agent\": \"bot\" }\n\
        open {} -> ok\nafter 1h30m\ntimes 2 { \"n\": # } -> allow\nobserve { \"result\": 1 } -> refused call_closed\n\
        approve last \"large\" { \"person\": { \"id\": \"bo\" } } -> ok\n```\n";
    let page = read("topic", text).expect("a page");
    let cases = &page.policies[0].cases;
    let shown = |case: &Case| match &case.entry {
        Entry::Request(bytes) => String::from_utf8(bytes.clone()).expect("text"),
        Entry::Event { text, .. } | Entry::Directory(text) => text.clone(),
    };
    assert_eq!(shown(&cases[0]), r#"{"open":{"agent":"bot","at":"2026-03-02T15:00:00Z","session":"s"}}"#);
    assert_eq!(shown(&cases[1]), r#"{"at":"2026-03-02T16:30:00Z","call":"c1","n":1,"session":"s"}"#);
    assert_eq!(shown(&cases[2]), r#"{"at":"2026-03-02T16:30:00Z","call":"c2","n":2,"session":"s"}"#);
    assert_eq!(
        shown(&cases[3]),
        r#"{"observe":{"at":"2026-03-02T16:30:00Z","call":"c2","outcome":"ok","result":1,"session":"s"}}"#
    );
    assert!(matches!(&cases[3].expected, Expectation::Told(Some(code)) if code == "call_closed"));
    let Entry::Event { last: Some(last), .. } = &cases[4].entry else { panic!("no digest of the last decision") };
    assert_eq!(last.as_deref(), Some("large"));
}
