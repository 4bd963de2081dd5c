//! Changes to a policy that its tests do not notice.

use agentpol_replay::{Fate, Mutant};
use serde_json::{Value, json};

use super::SHOWN;
use crate::escape::{cut, one_line};
use crate::mutation::Tried;
use crate::terminal::{Ink, Page};
use crate::wording::{counted, grouped};

/// The longest change that is told, in characters.
const TOLD: usize = 96;

/// Writes the score, and what was not noticed.
pub(super) fn show(tried: &Tried, page: &mut Page) {
    let mutations = &tried.mutations;
    if !mutations.failing.is_empty() {
        let word = page.ink(Ink::Yellow, "no mutation");
        let failing = counted(mutations.failing.len(), "test");
        page.line(format_args!("  {word}: {failing} fail without any change; repair them first"));
        return;
    }
    let (killed, of) = mutations.score();
    let percent = mutations.percent();
    let ink = if percent == 100 { Ink::Green } else { Ink::Yellow };
    let percent = page.ink(ink, format!("{percent} %"));
    page.line(format_args!("  mutation: {} of {} noticed, {percent}", grouped(killed), counted(of, "change")));
    for name in &tried.longer {
        page.line(format_args!("    left out: {}, which is too long to be replayed for each change", one_line(name)));
    }
    let of_fate = |fate: Fate| mutations.mutants.iter().filter(move |one| one.fate == fate);
    section("no test notices", of_fate(Fate::Survived).collect(), page);
    section("no test reaches the rule", of_fate(Fate::Unreached).collect(), page);
}

fn section(title: &str, mutants: Vec<&Mutant>, page: &mut Page) {
    if mutants.is_empty() {
        return;
    }
    page.line(format_args!("  {title}"));
    for one in mutants.iter().take(SHOWN) {
        let at = &one.at.start;
        let rule = one.rule.as_ref().and_then(|rule| rule.split_once(": ")).map(|(_, name)| format!("\"{name}\": "));
        let what = format!("{}{}", rule.unwrap_or_default(), one.what);
        let place = format!("{}:{}:{}", one_line(&at.file), at.line, at.column);
        page.line(format_args!("    {place}  {}", cut(&one_line(&what), TOLD)));
    }
    if mutants.len() > SHOWN {
        page.line(format_args!("    and {} more; `--format json` lists them all", mutants.len() - SHOWN));
    }
}

/// The same as JSON, with every change.
pub(crate) fn json(tried: &Tried) -> Value {
    let (noticed, of) = tried.mutations.score();
    json!({
        "noticed": noticed, "of": of, "percent": tried.mutations.percent(), "failing": tried.mutations.failing,
        "left_out": tried.longer, "mutants": tried.mutations.mutants,
    })
}
