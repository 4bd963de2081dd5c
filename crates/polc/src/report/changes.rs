//! What a change of policies changes, as text.

use std::collections::BTreeMap;

use agentpol_replay::diff::{Changes, Class, Decided, Direction, Example, Fate, Group, Item, RuleChange, RuleText};

use super::SHOWN;
use crate::commands::diff::Compared;
use crate::escape::{cut, one_line};
use crate::files;
use crate::render::paragraph;
use crate::terminal::{Ink, Page};
use crate::wording::{counted, grouped};

/// The longest arguments that are shown, in characters.
const ARGUMENTS: usize = 240;
/// How many earlier calls of an example are shown.
const STEPS: usize = 8;
/// How many changes of one class are shown in full before the rest is only counted.
const FULL: usize = 10;

/// Writes everything.
pub(crate) fn write(found: &[Compared], strict: bool, page: &mut Page) {
    for one in found {
        let Some((changes, old)) = one.changes.as_ref().zip(one.old.as_ref()) else {
            let heading = page.ink(Ink::Bold, one_line(&one.new));
            page.line(format_args!("{heading}: not compared, there were no policies"));
            page.line("");
            continue;
        };
        let heading = page.ink(Ink::Bold, format!("{} against {}", one_line(&one.new), one_line(old)));
        page.line(heading);
        declared(changes, page);
        recordings(changes, page);
        groups(changes, page);
        stale(one, page);
        verdict(one, changes, strict, page);
    }
}

/// Writes what is declared differently.
fn declared(changes: &Changes, page: &mut Page) {
    let declared = &changes.declared;
    if declared.is_empty() {
        let words = match declared.same_meaning {
            true => "the policies mean the same",
            false => "rules, agents and tools are the same",
        };
        page.line(format_args!("  {words}"));
    }
    for (word, items) in [("rules", &declared.rules), ("agents", &declared.agents), ("tools", &declared.tools)] {
        if items.is_empty() {
            continue;
        }
        page.line(format_args!("  {word}"));
        for item in items.iter().take(SHOWN) {
            let (sign, ink) = sign(item.fate);
            let sign = page.ink(ink, sign);
            page.line(format_args!("    {sign} {}  {}", one_line(&item.name), one_line(&item.what)));
            for difference in &item.differences {
                page.line(format_args!("        {}", paragraph(&cut(&one_line(difference), 400), 80, 10)));
            }
        }
        if items.len() > SHOWN {
            page.line(format_args!("    and {} more; `--format json` lists them all", items.len() - SHOWN));
        }
    }
    for difference in &declared.whole {
        page.line(format_args!("  {}", paragraph(&cut(&one_line(difference), 400), 80, 4)));
    }
}

/// The sign and colour of what became of a thing.
fn sign(fate: Fate) -> (&'static str, Ink) {
    match fate {
        Fate::Added => ("+", Ink::Green),
        Fate::Removed => ("-", Ink::Red),
        Fate::Changed | Fate::Same => ("~", Ink::Yellow),
    }
}

/// Writes what was compared.
fn recordings(changes: &Changes, page: &mut Page) {
    if changes.recordings.is_empty() {
        page.line("  no recordings: only what the policies say was compared");
    }
    for recording in &changes.recordings {
        let name = one_line(&recording.name);
        if let Some(why) = &recording.unread {
            let word = page.ink(Ink::Red, "not read");
            page.line(format_args!("  {name}: {word}, {}", paragraph(&one_line(why), 80, 4)));
            continue;
        }
        let compared = counted(number(recording.compared), "action");
        let changed = match recording.changed {
            0 => page.ink(Ink::Green, "no difference"),
            some => page.ink(Ink::Yellow, format!("{} decided otherwise", grouped(number(some)))),
        };
        page.line(format_args!("  {name}: {compared}, {changed}"));
        for (reason, count) in &recording.not_evaluable {
            page.line(format_args!("    not evaluable by either: {} {reason}", grouped(number(*count))));
        }
        for record in &recording.first_malformed {
            let cross = page.ink(Ink::Red, "✗");
            let field = if record.field.is_empty() { String::new() } else { format!(" `{}`", one_line(&record.field)) };
            let place = format!("{name}:{}{}", record.place.line, one_line(&record.place.pointer));
            page.line(format_args!("    {cross} {place}{field}: {}", one_line(&record.message)));
        }
        let told = recording.first_malformed.len() as u64;
        if recording.malformed > told {
            page.line(format_args!(
                "    and {} more that could not be read",
                grouped(number(recording.malformed - told))
            ));
        }
    }
    page.line("");
}

/// Writes the changes, class by class.
fn groups(changes: &Changes, page: &mut Page) {
    let mut by_class: BTreeMap<Class, Vec<&Group>> = BTreeMap::new();
    for group in &changes.groups {
        by_class.entry(group.class).or_default().push(group);
    }
    for class in Class::ALL {
        let groups = by_class.remove(&class).unwrap_or_default();
        let further = changes.further.get(&class).copied().unwrap_or(0);
        if groups.is_empty() && further == 0 {
            continue;
        }
        let ink = match class.direction() {
            Direction::Looser => Ink::Red,
            Direction::Stricter => Ink::Yellow,
            Direction::Neither => Ink::Bold,
        };
        let heading = page.ink(ink, title(class));
        page.line(format_args!("{heading}: {}", counted(groups.len(), "change")));
        for group in groups.iter().take(FULL) {
            self::group(group, page);
        }
        if groups.len() > FULL {
            page.line(format_args!("  and {} more; `--format json` lists them all", groups.len() - FULL));
        }
        if further > 0 {
            page.line(format_args!("  and {} in too many ways to tell apart", counted(number(further), "action")));
        }
        page.line("");
    }
}

/// A class in words.
pub(crate) fn title(class: Class) -> String {
    class.as_str().replace('_', " ")
}

fn group(group: &Group, page: &mut Page) {
    let tool = page.ink(Ink::Bold, one_line(&group.tool));
    let count = match group.count {
        0 => format!("by {}", one_line(&group.agents.join(", "))),
        count => counted(number(count), "action"),
    };
    page.line(format_args!("  {tool}  {count}"));
    page.line(format_args!("    before    {}", paragraph(&one_line(&decided(&group.old)), 80, 14)));
    page.line(format_args!("    now       {}", paragraph(&one_line(&decided(&group.new)), 80, 14)));
    if let Some(accepted) = &group.accepted {
        let until = accepted.until.as_ref().map(|until| format!(", until {until}")).unwrap_or_default();
        let word = page.ink(Ink::Green, "accepted");
        let text = format!("by {}{until}: {}", accepted.who, accepted.why);
        page.line(format_args!("    {word}  {}", paragraph(&one_line(&text), 80, 14)));
    }
    if let Some(first) = &group.first {
        example(first, page);
    }
    for rule in &group.rules {
        self::rule(rule, page);
    }
    for item in &group.declared {
        page.line(format_args!("    declared  {}", paragraph(&cut(&one_line(&self::item(item)), 600), 80, 14)));
    }
    let Some(first) = &group.first else { return };
    if let Some(test) = &first.test {
        page.line("    test      passes now, fails before");
        for line in test.text.lines() {
            let line = page.ink(Ink::Dim, one_line(line));
            page.line(format!("      {line}").trim_end());
        }
    } else if let Some(why) = &first.no_test {
        page.line(format_args!("    no test   {}", paragraph(&one_line(&why.title()), 80, 14)));
    }
}

/// `deny, denied_by_rule, by shop.desk: no large refunds`.
pub(crate) fn decided(decided: &Decided) -> String {
    let mut text = format!("{}, {}", decided.outcome.replace('_', " "), decided.code);
    if !decided.rules.is_empty() {
        text.push_str(&format!(", by {}", decided.rules.join("; ")));
    }
    if !decided.asks.is_empty() {
        let asks = decided.asks.iter().map(|ask| match ask.count {
            1 => ask.from.clone(),
            count => format!("{count} of {}", ask.from),
        });
        text.push_str(&format!(", from {}", asks.collect::<Vec<_>>().join(" and ")));
    }
    if let Some(would) = &decided.would {
        text.push_str(&format!(" (with every rule live: {would})"));
    }
    text
}

/// Arguments on one line, cut where they are long, with how much was cut.
pub(crate) fn arguments(text: &str, left_out: u64) -> String {
    let line = one_line(text).into_owned();
    let kept: String = line.chars().take(ARGUMENTS).collect();
    let cut = line.chars().count() - kept.chars().count() + number(left_out);
    match cut {
        0 => kept,
        cut => format!("{kept}... ({} more)", counted(cut, "character")),
    }
}

/// `calls.jsonl:17, run s1, call c2`.
pub(crate) fn place(first: &Example) -> String {
    let call = first.call.as_ref().map(|call| format!(", call {call}")).unwrap_or_default();
    format!("{}:{}{}, run {}{call}", first.recording, first.place.line, first.place.pointer, first.run)
}

/// `2 of the 57 calls before it`.
pub(crate) fn needs(first: &Example) -> Option<String> {
    let earlier = first.earlier.as_ref()?;
    if earlier.steps.is_empty() {
        return Some("no earlier call".to_owned());
    }
    let mut text = format!("{} of the {} calls before it", grouped(earlier.steps.len()), grouped(number(earlier.of)));
    if earlier.other_runs {
        text.push_str(", also of other runs");
    }
    if !earlier.minimal {
        text.push_str("; perhaps fewer: the search was stopped at its bound");
    }
    Some(text)
}

fn example(first: &Example, page: &mut Page) {
    page.line(format_args!("    first     {}", one_line(&place(first))));
    page.line(format_args!("              {}", arguments(&first.args.text, first.args.left_out)));
    let Some(needs) = needs(first) else { return };
    page.line(format_args!("    needs     {needs}"));
    let steps = first.earlier.as_ref().map(|earlier| earlier.steps.as_slice()).unwrap_or_default();
    for step in steps.iter().take(STEPS) {
        let args = arguments(&step.args.text, step.args.left_out);
        let ran = if step.ran { "" } else { ", did not run" };
        page.line(format_args!(
            "              line {}{ran}: {} {}",
            step.place.line,
            one_line(&step.tool),
            cut(&args, 120)
        ));
    }
    if steps.len() > STEPS {
        page.line(format_args!("              and {} more", steps.len() - STEPS));
    }
}

fn rule(rule: &RuleChange, page: &mut Page) {
    let word = match rule.fate {
        Fate::Same => String::new(),
        fate => format!(" ({})", fate.as_str()),
    };
    page.line(format_args!("    rule      {}{word}", one_line(&rule.rule)));
    match (&rule.old, &rule.new) {
        (Some(old), Some(new)) if old.text == new.text || rule.fate == Fate::Same => {
            for difference in &rule.differences {
                page.line(format_args!("              {}", paragraph(&cut(&one_line(difference), 400), 80, 16)));
            }
            text("now", new, page);
        }
        (old, new) => {
            for (word, side) in [("before", old), ("now", new)] {
                if let Some(side) = side {
                    text(word, side, page);
                }
            }
        }
    }
}

fn text(word: &str, rule: &RuleText, page: &mut Page) {
    page.line(format_args!("      {word:<7} {}:{}:{}", one_line(&rule.file), rule.line, rule.column));
    for line in rule.text.lines() {
        let line = page.ink(Ink::Dim, cut(&one_line(line), 110));
        page.line(format_args!("        {line}"));
    }
}

fn stale(one: &Compared, page: &mut Page) {
    let file = files::shown(&one.accepted_file);
    for stale in &one.stale {
        let word = page.ink(Ink::Yellow, if stale.expired { "expired" } else { "not needed" });
        let until =
            stale.until.as_ref().filter(|_| stale.expired).map(|until| format!(" since {until}")).unwrap_or_default();
        page.line(format_args!("{word}{until}: {}:{}, {}", one_line(&file), stale.line, one_line(&stale.what)));
    }
    if one.accepted_now > 0 {
        let word = page.ink(Ink::Green, "accepted");
        page.line(format_args!("{word} {}, written to {}", counted(one.accepted_now, "change"), one_line(&file)));
    }
}

fn verdict(one: &Compared, changes: &Changes, strict: bool, page: &mut Page) {
    let (ink, word) = match (changes.malformed(), changes.fails(strict)) {
        (false, false) => (Ink::Green, "ok"),
        _ => (Ink::Red, "failed"),
    };
    let word = page.ink(ink, word);
    page.line(format_args!("{word}: {}", paragraph(&summary(one, changes, strict), 80, 2)));
    page.line("");
}

/// How it ends, in a sentence.
pub(crate) fn summary(one: &Compared, changes: &Changes, strict: bool) -> String {
    let count = |direction: Direction| {
        let open = changes.groups.iter().filter(|group| group.direction == direction && group.accepted.is_none());
        open.count() + changes.further.keys().filter(|class| class.direction() == direction).count()
    };
    let accepted = changes.groups.iter().filter(|group| group.accepted.is_some()).count();
    let (looser, stricter, other) = (count(Direction::Looser), count(Direction::Stricter), count(Direction::Neither));
    let mut parts = Vec::new();
    let verb = |count: usize, one: &str, many: &str| {
        format!("{} {}", counted(count, "change"), if count == 1 { one } else { many })
    };
    if looser > 0 {
        parts.push(verb(looser, "lets more through", "let more through"));
    }
    if stricter > 0 {
        parts.push(verb(stricter, "lets less through", "let less through"));
    }
    if other > 0 {
        parts.push(verb(other, "changes only the reason", "change only the reason"));
    }
    if accepted > 0 {
        parts.push(verb(accepted, "is accepted", "are accepted"));
    }
    if parts.is_empty() {
        parts.push("nothing is decided otherwise".to_owned());
    }
    if changes.malformed() {
        parts.push("not everything could be read".to_owned());
    }
    let mut text = parts.join(", ");
    if changes.fails(strict) {
        let file = files::shown(&one.accepted_file);
        text.push_str(&format!("; `polc diff ... --accept --why \"...\"` writes that it is meant into {file}"));
    }
    text
}

/// One thing that is declared differently, in a line.
pub(crate) fn item(item: &Item) -> String {
    let (sign, _) = sign(item.fate);
    let differences =
        if item.differences.is_empty() { String::new() } else { format!(" ({})", item.differences.join("; ")) };
    format!("{sign} {}: {}{differences}", item.name, item.what)
}

/// Counts fit the machine's own numbers.
fn number(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
