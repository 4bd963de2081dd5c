//! Runs every page in `cases/`: each request and event on each engine, which must agree with each other and with the
//! page.
//!
//! `PAGES=text` runs only the pages whose names contain it.

#[path = "../artifact/mod.rs"]
mod artifact;
mod engines;
mod entries;
mod expectation;
#[path = "../native/mod.rs"]
mod native;
mod page;
mod wasm;
mod words;

use agentpol::{Options, SourceMap, compile_sources};
use engines::{Deployed, Engines};
use entries::Entry;
use page::{Page, PolicyBlock};
use std::path::Path;

#[test]
fn all_pages_hold() {
    let wanted = std::env::var("PAGES").unwrap_or_default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .expect("the folder of pages")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a readable name"))
        .filter(|name| name.ends_with(".md") && name.contains(&wanted))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "no page is called *{wanted}*");
    let mut failures = Vec::new();
    let mut asked = 0;
    for name in names {
        let text = std::fs::read_to_string(folder.join(&name)).expect("a readable page");
        match page::read(name.trim_end_matches(".md"), &text) {
            Ok(page) => asked += run(&page, &mut failures),
            Err(error) => failures.push(format!("{name}: {error}")),
        }
    }
    assert!(failures.is_empty(), "{} of {asked} failed\n\n{}\n", failures.len(), failures.join("\n"));
}

/// Runs a page, and returns how much was asked.
fn run(page: &Page, failures: &mut Vec<String>) -> usize {
    let mut asked = 0;
    let mut rest = page.policies.as_slice();
    while let Some((first, others)) = rest.split_first() {
        let later = others.iter().take_while(|block| block.next).count();
        let blocks: Vec<&PolicyBlock> = [first].into_iter().chain(&others[..later]).collect();
        rest = &others[later..];
        let deployed: Result<Vec<Deployed>, String> = blocks.iter().map(|block| compile(page, block)).collect();
        let done = deployed.and_then(|deployed| run_blocks(page, &blocks, &deployed, failures));
        match done {
            Ok(done) => asked += done,
            Err(error) => failures.push(format!("{}.md ({}): {error}", page.topic, first.heading)),
        }
    }
    asked
}

/// Runs the entries of a policy and of those deployed behind it, then their scenarios.
fn run_blocks(
    page: &Page,
    blocks: &[&PolicyBlock],
    deployed: &[Deployed],
    failures: &mut Vec<String>,
) -> Result<usize, String> {
    let event = |block: &&PolicyBlock| block.cases.iter().any(|case| matches!(case.entry, Entry::Event { .. }));
    let first = deployed.first().ok_or("no policy")?;
    let mut engines = match blocks.iter().any(event) {
        true => Engines::remembering(first)?,
        false => Engines::start(first)?,
    };
    let mut asked = 0;
    for (at, (block, of)) in blocks.iter().zip(deployed).enumerate() {
        if at > 0 {
            engines.deploy(of, block.at)?;
        }
        asked += block.cases.len();
        for case in &block.cases {
            let place = format!("{}.md:{} ({})", page.topic, case.line, block.heading);
            let error = expectation::check(case, &of.policy, &mut engines);
            failures.extend(error.map(|error| format!("{place}: {error}")));
        }
        for scenario in &of.policy.tests {
            asked += scenario.steps.len();
            let place = format!("{}.md, test \"{}\"", page.topic, scenario.name);
            let error = expectation::scenario(scenario, &of.policy, &mut Engines::remembering(of)?);
            failures.extend(error.map(|error| format!("{place}: {error}")));
        }
        for table in &of.policy.tables {
            asked += table.cells.len();
            let place = format!("{}.md, table \"{}\"", page.topic, table.name);
            let mut engines = Engines::remembering(of)?;
            for cell in &table.cells {
                let error = expectation::cell(table, cell, &of.policy, &mut engines);
                failures.extend(error.map(|error| format!("{place}: {error}")));
            }
        }
    }
    Ok(asked)
}

fn compile(page: &Page, block: &PolicyBlock) -> Result<Deployed, String> {
    let mut sources = SourceMap::new();
    for (index, file) in block.files.iter().enumerate() {
        sources.add(format!("{}-{index}.agentpol", page.topic), file.clone());
    }
    let options = Options { root: block.root.clone(), ..Options::default() };
    let checked = compile_sources(&sources, &options);
    let Some(policy) = checked.policy else {
        let errors = checked.diagnostics.iter().filter(|found| found.severity == agentpol::Severity::Error);
        let lines: Vec<String> = errors
            .map(|found| format!("{:?} {} in `{}`", found.code, found.title, sources.text(found.span())))
            .collect();
        return Err(format!("does not compile: {}", lines.join("; ")));
    };
    Deployed::new(policy, &sources, &options)
}
