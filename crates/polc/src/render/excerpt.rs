//! The piece of source that a diagnostic shows, in the form ariadne draws.
//!
//! Hidden characters are replaced one for one, so columns stay true, and only lines that carry a label are handed on: a
//! file of a million lines costs as much as a short one. A line that is too long to read is cut around its labels.

use std::ops::Range;

use agentpol_diagnostics::{Label, SourceFile};
use ariadne::Source;

use crate::escape;

/// The longest line that is shown whole, in characters.
const LONG_LINE: usize = 200;
/// What is shown of a longer one before its first label, and how much in all.
const LEAD: usize = 30;
const WINDOW: usize = 120;

/// The part of one file that a diagnostic speaks of.
pub(super) struct Excerpt {
    /// `policies/a.agentpol:14:9`, the place of the first of its labels that matters most.
    pub(super) heading: String,
    /// What ariadne draws from.
    pub(super) source: Source,
    /// For each label its characters in `source`, sorted by where they begin, and its number in the diagnostic.
    pub(super) labels: Vec<(usize, Range<usize>)>,
}

/// One labelled stretch: line from 1, columns in characters from 0.
struct Stretch {
    label: usize,
    start: (u32, usize),
    end: (u32, usize),
}

/// Cuts out what the labels of one file need. `labels` are numbered as in the diagnostic and not empty.
pub(super) fn excerpt(file: &SourceFile, labels: &[(usize, &Label)]) -> Excerpt {
    let mut stretches: Vec<Stretch> = labels.iter().map(|(number, label)| stretch(*number, file, label)).collect();
    stretches.sort_by_key(|s| (s.start, s.end));
    let first = labels.iter().min_by_key(|(number, _)| *number).map_or(0, |(_, label)| label.span.start);
    let position = file.position(first);
    let heading = format!("{}:{}:{}", escape::one_line(file.name()), position.line, position.column);
    let (text, lines) = text_of(file, &stretches);
    let labels = stretches.iter().map(|s| (s.label, lines.place(s.start)..lines.place(s.end))).collect();
    Excerpt { heading, source: Source::from(text), labels }
}

fn stretch(label: usize, file: &SourceFile, with: &Label) -> Stretch {
    let point = |offset: u32| {
        let position = file.position(offset);
        let column = (position.column as usize - 1).min(file.line(position.line).chars().count());
        (position.line, column)
    };
    let (start, end) = (point(with.span.start), point(with.span.end));
    Stretch { label, start, end: end.max(start) }
}

/// Where the kept lines stand in the excerpt.
struct Kept {
    /// Line, its first character in the excerpt, characters cut off its front, characters kept.
    lines: Vec<(u32, usize, usize, usize)>,
}

impl Kept {
    /// Returns the character of the excerpt that stands for a place of the file.
    fn place(&self, (line, column): (u32, usize)) -> usize {
        let at = self.lines.partition_point(|kept| kept.0 < line);
        match self.lines.get(at) {
            Some(&(_, start, cut, kept)) => start + column.saturating_sub(cut).min(kept),
            None => 0,
        }
    }
}

/// Returns the labelled lines, all others empty, and where they stand.
fn text_of(file: &SourceFile, stretches: &[Stretch]) -> (String, Kept) {
    let mut wanted: Vec<u32> = stretches.iter().flat_map(|s| [s.start.0, s.end.0]).collect();
    wanted.extend(stretches.iter().filter(|s| s.end.0 - s.start.0 == 2).map(|s| s.start.0 + 1));
    wanted.sort_unstable();
    wanted.dedup();
    let (mut text, mut length, mut kept) = (String::new(), 0, Kept { lines: Vec::new() });
    let mut at = 1;
    for line in wanted {
        let skipped = (line - at) as usize;
        text.extend(std::iter::repeat_n('\n', skipped));
        length += skipped;
        let first = stretches.iter().filter(|s| s.start.0 <= line && line <= s.end.0);
        let first = first.map(|s| if s.start.0 == line { s.start.1 } else { 0 }).min().unwrap_or(0);
        let (shown, cut) = window(file.line(line), first);
        let long = shown.chars().count();
        kept.lines.push((line, length, cut, long));
        text.push_str(&shown);
        text.push('\n');
        length += long + 1;
        at = line + 1;
    }
    (text, kept)
}

/// Returns what is shown of a line, and by how many characters it begins later.
fn window(line: &str, first: usize) -> (String, usize) {
    let long = line.chars().count();
    if long <= LONG_LINE {
        return (escape::excerpt(line).into_owned(), 0);
    }
    let start = first.saturating_sub(LEAD);
    let piece: String = line.chars().skip(start).take(WINDOW).collect();
    let piece = escape::excerpt(&piece);
    let tail = if start + WINDOW < long { "…" } else { "" };
    match start {
        0 => (format!("{piece}{tail}"), 0),
        _ => (format!("…{piece}{tail}"), start - 1),
    }
}
