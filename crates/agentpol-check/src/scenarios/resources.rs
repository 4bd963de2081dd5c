//! What the requests of a scenario bring of resources, where they come from requests.

use super::json::Json;
use super::values::Strictness;
use crate::draft::Draft;
use crate::policy::{ModuleId, ResourceId, ResourceName, Tool};
use crate::resources::named_type;
use agentpol_diagnostics::{Code, Diagnostic};
use agentpol_syntax::ast::{self, GivenKind};

/// A resource that is given.
pub(super) struct Given {
    of: ResourceId,
    id: String,
    /// The request's `resource`.
    json: Json,
}

/// Reads all resources that a test gives.
pub(super) fn read(draft: &mut Draft<'_, '_>, module: ModuleId, test: &ast::Test<'_>) -> Vec<Given> {
    let mut found = Vec::new();
    for given in test.given {
        let GivenKind::Resource(resource, attributes, within) = given.kind else { continue };
        if draft.policy.resources_from.is_directory() {
            let title = "resources come from the directory";
            let diagnostic = Diagnostic::new(Code::AP0701, title, given.span, "the request may not bring one");
            draft.report(diagnostic.help("remove it, and put the resource into the directory that the test runs with"));
            continue;
        }
        let Some(of) = named_type(draft, module, &resource.of) else { continue };
        let shape = draft.policy[of].shape;
        let pairs = attributes.unwrap_or_default();
        let attributes = draft.fields_json(module, pairs, shape, Strictness::Strict);
        let mut above = Vec::new();
        for place in within {
            let Some(of) = named_type(draft, module, &place.of) else { continue };
            above.push(named(draft.policy[of].wire.clone(), place.id.value));
        }
        let Json::Object(mut entries) = named(draft.policy[of].wire.clone(), resource.id.value) else { continue };
        entries.push(("attributes".to_owned(), attributes));
        entries.push(("within".to_owned(), Json::List(above)));
        found.push(Given { of, id: resource.id.value.to_owned(), json: Json::Object(entries) });
    }
    found
}

fn named(of: String, id: &str) -> Json {
    Json::Object(vec![("type".to_owned(), Json::Text(of)), ("id".to_owned(), Json::text(id))])
}

/// Returns the resource of a call: the one that is given under its id, else one of which nothing more is said.
pub(super) fn of_call(draft: &Draft<'_, '_>, given: &[Given], tool: &Tool, args: &Json) -> Option<Json> {
    let resource = tool.resource.as_ref().filter(|_| !draft.policy.resources_from.is_directory())?;
    let id = match &resource.id {
        ResourceName::Text(text) => text.clone(),
        ResourceName::Argument(name) => {
            let wire = draft.policy[tool.params].field(name).map(|(_, field)| field.wire.as_str())?;
            let Json::Object(entries) = args else { return None };
            match entries.iter().find(|(key, _)| key == wire).map(|(_, value)| value)? {
                Json::Text(text) => text.clone(),
                Json::Number(digits) => digits.clone(),
                _ => return None,
            }
        }
    };
    let found = given.iter().find(|given| given.of == resource.of && given.id == id);
    found.map(|given| given.json.clone())
}
