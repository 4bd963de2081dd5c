//! `polc state`: making state files, telling them what happened, and looking at them.

mod answer;
mod asked;
mod files;
mod session;
mod show;

use clap::Subcommand;

use crate::args::Format;
use crate::commands::decide;
use crate::exit::{Done, Exit, Problem};
use crate::memory::{Memory, NotDone, now};
use crate::program::Source;
use crate::terminal::Terminal;
use agentpol::Refusal;
use agentpol::bytecode::render::Time;
use serde_json::{Map, Value};
use std::path::Path;

/// Keep memory of earlier calls in a file
///
/// A state file holds what decisions rest on beside the request: sessions, calls and what became of them, limits,
/// approvals. `polc decide --state FILE` decides with it.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  polc state init desk.state
  polc state open desk.state s1 --agent support_bot --user ana
  polc decide --state desk.state request.json
  polc state observe desk.state s1 c1 --result '{\"order_id\": \"o-1\"}'
  polc state approve desk.state DIGEST --by bo --group finance_leads
  polc state show desk.state

`polc state COMMAND --help` shows more. docs/reference/state.md says what
each event means.")]
pub(crate) enum Command {
    Init(files::Init),
    Install(files::Install),
    Open(session::Open),
    Close(session::Close),
    Observe(session::Observe),
    Release(session::Release),
    Approve(answer::Approve),
    Reject(answer::Reject),
    Show(show::Args),
}

/// What every event is told with.
#[derive(Debug, clap::Args)]
pub(crate) struct Common {
    #[command(flatten)]
    source: Source,
    /// When it happened, such as 2026-03-02T15:00:00Z; now where it is left out
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// How the answer is shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

pub(crate) fn run(command: &Command, terminal: &mut Terminal) -> Done {
    match command {
        Command::Init(args) => files::init(args, terminal),
        Command::Install(args) => files::install(args, terminal),
        Command::Open(args) => session::open(args, terminal),
        Command::Close(args) => session::close(args, terminal),
        Command::Observe(args) => session::observe(args, terminal),
        Command::Release(args) => session::release(args, terminal),
        Command::Approve(args) => answer::approve(args, terminal),
        Command::Reject(args) => answer::reject(args, terminal),
        Command::Show(args) => show::run(args, terminal),
    }
}

/// Tells one event: its members without the time.
fn tell(
    file: &Path,
    word: &'static str,
    mut members: Map<String, Value>,
    common: &Common,
    terminal: &mut Terminal,
) -> Done {
    let asked = common.source.load(terminal)?;
    let memory = Memory::open(file, &asked.program)?;
    let at = common.at.clone().unwrap_or_else(|| Time(now()).to_string());
    members.insert("at".to_owned(), Value::String(at));
    let event = Value::Object(Map::from_iter([(word.to_owned(), Value::Object(members))]));
    let event = event.to_string();
    let mut scratch = asked.scratch();
    let told = memory.tell(&asked.program, &mut scratch, event.as_bytes());
    let help = told.as_ref().err().and_then(|error| error.help(&asked.program, &memory, event.as_bytes()));
    if matches!(told, Err(NotDone::Refused(Refusal::EventMalformed))) {
        // Every member comes from the command line.
        let text = help.unwrap_or_else(|| Refusal::EventMalformed.title().to_owned());
        return Err(Problem::usage(text).help(format!("`polc state {word} --help` shows an example")));
    }
    let strange = scratch.not_as_declared(&asked.program);
    let about = decide::About { word, place: None, help: help.as_deref(), strange: strange.as_deref() };
    Ok(if decide::tell(common.format, &about, told, terminal)? { Exit::Success } else { Exit::Failed })
}
