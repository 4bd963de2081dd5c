//! Runs every file under `tests/cases`: the real command over files, with what it prints and how it ends.
//!
//! A case is one text file made of sections that begin with `=== `:
//!
//! ```text
//! === file desk.agentpol        a file, with the lines that follow
//! === bytes desk.agentpol       a file from hexadecimal digits
//! === repeat 1000 big.agentpol  a file made of the lines that follow, that many times
//! === tree examples/x           a folder of the repository, copied under its own name
//! === run polc check            a command, run by `sh` in a folder of its own
//! === stdout                    what it prints, and `=== stderr`, and `=== exit 3`: what is left out is nothing, and 0
//! ```
//!
//! `BLESS=1 cargo test -p polc` writes what the commands print today into the files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::{Shell, difference};

/// One section of a case.
struct Section {
    head: String,
    body: String,
}

/// What a command printed and how it ended.
#[derive(Default)]
struct Ran {
    stdout: String,
    stderr: String,
    exit: i32,
}

#[test]
fn the_command_does_what_the_cases_say() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases"), &mut files);
    files.sort();
    assert!(!files.is_empty(), "no cases");
    let mut wrong = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        let now = run(&text, file);
        if now != text && bless {
            fs::write(file, now).unwrap();
        } else if now != text {
            wrong.push(format!("{}\n{}", file.display(), difference(&text, &now)));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases differ:\n\n{}", wrong.len(), files.len(), wrong.join("\n"));
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "case") {
            files.push(path);
        }
    }
}

/// Runs a case and returns it as it would have to be written.
fn run(text: &str, file: &Path) -> String {
    let (head, sections) = sections(text);
    let shell = Shell::new();
    let mut out = head;
    for section in sections {
        let words: Vec<&str> = section.head.split(' ').collect();
        match words.as_slice() {
            ["stdout" | "stderr"] | ["exit", _] => continue,
            ["file", name] => shell.write(name, section.body.as_bytes()),
            ["bytes", name] => shell.write(name, &hexadecimal(&section.body)),
            ["repeat", times, name] => shell.write(name, section.body.repeat(times.parse().unwrap()).as_bytes()),
            ["tree", from] => shell.copy(from),
            ["run", ..] => {}
            _ => panic!("{}: unknown section `{}`", file.display(), section.head),
        }
        out.push_str(&format!("=== {}\n{}", section.head, section.body));
        if let ["run", command @ ..] = words.as_slice() {
            out.push_str(&written(&shell.run(&command.join(" "))));
        }
    }
    out
}

fn written(ran: &Ran) -> String {
    let mut out = String::new();
    for (name, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
        if !text.is_empty() {
            out.push_str(&format!("=== {name}\n{text}"));
            if !text.ends_with('\n') {
                out.push_str("\n(no line end)\n");
            }
        }
    }
    if ran.exit != 0 {
        out.push_str(&format!("=== exit {}\n", ran.exit));
    }
    out.push('\n');
    out
}

/// Splits a case into what stands before its first section, and its sections.
fn sections(text: &str) -> (String, Vec<Section>) {
    let mut head = String::new();
    let mut sections: Vec<Section> = Vec::new();
    for line in text.split_inclusive('\n') {
        if let Some(name) = line.strip_prefix("=== ") {
            sections.push(Section { head: name.trim().to_owned(), body: String::new() });
        } else if let Some(section) = sections.last_mut() {
            // The empty line behind a run belongs to nothing.
            if !(section.head.starts_with("run ") || section.head.starts_with("exit ")) {
                section.body.push_str(line);
            }
        } else {
            head.push_str(line);
        }
    }
    (head, sections)
}

fn hexadecimal(text: &str) -> Vec<u8> {
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

impl Shell {
    /// Runs a line and returns what came of it, with the folder's own name taken out.
    fn run(&self, line: &str) -> Ran {
        let done = self.command(line, Path::new("")).output().unwrap();
        let plain = |bytes: Vec<u8>| {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            text.replace(&self.folder().display().to_string(), "[HERE]")
        };
        Ran { stdout: plain(done.stdout), stderr: plain(done.stderr), exit: done.status.code().unwrap_or(-1) }
    }
}
