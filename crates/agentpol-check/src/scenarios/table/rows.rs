//! The rows of a table: which cells each speaks of.

use super::axes::{Axes, Tool, pattern_span};
use crate::draft::Draft;
use crate::policy::{ModuleId, On, Scope};
use crate::tool_sets::ToolSets;
use agentpol_diagnostics::{Code, Diagnostic, Span, did_you_mean};
use agentpol_syntax::ast::{self, CellsKind, ToolPattern};
use std::collections::BTreeSet;

/// Which agents, users and tools a row speaks of, by their places in the axes.
pub(super) struct Chosen {
    pub(super) agents: Vec<bool>,
    pub(super) users: Vec<bool>,
    pub(super) tools: Vec<bool>,
}

/// Reads which cells each row speaks of; nothing where one is a mistake.
pub(super) fn read(
    draft: &mut Draft<'_, '_>,
    sets: &mut ToolSets,
    module: ModuleId,
    (test, axes): (&ast::Test<'_>, &Axes),
) -> Option<Vec<Option<Chosen>>> {
    let mut rows = Vec::with_capacity(test.rows.len());
    let before = draft.diagnostics.len();
    let mut rest: Option<Span> = None;
    for row in test.rows {
        let Some(cells) = row.cells else {
            if let Some(first) = rest.replace(row.span) {
                let title = "`everything else` stands twice";
                let diagnostic = Diagnostic::new(Code::AP0105, title, row.span, "again here");
                draft.report(diagnostic.because(first, "first here").help("remove one of them"));
            }
            rows.push(None);
            continue;
        };
        let mut chosen = Chosen {
            agents: vec![true; axes.agents.len()],
            users: vec![true; axes.users.len()],
            tools: vec![true; axes.tools.len()],
        };
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for clause in cells {
            let word = select(draft, sets, module, axes, clause, &mut chosen);
            if !seen.insert(word) {
                let diagnostic = Diagnostic::new(Code::AP0105, format!("`{word}` stands twice"), clause.span, "again");
                draft.report(diagnostic.help("write all of them behind the first"));
            }
        }
        rows.push(Some(chosen));
    }
    (draft.diagnostics.len() == before).then_some(rows)
}

/// Narrows a row by one of its clauses, and returns the clause's word.
fn select(
    draft: &mut Draft<'_, '_>,
    sets: &mut ToolSets,
    module: ModuleId,
    axes: &Axes,
    clause: &ast::Cells<'_>,
    chosen: &mut Chosen,
) -> &'static str {
    match &clause.kind {
        CellsKind::Agent(paths) => {
            let mut wanted = Vec::new();
            for path in *paths {
                let Some(id) = draft.agent(module, path) else { continue };
                if !axes.agents.iter().any(|agent| agent.id == id) {
                    stranger(draft, &path.joined(), "agent", path.span);
                }
                wanted.push(id);
            }
            narrow(&mut chosen.agents, |at| wanted.contains(&axes.agents[at].id));
            "agent"
        }
        CellsKind::User(written) => {
            let mut wanted = Vec::new();
            for who in *written {
                let id = who.id.map(|id| id.value.to_owned());
                if !axes.users.iter().any(|user| user.id == id) {
                    stranger(draft, id.as_deref().unwrap_or("none"), "user", who.span);
                }
                wanted.push(id);
            }
            narrow(&mut chosen.users, |at| wanted.contains(&axes.users[at].id));
            "user"
        }
        CellsKind::Tool(patterns) => {
            tools(draft, sets, module, axes, patterns, chosen);
            "tool"
        }
        CellsKind::Does(verbs) => {
            let verbs: BTreeSet<_> = verbs.iter().map(|(word, _)| crate::tools::verb(*word)).collect();
            let scope = Scope { does: Some(verbs.into_iter().collect()), ..Scope::default() };
            covered(draft, axes, &scope, clause.span, chosen);
            "does"
        }
        CellsKind::On(paths) => {
            let mut datasets = BTreeSet::new();
            for path in *paths {
                let Some(entity) = draft.data(module, path) else { continue };
                datasets.extend(draft.datasets_of(entity));
            }
            let on = On::Datasets(datasets.into_iter().collect());
            covered(draft, axes, &Scope { on: Some(on), ..Scope::default() }, clause.span, chosen);
            "on"
        }
    }
}

fn narrow(chosen: &mut [bool], keep: impl Fn(usize) -> bool) {
    chosen.iter_mut().enumerate().for_each(|(at, one)| *one &= keep(at));
}

/// Narrows a row to the tools that a grant of this scope would cover.
fn covered(draft: &mut Draft<'_, '_>, axes: &Axes, scope: &Scope, span: Span, chosen: &mut Chosen) {
    let fits: Vec<bool> = axes.tools.iter().map(|tool| draft.may_match(scope, tool.id, true)).collect();
    if !fits.contains(&true) {
        let title = "no tool of the table is meant";
        let label = "covers none of them whole";
        draft.report(Diagnostic::new(Code::AP0701, title, span, label).help("name the tools behind `tool`"));
    }
    narrow(&mut chosen.tools, |at| fits[at]);
}

/// Narrows a row to tools: those of patterns, and those that have a name in the table.
fn tools(
    draft: &mut Draft<'_, '_>,
    sets: &mut ToolSets,
    module: ModuleId,
    axes: &Axes,
    patterns: &ast::ToolPatterns<'_>,
    chosen: &mut Chosen,
) {
    let mut picked = |draft: &mut Draft<'_, '_>, pattern: &ToolPattern<'_>| -> Option<Vec<usize>> {
        let places = |fits: &dyn Fn(&Tool) -> bool| {
            let all = axes.tools.iter().enumerate();
            all.filter(|(_, tool)| fits(tool)).map(|(at, _)| at).collect::<Vec<usize>>()
        };
        if let ToolPattern::Named(ast::Path { segments: [name], .. }) = pattern {
            let called = places(&|tool| tool.label == name.text);
            if !called.is_empty() {
                return Some(called);
            }
            let labels: Vec<&str> = axes.tools.iter().map(|tool| tool.label.as_str()).collect();
            let known = draft.names.find(module, name.text).is_some();
            if let Some(help) = did_you_mean(name.text, labels).filter(|_| !known) {
                let title = format!("the table has no tool `{}`", name.text);
                draft.report(Diagnostic::new(Code::AP0201, title, name.span, "none of its tools").help(help));
                return None;
            }
        }
        let span = pattern_span(pattern);
        let one = ast::ToolPatterns { include: std::slice::from_ref(pattern), except: &[], span };
        let selected = sets.select_written(draft, module, &one)?;
        let found = places(&|tool| selected.contains_key(&tool.id));
        if found.is_empty() {
            stranger(draft, draft.sources.text(span), "tool", span);
        }
        Some(found)
    };
    let mut wanted: BTreeSet<usize> = BTreeSet::new();
    for pattern in patterns.include {
        wanted.extend(picked(draft, pattern).unwrap_or_default());
    }
    for pattern in patterns.except {
        picked(draft, pattern).unwrap_or_default().iter().for_each(|at| {
            wanted.remove(at);
        });
    }
    narrow(&mut chosen.tools, |at| wanted.contains(&at));
}

/// Says that something is not among those that the table is about.
fn stranger(draft: &mut Draft<'_, '_>, name: &str, word: &str, span: Span) {
    let title = format!("the table has no {word} `{name}`");
    let help = format!("write it behind `for each {word}`");
    draft.report(Diagnostic::new(Code::AP0701, title, span, "no cell is meant").help(help));
}
