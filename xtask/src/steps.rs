//! What each task does, as the commands a person would type.

use std::env;
use std::fmt;
use std::path::PathBuf;
use std::process::Command;

use crate::{say, target};

/// Why a task stopped.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The program could not be started.
    NotStarted { program: String, why: String },
    /// The command ran and did not succeed.
    Failed { command: String },
    /// The WebAssembly target is missing and nothing here can add it.
    NoTarget,
    /// Something else, in words.
    Said(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NotStarted { program, why } => write!(f, "cannot start `{program}`: {why}"),
            Failure::Failed { command } => write!(f, "`{command}` failed"),
            Failure::Said(words) => write!(f, "{words}"),
            Failure::NoTarget => write!(
                f,
                "the tests need the target {name}, and there is no `rustup` to add it; install the standard library \
                 of that target the way this toolchain was installed",
                name = target::WASM
            ),
        }
    }
}

/// Runs all tests of the workspace, the benches left out.
pub(crate) fn test() -> Result<(), Failure> {
    target::ensure()?;
    run(cargo(), &["test"])
}

/// Runs a command in the root of the workspace and shows it first.
pub(crate) fn run(program: String, arguments: &[&str]) -> Result<(), Failure> {
    let name = PathBuf::from(&program).file_stem().map_or(program.clone(), |stem| stem.to_string_lossy().into_owned());
    let command = format!("{name} {}", arguments.join(" "));
    say(&format!("xtask: {command}\n"));
    match Command::new(&program).args(arguments).current_dir(root()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::Failed { command }),
        Err(error) => Err(Failure::NotStarted { program, why: error.to_string() }),
    }
}

/// The cargo that runs this, so that a toolchain chosen with `+name` is kept.
pub(crate) fn cargo() -> String {
    env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// The root of the workspace: one above this package.
pub(crate) fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}
