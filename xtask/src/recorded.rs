//! `cargo xtask recorded`: replays public recordings of real agents against the packs and keeps the pages about them true.
//!
//! The recordings are not part of the project. Their place is said by the manifests in `.ci/recorded`, one for each
//! pack; where they are not there, the task says so and does nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::decisions::{self, Decided};
use crate::desks;
use crate::dojo::Dojo;
use crate::steps::{self, Failure};
use crate::{plot, say};

const MANIFESTS: &str = ".ci/recorded";
const PAGES: [&str; 3] = ["docs/replay.md", "docs/desks.md", "docs/agentdojo.md"];
const PLOTS: [&str; 3] = ["docs/replay.svg", "docs/desks.svg", "docs/agentdojo.svg"];
/// Where decisions are put meanwhile.
const DECISIONS: &str = "target/recorded";
const BEGIN: &str = "<!-- the tables from here on are written by `cargo xtask recorded --write` -->\n";

/// Replays everything; with `write` the page is brought up to date, else it must be.
pub(crate) fn recorded(write: bool) -> Result<(), Failure> {
    let root = steps::root();
    let mut packs = Vec::new();
    for manifest in manifests(&root) {
        if !has_recordings(&manifest) {
            say(&format!("xtask: the recordings of {} are not here: skipped\n", manifest.display()));
            continue;
        }
        packs.push(replay(&root, &manifest)?);
    }
    if packs.is_empty() {
        return Ok(());
    }
    let Some(data) = packs.iter().find_map(|pack| pack.data.clone()) else { return Ok(()) };
    let mut dojo = Dojo::default();
    let mut desk_calls = Vec::new();
    for pack in &mut packs {
        dojo.take(&data, &pack.name, &pack.decisions)?;
        if pack.name.ends_with("-desk") {
            desk_calls.append(&mut pack.decisions);
        }
    }
    let desks = desks::compare(&data, &desk_calls)?;
    let made = [tables(&packs), desks.tables(), dojo.tables()];
    let plots = [plot::plot(&packs), plot::desks(&desks), plot::dojo(&dojo)];
    let pages = PAGES.iter().zip(made).map(|(name, tables)| {
        let page = fs::read_to_string(root.join(name)).unwrap_or_default();
        let head = page.split_once(BEGIN).map_or(page.as_str(), |(head, _)| head);
        (*name, format!("{head}{BEGIN}\n{tables}"))
    });
    for (name, new) in pages.chain(PLOTS.into_iter().zip(plots)).collect::<Vec<_>>() {
        keep(&root, name, &new, write)?;
    }
    Ok(())
}

/// Writes a page or plot, or sees that it says what was found.
fn keep(root: &Path, name: &str, new: &str, write: bool) -> Result<(), Failure> {
    let path = root.join(name);
    if write {
        return fs::write(&path, new).map_err(|error| Failure::Said(format!("cannot write {name}: {error}")));
    }
    if fs::read_to_string(&path).unwrap_or_default() == new {
        say(&format!("xtask: {name} says what the replay says\n"));
        return Ok(());
    }
    say(new);
    Err(Failure::Said(format!("{name} is out of date: run `cargo xtask recorded --write` and review it")))
}

/// What the replay of one pack came to.
pub(crate) struct Pack {
    pub(crate) name: String,
    pub(crate) sources: BTreeMap<String, Row>,
    decisions: Vec<Decided>,
    /// The folder that recordings and what is said about them lie in.
    data: Option<PathBuf>,
}

impl Pack {
    /// The name, as a link where there is a pack of that name.
    fn link(&self) -> String {
        if steps::root().join("policies").join(&self.name).is_dir() {
            format!("[{0}](../policies/{0})", self.name)
        } else {
            self.name.clone()
        }
    }
}

/// Counts of one source: a format and how many recordings there are of it.
#[derive(Default)]
pub(crate) struct Row {
    recordings: u64,
    actions: u64,
    others: u64,
    outcomes: BTreeMap<String, u64>,
    codes: BTreeMap<String, u64>,
    not_evaluable: BTreeMap<String, u64>,
}

fn manifests(root: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(root.join(MANIFESTS)).into_iter().flatten().flatten();
    let mut found: Vec<_> = folders.map(|folder| folder.path()).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

/// Whether the folder that the manifest's first recording lies in exists.
fn has_recordings(manifest: &Path) -> bool {
    first_recording(manifest).and_then(|path| path.parent().map(Path::is_dir)).unwrap_or(false)
}

fn first_recording(manifest: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(manifest.join("agentpol.toml")).ok()?;
    let path = text.lines().find_map(|line| line.strip_prefix("path = \"")?.strip_suffix('"'))?;
    Some(manifest.join(path))
}

/// The folder of everything recorded: the one that has labels, above the manifest's first recording.
fn data(manifest: &Path) -> Option<PathBuf> {
    let recording = first_recording(manifest)?;
    recording.ancestors().find(|folder| folder.join("labels").is_dir()).map(Path::to_path_buf)
}

fn replay(root: &Path, manifest: &Path) -> Result<Pack, Failure> {
    let name = manifest.file_name().unwrap_or_default().to_string_lossy().into_owned();
    say(&format!("xtask: replaying the recordings of {name}\n"));
    let listed = root.join(DECISIONS);
    fs::create_dir_all(&listed).map_err(|error| Failure::Said(format!("cannot make {}: {error}", listed.display())))?;
    let listed = listed.join(format!("{name}.jsonl"));
    let output = Command::new(steps::cargo())
        .args(["run", "--quiet", "--package", "polc", "--", "test", "--format", "json", "--decisions"])
        .arg(&listed)
        .arg(manifest)
        .current_dir(root)
        .output()
        .map_err(|error| Failure::Said(format!("cannot start cargo: {error}")))?;
    if !output.status.success() {
        say(&String::from_utf8_lossy(&output.stdout));
        return Err(Failure::Said(format!("the replay of {name} failed")));
    }
    let report: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| Failure::Said(format!("the report of {name} is no JSON: {error}")))?;
    let mut sources: BTreeMap<String, Row> = BTreeMap::new();
    let projects = report["projects"].as_array().into_iter().flatten();
    for recording in projects.flat_map(|project| project["recordings"].as_array().into_iter().flatten()) {
        let format = recording["format"].as_str().unwrap_or("unknown").to_owned();
        sources.entry(format).or_default().add(&recording["counts"]);
    }
    Ok(Pack { name, sources, decisions: decisions::read(&listed)?, data: data(manifest) })
}

impl Row {
    fn add(&mut self, counts: &Value) {
        self.recordings += 1;
        let actions = counts["actions"].as_u64().unwrap_or(0);
        self.actions += actions.saturating_sub(counts["other_domains"].as_u64().unwrap_or(0));
        self.others += total(&counts["by_others"]);
        count(&mut self.outcomes, &counts["outcomes"]);
        count(&mut self.codes, &counts["codes"]);
        count(&mut self.not_evaluable, &counts["not_evaluable"]);
    }

    pub(crate) fn outcome(&self, word: &str) -> u64 {
        self.outcomes.get(word).copied().unwrap_or(0)
    }
}

fn total(counts: &Value) -> u64 {
    counts.as_object().into_iter().flatten().filter_map(|(_, count)| count.as_u64()).sum()
}

fn count(into: &mut BTreeMap<String, u64>, counts: &Value) {
    for (word, number) in counts.as_object().into_iter().flatten() {
        *into.entry(word.clone()).or_default() += number.as_u64().unwrap_or(0);
    }
}

/// The tables of the page.
fn tables(packs: &[Pack]) -> String {
    let mut text = String::from(
        "| pack | source | recordings | the agent's calls | allow | require approval | throttle | deny | not evaluable | calls by users |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
    );
    for pack in packs {
        for (source, row) in &pack.sources {
            let cells = [
                pack.link(),
                source.clone(),
                row.recordings.to_string(),
                (row.actions - row.others).to_string(),
                row.outcome("allow").to_string(),
                row.outcome("require_approval").to_string(),
                row.outcome("throttle").to_string(),
                row.outcome("deny").to_string(),
                row.not_evaluable.values().sum::<u64>().to_string(),
                row.others.to_string(),
            ];
            text += &format!("| {} |\n", cells.join(" | "));
        }
    }
    text +=
        "\nWhy, by code of the decision, or the reason why there is none:\n\n| pack | source | why |\n|---|---|---|\n";
    for pack in packs {
        for (source, row) in &pack.sources {
            let why = row.codes.iter().chain(&row.not_evaluable).filter(|(code, _)| code.as_str() != "allowed");
            let why: Vec<String> = why.map(|(code, count)| format!("{count} `{code}`")).collect();
            text += &format!("| {} | {source} | {} |\n", pack.name, why.join(", "));
        }
    }
    text
}
