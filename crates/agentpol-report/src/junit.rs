//! `JUnit` XML.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::Tested;
use crate::cases::{Case, End, Finding, suites};
use crate::escape::one_line;

/// Writes a run.
pub(crate) fn write(tested: &Tested<'_>) -> String {
    let mut report = Report::new("polc test");
    for suite in suites(tested) {
        let mut out = TestSuite::new(one_line(&suite.name));
        out.add_test_cases(suite.cases.iter().map(|one| case(&suite.name, one)));
        report.add_test_suite(out);
    }
    report.to_string().unwrap_or_default()
}

fn case(suite: &str, case: &Case) -> TestCase {
    let status = match &case.end {
        End::Passed => TestCaseStatus::success(),
        End::Skipped(why) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(one_line(why));
            status
        }
        End::Failed(findings) => bad(NonSuccessKind::Failure, findings),
        End::Error(findings) => bad(NonSuccessKind::Error, findings),
    };
    let mut out = TestCase::new(one_line(&case.name), status);
    out.set_classname(one_line(suite));
    out.extra.insert("file".into(), one_line(&case.at.file).into());
    if case.at.line > 0 {
        out.extra.insert("line".into(), case.at.line.to_string().into());
    }
    out
}

fn bad(kind: NonSuccessKind, findings: &[Finding]) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    if let Some(first) = findings.first() {
        status.set_message(one_line(&first.message));
        status.set_type(first.kind);
    }
    let mut text = String::new();
    for finding in findings {
        text.push_str(&format!("{}: {}\n", one_line(&finding.at.text()), one_line(&finding.message)));
        finding.detail.iter().for_each(|line| text.push_str(&format!("  {}\n", one_line(line))));
    }
    status.set_description(text);
    status
}
