//! Times that recorders write as numbers, as text.

const NANOSECONDS: i128 = 1_000_000_000;
const DAY: i64 = 86_400;

/// RFC 3339, in UTC, of nanoseconds since 1970; `None` beyond the year 9999.
pub(crate) fn from_nanoseconds(nanoseconds: i128) -> Option<String> {
    let seconds = i64::try_from(nanoseconds.div_euclid(NANOSECONDS)).ok()?;
    let fraction = nanoseconds.rem_euclid(NANOSECONDS);
    let (year, month, day) = date(seconds.div_euclid(DAY))?;
    let second = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:09}Z"))
}

/// The date that is so many days behind the first of 1970, in the Gregorian calendar.
fn date(days: i64) -> Option<(i64, i64, i64)> {
    // Years begin in March here, so that the day that comes every four years is their last.
    let days = days.checked_add(719_468)?;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (0..=9_999).contains(&year).then_some((year, month, day))
}

#[cfg(test)]
mod tests {
    use super::from_nanoseconds as text;

    #[test]
    fn nanoseconds_become_rfc_3339() {
        assert_eq!(text(0).as_deref(), Some("1970-01-01T00:00:00.000000000Z"));
        assert_eq!(text(1_544_712_660_000_000_001).as_deref(), Some("2018-12-13T14:51:00.000000001Z"));
        assert_eq!(text(1_709_210_096_500_000_000).as_deref(), Some("2024-02-29T12:34:56.500000000Z"));
        assert_eq!(text(-1).as_deref(), Some("1969-12-31T23:59:59.999999999Z"));
        assert_eq!(text(i128::MAX), None);
        assert_eq!(text(i128::from(i64::MAX) * 1_000), None);
    }
}
