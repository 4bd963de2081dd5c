//! Puts the pages of the diagnostic codes into the command, so that `polc explain` needs no files.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../docs/diagnostics");
    writeln!(io::stdout(), "cargo::rerun-if-changed={}", folder.display())?;
    let mut pages = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let code = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        if code.starts_with("AP") && path.extension().is_some_and(|extension| extension == "md") {
            pages.push((code, path.canonicalize()?));
        }
    }
    pages.sort();
    let mut table = String::from("&[\n");
    for (code, path) in pages {
        writeln!(table, "    ({code:?}, include_str!({:?})),", path.display().to_string())?;
    }
    table.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("diagnostic_pages.rs"), table)?;
    Ok(())
}
