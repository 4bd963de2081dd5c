//! The tokens of a file that are not trivia, in pieces of which each is one item or was meant to be.

use crate::lexer::{Fault, Lexeme};
use crate::token::{Token, TokenKind};
use crate::words;
use agentpol_diagnostics::{Diagnostics, FileId, Span};

/// A token that is not trivia, with what its place says about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sig {
    pub(crate) token: Token,
    /// What is wrong with it; reported already.
    pub(crate) fault: Fault,
    /// It is the first of its line.
    pub(crate) line_start: bool,
    /// How far the first token of its line is indented, in bytes.
    pub(crate) indent: u32,
    /// The bracket that belongs to this one; its own index where there is none.
    pub(crate) partner: usize,
}

/// A run of tokens that is one item, or was meant to be one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    /// The first token.
    pub(crate) first: usize,
    /// The token after the last.
    pub(crate) end: usize,
    /// It begins with a word that begins an item.
    pub(crate) item: bool,
    /// Something in it was reported, so it cannot be read whole.
    pub(crate) hurt: bool,
    /// What was reported explains all that may be wrong with it.
    pub(crate) explained: bool,
    /// A bracket too many follows; nothing after it belongs to the piece.
    pub(crate) sealed: bool,
    /// A line inside of a bracket looks like the beginning of an item.
    pub(crate) doubtful: bool,
}

/// A file's tokens and pieces.
pub(crate) struct Seams<'t> {
    pub(crate) file: FileId,
    pub(crate) text: &'t str,
    pub(crate) tokens: Vec<Sig>,
    pub(crate) pieces: Vec<Piece>,
    /// What is wrong with brackets and depth.
    pub(crate) found: Diagnostics,
}

impl<'t> Seams<'t> {
    /// Returns the text of a token; empty past the end.
    pub(crate) fn word(&self, at: usize) -> &'t str {
        self.tokens.get(at).map_or("", |sig| sig.token.text(self.text))
    }

    /// Returns the kind of a token; `Space` past the end.
    pub(crate) fn kind(&self, at: usize) -> TokenKind {
        self.tokens.get(at).map_or(TokenKind::Space, |sig| sig.token.kind)
    }

    /// Returns the span of a token; of nothing past the end.
    pub(crate) fn span(&self, at: usize) -> Span {
        self.tokens.get(at).map_or(Span::new(self.file, self.text.len(), self.text.len()), |sig| {
            Span::new(self.file, sig.token.start as usize, sig.token.end as usize)
        })
    }

    /// Returns whether a token is this word.
    pub(crate) fn is(&self, at: usize, word: &str) -> bool {
        self.kind(at) == TokenKind::Word && self.word(at) == word
    }

    /// Returns the end of the first block of a piece that no bracket contains, for items that end with it.
    pub(crate) fn block_end(&self, piece: &Piece) -> Option<usize> {
        if matches!(self.word(piece.first), "tool" | "define" | "record") {
            return None;
        }
        let open = (piece.first..piece.end).find(|&at| self.kind(at) == TokenKind::OpenBrace)?;
        Some(self.tokens[open].partner).filter(|&end| end != open)
    }

    /// Cuts a piece that cannot be read where a line begins like another item, or like something meant as one.
    pub(crate) fn cut(&self, piece: &Piece) -> Vec<Piece> {
        if piece.explained {
            return vec![*piece];
        }
        let mut starts = vec![piece.first];
        let mut at = piece.first + 1;
        while at < piece.end {
            if self.may_begin(piece, at) {
                starts.push(at);
            }
            at = self.tokens[at].partner.max(at) + 1;
        }
        starts.push(piece.end);
        let part = |bounds: &[usize]| {
            let (first, end) = (bounds[0], bounds[1]);
            let hurt = self.tokens[first..end].iter().any(|sig| sig.fault != Fault::None);
            let item = self.begins_item(first);
            Piece { first, end, item, hurt, explained: false, sealed: piece.sealed, doubtful: false }
        };
        starts.windows(2).map(part).collect()
    }

    /// Whether a line of a broken piece may be an item of its own.
    fn may_begin(&self, piece: &Piece, at: usize) -> bool {
        let sig = self.tokens[at];
        let home = sig.indent <= self.tokens[piece.first].indent;
        let word = self.kind(at) == TokenKind::Word;
        let after = at > piece.first + 1 && self.ends_operand(at - 1) && !leads_on(self.word(at - 1));
        let begins = self.begins_item(at) || home && !continues_item(self.word(at));
        word && sig.line_start && after && begins
    }

    /// Returns whether a token is a word that begins an item; `users` and `resources` do so before `from`, `sessions` before
    /// `unvouched`.
    pub(crate) fn begins_item(&self, at: usize) -> bool {
        let word = self.word(at);
        let from = || self.is(at + 1, "from") && (self.is(at + 2, "directory") || self.is(at + 2, "request"));
        let source = words::SOURCES.contains(&word) && from() || word == "sessions" && self.is(at + 1, "unvouched");
        self.kind(at) == TokenKind::Word && (words::begins_item(word) || source)
    }

    /// Returns whether `any` stands for every agent or user, and so begins no quantifier.
    fn selects(&self, at: usize) -> bool {
        at > 0 && (self.is(at - 1, "agent") || self.is(at - 1, "user") || self.kind(at - 1) == TokenKind::Comma)
    }

    /// Returns whether an operand may end with a token.
    pub(crate) fn ends_operand(&self, at: usize) -> bool {
        match self.kind(at) {
            TokenKind::Word => {
                let word = self.word(at);
                let field = at > 0 && self.kind(at - 1) == TokenKind::Dot;
                field
                    || !words::is_operator(word)
                    || matches!(word, "true" | "false")
                    || word == "any" && self.selects(at)
            }
            TokenKind::Star | TokenKind::Ellipsis | TokenKind::Unknown => true,
            kind => kind.is_literal() || kind.closes(),
        }
    }
}

/// Drops trivia and comments of other languages, and notes where lines begin.
pub(crate) fn significant(text: &str, lexemes: &[Lexeme]) -> Vec<Sig> {
    let mut out: Vec<Sig> = Vec::with_capacity(lexemes.len() / 2 + 1);
    let (mut line_start, mut line, mut indent) = (true, 0usize, 0u32);
    for lexeme in lexemes {
        let token = lexeme.token;
        if token.kind.is_trivia() || lexeme.fault == Fault::ForeignComment {
            if let Some(at) = token.text(text).rfind('\n') {
                line_start = true;
                line = token.start as usize + at + 1;
            }
            continue;
        }
        if line_start {
            indent = (token.start as usize - line) as u32;
        }
        out.push(Sig { token, fault: lexeme.fault, line_start, indent, partner: out.len() });
        line_start = false;
    }
    out
}

/// Whether what stands at an item word has the shape of an item.
pub(crate) fn looks_like_item(seams: &Seams<'_>, at: usize) -> bool {
    use TokenKind as K;
    let kind = |ahead: usize| seams.kind(at + ahead);
    let text = |ahead: usize| {
        let unclosed = seams.tokens.get(at + ahead).is_some_and(|sig| sig.fault == Fault::Unclosed);
        matches!(kind(ahead), K::String | K::Raw) || unclosed
    };
    let named = kind(1) == K::Word;
    match seams.word(at) {
        "allow" | "deny" | "entitle" | "limit" | "alert" | "test" | "assert" | "timezone" | "task" => text(1),
        "require" => seams.is(at + 1, "approval"),
        "level" | "enum" | "schedule" | "tools" => named && kind(2) == K::Assign,
        "define" => named && matches!(kind(2), K::Assign | K::OpenParen),
        "fleet" => named && kind(2) == K::OpenParen,
        "agent" => named && kind(2) == K::OpenBrace,
        "resource" => named && (kind(2) == K::OpenBrace || text(2) && kind(3) == K::OpenBrace),
        "user" | "context" => kind(1) == K::OpenBrace,
        "tool" => {
            let mut ahead = 1;
            while named && kind(ahead + 1) == K::Dot && kind(ahead + 2) == K::Word {
                ahead += 2;
            }
            named && (kind(ahead + 1) == K::OpenParen || text(ahead + 1))
        }
        _ => named,
    }
}

/// Whether a word that is no operator always has something behind it.
fn leads_on(word: &str) -> bool {
    continues_item(word) && !matches!(word, "true" | "false")
        || matches!(word, "untrusted" | "secret" | "touches" | "returns")
}

/// Whether a word that begins no item may go on with one on a new line.
fn continues_item(word: &str) -> bool {
    words::is_operator(word)
        || words::TOOL_CLAUSES.contains(&word)
        || matches!(
            word,
            "as" | "by" | "claimed" | "except" | "fresh" | "keep" | "requires" | "with" | "hosts" | "fixed"
        )
}
