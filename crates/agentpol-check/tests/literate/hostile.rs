//! Broken policies give diagnostics, never a panic; a policy is made only where there is no error.

use crate::pages::{check_files, pages_in};
use agentpol_check::Options;
use agentpol_diagnostics::Code;
use std::path::Path;

/// A small generator of numbers, always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }
}

/// Splits a text into words, signs and spaces.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let plain = |c: char| c.is_alphanumeric() || c == '_';
        let length = match plain(first) {
            true => rest.find(|c| !plain(c)).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        let (word, next) = rest.split_at(length);
        words.push(word);
        rest = next;
    }
    words
}

/// Exchanges, removes or doubles a few words.
fn spoil(text: &str, others: &[&str], dice: &mut Dice) -> String {
    let mut words = words(text);
    for _ in 0..1 + dice.below(3) {
        if words.is_empty() {
            break;
        }
        let at = dice.below(words.len());
        match dice.below(4) {
            0 => {
                words.remove(at);
            }
            1 => words.insert(at, others[dice.below(others.len())]),
            2 => words[at] = others[dice.below(others.len())],
            _ => {
                let other = dice.below(words.len());
                words.swap(at, other);
            }
        }
    }
    words.concat()
}

#[test]
fn spoiled_policies_never_panic() {
    let pages = pages_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases"));
    let blocks: Vec<String> = (pages.iter())
        .flat_map(|(_, page)| crate::pages::blocks(page))
        .filter(|block| block.kind == "agentpol")
        .map(|block| block.text)
        .collect();
    let others: Vec<&str> = blocks.iter().flat_map(|text| words(text)).filter(|word| !word.trim().is_empty()).collect();
    let mut dice = Dice(7);
    for text in &blocks {
        for _ in 0..2 {
            let spoiled = spoil(text, &others, &mut dice);
            let (policy, found, _) = check_files(&[("spoiled.agentpol", &spoiled)], &Options::default());
            assert!(policy.is_none() || !found.has_errors(), "{spoiled}");
        }
    }
}

#[test]
fn giant_programs_are_refused() {
    let groups: Vec<String> = (0..9_000).map(|at| format!("g{at}")).collect();
    let text = format!("module acme.x\ngroup {}\n", groups.join(", "));
    let (policy, found, _) = check_files(&[("giant.agentpol", &text)], &Options::default());
    assert!(policy.is_none() && found.iter().any(|found| found.code == Code::AP0504));
}

#[test]
fn long_chains_do_no_harm() {
    let chain = |line: fn(usize) -> String| (0..1_000).map(line).collect::<Vec<_>>().join("\n");
    let groups = chain(|at| format!("group g{at} in g{}", at + 1));
    let sets = chain(|at| format!("tools s{at} = s{}", at + 1));
    let records = chain(|at| format!("record r{at} {{ next: r{}, more: r{} }}", at + 1, (at + 2) % 1_000));
    for text in [groups, sets, records] {
        let (policy, ..) = check_files(&[("chain.agentpol", &format!("module acme.x\n{text}\n"))], &Options::default());
        assert!(policy.is_none());
    }
}
