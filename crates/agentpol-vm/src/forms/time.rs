//! Dates and times: RFC 3339, strictly, and local time by the program's tables of offsets.

use agentpol_bytecode::scope::Tri;
use agentpol_bytecode::tables::{Schedule, Tables, Zone};

/// Milliseconds in a day.
pub(crate) const DAY: i64 = 86_400_000;
const MINUTE: i64 = 60_000;
/// The years that times may be written in.
const YEARS: core::ops::RangeInclusive<i64> = 1970..=2200;
/// The last millisecond of those years.
const LAST: i64 = 7_289_654_399_999;
/// No place is further from UTC, in milliseconds.
const MAX_OFFSET: i64 = 26 * 3_600_000;

/// A date `YYYY-MM-DD`, as days since 1970-01-01.
pub(crate) fn date(text: &str) -> Option<i32> {
    let (days, rest) = date_part(text.as_bytes())?;
    rest.is_empty().then(|| i32::try_from(days).ok())?
}

/// A time with offset, or, given a zone, without one where the zone has exactly one such time: milliseconds since
/// 1970-01-01T00:00:00Z. No leap seconds, at most milliseconds, from 1970 to 2200.
pub(crate) fn datetime(text: &str, zone: Option<&Zone>, horizon: i64) -> Option<i64> {
    let bytes = text.as_bytes();
    let year = number(bytes.get(..4)?)?;
    let (days, rest) = date_part(bytes)?;
    let (time, rest) = clock_part(rest.strip_prefix(b"T")?)?;
    let local = days.checked_mul(DAY)?.checked_add(time)?;
    let utc = match rest {
        b"Z" => local,
        b"" => local_time(local, zone?).filter(|utc| *utc < horizon)?,
        offset => local.checked_sub(offset_part(offset)?)?,
    };
    (YEARS.contains(&year) && (0..=LAST).contains(&utc)).then_some(utc)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0i64, |value, byte| {
        let digit = byte.is_ascii_digit().then(|| i64::from(byte.wrapping_sub(b'0')))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

fn date_part(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (year, rest) = bytes.split_first_chunk::<4>()?;
    let (month, rest) = rest.strip_prefix(b"-")?.split_first_chunk::<2>()?;
    let (day, rest) = rest.strip_prefix(b"-")?.split_first_chunk::<2>()?;
    Some((days(number(year)?, number(month)?, number(day)?)?, rest))
}

/// Days since 1970-01-01, where there is such a day.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years are turned so that they begin in March, and leap days come last.
    let turned = if month <= 2 { year - 1 } else { year };
    let era = turned.div_euclid(400);
    let of_era = turned.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// `HH:MM:SS`, with up to three digits of a fraction.
fn clock_part(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (hour, rest) = bytes.split_first_chunk::<2>()?;
    let (minute, rest) = rest.strip_prefix(b":")?.split_first_chunk::<2>()?;
    let (second, rest) = rest.strip_prefix(b":")?.split_first_chunk::<2>()?;
    let (hour, minute, second) = (number(hour)?, number(minute)?, number(second)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (millis, rest) = match rest.strip_prefix(b".") {
        None => (0, rest),
        Some(fraction) => {
            let count = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (digits, rest) = fraction.split_at_checked(count)?;
            let scale = match count {
                1 => 100,
                2 => 10,
                3 => 1,
                _ => return None,
            };
            (number(digits)? * scale, rest)
        }
    };
    Some((((hour * 60 + minute) * 60 + second) * 1000 + millis, rest))
}

/// `+HH:MM` or `-HH:MM`, in milliseconds.
fn offset_part(bytes: &[u8]) -> Option<i64> {
    let (sign, rest) = bytes.split_first()?;
    let (hour, rest) = rest.split_first_chunk::<2>()?;
    let (hour, minute) = (number(hour)?, number(rest.strip_prefix(b":")?)?);
    let sign = match sign {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    (rest.len() == 3 && hour <= 23 && minute <= 59).then(|| sign * (hour * 60 + minute) * MINUTE)
}

/// The offset of a zone at a time, in milliseconds.
fn offset_at(zone: &Zone, time: i64) -> Option<i64> {
    let after = zone.offsets.partition_point(|(from, _)| *from <= time);
    let (_, seconds) = zone.offsets.get(after.checked_sub(1)?)?;
    Some(i64::from(*seconds) * 1000)
}

/// The only time at which clocks of the zone show this; none where they skip it or show it twice.
fn local_time(local: i64, zone: &Zone) -> Option<i64> {
    let first = zone.offsets.partition_point(|(from, _)| *from <= local.saturating_sub(MAX_OFFSET)).saturating_sub(1);
    let near = zone.offsets.get(first..)?.iter().take_while(|(from, _)| *from <= local.saturating_add(MAX_OFFSET));
    let shown = near.filter_map(|(_, seconds)| {
        let offset = i64::from(*seconds) * 1000;
        let utc = local.checked_sub(offset)?;
        (offset_at(zone, utc)? == offset).then_some(utc)
    });
    let mut found = None;
    for utc in shown {
        match found {
            Some(other) if other != utc => return None,
            _ => found = Some(utc),
        }
    }
    found
}

/// What clocks in a zone show, in milliseconds since their 1970-01-01T00:00:00; unknown past the horizon.
fn shown(tables: &Tables, zone: u32, time: i64) -> Option<i64> {
    let zone = tables.zones.get(zone as usize).filter(|_| time < tables.horizon)?;
    time.checked_add(offset_at(zone, time)?)
}

/// The date in a zone, as days since 1970-01-01; unknown past the horizon.
pub(crate) fn date_in(tables: &Tables, zone: u32, time: i64) -> Option<i32> {
    i32::try_from(shown(tables, zone, time)?.div_euclid(DAY)).ok()
}

/// Whether a time lies in a schedule: half-open windows of local time, those over midnight belonging to the day they
/// start; unknown past the horizon.
pub(crate) fn during(tables: &Tables, schedule: &Schedule, time: i64) -> Tri {
    let Some(local) = shown(tables, schedule.zone, time) else { return Tri::Unknown };
    // 1970-01-01 was a Thursday, day 3 of a week that begins on Monday.
    let weekday = (local.div_euclid(DAY) + 3).rem_euclid(7);
    let minute = local.rem_euclid(DAY) / MINUTE;
    let starts_on = |days: u8, day: i64| days & (1 << day) != 0;
    let inside = schedule.windows.iter().any(|window| {
        let within = |minute: i64| (i64::from(window.start)..i64::from(window.end)).contains(&minute);
        let yesterday = (weekday + 6) % 7;
        (starts_on(window.days, weekday) && within(minute))
            || (starts_on(window.days, yesterday) && within(minute + 1440))
    });
    inside.into()
}

#[cfg(test)]
mod tests {
    use super::{DAY, date, datetime, during};
    use agentpol_bytecode::scope::Tri;
    use agentpol_bytecode::tables::{Schedule, Tables, Window, Zone};
    use alloc::vec;

    const NEVER: i64 = i64::MAX;

    #[test]
    fn dates_exist() {
        for (text, days) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2026-03-02", 20_514),
            ("0001-01-01", -719_162),
        ] {
            assert_eq!(date(text), Some(days), "{text}");
        }
        for refused in [
            "",
            "1970-1-1",
            "1970-00-01",
            "1970-13-01",
            "1970-01-00",
            "2023-02-29",
            "1900-02-29",
            "2026-04-31",
            "20260302",
            "2026-03-02 ",
            "+2026-03-02",
        ] {
            assert_eq!(date(refused), None, "{refused}");
        }
    }

    #[test]
    fn times_have_an_offset() {
        let good = [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-03-02T15:00:00Z", 1_772_463_600_000),
            ("2026-03-02T10:00:00.5-05:00", 1_772_463_600_500),
            ("2026-03-02T16:30:00.025+01:30", 1_772_463_600_025),
            ("2200-12-31T23:59:59.999Z", 7_289_654_399_999),
        ];
        for (text, millis) in good {
            assert_eq!(datetime(text, None, NEVER), Some(millis), "{text}");
        }
        for refused in [
            "",
            "2026-03-02",
            "2026-03-02T15:00:00",
            "2026-03-02t15:00:00Z",
            "2026-03-02 15:00:00Z",
            "2026-03-02T15:00:00z",
            "2026-03-02T15:00Z",
            "2026-03-02T24:00:00Z",
            "2026-03-02T15:60:00Z",
            "2026-03-02T15:00:60Z",
            "2026-03-02T15:00:00.Z",
            "2026-03-02T15:00:00.0001Z",
            "2026-03-02T15:00:00+0100",
            "2026-03-02T15:00:00+24:00",
            "2026-03-02T15:00:00+01:60",
            "2026-03-02T15:00:00+01:0",
            "2026-03-02T15:00:00Z ",
            "1969-12-31T23:59:59Z",
            "2201-01-01T00:00:00Z",
            "1970-01-01T00:00:00+01:00",
        ] {
            assert_eq!(datetime(refused, None, NEVER), None, "{refused}");
        }
    }

    /// One hour ahead from hour 100 to hour 200.
    fn zone() -> Zone {
        const HOUR: i64 = 3_600_000;
        Zone { name: 0, offsets: vec![(i64::MIN, 0), (100 * HOUR, 3600), (200 * HOUR, 0)] }
    }

    #[test]
    fn local_times_are_read_where_they_are_shown_once() {
        let read = |text| datetime(text, Some(&zone()), NEVER);
        assert_eq!(read("1970-01-05T03:59:59"), Some(100 * 3_600_000 - 1000));
        assert_eq!(read("1970-01-05T04:30:00"), None, "skipped");
        assert_eq!(read("1970-01-05T05:00:00"), Some(100 * 3_600_000));
        assert_eq!(read("1970-01-09T08:30:00"), None, "shown twice");
        assert_eq!(read("1970-01-09T09:00:00"), Some(201 * 3_600_000));
        assert_eq!(read("1970-01-05T04:30:00Z"), Some(100 * 3_600_000 + 1_800_000), "an offset decides");
    }

    #[test]
    fn windows_belong_to_the_day_they_start() {
        let tables = Tables {
            zones: vec![Zone { name: 0, offsets: vec![(i64::MIN, 0)] }],
            horizon: 30 * DAY,
            ..Tables::default()
        };
        // Friday 22:00 to Saturday 06:00; 1970-01-02 was a Friday.
        let window = Window { days: 1 << 4, start: 22 * 60, end: 30 * 60 };
        let schedule = Schedule { zone: 0, windows: vec![window] };
        let at = |day: i64, hour: i64| during(&tables, &schedule, day * DAY + hour * 3_600_000);
        assert_eq!(
            [at(1, 21), at(1, 22), at(2, 5), at(2, 6), at(1, 5), at(2, 22)],
            [Tri::False, Tri::True, Tri::True, Tri::False, Tri::False, Tri::False]
        );
        assert_eq!(at(30, 0), Tri::Unknown);
    }
}
