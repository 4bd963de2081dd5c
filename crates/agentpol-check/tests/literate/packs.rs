//! The packs that the project ships have no errors.

use crate::pages::{check_files, short};
use agentpol_check::Options;
use std::path::Path;

#[test]
fn shipped_packs_have_no_errors() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let mut failures = String::new();
    let mut count = 0;
    for pack in std::fs::read_dir(folder).expect("the folder can be read") {
        let pack = pack.expect("the entry can be read").path();
        if !pack.is_dir() {
            continue;
        }
        let mut files = Vec::new();
        for file in std::fs::read_dir(&pack).expect("the pack can be read") {
            let file = file.expect("the entry can be read").path();
            if file.extension().is_some_and(|extension| extension == "agentpol") {
                let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                files.push((name, std::fs::read_to_string(&file).expect("the file can be read")));
            }
        }
        count += files.len();
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let (policy, mut found, sources) = check_files(&files, &Options::default());
        found.retain(|diagnostic| diagnostic.severity == agentpol_diagnostics::Severity::Error);
        if policy.is_none() {
            failures.push_str(&format!("{}:\n{}\n", pack.display(), short(&found, &sources).join("\n")));
        }
    }
    assert!(count > 0, "there are packs");
    assert!(failures.is_empty(), "{failures}");
}
