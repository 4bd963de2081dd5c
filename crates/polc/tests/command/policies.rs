//! Checks every whole policy that a page of the documentation shows: a block marked `agentpol` that begins with a module
//! has no error, and where it has a `test` that holds.

use std::fs;
use std::path::Path;

use crate::shell::{Shell, repository};

#[test]
fn policies_on_pages_are_sound() {
    let root = repository();
    let mut pages = vec![root.join("README.md"), root.join("CONTRIBUTING.md"), root.join("ARCHITECTURE.md")];
    for folder in ["docs", "docs/reference", "policies"] {
        let entries = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        pages.extend(entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    let mut wrong = Vec::new();
    let mut checked = 0;
    for page in &pages {
        for policy in policies(&fs::read_to_string(page).unwrap()) {
            checked += 1;
            let shell = Shell::new();
            shell.write("page.agentpol", policy.as_bytes());
            let task = if policy.contains("\ntest \"") { "test" } else { "check" };
            let output = shell.command(&format!("polc {task} page.agentpol 2>&1"), Path::new("")).output().unwrap();
            if !output.status.success() {
                wrong.push(format!("{}:\n{}", page.display(), String::from_utf8_lossy(&output.stdout)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked >= 4, "only {checked} policies found: are the blocks still marked?");
}

/// The blocks marked `agentpol` that are whole files.
fn policies(page: &str) -> Vec<String> {
    let blocks = page.split("```agentpol\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    blocks.filter(|block| block.starts_with("module ")).map(|block| format!("{block}\n")).collect()
}
