//! Zones, schedules and automata.

use super::require;
use crate::error::{Fault, LoadError};
use crate::tables::{Automaton, Schedule, Tables, Window, Zone};

/// No place on earth is further from UTC, in seconds.
const MAX_OFFSET: i32 = 26 * 3600;
/// Minutes in a day.
const DAY: u16 = 1440;

pub(super) fn verify(tables: &Tables) -> Result<(), LoadError> {
    for (at, zone) in tables.zones.iter().enumerate() {
        require((zone.name as usize) < tables.symbols.len() && zone_is_sound(zone), Fault::ZoneTable, at)?;
    }
    for (at, schedule) in tables.schedules.iter().enumerate() {
        let sound = (schedule.zone as usize) < tables.zones.len() && schedule_is_sound(schedule);
        require(sound, Fault::ScheduleTable, at)?;
    }
    for (at, automaton) in tables.automata.iter().enumerate() {
        require(automaton_is_sound(automaton), Fault::AutomatonTable, at)?;
    }
    Ok(())
}

fn zone_is_sound(zone: &Zone) -> bool {
    let sorted = zone.offsets.is_sorted_by(|one, next| one.0 < next.0);
    let from_the_start = zone.offsets.first().is_some_and(|(from, _)| *from == i64::MIN);
    sorted && from_the_start && zone.offsets.iter().all(|(_, offset)| (-MAX_OFFSET..=MAX_OFFSET).contains(offset))
}

fn schedule_is_sound(schedule: &Schedule) -> bool {
    let window = |window: &Window| {
        let days = (1..128).contains(&window.days);
        days && window.start < DAY && window.start < window.end && window.end <= 2 * DAY
    };
    schedule.windows.iter().all(window)
}

/// State 0 is dead: nothing leads out of it, and it does not accept.
fn automaton_is_sound(automaton: &Automaton) -> bool {
    let states = automaton.accepting.len();
    let classes = automaton.class_count as usize;
    let shape = automaton.classes.len() == 256
        && (1..=256).contains(&classes)
        && states.checked_mul(classes) == Some(automaton.next.len())
        && (automaton.start as usize) < states;
    shape
        && automaton.classes.iter().all(|class| usize::from(*class) < classes)
        && automaton.next.iter().all(|state| (*state as usize) < states)
        && automaton.accepting.first() == Some(&false)
        && automaton.next.iter().take(classes).all(|state| *state == 0)
}
