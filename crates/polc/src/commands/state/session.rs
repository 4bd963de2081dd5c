//! `polc state open`, `close`, `observe`, `release`: what a host says of sessions and calls.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::{Common, tell};
use crate::exit::{Done, Problem};
use crate::strict;
use crate::terminal::Terminal;

/// Open a session
///
/// All calls of one conversation or task belong to one session. What an agent hands to another belongs to a session with
/// `--parent`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  polc state open desk.state s1 --agent support_bot --user ana
  polc state open desk.state s2 --agent worker --user ana --parent s1
  polc state open desk.state s3 --agent worker --via planner --user none

Exit codes: 0 opened, 1 refused, 3 the policy has errors, 4 the file cannot be
used")]
pub(crate) struct Open {
    /// The state file
    file: PathBuf,
    /// A fresh id
    session: String,
    /// Who acts: a name, or JSON as in requests
    #[arg(long, value_name = "AGENT")]
    agent: String,
    /// On whose behalf: an id, or none
    #[arg(long, value_name = "ID")]
    user: String,
    /// The session that it was started from
    #[arg(long, value_name = "SESSION")]
    parent: Option<String>,
    /// Who delegated to the agent, the first of the chain first
    #[arg(long, value_name = "AGENT", num_args = 1)]
    via: Vec<String>,
    #[command(flatten)]
    common: Common,
}

/// Close a session: nothing is decided in it any more
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  polc state close desk.state s1

Exit codes: 0 closed, 1 refused, 3 the policy has errors, 4 the file cannot be
used")]
pub(crate) struct Close {
    /// The state file
    file: PathBuf,
    /// The session
    session: String,
    #[command(flatten)]
    common: Common,
}

/// Say what a call came to
///
/// Once for each call that was allowed and made. A call that may have failed has failed: `--failed`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  polc state observe desk.state s1 c1 --result '{\"order_id\": \"o-1\"}'
  polc state observe desk.state s1 c2 --text 'Order cancelled.'
  polc state observe desk.state s1 c3 --failed

Exit codes: 0 taken, 1 refused, 3 the policy has errors, 4 the file cannot be
used")]
pub(crate) struct Observe {
    /// The state file
    file: PathBuf,
    /// The session
    session: String,
    /// The id of the call
    call: String,
    /// What it answered, JSON
    #[arg(long, value_name = "JSON", conflicts_with_all = ["text", "failed"])]
    result: Option<String>,
    /// What it answered, verbatim
    #[arg(long, value_name = "TEXT", conflicts_with = "failed")]
    text: Option<String>,
    /// It failed, or may have
    #[arg(long)]
    failed: bool,
    /// The answer holds content from outside, whatever the policy says of the tool
    #[arg(long)]
    untrusted: bool,
    #[command(flatten)]
    common: Common,
}

/// Say that an allowed call was never made, and never will be
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  polc state release desk.state s1 c1

Exit codes: 0 taken, 1 refused, 3 the policy has errors, 4 the file cannot be
used")]
pub(crate) struct Release {
    /// The state file
    file: PathBuf,
    /// The session
    session: String,
    /// The id of the call
    call: String,
    #[command(flatten)]
    common: Common,
}

pub(super) fn open(args: &Open, terminal: &mut Terminal) -> Done {
    let user = match args.user.as_str() {
        "none" => json!("none"),
        id => json!({ "id": id }),
    };
    let mut members = members(&[("session", json!(args.session)), ("agent", agent(&args.agent)?), ("user", user)]);
    if let Some(parent) = &args.parent {
        members.insert("parent".to_owned(), json!(parent));
    }
    if !args.via.is_empty() {
        let via: Result<Vec<Value>, Problem> = args.via.iter().map(|hop| agent(hop)).collect();
        members.insert("via".to_owned(), Value::Array(via?));
    }
    tell(&args.file, "open", members, &args.common, terminal)
}

pub(super) fn close(args: &Close, terminal: &mut Terminal) -> Done {
    tell(&args.file, "close", members(&[("session", json!(args.session))]), &args.common, terminal)
}

pub(super) fn observe(args: &Observe, terminal: &mut Terminal) -> Done {
    let outcome = if args.failed { "failed" } else { "ok" };
    let mut members =
        members(&[("session", json!(args.session)), ("call", json!(args.call)), ("outcome", json!(outcome))]);
    if let Some(result) = &args.result {
        let read: Value = serde_json::from_str(result).map_err(|error| {
            Problem::usage(format!("`--result` is {}", strict::not_json(&error)))
                .help("a text that is no JSON goes into `--text`")
        })?;
        members.insert("result".to_owned(), read);
    }
    if let Some(text) = &args.text {
        members.insert("text".to_owned(), json!(text));
    }
    if args.untrusted {
        members.insert("untrusted".to_owned(), json!(true));
    }
    tell(&args.file, "observe", members, &args.common, terminal)
}

pub(super) fn release(args: &Release, terminal: &mut Terminal) -> Done {
    let members = members(&[("session", json!(args.session)), ("call", json!(args.call))]);
    tell(&args.file, "release", members, &args.common, terminal)
}

fn members(pairs: &[(&str, Value)]) -> Map<String, Value> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

/// An agent as requests name it: its name, or an object.
fn agent(text: &str) -> Result<Value, Problem> {
    if !text.starts_with('{') {
        return Ok(json!(text));
    }
    serde_json::from_str(text).map_err(|error| Problem::usage(format!("the agent is {}", strict::not_json(&error))))
}
