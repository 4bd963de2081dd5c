//! The scanner: one pass of logos over the text, no byte left out.
//!
//! It knows what people type, not only what the language has: strings without an end, operators and comments of other
//! languages, letters that are not ASCII. What they mean is said in [`lexical`](crate::lexical).

use crate::token::{Token, TokenKind};
use logos::{Lexer, Logos};

/// What logos sees; mapped to [`Lexeme`] at once.
#[derive(Logos, Clone, Copy, Debug, PartialEq)]
enum Raw {
    #[regex(r"[ \t\r\n]+")]
    Space,
    #[regex(r"//[^\n]*", allow_greedy = true)]
    Comment,
    #[token("/*", block_comment)]
    BlockComment,
    #[regex(r"#[^\n]*", allow_greedy = true)]
    HashComment,
    #[regex("[A-Za-z_][A-Za-z0-9_]*")]
    Word,
    #[regex("[^\\x00-\\x7F]+")]
    Foreign,
    #[token("\"", |lex| quoted(lex, b'"'))]
    String(bool),
    #[token("'", |lex| quoted(lex, b'\''))]
    Single(bool),
    #[token("`", |lex| quoted(lex, b'`'))]
    Back(bool),
    #[regex("[0-9]", number)]
    Number,
    #[token("{")]
    OpenBrace,
    #[token("}")]
    CloseBrace,
    #[token("(")]
    OpenParen,
    #[token(")")]
    CloseParen,
    #[token("[")]
    OpenBracket,
    #[token("]")]
    CloseBracket,
    #[token(",")]
    Comma,
    #[token(":")]
    Colon,
    #[token(".")]
    Dot,
    #[token("..")]
    DotDot,
    #[token("...")]
    Ellipsis,
    #[token("?")]
    Question,
    #[token("|")]
    Bar,
    #[token("=")]
    Assign,
    #[token("->")]
    Arrow,
    #[token("<")]
    Less,
    #[token(">")]
    Greater,
    #[regex("==|!=|<=|>=")]
    Compare,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[regex(r"&&|\|\||===|!==|<>|=>|=<|=~|::|:=|\?\?|\?\.|\*\*|\+\+|--|\+=|-=|<<|;|!|&|/|%|\^|~")]
    Habit,
}

/// A token with what the scanner noticed about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lexeme {
    pub(crate) token: Token,
    pub(crate) fault: Fault,
}

/// What is wrong with a token, as far as scanning can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// An operator of another language.
    Habit,
    /// `'text'`
    SingleQuotes,
    /// A comment of another language.
    ForeignComment,
    /// A string without its closing quote.
    Unclosed,
    /// A word with characters that are not ASCII, or such characters alone.
    Foreign,
    /// A string with an escape that does not exist.
    Escape,
    /// Digits that are no number, date, time or duration.
    Malformed,
    /// A character of no use at all.
    Stray,
    /// A bracket without its partner, or a level too deep; found and reported by the seams.
    Reported,
}

/// Scans a whole text.
pub(crate) fn scan(text: &str) -> Vec<Lexeme> {
    let mut out: Vec<Lexeme> = Vec::with_capacity(text.len() / 4 + 1);
    let mut lexer = Raw::lexer(text);
    while let Some(raw) = lexer.next() {
        let span = lexer.span();
        let (kind, fault) = match raw {
            Ok(raw) => kind_of(raw, lexer.slice()),
            Err(()) => (TokenKind::Unknown, Fault::Stray),
        };
        let bom = span.start == 0 && lexer.slice() == "\u{feff}";
        let (kind, fault) = if bom { (TokenKind::Space, Fault::None) } else { (kind, fault) };
        push(&mut out, Lexeme { token: Token { kind, start: span.start as u32, end: span.end as u32 }, fault });
    }
    join_strings(text, out)
}

/// How many lines a string may seem to go on before its two quotes are two mistakes.
const STRING_LINES: usize = 10;

/// Makes one token of a string written over several lines: a quote without an end, and later another with nothing but
/// signs behind it.
fn join_strings(text: &str, all: Vec<Lexeme>) -> Vec<Lexeme> {
    let mut open =
        all.iter().enumerate().filter(|(_, lexeme)| lexeme.fault == Fault::Unclosed).map(|(at, _)| at).peekable();
    if open.peek().is_none() {
        return all;
    }
    let mut out = Vec::with_capacity(all.len());
    let mut done = 0;
    while let Some(first) = open.next() {
        let Some(&last) = open.peek() else { break };
        let (begin, end) = (all[first].token, all[last].token);
        let quotes = begin.text(text).starts_with('"') && end.text(text).starts_with('"');
        let between = text.get(begin.end as usize..end.start as usize).unwrap_or("");
        let near = between.bytes().filter(|byte| *byte == b'\n').take(STRING_LINES + 1).count() <= STRING_LINES;
        if !quotes || !near || end.text(text).contains(char::is_alphanumeric) {
            continue;
        }
        out.extend_from_slice(&all[done..first]);
        let joined = Token { end: end.start + 1, ..begin };
        out.push(Lexeme { token: joined, fault: Fault::Unclosed });
        if joined.end < end.end {
            let rest = Token { start: joined.end, ..end };
            out.push(Lexeme { token: rest, fault: Fault::Reported });
        }
        open.next();
        done = last + 1;
    }
    out.extend_from_slice(&all[done..]);
    out
}

/// Appends a token, joined with the one before where both are one word with foreign letters in it.
fn push(out: &mut Vec<Lexeme>, next: Lexeme) {
    if let Some(last) = out.last_mut() {
        let word_like = |l: &Lexeme| l.token.kind == TokenKind::Word || l.fault == Fault::Foreign;
        if word_like(last) && word_like(&next) {
            let token = Token { kind: TokenKind::Unknown, start: last.token.start, end: next.token.end };
            *last = Lexeme { token, fault: Fault::Foreign };
            return;
        }
    }
    out.push(next);
}

fn kind_of(raw: Raw, slice: &str) -> (TokenKind, Fault) {
    use TokenKind as K;
    let kind = match raw {
        Raw::Space => K::Space,
        Raw::Comment => K::Comment,
        Raw::BlockComment | Raw::HashComment => return (K::Unknown, Fault::ForeignComment),
        Raw::Word => K::Word,
        Raw::Foreign => return (K::Unknown, Fault::Foreign),
        Raw::String(true) if slice.contains('\\') && crate::literal::unescape(slice).is_err() => {
            return (K::String, Fault::Escape);
        }
        Raw::String(true) => K::String,
        Raw::Back(true) => K::Raw,
        Raw::String(false) | Raw::Back(false) => return (K::Unknown, Fault::Unclosed),
        Raw::Single(true) => return (K::Unknown, Fault::SingleQuotes),
        Raw::Single(false) => return (K::Unknown, Fault::Stray),
        Raw::Number => match crate::literal::classify(slice) {
            Some(kind) => kind,
            None => return (K::Unknown, Fault::Malformed),
        },
        Raw::OpenBrace => K::OpenBrace,
        Raw::CloseBrace => K::CloseBrace,
        Raw::OpenParen => K::OpenParen,
        Raw::CloseParen => K::CloseParen,
        Raw::OpenBracket => K::OpenBracket,
        Raw::CloseBracket => K::CloseBracket,
        Raw::Comma => K::Comma,
        Raw::Colon => K::Colon,
        Raw::Dot => K::Dot,
        Raw::DotDot => K::DotDot,
        Raw::Ellipsis => K::Ellipsis,
        Raw::Question => K::Question,
        Raw::Bar => K::Bar,
        Raw::Assign => K::Assign,
        Raw::Arrow => K::Arrow,
        Raw::Less => K::Less,
        Raw::Greater => K::Greater,
        Raw::Compare => K::Compare,
        Raw::Plus => K::Plus,
        Raw::Minus => K::Minus,
        Raw::Star => K::Star,
        Raw::Habit => return (K::Unknown, Fault::Habit),
    };
    (kind, Fault::None)
}

/// Takes the rest of a string; false when the line ends first. An unclosed one ends before the line end.
fn quoted(lex: &mut Lexer<'_, Raw>, quote: u8) -> bool {
    let rest = lex.remainder().as_bytes();
    let mut at = 0;
    while let Some(&byte) = rest.get(at) {
        match byte {
            b'\n' => break,
            b'\\' if quote != b'`' && rest.get(at + 1).is_some_and(|&next| next != b'\n') => at += 1,
            _ if byte == quote => {
                lex.bump(at + 1);
                return true;
            }
            _ => {}
        }
        at += 1;
    }
    if quote == b'\'' {
        return false;
    }
    let line = lex.remainder();
    let line = line.split('\n').next().unwrap_or("").trim_end();
    lex.bump(line.len());
    false
}

/// Takes a `/* */` comment, to the end of the text where it has none.
fn block_comment(lex: &mut Lexer<'_, Raw>) {
    let rest = lex.remainder();
    lex.bump(rest.find("*/").map_or(rest.len(), |at| at + 2));
}

/// Takes all that belongs to digits: a number, date, time, clock or duration, right or wrong.
fn number(lex: &mut Lexer<'_, Raw>) {
    let start = lex.span().start;
    let text = &lex.source().as_bytes()[start..];
    lex.bump(crate::literal::digits_len(text) - 1);
}
