//! Types of resources, where users and resources come from, and which resource a tool's calls are about.

use crate::declare::Declared;
use crate::draft::Draft;
use crate::names::Entity;
use crate::policy::{ModuleId, ResourceId, ResourceName, ResourceOf, ResourceType, Source, Tool, Type};
use crate::resolve::{Wanted, resolve};
use crate::types::{fill_shape, resolve_fields};
use agentpol_diagnostics::{Code, Diagnostic, Span, did_you_mean};
use agentpol_syntax::ast::{self, ExprKind as Written};
use std::collections::BTreeMap;

/// What every resource has, whatever it declares.
const BUILT_IN: [&str; 2] = ["id", "path"];

/// Gives types of resources their ids and shapes, still without attributes, so that types can name them.
pub(crate) fn name_resources(draft: &mut Draft<'_, '_>, declared: &Declared<'_>) {
    let mut wires: BTreeMap<&str, Span> = BTreeMap::new();
    for (module, ast) in &declared.resources {
        let wire = ast.wire.map_or(ast.name.text, |text| text.value);
        let place = ast.wire.map_or(ast.name.span, |text| text.span);
        if wire.is_empty() {
            let title = format!("the resource `{}` has an empty name on the wire", ast.name.text);
            draft.report(Diagnostic::new(Code::AP0407, title, place, "no request has this").help("remove the text"));
        }
        if let Some(first) = wires.insert(wire, place) {
            let title = format!("two types of resources are `{wire}` on the wire");
            let diagnostic = Diagnostic::new(Code::AP0202, title, place, "the same text")
                .because(first, "already stands for this one")
                .help("write its own name on the wire behind the name: `resource document \"file\" { ... }`");
            draft.report(diagnostic);
        }
        let shape = draft.shape(Vec::new());
        draft.policy.resources.push(ResourceType {
            module: *module,
            name: ast.name.text.to_owned(),
            wire: wire.to_owned(),
            shape,
            within: Vec::new(),
            span: ast.name.span,
        });
    }
}

/// Fills attributes, and what each type may lie in.
pub(crate) fn fill_resources<'a>(draft: &mut Draft<'a, '_>, declared: &Declared<'a>) {
    for (at, (module, ast)) in declared.resources.iter().enumerate() {
        let mut fields = resolve_fields(draft, *module, ast.fields, "attribute");
        fields.retain(|(field, _)| {
            let taken = BUILT_IN.iter().find(|word| **word == field.name);
            if let Some(word) = taken {
                let title = format!("every resource has `{word}` already");
                let diagnostic = Diagnostic::new(Code::AP0202, title, field.span, "part of the language");
                draft.diagnostics.push(diagnostic.help("remove the attribute"));
            }
            taken.is_none()
        });
        let shape = draft.policy.resources[at].shape;
        fill_shape(draft, *module, shape, fields);
        let mut within: Vec<ResourceId> = Vec::new();
        for path in ast.within {
            within.extend(type_of(draft, *module, path));
        }
        within.sort();
        within.dedup();
        draft.policy.resources[at].within = within;
    }
}

fn type_of(draft: &mut Draft<'_, '_>, module: ModuleId, path: &ast::Path<'_>) -> Option<ResourceId> {
    match resolve(&draft.names, module, path, Wanted::Resource, &mut draft.diagnostics)? {
        Entity::Resource(id) => Some(id),
        _ => None,
    }
}

/// Looks up the type of a resource that a test names.
pub(crate) fn named_type(draft: &mut Draft<'_, '_>, module: ModuleId, path: &ast::Path<'_>) -> Option<ResourceId> {
    type_of(draft, module, path)
}

/// Fills where users and resources come from: said once, and by the root alone where there is one.
pub(crate) fn fill_sources(draft: &mut Draft<'_, '_>) {
    let mut said: BTreeMap<bool, Span> = BTreeMap::new();
    for module in draft.module_ids() {
        for item in std::mem::take(&mut draft.items[module.index()].sources) {
            let what = if item.resources { "resources" } else { "users" };
            if !draft.is_root(module) {
                not_the_root(draft, &format!("where {what} come from is not this module's to say"), item.span);
                continue;
            }
            if let Some(first) = said.insert(item.resources, item.span) {
                let title = format!("where {what} come from is said twice");
                let diagnostic = Diagnostic::new(Code::AP0202, title, item.span, "said again here");
                draft.report(diagnostic.because(first, "first said here").help("remove one of them"));
                continue;
            }
            if let Some(age) = item.max_age.filter(|age| age.millis <= 0) {
                let title = "a directory that is too old at once";
                let diagnostic = Diagnostic::new(Code::AP0407, title, age.span, "no time at all");
                draft.report(diagnostic.help("write how old it may be, such as `max age 15m`"));
            }
            let source = match item.directory {
                true => Source::Directory { max_age: item.max_age.map(|age| age.millis) },
                false => Source::Request,
            };
            match item.resources {
                true => draft.policy.resources_from = source,
                false => draft.policy.users_from = source,
            }
        }
    }
}

/// Fills whether the host can tell sessions apart: said by the root alone.
pub(crate) fn fill_sessions(draft: &mut Draft<'_, '_>) {
    for module in draft.module_ids() {
        for span in std::mem::take(&mut draft.items[module.index()].sessions) {
            match draft.is_root(module) {
                true => draft.policy.sessions_unvouched = true,
                false => not_the_root(draft, "whether sessions are vouched for is not this module's to say", span),
            }
        }
    }
}

fn not_the_root(draft: &mut Draft<'_, '_>, title: &str, span: Span) {
    let help = match draft.policy.root {
        Some(root) => format!("write the line in `{}`", draft.module_name(root)),
        None => "name the module that may in `agentpol.toml`: `root = \"...\"`".to_owned(),
    };
    draft.report(Diagnostic::new(Code::AP0208, title, span, "only the root module may").help(help));
}

/// Returns the type, unless it refers to users, groups or resources where only plain data may stand: that is told.
pub(crate) fn admit(draft: &mut Draft<'_, '_>, ty: Type, written: &ast::TypeExpr<'_>, what: &str) -> Type {
    let refers = match &ty {
        Type::List(of, _) | Type::Map(of, _) => of.is_reference(),
        ty => ty.is_reference(),
    };
    if !refers || matches!(what, "user field" | "attribute") {
        return ty;
    }
    let title = "a reference stands in attributes of users and resources only";
    let diagnostic = Diagnostic::new(Code::AP0407, title, written.span, "refers to users, groups or resources");
    draft.report(diagnostic.help("write `string` for its id"));
    Type::Unknown
}

/// Reads `of document(args.id)`.
pub(crate) fn resource_of(
    draft: &mut Draft<'_, '_>,
    module: ModuleId,
    tool: &Tool,
    of: &ast::Path<'_>,
    ids: &[ast::Expr<'_>],
    span: Span,
) -> Option<ResourceOf> {
    let of = type_of(draft, module, of)?;
    let [id] = ids else {
        let title = "a resource has one id";
        let diagnostic = Diagnostic::new(Code::AP0309, title, span, format!("{} given", ids.len()));
        draft.report(diagnostic.help("write the argument that names it: `of document(args.id)`"));
        return None;
    };
    let id = match id.kind {
        Written::Text(text) if !text.value.is_empty() => ResourceName::Text(text.value.to_owned()),
        Written::Member(root, name) if matches!(root.kind, Written::Name(root) if root.text == "args") => {
            argument(draft, tool, name)?
        }
        _ => {
            let title = "the id of a resource is an argument or a text";
            let diagnostic = Diagnostic::new(Code::AP0308, title, id.span, "neither of them");
            draft.report(diagnostic.help("write `of document(args.id)`, or `of application(\"name\")`"));
            return None;
        }
    };
    Some(ResourceOf { of, id })
}

/// An argument that names the resource: a text or an int that every call has.
fn argument(draft: &mut Draft<'_, '_>, tool: &Tool, name: &ast::Name<'_>) -> Option<ResourceName> {
    let fields = &draft.policy[tool.params].fields;
    let Some(field) = fields.iter().find(|field| field.name == name.text) else {
        let title = format!("`{}` has no argument `{}`", tool.name, name.text);
        let help = did_you_mean(name.text, fields.iter().map(|field| field.name.as_str()));
        draft.report(Diagnostic::new(Code::AP0213, title, name.span, "not an argument").maybe_help(help));
        return None;
    };
    let (optional, plain, unknown, place) =
        (field.optional, matches!(field.ty, Type::String | Type::Int), field.ty == Type::Unknown, field.span);
    if unknown {
        return None;
    }
    if optional || !plain {
        let title = format!("`{}` cannot name the resource of every call", name.text);
        let (label, help) = match optional {
            true => ("may be missing", "make the parameter required, without `?`"),
            false => ("neither a text nor an int", "declare the parameter as `string` or `int`"),
        };
        let diagnostic = Diagnostic::new(Code::AP0407, title, name.span, label);
        draft.report(diagnostic.because(place, "declared here").help(help));
        return None;
    }
    Some(ResourceName::Argument(name.text.to_owned()))
}
