//! The shape of times, as far as it decides whether a record has one.

/// Whether a text has the shape of an RFC 3339 time, offset included. Whether the day exists is for the engine to say.
pub(crate) fn is_instant(text: &str) -> bool {
    local_length(text).is_some_and(|length| is_offset(&text[length..]))
}

/// Whether a text has the shape of a time without an offset.
pub(crate) fn is_local(text: &str) -> bool {
    local_length(text) == Some(text.len())
}

/// Whether a text is `Z` or has the shape `+hh:mm`.
pub(crate) fn is_offset(text: &str) -> bool {
    text == "Z" || (text.starts_with(['+', '-']) && matches_shape(&text[1..], "00:00"))
}

/// The time with at most three digits behind the second: requests count milliseconds, and most recorders write more.
pub(crate) fn to_milliseconds(text: &str) -> String {
    let Some((second, fraction)) = text.split_once('.') else { return text.to_owned() };
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    format!("{second}.{}{}", &fraction[..digits.min(3)], &fraction[digits..])
}

/// The length of the local time that a text begins with, the fraction of a second included.
fn local_length(text: &str) -> Option<usize> {
    const SHAPE: &str = "0000-00-00T00:00:00";
    let head = text.get(..SHAPE.len())?;
    if !matches_shape(head, SHAPE) {
        return None;
    }
    let rest = &text[SHAPE.len()..];
    let fraction = rest.strip_prefix('.').map_or(0, |digits| digits.bytes().take_while(u8::is_ascii_digit).count());
    if rest.starts_with('.') && fraction == 0 {
        return None;
    }
    Some(SHAPE.len() + if fraction > 0 { fraction + 1 } else { 0 })
}

/// Whether a text has the length of the shape, digits where it has `0` and its characters elsewhere.
fn matches_shape(text: &str, shape: &str) -> bool {
    let fits = |(have, want): (u8, u8)| if want == b'0' { have.is_ascii_digit() } else { have == want };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_what_is_finer_than_milliseconds() {
        assert_eq!(to_milliseconds("2026-03-02T15:00:00.123999Z"), "2026-03-02T15:00:00.123Z");
        assert_eq!(to_milliseconds("2026-03-02T15:00:00.5+02:00"), "2026-03-02T15:00:00.5+02:00");
        assert_eq!(to_milliseconds("2026-03-02T15:00:00Z"), "2026-03-02T15:00:00Z");
    }

    #[test]
    fn tells_instants_from_local_times() {
        for text in ["2026-03-02T15:00:00Z", "2026-03-02T15:00:00.5+02:00", "2026-03-02T15:00:00-05:00"] {
            assert!(is_instant(text) && !is_local(text), "{text}");
        }
        for text in ["2026-03-02T15:00:00", "2026-03-02T15:00:00.123456"] {
            assert!(!is_instant(text) && is_local(text), "{text}");
        }
        for text in ["", "2026-03-02", "2026-03-02 15:00:00Z", "2026-03-02T15:00:00.Z", "é026-03-02T15:00:00Z", "Z"] {
            assert!(!is_instant(text) && !is_local(text), "{text}");
        }
    }
}
