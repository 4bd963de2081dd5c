//! Finds the seams: where items begin, which brackets belong together, and how deep everything nests.
//!
//! One pass over the tokens that are not trivia. An item word begins an item where no bracket is open and the token
//! before it ends an operand. Where a bracket is not closed, a line that looks like the beginning of an item ends what is
//! open, so that a forgotten `}` costs one item and not the rest of the file.

use crate::lexer::{Fault, Lexeme};
use crate::nesting::Nesting;
use crate::seams::{Piece, Seams, looks_like_item, significant};
use crate::token::TokenKind;
use crate::words;
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, FileId};

/// Finds the pieces of a file, with `recover` so that a line that looks like an item ends what is open.
pub(crate) fn split<'t>(file: FileId, text: &'t str, lexemes: &[Lexeme], recover: bool) -> Seams<'t> {
    let tokens = significant(text, lexemes);
    let seams = Seams { file, text, tokens, pieces: Vec::new(), found: Diagnostics::new() };
    let mut splitter = Splitter {
        seams,
        recover,
        open: Vec::new(),
        counts: [0; 3],
        unclosed_string: None,
        nesting: Nesting::default(),
        suspect: None,
    };
    splitter.run();
    splitter.seams
}

/// How many outer brackets are asked whether a closing one stands under them.
const OUTER: usize = 64;

struct Splitter<'t> {
    seams: Seams<'t>,
    /// A line that looks like an item is one although a bracket is open.
    recover: bool,
    /// Brackets open here, outermost first.
    open: Vec<usize>,
    /// How many of each kind are open.
    counts: [usize; 3],
    /// The last string so far that has no end.
    unclosed_string: Option<usize>,
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
        if !seams.begins_item(at) || !looks_like_item(seams, at) {
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
        let doubtful = inside && seams.begins_item(at) && looks_like_item(seams, at) && self.breaks_out(at, piece);
        if let Some(piece) = self.seams.pieces.last_mut() {
            piece.doubtful |= doubtful;
        }
    }

    fn begin(&mut self, at: usize) {
        self.close_all(at);
        let seams = &mut self.seams;
        let item = seams.begins_item(at);
        seams.pieces.push(Piece {
            first: at,
            end: at,
            item,
            hurt: false,
            explained: false,
            sealed: false,
            doubtful: false,
        });
        self.nesting = Nesting::default();
        self.suspect = None;
    }

    fn take(&mut self, at: usize) {
        if self.seams.tokens[at].fault == Fault::Unclosed {
            self.unclosed_string = Some(at);
        }
        let kind = self.seams.kind(at);
        if kind.opens() {
            self.push(at);
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
            let depth = if self.opened(kind) { self.open.iter().rposition(|&open| fits(open)) } else { None };
            let Some(depth) = depth else { return self.closes_wrongly(top, at) };
            self.unclosed(top, at);
            while self.open.len() > depth + 1 {
                self.pop();
            }
        }
        if let Some(open) = self.pop() {
            self.pair(open, at);
            self.suspicious(open, at);
        }
    }

    /// Whether a bracket is open that this one closes; without looking at all of them.
    fn opened(&self, close: TokenKind) -> bool {
        self.counts[slot(close)] > 0
    }

    fn push(&mut self, open: usize) {
        self.counts[slot(self.seams.kind(open))] += 1;
        self.open.push(open);
    }

    fn pop(&mut self) -> Option<usize> {
        let open = self.open.pop()?;
        self.counts[slot(self.seams.kind(open))] -= 1;
        Some(open)
    }

    fn pair(&mut self, open: usize, close: usize) {
        self.seams.tokens[open].partner = close;
        self.seams.tokens[close].partner = open;
    }

    /// Remembers a pair of braces of which the closing one stands under an outer opening one.
    fn suspicious(&mut self, open: usize, at: usize) {
        let tokens = &self.seams.tokens;
        let under = |other: usize| tokens[other].indent == tokens[at].indent;
        let fits_outer = || self.open.iter().rev().take(OUTER).any(|&outer| under(outer));
        if self.suspect.is_none() && tokens[at].line_start && !under(open) && fits_outer() {
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
            None if piece.sealed || self.string_is_open(piece.first) || self.never_opened(&piece, at) => {}
            None if self.cuts_a_tool(&piece, at) => self.blame(diagnostic, true),
            None => self.seams.found.push(diagnostic),
        }
        if let Some(piece) = self.seams.pieces.last_mut() {
            piece.sealed = true;
        }
    }

    /// Whether a brace closes a block whose opening one is missing, which is then said.
    fn never_opened(&self, piece: &Piece, at: usize) -> bool {
        const BLOCKS: &[&str] = &["allow", "deny", "require", "entitle", "limit", "alert", "test", "assert", "agent"];
        let closes = self.seams.kind(at) == TokenKind::CloseBrace && BLOCKS.contains(&self.seams.word(piece.first));
        closes && (piece.first..at).all(|at| self.seams.kind(at) != TokenKind::OpenBrace)
    }

    /// Whether a bracket too many stands between the parameters of a tool and what the tool does.
    fn cuts_a_tool(&self, piece: &Piece, at: usize) -> bool {
        self.seams.is(piece.first, "tool") && words::TOOL_CLAUSES.contains(&self.seams.word(at + 1))
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
        self.pop();
        self.pair(top, at);
    }

    /// Whether a string without an end stands behind `from`: it may have swallowed a bracket.
    fn string_is_open(&self, from: usize) -> bool {
        self.unclosed_string.is_some_and(|at| at >= from)
    }

    /// Reports a bracket that is still open before the token `at`.
    fn unclosed(&mut self, open: usize, at: usize) {
        self.seams.tokens[open].fault = Fault::Reported;
        if let Some(piece) = self.seams.pieces.last_mut() {
            piece.hurt = true;
        }
        if self.string_is_open(open) {
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
        self.counts = [0; 3];
    }
}

/// Numbers the three kinds of bracket.
fn slot(kind: TokenKind) -> usize {
    match kind {
        TokenKind::OpenBrace | TokenKind::CloseBrace => 0,
        TokenKind::OpenParen | TokenKind::CloseParen => 1,
        _ => 2,
    }
}

fn closes_nothing(seams: &Seams<'_>, at: usize) -> Diagnostic {
    let title = format!("`{}` closes nothing", seams.word(at));
    Diagnostic::new(Code::AP0004, title, seams.span(at), "no bracket is open here")
        .help("take it out, or open it before")
}
