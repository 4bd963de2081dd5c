//! A code quality report of GitLab: a JSON array, one entry for each finding.

use agentpol::bytecode::sha256::Sha256;
use serde_json::{Value, json};

use crate::Tested;
use crate::cases::{Finding, suites};
use crate::escape::one_line;

/// Writes a run.
pub(crate) fn write(tested: &Tested<'_>) -> String {
    let mut all = Vec::new();
    for suite in suites(tested) {
        for case in &suite.cases {
            all.extend(case.findings().iter().map(|finding| entry(&suite.name, &case.name, finding)));
        }
    }
    format!("{:#}\n", Value::from(all))
}

fn entry(suite: &str, case: &str, finding: &Finding) -> Value {
    json!({
        "description": one_line(&finding.message),
        "check_name": finding.kind,
        "fingerprint": fingerprint(&[suite, case, finding.kind, &finding.message]),
        "severity": if finding.warning { "minor" } else { "major" },
        "location": {"path": one_line(&finding.at.file), "lines": {"begin": finding.at.line.max(1)}},
    })
}

/// What tells findings apart from one run to the next, whatever line they stand on by then.
pub(crate) fn fingerprint(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finish().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
