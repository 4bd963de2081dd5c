//! What rules remember: grants that hold until something happens, evidence that goes stale, strangers' words.

use super::walk::{lets, parts};
use super::{Surface, called, listed};
use crate::expr::{More, more};
use crate::policy::{
    DatasetId, Expr, ExprKind, LocalId, Policy, Question, RecordId, Returns, Rule, Tool, ToolId, Verb,
};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics};
use std::collections::BTreeSet;

/// Verbs that carry data away, and leave it as it is.
const SENDING: [Verb; 2] = [Verb::Sends, Verb::Exports];

pub(super) fn look(surface: &Surface<'_, '_>, diagnostics: &mut Diagnostics) {
    let policy = surface.policy;
    let mut told = Told::default();
    for rule in policy.rules.iter().filter(|rule| !rule.observed) {
        if rule.effect.grants() {
            until(rule, diagnostics);
        } else {
            strangers(policy, rule, &mut told.strangers, diagnostics);
        }
        for part in parts(rule) {
            match &part.expr.kind {
                ExprKind::Known(known) => stale_record(policy, known.record, &mut told, diagnostics),
                ExprKind::AllKnown(record) => stale_record(policy, *record, &mut told, diagnostics),
                ExprKind::Earlier(_) => stale_answer(policy, part.expr, &mut told, diagnostics),
                _ => {}
            }
        }
    }
}

/// What was told already, once for each.
#[derive(Default)]
struct Told {
    records: BTreeSet<RecordId>,
    answers: BTreeSet<Vec<ToolId>>,
    strangers: BTreeSet<ToolId>,
}

/// A grant that holds as long as something has not happened.
fn until(rule: &Rule, diagnostics: &mut Diagnostics) {
    for part in parts(rule) {
        let ExprKind::Earlier(earlier) = &part.expr.kind else { continue };
        let ends = match more(&earlier.question) {
            More::True => part.helps == Some(false),
            More::False => part.helps == Some(true),
            More::Either => false,
        };
        if ends {
            let title = format!("{} holds until something happens", called(rule));
            let diagnostic = Diagnostic::new(Code::AP0603, title, part.expr.span, "any other grant goes on");
            let help = "write a `deny` or a `limit` with this question: it holds whatever else is granted";
            diagnostics.push(diagnostic.help(help));
        }
    }
}

/// A record that a tool changes without answering with it.
fn stale_record(policy: &Policy, record: RecordId, told: &mut Told, diagnostics: &mut Diagnostics) {
    if !told.records.insert(record) {
        return;
    }
    let teachers = policy.teachers(record);
    let changing = changing(policy, &teachers);
    let Some(first) = changing.first() else { return };
    let name = &policy[record].name;
    let title = format!("what is known of `{name}` may be old after {}", names(policy, &changing));
    let mut diagnostic = Diagnostic::new(Code::AP0612, title, policy[record].span, "the change teaches nothing");
    for tool in changing.iter().take(2) {
        diagnostic = diagnostic.because(policy[*tool].span, "changes the same data, and does not answer with it");
    }
    let help = format!("let it answer with what it made of it: `tool {}(...) -> {name}`", policy[*first].name);
    diagnostics.push(diagnostic.help(help));
}

/// `(last { tools }).result` where another tool changes what these read.
fn stale_answer(policy: &Policy, expr: &Expr, told: &mut Told, diagnostics: &mut Diagnostics) {
    let ExprKind::Earlier(earlier) = &expr.kind else { return };
    let (Question::Last(take), Some(tools)) = (&earlier.question, &earlier.scope.tools) else { return };
    if !take.any(&mut |part| matches!(part.kind, ExprKind::Result)) || !told.answers.insert(tools.clone()) {
        return;
    }
    let changing = changing(policy, tools);
    let Some(first) = changing.first() else { return };
    let title = format!("the last answer may be old after {}", names(policy, &changing));
    let diagnostic = Diagnostic::new(Code::AP0612, title, expr.span, "what was read before the change")
        .because(policy[*first].span, "changes the same data, and is not in the set");
    let help = format!("add `{}` to the set if it answers with the same", policy[*first].name);
    diagnostics.push(diagnostic.help(help));
}

/// Returns the tools that change data that all of these read, and are not among them.
fn changing(policy: &Policy, tools: &[ToolId]) -> Vec<ToolId> {
    let makes_old = |tool: &Tool| tool.verbs.iter().any(|verb| verb.changes() && !SENDING.contains(verb));
    let mut data: Option<BTreeSet<DatasetId>> = None;
    for tool in tools.iter().map(|id| &policy[*id]).filter(|tool| !makes_old(tool)) {
        let own = tool.datasets.iter().copied();
        data = Some(match data {
            None => own.collect(),
            Some(data) => own.filter(|dataset| data.contains(dataset)).collect(),
        });
    }
    let data = data.unwrap_or_default();
    let changes = |id: &ToolId| {
        let tool = &policy[*id];
        makes_old(tool) && tool.datasets.iter().any(|dataset| data.contains(dataset))
    };
    (0..policy.tools.len() as u32).map(ToolId).filter(|id| !tools.contains(id) && changes(id)).collect()
}

fn names(policy: &Policy, tools: &[ToolId]) -> String {
    listed(tools.iter().map(|id| policy[*id].name.as_str()))
}

/// What a stranger may have said, where it loosens a restriction. Told once for each tool.
fn strangers(policy: &Policy, rule: &Rule, told: &mut BTreeSet<ToolId>, diagnostics: &mut Diagnostics) {
    let lets = lets(rule);
    for part in parts(rule).iter().filter(|part| part.helps == Some(false)) {
        let read = match &part.expr.kind {
            ExprKind::And(_) | ExprKind::Or(_) | ExprKind::Not(_) | ExprKind::If(..) | ExprKind::Let(..) => continue,
            ExprKind::Any(each) | ExprKind::All(each) => stranger_in(policy, &lets, &each.over),
            _ => stranger_in(policy, &lets, part.expr),
        };
        let Some(tools) = read else { continue };
        // All of them, each told once.
        if tools.iter().filter(|id| told.insert(**id)).count() == 0 {
            continue;
        }
        let answer = if tools.len() == 1 { "answers" } else { "answer" };
        let title =
            format!("what {} {answer} loosens {}, and nobody vouches for it", names(policy, &tools), called(rule));
        let mut diagnostic = Diagnostic::new(Code::AP0622, title, part.expr.span, "may be a stranger's word");
        for id in tools.iter().take(2) {
            diagnostic = diagnostic.because(policy[*id].span, "its answers are untrusted");
        }
        let help = "write `returns trusted` behind the tools whose system makes up every word itself";
        diagnostics.push(diagnostic.help(help));
    }
}

/// Finds the tools whose answers are untrusted, and that an expression rests on.
fn stranger_in(policy: &Policy, lets: &[(LocalId, &Expr)], expr: &Expr) -> Option<Vec<ToolId>> {
    let mut found: Option<Vec<ToolId>> = None;
    let stranger = |tools: &[ToolId]| {
        let untrusted = |id: &ToolId| policy[*id].returns == Returns::Untrusted;
        Some(tools.iter().copied().filter(untrusted).collect::<Vec<_>>()).filter(|tools| !tools.is_empty())
    };
    expr.any(&mut |part| {
        found = found.take().or_else(|| match &part.kind {
            ExprKind::Known(known) => stranger(&policy.teachers(known.record)),
            ExprKind::AllKnown(record) => stranger(&policy.teachers(*record)),
            ExprKind::Earlier(earlier) => match &earlier.question {
                Question::First(take) | Question::Last(take) => {
                    let reads = take.any(&mut |part| matches!(part.kind, ExprKind::Result));
                    earlier.scope.tools.as_deref().filter(|_| reads).and_then(stranger)
                }
                _ => None,
            },
            ExprKind::Local(local) => {
                let value = lets.iter().find(|(id, _)| id == local)?.1;
                // A `let` reads only those before it.
                stranger_in(policy, lets, value)
            }
            _ => None,
        });
        found.is_some()
    });
    found
}
