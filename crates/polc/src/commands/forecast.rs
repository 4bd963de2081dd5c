//! `polc forecast`: what a policy would ask of people and agents, told from recordings.

use std::collections::BTreeMap;
use std::path::PathBuf;

use agentpol_replay::{Forecast, History, Replay};
use serde_json::json;

use crate::args::Format;
use crate::directory;
use crate::exit::{Done, Exit, Problem};
use crate::policy;
use crate::project::{self, Project};
use crate::recordings::{self, Progress};
use crate::report::forecast as report;
use crate::terminal::Terminal;

/// Say what a policy would ask of people and agents
///
/// Replays the recordings that agentpol.toml names and counts what decides a roll-out: approvals for each task and for
/// each approver and day, calls that must wait, alerts, denials, and what each agent would meet in another phase. What
/// was recorded is taken for an ordinary time; no tool is ever run.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  polc forecast
  polc forecast policies/desk --approvers leads=3 --approvers finance=2
  polc forecast --closed-loop --format json

Exit codes: 0 there is a forecast, 1 there was nothing to tell it from,
3 the policy has errors, 4 a recording could not be read or is malformed")]
pub(crate) struct Args {
    /// Policy files, folders of them, or folders with an agentpol.toml
    paths: Vec<PathBuf>,
    /// How many persons of a group answer, to say what each of them is asked a day
    #[arg(long, value_name = "GROUP=NUMBER", value_parser = persons)]
    approvers: Vec<(String, u32)>,
    /// Let only what is allowed today enter the history of recordings, and not what really ran
    #[arg(long)]
    closed_loop: bool,
    /// How the result is shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// Reads `leads=3`.
fn persons(text: &str) -> Result<(String, u32), String> {
    let (group, number) = text.split_once('=').ok_or("write GROUP=NUMBER, such as leads=3")?;
    match number.parse() {
        Ok(0) | Err(_) => Err(format!("`{number}` is no number of persons")),
        Ok(number) => Ok((group.to_owned(), number)),
    }
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Done {
    let projects = project::find(&args.paths)?;
    let mut progress = Progress::new(terminal.is_watched() && args.format == Format::Text);
    let persons: BTreeMap<String, u32> = args.approvers.iter().cloned().collect();
    let mut all = Vec::new();
    let mut worst = Exit::Success;
    for project in &projects {
        let read = policy::read(project);
        if read.exit() != Exit::Success {
            read.show(&mut terminal.err);
            terminal.err.problem(&format!("{}: no forecast, the policy cannot be used", project.name), None);
            worst = read.exit();
            continue;
        }
        let Some(built) = &read.built else { continue };
        let forecast = forecast(project, &built.bytes, args, &mut progress)?;
        if !forecast.unread.is_empty() && worst == Exit::Success {
            worst = Exit::File;
        }
        all.push((project.name.clone(), forecast));
    }
    progress.finish();
    match args.format {
        Format::Json => {
            let projects: Vec<_> =
                all.iter().map(|(name, forecast)| json!({ "name": name, "forecast": forecast })).collect();
            terminal.out.line(json!({ "version": 1, "projects": projects }));
        }
        Format::Text => {
            all.iter().for_each(|(name, forecast)| report::show(name, forecast, &persons, &mut terminal.out));
        }
    }
    let told = all.iter().any(|(_, forecast)| forecast.decided > 0);
    Ok(if worst == Exit::Success && !told { Exit::Failed } else { worst })
}

fn forecast(project: &Project, bytes: &[u8], args: &Args, progress: &mut Progress) -> Result<Forecast, Problem> {
    let program = policy::load_program(bytes, &project.name)?;
    let directory = directory::bind(&project.directory, &program)?;
    let history = if args.closed_loop { History::ClosedLoop } else { History::AsRecorded };
    let mut replay = Replay::new(&program).with_directory(directory).with_history(history);
    let mut forecast = Forecast::default();
    for entry in &project.recordings {
        recordings::each(project, entry, progress, &mut |name, opened| match opened {
            Ok(reader) => replay.forecast(name, reader, entry, &mut forecast),
            Err(why) => forecast.unread.push(format!("{name}: {why}")),
        })?;
    }
    Ok(forecast)
}
