//! Telling the format from the first object. What could be two formats, or none, is an error and never a guess.

use std::borrow::Cow;

use crate::error::OpenError;
use crate::format::Format;
use crate::json::{self, Cursor};

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

    fn has_one(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.get(name).is_some())
    }

    /// The text of a member that is one.
    fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).filter(|raw| raw.starts_with('"')).and_then(|raw| json::string(raw).ok())
    }

    fn is(&self, name: &str, text: &str) -> bool {
        self.text(name).as_deref() == Some(text)
    }

    /// Whether the text of a member is one of these.
    fn one_of(&self, name: &str, texts: &[&str]) -> bool {
        self.text(name).is_some_and(|text| texts.contains(&text.as_ref()))
    }

    /// The object of a member, empty where it is none.
    fn inner(&self, name: &str) -> Fields<'a> {
        Fields::of(self.get(name).unwrap_or(""))
    }

    /// The first element of the list of a member, empty where there is none.
    fn first(&self, name: &str) -> Fields<'a> {
        let elements = json::elements(self.get(name).unwrap_or("")).0;
        Fields::of(elements.first().copied().unwrap_or(""))
    }
}

/// The format that begins like this text, which may be one line of many, and may be cut off.
pub(crate) fn detect(text: &str) -> Result<Format, OpenError> {
    let mut cursor = Cursor::new(text);
    match cursor.peek() {
        None => return Err(OpenError::Empty),
        Some(b'{' | b'[') => {}
        Some(_) if is_mcp_text(text) => return Ok(Format::Mcp),
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
        [format] => Ok(*format),
        [] => Err(OpenError::Unrecognised { fields: fields.0.iter().map(|(key, _)| key.to_string()).collect() }),
        several => Err(OpenError::Ambiguous { candidates: several.iter().map(|format| format.name()).collect() }),
    }
}

/// The one format that has an object like this, for errors about what stands in a recording of another.
pub(crate) fn looks_like(raw: &str) -> Option<Format> {
    match by_fields(&Fields::of(raw), false).as_slice() {
        [format] => Some(*format),
        _ => None,
    }
}

/// Whether a line of text is one that a desktop client logs about a message.
fn is_mcp_text(line: &str) -> bool {
    ["Message from client: {", "Message from server: {"].iter().any(|mark| line.contains(mark))
}

/// The formats that have an object with these fields; `in_list` when it is the first element of a list.
fn by_fields(fields: &Fields<'_>, in_list: bool) -> Vec<Format> {
    let of_suite = |fields: &Fields<'_>| fields.has(&["suite_name", "user_task_id"]);
    let metadata = fields.inner("metadata");
    let tells = [
        (Format::Own, !in_list && fields.text("tool").is_some() && fields.has_one(&["args", "args_text"])),
        (Format::TauBench, fields.has(&["task_id", "traj"])),
        (Format::Tau2Bench, !in_list && fields.has(&["simulations", "tasks"])),
        (
            Format::AgentDojo,
            of_suite(fields) || of_suite(&metadata) || metadata.text("benchmark").as_deref() == Some("agent-dojo"),
        ),
        (Format::Otlp, fields.has_one(&["resourceSpans", "resource_spans"])),
        (Format::Atif, fields.text("schema_version").is_some_and(|version| version.starts_with("ATIF-"))),
        (Format::Inspect, fields.has(&["eval"]) && fields.has_one(&["samples", "plan", "status"])),
        (Format::ClaudeCode, is_transcript(fields)),
        (Format::ClaudeCodeHooks, fields.has_one(&["hook_event_name", "hookSpecificOutput"])),
        (Format::Codex, is_rollout(fields)),
        (Format::GeminiCli, fields.has(&["sessionId", "projectHash", "messages"])),
        (Format::Mcp, fields.is("jsonrpc", "2.0") || fields.inner("msg").is("jsonrpc", "2.0")),
        (Format::Responses, is_item(fields) || fields.is("object", "response")),
        (Format::Anthropic, is_event(fields) || is_event(&fields.first("data")) || is_reply(fields)),
        (Format::SweAgent, fields.has(&["trajectory", "history"])),
        (Format::LangSmith, is_run(fields) || is_run(&fields.first("runs"))),
        (
            Format::Langfuse,
            is_observation(fields)
                || is_observation(&fields.first("data"))
                || is_observation(&fields.first("observations")),
        ),
        (
            Format::InjecAgent,
            fields.has(&["Attacker Instruction", "User Tool"]) || fields.has(&["toolkit", "name_for_model", "tools"]),
        ),
        (Format::PrivacyLens, fields.inner("trajectory").has(&["executable_trajectory"])),
        (Format::Opa, fields.has(&["decision_id"]) && fields.has_one(&["path", "query", "input", "result"])),
        (Format::Cerbos, is_audit(fields)),
        (Format::AuthZen, is_evaluation(fields)),
    ];
    tells.into_iter().filter(|(_, is)| *is).map(|(format, _)| format).collect()
}

fn is_transcript(fields: &Fields<'_>) -> bool {
    fields.has(&["sessionId", "uuid", "message"])
        || (fields.is("type", "summary") && fields.has(&["leafUuid"]))
        || (fields.is("type", "file-history-snapshot") && fields.has(&["messageId"]))
        || (fields.is("type", "queue-operation") && fields.has(&["sessionId"]))
}

fn is_rollout(fields: &Fields<'_>) -> bool {
    let types = ["session_meta", "turn_context", "response_item", "event_msg", "compacted"];
    fields.has(&["payload"]) && fields.one_of("type", &types)
}

fn is_item(fields: &Fields<'_>) -> bool {
    let types = [
        "function_call",
        "function_call_output",
        "custom_tool_call",
        "mcp_call",
        "mcp_approval_request",
        "mcp_list_tools",
        "local_shell_call",
        "shell_call",
        "apply_patch_call",
        "computer_call",
        "web_search_call",
        "file_search_call",
        "code_interpreter_call",
        "image_generation_call",
        "tool_search_call",
        "program",
    ];
    let parts = fields.first("content");
    let said = fields.is("type", "message") && parts.one_of("type", &["input_text", "output_text"]);
    fields.one_of("type", &types) || said || (fields.is("type", "reasoning") && fields.has(&["summary"]))
}

/// An event of a managed agent.
fn is_event(fields: &Fields<'_>) -> bool {
    let kind = fields.text("type").unwrap_or_default();
    let spaces = ["agent.", "user.", "session."];
    spaces.iter().any(|space| kind.starts_with(space)) && !fields.has(&["data"])
}

/// What the Messages API answers.
fn is_reply(fields: &Fields<'_>) -> bool {
    fields.is("type", "message") && fields.has(&["role", "content", "stop_reason"])
}

fn is_run(fields: &Fields<'_>) -> bool {
    fields.has(&["run_type"]) && fields.has_one(&["dotted_order", "trace_id"])
}

fn is_observation(fields: &Fields<'_>) -> bool {
    fields.has(&["traceId"]) && fields.has_one(&["parentObservationId", "startTime"])
}

fn is_audit(fields: &Fields<'_>) -> bool {
    let answers = ["checkResources", "check_resources", "planResources", "plan_resources", "inputs", "method"];
    let kind = fields.text("log.kind").or_else(|| fields.text("kind")).is_some();
    fields.has_one(&["callId", "call_id"]) && (fields.has_one(&answers) || kind) && !fields.has(&["type"])
}

fn is_evaluation(fields: &Fields<'_>) -> bool {
    let asks = |fields: &Fields<'_>| {
        let parts = ["subject", "action", "resource"];
        let named = parts.iter().filter(|part| fields.get(part).is_some_and(|raw| raw.starts_with('{'))).count();
        named == parts.len() || fields.get("evaluations").is_some_and(|list| list.starts_with('[') && named > 0)
    };
    let kept = fields.first("evaluation").has(&["request"]) || fields.first("evaluations").has(&["request"]);
    let answered = fields.has_one(&["response", "decision", "expected"]);
    asks(fields) || kept || (answered && asks(&fields.inner("request")))
}

/// The dialects of chat that these messages speak. A list of runs is told by its first run.
fn by_messages(list: &str) -> Vec<Format> {
    let (mut chat, mut openai, mut anthropic) = (false, false, false);
    for raw in json::elements(list).0 {
        let message = Fields::of(raw);
        let Some(role) = message.text("role") else { continue };
        chat = true;
        openai |= role == "tool" || message.get("tool_calls").is_some_and(|calls| calls.starts_with('['));
        let blocks = json::elements(message.get("content").unwrap_or("")).0;
        anthropic |= blocks.iter().any(|block| {
            let kinds = ["tool_use", "tool_result", "server_tool_use", "mcp_tool_use", "mcp_tool_result"];
            Fields::of(block).one_of("type", &kinds)
        });
    }
    let openai = (openai || (chat && !anthropic)).then_some(Format::OpenAi);
    let anthropic = anthropic.then_some(Format::Anthropic);
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
            (r#"{"resourceSpans": []}"#, Format::Otlp),
            (r#"{"schema_version": "ATIF-v1.8", "steps": []}"#, Format::Atif),
            (r#"{"eval": {}, "samples": []}"#, Format::Inspect),
            (r#"{"sessionId": "s", "uuid": "u", "message": {}}"#, Format::ClaudeCode),
            (r#"{"type": "summary", "summary": "", "leafUuid": "u"}"#, Format::ClaudeCode),
            (r#"{"hook_event_name": "PreToolUse", "tool_name": "Bash"}"#, Format::ClaudeCodeHooks),
            (r#"{"timestamp": "", "type": "session_meta", "payload": {}}"#, Format::Codex),
            (r#"{"sessionId": "s", "projectHash": "h", "messages": []}"#, Format::GeminiCli),
            (r#"{"jsonrpc": "2.0", "method": "tools/call"}"#, Format::Mcp),
            (r#"{"ts": "", "dir": "c2s", "msg": {"jsonrpc": "2.0"}}"#, Format::Mcp),
            (r#"2026-01-01T00:00:00Z [crm] [info] Message from client: {"jsonrpc":"2.0"}"#, Format::Mcp),
            (r#"{"run_type": "tool", "dotted_order": ""}"#, Format::LangSmith),
            (r#"{"traceId": "", "parentObservationId": null}"#, Format::Langfuse),
            (r#"{"data": [{"traceId": "", "startTime": ""}], "meta": {}}"#, Format::Langfuse),
            (r#"{"messages": [{"role": "assistant", "content": [{"type": "tool_use"}]}]}"#, Format::Anthropic),
            (r#"{"type": "agent.tool_use", "id": "e", "name": "bash"}"#, Format::Anthropic),
            (r#"[{"type": "function_call", "call_id": "c"}]"#, Format::Responses),
            (r#"{"object": "response", "output": []}"#, Format::Responses),
            (r#"{"environment": "main", "trajectory": [], "history": [], "info": {}}"#, Format::SweAgent),
            (r#"[{"Attacker Instruction": "", "User Tool": ""}]"#, Format::InjecAgent),
            (r#"[{"name": "", "trajectory": {"executable_trajectory": ""}}]"#, Format::PrivacyLens),
            (r#"[{"decision_id": "d", "path": "p", "input": {}, "result": true}]"#, Format::Opa),
            (r#"{"log.kind": "decision", "callId": "c", "checkResources": {}}"#, Format::Cerbos),
            (r#"{"subject": {}, "action": {}, "resource": {}}"#, Format::AuthZen),
            (r#"{"request": {"subject": {}, "action": {}, "resource": {}}, "decision": true}"#, Format::AuthZen),
            (r#"{"evaluation": [{"request": {}, "expected": true}]}"#, Format::AuthZen),
        ];
        for (text, format) in known {
            assert_eq!(detect(text), Ok(format), "{text}");
        }
        for format in Format::ALL {
            assert!(known.iter().any(|(_, told)| *told == format), "{}", format.name());
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
        assert_eq!(detect(both), Err(OpenError::Ambiguous { candidates: vec!["own", "mcp"] }));
        let both = r#"[{"role": "tool"}, {"role": "user", "content": [{"type": "tool_result"}]}]"#;
        assert_eq!(detect(both), Err(OpenError::Ambiguous { candidates: vec!["openai", "anthropic"] }));
    }
}
