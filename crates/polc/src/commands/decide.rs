//! `polc decide`: one request and one decision; with a state file, requests and events in a row.

use std::path::{Path, PathBuf};

use agentpol::{Code, Decision, Program, Told};
use serde::de::IgnoredAny;
use serde_json::json;

use crate::args::Format;
use crate::exit::{Done, Exit, Problem};
use crate::memory::{Memory, NotDone};
pub(super) use crate::program::read as read_program;
use crate::program::{Asked, Source};
use crate::reasons;
use crate::terminal::{Ink, Terminal};
use crate::wording::counted;
use crate::{escape, events, files, hints, history};

/// The largest file that is read as a request. Larger ones are denied by the evaluator, which needs one byte to see it.
const REQUEST_LIMIT: usize = 8 << 20;
/// The largest file of requests and events, in bytes.
const LINES_LIMIT: usize = 1 << 30;

/// Decide requests
///
/// As text: what was decided, by which rules, and for each other rule that speaks of this agent and tool the clauses
/// that were false or not known. As JSON: the decision as a service records it. Nothing is run, and without a state
/// file nothing is kept.
///
/// With `--state` decisions rest on what happened before, and are remembered. Requests and events (`open`, `observe`,
/// `release`, `approve`, ...) are read as JSON Lines, in order; for each there is one line of answer.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  polc decide request.json
  polc decide --policy policies/ request.json
  polc decide --program desk.apc --format json < request.json
  polc state init desk.state && polc decide --state desk.state day.jsonl

The request is described in docs/reference/requests.md. A small one:
  {\"at\": \"2026-03-02T15:00:00Z\", \"agent\": \"support_bot\", \"user\": \"none\",
   \"tool\": \"search\", \"args\": {\"query\": \"late parcel\"}}
Events are described in docs/reference/state.md. A small one:
  {\"open\": {\"session\": \"s1\", \"agent\": \"support_bot\", \"user\": \"none\",
   \"at\": \"2026-03-02T15:00:00Z\"}}

Exit codes: 0 allowed (with --state: all allowed, all events taken), 1 not
allowed, 3 the policy has errors, 4 a file could not be read")]
pub(crate) struct Args {
    /// The request, JSON; - or nothing for standard input. With --state any number of files of JSON Lines
    #[arg(default_value = "-", hide_default_value = true)]
    request: Vec<PathBuf>,
    #[command(flatten)]
    source: Source,
    /// Decide with the memory in this file, made by `polc state init`
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// How decisions are shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Done {
    match (&args.state, args.request.as_slice()) {
        (None, [_, _, ..]) => {
            Err(Problem::usage("one request at a time").help("with `--state FILE` any number are decided in order"))
        }
        (None, _) => one(args, terminal),
        (Some(path), _) => {
            let asked = args.source.load(terminal)?;
            let memory = Memory::open(path, &asked.program)?;
            in_order(args, &asked, &memory, terminal)
        }
    }
}

fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Problem> {
    let bytes = if files::is_stdin(path) { files::read_stdin(limit) } else { files::read(path, limit) };
    bytes.map_err(|error| files::unreadable(path, &error))
}

/// One request, without memory.
fn one(args: &Args, terminal: &mut Terminal) -> Done {
    let asked = args.source.load(terminal)?;
    let program = &asked.program;
    let bytes = match args.request.first() {
        Some(path) => read(path, REQUEST_LIMIT)?,
        None => Vec::new(),
    };
    let mut scratch = asked.scratch();
    scratch.record(true);
    let decision = agentpol::decide(program, &bytes, &mut scratch);
    match args.format {
        Format::Json => terminal.out.line(decision.for_operator(program)),
        Format::Text => {
            let hint = hints::hint(program, &decision, &bytes, hints::Memory::None);
            let missing = || history::missing(program, &decision, &scratch).filter(|_| !decision.permits());
            let hint = hint.or_else(|| missing().map(str::to_owned));
            reasons::show(program, &decision, &scratch, hint.as_deref(), &mut terminal.out);
        }
    }
    // Only an allow is a success: `polc decide && do-it` does nothing on any other answer.
    Ok(if decision.permits() { Exit::Success } else { Exit::Failed })
}

/// Requests and events, each with the memory of those before it.
fn in_order(args: &Args, asked: &Asked, memory: &Memory, terminal: &mut Terminal) -> Done {
    let program = &asked.program;
    let mut scratch = asked.scratch();
    let mut exit = Exit::Success;
    for path in &args.request {
        let bytes = read(path, LINES_LIMIT)?;
        for (line, item) in items(&bytes) {
            let place = line.map(|line| format!("{}:{line}", files::shown(path)));
            let done = match events::called(item) {
                Some(word) => {
                    let told = memory.tell(program, &mut scratch, item);
                    let help = told.as_ref().err().and_then(|error| error.help(program, memory, item));
                    let strange = scratch.not_as_declared(program);
                    let (help, strange) = (help.as_deref(), strange.as_deref());
                    let about = About { word, place: place.as_deref(), help, strange };
                    tell(args.format, &about, told, terminal)?
                }
                None => {
                    let decision = memory.decide(program, &mut scratch, item)?;
                    let about = (item, place.as_deref());
                    show(args.format, (program, memory), &decision, about, terminal);
                    decision.permits()
                }
            };
            // Whoever reads the answers one by one goes on at once.
            terminal.out.flush();
            if !done {
                exit = Exit::Failed;
            }
        }
    }
    Ok(exit)
}

/// The requests and events of a file: its one JSON value, or its lines with their numbers.
fn items(bytes: &[u8]) -> Vec<(Option<usize>, &[u8])> {
    if serde_json::from_slice::<IgnoredAny>(bytes).is_ok() {
        return vec![(None, bytes)];
    }
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    let written = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    written.map(|(at, line)| (Some(at + 1), line)).collect()
}

/// Shows a decision with its reasons, or the operator's record of it.
fn show(
    format: Format,
    (program, memory): (&Program, &Memory),
    decision: &Decision,
    (request, place): (&[u8], Option<&str>),
    terminal: &mut Terminal,
) {
    let page = &mut terminal.out;
    if format == Format::Json {
        page.line(decision.for_operator(program));
        return;
    }
    let mut hint = hints::hint(program, decision, request, hints::Memory::Kept);
    if decision.code() == Code::SessionMismatch {
        let owner = hints::session(request).and_then(|session| memory.owner(&session));
        hint = Some([owner, hint].into_iter().flatten().collect::<Vec<_>>().join("; "));
    }
    reasons::outcome(program, decision, page);
    reasons::brief(program, decision, hint.as_deref(), page);
    if let Some(place) = place.filter(|_| !decision.permits()) {
        page.line(format_args!("  line      {}", escape::one_line(place)));
    }
}

/// An event that was told.
pub(super) struct About<'a> {
    /// What it is called.
    pub(super) word: &'a str,
    /// The file and line that it stands in, where it is one of several.
    pub(super) place: Option<&'a str>,
    /// What to do where it was refused.
    pub(super) help: Option<&'a str>,
    /// Where an answer is not as its tool declares it, as a JSON Pointer.
    pub(super) strange: Option<&'a str>,
}

/// Shows what became of an event, and says whether it was taken.
pub(super) fn tell(
    format: Format,
    about: &About<'_>,
    told: Result<Told, NotDone>,
    terminal: &mut Terminal,
) -> Result<bool, Problem> {
    let (page, word) = (&mut terminal.out, about.word);
    match (told, format) {
        (Ok(told), Format::Json) => page.line(match told {
            Told::Observed { as_declared: false } => {
                json!({ "taken": word, "as_declared": false, "not_as_declared": about.strange })
            }
            Told::Observed { .. } => json!({ "taken": word, "as_declared": true }),
            Told::Approved { missing } => json!({ "taken": word, "missing": missing }),
            _ => json!({ "taken": word }),
        }),
        (Ok(told), Format::Text) => {
            let taken = page.ink(Ink::Green, "taken");
            let more = match told {
                Told::Observed { as_declared: false } => match about.strange {
                    Some("") | None => ": the answer is not as its tool declares it".to_owned(),
                    Some(place) => {
                        format!(": the answer is not as its tool declares it, at {}", escape::one_line(place))
                    }
                },
                Told::Approved { missing: 0 } => ": the call may be made again".to_owned(),
                Told::Approved { missing } => format!(": {} must agree", counted(missing as usize, "more person")),
                _ => String::new(),
            };
            page.line(format_args!("{taken}, {word}{more}"));
        }
        (Err(NotDone::Broken(problem)), _) => return Err(problem),
        (Err(NotDone::Refused(refusal)), format) => {
            let (code, title) = (refusal.as_str(), refusal.title());
            if format == Format::Json {
                page.line(json!({ "refused": code, "event": word, "title": title, "help": about.help }));
            } else {
                let refused = page.ink(Ink::Red, "refused");
                page.line(format_args!("{refused}, {code}: {}", escape::one_line(title)));
                if let Some(help) = about.help {
                    page.line(format_args!("  help      {}", reasons::hanging(help)));
                }
                if let Some(place) = about.place {
                    page.line(format_args!("  line      {}", escape::one_line(place)));
                }
            }
            return Ok(false);
        }
    }
    Ok(true)
}
