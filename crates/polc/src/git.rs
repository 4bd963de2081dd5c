//! Files of a git revision, read through the `git` command. Nothing in the repository or its work tree is changed.

use std::io::{self, BufReader, ErrorKind, Read};
use std::path::{Component, Path};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use crate::exit::Problem;
use crate::files;

/// The files of a folder, or one file, as a revision has them.
#[derive(Clone, Debug)]
pub(crate) struct Revision {
    /// The revision, as it was given.
    pub(crate) name: String,
    /// The folder or file in the repository; empty for its root.
    pub(crate) path: String,
    /// Its files, by path.
    pub(crate) files: Vec<Blob>,
}

/// A file of a revision.
#[derive(Clone, Debug)]
pub(crate) struct Blob {
    /// Its path in the repository.
    pub(crate) path: String,
    /// The id of its content.
    id: String,
}

/// Returns the commit that a revision names; nothing where git knows none.
pub(crate) fn commit(revision: &str) -> Result<Option<String>, Problem> {
    if revision.is_empty() || revision.starts_with('-') {
        return Ok(None);
    }
    if !run(&["rev-parse", "--git-dir"])?.status.success() {
        let problem =
            Problem::file(format!("`{revision}` is no file or folder, and this folder is in no git repository"));
        return Err(problem.help("name a folder, a file, or a program made by `polc build`"));
    }
    let wanted = format!("{revision}^{{commit}}");
    let found = run(&["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted])?;
    let text = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    Ok((found.status.success() && !text.is_empty()).then_some(text))
}

/// Returns where this folder, and a path from it, lies in the repository; nothing where that is outside.
pub(crate) fn place(path: &Path) -> Result<Option<String>, Problem> {
    if path.is_absolute() {
        let root = run(&["rev-parse", "--show-toplevel"])?;
        let root = String::from_utf8_lossy(&root.stdout).trim_end_matches('\n').to_owned();
        let inside = path.canonicalize().ok().and_then(|path| Some(path.strip_prefix(&root).ok()?.to_owned()));
        return Ok(inside.filter(|_| !root.is_empty()).map(|inside| inside.to_string_lossy().into_owned()));
    }
    let prefix = run(&["rev-parse", "--show-prefix"])?;
    let prefix = String::from_utf8_lossy(&prefix.stdout).trim_end_matches('\n').to_owned();
    Ok(joined(&prefix, path))
}

/// Joins a path to a folder, both without going up in the end; nothing where it leads out.
pub(crate) fn joined(folder: &str, path: &Path) -> Option<String> {
    let mut parts: Vec<String> = folder.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

/// Lists the files of a commit at or below a path. Links and other repositories inside are left out.
pub(crate) fn list(name: &str, commit: &str, path: &str) -> Result<Revision, Problem> {
    let path = path.trim_matches('/').to_owned();
    let mut arguments = vec!["ls-tree", "-r", "-z", "--full-tree", commit, "--"];
    if !path.is_empty() {
        arguments.push(&path);
    }
    let listed = run(&arguments)?;
    if !listed.status.success() {
        return Err(refused(name, &listed));
    }
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let blob = |entry: &str| {
        let (about, path) = entry.split_once('\t')?;
        let mut words = about.split(' ');
        let (mode, kind, id) = (words.next()?, words.next()?, words.next()?);
        (kind == "blob" && mode != "120000").then(|| Blob { path: path.to_owned(), id: id.to_owned() })
    };
    let files = text.split('\0').filter_map(blob).collect();
    Ok(Revision { name: name.to_owned(), path, files })
}

impl Revision {
    /// Returns the file of that path.
    pub(crate) fn file(&self, path: &str) -> Option<&Blob> {
        self.files.iter().find(|blob| blob.path == path)
    }

    /// Returns a path as shown to people: `HEAD~3:policies/desk.agentpol`.
    pub(crate) fn shown(&self, path: &str) -> String {
        format!("{}:{path}", self.name)
    }
}

impl Blob {
    /// Reads at most `limit` bytes and one more, so that the caller sees that there is more.
    pub(crate) fn read(&self, limit: usize) -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        let read = self.open().and_then(|stream| stream.take(limit as u64 + 1).read_to_end(&mut bytes));
        read.map_err(|error| Problem::file(format!("cannot read {}: {}", self.path, files::reason(&error))))?;
        Ok(bytes)
    }

    /// Opens its content.
    pub(crate) fn open(&self) -> io::Result<Stream> {
        let mut command = git(&["cat-file", "blob", &self.id]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let stdout = child.stdout.take().ok_or_else(|| io::Error::other("git says nothing"))?;
        Ok(Stream { child, stdout: BufReader::new(stdout) })
    }
}

/// The content of a file while git hands it out.
pub(crate) struct Stream {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.stdout.read(into)?;
        // What git broke off looks like an end otherwise.
        if read == 0 && !into.is_empty() && !self.child.wait()?.success() {
            return Err(io::Error::other("git cannot read the object"));
        }
        Ok(read)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // One that has ended cannot be stopped, and needs no stopping.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the name that git commits under here, if one is set.
pub(crate) fn user_name() -> Option<String> {
    let found = run(&["config", "user.name"]).ok()?;
    let name = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    (found.status.success() && !name.is_empty()).then_some(name)
}

fn git(arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.args(arguments).stdin(Stdio::null()).env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0");
    command
}

fn run(arguments: &[&str]) -> Result<Output, Problem> {
    git(arguments).output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => Problem::file("`git` is not installed, and revisions are read with it")
            .help("install git, or name folders, files, or programs made by `polc build`"),
        _ => Problem::file(format!("cannot run `git`: {}", files::reason(&error))),
    })
}

fn refused(name: &str, output: &Output) -> Problem {
    let why = String::from_utf8_lossy(&output.stderr);
    let why = why.lines().next().unwrap_or_default().trim_start_matches("fatal: ").to_owned();
    Problem::file(format!("git cannot read `{name}`: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_inside_the_repository() {
        let join = |folder: &str, path: &str| joined(folder, Path::new(path));
        assert_eq!(join("a/b/", "../c/./d").as_deref(), Some("a/c/d"));
        assert_eq!(join("", "x").as_deref(), Some("x"));
        assert_eq!(join("a", "").as_deref(), Some("a"));
        assert_eq!(join("a", "../.."), None);
        assert_eq!(join("a", "/x"), None);
    }
}
