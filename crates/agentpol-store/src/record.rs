//! A record as it stands in the file: its checksum, then its bytes.

/// How many bytes the checksum has.
const CHECKSUM: usize = 4;

/// Puts the checksum before the bytes. The key is part of it: a record under another key does not pass.
pub(crate) fn pack(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(CHECKSUM + bytes.len());
    packed.extend_from_slice(&checksum(key, bytes).to_le_bytes());
    packed.extend_from_slice(bytes);
    packed
}

/// Returns the bytes, if they are those that were packed.
pub(crate) fn unpack<'p>(key: &[u8], packed: &'p [u8]) -> Option<&'p [u8]> {
    let (found, bytes) = packed.split_first_chunk::<CHECKSUM>()?;
    (u32::from_le_bytes(*found) == checksum(key, bytes)).then_some(bytes)
}

/// CRC-32 over the length of the key, the key and the bytes.
fn checksum(key: &[u8], bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&(key.len() as u64).to_le_bytes());
    hasher.update(key);
    hasher.update(bytes);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_record_does_not_pass() {
        let packed = pack(b"key", b"bytes");
        assert_eq!(unpack(b"key", &packed), Some(b"bytes".as_slice()));
        assert_eq!(unpack(b"kex", &packed), None);
        assert_eq!(unpack(b"keyb", &pack(b"key", b"bytes")), None);
        for at in 0..packed.len() {
            for bit in 0..8 {
                let mut changed = packed.clone();
                changed[at] ^= 1 << bit;
                assert_eq!(unpack(b"key", &changed), None, "byte {at}, bit {bit}");
            }
            assert_eq!(unpack(b"key", &packed[..at]), None, "{at} bytes");
        }
    }
}
