//! The command line.

use clap::error::ErrorKind;
use clap::{Parser, Subcommand, ValueEnum};

use crate::commands::{
    build, check, decide, diff, directory, explain, fmt, forecast, import, init, inspect, state, test,
};
use crate::exit::Exit;
use crate::terminal::Color;

/// Policy as code for what AI agents may do
///
/// Write in `.agentpol` files which agent may call which tool, for whom and with what arguments; check them, test them
/// against recorded actions, and build the program that a service asks for decisions.
#[derive(Debug, Parser)]
#[command(name = "polc", version, term_width = 80, subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "\
Start with `polc init`. `polc COMMAND --help` shows examples.

Exit codes:
  0  everything is as it should be
  1  a test or a replay failed, or there was none to run;
     `diff`: more gets through, and nobody accepted it
  2  the command line is wrong
  3  the policy has errors
  4  a file could not be read or written, or is malformed
  5  the tests reach or notice less than was asked for
  6  unknown: a property was neither proved nor refuted")]
pub(crate) struct Cli {
    /// When to use colours: auto, always or never
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", hide_possible_values = true)]
    pub(crate) color: Color,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(init::Args),
    Check(check::Args),
    Fmt(fmt::Args),
    Test(test::Args),
    Diff(diff::Args),
    Forecast(forecast::Args),
    Decide(decide::Args),
    #[command(subcommand)]
    State(state::Command),
    #[command(subcommand)]
    Directory(directory::Command),
    Build(build::Args),
    Inspect(inspect::Args),
    Explain(explain::Args),
    #[command(subcommand)]
    Import(import::Command),
}

/// How results are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: one JSON document on standard output
    Json,
}

/// Shows help, version or what is wrong with the command line.
pub(crate) fn answer(answer: &clap::Error) -> Exit {
    // A closed pipe loses the text and nothing else.
    let _ = answer.print();
    match answer.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Success,
        _ => Exit::Usage,
    }
}
