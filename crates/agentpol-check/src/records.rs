//! What users, hosts and results carry: the user and context shapes, and records.

use crate::collect::ModuleItems;
use crate::declare::Declared;
use crate::draft::Draft;
use crate::expr::{MAX_KEYS, window};
use crate::policy::{ModuleId, Record, RecordId, ShapeId, Type};
use crate::types::{Resolved, fill_shape, resolve_fields};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast;
use std::collections::BTreeMap;

/// How many keyed records are kept at most.
const MAX_KEEP: u32 = 65_536;

/// How deep shapes may lie in each other; a request may not nest deeper either.
const MAX_NESTING: u32 = 16;

/// Gives records their ids and shapes, still without fields, so that types can name them.
pub(crate) fn name_records(draft: &mut Draft<'_, '_>, declared: &Declared<'_>) {
    draft.policy.user = draft.shape(Vec::new());
    draft.policy.context = draft.shape(Vec::new());
    for (module, ast) in &declared.records {
        let shape = draft.shape(Vec::new());
        let keep = keep(draft, ast.keep);
        let fresh = ast.fresh.and_then(|fresh| window(fresh, |diagnostic| draft.report(diagnostic)));
        draft.policy.records.push(Record {
            module: *module,
            name: ast.name.text.to_owned(),
            keys: Vec::new(),
            shape,
            keep,
            fresh,
            span: ast.name.span,
        });
        refuse_fresh_shapes(draft, ast);
    }
}

/// Of what has no key nothing is known, fresh or not.
fn refuse_fresh_shapes(draft: &mut Draft<'_, '_>, ast: &ast::Record<'_>) {
    let Some(fresh) = ast.fresh.filter(|_| ast.keys.is_empty()) else { return };
    let title = format!("nothing is learned of `{}`, which has no key", ast.name.text);
    let diagnostic = Diagnostic::new(Code::AP0407, title, fresh.span, "for how long?");
    draft.report(diagnostic.help(format!("write `record {} by KEY`, or remove `fresh within`", ast.name.text)));
}

/// Reads how many records are kept.
fn keep(draft: &mut Draft<'_, '_>, written: Option<ast::Number<'_>>) -> u32 {
    let Some(number) = written else { return crate::types::DEFAULT_BOUND };
    match number.digits.parse::<u32>() {
        Ok(keep) if (1..=MAX_KEEP).contains(&keep) => keep,
        _ => {
            let title = format!("cannot keep {} records", number.digits);
            let label = "must be a number from 1 to 65536";
            draft.report(Diagnostic::new(Code::AP0306, title, number.span, label).help("write `keep 256`"));
            crate::types::DEFAULT_BOUND
        }
    }
}

/// Fills the fields of users, the context and records.
pub(crate) fn fill_records<'a>(draft: &mut Draft<'a, '_>, declared: &Declared<'a>) {
    union(draft, draft.policy.user, "user", &["id", "groups"], |items| items.user.clone());
    union(draft, draft.policy.context, "context", &[], |items| items.context.clone());
    for (at, (module, ast)) in declared.records.iter().enumerate() {
        let fields = resolve_fields(draft, *module, ast.fields, "field");
        let shape = draft.policy.records[at].shape;
        fill_shape(draft, *module, shape, fields);
    }
    refuse_endless_shapes(draft);
    for (at, (_, ast)) in declared.records.iter().enumerate() {
        let mut keys: Vec<Vec<String>> = Vec::new();
        for key in ast.keys {
            let Some(path) = key_of(draft, RecordId(at as u32), key) else { continue };
            let why = if keys.contains(&path) { "the same key again" } else { "one too many" };
            if keys.contains(&path) || keys.len() == MAX_KEYS {
                let title = format!("`{}` is no further key", key.joined());
                let diagnostic = Diagnostic::new(Code::AP0407, title, key.span, why);
                draft.report(diagnostic.help(format!("a record has at most {MAX_KEYS} keys, each another field")));
                continue;
            }
            keys.push(path);
        }
        draft.policy.records[at].keys = keys;
    }
}

/// Fills a shape that all modules add to. A field is declared once in the program; `taken` ones are the language's.
fn union<'a>(
    draft: &mut Draft<'a, '_>,
    shape: ShapeId,
    what: &str,
    taken: &[&str],
    of: impl Fn(&ModuleItems<'a>) -> Vec<ast::Field<'a>>,
) {
    let mut known: BTreeMap<String, (Span, ModuleId)> = BTreeMap::new();
    let mut wires: BTreeMap<String, Span> = BTreeMap::new();
    let mut fields: Vec<(ModuleId, Resolved<'a>)> = Vec::new();
    for module in draft.module_ids() {
        let written = of(&draft.items[module.index()]);
        let mut resolved = resolve_fields(draft, module, &written, &format!("{what} field"));
        resolved.retain(|(field, _)| {
            let wire_taken = taken.contains(&field.wire.as_str());
            if taken.contains(&field.name.as_str()) || wire_taken {
                let title = format!("every user has `{}` already", field.wire);
                draft.diagnostics.push(
                    Diagnostic::new(Code::AP0202, title, field.span, "part of the language").help("remove the field"),
                );
                return false;
            }
            if let Some((first, owner)) = known.get(&field.name) {
                let title = format!("the {what} field `{}` is declared twice", field.name);
                let owner = &draft.policy[*owner].name;
                draft.diagnostics.push(
                    Diagnostic::new(Code::AP0202, title, field.span, "declared again here")
                        .because(*first, format!("first declared here, in `{owner}`"))
                        .help(format!("remove one of them: the program has one `{what}`")),
                );
                return false;
            }
            if let Some(first) = wires.insert(field.wire.clone(), field.span) {
                let title = format!("two {what} fields are `{}` on the wire", field.wire);
                let diagnostic = Diagnostic::new(Code::AP0202, title, field.span, "the same text");
                draft.diagnostics.push(diagnostic.because(first, "already stands for this field"));
                return false;
            }
            known.insert(field.name.clone(), (field.span, module));
            true
        });
        fields.extend(resolved.into_iter().map(|field| (module, vec![field])));
    }
    // By name, so that it does not show which module declares what.
    fields.sort_by(|(_, a), (_, b)| a[0].0.name.cmp(&b[0].0.name));
    for (module, field) in fields {
        fill_shape(draft, module, shape, field);
    }
}

/// Refuses records that contain themselves, or lie in each other too deeply for any request.
fn refuse_endless_shapes(draft: &mut Draft<'_, '_>) {
    let mut depths: BTreeMap<ShapeId, Option<u32>> = BTreeMap::new();
    for at in 0..draft.policy.records.len() {
        let shape = draft.policy.records[at].shape;
        depth(draft, shape, &mut depths, 0);
    }
}

/// Returns how many shapes lie in each other below one; cuts what has no end.
fn depth(draft: &mut Draft<'_, '_>, shape: ShapeId, depths: &mut BTreeMap<ShapeId, Option<u32>>, above: u32) -> u32 {
    match depths.get(&shape) {
        Some(Some(known)) => return *known,
        Some(None) => return MAX_NESTING + 1,
        None => {}
    }
    depths.insert(shape, None);
    let mut deepest = 0;
    for at in 0..draft.policy[shape].fields.len() {
        let field = &draft.policy[shape].fields[at];
        let Some(inner) = shape_in(&field.ty) else { continue };
        let (name, span) = (field.name.clone(), field.span);
        let circle = matches!(depths.get(&inner), Some(None));
        let below = if above >= MAX_NESTING { MAX_NESTING + 1 } else { 1 + depth(draft, inner, depths, above + 1) };
        if circle || below > MAX_NESTING {
            let diagnostic = if circle {
                let title = format!("the field `{name}` contains its own record");
                Diagnostic::new(Code::AP0502, title, span, "has no end").help("write `json`, or the other record's key")
            } else {
                let title = format!("records lie more than {MAX_NESTING} deep in each other");
                Diagnostic::new(Code::AP0504, title, span, "no request may nest so deeply").help("write `json` here")
            };
            draft.report(diagnostic);
            draft.policy.shapes[shape.index()].fields[at].ty = Type::Unknown;
            continue;
        }
        deepest = deepest.max(below);
    }
    depths.insert(shape, Some(deepest));
    deepest
}

/// Returns the shape in a type, through lists and maps.
fn shape_in(ty: &Type) -> Option<ShapeId> {
    match ty {
        Type::List(of, _) | Type::Map(of, _) => shape_in(of),
        Type::Shape(id) => Some(*id),
        _ => None,
    }
}

/// Resolves a key of a record: a path of fields to a scalar.
fn key_of(draft: &mut Draft<'_, '_>, record: RecordId, path: &ast::Path<'_>) -> Option<Vec<String>> {
    let ty = draft.field_path(draft.policy[record].shape, path.segments)?;
    if matches!(ty, Type::List(..) | Type::Map(..) | Type::Shape(_) | Type::Json | Type::Float) {
        let title = format!("`{}` cannot be a key", path.joined());
        let label = "not a single exact value";
        let diagnostic = Diagnostic::new(Code::AP0407, title, path.span, label).help("name a field such as an id");
        draft.report(diagnostic);
        return None;
    }
    let mut shape = Some(draft.policy[record].shape);
    for name in path.segments {
        let Some((_, field)) = shape.and_then(|id| draft.policy[id].field(name.text)) else { break };
        let inside = std::slice::from_ref(&field.ty);
        if field.secret || draft.policy.any_field(inside, &mut |inner| inner.secret) {
            let title = format!("`{}` holds a secret and cannot be a key", name.text);
            let place = field.span;
            let diagnostic = Diagnostic::new(Code::AP0312, title, path.span, "would be kept with the session");
            draft.report(diagnostic.because(place, "declared here").help("choose another key, such as an id"));
            return None;
        }
        shape = match field.ty {
            Type::Shape(inner) => Some(inner),
            _ => None,
        };
    }
    Some(path.segments.iter().map(|name| name.text.to_owned()).collect())
}

impl Draft<'_, '_> {
    /// Follows field names into a shape and returns the type at the end.
    pub(crate) fn field_path(&mut self, shape: ShapeId, names: &[ast::Name<'_>]) -> Option<Type> {
        let mut ty = Type::Shape(shape);
        for name in names {
            let fields = match &ty {
                Type::Shape(id) => &self.policy[*id].fields,
                Type::Unknown => return None,
                _ => {
                    let title = format!("`{}` is not a field: nothing lies inside", name.text);
                    let diagnostic = Diagnostic::new(Code::AP0214, title, name.span, "not in a record")
                        .help("end the path one word earlier");
                    self.report(diagnostic);
                    return None;
                }
            };
            let Some(field) = fields.iter().find(|field| field.name == name.text) else {
                let known: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
                let diagnostic = unknown_field(name.text, name.span, &known);
                self.report(diagnostic);
                return None;
            };
            ty = field.ty.clone();
        }
        Some(ty)
    }
}

/// Says that a field is unknown.
pub(crate) fn unknown_field(name: &str, span: Span, known: &[&str]) -> Diagnostic {
    let list = || match known {
        [] => "there are no fields here".to_owned(),
        known => format!("the fields are `{}`", known.join("`, `")),
    };
    let help = agentpol_diagnostics::did_you_mean(name, known.iter().copied()).unwrap_or_else(list);
    Diagnostic::new(Code::AP0214, format!("unknown field `{name}`"), span, "not declared").help(help)
}
