//! Texts being tested: bytes of the request or the program, their ASCII letters made small on the way where asked.

use crate::memory::Memory;
use crate::value::{Pool, Text, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::tables::Automaton;

/// A text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Letters<'a> {
    text: &'a str,
    lower: bool,
}

impl<'a> Letters<'a> {
    /// A text as it is written.
    pub(crate) fn plain(text: &'a str) -> Self {
        Letters { text, lower: false }
    }

    /// The text of a value; `None` where there is none, or nothing is known about it.
    pub(crate) fn of(program: &'a Program, memory: &'a Memory, value: Value) -> Option<Self> {
        match value {
            Value::Text(text) if !text.opaque => {
                Some(Letters { text: written(program, memory, text)?, lower: text.lower })
            }
            _ => None,
        }
    }

    /// The text as it is written, whatever the case asked for.
    pub(crate) fn written(&self) -> &'a str {
        self.text
    }

    pub(crate) fn bytes(self) -> impl DoubleEndedIterator<Item = u8> + Clone + use<'a> {
        self.text.bytes().map(move |byte| if self.lower { byte.to_ascii_lowercase() } else { byte })
    }

    /// Whether both are the same text, byte by byte.
    pub(crate) fn is(&self, other: &Letters<'_>) -> bool {
        if !self.lower && !other.lower {
            return self.text == other.text;
        }
        self.text.len() == other.text.len() && self.bytes().eq(other.bytes())
    }

    pub(crate) fn starts_with(&self, literal: &str) -> bool {
        self.text.len() >= literal.len() && self.bytes().take(literal.len()).eq(literal.bytes())
    }

    pub(crate) fn ends_with(&self, literal: &str) -> bool {
        self.text.len() >= literal.len() && self.bytes().rev().take(literal.len()).eq(literal.bytes().rev())
    }

    pub(crate) fn contains(&self, literal: &str) -> bool {
        if !self.lower {
            return self.text.contains(literal);
        }
        let mut windows = self.text.as_bytes().windows(literal.len().max(1));
        let small = |window: &[u8]| window.iter().map(u8::to_ascii_lowercase).eq(literal.bytes());
        literal.is_empty() || windows.any(small)
    }
}

fn written<'a>(program: &'a Program, memory: &'a Memory, text: Text) -> Option<&'a str> {
    let start = text.start as usize;
    match text.pool {
        Pool::Request | Pool::Stored | Pool::Word(_) => Some(memory.text(text)),
        Pool::Symbol(symbol) => program.symbol(symbol).get(start..start.checked_add(text.length as usize)?),
    }
}

/// Whether an automaton accepts the whole text.
pub(crate) fn accepts(automaton: &Automaton, text: &Letters<'_>) -> bool {
    let mut state = automaton.start;
    for byte in text.bytes() {
        let class = automaton.classes.get(usize::from(byte)).copied().unwrap_or(0);
        let place = state.saturating_mul(automaton.class_count).saturating_add(u32::from(class));
        state = automaton.next.get(place as usize).copied().unwrap_or(0);
        if state == 0 {
            return false;
        }
    }
    automaton.accepting.get(state as usize).copied().unwrap_or(false)
}
