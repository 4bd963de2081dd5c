//! Runs every page in `cases/`: each request on each engine, which must agree with each other and with the page.
//!
//! `PAGES=text` runs only the pages whose names contain it.

#[path = "../artifact/mod.rs"]
mod artifact;
mod engines;
mod expectation;
#[path = "../native/mod.rs"]
mod native;
mod page;
mod wasm;

use agentpol::policy::Policy;
use agentpol::{Options, SourceMap, compile_sources};
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
    for block in &page.policies {
        match compile(page, block) {
            Ok((policy, mut engines)) => {
                asked += block.cases.len();
                for case in &block.cases {
                    let place = format!("{}.md:{} ({})", page.topic, case.line, block.heading);
                    let answers = engines.decide(&policy, &case.request);
                    failures
                        .extend(expectation::check(case, &policy, &answers).map(|error| format!("{place}: {error}")));
                }
                for scenario in &policy.tests {
                    asked += scenario.steps.len();
                    let place = format!("{}.md, test \"{}\"", page.topic, scenario.name);
                    failures.extend(
                        expectation::scenario(scenario, &policy, &mut engines).map(|error| format!("{place}: {error}")),
                    );
                }
            }
            Err(error) => failures.push(format!("{}.md ({}): {error}", page.topic, block.heading)),
        }
    }
    asked
}

fn compile(page: &Page, block: &PolicyBlock) -> Result<(Policy, engines::Engines), String> {
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
    let engines = engines::Engines::load(&sources, &options)?;
    Ok((policy, engines))
}
