//! Every manifest under `manifests/` is read, and what comes out is compared with the file of the same name that ends in
//! `.expected`. Run with `BLESS=1` to write those files anew, and read the difference before you keep it.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use agentpol_replay::Manifest;

fn render(text: &str) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    match Manifest::parse(text) {
        Ok(manifest) => {
            writeln!(out, "policies {:?}\nmembers {:?}", manifest.policies, manifest.members)?;
            writeln!(out, "root {:?}\nlints {:?}", manifest.root, manifest.lints)?;
            for recording in &manifest.recordings {
                writeln!(out, "{recording:#?}")?;
            }
        }
        Err(errors) => {
            for error in errors {
                writeln!(out, "{error} {:?}", text.get(error.span.clone()).unwrap_or("").lines().next().unwrap_or(""))?;
                if let Some(help) = error.kind.help() {
                    writeln!(out, "    help: {help}")?;
                }
            }
        }
    }
    Ok(out)
}

#[test]
fn manifests_become_what_is_expected() -> Result<(), Box<dyn Error>> {
    let mut wrong = String::new();
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests"))? {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let rendered = render(&fs::read_to_string(&path)?)?;
            let expected = PathBuf::from(format!("{}.expected", path.display()));
            if std::env::var_os("BLESS").is_some() {
                fs::write(&expected, &rendered)?;
            } else if fs::read_to_string(&expected).ok().as_deref() != Some(rendered.as_str()) {
                writeln!(wrong, "--- {}\n{rendered}", path.display())?;
            }
        }
    }
    assert!(wrong.is_empty(), "these manifests changed:\n{wrong}");
    Ok(())
}
