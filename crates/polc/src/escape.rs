//! Text from outside, made safe to show: nothing in a policy, a recording or a file name may move a terminal's cursor,
//! hide text or reorder it.

use std::borrow::Cow;
use std::fmt::Write;

pub(crate) use agentpol_bytecode::render::is_hidden;
use unicode_security::{MixedScript, skeleton};

/// Stands for one hidden character in an excerpt, where columns must not move.
const PLACEHOLDER: char = '\u{fffd}';

/// Returns the text on one line with hidden characters written out, `\n` and `\u{202e}`.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, false)
}

/// Returns the text on one line with everything written out that a person could take for something else: what
/// [`one_line`] does, spaces that are not plain, and letters that look like plain ones where the word has those too or has
/// no other.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return one_line(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let inside = first.is_alphanumeric();
        let end = rest.find(|c: char| c.is_alphanumeric() != inside).unwrap_or(rest.len());
        let (piece, behind) = rest.split_at(end);
        let pretends = inside && pretends(piece);
        for c in piece.chars() {
            match c {
                c if c.is_ascii() => out.push_str(&one_line(c.encode_utf8(&mut [0; 4]))),
                c if is_hidden(c) || c.is_whitespace() || matches!(c, '\u{fe00}'..='\u{fe0f}') => {
                    written_out(c, &mut out);
                }
                c if pretends && looks_plain(c) => written_out(c, &mut out),
                c => out.push(c),
            }
        }
        rest = behind;
    }
    Cow::Owned(out)
}

/// Whether a word has letters that look like plain ones, and would be taken for them.
fn pretends(word: &str) -> bool {
    let foreign = || word.chars().filter(|c| !c.is_ascii());
    foreign().any(looks_plain) && (!word.is_single_script() || foreign().all(looks_plain))
}

/// Whether a letter or digit looks like one of ASCII.
fn looks_plain(c: char) -> bool {
    let mut shape = skeleton(c.encode_utf8(&mut [0; 4])).collect::<Vec<_>>().into_iter();
    !c.is_ascii() && shape.next().is_some_and(|like| like.is_ascii_alphanumeric()) && shape.next().is_none()
}

/// Returns JSON whose texts are the same for every reader, and hide and reorder nothing where they are shown.
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            // JSON itself has no controls but line ends between its values.
            c if is_hidden(c) && c != '\n' => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Returns the text with hidden characters written out, line ends and tabs kept.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, true)
}

/// Returns a line of source with each hidden character replaced by one visible one; tabs stay.
pub(crate) fn excerpt(line: &str) -> Cow<'_, str> {
    if !line.contains(|c| is_hidden(c) && c != '\t') {
        return Cow::Borrowed(line);
    }
    line.chars().map(|c| if is_hidden(c) && c != '\t' { PLACEHOLDER } else { c }).collect()
}

/// Returns the text cut to `limit` characters, with `...` where something was cut.
pub(crate) fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let kept: String = text.chars().take(limit.saturating_sub(3)).collect();
            Cow::Owned(kept + "...")
        }
    }
}

fn escaped(text: &str, keep_lines: bool) -> Cow<'_, str> {
    let kept = |c: char| !is_hidden(c) || keep_lines && matches!(c, '\n' | '\t');
    if text.chars().all(kept) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            c if kept(c) => out.push(c),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => written_out(c, &mut out),
        }
    }
    Cow::Owned(out)
}

fn written_out(c: char, out: &mut String) {
    let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_written_out() {
        assert_eq!(one_line("a\u{1b}[31mb\u{202e}c\nd"), "a\\u{1b}[31mb\\u{202e}c\\nd");
        assert_eq!(lines("a\n\u{7}b\tc"), "a\n\\u{7}b\tc");
        assert_eq!(one_line("größe"), "größe");
    }

    #[test]
    fn what_could_be_taken_for_something_else_is_written_out() {
        // One Cyrillic letter; a word of nothing but letters that look like plain ones; a space that does not break.
        assert_eq!(plain("p\u{430}ypal"), "p\\u{430}ypal");
        assert_eq!(plain("\u{440}\u{430}\u{443}"), "\\u{440}\\u{430}\\u{443}");
        assert_eq!(plain("a\u{a0}b\u{202e}c\u{3164}\n"), "a\\u{a0}b\\u{202e}c\\u{3164}\\n");
        assert_eq!(plain("Größe, Привет, 東京"), "Größe, Привет, 東京");
    }

    #[test]
    fn json_says_the_same() {
        let text = "{\"a\": \"\u{202e}b\u{e0041}\"}";
        assert_eq!(json(text), "{\"a\": \"\\u202eb\\udb40\\udc41\"}");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
        assert_eq!(read(&json(text)), read(text));
    }

    #[test]
    fn excerpts_keep_their_columns() {
        let line = "a\u{200b}b\tc\u{1b}";
        assert_eq!(excerpt(line), "a\u{fffd}b\tc\u{fffd}");
        assert_eq!(excerpt(line).chars().count(), line.chars().count());
    }

    #[test]
    fn cut_text_says_so() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abc...");
    }
}
