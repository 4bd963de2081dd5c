//! One thing that was decided otherwise than expected: what was, what is, and the rules behind it.

use agentpol_diagnostics::SourceMap;
use agentpol_replay::{AskedRule, Difference, Expected, Reasons, RulePlace, ScenarioReport, StepFailure, Verdict};

use crate::escape::{cut, one_line};
use crate::render::paragraph;
use crate::terminal::{Ink, Page};
use crate::wording::counted;

/// The longest line of a policy that is quoted, in characters.
const QUOTED: usize = 64;
/// How many rules are shown that were asked and decided nothing, and the longest clause of one.
const ASKED: usize = 6;
const CLAUSE: usize = 54;
/// Where values begin, and how wide a line is.
const INDENT: usize = 16;
const WIDTH: usize = 80;

/// Writes a step of a scenario.
pub(super) fn step(scenario: &ScenarioReport, failure: &StepFailure, sources: &SourceMap, page: &mut Page) {
    let at = &failure.at;
    let place = format!("{}:{}:{}", one_line(&at.file), at.line, at.column);
    let cross = page.ink(Ink::Red, "✗");
    page.line(format_args!("    {cross} {place}  {}", one_line(&failure.tool)));
    match failure.step {
        0 => page.line(format_args!("      scenario  {}, before its first step", one_line(&scenario.name))),
        step => page.line(format_args!("      scenario  {}, step {step}", one_line(&scenario.name))),
    }
    page.line(format_args!("      expected  {}", one_line(&failure.expected)));
    page.line(format_args!("      decided   {}", verdict(&failure.new)));
    argument(&failure.new, page);
    if let Some(alerts) = &failure.alerts {
        let raised = if alerts.is_empty() { "none".to_owned() } else { alerts.join("; ") };
        page.line(format_args!("      alerts    {}", one_line(&raised)));
    }
    if let Some(why) = failure.why {
        page.line(format_args!("      because   {}", paragraph(why, WIDTH, INDENT)));
    }
    reasons(&failure.new, &failure.reasons, sources, page);
}

/// Writes why something was decided.
pub(super) fn reasons(new: &Verdict, reasons: &Reasons, sources: &SourceMap, page: &mut Page) {
    if new.code == "no_allow" && reasons.asked.is_empty() {
        page.line("      rule      no `allow` speaks of this agent and tool");
    }
    for ask in &reasons.asks {
        let who = match (ask.from.as_str(), ask.count) {
            ("user", _) => "the user".to_owned(),
            (group, 1) => group.to_owned(),
            (group, count) => format!("{count} of {group}"),
        };
        let missing = match ask.missing {
            "none" => "nobody has answered".to_owned(),
            missing => missing.replace('_', " "),
        };
        let by = ask.rule.as_ref().map_or(", by the agent's phase".to_owned(), |rule| format!(", by {rule}"));
        let text = format!("from {who}{by}: {missing}");
        page.line(format_args!("      approval  {}", paragraph(&one_line(&text), WIDTH, INDENT)));
    }
    for rule in reasons.rules.iter().filter(|rule| rule.decides) {
        self::rule("rule", rule, sources, page);
        asked(reasons.asked.iter().find(|one| one.rule.rule == rule.rule), page);
    }
    for rule in reasons.rules.iter().filter(|rule| !rule.decides) {
        self::rule("named", rule, sources, page);
        asked(reasons.asked.iter().find(|one| one.rule.rule == rule.rule), page);
    }
    let others = reasons.asked.iter().filter(|one| !reasons.rules.iter().any(|rule| rule.rule == one.rule.rule));
    let mut more = 0;
    for (at, one) in others.enumerate() {
        if at >= ASKED {
            more += 1;
            continue;
        }
        rule("asked", &one.rule, sources, page);
        asked(Some(one), page);
    }
    if more > 0 {
        page.line(format_args!("                and {}", counted(more, "more rule")));
    }
}

/// Writes what kept a rule from being true.
fn asked(one: Option<&AskedRule>, page: &mut Page) {
    let Some(one) = one else { return };
    for clause in &one.clauses {
        let word = match clause.value {
            "false" => page.ink(Ink::Dim, "false    "),
            _ => page.ink(Ink::Yellow, "not known"),
        };
        let text = one_line(&clause.text).into_owned();
        page.line(format_args!("                {word} {}", cut(&text, CLAUSE)));
        for cause in &clause.causes {
            page.line(format_args!("                          {}", paragraph(&one_line(cause), WIDTH, 26)));
        }
    }
    let why = match (one.value, one.clauses.is_empty()) {
        ("silent", _) => "it does not speak of this agent and tool",
        ("true", _) => "it holds, and another rule is stricter",
        ("unknown", true) => "whether it speaks of this tool is not known",
        _ => return,
    };
    page.line(format_args!("                {why}"));
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
pub(super) fn verdict(verdict: &Verdict) -> String {
    let mut text = verdict.outcome.replace('_', " ");
    if verdict.code != verdict.outcome {
        text.push_str(&format!(", {}", one_line(&verdict.code)));
    }
    if !verdict.rules.is_empty() {
        text.push_str(&format!(", by {}", one_line(&verdict.rules.join("; "))));
    }
    if let Some(would) = &verdict.would {
        text.push_str(&format!(" (with every rule live: {})", one_line(would)));
    }
    paragraph(&text, WIDTH, INDENT)
}

/// Writes the argument that the decision speaks of.
pub(super) fn argument(verdict: &Verdict, page: &mut Page) {
    if let Some(pointer) = &verdict.argument {
        page.line(format_args!("      argument  {}", one_line(pointer)));
    }
}

/// Writes each rule with its place and the line of the policy that it begins with; `other` is what a rule is called that
/// does not decide.
fn rules(rules: &[RulePlace], other: &str, sources: &SourceMap, page: &mut Page) {
    for one in rules {
        rule(if one.decides { "rule" } else { other }, one, sources, page);
    }
}

fn rule(word: &str, rule: &RulePlace, sources: &SourceMap, page: &mut Page) {
    page.line(format_args!("      {word:<8}  {}:{}:{}", one_line(&rule.file), rule.line, rule.column));
    let file = sources.iter().find(|(_, file)| file.name() == rule.file);
    if let Some((_, file)) = file {
        let line = one_line(file.line(rule.line).trim()).into_owned();
        let quoted = page.ink(Ink::Dim, cut(&line, QUOTED));
        page.line(format_args!("                {quoted}"));
    }
}
