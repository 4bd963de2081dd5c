//! Directories on disk: sources or the built form, to what decisions look things up in.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agentpol::bytecode::directory::DIRECTORY_MAGIC;
use agentpol::{Bound, Directory, Program};
use agentpol_directory::{Builder, Built, UserKey};

use crate::exit::Problem;
use crate::files;

/// The largest built directory that is read, in bytes.
const BUILT_LIMIT: usize = 1 << 31;
/// How many mistakes of sources are shown.
const SHOWN: usize = 20;

/// Builds a directory of sources; `as_of` is when it was taken, where they do not say.
pub(crate) fn build(paths: &[PathBuf], key: UserKey, as_of: Option<i64>) -> Result<Built, Problem> {
    let mut builder = Builder::new(key);
    for path in paths {
        let unreadable = |error| files::unreadable(path, &error);
        let source: Box<dyn Read> = match files::is_stdin(path) {
            true => Box::new(std::io::stdin().lock()),
            false => Box::new(File::open(path).map_err(unreadable)?),
        };
        builder.read(&files::shown(path), BufReader::new(source)).map_err(unreadable)?;
    }
    finish(builder, as_of)
}

fn finish(builder: Builder, as_of: Option<i64>) -> Result<Built, Problem> {
    builder.finish(as_of).map_err(|problems| {
        let mut lines = Vec::new();
        for problem in problems.iter().take(SHOWN) {
            lines.push(problem.to_string());
            lines.extend(problem.kind.help().map(|help| format!("  {help}")));
        }
        if let Some(more @ 1..) = problems.len().checked_sub(SHOWN) {
            lines.push(format!("and {more} more"));
        }
        Problem::file(lines.join("\n"))
    })
}

/// Reads a directory: one built file, or sources. None where there are no paths.
pub(crate) fn load(paths: &[PathBuf]) -> Result<Option<Arc<Directory>>, Problem> {
    if paths.is_empty() {
        return Ok(None);
    }
    match load_built(paths)? {
        Some(directory) => Ok(Some(directory)),
        None => sound(&build(paths, UserKey::default(), None)?.bytes, paths).map(Some),
    }
}

/// Reads a directory that was built. None where the paths are sources.
pub(crate) fn load_built(paths: &[PathBuf]) -> Result<Option<Arc<Directory>>, Problem> {
    match paths {
        [one] if is_built(one) => {
            let bytes = files::read(one, BUILT_LIMIT).map_err(|error| files::unreadable(one, &error))?;
            sound(&bytes, paths).map(Some)
        }
        _ => Ok(None),
    }
}

fn sound(bytes: &[u8], paths: &[PathBuf]) -> Result<Arc<Directory>, Problem> {
    let name = paths.iter().map(|path| files::shown(path)).collect::<Vec<_>>().join(", ");
    Directory::load(bytes).map(Arc::new).map_err(|error| Problem::file(format!("{name}: {error}")))
}

/// Reads a directory as a program reads it.
pub(crate) fn bind(paths: &[PathBuf], program: &Program) -> Result<Option<Arc<Bound>>, Problem> {
    Ok(load(paths)?.map(|directory| Arc::new(Bound::new(directory, program))))
}

/// Reads a directory from bytes with their names, as a program reads it. None where there are none.
pub(crate) fn bind_bytes(texts: &[(String, Vec<u8>)], program: &Program) -> Result<Option<Arc<Bound>>, Problem> {
    let built = match texts {
        [] => return Ok(None),
        [(_, bytes)] if bytes.starts_with(&DIRECTORY_MAGIC) => bytes.clone(),
        _ => {
            let mut builder = Builder::new(UserKey::default());
            for (name, bytes) in texts {
                let unreadable = |error| files::unreadable(Path::new(name), &error);
                builder.read(name, bytes.as_slice()).map_err(unreadable)?;
            }
            finish(builder, None)?.bytes
        }
    };
    let names: Vec<PathBuf> = texts.iter().map(|(name, _)| PathBuf::from(name)).collect();
    Ok(Some(Arc::new(Bound::new(sound(&built, &names)?, program))))
}

fn is_built(path: &Path) -> bool {
    let mut start = [0; DIRECTORY_MAGIC.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == DIRECTORY_MAGIC
}
