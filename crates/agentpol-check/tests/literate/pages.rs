//! Literate pages: fenced blocks with files of a policy, and what is expected of them.

use agentpol_check::policy::Policy;
use agentpol_check::{Options, check};
use agentpol_diagnostics::{Diagnostics, SourceMap};
use agentpol_syntax::parse;
use bumpalo::Bump;
use std::path::{Path, PathBuf};

/// One fenced block: the words behind the fence, and the text.
#[derive(Debug)]
pub(crate) struct Block {
    /// The first word, such as `agentpol`.
    pub(crate) kind: String,
    /// The second word: a file name.
    pub(crate) name: String,
    /// The lines between the fences.
    pub(crate) text: String,
    /// The nearest heading above, without its marks.
    pub(crate) heading: String,
}

/// Splits a page into its fenced blocks.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    let mut heading = String::new();
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(words)) => {
                let mut words = words.split_whitespace();
                let kind = words.next().unwrap_or("").to_owned();
                let name = words.next().unwrap_or("policy.agentpol").to_owned();
                open = Some(Block { kind, name, text: String::new(), heading: heading.clone() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {
                if line.starts_with('#') {
                    line.trim_start_matches('#').trim().clone_into(&mut heading);
                }
            }
        }
    }
    blocks
}

/// Checks files together; the policy is there when neither reading nor checking found an error.
pub(crate) fn check_files(files: &[(&str, &str)], options: &Options) -> (Option<Policy>, Diagnostics, SourceMap) {
    let mut sources = SourceMap::new();
    for (name, text) in files {
        sources.add(*name, *text);
    }
    let bump = Bump::new();
    let mut found = Diagnostics::new();
    let mut asts = Vec::new();
    for (id, file) in sources.iter() {
        let (ast, diagnostics) = parse(&bump, id, file.text());
        asts.push(ast);
        found.extend(diagnostics);
    }
    let sound = !found.has_errors();
    let (policy, diagnostics) = check(&asts, &sources, options);
    found.extend(diagnostics);
    found.sort(&sources);
    (policy.filter(|_| sound), found, sources)
}

/// Returns diagnostics as `file:line:column CODE title`, one a line.
pub(crate) fn short(diagnostics: &Diagnostics, sources: &SourceMap) -> Vec<String> {
    let line = |d: &agentpol_diagnostics::Diagnostic| {
        let (file, at) = sources.locate(d.span());
        format!("{file}:{}:{} {} {}", at.line, at.column, d.code.as_str(), d.title)
    };
    diagnostics.iter().map(line).collect()
}

/// Returns everything that a policy says, without the places where it says so.
pub(crate) fn meaning(policy: &Policy) -> String {
    let all = format!("{policy:?}");
    let mut kept = String::with_capacity(all.len());
    let mut rest = all.as_str();
    while let Some((before, after)) = rest.split_once("Span {") {
        kept.push_str(before);
        rest = after.split_once('}').map_or("", |(_, next)| next);
    }
    kept.push_str(rest);
    kept
}

/// Returns all pages below a folder, by name.
pub(crate) fn pages_in(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut pages = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder can be read") {
            let path = entry.expect("the entry can be read").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                let text = std::fs::read_to_string(&path).expect("the page can be read");
                pages.push((path, text));
            }
        }
    }
    pages.sort();
    pages
}
