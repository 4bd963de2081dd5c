//! Tables: each agent with each user and each tool, and what comes out in which of these cells.

mod axes;
mod rows;

use super::callers::Caller;
use super::given::{self, SESSION, Scene};
use super::{check_origins, expected, requests};
use crate::draft::Draft;
use crate::policy::{Cell, ModuleId, Row, Table};
use crate::tool_sets::ToolSets;
use agentpol_diagnostics::{Code, Diagnostic};
use agentpol_syntax::ast;
use axes::Axes;
use rows::Chosen;
use std::collections::BTreeSet;

/// Makes a table; nothing where a part of it is a mistake, which has then been said.
pub(super) fn table<'a>(
    draft: &mut Draft<'a, '_>,
    sets: &mut ToolSets,
    module: ModuleId,
    test: &ast::Test<'a>,
) -> Option<Table> {
    let scene = given::read_scene(draft, module, test);
    let axes = axes::read(draft, sets, module, test);
    let claims: Vec<_> =
        test.rows.iter().map(|row| expected::claim(draft, module, &row.expect, row.by.as_ref())).collect();
    let (scene, axes) = (scene?, axes?);
    check_origins(draft, &scene, &axes.tools.iter().map(|tool| tool.id).collect::<Vec<_>>());
    let chosen = rows::read(draft, sets, module, (test, &axes))?;
    let rows: Vec<Row> = claims
        .into_iter()
        .zip(test.rows)
        .map(|(claim, row)| Some(Row { claim: claim?, span: row.span }))
        .collect::<Option<_>>()?;
    let speaks = spread(draft, test, &axes, &chosen, &rows)?;
    let cells = cells(draft, &scene, &axes, speaks)?;
    let labels = |labels: &mut dyn Iterator<Item = &String>| labels.cloned().collect::<Vec<_>>();
    Some(Table {
        module,
        name: test.name.value.to_owned(),
        agents: labels(&mut axes.agents.iter().map(|agent| &agent.label)),
        users: labels(&mut axes.users.iter().map(|user| &user.label)),
        tools: labels(&mut axes.tools.iter().map(|tool| &tool.label)),
        rows,
        cells,
        span: test.name.span,
    })
}

/// Finds the rows that speak of each cell, by agent, tool and user. Each cell must be spoken of, and not against itself.
fn spread(
    draft: &mut Draft<'_, '_>,
    test: &ast::Test<'_>,
    axes: &Axes,
    chosen: &[Option<Chosen>],
    rows: &[Row],
) -> Option<Vec<Vec<usize>>> {
    let rest = chosen.iter().position(Option::is_none);
    let mut speaks = Vec::with_capacity(axes.agents.len() * axes.users.len() * axes.tools.len());
    let (mut unsaid, mut left) = (Vec::new(), false);
    let mut against: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (agent, named) in axes.agents.iter().enumerate() {
        for (tool, called) in axes.tools.iter().enumerate() {
            for (user, person) in axes.users.iter().enumerate() {
                let cell = || format!("agent {}, user {}, tool {}", named.label, person.label, called.label);
                let holds = |one: &Chosen| one.agents[agent] && one.users[user] && one.tools[tool];
                let all = chosen.iter().enumerate();
                let mut found: Vec<usize> =
                    all.filter(|(_, one)| one.as_ref().is_some_and(holds)).map(|(at, _)| at).collect();
                if found.is_empty() {
                    left = true;
                    match rest {
                        Some(at) => found.push(at),
                        None => unsaid.push(cell()),
                    }
                }
                let outcome = |at: &usize| std::mem::discriminant(&rows[*at].claim.expect);
                let other = found.iter().find(|at| outcome(at) != outcome(&found[0]));
                if let Some(other) = other.filter(|other| against.insert((found[0], **other))) {
                    let title = "two rows expect different things of one cell";
                    let diagnostic = Diagnostic::new(Code::AP0701, title, rows[*other].span, cell());
                    let first = rows[found[0]].span;
                    draft.report(diagnostic.because(first, "spoken of here too").help("make one of them narrower"));
                }
                speaks.push(found);
            }
        }
    }
    if let Some(first) = unsaid.first() {
        let title = format!("no row speaks of {} of {} cells", unsaid.len(), speaks.len());
        let diagnostic = Diagnostic::new(Code::AP0701, title, test.name.span, format!("{first}, for one"));
        draft.report(diagnostic.help("write `everything else -> deny` behind the rows"));
    }
    if let Some(at) = rest.filter(|_| !left) {
        let title = "there is nothing else";
        let diagnostic = Diagnostic::new(Code::AP0701, title, test.rows[at].span, "the rows speak of every cell");
        draft.report(diagnostic.help("remove it"));
    }
    (unsaid.is_empty() && against.is_empty() && (left || rest.is_none())).then_some(speaks)
}

/// Makes the requests.
fn cells(draft: &Draft<'_, '_>, scene: &Scene<'_>, axes: &Axes, speaks: Vec<Vec<usize>>) -> Option<Vec<Cell>> {
    let mut rows = speaks.into_iter();
    let mut cells = Vec::with_capacity(rows.len());
    for (agent, acting) in axes.agents.iter().enumerate() {
        for (tool, called) in axes.tools.iter().enumerate() {
            for (user, person) in axes.users.iter().enumerate() {
                let (actor, via) = acting.caller.clone();
                let caller = Caller { actor, via, user: person.user.clone() };
                let what = (called.id, called.args.clone());
                let request = requests::request(draft, scene, &caller, (SESSION, "c1", scene.at), what)?;
                let open = requests::open(&caller, SESSION, None, scene.at)?;
                cells.push(Cell { agent, user, tool, open, request, rows: rows.next()? });
            }
        }
    }
    Some(cells)
}
