//! What tests reach of a policy.

use agentpol_replay::{Coverage, Extent, PartCoverage, RuleCoverage, Share, Shares};
use serde_json::{Value, json};

use super::{SHOWN, number};
use crate::escape::{cut, one_line};
use crate::terminal::{Ink, Page};
use crate::wording::grouped;

/// The longest part of a rule that is quoted, in characters.
const QUOTED: usize = 48;

/// Writes the shares, and what was not reached.
pub(super) fn show(coverage: &Coverage, page: &mut Page) {
    let shares = coverage.shares(|_| true);
    page.line("  the tests reach");
    for (name, share) in named(&shares) {
        let percent = share.percent();
        let ink = if percent == 100 { Ink::Green } else { Ink::Yellow };
        let percent = page.ink(ink, format!("{percent:>3} %"));
        let (reached, of) = (grouped(number(share.reached)), grouped(number(share.of)));
        page.line(format_args!("    {percent}  {name}: {reached} of {of}"));
    }
    let mut gaps: Vec<(&Extent, String)> = coverage.rules.iter().flat_map(gaps).collect();
    // The conditions of a definition stand where it is used, and one line says it for all.
    gaps.dedup();
    if gaps.is_empty() {
        return;
    }
    page.line("  not reached");
    for (at, what) in gaps.iter().take(SHOWN) {
        let place = format!("{}:{}:{}", one_line(&at.start.file), at.start.line, at.start.column);
        page.line(format_args!("    {place}  {what}"));
    }
    if gaps.len() > SHOWN {
        page.line(format_args!("    and {} more; `--format json` lists them all", gaps.len() - SHOWN));
    }
}

/// The shares of a policy as JSON, with all its rules.
pub(crate) fn json(coverage: &Coverage) -> Value {
    let shares = coverage.shares(|_| true);
    json!({ "percent": shares.all().percent(), "shares": shares, "rules": coverage.rules })
}

fn named(shares: &Shares) -> impl Iterator<Item = (&'static str, Share)> {
    let all = [
        ("rules that apply", shares.rules),
        ("clauses, true and false", shares.clauses),
        ("conditions in clauses, true and false", shares.conditions),
        ("sides of `if`", shares.branches),
    ];
    all.into_iter().filter(|(_, share)| share.of > 0)
}

/// What was not reached of a rule. Of one that never applied only that is said.
fn gaps(rule: &RuleCoverage) -> Vec<(&Extent, String)> {
    let (module, name) = rule.rule.split_once(": ").unwrap_or(("", &rule.rule));
    let title = format!("{} \"{}\" of {}", rule.effect, one_line(name), one_line(module));
    if rule.applied.asked() == 0 {
        return vec![(&rule.at, format!("{title}: no call that it speaks about"))];
    }
    let mut gaps = Vec::new();
    if !rule.applied.applied() {
        gaps.push((&rule.at, format!("{title}: never applies")));
    }
    let parts = rule.clauses.iter().chain(&rule.conditions).chain(&rule.branches);
    gaps.extend(parts.filter_map(|part| missing(part).map(|word| (&part.at, format!("`{}`: {word}", quoted(part))))));
    gaps
}

fn missing(part: &PartCoverage) -> Option<&'static str> {
    match (part.values.yes > 0, part.values.no > 0) {
        (true, true) => None,
        (true, false) => Some("never false"),
        (false, true) => Some("never true"),
        (false, false) if part.values.unknown > 0 => Some("always unknown"),
        (false, false) => Some("never asked"),
    }
}

fn quoted(part: &PartCoverage) -> String {
    let words: Vec<&str> = part.text.split_whitespace().collect();
    cut(&one_line(&words.join(" ")), QUOTED).to_string()
}
