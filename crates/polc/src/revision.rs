//! A project as a git revision has it: its `agentpol.toml`, its policies and what they are looked up in.

use std::path::Path;

use agentpol::{Options, SourceMap};
use agentpol_replay::{Manifest, RecordingEntry};

use crate::exit::Problem;
use crate::git::{self, Blob, Revision, joined};
use crate::{files, glob, policy, project};

/// The largest project file that is read, in bytes.
const MANIFEST_LIMIT: usize = 1 << 20;

/// A project of a revision.
pub(crate) struct Project {
    /// As shown to people.
    pub(crate) name: String,
    /// The files of its policies.
    pub(crate) sources: policy::Sources,
    /// What it sets.
    pub(crate) options: Options,
    /// Where users and resources are looked up.
    pub(crate) directory: Vec<(String, Blob)>,
    /// The recordings, in order, each with the files it names.
    pub(crate) recordings: Vec<(RecordingEntry, Vec<(String, Blob)>)>,
}

/// Reads the project at a path of a commit; nothing where there are no policies.
pub(crate) fn project(revision: &str, commit: &str, path: &str) -> Result<Option<Project>, Problem> {
    let tree = git::list(revision, commit, path)?;
    let name = match tree.path.as_str() {
        "" => tree.name.clone(),
        path => tree.shown(path),
    };
    let Some(manifest) = manifest(&tree)? else {
        let policies = policies(&tree, &tree.path, &[".".to_owned()]);
        let options = Options { today: project::today(), ..Options::default() };
        return read(name, &tree, &policies, options).map(|found| found.filter(|_| !policies.is_empty()));
    };
    let Manifest { policies: patterns, root, lints, recordings, directory, .. } = manifest;
    // A folder of the manifest is a folder of the tree.
    let base = tree.path.strip_suffix(files::MANIFEST).unwrap_or(&tree.path).trim_end_matches('/').to_owned();
    let tree = if base == tree.path { tree } else { git::list(revision, commit, &base)? };
    let policies = policies(&tree, &base, &patterns);
    let options = Options { root, lints, today: project::today() };
    let Some(mut found) = read(name, &tree, &policies, options)?.filter(|_| !policies.is_empty()) else {
        return Ok(None);
    };
    for path in &directory {
        let blob = joined(&base, Path::new(path)).and_then(|path| tree.file(&path).cloned());
        let blob = blob.ok_or_else(|| Problem::file(format!("{}: no directory at `{path}`", found.name)))?;
        found.directory.push((tree.shown(&blob.path), blob));
    }
    for entry in recordings {
        let blobs = matching(&tree, &base, &entry.path);
        let blobs = blobs.into_iter().map(|blob| (tree.shown(&blob.path), blob.clone())).collect();
        found.recordings.push((entry, blobs));
    }
    Ok(Some(found))
}

fn read(name: String, tree: &Revision, policies: &[&Blob], options: Options) -> Result<Option<Project>, Problem> {
    let mut sources = policy::Sources { map: SourceMap::new(), ..policy::Sources::default() };
    for blob in policies {
        let bytes = blob.read(agentpol_syntax::MAX_BYTES)?;
        policy::add(&mut sources, tree.shown(&blob.path), &bytes);
    }
    Ok(Some(Project { name, sources, options, directory: Vec::new(), recordings: Vec::new() }))
}

/// Reads the project file, if there is one.
fn manifest(tree: &Revision) -> Result<Option<Manifest>, Problem> {
    let inside = joined(&tree.path, Path::new(files::MANIFEST)).unwrap_or_default();
    let own = tree.path.ends_with(files::MANIFEST).then(|| tree.file(&tree.path)).flatten();
    let Some(blob) = own.or_else(|| tree.file(&inside)) else { return Ok(None) };
    let name = tree.shown(&blob.path);
    let text = String::from_utf8(blob.read(MANIFEST_LIMIT)?);
    let text = text.map_err(|_| Problem::file(format!("{name}: not UTF-8")))?;
    Manifest::parse(&text).map(Some).map_err(|errors| project::malformed(&name, &errors))
}

/// Returns the policy files that patterns name, sorted: files as they are named, folders with all below.
fn policies<'t>(tree: &'t Revision, base: &str, patterns: &[String]) -> Vec<&'t Blob> {
    let is_policy = |rest: &[&str]| {
        let hidden = rest.iter().rev().skip(1).any(|part| part.starts_with('.'));
        !hidden && rest.last().is_some_and(|name| name.ends_with(".agentpol"))
    };
    let fits = |blob: &&Blob| {
        let parts: Vec<&str> = blob.path.split('/').collect();
        patterns.iter().any(|pattern| {
            let Some(pattern) = joined(base, Path::new(pattern)) else { return false };
            let pattern: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
            let ends = (0..=parts.len()).filter(|end| glob::fits_path(&pattern, &parts[..*end]));
            ends.into_iter().any(|end| end == parts.len() || is_policy(&parts[end..]))
        })
    };
    tree.files.iter().filter(fits).collect()
}

/// Returns the recordings that a pattern names, sorted.
fn matching<'t>(tree: &'t Revision, base: &str, pattern: &str) -> Vec<&'t Blob> {
    let Some(pattern) = joined(base, Path::new(pattern)) else { return Vec::new() };
    let pattern: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    let fits = |blob: &&Blob| {
        let parts: Vec<&str> = blob.path.split('/').collect();
        let name = parts.last().copied().unwrap_or_default();
        let inside = || {
            parts.len() == pattern.len() + 1
                && agentpol_trace::recording_stem(name).is_some()
                && glob::fits_path(&pattern, &parts[..parts.len() - 1])
        };
        !agentpol_replay::is_golden_name(name) && (glob::fits_path(&pattern, &parts) || inside())
    };
    tree.files.iter().filter(fits).collect()
}
