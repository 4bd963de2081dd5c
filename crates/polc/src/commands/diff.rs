//! `polc diff`: what a change of policies changes, over what agents really asked for.

use std::path::{Path, PathBuf};

use agentpol_replay::diff::{Acceptance, Accepted, Changes, Comparison, Date, Stale};
use clap::ValueEnum;
use serde_json::{Value, json};

use crate::exit::{Done, Exit, Problem};
use crate::files;
use crate::git;
use crate::policy;
use crate::project;
use crate::recordings::Progress;
use crate::report::changes;
use crate::report::markdown;
use crate::side::{self, Loaded, Named};
use crate::terminal::Terminal;

/// The name of the file of accepted changes.
const ACCEPTED: &str = "agentpol.accepted.jsonl";
/// The largest such file that is read, in bytes.
const ACCEPTED_LIMIT: usize = 64 << 20;

/// Say what a change of policies changes
///
/// Replays recordings with two policies and says which calls they decide otherwise: what is newly allowed, what is
/// newly denied, and why, with the first example, the rules on both sides, the earlier calls it takes, and a test that
/// passes with NEW and fails with OLD. Both see the history that was recorded. What lets more through fails until
/// somebody accepts it. No tool is ever run.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  polc diff HEAD~1                       what was changed since then
  polc diff main:policies/desk policies/desk
  polc diff old.apc new.apc --recording calls.jsonl
  polc diff main --accept --why \"refunds up to 500 agreed in March\"
  polc diff main --format markdown       for a comment on a pull request

OLD and NEW are folders or files of policies, folders with an agentpol.toml,
programs made by `polc build`, or git revisions. Without NEW it is the project
here. The recordings are those of NEW's agentpol.toml.

Exit codes: 0 nothing that fails, 1 more gets through and nobody accepted it,
3 a policy has errors, 4 a file could not be read or is malformed")]
pub(crate) struct Args {
    /// What it was: a path, a built program, or a git revision such as HEAD~1 or main:policies/desk
    old: String,
    /// What it is now; the project here where it is left out
    new: Option<String>,
    /// Replay these recordings instead
    #[arg(long, value_name = "PATH", num_args = 1)]
    recording: Vec<PathBuf>,
    /// Fail for what lets less through, too
    #[arg(long)]
    strict: bool,
    /// Accept what fails: write it into the file of accepted changes
    #[arg(long, requires = "why")]
    accept: bool,
    /// Why it is accepted
    #[arg(long, value_name = "TEXT", requires = "accept")]
    why: Option<String>,
    /// Who accepts it; the name that git has where it is left out
    #[arg(long, value_name = "NAME", requires = "accept")]
    who: Option<String>,
    /// The last day on which it is accepted
    #[arg(long, value_name = "DATE", requires = "accept")]
    until: Option<String>,
    /// The file of accepted changes; agentpol.accepted.jsonl beside NEW's agentpol.toml where it is left out
    #[arg(long, value_name = "FILE")]
    accepted: Option<PathBuf>,
    /// How the result is shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// How the result is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: one JSON document on standard output
    Json,
    /// For a comment on a pull request
    Markdown,
}

/// What came of one project.
pub(crate) struct Compared {
    /// The newer side as shown to people.
    pub(crate) new: String,
    /// The older side; nothing where it has no policies there.
    pub(crate) old: Option<String>,
    /// What changed.
    pub(crate) changes: Option<Changes>,
    /// Lines of the file of accepted changes that count no more, or that nothing needed.
    pub(crate) stale: Vec<Stale>,
    /// The file of accepted changes.
    pub(crate) accepted_file: PathBuf,
    /// How many changes were accepted just now.
    pub(crate) accepted_now: usize,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Done {
    let acceptance = acceptance(args)?;
    let old = side::named(&args.old)?;
    let new = args.new.as_deref().map(side::named).transpose()?;
    let mut newer = side::newer(new.as_ref(), terminal)?;
    if newer.len() > 1 && (!args.recording.is_empty() || args.accepted.is_some() || matches!(old, Named::Program(_))) {
        let problem = Problem::usage(format!("these are {} projects, and this needs one", newer.len()));
        return Err(problem.help("name the folder of one of them"));
    }
    let root = root(new.as_ref());
    let mut progress = Progress::new(terminal.is_watched() && args.format == Format::Text);
    let mut found = Vec::new();
    for one in &mut newer {
        if !args.recording.is_empty() {
            one.take_recordings(&args.recording)?;
        }
        let older = side::older(&old, one, &root, terminal)?;
        found.push(compare(args, older.as_ref(), one, acceptance.as_ref(), &mut progress)?);
    }
    progress.finish();
    if found.iter().all(|one| one.changes.is_none()) {
        let problem = Problem::file(format!("`{}` has no policies to compare with", args.old));
        return Err(problem.help(format!("say where they were: `{}:FOLDER`, or name a folder", args.old)));
    }
    match args.format {
        Format::Text => changes::write(&found, args.strict, &mut terminal.out),
        Format::Json => terminal.out.line(document(&found, args.strict)),
        Format::Markdown => terminal.out.text(markdown::changes(&found, args.strict)),
    }
    let all = || found.iter().filter_map(|one| one.changes.as_ref());
    Ok(match () {
        () if all().any(Changes::malformed) => Exit::File,
        () if all().any(|changes| changes.fails(args.strict)) => Exit::Failed,
        () => Exit::Success,
    })
}

/// Where the projects of the newer side lie.
fn root(new: Option<&Named>) -> PathBuf {
    match new {
        Some(Named::Path(path)) if path.is_file() => path.parent().map(Path::to_owned).unwrap_or_default(),
        Some(Named::Path(path)) => path.clone(),
        _ => files::manifest_above().and_then(|manifest| Some(manifest.parent()?.to_owned())).unwrap_or_default(),
    }
}

/// Who accepts, and why; nothing where nothing is to be accepted.
fn acceptance(args: &Args) -> Result<Option<Acceptance>, Problem> {
    let Some(why) = args.why.clone().filter(|_| args.accept) else { return Ok(None) };
    if why.trim().is_empty() {
        return Err(Problem::usage("nothing is said about why the changes are accepted").help("write `--why \"...\"`"));
    }
    let until = args.until.clone();
    if let Some(date) = until.as_deref().filter(|date| Date::parse(date).is_none()) {
        return Err(Problem::usage(format!("`{date}` is no date")).help("write it as `2026-12-31`"));
    }
    let who = args.who.clone().or_else(git::user_name).filter(|who| !who.trim().is_empty());
    let who = who.ok_or_else(|| Problem::usage("nothing says who accepts the changes").help("write `--who NAME`"))?;
    Ok(Some(Acceptance { who, why, until }))
}

/// Compares one project.
fn compare(
    args: &Args,
    old: Option<&Loaded>,
    new: &Loaded,
    acceptance: Option<&Acceptance>,
    progress: &mut Progress,
) -> Result<Compared, Problem> {
    let beside = || new.place.as_deref().filter(|place| place.is_dir()).unwrap_or(Path::new("")).join(ACCEPTED);
    let accepted_file = args.accepted.clone().unwrap_or_else(beside);
    let name = new.name.clone();
    let mut compared =
        Compared { new: name, old: None, changes: None, stale: Vec::new(), accepted_file, accepted_now: 0 };
    let Some(old) = old else { return Ok(compared) };
    let mut found = replay(old, new, progress)?;
    let file = &compared.accepted_file;
    let mut accepted = accepted(file)?;
    accepted.apply(&mut found);
    if let Some(acceptance) = acceptance.filter(|_| found.fails(args.strict)) {
        let (text, count) = accepted.accept(&found, args.strict, acceptance);
        files::write(file, text.as_bytes())?;
        compared.accepted_now = count;
        accepted = self::accepted(file)?;
        accepted.apply(&mut found);
    }
    compared.stale = accepted.stale();
    compared.old = Some(old.name.clone());
    compared.changes = Some(found);
    Ok(compared)
}

fn replay(old: &Loaded, new: &Loaded, progress: &mut Progress) -> Result<Changes, Problem> {
    let mut comparison = Comparison::new(old.side(new)?, new.side(old)?);
    let mut read = Vec::new();
    for (entry, sources) in &new.recordings {
        if sources.is_empty() {
            comparison.unread(&format!("{}:{}", new.name, entry.line), format!("no recording at `{}`", entry.path));
        }
        for source in sources {
            let name = source.name();
            match source.open(progress) {
                Ok(reader) => read.push((comparison.recording(&name, reader, entry), entry, source)),
                Err(error) => comparison.unread(&name, format!("cannot be read: {}", files::reason(&error))),
            }
        }
    }
    for (number, entry, source) in read {
        if comparison.wants(number)
            && let Ok(reader) = source.open(progress)
        {
            comparison.example(number, &source.name(), reader, entry);
        }
    }
    let mut changes = comparison.finish();
    for test in changes.groups.iter_mut().filter_map(|group| group.first.as_mut()?.test.as_mut()) {
        test.text = policy::format_generated(&test.text);
    }
    Ok(changes)
}

/// Reads the file of accepted changes; one that is not there accepts nothing.
fn accepted(file: &Path) -> Result<Accepted, Problem> {
    let text = match file.exists() {
        true => files::read_text(file, ACCEPTED_LIMIT)?,
        false => String::new(),
    };
    Accepted::parse(&text, project::today().map(Date::from_days)).map_err(|errors| {
        let name = files::shown(file);
        let lines: Vec<String> =
            errors.iter().map(|error| format!("{name}:{}: {}", error.line, error.message)).collect();
        Problem::file(lines.join("\n"))
    })
}

/// Everything as one JSON document.
fn document(found: &[Compared], strict: bool) -> Value {
    let status = |changes: Option<&Changes>| match changes {
        None => "not_compared",
        Some(changes) if changes.malformed() => "malformed",
        Some(changes) if changes.fails(strict) => "failed",
        Some(_) => "passed",
    };
    let projects: Vec<Value> = found
        .iter()
        .map(|one| {
            let mut document = json!({
                "name": one.new,
                "old": one.old,
                "status": status(one.changes.as_ref()),
                "stale": one.stale,
                "accepted_now": one.accepted_now,
            });
            if let (Some(changes), Some(document)) = (&one.changes, document.as_object_mut())
                && let Ok(Value::Object(fields)) = serde_json::to_value(changes)
            {
                document.extend(fields);
            }
            document
        })
        .collect();
    let all = ["malformed", "failed", "passed"];
    let overall = all.into_iter().find(|status| projects.iter().any(|one| one["status"] == *status));
    json!({ "version": 1, "status": overall, "projects": projects })
}
