//! `polc fmt`: policies in their one form.

use std::path::{Path, PathBuf};

use agentpol_diagnostics::{Diagnostics, SourceMap};

use crate::escape::one_line;
use crate::exit::{Done, Exit, Problem};
use crate::policy::{self, Sources};
use crate::terminal::{Ink, Page, Terminal};
use crate::wording::counted;
use crate::{files, project, render};

/// Give policies their one form
///
/// Comments stay. The result is read again before anything is written: a file whose meaning would change is left as it
/// is. A file with mistakes in its grammar is left as it is, too, and the mistakes are shown.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  polc fmt
  polc fmt --check
  polc fmt - < desk.agentpol

Exit codes: 0 done, 1 --check found files to format, 3 a file has mistakes,
4 a file could not be read or written")]
pub(crate) struct Args {
    /// Policy files or folders of them; - formats standard input to standard output
    paths: Vec<PathBuf>,
    /// Write nothing, list the files that would change
    #[arg(long)]
    check: bool,
}

/// What became of the files.
#[derive(Default)]
struct Tally {
    changed: usize,
    same: usize,
    wrong: usize,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Done {
    let paths: Vec<PathBuf> = match args.paths.as_slice() {
        [one] if files::is_stdin(one) => vec![one.clone()],
        given if given.iter().any(|path| files::is_stdin(path)) => {
            return Err(Problem::usage("standard input is formatted alone"));
        }
        given => project::find(given)?.into_iter().flat_map(|project| project.policies).collect(),
    };
    let mut tally = Tally::default();
    let mut unreadable = false;
    for path in &paths {
        let Sources { map, diagnostics, unreadable: problems } = policy::load(std::slice::from_ref(path));
        for problem in &problems {
            terminal.err.problem(problem, None);
            unreadable = true;
        }
        let file = map.iter().next().filter(|_| problems.is_empty()).map(|(_, file)| file.text().to_owned());
        let Some(text) = file else { continue };
        if diagnostics.is_empty() {
            one(args, path, &text, &map, &mut tally, terminal)?;
        } else {
            show(&diagnostics, &map, &mut terminal.err);
            tally.wrong += 1;
        }
    }
    report(args, &tally, terminal);
    Ok(match () {
        () if unreadable => Exit::File,
        () if tally.wrong > 0 => Exit::Policy,
        () if args.check && tally.changed > 0 => Exit::Failed,
        () => Exit::Success,
    })
}

fn one(
    args: &Args,
    path: &Path,
    text: &str,
    sources: &SourceMap,
    tally: &mut Tally,
    terminal: &mut Terminal,
) -> Result<(), Problem> {
    let formatted = match agentpol_fmt::format(text) {
        Ok(formatted) => formatted,
        Err(diagnostics) => {
            show(&diagnostics, sources, &mut terminal.err);
            tally.wrong += 1;
            return Ok(());
        }
    };
    let changed = formatted != text;
    tally.changed += usize::from(changed);
    tally.same += usize::from(!changed);
    if files::is_stdin(path) && !args.check {
        terminal.out.text(formatted);
    } else if changed {
        terminal.out.line(one_line(&files::shown(path)));
        if !args.check {
            files::write(path, formatted.as_bytes())?;
        }
    }
    Ok(())
}

fn show(diagnostics: &Diagnostics, sources: &SourceMap, page: &mut Page) {
    let text = render::diagnostics_text(diagnostics, sources, page.colored());
    page.text(text);
    page.line("");
}

fn report(args: &Args, tally: &Tally, terminal: &mut Terminal) {
    if args.paths.iter().any(|path| files::is_stdin(path)) {
        return;
    }
    let (verb, ink) = match args.check {
        true => ("would be formatted", Ink::Red),
        false => ("formatted", Ink::Yellow),
    };
    let mut parts = Vec::new();
    if tally.changed > 0 {
        parts.push(format!("{} {}", counted(tally.changed, "file"), terminal.err.ink(ink, verb)));
    }
    if tally.same > 0 {
        parts.push(format!("{} {}", counted(tally.same, "file"), terminal.err.ink(Ink::Green, "unchanged")));
    }
    if tally.wrong > 0 {
        parts.push(format!("{} {}", counted(tally.wrong, "file"), terminal.err.ink(Ink::Red, "left with mistakes")));
    }
    if !parts.is_empty() {
        terminal.err.line(parts.join(", "));
    }
}
