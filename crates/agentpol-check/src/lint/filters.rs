//! Filters on free text that a word more or less gets past.

use super::walk::parts;
use super::{Surface, called, reach};
use crate::policy::{Constraint, Expr, ExprKind, PatternKind, Rule, TextTest, Type};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics};

pub(super) fn look(surface: &Surface<'_, '_>, rule: &Rule, diagnostics: &mut Diagnostics) {
    for part in parts(rule) {
        // A restriction that matches when the text is found, or a grant that does not.
        if part.helps != Some(!rule.effect.grants()) {
            continue;
        }
        let Some(text) = searched(part.expr) else { continue };
        let Some(name) = argument(text) else { continue };
        if text.ty != Type::String || is_constrained(surface, rule, name) {
            continue;
        }
        let title = format!("{} looks for words in the free text of `args.{name}`", called(rule));
        let label = "another spelling gets past it";
        let help = "say what is good instead, as in `unless ... matches \"...\"`, or compare with a list of values";
        diagnostics.push(Diagnostic::new(Code::AP0604, title, part.expr.span, label).help(help));
    }
}

/// Returns the text in which something is looked for anywhere.
fn searched(expr: &Expr) -> Option<&Expr> {
    match &expr.kind {
        ExprKind::TextTest(TextTest::Contains, of, _) => Some(of),
        ExprKind::Matches(of, pattern) => {
            let (open, close) = match pattern.kind {
                PatternKind::Regex => (".*", ".*"),
                PatternKind::Glob => ("*", "*"),
                PatternKind::PathGlob => return None,
            };
            let text = pattern.text.trim_start_matches("(?i)").trim_start_matches("(?s)").trim_start_matches("(?is)");
            (text.len() > open.len() && text.starts_with(open) && text.ends_with(close)).then_some(&**of)
        }
        _ => None,
    }
}

/// Returns the argument that a text is, or is made small letters of.
fn argument(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Arg(name) => Some(name),
        ExprKind::Part(_, of) | ExprKind::Otherwise(of, _) => argument(of),
        _ => None,
    }
}

fn is_constrained(surface: &Surface<'_, '_>, rule: &Rule, name: &str) -> bool {
    let policy = surface.policy;
    let tools = reach::tools(policy, rule);
    let matches = |constraint: &Constraint| matches!(constraint, Constraint::Matches(_));
    tools.iter().all(|tool| {
        let field = policy[policy[*tool].params].field(name);
        field.is_none_or(|(_, field)| field.constraints.iter().any(matches))
    })
}
