//! `agentpol.toml`: which policies belong to a project, which recordings are replayed, and what is known about them.
//!
//! Reading it never stops at the first mistake, and a key that nobody knows is one.

mod entry;
mod error;
mod json;
mod reader;
mod settings;

use std::collections::BTreeMap;

use agentpol::LintLevel;
use agentpol::diagnostics::{Code, Kind, nearest};
use toml::de::{DeTable, DeValue};

pub use entry::RecordingEntry;
pub use error::{ManifestError, ManifestErrorKind};
use reader::{Problems, Section};
pub use settings::{
    AgentSetting, Answers, ApprovalSetting, ClockSetting, ContextValue, CredentialSetting, RulingSetting,
    SessionSetting, Setting, UserSetting,
};

/// What `agentpol.toml` says.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    /// Paths and globs of policy files, relative to the manifest; where it names neither these nor members, every policy
    /// file below it.
    pub policies: Vec<String>,
    /// Folders, or globs of them, that hold manifests of their own: projects that are tested with this one.
    pub members: Vec<String>,
    /// The root module.
    pub root: Option<String>,
    /// Levels of lints.
    pub lints: BTreeMap<Code, LintLevel>,
    /// Where users and resources are looked up: a built directory, or its sources; relative to the manifest.
    pub directory: Vec<String>,
    /// The recordings, in order.
    pub recordings: Vec<RecordingEntry>,
}

/// The pattern of policy files where the manifest names none.
const EVERY_POLICY: &str = "**/*.agentpol";

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// Every mistake in it, in the order in which they stand.
    pub fn parse(text: &str) -> Result<Manifest, Vec<ManifestError>> {
        let mut problems = Problems::new(text);
        let (root, mistakes) = DeTable::parse_recoverable(text);
        // What follows a syntax mistake is mostly its consequence.
        if let Some(mistake) = mistakes.first() {
            let message = mistake.message().to_owned();
            problems.add(mistake.span().unwrap_or_default(), ManifestErrorKind::Syntax { message });
        }
        let table = root.get_ref();
        let manifest = if problems.is_empty() { read(table, &mut problems) } else { Manifest::default() };
        let errors = problems.finish();
        if errors.is_empty() { Ok(manifest) } else { Err(errors) }
    }
}

fn read(table: &DeTable<'_>, problems: &mut Problems<'_>) -> Manifest {
    let section =
        Section::new(table, 0..0, &["policies", "members", "root", "lints", "directory", "recording"], problems);
    let members = section.texts("members", problems).unwrap_or_default();
    let every = || if section.get("members").is_none() { vec![EVERY_POLICY.to_owned()] } else { Vec::new() };
    let policies = section.texts("policies", problems).unwrap_or_else(every);
    let root = section.text("root", problems);
    let lints = section.get("lints").map(|value| lints(value, problems)).unwrap_or_default();
    let directory = match section.get("directory").map(|value| (value, value.get_ref().as_str())) {
        None => Vec::new(),
        Some((_, Some(one))) => vec![one.to_owned()],
        Some((value, None)) => reader::texts("directory", value, problems).unwrap_or_default(),
    };
    let mut recordings = Vec::new();
    if let Some(value) = section.get("recording") {
        match value.get_ref() {
            DeValue::Array(entries) => {
                for entry in entries.iter() {
                    recordings.extend(entry::read(entry, problems));
                }
            }
            _ => problems.wrong_type("recording", value, "written `[[recording]]`, once for each"),
        }
    }
    Manifest { policies, members, root, lints, directory, recordings }
}

/// `[lints]`: a code and its level.
fn lints(value: &reader::Value<'_>, problems: &mut Problems<'_>) -> BTreeMap<Code, LintLevel> {
    let mut levels = BTreeMap::new();
    let DeValue::Table(table) = value.get_ref() else {
        problems.wrong_type("lints", value, "a table");
        return levels;
    };
    let names = || Code::ALL.iter().filter(|code| code.kind() == Kind::Lint).map(|code| code.as_str());
    for (key, value) in table.iter() {
        let name = key.get_ref().as_ref();
        let Some(code) = Code::ALL.iter().copied().find(|code| code.as_str() == name) else {
            let nearest = nearest(name, names()).map(str::to_owned);
            problems.add(key.span(), ManifestErrorKind::UnknownLint { name: name.to_owned(), nearest });
            continue;
        };
        if code.kind() != Kind::Lint {
            problems.add(key.span(), ManifestErrorKind::NotALint { name: name.to_owned() });
            continue;
        }
        let level = match value.get_ref().as_str() {
            Some("allow") => LintLevel::Allow,
            Some("warn") => LintLevel::Warn,
            Some("deny") => LintLevel::Deny,
            _ => {
                problems.bad_value(name, value, "\"allow\", \"warn\" or \"deny\"");
                continue;
            }
        };
        levels.insert(code, level);
    }
    levels
}
