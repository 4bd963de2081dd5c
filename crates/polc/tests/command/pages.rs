//! Runs every command that the README and the pages of the documentation show.
//!
//! In a block marked `console`, a line that begins with `$ ` is run and the lines below are what it prints, standard
//! error included. `...` alone on a line stands for any lines, and sizes in bytes may be others. One page is one session in one folder, and `cd` moves
//! in it; commands that begin with `cargo` run at the root of the repository.

use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::{Shell, difference, repository};

/// Shown so that people type them; here they would run this very test.
const NOT_RUN: [&str; 5] = ["cargo xtask", "cargo test", "cargo bench", "cargo install", "git clone"];

/// A command and what it prints.
struct Step {
    line: usize,
    command: String,
    output: String,
}

#[test]
fn what_the_pages_show_is_true() {
    let root = repository();
    let mut pages = vec![root.join("README.md")];
    for folder in [root.join("docs"), root.join("docs/reference"), root.join("examples/filesystem-mcp")] {
        pages.extend(markdown(&folder));
    }
    let mut wrong = Vec::new();
    for page in pages.iter().filter(|page| page.is_file()) {
        session(page, &root, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn markdown(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut pages: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    pages
}

fn session(page: &Path, root: &Path, wrong: &mut Vec<String>) {
    let shell = Shell::new();
    let mut below = PathBuf::new();
    for step in steps(&fs::read_to_string(page).unwrap()) {
        if let Some(folder) = step.command.strip_prefix("cd ") {
            below = below.join(folder);
            continue;
        }
        if NOT_RUN.iter().any(|command| step.command.starts_with(command)) {
            continue;
        }
        let found = match step.command.strip_prefix("cargo run --release -p polc -- ") {
            Some(rest) => shell.command(&format!("polc {rest} 2>&1"), Path::new("")).current_dir(root).output(),
            None => shell.command(&format!("({}) 2>&1", step.command), &below).output(),
        };
        let found = String::from_utf8_lossy(&found.unwrap().stdout).into_owned();
        if !fits(&step.output, &found) {
            let place = format!("{}:{}: $ {}", page.display(), step.line, step.command);
            wrong.push(format!("{place}\n{}", difference(&step.output, &found)));
        }
    }
}

fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for (number, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if inside && let Some(command) = line.strip_prefix("$ ") {
            let command = command.split("  # ").next().unwrap_or_default().trim().to_owned();
            steps.push(Step { line: number + 1, command, output: String::new() });
        } else if inside && let Some(step) = steps.last_mut() {
            step.output.push_str(line);
            step.output.push('\n');
        }
    }
    steps
}

/// Returns whether output is as shown; spaces at line ends and empty lines around it do not count.
fn fits(shown: &str, found: &str) -> bool {
    let lines = |text: &str| -> Vec<String> { text.trim_matches('\n').lines().map(unsized_line).collect() };
    let (shown, found) = (lines(shown), lines(found));
    matches(&shown, &found)
}

/// Returns the line without spaces at its end and without the number in `3,110 bytes`, which every change of the format
/// moves.
fn unsized_line(line: &str) -> String {
    let line = line.trim_end();
    match line.strip_suffix(" bytes") {
        Some(rest) => format!("{} bytes", rest.trim_end_matches(|c: char| c.is_ascii_digit() || c == ',')),
        None => line.to_owned(),
    }
}

fn matches(shown: &[String], found: &[String]) -> bool {
    match shown.split_first() {
        None => found.is_empty(),
        Some((first, rest)) if first.trim() == "..." => (0..=found.len()).any(|skip| matches(rest, &found[skip..])),
        Some((first, rest)) => found.first() == Some(first) && matches(rest, &found[1..]),
    }
}
