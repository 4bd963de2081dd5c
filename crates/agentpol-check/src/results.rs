//! What tools answer: types, records, and records keyed by the call.

use crate::collect::not_yet;
use crate::declare::Declared;
use crate::draft::Draft;
use crate::expr::{Place, Surroundings, Typer};
use crate::names::Entity;
use crate::policy::{Expr, ExprKind, LocalId, ModuleId, RecordId, ResultType, Returns, ToolId, Type};
use crate::types::{Purpose, bound_of, marks, resolve_type};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics};
use agentpol_syntax::ast::{self, ResultKind, TypeKind};

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
    match (written.kind, result) {
        (ResultKind::List(of, _), ResultType::List(inner, _)) => type_keys(draft, module, tool, of, inner),
        (ResultKind::Either(list), ResultType::Either(inner)) => {
            list.iter().zip(inner).for_each(|(of, inner)| type_keys(draft, module, tool, of, inner));
        }
        (ResultKind::Keyed { keys: exprs, .. }, ResultType::Keyed { record, keys, .. }) => {
            let types = draft.policy.key_types(*record);
            let mut found = Diagnostics::new();
            let zone = draft.module_zone(module);
            let cx = Surroundings { policy: &draft.policy, names: &draft.names, sources: draft.sources, module, zone };
            let mut typer = Typer::new(&cx, Place::ResultKey { tool, record: *record }, &mut found);
            *keys = exprs.iter().zip(&types).map(|(expr, ty)| typer.value(expr, ty)).collect();
            typer.finish();
            draft.diagnostics.extend(found);
            refuse_keys_of_answers(draft, *record, keys);
        }
        _ => {}
    }
}

/// Refuses keys that are read from the answer: they are known when the call is let through.
fn refuse_keys_of_answers(draft: &mut Draft<'_, '_>, record: RecordId, keys: &[Expr]) {
    let reads = |key: &Expr| key.any(&mut |part| matches!(part.kind, ExprKind::Local(LocalId(0))));
    for key in keys.iter().filter(|key| key.ty != Type::Unknown && reads(key)) {
        let name = &draft.policy[record].name;
        let help =
            format!("write `args.NAME`; a record that carries its whole key needs none, as in `-> list<{name}>`");
        draft.report(not_yet("keys that are read from the answer", key.span, &help));
    }
}
