//! Every sample parses, and spacing never changes what a text means.

use agentpol_diagnostics::FileId;
use agentpol_syntax::{parse, tokens};
use bumpalo::Bump;
use proptest::prelude::*;
use std::path::Path;

/// All samples with their names.
fn samples() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let mut all: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap()))
        .collect();
    all.sort();
    assert!(all.len() >= 3);
    all
}

/// Parses a text that has no mistakes and prints what it means.
fn shape(name: &str, text: &str) -> String {
    let bump = Bump::new();
    let (ast, found) = parse(&bump, FileId(0), text);
    let messages: Vec<_> = found.iter().map(|d| (&d.title, text.get(d.span().range()))).collect();
    assert!(messages.is_empty(), "{name}: {messages:?}\n{text}");
    assert!(ast.unread.is_empty());
    ast.shape()
}

#[test]
fn samples_parse() {
    for (name, text) in samples() {
        assert!(shape(&name, &text).len() > 100);
    }
}

#[test]
fn items_cover_their_text() {
    for (_, text) in samples() {
        let bump = Bump::new();
        let (ast, _) = parse(&bump, FileId(0), &text);
        let mut end = 0;
        for item in ast.items {
            let between = &text[end..item.span.start as usize];
            assert!(tokens(between).iter().all(|token| token.kind.is_trivia()), "{between:?}");
            end = item.span.end as usize;
        }
        assert!(tokens(&text[end..]).iter().all(|token| token.kind.is_trivia()));
    }
}

/// The tokens of a text that are not trivia.
fn words(text: &str) -> Vec<&str> {
    tokens(text).into_iter().filter(|token| !token.kind.is_trivia()).map(|token| token.text(text)).collect()
}

/// Whether two tokens stay two when nothing stands between them.
fn may_touch(left: &str, right: &str) -> bool {
    words(&format!("{left}{right}")) == [left, right]
}

const SPACES: &[&str] = &[" ", "\n", "  \t", "\r\n\r\n", " // {( \" comment\n", "\n//\n\n    ", ""];

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spacing_means_nothing(sample in 0..3usize, seed in prop::collection::vec(0..SPACES.len(), 64)) {
        let (name, text) = samples().swap_remove(sample);
        let words = words(&text);
        let mut spaced = String::new();
        for (at, word) in words.iter().enumerate() {
            let space = SPACES[seed[(at * 7 + at / 64) % seed.len()]];
            let glue = at == 0 || may_touch(words[at - 1], word);
            spaced.push_str(if space.is_empty() && !glue { " " } else { space });
            spaced.push_str(word);
        }
        prop_assert_eq!(shape(&name, &spaced), shape(&name, &text));
    }
}

/// Every item alone on one line, with single spaces, and the whole file on one line.
#[test]
fn one_line_is_enough() {
    for (name, text) in samples() {
        assert_eq!(shape(&name, &words(&text).join(" ")), shape(&name, &text));
        assert_eq!(shape(&name, &words(&text).join("\n")), shape(&name, &text));
    }
}
