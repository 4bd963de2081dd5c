//! `polc build`: policies to a program.

use std::path::PathBuf;

use agentpol::Program;

use crate::escape::one_line;
use crate::exit::{Done, Exit};
use crate::terminal::{Ink, Terminal};
use crate::{files, policy, project};

/// Build the program that a service loads
///
/// The same policies give the same bytes on every machine. Warnings do not stand in the way, errors do.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  polc build -o desk.apc
  polc build policies/ -o desk.apc

Exit codes: 0 built, 3 the policy has errors, 4 a file could not be read or
written")]
pub(crate) struct Args {
    /// Policy files, folders of them, or a folder with an agentpol.toml
    paths: Vec<PathBuf>,
    /// The program to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Done {
    let project = project::find_one(&args.paths)?;
    let mut read = policy::read(&project);
    read.show(&mut terminal.err);
    let exit = read.exit();
    let Some(built) = read.built.take().filter(|_| exit == Exit::Success) else { return Ok(exit) };
    files::write(&args.output, &built.bytes)?;
    let word = terminal.out.ink(Ink::Green, "built");
    let size = crate::wording::grouped(built.bytes.len());
    terminal.out.line(format_args!("{word} {}, {size} bytes", one_line(&files::shown(&args.output))));
    if let Ok(program) = agentpol::load(&built.bytes) {
        state(&program, terminal);
    }
    Ok(Exit::Success)
}

/// The most bytes of state, where the policy remembers anything.
fn state(program: &Program, terminal: &mut Terminal) {
    let mut line = String::new();
    for (most, what) in program.ceiling().parts() {
        let most = crate::wording::grouped(usize::try_from(most).unwrap_or(usize::MAX));
        line += &match line.is_empty() {
            true => format!("state takes at most {most} bytes for {what}"),
            false => format!(", {most} for {what}"),
        };
    }
    if !line.is_empty() {
        terminal.out.line(line);
    }
}
