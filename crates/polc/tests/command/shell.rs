//! A folder of its own for each test, and a shell in it that finds `polc`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The folder and the shell.
pub(crate) struct Shell {
    folder: TempDir,
}

impl Shell {
    /// Makes an empty folder.
    pub(crate) fn new() -> Shell {
        Shell { folder: tempfile::tempdir().unwrap() }
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file in it.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.folder().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Copies a folder of the repository into it, under its own last name.
    pub(crate) fn copy(&self, from: &str) {
        let from = repository().join(from);
        copy(&from, &self.folder().join(from.file_name().unwrap()));
    }

    /// Returns a command that `sh` will run in the folder, or below it.
    pub(crate) fn command(&self, line: &str, below: &Path) -> Command {
        let binary = Path::new(env!("CARGO_BIN_EXE_polc")).parent().unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("sh");
        command.arg("-c").arg(line).current_dir(self.folder().join(below));
        command.env_clear().env("PATH", format!("{}:{path}", binary.display())).env("HOME", self.folder());
        command.stdin(Stdio::null());
        command
    }
}

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Returns the lines around the first difference.
pub(crate) fn difference(expected: &str, found: &str) -> String {
    let (expected, found): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), found.lines().collect());
    let at = expected.iter().zip(&found).take_while(|(a, b)| a == b).count();
    let show = |lines: &[&str], mark: &str| -> String {
        lines.iter().skip(at).take(12).map(|line| format!("  {mark} {line}\n")).collect()
    };
    format!("  line {}\n{}{}", at + 1, show(&expected, "-"), show(&found, "+"))
}
