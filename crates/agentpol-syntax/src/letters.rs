//! Characters that deceive: hidden ones, letters that look like others, text that has two spellings.

use crate::lexical::Place;
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics};
use unicode_normalization::{UnicodeNormalization, is_nfc};
use unicode_security::{MixedScript, skeleton};

/// Returns whether a character hides, reorders or joins text without being seen.
fn is_hidden(c: char) -> bool {
    let control = c.is_control() && !matches!(c, '\t' | '\n');
    control
        || matches!(u32::from(c),
            0x00AD | 0x034F | 0x061C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
            | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF9..=0xFFFB
            | 0xE0000..=0xE0FFF)
}

/// Makes the diagnostic for one hidden character at `at` bytes into the token.
pub(crate) fn hidden(place: &Place<'_>, at: usize, c: char) -> Diagnostic {
    let code = u32::from(c);
    let why = match code {
        0x061C | 0x200E | 0x200F | 0x202A..=0x202E | 0x2066..=0x2069 => {
            "it changes the direction in which text is shown"
        }
        _ if c.is_control() => "it is a control character",
        _ => "it is not visible",
    };
    let title = format!("a character that cannot be seen: U+{code:04X}");
    let help = format!("delete it; where a text really needs it, write `\\u{{{code:x}}}`");
    Diagnostic::new(Code::AP0006, title, place.part(at..at + c.len_utf8()), why).help(help)
}

/// Reports hidden characters: the first of each run.
pub(crate) fn check_hidden(place: &Place<'_>, out: &mut Diagnostics) -> bool {
    let mut in_run = false;
    let mut any = false;
    for (at, c) in place.text.char_indices() {
        let line_end = c == '\r' && matches!(place.text[at + 1..].chars().next(), Some('\n') | None);
        let hides = is_hidden(c) && !line_end;
        if hides && !in_run {
            out.push(hidden(place, at, c));
        }
        any |= hides;
        in_run = hides;
    }
    any
}

/// Reports what deceives in a string: `place` is the literal, `value` what it stands for.
pub(crate) fn check_text(place: &Place<'_>, value: &str, out: &mut Diagnostics) {
    if (place.text.is_ascii() && value.is_ascii() && !place.text.contains(|c: char| c.is_control()))
        || check_hidden(place, out)
    {
        return;
    }
    if !is_nfc(value) {
        let normal: String = value.nfc().collect();
        let span = place.part(0..place.text.len());
        let title = "this text has another spelling that looks the same";
        out.push(
            Diagnostic::new(Code::AP0008, title, span, "not in Unicode normal form C")
                .help(format!("write `\"{normal}\"`")),
        );
        return;
    }
    for (at, word) in words(place.text) {
        if let Some((inside, c, like)) = mixed(word) {
            let at = at + inside;
            let span = place.part(at..at + c.len_utf8());
            let title = format!("`{word}` mixes alphabets: U+{:04X} looks like `{like}`", u32::from(c));
            out.push(
                Diagnostic::new(Code::AP0007, title, span, format!("not the letter `{like}`"))
                    .help(format!("write `{}`", ascii(word))),
            );
        }
    }
}

/// Reports a word outside of strings that has characters that are not ASCII.
pub(crate) fn check_word(place: &Place<'_>, out: &mut Diagnostics) {
    if check_hidden(place, out) {
        return;
    }
    let Some((at, c)) = place.text.char_indices().find(|(_, c)| !c.is_ascii()) else { return };
    let span = place.part(at..at + c.len_utf8());
    let code = u32::from(c);
    if c.is_whitespace() {
        let title = format!("a space that is not plain: U+{code:04X}");
        out.push(Diagnostic::new(Code::AP0001, title, span, "looks like a space").help("write an ordinary space"));
    } else if let Some(sign) = sign_for(c) {
        let title = format!("`{c}` is not a sign of the language");
        out.push(Diagnostic::new(Code::AP0001, title, span, "").help(format!("write `{sign}`")));
    } else if let Some(like) = looks_like(c) {
        let title = format!("`{}` is not all ASCII: U+{code:04X} looks like `{like}`", place.text);
        let label = format!("not the letter `{like}`");
        out.push(Diagnostic::new(Code::AP0007, title, span, label).help(format!("write `{}`", ascii(place.text))));
    } else {
        let title = format!("`{c}` has no place here");
        let help = "names are of ASCII letters, digits and `_`; other text stands in quotes";
        out.push(Diagnostic::new(Code::AP0001, title, span, "").help(help));
    }
}

/// Finds the sign that was meant by what word processors put in its place.
fn sign_for(c: char) -> Option<&'static str> {
    match c {
        '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{2033}' | '\u{2018}' | '\u{2019}' | '\u{00AB}' | '\u{00BB}' => {
            Some("\"")
        }
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some("-"),
        '\u{2026}' => Some("..."),
        '\u{2260}' => Some("!="),
        '\u{2264}' => Some("<="),
        '\u{2265}' => Some(">="),
        '\u{2192}' => Some("->"),
        '\u{00D7}' | '\u{00B7}' => Some("*"),
        '\u{FF0C}' | '\u{3001}' => Some(","),
        '\u{FF1A}' => Some(":"),
        '\u{2227}' => Some("and"),
        '\u{2228}' => Some("or"),
        '\u{00AC}' => Some("not"),
        _ => None,
    }
}

/// Returns the ASCII letter or digit that a foreign letter looks like.
fn looks_like(c: char) -> Option<char> {
    let mut shape = skeleton(c.encode_utf8(&mut [0; 4])).collect::<Vec<_>>().into_iter();
    match (shape.next(), shape.next()) {
        (Some(like), None) if like.is_ascii_alphanumeric() && !c.is_ascii() => Some(like),
        _ => None,
    }
}

/// Writes a word with the letters it pretends to have.
fn ascii(word: &str) -> String {
    word.chars().map(|c| looks_like(c).unwrap_or(c)).collect()
}

/// Finds the first letter that looks like an ASCII one in a word of several alphabets.
fn mixed(word: &str) -> Option<(usize, char, char)> {
    let has_ascii = word.bytes().any(|b| b.is_ascii_alphabetic());
    if !has_ascii || word.is_single_script() {
        return None;
    }
    word.char_indices().find_map(|(at, c)| looks_like(c).map(|like| (at, c, like)))
}

/// Splits into runs of letters and digits, with the place of each.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let base = text.as_ptr() as usize;
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_ascii()).map(move |w| (w.as_ptr() as usize - base, w))
}
