//! Finding and reading files: in a stable order, without following links in circles, and never more than is asked for.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use crate::exit::Problem;

/// How the name of a policy file ends.
const EXTENSION: &str = "agentpol";
/// The project file.
pub(crate) const MANIFEST: &str = "agentpol.toml";
/// How many folders may lie in each other before the search stops.
const DEPTH_LIMIT: usize = 64;

/// Returns the policy files at the paths: files and standard input as given, folders searched, all once and sorted.
///
/// Hidden folders are left out, and so are links to folders, which is what keeps a search from running in circles.
pub(crate) fn policies_at(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Problem> {
    let mut found = Vec::new();
    for path in paths {
        if is_stdin(path) {
            found.push(path.clone());
            continue;
        }
        match path.is_dir() {
            true => search(path, 0, &mut found)?,
            // What is not there is noted when it is read, so that the others are still looked at.
            false => found.push(plain(path)),
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Problem> {
    if depth > DEPTH_LIMIT {
        return Err(Problem::file(format!("{}: folders nest too deeply", shown(folder))));
    }
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let entry = entry.map_err(|error| unreadable(folder, &error))?;
        let path = entry.path();
        let kind = entry.file_type().map_err(|error| unreadable(&path, &error))?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if kind.is_dir() && !hidden {
            search(&path, depth + 1, found)?;
        } else if !kind.is_dir() && path.extension().is_some_and(|extension| extension == EXTENSION) && path.is_file() {
            found.push(plain(&path));
        }
    }
    Ok(())
}

/// Returns the project file here or in a folder above, as a path relative to here.
pub(crate) fn manifest_above() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let mut up = PathBuf::new();
    for _ in here.ancestors() {
        let candidate = up.join(MANIFEST);
        if candidate.is_file() {
            return Some(candidate);
        }
        up.push("..");
    }
    None
}

/// Reads at most `limit` bytes and one more, so that the caller sees that there is more.
pub(crate) fn read(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads standard input under the same limit.
pub(crate) fn read_stdin(limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a file, or standard input for `-`, as text of at most `limit` bytes.
pub(crate) fn read_text(path: &Path, limit: usize) -> Result<String, Problem> {
    let bytes = if is_stdin(path) { read_stdin(limit) } else { read(path, limit) };
    let bytes = bytes.map_err(|error| unreadable(path, &error))?;
    if bytes.len() > limit {
        return Err(Problem::file(format!("{}: larger than {limit} bytes", shown(path))));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Problem::file(format!("{}: not UTF-8 at byte {at}", shown(path)))
    })
}

/// Writes a file; an existing one is replaced at once or not at all.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Problem> {
    let problem = |error: io::Error| Problem::file(format!("cannot write {}: {}", shown(path), reason(&error)));
    let Some(name) = path.file_name() else {
        return Err(Problem::usage(format!("{} is no name of a file", shown(path))));
    };
    // A device or a pipe is written to, not replaced.
    if fs::metadata(path).is_ok_and(|kind| !kind.is_file()) {
        return fs::write(path, bytes).map_err(problem);
    }
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}", std::process::id()));
    let beside = path.with_file_name(hidden);
    let done =
        fs::write(&beside, bytes).and_then(|()| keep_mode(path, &beside)).and_then(|()| fs::rename(&beside, path));
    done.map_err(|error| {
        let _ = fs::remove_file(&beside);
        problem(error)
    })
}

fn keep_mode(old: &Path, new: &Path) -> io::Result<()> {
    match fs::metadata(old) {
        Ok(known) => fs::set_permissions(new, known.permissions()),
        Err(_) => Ok(()),
    }
}

/// Returns the problem of a file that cannot be read.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Problem {
    Problem::file(format!("cannot read {}: {}", shown(path), reason(error)))
}

/// Returns what the system said, in words without its number.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut words = text.chars();
    words.next().map_or_else(String::new, |first| first.to_lowercase().chain(words).collect())
}

/// Returns whether the path stands for standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Returns the path as shown to people.
pub(crate) fn shown(path: &Path) -> String {
    match path {
        path if is_stdin(path) => "<stdin>".to_owned(),
        path => path.display().to_string(),
    }
}

/// Returns the path as short as it can be said from here, so that a file has one name: without `.`, and without going up
/// only to come down again.
fn plain(path: &Path) -> PathBuf {
    let rest: PathBuf = path.components().filter(|part| !matches!(part, Component::CurDir)).collect();
    let up = rest.components().take_while(|part| matches!(part, Component::ParentDir)).count();
    let Ok(here) = std::env::current_dir() else { return rest };
    let here: Vec<Component<'_>> = here.components().collect();
    let down: Vec<Component<'_>> = rest.components().skip(up).collect();
    if up == 0 || down.is_empty() || up >= here.len() || down.contains(&Component::ParentDir) {
        return if rest.as_os_str().is_empty() { path.to_owned() } else { rest };
    }
    let above = here.len() - up;
    let again = here[above..].iter().zip(&down[..down.len() - 1]).take_while(|(a, b)| a == b).count();
    let ups = std::iter::repeat_n(Component::ParentDir, up - again);
    ups.chain(down[again..].iter().copied()).collect()
}
