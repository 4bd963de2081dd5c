//! Numbers as they may be written in arguments (semantics 2.10).

use super::pattern::regex;

/// How many millionths are one.
pub(super) const ONE: i64 = 1_000_000;

fn fits(pattern: &str, text: &str) -> bool {
    regex(pattern).is_some_and(|regex| regex.is_match(text))
}

/// An int: `-?(0|[1-9][0-9]*)` in 64 bits, a `.0` behind it allowed, no exponent.
pub(super) fn int(lexeme: &str) -> Option<i64> {
    if !fits(r"^-?(0|[1-9][0-9]*)(\.0)?$", lexeme) {
        return None;
    }
    lexeme.trim_end_matches(".0").parse().ok()
}

/// A decimal: at most six fractional digits as written, no exponent, millionths in 64 bits.
pub(super) fn decimal(lexeme: &str) -> Option<i64> {
    if !fits(r"^-?(0|[1-9][0-9]*)(\.[0-9]{1,6})?$", lexeme) {
        return None;
    }
    let (whole, fraction) = lexeme.split_once('.').unwrap_or((lexeme, ""));
    format!("{whole}{fraction:0<6}").parse().ok()
}

/// A decimal in an answer: what is written beyond six fractional digits is rounded, halves to the even neighbour.
pub(super) fn rounded(lexeme: &str) -> Option<i64> {
    if !fits(r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$", lexeme) {
        return None;
    }
    let (whole, fraction) = lexeme.split_once('.').unwrap_or((lexeme, ""));
    let (kept, rest) = fraction.split_at(fraction.len().min(6));
    let down: i128 = format!("{whole}{kept:0<6}").parse().ok()?;
    let half = format!("5{}", "0".repeat(rest.len().saturating_sub(1)));
    let up = !rest.is_empty() && (rest > half.as_str() || (rest == half && down % 2 != 0));
    let sign = if lexeme.starts_with('-') { -1 } else { 1 };
    i64::try_from(if up { down + sign } else { down }).ok()
}

/// A float: any JSON number that is finite.
pub(super) fn float(lexeme: &str) -> Option<f64> {
    lexeme.parse::<f64>().ok().filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::{decimal, float, int, rounded};

    #[test]
    fn numbers_are_read_as_written() {
        assert_eq!(int("-0"), Some(0));
        assert_eq!(int("2.0"), Some(2));
        assert_eq!(int("20.0"), Some(20));
        assert_eq!(int("9223372036854775807"), Some(i64::MAX));
        assert_eq!(int("-9223372036854775808"), Some(i64::MIN));
        for refused in ["9223372036854775808", "1e3", "2.5", "01"] {
            assert_eq!(int(refused), None, "{refused}");
        }
        assert_eq!(decimal("-0.5"), Some(-500_000));
        assert_eq!(decimal("100.000001"), Some(100_000_001));
        assert_eq!(decimal("9223372036854.775807"), Some(i64::MAX));
        for refused in ["100.0000004", "100.0000000", "9223372036854.775808", "1e2", "1."] {
            assert_eq!(decimal(refused), None, "{refused}");
        }
        for (written, meant) in
            [("0.0000005", 0), ("0.0000015", 2), ("0.00000051", 1), ("-0.0000025", -2), ("-0.00000251", -3)]
        {
            assert_eq!(rounded(written), Some(meant), "{written}");
        }
        assert_eq!((rounded("1.25"), rounded("1e2")), (Some(1_250_000), None));
        assert_eq!(float("1e2"), Some(100.0));
        assert_eq!(float("1e999"), None);
    }
}
