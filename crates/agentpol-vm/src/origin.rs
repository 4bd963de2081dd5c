//! Where arguments come from: what the host says, spread over the tree of arguments (semantics 2.5, T2 and T3).

use crate::memory::{ALL_SOURCES, Memory, NO_ORIGIN};
use crate::value::{NodeId, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::code::Code;
use agentpol_bytecode::tables::Sources;

/// The members of the builtin level, from the lowest.
const MEMBERS: [&str; 5] = ["untrusted", "model", "trusted", "user", "system"];
/// What a tool answered for which nobody vouches.
const UNTRUSTED: u8 = 0;
/// What a tool answered for which somebody vouches.
const TRUSTED: u8 = 2;
/// What a value is about which nothing is said.
const MODEL: u8 = 1;
/// What is nobody's word but the policy's.
const SYSTEM: u8 = 4;

/// How many sources one value may have.
const MOST_SOURCES: u32 = 8;

/// Notes the entries of a request: JSON Pointers into the arguments. One to nothing is malformed.
pub(crate) fn note(program: &Program, memory: &mut Memory, args: NodeId, entries: NodeId) -> Result<(), Code> {
    let mut next = memory.node(entries).map(|node| node.first);
    while let Some((id, entry)) = next.and_then(|id| Some((id, *memory.node(id)?))) {
        let said = Said::of(program, memory, id)?;
        let target = follow(memory, args, memory.key(id)).ok_or(Code::RequestMalformed)?;
        memory.nodes.get_mut(target as usize).into_iter().for_each(|node| {
            node.origin = node.origin.min(said.member);
            node.sources &= said.sources;
        });
        next = Some(entry.next);
    }
    Ok(())
}

/// What an entry says: of several sources the best counts.
#[derive(Clone, Copy)]
struct Said {
    member: u8,
    /// The lists of sources that it is in.
    sources: u64,
}

impl Said {
    /// `"user"`, `{"result_of": ..}`, or a list of them.
    fn of(program: &Program, memory: &Memory, entry: NodeId) -> Result<Said, Code> {
        let Value::List(list) = memory.value(entry) else { return Said::one(program, memory, entry) };
        let count = memory.node(list).map_or(0, |node| node.count);
        if !(1..=MOST_SOURCES).contains(&count) {
            return Err(Code::RequestMalformed);
        }
        memory.children(list).try_fold(Said { member: 0, sources: 0 }, |best, source| {
            let said = Said::one(program, memory, source)?;
            Ok(Said { member: best.member.max(said.member), sources: best.sources | said.sources })
        })
    }

    fn one(program: &Program, memory: &Memory, source: NodeId) -> Result<Said, Code> {
        match memory.value(source) {
            Value::Text(word) => {
                let member = MEMBERS.iter().position(|member| *member == memory.text(word));
                let member = member.and_then(|member| u8::try_from(member).ok()).ok_or(Code::RequestMalformed)?;
                Ok(Said { member, sources: lists(program, member, None) })
            }
            Value::Object(answer) => Said::answered(program, memory, answer),
            _ => Err(Code::RequestMalformed),
        }
    }

    /// `{"result_of": "search", "server": "crm", "at": "/0/email"}`: as good as who vouches for that place of the answer.
    fn answered(program: &Program, memory: &Memory, answer: NodeId) -> Result<Said, Code> {
        let (mut tool, mut server, mut at) = (None, None, None);
        for id in memory.children(answer) {
            let Value::Text(text) = memory.value(id) else { return Err(Code::RequestMalformed) };
            match memory.key(id) {
                "result_of" => tool = Some(memory.text(text)),
                "server" => server = Some(memory.text(text)),
                "at" => at = Some(memory.text(text)),
                _ => return Err(Code::RequestMalformed),
            }
        }
        if at.is_some_and(|at| !at.is_empty() && !at.starts_with('/')) {
            return Err(Code::RequestMalformed);
        }
        let tool = program.find_tool(server, tool.ok_or(Code::RequestMalformed)?);
        // Of nothing but a beginning slash the first part is none.
        let path = at.map(|at| at.split('/').skip(1));
        Ok(match tool.filter(|tool| program.vouches(*tool, path, names)) {
            Some(tool) => Said { member: TRUSTED, sources: lists(program, TRUSTED, Some(tool)) },
            None => Said { member: UNTRUSTED, sources: 0 },
        })
    }
}

/// The lists of sources that a value of a level is in, held by an answer of the tool where one is given.
fn lists(program: &Program, member: u8, tool: Option<u32>) -> u64 {
    let will_do = |sources: &Sources| {
        sources.least.is_some_and(|least| u32::from(member) >= least)
            || tool.is_some_and(|tool| sources.tools.binary_search(&tool).is_ok())
    };
    let bits = program.tables().sources.iter().zip(0u32..).filter(|(sources, _)| will_do(sources));
    bits.fold(0, |lists, (_, number)| lists | bit(number))
}

/// The bit of a list of sources.
fn bit(number: u32) -> u64 {
    1u64.checked_shl(number).unwrap_or(0)
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
        let around = if id == args { ALL_SOURCES } else { memory.node(node.parent).map_or(0, |node| node.sources) };
        let bare = match node.value {
            Value::Object(_) | Value::List(_) if node.count > 0 => (NO_ORIGIN, ALL_SOURCES),
            Value::Object(_) | Value::List(_) => (SYSTEM, ALL_SOURCES),
            // The model is no source that a list can name.
            _ => (MODEL, 0),
        };
        let said = node.origin.min(above);
        let worst = if said == NO_ORIGIN { bare } else { (said, node.sources & around) };
        memory.nodes.get_mut(id as usize).into_iter().for_each(|node| (node.origin, node.sources) = worst);
    }
    for id in (args..end).rev() {
        let Some(node) = memory.node(id).copied() else { continue };
        if id != args {
            let parent = memory.nodes.get_mut(node.parent as usize);
            parent.into_iter().for_each(|parent| {
                parent.origin = parent.origin.min(node.origin);
                parent.sources &= node.sources;
            });
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

/// Whether everything in a node is in a list of sources. What the model wrote is in none, whatever the session saw.
pub(crate) fn is_in(memory: &Memory, id: NodeId, list: u32) -> Option<bool> {
    memory.node(id).map(|node| node.sources & bit(list) != 0)
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
    use agentpol_bytecode::tables::Tables;
    use agentpol_bytecode::{Program, encode};
    use alloc::string::String;
    use alloc::vec;
    use alloc::vec::Vec;

    /// A program with nothing in it.
    fn program() -> Program {
        let symbols: Vec<String> = ["model", "system", "trusted", "untrusted", "user"].map(String::from).to_vec();
        let levels = vec![vec![3, 0, 2, 4, 1]];
        agentpol_bytecode::load(&encode(&Tables { symbols, levels, ..Tables::default() })).unwrap()
    }

    /// Reads `{"args": .., "origin": ..}` and gives the origin of a node of the arguments.
    fn origin(request: &str, pointer: &str) -> Result<(u32, u32), ()> {
        let mut memory = Memory::new();
        let (root, _) = json::read(request.as_bytes(), &mut memory).map_err(drop)?;
        let args = memory.member(root, "args").ok_or(())?;
        let entries = memory.member(root, "origin").ok_or(())?;
        note(&program(), &mut memory, args, entries).map_err(drop)?;
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
