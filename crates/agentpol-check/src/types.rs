//! Types as written to types as meant, with the shapes that are written inside them.

use crate::declare::BUILTIN_TYPES;
use crate::draft::{Constrained, Draft};
use crate::expr::canonical;
use crate::names::Entity;
use crate::policy::{Field, LevelId, ModuleId, ShapeId, Type};
use crate::resolve::{Wanted, resolve};
use agentpol_diagnostics::{Code, Diagnostic};
use agentpol_syntax::ast::{self, TypeKind};
use std::collections::HashMap;

/// How long a list or map may be where nothing is written.
pub(crate) const DEFAULT_BOUND: u32 = 256;

/// How long a list or map may be at all.
const MAX_BOUND: u32 = 1024;

/// The builtin level `origin`.
const ORIGIN: LevelId = LevelId(0);

/// What a type is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Values that come as JSON: arguments, results, attributes, context.
    Data,
    /// Parameters of definitions, which also take what JSON has no form for.
    Definition,
}

/// Resolves a type; `Unknown` where something was wrong, which has then been said.
pub(crate) fn resolve_type<'a>(
    draft: &mut Draft<'a, '_>,
    module: ModuleId,
    ty: &ast::TypeExpr<'a>,
    purpose: Purpose,
) -> Type {
    match ty.kind {
        TypeKind::Named(path) => named(draft, module, &path, purpose),
        TypeKind::List(of, bound) => {
            let bound = bound_of(draft, bound);
            Type::List(Box::new(resolve_type(draft, module, of, purpose)), bound)
        }
        TypeKind::Map(key, of, bound) => {
            let bound = bound_of(draft, bound);
            if resolve_type(draft, module, key, purpose) != Type::String {
                let title = "the keys of a map are texts";
                draft.report(
                    Diagnostic::new(Code::AP0302, title, key.span, "must be `string`").help("write `map<string, ...>`"),
                );
            }
            Type::Map(Box::new(resolve_type(draft, module, of, purpose)), bound)
        }
        TypeKind::Fields(fields) => {
            let fields = resolve_fields(draft, module, fields, "field");
            Type::Shape(finish_shape(draft, module, fields))
        }
        TypeKind::UrlWithIp6 => Type::Url { allow_ip6: true },
        TypeKind::PathUnder(text) => match canonical(&Type::Path { under: None }, text.value) {
            Ok(under) if under.starts_with('/') => Type::Path { under: Some(under) },
            _ => {
                let title = format!("`{}` is not an absolute directory", text.value);
                draft.report(
                    Diagnostic::new(Code::AP0407, title, text.span, "not a plain absolute path")
                        .help("write a path such as `\"/work\"`, without `.`, `..` and `~`"),
                );
                Type::Unknown
            }
        },
        TypeKind::DateTimeIn(text) => match draft.written_zone(&text) {
            Some(zone) => Type::DateTime { zone: Some(zone) },
            None => Type::Unknown,
        },
        TypeKind::DecimalAsString => Type::Decimal { as_string: true },
    }
}

/// Returns whether a type is marked secret, and whether untrusted. A mark on elements is one on the whole.
pub(crate) fn marks(ty: &ast::TypeExpr<'_>) -> (bool, bool) {
    let inner = match ty.kind {
        TypeKind::List(of, _) | TypeKind::Map(_, of, _) => marks(of),
        _ => (false, false),
    };
    (ty.secret || inner.0, ty.untrusted || inner.1)
}

/// Resolves a type that is a name.
fn named(draft: &mut Draft<'_, '_>, module: ModuleId, path: &ast::Path<'_>, purpose: Purpose) -> Type {
    let name = path.joined();
    if let Some(ty) = builtin(&name) {
        if ty == Type::Duration && purpose == Purpose::Data {
            draft.report(
                Diagnostic::new(Code::AP0407, "JSON has no durations", path.span, "no value can have this type")
                    .help("write `int` and say the unit in the name, such as `seconds: int`"),
            );
            return Type::Unknown;
        }
        return ty;
    }
    let declared = draft.names.find(module, &name).is_some();
    if name == "shell" || name == "command" && !declared {
        let help = "until then, write `string` and ask for approval of every command";
        draft.report(crate::collect::not_yet("commands of a shell", path.span, help));
        return Type::Unknown;
    }
    if let Some(reference) = reference(&name).filter(|_| !declared) {
        return reference;
    }
    match resolve(&draft.names, module, path, Wanted::Type, &mut draft.diagnostics) {
        Some(Entity::Enum(id)) => Type::Enum(id),
        Some(Entity::Level(ORIGIN)) => {
            draft.report(
                Diagnostic::new(Code::AP0207, "`origin` is no type of data", path.span, "only `origin(...)` has it")
                    .help("compare `origin(args.x)` instead"),
            );
            Type::Unknown
        }
        Some(Entity::Level(id)) => Type::Level(id),
        Some(Entity::Record(id)) => Type::Shape(draft.policy[id].shape),
        Some(Entity::Resource(id)) => Type::Resource(vec![id]),
        _ => Type::Unknown,
    }
}

/// Returns the type of a word that refers to somebody.
fn reference(name: &str) -> Option<Type> {
    Some(match name {
        "user" => Type::User,
        "group" => Type::Group,
        "principal" => Type::Principal,
        _ => return None,
    })
}

/// Returns the type of a word of the language.
fn builtin(name: &str) -> Option<Type> {
    debug_assert_eq!(BUILTIN_TYPES.len(), 14);
    Some(match name {
        "bool" => Type::Bool,
        "int" => Type::Int,
        "decimal" => Type::Decimal { as_string: false },
        "float" => Type::Float,
        "string" => Type::String,
        "duration" => Type::Duration,
        "date" => Type::Date,
        "datetime" => Type::DateTime { zone: None },
        "ip" => Type::Ip,
        "email" => Type::Email,
        "url" => Type::Url { allow_ip6: false },
        "host" => Type::Host,
        "path" => Type::Path { under: None },
        "json" => Type::Json,
        _ => return None,
    })
}

/// Reads the bound of a list or map.
pub(crate) fn bound_of(draft: &mut Draft<'_, '_>, bound: Option<ast::Number<'_>>) -> u32 {
    let Some(number) = bound else { return DEFAULT_BOUND };
    match number.digits.parse::<u32>() {
        Ok(bound) if (1..=MAX_BOUND).contains(&bound) => bound,
        _ => {
            let title = format!("a list or map of {} elements", number.digits);
            draft.report(
                Diagnostic::new(Code::AP0306, title, number.span, "must be a number from 1 to 1024")
                    .help("write at most `1024`"),
            );
            DEFAULT_BOUND
        }
    }
}

/// Fields that are resolved, with their conditions as written.
pub(crate) type Resolved<'a> = Vec<(Field, ast::Field<'a>)>;

/// Resolves fields, each name once; `what` is the word for messages.
pub(crate) fn resolve_fields<'a>(
    draft: &mut Draft<'a, '_>,
    module: ModuleId,
    fields: &[ast::Field<'a>],
    what: &str,
) -> Resolved<'a> {
    let mut resolved: Resolved<'a> = Vec::with_capacity(fields.len());
    let mut known = HashMap::new();
    let mut wires = HashMap::new();
    for field in fields {
        if let Some(first) = known.insert(field.name.text, field.name.span) {
            let title = format!("the {what} `{}` is declared twice", field.name.text);
            draft.report(
                Diagnostic::new(Code::AP0202, title, field.name.span, "declared again here")
                    .because(first, "first declared here")
                    .help("remove one of them"),
            );
            continue;
        }
        let wire = field.wire.map_or(field.name.text, |text| text.value);
        let place = field.wire.map_or(field.name.span, |text| text.span);
        if let Some(first) = wires.insert(wire, place) {
            let title = format!("two fields are `{wire}` on the wire");
            draft.report(
                Diagnostic::new(Code::AP0202, title, place, "the same text")
                    .because(first, "already stands for this field"),
            );
            continue;
        }
        let ty = resolve_type(draft, module, &field.ty, Purpose::Data);
        let ty = crate::resources::admit(draft, ty, &field.ty, what);
        let (secret, untrusted) = marks(&field.ty);
        if untrusted && what != "field" {
            let title = format!("`untrusted` says nothing about the {what} `{}`", field.name.text);
            draft.report(
                Diagnostic::new(Code::AP0407, title, field.ty.span, "a mark of what tools answer")
                    .help("remove the word; where a value comes from is what the host says, `origin(args.NAME)`"),
            );
        }
        let field_meant = Field {
            name: field.name.text.to_owned(),
            wire: wire.to_owned(),
            ty,
            optional: field.optional,
            secret,
            untrusted,
            constraints: Vec::new(),
            span: field.name.span,
        };
        resolved.push((field_meant, *field));
    }
    resolved
}

/// Makes a shape of fields; their conditions wait until every declaration is there.
pub(crate) fn finish_shape<'a>(draft: &mut Draft<'a, '_>, module: ModuleId, fields: Resolved<'a>) -> ShapeId {
    let shape = draft.shape(Vec::new());
    fill_shape(draft, module, shape, fields);
    shape
}

/// Fills a shape that has its id already.
pub(crate) fn fill_shape<'a>(draft: &mut Draft<'a, '_>, module: ModuleId, shape: ShapeId, fields: Resolved<'a>) {
    for (field, ast) in fields {
        if !ast.constraints.is_empty() {
            let at = draft.policy[shape].fields.len();
            draft.constrained.push(Constrained { module, shape, field: at, ast });
        }
        draft.policy.shapes[shape.index()].fields.push(field);
    }
}

/// Fills the types of the parameters of definitions.
pub(crate) fn fill_define_params(draft: &mut Draft<'_, '_>) {
    for define in draft.names.defines.clone() {
        let params = define.ast.params.unwrap_or_default();
        let types = params.iter().map(|param| resolve_type(draft, define.module, &param.ty, Purpose::Definition));
        let types = types.collect();
        draft.names.define_params.push(types);
    }
}
