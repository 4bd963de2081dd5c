//! The seams: where items begin, which brackets belong together, and how deep everything nests.
//!
//! One pass over the tokens that are not trivia. An item word begins an item where no bracket is open and the token
//! before it ends an operand. Where a bracket is not closed, a line that looks like the beginning of an item ends what is
//! open, so that a forgotten `}` costs one item and not the rest of the file.

use crate::lexer::{Fault, Lexeme};
use crate::nesting::Nesting;
use crate::token::{Token, TokenKind};
use crate::words;
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, FileId, Span};

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
            let item = self.kind(first) == TokenKind::Word && words::begins_item(self.word(first));
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
        let begins = words::begins_item(self.word(at)) || home && !continues_item(self.word(at));
        word && sig.line_start && after && begins
    }

    /// Returns whether an operand may end with a token.
    pub(crate) fn ends_operand(&self, at: usize) -> bool {
        match self.kind(at) {
            TokenKind::Word => {
                let word = self.word(at);
                let field = at > 0 && self.kind(at - 1) == TokenKind::Dot;
                field || !words::is_operator(word) || matches!(word, "true" | "false" | "any" | "all")
            }
            TokenKind::Star | TokenKind::Ellipsis | TokenKind::Unknown => true,
            kind => kind.is_literal() || kind.closes(),
        }
    }
}

/// Finds the pieces of a file, with `recover` so that a line that looks like an item ends what is open.
pub(crate) fn split<'t>(file: FileId, text: &'t str, lexemes: &[Lexeme], recover: bool) -> Seams<'t> {
    let tokens = significant(text, lexemes);
    let seams = Seams { file, text, tokens, pieces: Vec::new(), found: Diagnostics::new() };
    let mut splitter = Splitter { seams, recover, open: Vec::new(), nesting: Nesting::default(), suspect: None };
    splitter.run();
    splitter.seams
}

/// Drops trivia and comments of other languages, and notes where lines begin.
fn significant(text: &str, lexemes: &[Lexeme]) -> Vec<Sig> {
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

struct Splitter<'t> {
    seams: Seams<'t>,
    /// A line that looks like an item is one although a bracket is open.
    recover: bool,
    /// Brackets open here, outermost first.
    open: Vec<usize>,
    nesting: Nesting,
    /// An open bracket whose supposed partner stands at another indent.
    suspect: Option<usize>,
}

impl Splitter<'_> {
    fn run(&mut self) {
        for at in 0..self.seams.tokens.len() {
            if self.begins_piece(at) {
                self.begin(at);
            }
            self.doubt(at);
            self.take(at);
            let fault = self.seams.tokens[at].fault;
            if let Some(piece) = self.seams.pieces.last_mut().filter(|piece| !piece.sealed) {
                piece.end = at + 1;
                piece.hurt |= fault != Fault::None;
            }
        }
        self.close_all(self.seams.tokens.len());
    }

    fn begins_piece(&self, at: usize) -> bool {
        let seams = &self.seams;
        let Some(piece) = seams.pieces.last() else { return true };
        if seams.kind(at) != TokenKind::Word {
            return false;
        }
        let sig = seams.tokens[at];
        if !words::begins_item(seams.word(at)) || !looks_like_item(seams, at) {
            return false;
        }
        if !self.open.is_empty() {
            return self.recover && sig.line_start && self.breaks_out(at, piece);
        }
        sig.line_start || at > piece.first + 1 && seams.ends_operand(at - 1)
    }

    /// Whether a line that looks like an item is one although a bracket is open.
    fn breaks_out(&self, at: usize, piece: &Piece) -> bool {
        let seams = &self.seams;
        let home = seams.tokens[at].indent <= seams.tokens[piece.first].indent;
        match seams.word(at) {
            "allow" | "deny" | "entitle" | "limit" | "alert" | "test" | "assert" => true,
            "require" => matches!(seams.kind(at + 2), TokenKind::String | TokenKind::Raw),
            "environment" | "task" => false,
            "user" | "context" | "agent" => home && !seams.is(piece.first, "test"),
            _ => home,
        }
    }

    /// Notes a line inside of a bracket that looks like an item.
    fn doubt(&mut self, at: usize) {
        let seams = &self.seams;
        let Some(piece) = seams.pieces.last().filter(|piece| !piece.doubtful) else { return };
        let inside = !self.open.is_empty() && seams.tokens[at].line_start && seams.kind(at) == TokenKind::Word;
        let doubtful = inside && words::begins_item(seams.word(at)) && looks_like_item(seams, at) && self.breaks_out(at, piece);
        if let Some(piece) = self.seams.pieces.last_mut() {
            piece.doubtful |= doubtful;
        }
    }

    fn begin(&mut self, at: usize) {
        self.close_all(at);
        let seams = &mut self.seams;
        let item = seams.kind(at) == TokenKind::Word && words::begins_item(seams.word(at));
        seams.pieces.push(Piece { first: at, end: at, item, hurt: false, explained: false, sealed: false, doubtful: false });
        self.nesting = Nesting::default();
        self.suspect = None;
    }

    fn take(&mut self, at: usize) {
        let kind = self.seams.kind(at);
        if kind.opens() {
            self.open.push(at);
        } else if kind.closes() {
            self.close(at);
        }
        if self.nesting.take(&self.seams, at) {
            self.seams.tokens[at].fault = Fault::Reported;
            let span = self.seams.span(at);
            let limit = crate::nesting::LIMIT;
            let diagnostic =
                Diagnostic::new(Code::AP0012, "nested too deeply", span, format!("more than {limit} levels"))
                    .help("give inner parts a name with `define` or `let`");
            self.blame(diagnostic, true);
        }
    }

    /// Reports something about the current piece, which then cannot be read whole.
    fn blame(&mut self, diagnostic: Diagnostic, explains: bool) {
        if let Some(piece) = self.seams.pieces.last_mut() {
            piece.hurt = true;
            if piece.explained {
                return;
            }
            piece.explained |= explains;
        }
        self.seams.found.push(diagnostic);
    }

    fn close(&mut self, at: usize) {
        let kind = self.seams.kind(at);
        let Some(&top) = self.open.last() else { return self.closes_nothing(at) };
        let fits = |open: usize| self.seams.kind(open).partner() == Some(kind);
        if !fits(top) {
            let Some(depth) = self.open.iter().rposition(|&open| fits(open)) else {
                return self.closes_wrongly(top, at);
            };
            self.unclosed(top, at);
            self.open.truncate(depth + 1);
        }
        if let Some(open) = self.open.pop() {
            self.pair(open, at);
            self.suspicious(open, at);
        }
    }

    fn pair(&mut self, open: usize, close: usize) {
        self.seams.tokens[open].partner = close;
        self.seams.tokens[close].partner = open;
    }

    /// Remembers a pair of braces of which the closing one stands under an outer opening one.
    fn suspicious(&mut self, open: usize, at: usize) {
        let tokens = &self.seams.tokens;
        let under = |other: usize| tokens[other].indent == tokens[at].indent;
        let fits_outer = self.open.iter().any(|&outer| under(outer));
        if tokens[at].line_start && !under(open) && fits_outer && self.suspect.is_none() {
            self.suspect = Some(open);
        }
    }

    /// A closing bracket where nothing is open: the item ended before it, or one bracket too many stands here.
    fn closes_nothing(&mut self, at: usize) {
        self.seams.tokens[at].fault = Fault::Reported;
        let Some(&piece) = self.seams.pieces.last() else { return };
        let diagnostic = closes_nothing(&self.seams, at);
        let early = self.seams.block_end(&piece).filter(|&end| end + 1 < at);
        match early {
            Some(end) => {
                let end = self.seams.span(end);
                self.blame(diagnostic.because(end, "the item already ends here"), true);
            }
            None if piece.sealed || self.string_is_open(piece.first, at) => {}
            None => self.seams.found.push(diagnostic),
        }
        if let Some(piece) = self.seams.pieces.last_mut() {
            piece.sealed = true;
        }
    }

    /// A closing bracket that fits none of those open.
    fn closes_wrongly(&mut self, top: usize, at: usize) {
        self.seams.tokens[at].fault = Fault::Reported;
        let round = |kind| !matches!(kind, TokenKind::OpenBrace | TokenKind::CloseBrace);
        if !round(self.seams.kind(top)) || !round(self.seams.kind(at)) {
            return self.blame(closes_nothing(&self.seams, at), false);
        }
        let (open, close) = (self.seams.word(top), self.seams.word(at));
        let wanted = if open == "(" { ")" } else { "]" };
        let diagnostic =
            Diagnostic::new(Code::AP0004, format!("`{close}` does not close `{open}`"), self.seams.span(at), "")
                .because(self.seams.span(top), "opened here")
                .help(format!("write `{wanted}`"));
        self.blame(diagnostic, false);
        self.open.pop();
        self.pair(top, at);
    }

    /// Whether a string without an end stands in `from..to`: it may have swallowed a bracket.
    fn string_is_open(&self, from: usize, to: usize) -> bool {
        self.seams.tokens[from..to].iter().any(|sig| sig.fault == Fault::Unclosed)
    }

    /// Reports a bracket that is still open before the token `at`.
    fn unclosed(&mut self, open: usize, at: usize) {
        self.seams.tokens[open].fault = Fault::Reported;
        if let Some(piece) = self.seams.pieces.last_mut() {
            piece.hurt = true;
        }
        if self.string_is_open(open, at) {
            return;
        }
        let seams = &self.seams;
        let sign = seams.word(open);
        let wanted = match sign {
            "{" => "}",
            "(" => ")",
            _ => "]",
        };
        let mut diagnostic =
            Diagnostic::new(Code::AP0003, format!("`{sign}` is not closed"), seams.span(open), "opened here");
        let partner = seams.tokens[open].partner;
        if partner != open {
            let label = "this closes it, though it stands under an outer one";
            diagnostic = diagnostic.because(seams.span(partner), label);
        } else if at < seams.tokens.len() {
            diagnostic = diagnostic.because(seams.span(at), "should be closed before this");
        }
        self.blame(diagnostic.help(format!("add `{wanted}` where it ends")), false);
    }

    /// Ends the piece: what is open now stays open.
    fn close_all(&mut self, at: usize) {
        let Some(&inner) = self.open.last() else { return };
        let guilty = self.suspect.filter(|&open| self.seams.kind(inner) == self.seams.kind(open)).unwrap_or(inner);
        self.unclosed(guilty, at);
        for &open in &self.open {
            self.seams.tokens[open].fault = Fault::Reported;
        }
        self.open.clear();
    }
}

fn closes_nothing(seams: &Seams<'_>, at: usize) -> Diagnostic {
    let title = format!("`{}` closes nothing", seams.word(at));
    Diagnostic::new(Code::AP0004, title, seams.span(at), "no bracket is open here")
        .help("take it out, or open it before")
}

/// Whether what stands at an item word has the shape of an item.
fn looks_like_item(seams: &Seams<'_>, at: usize) -> bool {
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
        "agent" | "resource" => named && kind(2) == K::OpenBrace,
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
    continues_item(word) || matches!(word, "untrusted" | "secret" | "touches" | "returns")
}

/// Whether a word that begins no item may go on with one on a new line.
fn continues_item(word: &str) -> bool {
    words::is_operator(word)
        || words::TOOL_CLAUSES.contains(&word)
        || matches!(word, "as" | "by" | "claimed" | "except" | "keep" | "requires" | "with" | "hosts" | "fixed")
}
