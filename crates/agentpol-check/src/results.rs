//! What tools answer: types, records, and records keyed by the call.

use crate::declare::Declared;
use crate::draft::Draft;
use crate::expr::{Place, Surroundings, Typer};
use crate::names::Entity;
use crate::policy::{ExprKind, KeySource, LocalId, ModuleId, RecordId, ResultType, Returns, ToolId, Type};
use crate::types::{Purpose, bound_of, marks, resolve_type};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics};
use agentpol_syntax::ast::{self, ExprKind as Written, ResultKind, TypeKind};

/// Fills what tools answer, still without keys: those are typed when every definition is there.
pub(crate) fn fill_results<'a>(draft: &mut Draft<'a, '_>, declared: &Declared<'a>) {
    for (at, (module, ast)) in declared.tools.iter().enumerate() {
        if let Some(result) = &ast.result {
            refuse_contradiction(draft, ToolId(at as u32), result);
            draft.policy.tools[at].result = result_of(draft, *module, result);
        }
    }
}

/// Types the keys of what tools answer.
pub(crate) fn type_result_keys<'a>(draft: &mut Draft<'a, '_>, declared: &Declared<'a>) {
    for (at, (module, ast)) in declared.tools.iter().enumerate() {
        let Some(written) = &ast.result else { continue };
        let mut result = std::mem::replace(&mut draft.policy.tools[at].result, ResultType::Undeclared);
        type_keys(draft, *module, ToolId(at as u32), written, &mut result);
        draft.policy.tools[at].result = result;
    }
}

/// Refuses an answer that is trusted and untrusted as a whole.
fn refuse_contradiction(draft: &mut Draft<'_, '_>, tool: ToolId, result: &ast::ResultExpr<'_>) {
    let untrusted = matches!(result.kind, ResultKind::Type(ty) if marks(&ty).1);
    if untrusted && draft.policy[tool].returns == Returns::Trusted {
        let title = format!("what `{}` answers is trusted and untrusted", draft.policy[tool].name);
        let diagnostic = Diagnostic::new(Code::AP0407, title, result.span, "marked `untrusted`");
        draft.report(diagnostic.help("remove `returns trusted`, or mark single fields `untrusted`"));
    }
}

fn result_of<'a>(draft: &mut Draft<'a, '_>, module: ModuleId, result: &ast::ResultExpr<'a>) -> ResultType {
    match result.kind {
        ResultKind::Type(ty) => result_of_type(draft, module, &ty),
        ResultKind::List(of, bound) => {
            let inner = result_of(draft, module, of);
            ResultType::List(Box::new(inner), bound_of(draft, bound))
        }
        ResultKind::Either(list) => ResultType::Either(list.iter().map(|one| result_of(draft, module, one)).collect()),
        ResultKind::Keyed { record, keys, field } => {
            let Some(id) = draft.record(module, &record) else { return ResultType::Undeclared };
            let expected = draft.policy[id].keys.len();
            if keys.len() != expected {
                let title = format!("`{}` has another number of keys than the {} here", record.joined(), keys.len());
                let declared = format!("declared here, with {expected}");
                let place = draft.policy[id].span;
                let diagnostic = Diagnostic::new(Code::AP0309, title, result.span, "the wrong number of keys");
                draft.report(diagnostic.because(place, declared).help("write one value for each key"));
                return ResultType::Undeclared;
            }
            draft.field_path(draft.policy[id].shape, field);
            let field = field.iter().map(|name| name.text.to_owned()).collect();
            ResultType::Keyed { record: id, keys: Vec::new(), field }
        }
    }
}

/// Resolves a result that is written as a type. A record with keys stays a record, so that it can be learned.
fn result_of_type<'a>(draft: &mut Draft<'a, '_>, module: ModuleId, ty: &ast::TypeExpr<'a>) -> ResultType {
    match ty.kind {
        TypeKind::Named(path) => {
            if let Some((Entity::Record(id), _)) = draft.names.find(module, &path.joined())
                && !draft.policy[id].keys.is_empty()
            {
                return ResultType::Record(id);
            }
            ResultType::Type(resolve_type(draft, module, ty, Purpose::Data))
        }
        TypeKind::List(of, bound) if holds_keyed_record(draft, module, of) => {
            let inner = result_of_type(draft, module, of);
            ResultType::List(Box::new(inner), bound_of(draft, bound))
        }
        _ => ResultType::Type(resolve_type(draft, module, ty, Purpose::Data)),
    }
}

/// Returns whether a type is a record with keys, or lists of one.
fn holds_keyed_record(draft: &Draft<'_, '_>, module: ModuleId, ty: &ast::TypeExpr<'_>) -> bool {
    match ty.kind {
        TypeKind::Named(path) => match draft.names.find(module, &path.joined()) {
            Some((Entity::Record(id), _)) => !draft.policy[id].keys.is_empty(),
            _ => false,
        },
        TypeKind::List(of, _) => holds_keyed_record(draft, module, of),
        _ => false,
    }
}

/// Types the keys of keyed results.
fn type_keys<'a>(
    draft: &mut Draft<'a, '_>,
    module: ModuleId,
    tool: ToolId,
    written: &ast::ResultExpr<'a>,
    result: &mut ResultType,
) {
    match (written.kind, &mut *result) {
        (ResultKind::List(of, _), ResultType::List(inner, _)) => type_keys(draft, module, tool, of, inner),
        (ResultKind::Either(list), ResultType::Either(inner)) => {
            list.iter().zip(inner).for_each(|(of, inner)| type_keys(draft, module, tool, of, inner));
        }
        (ResultKind::Keyed { keys: exprs, .. }, ResultType::Keyed { record, keys, field }) => {
            let (record, field) = (&*record, field.as_slice());
            *keys = key_sources(draft, (module, tool), *record, exprs, field);
            let carried = keys.iter().all(|key| matches!(key, KeySource::Carried));
            if carried && !keys.is_empty() {
                *result = ResultType::Record(*record);
            }
        }
        _ => {}
    }
}

/// Tells where the keys of a record come from.
fn key_sources<'a>(
    draft: &mut Draft<'a, '_>,
    (module, tool): (ModuleId, ToolId),
    record: RecordId,
    written: &[ast::Expr<'a>],
    field: &[String],
) -> Vec<KeySource> {
    let paths = draft.policy[record].keys.clone();
    let types = draft.policy.key_types(record);
    let mut sources = Vec::with_capacity(written.len());
    let mut found = Diagnostics::new();
    let zone = draft.module_zone(module);
    let cx = Surroundings { policy: &draft.policy, names: &draft.names, sources: draft.sources, module, zone };
    let mut typer = Typer::new(&cx, Place::ResultKey { tool, record }, &mut found);
    for ((expr, path), ty) in written.iter().zip(&paths).zip(&types) {
        sources.push(match expr.kind {
            _ if is_path(expr, path) => KeySource::Carried,
            Written::Otherwise(carried, given) if path.len() == 1 && is_path(carried, path) => {
                KeySource::CarriedOr(typer.value(given, ty))
            }
            _ => KeySource::Given(typer.value(expr, ty)),
        });
    }
    typer.finish();
    draft.diagnostics.extend(found);
    for ((source, expr), path) in sources.iter().zip(written).zip(&paths) {
        refuse_other_fields(draft, source, path);
        refuse_sure_fields(draft, record, source, (expr, path));
        refuse_carried_by_part(draft, source, expr, field);
    }
    sources
}

/// Returns whether an expression is this path of fields and nothing else.
fn is_path(expr: &ast::Expr<'_>, path: &[String]) -> bool {
    match (expr.kind, path) {
        (Written::Name(name), [only]) => name.text == only,
        (Written::Member(of, name), [before @ .., last]) => name.text == last && is_path(of, before),
        _ => false,
    }
}

/// A key is a field that the record carries, or what the call gives, not made of both.
fn refuse_other_fields(draft: &mut Draft<'_, '_>, source: &KeySource, path: &[String]) {
    let Some(given) = source.given().filter(|given| given.ty != Type::Unknown) else { return };
    if !given.any(&mut |part| matches!(part.kind, ExprKind::Local(LocalId(0)))) {
        return;
    }
    let key = path.join(".");
    let diagnostic =
        Diagnostic::new(Code::AP0316, "a field of the answer cannot be read here", given.span, "not the key");
    let otherwise = if path.len() == 1 { format!(", `{key} otherwise args.NAME`") } else { String::new() };
    draft.report(diagnostic.help(format!("write `{key}`{otherwise}, or `args.NAME`: the key here is `{key}`")));
}

/// What no answer leaves out needs nothing in its place.
fn refuse_sure_fields(
    draft: &mut Draft<'_, '_>,
    record: RecordId,
    source: &KeySource,
    (expr, path): (&ast::Expr<'_>, &[String]),
) {
    let ([name], KeySource::CarriedOr(_)) = (path, source) else { return };
    let Some((_, field)) = draft.policy[draft.policy[record].shape].field(name).filter(|(_, field)| !field.optional)
    else {
        return;
    };
    let title = format!("`{name}` is in every answer, so that nothing stands in for it");
    let place = field.span;
    let diagnostic = Diagnostic::new(Code::AP0407, title, expr.span, "never left out");
    let help = format!("write `{name}?:` in the record where answers may lack it, or the key `{name}` alone");
    draft.report(diagnostic.because(place, "declared here").help(help));
}

/// What is only a part of the record carries no key.
fn refuse_carried_by_part(draft: &mut Draft<'_, '_>, source: &KeySource, expr: &ast::Expr<'_>, field: &[String]) {
    if field.is_empty() || matches!(source, KeySource::Given(_)) {
        return;
    }
    let title = format!("an answer that is only `{}` carries no key", field.join("."));
    let diagnostic = Diagnostic::new(Code::AP0316, title, expr.span, "not in the answer");
    draft.report(diagnostic.help("write `args.NAME`, or let it answer with the whole record"));
}
