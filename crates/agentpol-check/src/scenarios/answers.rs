//! What becomes of a call that is let through: its answer, or that there is none.

use super::json::Json;
use super::values::Strictness;
use crate::draft::Draft;
use crate::policy::{Ending, ModuleId, ResultType, Returns, ToolId, Type};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics};
use agentpol_syntax::ast::{self, EndingKind, Expect, Literal};

/// Reads what becomes of a call, and whether content from outside comes with the answer.
pub(super) fn ending(
    draft: &mut Draft<'_, '_>,
    module: ModuleId,
    tool: ToolId,
    call: &ast::Call<'_>,
) -> (Ending, bool) {
    let mut said: Option<(Ending, &ast::Ending<'_>)> = None;
    let mut untrusted = None;
    for one in call.endings {
        let ending = match &one.kind {
            EndingKind::Returns(value) => Ending::Returned(answer(draft, module, tool, value)),
            EndingKind::Fails => Ending::Failed,
            EndingKind::Released => Ending::Released,
            EndingKind::Pending => Ending::Pending,
            EndingKind::Untrusted => {
                untrusted = Some(one);
                continue;
            }
        };
        match &said {
            None => said = Some((ending, one)),
            Some((_, first)) => {
                let diagnostic = Diagnostic::new(Code::AP0105, "a call ends once", one.span, "another ending");
                draft.report(diagnostic.because(first.span, "said first here").help("remove one of them"));
            }
        }
    }
    refuse_unheard(draft, call);
    if let (Some((Ending::Released | Ending::Pending, ending)), Some(untrusted)) = (&said, untrusted) {
        let title = "nothing came back that could be untrusted";
        let diagnostic = Diagnostic::new(Code::AP0701, title, untrusted.span, "there is no answer");
        draft.report(diagnostic.because(ending.span, "by this").help("remove one of them"));
    }
    (said.map_or(Ending::Done, |(ending, _)| ending), untrusted.is_some())
}

/// Refuses endings of calls that are not let through.
fn refuse_unheard(draft: &mut Draft<'_, '_>, call: &ast::Call<'_>) {
    let Some(first) = call.endings.first() else { return };
    let words = match call.expect {
        Expect::Allow => return,
        Expect::Deny(_) => "a denied call",
        Expect::Throttle => "a throttled call",
        Expect::RequireApproval(_) => "a call that waits for approval",
    };
    let what = match first.kind {
        EndingKind::Returns(_) => "returns nothing",
        EndingKind::Fails => "does not fail",
        EndingKind::Released => "is not released",
        EndingKind::Pending => "is not pending",
        EndingKind::Untrusted => "brings nothing untrusted",
    };
    let title = format!("{words} {what}");
    let diagnostic = Diagnostic::new(Code::AP0701, title, first.span, "it is never dispatched");
    draft.report(diagnostic.help("remove it, or expect `allow`"));
}

/// Makes what a call gives, which must be as the tool declares it.
fn answer(draft: &mut Draft<'_, '_>, module: ModuleId, tool: ToolId, value: &Literal<'_>) -> String {
    if draft.policy[tool].returns == Returns::Nothing {
        let title = format!("`{}` returns nothing", draft.policy[tool].name);
        let place = draft.policy[tool].span;
        let diagnostic = Diagnostic::new(Code::AP0701, title, value.span, "an answer");
        draft.report(diagnostic.because(place, "declared here").help("remove `, returns` and what stands behind it"));
    }
    let declared = draft.policy[tool].result.clone();
    let kept = std::mem::take(&mut draft.diagnostics);
    let mut attempts: Vec<(Json, Diagnostics)> = Vec::new();
    for ty in alternatives(draft, &declared) {
        let json = draft.json(module, value, ty.as_ref(), Strictness::Strict);
        attempts.push((json, std::mem::take(&mut draft.diagnostics)));
    }
    draft.diagnostics = kept;
    let at = attempts.iter().position(|(_, found)| found.is_empty()).unwrap_or(0);
    let (json, found) = attempts.swap_remove(at);
    draft.diagnostics.extend(found);
    json.write()
}

/// Returns the types that an answer may have; at least one, `None` for any.
fn alternatives(draft: &Draft<'_, '_>, result: &ResultType) -> Vec<Option<Type>> {
    match result {
        ResultType::Undeclared => vec![None],
        ResultType::Type(ty) => vec![Some(ty.clone())],
        ResultType::Record(id) => vec![Some(Type::Shape(draft.policy[*id].shape))],
        ResultType::List(of, bound) => {
            let listed = |ty: Option<Type>| ty.map(|ty| Type::List(Box::new(ty), *bound));
            alternatives(draft, of).into_iter().map(listed).collect()
        }
        ResultType::Keyed { record, field, .. } => {
            let shape = Type::Shape(draft.policy[*record].shape);
            let follow = |ty: Option<Type>, name: &String| match ty {
                Some(Type::Shape(id)) => draft.policy[id].field(name).map(|(_, field)| field.ty.clone()),
                other => other,
            };
            vec![field.iter().fold(Some(shape), follow)]
        }
        ResultType::Either(list) => list.iter().flat_map(|one| alternatives(draft, one)).collect(),
    }
}
