//! `polc decide`: one request, one decision.

use std::path::PathBuf;

use agentpol::{Program, Scratch};

use crate::args::Format;
use crate::exit::{Done, Exit, Problem};
use crate::reasons;
use crate::terminal::Terminal;
use crate::{directory, files, hints, policy, project};

/// The largest file that is read as a request. Larger ones are denied by the evaluator, which needs one byte to see it.
const REQUEST_LIMIT: usize = 8 << 20;
/// The largest program that is read, in bytes.
pub(super) const PROGRAM_LIMIT: usize = 1 << 30;

/// Decide one request
///
/// As text: what was decided, by which rules, and for each other rule that speaks of this agent and tool the clauses
/// that were false or not known. As JSON: the decision as a service records it. Nothing is run and nothing is kept.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  polc decide request.json
  polc decide --policy policies/ request.json
  polc decide --program desk.apc --format json < request.json

The request is described in docs/reference/requests.md. A small one:
  {\"at\": \"2026-03-02T15:00:00Z\", \"agent\": \"support_bot\", \"user\": \"none\",
   \"tool\": \"search\", \"args\": {\"query\": \"late parcel\"}}

Exit codes: 0 allowed, 1 not allowed, 3 the policy has errors, 4 a file could
not be read")]
pub(crate) struct Args {
    /// The request, JSON; - or nothing for standard input
    #[arg(default_value = "-", hide_default_value = true)]
    request: PathBuf,
    /// Policy files, folders of them, or a folder with an agentpol.toml
    #[arg(long, value_name = "PATH", num_args = 1, conflicts_with = "program")]
    policy: Vec<PathBuf>,
    /// A program made by `polc build`
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Where users and resources are looked up: a built directory, or its sources
    #[arg(long, value_name = "FILE", num_args = 1)]
    directory: Vec<PathBuf>,
    /// How the decision is shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Done {
    let (program, of_project) = program(args, terminal)?;
    let directory = if args.directory.is_empty() { of_project } else { args.directory.clone() };
    let directory = directory::bind(&directory, &program)?;
    let bytes = match files::is_stdin(&args.request) {
        true => files::read_stdin(REQUEST_LIMIT),
        false => files::read(&args.request, REQUEST_LIMIT),
    };
    let bytes = bytes.map_err(|error| files::unreadable(&args.request, &error))?;
    let mut scratch = Scratch::new(&program);
    scratch.record(true);
    scratch.use_directory(directory);
    let decision = agentpol::decide(&program, &bytes, &mut scratch);
    match args.format {
        Format::Json => terminal.out.line(decision.for_operator(&program)),
        Format::Text => {
            let hint = hints::hint(&program, &decision, &bytes);
            reasons::show(&program, &decision, &scratch, hint.as_deref(), &mut terminal.out);
        }
    }
    // Only an allow is a success: `polc decide && do-it` does nothing on any other answer.
    Ok(if decision.permits() { Exit::Success } else { Exit::Failed })
}

/// Returns the program, and the directory that its project names.
fn program(args: &Args, terminal: &mut Terminal) -> Result<(Program, Vec<PathBuf>), Problem> {
    if let Some(path) = &args.program {
        return Ok((read_program(path)?, Vec::new()));
    }
    let project = project::find_one(&args.policy)?;
    let built = policy::program(&project, terminal)?;
    Ok((policy::load_program(&built.bytes, &project.name)?, project.directory))
}

/// Reads and verifies a program.
pub(super) fn read_program(path: &std::path::Path) -> Result<Program, Problem> {
    let bytes = files::read(path, PROGRAM_LIMIT).map_err(|error| files::unreadable(path, &error))?;
    policy::load_program(&bytes, &files::shown(path))
}
