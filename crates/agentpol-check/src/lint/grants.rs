//! Grants that open more than they seem to: by absence, by empty lists, by what is declared later.

use super::walk::{Part, lets, parts, path};
use super::{Surface, called, clause, reach};
use crate::names::{Entity, Names};
use crate::policy::{CompareOp, Constraint, Effect, Expr, ExprKind, ModuleId, Rule, Type, Value};
use crate::tool_sets::MAX_NESTING;
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics};
use agentpol_syntax::ast::{self, AgentSelector, ClauseKind, ToolPattern};

pub(super) fn look(
    surface: &Surface<'_, '_>,
    rule: &Rule,
    written: Option<ast::Rule<'_>>,
    diagnostics: &mut Diagnostics,
) {
    if !rule.effect.grants() {
        return;
    }
    absence(rule, diagnostics);
    empty_lists(surface, rule, diagnostics);
    if let (Effect::Allow, Some(written)) = (&rule.effect, written) {
        growth(surface, rule, &written, diagnostics);
    }
}

/// `not has args.x or ...`: what the tool does without `x` is granted too.
fn absence(rule: &Rule, diagnostics: &mut Diagnostics) {
    let lets = lets(rule);
    for part in parts(rule) {
        let ExprKind::Has(of) = &part.expr.kind else { continue };
        let elements = matches!(of.ty, Type::List(..) | Type::Map(..));
        if part.helps != Some(false) || !part.alternative || elements {
            continue;
        }
        let Some(path) = path(&lets, of) else { continue };
        let title = format!("without `{path}` {} opens", called(rule));
        let label = "true where the argument is missing";
        let help =
            format!("say what its absence stands for, as in `({path} otherwise ...)`, or ask `has {path} and ...`");
        diagnostics.push(Diagnostic::new(Code::AP0601, title, part.expr.span, label).help(help));
    }
}

/// `all x in L` is true of the empty list.
fn empty_lists(surface: &Surface<'_, '_>, rule: &Rule, diagnostics: &mut Diagnostics) {
    let lets = lets(rule);
    let parts = parts(rule);
    for part in &parts {
        let each = match (&part.expr.kind, part.helps) {
            (ExprKind::All(each), Some(true)) | (ExprKind::Any(each), Some(false)) => each,
            _ => continue,
        };
        // Told by `unless any`, the author asks about what is there; nothing there is meant.
        if matches!(part.expr.kind, ExprKind::Any(_)) || matches!(each.over.kind, ExprKind::Otherwise(..)) {
            continue;
        }
        let Some(list) = path(&lets, &each.over) else { continue };
        let same = |expr: &Expr| path(&lets, expr).as_ref() == Some(&list);
        let inside = |expr: &Expr| each.body.any(&mut |inner| std::ptr::eq(inner, expr));
        let asks = |part: &Part<'_>| match &part.expr.kind {
            ExprKind::Compare(..) => part.helps.is_some_and(|helps| excludes_empty(part.expr, helps, &same)),
            ExprKind::Any(each) => part.helps == Some(true) && same(&each.over),
            _ => false,
        };
        if parts.iter().any(|part| asks(part) && !inside(part.expr)) || never_empty(surface, rule, &list) {
            continue;
        }
        let title = format!("`all` is true of an empty `{list}`, and {} then grants", called(rule));
        let diagnostic = Diagnostic::new(Code::AP0602, title, part.expr.span, "true where the list is empty");
        diagnostics.push(diagnostic.help(format!("write `count({list}) > 0 and ...` before it")));
    }
}

/// Returns whether a comparison, when it is true or false as asked, says that the list has an element.
fn excludes_empty(comparison: &Expr, outcome: bool, is_list: &impl Fn(&Expr) -> bool) -> bool {
    let ExprKind::Compare(op, left, right) = &comparison.kind else { return false };
    let is_count = |side: &Expr| matches!(&side.kind, ExprKind::Count(of) if is_list(of));
    let number = |side: &Expr| match side.kind {
        ExprKind::Literal(Value::Int(number)) => Some(number),
        _ => None,
    };
    // What the comparison says of no elements at all.
    let of_none =
        match (is_count(left).then(|| number(right)).flatten(), is_count(right).then(|| number(left)).flatten()) {
            (Some(number), _) => holds(*op, 0, number),
            (None, Some(number)) => holds(*op, number, 0),
            (None, None) => return false,
        };
    of_none != outcome
}

fn holds(op: CompareOp, left: i64, right: i64) -> bool {
    match op {
        CompareOp::Eq => left == right,
        CompareOp::Ne => left != right,
        CompareOp::Lt => left < right,
        CompareOp::Le => left <= right,
        CompareOp::Gt => left > right,
        CompareOp::Ge => left >= right,
    }
}

/// Returns whether every tool's own constraints ask for an element.
fn never_empty(surface: &Surface<'_, '_>, rule: &Rule, list: &str) -> bool {
    let Some(name) = list.strip_prefix("args.") else { return false };
    let policy = surface.policy;
    let tools = reach::tools(policy, rule);
    let is_value = |of: &Expr| matches!(of.kind, ExprKind::Local(_));
    let counts = |constraint: &Constraint| match constraint {
        Constraint::Where(expr) => expr.any(&mut |expr| excludes_empty(expr, true, &is_value)),
        Constraint::Matches(_) => false,
    };
    !tools.is_empty()
        && tools.iter().all(|tool| {
            let field = policy[policy[*tool].params].field(name);
            field.is_some_and(|(_, field)| field.constraints.iter().any(counts))
        })
}

/// Selectors of an allow that take in whatever is declared later.
fn growth(surface: &Surface<'_, '_>, rule: &Rule, written: &ast::Rule<'_>, diagnostics: &mut Diagnostics) {
    let any_agent = clause(written, |kind| matches!(kind, ClauseKind::Agent(AgentSelector::Any(_))));
    let wide = |pattern: &ToolPattern<'_>| is_wide(surface.names, rule.module, pattern, 0);
    let patterns = clause(written, |kind| matches!(kind, ClauseKind::Tool(tools) if tools.include.iter().any(wide)));
    let named = clause(written, |kind| matches!(kind, ClauseKind::Tool(_)));
    let by_kind = clause(written, |kind| matches!(kind, ClauseKind::Does(_) | ClauseKind::On(_)));
    let (place, what, help) = match (any_agent, patterns, named, by_kind) {
        (Some(place), ..) => (place, "every agent", "name the agents that it is for"),
        (_, Some(place), ..) => (place, "every tool of that name", "name the tools, or a set: `tools NAME = a, b`"),
        (_, _, None, Some(place)) => (place, "every tool of that kind", "name the tools beside it, `tool a, b`"),
        _ => return,
    };
    let title = format!("{} grows with what is declared later", called(rule));
    let label = format!("takes in {what} that the module comes to own");
    diagnostics.push(Diagnostic::new(Code::AP0606, title, place.span, label).help(help));
}

/// Returns whether a pattern takes in what is declared later, itself or through the sets that it names.
fn is_wide(names: &Names<'_>, module: ModuleId, pattern: &ToolPattern<'_>, depth: usize) -> bool {
    let ToolPattern::Named(path) = pattern else { return true };
    match names.find(module, &path.joined()) {
        Some((Entity::ToolSet(id), _)) if depth < MAX_NESTING => {
            let set = names.tool_sets.get(id.0 as usize);
            set.is_some_and(|set| set.ast.tools.include.iter().any(|of| is_wide(names, set.module, of, depth + 1)))
        }
        _ => false,
    }
}
