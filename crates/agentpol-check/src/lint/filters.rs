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
        let Some(text) = searched(part.expr) else {
            line_feeds(surface, rule, part.expr, diagnostics);
            continue;
        };
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

/// `matches "rm .*"`: a line feed, which `.` does not take, gets past the whole pattern.
fn line_feeds(surface: &Surface<'_, '_>, rule: &Rule, expr: &Expr, diagnostics: &mut Diagnostics) {
    let ExprKind::Matches(text, pattern) = &expr.kind else { return };
    let Some(name) = argument(text).filter(|_| text.ty == Type::String) else { return };
    if pattern.kind != PatternKind::Regex || !stops_at_line_feeds(&pattern.text) || is_constrained(surface, rule, name)
    {
        return;
    }
    let title = format!("a line feed in `args.{name}` gets past {}", called(rule));
    let help =
        "write `(?s)` at the beginning of the pattern, or say what is good instead: `unless ... matches \"...\"`";
    let diagnostic = Diagnostic::new(Code::AP0604, title, expr.span, "`.` is any character but a line feed");
    diagnostics.push(diagnostic.help(help));
}

/// Returns whether a `.` in an expression does not stand for line feeds.
fn stops_at_line_feeds(expression: &str) -> bool {
    let flags = |rest: &str| rest.chars().take_while(char::is_ascii_lowercase).any(|flag| flag == 's');
    if expression.split("(?").skip(1).any(flags) {
        return false;
    }
    let (mut escaped, mut in_class) = (false, false);
    expression.chars().any(|sign| {
        let plain = !std::mem::take(&mut escaped);
        match sign {
            '\\' => escaped = plain,
            '[' if plain => in_class = true,
            ']' if plain => in_class = false,
            _ => {}
        }
        sign == '.' && plain && !in_class
    })
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
