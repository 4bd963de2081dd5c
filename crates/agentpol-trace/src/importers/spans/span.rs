//! What one span says.

use crate::action::{Arguments, Heard, Place, Speaker, ToolResult};
use crate::document::{Node, Object, Text};
use crate::error::RecordError;
use crate::importers::parts::written;
use crate::importers::spans::attributes::Attributes;

/// What a span is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An agent runs.
    Agent,
    /// A tool runs.
    Tool,
    /// A tool of an MCP server is called, as client or server see it.
    McpCall,
    /// Anything else.
    Other,
}

/// A span, as far as it is of use.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) trace: String,
    pub(super) id: String,
    pub(super) parent: Option<String>,
    pub(super) start: i128,
    pub(super) place: Place,
    pub(super) kind: Kind,
    pub(super) tool: String,
    pub(super) call: Option<String>,
    pub(super) args: Option<Arguments>,
    pub(super) result: Option<ToolResult>,
    /// What went wrong, where something did.
    pub(super) error: Option<String>,
    pub(super) agent: Option<String>,
    pub(super) model: Option<String>,
    pub(super) conversation: Option<String>,
    pub(super) user: Option<String>,
    pub(super) said: Vec<Heard>,
}

impl Span {
    /// How it ended, where the answer was not kept.
    pub(super) fn ending(&self) -> ToolResult {
        ToolResult { is_error: self.error.is_some(), text: self.error.clone().unwrap_or_default() }
    }
}

/// Reads a span.
pub(super) fn read(node: &Node<'_>) -> Result<Span, RecordError> {
    let span = node.object()?;
    let of = |camel: &str, snake: &str| span.label(camel).or_else(|| span.label(snake));
    let attributes = Attributes::of(span.get("attributes"))?;
    let name = span.label("name").unwrap_or_default();
    let first = |names: &[&str]| names.iter().find_map(|name| attributes.text(name));
    let kind = kind(&attributes);
    let error = error(&span, &attributes)?;
    let answer = ["gen_ai.tool.call.result", "output.value"].iter().find_map(|name| attributes.plain(name));
    let result = answer.map(|text| ToolResult { is_error: error.is_some(), text });
    let start = of("startTimeUnixNano", "start_time_unix_nano").and_then(|time| time.parse().ok());
    Ok(Span {
        trace: of("traceId", "trace_id").unwrap_or_default().to_ascii_lowercase(),
        id: of("spanId", "span_id").unwrap_or_default().to_ascii_lowercase(),
        parent: of("parentSpanId", "parent_span_id").filter(|id| !id.is_empty()).map(|id| id.to_ascii_lowercase()),
        start: start.unwrap_or(i128::MAX),
        place: node.place(),
        kind,
        tool: first(&["gen_ai.tool.name", "tool.name"]).unwrap_or_else(|| target(&name)),
        call: first(&["gen_ai.tool.call.id", "tool.id"]).or_else(|| attributes.plain("jsonrpc.request.id")),
        args: args(&attributes),
        result,
        error,
        agent: first(&["gen_ai.agent.name", "agent.name", "gen_ai.agent.id"]),
        model: first(&["gen_ai.request.model", "llm.model_name"]),
        conversation: first(&["gen_ai.conversation.id", "session.id"]),
        user: first(&["enduser.id", "user.id"]),
        said: if kind == Kind::Agent { said(&attributes) } else { Vec::new() },
    })
}

fn kind(attributes: &Attributes) -> Kind {
    let is = |name: &str, text: &str| attributes.text(name).as_deref() == Some(text);
    if is("gen_ai.operation.name", "execute_tool") || is("openinference.span.kind", "TOOL") {
        Kind::Tool
    } else if is("mcp.method.name", "tools/call") {
        Kind::McpCall
    } else if is("gen_ai.operation.name", "invoke_agent") || is("openinference.span.kind", "AGENT") {
        Kind::Agent
    } else {
        Kind::Other
    }
}

/// The tool that the name of a span says: `refund` of `execute_tool refund`.
fn target(name: &str) -> String {
    let named = ["execute_tool ", "tools/call "].iter().find_map(|operation| name.strip_prefix(operation));
    named.unwrap_or(name).to_owned()
}

/// The arguments, which recorders keep only where they are told to. `tool.parameters` describes a tool and is none of them.
fn args(attributes: &Attributes) -> Option<Arguments> {
    let names = ["gen_ai.tool.call.arguments", "input.value"];
    names.iter().find_map(|name| attributes.plain(name)).map(|text| written(&text))
}

fn error(span: &Object<'_>, attributes: &Attributes) -> Result<Option<String>, RecordError> {
    let status = span.inner("status")?;
    let failed = status.as_ref().and_then(|status| status.label("code"));
    let failed = matches!(failed.as_deref(), Some("2" | "STATUS_CODE_ERROR"));
    let kind = attributes.text("error.type");
    let message = status.and_then(|status| status.label("message"));
    Ok((failed || kind.is_some()).then(|| message.or(kind).unwrap_or_default()))
}

/// What the agent was told: `[{"role", "parts": [{"type": "text", "content"}]}]`, and its instructions.
fn said(attributes: &Attributes) -> Vec<Heard> {
    let mut said = Vec::new();
    let parts = |node: Node<'_>, by: Speaker, said: &mut Vec<Heard>| {
        for part in node.list().unwrap_or_default() {
            let Ok(part) = part.object() else { continue };
            let text = part.get("content").filter(|_| part.get("type").is_some_and(|kind| kind.is("text")));
            said.extend(text.and_then(|text| text.string().ok()).map(|text| Heard { by, text }));
        }
    };
    if let Some(text) = attributes.plain("gen_ai.system_instructions") {
        let text = Text::new(text, 1);
        parts(text.node(text.as_str(), String::new()), Speaker::System, &mut said);
    }
    let Some(text) = attributes.plain("gen_ai.input.messages") else { return said };
    let text = Text::new(text, 1);
    for message in text.node(text.as_str(), String::new()).list().unwrap_or_default() {
        let Ok(message) = message.object() else { continue };
        let by = match message.label("role").as_deref() {
            Some("user") => Speaker::User,
            Some("system") => Speaker::System,
            _ => continue,
        };
        if let Some(node) = message.get("parts") {
            parts(node, by, &mut said);
        }
    }
    said
}
