//! The sources of the workspace, as text.

use crate::workspace;
use std::path::{Path, PathBuf};

/// A source file.
pub(crate) struct Source {
    /// Its path from the top of the workspace, with `/`.
    pub(crate) path: String,
    /// All of it.
    pub(crate) text: String,
}

impl Source {
    /// Whether it is a test as a whole.
    pub(crate) fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or("");
        self.path.contains("/tests/") || name == "tests.rs" || name.ends_with("_tests.rs")
    }

    /// What is not a test: everything before the module of tests that closes the file.
    pub(crate) fn code(&self) -> &str {
        let end =
            ["\n#[cfg(test)]\nmod ", "\n#[cfg(test)]\n#[path"].iter().filter_map(|mark| self.text.find(mark)).min();
        &self.text[..end.unwrap_or(self.text.len())]
    }

    /// The code without comments, by line from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let uncommented = |line| match str::find(line, "//") {
            Some(at) => &line[..at],
            None => line,
        };
        self.code().lines().enumerate().map(move |(index, line)| (index + 1, uncommented(line)))
    }
}

/// Every file of Rust in the workspace.
pub(crate) fn sources() -> Vec<Source> {
    let top = workspace();
    let mut found = Vec::new();
    for folder in ["crates", "grammar", "benches", "xtask", "fuzz", "examples"] {
        collect(&top.join(folder), &mut found);
    }
    found.sort();
    let read = |path: PathBuf| Source {
        text: std::fs::read_to_string(&path).expect("a readable source"),
        path: path.strip_prefix(&top).expect("a path below the top").to_string_lossy().replace('\\', "/"),
    };
    found.into_iter().map(read).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && name != "node_modules" && !name.starts_with('.') {
            collect(&path, found);
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}
