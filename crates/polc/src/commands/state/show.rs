//! `polc state show`: what a state file holds, and how much room it takes.

use std::path::PathBuf;

use agentpol::bytecode::render::Time;
use agentpol::{Described, DescribedAsk, DescribedCall, DescribedSession, Program};
use serde::Serialize;
use serde_json::{Value, json};

use super::asked::{Asked, AskedDocument};
use crate::args::Format;
use crate::escape::{json as escaped, one_line};
use crate::exit::{Done, Exit, Problem};
use crate::files;
use crate::memory::Memory;
use crate::program::Source;
use crate::terminal::{Ink, Page, Terminal};
use crate::wording::{counted, grouped};

/// Show what a state file holds
///
/// Sessions with their open calls, what is asked of persons, and the bytes that everything takes. Of what is asked the
/// digest that persons answer to, and the whole call that it stands for: read it before you answer. Nothing is changed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  polc state show desk.state
  polc state show desk.state --format json

Exit codes: 0 shown, 3 the policy has errors, 4 the file cannot be used")]
pub(crate) struct Args {
    /// The state file
    file: PathBuf,
    #[command(flatten)]
    source: Source,
    /// How it is shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// What was found, with how many bytes each takes.
#[derive(Default)]
struct Found {
    records: usize,
    bytes: usize,
    sessions: Vec<(DescribedSession, usize)>,
    asks: Vec<(DescribedAsk, usize)>,
    /// Records of agents and users: what they are about.
    parties: Vec<(String, usize)>,
    counters: (usize, usize),
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Done {
    let asked = args.source.load(terminal)?;
    let memory = Memory::open(&args.file, &asked.program)?;
    let found = find(&memory)?;
    let file = files::shown(&args.file);
    match args.format {
        Format::Json => {
            let document = serde_json::to_string(&document(&asked.program, &file, &found));
            let document = document.map_err(|error| Problem::file(format!("{file}: {error}")))?;
            terminal.out.line(escaped(&document));
        }
        Format::Text => show(&asked.program, &file, &found, &mut terminal.out),
    }
    Ok(Exit::Success)
}

fn find(memory: &Memory) -> Result<Found, Problem> {
    let mut found = Found::default();
    memory.each(&mut |described, bytes| {
        found.records += 1;
        found.bytes += bytes;
        match described {
            Described::Session(session) => found.sessions.push((session, bytes)),
            Described::Ask(ask) => found.asks.push((ask, bytes)),
            Described::Agent(id) => found.parties.push((format!("agent {id}"), bytes)),
            Described::User(Some(id)) => found.parties.push((format!("user {id}"), bytes)),
            Described::User(None) => found.parties.push(("nobody".to_owned(), bytes)),
            Described::Counter => found.counters = (found.counters.0 + 1, found.counters.1 + bytes),
            _ => {}
        }
    })?;
    found.asks.sort_by_key(|(ask, _)| (ask.asked_at, ask.digest));
    Ok(found)
}

fn show(program: &Program, file: &str, found: &Found, page: &mut Page) {
    let heading = page.ink(Ink::Bold, one_line(file));
    page.line(format_args!("{heading}  {}, {} bytes", counted(found.records, "record"), grouped(found.bytes)));
    for (session, bytes) in &found.sessions {
        let user = session.user.as_deref().unwrap_or("nobody");
        let (id, agent, user) = (one_line(&session.id), one_line(&session.agent), one_line(user));
        let closed = if session.closed { ", closed" } else { "" };
        page.line(format_args!("  session {id}  {agent} for {user}{closed}, {} bytes", grouped(*bytes)));
        match &session.root {
            Some(root) => page.line(format_args!("    opened {}, below {}", Time(session.opened), one_line(root))),
            None => page.line(format_args!("    opened {}, last {}", Time(session.opened), Time(session.last))),
        }
        for call in &session.open {
            let id = call.id.as_deref().map_or("(a long id)".into(), one_line);
            let inside =
                call.session.as_deref().map(|session| format!(" in {}", one_line(session))).unwrap_or_default();
            let tool = one_line(tool(program, call));
            page.line(format_args!("    open {id}{inside}  {tool} since {}", Time(call.time)));
        }
    }
    for (ask, _) in &found.asks {
        Asked::new(program, ask).show(page);
    }
    for (what, bytes) in &found.parties {
        page.line(format_args!("  {}  {} bytes", one_line(what), grouped(*bytes)));
    }
    if found.counters.0 > 0 {
        let (count, bytes) = found.counters;
        page.line(format_args!("  {} of limits and alerts, {} bytes", counted(count, "counter"), grouped(bytes)));
    }
}

fn document<'a>(program: &'a Program, file: &'a str, found: &'a Found) -> Document<'a> {
    let calls = |session: &DescribedSession| -> Vec<Value> {
        let call = |call: &DescribedCall| {
            json!({
                "call": call.id, "session": call.session, "tool": tool(program, call),
                "since": Time(call.time).to_string(),
            })
        };
        session.open.iter().map(call).collect()
    };
    let sessions: Vec<Value> = found
        .sessions
        .iter()
        .map(|(session, bytes)| {
            json!({
                "session": session.id, "agent": session.agent, "user": session.user, "root": session.root,
                "opened": Time(session.opened).to_string(), "last": Time(session.last).to_string(),
                "closed": session.closed, "open": calls(session), "bytes": bytes,
            })
        })
        .collect();
    let parties = found.parties.iter().map(|(what, bytes)| json!({ "about": what, "bytes": bytes }));
    Document {
        version: 1,
        file,
        records: found.records,
        bytes: found.bytes,
        sessions,
        asks: found.asks.iter().map(|(ask, bytes)| Asked::new(program, ask).document(*bytes)).collect(),
        parties: parties.collect(),
        counters: json!({ "count": found.counters.0, "bytes": found.counters.1 }),
    }
}

/// What a state file holds, as JSON.
#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    file: &'a str,
    records: usize,
    bytes: usize,
    sessions: Vec<Value>,
    asks: Vec<AskedDocument<'a>>,
    parties: Vec<Value>,
    counters: Value,
}

/// The tool's name in the policy.
fn tool<'p>(program: &'p Program, call: &DescribedCall) -> &'p str {
    let tool = call.tool.and_then(|tool| program.tables().tools.get(tool as usize));
    tool.map_or("(a tool that is gone)", |tool| program.symbol(tool.name))
}
