//! What a command works on: the policies of a project, and what its `agentpol.toml` says about them.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use agentpol::Options;
use agentpol_replay::{Manifest, ManifestError, RecordingEntry};

use crate::exit::{Exit, Problem};
use crate::{files, glob};

/// The largest project file that is read, in bytes.
const MANIFEST_LIMIT: usize = 1 << 20;

/// The policies that belong together, and the recordings that they are tested with.
#[derive(Debug)]
pub(crate) struct Project {
    /// The project as shown to people: its `agentpol.toml`, or the paths that were given.
    pub(crate) name: String,
    /// Where paths in `agentpol.toml` begin.
    pub(crate) folder: PathBuf,
    /// The policy files, sorted.
    pub(crate) policies: Vec<PathBuf>,
    /// What the project sets.
    pub(crate) options: Options,
    /// Where users and resources are looked up: a built directory, or its sources.
    pub(crate) directory: Vec<PathBuf>,
    /// The recordings, in order.
    pub(crate) recordings: Vec<RecordingEntry>,
}

/// Returns the projects at the paths, at least one.
///
/// A folder with an `agentpol.toml`, or that file itself, is a project with its members. All other paths together are
/// one. Without paths it is the `agentpol.toml` here or above, else the current folder.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Vec<Project>, Problem> {
    let mut projects = Vec::new();
    if paths.is_empty() {
        match files::manifest_above() {
            Some(manifest) => with_members(&manifest, &mut projects)?,
            None => projects.push(loose(&[PathBuf::from(".")])?),
        }
        return Ok(projects);
    }
    let mut rest = Vec::new();
    for path in paths {
        let inside = path.join(files::MANIFEST);
        if inside.is_file() {
            with_members(&inside, &mut projects)?;
        } else if path.file_name().is_some_and(|name| name == files::MANIFEST) {
            with_members(path, &mut projects)?;
        } else {
            rest.push(path.clone());
        }
    }
    if !rest.is_empty() {
        projects.push(loose(&rest)?);
    }
    Ok(projects)
}

/// Returns the one project at the paths, for commands that make one program.
pub(crate) fn find_one(paths: &[PathBuf]) -> Result<Project, Problem> {
    let mut projects = find(paths)?;
    match (projects.pop(), projects.len()) {
        (Some(project), 0) => Ok(project),
        (_, others) => Err(Problem::usage(format!("these are {} projects, and this needs one", others + 1))
            .help("name the folder of one of them")),
    }
}

/// Returns the paths as a project that sets nothing.
fn loose(paths: &[PathBuf]) -> Result<Project, Problem> {
    let policies = files::policies_at(paths)?;
    let names: Vec<String> = paths.iter().map(|path| files::shown(path)).collect();
    let name = match names.join(" ") {
        name if name == "." => "./".to_owned(),
        name => name,
    };
    if policies.is_empty() {
        return Err(Problem::file(format!("no policies in {name}")).help("policies are files that end in `.agentpol`"));
    }
    let options = Options { today: today(), ..Options::default() };
    Ok(Project { name, folder: PathBuf::new(), policies, options, directory: Vec::new(), recordings: Vec::new() })
}

fn with_members(manifest: &Path, projects: &mut Vec<Project>) -> Result<(), Problem> {
    let (own, members) = read(manifest)?;
    let folder = own.folder.clone();
    if !own.policies.is_empty() || members.is_empty() {
        projects.push(own);
    }
    for pattern in &members {
        let found = glob::expand(&folder, pattern)?;
        let before = projects.len();
        for folder in found {
            let inside = folder.join(files::MANIFEST);
            if inside.is_file() {
                projects.push(read(&inside)?.0);
            }
        }
        if projects.len() == before {
            let name = files::shown(manifest);
            return Err(Problem::file(format!("{name}: no member `{pattern}` with an agentpol.toml of its own")));
        }
    }
    Ok(())
}

/// Reads a project file; the second part are its members.
fn read(manifest: &Path) -> Result<(Project, Vec<String>), Problem> {
    let name = files::shown(manifest);
    let text = files::read_text(manifest, MANIFEST_LIMIT)?;
    let Manifest { policies: patterns, members, root, lints, recordings, directory, .. } =
        Manifest::parse(&text).map_err(|errors| malformed(&name, &errors))?;
    let folder = manifest.parent().map(Path::to_owned).unwrap_or_default();
    let mut found = Vec::new();
    for pattern in &patterns {
        found.extend(glob::expand(&folder, pattern)?);
    }
    let policies = files::policies_at(&found)?;
    if policies.is_empty() && !patterns.is_empty() && members.is_empty() {
        return Err(Problem::file(format!("{name}: no policies at {}", patterns.join(", ")))
            .help("policies are files that end in `.agentpol`"));
    }
    let directory = directory.iter().map(|path| folder.join(path)).collect();
    let options = Options { root, lints, today: today() };
    Ok((Project { name, folder, policies, options, directory, recordings }, members))
}

/// Returns today as days since 1970-01-01: the day of `SOURCE_DATE_EPOCH` where builds are to be repeated, else the
/// clock's. Only lints about far-off dates look at it.
pub(crate) fn today() -> Option<i32> {
    const DAY_SECONDS: u64 = 86_400;
    let given = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.parse().ok());
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs());
    i32::try_from(given.or_else(now)? / DAY_SECONDS).ok()
}

/// Says everything that is wrong with a project file.
pub(crate) fn malformed(name: &str, errors: &[ManifestError]) -> Problem {
    let mut lines = Vec::new();
    for error in errors {
        lines.push(format!("{name}:{error}"));
        if let Some(help) = error.kind.help() {
            lines.push(format!("  {help}"));
        }
    }
    Problem { exit: Exit::File, text: lines.join("\n"), help: None }
}
