//! Who acts in a test and for whom, as requests say it.

use super::json::Json;
use super::values::Strictness;
use crate::draft::Draft;
use crate::identity::attributes_in;
use crate::policy::{AgentId, Identity, ModuleId};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast::{self, Literal, LiteralKind, Pair};

/// Who acts, for whom.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) actor: Actor,
    /// The agents before the actor, the first caller first.
    pub(super) via: Vec<Actor>,
    pub(super) user: Someone,
}

/// An agent of the chain.
#[derive(Clone)]
pub(super) struct Actor {
    pub(super) agent: AgentId,
    /// Who it is, as requests say it.
    pub(super) presented: Json,
}

/// A user, or nobody.
#[derive(Clone)]
pub(super) struct Someone {
    /// The request's `user`.
    pub(super) told: Json,
    /// The user of the session: without what a request says of them.
    pub(super) opener: Json,
}

/// Reads an agent and the agents that it is reached through.
pub(super) fn chain(
    draft: &mut Draft<'_, '_>,
    module: ModuleId,
    last: &ast::Hop<'_>,
    via: &[ast::Hop<'_>],
) -> Option<(Actor, Vec<Actor>)> {
    let found: Vec<Option<Actor>> = via.iter().chain([last]).map(|hop| actor(draft, module, hop)).collect();
    let mut found = found.into_iter().collect::<Option<Vec<_>>>()?;
    Some((found.pop()?, found))
}

/// Reads a user, or nobody.
pub(super) fn someone(
    draft: &mut Draft<'_, '_>,
    module: ModuleId,
    id: Option<&ast::Text<'_>>,
    attributes: Option<&[Pair<'_>]>,
) -> Someone {
    match id {
        None => Someone { told: Json::text("none"), opener: Json::text("none") },
        Some(id) => {
            let opener = Json::Object(vec![("id".to_owned(), Json::text(id.value))]);
            Someone { told: user(draft, module, id, attributes), opener }
        }
    }
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
