//! A table of a policy: what came out in its cells, and why in those that are not as expected.

use agentpol_diagnostics::SourceMap;
use agentpol_replay::{CellFailure, TableReport};

use super::{SHOWN, difference};
use crate::escape::{cut, one_line};
use crate::terminal::{Ink, Page};
use crate::wording::counted;

/// The widest name of a tool or user, in characters.
const NAME: usize = 28;
/// How many columns stand side by side.
const COLUMNS: usize = 4;
/// How many cells are named that differ for the same reason.
const CELLS: usize = 4;

/// Cells that differ from one row in the same way.
type Alike<'r> = Vec<&'r CellFailure>;

/// Puts those together that differ from one row in the same way, in order.
fn alike(failures: &[CellFailure]) -> Vec<Alike<'_>> {
    let mut groups: Vec<Alike<'_>> = Vec::new();
    for failure in failures {
        let same = |group: &&mut Alike<'_>| {
            let first = group[0];
            let told = |one: &CellFailure| (one.at.clone(), one.new.clone(), one.reasons.clone());
            told(first) == told(failure)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(failure),
            None => groups.push(vec![failure]),
        }
    }
    groups
}

/// Writes a table that is not as expected: the rows and columns in which something differs, then what differs and why.
pub(super) fn table(report: &TableReport, sources: &SourceMap, page: &mut Page) {
    let at = &report.at;
    let cross = page.ink(Ink::Red, "✗");
    let place = format!("{}:{}:{}", one_line(&at.file), at.line, at.column);
    page.line(format_args!("    {cross} {place}  table {}", one_line(&report.name)));
    let groups = alike(&report.failures);
    for agent in 0..report.agents.len() {
        grid(report, &groups, agent, page);
    }
    for (number, group) in groups.iter().take(SHOWN).enumerate() {
        cells(number + 1, group, sources, page);
    }
    if groups.len() > SHOWN {
        let rest = groups.len() - SHOWN;
        page.line(format_args!("      and {rest} more; `--format json` lists them all"));
    }
}

/// Writes the cells of one agent, as far as something differs for its tools.
fn grid(report: &TableReport, groups: &[Alike<'_>], agent: usize, page: &mut Page) {
    let (users, tools) = (report.users.len(), report.tools.len());
    let number = |tool: usize, user: usize| (agent * tools + tool) * users + user;
    let failed = |cell: usize| groups.iter().position(|group| group.iter().any(|failure| failure.cell == cell));
    let shown: Vec<usize> =
        (0..tools).filter(|tool| (0..users).any(|user| failed(number(*tool, user)).is_some())).collect();
    if shown.is_empty() {
        return;
    }
    page.line(format_args!("      agent {}", one_line(&report.agents[agent])));
    let name = |text: &str| cut(&one_line(text), NAME).to_string();
    let first = shown.iter().map(|tool| name(&report.tools[*tool]).chars().count()).max().unwrap_or(0);
    let all: Vec<usize> = (0..users).collect();
    for columns in all.chunks(COLUMNS) {
        let width = |user: &usize| {
            let cells = shown.iter().map(|tool| text(report, number(*tool, *user), failed).chars().count());
            cells.chain([name(&report.users[*user]).chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = columns.iter().map(width).collect();
        let head: Vec<String> =
            columns.iter().zip(&widths).map(|(user, width)| padded(&name(&report.users[*user]), *width)).collect();
        page.line(format_args!("        {}  {}", padded("", first), head.join("  ").trim_end()));
        for tool in &shown {
            let mut line = format!("        {}", padded(&name(&report.tools[*tool]), first));
            for (user, width) in columns.iter().zip(&widths) {
                let cell = number(*tool, *user);
                let shown = text(report, cell, failed);
                let pad = " ".repeat(width.saturating_sub(shown.chars().count()));
                let ink = if failed(cell).is_some() { Ink::Red } else { Ink::Dim };
                line.push_str(&format!("  {}{pad}", page.ink(ink, shown)));
            }
            page.line(line.trim_end());
        }
    }
}

/// What stands in a cell: what came out, and the number of what is not as expected.
fn text(report: &TableReport, cell: usize, failed: impl Fn(usize) -> Option<usize>) -> String {
    let outcome = match report.outcomes.get(cell).map(String::as_str) {
        Some("require_approval") => "approval",
        Some(outcome) => outcome,
        None => "",
    };
    match failed(cell) {
        Some(number) => format!("{outcome} ✗{}", number + 1),
        None => outcome.to_owned(),
    }
}

fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.chars().count())))
}

/// Writes cells that are not as expected, all for the same reason.
fn cells(number: usize, group: &Alike<'_>, sources: &SourceMap, page: &mut Page) {
    let mut cross = format!("✗{number}");
    for failure in group.iter().take(CELLS) {
        let (agent, user, tool) = (one_line(&failure.agent), one_line(&failure.user), one_line(&failure.tool));
        let head = page.ink(Ink::Red, &cross);
        page.line(format_args!("    {head} agent {agent}, user {user}, tool {tool}"));
        cross = " ".repeat(cross.chars().count());
    }
    if group.len() > CELLS {
        page.line(format_args!("    {cross} and {}", counted(group.len() - CELLS, "more cell")));
    }
    let failure = group[0];
    let at = &failure.at;
    page.line(format_args!("      row       {}:{}:{}", one_line(&at.file), at.line, at.column));
    page.line(format_args!("      expected  {}", one_line(&failure.expected)));
    page.line(format_args!("      decided   {}", difference::verdict(&failure.new)));
    difference::argument(&failure.new, page);
    difference::reasons(&failure.new, &failure.reasons, sources, page);
}
