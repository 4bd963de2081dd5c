//! Numbers, dates, times, durations and strings as written, and what they stand for.

use crate::token::TokenKind;

const DAY_MS: i64 = 86_400_000;

/// Returns how many bytes from a digit on belong to one literal.
///
/// Letters and digits are always glued on, a dot before a digit, and for what begins like a date or a clock its signs.
pub(crate) fn digits_len(text: &[u8]) -> usize {
    let word = |from: usize| text[from..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let digit_at = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    let mut len = word(0);
    if let Some(len) = short_day_len(text).filter(|_| len == 4) {
        return len;
    }
    if len == 4 && is_day(text) {
        len = 8 + word(8);
        if text.get(10) == Some(&b'T') {
            while let Some(&byte) = text.get(len) {
                let zone = matches!(byte, b'+' | b'-') && digit_at(len + 1);
                if !(zone || matches!(byte, b':' | b'.') && digit_at(len + 1)) {
                    break;
                }
                len += 1 + word(len + 1);
            }
        }
        return len;
    }
    if len <= 2 && text.get(len) == Some(&b':') && digit_at(len + 1) && digit_at(len + 2) {
        return len + 1 + word(len + 1);
    }
    if text.get(len) == Some(&b'.') && digit_at(len + 1) {
        len += 1 + word(len + 1);
    }
    len
}

/// The length of `2026-3-2`, which is meant as a date and is none.
fn short_day_len(text: &[u8]) -> Option<usize> {
    let digits =
        |from: usize| text.get(from..).map_or(0, |rest| rest.iter().take_while(|b| b.is_ascii_digit()).count());
    let month = digits(5);
    let day = digits(6 + month);
    let signs = text.get(4) == Some(&b'-') && text.get(5 + month) == Some(&b'-');
    let short = (1..=2).contains(&month) && (1..=2).contains(&day) && month + day < 4;
    (signs && short).then_some(6 + month + day)
}

/// `YYYY-MM-DD` by its signs alone.
fn is_day(text: &[u8]) -> bool {
    text.len() >= 10
        && text[..10].iter().enumerate().all(|(at, b)| if at == 4 || at == 7 { *b == b'-' } else { b.is_ascii_digit() })
}

/// Returns what a literal that begins with a digit is, `None` when it is malformed or out of range.
pub(crate) fn classify(text: &str) -> Option<TokenKind> {
    if text.contains('T') {
        return datetime(text).map(|_| TokenKind::DateTime);
    }
    if text.contains('-') {
        return date(text).map(|_| TokenKind::Date);
    }
    if text.contains(':') {
        return clock(text).map(|_| TokenKind::Clock);
    }
    if text.ends_with(|c: char| c.is_ascii_alphabetic()) {
        return duration(text).map(|_| TokenKind::Duration);
    }
    is_number(text).then_some(TokenKind::Number)
}

fn is_number(text: &str) -> bool {
    let groups = |part: &str| part.split('_').all(|g| !g.is_empty() && g.bytes().all(|b| b.is_ascii_digit()));
    let leading = text.len() > 1 && text.starts_with('0') && text.as_bytes()[1] != b'.';
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    !leading && groups(whole) && groups(fraction)
}

/// Returns the milliseconds of `1h30m`: units `d h m s`, each once and in this order.
pub(crate) fn duration(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut total: i64 = 0;
    for (unit, millis) in [('d', DAY_MS), ('h', 3_600_000), ('m', 60_000), ('s', 1_000)] {
        let end = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(rest.len());
        if !rest[end..].starts_with(unit) {
            continue;
        }
        let count = rest[..end].replace('_', "");
        if !is_digits(&rest[..end]) {
            return None;
        }
        total = total.checked_add(count.parse::<i64>().ok()?.checked_mul(millis)?)?;
        rest = &rest[end + 1..];
    }
    (rest.is_empty() && !text.is_empty()).then_some(total)
}

fn is_digits(text: &str) -> bool {
    text.split('_').all(|g| !g.is_empty() && g.bytes().all(|b| b.is_ascii_digit()))
}

/// Returns minutes from midnight of `09:00`, at most `24:00`.
pub(crate) fn clock(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours.checked_mul(60)?.checked_add(minutes)?;
    (minutes < 60 && total <= 24 * 60).then_some(total)
}

/// Returns days since 1970-01-01 of `2026-03-02`, for the years 1970 to 2199.
pub(crate) fn date(text: &str) -> Option<i32> {
    if text.len() != 10 || !is_day(text.as_bytes()) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| text[range].parse::<i32>().ok();
    let (year, month, day) = (part(0..4)?, part(5..7)?, part(8..10)?);
    let leap = |y: i32| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *lengths.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    if !(1970..2200).contains(&year) || !(1..=length).contains(&day) {
        return None;
    }
    let years: i32 = (1970..year).map(|y| if leap(y) { 366 } else { 365 }).sum();
    let months: i32 = lengths[..month as usize - 1].iter().sum();
    Some(years + months + day - 1)
}

/// Returns milliseconds since 1970-01-01T00:00:00Z of an RFC 3339 time; seconds and up to three digits of them may be
/// left out, the offset may not, and there is no second 60.
pub(crate) fn datetime(text: &str) -> Option<i64> {
    let days = date(text.get(..10)?)?;
    let rest = text.get(10..)?.strip_prefix('T')?;
    let zone_at = rest.find(['Z', '+', '-'])?;
    let (time, zone) = rest.split_at(zone_at);
    let minutes = clock(time.get(..5)?).filter(|m| *m < 24 * 60)?;
    let seconds = match &time[5..] {
        "" => 0,
        rest => seconds(rest.strip_prefix(':')?)?,
    };
    let offset = match zone {
        "Z" => 0,
        _ => {
            let minutes = i64::from(clock(&zone[1..]).filter(|m| *m < 24 * 60)?);
            if zone.starts_with('-') { -minutes } else { minutes }
        }
    };
    Some(i64::from(days) * DAY_MS + (i64::from(minutes) - offset) * 60_000 + seconds)
}

/// Returns milliseconds of `07` or `07.250`.
fn seconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let fits = whole.len() == 2 && (1..=3).contains(&fraction.len());
    if !fits || !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let fraction: i64 = format!("{fraction:0<3}").parse().ok()?;
    (whole < 60).then_some(whole * 1_000 + fraction)
}

/// Returns the value of a `"..."` literal, quotes included in `text`; `Err` with the place of an escape that does not
/// exist, relative to `text`.
pub(crate) fn unescape(text: &str) -> Result<String, std::ops::Range<usize>> {
    let end = if text.len() > 1 && text.ends_with('"') { text.len() - 1 } else { text.len() };
    let mut out = String::with_capacity(text.len());
    let mut at = usize::from(text.starts_with('"'));
    while at < end {
        let rest = &text[at..end];
        let Some(c) = rest.chars().next() else { break };
        if c != '\\' {
            out.push(c);
            at += c.len_utf8();
            continue;
        }
        match escape(rest) {
            Ok((value, len)) => {
                out.push(value);
                at += len;
            }
            Err(len) => return Err(at..at + len),
        }
    }
    Ok(out)
}

/// Reads one escape: what it stands for and how many bytes it has, or how many bytes are wrong.
fn escape(text: &str) -> Result<(char, usize), usize> {
    match text[1..].chars().next() {
        Some('n') => Ok(('\n', 2)),
        Some('r') => Ok(('\r', 2)),
        Some('t') => Ok(('\t', 2)),
        Some(same @ ('"' | '\\')) => Ok((same, 2)),
        Some('u') => {
            let Some(end) = text.find('}') else { return Err(2) };
            let hex = text[2..end].strip_prefix('{').unwrap_or("");
            let fits = (1..=6).contains(&hex.len()) && hex.bytes().all(|b| b.is_ascii_hexdigit());
            let value = u32::from_str_radix(hex, 16).ok().filter(|_| fits).and_then(char::from_u32);
            value.map(|value| (value, end + 1)).ok_or(end + 1)
        }
        Some(other) => Err(1 + other.len_utf8()),
        None => Err(1),
    }
}
