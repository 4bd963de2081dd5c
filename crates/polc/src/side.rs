//! One side of a comparison: a folder or file of policies, a project, a built program, or what a git revision has of them.

use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agentpol::{Bound, Built, Options, Program, SourceMap};
use agentpol_bytecode::MAGIC;
use agentpol_replay::diff::{Side, Written};
use agentpol_replay::{Manifest, RecordingEntry};

use crate::exit::{Exit, Problem};
use crate::git::{self, Blob, joined};
use crate::policy::{self, Read};
use crate::project::{self, Project};
use crate::recordings::{self, Progress};
use crate::terminal::Terminal;
use crate::{directory, files, program, revision};

/// The largest directory that is read of a revision, in bytes.
const DIRECTORY_LIMIT: usize = 1 << 30;

/// What an argument names.
#[derive(Clone, Debug)]
pub(crate) enum Named {
    /// A file or folder.
    Path(PathBuf),
    /// A built program.
    Program(PathBuf),
    /// A git revision, and what of it.
    Revision {
        /// As it was given, without its path.
        name: String,
        /// The commit.
        commit: String,
        /// A path in the repository; where none is given it is that of the other side.
        path: Option<String>,
    },
}

/// Finds out what an argument names. What is there as a file or folder is that, whatever git knows of the same name.
pub(crate) fn named(text: &str) -> Result<Named, Problem> {
    let path = Path::new(text);
    if path.exists() {
        let start = if path.is_file() { files::read(path, MAGIC.len()).unwrap_or_default() } else { Vec::new() };
        let path = path.to_owned();
        return Ok(if start.starts_with(&MAGIC) { Named::Program(path) } else { Named::Path(path) });
    }
    let (name, path) = text.split_once(':').map_or((text, None), |(name, path)| (name, Some(path)));
    let Some(commit) = git::commit(name)? else {
        let problem = Problem::file(format!("`{text}` is neither a file or folder nor a git revision"));
        return Err(
            problem.help("name a folder, a file, a program made by `polc build`, or a revision such as `HEAD~1`")
        );
    };
    let path = match path {
        // As git has it: a path from the root, or with a dot from here.
        Some(path) if path.starts_with('.') => git::place(Path::new(path))?,
        path => path.map(|path| path.trim_matches('/').to_owned()),
    };
    Ok(Named::Revision { name: name.to_owned(), commit, path })
}

/// A policy that is ready to be compared.
pub(crate) struct Loaded {
    /// As shown to people.
    pub(crate) name: String,
    /// Where on disk it lies; nothing for a revision and a built program.
    pub(crate) place: Option<PathBuf>,
    /// Where in the repository of a revision it lies.
    in_repository: Option<String>,
    program: Program,
    written: Option<(Built, SourceMap, Options)>,
    directory: Directory,
    /// The recordings that its `agentpol.toml` names.
    pub(crate) recordings: Vec<(RecordingEntry, Vec<Source>)>,
}

/// Where users and resources are looked up.
enum Directory {
    Paths(Vec<PathBuf>),
    Blobs(Vec<(String, Blob)>),
    /// A built program says nothing about it.
    OfTheOther,
}

/// A recording that can be opened, as often as needed.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// On disk.
    File(PathBuf),
    /// In a git revision, with its name.
    Blob(String, Blob),
}

impl Source {
    /// As shown to people.
    pub(crate) fn name(&self) -> String {
        match self {
            Source::File(path) => files::shown(path),
            Source::Blob(name, _) => name.clone(),
        }
    }

    /// Opens it, packed or not.
    pub(crate) fn open(&self, progress: &mut Progress) -> io::Result<Box<dyn BufRead>> {
        match self {
            Source::File(path) => recordings::open(path, progress),
            Source::Blob(_, blob) => recordings::opened(blob.open()?, 0, progress),
        }
    }
}

/// Loads the newer side: every project that is named, or that is here.
pub(crate) fn newer(named: Option<&Named>, terminal: &mut Terminal) -> Result<Vec<Loaded>, Problem> {
    let projects = match named {
        None => project::find(&[])?,
        Some(Named::Path(path)) => project::find(std::slice::from_ref(path))?,
        Some(Named::Program(path)) => return Ok(vec![built(path)?]),
        Some(Named::Revision { name, commit, path }) => {
            let path = path.clone().map_or_else(|| of_here(&project::find_one(&[])?), Ok)?;
            let found = revision_at(name, commit, &path, terminal)?;
            return found.map(|one| vec![one]).ok_or_else(|| nothing_at(name, &path));
        }
    };
    let given = match named {
        Some(Named::Path(path)) => Some(path.clone()),
        _ => None,
    };
    projects.iter().map(|project| on_disk(project, given.as_deref(), terminal)).collect()
}

/// Loads what the older side has in the place of a newer one, which is one of several below `root` or that itself. Nothing
/// where the older side has no policies there.
pub(crate) fn older(
    named: &Named,
    newer: &Loaded,
    root: &Path,
    terminal: &mut Terminal,
) -> Result<Option<Loaded>, Problem> {
    let below = newer.place.as_deref().and_then(|place| place.strip_prefix(root).ok()).unwrap_or(Path::new(""));
    match named {
        Named::Program(path) => built(path).map(Some),
        Named::Path(path) => {
            let path = if below.as_os_str().is_empty() { path.clone() } else { path.join(below) };
            if !path.exists() {
                return Ok(None);
            }
            let project = project::find_one(std::slice::from_ref(&path))?;
            on_disk(&project, Some(&path), terminal).map(Some)
        }
        Named::Revision { name, commit, path } => {
            let path = match (path, &newer.in_repository, &newer.place) {
                (Some(path), _, _) => joined(path, below),
                (None, Some(path), _) => Some(path.clone()),
                (None, None, Some(place)) => git::place(place)?,
                (None, None, None) => git::place(Path::new("."))?,
            };
            let path = path.ok_or_else(|| {
                Problem::file(format!("{} is not in the repository of `{name}`", newer.name))
                    .help(format!("say what of the revision is meant: `{name}:FOLDER`"))
            })?;
            revision_at(name, commit, &path, terminal)
        }
    }
}

/// Where the project here lies in its repository.
fn of_here(project: &Project) -> Result<String, Problem> {
    git::place(&project.folder)?.ok_or_else(|| Problem::file("this folder is in no git repository"))
}

fn nothing_at(name: &str, path: &str) -> Problem {
    Problem::file(format!("`{name}` has no policies at `{}`", if path.is_empty() { "." } else { path }))
}

fn on_disk(project: &Project, given: Option<&Path>, terminal: &mut Terminal) -> Result<Loaded, Problem> {
    let read = policy::read(project);
    let mut recordings = Vec::new();
    for entry in &project.recordings {
        let paths = recordings::paths(&project.folder, &entry.path)?;
        recordings.push((entry.clone(), paths.into_iter().map(Source::File).collect()));
    }
    // Policies without a project file lie where they were said to be.
    let loose = project.folder.as_os_str().is_empty() && !project.name.ends_with(files::MANIFEST);
    let place = if loose { given.unwrap_or(Path::new("")).to_owned() } else { project.folder.clone() };
    Ok(Loaded {
        place: Some(place),
        directory: Directory::Paths(project.directory.clone()),
        recordings,
        ..loaded(project.name.clone(), read, project.options.clone(), terminal)?
    })
}

fn revision_at(name: &str, commit: &str, path: &str, terminal: &mut Terminal) -> Result<Option<Loaded>, Problem> {
    let Some(found) = revision::project(name, commit, path)? else { return Ok(None) };
    let read = policy::compile(found.sources, &found.options);
    let named = |(entry, blobs): (RecordingEntry, Vec<(String, Blob)>)| {
        (entry, blobs.into_iter().map(|(name, blob)| Source::Blob(name, blob)).collect())
    };
    Ok(Some(Loaded {
        in_repository: Some(path.to_owned()),
        directory: Directory::Blobs(found.directory),
        recordings: found.recordings.into_iter().map(named).collect(),
        ..loaded(found.name, read, found.options, terminal)?
    }))
}

fn loaded(name: String, mut read: Read, options: Options, terminal: &mut Terminal) -> Result<Loaded, Problem> {
    let exit = read.exit();
    let Some(built) = read.built.take().filter(|_| exit == Exit::Success) else {
        read.show(&mut terminal.err);
        return Err(Problem { exit, text: format!("{name}: not compared, the policy cannot be used"), help: None });
    };
    Ok(Loaded {
        program: policy::load_program(&built.bytes, &name)?,
        name,
        place: None,
        in_repository: None,
        written: Some((built, read.sources, options)),
        directory: Directory::Paths(Vec::new()),
        recordings: Vec::new(),
    })
}

fn built(path: &Path) -> Result<Loaded, Problem> {
    Ok(Loaded {
        name: files::shown(path),
        place: None,
        in_repository: None,
        program: program::read(path)?,
        written: None,
        directory: Directory::OfTheOther,
        recordings: Vec::new(),
    })
}

impl Loaded {
    /// Returns it as it is compared; a built program looks things up where the other side does.
    pub(crate) fn side(&self, other: &Loaded) -> Result<Side<'_>, Problem> {
        let directory = match self.directory {
            Directory::OfTheOther => other.bind(&self.program)?,
            _ => self.bind(&self.program)?,
        };
        let written = self.written.as_ref();
        let written = written.map(|(built, sources, options)| Written { policy: &built.policy, sources, options });
        Ok(Side { program: &self.program, directory, written })
    }

    fn bind(&self, program: &Program) -> Result<Option<Arc<Bound>>, Problem> {
        match &self.directory {
            Directory::OfTheOther => Ok(None),
            Directory::Paths(paths) => directory::bind(paths, program),
            Directory::Blobs(blobs) => {
                let read = |(name, blob): &(String, Blob)| Ok((name.clone(), blob.read(DIRECTORY_LIMIT)?));
                let texts = blobs.iter().map(read).collect::<Result<Vec<_>, Problem>>()?;
                directory::bind_bytes(&texts, program)
            }
        }
    }

    /// Takes other recordings: each with what the project file says of it, else with what its records say.
    pub(crate) fn take_recordings(&mut self, paths: &[PathBuf]) -> Result<(), Problem> {
        let mut taken = Vec::new();
        for path in paths {
            let found = recordings::paths(Path::new(""), &path.to_string_lossy())?;
            for file in found {
                let same = |source: &Source| match source {
                    Source::File(known) => known.canonicalize().ok() == file.canonicalize().ok() && file.exists(),
                    Source::Blob(..) => false,
                };
                let known = self.recordings.iter().find(|(_, sources)| sources.iter().any(same));
                let entry = known.map_or_else(plain_entry, |(entry, _)| Ok(entry.clone()))?;
                taken.push((entry, vec![Source::File(file)]));
            }
        }
        self.recordings = taken;
        Ok(())
    }
}

/// An entry that says nothing.
fn plain_entry() -> Result<RecordingEntry, Problem> {
    let manifest = Manifest::parse("[[recording]]\npath = \"recording\"\n").ok();
    manifest.and_then(|mut manifest| manifest.recordings.pop()).ok_or_else(|| Problem::file("no recording"))
}
