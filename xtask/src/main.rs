//! The project's own tasks, run as `cargo xtask test` and `cargo xtask recorded`.
//!
//! Exists so that one command passes on a fresh machine: the tests run the evaluator as WebAssembly too, and the
//! target for that is added here when it is missing.

mod decisions;
mod desks;
mod dojo;
mod plot;
mod recorded;
mod steps;
mod target;

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask TASK

tasks:
  test   add the WebAssembly target if it is missing, then run all tests
  recorded [--write]
         replay public recordings, where they are beside the project, and
         compare with the tables and plots of docs/replay.md, docs/desks.md
         and docs/agentdojo.md, or write them
";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let done = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["test"] => steps::test(),
        ["recorded"] => recorded::recorded(false),
        ["recorded", "--write"] => recorded::recorded(true),
        ["help" | "-h" | "--help"] => {
            say(USAGE);
            return ExitCode::SUCCESS;
        }
        _ => {
            say(USAGE);
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&format!("xtask: {failure}\n"));
            ExitCode::FAILURE
        }
    }
}

/// Writes to standard error; a closed one loses the text and nothing else.
fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
