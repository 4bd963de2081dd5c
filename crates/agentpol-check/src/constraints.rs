//! Conditions on fields, typed when every declaration is there.

use crate::draft::{Constrained, Draft};
use crate::expr::{Place, Surroundings, Typer, WhichClause, check_pattern};
use crate::policy::{Constraint, Pattern, PatternKind, Type};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics};
use agentpol_syntax::ast;

/// Types the conditions of all fields.
pub(crate) fn type_constraints<'a>(draft: &mut Draft<'a, '_>) {
    for constrained in std::mem::take(&mut draft.constrained) {
        let mut found = std::mem::take(&mut draft.diagnostics);
        let constraints = type_of_one(draft, &constrained, &mut found);
        draft.diagnostics = found;
        let shape = &mut draft.policy.shapes[constrained.shape.index()];
        if let Some(field) = shape.fields.get_mut(constrained.field) {
            field.constraints = constraints;
        }
    }
}

fn type_of_one<'a>(draft: &Draft<'a, '_>, constrained: &Constrained<'a>, found: &mut Diagnostics) -> Vec<Constraint> {
    let Some(field) = draft.policy[constrained.shape].fields.get(constrained.field) else { return Vec::new() };
    if field.ty == Type::Unknown {
        return Vec::new();
    }
    let module = constrained.module;
    let zone = draft.module_zone(module);
    let cx = Surroundings { policy: &draft.policy, names: &draft.names, sources: draft.sources, module, zone };
    let mut constraints = Vec::new();
    for constraint in constrained.ast.constraints {
        match constraint {
            ast::Constraint::Where(expr) => {
                let place = Place::Constraint { name: field.name.clone(), ty: field.ty.clone() };
                let mut typer = Typer::new(&cx, place, found);
                let condition = typer.condition(expr, WhichClause::When);
                typer.finish();
                constraints.push(Constraint::Where(condition));
            }
            ast::Constraint::Matches(text) => constraints.extend(pattern(&field.name, &field.ty, text, found)),
        }
    }
    constraints
}

/// Reads the pattern of a field, which must be some text.
fn pattern(name: &str, ty: &Type, text: &ast::Text<'_>, found: &mut Diagnostics) -> Option<Constraint> {
    if !matches!(ty, Type::String | Type::Email | Type::Url { .. } | Type::Host | Type::Path { .. }) {
        let title = format!("`{name}` is no text that could match");
        let diagnostic = Diagnostic::new(Code::AP0303, title, text.span, "a pattern of texts");
        found.push(diagnostic.help(format!("write a condition: `where {name} ...`")));
        return None;
    }
    let pattern = Pattern { kind: PatternKind::Regex, text: text.value.to_owned() };
    match check_pattern(&pattern) {
        Ok(()) => Some(Constraint::Matches(pattern)),
        Err(refused) => {
            let what = if refused.too_large { "grows too large" } else { "is not valid" };
            let title = format!("the pattern of `{name}` {what}");
            found.push(Diagnostic::new(Code::AP0307, title, text.span, refused.why).maybe_help(refused.help));
            None
        }
    }
}
