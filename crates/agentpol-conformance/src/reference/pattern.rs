//! Patterns over whole texts: `matches` and `like`, both handed to the `regex` crate.

use agentpol_check::policy::{Pattern, PatternKind};
use regex::Regex;
use std::cell::RefCell;
use std::collections::HashMap;

thread_local! {
    /// Expressions that were compiled before: compiling one takes a thousand times longer than asking it.
    static COMPILED: RefCell<HashMap<String, Regex>> = RefCell::default();
}

/// Compiles a regular expression, once in each thread; `None` where it is none.
pub(super) fn regex(expression: &str) -> Option<Regex> {
    COMPILED.with_borrow_mut(|compiled| {
        if !compiled.contains_key(expression) {
            compiled.insert(expression.to_owned(), Regex::new(expression).ok()?);
        }
        compiled.get(expression).cloned()
    })
}

/// Whether the pattern fits the whole text; `None` where the pattern itself is none.
pub(super) fn fits(pattern: &Pattern, text: &str) -> Option<bool> {
    let body = match pattern.kind {
        PatternKind::Regex => ascii_classes(&pattern.text),
        PatternKind::Glob => glob(&pattern.text),
        PatternKind::PathGlob => path_glob(&pattern.text),
    };
    Some(regex(&format!(r"\A(?:{body})\z"))?.is_match(text))
}

/// Writes `\d`, `\w`, `\s` and their opposites as the ASCII classes that they are here.
fn ascii_classes(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('d') => out.push_str("[0-9]"),
            Some('D') => out.push_str("[^0-9]"),
            Some('w') => out.push_str("[0-9A-Za-z_]"),
            Some('W') => out.push_str("[^0-9A-Za-z_]"),
            Some('s') => out.push_str(r"[\t\n\x0B\x0C\r ]"),
            Some('S') => out.push_str(r"[^\t\n\x0B\x0C\r ]"),
            Some('b') => out.push_str(r"(?-u:\b)"),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

/// `like`: `*` any run, `?` any one character, `\` escapes.
fn glob(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' => out.push_str("(?s:.*)"),
            '?' => out.push_str("(?s:.)"),
            '\\' => out.extend(chars.next().map(|escaped| regex::escape(&escaped.to_string()))),
            plain => out.push_str(&regex::escape(&plain.to_string())),
        }
    }
    out
}

/// `like` on a path: only `**` crosses `/`, and `**/` also matches nothing.
fn path_glob(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix("**/") {
            out.push_str("(?s:.*/)?");
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix("**") {
            out.push_str("(?s:.*)");
            rest = behind;
        } else if c == '*' || c == '?' {
            out.push_str(if c == '*' { "[^/]*" } else { "[^/]" });
            rest = &rest[1..];
        } else {
            let literal = rest.strip_prefix('\\').and_then(|behind| behind.chars().next()).unwrap_or(c);
            out.push_str(&regex::escape(&literal.to_string()));
            rest = &rest[rest.find(literal).map_or(rest.len(), |at| at + literal.len_utf8())..];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::fits;
    use agentpol_check::policy::{Pattern, PatternKind};

    fn check(kind: PatternKind, text: &str, yes: &[&str], no: &[&str]) {
        let pattern = Pattern { kind, text: text.to_owned() };
        for accepted in yes {
            assert_eq!(fits(&pattern, accepted), Some(true), "{text} {accepted}");
        }
        for refused in no {
            assert_eq!(fits(&pattern, refused), Some(false), "{text} {refused}");
        }
    }

    #[test]
    fn globs_and_regular_expressions_are_anchored() {
        check(PatternKind::Glob, r"a*b?\*", &["ab/*", "a--bö*"], &["ab*", "xab1*", "ab1x"]);
        check(PatternKind::PathGlob, "/srv/**/x.*", &["/srv/x.a", "/srv/a/b/x.rs"], &["/srv/ax.rs", "/srv/x.a/b"]);
        check(PatternKind::PathGlob, "/a/*", &["/a/b", "/a/"], &["/a/b/c"]);
        check(PatternKind::PathGlob, "/a/**", &["/a/b/c"], &["/a"]);
        check(PatternKind::Regex, r"[A-Z]{2}\d+|x", &["AB1", "x"], &["AB1x", "AB٣", "xx"]);
        check(PatternKind::Regex, "a.c", &["abc", "aéc"], &["a\nc"]);
    }
}
