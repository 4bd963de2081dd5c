//! Names of records, and keys of entries: short ones as they are, longer ones by their keyed hash, so that nobody can make
//! two alike (semantics H15).

use super::record::{ALONE, EntryKey, write};
use crate::letters::Letters;
use crate::memory::Memory;
use crate::value::{Text, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::sha256::{HASH_BYTES, Sha256};
use agentpol_bytecode::tables::Kept;

/// How many bytes of a hash are kept.
const HASHED: usize = 16;
/// The longest id that names a record as it is.
pub(crate) const MAX_ID: usize = 256;
const BLOCK: usize = 64;

/// A hash that was fed the host's key: what every longer key goes on from.
#[derive(Clone, Debug)]
pub(crate) struct Keyer {
    key: [u8; HASH_BYTES],
    running: Sha256,
}

impl Keyer {
    pub(crate) fn new(key: &[u8; HASH_BYTES]) -> Self {
        let mut running = Sha256::new();
        running.update(key);
        running.update(&[0; BLOCK - HASH_BYTES]);
        Keyer { key: *key, running }
    }

    /// Makes it the keyer of this key.
    pub(crate) fn use_key(&mut self, key: &[u8; HASH_BYTES]) {
        if self.key != *key {
            *self = Keyer::new(key);
        }
    }

    /// Starts a key.
    pub(crate) fn start(&self) -> Packer<'_> {
        Packer { keyer: self, short: ALONE, length: 0, hash: None }
    }
}

/// A key being put together.
#[derive(Clone, Debug)]
pub(crate) struct Packer<'k> {
    keyer: &'k Keyer,
    /// The bytes so far, from the second place on.
    short: EntryKey,
    length: usize,
    /// Everything, once it is too long.
    hash: Option<Sha256>,
}

impl Packer<'_> {
    /// Adds bytes.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        let end = self.length.saturating_add(bytes.len());
        let place = self.short.get_mut(self.length.saturating_add(1)..end.saturating_add(1));
        match (&mut self.hash, place) {
            (None, Some(place)) => {
                place.copy_from_slice(bytes);
                self.length = end;
            }
            (Some(running), _) => running.update(bytes),
            (None, None) => {
                let mut running = self.keyer.running.clone();
                running.update(self.short.get(1..=self.length).unwrap_or_default());
                running.update(bytes);
                self.hash = Some(running);
            }
        }
    }

    /// Adds a value of a kind; `false` where it is not known or not of it. Texts that are not the last value come behind
    /// their length, so that no two combinations are alike.
    pub(crate) fn add_value(
        &mut self,
        program: &Program,
        memory: &Memory,
        kept: Kept,
        value: Value,
        last: bool,
    ) -> bool {
        let Some(scalar) = Scalar::of(kept, value) else { return false };
        match scalar {
            Scalar::Number(number) => self.add(&number.to_le_bytes()),
            Scalar::Ip { bits, v6 } => {
                self.add(&[u8::from(v6)]);
                self.add(&bits.to_le_bytes());
            }
            Scalar::Text(text) => {
                let Some(letters) = Letters::of(program, memory, Value::Text(text)) else { return false };
                if !last {
                    self.add(&text.length.to_le_bytes());
                }
                if text.lower {
                    letters.bytes().for_each(|byte| self.add(&[byte]));
                } else {
                    self.add(letters.written().as_bytes());
                }
            }
        }
        true
    }

    /// The key: never all zero.
    pub(crate) fn finish(self) -> EntryKey {
        let (mut key, first) = match self.hash {
            None => (self.short, u8::try_from(self.length).unwrap_or(0).saturating_add(1)),
            Some(running) => {
                let mut key = ALONE;
                write(&mut key, 1, running.finish().get(..HASHED).unwrap_or_default());
                (key, u8::MAX)
            }
        };
        write(&mut key, 0, &[first]);
        key
    }
}

/// A value that can be told from others of its kind.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scalar {
    /// In the order of the values, where they have one.
    Number(i64),
    Text(Text),
    Ip {
        bits: u128,
        v6: bool,
    },
}

impl Scalar {
    /// Reads a value as one of a kind; `None` where it is not known or not of it.
    pub(crate) fn of(kept: Kept, value: Value) -> Option<Scalar> {
        let number = match (kept, value) {
            (Kept::Text, Value::Text(text) | Value::Named { id: text, .. }) if !text.opaque => {
                return Some(Scalar::Text(text));
            }
            (Kept::Ip, Value::Ip { high, low, v6 }) => {
                return Some(Scalar::Ip { bits: u128::from(high) << 64 | u128::from(low), v6 });
            }
            (Kept::Bool, Value::Bool(value)) => i64::from(value),
            (Kept::Int, Value::Int(value))
            | (Kept::Decimal, Value::Decimal(value))
            | (Kept::Duration, Value::Duration(value))
            | (Kept::DateTime, Value::DateTime(value)) => value,
            (Kept::Decimal, Value::Int(value)) => value.checked_mul(crate::forms::number::ONE)?,
            (Kept::Date, Value::Date(value)) => i64::from(value),
            (Kept::Float, Value::Float(value)) => ordered_bits(value),
            (Kept::Enum(kind), Value::Enum { of, member }) | (Kept::Level(kind), Value::Level { of, member })
                if kind == of =>
            {
                i64::from(member)
            }
            _ => return None,
        };
        Some(Scalar::Number(number))
    }
}

/// The bits of a float as an integer of the same order; both zeros are one.
fn ordered_bits(value: f64) -> i64 {
    let bits = (value + 0.0).to_bits() as i64;
    if bits < 0 { i64::MIN.wrapping_sub(bits) } else { bits }
}

/// The name of a record: its kind and an id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    bytes: [u8; MAX_ID + 1],
    length: usize,
}

impl Name {
    /// Nothing's name. A name is long: it is put together where it stands.
    pub(crate) const fn none() -> Name {
        Name { bytes: [0; MAX_ID + 1], length: 0 }
    }

    /// Becomes the name of a kind and id; `false` where that is too long.
    fn set(&mut self, kind: u8, id: &[u8]) -> bool {
        let [first, rest @ ..] = &mut self.bytes;
        let Some(place) = rest.get_mut(..id.len()) else { return false };
        *first = kind;
        place.copy_from_slice(id);
        self.length = id.len().saturating_add(1);
        true
    }

    /// A name that was kept.
    pub(crate) fn kept(bytes: &[u8]) -> Option<Name> {
        let (kind, id) = bytes.split_first()?;
        let mut name = Name::none();
        name.set(*kind, id).then_some(name)
    }

    /// Becomes the name of a session's record; `false` where no session can have this id.
    pub(crate) fn set_session(&mut self, id: &str) -> bool {
        !id.is_empty() && self.set(b's', id.as_bytes())
    }

    /// The record of a session; `None` where no session can have this id.
    pub(crate) fn session(id: &str) -> Option<Name> {
        let mut name = Name::none();
        name.set_session(id).then_some(name)
    }

    /// The record of an agent.
    pub(crate) fn agent(keyer: &Keyer, id: &str) -> Name {
        let mut name = Name::none();
        name.hashed(keyer, b'a', b'A', id);
        name
    }

    /// The record of a user, or of nobody.
    pub(crate) fn user(keyer: &Keyer, id: Option<&str>) -> Name {
        let mut name = Name::none();
        match id {
            Some(id) => name.hashed(keyer, b'u', b'U', id),
            None => drop(name.set(b'n', &[])),
        }
        name
    }

    /// The record of what an agent does for a user in all their sessions; both by the names of their records.
    pub(crate) fn pair(key: &EntryKey) -> Option<Name> {
        let mut name = Name::none();
        name.set(b't', key).then_some(name)
    }

    fn hashed(&mut self, keyer: &Keyer, plain: u8, long: u8, id: &str) {
        if !self.set(plain, id.as_bytes()) {
            let mut packer = keyer.start();
            packer.add(id.as_bytes());
            self.set(long, &packer.finish());
        }
    }

    /// Returns whether kept bytes name the record of an agent.
    pub(crate) fn is_agent(keyer: &Keyer, kept: &[u8], id: &str) -> bool {
        match kept.split_first() {
            Some((b'a', rest)) => rest == id.as_bytes(),
            _ => Name::agent(keyer, id).as_bytes() == kept,
        }
    }

    /// Returns whether kept bytes name the record of a user, or of nobody.
    pub(crate) fn is_user(keyer: &Keyer, kept: &[u8], id: Option<&str>) -> bool {
        match (kept.split_first(), id) {
            (Some((b'u', rest)), Some(id)) => rest == id.as_bytes(),
            _ => Name::user(keyer, id).as_bytes() == kept,
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// The record of what is kept since when.
pub(crate) const META: &[u8] = b"m";
/// The key of the record that says which program is installed: every step [looks](super::Records::look) at it, only installing
/// changes it.
pub const INSTALLED: &[u8] = b"i";

#[cfg(test)]
mod tests {
    use super::{Keyer, ordered_bits};

    #[test]
    fn short_keys_are_kept_and_long_ones_hashed() {
        let keyer = Keyer::new(&[7; 32]);
        let pack = |keyer: &Keyer, parts: &[&[u8]]| {
            let mut packer = keyer.start();
            parts.iter().for_each(|part| packer.add(part));
            packer.finish()
        };
        let short = pack(&keyer, &[b"o-", b"17"]);
        assert_eq!((short[0], &short[1..5], short[5]), (5, b"o-17".as_slice(), 0));
        assert_eq!(pack(&keyer, &[&[b'x'; 31]])[0], 32);
        let long = pack(&keyer, &[&[b'x'; 32]]);
        assert_eq!((long[0], long[17]), (0xff, 0));
        assert_eq!(long, pack(&keyer, &[&[b'x'; 31], b"x"]));
        assert_ne!(long, pack(&Keyer::new(&[8; 32]), &[&[b'x'; 32]]));
        assert_ne!(pack(&keyer, &[]), [0; 32]);
    }

    #[test]
    fn floats_keep_their_order() {
        let floats = [f64::MIN, -2.5, -0.0, 0.5, 3.0, f64::MAX];
        assert!(floats.map(ordered_bits).is_sorted_by(|a, b| a < b));
        assert_eq!(ordered_bits(0.0), ordered_bits(-0.0));
    }
}
