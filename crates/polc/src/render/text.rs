//! Diagnostics as text: the source with what is wrong underlined, drawn by ariadne.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::Range;

use agentpol_diagnostics::{Diagnostic, Diagnostics, FileId, Label, Severity, SourceMap};
use ariadne::{Cache, Color, Config, IndexType, Report, ReportKind, Source};

use super::excerpt::{Excerpt, excerpt};
use super::wrap::wrap;
use crate::escape;
use crate::wording::counted;

/// The width that help texts are broken to, so that with their margin they fit 80 columns.
const HELP_WIDTH: usize = 66;
/// How many diagnostics are shown in full.
const SHOWN: usize = 100;
/// Marks the heading of a source in what ariadne draws; it is replaced afterwards.
const MARK: char = '\u{1}';

/// Returns the diagnostics as text, one empty line between them. Of very many only some are shown, errors first.
pub(crate) fn diagnostics_text(diagnostics: &Diagnostics, sources: &SourceMap, colored: bool) -> String {
    let many = diagnostics.len() > SHOWN;
    let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error).take(SHOWN).count();
    let mut others = SHOWN - errors;
    let mut all = Vec::new();
    let mut left = errors;
    for diagnostic in diagnostics.iter() {
        let room = if diagnostic.severity == Severity::Error { &mut left } else { &mut others };
        if !many || *room > 0 {
            *room = room.saturating_sub(1);
            all.push(one(diagnostic, sources, colored));
        }
    }
    if many {
        let rest = crate::wording::grouped(diagnostics.len() - all.len());
        all.push(format!("and {rest} more; `polc check --format json` lists them all\n"));
    }
    all.join("\n")
}

/// Returns `3 errors, 1 warning in 2 files`; nothing where there is no diagnostic.
pub(crate) fn summary(diagnostics: &Diagnostics) -> Option<String> {
    let of = |severity: Severity| diagnostics.iter().filter(|d| d.severity == severity).count();
    let parts: Vec<String> = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")]
        .into_iter()
        .filter_map(|(severity, word)| match of(severity) {
            0 => None,
            count => Some(counted(count, word)),
        })
        .collect();
    let files: BTreeSet<FileId> = diagnostics.iter().map(|diagnostic| diagnostic.span().file).collect();
    match parts.is_empty() {
        true => None,
        false => Some(format!("{} in {}", parts.join(", "), counted(files.len(), "file"))),
    }
}

fn one(diagnostic: &Diagnostic, sources: &SourceMap, colored: bool) -> String {
    let mut excerpts = excerpts(diagnostic, sources);
    let kind = match diagnostic.severity {
        Severity::Error => ReportKind::Error,
        Severity::Warning => ReportKind::Warning,
        Severity::Note => ReportKind::Custom("Note", Color::Blue),
    };
    let config = Config::new().with_color(colored).with_index_type(IndexType::Char);
    let mut report = Report::build(kind, (0, 0..0))
        .with_config(config)
        .with_code(diagnostic.code.as_str())
        .with_message(escape::one_line(&diagnostic.title));
    let main = match diagnostic.severity {
        Severity::Error => Color::Red,
        Severity::Warning => Color::Yellow,
        Severity::Note => Color::Blue,
    };
    let mut order = 0;
    for (at, excerpt) in excerpts.iter().enumerate() {
        for (number, range) in &excerpt.labels {
            let color = if *number == 0 { main } else { Color::Cyan };
            let mut label = ariadne::Label::new((at, range.clone())).with_order(order);
            if colored {
                label = label.with_color(color);
            }
            // Without words ariadne would not underline the place.
            let text = match diagnostic.labels[*number].text.as_str() {
                "" => "here",
                text => text,
            };
            report.add_label(label.with_message(escape::one_line(text)));
            order += 1;
        }
    }
    if let Some(help) = &diagnostic.help {
        report.set_help(wrap(&escape::lines(help), HELP_WIDTH).join("\n"));
    }
    let mut drawn = Vec::new();
    let cache = Sources(&mut excerpts);
    if report.finish().write(cache, &mut drawn).is_err() {
        return format!("[{}] {}\n", diagnostic.code.as_str(), escape::one_line(&diagnostic.title));
    }
    tidy(&String::from_utf8_lossy(&drawn), &excerpts)
}

/// Returns one excerpt a file: the file of the wrong place first, then the others by name.
fn excerpts(diagnostic: &Diagnostic, sources: &SourceMap) -> Vec<Excerpt> {
    let numbered: Vec<(usize, &Label)> = diagnostic.labels.iter().enumerate().collect();
    let mut files: Vec<FileId> = Vec::new();
    for label in &diagnostic.labels {
        if !files.contains(&label.span.file) {
            files.push(label.span.file);
        }
    }
    if let Some((_, others)) = files.split_first_mut() {
        others.sort_by_key(|id| sources.get(*id).map(|file| file.name().to_owned()));
    }
    let of = |id: FileId| {
        let labels: Vec<_> = numbered.iter().filter(|(_, label)| label.span.file == id).copied().collect();
        sources.get(id).map(|file| excerpt(file, &labels))
    };
    files.into_iter().filter_map(of).collect()
}

/// What ariadne asks for sources by number.
struct Sources<'e>(&'e mut Vec<Excerpt>);

impl Cache<usize> for Sources<'_> {
    type Storage = String;

    fn fetch(&mut self, id: &usize) -> Result<&Source<String>, impl std::fmt::Debug> {
        self.0.get(*id).map(|excerpt| &excerpt.source).ok_or("no such source")
    }

    fn display<'a>(&self, id: &'a usize) -> Option<impl Display + 'a> {
        Some(format!("{MARK}{id}{MARK}"))
    }
}

/// Puts in the headings, drops lines that hold nothing but a margin, and trims line ends.
fn tidy(drawn: &str, excerpts: &[Excerpt]) -> String {
    let mut out = String::with_capacity(drawn.len());
    for line in drawn.lines() {
        let plain = uncolored(line);
        if !plain.trim().is_empty() && plain.chars().all(|c| c == ' ' || c == '│') {
            continue;
        }
        match marked(line) {
            Some((range, id)) => {
                out.push_str(&line[..range.start]);
                out.push_str(excerpts.get(id).map_or("?", |excerpt| excerpt.heading.as_str()));
                out.push_str(&line[range.end..]);
            }
            None => out.push_str(line.trim_end()),
        }
        out.push('\n');
    }
    out
}

/// Finds `<mark>ID<mark>:LINE:COLUMN`.
fn marked(line: &str) -> Option<(Range<usize>, usize)> {
    let start = line.find(MARK)?;
    let rest = &line[start + 1..];
    let end = rest.find(MARK)?;
    let id = rest[..end].parse().ok()?;
    let after = &rest[end + 1..];
    let place = after.find([' ', '\u{1b}']).unwrap_or(after.len());
    Some((start..start + 1 + end + 1 + place, id))
}

/// Returns the line without its colours.
fn uncolored(line: &str) -> String {
    anstream::adapter::strip_str(line).to_string()
}
