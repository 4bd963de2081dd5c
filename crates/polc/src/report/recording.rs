//! One recording: what was replayed, how it was decided, and what could not be judged.

use agentpol_diagnostics::SourceMap;
use agentpol_replay::{GoldenProblem, History, NotEvaluable, RecordingReport};

use super::{SHOWN, difference, number, outcomes};
use crate::escape::one_line;
use crate::render::paragraph;
use crate::terminal::{Ink, Page};
use crate::wording::{counted, grouped};

/// Writes a recording.
pub(super) fn recording(report: &RecordingReport, blessed: bool, sources: &SourceMap, page: &mut Page) {
    let name = one_line(&report.name);
    if let Some(why) = &report.unread {
        let word = page.ink(Ink::Red, "not read");
        page.line(format_args!("  {name}: {word}"));
        page.line(format_args!("    {}", paragraph(&one_line(why), 80, 4)));
        return;
    }
    let counts = &report.counts;
    let format =
        report.format.filter(|format| *format != "own").map(|format| format!(" ({format})")).unwrap_or_default();
    page.line(format_args!("  {name}{format}: {}", counted(number(counts.actions), "action")));
    if counts.decided() > 0 {
        page.line(format_args!("    {}", outcomes(&counts.outcomes)));
    }
    beside(report, page);
    comparisons(report, blessed, page);
    not_judged(report, page);
    assumptions(report, page);
    for difference in report.differences.iter().take(SHOWN) {
        difference::action(&report.name, difference, sources, page);
    }
    if report.differences.len() > SHOWN {
        page.line(format_args!("    and {} more; `--format json` lists them all", report.differences.len() - SHOWN));
    }
    if let Some(problem) = &report.golden_problem {
        let cross = page.ink(Ink::Red, "✗");
        page.line(format_args!("    {cross} {}", paragraph(&golden(problem), 80, 6)));
    }
    malformed(report, page);
}

/// Says what stands beside the decisions: the history they rest on, alerts, and what rules in observation would have done.
fn beside(report: &RecordingReport, page: &mut Page) {
    let counts = &report.counts;
    if let Some(history) = report.history {
        let what = match history {
            History::AsRecorded => "what ran when it was recorded",
            History::ClosedLoop => "what is allowed today",
        };
        page.line(format_args!("    history: {what}, in {}", counted(number(counts.sessions), "session")));
    }
    if counts.ruled > 0 {
        let count = counted(number(counts.ruled), "recorded decision");
        let otherwise = grouped(number(counts.ruled_otherwise));
        page.line(format_args!("    beside {count}: {otherwise} otherwise today"));
    }
    for (rule, count) in &counts.alerts {
        let word = page.ink(Ink::Yellow, "alert");
        page.line(format_args!("    {word} {} by {}", grouped(number(*count)), one_line(rule)));
    }
    for (code, count) in &counts.would {
        page.line(format_args!("    with every rule live: {} {code}", grouped(number(*count))));
    }
}

/// Says what the decisions were compared with.
fn comparisons(report: &RecordingReport, blessed: bool, page: &mut Page) {
    let counts = &report.counts;
    let mut with = Vec::new();
    if counts.compared > 0 {
        with.push(counted(number(counts.compared), "golden decision"));
    }
    if counts.expected > 0 {
        with.push(counted(number(counts.expected), "expectation"));
    }
    let differences = match counts.differences {
        0 => page.ink(Ink::Green, "no difference"),
        count => page.ink(Ink::Red, counted(number(count), "difference")),
    };
    if !with.is_empty() {
        page.line(format_args!("    compared with {}: {differences}", with.join(" and ")));
    } else if !blessed && !report.golden {
        let word = page.ink(Ink::Yellow, "no golden decisions");
        page.line(format_args!("    {word}; `polc test --bless` writes them"));
    }
}

fn not_judged(report: &RecordingReport, page: &mut Page) {
    for (issuer, count) in &report.counts.by_others {
        page.line(format_args!("    {} by the {issuer}, not judged", counted(number(*count), "call")));
    }
    if report.counts.other_domains > 0 {
        let count = counted(number(report.counts.other_domains), "call");
        page.line(format_args!("    {count} of other domains, not judged"));
    }
    for (reason, count) in &report.counts.not_evaluable {
        let first = report.not_evaluable.get(reason.as_str());
        let first = first.map(|place| format!(", first on line {}", place.line)).unwrap_or_default();
        let word = page.ink(Ink::Yellow, "not evaluable");
        page.line(format_args!("    {word} {} {reason}{first}", grouped(number(*count))));
        page.line(format_args!("      {}", paragraph(NotEvaluable::remedy(reason), 80, 6)));
    }
}

fn assumptions(report: &RecordingReport, page: &mut Page) {
    let counts = &report.counts;
    if counts.approved > 0 {
        let count = counted(number(counts.approved), "approval");
        page.line(format_args!("    assumed: {count}, of calls that ran"));
    }
    if counts.matched_origins > 0 {
        let count = counted(number(counts.matched_origins), "request");
        page.line(format_args!("    assumed: origins by the matching rule for {count}"));
    }
    if counts.assumed_credential > 0 {
        page.line(format_args!("    assumed: a fresh credential for {}", grouped(number(counts.assumed_credential))));
    }
    if counts.fixed_clock > 0 {
        page.line(format_args!("    assumed: the manifest's time for {}", grouped(number(counts.fixed_clock))));
    }
    if counts.not_in_history > 0 {
        let count = counted(number(counts.not_in_history), "call");
        page.line(format_args!("    not in the history: {count} that ran, with requests that cannot be read"));
    }
    if counts.not_as_declared > 0 {
        let count = counted(number(counts.not_as_declared), "answer");
        page.line(format_args!("    not as declared: {count}; what they should have taught is not known"));
    }
}

fn malformed(report: &RecordingReport, page: &mut Page) {
    for record in report.malformed.iter().take(SHOWN) {
        let cross = page.ink(Ink::Red, "✗");
        let mut place = format!("{}:{}", one_line(&report.name), record.place.line);
        if !record.place.pointer.is_empty() {
            place.push_str(&format!(" {}", one_line(&record.place.pointer)));
        }
        if !record.field.is_empty() {
            place.push_str(&format!(" `{}`", one_line(&record.field)));
        }
        page.line(format_args!("    {cross} {place}: {}", one_line(&record.message)));
    }
    if report.malformed.len() > SHOWN {
        page.line(format_args!("    and {} more that could not be read", report.malformed.len() - SHOWN));
    }
}

/// Says in words why a golden file does not fit.
fn golden(problem: &GoldenProblem) -> String {
    match problem {
        GoldenProblem::Malformed { line, message } => {
            format!("line {line} of the golden file is no decision: {}", one_line(message))
        }
        GoldenProblem::OtherAction { line, golden, recorded, recording_line } => format!(
            "line {line} of the golden file is about {}, line {recording_line} of the recording about {}; the rest is \
             not compared. Look at the recording, then run `polc test --bless`",
            one_line(golden),
            one_line(recorded)
        ),
        GoldenProblem::Missing { recorded, recording_line, actions, .. } => format!(
            "{} no golden decision, from line {recording_line} on: {}. Run `polc test --bless`",
            match actions {
                1 => "1 action has".to_owned(),
                many => format!("{} actions have", grouped(number(*many))),
            },
            one_line(recorded)
        ),
        GoldenProblem::Surplus { line, lines } => format!(
            "the golden file goes on after the last action, from line {line} on: {}. Run `polc test --bless`",
            counted(number(*lines), "line")
        ),
        _ => "the golden file does not fit its recording".to_owned(),
    }
}
