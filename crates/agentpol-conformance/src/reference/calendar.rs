//! Dates, times, zones and schedules, by jiff's own time-zone data rather than the compiler's tables.

use super::pattern::regex;
use super::truth::{Truth, or};
use agentpol_check::policy::{Schedule, Window};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use std::ops::RangeInclusive;

/// Milliseconds in a day.
pub(super) const DAY: i64 = 86_400_000;
/// A datetime lies in these years, as it is written and in UTC.
const YEARS: RangeInclusive<i16> = 1970..=2200;
/// From this time on local time is unknown: what is built has offset tables up to the start of 2100.
const HORIZON: &str = "2100-01-01T00:00:00Z";

/// date: `YYYY-MM-DD`, as days since 1970-01-01.
pub(super) fn date(text: &str) -> Option<i32> {
    let parts = fields(r"^(\d{4})-(\d{2})-(\d{2})$", text)?;
    let date = day_of(&parts)?;
    Some(days(date))
}

/// datetime: RFC 3339 with offset, or without one in `zone`; milliseconds; 1970 to 2200; no `:60`.
pub(super) fn datetime(text: &str, zone: Option<&str>) -> Option<i64> {
    let pattern = r"^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,3}))?(Z|[+-]\d{2}:\d{2})?$";
    let parts = fields(pattern, text)?;
    let day = day_of(&parts).filter(|day| YEARS.contains(&day.year()))?;
    let clock = [number(&parts[3])?, number(&parts[4])?, number(&parts[5])?];
    let nanos = format!("{:0<9}", parts[6]).parse::<i32>().ok()?;
    let local = DateTime::new(
        day.year(),
        day.month(),
        day.day(),
        i8::try_from(clock[0]).ok()?,
        i8::try_from(clock[1]).ok()?,
        i8::try_from(clock[2]).ok()?,
        nanos,
    )
    .ok()?;
    let zone = match (parts[7].as_str(), zone) {
        ("", None) => return None,
        ("", Some(zone)) => time_zone(zone)?,
        ("Z", _) => TimeZone::UTC,
        (offset, _) => TimeZone::fixed(fixed_offset(offset)?),
    };
    let time = zone.to_ambiguous_timestamp(local).unambiguous().ok()?.as_millisecond();
    (0..=last_time()?).contains(&time).then_some(time)
}

fn last_time() -> Option<i64> {
    let end = DateTime::new(YEARS.end() + 1, 1, 1, 0, 0, 0, 0).ok()?;
    Some(TimeZone::UTC.to_timestamp(end).ok()?.as_millisecond() - 1)
}

fn fields(pattern: &str, text: &str) -> Option<Vec<String>> {
    let captures = regex(pattern)?.captures(text)?;
    Some(captures.iter().skip(1).map(|part| part.map_or(String::new(), |part| part.as_str().to_owned())).collect())
}

fn number(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn day_of(parts: &[String]) -> Option<Date> {
    let year = i16::try_from(number(&parts[0])?).ok()?;
    let month = i8::try_from(number(&parts[1])?).ok()?;
    let day = i8::try_from(number(&parts[2])?).ok()?;
    Date::new(year, month, day).ok()
}

fn days(date: Date) -> i32 {
    let epoch = Date::constant(1970, 1, 1);
    epoch.until(date).map_or(0, |span| span.get_days())
}

/// An offset such as `-05:00`.
fn fixed_offset(text: &str) -> Option<Offset> {
    let parts = fields(r"^([+-])(\d{2}):(\d{2})$", text)?;
    let (hours, minutes) = (number(&parts[1])?, number(&parts[2])?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    Offset::from_seconds(if parts[0] == "-" { -seconds } else { seconds }).ok()
}

/// A zone by its IANA name or as a fixed offset.
fn time_zone(name: &str) -> Option<TimeZone> {
    match fixed_offset(name) {
        Some(offset) => Some(TimeZone::fixed(offset)),
        None => TimeZone::get(name).ok(),
    }
}

/// The local wall time of an instant; `None` beyond the horizon.
fn local(millis: i64, zone: &str) -> Option<DateTime> {
    let time = Timestamp::from_millisecond(millis).ok()?;
    let horizon: Timestamp = HORIZON.parse().ok()?;
    (time < horizon).then(|| time_zone(zone).map(|zone| zone.to_datetime(time)))?
}

/// The date of an instant in a zone, as days since 1970-01-01.
pub(super) fn date_in(millis: i64, zone: &str) -> Option<i32> {
    Some(days(local(millis, zone)?.date()))
}

/// The date of an instant in UTC, as days since 1970-01-01.
pub(super) fn utc_day(millis: i64) -> i64 {
    millis.div_euclid(DAY)
}

/// Whether an instant lies in a schedule: half-open local wall time; an overnight window belongs to the day it starts;
/// both folds count, gaps do not (semantics 6). Unknown beyond the horizon.
pub(super) fn during(schedule: &Schedule, zone: &str, millis: i64) -> Truth {
    let Some(now) = local(millis, zone) else { return Truth::Unknown };
    let weekday = u32::from(now.weekday().to_monday_zero_offset().unsigned_abs());
    let minute = u16::from(now.hour().unsigned_abs()) * 60 + u16::from(now.minute().unsigned_abs());
    or(schedule.windows.iter().map(|window| Truth::from(inside(*window, weekday, minute))))
}

fn inside(window: Window, weekday: u32, minute: u16) -> bool {
    let starts_on = |day: u32| window.days & (1 << day) != 0;
    let within = |minute: u16| window.start <= minute && minute < window.end;
    let yesterday = (weekday + 6) % 7;
    (starts_on(weekday) && within(minute)) || (starts_on(yesterday) && within(minute + 24 * 60))
}
