//! The WASM artefact, built as hosts get it.

use std::path::PathBuf;
use std::process::Command;

/// The target that it is built for.
const TARGET: &str = "wasm32-unknown-unknown";

/// Builds the module in a target directory of its own, beside the workspace's other output, and returns its bytes.
pub(crate) fn build() -> Result<Vec<u8>, String> {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let metadata = cargo_metadata::MetadataCommand::new()
        .current_dir(&workspace)
        .no_deps()
        .exec()
        .map_err(|error| format!("cargo metadata: {error}"))?;
    let target_dir = metadata.target_directory.join("conformance-wasm");
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let answer = Command::new(cargo)
        .current_dir(&workspace)
        .args(["build", "--quiet", "--package", "agentpol-wasm", "--profile", "wasm", "--target", TARGET])
        .arg("--target-dir")
        .arg(target_dir.as_str())
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .map_err(|error| format!("cargo build: {error}"))?;
    if !answer.status.success() {
        let said = String::from_utf8_lossy(&answer.stderr);
        let hint = "`cargo xtask test` adds the target where it is missing";
        return Err(format!("agentpol-wasm does not build for {TARGET}; {hint}\n{said}"));
    }
    let file = target_dir.join(TARGET).join("wasm").join("agentpol_wasm.wasm");
    std::fs::read(&file).map_err(|error| format!("{file}: {error}"))
}
