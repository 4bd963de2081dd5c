//! Changes that somebody has accepted: one a line, in a file that is reviewed like any other.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::class::{Class, Decided};
use super::{Changes, Direction, Group};

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day of so many days since 1970-01-01.
    pub fn from_days(days: i32) -> Date {
        // Years begin in March here, so that the leap day is the last of its year.
        let shifted = i64::from(days) + 719_468;
        let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        let year = (era * 400 + year + next).clamp(0, 9_999);
        let small = |value: i64| u8::try_from(value).unwrap_or(1);
        Date { year: u16::try_from(year).unwrap_or(0), month: small(month), day: small(day) }
    }

    /// Reads `2026-12-31`.
    pub fn parse(text: &str) -> Option<Date> {
        let shape = |(at, byte): (usize, u8)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
        if text.len() != 10 || !text.bytes().enumerate().all(shape) {
            return None;
        }
        let (year, month, day) = (text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?);
        let leap = |year: u16| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let last = match month {
            2 => 28 + u8::from(leap(year)),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        (1..=last).contains(&day).then_some(Date { year, month, day })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// Who accepted a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Acceptance {
    /// Who.
    pub who: String,
    /// Why.
    pub why: String,
    /// The last day on which it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// One line of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    change: String,
    tool: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    agents: Vec<String>,
    old: Decided,
    new: Decided,
    key: String,
    who: String,
    why: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

/// The file of accepted changes.
#[derive(Clone, Debug, Default)]
pub struct Accepted {
    entries: Vec<Entry>,
    today: Option<Date>,
}

#[derive(Clone, Debug)]
struct Entry {
    number: u64,
    line: Line,
    used: bool,
}

/// A line that is no accepted change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedError {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub message: String,
}

/// An accepted change that no longer counts, or that nothing needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stale {
    /// The line of the file, from 1.
    pub line: u64,
    /// The change, in short.
    pub what: String,
    /// Its last day is past; else nothing changed so.
    pub expired: bool,
    /// Its last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

impl Accepted {
    /// Reads the file. Without a day nothing is past.
    ///
    /// # Errors
    /// Every line that is no accepted change.
    pub fn parse(text: &str, today: Option<Date>) -> Result<Accepted, Vec<AcceptedError>> {
        let mut entries = Vec::new();
        let mut errors = Vec::new();
        for (number, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
            match read(text) {
                Ok(line) => entries.push(Entry { number, line, used: false }),
                Err(message) => errors.push(AcceptedError { line: number, message }),
            }
        }
        if errors.is_empty() { Ok(Accepted { entries, today }) } else { Err(errors) }
    }

    /// Marks the changes that are accepted.
    pub fn apply(&mut self, changes: &mut Changes) {
        let today = self.today;
        for group in &mut changes.groups {
            let mut fitting = self.entries.iter_mut().filter(|entry| entry.line.key == group.key);
            let Some(entry) = fitting.find(|entry| !is_past(&entry.line, today) && is_about(&entry.line, group)) else {
                continue;
            };
            entry.used = true;
            let Line { who, why, until, .. } = entry.line.clone();
            group.accepted = Some(Acceptance { who, why, until });
        }
    }

    /// The lines that no longer count, or that nothing needed when [`apply`](Accepted::apply) was asked last.
    pub fn stale(&self) -> Vec<Stale> {
        let unused = self.entries.iter().filter(|entry| !entry.used);
        let stale = |entry: &Entry| Stale {
            line: entry.number,
            what: format!("{}, {}", entry.line.change.replace('_', " "), entry.line.tool),
            expired: is_past(&entry.line, self.today),
            until: entry.line.until.clone(),
        };
        unused.map(stale).collect()
    }

    /// Accepts every change that fails and is not accepted yet; returns the file's new text and how many that were. Lines
    /// that are past give way to new ones about the same change, all others stay.
    pub fn accept(&self, changes: &Changes, strict: bool, acceptance: &Acceptance) -> (String, usize) {
        let counts = |group: &&Group| match group.direction {
            Direction::Looser => true,
            Direction::Stricter => strict,
            Direction::Neither => false,
        };
        let fresh: Vec<&Group> =
            changes.groups.iter().filter(|group| group.accepted.is_none()).filter(counts).collect();
        let replaced = |line: &Line| is_past(line, self.today) && fresh.iter().any(|group| group.key == line.key);
        let kept = self.entries.iter().map(|entry| entry.line.clone()).filter(|line| !replaced(line));
        let Acceptance { who, why, until } = acceptance.clone();
        let new = fresh.iter().map(|group| Line {
            change: group.class.as_str().to_owned(),
            tool: group.tool.clone(),
            agents: group.agents.clone(),
            old: group.old.clone(),
            new: group.new.clone(),
            key: group.key.clone(),
            who: who.clone(),
            why: why.clone(),
            until: until.clone(),
        });
        let mut text = String::new();
        for line in kept.chain(new) {
            if let Ok(line) = serde_json::to_string(&line) {
                text.push_str(&line);
                text.push('\n');
            }
        }
        (text, fresh.len())
    }
}

fn read(text: &str) -> Result<Line, String> {
    let line: Line = serde_json::from_str(text).map_err(|error| {
        let message = error.to_string();
        message.rfind(" at line ").map_or(message.as_str(), |end| &message[..end]).to_owned()
    })?;
    if Class::from_word(&line.change).is_none() {
        return Err(format!("`change` is no kind of change: `{}`", line.change));
    }
    for (name, value) in [("who", &line.who), ("why", &line.why)] {
        if value.trim().is_empty() {
            return Err(format!("`{name}` is empty"));
        }
    }
    if line.until.as_ref().is_some_and(|until| Date::parse(until).is_none()) {
        return Err("`until` is no date: write it as `2026-12-31`".to_owned());
    }
    Ok(line)
}

fn is_past(line: &Line, today: Option<Date>) -> bool {
    let until = line.until.as_deref().and_then(Date::parse);
    until.zip(today).is_some_and(|(until, today)| until < today)
}

/// Whether a line says what the change is: its key alone is nothing that a reader of the file could check.
fn is_about(line: &Line, group: &Group) -> bool {
    line.change == group.class.as_str()
        && line.tool == group.tool
        && line.agents == group.agents
        && (&line.old, &line.new) == (&group.old, &group.new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes() -> Changes {
        let decided = |outcome: &str| Decided { outcome: outcome.to_owned(), ..Decided::default() };
        let looser =
            Group { key: "1".into(), ..Group::new(Class::NewlyAllowed, "t", decided("deny"), decided("allow")) };
        let stricter =
            Group { key: "2".into(), ..Group::new(Class::NewlyDenied, "t", decided("allow"), decided("deny")) };
        Changes {
            declared: super::super::Declared::default(),
            groups: vec![looser, stricter],
            further: std::collections::BTreeMap::new(),
            recordings: Vec::new(),
        }
    }

    fn by_ana(until: Option<&str>) -> Acceptance {
        Acceptance { who: "ana".into(), why: "asked for".into(), until: until.map(str::to_owned) }
    }

    #[test]
    fn what_is_accepted_does_not_fail() {
        let mut found = changes();
        assert!(found.fails(false));
        let (text, count) = Accepted::default().accept(&found, false, &by_ana(Some("2026-12-31")));
        assert_eq!((count, text.lines().count()), (1, 1));
        let mut accepted = Accepted::parse(&text, Date::parse("2026-12-31")).unwrap();
        accepted.apply(&mut found);
        assert!(!found.fails(false) && found.fails(true));
        assert_eq!(found.groups[0].accepted, Some(by_ana(Some("2026-12-31"))));
        assert_eq!(accepted.stale(), []);
        // The day after, it counts no more, and a new acceptance takes its place.
        let mut found = changes();
        let mut accepted = Accepted::parse(&text, Date::parse("2027-01-01")).unwrap();
        accepted.apply(&mut found);
        assert!(found.fails(false));
        assert!(accepted.stale()[0].expired);
        let (again, count) = accepted.accept(&found, true, &by_ana(None));
        assert_eq!((count, again.lines().count()), (2, 2));
    }

    #[test]
    fn a_line_is_about_one_change_only() {
        let mut found = changes();
        let (text, _) = Accepted::default().accept(&found, false, &by_ana(None));
        for (from, to) in [("\"key\":\"1\"", "\"key\":\"9\""), ("\"tool\":\"t\"", "\"tool\":\"u\"")] {
            let mut accepted = Accepted::parse(&text.replace(from, to), None).unwrap();
            accepted.apply(&mut found);
            assert!(found.fails(false), "{to}");
            let stale = accepted.stale();
            assert_eq!((stale.len(), stale[0].line, stale[0].expired), (1, 1, false));
        }
    }

    #[test]
    fn lines_that_are_wrong_are_told() {
        let (text, _) = Accepted::default().accept(&changes(), false, &by_ana(None));
        let wrong = [
            text.replace("newly_allowed", "allowed"),
            text.replace("\"ana\"", "\" \""),
            text.replace("\"who\"", "\"whom\""),
            text.replace("}\n", ",\"until\":\"2026-02-30\"}\n"),
        ];
        for line in wrong {
            let errors = Accepted::parse(&format!("\n{line}"), None).unwrap_err();
            assert_eq!((errors.len(), errors[0].line), (1, 2), "{line}");
        }
    }

    #[test]
    fn days_are_dates() {
        for (days, date) in [(0, "1970-01-01"), (19_782, "2024-02-29"), (20_514, "2026-03-02"), (20_818, "2026-12-31")]
        {
            assert_eq!(Date::from_days(days).to_string(), date);
            assert_eq!(Date::parse(date), Some(Date::from_days(days)));
        }
        assert_eq!(Date::parse("2026-2-3"), None);
        assert_eq!(Date::parse("2023-02-29"), None);
    }
}
