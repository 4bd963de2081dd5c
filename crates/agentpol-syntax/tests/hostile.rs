//! Whatever the input, parsing returns: no panic, no hang, no stack overflow, and a message where something is wrong.

use agentpol_diagnostics::{Code, FileId};
use agentpol_syntax::{MAX_BYTES, decode, parse, tokens};
use bumpalo::Bump;
use proptest::prelude::*;

const FILE: FileId = FileId(0);

fn codes(text: &str) -> Vec<Code> {
    let bump = Bump::new();
    let (ast, found) = parse(&bump, FILE, text);
    // Whoever walks the tree recursively must come through as well; printing does.
    assert!(!format!("{ast:?}").is_empty());
    found.iter().map(|d| d.code).collect()
}

#[test]
fn an_empty_file_is_a_file() {
    for text in ["", " ", "\n\n", "// only a comment", "\u{feff}", "\u{feff}// x\n"] {
        assert_eq!(codes(text), [], "{text:?}");
    }
}

/// Every construct that nests, `levels` deep.
fn nested(levels: usize) -> Vec<String> {
    let deep =
        |open: &str, middle: &str, close: &str| format!("{}{middle}{}", open.repeat(levels), close.repeat(levels));
    vec![
        format!("define x = {}", deep("(", "a", ")")),
        format!("define x = {}", deep("[", "", "]")),
        format!("define x = {}", deep("f(", "a", ")")),
        format!("define x = {}", deep("a[", "a", "]")),
        format!("define x = {}", deep("not ", "a", "")),
        format!("define x = {}", deep("- ", "a", "")),
        format!("define x = a{}", ".b".repeat(levels)),
        format!("define x = a{}", ".b(c)".repeat(levels)),
        format!("define x = a{}", " otherwise a".repeat(levels)),
        format!("define x = {}", deep("if a then b else ", "c", "")),
        format!("define x = {}", deep("if ", "a", " then b else c")),
        format!("define x = {}", deep("any x in y: ", "c", "")),
        format!("define x = {}", deep("count(x in y: ", "c", ")")),
        format!("define x(a: {}) = a", deep("list<", "string", ">")),
        format!("define x(a: {}) = a", deep("map<string, ", "string", ">")),
        format!("record x {{ a: {} }}", deep("{ a: ", "string", " }")),
        format!("tool x() -> {} reads a", deep("list<", "r(args.a)", ">")),
        format!("deny \"x\" {}", deep("{ when called ", "x", " }")),
        format!("test \"x\" {{ given agent a {} }}", deep("{ a: ", "1", " }")),
        format!("test \"x\" {{ given agent a context {{ a: {} }} }}", deep("[", "1", "]")),
    ]
}

#[test]
fn sixty_deep_is_fine() {
    for input in nested(60) {
        assert_eq!(codes(&input), [], "{}", &input[..60]);
    }
}

#[test]
fn ten_thousand_deep_says_so_once() {
    let mixed = format!("define x = {}a", "all x, y in z: not has not - (".repeat(10_000));
    for input in nested(10_000).into_iter().chain([mixed]) {
        assert_eq!(codes(&input), [Code::AP0012], "{}", &input[..60]);
    }
}

#[test]
fn ten_thousand_flat_is_fine() {
    let many = |text: &str| text.repeat(10_000);
    let inputs = [
        format!("define x = a{}", many(" and a.b")),
        format!("define x = a{}", many(" or not a == -b")),
        format!("define x = 1{}", many(" + 1 - a * 2")),
        format!("define x = [{}]", many("a.b.c(d)[e], ")),
        format!("define x = f({})", many("any x in y: z, ")),
        format!("deny \"x\" {{ {} }}", many("when any x in y: not z  ")),
        many("deny \"x\" { agent any  tool * }\n"),
    ];
    for input in inputs {
        assert_eq!(codes(&input), [], "{}", &input[..60]);
    }
}

#[test]
fn unclosed_everything_is_one_mistake_each() {
    for open in ["{", "(", "["] {
        let text = format!("deny \"x\" {}", open.repeat(10_000));
        assert_eq!(codes(&text).len(), 1, "{open}");
    }
    assert_eq!(codes(&"}".repeat(10_000)).len(), 1);
    assert_eq!(codes("deny \"x"), [Code::AP0002]);
    assert_eq!(codes("deny \"x\" { because \"no"), [Code::AP0002]);
    assert_eq!(codes("define x = `a"), [Code::AP0002]);
    assert_eq!(codes("/* no end"), [Code::AP0005]);
}

/// Patterns that cost time in the square of their length if anything looks back further than it must.
#[test]
fn long_repetitions_take_linear_time() {
    const TIMES: usize = 10_000;
    let rows: &[(&str, &str)] = &[
        ("(", "]"),
        ("[(", "]"),
        ("{(", "}"),
        ("{\n", " }\n"),
        ("  {\n", "}\n"),
        ("deny \"x\" {\n", ""),
        ("deny \"x\" { (\n", "}\n"),
        ("\"a\n", "\"\n"),
        ("\"\n\"a\n", "`\n"),
        ("deny \"x\" { agent any, } ", ""),
        ("}\n", ")\n"),
        ("a\n", "b c\n"),
        ("deny\n", "tool\n"),
        ("define x = a b\n", ""),
        ("\u{430} ", "\u{200b} "),
        ("/* ", "*/ "),
        ("' ", "# "),
    ];
    for (open, close) in rows {
        check(&format!("{}{}", open.repeat(TIMES), close.repeat(TIMES)));
    }
    for (before, middle, after) in [
        ("deny \"x\" { ", "agent any, ", "}"),
        ("deny \"x\" { ", "whne x ", "}"),
        ("deny \"x\" { when a ", "in b ", "}"),
        ("define x = [", "a b ", "]"),
        ("define x = a ", "< b ", ""),
        ("tool x(", "a ", ") reads y"),
        ("tool x(", "a: list<b, ", ") reads y"),
        ("user { ", "a ", "}"),
        ("test \"x\" { given agent a ", "b() ", "}"),
        ("test \"x\" { given agent a b(", "c: 1 ", ") -> allow }"),
    ] {
        check(&format!("{before}{}{after}", middle.repeat(TIMES)));
    }
}

#[test]
fn files_that_are_no_text_or_too_long() {
    assert_eq!(decode(FILE, b"module a"), Ok("module a"));
    let bad = decode(FILE, b"module a\n// \xff\xfe").unwrap_err();
    assert_eq!((bad.code, bad.span().start, bad.span().end), (Code::AP0010, 12, 13));
    let cut = decode(FILE, b"// \xe2\x82").unwrap_err();
    assert_eq!((cut.code, cut.span().end), (Code::AP0010, 5));
    let long = vec![b' '; MAX_BYTES + 1];
    assert_eq!(decode(FILE, &long).unwrap_err().code, Code::AP0011);
    assert_eq!(codes(std::str::from_utf8(&long).unwrap()), [Code::AP0011]);
    assert!(decode(FILE, &long[1..]).is_ok());
}

/// Tokens that belong to the language, and some that do not.
const SOUP: &[&str] = &[
    "module",
    "use",
    "tool",
    "agent",
    "user",
    "deny",
    "allow",
    "require approval",
    "test",
    "given",
    "record",
    "system",
    "define",
    "level",
    "enum",
    "group",
    "schedule",
    "context",
    "fleet",
    "resource",
    "assert",
    "limit",
    "when",
    "unless",
    "does",
    "reads",
    "on",
    "because",
    "from",
    "within",
    "let",
    "any",
    "all",
    "in",
    "not",
    "and",
    "or",
    "if",
    "then",
    "else",
    "has",
    "otherwise",
    "called",
    "known",
    "count",
    "first",
    "sum",
    "of",
    "like",
    "a",
    "x",
    "args",
    "crm",
    "b",
    "\"t\"",
    "`r`",
    "1",
    "2.5",
    "3h",
    "2026-03-02",
    "2026-03-02T15:00:00Z",
    "09:00",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ",",
    ":",
    ".",
    "..",
    "...",
    "?",
    "|",
    "=",
    "->",
    "<",
    ">",
    "==",
    "<=",
    "+",
    "-",
    "*",
    "&&",
    "!",
    ";",
    "'q'",
    "\"",
    "#",
    "/*",
    "é",
    "\u{202e}",
    "\u{430}b",
    "\n",
    "// c\n",
    "\n\n",
    "list",
    "map",
    "\\",
    "$",
    "@",
    "0x1",
    "1__0",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn token_soup_is_digested(picks in prop::collection::vec((0..SOUP.len(), any::<bool>()), 0..160)) {
        let mut text = String::new();
        for (at, spaced) in picks {
            text.push_str(SOUP[at]);
            if spaced {
                text.push(' ');
            }
        }
        check(&text);
    }

    #[test]
    fn bytes_are_digested(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&String::from_utf8_lossy(&bytes));
        match decode(FILE, &bytes) {
            Ok(text) => check(text),
            Err(diagnostic) => prop_assert_eq!(diagnostic.code, Code::AP0010),
        }
    }

    #[test]
    fn text_is_digested(text in "\\PC{0,200}") {
        check(&text);
    }
}

/// Tokens cover every byte, messages lie inside of the text, and what is not read is reported.
fn check(text: &str) {
    let mut end = 0;
    for token in tokens(text) {
        assert_eq!(token.start, end);
        assert!(token.end > token.start && text.get(token.range()).is_some());
        end = token.end;
    }
    assert_eq!(end as usize, text.len());
    let bump = Bump::new();
    let (ast, found) = parse(&bump, FILE, text);
    for diagnostic in found.iter() {
        assert!(!diagnostic.title.is_empty() && !diagnostic.labels.is_empty());
        assert!(diagnostic.labels.len() <= 3);
        for label in &diagnostic.labels {
            assert!(text.get(label.span.range()).is_some(), "{diagnostic:?}");
        }
    }
    let words = tokens(text).iter().filter(|t| !t.kind.is_trivia()).count();
    assert!(words == 0 || !ast.items.is_empty() || !found.is_empty());
}
