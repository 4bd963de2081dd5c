//! Words as a tree of brackets.

use crate::source::Word;
use agentpol_syntax::TokenKind as K;

/// A word, or a bracket with all that is in it.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// The index of a word.
    Word(usize),
    /// `( ... )`
    Group(Group),
}

/// A pair of brackets.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) open: usize,
    pub(crate) inner: Vec<Node>,
    pub(crate) close: usize,
}

impl Node {
    /// Returns the first word of the node.
    pub(crate) fn first(&self) -> usize {
        match self {
            Node::Word(at) => *at,
            Node::Group(group) => group.open,
        }
    }

    /// Returns the last word of the node.
    pub(crate) fn last(&self) -> usize {
        match self {
            Node::Word(at) => *at,
            Node::Group(group) => group.close,
        }
    }

    /// Returns the group, if it is one that opens with this bracket.
    pub(crate) fn group(&self, words: &[Word<'_>], open: K) -> Option<&Group> {
        match self {
            Node::Group(group) if words[group.open].kind == open => Some(group),
            _ => None,
        }
    }

    /// Returns whether the node is this word.
    pub(crate) fn is(&self, words: &[Word<'_>], text: &str) -> bool {
        matches!(self, Node::Word(at) if words[*at].kind == K::Word && words[*at].text == text)
    }
}

/// Builds the tree of the words `from..to`, which must be balanced.
pub(crate) fn build(words: &[Word<'_>], from: usize, to: usize) -> Vec<Node> {
    let mut stack: Vec<(usize, Vec<Node>)> = Vec::new();
    let mut now = Vec::new();
    for (at, word) in words.iter().enumerate().take(to).skip(from) {
        if word.kind.opens() {
            stack.push((at, std::mem::take(&mut now)));
        } else if word.kind.closes()
            && let Some((open, outer)) = stack.pop()
        {
            let inner = std::mem::replace(&mut now, outer);
            now.push(Node::Group(Group { open, inner, close: at }));
        } else {
            now.push(Node::Word(at));
        }
    }
    now
}
