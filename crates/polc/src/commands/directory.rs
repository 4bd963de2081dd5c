//! `polc directory`: users, groups, agents and resources, from their sources to one file.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use agentpol::{Bound, Directory, Finding, Program};
use agentpol_directory::{Built, UserKey};

use crate::commands::decide::read_program;
use crate::exit::{Done, Exit, Problem};
use crate::terminal::{Ink, Terminal};
use crate::wording::{counted, grouped};
use crate::{directory, files, policy, project};

/// Make the directory that policies look users and resources up in
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Build(Build),
    Check(Check),
}

/// Read the sources and write one file
///
/// Sources are SCIM 2.0 users and groups (a list response, a list, or single resources) and JSON Lines of users, groups,
/// agents and resources; docs/reference/directory.md describes both.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  polc directory build people.jsonl -o people.dir
  polc directory build scim-users.json scim-groups.json documents.jsonl -o all.dir

Exit codes: 0 written, 4 a source could not be read or is malformed")]
pub(crate) struct Build {
    #[command(flatten)]
    sources: Sources,
    /// The directory to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Read the sources and say what is in them, and what a policy misses
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  polc directory check people.jsonl
  polc directory check people.dir --policy policies/

Exit codes: 0 sound, 1 the policy and the directory do not agree, 3 the policy
has errors, 4 a source could not be read or is malformed")]
pub(crate) struct Check {
    #[command(flatten)]
    sources: Sources,
    /// Policy files, folders of them, or a folder with an agentpol.toml
    #[arg(long, value_name = "PATH", num_args = 1, conflicts_with = "program")]
    policy: Vec<PathBuf>,
    /// A program made by `polc build`
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct Sources {
    /// SCIM or JSON Lines files; - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The member of a SCIM user that requests name: userName, id or externalId
    #[arg(long, value_enum, default_value_t, value_name = "MEMBER", hide_possible_values = true)]
    users_by: Key,
    /// When the sources were taken, where they do not say [default: now]
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
}

/// The member of a SCIM user that requests name.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Key {
    #[default]
    #[value(name = "userName")]
    UserName,
    #[value(name = "id")]
    Id,
    #[value(name = "externalId")]
    ExternalId,
}

pub(crate) fn run(command: &Command, terminal: &mut Terminal) -> Done {
    match command {
        Command::Build(args) => build(args, terminal),
        Command::Check(args) => check(args, terminal),
    }
}

fn build(args: &Build, terminal: &mut Terminal) -> Done {
    let built = read(&args.sources)?;
    files::write(&args.output, &built.bytes)?;
    let word = terminal.out.ink(Ink::Green, "built");
    let size = grouped(built.bytes.len());
    terminal.out.line(format_args!("{word} {}, {size} bytes", files::shown(&args.output)));
    let directory = loaded(&built.bytes)?;
    contents(&directory, terminal);
    Ok(Exit::Success)
}

fn check(args: &Check, terminal: &mut Terminal) -> Done {
    let program = program(args, terminal)?;
    let directory = match directory::load_built(&args.sources.files)? {
        Some(directory) => directory,
        None => loaded(&read(&args.sources)?.bytes)?.into(),
    };
    contents(&directory, terminal);
    let Some(program) = program else { return Ok(Exit::Success) };
    let bound = Bound::new(directory, &program);
    for finding in bound.findings() {
        terminal.out.line(format_args!("{} {}", terminal.out.ink(Ink::Yellow, "warning:"), said(finding)));
    }
    Ok(if bound.findings().is_empty() { Exit::Success } else { Exit::Failed })
}

fn program(args: &Check, terminal: &mut Terminal) -> Result<Option<Program>, Problem> {
    if let Some(path) = &args.program {
        return read_program(path).map(Some);
    }
    if args.policy.is_empty() {
        return Ok(None);
    }
    let project = project::find_one(&args.policy)?;
    let built = policy::program(&project, terminal)?;
    policy::load_program(&built.bytes, &project.name).map(Some)
}

fn read(sources: &Sources) -> Result<Built, Problem> {
    let key = match sources.users_by {
        Key::UserName => UserKey::UserName,
        Key::Id => UserKey::Id,
        Key::ExternalId => UserKey::ExternalId,
    };
    let as_of = match &sources.as_of {
        None => Some(now()),
        Some(text) => Some(agentpol_directory::time(text).ok_or_else(|| {
            Problem::usage(format!("`{text}` is no time")).help("write one such as `2026-03-02T15:00:00Z`")
        })?),
    };
    directory::build(&sources.files, key, as_of)
}

fn loaded(bytes: &[u8]) -> Result<Directory, Problem> {
    Directory::load(bytes).map_err(|error| Problem::file(format!("the directory that was made is not sound: {error}")))
}

fn contents(directory: &Directory, terminal: &mut Terminal) {
    let tables = directory.tables();
    let resources: usize = tables.kinds.iter().map(|kind| kind.resources.len()).sum();
    let inactive = tables.users.iter().filter(|user| !user.active).count();
    let out = &mut terminal.out;
    out.line(format_args!("  {}, {} inactive", counted(tables.users.len(), "user"), grouped(inactive)));
    out.line(format_args!("  {}", counted(tables.groups.len(), "group")));
    if !tables.agents.is_empty() {
        let suspended = tables.agents.iter().filter(|agent| agent.suspended).count();
        let entries = grouped(tables.agents.len());
        out.line(format_args!("  {entries} said of agents, {} suspended", grouped(suspended)));
    }
    out.line(format_args!("  {} of {}", counted(resources, "resource"), counted(tables.kinds.len(), "type")));
    match directory.as_of() {
        None => out.line("  nobody says when it was taken"),
        Some(as_of) => out.line(format_args!("  taken {}", agentpol_directory::written(as_of))),
    }
}

/// Says a finding in words.
fn said(finding: &Finding) -> String {
    match finding {
        Finding::UnboundGroup { group } => {
            format!("the directory has no group `{group}`: who is in it is not known")
        }
        Finding::IllTyped { kind, id, attribute } => {
            let kind = kind.as_deref().unwrap_or("user");
            format!("`{attribute}` of {kind} {id:?} is not of its declared type, and so not known")
        }
        Finding::UnknownAgent { agent } => format!("the policy has no agent `{agent}`"),
        Finding::UnknownMembers { agent } => {
            format!("what is said of members of `{agent}` does not name its attributes: it counts for all of them")
        }
        _ => "the directory and the policy do not agree".to_owned(),
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
