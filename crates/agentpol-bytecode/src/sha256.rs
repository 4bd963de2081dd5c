//! SHA-256 (FIPS 180-4) and HMAC with it (RFC 2104), so that the hashes in a program and in state need no dependency.

/// How many bytes a hash has.
pub const HASH_BYTES: usize = 32;

/// The first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2).
const ROUND: [u32; 64] = [
    0x428a_2f98,
    0x7137_4491,
    0xb5c0_fbcf,
    0xe9b5_dba5,
    0x3956_c25b,
    0x59f1_11f1,
    0x923f_82a4,
    0xab1c_5ed5,
    0xd807_aa98,
    0x1283_5b01,
    0x2431_85be,
    0x550c_7dc3,
    0x72be_5d74,
    0x80de_b1fe,
    0x9bdc_06a7,
    0xc19b_f174,
    0xe49b_69c1,
    0xefbe_4786,
    0x0fc1_9dc6,
    0x240c_a1cc,
    0x2de9_2c6f,
    0x4a74_84aa,
    0x5cb0_a9dc,
    0x76f9_88da,
    0x983e_5152,
    0xa831_c66d,
    0xb003_27c8,
    0xbf59_7fc7,
    0xc6e0_0bf3,
    0xd5a7_9147,
    0x06ca_6351,
    0x1429_2967,
    0x27b7_0a85,
    0x2e1b_2138,
    0x4d2c_6dfc,
    0x5338_0d13,
    0x650a_7354,
    0x766a_0abb,
    0x81c2_c92e,
    0x9272_2c85,
    0xa2bf_e8a1,
    0xa81a_664b,
    0xc24b_8b70,
    0xc76c_51a3,
    0xd192_e819,
    0xd699_0624,
    0xf40e_3585,
    0x106a_a070,
    0x19a4_c116,
    0x1e37_6c08,
    0x2748_774c,
    0x34b0_bcb5,
    0x391c_0cb3,
    0x4ed8_aa4a,
    0x5b9c_ca4f,
    0x682e_6ff3,
    0x748f_82ee,
    0x78a5_636f,
    0x84c8_7814,
    0x8cc7_0208,
    0x90be_fffa,
    0xa450_6ceb,
    0xbef9_a3f7,
    0xc671_78f2,
];

/// The first 32 bits of the fractional parts of the square roots of the first 8 primes (FIPS 180-4, 5.3.3).
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// A running hash: feed it, then [`finish`](Sha256::finish).
#[derive(Clone, Debug)]
pub struct Sha256 {
    state: [u32; 8],
    block: [u8; 64],
    /// How many bytes of the block are filled.
    filled: usize,
    /// How many bytes were fed.
    length: u64,
}

impl Default for Sha256 {
    fn default() -> Self {
        Sha256 { state: START, block: [0; 64], filled: 0, length: 0 }
    }
}

impl Sha256 {
    /// Starts a hash of nothing.
    pub fn new() -> Self {
        Sha256::default()
    }

    /// Feeds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.length = self.length.wrapping_add(bytes.len() as u64);
        self.feed(bytes);
    }

    fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.filled == 0
                && let Some((whole, rest)) = bytes.split_first_chunk::<64>()
            {
                compress(&mut self.state, whole);
                bytes = rest;
                continue;
            }
            let room = self.block.get_mut(self.filled..).unwrap_or_default();
            let taken = room.len().min(bytes.len());
            let (now, later) = bytes.split_at(taken);
            for (place, byte) in room.iter_mut().zip(now) {
                *place = *byte;
            }
            self.filled = self.filled.saturating_add(taken);
            bytes = later;
            if self.filled >= self.block.len() {
                compress(&mut self.state, &self.block);
                self.filled = 0;
            }
        }
    }

    /// Returns the hash of everything fed.
    pub fn finish(mut self) -> [u8; HASH_BYTES] {
        let bits = self.length.wrapping_mul(8);
        self.feed(&[0x80]);
        while self.filled != 56 {
            self.feed(&[0]);
        }
        self.feed(&bits.to_be_bytes());
        let mut hash = [0; HASH_BYTES];
        for (place, word) in hash.chunks_exact_mut(4).zip(self.state) {
            place.copy_from_slice(&word.to_be_bytes());
        }
        hash
    }
}

fn compress(state: &mut [u32; 8], block: &[u8; 64]) {
    // The message schedule is kept as a window of sixteen words that moves along.
    let mut window = [0u32; 16];
    let (words, _) = block.as_chunks::<4>();
    for (place, word) in window.iter_mut().zip(words) {
        *place = u32::from_be_bytes(*word);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for constant in ROUND {
        let [word, w1, .., w9, _, _, _, _, w14, _] = window;
        let big1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let chosen = (e & f) ^ (!e & g);
        let first = h.wrapping_add(big1).wrapping_add(chosen).wrapping_add(constant).wrapping_add(word);
        let big0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let majority = (a & b) ^ (a & c) ^ (b & c);
        let second = big0.wrapping_add(majority);
        (h, g, f, e, d, c, b, a) = (g, f, e, d.wrapping_add(first), c, b, a, first.wrapping_add(second));
        let small0 = w1.rotate_right(7) ^ w1.rotate_right(18) ^ (w1 >> 3);
        let small1 = w14.rotate_right(17) ^ w14.rotate_right(19) ^ (w14 >> 10);
        let next = word.wrapping_add(small0).wrapping_add(w9).wrapping_add(small1);
        window.copy_within(1.., 0);
        window[15] = next;
    }
    for (place, value) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *place = place.wrapping_add(value);
    }
}

/// A running keyed hash: feed it, then [`finish`](Hmac::finish). A clone goes on from where it was made.
#[derive(Clone, Debug)]
pub struct Hmac {
    inner: Sha256,
    outer: Sha256,
}

impl Hmac {
    /// Starts a keyed hash of nothing.
    pub fn new(key: &[u8; HASH_BYTES]) -> Self {
        let padded = |pad: u8| {
            let mut block = [pad; 64];
            block.iter_mut().zip(key).for_each(|(place, byte)| *place ^= byte);
            let mut running = Sha256::new();
            running.update(&block);
            running
        };
        Hmac { inner: padded(0x36), outer: padded(0x5c) }
    }

    /// Feeds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.inner.update(bytes);
    }

    /// Returns the keyed hash of everything fed.
    pub fn finish(mut self) -> [u8; HASH_BYTES] {
        self.outer.update(&self.inner.finish());
        self.outer.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Hmac, Sha256};
    use alloc::vec;
    use alloc::vec::Vec;
    use sha2::Digest;

    fn hash(bytes: &[u8]) -> [u8; 32] {
        let mut running = Sha256::new();
        running.update(bytes);
        running.finish()
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len() / 2).filter_map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()).collect()
    }

    #[test]
    fn agrees_with_the_examples_of_the_standard() {
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let two_blocks = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
        let million = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
        assert_eq!(hash(b"").as_slice(), hex(nothing));
        assert_eq!(hash(b"abc").as_slice(), hex(abc));
        assert_eq!(hash(b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").as_slice(), hex(two_blocks));
        assert_eq!(hash(&vec![b'a'; 1_000_000]).as_slice(), hex(million));
    }

    #[test]
    fn agrees_with_another_implementation_at_every_length() {
        let bytes: Vec<u8> = (0..300u32).map(|at| (at * 7) as u8).collect();
        for length in 0..bytes.len() {
            let mut running = Sha256::new();
            let (head, tail) = bytes[..length].split_at(length / 3);
            running.update(head);
            running.update(tail);
            let other = sha2::Sha256::digest(&bytes[..length]);
            assert_eq!(running.finish().as_slice(), &other[..]);
        }
    }

    #[test]
    fn the_keyed_hash_agrees_with_its_definition() {
        // The standard's test cases have shorter keys; zeros behind a key do not change it.
        let keyed = |key: &[u8], text: &[u8]| {
            let mut padded = [0; 32];
            padded[..key.len()].copy_from_slice(key);
            let mut running = Hmac::new(&padded);
            let (head, tail) = text.split_at(text.len() / 2);
            running.update(head);
            running.update(tail);
            running.finish()
        };
        let first = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
        assert_eq!(keyed(&[0x0b; 20], b"Hi There").as_slice(), hex(first));
        let second = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(keyed(b"Jefe", b"what do ya want for nothing?").as_slice(), hex(second));
    }
}
