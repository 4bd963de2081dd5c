//! Workflow commands of GitHub: each finding annotates its line of the change.

use crate::Tested;
use crate::cases::{Finding, suites};
use crate::escape::{command, one_line, property};

/// Writes a run.
pub(crate) fn write(tested: &Tested<'_>) -> String {
    let mut out = String::new();
    for suite in suites(tested) {
        for case in &suite.cases {
            case.findings().iter().for_each(|finding| out.push_str(&annotation(&case.name, finding)));
        }
    }
    out
}

fn annotation(case: &str, finding: &Finding) -> String {
    let level = if finding.warning { "warning" } else { "error" };
    let mut properties = vec![format!("file={}", property(&one_line(&finding.at.file)))];
    if finding.at.line > 0 {
        properties.push(format!("line={}", finding.at.line));
        properties.push(format!("col={}", finding.at.column.max(1)));
    }
    properties.push(format!("title={}", property(&one_line(&format!("{}: {case}", finding.kind)))));
    let mut text = one_line(&finding.message);
    finding.detail.iter().for_each(|line| text.push_str(&format!("\n{}", one_line(line))));
    format!("::{level} {}::{}\n", properties.join(","), command(&text))
}
