//! Reports in the formats of CI systems, beside what is shown.

use std::path::PathBuf;

use agentpol_replay::Status;
use agentpol_report::{Broken, Format, Project, Tested};

use super::Found;
use crate::exit::Problem;
use crate::files;
use crate::policy::Read;
use crate::terminal::Page;

/// A report that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// Its format.
    pub(crate) format: Format,
    /// Where it goes; `-` is standard output.
    file: PathBuf,
}

/// Reads `junit=report.xml`.
pub(crate) fn parse(text: &str) -> Result<Wanted, String> {
    let names = || Format::ALL.map(Format::name).join(", ");
    let (name, file) = text.split_once('=').ok_or_else(|| format!("write FORMAT=FILE, with one of {}", names()))?;
    let format = Format::from_name(name).ok_or_else(|| format!("no format `{name}`: it is one of {}", names()))?;
    match file {
        "" => Err("no file is named".to_owned()),
        file => Ok(Wanted { format, file: PathBuf::from(file) }),
    }
}

/// Writes them; those for standard output come before what is shown there.
pub(crate) fn write(
    wanted: &[Wanted],
    found: &[Found],
    broken: &[(String, Read)],
    status: Status,
    page: &mut Page,
) -> Result<(), Problem> {
    let projects: Vec<Project<'_>> = found.iter().map(project).collect();
    let broken: Vec<Broken<'_>> = broken.iter().map(|(name, read)| unusable(name, read)).collect();
    let tested = Tested { projects: &projects, broken: &broken, status };
    for Wanted { format, file } in wanted {
        let text = format.write(&tested);
        if files::is_stdin(file) {
            page.text(text);
        } else {
            files::write(file, text.as_bytes())?;
        }
    }
    Ok(())
}

fn project(found: &Found) -> Project<'_> {
    let Found { name, sources, report, coverage, .. } = found;
    Project { name, sources, report, coverage: coverage.as_ref() }
}

fn unusable<'r>(name: &'r str, read: &'r Read) -> Broken<'r> {
    Broken { name, sources: &read.sources, diagnostics: &read.diagnostics, unreadable: &read.unreadable }
}
