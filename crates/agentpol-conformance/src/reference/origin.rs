//! Where arguments come from (semantics 2.5, T2 and T3).

use super::json::{Json, step};
use super::value::Value;

/// The members of the builtin level, from the lowest.
const MEMBERS: [&str; 5] = ["untrusted", "model", "trusted", "user", "system"];

/// One entry of a request's `origin`: a JSON Pointer into the arguments and what is said of it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) pointer: String,
    pub(super) member: u32,
}

/// Finds a member by its word.
pub(super) fn member(word: &str) -> Option<u32> {
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
