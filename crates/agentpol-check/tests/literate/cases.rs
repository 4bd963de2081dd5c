//! Runs the literate pages of `tests/cases`: policies with the diagnostics that they must give.
//!
//! A page has one or several `agentpol` blocks, each a file (its name behind the word), and an `expect` block with one
//! line `file:line:column CODE title` for each diagnostic; missing and surplus ones fail. A heading starts a new case.
//! A block `options` may hold `root MODULE`. Lints count only in cases that expect one or whose options say `lints`.
//! A block `requests` holds, for each test, the event that opens its session and its steps, each on a line. The order of the files must never show:
//! every case runs in both orders.

use crate::pages::{Block, blocks, check_files, meaning, pages_in, short};
use agentpol_check::Options;
use agentpol_check::policy::{Person, Step};
use std::path::Path;

/// One case of a page.
struct Case<'p> {
    heading: &'p str,
    blocks: Vec<&'p Block>,
}

/// Splits the blocks of a page into cases, by heading.
fn cases(blocks: &[Block]) -> Vec<Case<'_>> {
    let mut cases: Vec<Case<'_>> = Vec::new();
    for block in blocks {
        match cases.last_mut() {
            Some(case) if case.heading == block.heading => case.blocks.push(block),
            _ => cases.push(Case { heading: &block.heading, blocks: vec![block] }),
        }
    }
    cases
}

/// Runs one case and returns what differs.
fn run(case: &Case<'_>) -> Option<String> {
    let of = |kind: &'static str| case.blocks.iter().filter(move |block| block.kind == kind);
    let mut files: Vec<(&str, &str)> = of("agentpol").map(|block| (block.name.as_str(), block.text.as_str())).collect();
    let expect: Vec<&str> = of("expect").flat_map(|block| block.text.lines()).filter(|line| !line.is_empty()).collect();
    let settings: Vec<&str> = of("options").flat_map(|block| block.text.lines()).collect();
    if files.is_empty() || of("expect").count() != 1 {
        return Some("a case needs files and one `expect` block".to_owned());
    }
    let root = settings.iter().find_map(|line| line.strip_prefix("root ")).map(|name| name.trim().to_owned());
    let options = Options { root, ..Options::default() };
    let lints = settings.contains(&"lints") || expect.iter().any(|line| line.contains(" AP06"));
    let once = |files: &[(&str, &str)]| {
        let (policy, mut found, sources) = check_files(files, &options);
        assert_eq!(policy.is_some(), !found.has_errors(), "a policy exactly where there is no error");
        found.retain(|diagnostic| lints || !diagnostic.code.as_str().starts_with("AP06"));
        (policy, short(&found, &sources))
    };
    let (policy, given) = once(&files);
    files.reverse();
    let (turned_policy, turned) = once(&files);
    if given != turned {
        return Some(format!("the order of files shows:\n{}\n--\n{}", given.join("\n"), turned.join("\n")));
    }
    if policy.as_ref().map(meaning) != turned_policy.as_ref().map(meaning) {
        return Some("the order of files shows in the policy".to_owned());
    }
    if given != expect {
        let minus = expect.iter().filter(|line| !given.iter().any(|other| other == *line)).map(|l| format!("- {l}\n"));
        let plus = given.iter().filter(|line| !expect.contains(&line.as_str())).map(|line| format!("+ {line}\n"));
        return Some(format!("{}{}", minus.collect::<String>(), plus.collect::<String>()));
    }
    let requests: Vec<&str> = of("requests").flat_map(|block| block.text.lines()).collect();
    if !requests.is_empty() {
        let tests = policy.iter().flat_map(|policy| &policy.tests);
        let mut made: Vec<String> =
            tests.flat_map(|test| std::iter::once(test.open.clone()).chain(test.steps.iter().map(line))).collect();
        let cells = policy.iter().flat_map(|policy| &policy.tables).flat_map(|table| &table.cells);
        made.extend(cells.map(|cell| format!("{:?} {}", cell.rows, cell.request)));
        if made != requests {
            return Some(format!("other requests:\n{}", made.join("\n")));
        }
    }
    None
}

/// Writes a step on one line.
fn line(step: &Step) -> String {
    let person = |word: &str, person: &Person| format!("{word} {} {:?} {}", person.id, person.groups, person.at);
    match step {
        Step::Call(call) => call.request.clone(),
        Step::Approve(by) => person("approve", by),
        Step::Reject(by) => person("reject", by),
        Step::Open(opening) => opening.event.clone(),
    }
}

#[test]
fn pages_give_what_they_expect() {
    let pages = pages_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases"));
    assert!(!pages.is_empty(), "there are pages");
    let mut failures = String::new();
    let mut count = 0;
    for (path, text) in &pages {
        let blocks = blocks(text);
        for case in cases(&blocks) {
            count += 1;
            if let Some(difference) = run(&case) {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                failures.push_str(&format!("{name}, {}:\n{difference}\n", case.heading));
            }
        }
    }
    assert!(failures.is_empty(), "of {count} cases:\n{failures}");
}
