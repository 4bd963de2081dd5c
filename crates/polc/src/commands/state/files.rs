//! `polc state init` and `polc state install`.

use std::path::PathBuf;

use agentpol::Before;
use clap::ValueEnum;
use serde_json::json;

use crate::args::Format;
use crate::escape::one_line;
use crate::exit::{Done, Exit};
use crate::files;
use crate::memory::Memory;
use crate::program::Source;
use crate::terminal::{Ink, Terminal};

/// Make a state file in which nothing has happened
///
/// The file gets a random key of its own: digests of approvals are worth no more than the file is kept to itself.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  polc state init desk.state
  polc state init desk.state --policy policies/

Exit codes: 0 made, 3 the policy has errors, 4 the file could not be made")]
pub(crate) struct Init {
    /// The file to make
    file: PathBuf,
    #[command(flatten)]
    source: Source,
    /// How the answer is shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// Let a state file keep what a changed policy asks about
///
/// What an earlier policy asked about and this one asks about too keeps its history. What is new is kept from now on;
/// of the time before, nothing is known, and what is not known restricts. What only the earlier policy asked about is
/// forgotten.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  polc state install desk.state
  polc state install desk.state --program desk.apc --before empty

Exit codes: 0 installed, 3 the policy has errors, 4 the file cannot be used")]
pub(crate) struct Install {
    /// The state file
    file: PathBuf,
    #[command(flatten)]
    source: Source,
    /// What is known of the time before: `unknown`, or `empty` where there surely were no calls
    #[arg(long, value_enum, default_value_t, value_name = "WHAT", hide_possible_values = true)]
    before: Known,
    /// How the answer is shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// What is known of the time before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Known {
    #[default]
    Unknown,
    Empty,
}

pub(super) fn init(args: &Init, terminal: &mut Terminal) -> Done {
    let asked = args.source.load(terminal)?;
    let memory = Memory::create(&args.file, &asked.program)?;
    say(args.format, "made", &memory, terminal);
    Ok(Exit::Success)
}

pub(super) fn install(args: &Install, terminal: &mut Terminal) -> Done {
    let asked = args.source.load(terminal)?;
    let before = match args.before {
        Known::Unknown => Before::Unknown,
        Known::Empty => Before::Empty,
    };
    let memory = Memory::install(&args.file, &asked.program, before)?;
    say(args.format, "installed", &memory, terminal);
    Ok(Exit::Success)
}

fn say(format: Format, word: &str, memory: &Memory, terminal: &mut Terminal) {
    let file = files::shown(memory.store().path());
    match format {
        Format::Json => terminal.out.line(json!({ "version": 1, word: file })),
        Format::Text => {
            let word = terminal.out.ink(Ink::Green, word);
            terminal.out.line(format_args!("{word} {}", one_line(&file)));
        }
    }
}
