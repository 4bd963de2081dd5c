//! Strict JSON (semantics 2.10): what two readers might understand differently is refused. Numbers stay as written.

use crate::memory::{MAX_DEPTH, MAX_REQUEST, Memory, NO_TEXT};
use crate::value::{NO_NODE, NodeId, Text, Value};
use agentpol_bytecode::code::Code;

/// Reads a request into memory: the number of its outermost node, and how many bytes its member `args` was written with.
pub(crate) fn read(bytes: &[u8], memory: &mut Memory) -> Result<(NodeId, usize), Code> {
    memory.clear();
    read_more(bytes, memory)
}

/// Reads further JSON behind what is in memory.
pub(crate) fn read_more(bytes: &[u8], memory: &mut Memory) -> Result<(NodeId, usize), Code> {
    if bytes.len() > MAX_REQUEST {
        return Err(Code::RequestTooLarge);
    }
    let source = core::str::from_utf8(bytes).map_err(|_| Code::RequestMalformed)?;
    let mut reader = Reader { source, at: 0, memory, args_length: 0 };
    reader.space();
    let root = reader.value(1, NO_NODE, NO_TEXT)?;
    reader.space();
    if reader.at < source.len() { Err(Code::RequestMalformed) } else { Ok((root, reader.args_length)) }
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
    memory: &'a mut Memory,
    args_length: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.source.as_bytes().get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.step();
        }
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), Code> {
        if self.take(byte) { Ok(()) } else { Err(Code::RequestMalformed) }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Code> {
        word.bytes().try_for_each(|byte| self.expect(byte))?;
        Ok(value)
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.step();
        }
    }

    /// Goes at most as deep as requests may nest.
    fn value(&mut self, depth: u32, parent: NodeId, key: Text) -> Result<NodeId, Code> {
        let id = self.memory.add(Value::Null, parent, key)?;
        let value = match self.peek() {
            Some(b'{') => self.object(depth, id)?,
            Some(b'[') => self.list(depth, id)?,
            Some(b'"') => Value::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => Value::Number(self.number()?),
            Some(b'n') => self.word("null", Value::Null)?,
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            _ => return Err(Code::RequestMalformed),
        };
        self.memory.set(id, value);
        Ok(id)
    }

    fn object(&mut self, depth: u32, id: NodeId) -> Result<Value, Code> {
        self.inside(depth, id, b'}', |reader| {
            let key = reader.string()?;
            reader.space();
            reader.expect(b':')?;
            reader.space();
            let start = reader.at;
            let child = reader.value(depth.saturating_add(1), id, key)?;
            if depth == 1 && reader.memory.text(key) == "args" {
                reader.args_length = reader.at.saturating_sub(start);
            }
            Ok(child)
        })?;
        if self.memory.has_twins(id) { Err(Code::RequestMalformed) } else { Ok(Value::Object(id)) }
    }

    fn list(&mut self, depth: u32, id: NodeId) -> Result<Value, Code> {
        self.inside(depth, id, b']', |reader| reader.value(depth.saturating_add(1), id, NO_TEXT))?;
        Ok(Value::List(id))
    }

    /// Reads what is inside of a list or object, and links it.
    fn inside(
        &mut self,
        depth: u32,
        id: NodeId,
        end: u8,
        mut read: impl FnMut(&mut Self) -> Result<NodeId, Code>,
    ) -> Result<(), Code> {
        if depth > MAX_DEPTH {
            return Err(Code::RequestMalformed);
        }
        self.step();
        self.space();
        let mut last = NO_NODE;
        while !self.take(end) {
            if last != NO_NODE {
                self.expect(b',')?;
                self.space();
            }
            let child = read(self)?;
            let nodes = &mut self.memory.nodes;
            if last == NO_NODE {
                nodes.get_mut(id as usize).into_iter().for_each(|node| node.first = child);
            } else {
                nodes.get_mut(last as usize).into_iter().for_each(|node| node.next = child);
            }
            nodes.get_mut(id as usize).into_iter().for_each(|node| node.count = node.count.saturating_add(1));
            last = child;
            self.space();
        }
        Ok(())
    }

    /// Reads a number and keeps its characters.
    fn number(&mut self) -> Result<Text, Code> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        let mark = self.memory.mark();
        self.memory.push(self.source.get(start..self.at).unwrap_or(""))?;
        Ok(self.memory.since(mark))
    }

    fn digits(&mut self) -> Result<(), Code> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.step();
        }
        if self.at > start { Ok(()) } else { Err(Code::RequestMalformed) }
    }

    /// Reads a string and keeps what it means.
    fn string(&mut self) -> Result<Text, Code> {
        self.expect(b'"')?;
        let mark = self.memory.mark();
        loop {
            let start = self.at;
            while matches!(self.peek(), Some(byte) if byte != b'"' && byte != b'\\' && byte >= b' ') {
                self.step();
            }
            self.memory.push(self.source.get(start..self.at).unwrap_or(""))?;
            match self.peek() {
                Some(b'"') => break self.step(),
                Some(b'\\') => {
                    self.step();
                    let meant = self.escape()?;
                    self.memory.push_char(meant)?;
                }
                _ => return Err(Code::RequestMalformed),
            }
        }
        Ok(self.memory.since(mark))
    }

    fn escape(&mut self) -> Result<char, Code> {
        let escape = self.peek();
        self.step();
        match escape {
            Some(b'"') => Ok('"'),
            Some(b'\\') => Ok('\\'),
            Some(b'/') => Ok('/'),
            Some(b'b') => Ok('\u{8}'),
            Some(b'f') => Ok('\u{c}'),
            Some(b'n') => Ok('\n'),
            Some(b'r') => Ok('\r'),
            Some(b't') => Ok('\t'),
            Some(b'u') => self.unicode(),
            _ => Err(Code::RequestMalformed),
        }
    }

    /// Reads the rest of `\uXXXX`, with the second half of a pair where it is the first.
    fn unicode(&mut self) -> Result<char, Code> {
        let unit = self.unit()?;
        let units = if (0xd800..0xdc00).contains(&unit) {
            self.expect(b'\\')?;
            self.expect(b'u')?;
            [unit, self.unit()?]
        } else {
            return char::from_u32(u32::from(unit)).ok_or(Code::RequestMalformed);
        };
        match char::decode_utf16(units).next() {
            Some(Ok(c)) => Ok(c),
            _ => Err(Code::RequestMalformed),
        }
    }

    fn unit(&mut self) -> Result<u16, Code> {
        let mut unit = 0u16;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16)).ok_or(Code::RequestMalformed)?;
            unit = unit.wrapping_mul(16) | digit as u16;
            self.step();
        }
        Ok(unit)
    }
}
