//! What a change of policies changes, as Markdown for a comment on a pull request.

use std::fmt::Write;

use agentpol_replay::diff::{Changes, Class, Direction, Fate, Group, RuleChange, RuleText};

use super::changes::{arguments, decided, item, needs, place, summary, title};
use crate::commands::diff::Compared;
use crate::escape::{cut, lines, one_line};
use crate::wording::{counted, grouped};

/// How many changes are shown in full: comments have a longest length.
const FULL: usize = 20;
/// How many declared differences are listed.
const LISTED: usize = 30;
/// The longest line about one of them, in characters.
const LONGEST: usize = 300;

/// Returns the comment.
pub(crate) fn changes(found: &[Compared], strict: bool) -> String {
    let mut out = String::from("## What this change of policies changes\n\n");
    for one in found {
        project(one, strict, &mut out);
    }
    out
}

fn project(one: &Compared, strict: bool, out: &mut String) {
    let Some((changes, old)) = one.changes.as_ref().zip(one.old.as_ref()) else {
        let _ = writeln!(out, "### {}\n\nNot compared: there were no policies.\n", code(&one.new));
        return;
    };
    let sign = if changes.malformed() || changes.fails(strict) { "❌" } else { "✅" };
    let _ = writeln!(out, "### {sign} {} against {}\n", code(&one.new), code(old));
    let _ = writeln!(out, "{}.\n", sentence(&summary(one, changes, strict)));
    table(changes, out);
    declared(changes, out);
    recordings(changes, out);
    for group in changes.groups.iter().take(FULL) {
        details(group, out);
    }
    if changes.groups.len() > FULL {
        let _ = writeln!(out, "And {} more; `polc diff --format json` lists them all.\n", changes.groups.len() - FULL);
    }
    for stale in &one.stale {
        let word = if stale.expired { "Expired" } else { "Not needed" };
        let file = code(&format!("{}:{}", one.accepted_file.display(), stale.line));
        let _ = writeln!(out, "- {word}: {file}, {}", plain(&stale.what));
    }
}

/// A line for each change.
fn table(changes: &Changes, out: &mut String) {
    if changes.groups.is_empty() && changes.further.is_empty() {
        return;
    }
    out.push_str("| change | tool | actions | before | now | |\n|---|---|---:|---|---|---|\n");
    for group in changes.groups.iter().take(FULL) {
        let count =
            if group.count == 0 { "-".to_owned() } else { grouped(usize::try_from(group.count).unwrap_or(usize::MAX)) };
        let state = match (&group.accepted, group.direction) {
            (Some(_), _) => "accepted",
            (None, Direction::Looser) => "⚠️",
            (None, _) => "",
        };
        let _ = writeln!(
            out,
            "| {} | {} | {count} | {} | {} | {state} |",
            title(group.class),
            code(&group.tool),
            cell(&decided(&group.old)),
            cell(&decided(&group.new))
        );
    }
    for (class, count) in &changes.further {
        let _ = writeln!(out, "| {} | in too many ways to tell apart | {count} | | | |", title(*class));
    }
    out.push('\n');
}

fn declared(changes: &Changes, out: &mut String) {
    let declared = &changes.declared;
    let all = || declared.rules.iter().chain(&declared.agents).chain(&declared.tools);
    let count = all().count();
    if declared.is_empty() {
        let words =
            if declared.same_meaning { "The policies mean the same." } else { "Rules, agents and tools are the same." };
        let _ = writeln!(out, "{words}\n");
        return;
    }
    let _ = writeln!(
        out,
        "<details><summary>{} in what is declared</summary>\n",
        counted(count + declared.whole.len(), "difference")
    );
    let mut text = String::new();
    for one in all().take(LISTED) {
        let _ = writeln!(text, "{}", cut(&one_line(&item(one)), LONGEST));
    }
    for difference in &declared.whole {
        let _ = writeln!(text, "~ {}", cut(&one_line(difference), LONGEST));
    }
    fence("diff", &text, out);
    if count > LISTED {
        let _ = writeln!(out, "And {} more.\n", count - LISTED);
    }
    out.push_str("</details>\n\n");
}

fn recordings(changes: &Changes, out: &mut String) {
    if changes.recordings.is_empty() {
        out.push_str("No recordings: only what the policies say was compared.\n\n");
        return;
    }
    let compared: u64 = changes.recordings.iter().map(|recording| recording.compared).sum();
    let actions = counted(usize::try_from(compared).unwrap_or(usize::MAX), "action");
    let _ = writeln!(out, "{actions} of {} compared.\n", counted(changes.recordings.len(), "recording"));
    for recording in &changes.recordings {
        if let Some(why) = &recording.unread {
            let _ = writeln!(out, "- {}: not read, {}", code(&recording.name), plain(why));
        } else if recording.malformed > 0 {
            let _ = writeln!(out, "- {}: {} records could not be read", code(&recording.name), recording.malformed);
        }
    }
}

/// A change, folded.
fn details(group: &Group, out: &mut String) {
    let count = match group.count {
        0 => format!("by {}", plain(&group.agents.join(", "))),
        count => counted(usize::try_from(count).unwrap_or(usize::MAX), "action"),
    };
    let tool = plain(&group.tool);
    let _ = writeln!(out, "<details><summary>{}: <code>{tool}</code>, {count}</summary>\n", title(group.class));
    let _ = writeln!(out, "- before: {}\n- now: {}", code(&decided(&group.old)), code(&decided(&group.new)));
    if let Some(accepted) = &group.accepted {
        let until = accepted.until.as_ref().map(|until| format!(", until {until}")).unwrap_or_default();
        let _ = writeln!(out, "- accepted by {}{until}: {}", plain(&accepted.who), plain(&accepted.why));
    }
    if let Some(first) = &group.first {
        let _ = writeln!(out, "- first: {}", code(&place(first)));
        let _ = writeln!(out, "- arguments: {}", code(&arguments(&first.args.text, first.args.left_out)));
        if let Some(needs) = needs(first) {
            let _ = writeln!(out, "- needs {needs}");
        }
    }
    for one in &group.declared {
        let _ = writeln!(out, "- declared: {}", code(&cut(&item(one), LONGEST)));
    }
    out.push('\n');
    for rule in &group.rules {
        self::rule(rule, group.class, out);
    }
    if let Some(test) = group.first.as_ref().and_then(|first| first.test.as_ref()) {
        out.push_str("A test that passes now and fails before:\n\n");
        fence("", &test.text, out);
    }
    out.push_str("</details>\n\n");
}

fn rule(rule: &RuleChange, class: Class, out: &mut String) {
    let texts: Vec<(&str, &RuleText)> = match (&rule.old, &rule.new) {
        (Some(old), Some(new)) if old.text == new.text || rule.fate == Fate::Same => vec![("", new)],
        (old, new) => [("before ", old), ("now ", new)]
            .into_iter()
            .filter_map(|(word, text)| Some((word, text.as_ref()?)))
            .collect(),
    };
    // Rules that are the same are long, and few readers want them unfolded where the change is elsewhere.
    let fate = rule.fate.as_str();
    let _ = writeln!(out, "Rule {} ({fate}):\n", code(&rule.rule));
    for (word, text) in texts {
        let _ = writeln!(out, "{word}{}\n", code(&format!("{}:{}", text.file, text.line)));
        if rule.fate != Fate::Same || class == Class::NewlyCovered {
            fence("", &text.text, out);
        }
    }
}

/// A block of code, whatever stands in it.
fn fence(word: &str, text: &str, out: &mut String) {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(out, "{fence}{word}\n{}\n{fence}\n", lines(text).trim_end());
}

/// Text as code, whatever stands in it.
fn code(text: &str) -> String {
    let text = one_line(text).replace('|', "\\|");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let (ticks, space) = ("`".repeat(longest + 1), if longest > 0 { " " } else { "" });
    format!("{ticks}{space}{text}{space}{ticks}")
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    plain(&cut(text, 120))
}

/// A sentence of ours, in which back-quotes stand around what is typed.
fn sentence(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(number, part)| if number % 2 == 0 { plain(part) } else { code(part) }).collect()
}

/// Text as text: nothing in it is Markdown or HTML.
fn plain(text: &str) -> String {
    agentpol_report::markdown(&one_line(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markdown() {
        assert_eq!(plain("a|b <i> @c *d* \u{202e} `e`"), "a\\|b &lt;i&gt; @\u{200b}c \\*d\\* \\\\u{202e} \\`e\\`");
        assert_eq!(code("a`b``c"), "``` a`b``c ```");
        assert_eq!(sentence("<a>: `polc diff` writes it"), "&lt;a&gt;: `polc diff` writes it");
        let mut out = String::new();
        fence("", "```\nx", &mut out);
        assert_eq!(out, "````\n```\nx\n````\n\n");
    }
}
