//! Where arguments come from (semantics 2.5, T2, T3 and T7).

use super::json::{self, Json, step};
use super::memory::label;
use super::value::Value;
use super::{call, request};
use agentpol_bytecode::code::Code;
use agentpol_check::policy::{Policy, ResultType, Returns, Sources, Tool, ToolId, Type};

/// The members of the builtin level, from the lowest.
const MEMBERS: [&str; 5] = ["untrusted", "model", "trusted", "user", "system"];

/// How many sources one entry may name.
const MOST: usize = 8;

/// One entry of a request's `origin`: a JSON Pointer into the arguments and what is said of it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) pointer: String,
    pub(super) member: u32,
    /// The tools of which an answer held it, at a place that somebody vouches for.
    pub(super) held_by: Vec<ToolId>,
    /// As it is written.
    pub(super) said: Json,
}

impl Entry {
    /// Reads an entry: a source, or a list of some, of which the best counts.
    pub(super) fn read(policy: &Policy, pointer: &str, said: &Json) -> Result<Entry, Code> {
        let sources = match said {
            Json::List(all) if (1..=MOST).contains(&all.len()) => all.clone(),
            Json::List(_) => return Err(Code::RequestMalformed),
            one => vec![one.clone()],
        };
        let mut entry = Entry { pointer: pointer.to_owned(), member: 0, held_by: Vec::new(), said: said.clone() };
        for source in &sources {
            let (member, tool) = match source {
                Json::Text(word) => (member(word).ok_or(Code::RequestMalformed)?, None),
                answer => answered(policy, answer)?,
            };
            entry.member = entry.member.max(member);
            entry.held_by.extend(tool);
        }
        Ok(entry)
    }

    fn is_in(&self, sources: &Sources) -> bool {
        sources.least.is_some_and(|least| self.member >= least)
            || self.held_by.iter().any(|tool| sources.tools.contains(tool))
    }
}

/// `{"result_of": .., "server": .., "at": ..}`: trusted where somebody vouches for that place of the tool's answers.
fn answered(policy: &Policy, answer: &Json) -> Result<(u32, Option<ToolId>), Code> {
    request::only(request::object(answer)?, &["result_of", "server", "at"])?;
    let part = |key: &str| answer.get(key).map(request::text).transpose();
    let (wire, server, at) = (part("result_of")?.ok_or(Code::RequestMalformed)?, part("server")?, part("at")?);
    if at.as_ref().is_some_and(|at| !at.is_empty() && !at.starts_with('/')) {
        return Err(Code::RequestMalformed);
    }
    let vouched =
        call::named_tool(policy, &wire, server.as_deref()).filter(|id| vouches(policy, &policy[*id], at.as_deref()));
    Ok(if vouched.is_some() { (2, vouched) } else { (0, None) })
}

/// Whether the scalar at a place of an answer is the word of the system's owner. Of answers with marked fields the place must
/// be given, be declared, and lie in no marked field.
fn vouches(policy: &Policy, tool: &Tool, at: Option<&str>) -> bool {
    if tool.returns != Returns::Trusted {
        return false;
    }
    if !label::untrusted(policy, tool) {
        return true;
    }
    at.and_then(json::pointer).is_some_and(|path| in_result(policy, &tool.result, &path))
}

fn in_result(policy: &Policy, result: &ResultType, path: &[String]) -> bool {
    match result {
        ResultType::Undeclared => false,
        ResultType::Type(ty) => in_type(policy, ty, path),
        ResultType::Record(record) => in_type(policy, &Type::Shape(policy[*record].shape), path),
        ResultType::List(of, _) => path.split_first().is_some_and(|(_, rest)| in_result(policy, of, rest)),
        ResultType::Either(all) => all.iter().all(|one| in_result(policy, one, path)),
        // The answer is what lies behind the field names.
        ResultType::Keyed { record, field, .. } => {
            let mut ty = Type::Shape(policy[*record].shape);
            for name in field {
                let Type::Shape(shape) = ty else { return false };
                match policy[shape].field(name) {
                    Some((_, found)) if !found.untrusted => ty = found.ty.clone(),
                    _ => return false,
                }
            }
            in_type(policy, &ty, path)
        }
    }
}

fn in_type(policy: &Policy, ty: &Type, path: &[String]) -> bool {
    match (ty, path) {
        (Type::Json, _) => true,
        (Type::List(of, _) | Type::Map(of, _), [_, rest @ ..]) => in_type(policy, of, rest),
        (Type::Shape(shape), [name, rest @ ..]) => {
            let field = policy[*shape].fields.iter().find(|field| field.wire == *name);
            field.is_some_and(|field| !field.untrusted && in_type(policy, &field.ty, rest))
        }
        (Type::List(..) | Type::Map(..) | Type::Shape(_), []) => false,
        (_, rest) => rest.is_empty(),
    }
}

/// Finds a member by its word.
fn member(word: &str) -> Option<u32> {
    MEMBERS.iter().position(|member| *member == word).and_then(|index| u32::try_from(index).ok())
}

/// T2: a value of the model's is untrusted once untrusted content was seen, and the model's before. Where that is not
/// known it is anything from untrusted to model. The others are what they are.
fn interval(member: u32, saw: Option<bool>) -> (u32, u32) {
    match (member, saw) {
        (1, None) => (0, 1),
        (1, Some(true)) => (0, 0),
        _ => (member, member),
    }
}

/// T3: the worst of every entry at the node, above it or below it; a leaf without any entry at or above it is the
/// model's; of nothing at all, the system's.
pub(super) fn of_node(entries: &[Entry], saw: Option<bool>, at: &str, node: &Json) -> Value {
    let near = entries.iter().filter(|entry| above(&entry.pointer, at) || above(at, &entry.pointer));
    let mut members: Vec<u32> = near.map(|entry| entry.member).collect();
    members.extend(leaves(at, node).iter().filter(|leaf| !covered(entries, leaf)).map(|_| 1));
    worst(members, saw)
}

/// T7: whether each leaf of a node comes from one of the sources, by every entry at it or above it. Where none is, a scalar is
/// the model's, which is no source, and an empty list is nobody's.
pub(super) fn of_node_in(entries: &[Entry], sources: &Sources, at: &str, node: &Json) -> bool {
    ends(at, node).into_iter().all(|(at, is_scalar)| {
        let mut said = entries.iter().filter(|entry| above(&entry.pointer, &at)).peekable();
        if said.peek().is_none() { !is_scalar } else { said.all(|entry| entry.is_in(sources)) }
    })
}

/// What has no source but the policy is the system's.
pub(super) fn of_literal() -> Value {
    worst(Vec::new(), None)
}

fn worst(members: Vec<u32>, saw: Option<bool>) -> Value {
    let intervals: Vec<(u32, u32)> = members.into_iter().map(|member| interval(member, saw)).collect();
    let system = 4;
    Value::Origin {
        low: intervals.iter().map(|found| found.0).min().unwrap_or(system),
        high: intervals.iter().map(|found| found.1).min().unwrap_or(system),
    }
}

/// The worst of two origins.
pub(super) fn meet(left: &Value, right: &Value) -> Option<Value> {
    match (left, right) {
        (Value::Origin { low: a, high: b }, Value::Origin { low: c, high: d }) => {
            Some(Value::Origin { low: *a.min(c), high: *b.min(d) })
        }
        _ => None,
    }
}

/// Whether the first pointer is the second or leads to it.
fn above(upper: &str, lower: &str) -> bool {
    lower == upper || lower.strip_prefix(upper).is_some_and(|rest| rest.starts_with('/'))
}

fn covered(entries: &[Entry], leaf: &str) -> bool {
    entries.iter().any(|entry| above(&entry.pointer, leaf))
}

fn leaves(at: &str, node: &Json) -> Vec<String> {
    match node {
        Json::List(elements) => {
            let indexed = elements.iter().enumerate();
            indexed.flat_map(|(index, element)| leaves(&step(at, &index.to_string()), element)).collect()
        }
        Json::Object(members) => {
            members.iter().flat_map(|member| leaves(&step(at, &member.key), &member.value)).collect()
        }
        _ => vec![at.to_owned()],
    }
}

/// The scalars in a node, and the lists and objects that hold nothing; whether each is a scalar.
fn ends(at: &str, node: &Json) -> Vec<(String, bool)> {
    match node {
        Json::List(elements) if !elements.is_empty() => {
            let indexed = elements.iter().enumerate();
            indexed.flat_map(|(index, element)| ends(&step(at, &index.to_string()), element)).collect()
        }
        Json::Object(members) if !members.is_empty() => {
            members.iter().flat_map(|member| ends(&step(at, &member.key), &member.value)).collect()
        }
        Json::List(_) | Json::Object(_) => vec![(at.to_owned(), false)],
        _ => vec![(at.to_owned(), true)],
    }
}
