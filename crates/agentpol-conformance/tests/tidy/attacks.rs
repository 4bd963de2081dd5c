//! The table of attacks: every place that it names is there, and shows something.

use crate::{nothing_in, workspace};
use std::collections::BTreeSet;
use std::path::Path;

/// A row of the tables.
struct Row {
    mark: String,
    cells: Vec<String>,
}

fn rows() -> Vec<Row> {
    let page = std::fs::read_to_string(workspace().join("docs/attacks.md")).expect("the page of attacks");
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| mark "));
    rows.map(|line| Row { mark: line.split('|').nth(1).unwrap_or_default().trim().to_owned(), cells: cells(line) })
        .collect()
}

/// Splits a cell into what its links say and where they lead.
fn links(cell: &str) -> Vec<(&str, &str)> {
    cell.split("](")
        .zip(cell.split("](").skip(1))
        .filter_map(|(before, after)| Some((before.rsplit_once('[')?.1, after.split_once(')')?.0)))
        .collect()
}

/// Returns the anchor that a heading gives on a rendered page.
fn anchor(heading: &str) -> String {
    let letter = |letter: char| match letter {
        ' ' => Some('-'),
        letter if letter.is_alphanumeric() || letter == '-' || letter == '_' => Some(letter.to_ascii_lowercase()),
        _ => None,
    };
    heading.trim_start_matches('#').trim().chars().filter_map(letter).collect()
}

/// Whether a page has a heading with this anchor, and shows something below it.
fn shows(text: &str, wanted: &str) -> bool {
    let mut fenced = false;
    let mut below = false;
    for line in text.lines() {
        if let Some(language) = line.strip_prefix("```") {
            fenced = !fenced;
            if fenced && below && matches!(language, "requests" | "agentpol") {
                return true;
            }
        } else if !fenced && line.starts_with('#') {
            below = anchor(line) == wanted;
        }
    }
    false
}

/// Says what is wrong with a place that a row names.
fn wrong_place(says: &str, place: &str) -> Option<String> {
    let (path, anchor) = place.split_once('#').map_or((place, None), |(path, anchor)| (path, Some(anchor)));
    let Ok(text) = std::fs::read_to_string(workspace().join("docs").join(path)) else {
        return Some(format!("{path} is not there"));
    };
    match (Path::new(path).extension().and_then(|ending| ending.to_str()), anchor) {
        (Some("rs"), None) => {
            let name = says.trim_matches('`');
            let test =
                text.contains(&format!("#[test]\nfn {name}(")) || text.contains(&format!("#[test]\n    fn {name}("));
            (!test).then(|| format!("{path} has no test `{name}`"))
        }
        (Some("md"), Some(anchor)) => (!shows(&text, anchor)).then(|| format!("{path} shows nothing at #{anchor}")),
        // What the command prints, and a page that a test holds to what it says.
        (Some("case"), None) => (!text.contains("\n=== run ")).then(|| format!("{path} runs nothing")),
        (Some("md"), None) if path.starts_with("diagnostics/AP") => None,
        _ => Some(format!("{place} is no place where something is shown")),
    }
}

#[test]
fn every_attack_is_shown_to_fail() {
    let mut wrong = Vec::new();
    let mut marks = BTreeSet::new();
    for row in rows() {
        let mark = &row.mark;
        if row.cells.len() != 4 || row.cells.iter().any(String::is_empty) {
            wrong.push(format!("{mark}: a row has a mark, an attack, what stands against it, and where that is shown"));
            continue;
        }
        if !marks.insert(mark.clone()) {
            wrong.push(format!("{mark}: twice"));
        }
        let places = links(&row.cells[3]);
        if places.is_empty() {
            wrong.push(format!("{mark}: shown nowhere"));
        }
        let found = places.iter().filter_map(|(says, place)| wrong_place(says, place));
        wrong.extend(found.map(|found| format!("{mark}: {found}")));
    }
    assert!(!marks.is_empty(), "no row was read");
    nothing_in(wrong);
}
