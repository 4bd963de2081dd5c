//! Where arguments come from: what the host says, spread over the tree of arguments (semantics 2.5, T2 and T3).

use crate::memory::{Memory, NO_ORIGIN};
use crate::value::{NodeId, Value};
use agentpol_bytecode::code::Code;

/// The members of the builtin level, from the lowest.
const MEMBERS: [&str; 5] = ["untrusted", "model", "trusted", "user", "system"];
/// What a value is about which nothing is said.
const MODEL: u8 = 1;
/// What is nobody's word but the policy's.
const SYSTEM: u8 = 4;

/// Notes the entries of a request: JSON Pointers into the arguments. One to nothing is malformed.
pub(crate) fn note(memory: &mut Memory, args: NodeId, entries: NodeId) -> Result<(), Code> {
    let mut next = memory.node(entries).map(|node| node.first);
    while let Some((id, entry)) = next.and_then(|id| Some((id, *memory.node(id)?))) {
        let Value::Text(word) = entry.value else { return Err(Code::RequestMalformed) };
        let member = MEMBERS.iter().position(|member| *member == memory.text(word)).ok_or(Code::RequestMalformed)?;
        let target = follow(memory, args, memory.key(id)).ok_or(Code::RequestMalformed)?;
        let member = u8::try_from(member).unwrap_or(0);
        memory.nodes.get_mut(target as usize).into_iter().for_each(|node| node.origin = node.origin.min(member));
        next = Some(entry.next);
    }
    Ok(())
}

/// Follows a JSON Pointer (RFC 6901).
fn follow(memory: &Memory, root: NodeId, pointer: &str) -> Option<NodeId> {
    if pointer.is_empty() {
        return Some(root);
    }
    let mut tokens = pointer.split('/');
    if tokens.next() != Some("") {
        return None;
    }
    tokens.try_fold(root, |node, token| match memory.value(node) {
        Value::Object(_) => memory.children(node).find(|child| names(token, memory.key(*child))),
        Value::List(_) => memory.children(node).nth(index(token)?),
        _ => None,
    })
}

/// Returns whether a token of a pointer, in which `~1` is `/` and `~0` is `~`, names the key.
fn names(token: &str, key: &str) -> bool {
    let mut written = token.chars();
    let mut unescaped = core::iter::from_fn(|| match written.next()? {
        '~' => match written.next() {
            Some('0') => Some(Some('~')),
            Some('1') => Some(Some('/')),
            _ => Some(None),
        },
        c => Some(Some(c)),
    });
    key.chars().all(|c| unescaped.next() == Some(Some(c))) && unescaped.next().is_none()
}

/// An index without leading zeros.
fn index(token: &str) -> Option<usize> {
    let plain = token == "0" || (!token.starts_with('0') && token.bytes().all(|byte| byte.is_ascii_digit()));
    token.parse().ok().filter(|_| plain)
}

/// Gives each node of the arguments the worst of every entry at it, above it and below it; a leaf with none at or above
/// it is the model's, an empty list with none is the system's. What is inside has greater numbers than what it is in.
pub(crate) fn spread(memory: &mut Memory, args: NodeId, end: NodeId) {
    for id in args..end {
        let Some(node) = memory.node(id).copied() else { continue };
        let above = if id == args { NO_ORIGIN } else { memory.node(node.parent).map_or(NO_ORIGIN, |node| node.origin) };
        let bare = match node.value {
            Value::Object(_) | Value::List(_) if node.count > 0 => NO_ORIGIN,
            Value::Object(_) | Value::List(_) => SYSTEM,
            _ => MODEL,
        };
        let said = node.origin.min(above);
        let worst = if said == NO_ORIGIN { bare } else { said };
        memory.nodes.get_mut(id as usize).into_iter().for_each(|node| node.origin = worst);
    }
    for id in (args..end).rev() {
        let Some(node) = memory.node(id).copied() else { continue };
        if id != args {
            let parent = memory.nodes.get_mut(node.parent as usize);
            parent.into_iter().for_each(|parent| parent.origin = parent.origin.min(node.origin));
        }
    }
}

/// The origin of a node: the model's is untrusted once the session saw untrusted content (semantics T2). Where nobody knows
/// what it saw, it may be either.
pub(crate) fn of_node(memory: &Memory, id: NodeId, saw: Option<bool>) -> Value {
    let model = u32::from(MODEL);
    match memory.node(id).map(|node| node.origin) {
        Some(MODEL) => match saw {
            Some(false) => Value::Origin { low: model, high: model },
            Some(true) => Value::Origin { low: 0, high: 0 },
            None => Value::Origin { low: 0, high: model },
        },
        Some(known @ 0..=SYSTEM) => Value::Origin { low: u32::from(known), high: u32::from(known) },
        _ => Value::Unknown,
    }
}

/// The origin of what the policy says itself.
pub(crate) fn of_literal() -> Value {
    Value::Origin { low: u32::from(SYSTEM), high: u32::from(SYSTEM) }
}

#[cfg(test)]
mod tests {
    use super::{follow, names, note, of_node, spread};
    use crate::json;
    use crate::memory::Memory;
    use crate::value::Value;

    /// Reads `{"args": .., "origin": ..}` and gives the origin of a node of the arguments.
    fn origin(request: &str, pointer: &str) -> Result<(u32, u32), ()> {
        let mut memory = Memory::new();
        let (root, _) = json::read(request.as_bytes(), &mut memory).map_err(drop)?;
        let args = memory.member(root, "args").ok_or(())?;
        let entries = memory.member(root, "origin").ok_or(())?;
        note(&mut memory, args, entries).map_err(drop)?;
        spread(&mut memory, args, entries);
        let node = follow(&memory, args, pointer).ok_or(())?;
        match of_node(&memory, node, None) {
            Value::Origin { low, high } => Ok((low, high)),
            _ => Err(()),
        }
    }

    #[test]
    fn the_worst_at_above_and_below_counts() {
        let request = r#"{"args":{"to":["a","b"],"n":1,"e":[],"o":{"x":{"y":null}}},"origin":{"/to/0":"user","/to":"trusted","/o":"system","/o/x/y":"user"}}"#;
        let expected = [
            ("/to/0", (2, 2)),
            ("/to/1", (2, 2)),
            ("/to", (2, 2)),
            ("/n", (0, 1)),
            ("/e", (4, 4)),
            ("/o/x/y", (3, 3)),
            ("/o", (3, 3)),
            ("", (0, 1)),
        ];
        for (pointer, range) in expected {
            assert_eq!(origin(request, pointer), Ok(range), "{pointer}");
        }
        assert_eq!(origin(r#"{"args":{"to":["a","b"]},"origin":{"/to/0":"user"}}"#, "/to"), Ok((0, 1)));
        assert_eq!(origin(r#"{"args":{"to":[]},"origin":{"":"untrusted"}}"#, "/to"), Ok((0, 0)));
        assert_eq!(origin(r#"{"args":{},"origin":{}}"#, ""), Ok((4, 4)));
    }

    #[test]
    fn pointers_to_nothing_are_malformed() {
        for pointer in ["to", "/x", "/to/2", "/to/01", "/to/-", "/to/", "/to/0/x", "/~2", "/to~", "/to/+0"] {
            let request = alloc::format!(r#"{{"args":{{"to":["a","b"]}},"origin":{{"{pointer}":"user"}}}}"#);
            assert_eq!(origin(&request, ""), Err(()), "{pointer}");
        }
        assert_eq!(origin(r#"{"args":{"a":1},"origin":{"/a":"me"}}"#, ""), Err(()));
    }

    #[test]
    fn tokens_are_unescaped() {
        assert!(
            names("a~1b~0c", "a/b~c") && names("", "") && !names("a~", "a~") && !names("ab", "a") && !names("a", "ab")
        );
    }
}
