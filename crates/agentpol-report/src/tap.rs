//! The Test Anything Protocol, version 14: one point for each case, what is wrong as YAML beneath it.

use serde_json::Value;

use crate::Tested;
use crate::cases::{Case, End, suites};
use crate::escape::{one_line, tap};

/// Writes a run.
pub(crate) fn write(tested: &Tested<'_>) -> String {
    let suites = suites(tested);
    let cases: Vec<(&str, &Case)> =
        suites.iter().flat_map(|suite| suite.cases.iter().map(|case| (suite.name.as_str(), case))).collect();
    let mut out = format!("TAP version 14\n1..{}\n", cases.len());
    for (number, (suite, case)) in (1..).zip(cases) {
        let name = tap(&format!("{suite}: {}", case.name));
        match &case.end {
            End::Passed => out.push_str(&format!("ok {number} - {name}\n")),
            End::Skipped(why) => out.push_str(&format!("ok {number} - {name} # SKIP {}\n", tap(why))),
            End::Failed(_) | End::Error(_) => {
                out.push_str(&format!("not ok {number} - {name}\n"));
                out.push_str(&yaml(case));
            }
        }
    }
    out
}

/// What is wrong. JSON strings are YAML strings.
fn yaml(case: &Case) -> String {
    let text = |text: &str| Value::from(one_line(text)).to_string();
    let mut out = String::from("  ---\n  findings:\n");
    for finding in case.findings() {
        out.push_str(&format!("    - message: {}\n", text(&finding.message)));
        out.push_str(&format!("      kind: {}\n", text(finding.kind)));
        out.push_str(&format!("      at: {}\n", text(&finding.at.text())));
        if !finding.detail.is_empty() {
            out.push_str("      detail:\n");
            finding.detail.iter().for_each(|line| out.push_str(&format!("        - {}\n", text(line))));
        }
    }
    out.push_str("  ...\n");
    out
}
