//! Literate pages: prose, policies and requests with the decisions that are expected of them.
//!
//! A page is Markdown. A block fenced as `agentpol` starts a policy; `agentpol and` adds a file to it; `root=MODULE`
//! names the root. A block fenced as `requests` holds requests for the policy above it, each ending in ` -> ` and what
//! is expected. The README of this package says how to write one.

use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The keys of a request, each with its value as it is written: numbers must not change.
type Keys = BTreeMap<String, Box<RawValue>>;

/// A page.
pub(crate) struct Page {
    /// The topic: the file name without its ending.
    pub(crate) topic: String,
    /// Its policies, in order.
    pub(crate) policies: Vec<PolicyBlock>,
}

/// A policy and the requests that belong to it.
pub(crate) struct PolicyBlock {
    /// The heading above it.
    pub(crate) heading: String,
    /// Its files.
    pub(crate) files: Vec<String>,
    /// The root module, where one is named.
    pub(crate) root: Option<String>,
    /// The requests.
    pub(crate) cases: Vec<Case>,
}

/// A request and what is expected.
pub(crate) struct Case {
    /// The line of the page on which it ends.
    pub(crate) line: usize,
    /// The request as bytes.
    pub(crate) request: Vec<u8>,
    /// What stands behind the arrow.
    pub(crate) expected: Expected,
}

/// What is expected. What is not written is not compared.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    /// `allow`, `deny`, `require_approval`
    pub(crate) outcome: String,
    /// The code; without one `allowed`, `denied_by_rule` or `approval_required`.
    pub(crate) code: String,
    /// `by "rule"`
    pub(crate) rules: Option<Vec<String>>,
    /// `also code, code`
    pub(crate) also: Option<Vec<String>>,
    /// `would code`
    pub(crate) would: Option<String>,
    /// `approvals "rule"`, `approvals phase`
    pub(crate) approvals: Option<Vec<String>>,
    /// `at /pointer`
    pub(crate) argument: Option<String>,
    /// `says "text"`: what the agent is told.
    pub(crate) says: Option<Vec<String>>,
}

/// Reads a page.
pub(crate) fn read(topic: &str, text: &str) -> Result<Page, String> {
    let mut page = Page { topic: topic.to_owned(), policies: Vec::new() };
    let mut heading = String::new();
    let mut defaults = Keys::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if let Some(title) = line.strip_prefix('#') {
            heading = title.trim_start_matches('#').trim().to_owned();
        }
        let Some(info) = line.strip_prefix("```") else { continue };
        let block: Vec<(usize, &str)> =
            lines.by_ref().take_while(|(_, line)| *line != "```").map(|(at, line)| (at + 1, line)).collect();
        let words: Vec<&str> = info.split_whitespace().collect();
        match words.split_first() {
            Some((&"agentpol", marks)) => add_policy(&mut page, &heading, marks, &block),
            Some((&"requests", _)) => {
                let policy = page.policies.last_mut().ok_or("requests before any policy")?;
                policy.cases.extend(cases(&block, &mut defaults)?);
            }
            Some((&"json" | &"text", _)) => {}
            _ => return Err(format!("line {}: a block must be `agentpol`, `requests`, `json` or `text`", number + 1)),
        }
    }
    let empty =
        page.policies.iter().find(|policy| policy.cases.is_empty() && !policy.files.concat().contains("test \""));
    match empty {
        Some(policy) => Err(format!("nothing is asked of the policy under \"{}\"", policy.heading)),
        None if page.policies.is_empty() => Err("no policy".to_owned()),
        None => Ok(page),
    }
}

fn add_policy(page: &mut Page, heading: &str, marks: &[&str], block: &[(usize, &str)]) {
    let file: String = block.iter().map(|(_, line)| format!("{line}\n")).collect();
    let root = marks.iter().find_map(|mark| mark.strip_prefix("root=")).map(str::to_owned);
    match page.policies.last_mut() {
        Some(policy) if marks.contains(&"and") => policy.files.push(file),
        _ => {
            let heading = heading.to_owned();
            page.policies.push(PolicyBlock { heading, files: vec![file], root, cases: Vec::new() });
        }
    }
}

/// Requests are written over several lines; the line with the arrow ends one. `//` begins a line of prose.
fn cases(block: &[(usize, &str)], defaults: &mut Keys) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    let mut written = String::new();
    for (number, line) in block {
        let fail = |error: String| format!("line {number}: {error}");
        if line.trim_start().starts_with("//") || (line.trim().is_empty() && written.is_empty()) {
            continue;
        }
        if let Some((before, behind)) = line.rsplit_once(" -> ") {
            written.push_str(before);
            let request = request(&written, defaults).map_err(fail)?;
            cases.push(Case { line: *number, request, expected: expected(behind).map_err(fail)? });
            written.clear();
        } else {
            written.push_str(line);
            written.push('\n');
            if let Some(text) = written.strip_prefix("defaults ")
                && let Ok(keys) = serde_json::from_str(text)
            {
                *defaults = keys;
                written.clear();
            }
        }
    }
    if written.trim().is_empty() { Ok(cases) } else { Err(format!("no ` -> ` behind {written}")) }
}

/// The defaults with what is written in place of theirs; `null` takes a key away. Behind `raw`, the text itself.
fn request(written: &str, defaults: &Keys) -> Result<Vec<u8>, String> {
    let written = repeated(written.trim())?;
    if let Some(raw) = written.strip_prefix("raw") {
        return bytes(raw.trim_start());
    }
    let differences: Keys = serde_json::from_str(&written).map_err(|error| format!("{error} in {written:.200}"))?;
    let mut whole = defaults.clone();
    whole.extend(differences);
    whole.retain(|_, value| value.get() != "null");
    serde_json::to_vec(&whole).map_err(|error| format!("{error}"))
}

/// `<<TEXT * 1000>>` stands for the text a thousand times.
fn repeated(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("<<") {
        let (inside, after) = behind.split_once(">>").ok_or("`<<` without `>>`")?;
        let (what, count) = inside.rsplit_once(" * ").ok_or("`<<` without ` * `")?;
        let count: usize = count.parse().map_err(|_| format!("`{count}` is not a number"))?;
        out.push_str(before);
        out.push_str(&what.repeat(count));
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// `<ff>` stands for the byte.
fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let hex = rest.strip_prefix('<').and_then(|behind| behind.split_once('>')).filter(|(hex, _)| hex.len() == 2);
        if let Some((hex, after)) = hex {
            out.push(u8::from_str_radix(hex, 16).map_err(|_| format!("`<{hex}>` is no byte"))?);
            rest = after;
        } else {
            out.extend_from_slice(next.to_string().as_bytes());
            rest = &rest[next.len_utf8()..];
        }
    }
    Ok(out)
}

/// `deny no_allow by "rule" also code would code approvals "rule" at /x says "text"`
fn expected(text: &str) -> Result<Expected, String> {
    let mut tokens = tokens(&repeated(text)?)?.into_iter().peekable();
    let outcome = tokens.next().ok_or("nothing behind the arrow")?;
    let usual = match outcome.as_str() {
        "allow" => "allowed",
        "deny" => "denied_by_rule",
        "require_approval" => "approval_required",
        other => return Err(format!("`{other}` is no outcome")),
    };
    let mut expected = Expected { outcome, ..Expected::default() };
    const WORDS: [&str; 6] = ["by", "also", "would", "approvals", "at", "says"];
    let code = tokens.next_if(|token| !WORDS.contains(&token.as_str()));
    expected.code = code.unwrap_or_else(|| usual.to_owned());
    while let Some(word) = tokens.next() {
        let mut list = Vec::new();
        while let Some(item) = tokens.next_if(|token| !WORDS.contains(&token.as_str())) {
            list.push(item.trim_matches('"').to_owned());
        }
        match word.as_str() {
            "by" => expected.rules = Some(list),
            "also" => expected.also = Some(list),
            "would" => expected.would = list.into_iter().next(),
            "approvals" => expected.approvals = Some(list),
            "at" => expected.argument = list.into_iter().next(),
            "says" => expected.says = Some(list),
            other => return Err(format!("`{other}` is not expected here")),
        }
    }
    Ok(expected)
}

/// Words and quoted texts (with their quotes); commas and what stands behind `//` are for the reader.
fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() && !rest.starts_with("// ") {
        let end = match rest.strip_prefix('"') {
            Some(inside) => inside.find('"').ok_or("a text without its closing quote")? + 2,
            None => rest.find([' ', ',']).unwrap_or(rest.len()),
        };
        tokens.push(rest[..end].to_owned());
        rest = rest[end..].trim_start_matches([' ', ',']);
    }
    Ok(tokens)
}

#[test]
fn a_page_is_read_as_it_says() {
    let text = "# Topic\n```agentpol\nmodule a\n```\n## One\n```requests\ndefaults { \"a\": 1, \"b\": 2 }\n// prose\n\
        { \"b\": null,\n  \"c\": \"<<x * 3>>\" } -> deny no_allow also denied_by_rule at /c  // why\n\
        raw {<ff>} -> allow by \"one\", \"two\"\n```\n";
    let page = read("topic", text).expect("a page");
    let cases = &page.policies[0].cases;
    assert_eq!(cases[0].request, br#"{"a":1,"c":"xxx"}"#);
    assert_eq!((cases[0].expected.code.as_str(), cases[0].expected.argument.as_deref()), ("no_allow", Some("/c")));
    assert_eq!(cases[1].request, b"{\xff}");
    assert_eq!(cases[1].expected.rules.as_deref(), Some(&["one".to_owned(), "two".to_owned()][..]));
    assert!(read("topic", "```agentpol\nmodule a\n```\n").is_err());
}
