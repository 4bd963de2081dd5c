//! `polc test`: scenarios, tables and recordings against the policies as they are now.

use std::path::PathBuf;

use agentpol::{Built, Mark, compile_marked};
use agentpol_replay::{History, Replay, Report, Status};
use serde_json::{Value, json};

use crate::args::Format;
use crate::directory;
use crate::exit::{Done, Exit, Problem};
use crate::files;
use crate::mutation;
use crate::policy::{self, Read};
use crate::project::{self, Project};
use crate::recordings::{self, Progress};
use crate::report::{self, Found, formats};
use crate::terminal::{Ink, Terminal};

/// Replay recordings, run scenarios and check tables
///
/// Runs the `test`s of the policies, replays the recordings that agentpol.toml names, and compares every
/// decision with the golden one beside the recording (NAME.jsonl, NAME.decisions.jsonl) and with what the record itself
/// expects. No tool is ever run. What cannot be judged is counted and said.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  polc test
  polc test examples/filesystem-mcp
  polc test --bless        after a change that is meant: review the diff
  polc test --closed-loop  as if what is denied today had never run
  polc test --coverage     what of the policy the tests reach
  polc test --mutate       which changes to the policy no test notices
  polc test --report junit=junit.xml --report html=report.html --coverage
  polc test --format json

Exit codes: 0 all as expected, 1 something was not, or there was no test,
3 the policy has errors, 4 a file could not be read or is malformed,
5 the tests reach or notice less than --min-coverage or --min-mutation asks for")]
pub(crate) struct Args {
    /// Policy files, folders of them, or folders with an agentpol.toml
    paths: Vec<PathBuf>,
    /// Write golden decisions instead of comparing with them
    #[arg(long)]
    bless: bool,
    /// Let only what is allowed today enter the history of recordings, and not what really ran
    #[arg(long)]
    closed_loop: bool,
    /// Write a line of JSON for every call of the recordings: the decision, and all rules that stood in the way
    #[arg(long, value_name = "FILE")]
    decisions: Option<PathBuf>,
    /// Say what the tests reach of the policy: rules, clauses, conditions, and both sides of every `if`
    #[arg(long)]
    coverage: bool,
    /// Fail where the tests reach less than so many percent of each policy
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u64).range(0..=100))]
    min_coverage: Option<u64>,
    /// Try small changes to the policy, each of which some test should notice
    #[arg(long)]
    mutate: bool,
    /// Fail where the tests notice less than so many percent of the changes to each policy
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u64).range(0..=100))]
    min_mutation: Option<u64>,
    /// Work in so many threads; as many as there are processors where it is not given
    #[arg(long, short, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Also write a report to a file: junit, tap, sarif, github, gitlab, markdown, html, lcov or cobertura; `-` is standard
    /// output. Can be given several times
    #[arg(long, value_name = "FORMAT=FILE", value_parser = formats::parse)]
    report: Vec<formats::Wanted>,
    /// How the result is shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

impl Args {
    /// How many threads work.
    fn jobs(&self) -> usize {
        self.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
    }

    /// Whether it is measured what the tests reach.
    fn measures(&self) -> bool {
        self.coverage || self.min_coverage.is_some() || self.report.iter().any(|wanted| wanted.format.is_of_coverage())
    }
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Done {
    let projects = project::find(&args.paths).inspect_err(|problem| {
        if args.format == Format::Json && problem.exit == Exit::File {
            terminal.out.line(nothing_read(&problem.text));
        }
    })?;
    let mut progress = Progress::new(terminal.is_watched() && args.format == Format::Text);
    let mut found = Vec::new();
    let mut broken = Vec::new();
    let mut listed = String::new();
    for project in &projects {
        let read = policy::read(project);
        match replay(project, &read, args, &mut progress)? {
            Some((one, lines)) => {
                found.push(one);
                listed.push_str(&lines);
            }
            None => broken.push((project.name.clone(), read)),
        }
    }
    progress.finish();
    if let Some(path) = &args.decisions {
        files::write(path, listed.as_bytes())?;
    }
    let status = match merged(&found).status() {
        // What was written just now is compared from the next run on.
        Status::NoTests if found.iter().any(|one| !one.blessed.is_empty()) => Status::Passed,
        status => status,
    };
    formats::write(&args.report, &found, &broken, status, &mut terminal.out)?;
    let short = short(&found, args);
    match args.format {
        Format::Json => terminal.out.line(document(&found, &broken, status)),
        Format::Text => {
            for one in &found {
                report::project(one, &mut terminal.out);
            }
            if !found.is_empty() {
                report::total(&found, status, &mut terminal.out);
            }
            for one in &short {
                let failed = terminal.out.ink(Ink::Red, "failed");
                terminal.out.line(format_args!("{failed}: {one}"));
            }
            terminal.out.flush();
            for (name, read) in &broken {
                read.show(&mut terminal.err);
                terminal.err.problem(&format!("{name}: not tested, the policy cannot be used"), None);
            }
        }
    }
    Ok(match exit(&broken, status) {
        Exit::Success if !short.is_empty() => Exit::Coverage,
        exit => exit,
    })
}

/// The document where not even the project could be read.
fn nothing_read(why: &str) -> Value {
    json!({
        "version": 1, "status": "unusable", "totals": Report::default().totals(), "projects": [],
        "unusable": [{ "name": "", "unreadable": [why], "diagnostics": [] }],
    })
}

fn exit(broken: &[(String, Read)], status: Status) -> Exit {
    if let Some(exit) = broken.iter().map(|(_, read)| read.exit()).max_by_key(|exit| exit.number()) {
        return exit;
    }
    match status {
        Status::Passed => Exit::Success,
        Status::NoTests | Status::Failed => Exit::Failed,
        Status::Malformed => Exit::File,
    }
}

/// Runs what one project has, with the lines about its recordings; `None` where its policy cannot be used.
fn replay(
    project: &Project,
    read: &Read,
    args: &Args,
    progress: &mut Progress,
) -> Result<Option<(Found, String)>, Problem> {
    let Some(built) = read.built.as_ref().filter(|_| read.exit() == Exit::Success) else { return Ok(None) };
    let measured = args.measures();
    let (bytes, marks) = if measured { marked(project, built, read)? } else { (built.bytes.clone(), Vec::new()) };
    let program = policy::load_program(&bytes, &project.name)?;
    let directory = directory::bind(&project.directory, &program)?;
    let history = if args.closed_loop { History::ClosedLoop } else { History::AsRecorded };
    let mut replay = Replay::new(&program).with_directory(directory).with_history(history);
    if args.decisions.is_some() {
        replay = replay.with_listing();
    }
    if measured {
        replay = replay.with_coverage(&built.policy, &read.sources, &marks);
    }
    let mut found = Found {
        name: project.name.clone(),
        sources: read.sources.clone(),
        report: Report::default(),
        blessed: Vec::new(),
        coverage: None,
        tried: None,
    };
    found.report.scenarios = replay.scenarios(&built.policy, &read.sources);
    found.report.tables = replay.tables(&built.policy, &read.sources);
    for entry in &project.recordings {
        recordings::replay(project, entry, args.bless, &mut replay, progress, &mut found)?;
    }
    found.coverage = replay.coverage();
    if args.mutate || args.min_mutation.is_some() {
        progress.finish();
        found.tried = mutation::tried(project, read, history, args.jobs(), progress.is_watched())?;
    }
    let lines = replay.listed();
    Ok(Some((found, lines)))
}

/// The program that counts what is reached, and its marks.
fn marked(project: &Project, built: &Built, read: &Read) -> Result<(Vec<u8>, Vec<Mark>), Problem> {
    let made = compile_marked(&built.policy, &read.sources);
    let (compiled, marks) = made.map_err(|diagnostics| {
        let first = diagnostics.iter().next().map(|one| one.title.clone()).unwrap_or_default();
        Problem { exit: Exit::Policy, text: format!("{}: too large to be measured: {first}", project.name), help: None }
    })?;
    Ok((compiled.bytes, marks))
}

/// What falls short of a gate, in words.
fn short(found: &[Found], args: &Args) -> Vec<String> {
    let mut short = Vec::new();
    for one in found {
        let reached = one.coverage.as_ref().map(|coverage| coverage.shares(|_| true).all().percent());
        if let (Some(percent), Some(least)) = (reached, args.min_coverage)
            && percent < least
        {
            short.push(format!("{}: the tests reach {percent} %, less than {least} %", one.name));
        }
        let noticed = one.tried.as_ref().map(|tried| tried.mutations.percent());
        if let (Some(percent), Some(least)) = (noticed, args.min_mutation)
            && percent < least
        {
            short.push(format!("{}: the tests notice {percent} % of the changes, less than {least} %", one.name));
        }
    }
    short
}

/// Returns all reports as one.
fn merged(found: &[Found]) -> Report {
    let mut all = Report::default();
    for one in found {
        all.scenarios.extend(one.report.scenarios.iter().cloned());
        all.tables.extend(one.report.tables.iter().cloned());
        all.recordings.extend(one.report.recordings.iter().cloned());
    }
    all
}

/// Everything as one JSON document.
fn document(found: &[Found], broken: &[(String, Read)], status: Status) -> Value {
    let projects: Vec<Value> = found
        .iter()
        .map(|one| {
            json!({
                "name": one.name,
                "status": one.report.status(),
                "scenarios": one.report.scenarios,
                "tables": one.report.tables,
                "recordings": one.report.recordings,
                "coverage": one.coverage.as_ref().map(report::coverage_json),
                "mutation": one.tried.as_ref().map(report::mutation_json),
                "written": one.blessed.iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect::<Vec<_>>(),
            })
        })
        .collect();
    let unusable: Vec<Value> = broken
        .iter()
        .map(|(name, read)| {
            json!({
                "name": name,
                "unreadable": read.unreadable,
                "diagnostics": crate::render::diagnostics_json(&read.diagnostics, &read.sources),
            })
        })
        .collect();
    json!({
        "version": 1,
        "status": if broken.is_empty() { json!(status) } else { json!("unusable") },
        "totals": merged(found).totals(),
        "projects": projects,
        "unusable": unusable,
    })
}
