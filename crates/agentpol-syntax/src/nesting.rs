//! How deep a file nests, counted before anything recurses into it.
//!
//! Brackets count, and so do prefix operators, quantifiers, `if`, `otherwise`, `list<` and the dots after an operand:
//! everything that makes the syntax tree deeper. Whoever walks the tree recursively may rely on [`LIMIT`].

use crate::seams::Seams;
use crate::token::TokenKind;

/// How many levels one item may nest.
pub(crate) const LIMIT: u32 = 64;

/// What one open bracket, or the item itself, has nested so far.
#[derive(Clone, Copy, Debug, Default)]
struct Frame {
    /// Quantifiers, conditions and defaults, which reach to the end of what is around them.
    chain: u32,
    /// Prefix operators directly before the next operand.
    run: u32,
    /// Dots and indexes after the last operand.
    reach: u32,
    /// `list<` and `map<` still open.
    angles: u32,
}

/// Counts along the tokens of one item.
#[derive(Debug, Default)]
pub(crate) struct Nesting {
    frame: Frame,
    outer: Vec<Frame>,
    /// Levels of all outer frames with their brackets.
    below: u32,
    /// The limit was passed and said so.
    reported: bool,
}

impl Nesting {
    /// Counts one token; true where the limit is passed for the first time.
    pub(crate) fn take(&mut self, seams: &Seams<'_>, at: usize) -> bool {
        let kind = seams.kind(at);
        let after_operand = at > 0 && seams.ends_operand(at - 1);
        match kind {
            _ if kind.opens() => self.open(after_operand && kind == TokenKind::OpenBracket),
            _ if kind.closes() => self.close(),
            TokenKind::Comma if !binds_two(seams, at) => {
                self.frame = Frame { angles: self.frame.angles, ..Frame::default() };
            }
            TokenKind::Dot => self.frame.reach += 1,
            TokenKind::Minus if !after_operand => self.frame.run += 1,
            TokenKind::Less if at > 0 && (seams.is(at - 1, "list") || seams.is(at - 1, "map")) => {
                self.frame.angles += 1;
            }
            TokenKind::Greater => self.frame.angles = self.frame.angles.saturating_sub(1),
            TokenKind::Word => self.word(seams, at, after_operand),
            _ => self.operand(),
        }
        let frame = self.frame;
        let depth = self.below + frame.chain + frame.run + frame.reach + frame.angles;
        let first = depth > LIMIT && !self.reported;
        self.reported |= first;
        first
    }

    fn open(&mut self, postfix: bool) {
        self.frame.reach += u32::from(postfix);
        self.frame.chain += self.frame.run;
        self.frame.run = 0;
        self.below += self.frame.chain + self.frame.angles + 1;
        self.outer.push(self.frame);
        self.frame = Frame::default();
    }

    fn close(&mut self) {
        if let Some(frame) = self.outer.pop() {
            self.below -= frame.chain + frame.angles + 1;
            self.frame = frame;
        }
    }

    fn operand(&mut self) {
        self.frame.run = 0;
        self.frame.reach = 0;
    }

    fn word(&mut self, seams: &Seams<'_>, at: usize, after_operand: bool) {
        if at > 0 && seams.kind(at - 1) == TokenKind::Dot {
            return;
        }
        match seams.word(at) {
            "not" | "has" => self.frame.run += 1,
            "any" | "all" if binds(seams, at) => self.deepen(),
            "if" | "otherwise" => self.deepen(),
            word if after_operand && crate::words::is_seam(word) => self.frame = Frame::default(),
            _ => self.operand(),
        }
    }

    fn deepen(&mut self) {
        self.frame.chain += 1 + self.frame.run;
        self.operand();
    }
}

/// Whether `any` or `all` begins a quantifier here.
fn binds(seams: &Seams<'_>, at: usize) -> bool {
    seams.kind(at + 1) == TokenKind::Word && (seams.is(at + 2, "in") || seams.kind(at + 2) == TokenKind::Comma)
}

/// Whether a comma stands between the two names of a quantifier.
fn binds_two(seams: &Seams<'_>, at: usize) -> bool {
    at >= 2 && (seams.is(at - 2, "any") || seams.is(at - 2, "all"))
}
