//! The WebAssembly target that the tests build the evaluator for.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::steps::{Failure, run};

/// Its name.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Adds the target through rustup unless it is there.
pub(crate) fn ensure() -> Result<(), Failure> {
    if installed() {
        return Ok(());
    }
    match run("rustup".to_owned(), &["target", "add", WASM]) {
        Err(Failure::NotStarted { .. }) => Err(Failure::NoTarget),
        other => other,
    }
}

/// Looks for the target's library where the compiler itself would.
fn installed() -> bool {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let Ok(answer) = Command::new(rustc).args(["--print", "sysroot"]).output() else { return false };
    let Ok(sysroot) = String::from_utf8(answer.stdout) else { return false };
    Path::new(sysroot.trim()).join("lib/rustlib").join(WASM).join("lib").is_dir()
}
