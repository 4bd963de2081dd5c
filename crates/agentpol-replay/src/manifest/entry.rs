//! `[[recording]]`: where a recording is, how it is read, and what a request made of it holds.

use agentpol_trace::{Format, Issuer, Mapping};
use toml::de::DeValue;

use super::error::ManifestErrorKind;
use super::json::json;
use super::reader::{Problems, Section, Value, pairs, texts};
use super::settings::{
    AgentSetting, Answers, ApprovalSetting, ClockSetting, ContextValue, CredentialSetting, RulingSetting,
    SessionSetting, Setting, UserSetting,
};
use crate::clock;
use crate::heard::Shape;

/// The words that stand for "as recorded".
const FROM_RECORD: &str = "from record";

const KEYS: &[&str] = &[
    "path",
    "format",
    "issuer",
    "domain",
    "agent",
    "user",
    "groups",
    "env",
    "task",
    "server",
    "session",
    "clock",
    "credential",
    "approvals",
    "rulings",
    "sessions",
    "context",
    "fields",
    "results",
    "heard",
    "tools",
];

/// One `[[recording]]`.
#[derive(Clone, Debug)]
pub struct RecordingEntry {
    /// A file, a folder or a glob, relative to the manifest.
    pub path: String,
    /// The line of the manifest on which it is said.
    pub line: u32,
    /// The format; told from the recording where it is not given.
    pub format: Option<Format>,
    /// Which fields of foreign JSON Lines hold what.
    pub mapping: Option<Mapping>,
    /// Whose calls are judged.
    pub issuers: Vec<Issuer>,
    /// The only domain whose runs are judged.
    pub domain: Option<String>,
    /// Who acts.
    pub agent: AgentSetting,
    /// On whose behalf.
    pub user: UserSetting,
    /// The environment.
    pub env: Setting,
    /// The task.
    pub task: Setting,
    /// The server.
    pub server: Setting,
    /// The session.
    pub session: Setting,
    /// The time.
    pub clock: ClockSetting,
    /// The agent's credential.
    pub credential: CredentialSetting,
    /// What is taken for approved.
    pub approvals: ApprovalSetting,
    /// What is done with decisions that the recording has.
    pub rulings: RulingSetting,
    /// What one run knows of the others; by the clock where it is not said.
    pub sessions: Option<SessionSetting>,
    /// Fields of the context, beside those that the record carries.
    pub context: Vec<(String, ContextValue)>,
    /// How answers are written, where it is said; else as the format has it.
    pub answers: Option<Answers>,
    /// Fields of the context that hold what users said.
    pub heard: Vec<Shape>,
    /// Other wire names for tools: from the recording's to the policy's.
    pub tools: Vec<(String, String)>,
}

impl RecordingEntry {
    /// The wire name that the policy has for a recorded tool.
    pub fn wire_tool<'n>(&'n self, recorded: &'n str) -> &'n str {
        self.tools.iter().find(|(from, _)| from == recorded).map_or(recorded, |(_, to)| to)
    }
}

/// Reads one `[[recording]]`.
pub(super) fn read(value: &Value<'_>, problems: &mut Problems<'_>) -> Option<RecordingEntry> {
    let Some(table) = value.get_ref().as_table() else {
        problems.wrong_type("recording", value, "a table");
        return None;
    };
    let section = Section::new(table, value.span(), KEYS, problems);
    let mapping = section.get("fields").and_then(|value| mapping(value, problems));
    let format = format(&section, problems);
    if let (Some(given), Some(_)) = (section.get("format"), &mapping)
        && !matches!(format, None | Some(Format::Own))
    {
        problems.add(given.span(), ManifestErrorKind::Conflict { key: "format", other: "fields" });
    }
    let path = section.text("path", problems);
    if section.get("path").is_none() && !section.misspells("path", KEYS) {
        problems.add(section.span(), ManifestErrorKind::Missing { key: "path" });
    }
    let found = path.is_some();
    let entry = RecordingEntry {
        path: path.unwrap_or_default(),
        line: problems.position(section.span().start).0,
        format,
        mapping,
        issuers: issuers(&section, problems),
        domain: section.text("domain", problems),
        agent: agent(&section, problems),
        user: user(&section, problems),
        env: setting(&section, "env", problems),
        task: setting(&section, "task", problems),
        server: setting(&section, "server", problems),
        session: setting(&section, "session", problems),
        clock: clock(&section, problems),
        credential: credential(&section, problems),
        approvals: approvals(&section, problems),
        rulings: rulings(&section, problems),
        sessions: sessions(&section, problems),
        context: section.get("context").map(|value| context(value, problems)).unwrap_or_default(),
        answers: answers(&section, problems),
        heard: section.get("heard").map(|value| heard(value, problems)).unwrap_or_default(),
        tools: section.get("tools").map(|value| pairs("tools", value, problems)).unwrap_or_default(),
    };
    found.then_some(entry)
}

fn mapping(value: &Value<'_>, problems: &mut Problems<'_>) -> Option<Mapping> {
    let pairs = pairs("fields", value, problems);
    match Mapping::new(pairs.iter().map(|(field, path)| (field.as_str(), path.as_str()))) {
        Ok(mapping) => Some(mapping),
        Err(error) => {
            problems.add(value.span(), ManifestErrorKind::Mapping(error));
            None
        }
    }
}

fn format(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Option<Format> {
    let name = section.text("format", problems)?;
    let format = Format::from_name(&name);
    if let (None, Some(value)) = (format, section.get("format"))
        && name != "auto"
    {
        problems.bad_value("format", value, format!("auto, {}", Format::ALL.map(Format::name).join(", ")));
    }
    format
}

fn answers(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Option<Answers> {
    match (section.text("results", problems)?.as_str(), section.get("results")) {
        ("json", _) => Some(Answers::AsWritten),
        ("yaml", _) => Some(Answers::Yaml),
        (_, found) => {
            found.into_iter().for_each(|value| problems.bad_value("results", value, "\"json\" or \"yaml\""));
            None
        }
    }
}

/// Fields of the context by the shape of what users say.
fn heard(value: &Value<'_>, problems: &mut Problems<'_>) -> Vec<Shape> {
    let mut shapes = Vec::new();
    for (field, pattern) in pairs("heard", value, problems) {
        match Shape::new(&field, &pattern) {
            Ok(shape) => shapes.push(shape),
            Err(_) => problems.bad_value("heard", value, format!("a regular expression for `{field}`")),
        }
    }
    shapes
}

/// Whose calls are judged: one name or several.
fn issuers(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Vec<Issuer> {
    let Some(value) = section.get("issuer") else { return vec![Issuer::Agent] };
    let names = match value.get_ref().as_str() {
        Some(name) => vec![name.to_owned()],
        None => texts("issuer", value, problems).unwrap_or_default(),
    };
    let mut issuers = Vec::new();
    for name in names {
        match Issuer::from_name(&name) {
            Some(issuer) if !issuers.contains(&issuer) => issuers.push(issuer),
            Some(_) => {}
            None => problems.bad_value("issuer", value, "agent, user or provider, or a list of these"),
        }
    }
    issuers
}

fn setting(section: &Section<'_, '_>, key: &str, problems: &mut Problems<'_>) -> Setting {
    match section.text(key, problems) {
        Some(text) if text != FROM_RECORD => Setting::Fixed(text),
        _ => Setting::FromRecord,
    }
}

fn agent(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> AgentSetting {
    let Some(value) = section.get("agent") else { return AgentSetting::FromRecord };
    match value.get_ref() {
        DeValue::String(text) if text == FROM_RECORD => AgentSetting::FromRecord,
        DeValue::String(_) => json("agent", value, problems).map_or(AgentSetting::FromRecord, AgentSetting::Fixed),
        DeValue::Table(table) => {
            const KEYS: &[&str] = &["id", "spiffe", "issuer", "subject", "attributes"];
            Section::new(table, value.span(), KEYS, problems);
            json("agent", value, problems).map_or(AgentSetting::FromRecord, AgentSetting::Fixed)
        }
        _ => {
            problems.wrong_type("agent", value, "a name, an identity or \"from record\"");
            AgentSetting::FromRecord
        }
    }
}

fn user(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> UserSetting {
    let mut groups = section.texts("groups", problems);
    let mut attributes = Vec::new();
    let Some(value) = section.get("user") else { return UserSetting::FromRecord { groups, attributes } };
    let id = match value.get_ref() {
        DeValue::String(id) => id.to_string(),
        DeValue::Table(table) => {
            let mut id = None;
            for (key, value) in table.iter() {
                match (key.get_ref().as_ref(), value.get_ref()) {
                    ("id", DeValue::String(text)) => id = Some(text.to_string()),
                    ("id", _) => problems.wrong_type("user.id", value, "a text"),
                    ("groups", _) if groups.is_some() => {
                        let kind = ManifestErrorKind::Conflict { key: "groups", other: "user.groups" };
                        problems.add(key.span(), kind);
                    }
                    ("groups", _) => groups = texts("user.groups", value, problems),
                    (name, _) => {
                        let value = json(&format!("user.{name}"), value, problems);
                        attributes.extend(value.map(|value| (name.to_owned(), value)));
                    }
                }
            }
            id.unwrap_or_else(|| FROM_RECORD.to_owned())
        }
        _ => {
            problems.wrong_type("user", value, "an id, \"none\", \"from record\" or a table");
            return UserSetting::FromRecord { groups, attributes };
        }
    };
    match id.as_str() {
        FROM_RECORD => UserSetting::FromRecord { groups, attributes },
        "none" => {
            if groups.is_some() || !attributes.is_empty() {
                problems.bad_value("user", value, "somebody where groups or attributes are given");
            }
            UserSetting::Nobody
        }
        _ => UserSetting::Fixed { id, groups, attributes },
    }
}

fn clock(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> ClockSetting {
    const EXPECTED: &str = "\"from record\", or a time with an offset such as \"2026-03-02T15:00:00Z\"";
    let as_recorded = ClockSetting::FromRecord { offset: None };
    let Some(value) = section.get("clock") else { return as_recorded };
    let text = match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Table(table) => {
            let inner = Section::new(table, value.span(), &["at", "offset"], problems);
            match (inner.get("at"), inner.text("offset", problems)) {
                (Some(at), None) => match at.get_ref() {
                    DeValue::Datetime(time) => time.to_string(),
                    other => other.as_str().unwrap_or_default().to_owned(),
                },
                (None, Some(offset)) if clock::is_offset(&offset) => {
                    return ClockSetting::FromRecord { offset: Some(offset) };
                }
                (None, Some(_)) => {
                    problems.bad_value("clock.offset", value, "an offset such as \"Z\" or \"+02:00\"");
                    return as_recorded;
                }
                (Some(_), Some(_)) => {
                    problems.add(value.span(), ManifestErrorKind::Conflict { key: "at", other: "offset" });
                    return as_recorded;
                }
                (None, None) => return as_recorded,
            }
        }
        _ => String::new(),
    };
    if text == FROM_RECORD {
        as_recorded
    } else if clock::is_instant(&text) {
        ClockSetting::At(text)
    } else {
        problems.bad_value("clock", value, EXPECTED);
        as_recorded
    }
}

/// One of two words, where one is said.
fn word<T>(section: &Section<'_, '_>, key: &str, words: [(&str, T); 2], problems: &mut Problems<'_>) -> Option<T> {
    let value = section.get(key)?;
    let text = section.text(key, problems)?;
    let expected = words.each_ref().map(|(word, _)| format!("\"{word}\"")).join(" or ");
    let found = words.into_iter().find(|(word, _)| *word == text);
    if found.is_none() {
        problems.bad_value(key, value, expected);
    }
    found.map(|(_, setting)| setting)
}

fn credential(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> CredentialSetting {
    let words = [("assumed fresh", CredentialSetting::AssumedFresh), (FROM_RECORD, CredentialSetting::FromRecord)];
    word(section, "credential", words, problems).unwrap_or(CredentialSetting::FromRecord)
}

fn approvals(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> ApprovalSetting {
    let words = [("none", ApprovalSetting::Nothing), ("as recorded", ApprovalSetting::AsRecorded)];
    word(section, "approvals", words, problems).unwrap_or(ApprovalSetting::Nothing)
}

fn rulings(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> RulingSetting {
    let words = [("count", RulingSetting::Count), ("compare", RulingSetting::Compare)];
    word(section, "rulings", words, problems).unwrap_or(RulingSetting::Count)
}

fn sessions(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Option<SessionSetting> {
    let words = [("apart", SessionSetting::Apart), ("together", SessionSetting::Together)];
    word(section, "sessions", words, problems)
}

fn context(value: &Value<'_>, problems: &mut Problems<'_>) -> Vec<(String, ContextValue)> {
    let Some(table) = value.get_ref().as_table() else {
        problems.wrong_type("context", value, "a table of its fields");
        return Vec::new();
    };
    let mut fields = Vec::new();
    for (name, value) in table.iter() {
        let name = name.get_ref().to_string();
        if value.get_ref().as_str() == Some(FROM_RECORD) {
            fields.push((name, ContextValue::FromRecord));
        } else if let Some(value) = json(&format!("context.{name}"), value, problems) {
            fields.push((name, ContextValue::Fixed(value)));
        }
    }
    fields
}
