//! A text as words with what stood before each: comments, line ends, empty lines.

use agentpol_syntax::{TokenKind, tokens};

/// A token that is not trivia.
#[derive(Clone, Debug)]
pub(crate) struct Word<'t> {
    pub(crate) kind: TokenKind,
    pub(crate) text: &'t str,
    /// The comments before it, in order.
    pub(crate) comments: Vec<Comment<'t>>,
    /// An empty line stands before it, behind its last comment.
    pub(crate) blank: bool,
    /// It begins a line.
    pub(crate) line_start: bool,
}

/// A `//` comment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Comment<'t> {
    pub(crate) text: &'t str,
    /// It stands behind a word, on the same line.
    pub(crate) trailing: bool,
    /// An empty line stands before it.
    pub(crate) blank: bool,
}

/// Reads a text; the last word is empty and carries the comments at the end.
pub(crate) fn words(text: &str) -> Vec<Word<'_>> {
    let mut out: Vec<Word<'_>> = Vec::new();
    let mut comments = Vec::new();
    let (mut line_ends, mut line_start) = (0usize, true);
    for token in tokens(text) {
        let slice = token.text(text);
        match token.kind {
            TokenKind::Space => line_ends = slice.bytes().filter(|byte| *byte == b'\n').count(),
            TokenKind::Comment => {
                let trailing = line_ends == 0 && comments.is_empty() && !out.is_empty();
                comments.push(Comment { text: slice.trim_end(), trailing, blank: line_ends > 1 });
                line_ends = 0;
                line_start = true;
            }
            kind => {
                let line_start = std::mem::take(&mut line_start) || line_ends > 0;
                let comments = std::mem::take(&mut comments);
                out.push(Word { kind, text: slice, comments, blank: line_ends > 1, line_start });
                line_ends = 0;
            }
        }
    }
    out.push(Word { kind: TokenKind::Space, text: "", comments, blank: line_ends > 1, line_start: true });
    out
}
