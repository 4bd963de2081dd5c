//! Tokens as anybody may see them: for colours in editors, for the formatter and for the seams.

/// One token: what it is and which bytes it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its first byte.
    pub start: u32,
    /// The byte after its last.
    pub end: u32,
}

impl Token {
    /// Returns the bytes as a range for slicing.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Returns its text in the source it was scanned from; empty for another source.
    pub fn text(self, source: &str) -> &str {
        source.get(self.range()).unwrap_or("")
    }
}

/// The kinds of token. Together the tokens of a text cover every byte of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Spaces, tabs and line ends.
    Space,
    /// `// ...`, without its line end.
    Comment,
    /// A word of any class; see [`word_class`](crate::word_class).
    Word,
    /// `"..."`
    String,
    /// `` `...` ``
    Raw,
    /// `42`, `2_000.00`
    Number,
    /// `1h30m`
    Duration,
    /// `2026-03-02`
    Date,
    /// `2026-03-02T15:00:00Z`
    DateTime,
    /// `09:00`
    Clock,
    /// `{`
    OpenBrace,
    /// `}`
    CloseBrace,
    /// `(`
    OpenParen,
    /// `)`
    CloseParen,
    /// `[`
    OpenBracket,
    /// `]`
    CloseBracket,
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// `.`
    Dot,
    /// `..`
    DotDot,
    /// `...`
    Ellipsis,
    /// `?`
    Question,
    /// `|`
    Bar,
    /// `=`
    Assign,
    /// `->`
    Arrow,
    /// `<`
    Less,
    /// `>`
    Greater,
    /// `==`, `!=`, `<=` or `>=`
    Compare,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Star,
    /// Anything that the language does not have.
    Unknown,
}

impl TokenKind {
    /// Returns whether it separates tokens and says nothing.
    pub fn is_trivia(self) -> bool {
        matches!(self, TokenKind::Space | TokenKind::Comment)
    }

    /// Returns whether it is an opening bracket.
    pub fn opens(self) -> bool {
        matches!(self, TokenKind::OpenBrace | TokenKind::OpenParen | TokenKind::OpenBracket)
    }

    /// Returns whether it is a closing bracket.
    pub fn closes(self) -> bool {
        matches!(self, TokenKind::CloseBrace | TokenKind::CloseParen | TokenKind::CloseBracket)
    }

    /// Returns whether it is a value written out.
    pub fn is_literal(self) -> bool {
        use TokenKind::*;
        matches!(self, String | Raw | Number | Duration | Date | DateTime | Clock)
    }

    /// Returns the closing bracket that belongs to an opening one.
    pub(crate) fn partner(self) -> Option<TokenKind> {
        match self {
            TokenKind::OpenBrace => Some(TokenKind::CloseBrace),
            TokenKind::OpenParen => Some(TokenKind::CloseParen),
            TokenKind::OpenBracket => Some(TokenKind::CloseBracket),
            _ => None,
        }
    }
}
