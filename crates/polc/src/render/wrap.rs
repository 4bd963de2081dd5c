//! Breaking prose into lines that a terminal of 80 columns shows whole.

/// Breaks text at spaces so that lines stay within `width` where they can. Text in back-quotes is never broken: it is
/// meant to be typed. Line ends in the text stay.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    text.lines().flat_map(|line| wrap_line(line, width)).collect()
}

/// Breaks text and indents every line after the first by `indent` spaces.
pub(crate) fn paragraph(text: &str, width: usize, indent: usize) -> String {
    let lines = wrap(text, width.saturating_sub(indent));
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

fn wrap_line(line: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut current = String::new();
    let mut length = 0;
    for word in words(line) {
        let long = word.chars().count();
        if length > 0 && length + 1 + long > width {
            lines.push(std::mem::take(&mut current));
            length = 0;
        }
        if length > 0 {
            current.push(' ');
            length += 1;
        }
        current.push_str(word);
        length += long;
    }
    lines.push(current);
    lines
}

/// Splits at spaces outside back-quotes. A line that is indented keeps its indentation in its first word.
fn words(line: &str) -> Vec<&str> {
    let (mut words, mut start, mut quoted) = (Vec::new(), 0, false);
    let mut seen = false;
    for (at, c) in line.char_indices() {
        match c {
            '`' => (quoted, seen) = (!quoted, true),
            ' ' if !quoted && seen => {
                words.push(&line[start..at]);
                start = at + 1;
            }
            ' ' => {}
            _ => seen = true,
        }
    }
    words.push(&line[start..]);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_at_spaces_but_not_in_quotes() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("write `a b c d e` here", 8), ["write", "`a b c d e`", "here"]);
        assert_eq!(wrap("a\n\nb", 8), ["a", "", "b"]);
        assert_eq!(paragraph("one two three", 9, 2), "one two\n  three");
    }
}
