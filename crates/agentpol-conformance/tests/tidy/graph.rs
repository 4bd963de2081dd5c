//! The graph of packages is the table of ARCHITECTURE.md.

use crate::{nothing_in, workspace};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use std::collections::{BTreeMap, BTreeSet};

/// What a row of the table says.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    ours: BTreeSet<String>,
    others: BTreeSet<String>,
}

fn metadata() -> Metadata {
    MetadataCommand::new().current_dir(workspace()).exec().expect("cargo metadata")
}

/// Reads the rows of the table whose first cell is a package in back-quotes and that has four cells.
fn table() -> BTreeMap<String, Row> {
    let text = std::fs::read_to_string(workspace().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let list = |cell: &str| -> BTreeSet<String> {
        cell.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    let full = |name: String| if name == "agentpol" { name } else { format!("agentpol-{name}") };
    let mut rows = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if let [name, _, ours, others] = cells[..] {
            let row = Row { ours: list(ours).into_iter().map(full).collect(), others: list(others) };
            rows.insert(name.trim_matches('`').to_owned(), row);
        }
    }
    rows
}

fn row_of(package: &Package, members: &BTreeSet<String>) -> Row {
    let used = package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
    let (ours, others) = used.map(|dependency| dependency.name.clone()).partition(|name| members.contains(name));
    Row { ours, others }
}

#[test]
fn the_graph_of_packages_is_the_table() {
    let metadata = metadata();
    let members: BTreeSet<String> =
        metadata.workspace_packages().iter().map(|package| package.name.to_string()).collect();
    let mut rows = table();
    let mut wrong = Vec::new();
    for package in metadata.workspace_packages() {
        let found = row_of(package, &members);
        match rows.remove(package.name.as_str()) {
            Some(row) if row == found => {}
            Some(row) => wrong.push(format!("{}: the table says {row:?}, Cargo {found:?}", package.name)),
            None => wrong.push(format!("{}: no row in the table", package.name)),
        }
    }
    wrong.extend(rows.keys().map(|name| format!("{name}: a row without a package")));
    nothing_in(wrong);
}

#[test]
fn what_decides_links_nothing_else() {
    let metadata = metadata();
    let core = ["agentpol-bytecode", "agentpol-vm", "agentpol-wasm"];
    let mut wrong = Vec::new();
    for package in metadata.workspace_packages().into_iter().filter(|package| core.contains(&package.name.as_str())) {
        let linked = package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
        let foreign = linked.filter(|dependency| !core.contains(&dependency.name.as_str()));
        wrong.extend(foreign.map(|dependency| format!("{} links {}", package.name, dependency.name)));
    }
    nothing_in(wrong);
}

/// The lints of a manifest: the tables below this heading, as lines without it.
fn lints(manifest: &str, heading: &str) -> Vec<String> {
    let mut inside = None;
    let mut found = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.strip_prefix(heading).map(str::to_owned);
        }
        if let (Some(table), false) = (&inside, line.is_empty()) {
            found.push(if line.starts_with('[') { table.clone() } else { line.to_owned() });
        }
    }
    found
}

/// Only the WASM module states its lints itself: exporting a name counts as unsafe, and that alone is let through there.
#[test]
fn every_package_takes_the_lints_of_the_workspace() {
    let root = std::fs::read_to_string(workspace().join("Cargo.toml")).expect("Cargo.toml");
    let common = lints(&root, "[workspace.lints.");
    let mut wrong = Vec::new();
    if !common.contains(&"unsafe_code = \"forbid\"".to_owned()) {
        wrong.push("`unsafe` is not forbidden".to_owned());
    }
    for package in metadata().workspace_packages() {
        let text = std::fs::read_to_string(&package.manifest_path).expect("a manifest");
        let same = lints(&text, "[lints.").iter().map(|line| line.replace("\"deny\"", "\"forbid\"")).eq(common.clone());
        let fits = match package.name.as_str() {
            "agentpol-wasm" => same,
            _ => text.contains("[lints]\nworkspace = true"),
        };
        if !fits {
            wrong.push(format!("{} sets lints of its own", package.name));
        }
    }
    nothing_in(wrong);
}
