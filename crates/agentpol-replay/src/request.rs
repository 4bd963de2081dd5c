//! The request that a recorded action makes, from the record and what the manifest knows.

use agentpol_trace::{Action, Arguments, Obstacle, RawJson};

use crate::clock;
use crate::heard::Heard;
use crate::manifest::{
    AgentSetting, ClockSetting, ContextValue, CredentialSetting, RecordingEntry, Setting, UserSetting,
};

/// A request, and what was assumed to make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its JSON; the arguments in it are the recorded text, unchanged.
    pub json: String,
    /// The wire name of the tool, after the manifest's renaming.
    pub tool: String,
    /// The server it goes to.
    pub server: Option<String>,
    /// The time is the manifest's and not the record's.
    pub fixed_clock: bool,
    /// The credential was assumed to be fresh.
    pub assumed_credential: bool,
    /// The request has a credential.
    pub has_credential: bool,
    /// The request names an environment.
    pub has_env: bool,
    /// When, RFC 3339.
    pub at: String,
    /// The agent as it was presented, the text of a JSON value.
    pub(crate) agent: String,
    /// Who acts, and for whom: the members of an event that opens a session for them.
    pub(crate) party: String,
    /// On whose behalf, without groups and attributes.
    user: String,
}

impl Request {
    /// The event that opens a session for who acts here.
    pub(crate) fn opening(&self, session: &str) -> String {
        let (session, at) = (RawJson::string(session), RawJson::string(&self.at));
        format!("{{\"open\": {{\"session\": {}, \"at\": {}, {}}}}}", session.text(), at.text(), self.party)
    }

    /// The user alone, without what the request says of them; the text of a JSON value.
    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    /// Puts the request, which must have been made for a seat, into a session.
    pub(crate) fn take_seat(&mut self, session: &str) {
        self.json.insert_str(1, &format!("\"session\": {}, ", RawJson::string(session).text()));
    }
}

/// Where in a replay a call stands. The recorder's own session and call id give way: recorders repeat ids.
#[derive(Clone, Debug)]
pub(crate) struct Seat<'h> {
    /// The call's id.
    pub(crate) call: String,
    /// Where its arguments come from, unless the record says it.
    pub(crate) origin: Option<RawJson>,
    /// What users said.
    pub(crate) heard: &'h Heard,
}

/// Why an action is not judged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotEvaluable {
    /// The record itself stands in the way.
    Record(Obstacle),
    /// Nothing says who acted.
    NoAgent,
    /// Nothing says on whose behalf.
    NoUser,
    /// Nothing says when; or the recorded time has no offset, or is none.
    NoClock {
        /// What was recorded.
        found: Option<String>,
    },
    /// The agent must present a credential, and the recording has none.
    NoCredential,
    /// The tool's system exists in some environments only, and nothing says which one this was.
    NoEnvironment,
    /// The policy declares no such tool.
    ToolUndeclared,
}

impl NotEvaluable {
    /// A short stable name, for counts and goldens.
    pub fn name(&self) -> &'static str {
        match self {
            NotEvaluable::Record(obstacle) => obstacle.name(),
            NotEvaluable::NoAgent => "no_agent",
            NotEvaluable::NoUser => "no_user",
            NotEvaluable::NoClock { .. } => "no_clock",
            NotEvaluable::NoCredential => "no_credential",
            NotEvaluable::NoEnvironment => "no_environment",
            NotEvaluable::ToolUndeclared => "tool_undeclared",
        }
    }

    /// What a person can do about every action of that reason.
    pub fn remedy(name: &str) -> &'static str {
        match name {
            "redacted" => "parts that a decision may read were taken out of the records",
            "arguments_unparsable" => "the model wrote arguments that are not JSON",
            "arguments_not_an_object" => "the model wrote arguments that are not an object",
            "arguments_absent" => "the recorder left the arguments out",
            "no_agent" => "say `agent = \"...\"` in the recording's entry in agentpol.toml",
            "no_user" => "say `user = \"none\"`, or who it was, in the recording's entry in agentpol.toml",
            "no_clock" => "say `clock = \"...\"` in the recording's entry in agentpol.toml",
            "no_credential" => "say `credential = \"assumed fresh\"` in the recording's entry in agentpol.toml",
            "no_environment" => "say `env = \"...\"` in the recording's entry in agentpol.toml",
            "tool_undeclared" => "declare the tool in the policy, or rename it under `[recording.tools]`",
            _ => "",
        }
    }
}

/// Makes the request.
///
/// # Errors
/// The first reason why there is none.
pub fn request(action: &Action, entry: &RecordingEntry) -> Result<Request, NotEvaluable> {
    request_in(action, entry, None)
}

/// Makes the request of a call that has a seat in a replay; its session is given by [`Request::take_seat`].
///
/// # Errors
/// The first reason why there is none.
pub(crate) fn request_in(
    action: &Action,
    entry: &RecordingEntry,
    seat: Option<&Seat<'_>>,
) -> Result<Request, NotEvaluable> {
    if let Some(obstacle) = action.obstacle() {
        return Err(NotEvaluable::Record(obstacle));
    }
    let Arguments::Object(args) = &action.args else {
        return Err(NotEvaluable::Record(Obstacle::ArgumentsAbsent));
    };
    let agent = match &entry.agent {
        AgentSetting::Fixed(agent) => agent.clone(),
        AgentSetting::FromRecord => action.recorded.agent.clone().ok_or(NotEvaluable::NoAgent)?,
    };
    let user = user(action, &entry.user)?;
    let (at, fixed_clock) = at(action, &entry.clock)?;
    let tool = entry.wire_tool(&action.tool).to_owned();
    let (credential, assumed_credential) = match (&action.recorded.credential, entry.credential) {
        (Some(credential), _) => (Some(credential.clone()), false),
        (None, CredentialSetting::AssumedFresh) => {
            let issued = RawJson::string(&at);
            (RawJson::parse(&format!("{{\"issued_at\": {}}}", issued.text())).ok(), true)
        }
        (None, CredentialSetting::FromRecord) => (None, false),
    };
    let text = |text: &str| Some(RawJson::string(text));
    let chosen = |setting: &Setting, recorded: Option<&str>| match setting {
        Setting::Fixed(fixed) => Some(fixed.clone()),
        Setting::FromRecord => recorded.map(str::to_owned),
    };
    let session = chosen(&entry.session, action.trace.session.as_deref()).filter(|_| seat.is_none());
    let call = seat.map(|seat| seat.call.as_str()).or(action.call.as_deref());
    let origin = action.recorded.origin.clone().or_else(|| seat.and_then(|seat| seat.origin.clone()));
    let env = chosen(&entry.env, action.recorded.env.as_deref());
    let task = chosen(&entry.task, action.recorded.task.as_deref());
    let server = chosen(&entry.server, action.server.as_deref());
    let has_credential = credential.is_some();
    let alone = user.members().into_iter().find(|(name, _)| name == "id");
    let alone = alone.map_or_else(|| user.text().to_owned(), |(_, id)| format!("{{\"id\": {}}}", id.text()));
    let name = agent.text().to_owned();
    let party = format!("\"agent\": {}, \"user\": {alone}", agent.text());
    let json = object(&[
        ("at", text(&at)),
        ("agent", Some(agent)),
        ("credential", credential),
        ("user", Some(user)),
        ("session", session.as_deref().and_then(text)),
        ("call", call.and_then(text)),
        ("env", env.as_deref().and_then(text)),
        ("task", task.as_deref().and_then(text)),
        ("server", server.as_deref().and_then(text)),
        ("tool", text(&tool)),
        ("tool_digest", action.recorded.tool_digest.as_deref().and_then(text)),
        ("args", Some(args.clone())),
        ("context", context(action, &entry.context, seat.map_or(&[], |seat| seat.heard.fields()))),
        ("origin", origin),
    ]);
    let has_env = env.is_some();
    Ok(Request {
        json,
        tool,
        server,
        fixed_clock,
        assumed_credential,
        has_credential,
        has_env,
        at,
        agent: name,
        party,
        user: alone,
    })
}

/// An object of those members that are there.
fn object(members: &[(&str, Option<RawJson>)]) -> String {
    let mut json = String::from("{");
    for (name, value) in members {
        if let Some(value) = value {
            if json.len() > 1 {
                json.push_str(", ");
            }
            json.push_str(RawJson::string(name).text());
            json.push_str(": ");
            json.push_str(value.text());
        }
    }
    json.push('}');
    json
}

fn at(action: &Action, setting: &ClockSetting) -> Result<(String, bool), NotEvaluable> {
    let offset = match setting {
        ClockSetting::At(at) => return Ok((clock::to_milliseconds(at), true)),
        ClockSetting::FromRecord { offset } => offset,
    };
    match (&action.at, offset) {
        (Some(at), _) if clock::is_instant(at) => Ok((clock::to_milliseconds(at), false)),
        (Some(at), Some(offset)) if clock::is_local(at) => {
            Ok((clock::to_milliseconds(&format!("{at}{offset}")), false))
        }
        (found, _) => Err(NotEvaluable::NoClock { found: found.clone() }),
    }
}

fn user(action: &Action, setting: &UserSetting) -> Result<RawJson, NotEvaluable> {
    let (recorded, groups, attributes) = match setting {
        UserSetting::Nobody => return Ok(RawJson::string("none")),
        UserSetting::Fixed { id, groups, attributes } => {
            (vec![("id".to_owned(), RawJson::string(id))], groups, attributes)
        }
        UserSetting::FromRecord { groups, attributes } => match (&action.recorded.user, &action.trace.user) {
            (Some(user), _) if user.is_object() => (user.members(), groups, attributes),
            (Some(user), _) => return Ok(user.clone()),
            (None, Some(id)) => (vec![("id".to_owned(), RawJson::string(id))], groups, attributes),
            (None, None) => return Err(NotEvaluable::NoUser),
        },
    };
    let mut members = recorded;
    let groups = groups.as_ref().map(|groups| {
        let groups: Vec<String> = groups.iter().map(|group| RawJson::string(group).text().to_owned()).collect();
        format!("[{}]", groups.join(", "))
    });
    let groups = groups.and_then(|groups| RawJson::parse(&groups).ok()).map(|groups| ("groups".to_owned(), groups));
    for (name, value) in groups.into_iter().chain(attributes.iter().cloned()) {
        if !members.iter().any(|(known, _)| *known == name) {
            members.push((name, value));
        }
    }
    let members: Vec<(&str, Option<RawJson>)> =
        members.iter().map(|(name, value)| (name.as_str(), Some(value.clone()))).collect();
    RawJson::parse(&object(&members)).map_err(|_| NotEvaluable::NoUser)
}

/// The recorded context with what was heard and the manifest's fields put over it; nothing where none has any.
fn context(action: &Action, fields: &[(String, ContextValue)], heard: &[(String, RawJson)]) -> Option<RawJson> {
    let recorded = action.recorded.context.as_ref();
    if fields.is_empty() && heard.is_empty() {
        return recorded.cloned();
    }
    let mut members = recorded.map(RawJson::members).unwrap_or_default();
    for (name, value) in heard {
        members.retain(|(known, _)| known != name);
        members.push((name.clone(), value.clone()));
    }
    for (name, value) in fields {
        let value = match value {
            ContextValue::Fixed(value) => Some(value.clone()),
            ContextValue::FromRecord if members.iter().any(|(known, _)| known == name) => continue,
            ContextValue::FromRecord => match name.as_str() {
                "calls_in_message" => action.turn.calls_in_message.map(|calls| calls.to_string()),
                "text_beside_call" => action.turn.text_beside_call.map(|text| text.to_string()),
                _ => None,
            }
            .and_then(|value| RawJson::parse(&value).ok()),
        };
        members.retain(|(known, _)| known != name);
        members.extend(value.map(|value| (name.clone(), value)));
    }
    let members: Vec<(&str, Option<RawJson>)> =
        members.iter().map(|(name, value)| (name.as_str(), Some(value.clone()))).collect();
    RawJson::parse(&object(&members)).ok()
}
