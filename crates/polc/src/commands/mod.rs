//! The subcommands, one module each.

pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod decide;
pub(crate) mod diff;
pub(crate) mod directory;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod forecast;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod inspect;
pub(crate) mod state;
pub(crate) mod test;

use crate::args::Command;
use crate::exit::Done;
use crate::terminal::Terminal;

/// Runs one.
pub(crate) fn run(command: &Command, terminal: &mut Terminal) -> Done {
    match command {
        Command::Init(args) => init::run(args, terminal),
        Command::Check(args) => check::run(args, terminal),
        Command::Fmt(args) => fmt::run(args, terminal),
        Command::Test(args) => test::run(args, terminal),
        Command::Diff(args) => diff::run(args, terminal),
        Command::Forecast(args) => forecast::run(args, terminal),
        Command::Decide(args) => decide::run(args, terminal),
        Command::State(command) => state::run(command, terminal),
        Command::Directory(command) => directory::run(command, terminal),
        Command::Build(args) => build::run(args, terminal),
        Command::Inspect(args) => inspect::run(args, terminal),
        Command::Explain(args) => explain::run(args, terminal),
        Command::Import(command) => import::run(command, terminal),
    }
}
