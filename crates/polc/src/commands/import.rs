//! `polc import mcp`: tool definitions of others become declarations.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::exit::{Done, Exit, Problem};
use crate::files;
use crate::import::{Options, read_listing, word_of, write_policy};
use crate::policy;
use crate::terminal::{Ink, Terminal};
use crate::wording::counted;

/// The largest list of tools that is read, in bytes.
const LIMIT: usize = 64 << 20;

/// Import declarations from elsewhere
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  polc import mcp tools.json --server github > policies/github.agentpol

`polc import mcp --help` shows more.")]
pub(crate) enum Command {
    Mcp(Args),
}

/// Turn a list of tools into declarations
///
/// Reads an answer to `tools/list` of an MCP server, alone or in its JSON-RPC envelope, or a list of functions with
/// JSON Schema as model providers take them. Writes a system and its tools as a policy that `polc check` accepts.
///
/// What a server says about the effects of its tools is a claim: verbs taken from it are marked `unverified`, and rules
/// count such a tool as doing everything, until you correct the verbs and take the word away. What the language has no
/// type for becomes `json`, with a comment that says why. Each definition from a server is pinned by its SHA-256 over
/// its canonical JSON (RFC 8785); requests carry the same as `tool_digest`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  polc import mcp tools.json --server github > policies/github.agentpol
  polc import mcp tools.json --system files --server secure-filesystem-server
  polc import mcp functions.json --system desk -o policies/desk.agentpol

Exit codes: 0 imported, 2 wrong usage, 4 the list could not be read")]
pub(crate) struct Args {
    /// The list of tools, JSON; - for standard input
    tools: PathBuf,
    /// The system that the tools belong to; without it the server's or the file's name
    #[arg(long, value_name = "NAME")]
    system: Option<String>,
    /// The server as requests will name it; without it requests name none
    #[arg(long, value_name = "NAME")]
    server: Option<String>,
    /// The module of the policy; without it imported.SYSTEM
    #[arg(long, value_name = "NAME")]
    module: Option<String>,
    /// Believe what the server says about the effects of its tools
    #[arg(long)]
    trust_server: bool,
    /// Do not pin the definitions
    #[arg(long)]
    no_pin: bool,
    /// Write the policy to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(command: &Command, terminal: &mut Terminal) -> Done {
    let Command::Mcp(args) = command;
    let shown = files::shown(&args.tools);
    let text = files::read_text(&args.tools, LIMIT)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let listing = read_listing(text).map_err(|error| Problem::file(format!("{shown}: {error}")))?;
    let options = options(args);
    let written = write_policy(&listing, &options).map_err(|name| {
        Problem::file(format!("{shown}: the name `{name}` has characters that hide or reorder text"))
            .help("do not use a server that does this")
    })?;
    let policy = policy::format_generated(&written.text);
    if let Some(found) = policy::mistakes_in(&policy, terminal.err.colored()) {
        terminal.err.text(found);
        let text = format!("{shown}: these definitions cannot be said in the language");
        return Err(Problem::file(text).help("take the tool that is shown out of the list and declare it by hand"));
    }
    match &args.output {
        Some(path) => files::write(path, policy.as_bytes())?,
        None => terminal.out.bytes(policy.as_bytes()),
    }
    terminal.out.flush();
    let done = terminal.err.ink(Ink::Green, "imported");
    let mut line = format!("{done} {}", counted(written.tools, "tool"));
    if written.unverified > 0 {
        line.push_str(&format!(", {} unverified", written.unverified));
    }
    if written.notes > 0 {
        line.push_str(&format!(", {} left to the tool (see the comments)", counted(written.notes, "detail")));
    }
    terminal.err.line(line);
    if listing.incomplete {
        let word = terminal.err.ink(Ink::Yellow, "warning");
        terminal.err.line(format_args!("{word}: the server has more pages of this list; fetch them all"));
    }
    Ok(Exit::Success)
}

fn options(args: &Args) -> Options {
    let stem = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let system = args.system.clone().or_else(|| args.server.clone());
    let system = system.or_else(|| if files::is_stdin(&args.tools) { None } else { stem(&args.tools) });
    let system = system.unwrap_or_else(|| "imported".to_owned());
    Options {
        module: args.module.clone().unwrap_or_else(|| format!("imported.{}", word_of(&system))),
        system,
        server: args.server.clone(),
        trusted: args.trust_server,
        pin: !args.no_pin,
        source: files::shown(&args.tools),
    }
}
