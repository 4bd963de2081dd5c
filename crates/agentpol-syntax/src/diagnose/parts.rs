//! The parts of an item that are read alone: clauses, fields, steps.

use super::explain;
use crate::lexer::Fault;
use crate::seams::Seams;
use crate::token::TokenKind;
use crate::words;
use agentpol_diagnostics::Diagnostics;
use agentpol_grammar::{Grammar, Rule};
use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};

/// How many mistakes one part is searched for.
const MISTAKES: usize = 32;

/// What a part is, which decides what may stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Item,
    Rule,
    Agent,
    System,
    Assert,
    Field,
    Param,
    Tool,
    Given,
    Step,
}

impl Kind {
    /// Returns the words that begin the next part of the same kind.
    pub(super) fn words(self) -> &'static [&'static str] {
        match self {
            Kind::Rule => words::RULE_CLAUSES,
            Kind::Agent => words::AGENT_CLAUSES,
            Kind::System => words::SYSTEM_PARTS,
            Kind::Assert => words::CLAIMS,
            Kind::Tool => words::TOOL_CLAUSES,
            Kind::Given => words::GIVEN_PARTS,
            Kind::Item | Kind::Field | Kind::Param | Kind::Step => &[],
        }
    }

    /// Returns what the part is called.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Kind::Rule => "a clause of a rule",
            Kind::Agent => "a clause of an agent",
            Kind::System => "a part of a system",
            Kind::Assert => "a statement of an assert",
            Kind::Tool => "a part of a tool",
            Kind::Given => "a part of `given`",
            Kind::Step => "a step of a test",
            Kind::Field | Kind::Param => "a field",
            Kind::Item => "an item",
        }
    }
}

/// A run of tokens that one rule of the grammar should read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) rule: Rule,
    pub(super) kind: Kind,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// Where pest stopped, and what it would have taken there.
pub(super) struct Failure {
    /// The token, or the end of the part.
    pub(super) at: usize,
    /// In no order of weight.
    pub(super) expected: Vec<Rule>,
}

impl Part {
    /// Reads the part and reports what is wrong with it; a part that was hurt before is left alone.
    pub(super) fn report(mut self, seams: &Seams<'_>, out: &mut Diagnostics) {
        if seams.tokens[self.from..self.to].iter().any(|sig| sig.fault != Fault::None) {
            return;
        }
        for _ in 0..MISTAKES {
            if self.from >= self.to {
                return;
            }
            let Some(failure) = self.try_read(seams) else { return };
            let found = explain::explain(seams, &self, &failure);
            out.push(found.diagnostic);
            match found.resume {
                Some(from) if from > self.from => self.from = from,
                _ => return,
            }
        }
    }

    /// Reads the part with pest; `None` when it is fine.
    pub(super) fn try_read(&self, seams: &Seams<'_>) -> Option<Failure> {
        let start = seams.tokens[self.from].token.start as usize;
        let end = seams.tokens[self.to - 1].token.end as usize;
        let error = Grammar::parse(self.rule, seams.text.get(start..end)?).err()?;
        let offset = match error.location {
            InputLocation::Pos(at) | InputLocation::Span((at, _)) => start + at,
        };
        let at = seams.tokens[self.from..self.to].partition_point(|sig| (sig.token.end as usize) <= offset);
        let expected = match error.variant {
            ErrorVariant::ParsingError { positives, .. } => positives,
            ErrorVariant::CustomError { .. } => Vec::new(),
        };
        Some(Failure { at: self.from + at, expected })
    }
}

/// Walks over the tokens of `from..to` that no bracket inside contains.
fn level(seams: &Seams<'_>, from: usize, to: usize) -> impl Iterator<Item = usize> {
    let mut at = from;
    std::iter::from_fn(move || {
        let now = at;
        if now >= to {
            return None;
        }
        let partner = seams.tokens[now].partner;
        at = if partner > now { partner.min(to) } else { now + 1 };
        Some(now)
    })
}

fn cut(from: usize, to: usize, starts: Vec<usize>) -> Vec<(usize, usize)> {
    let mut bounds = vec![from];
    bounds.extend(starts.into_iter().filter(|start| *start > from));
    bounds.push(to);
    bounds.windows(2).map(|pair| (pair[0], pair[1])).filter(|(from, to)| from < to).collect()
}

/// Cuts a block where a clause word follows the end of an operand.
pub(super) fn clauses(seams: &Seams<'_>, from: usize, to: usize, starts: &[&str]) -> Vec<(usize, usize)> {
    let mut begun = from;
    let mut found = Vec::new();
    for at in level(seams, from, to) {
        let known = starts.contains(&seams.word(at)) || seams.tokens[at].line_start && !goes_on(seams, at);
        let word = seams.kind(at) == TokenKind::Word && known;
        // Behind `per` stands what is counted apart, even where the window is forgotten.
        let ends = at > 0 && seams.ends_operand(at - 1) && !seams.is(at - 1, "per");
        if word && at > begun + usize::from(!stands_alone(seams.word(begun))) && ends {
            found.push(at);
            begun = at;
        }
    }
    cut(from, to, found)
}

/// Whether a word at the beginning of a line may go on with what stands before it.
fn goes_on(seams: &Seams<'_>, at: usize) -> bool {
    const INNER: &[&str] = &[
        "except",
        "of",
        "per",
        "until",
        "issuer",
        "subject",
        "by",
        "with",
        "via",
        "than",
        "most",
        "every",
        "rotates",
        "to",
        "function",
        "over",
        "without",
        "approval",
        "required",
        "insensitive",
        "session",
        "user",
        "required",
    ];
    let before = if at > 0 { seams.word(at - 1) } else { "" };
    words::is_operator(seams.word(at)) || INNER.contains(&seams.word(at)) || INNER.contains(&before)
}

/// Whether a clause may be its word alone.
fn stands_alone(word: &str) -> bool {
    matches!(word, "always" | "distinct")
}

/// Cuts a shape at its commas and before each name with a colon; in a resource, commas join names as well.
pub(super) fn fields(seams: &Seams<'_>, from: usize, to: usize, resource: bool) -> Vec<(usize, usize)> {
    if !resource {
        let parts = by_commas(seams, from, to);
        return parts.into_iter().flat_map(|(from, to)| by_colons(seams, from, to)).collect();
    }
    by_colons(seams, from, to)
}

fn by_colons(seams: &Seams<'_>, from: usize, to: usize) -> Vec<(usize, usize)> {
    let starts = level(seams, from, to)
        .filter(|&at| {
            let mut next = at + 1;
            if seams.kind(next) == TokenKind::Question {
                next += 1;
            }
            if matches!(seams.kind(next), TokenKind::String | TokenKind::Raw) {
                next += 1;
            }
            let named = seams.kind(at) == TokenKind::Word && seams.kind(next) == TokenKind::Colon;
            named
                && at > from
                && (seams.ends_operand(at - 1) || matches!(seams.kind(at - 1), TokenKind::Comma | TokenKind::Greater))
                || seams.is(at, "within") && at > from && seams.kind(at + 1) == TokenKind::Word
        })
        .collect();
    let without_comma = |(from, to): (usize, usize)| {
        let comma = to > from + 1 && seams.kind(to - 1) == TokenKind::Comma;
        (from, to - usize::from(comma))
    };
    cut(from, to, starts).into_iter().map(without_comma).collect()
}

/// Cuts a list at its commas, those inside of `<>` left out.
pub(super) fn by_commas(seams: &Seams<'_>, from: usize, to: usize) -> Vec<(usize, usize)> {
    let (mut out, mut begun, mut angles) = (Vec::new(), from, 0u32);
    for at in level(seams, from, to) {
        let typed = at > 0 && (seams.is(at - 1, "list") || seams.is(at - 1, "map"));
        match seams.kind(at) {
            TokenKind::Less if typed => angles += 1,
            TokenKind::Greater => angles = angles.saturating_sub(1),
            TokenKind::Comma if angles == 0 => {
                out.push((begun, at));
                begun = at + 1;
            }
            _ => {}
        }
    }
    out.push((begun, to));
    out.retain(|(from, to)| from < to);
    out
}

/// Finds the steps of a test, or the parts of a table: from each call, `after`, `approve by` or `for each` to the next.
pub(super) fn steps(seams: &Seams<'_>, from: usize, to: usize) -> Vec<(usize, usize)> {
    let mut begun = false;
    let mut starts = Vec::new();
    for at in level(seams, from, to) {
        if begins_step(seams, at, from) || begun && begins_line(seams, at) {
            starts.push(at);
            begun = true;
        }
    }
    match starts.first() {
        Some(&first) => cut(first, to, starts),
        None => Vec::new(),
    }
}

/// Whether a line begins with a word that does not go on with the step before.
fn begins_line(seams: &Seams<'_>, at: usize) -> bool {
    let inner = match seams.word(at) {
        "by" | "from" | "returns" | "fails" | "of" | "and" | "alerts" | "via" | "except" => true,
        "no" => seams.is(at + 1, "alerts"),
        "for" => !seams.is(at + 1, "each"),
        "in" => !seams.is(at + 1, "session"),
        // Another clause of the same row.
        "agent" | "user" | "tool" | "does" | "on" => !ends_row(seams, at - 1),
        _ => false,
    };
    seams.kind(at) == TokenKind::Word && seams.tokens[at].line_start && seams.ends_operand(at - 1) && !inner
}

/// Whether what stands here, or on the same line before it, says what comes out.
fn ends_row(seams: &Seams<'_>, at: usize) -> bool {
    let line = |at: &usize| !seams.tokens[*at].line_start;
    let mut back = at;
    while line(&back) && back > 0 && seams.kind(back) != TokenKind::Arrow {
        back -= 1;
    }
    seams.kind(back) == TokenKind::Arrow || seams.is(back, "for")
}

fn begins_step(seams: &Seams<'_>, at: usize, from: usize) -> bool {
    if seams.kind(at) != TokenKind::Word || at > from && !seams.ends_operand(at - 1) {
        return false;
    }
    let sig = seams.tokens[at];
    match seams.word(at) {
        "after" if matches!(seams.kind(at + 1), TokenKind::Duration | TokenKind::Number) => return true,
        "approve" | "reject" if seams.is(at + 1, "by") => return true,
        "for" if seams.is(at + 1, "each") => return true,
        _ => {}
    }
    let mut end = at + 1;
    while seams.kind(end) == TokenKind::Dot && seams.kind(end + 1) == TokenKind::Word {
        end += 2;
    }
    if seams.kind(end) != TokenKind::OpenParen {
        return false;
    }
    let close = seams.tokens[end].partner;
    sig.line_start || close > end && seams.kind(close + 1) == TokenKind::Arrow
}
