//! What patterns accept and refuse, and what they cost.

use super::*;

fn accepts(automaton: &Automaton, text: &str) -> bool {
    let step = |state: u32, byte: u8| {
        let class = u32::from(automaton.classes[usize::from(byte)]);
        automaton.next[(state * automaton.class_count + class) as usize]
    };
    automaton.accepting[text.bytes().fold(automaton.start, step) as usize]
}

fn check(kind: PatternKind, text: &str, yes: &[&str], no: &[&str]) {
    let automaton = automaton(&Pattern { kind, text: text.to_owned() }).unwrap();
    for sample in yes {
        assert!(accepts(&automaton, sample), "`{text}` must accept {sample:?}");
    }
    for sample in no {
        assert!(!accepts(&automaton, sample), "`{text}` must refuse {sample:?}");
    }
    assert!(!automaton.accepting[0] && automaton.next[..automaton.class_count as usize].iter().all(|&to| to == 0));
}

#[test]
fn expressions_match_whole_texts_only() {
    check(PatternKind::Regex, "[A-Z0-9]{6}", &["ABC123"], &["ABC12", "ABC1234", "abc123", " ABC123", "ABC123\n", ""]);
    check(PatternKind::Regex, "a|ab", &["a", "ab"], &["abb", "b"]);
    check(PatternKind::Regex, "^a$|b", &["a", "b"], &["ab", "ba"]);
    check(PatternKind::Regex, "", &[""], &["a"]);
    check(PatternKind::Regex, "(?x) a b # both", &["ab"], &["a b", "ab # both"]);
    check(PatternKind::Regex, "(?m)a$.*|^b", &["a", "b"], &["ab", "a\n"]);
}

#[test]
fn a_pattern_that_matches_nothing_starts_dead() {
    check(PatternKind::Regex, "a^b", &[], &["ab", "", "a"]);
    let nothing = automaton(&Pattern { kind: PatternKind::Regex, text: "a^b".to_owned() }).unwrap();
    assert_eq!((nothing.start, nothing.accepting.len()), (0, 1));
}

#[test]
fn classes_are_ascii_and_characters_whole() {
    check(PatternKind::Regex, r"\d+", &["0123456789"], &["٣", "1a"]);
    check(PatternKind::Regex, r"\w\s\W", &["a\t-", "_ é"], &["é -", "a\u{a0}-"]);
    check(PatternKind::Regex, r"[\d\-x]+[^\s]", &["1-xé"], &["é1 ", "1 "]);
    check(PatternKind::Regex, r"[\w&&[^\d]]", &["a", "_"], &["1", "é"]);
    check(PatternKind::Regex, ".{2}", &["ab", "éé", "日本"], &["é", "a\n", "abc"]);
    check(PatternKind::Regex, r"(?x) [\d \s] x", &["1x", " x"], &["x", "1 x"]);
    check(PatternKind::Regex, r"a\b.*", &["a", "a b", "aé"], &["ab", "a1"]);
    check(PatternKind::Regex, r"a\Bb", &["ab"], &["a b"]);
    check(PatternKind::Regex, "[[:alpha:]]", &["z"], &["é"]);
}

#[test]
fn globs_have_two_wild_characters_and_an_escape() {
    check(PatternKind::Glob, "a*c?", &["acx", "abbbc\n", "a/cé"], &["ac", "bacx", "acxy"]);
    check(PatternKind::Glob, r"100\*.\?(x)", &["100*.?(x)"], &["1000.a(x)", "100*.?x"]);
    check(PatternKind::Glob, "**", &["", "a/b"], &[]);
}

#[test]
fn path_globs_keep_to_one_segment() {
    check(PatternKind::PathGlob, "/work/*.rs", &["/work/a.rs", "/work/.rs"], &["/work/a/b.rs", "/work/a.rst"]);
    check(PatternKind::PathGlob, "/work/**/x", &["/work/x", "/work/a/x", "/work/a/b/x"], &["/workx", "/work/ax"]);
    check(PatternKind::PathGlob, "/work/**", &["/work/", "/work/a/b"], &["/work"]);
    check(PatternKind::PathGlob, "/a?c", &["/abc", "/aéc"], &["/a/c"]);
}

#[test]
fn refusals_say_why() {
    let refusal = |kind, text: &str| automaton(&Pattern { kind, text: text.to_owned() }).unwrap_err();
    assert!(matches!(refusal(PatternKind::Regex, "a("), Refusal::Invalid(_)));
    assert!(matches!(refusal(PatternKind::Glob, "a\\"), Refusal::Invalid(_)));
    assert!(matches!(refusal(PatternKind::Regex, r"(?-u:\xff)"), Refusal::Invalid(_)));
    assert_eq!(refusal(PatternKind::Regex, "(a|b)*a(a|b){20}"), Refusal::TooLarge);
    assert_eq!(refusal(PatternKind::Regex, "((a{1000}){1000}){1000}"), Refusal::TooLarge);
}

#[test]
fn tables_are_small_and_equal_each_time() {
    let make = || automaton(&Pattern { kind: PatternKind::Regex, text: "(foo|bar|baz)+[0-9]{2}".to_owned() }).unwrap();
    assert_eq!(make(), make());
    assert!(make().accepting.len() <= 16, "{} states", make().accepting.len());
}
