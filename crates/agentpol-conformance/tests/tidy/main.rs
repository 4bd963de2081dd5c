//! Holds the invariants of ARCHITECTURE.md: what a look at the sources, at Cargo's graph and at the artefact can tell.

#[path = "../artifact/mod.rs"]
mod artifact;
mod attacks;
mod files;
mod graph;
mod text;

use std::path::PathBuf;

/// The top folder of the workspace.
pub(crate) fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

/// Fails with a list of what is wrong, if anything is.
pub(crate) fn nothing_in(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// The size that a host may count on.
const MAX_ARTIFACT: usize = 768 * 1024;

#[test]
fn the_wasm_artifact_imports_nothing_and_is_small() {
    let bytes = artifact::build().unwrap_or_else(|error| panic!("{error}"));
    let module = wasmtime::Module::new(&wasmtime::Engine::default(), &bytes).expect("a valid module");
    let imports: Vec<String> = module.imports().map(|import| format!("imports {}", import.name())).collect();
    nothing_in(imports);
    assert!(bytes.len() <= MAX_ARTIFACT, "{} bytes, more than {MAX_ARTIFACT}", bytes.len());
}
