//! `polc init`: a small project that works at once.

use std::fs;
use std::path::{Path, PathBuf};

use crate::escape::one_line;
use crate::exit::{Done, Exit, Problem};
use crate::files;
use crate::terminal::{Ink, Terminal};

/// What is written, by its name in the project.
const STARTER: &[(&str, &str)] = &[
    ("agentpol.toml", include_str!("../../starter/agentpol.toml")),
    ("desk.agentpol", include_str!("../../starter/desk.agentpol")),
    ("recordings/desk.jsonl", include_str!("../../starter/recordings/desk.jsonl")),
    ("recordings/desk.decisions.jsonl", include_str!("../../starter/recordings/desk.decisions.jsonl")),
];

/// Start a project: a policy, a recording and tests that pass
///
/// Nothing that exists is overwritten: if one of the files is there, none is written.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  polc init
  polc init desk && cd desk && polc test

Exit codes: 0 written, 4 a file exists already or could not be written")]
pub(crate) struct Args {
    /// The folder; the current one where it is left out
    #[arg(default_value = ".", hide_default_value = true)]
    dir: PathBuf,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Done {
    for (name, _) in STARTER {
        let path = target(&args.dir, name);
        if fs::symlink_metadata(&path).is_ok() {
            let text = format!("{} exists already; nothing was written", files::shown(&path));
            return Err(Problem::file(text).help("choose another folder: `polc init FOLDER`"));
        }
    }
    for (name, text) in STARTER {
        let path = target(&args.dir, name);
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(|error| {
                Problem::file(format!("cannot make {}: {}", files::shown(folder), files::reason(&error)))
            })?;
        }
        files::write(&path, text.as_bytes())?;
        let word = terminal.out.ink(Ink::Green, "wrote");
        terminal.out.line(format_args!("{word} {}", one_line(&files::shown(&path))));
    }
    let there = match args.dir == Path::new(".") {
        true => String::new(),
        false => format!("cd {} && ", one_line(&files::shown(&args.dir))),
    };
    terminal.out.line(format_args!(
        "\nNext: `{there}polc test` replays the recording. Then change a rule in desk.agentpol\n\
         and run it again: it shows which decisions change, and why."
    ));
    Ok(Exit::Success)
}

fn target(folder: &Path, name: &str) -> PathBuf {
    if folder == Path::new(".") { PathBuf::from(name) } else { folder.join(name) }
}
