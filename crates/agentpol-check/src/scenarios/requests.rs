//! The requests of tests: arguments, and all that stands around them.

use super::callers::{Actor, Caller};
use super::given::{Credential, Scene};
use super::json::{Json, pointer_part, rfc3339};
use super::values::Strictness;
use super::{origins, resources};
use crate::draft::Draft;
use crate::policy::{AgentId, ModuleId, Tool, ToolId, Type};
use agentpol_diagnostics::{Code, Diagnostic, did_you_mean};
use agentpol_syntax::ast;

/// Makes the arguments.
pub(super) fn arguments(
    draft: &mut Draft<'_, '_>,
    module: ModuleId,
    tool: ToolId,
    written: &[ast::Pair<'_>],
    strict: Strictness,
) -> Json {
    let (params, open) = (draft.policy[tool].params, draft.policy[tool].open);
    draft.once_each(written);
    let mut entries = Vec::with_capacity(written.len());
    for pair in written {
        let field = draft.policy[params].field(pair.key.value).map(|(_, field)| field.clone());
        let (wire, ty) = match field {
            Some(field) => {
                let null = field.optional && matches!(pair.value.kind, ast::LiteralKind::Null);
                (field.wire, (!null).then_some(field.ty))
            }
            None => {
                if !open && strict == Strictness::Strict {
                    let known: Vec<String> =
                        draft.policy[params].fields.iter().map(|field| field.name.clone()).collect();
                    let help = did_you_mean(pair.key.value, known.iter().map(String::as_str));
                    let list = || format!("its arguments are `{}`", known.join("`, `"));
                    let name = draft.policy[tool].name.clone();
                    let title = format!("`{name}` has no argument `{}`", pair.key.value);
                    let place = draft.policy[tool].span;
                    let diagnostic = Diagnostic::new(Code::AP0213, title, pair.key.span, "not declared");
                    draft.report(diagnostic.because(place, "declared here").help(help.unwrap_or_else(list)));
                }
                (pair.key.value.to_owned(), None)
            }
        };
        entries.push((wire, draft.json(module, &pair.value, ty.as_ref(), strict)));
    }
    Json::Object(entries)
}

/// Makes the whole request.
pub(super) fn request(
    draft: &Draft<'_, '_>,
    scene: &Scene<'_>,
    caller: &Caller,
    (session, id, at): (&str, &str, i64),
    (tool, args): (ToolId, Json),
) -> Option<String> {
    let tool = &draft.policy[tool];
    let agent = caller.actor.presented.clone();
    let mut entries = vec![("at".to_owned(), Json::Text(rfc3339(at)?)), ("agent".to_owned(), agent)];
    let mut add = |key: &str, value: Option<Json>| entries.extend(value.map(|value| (key.to_owned(), value)));
    let issued = match scene.credential {
        Credential::Fresh => Some(at),
        Credential::IssuedAt(issued) => Some(issued),
        Credential::Missing => None,
    };
    let issued = issued.filter(|_| declares_credential(draft, caller.actor.agent));
    add("credential", issued.and_then(issued_at));
    let via: Vec<Json> = caller.via.iter().map(|hop| hop_of(draft, hop, at)).collect();
    add("via", (!via.is_empty()).then_some(Json::List(via)));
    add("user", Some(caller.user.told.clone()));
    add("session", Some(Json::text(session)));
    add("call", Some(Json::text(id)));
    add("env", scene.env.clone().map(Json::Text));
    add("task", scene.task.clone().map(Json::Text));
    add("server", origins::server(draft, tool).map(Json::Text));
    add("tool", Some(Json::text(tool.wire.clone())));
    add("tool_digest", tool.pinned.clone().map(Json::Text));
    let origin: Vec<(String, Json)> = (scene.origin.iter())
        .map(|(path, origin)| (pointer(draft, tool, path.value), origin.clone()))
        .filter(|(pointer, _)| args.has(pointer))
        .collect();
    add("resource", resources::of_call(draft, &scene.resources, tool, &args));
    add("args", Some(args));
    add("context", scene.context.clone());
    add("origin", (!origin.is_empty()).then_some(Json::Object(origin)));
    Some(Json::Object(entries).write())
}

/// Makes the event that opens a session: a child session with the agent that acts in it, else with the one that begins
/// the chain.
pub(super) fn open(caller: &Caller, session: &str, parent: Option<&str>, at: i64) -> Option<String> {
    let first = caller.via.first().filter(|_| parent.is_none()).unwrap_or(&caller.actor);
    let mut entries = vec![
        ("session".to_owned(), Json::text(session)),
        ("agent".to_owned(), first.presented.clone()),
        ("user".to_owned(), caller.user.opener.clone()),
    ];
    entries.extend(parent.map(|parent| ("parent".to_owned(), Json::text(parent))));
    entries.push(("at".to_owned(), Json::Text(rfc3339(at)?)));
    Some(Json::Object(vec![("open".to_owned(), Json::Object(entries))]).write())
}

fn declares_credential(draft: &Draft<'_, '_>, agent: AgentId) -> bool {
    draft.policy[agent].credential_max_age.is_some()
}

/// Makes an agent of `via`, with a fresh credential where it declares one.
fn hop_of(draft: &Draft<'_, '_>, hop: &Actor, at: i64) -> Json {
    let credential = if declares_credential(draft, hop.agent) { issued_at(at) } else { None };
    let Some(credential) = credential else { return hop.presented.clone() };
    let mut entries = match &hop.presented {
        Json::Object(entries) => entries.clone(),
        id => vec![("id".to_owned(), id.clone())],
    };
    entries.push(("credential".to_owned(), credential));
    Json::Object(entries)
}

/// Makes a credential that is issued at a moment.
fn issued_at(at: i64) -> Option<Json> {
    Some(Json::Object(vec![("issued_at".to_owned(), Json::Text(rfc3339(at)?))]))
}

/// Turns an argument's path into a JSON Pointer, with the names on the wire. A path that begins with `/` is one already.
fn pointer(draft: &Draft<'_, '_>, tool: &Tool, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let mut ty = Some(Type::Shape(tool.params));
    let mut pointer = String::new();
    for name in path.split('.') {
        let field = match &ty {
            Some(Type::Shape(id)) => draft.policy[*id].field(name).map(|(_, field)| field),
            _ => None,
        };
        pointer.push('/');
        pointer.push_str(&pointer_part(field.map_or(name, |field| field.wire.as_str())));
        ty = match (field, ty) {
            (Some(field), _) => Some(field.ty.clone()),
            (None, Some(Type::List(of, _) | Type::Map(of, _))) => Some(*of),
            _ => None,
        };
    }
    pointer
}
