//! Markdown: the result in short, what is wrong in full, for a comment on a change or the summary of a step.

use agentpol_replay::{Counts, Coverage, Shares};

use crate::cases::{Case, Suite, Tally, suites};
use crate::escape::{markdown, one_line};
use crate::{Project, Tested};

/// How many cases are told in full: a comment has an end.
const SHOWN: usize = 50;

/// Writes a run.
pub(crate) fn write(tested: &Tested<'_>) -> String {
    let suites = suites(tested);
    let tally = Tally::of(&suites);
    let bad = tally.failed + tally.errors;
    let mut out = match bad {
        0 if tally.passed > 0 => "### ✅ policy tests: all as expected\n\n".to_owned(),
        0 => "### ❌ policy tests: no test was found\n\n".to_owned(),
        1 => "### ❌ policy tests: 1 case is not as expected\n\n".to_owned(),
        many => format!("### ❌ policy tests: {many} cases are not as expected\n\n"),
    };
    out.push_str("| | passed | failed | errors | not judged | allow | require approval | throttle | deny |\n");
    out.push_str("|---|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    for suite in &suites {
        let tally = Tally::of(std::slice::from_ref(suite));
        let numbers = [tally.passed, tally.failed, tally.errors, tally.skipped].map(|number| number.to_string());
        let outcomes = counts(tested, suite).map_or_else(|| "| | | | |".to_owned(), outcomes);
        out.push_str(&format!("| {} | {} {outcomes}\n", markdown(&suite.name), numbers.join(" | ")));
    }
    let wrong = suites.iter().flat_map(|suite| suite.cases.iter().map(move |case| (suite, case)));
    let wrong: Vec<(&Suite, &Case)> = wrong.filter(|(_, case)| !case.findings().is_empty()).collect();
    for (suite, case) in wrong.iter().take(SHOWN) {
        out.push_str(&format!("\n#### {}, {}\n\n", markdown(&suite.name), markdown(&case.name)));
        for finding in case.findings() {
            out.push_str(&format!("- {} (`{}`)\n", markdown(&finding.message), code(&finding.at.text())));
            let detail: Vec<String> = finding.detail.iter().map(|line| format!("  {}\n", one_line(line))).collect();
            if !detail.is_empty() {
                let fence = fence(&detail);
                out.push_str(&format!("  {fence}\n{}  {fence}\n", detail.concat()));
            }
        }
    }
    if wrong.len() > SHOWN {
        out.push_str(&format!("\n… and {} more.\n", wrong.len() - SHOWN));
    }
    tested.projects.iter().for_each(|project| out.push_str(&coverage(project)));
    out
}

/// What recordings came to.
fn counts<'t>(tested: &Tested<'t>, suite: &Suite) -> Option<&'t Counts> {
    let recordings = tested.projects.iter().flat_map(|project| {
        project.report.recordings.iter().map(move |one| (format!("{}: {}", project.name, one.name), &one.counts))
    });
    recordings.filter(|(name, _)| *name == suite.name).map(|(_, counts)| counts).next()
}

fn outcomes(counts: &Counts) -> String {
    let of = |outcome: &str| counts.outcomes.get(outcome).copied().unwrap_or(0).to_string();
    let all = ["allow", "require_approval", "throttle", "deny"].map(of);
    format!("| {} |", all.join(" | "))
}

fn coverage(project: &Project<'_>) -> String {
    let Some(coverage) = project.coverage else { return String::new() };
    let Shares { rules, clauses, conditions, branches } = coverage.shares(|_| true);
    let mut out = format!(
        "\n#### What the tests of {} reach\n\n| | reached | of | |\n|---|--:|--:|--:|\n",
        markdown(project.name)
    );
    let shares = [("rules", rules), ("clauses", clauses), ("conditions", conditions), ("sides of `if`", branches)];
    for (name, share) in shares.into_iter().filter(|(_, share)| share.of > 0) {
        out.push_str(&format!("| {name} | {} | {} | {} % |\n", share.reached, share.of, share.percent()));
    }
    let never: Vec<String> = unreached(coverage);
    if !never.is_empty() {
        out.push_str(&format!("\nRules that no test reaches: {}.\n", never.join(", ")));
    }
    out
}

fn unreached(coverage: &Coverage) -> Vec<String> {
    let never = coverage.rules.iter().filter(|rule| !rule.applied.applied());
    never
        .map(|rule| format!("{} (`{}:{}`)", markdown(&rule.rule), code(&rule.at.start.file), rule.at.start.line))
        .collect()
}

/// Text between back-quotes.
fn code(text: &str) -> String {
    one_line(text).replace('`', "'")
}

/// A fence that is longer than any inside.
fn fence(lines: &[String]) -> String {
    let longest = lines.iter().flat_map(|line| line.split(|c| c != '`')).map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}
