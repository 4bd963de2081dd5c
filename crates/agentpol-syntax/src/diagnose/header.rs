//! What stands before the body of an item: its words, its name, its sign.

use crate::lexer::Fault;
use crate::seams::{Piece, Seams};
use crate::token::TokenKind as K;
use crate::words;
use agentpol_diagnostics::{Code, Diagnostic};

/// Returns the bracket with which the body of an item begins, for items that have one.
pub(super) fn body(seams: &Seams<'_>, piece: &Piece) -> Option<usize> {
    let wanted = match seams.word(piece.first) {
        "tool" | "define" | "fleet" => K::OpenParen,
        _ => K::OpenBrace,
    };
    (piece.first..piece.end)
        .find(|&at| {
            let kind = seams.kind(at);
            kind == wanted || kind == K::Assign
        })
        .filter(|&at| seams.kind(at) == wanted)
}

/// Checks what every item of a kind must begin with.
pub(super) fn check(seams: &Seams<'_>, piece: &Piece, open: Option<usize>) -> Option<Diagnostic> {
    let word = seams.word(piece.first);
    let end = open.unwrap_or(piece.end);
    if seams.tokens[piece.first..end].iter().any(|sig| sig.fault != Fault::None) {
        return None;
    }
    let header = Header { seams, first: piece.first, end: piece.end, open };
    match word {
        "require" if !seams.is(piece.first + 1, "approval") => Some(header.require()),
        "require" => header.titled(piece.first + 2),
        "allow" | "deny" | "entitle" | "limit" | "alert" | "test" | "assert" => header.titled(piece.first + 1),
        "level" | "enum" | "schedule" | "tools" | "define" | "agent" | "fleet" | "system" | "record" | "resource"
        | "group" => header.named(word),
        "tool" => header.tool(),
        "user" | "context" if open.is_none() => {
            let help = format!("write `{word} {{ region: string }}`");
            Some(header.missing(piece.first + 1, "the fields are missing", help))
        }
        _ => None,
    }
}

struct Header<'s, 't> {
    seams: &'s Seams<'t>,
    first: usize,
    end: usize,
    open: Option<usize>,
}

impl Header<'_, '_> {
    fn kind(&self, at: usize) -> K {
        if at < self.end { self.seams.kind(at) } else { K::Space }
    }

    /// Reports what is missing before the token `at`, shown at the token before it.
    fn missing(&self, at: usize, title: &str, help: String) -> Diagnostic {
        let before = self.seams.span(at.max(self.first + 1) - 1);
        Diagnostic::new(Code::AP0102, title, before, "expected after this").help(help)
    }

    fn require(&self) -> Diagnostic {
        let span = self.seams.span(self.first);
        Diagnostic::new(Code::AP0102, "`approval` is missing", span, "").help("write `require approval`")
    }

    /// `allow "name" {`
    fn titled(&self, at: usize) -> Option<Diagnostic> {
        let seams = self.seams;
        let effect = (self.first..at).map(|at| seams.word(at)).collect::<Vec<_>>().join(" ");
        let thing = if matches!(effect.as_str(), "test" | "assert") { effect.as_str() } else { "rule" };
        match self.kind(at) {
            K::String | K::Raw if self.kind(at + 1) == K::OpenBrace => None,
            K::String | K::Raw => {
                let help = format!("write the clauses in braces: `{effect} {} {{ ... }}`", seams.word(at));
                Some(self.missing(at + 1, &format!("this {thing} has no block"), help))
            }
            K::Word => {
                let end = self.open.unwrap_or(at + 1).max(at + 1);
                let name = text_between(seams, at, end);
                let span = seams.span(at).to(seams.span(end - 1));
                let title = format!("the name of a {thing} stands in quotes");
                Some(Diagnostic::new(Code::AP0102, title, span, "").help(format!("write `\"{name}\"`")))
            }
            _ => {
                let help = format!("say in a few words what it is for: `{effect} \"no mail outside\" {{ ... }}`");
                Some(self.missing(at, &format!("this {thing} has no name"), help))
            }
        }
    }

    /// `level NAME =`, `agent NAME {`
    fn named(&self, word: &str) -> Option<Diagnostic> {
        let at = self.first + 1;
        if let Some(diagnostic) = self.name(at, word) {
            return Some(diagnostic);
        }
        let name = self.seams.word(at);
        let next = self.kind(at + 1);
        let (title, sign) = match word {
            "level" | "enum" | "schedule" | "tools" if next != K::Assign => ("`=` is missing", "= ..."),
            "define" if !matches!(next, K::Assign | K::OpenParen) => ("`=` is missing", "= ..."),
            "define" => return self.define(at + 1),
            "agent" | "resource" if next != K::OpenBrace => ("the block is missing", "{ ... }"),
            "record" if self.open.is_none() => ("the fields are missing", "{ id: string }"),
            "fleet" if next != K::OpenParen => ("the attributes are missing", "(store: string) { ... }"),
            _ => return None,
        };
        Some(self.missing(at + 1, title, format!("write `{word} {name} {sign}`")))
    }

    fn define(&self, at: usize) -> Option<Diagnostic> {
        let close = self.seams.tokens[at].partner;
        let bare = self.kind(at) == K::OpenParen && close > at && self.kind(close + 1) != K::Assign;
        bare.then(|| self.missing(close + 1, "`=` is missing", "write `=` and what the name stands for".to_owned()))
    }

    /// `tool crm.search "wire" (`
    fn tool(&self) -> Option<Diagnostic> {
        let mut at = self.first + 1;
        if let Some(diagnostic) = self.name(at, "tool") {
            return Some(diagnostic);
        }
        while self.kind(at + 1) == K::Dot && self.kind(at + 2) == K::Word {
            at += 2;
        }
        at += 1;
        if matches!(self.kind(at), K::String | K::Raw) {
            at += 1;
        }
        if matches!(self.kind(at), K::OpenParen | K::Minus | K::Dot) {
            return None;
        }
        let name = text_between(self.seams, self.first + 1, at);
        let help = format!("write `tool {name}(id: string)`, or `()` for none");
        Some(self.missing(at, "the parameters are missing", help))
    }

    /// Checks that a name that may be declared stands here.
    fn name(&self, at: usize, word: &str) -> Option<Diagnostic> {
        let seams = self.seams;
        match self.kind(at) {
            K::Word => {
                let name = seams.word(at);
                if words::is_operator(name) || words::is_seam(name) {
                    return Some(reserved(seams, at));
                }
                if self.kind(at + 1) == K::Minus {
                    return Some(hyphen(seams, at + 1));
                }
                None
            }
            K::String | K::Raw => Some(unquote(seams, at)),
            _ => Some(self.missing(at, &format!("the name of the {word} is missing"), format!("write `{word} NAME`"))),
        }
    }
}

/// Reports a word of the language where a name is declared or meant.
pub(super) fn reserved(seams: &Seams<'_>, at: usize) -> Diagnostic {
    let word = seams.word(at);
    let title = format!("`{word}` is a word of the language and cannot be a name here");
    Diagnostic::new(Code::AP0103, title, seams.span(at), "").help(format!("choose another name, such as `{word}_`"))
}

/// Reports a `-` inside of what was meant as one name.
pub(super) fn hyphen(seams: &Seams<'_>, at: usize) -> Diagnostic {
    let mut end = at;
    while seams.kind(end) == K::Minus && seams.kind(end + 1) == K::Word {
        end += 2;
    }
    let name: String = (at - 1..end.max(at)).map(|at| seams.word(at)).collect();
    let title = "a name has no `-` in it";
    Diagnostic::new(Code::AP0102, title, seams.span(at), "").help(format!("write `{}`", name.replace('-', "_")))
}

/// Reports a text where a name is needed.
pub(super) fn unquote(seams: &Seams<'_>, at: usize) -> Diagnostic {
    let inner = seams.word(at).trim_matches(['"', '`']);
    let plain: String = inner.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' }).collect();
    let name = if plain.is_empty() { "NAME".to_owned() } else { plain };
    Diagnostic::new(Code::AP0102, "a name stands without quotes", seams.span(at), "").help(format!("write `{name}`"))
}

/// Returns the text from one token to before another, on one line.
pub(super) fn text_between(seams: &Seams<'_>, from: usize, to: usize) -> String {
    let start = seams.span(from).start as usize;
    let end = seams.span(to.max(from + 1) - 1).end as usize;
    seams.text.get(start..end).unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" ")
}
