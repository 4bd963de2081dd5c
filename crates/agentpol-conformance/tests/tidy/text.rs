//! What must and what must not stand in the sources, pages and folders.

use crate::files::{Source, sources};
use crate::{nothing_in, workspace};
use agentpol_diagnostics::Code;
use std::collections::BTreeSet;

/// How long a file may be, tests not counted.
const MAX_LINES: usize = 600;

/// Lists each line of code for which the test holds.
fn lines_with(source: &Source, wrong: impl Fn(&str) -> bool) -> Vec<String> {
    source
        .lines()
        .filter(|(_, line)| wrong(line))
        .map(|(at, line)| format!("{}:{at}: {}", source.path, line.trim()))
        .collect()
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let silent = sources().into_iter().filter(|source| !source.text.starts_with("//! "));
    nothing_in(silent.map(|source| source.path).collect());
}

#[test]
fn no_file_is_too_long() {
    let long = sources().into_iter().filter(|source| !source.is_test() && source.code().lines().count() > MAX_LINES);
    nothing_in(long.map(|source| format!("{}: {} lines", source.path, source.code().lines().count())).collect());
}

#[test]
fn nothing_is_silenced_skipped_or_left_for_later() {
    let words = [
        ["#[", "allow"],
        ["#![", "allow"],
        ["#[", "ignore"],
        ["TO", "DO"],
        ["FIX", "ME"],
        ["todo", "!("],
        ["unimplemented", "!("],
    ];
    let words = words.map(|halves| halves.concat());
    let mut wrong = Vec::new();
    for source in sources() {
        for (index, line) in source.text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word.as_str())) {
                wrong.push(format!("{}:{}: {}", source.path, index + 1, line.trim()));
            }
        }
    }
    nothing_in(wrong);
}

#[test]
fn nothing_is_unsafe_but_exported_names() {
    let mut wrong = Vec::new();
    for source in sources() {
        let word = ["unsa", "fe"].concat();
        let attribute = format!("#[{word}(no_mangle)]");
        let export = |line: &str| source.path.starts_with("crates/agentpol-wasm/") && line == attribute;
        let unsound = |line: &str| line.contains(&format!("{word} ")) || line.contains(&format!("{word}("));
        wrong.extend(lines_with(&source, |line| unsound(line) && !export(line)));
    }
    nothing_in(wrong);
}

#[test]
fn only_the_command_prints_and_touches_the_world() {
    let may = ["crates/polc/", "xtask/", "benches/", "examples/"];
    let world = [
        "println!",
        "print!(",
        "eprintln!",
        "eprint!(",
        "dbg!(",
        "std::fs",
        "std::env",
        "std::process",
        "std::net::Tcp",
        "std::net::Udp",
        "io::stdout",
        "io::stderr",
        "io::stdin",
        "SystemTime",
        "Instant::now",
    ];
    let mut wrong = Vec::new();
    for source in sources() {
        let free = may.iter().any(|folder| source.path.starts_with(folder)) || source.is_test();
        if !free {
            wrong.extend(lines_with(&source, |line| world.iter().any(|word| line.contains(word))));
        }
    }
    nothing_in(wrong);
}

#[test]
fn the_parser_and_the_lexer_stay_where_they_are() {
    let mut wrong = Vec::new();
    for source in sources() {
        let syntax = source.path.starts_with("crates/agentpol-syntax/src/") || source.path.starts_with("grammar/");
        let lexer = source.path == "crates/agentpol-syntax/src/lexer.rs";
        let public = |line: &str| line.trim_start().starts_with("pub ") && line.contains("pest::");
        if !syntax && !source.is_test() {
            wrong.extend(lines_with(&source, |line| line.contains("pest::")));
        } else if source.path.starts_with("crates/agentpol-syntax/") {
            wrong.extend(lines_with(&source, public));
        }
        if !lexer && !source.is_test() {
            wrong.extend(lines_with(&source, |line| line.contains("logos::")));
        }
    }
    nothing_in(wrong);
}

#[test]
fn every_diagnostic_has_its_page_and_every_page_its_diagnostic() {
    let folder = workspace().join("docs/diagnostics");
    let pages: BTreeSet<String> = std::fs::read_dir(folder)
        .expect("docs/diagnostics")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter_map(|name| name.strip_suffix(".md").filter(|code| code.starts_with("AP")).map(str::to_owned))
        .collect();
    let codes: BTreeSet<String> = Code::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    let missing = codes.difference(&pages).map(|code| format!("{code}: no page"));
    let surplus = pages.difference(&codes).map(|code| format!("{code}: a page without a code"));
    nothing_in(missing.chain(surplus).collect());
}

#[test]
fn every_folder_says_what_may_be_put_there() {
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(workspace()).expect("the workspace") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let empty = || std::fs::read_dir(&path).is_ok_and(|mut entries| entries.next().is_none());
        if path.is_dir() && !name.starts_with('.') && name != "target" && !empty() && !path.join("README.md").is_file()
        {
            wrong.push(format!("{name}: no README.md"));
        }
    }
    nothing_in(wrong);
}
