//! `polc check`: what is wrong in policies.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::args::Format;
use crate::exit::{Done, Exit};
use crate::policy::{self, Read};
use crate::project;
use crate::render;
use crate::terminal::{Ink, Terminal};
use crate::wording::counted;

/// Say what is wrong in policies
///
/// Checks all policies of a project together: names, types, ownership, rules that can never match, and lints, whose
/// levels stand in agentpol.toml. `polc explain CODE` explains a code.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  polc check
  polc check policies/ shared/groups.agentpol
  polc check --format json

Without PATHS the policies of the agentpol.toml here or above are checked, and
without that the *.agentpol files below the current folder.

Exit codes: 0 no errors, 3 errors, 4 a file could not be read")]
pub(crate) struct Args {
    /// Policy files, folders of them, or folders with an agentpol.toml
    paths: Vec<PathBuf>,
    /// How the result is shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Done {
    let projects = project::find(&args.paths).inspect_err(|problem| {
        if args.format == Format::Json && problem.exit == Exit::File {
            terminal.out.line(nothing_read(&problem.text));
        }
    })?;
    let read: Vec<Read> = projects.iter().map(policy::read).collect();
    let exit = read.iter().map(Read::exit).max_by_key(|exit| exit.number()).unwrap_or(Exit::Success);
    match args.format {
        Format::Json => terminal.out.line(document(&read)),
        Format::Text => {
            for one in &read {
                one.show(&mut terminal.out);
            }
            let clean = read.iter().all(|one| one.diagnostics.is_empty() && one.unreadable.is_empty());
            if clean {
                let files: usize = read.iter().map(|one| one.sources.iter().count()).sum();
                let word = terminal.out.ink(Ink::Green, "ok");
                terminal.out.line(format_args!("{word}: {}", counted(files, "file")));
            }
        }
    }
    Ok(exit)
}

/// The document where not even the project could be read.
fn nothing_read(why: &str) -> Value {
    json!({ "version": 1, "files": 0, "errors": 0, "warnings": 0, "unreadable": [why], "diagnostics": [] })
}

/// Everything as one JSON document.
fn document(all: &[Read]) -> Value {
    let mut diagnostics = Vec::new();
    let mut unreadable: Vec<&str> = Vec::new();
    let (mut files, mut errors, mut warnings) = (0, 0, 0);
    for read in all {
        if let Value::Array(list) = render::diagnostics_json(&read.diagnostics, &read.sources) {
            diagnostics.extend(list);
        }
        let of = |severity| read.diagnostics.iter().filter(|d| d.severity == severity).count();
        errors += of(agentpol_diagnostics::Severity::Error);
        warnings += of(agentpol_diagnostics::Severity::Warning);
        files += read.sources.iter().count();
        unreadable.extend(read.unreadable.iter().map(String::as_str));
    }
    json!({
        "version": 1, "files": files, "errors": errors, "warnings": warnings,
        "unreadable": unreadable, "diagnostics": diagnostics,
    })
}
