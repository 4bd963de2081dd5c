//! Literate pages: each `agentpol` block with the diagnostics that stand in the `text` block behind it.
//!
//! Missing and surplus diagnostics fail alike. With `BLESS_CASES=1` in the environment the pages are written anew, to be
//! reviewed like any other change.

use agentpol_diagnostics::SourceMap;
use agentpol_syntax::parse;
use bumpalo::Bump;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn pages() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    assert!(all.len() >= 8);
    all
}

/// Renders what parsing a text finds, one line each with its help below.
fn render(text: &str) -> String {
    let mut sources = SourceMap::new();
    let file = sources.add("case.agentpol", text);
    let bump = Bump::new();
    let (_, found) = parse(&bump, file, text);
    let mut out = String::new();
    for diagnostic in found.iter() {
        let (name, at) = sources.locate(diagnostic.span());
        let (line, column, code) = (at.line, at.column, diagnostic.code.as_str());
        let _ = writeln!(out, "{name}:{line}:{column} {code} {}", diagnostic.title);
        if let Some(help) = &diagnostic.help {
            let _ = writeln!(out, "  help: {help}");
        }
    }
    out
}

/// Rewrites a page with what is found now; equal to the page where all is as expected.
fn rewrite(page: &str) -> (String, usize) {
    let mut out = String::new();
    let mut cases = 0;
    let mut rest = page;
    while let Some(at) = rest.find("```agentpol\n") {
        let start = at + "```agentpol\n".len();
        let end = start + rest[start..].find("```\n").expect("a block without an end");
        let text = &rest[start..end];
        out.push_str(&rest[..end + 4]);
        rest = &rest[end + 4..];
        if let Some(block) = rest.strip_prefix("\n```text\n") {
            let end = block.find("```\n").expect("a block without an end");
            rest = &block[end + 4..];
        }
        let found = render(text);
        if !found.is_empty() {
            let _ = write!(out, "\n```text\n{found}```\n");
        }
        cases += 1;
    }
    out.push_str(rest);
    (out, cases)
}

#[test]
fn pages_find_what_they_say() {
    let bless = std::env::var_os("BLESS_CASES").is_some();
    let mut wrong = Vec::new();
    for path in pages() {
        let page = std::fs::read_to_string(&path).unwrap();
        let (now, cases) = rewrite(&page);
        assert!(cases > 0, "{} has no case", path.display());
        if now != page && bless {
            std::fs::write(&path, now).unwrap();
        } else if now != page {
            let differs = page.lines().zip(now.lines()).position(|(old, new)| old != new).unwrap_or(0);
            let line = |text: &str| text.lines().nth(differs).unwrap_or("").to_owned();
            wrong.push(format!(
                "{}:{}\n  page:  {}\n  found: {}",
                path.display(),
                differs + 1,
                line(&page),
                line(&now)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
