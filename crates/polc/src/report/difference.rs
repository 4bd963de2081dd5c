//! One thing that was decided otherwise than expected: what was, what is, and the rules behind it.

use agentpol_diagnostics::SourceMap;
use agentpol_replay::{Difference, Expected, RulePlace, ScenarioReport, StepFailure, Verdict};

use crate::escape::{cut, one_line};
use crate::render::paragraph;
use crate::terminal::{Ink, Page};

/// The longest line of a policy that is quoted, in characters.
const QUOTED: usize = 64;
/// Where values begin, and how wide a line is.
const INDENT: usize = 16;
const WIDTH: usize = 80;

/// Writes a step of a scenario.
pub(super) fn step(scenario: &ScenarioReport, failure: &StepFailure, sources: &SourceMap, page: &mut Page) {
    let at = &failure.at;
    let place = format!("{}:{}:{}", one_line(&at.file), at.line, at.column);
    let cross = page.ink(Ink::Red, "✗");
    page.line(format_args!("    {cross} {place}  {}", one_line(&failure.tool)));
    page.line(format_args!("      scenario  {}, step {}", one_line(&scenario.name), failure.step));
    page.line(format_args!("      expected  {}", one_line(&failure.expected)));
    page.line(format_args!("      decided   {}", verdict(&failure.new)));
    argument(&failure.new, page);
    if failure.expected.contains(" from ") && !failure.approvers.is_empty() {
        page.line(format_args!("      approval  from {}", one_line(&failure.approvers.join(" and from "))));
    }
    for lacking in &failure.lacking {
        let missing = lacking.missing.replace('_', " ");
        page.line(format_args!("      missing   {} from {}: {missing}", lacking.count, one_line(&lacking.from)));
    }
    if let Some(why) = failure.why {
        page.line(format_args!("      because   {}", paragraph(why, WIDTH, INDENT)));
    }
    rules(&failure.rules, "named", sources, page);
}

/// Writes an action of a recording.
pub(super) fn action(recording: &str, difference: &Difference, sources: &SourceMap, page: &mut Page) {
    let mut place = format!("{}:{}", one_line(recording), difference.place.line);
    if !difference.place.pointer.is_empty() {
        place.push_str(&format!(" {}", one_line(&difference.place.pointer)));
    }
    let call = difference.call.as_ref().map(|call| format!("  call {}", one_line(call))).unwrap_or_default();
    let cross = page.ink(Ink::Red, "✗");
    page.line(format_args!("    {cross} {place}  {}{call}", one_line(&difference.tool)));
    match &difference.old {
        Expected::Golden(old) => page.line(format_args!("      was       {}", verdict(old))),
        Expected::Ruling { outcome, decider } => {
            let by = decider.as_ref().map(|by| format!(", by {}", one_line(by))).unwrap_or_default();
            page.line(format_args!("      then      {}{by}", outcome.replace('_', " ")));
        }
        Expected::Record { outcome, code, rule } => {
            let mut text = outcome.replace('_', " ");
            if let Some(code) = code {
                text.push_str(&format!(", {}", one_line(code)));
            }
            if let Some(rule) = rule {
                text.push_str(&format!(", by {}", one_line(rule)));
            }
            page.line(format_args!("      expected  {text}"));
        }
    }
    page.line(format_args!("      now       {}", verdict(&difference.new)));
    argument(&difference.new, page);
    rules(&difference.rules, "before", sources, page);
}

/// Returns `deny, denied_by_rule, by acme.files: no secrets`.
fn verdict(verdict: &Verdict) -> String {
    let mut text = format!("{}, {}", verdict.outcome.replace('_', " "), one_line(&verdict.code));
    if !verdict.rules.is_empty() {
        text.push_str(&format!(", by {}", one_line(&verdict.rules.join("; "))));
    }
    if let Some(would) = &verdict.would {
        text.push_str(&format!(" (with every rule live: {})", one_line(would)));
    }
    paragraph(&text, WIDTH, INDENT)
}

/// Writes the argument that the decision speaks of.
fn argument(verdict: &Verdict, page: &mut Page) {
    if let Some(pointer) = &verdict.argument {
        page.line(format_args!("      argument  {}", one_line(pointer)));
    }
}

/// Writes each rule with its place and the line of the policy that it begins with; `other` is what a rule is called that
/// does not decide.
fn rules(rules: &[RulePlace], other: &str, sources: &SourceMap, page: &mut Page) {
    for rule in rules {
        let word = if rule.decides { "rule" } else { other };
        page.line(format_args!("      {word:<8}  {}:{}:{}", one_line(&rule.file), rule.line, rule.column));
        let file = sources.iter().find(|(_, file)| file.name() == rule.file);
        if let Some((_, file)) = file {
            let line = one_line(file.line(rule.line).trim()).into_owned();
            let quoted = page.ink(Ink::Dim, cut(&line, QUOTED));
            page.line(format_args!("                {quoted}"));
        }
    }
}
