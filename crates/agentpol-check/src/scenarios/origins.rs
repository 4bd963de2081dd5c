//! `origin { to: user, iban: result of crm.search at "/0/iban" }`: where the arguments of a scenario come from.

use super::json::Json;
use crate::draft::Draft;
use crate::names::Entity;
use crate::policy::{LevelId, ModuleId, Tool};
use crate::resolve::{Wanted, resolve};
use agentpol_diagnostics::{Code, Diagnostic, did_you_mean};
use agentpol_syntax::ast::{self, Literal, LiteralKind, Pair};

const WORDS: [&str; 5] = ["untrusted", "model", "trusted", "user", "system"];

/// Reads where values come from, as requests say it.
pub(super) fn read<'a>(draft: &mut Draft<'a, '_>, module: ModuleId, pairs: &[Pair<'a>]) -> Vec<(ast::Text<'a>, Json)> {
    debug_assert_eq!(draft.policy[LevelId(0)].members, WORDS);
    draft.once_each(pairs);
    let mut origins = Vec::new();
    for pair in pairs {
        let origin = match pair.value.kind {
            LiteralKind::List(several) if !several.is_empty() => {
                let sources: Option<Vec<Json>> = several.iter().map(|one| source(draft, module, one)).collect();
                sources.map(Json::List)
            }
            _ => source(draft, module, &pair.value),
        };
        origins.extend(origin.map(|origin| (pair.key, origin)));
    }
    origins
}

/// One source of a value.
fn source(draft: &mut Draft<'_, '_>, module: ModuleId, value: &Literal<'_>) -> Option<Json> {
    let written = match value.kind {
        LiteralKind::ResultOf(path, at) => return result_of(draft, module, &path, at.as_ref()),
        LiteralKind::Word(ast::Path { segments: [word], .. }) => word.text,
        LiteralKind::Text(text) => text.value,
        _ => "",
    };
    if WORDS.contains(&written) {
        return Some(Json::text(written));
    }
    let choice = || format!("write one of `{}`, or `result of TOOL`", WORDS.join("`, `"));
    let help = did_you_mean(written, WORDS).unwrap_or_else(choice);
    draft.report(Diagnostic::new(Code::AP0305, "not an origin", value.span, "where from?").help(help));
    None
}

/// What an answer of a tool held, at a place in it where one is given.
fn result_of(
    draft: &mut Draft<'_, '_>,
    module: ModuleId,
    path: &ast::Path<'_>,
    at: Option<&ast::Text<'_>>,
) -> Option<Json> {
    let Some(Entity::Tool(id)) = resolve(&draft.names, module, path, Wanted::Tool, &mut draft.diagnostics) else {
        return None;
    };
    if let Some(at) = at
        && !at.value.is_empty()
        && !at.value.starts_with('/')
    {
        let title = "this names no place in an answer";
        let help = format!("write a JSON Pointer: `at \"/{}\"`", at.value.replace('.', "/"));
        draft.report(Diagnostic::new(Code::AP0302, title, at.span, "does not begin with `/`").help(help));
        return None;
    }
    let mut members = vec![("result_of".to_owned(), Json::Text(draft.policy[id].wire.clone()))];
    members.extend(server(draft, &draft.policy[id]).map(|server| ("server".to_owned(), Json::Text(server))));
    members.extend(at.map(|at| ("at".to_owned(), Json::text(at.value))));
    Some(Json::Object(members))
}

/// The server that calls of the tool name.
pub(super) fn server(draft: &Draft<'_, '_>, tool: &Tool) -> Option<String> {
    draft.policy[tool.home?].servers.first().cloned()
}
