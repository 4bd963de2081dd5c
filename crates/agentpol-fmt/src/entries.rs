//! Where the parts of a block begin: clauses, fields, pairs, steps.

use crate::source::Word;
use crate::space::ends_operand;
use crate::tree::{Group, Node};
use agentpol_syntax::TokenKind as K;
use agentpol_syntax::words::{AGENT_CLAUSES, CLAIMS, GIVEN_PARTS, RULE_CLAUSES, SYSTEM_PARTS, TOOL_CLAUSES};

/// What stands in a pair of braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Clauses of a rule or of a set of calls.
    Clauses,
    /// Clauses of an agent.
    Agent,
    /// Parts of a system.
    System,
    /// Statements of an assert.
    Claims,
    /// `given` and the steps of a test.
    Steps,
    /// Fields with their types.
    Fields,
    /// Keys with their values.
    Pairs,
}

impl Kind {
    /// Returns what the outermost braces of an item hold.
    pub(crate) fn of_item(word: &str) -> Kind {
        match word {
            "agent" | "fleet" => Kind::Agent,
            "system" => Kind::System,
            "assert" => Kind::Claims,
            "test" => Kind::Steps,
            "user" | "context" | "record" | "resource" | "tool" => Kind::Fields,
            _ => Kind::Clauses,
        }
    }

    /// Returns what braces hold that stand inside of others, or in brackets.
    pub(crate) fn of_inner(self, words: &[Word<'_>], open: usize) -> Kind {
        match (self, open.checked_sub(1).map(|before| words[before].kind)) {
            (Kind::Steps | Kind::Pairs, _) => Kind::Pairs,
            (Kind::Fields, _) => Kind::Fields,
            (_, Some(K::Colon | K::Less | K::Comma)) => Kind::Fields,
            _ => Kind::Clauses,
        }
    }

    /// Returns whether commas stand between the entries: on one line, and over several.
    pub(crate) fn commas(self) -> (bool, bool) {
        match self {
            Kind::Fields => (true, false),
            Kind::Pairs => (true, true),
            _ => (false, false),
        }
    }
}

/// Cuts the inside of braces into entries; commas between them are left out.
pub(crate) fn entries<'n>(words: &[Word<'_>], group: &'n Group, kind: Kind) -> Vec<&'n [Node]> {
    let nodes = &group.inner;
    let starts: Vec<usize> = match kind {
        Kind::Clauses => by_words(words, nodes, RULE_CLAUSES),
        Kind::Agent => by_words(words, nodes, AGENT_CLAUSES),
        Kind::System => by_words(words, nodes, SYSTEM_PARTS),
        Kind::Claims => by_words(words, nodes, CLAIMS),
        Kind::Steps => steps(words, nodes),
        Kind::Fields | Kind::Pairs => (0..nodes.len()).filter(|&at| begins_field(words, nodes, at)).collect(),
    };
    cut(words, nodes, &starts)
}

/// Cuts `given` before each of its parts.
pub(crate) fn given_parts<'n>(words: &[Word<'_>], nodes: &'n [Node]) -> Vec<&'n [Node]> {
    let starts = by_words(words, nodes, GIVEN_PARTS);
    let mut parts = cut(words, nodes, &starts);
    if parts.len() > 1 && parts[0].len() == 1 {
        parts.remove(0);
        parts[0] = &nodes[..parts[0].len() + 1];
    }
    parts
}

/// Finds where a run that does not fit is broken: before its loosest operators, or behind the colon of a quantifier.
pub(crate) fn loosest(words: &[Word<'_>], nodes: &[Node], kind: Kind) -> Option<Vec<usize>> {
    for operators in [&["or"][..], &["and"], &["then", "else"]] {
        let breaks = |at: &usize| {
            let before = words[nodes[*at - 1].last()].kind;
            !matches!(before, K::Dot | K::Comma) && operators.iter().any(|word| nodes[*at].is(words, word))
        };
        let found: Vec<usize> = (1..nodes.len()).filter(breaks).collect();
        if !found.is_empty() {
            return Some(found);
        }
    }
    let sign = |at: &usize| match nodes[*at] {
        Node::Word(word) => words[word].kind,
        Node::Group(_) => K::Space,
    };
    if kind != Kind::Clauses {
        return None;
    }
    let colon = (1..nodes.len().saturating_sub(1)).find(|at| sign(at) == K::Colon).map(|at| at + 1);
    let compares = |at: &usize| matches!(sign(at), K::Compare | K::Less | K::Greater);
    colon.or_else(|| (2..nodes.len()).find(compares)).map(|at| vec![at])
}

/// Finds where the clauses behind a tool's parameters begin.
pub(crate) fn tool_clauses(words: &[Word<'_>], nodes: &[Node], from: usize) -> Vec<usize> {
    let clause = |at: &usize| {
        let word = matches!(nodes[*at], Node::Word(word) if words[word].kind == K::Word && TOOL_CLAUSES.contains(&words[word].text));
        let before = nodes[at - 1].last();
        word && !matches!(words[before].kind, K::Dot | K::Comma | K::Arrow | K::Bar | K::Less)
            && !(words[before].kind == K::Word && words[before].text == "unverified")
    };
    (from.max(1)..nodes.len()).filter(clause).collect()
}

/// Cuts the inside of round or square brackets at its commas, those inside of `<>` left out.
pub(crate) fn elements<'n>(words: &[Word<'_>], nodes: &'n [Node]) -> Vec<&'n [Node]> {
    let (mut out, mut from, mut angles) = (Vec::new(), 0, 0usize);
    for (at, node) in nodes.iter().enumerate() {
        let Node::Word(word) = *node else { continue };
        match words[word].kind {
            K::Less if word > 0 && matches!(words[word - 1].text, "list" | "map") => angles += 1,
            K::Greater => angles = angles.saturating_sub(1),
            K::Comma if angles == 0 => {
                out.push(&nodes[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    out.push(&nodes[from..]);
    out.retain(|element| !element.is_empty());
    out
}

fn cut<'n>(words: &[Word<'_>], nodes: &'n [Node], starts: &[usize]) -> Vec<&'n [Node]> {
    let mut bounds: Vec<usize> = vec![0];
    bounds.extend(starts.iter().copied().filter(|start| *start > 0));
    bounds.push(nodes.len());
    let mut out: Vec<&[Node]> = bounds.windows(2).map(|pair| &nodes[pair[0]..pair[1]]).collect();
    for entry in &mut out {
        while let Some((last, rest)) = entry.split_last()
            && words[last.last()].kind == K::Comma
        {
            *entry = rest;
        }
    }
    out.retain(|entry| !entry.is_empty());
    out
}

/// Finds the words that begin a clause: those behind `{` or behind the end of an operand.
fn by_words(words: &[Word<'_>], nodes: &[Node], starts: &[&str]) -> Vec<usize> {
    let mut begun = 0;
    let mut out = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        let Node::Word(word) = *node else { continue };
        if at == 0 || words[word].kind != K::Word || !starts.contains(&words[word].text) {
            continue;
        }
        let before = nodes[at - 1].last();
        let alone = matches!(words[nodes[begun].first()].text, "always" | "distinct" | "given");
        if (at > begun + 1 || alone) && ends_clause(words, before) {
            out.push(at);
            begun = at;
        }
    }
    out
}

fn ends_clause(words: &[Word<'_>], at: usize) -> bool {
    let word = &words[at];
    let open_ended = word.kind == K::Word && matches!(word.text, "by" | "from" | "for" | "to" | "in");
    let after_dot = at > 0 && words[at - 1].kind == K::Dot;
    let whole = word.kind == K::Word && matches!(word.text, "any" | "all" | "true" | "false" | "given");
    (ends_operand(words, at) && (after_dot || !open_ended)) || whole
}

/// Whether `name:`, `name?:` or `name "wire":` stands here, or `within` of a resource.
fn begins_field(words: &[Word<'_>], nodes: &[Node], at: usize) -> bool {
    let kind = |at: usize| match nodes.get(at) {
        Some(Node::Word(word)) => words[*word].kind,
        _ => K::Space,
    };
    let text = |kind| matches!(kind, K::String | K::Raw);
    let free = match at.checked_sub(1).map(|before| nodes[before].last()) {
        None => true,
        Some(before) => matches!(words[before].kind, K::Comma | K::Greater) || ends_operand(words, before),
    };
    if !free || kind(at) != K::Word && !text(kind(at)) {
        return false;
    }
    let mut next = at + 1;
    if kind(next) == K::Question {
        next += 1;
    }
    if kind(at) == K::Word && text(kind(next)) {
        next += 1;
    }
    kind(next) == K::Colon && !(text(kind(at)) && at > 0 && names_wire(words, nodes, at - 1))
        || nodes[at].is(words, "within") && kind(next) == K::Word
}

/// Whether the text behind this node is its name on the wire, and so no key of its own.
fn names_wire(words: &[Word<'_>], nodes: &[Node], at: usize) -> bool {
    let mut at = at;
    if matches!(nodes[at], Node::Word(word) if words[word].kind == K::Question) && at > 0 {
        return true;
    }
    while at > 0 && !matches!(nodes[at], Node::Word(_)) {
        at -= 1;
    }
    let begins = at == 0 || matches!(nodes[at - 1], Node::Word(word) if words[word].kind == K::Comma);
    begins && matches!(nodes[at], Node::Word(word) if words[word].kind == K::Word)
}

/// Words that begin a clause of a row of a table.
const ROW_CLAUSES: [&str; 5] = ["agent", "user", "tool", "does", "on"];

/// Finds where the steps of a test begin, and the axes and rows of a table.
fn steps(words: &[Word<'_>], nodes: &[Node]) -> Vec<usize> {
    let (mut out, mut begun, mut table, mut decided) = (Vec::new(), 0, false, false);
    for at in 0..nodes.len() {
        let is = |at: usize, word: &str| nodes.get(at).is_some_and(|node| node.is(words, word));
        let after = |word: &str| at > 0 && is(at - 1, word);
        let clause =
            || ROW_CLAUSES.iter().any(|word| is(at, word)) && !after("each") && !after("from") && !after("for");
        let axis = is(at, "for") && is(at + 1, "each");
        let row = || table && ((decided || is(begun, "for")) && clause() || is(at, "everything") && is(at + 1, "else"));
        let session = || is(at, "in") && is(at + 1, "session") && !is(begun, "given");
        if axis || row() || session() || begins_step(words, nodes, at) {
            out.push(at);
            (begun, decided) = (at, false);
            table |= axis;
        }
        decided |= matches!(nodes[at], Node::Word(word) if words[word].kind == K::Arrow);
    }
    out
}

/// Cuts a row of a table before each of its clauses; `None` for any other step.
pub(crate) fn row_parts<'n>(words: &[Word<'_>], nodes: &'n [Node]) -> Option<Vec<&'n [Node]>> {
    let clause = |at: usize| ROW_CLAUSES.iter().any(|word| nodes[at].is(words, word));
    let arrow = |node: &Node| matches!(node, Node::Word(word) if words[*word].kind == K::Arrow);
    let end = nodes.iter().position(arrow).filter(|_| clause(0))?;
    let starts: Vec<usize> = (1..end).filter(|&at| clause(at)).collect();
    Some(cut(words, nodes, &starts))
}

/// Whether a call, `after`, `approve by` or `reject by` begins here.
fn begins_step(words: &[Word<'_>], nodes: &[Node], at: usize) -> bool {
    let kind = |at: usize| match nodes.get(at) {
        Some(Node::Word(word)) => words[*word].kind,
        _ => K::Space,
    };
    if kind(at) != K::Word || at > 0 && (kind(at - 1) == K::Dot || kind(at - 1) == K::Arrow || kind(at - 1) == K::Comma)
    {
        return false;
    }
    if nodes[at].is(words, "after") && kind(at + 1) == K::Duration {
        return true;
    }
    if nodes[at].is(words, "approve") || nodes[at].is(words, "reject") {
        return nodes.get(at + 1).is_some_and(|next| next.is(words, "by"));
    }
    let mut end = at + 1;
    while kind(end) == K::Dot {
        end += 2;
    }
    let called = nodes.get(end).is_some_and(|node| node.group(words, K::OpenParen).is_some());
    called && kind(end + 1) == K::Arrow
}
