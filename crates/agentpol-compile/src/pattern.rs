//! Patterns as whole-string automata over bytes.
//!
//! `matches` is the syntax of the `regex` crate with ASCII classes and whole characters; `like` is first written as such
//! an expression. Both end in the same flat table, whose size is bounded.

use agentpol_bytecode::tables::Automaton;
use agentpol_check::policy::{Pattern, PatternKind};
use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson::{Compiler, Config};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};
use regex_syntax::ast::{self, AssertionKind, Ast, ClassPerl, ClassPerlKind, ClassSetItem, Visitor};
use regex_syntax::hir::{Hir, Look};
use std::collections::HashMap;

/// How many transitions one automaton may have: a mebibyte of table.
const MAX_TRANSITIONS: usize = 1 << 18;
/// How much memory (bytes) may be used while an automaton is made.
const MAX_BUILD: usize = 16 << 20;

/// An automaton as it is built.
type Dense = dense::DFA<Vec<u32>>;

/// Why a pattern has no automaton.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is not in the syntax; why.
    Invalid(String),
    /// Its automaton exceeds the bound.
    TooLarge,
}

/// Makes the automaton of a pattern. Equal languages of one pattern text give equal tables on every machine.
pub(crate) fn automaton(pattern: &Pattern) -> Result<Automaton, Refusal> {
    let expression = match pattern.kind {
        PatternKind::Regex => ascii_classes(&pattern.text)?,
        PatternKind::Glob => glob(&pattern.text, Wild { run: "(?s:.)*", one: "(?s:.)", deep: false })?,
        PatternKind::PathGlob => glob(&pattern.text, Wild { run: "[^/]*", one: "[^/]", deep: true })?,
    };
    let parsed = regex_syntax::Parser::new().parse(&expression).map_err(|error| invalid(&error))?;
    let whole = Hir::concat(vec![Hir::look(Look::Start), parsed, Hir::look(Look::End)]);
    flatten(&determinise(&whole)?)
}

fn invalid(error: &regex_syntax::Error) -> Refusal {
    let words = match error {
        regex_syntax::Error::Parse(error) => error.kind().to_string(),
        regex_syntax::Error::Translate(error) => error.kind().to_string(),
        other => other.to_string(),
    };
    Refusal::Invalid(words)
}

/// Places of classes and borders that must be ASCII, with what is written in their stead.
struct AsciiPlaces(Vec<(ast::Span, &'static str)>);

impl Visitor for AsciiPlaces {
    type Output = Vec<(ast::Span, &'static str)>;
    type Err = Refusal;

    fn finish(self) -> Result<Self::Output, Refusal> {
        Ok(self.0)
    }

    fn visit_pre(&mut self, node: &Ast) -> Result<(), Refusal> {
        match node {
            Ast::ClassPerl(class) => self.0.push((class.span, ascii_class(class))),
            Ast::Assertion(assertion) => {
                if let Some(border) = ascii_border(&assertion.kind) {
                    self.0.push((assertion.span, border));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Refusal> {
        if let ClassSetItem::Perl(class) = item {
            self.0.push((class.span, ascii_class(class)));
        }
        Ok(())
    }
}

/// The space is written as `\x20` because verbose expressions skip spaces even inside brackets.
fn ascii_class(class: &ClassPerl) -> &'static str {
    match (&class.kind, class.negated) {
        (ClassPerlKind::Digit, false) => "[0-9]",
        (ClassPerlKind::Digit, true) => "[^0-9]",
        (ClassPerlKind::Space, false) => r"[\t\n\x0B\x0C\r\x20]",
        (ClassPerlKind::Space, true) => r"[^\t\n\x0B\x0C\r\x20]",
        (ClassPerlKind::Word, false) => "[0-9A-Za-z_]",
        (ClassPerlKind::Word, true) => "[^0-9A-Za-z_]",
    }
}

fn ascii_border(kind: &AssertionKind) -> Option<&'static str> {
    match kind {
        AssertionKind::StartLine | AssertionKind::EndLine | AssertionKind::StartText | AssertionKind::EndText => None,
        AssertionKind::WordBoundary => Some(r"(?-u:\b)"),
        AssertionKind::NotWordBoundary => Some(r"(?-u:\B)"),
        AssertionKind::WordBoundaryStart | AssertionKind::WordBoundaryStartAngle => Some(r"(?-u:\b{start})"),
        AssertionKind::WordBoundaryEnd | AssertionKind::WordBoundaryEndAngle => Some(r"(?-u:\b{end})"),
        AssertionKind::WordBoundaryStartHalf => Some(r"(?-u:\b{start-half})"),
        AssertionKind::WordBoundaryEndHalf => Some(r"(?-u:\b{end-half})"),
    }
}

/// Rewrites `\d`, `\w`, `\s` and word borders to ASCII; everything else, `.` above all, stays about characters.
fn ascii_classes(expression: &str) -> Result<String, Refusal> {
    let parsed = ast::parse::Parser::new().parse(expression).map_err(|error| invalid(&error.into()))?;
    let mut places = ast::visit(&parsed, AsciiPlaces(Vec::new()))?;
    places.sort_by_key(|(span, _)| span.start.offset);
    let mut rewritten = String::with_capacity(expression.len());
    let mut copied = 0;
    for (span, instead) in places {
        rewritten.push_str(&expression[copied..span.start.offset]);
        rewritten.push_str(instead);
        copied = span.end.offset;
    }
    rewritten.push_str(&expression[copied..]);
    Ok(rewritten)
}

/// What the wild characters of a glob stand for.
struct Wild {
    run: &'static str,
    one: &'static str,
    /// `**` crosses `/`, and `**/` also matches nothing.
    deep: bool,
}

/// Writes a glob as a regular expression.
fn glob(text: &str, wild: Wild) -> Result<String, Refusal> {
    let mut expression = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        rest = &rest[next.len_utf8()..];
        match next {
            '*' if wild.deep && rest.starts_with("*/") => {
                rest = &rest[2..];
                expression.push_str("(?:(?s:.)*/)?");
            }
            '*' if wild.deep && rest.starts_with('*') => {
                rest = &rest[1..];
                expression.push_str("(?s:.)*");
            }
            '*' => expression.push_str(wild.run),
            '?' => expression.push_str(wild.one),
            '\\' => {
                let Some(escaped) = rest.chars().next() else {
                    return Err(Refusal::Invalid("`\\` at the end escapes nothing".to_owned()));
                };
                rest = &rest[escaped.len_utf8()..];
                expression.push_str(&regex_syntax::escape(escaped.encode_utf8(&mut [0; 4])));
            }
            plain => expression.push_str(&regex_syntax::escape(plain.encode_utf8(&mut [0; 4]))),
        }
    }
    Ok(expression)
}

fn determinise(whole: &Hir) -> Result<Dense, Refusal> {
    let nfa = Compiler::new()
        .configure(Config::new().nfa_size_limit(Some(MAX_BUILD)))
        .build_from_hir(whole)
        .map_err(|_| Refusal::TooLarge)?;
    let config = dense::Config::new()
        .accelerate(false)
        .minimize(true)
        .match_kind(MatchKind::All)
        .start_kind(StartKind::Anchored)
        .dfa_size_limit(Some(MAX_TRANSITIONS * 8))
        .determinize_size_limit(Some(MAX_BUILD));
    dense::Builder::new().configure(config).build_from_nfa(&nfa).map_err(|_| Refusal::TooLarge)
}

/// Numbers the states in the order in which they are met from the start, class by class, and writes the flat table.
fn flatten(dfa: &Dense) -> Result<Automaton, Refusal> {
    let start = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).map_err(|_| Refusal::TooLarge)?;
    let (classes, representatives) = byte_classes(dfa);
    let mut met = Met { numbers: HashMap::new(), states: Vec::new() };
    let start = met.number(dfa, start);
    let mut next = vec![0; representatives.len()];
    let mut accepting = vec![false];
    let mut done = 0;
    while let Some(&state) = met.states.get(done) {
        done += 1;
        accepting.push(dfa.is_match_state(dfa.next_eoi_state(state)));
        next.extend(representatives.iter().map(|&byte| met.number(dfa, dfa.next_state(state, byte))));
        if next.len() > MAX_TRANSITIONS {
            return Err(Refusal::TooLarge);
        }
    }
    Ok(Automaton { classes, class_count: representatives.len() as u32, start, accepting, next })
}

/// The states met so far; number 0 is the dead state.
struct Met {
    numbers: HashMap<StateID, u32>,
    states: Vec<StateID>,
}

impl Met {
    fn number(&mut self, dfa: &Dense, state: StateID) -> u32 {
        if dfa.is_dead_state(state) {
            return 0;
        }
        *self.numbers.entry(state).or_insert_with(|| {
            self.states.push(state);
            self.states.len() as u32
        })
    }
}

/// Returns the class of each byte, and one byte of each class.
fn byte_classes(dfa: &Dense) -> (Vec<u8>, Vec<u8>) {
    let mut numbers: HashMap<u8, u8> = HashMap::new();
    let mut representatives = Vec::new();
    let class_of = |byte: u8| {
        let class = dfa.byte_classes().get(byte);
        *numbers.entry(class).or_insert_with(|| {
            representatives.push(byte);
            (representatives.len() - 1) as u8
        })
    };
    let classes = (0..=u8::MAX).map(class_of).collect();
    (classes, representatives)
}

#[cfg(test)]
#[path = "pattern_tests.rs"]
mod tests;
