//! Telling the format from the first object. What could be two formats, or none, is an error and never a guess.

use std::borrow::Cow;

use crate::error::OpenError;
use crate::format::{ForeignFormat, Format};
use crate::json::{self, Cursor};

/// What a text looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Likeness {
    Known(Format),
    Foreign(ForeignFormat),
}

impl Likeness {
    fn name(self) -> &'static str {
        match self {
            Likeness::Known(format) => format.name(),
            Likeness::Foreign(format) => format.name(),
        }
    }
}

/// The members of an object, as far as it can be read.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Fields<'a> {
    fn of(raw: &'a str) -> Fields<'a> {
        Fields(json::members(raw).0)
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| *value)
    }

    fn has(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.get(name).is_some())
    }

    /// The text of a member that is one.
    fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).filter(|raw| raw.starts_with('"')).and_then(|raw| json::string(raw).ok())
    }

    /// The object of a member, empty where it is none.
    fn inner(&self, name: &str) -> Fields<'a> {
        Fields::of(self.get(name).unwrap_or(""))
    }
}

/// The format that begins like this text, which may be one line of many, and may be cut off.
pub(crate) fn detect(text: &str) -> Result<Format, OpenError> {
    let mut cursor = Cursor::new(text);
    match cursor.peek() {
        None => return Err(OpenError::Empty),
        Some(b'{' | b'[') => {}
        Some(_) if text.starts_with("PK\u{3}\u{4}") => {
            return Err(OpenError::Unsupported { format: ForeignFormat::Inspect });
        }
        Some(_) => return Err(OpenError::NotJson),
    }
    let in_list = cursor.take(b'[');
    cursor.peek();
    let first = &text[cursor.at..];
    let fields = Fields::of(first);
    let mut likely = by_fields(&fields, in_list);
    if likely.is_empty() {
        let list = match fields.get("messages") {
            Some(list) => list,
            None if in_list && first.starts_with('[') => first,
            None if in_list => text,
            None => "",
        };
        likely = by_messages(list);
    }
    match likely.as_slice() {
        [Likeness::Known(format)] => Ok(*format),
        [Likeness::Foreign(format)] => Err(OpenError::Unsupported { format: *format }),
        [] => Err(OpenError::Unrecognised { fields: fields.0.iter().map(|(key, _)| key.to_string()).collect() }),
        several => Err(OpenError::Ambiguous { candidates: several.iter().map(|likeness| likeness.name()).collect() }),
    }
}

/// The formats that have an object with these fields; `in_list` when it is the first element of a list.
fn by_fields(fields: &Fields<'_>, in_list: bool) -> Vec<Likeness> {
    use ForeignFormat as Foreign;
    let kind = fields.text("type");
    let metadata = fields.inner("metadata");
    let of_suite = |fields: &Fields<'_>| fields.has(&["suite_name", "user_task_id"]);
    let known = [
        (
            Format::Own,
            !in_list && fields.text("tool").is_some() && (fields.has(&["args"]) || fields.has(&["args_text"])),
        ),
        (Format::TauBench, fields.has(&["task_id", "traj"])),
        (Format::Tau2Bench, !in_list && fields.has(&["simulations", "tasks"])),
        (
            Format::AgentDojo,
            of_suite(fields) || of_suite(&metadata) || metadata.text("benchmark").as_deref() == Some("agent-dojo"),
        ),
    ];
    let foreign = [
        (Foreign::Otlp, fields.has(&["resourceSpans"]) || fields.has(&["resource_spans"])),
        (Foreign::Atif, fields.text("schema_version").is_some_and(|version| version.starts_with("ATIF-"))),
        (Foreign::Inspect, fields.has(&["eval", "samples"])),
        (Foreign::ClaudeCode, fields.has(&["sessionId", "uuid", "message"])),
        (Foreign::ClaudeCodeHooks, fields.has(&["hook_event_name"])),
        (
            Foreign::Codex,
            fields.has(&["payload"])
                && matches!(kind.as_deref(), Some("session_meta" | "turn_context" | "response_item" | "event_msg")),
        ),
        (
            Foreign::Mcp,
            fields.text("jsonrpc").as_deref() == Some("2.0")
                || fields.inner("msg").text("jsonrpc").as_deref() == Some("2.0"),
        ),
        (Foreign::LangSmith, fields.has(&["run_type", "dotted_order"])),
        (Foreign::Langfuse, fields.has(&["traceId", "parentObservationId"])),
        (Foreign::Responses, matches!(kind.as_deref(), Some("function_call" | "function_call_output" | "mcp_call"))),
    ];
    let known = known.into_iter().filter(|(_, is)| *is).map(|(format, _)| Likeness::Known(format));
    let foreign = foreign.into_iter().filter(|(_, is)| *is).map(|(format, _)| Likeness::Foreign(format));
    known.chain(foreign).collect()
}

/// The dialects of chat that these messages speak. A list of runs is told by its first run.
fn by_messages(list: &str) -> Vec<Likeness> {
    let (mut chat, mut openai, mut anthropic) = (false, false, false);
    for raw in json::elements(list).0 {
        let message = Fields::of(raw);
        let Some(role) = message.text("role") else { continue };
        chat = true;
        openai |= role == "tool" || message.get("tool_calls").is_some_and(|calls| calls.starts_with('['));
        let blocks = json::elements(message.get("content").unwrap_or("")).0;
        anthropic |= blocks.iter().any(|block| {
            matches!(Fields::of(block).text("type").as_deref(), Some("tool_use" | "tool_result" | "server_tool_use"))
        });
    }
    let openai = (openai || (chat && !anthropic)).then_some(Likeness::Known(Format::OpenAi));
    let anthropic = anthropic.then_some(Likeness::Foreign(ForeignFormat::Anthropic));
    openai.into_iter().chain(anthropic).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_each_format_by_its_first_object() {
        let known = [
            (r#"{"tool": "t", "args": {}}"#, Format::Own),
            (r#"{"tool": "t", "args_text": "{"}"#, Format::Own),
            (r#"[{"task_id": 0, "traj": [{"role": "user"}]}]"#, Format::TauBench),
            (r#"{"timestamp": "", "info": {}, "tasks": [], "simulations": []}"#, Format::Tau2Bench),
            (r#"{"suite_name": "banking", "user_task_id": "user_task_0", "messages": []}"#, Format::AgentDojo),
            (r#"{"metadata": {"benchmark": "agent-dojo"}}"#, Format::AgentDojo),
            (r#"{"messages": [{"role": "user", "content": "hi"}]}"#, Format::OpenAi),
            (r#"[{"role": "system", "content": ""}, {"role": "assistant", "tool_calls": []}]"#, Format::OpenAi),
            (r#"[{"messages": [{"role": "user"}]}]"#, Format::OpenAi),
            (r#"[[{"role": "user"}], []]"#, Format::OpenAi),
        ];
        for (text, format) in known {
            assert_eq!(detect(text), Ok(format), "{text}");
        }
    }

    #[test]
    fn names_the_formats_it_does_not_read() {
        let foreign = [
            (r#"{"resourceSpans": []}"#, ForeignFormat::Otlp),
            (r#"{"schema_version": "ATIF-v1.8", "steps": []}"#, ForeignFormat::Atif),
            (r#"{"eval": {}, "samples": []}"#, ForeignFormat::Inspect),
            ("PK\u{3}\u{4}rest", ForeignFormat::Inspect),
            (r#"{"sessionId": "s", "uuid": "u", "message": {}}"#, ForeignFormat::ClaudeCode),
            (r#"{"hook_event_name": "PreToolUse", "tool_name": "Bash"}"#, ForeignFormat::ClaudeCodeHooks),
            (r#"{"timestamp": "", "type": "session_meta", "payload": {}}"#, ForeignFormat::Codex),
            (r#"{"jsonrpc": "2.0", "method": "tools/call"}"#, ForeignFormat::Mcp),
            (r#"{"ts": "", "dir": "c2s", "msg": {"jsonrpc": "2.0"}}"#, ForeignFormat::Mcp),
            (r#"{"run_type": "tool", "dotted_order": ""}"#, ForeignFormat::LangSmith),
            (r#"{"traceId": "", "parentObservationId": null}"#, ForeignFormat::Langfuse),
            (r#"{"messages": [{"role": "assistant", "content": [{"type": "tool_use"}]}]}"#, ForeignFormat::Anthropic),
            (r#"[{"type": "function_call", "call_id": "c"}]"#, ForeignFormat::Responses),
        ];
        for (text, format) in foreign {
            assert_eq!(detect(text), Err(OpenError::Unsupported { format }), "{text}");
        }
    }

    #[test]
    fn does_not_guess() {
        assert_eq!(detect(" \n"), Err(OpenError::Empty));
        assert_eq!(detect("tool,args\n"), Err(OpenError::NotJson));
        assert_eq!(
            detect(r#"{"function": "f", "input": {}}"#),
            Err(OpenError::Unrecognised { fields: vec!["function".into(), "input".into()] })
        );
        let both = r#"{"tool": "t", "args": {}, "jsonrpc": "2.0"}"#;
        assert_eq!(detect(both), Err(OpenError::Ambiguous { candidates: vec!["own", "a log of MCP messages"] }));
        let both = r#"[{"role": "tool"}, {"role": "user", "content": [{"type": "tool_result"}]}]"#;
        assert_eq!(detect(both), Err(OpenError::Ambiguous { candidates: vec!["openai", "Anthropic messages"] }));
    }
}
