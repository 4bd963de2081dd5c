//! Writing words, spaces, line ends and comments.

use crate::source::Word;
use crate::tree::Node;

/// The output so far.
pub(crate) struct Printer<'w, 't> {
    pub(crate) words: &'w [Word<'t>],
    spaces: Vec<bool>,
    out: String,
    /// Characters on the current line.
    column: usize,
    /// A line end to be written before the next word.
    line: Option<Line>,
    /// Nothing stands behind the last opening bracket yet, so no empty line may.
    fresh: bool,
    /// The last thing written is a comment.
    after_comment: bool,
    /// Where a line begins that a comment forces.
    pub(crate) hang: usize,
}

#[derive(Clone, Copy)]
struct Line {
    indent: usize,
    blank: bool,
}

impl<'w, 't> Printer<'w, 't> {
    pub(crate) fn new(words: &'w [Word<'t>]) -> Self {
        let spaces = crate::space::spaces(words);
        Printer { words, spaces, out: String::new(), column: 0, line: None, fresh: true, after_comment: false, hang: 0 }
    }

    /// Returns the text, with one line end behind it.
    pub(crate) fn finish(mut self) -> String {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out
    }

    /// Returns where the next word would stand if it follows on the same line.
    pub(crate) fn column(&self) -> usize {
        self.line.map_or(self.column, |line| line.indent)
    }

    /// Begins a new line before whatever comes next.
    pub(crate) fn new_line(&mut self, indent: usize, blank: bool) {
        self.line = Some(Line { indent, blank });
    }

    /// Writes the comments before a word.
    pub(crate) fn comments(&mut self, at: usize, indent: usize) {
        for comment in &self.words[at].comments {
            if comment.trailing && !self.out.is_empty() && !self.after_comment {
                self.out.push_str("  ");
            } else {
                self.new_line(indent, comment.blank);
                self.break_line();
            }
            self.out.push_str(comment.text);
            self.after_comment = true;
            self.new_line(indent, false);
        }
    }

    /// Writes a word and what stands before it.
    pub(crate) fn word(&mut self, at: usize, spaces: usize) {
        if !self.words[at].comments.is_empty() {
            let line = self.line;
            let indent = line.map_or(self.hang, |line| line.indent);
            self.comments(at, indent);
            self.new_line(indent, self.words[at].blank && line.is_some());
        }
        if self.line.is_some() {
            self.break_line();
        } else {
            self.write(&" ".repeat(spaces));
        }
        self.write(self.words[at].text);
        self.fresh = false;
    }

    /// Writes an opening bracket behind which lines follow.
    pub(crate) fn open(&mut self, at: usize) {
        self.word(at, self.space(at));
        self.fresh = true;
    }

    /// Writes a closing bracket, whose comments are written, on a line of its own.
    pub(crate) fn close(&mut self, at: usize, indent: usize) {
        self.new_line(indent, false);
        self.break_line();
        self.write(self.words[at].text);
    }

    /// Writes text that is in no source, such as a comma at the end of a line.
    pub(crate) fn write(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
        self.after_comment = false;
    }

    fn break_line(&mut self) {
        let Some(line) = self.line.take() else { return };
        if !self.out.is_empty() {
            self.out.push_str(if line.blank && !self.fresh { "\n\n" } else { "\n" });
        }
        self.fresh = false;
        self.out.push_str(&" ".repeat(line.indent));
        self.column = line.indent;
    }

    /// Returns how many spaces stand before a word on the same line.
    pub(crate) fn space(&self, at: usize) -> usize {
        usize::from(self.spaces[at])
    }

    /// Returns whether a comment stands between the words `first..=last`.
    pub(crate) fn has_comments(&self, first: usize, last: usize) -> bool {
        self.words[first + 1..=last.max(first)].iter().any(|word| !word.comments.is_empty())
    }
}

/// Returns the first and last word of nodes that are not none.
pub(crate) fn ends(nodes: &[Node]) -> Option<(usize, usize)> {
    Some((nodes.first()?.first(), nodes.last()?.last()))
}
