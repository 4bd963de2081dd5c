//! Runs the pages of the diagnostics: what stands under Wrong yields the code, what stands under Right does not.

use crate::pages::{Block, blocks, check_files, pages_in, short};
use agentpol_check::Options;
use agentpol_diagnostics::{Code, Kind};
use std::path::Path;

/// Codes that checking yields, whose pages are run here.
fn of_checking(code: &str) -> bool {
    ["AP02", "AP03", "AP04", "AP05", "AP06", "AP07"].iter().any(|prefix| code.starts_with(prefix))
}

/// Checks the blocks under one heading. A block `agentpol` is a file of its own or, with the same name, replaces none.
fn found(blocks: &[Block], heading: &str) -> Option<(Vec<String>, bool)> {
    let of = |kind: &'static str| blocks.iter().filter(move |block| block.heading == heading && block.kind == kind);
    let files: Vec<(&str, &str)> = of("agentpol").map(|block| (block.name.as_str(), block.text.as_str())).collect();
    let root = of("options").flat_map(|block| block.text.lines()).find_map(|line| line.strip_prefix("root "));
    let options = Options { root: root.map(str::to_owned), ..Options::default() };
    if files.is_empty() {
        return None;
    }
    let (policy, diagnostics, sources) = check_files(&files, &options);
    Some((short(&diagnostics, &sources), policy.is_some()))
}

#[test]
fn pages_of_diagnostics_are_true() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/diagnostics");
    let mut failures = String::new();
    for (path, text) in pages_in(&folder) {
        let code = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let Some(known) = Code::ALL.iter().find(|known| known.as_str() == code) else { continue };
        if !of_checking(&code) {
            continue;
        }
        let mut fail = |what: String| failures.push_str(&format!("{code}: {what}\n"));
        if !text.starts_with(&format!("# {code}: {}\n", known.title())) {
            fail(format!("must begin with `# {code}: {}`", known.title()));
        }
        let blocks = blocks(&text);
        let mark = format!(" {code} ");
        match found(&blocks, "Wrong") {
            Some((lines, _)) if lines.iter().any(|line| line.contains(&mark)) => {
                let others = lines.iter().filter(|line| !line.contains(&mark) && !line.contains(" AP06"));
                others.for_each(|line| fail(format!("Wrong also yields {line}")));
            }
            Some((lines, _)) => fail(format!("Wrong does not yield it, but {lines:?}")),
            None if text.contains("## Wrong") => {}
            None => fail("has no part Wrong".to_owned()),
        }
        match found(&blocks, "Right") {
            Some((lines, built)) => {
                if !built || lines.iter().any(|line| line.contains(&mark)) {
                    fail(format!("Right yields {lines:?}"));
                }
            }
            None => fail("has no part Right".to_owned()),
        }
        if !text.contains("\n## Why\n") {
            fail("has no part Why".to_owned());
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn every_code_of_checking_has_a_page() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/diagnostics");
    let missing: Vec<&str> = (Code::ALL.iter())
        .map(|code| (code.as_str(), code.kind()))
        .filter(|(code, kind)| of_checking(code) && matches!(kind, Kind::Error | Kind::Lint))
        .map(|(code, _)| code)
        .filter(|code| !folder.join(format!("{code}.md")).exists())
        .collect();
    assert!(missing.is_empty(), "without a page: {missing:?}");
}

#[test]
fn examples_of_the_reference_are_policies() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference");
    let mut failures = String::new();
    let mut count = 0;
    for (path, text) in pages_in(&folder) {
        for block in blocks(&text).iter().filter(|block| block.kind == "agentpol" && block.text.starts_with("module "))
        {
            count += 1;
            let (policy, found, sources) = check_files(&[("policy.agentpol", &block.text)], &Options::default());
            if policy.is_none() {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                failures.push_str(&format!("{name}, {}: {:?}\n", block.heading, short(&found, &sources)));
            }
        }
    }
    assert!(count > 5, "there are examples");
    assert!(failures.is_empty(), "{failures}");
}
