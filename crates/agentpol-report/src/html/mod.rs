//! One HTML page that needs nothing else: what came out, what is wrong, and the policy with what the tests reach.

mod source;

use agentpol_replay::{Counts, Shares};

use crate::cases::{Case, Suite, Tally, suites};
use crate::escape::markup;
use crate::{Project, Tested};

const STYLE: &str = include_str!("style.css");
/// The outcomes, their words and colours; the colours can be told apart without telling red from green.
const OUTCOMES: [(&str, &str, &str); 4] = [
    ("allow", "allow", "#2b7a78"),
    ("require_approval", "require approval", "#e0a030"),
    ("throttle", "throttle", "#5b6c8c"),
    ("deny", "deny", "#8c2f5b"),
];

/// Writes a run.
pub(crate) fn write(tested: &Tested<'_>) -> String {
    let suites = suites(tested);
    let tally = Tally::of(&suites);
    let bad = tally.failed + tally.errors;
    let (class, verdict) = match bad {
        0 if tally.passed > 0 => ("good", "all as expected".to_owned()),
        0 => ("bad", "no test was found".to_owned()),
        1 => ("bad", "1 case is not as expected".to_owned()),
        many => ("bad", format!("{many} cases are not as expected")),
    };
    let mut body = format!("<h1>Policy tests: <span class=\"{class}\">{verdict}</span></h1>\n");
    body.push_str(&summary(&suites));
    body.push_str(&wrong(&suites));
    body.push_str(&recordings(tested));
    for project in tested.projects {
        body.push_str(&coverage(project));
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Policy tests</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
}

fn summary(suites: &[Suite]) -> String {
    let mut out = String::from(
        "<table>\n<thead><tr><th></th><th class=\"n\">passed</th><th class=\"n\">failed</th><th class=\"n\">errors</th>\
         <th class=\"n\">not judged</th></tr></thead>\n",
    );
    for suite in suites {
        let Tally { passed, skipped, failed, errors } = Tally::of(std::slice::from_ref(suite));
        let cell = |count: usize, class: &str| {
            let class = if count > 0 { class } else { "dim" };
            format!("<td class=\"n {class}\">{count}</td>")
        };
        out.push_str(&format!(
            "<tr><td>{}</td>{}{}{}{}</tr>\n",
            markup(&suite.name),
            cell(passed, "good"),
            cell(failed, "bad"),
            cell(errors, "bad"),
            cell(skipped, "warn")
        ));
    }
    out + "</table>\n"
}

fn wrong(suites: &[Suite]) -> String {
    let cases = suites.iter().flat_map(|suite| suite.cases.iter().map(move |case| (suite, case)));
    let cases: Vec<String> =
        cases.filter(|(_, case)| !case.findings().is_empty()).map(|(suite, case)| details(suite, case)).collect();
    if cases.is_empty() { String::new() } else { format!("<h2>What is wrong</h2>\n{}", cases.concat()) }
}

fn details(suite: &Suite, case: &Case) -> String {
    let mut out = format!(
        "<details open><summary><span class=\"bad\">✗</span> {} <span class=\"dim\">{}</span></summary>\n",
        markup(&case.name),
        markup(&suite.name)
    );
    for finding in case.findings() {
        let detail: String = finding.detail.iter().map(|line| markup(line) + "\n").collect();
        out.push_str(&format!(
            "<p>{}<br><span class=\"dim\">{}</span></p>\n",
            markup(&finding.message),
            markup(&finding.at.text())
        ));
        if !detail.is_empty() {
            out.push_str(&format!("<pre>{detail}</pre>\n"));
        }
    }
    out + "</details>\n"
}

fn recordings(tested: &Tested<'_>) -> String {
    let all = tested.projects.iter().flat_map(|project| &project.report.recordings);
    let rows: String = all.filter(|one| one.counts.decided() > 0).map(|one| row(&one.name, &one.counts)).collect();
    if rows.is_empty() {
        return String::new();
    }
    let key: String = OUTCOMES
        .iter()
        .map(|(_, word, colour)| format!("<span><i style=\"background:{colour}\"></i>{word}</span>"))
        .collect();
    format!(
        "<h2>Recordings</h2>\n<p class=\"key\">{key}</p>\n<table>\n<thead><tr><th></th><th class=\"n\">actions</th>\
         <th class=\"n\">decided</th><th class=\"bar\"></th></tr></thead>\n{rows}</table>\n"
    )
}

fn row(name: &str, counts: &Counts) -> String {
    let decided = counts.decided();
    let mut bar = String::new();
    let mut at = 0;
    for (outcome, word, colour) in OUTCOMES {
        let count = counts.outcomes.get(outcome).copied().unwrap_or(0);
        // In thousandths of the bar's width.
        let width = (count * 1000).checked_div(decided).unwrap_or(0);
        if count > 0 {
            bar.push_str(&format!(
                "<rect x=\"{at}\" width=\"{}\" height=\"10\" fill=\"{colour}\"><title>{count} {word}</title></rect>",
                width.max(2)
            ));
        }
        at += width;
    }
    format!(
        "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{decided}</td><td class=\"bar\">\
         <svg viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" role=\"img\">{bar}</svg></td></tr>\n",
        markup(name),
        counts.actions
    )
}

fn coverage(project: &Project<'_>) -> String {
    let Some(coverage) = project.coverage else { return String::new() };
    let Shares { rules, clauses, conditions, branches } = coverage.shares(|_| true);
    let shares = [
        ("rules that apply", rules),
        ("clauses, true and false", clauses),
        ("conditions in clauses, true and false", conditions),
        ("sides of <code>if</code>", branches),
    ];
    let mut out = format!("<h2>What the tests of {} reach</h2>\n<table>\n", markup(project.name));
    for (name, share) in shares.into_iter().filter(|(_, share)| share.of > 0) {
        let class = if share.percent() == 100 { "good" } else { "warn" };
        out.push_str(&format!(
            "<tr><td>{name}</td><td class=\"n\">{} of {}</td><td class=\"n {class}\">{} %</td></tr>\n",
            share.reached,
            share.of,
            share.percent()
        ));
    }
    out.push_str("</table>\n<p class=\"key\"><span><i style=\"background:var(--hit)\"></i>reached</span>\
         <span><i style=\"background:var(--half)\"></i>in part</span><span><i style=\"background:var(--miss)\"></i>not</span></p>\n");
    out + &source::annotated(project.sources, coverage)
}
