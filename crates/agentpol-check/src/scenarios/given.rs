//! What holds at the start of a scenario: who acts, for whom, where and when.

use super::json::Json;
use super::origins;
use super::values::Strictness;
use crate::draft::Draft;
use crate::identity::attributes_in;
use crate::policy::{AgentId, Identity, ModuleId};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast::{self, GivenKind, Literal, LiteralKind, Pair};
use std::collections::HashMap;

/// The session of a scenario that names none.
const SESSION: &str = "s1";
/// The longest name of a session, in bytes.
const MAX_SESSION: usize = 256;

/// What holds at the start, ready for requests.
pub(super) struct Start<'a> {
    pub(super) actor: Actor,
    /// The agents before the actor, the first caller first.
    pub(super) via: Vec<Actor>,
    /// The request's `user`.
    pub(super) user: Json,
    /// The user of the session: without what a request says of them.
    pub(super) opener: Json,
    pub(super) session: String,
    pub(super) env: Option<String>,
    pub(super) task: Option<String>,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub(super) at: i64,
    pub(super) context: Option<Json>,
    /// By argument path: the origin, as requests say it.
    pub(super) origin: Vec<(ast::Text<'a>, Json)>,
    pub(super) credential: Credential,
    /// What requests bring of resources.
    pub(super) resources: Vec<super::resources::Given>,
}

/// An agent of the chain.
pub(super) struct Actor {
    pub(super) agent: AgentId,
    /// Who it is, as requests say it.
    pub(super) presented: Json,
}

/// What credential the agent shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credential {
    /// The agent declares none.
    Undeclared,
    /// Issued at the time of each request.
    Fresh,
    /// Issued at this moment.
    IssuedAt(i64),
    /// The agent declares one and shows none.
    Missing,
}

/// Reads the start of a scenario; nothing where a request could not be made of it, which has then been said.
pub(super) fn read<'a>(draft: &mut Draft<'a, '_>, module: ModuleId, test: &ast::Test<'a>) -> Option<Start<'a>> {
    let parts = sort(draft, test);
    let missing = |draft: &mut Draft<'_, '_>, what: &str, help: &str| {
        let title = format!("the test `{}` does not say {what}", test.name.value);
        draft.report(Diagnostic::new(Code::AP0701, title, test.given_span, "missing here").help(help));
    };
    let agents = match parts.get("agent").map(|given| given.kind) {
        Some(GivenKind::Agent(last, via)) => {
            let found: Vec<Option<Actor>> = via.iter().chain([&last]).map(|hop| actor(draft, module, hop)).collect();
            found.into_iter().collect::<Option<Vec<_>>>()
        }
        _ => {
            missing(draft, "which agent acts", "write `given agent NAME for user \"ana\" at 2026-03-02T15:00:00Z`");
            None
        }
    };
    let user = match parts.get("user").map(|given| given.kind) {
        Some(GivenKind::User(id, attributes)) => {
            let opener = Json::Object(vec![("id".to_owned(), Json::text(id.value))]);
            Some((user(draft, module, &id, attributes), opener))
        }
        Some(GivenKind::NoUser) => Some((Json::text("none"), Json::text("none"))),
        _ => {
            missing(draft, "on whose behalf", "write `for user \"ana\" { groups: [support] }`, or `for user none`");
            None
        }
    };
    let at = match parts.get("at").map(|given| given.kind) {
        Some(GivenKind::At(at)) => Some(at),
        _ => {
            missing(draft, "when", "write `at 2026-03-02T15:00:00Z`");
            None
        }
    };
    let env = parts.get("env").and_then(|given| match given.kind {
        GivenKind::Env(name) => Some(name),
        _ => None,
    });
    let env_known = env.is_none_or(|env| draft.written_environments(module, &[env]).is_some());
    let context = parts.get("context").and_then(|given| match given.kind {
        GivenKind::Context(pairs) => Some(draft.fields_json(module, pairs, draft.policy.context, Strictness::Strict)),
        _ => None,
    });
    let origin = parts.get("origin").map_or_else(Vec::new, |given| match given.kind {
        GivenKind::Origin(pairs) => origins::read(draft, module, pairs),
        _ => Vec::new(),
    });
    let task = parts.get("task").and_then(|given| match given.kind {
        GivenKind::Task(text) => Some(text.value.to_owned()),
        _ => None,
    });
    let session = session(draft, parts.get("session"));
    let (mut via, (user, opener), at) = (agents?, user?, at?);
    let actor = via.pop()?;
    let credential = credential(draft, actor.agent, parts.get("credential"), at)?;
    let resources = super::resources::read(draft, module, test);
    env_known.then_some(())?;
    Some(Start {
        actor,
        via,
        user,
        opener,
        session: session?,
        env: env.map(|name| name.text.to_owned()),
        task,
        at,
        context,
        origin,
        credential,
        resources,
    })
}

/// Returns the session that the calls belong to.
fn session(draft: &mut Draft<'_, '_>, given: Option<&&ast::Given<'_>>) -> Option<String> {
    let text = match given.map(|given| given.kind) {
        Some(GivenKind::Session(text)) => text,
        _ => return Some(SESSION.to_owned()),
    };
    if text.value.is_empty() || text.value.len() > MAX_SESSION {
        let title = format!("the name of a session has 1 to {MAX_SESSION} bytes");
        let diagnostic = Diagnostic::new(Code::AP0701, title, text.span, "cannot be opened");
        draft.report(diagnostic.help(format!("write `in session \"{SESSION}\"`, or leave it out")));
        return None;
    }
    Some(text.value.to_owned())
}

/// Sorts the parts, each once.
fn sort<'t, 'a>(draft: &mut Draft<'_, '_>, test: &'t ast::Test<'a>) -> HashMap<&'static str, &'t ast::Given<'a>> {
    let mut parts: HashMap<&'static str, &ast::Given<'a>> = HashMap::new();
    for given in test.given {
        let word = match given.kind {
            GivenKind::Agent(..) => "agent",
            GivenKind::User(..) | GivenKind::NoUser => "user",
            GivenKind::Session(_) => "session",
            GivenKind::Env(_) => "env",
            GivenKind::Task(_) => "task",
            GivenKind::At(_) => "at",
            GivenKind::Context(_) => "context",
            GivenKind::Origin(_) => "origin",
            GivenKind::Resource(..) => continue,
            GivenKind::CredentialAged(_) | GivenKind::NoCredential => "credential",
        };
        if let Some(first) = parts.get(word) {
            let title = format!("`{word}` is given twice");
            let diagnostic =
                Diagnostic::new(Code::AP0105, title, given.span, "again here").because(first.span, "first here");
            draft.report(diagnostic.help("remove one of them"));
            continue;
        }
        parts.insert(word, given);
    }
    parts
}

/// Finds an agent of the chain.
fn actor(draft: &mut Draft<'_, '_>, module: ModuleId, hop: &ast::Hop<'_>) -> Option<Actor> {
    let agent = draft.agent(module, &hop.agent)?;
    let presented = presented(draft, module, agent, hop.attributes, hop.agent.span)?;
    Some(Actor { agent, presented })
}

/// Makes the request's `agent`: by its first identity, else by its plain name.
fn presented(
    draft: &mut Draft<'_, '_>,
    module: ModuleId,
    id: AgentId,
    attributes: Option<&[Pair<'_>]>,
    span: Span,
) -> Option<Json> {
    let (fleet, name) = (draft.policy[id].fleet, draft.policy[id].name.clone());
    let pairs = attributes.unwrap_or_default();
    let given = match (fleet, attributes) {
        (Some(shape), _) => draft.fields_json(module, pairs, shape, Strictness::Strict),
        (None, None | Some([])) => Json::Object(Vec::new()),
        (None, Some([first, ..])) => {
            let title = format!("`{name}` is one agent and has no attributes");
            let place = draft.policy[id].span;
            let diagnostic = Diagnostic::new(Code::AP0214, title, first.key.span, "only a fleet has attributes");
            draft.report(diagnostic.because(place, "declared here").help("remove the braces"));
            return None;
        }
    };
    let identity = draft.policy[id].identities.first().cloned();
    let mut entries = match &identity {
        None => match &given {
            Json::Object(fields) if fields.is_empty() => return Some(Json::text(draft.policy[id].wire.clone())),
            _ => vec![("id".to_owned(), Json::text(draft.policy[id].wire.clone()))],
        },
        Some(identity) => {
            let filled = fill(draft, id, identity, &given, span)?;
            match filled {
                Identity::Spiffe(text) => vec![("spiffe".to_owned(), Json::Text(text))],
                Identity::Token { issuer, subject } => {
                    vec![("issuer".to_owned(), Json::Text(issuer)), ("subject".to_owned(), Json::Text(subject))]
                }
            }
        }
    };
    if !pairs.is_empty() {
        entries.push(("attributes".to_owned(), given));
    }
    Some(Json::Object(entries))
}

/// Puts attributes into the template of an identity.
fn fill(draft: &mut Draft<'_, '_>, id: AgentId, identity: &Identity, given: &Json, span: Span) -> Option<Identity> {
    let spiffe = matches!(identity, Identity::Spiffe(_));
    let mut filled = identity.clone();
    for attribute in attributes_in(identity) {
        let field = draft.policy[id].fleet.and_then(|shape| draft.policy[shape].field(attribute));
        let wire = field.map_or(attribute, |(_, field)| field.wire.as_str());
        let value = match given {
            Json::Object(fields) => fields.iter().find(|(name, _)| name == wire).map(|(_, value)| value),
            _ => None,
        };
        let sound = |text: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            !text.is_empty() && !text.contains('/') && (!spiffe || text.chars().all(plain))
        };
        let Some(Json::Text(text)) = value.filter(|value| matches!(value, Json::Text(text) if sound(text))) else {
            let name = draft.policy[id].name.clone();
            let title = format!("`{name}` cannot show its identity");
            let label = format!("`{attribute}` is part of it");
            let help = format!("write `agent {name} {{ {attribute}: \"0042\" }}`: letters, digits, `.`, `-` and `_`");
            draft.report(Diagnostic::new(Code::AP0701, title, span, label).help(help));
            return None;
        };
        let part = format!("{{{attribute}}}");
        filled = match filled {
            Identity::Spiffe(template) => Identity::Spiffe(template.replace(&part, text)),
            Identity::Token { issuer, subject } => Identity::Token { issuer, subject: subject.replace(&part, text) },
        };
    }
    Some(filled)
}

/// Makes the request's `user`.
fn user(draft: &mut Draft<'_, '_>, module: ModuleId, id: &ast::Text<'_>, attributes: Option<&[Pair<'_>]>) -> Json {
    let pairs = attributes.unwrap_or_default();
    if draft.policy.users_from.is_directory() {
        if let Some(first) = pairs.first() {
            let title = "what users are comes from the directory";
            let label = "the request may not bring it";
            let diagnostic = Diagnostic::new(Code::AP0701, title, first.key.span, label);
            draft.report(
                diagnostic.help("write the id alone: `for user \"ana\"`; the directory of the test says the rest"),
            );
        }
        return Json::Object(vec![("id".to_owned(), Json::text(id.value))]);
    }
    draft.once_each(pairs);
    let groups = pairs.iter().find(|pair| pair.key.value == "groups");
    let groups = groups.map_or_else(Vec::new, |pair| self::groups(draft, module, &pair.value));
    let mut entries = vec![("id".to_owned(), Json::text(id.value)), ("groups".to_owned(), Json::List(groups))];
    let others: Vec<Pair<'_>> = pairs.iter().filter(|pair| pair.key.value != "groups").copied().collect();
    if let Json::Object(fields) = draft.fields_json(module, &others, draft.policy.user, Strictness::Strict) {
        entries.extend(fields);
    }
    Json::Object(entries)
}

/// Makes a list of groups: words are groups of the policy, texts stand for themselves.
fn groups(draft: &mut Draft<'_, '_>, module: ModuleId, value: &Literal<'_>) -> Vec<Json> {
    let LiteralKind::List(elements) = value.kind else {
        let diagnostic = Diagnostic::new(Code::AP0302, "groups are a list", value.span, "not a list");
        draft.report(diagnostic.help("write `groups: [support]`"));
        return Vec::new();
    };
    let mut wires = Vec::new();
    for element in elements {
        match element.kind {
            LiteralKind::Text(text) => wires.push(Json::text(text.value)),
            LiteralKind::Word(path) => {
                if let Some(group) = draft.group(module, &path) {
                    wires.push(Json::text(draft.policy[group].wire.clone()));
                }
            }
            _ => {
                let diagnostic = Diagnostic::new(Code::AP0302, "this is not a group", element.span, "not a name");
                draft.report(diagnostic.help("write the name of a group, or its text on the wire in quotes"));
            }
        }
    }
    wires
}

/// Finds which credential the agent shows.
fn credential(
    draft: &mut Draft<'_, '_>,
    agent: AgentId,
    given: Option<&&ast::Given<'_>>,
    at: i64,
) -> Option<Credential> {
    let declared = draft.policy[agent].credential_max_age.is_some();
    match given {
        None if declared => Some(Credential::Fresh),
        None => Some(Credential::Undeclared),
        Some(given) if !declared => {
            let title = format!("`{}` declares no credential", draft.policy[agent].name);
            let place = draft.policy[agent].span;
            let diagnostic = Diagnostic::new(Code::AP0701, title, given.span, "nothing asks for one");
            let help = "remove it here, or write `credential rotates every 24h` in the agent";
            draft.report(diagnostic.because(place, "declared here").help(help));
            None
        }
        Some(given) => match given.kind {
            GivenKind::CredentialAged(age) => {
                let issued = at.checked_sub(age.millis).filter(|issued| *issued >= 0);
                if issued.is_none() {
                    let title = "a credential from before 1970";
                    draft.report(Diagnostic::new(Code::AP0701, title, age.span, "too old").help("write a shorter age"));
                }
                issued.map(Credential::IssuedAt)
            }
            _ => Some(Credential::Missing),
        },
    }
}
