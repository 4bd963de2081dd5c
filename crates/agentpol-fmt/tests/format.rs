//! Formatting converges at once, keeps what is said, and keeps comments.

use agentpol_fmt::{WIDTH, format};
use agentpol_syntax::tokens;
use proptest::prelude::*;
use std::path::Path;

fn read_all(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut all: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "agentpol"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap()))
        .collect();
    all.sort();
    all
}

fn samples() -> Vec<(String, String)> {
    let mut all = read_all("../agentpol-syntax/tests/samples");
    all.extend(read_all("tests/pages"));
    assert!(all.len() >= 4);
    all
}

fn formatted(name: &str, text: &str) -> String {
    match format(text) {
        Ok(output) => output,
        Err(found) => panic!("{name}: {:?}\n{text}", found.iter().map(|d| (&d.title, d.span())).collect::<Vec<_>>()),
    }
}

#[test]
fn samples_converge_and_fit() {
    for (name, text) in samples() {
        let once = formatted(&name, &text);
        assert_eq!(formatted(&name, &once), once, "{name}");
        for line in once.lines() {
            let code = line.split("//").next().unwrap_or(line);
            assert!(code.trim_end().chars().count() <= WIDTH, "{name}: {line}");
            assert_eq!(line, line.trim_end(), "{name}");
        }
    }
}

/// Pages in the canonical layout, written by hand: they format to themselves.
#[test]
fn pages_are_as_they_should_be() {
    for (name, text) in read_all("tests/pages") {
        assert_eq!(formatted(&name, &text), text, "{name}");
    }
}

#[test]
fn small_texts() {
    let cases = [
        ("", ""),
        ("\n\n", ""),
        ("// c", "// c\n"),
        ("\n\n// c\n\n\n\n// d\nmodule   a", "// c\n\n// d\nmodule a\n"),
        ("module a module_b", "err"),
        ("module a use b use c // d", "module a\nuse b\nuse c  // d\n"),
        ("deny \"x\"{agent any tool *}", "deny \"x\" { agent any  tool * }\n"),
        ("deny \"x\"{\nagent any tool *}", "deny \"x\" {\n  agent any\n  tool *\n}\n"),
        (
            "deny \"x\"{ // why\n\n\nagent any\n\n\ntool * // all\n// end\n}",
            "deny \"x\" {  // why\n  agent any\n\n  tool *  // all\n  // end\n}\n",
        ),
        ("user{a:int,b?:string,}", "user { a: int, b?: string }\n"),
        ("user{\na:int,b?:string,}", "user {\n  a: int\n  b?: string\n}\n"),
        (
            "tool a . b ( x : list < int , 3 > , ... , ) reads c.d,returns trusted",
            "tool a.b(x: list<int, 3>, ...)  reads c.d, returns trusted\n",
        ),
        ("define x=- 1+ -(a-b)", "define x = -1 + -(a - b)\n"),
        ("system a{}", "system a {}\n"),
    ];
    for (text, expected) in cases {
        match format(text) {
            Ok(output) => assert_eq!(output, expected, "{text:?}"),
            Err(_) => assert_eq!(expected, "err", "{text:?}"),
        }
    }
}

const SPACES: &[&str] = &[" ", "\n", "  \t", "\r\n\r\n", " // comment {\n", "\n//\n\n    ", "\n\n\n// two\n// lines\n"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn respaced_texts_converge(sample in 0..5usize, seed in prop::collection::vec(0..SPACES.len(), 1..48)) {
        let (name, text) = samples().swap_remove(sample);
        let mut spaced = String::new();
        for (at, token) in tokens(&text).into_iter().filter(|token| !token.kind.is_trivia()).enumerate() {
            spaced.push_str(SPACES[seed[(at * 7 + at / 48) % seed.len()]]);
            spaced.push_str(token.text(&text));
        }
        let once = formatted(&name, &spaced);
        prop_assert_eq!(formatted(&name, &once), once);
    }
}
