//! SARIF 2.1.0: each finding at the rule that decided, with the recorded action beside it.

use std::collections::{BTreeMap, BTreeSet};

use serde_sarif::sarif::{
    ArtifactLocation, Location, Message, MultiformatMessageString, PhysicalLocation, Region, ReportingDescriptor,
    Result as Found, ResultLevel, Run, Sarif, Tool, ToolComponent,
};

use crate::Tested;
use crate::cases::{Finding, Place, suites};
use crate::escape::one_line;
use crate::gitlab::fingerprint;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Writes a run.
pub(crate) fn write(tested: &Tested<'_>) -> String {
    let mut found = Vec::new();
    let mut kinds = BTreeSet::new();
    for suite in suites(tested) {
        for case in &suite.cases {
            for finding in case.findings() {
                kinds.insert(finding.kind);
                found.push(result(&suite.name, &case.name, finding));
            }
        }
    }
    let rules: Vec<ReportingDescriptor> = kinds.into_iter().map(rule).collect();
    let driver = ToolComponent::builder().name("polc").version(env!("CARGO_PKG_VERSION")).rules(rules).build();
    let run = Run::builder().tool(Tool::builder().driver(driver).build()).results(found).build();
    let sarif = Sarif::builder().version(serde_json::json!("2.1.0")).schema(SCHEMA).runs(vec![run]).build();
    serde_json::to_string_pretty(&sarif).map(|text| text + "\n").unwrap_or_default()
}

fn result(suite: &str, case: &str, finding: &Finding) -> Found {
    let mut text = one_line(&finding.message);
    finding.detail.iter().for_each(|line| text.push_str(&format!("\n{}", one_line(line))));
    let level = if finding.warning { ResultLevel::Warning } else { ResultLevel::Error };
    let hash = fingerprint(&[suite, case, finding.kind, &finding.message]);
    let prints = BTreeMap::from([("primaryLocationLineHash".to_owned(), hash)]);
    let related: Vec<Location> = finding.related.iter().map(|(place, what)| location(place, Some(what))).collect();
    Found::builder()
        .rule_id(finding.kind)
        .level(level)
        .message(Message::builder().text(text).build())
        .locations(vec![location(&finding.at, None)])
        .related_locations(related)
        .partial_fingerprints(prints)
        .build()
}

fn location(place: &Place, what: Option<&str>) -> Location {
    let artifact = ArtifactLocation::builder().uri(one_line(&place.file).replace(' ', "%20")).build();
    let number = |number: u64| i64::try_from(number.max(1)).unwrap_or(i64::MAX);
    let region = Region::builder().start_line(number(place.line)).start_column(number(place.column)).build();
    let physical = PhysicalLocation::builder().artifact_location(artifact).region(region).build();
    match what {
        Some(what) => {
            let message = Message::builder().text(one_line(what)).build();
            Location::builder().physical_location(physical).message(message).build()
        }
        None => Location::builder().physical_location(physical).build(),
    }
}

fn rule(kind: &'static str) -> ReportingDescriptor {
    let text = match kind {
        "scenario" => "A step of a scenario was decided otherwise than expected",
        "decision" => "A recorded action is decided otherwise than expected",
        "golden" => "Golden decisions do not fit their recording",
        "malformed" => "A record of a recording could not be read",
        "recording" => "A recording could not be read",
        "unreadable" => "A file of a policy could not be read",
        _ => "A mistake in a policy; `polc explain` has more about it",
    };
    let text = MultiformatMessageString::builder().text(text).build();
    ReportingDescriptor::builder().id(kind).short_description(text).build()
}
