//! One importer for each format: what a run or a line of it says, as actions.

mod agentdojo;
mod anthropic;
mod atif;
mod authzen;
mod cerbos;
mod claude_code;
mod claude_hooks;
mod codex;
mod gemini;
mod injecagent;
mod inspect;
mod items;
mod langfuse;
mod langsmith;
mod managed;
mod mcp;
mod opa;
mod openai;
mod own;
mod parts;
mod privacylens;
mod responses;
mod seen;
mod spans;
mod swe_agent;
mod tau2_bench;
mod tau_bench;

use std::fmt;

pub(crate) use crate::conversation::Items;
use crate::document::{Node, Text};
use crate::format::Format;
use crate::json::Cursor;
use crate::mapping::Mapping;

/// What an importer knows beside the record itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'s> {
    /// The name of the recording.
    pub(crate) name: &'s str,
    /// Which fields of a foreign line hold what; own format only.
    pub(crate) mapping: Option<&'s Mapping>,
    /// What the document says about all its runs.
    pub(crate) header: Option<&'s Node<'s>>,
}

/// Reads the records of one recording, in order. Answers may come records after their calls, so what is known of a call is
/// held back until nothing can be added to it.
pub(crate) trait Importer: fmt::Debug + Send {
    /// Reads one record: an object or list on a line, or an element of a document.
    fn read(&mut self, node: &Node<'_>, setting: Setting<'_>) -> Items;

    /// Reads one line, which is one JSON value unless the format has other lines.
    fn line(&mut self, text: &Text, setting: Setting<'_>) -> Items {
        let mut cursor = Cursor::new(text.as_str());
        let value = cursor.value().and_then(|value| match cursor.peek() {
            None => Ok(value),
            Some(_) => Err(cursor.mistake("more text behind the end of the object")),
        });
        match value {
            Ok(value) => self.read(&text.node(value, String::new()), setting),
            Err(mistake) => vec![Err(text.syntax(mistake.at, "", mistake.message))],
        }
    }

    /// Gives out what is still held, at the end of the recording.
    fn finish(&mut self) -> Items {
        Vec::new()
    }
}

/// A format whose records are runs, or actions, by themselves.
struct Alone(fn(&Node<'_>, Setting<'_>) -> Items);

impl fmt::Debug for Alone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Alone")
    }
}

impl Importer for Alone {
    fn read(&mut self, node: &Node<'_>, setting: Setting<'_>) -> Items {
        self.0(node, setting)
    }
}

/// The importer of a format, for one recording.
pub(crate) fn importer(format: Format) -> Box<dyn Importer> {
    let alone = |read| -> Box<dyn Importer> { Box::new(Alone(read)) };
    match format {
        Format::Own => alone(|node, setting| vec![own::read(node, setting)]),
        Format::OpenAi => alone(openai::read),
        Format::Responses => Box::new(responses::Responses::default()),
        Format::Anthropic => Box::new(anthropic::Anthropic::default()),
        Format::ClaudeCode => Box::new(claude_code::Transcript::default()),
        Format::ClaudeCodeHooks => Box::new(claude_hooks::Hooks::default()),
        Format::Codex => Box::new(codex::Rollout::default()),
        Format::GeminiCli => alone(gemini::read),
        Format::Mcp => Box::new(mcp::Messages::default()),
        Format::Otlp => Box::new(spans::Spans::default()),
        Format::TauBench => alone(tau_bench::read),
        Format::Tau2Bench => alone(tau2_bench::read),
        Format::AgentDojo => alone(agentdojo::read),
        Format::Inspect => alone(inspect::read),
        Format::Atif => alone(atif::read),
        Format::SweAgent => alone(swe_agent::read),
        Format::LangSmith => Box::new(langsmith::Runs::default()),
        Format::Langfuse => Box::new(langfuse::Observations::default()),
        Format::InjecAgent => alone(injecagent::read),
        Format::PrivacyLens => alone(privacylens::read),
        Format::Opa => alone(opa::read),
        Format::Cerbos => alone(cerbos::read),
        Format::AuthZen => Box::new(authzen::Pairs::default()),
    }
}
