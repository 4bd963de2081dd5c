//! The items of `OpenAI`'s Responses API, which rollouts of Codex hold too: calls of every kind, answers, approvals.
//!
//! Items do not say which of them came in one response. Calls that follow each other without an answer or a word of the
//! user between them are taken for calls of one message.

use crate::action::{Arguments, Issuer, Outcome, Recorded, Ruling, Speaker, ToolResult};
use crate::conversation::{Call, Conversation};
use crate::document::{Node, Object};
use crate::error::{RecordError, RecordErrorKind};
use crate::importers::parts::{answer, arguments, content, free_text, named, server_and_tool};

/// What an item is read with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'r> {
    /// When it was written, where somebody noted that.
    pub(super) at: Option<&'r str>,
    /// Whether a text among the user's messages is the user's.
    pub(super) said_by_user: fn(&str) -> bool,
}

/// Reads an item; says whether its type is one that is known.
pub(super) fn read(
    conversation: &mut Conversation,
    node: &Node<'_>,
    reading: Reading<'_>,
) -> Result<bool, RecordError> {
    let item = node.object()?;
    let kind = item.label("type").unwrap_or_else(|| "message".to_owned());
    match kind.as_str() {
        "message" => message(conversation, &item, reading)?,
        "mcp_approval_request" => asked(conversation, node, &item, reading),
        "mcp_approval_response" => approval(conversation, node, &item)?,
        "mcp_call" => mcp_call(conversation, node, &item, reading)?,
        "reasoning" | "compaction" | "item_reference" | "mcp_list_tools" | "ghost_snapshot" => {}
        output if output.ends_with("_output") => result(conversation, node, &item)?,
        _ => return call(conversation, node, &item, &kind, reading),
    }
    Ok(true)
}

fn message(conversation: &mut Conversation, item: &Object<'_>, reading: Reading<'_>) -> Result<(), RecordError> {
    let role = item.require("role")?;
    let text = content(item.get("content"))?;
    match role.string()?.as_str() {
        "assistant" => {
            conversation.within_message();
            conversation.speaks();
        }
        "user" => {
            conversation.end_message();
            if (reading.said_by_user)(&text) {
                conversation.hear(Speaker::User, text);
            }
        }
        "system" | "developer" => {
            conversation.end_message();
            conversation.hear(Speaker::System, text);
        }
        _ => return Err(role.bad_value("user, assistant, system or developer")),
    }
    Ok(())
}

/// The id by which answers name a call.
fn call_id(item: &Object<'_>) -> Option<String> {
    item.label("call_id").or_else(|| item.label("id"))
}

/// Reads a call of a kind that has its arguments in a member of its own; says whether there is such a kind.
fn call(
    conversation: &mut Conversation,
    node: &Node<'_>,
    item: &Object<'_>,
    kind: &str,
    reading: Reading<'_>,
) -> Result<bool, RecordError> {
    let id = call_id(item);
    let made = match kind {
        "function_call" => function(item),
        "custom_tool_call" => custom(item),
        "local_shell_call" | "shell_call" | "computer_call" => {
            let actions = item.get("actions").map(|actions| named(&[("actions", actions.raw())]));
            let args = item.get("action").map(|action| arguments(Some(action))).or(actions);
            Ok(Call::of(Issuer::Agent, tool_of(kind), args.unwrap_or(Arguments::Absent)))
        }
        "apply_patch_call" => Ok(Call::of(Issuer::Agent, tool_of(kind), arguments(item.get("operation")))),
        "web_search_call" => Ok(hosted(item, kind, arguments(item.get("action")))),
        "tool_search_call" => Ok(hosted(item, kind, arguments(item.get("arguments")))),
        "file_search_call" => Ok(hosted(item, kind, members(item, &["queries"]))),
        "code_interpreter_call" => Ok(hosted(item, kind, members(item, &["code", "container_id"]))),
        "image_generation_call" => Ok(hosted(item, kind, members(item, &["prompt", "revised_prompt"]))),
        "program" => Ok(hosted(item, kind, members(item, &["code", "source", "program"]))),
        _ => return Ok(false),
    };
    conversation.within_message();
    match made {
        Ok(call) => conversation.call(node, Call { id, at: reading.at.map(str::to_owned), ..call }),
        Err(error) => conversation.unreadable_call(id, error),
    }
    Ok(true)
}

/// The tool that a kind of call is of: `web_search` of a `web_search_call`.
fn tool_of(kind: &str) -> String {
    kind.strip_suffix("_call").unwrap_or(kind).to_owned()
}

fn function(item: &Object<'_>) -> Result<Call, RecordError> {
    let (server, tool) = server_and_tool(item.require("name")?.string()?);
    let space = item.label("namespace").map(|space| {
        let space = space.strip_prefix("mcp__").unwrap_or(&space);
        space.trim_end_matches("__").to_owned()
    });
    let call = Call::of(Issuer::Agent, tool, arguments(item.get("arguments")));
    Ok(Call { server: server.or(space).filter(|server| !server.is_empty()), ..call })
}

fn custom(item: &Object<'_>) -> Result<Call, RecordError> {
    let (server, tool) = server_and_tool(item.require("name")?.string()?);
    let args = free_text(&item.require("input")?.string()?);
    Ok(Call { server, ..Call::of(Issuer::Agent, tool, args) })
}

/// A call of a tool that the provider runs. What came of it stands in the item itself, as far as it is told at all.
fn hosted(item: &Object<'_>, kind: &str, args: Arguments) -> Call {
    let status = item.label("status");
    let ran = matches!(status.as_deref(), Some("completed" | "failed"));
    let told = ["results", "outputs", "output"].iter().find_map(|name| item.get(name));
    let mut recorded = Recorded::default();
    if ran && told.is_none() {
        recorded.redacted.push("/result".to_owned());
    }
    let result = ran.then(|| ToolResult { is_error: status.as_deref() == Some("failed"), text: answer(told) });
    Call { result, recorded, ..Call::of(Issuer::Provider, tool_of(kind), args) }
}

/// Those members of an item as arguments; absent where it has none of them.
fn members(item: &Object<'_>, names: &[&str]) -> Arguments {
    let found: Vec<(&str, Node<'_>)> = names.iter().filter_map(|name| Some((*name, item.get(name)?))).collect();
    if found.is_empty() {
        return Arguments::Absent;
    }
    named(&found.iter().map(|(name, node)| (*name, node.raw())).collect::<Vec<_>>())
}

/// A call of a remote server that waits for a person.
fn asked(conversation: &mut Conversation, node: &Node<'_>, item: &Object<'_>, reading: Reading<'_>) {
    conversation.within_message();
    let id = item.label("id");
    match remote(item) {
        Ok(call) => {
            let ruling = Some(Ruling::from(Outcome::RequireApproval));
            conversation.call(node, Call { id, ruling, at: reading.at.map(str::to_owned), ..call });
        }
        Err(error) => conversation.unreadable_call(id, error),
    }
}

fn remote(item: &Object<'_>) -> Result<Call, RecordError> {
    let call = Call::of(Issuer::Provider, item.require("name")?.string()?, arguments(item.get("arguments")));
    Ok(Call { server: item.label("server_label"), ..call })
}

/// What the person answered. Without an approval the call never runs.
fn approval(conversation: &mut Conversation, node: &Node<'_>, item: &Object<'_>) -> Result<(), RecordError> {
    conversation.end_message();
    let id = item.require("approval_request_id")?.string()?;
    let approved = item.require("approve")?.flag()?;
    let Some(call) = conversation.waiting(&id) else {
        return Err(node.error(RecordErrorKind::ResultWithoutCall { call: Some(id) }));
    };
    let reason = item.label("reason");
    let ruling = Ruling { approved: Some(approved), reason, ..Ruling::from(Outcome::RequireApproval) };
    if approved {
        call.ruling = Some(ruling);
    } else {
        conversation.refused(&id, ruling);
    }
    Ok(())
}

/// A call of a remote server with what came of it; the one that waited for approval where it says so.
fn mcp_call(
    conversation: &mut Conversation,
    node: &Node<'_>,
    item: &Object<'_>,
    reading: Reading<'_>,
) -> Result<(), RecordError> {
    let error = item.get("error").filter(|error| !error.is(""));
    let told = error.clone().or_else(|| item.get("output"));
    let result = told.map(|told| ToolResult { is_error: error.is_some(), text: answer(Some(told)) });
    let request = item.label("approval_request_id").filter(|id| conversation.waits(id));
    if let (Some(request), Some(result)) = (&request, &result) {
        conversation.result(node, Some(request.clone()), None, result.clone());
        return Ok(());
    }
    if request.is_some() {
        return Ok(());
    }
    conversation.within_message();
    let call = remote(item)?;
    conversation.call(node, Call { id: item.label("id"), result, at: reading.at.map(str::to_owned), ..call });
    Ok(())
}

/// An answer: a text, parts, or an object that says whether the call went well.
fn result(conversation: &mut Conversation, node: &Node<'_>, item: &Object<'_>) -> Result<(), RecordError> {
    conversation.end_message();
    let output = item.get("output").or_else(|| item.get("tools"));
    let told = output.as_ref().filter(|output| output.is_object()).map(|output| output.object()).transpose()?;
    let success = told.as_ref().and_then(|told| told.get("success"));
    let is_error = success.as_ref().is_some_and(|success| success.raw() == "false")
        || item.get("status").is_some_and(|status| status.is("failed"));
    // An object with `success` is around the answer, not the answer.
    let text = match success {
        Some(_) => answer(told.and_then(|told| told.get("content"))),
        None => answer(output),
    };
    conversation.result(node, call_id(item), None, ToolResult { is_error, text });
    Ok(())
}
