//! The pages of AP00 and AP01: what each calls wrong gives its code, and what it calls right gives none.

use agentpol_diagnostics::{Code, FileId};
use agentpol_syntax::{MAX_BYTES, decode, parse};
use bumpalo::Bump;
use std::path::Path;

/// Codes whose pages show a file that parses: a later stage finds the mistake.
const FOUND_LATER: &[Code] = &[Code::AP0105];

fn codes() -> impl Iterator<Item = Code> {
    Code::ALL.iter().copied().filter(|code| code.as_str() < "AP02")
}

fn page(code: Code) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/diagnostics");
    let path = folder.join(format!("{}.md", code.as_str()));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn found(text: &str) -> Vec<Code> {
    let bump = Bump::new();
    let (_, found) = parse(&bump, FileId(0), text);
    found.iter().map(|diagnostic| diagnostic.code).collect()
}

/// Returns a section and the blocks of a language in it.
fn section(page: &str, name: &str) -> String {
    let start = page.find(&format!("\n## {name}\n")).unwrap_or_else(|| panic!("no section {name}")) + 1;
    let rest = &page[start..];
    rest[..rest.find("\n## ").unwrap_or(rest.len())].to_owned()
}

fn blocks<'s>(section: &'s str, language: &str) -> Vec<&'s str> {
    let fence = format!("```{language}\n");
    section.split(fence.as_str()).skip(1).map(|rest| &rest[..rest.find("```").unwrap_or(rest.len())]).collect()
}

/// Puts characters in the place of `<U+202E>`.
fn spelled_out(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<U+") {
        let (hex, behind) = after.split_once('>').expect("a character without `>`");
        out.push_str(before);
        out.push(u32::from_str_radix(hex, 16).ok().and_then(char::from_u32).expect("not a character"));
        rest = behind;
    }
    out + rest
}

#[test]
fn every_page_has_its_title_and_sections() {
    for code in codes() {
        let page = page(code);
        assert_eq!(page.lines().next(), Some(format!("# {}: {}", code.as_str(), code.title()).as_str()));
        assert!(section(&page, "Why").len() > 80, "{}", code.as_str());
    }
}

#[test]
fn what_is_right_gives_nothing() {
    for code in codes() {
        let section = section(&page(code), "Right");
        let blocks = blocks(&section, "agentpol");
        assert!(!blocks.is_empty(), "{}", code.as_str());
        for block in blocks {
            assert_eq!(found(block), [], "{}", code.as_str());
        }
    }
}

#[test]
fn what_is_wrong_gives_the_code() {
    for code in codes() {
        let section = section(&page(code), "Wrong");
        let blocks = blocks(&section, "agentpol");
        match code {
            Code::AP0010 => {
                let (before, after) = section.split_once("caf<E9>").expect("the byte");
                let bytes = [before.as_bytes(), b"caf\xE9", after.as_bytes()].concat();
                assert_eq!(decode(FileId(0), &bytes).map_err(|diagnostic| diagnostic.code), Err(code));
            }
            Code::AP0011 => {
                assert!(section.contains("4,194,304") && MAX_BYTES == 4_194_304);
                assert_eq!(found(&" ".repeat(MAX_BYTES + 1)), [code]);
            }
            _ if FOUND_LATER.contains(&code) => assert!(blocks.iter().all(|block| found(block).is_empty())),
            _ => {
                assert!(!blocks.is_empty(), "{}", code.as_str());
                for block in blocks {
                    let found = found(&spelled_out(block));
                    assert!(
                        !found.is_empty() && found.iter().all(|other| *other == code),
                        "{}: {found:?}",
                        code.as_str()
                    );
                }
            }
        }
    }
}
