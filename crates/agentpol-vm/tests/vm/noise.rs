//! Whatever the bytes of a request, there is a decision, and it permits nothing by accident.

use crate::ask::Ask;
use crate::lab::sample::sample;
use agentpol_bytecode::{encode, load};
use agentpol_vm::{Scratch, decide};

/// Numbers without pattern, the same in every run (`SplitMix64`).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

const PIECES: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "null",
    "true",
    "1e5",
    "-0",
    "\"args\"",
    "\"at\"",
    "\"agent\"",
    "\"user\"",
    "\"none\"",
    "\"/to/0\"",
    "\"origin\"",
    "\\ud83d",
    "\u{1f600}",
    " ",
    "\"tool\"",
    "99999999999999999999",
];

#[test]
fn noise_is_denied() {
    let program = load(&encode(&sample())).expect("the sample is sound");
    let mut scratch = Scratch::new(&program);
    let mut noise = Noise(7);
    let sound = Ask::new()
        .with("agent", r#"{"spiffe":"spiffe://a.example/7"}"#)
        .with("tool", r#""mail.send""#)
        .with("server", r#""srv""#)
        .with("credential", r#"{"issued_at":"2026-03-02T15:00:00Z"}"#)
        .with("args", r#"{"to":["a@fixed.example"],"x":{"y":[1,2,{"z":null}]}}"#)
        .with("context", r#"{"no":"10.0.0.1"}"#)
        .with("origin", r#"{"/to/0":"user","/x/y/2/z":"trusted"}"#)
        .json()
        .into_bytes();
    for _ in 0..20_000 {
        let mut bytes = sound.clone();
        for _ in 0..=noise.below(4) {
            if bytes.is_empty() {
                break;
            }
            let at = noise.below(bytes.len());
            match noise.below(4) {
                0 => bytes[at] = noise.next() as u8,
                1 => drop(bytes.drain(at..(at + noise.below(9)).min(bytes.len()))),
                2 => drop(bytes.splice(at..at, PIECES[noise.below(PIECES.len())].bytes())),
                _ => bytes.truncate(at),
            }
        }
        assert!(!decide(&program, &bytes, &mut scratch).permits());
        let random: Vec<u8> = (0..noise.below(64)).map(|_| noise.next() as u8).collect();
        assert!(!decide(&program, &random, &mut scratch).permits());
        let pieces: String = (0..noise.below(32)).map(|_| PIECES[noise.below(PIECES.len())]).collect();
        assert!(!decide(&program, pieces.as_bytes(), &mut scratch).permits());
    }
}
