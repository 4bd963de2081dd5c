//! Numbers as they may be written in arguments (semantics 2.10).

/// How many fractional digits a decimal has.
const SCALE: usize = 6;
/// How many millionths are one.
pub(crate) const ONE: i64 = 1_000_000;

/// An int: `-?(0|[1-9][0-9]*)` in 64 bits, a `.0` behind it allowed, no exponent.
pub(crate) fn int(lexeme: &str) -> Option<i64> {
    let (negative, whole, fraction) = plain(lexeme)?;
    if fraction.is_some_and(|fraction| fraction != "0") { None } else { digits(negative, 0, whole) }
}

/// A decimal: at most six fractional digits as written, no exponent, millionths in 64 bits.
pub(crate) fn decimal(lexeme: &str) -> Option<i64> {
    let (negative, whole, fraction) = plain(lexeme)?;
    let fraction = fraction.unwrap_or("");
    if fraction.len() > SCALE {
        return None;
    }
    let written = digits(negative, digits(negative, 0, whole)?, fraction)?;
    (fraction.len()..SCALE).try_fold(written, |value, _| value.checked_mul(10))
}

/// A decimal in an answer: digits beyond the sixth round to the nearest, halves to the even one.
pub(crate) fn rounded(lexeme: &str) -> Option<i64> {
    let (negative, whole, fraction) = plain(lexeme)?;
    let fraction = fraction.unwrap_or("");
    let Some((kept, beyond)) = fraction.split_at_checked(SCALE).filter(|(_, beyond)| !beyond.is_empty()) else {
        return decimal(lexeme);
    };
    let value = digits(negative, digits(negative, 0, whole)?, kept)?;
    let above_half = beyond.as_bytes() > b"5" && beyond.trim_end_matches('0') != "5";
    let half = beyond.trim_end_matches('0') == "5";
    let up = above_half || (half && value % 2 != 0);
    match (up, negative) {
        (false, _) => Some(value),
        (true, false) => value.checked_add(1),
        (true, true) => value.checked_sub(1),
    }
}

/// A float: any JSON number that is finite.
pub(crate) fn float(lexeme: &str) -> Option<f64> {
    lexeme.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// Cuts a number without exponent into its sign, whole and fractional digits.
fn plain(lexeme: &str) -> Option<(bool, &str, Option<&str>)> {
    let (negative, rest) = match lexeme.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, lexeme),
    };
    let (whole, fraction) = match rest.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (rest, None),
    };
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = all_digits(whole) && (whole == "0" || !whole.starts_with('0'));
    (canonical && fraction.is_none_or(all_digits)).then_some((negative, whole, fraction))
}

/// Puts digits behind a number that has the sign already.
fn digits(negative: bool, start: i64, digits: &str) -> Option<i64> {
    digits.bytes().try_fold(start, |value, byte| {
        let digit = i64::from(byte.wrapping_sub(b'0'));
        let shifted = value.checked_mul(10)?;
        if negative { shifted.checked_sub(digit) } else { shifted.checked_add(digit) }
    })
}

#[cfg(test)]
mod tests {
    use super::{decimal, float, int, rounded};

    #[test]
    fn ints_are_whole_and_fit() {
        let good = [
            ("0", 0),
            ("-0", 0),
            ("2.0", 2),
            ("20", 20),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ];
        for (lexeme, value) in good {
            assert_eq!(int(lexeme), Some(value), "{lexeme}");
        }
        for refused in
            ["", "-", "01", "1e3", "2.5", "2.00", "2.", ".0", "9223372036854775808", "-9223372036854775809", "+1"]
        {
            assert_eq!(int(refused), None, "{refused}");
        }
    }

    #[test]
    fn decimals_have_six_digits_as_written() {
        let good = [
            ("100", 100_000_000),
            ("-0.5", -500_000),
            ("100.000001", 100_000_001),
            ("9223372036854.775807", i64::MAX),
            ("-9223372036854.775808", i64::MIN),
        ];
        for (lexeme, value) in good {
            assert_eq!(decimal(lexeme), Some(value), "{lexeme}");
        }
        for refused in ["100.0000004", "100.0000000", "1e2", "1.", "", "9223372036854.775808", "00.1", "1.2.3"] {
            assert_eq!(decimal(refused), None, "{refused}");
        }
    }

    #[test]
    fn decimals_in_answers_round_half_to_even() {
        let cases = [
            ("1.5", Some(1_500_000)),
            ("0.0000005", Some(0)),
            ("0.0000015", Some(2)),
            ("0.00000150", Some(2)),
            ("0.0000025", Some(2)),
            ("0.00000250001", Some(3)),
            ("0.0000024999", Some(2)),
            ("-0.0000015", Some(-2)),
            ("-0.0000006", Some(-1)),
            ("9223372036854.7758074", Some(i64::MAX)),
            ("9223372036854.7758079", None),
            ("1e3", None),
            ("1.2.3", None),
        ];
        for (lexeme, value) in cases {
            assert_eq!(rounded(lexeme), value, "{lexeme}");
        }
    }

    #[test]
    fn floats_are_finite() {
        assert_eq!(float("1e2"), Some(100.0));
        assert_eq!(float("-2.5E-1"), Some(-0.25));
        assert_eq!(float("1e999"), None);
    }
}
