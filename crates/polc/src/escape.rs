//! Text from outside, made safe to show: nothing in a policy, a recording or a file name may move a terminal's cursor,
//! hide text or reorder it.

use std::borrow::Cow;
use std::fmt::Write;

/// Stands for one hidden character in an excerpt, where columns must not move.
const PLACEHOLDER: char = '\u{fffd}';

/// Returns whether a character must not reach a terminal as it is.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Returns the text on one line with hidden characters written out, `\n` and `\u{202e}`.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, false)
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
            c => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
    Cow::Owned(out)
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
