//! What is wrong with single tokens, said with the text to type instead.

use crate::letters;
use crate::lexer::{Fault, Lexeme};
use crate::literal;
use crate::token::TokenKind;
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, FileId, Span};

/// Reports every token that is wrong by itself, strings and comments included.
pub(crate) fn check(file: FileId, text: &str, lexemes: &[Lexeme], out: &mut Diagnostics) {
    for lexeme in lexemes {
        let token = lexeme.token;
        let before = &text[..token.start as usize];
        let after = text.get(token.end as usize..).unwrap_or_default();
        let place = Place { file, text: token.text(text), start: before.len(), before, after };
        match lexeme.fault {
            Fault::None | Fault::Escape => healthy(&place, token.kind, out),
            Fault::Habit => out.push(habit(&place)),
            Fault::SingleQuotes => out.push(single_quotes(&place)),
            Fault::ForeignComment => out.push(foreign_comment(&place)),
            Fault::Unclosed => out.push(unclosed(&place)),
            Fault::Foreign => letters::check_word(&place, out),
            Fault::Malformed if ends_thousands(&place) => {}
            Fault::Malformed => out.push(malformed(&place)),
            Fault::Stray => out.push(stray(&place)),
            Fault::Reported => {}
        }
    }
}

/// A token's text and where it stands.
pub(crate) struct Place<'t> {
    pub(crate) file: FileId,
    pub(crate) text: &'t str,
    pub(crate) start: usize,
    /// The whole text before it.
    before: &'t str,
    /// The whole text behind it.
    after: &'t str,
}

impl Place<'_> {
    /// Makes the span of a part of the token.
    pub(crate) fn part(&self, range: std::ops::Range<usize>) -> Span {
        Span::new(self.file, self.start + range.start, self.start + range.end)
    }

    fn whole(&self) -> Span {
        self.part(0..self.text.len())
    }
}

fn healthy(place: &Place<'_>, kind: TokenKind, out: &mut Diagnostics) {
    match kind {
        TokenKind::String => match literal::unescape(place.text) {
            Ok(value) => letters::check_text(place, &value, out),
            Err(wrong) => out.push(bad_escape(place, wrong)),
        },
        TokenKind::Raw => letters::check_text(place, place.text, out),
        TokenKind::Comment => {
            letters::check_hidden(place, out);
        }
        _ => {}
    }
}

fn bad_escape(place: &Place<'_>, wrong: std::ops::Range<usize>) -> Diagnostic {
    let typed = &place.text[wrong.clone()];
    let title = format!("`{typed}` is not an escape");
    Diagnostic::new(Code::AP0009, title, place.part(wrong), "no such escape").help(format!(
        "escapes are `\\\"`, `\\\\`, `\\n`, `\\r`, `\\t` and `\\u{{41}}`; write `\\{typed}` for a backslash, or the whole text in \
         back-quotes, where nothing is escaped"
    ))
}

fn habit(place: &Place<'_>) -> Diagnostic {
    let typed = place.text;
    let before = place.before.trim_end();
    let typed_list = typed == "<>" && (before.ends_with("list") || before.ends_with("map"));
    if typed_list {
        let title = "a list or map names what is in it";
        return Diagnostic::new(Code::AP0102, title, place.whole(), "")
            .help("write `list<string>` or `map<string, int>`");
    }
    if typed == ";" {
        return Diagnostic::new(Code::AP0005, "no `;` stands between clauses", place.whole(), "")
            .help("take it out: a clause ends where the next one begins");
    }
    let help = match typed {
        "&&" | "&" => "write `and`",
        "||" => "write `or`",
        "!" => "write `not`",
        "===" => "write `==`",
        "!==" | "<>" => "write `!=`",
        "=>" => "write `->` before what comes of a call, `>=` for at least",
        "=<" => "write `<=`",
        "=~" => "write `matches`",
        "::" => "write `.`",
        ":=" => "write `=` behind `let` and `define`, `==` in a condition",
        "??" => "write `otherwise`",
        "?." => "write `.` and guard the value with `has` or `otherwise`",
        "**" => "write the product out, or the pattern in quotes: `\"**/x\"`",
        "/" | "%" => "there is no division: multiply the other side by a number",
        _ => "take it out",
    };
    let title = format!("`{typed}` is not an operator here");
    Diagnostic::new(Code::AP0005, title, place.whole(), "an operator of another language").help(help)
}

fn single_quotes(place: &Place<'_>) -> Diagnostic {
    let inner = place.text.trim_matches('\'');
    Diagnostic::new(Code::AP0005, "text stands in double quotes", place.whole(), "single quotes")
        .help(format!("write `\"{inner}\"`"))
}

fn foreign_comment(place: &Place<'_>) -> Diagnostic {
    let sign = if place.text.starts_with('#') { "#" } else { "/*" };
    Diagnostic::new(Code::AP0005, format!("`{sign}` does not begin a comment"), place.part(0..sign.len()), "")
        .help("write `//` before each line of the comment")
}

fn unclosed(place: &Place<'_>) -> Diagnostic {
    let quote = &place.text[..1];
    let mark = if quote == "`" { "a back-quote" } else { "`\"`" };
    let line = place.text.lines().next().unwrap_or_default().len();
    Diagnostic::new(
        Code::AP0002,
        "this string is not closed",
        place.part(0..line),
        "begins here and has no end on this line",
    )
    .help(format!("add {mark} where the text ends; a string stands on one line"))
}

fn stray(place: &Place<'_>) -> Diagnostic {
    let c = place.text.chars().next().unwrap_or(' ');
    if c.is_control() {
        return letters::hidden(place, 0, c);
    }
    let help = match c {
        '\'' => "text stands in double quotes: `\"...\"`",
        '@' => "an address is text: write it in double quotes",
        '$' if place.after.starts_with(|c: char| c.is_ascii_digit()) => "a number is written without its currency",
        '$' => "a name is written without a sign before it",
        '\\' => "a line needs no sign at its end; text with backslashes stands in back-quotes",
        _ => "take it out",
    };
    Diagnostic::new(Code::AP0001, format!("`{c}` has no place here"), place.whole(), "").help(help)
}

/// Says which kind of literal was meant and how it is written.
fn malformed(place: &Place<'_>) -> Diagnostic {
    let typed = place.text;
    let lower = typed.to_ascii_lowercase();
    let all = |test: fn(&u8) -> bool| typed.bytes().all(|b| test(&b));
    let digits = typed.bytes().take_while(u8::is_ascii_digit).count();
    if let Some(diagnostic) = thousands(place) {
        return diagnostic;
    }
    let (what, help) = if typed.contains('T') && typed.contains('-') {
        ("date and time", datetime_help(typed))
    } else if typed.contains('-') {
        ("date", "a date is `2026-03-02`, from 1970 to 2199, and a day that the month has".to_owned())
    } else if typed.contains(':') {
        ("time", "a time is `09:00`, from `00:00` to `24:00`".to_owned())
    } else if all(|b| b.is_ascii_digit() || *b == b'_') && typed.starts_with('0') {
        ("number", format!("write `{}`", plain(typed.trim_start_matches(['0', '_']))))
    } else if all(|b| b.is_ascii_digit() || *b == b'_' || *b == b'.') {
        ("number", "`_` stands between digits: `2_000.00`".to_owned())
    } else if lower.starts_with("0x") || lower.starts_with("0b") || lower.starts_with("0o") {
        ("number", "numbers are decimal".to_owned())
    } else if lower[digits..]
        .trim_start_matches(['.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
        .starts_with('e')
    {
        ("number", "numbers have no exponent: write all digits".to_owned())
    } else if let Some(unit) = unit_of(&lower[digits..]) {
        ("duration", format!("write `{}{unit}`; units are `d`, `h`, `m` and `s`", &typed[..digits]))
    } else if let Some((what, help)) = counted(&typed[..digits], &lower[digits..]) {
        (what, help)
    } else if lower[digits..] == *"ms" {
        ("duration", "the least unit is a second: `1s`".to_owned())
    } else if digits > 9 && lower[digits..].len() == 1 && b"dhms".contains(&lower.as_bytes()[digits]) {
        ("duration", "it is longer than can be counted".to_owned())
    } else if all(|b| b.is_ascii_digit() || b"dhms_".contains(b)) {
        ("duration", "units stand in the order `d h m s`, each once: `1d12h`".to_owned())
    } else {
        ("number or duration", "a name begins with a letter; durations are `30m` or `1h30m`".to_owned())
    };
    Diagnostic::new(Code::AP0013, format!("`{typed}` is not a {what}"), place.whole(), "").help(help)
}

/// The digits behind the comma of `10,000`.
fn thousands(place: &Place<'_>) -> Option<Diagnostic> {
    let typed = place.text;
    let three = typed.split('.').next().is_some_and(|group| group.len() == 3);
    let digits = typed.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let head = number_before(place);
    if !three || !digits || head.len() < 2 || !head.ends_with(',') {
        return None;
    }
    let tail = place.after.bytes().take(LONGEST).take_while(|b| b.is_ascii_digit() || b",.".contains(b)).count();
    let tail = place.after[..tail].trim_end_matches([',', '.']);
    let span = Span::new(place.file, place.start - head.len(), place.start + typed.len() + tail.len());
    let title = format!("`{head}{typed}{tail}` is not a number");
    let help = format!("write `{}`", format!("{head}{typed}{tail}").replace(',', "_"));
    Some(Diagnostic::new(Code::AP0013, title, span, "").help(help))
}

/// Whether a group of digits belongs to a number of which an earlier group was reported.
fn ends_thousands(place: &Place<'_>) -> bool {
    let malformed = |group: &str| group.len() > 1 && group.starts_with('0');
    thousands(place).is_some() && number_before(place).split(',').skip(1).any(malformed)
}

/// The digits and commas directly before a token, a few of them.
fn number_before<'t>(place: &Place<'t>) -> &'t str {
    let digits = place.before.bytes().rev().take(LONGEST).take_while(|b| b.is_ascii_digit() || *b == b',').count();
    place.before[place.before.len() - digits..].trim_start_matches(',')
}

/// How many digits and commas of a number are looked at.
const LONGEST: usize = 32;

/// Weeks, thousands and hours of half a day, which have no unit.
fn counted(digits: &str, unit: &str) -> Option<(&'static str, String)> {
    let count: u32 = digits.parse().ok()?;
    Some(match unit {
        "w" | "week" | "weeks" => {
            ("duration", format!("write `{}d`; units are `d`, `h`, `m` and `s`", count.checked_mul(7)?))
        }
        "k" => ("number", format!("write `{count}_000`")),
        "am" | "pm" if (1..=12).contains(&count) => {
            let hour = count % 12 + if unit == "pm" { 12 } else { 0 };
            ("time", format!("write `{hour:02}:00`"))
        }
        _ => return None,
    })
}

fn plain(digits: &str) -> &str {
    if digits.is_empty() { "0" } else { digits }
}

fn datetime_help(typed: &str) -> String {
    let zone = typed.ends_with('Z') || typed.get(11..).is_some_and(|time| time.contains(['+', '-']));
    if !zone && literal::datetime(&format!("{typed}Z")).is_some() {
        return format!("say the offset from UTC: `{typed}Z` or `{typed}-05:00`");
    }
    "a time is `2026-03-02T15:00:00Z`, with `Z` or an offset such as `-05:00`, from 1970 to 2199".to_owned()
}

/// Finds the unit in what people write for one.
fn unit_of(typed: &str) -> Option<&'static str> {
    match typed {
        "day" | "days" => Some("d"),
        "hr" | "hrs" | "hour" | "hours" => Some("h"),
        "min" | "mins" | "minute" | "minutes" => Some("m"),
        "sec" | "secs" | "second" | "seconds" => Some("s"),
        _ => None,
    }
}
