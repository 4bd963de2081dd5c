//! The policy, line by line, with what the tests reach of it.

use std::collections::BTreeMap;

use agentpol::SourceMap;
use agentpol_replay::{Coverage, PartCoverage, RuleCoverage};

use crate::escape::markup;

/// What is to be said about a line.
#[derive(Default)]
struct Note {
    /// Goals on it, reached and all.
    reached: u64,
    of: u64,
    /// What is said behind it.
    words: Vec<String>,
}

/// Writes every file that has rules.
pub(crate) fn annotated(sources: &SourceMap, coverage: &Coverage) -> String {
    let mut out = String::new();
    for (_, file) in sources.iter() {
        let rules = coverage.rules.iter().filter(|rule| rule.at.start.file == file.name());
        let mut notes: BTreeMap<u32, Note> = BTreeMap::new();
        rules.for_each(|rule| note(rule, &mut notes));
        if notes.is_empty() {
            continue;
        }
        out.push_str(&format!("<h3>{}</h3>\n<pre class=\"source\">", markup(file.name())));
        for (number, line) in (1u32..).zip(file.text().lines()) {
            out.push_str(&one(number, line, notes.get(&number)));
        }
        out.push_str("</pre>\n");
    }
    out
}

fn one(number: u32, line: &str, note: Option<&Note>) -> String {
    let class = match note {
        None => "",
        Some(note) if note.reached == note.of => " class=\"hit\"",
        Some(note) if note.reached == 0 => " class=\"miss\"",
        Some(_) => " class=\"half\"",
    };
    let words = note.filter(|note| !note.words.is_empty()).map(|note| {
        let words = markup(&note.words.join("; "));
        format!("  <b>{words}</b>")
    });
    format!("<span{class}><i>{number}</i>{}{}</span>", markup(line), words.unwrap_or_default())
}

fn note(rule: &RuleCoverage, notes: &mut BTreeMap<u32, Note>) {
    let note = notes.entry(rule.at.start.line).or_default();
    note.of += 1;
    note.reached += u64::from(rule.applied.applied());
    note.words.push(match rule.applied.asked() {
        0 => "no call that it speaks about".to_owned(),
        asked => format!("applies to {} of {asked} calls", rule.applied.yes + rule.applied.unknown),
    });
    let parts = rule.clauses.iter().chain(&rule.conditions).chain(&rule.branches);
    parts.for_each(|part| of_part(part, notes));
}

fn of_part(part: &PartCoverage, notes: &mut BTreeMap<u32, Note>) {
    let note = notes.entry(part.at.start.line).or_default();
    let (yes, no) = (part.values.yes > 0, part.values.no > 0);
    note.of += 2;
    note.reached += u64::from(yes) + u64::from(no);
    let word = match (yes, no) {
        (true, true) => return,
        (true, false) => "never false",
        (false, true) => "never true",
        (false, false) => "neither true nor false",
    };
    let text: Vec<&str> = part.text.split_whitespace().collect();
    note.words.push(format!("`{}` {word}", text.join(" ")));
    note.words.dedup();
}
