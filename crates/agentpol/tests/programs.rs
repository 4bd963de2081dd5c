//! Policies as files, from text to program: what may not show in the bytes, and what must.

use agentpol::bytecode::instruction::Op;
use agentpol::{Built, Options, SourceMap, build, load};
use agentpol_syntax::{Token, TokenKind, tokens};
use std::collections::HashSet;
use std::path::Path;

/// Reads the files of a folder of `tests/policies`, by name.
fn files(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies").join(folder);
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<(String, String)> = entries
        .map(|entry| {
            let entry = entry.expect("the entry can be read");
            let text = std::fs::read_to_string(entry.path()).expect("the file can be read");
            (entry.file_name().to_string_lossy().into_owned(), text)
        })
        .collect();
    files.sort();
    files
}

fn built(files: &[(String, String)]) -> Built {
    let mut sources = SourceMap::new();
    for (name, text) in files {
        sources.add(name, text.as_str());
    }
    let (built, diagnostics) = build(&sources, &Options::default());
    let errors = diagnostics.iter().map(|found| {
        let (file, place) = sources.locate(found.span());
        format!("{file}:{}:{} {} {}", place.line, place.column, found.code.as_str(), found.title)
    });
    let errors: Vec<String> = errors.collect();
    built.unwrap_or_else(|| panic!("does not build: {errors:#?}"))
}

fn meaning(built: &Built) -> [u8; 32] {
    *load(&built.bytes).expect("loads").meaning_hash()
}

/// Applies a change to the text of every file.
fn changed(files: &[(String, String)], change: impl Fn(&str) -> String) -> Vec<(String, String)> {
    files.iter().map(|(name, text)| (name.clone(), change(text))).collect()
}

/// Writes a line end for every space and leaves comments out.
fn respaced(text: &str) -> String {
    let written = |token: &Token| match token.kind {
        TokenKind::Comment => String::new(),
        TokenKind::Space => "\n \t".to_owned(),
        _ => token.text(text).to_owned(),
    };
    tokens(text).iter().map(written).collect()
}

#[test]
fn the_order_of_files_does_not_show() {
    for folder in ["clinic", "desk", "drive", "operations"] {
        let mut files = files(folder);
        let first = built(&files).bytes;
        assert_eq!(built(&files).bytes, first, "`{folder}` built twice");
        files.reverse();
        assert_eq!(built(&files).bytes, first, "`{folder}` with its files the other way round");
        files.rotate_left(1);
        assert_eq!(built(&files).bytes, first, "`{folder}` with its files rotated");
    }
}

#[test]
fn formatting_comments_and_file_names_do_not_change_the_meaning() {
    for folder in ["clinic", "desk", "drive", "operations"] {
        let files = files(folder);
        let first = built(&files);
        let spaced = built(&changed(&files, respaced));
        assert_eq!(meaning(&first), meaning(&spaced), "`{folder}` with other spaces");
        assert_ne!(first.bytes, spaced.bytes, "places are in the bytes");
        let renamed: Vec<(String, String)> =
            files.iter().enumerate().map(|(at, (_, text))| (format!("{}.agentpol", 9 - at), text.clone())).collect();
        assert_eq!(meaning(&first), meaning(&built(&renamed)), "`{folder}` with other file names");
    }
}

#[test]
fn the_order_of_items_does_not_change_the_meaning() {
    let files = files("clinic");
    let swapped = changed(&files, |text| {
        let Some((head, rules)) = text.split_once("\nallow ") else { return text.to_owned() };
        let rules = format!("allow {rules}");
        let mut items: Vec<String> = Vec::new();
        for line in rules.lines() {
            let begins = ["allow ", "entitle ", "deny ", "require ", "test "].iter().any(|word| line.starts_with(word));
            match items.last_mut() {
                Some(item) if !begins => *item += &format!("{line}\n"),
                _ => items.push(format!("{line}\n")),
            }
        }
        items.reverse();
        format!("{head}\n{}", items.concat())
    });
    assert_ne!(files, swapped);
    assert_eq!(meaning(&built(&files)), meaning(&built(&swapped)));
}

#[test]
fn names_of_locals_do_not_change_the_meaning() {
    for (folder, old, new) in
        [("operations", "wide", "broad"), ("operations", "label", "mark"), ("clinic", "someone", "person")]
    {
        let files = files(folder);
        let first = built(&files);
        let renamed = changed(&files, |text| replace_word(text, old, new));
        assert_ne!(files, renamed, "`{old}` is a local of `{folder}`");
        assert_eq!(meaning(&first), meaning(&built(&renamed)), "`{old}` became `{new}`");
    }
}

/// Replaces a word outside of strings.
fn replace_word(text: &str, old: &str, new: &str) -> String {
    let swap = |word: &str| if word == old { new.to_owned() } else { word.to_owned() };
    let written = |token: &Token| match token.kind {
        TokenKind::Word => swap(token.text(text)),
        _ => token.text(text).to_owned(),
    };
    tokens(text).iter().map(written).collect()
}

#[test]
fn what_decides_changes_the_meaning() {
    let files = files("clinic");
    let first = meaning(&built(&files));
    for (old, new) in [("1_000.00", "1_000.01"), ("08:00..18:00", "08:00..18:01"), ("within 4h", "within 5h")] {
        let other = changed(&files, |text| text.replace(old, new));
        assert_ne!(files, other, "`{old}` stands in the files");
        assert_ne!(first, meaning(&built(&other)), "`{old}` became `{new}`");
    }
}

#[test]
fn every_instruction_is_needed_by_some_policy() {
    let mut emitted: HashSet<Op> = HashSet::new();
    for folder in ["clinic", "desk", "drive", "operations"] {
        let built = built(&files(folder));
        let program = load(&built.bytes).expect("loads");
        emitted.extend(program.tables().code.iter().map(|instruction| instruction.op));
    }
    // Only programs that measure coverage count anything.
    let missing: Vec<&Op> = Op::ALL.iter().filter(|op| !emitted.contains(op) && **op != Op::Mark).collect();
    assert!(missing.is_empty(), "no policy makes {missing:?}");
}

#[test]
fn what_is_counted_may_hang_on_earlier_calls() {
    let head = "module acme\nrecord order by id { id: string, pieces?: int }\nsystem d\ngroup staff\n\
                tool d.read(id: string, n: int) -> order reads d, returns trusted\n\
                agent b { function \"x\"  owner \"x\"  reached via c, directly }\n\
                agent c { function \"x\"  owner \"x\"  delegates to b { tool d.read  when completed { tool d.read } } }\n";
    for rule in [
        "limit \"x\" { agent any  tool d.read  when called { tool d.read  where that.args.id == args.id }  at most 5 per 1h }",
        "limit \"x\" { agent any  tool d.read  when count of { tool d.read  within 1h } + args.n > 3  at most 5 of args.n per 1h }",
        "limit \"x\" { agent any  tool d.read  unless sum of that.args.n over { tool d.read } < 3  at most 5 per 1h per user }",
        "limit \"x\" { agent any  tool d.read  let l = last { tool d.read }  when has l and l.args.id == args.id  at most 5 per 1h }",
        "limit \"x\" { agent any  tool d.read  at most 5 of (known order(args.id).pieces otherwise 1) per 1h per user }",
        "alert \"x\" { agent any  tool d.read  when failed { tool d.read  by user }  novel (agent, args.id)  within 1d }",
        "alert \"x\" { agent any  when count of distinct that.args.id over { tool d.read } > 3  more than 5 per 1h per agent }",
    ] {
        let files = [("p.agentpol".to_owned(), format!("{head}{rule}\n"))];
        let built = built(&files);
        assert!(load(&built.bytes).is_ok(), "{rule}");
    }
}
