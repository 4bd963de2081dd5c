//! What a run of tests found, as text.

pub(crate) mod changes;
mod coverage;
mod difference;
pub(crate) mod forecast;
pub(crate) mod formats;
pub(crate) mod markdown;
mod mutation;
mod recording;
mod table;

use std::collections::BTreeMap;

use agentpol_diagnostics::SourceMap;
use agentpol_replay::{Counts, Coverage, Report, ScenarioReport, Status, TableReport};

use crate::escape::one_line;
use crate::mutation::Tried;
use crate::terminal::{Ink, Page};
use crate::wording::counted;

pub(crate) use coverage::json as coverage_json;
pub(crate) use mutation::json as mutation_json;

/// How many failures of one kind are shown in full before the rest is only counted.
pub(crate) const SHOWN: usize = 20;

/// What was found in one project.
pub(crate) struct Found {
    /// The project as shown to people.
    pub(crate) name: String,
    /// The sources of its policy.
    pub(crate) sources: SourceMap,
    /// What was found.
    pub(crate) report: Report,
    /// Golden files that were written, with whether each changed.
    pub(crate) blessed: Vec<(String, bool)>,
    /// What the tests reach of the policy, where it was measured.
    pub(crate) coverage: Option<Coverage>,
    /// What became of changes to the policy, where they were tried.
    pub(crate) tried: Option<Tried>,
}

/// Writes what was found in one project.
pub(crate) fn project(found: &Found, page: &mut Page) {
    let heading = page.ink(Ink::Bold, one_line(&found.name));
    page.line(heading);
    scenarios(&found.report.scenarios, &found.sources, page);
    tables(&found.report.tables, &found.sources, page);
    for recording in &found.report.recordings {
        recording::recording(recording, !found.blessed.is_empty(), &found.sources, page);
    }
    for (name, changed) in &found.blessed {
        let word = if *changed { page.ink(Ink::Yellow, "written") } else { page.ink(Ink::Dim, "unchanged") };
        page.line(format_args!("  {word} {}", one_line(name)));
    }
    if let Some(coverage) = &found.coverage {
        coverage::show(coverage, page);
    }
    if let Some(tried) = &found.tried {
        mutation::show(tried, page);
    }
    page.line("");
}

/// Writes the sums over all projects and how it ends.
pub(crate) fn total(all: &[Found], status: Status, page: &mut Page) {
    let (mut counts, mut scenarios, mut steps, mut failed) = (Counts::default(), 0, 0, 0);
    let (mut tables, mut cells, mut bad_cells) = (0, 0, 0);
    for found in all {
        counts.add(&found.report.totals());
        scenarios += found.report.scenarios.len();
        steps += found.report.scenarios.iter().map(|scenario| scenario.steps).sum::<usize>();
        failed += found.report.scenarios.iter().map(|scenario| scenario.failures.len()).sum::<usize>();
        tables += found.report.tables.len();
        cells += found.report.tables.iter().map(|table| table.outcomes.len()).sum::<usize>();
        bad_cells += found.report.tables.iter().map(different).sum::<usize>();
    }
    let tables = match tables {
        0 => String::new(),
        tables => format!(", {} with {}", counted(tables, "table"), counted(cells, "cell")),
    };
    let recordings: usize = all.iter().map(|found| found.report.recordings.len()).sum();
    let heading = page.ink(Ink::Bold, "total");
    page.line(format_args!(
        "{heading}  {} with {}{tables}, {} with {}",
        counted(scenarios, "scenario"),
        counted(steps, "step"),
        counted(recordings, "recording"),
        counted(number(counts.actions), "action")
    ));
    if counts.decided() > 0 {
        page.line(format_args!("  {}", outcomes(&counts.outcomes)));
    }
    let not_judged: u64 = counts.not_evaluable.values().sum();
    if not_judged > 0 {
        page.line(format_args!("  {} not evaluable", counted(number(not_judged), "action")));
    }
    page.line(verdict(status, &counts, (failed, bad_cells), page));
}

/// How many cells of a table are not as expected: one may fail by several rows.
fn different(table: &TableReport) -> usize {
    let mut cells: Vec<usize> = table.failures.iter().map(|failure| failure.cell).collect();
    cells.dedup();
    cells.len()
}

fn verdict(status: Status, counts: &Counts, (steps, cells): (usize, usize), page: &Page) -> String {
    let mut bad = Vec::new();
    if steps > 0 {
        bad.push(format!("{} of scenarios", counted(steps, "step")));
    }
    if cells > 0 {
        bad.push(format!("{} of tables", counted(cells, "cell")));
    }
    if counts.differences > 0 {
        bad.push(format!("{} of recordings", counted(number(counts.differences), "decision")));
    }
    match status {
        Status::Passed => page.ink(Ink::Green, "ok"),
        Status::NoTests => format!("{}: no test was found", page.ink(Ink::Red, "failed")),
        Status::Malformed if bad.is_empty() => {
            format!("{}: not everything could be read", page.ink(Ink::Red, "failed"))
        }
        Status::Malformed => {
            format!("{}: {}, and not everything could be read", page.ink(Ink::Red, "failed"), bad.join(", "))
        }
        Status::Failed if bad.is_empty() => {
            format!("{}: golden decisions do not fit their recording", page.ink(Ink::Red, "failed"))
        }
        Status::Failed => format!("{}: {} not as expected", page.ink(Ink::Red, "failed"), bad.join(", ")),
    }
}

fn scenarios(scenarios: &[ScenarioReport], sources: &SourceMap, page: &mut Page) {
    if scenarios.is_empty() {
        return;
    }
    let steps: usize = scenarios.iter().map(|scenario| scenario.steps).sum();
    let bad: usize = scenarios.iter().map(|scenario| scenario.failures.len()).sum();
    let verdict = match bad {
        0 => page.ink(Ink::Green, "all as expected"),
        _ => page.ink(Ink::Red, format!("{bad} not as expected")),
    };
    let (count, steps) = (counted(scenarios.len(), "scenario"), counted(steps, "step"));
    page.line(format_args!("  {count}, {steps}: {verdict}"));
    let failures = scenarios.iter().flat_map(|scenario| scenario.failures.iter().map(move |f| (scenario, f)));
    for (scenario, failure) in failures.take(SHOWN) {
        difference::step(scenario, failure, sources, page);
    }
    if bad > SHOWN {
        page.line(format_args!("    and {} more; `--format json` lists them all", bad - SHOWN));
    }
}

fn tables(tables: &[TableReport], sources: &SourceMap, page: &mut Page) {
    if tables.is_empty() {
        return;
    }
    let cells: usize = tables.iter().map(|table| table.outcomes.len()).sum();
    let verdict = match tables.iter().map(different).sum::<usize>() {
        0 => page.ink(Ink::Green, "all as expected"),
        bad => page.ink(Ink::Red, format!("{bad} not as expected")),
    };
    let (count, cells) = (counted(tables.len(), "table"), counted(cells, "cell"));
    page.line(format_args!("  {count}, {cells}: {verdict}"));
    for table in tables.iter().filter(|table| !table.failures.is_empty()) {
        table::table(table, sources, page);
    }
}

/// Returns `18 allow, 3 require approval, 15 deny`, mildest first.
fn outcomes(outcomes: &BTreeMap<String, u64>) -> String {
    let known = ["allow", "require_approval", "throttle", "deny"];
    let parts: Vec<String> = known
        .iter()
        .filter_map(|outcome| outcomes.get(*outcome).map(|count| (outcome, count)))
        .map(|(outcome, count)| format!("{} {}", crate::wording::grouped(number(*count)), outcome.replace('_', " ")))
        .collect();
    parts.join(", ")
}

/// Counts of one run fit the machine's own numbers.
fn number(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
