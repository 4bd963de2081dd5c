//! The agentpol command: what it is asked, what it answers, and how it ends.
//!
//! The only package that prints. Everything it knows comes from the libraries; here files are found and read, and
//! results become text or JSON.

mod apology;
mod args;
mod commands;
mod directory;
mod escape;
mod events;
mod exit;
mod files;
mod git;
mod glob;
mod hints;
mod history;
mod import;
mod markdown;
mod memory;
mod mutation;
mod policy;
mod program;
mod project;
mod reasons;
mod recordings;
mod render;
mod report;
mod revision;
mod side;
mod strict;
mod terminal;
mod types;
mod wording;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;
use crate::exit::Exit;
use crate::terminal::{Color, Terminal};

fn main() -> ExitCode {
    apology::install();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(answer) => return args::answer(&answer).into(),
    };
    let mut terminal = Terminal::open(cli.color);
    let mut exit = match commands::run(&cli.command, &mut terminal) {
        Ok(exit) => exit,
        Err(problem) => {
            terminal.out.flush();
            terminal.err.problem(&problem.text, problem.help.as_deref());
            problem.exit
        }
    };
    if let Some(error) = terminal.finish() {
        let mut again = Terminal::open(Color::Never);
        again.err.problem(&format!("cannot write to standard output: {}", files::reason(&error)), None);
        again.err.flush();
        exit = Exit::File;
    }
    exit.into()
}
