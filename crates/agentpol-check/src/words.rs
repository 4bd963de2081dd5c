//! The small words of a policy: levels, enums, environments, tasks and schedules.

use crate::declare::Declared;
use crate::draft::Draft;
use crate::policy::{Enum, EnvId, Level, ModuleId, Schedule, Window};
use agentpol_diagnostics::{Code, Diagnostic, Span, did_you_mean};
use agentpol_syntax::ast;
use std::collections::{BTreeSet, HashMap};

/// The days of a week, from the one that bit 0 stands for.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// Fills levels and enums.
pub(crate) fn fill_levels_and_enums(draft: &mut Draft<'_, '_>, declared: &Declared<'_>) {
    for (module, level) in &declared.levels {
        let members = level.members.iter().map(|member| (member.text, member.span));
        let members = distinct(draft, members, "level", level.name.text);
        draft.policy.levels.push(Level { module: Some(*module), name: level.name.text.to_owned(), members });
    }
    for (module, item) in &declared.enums {
        let members = item.members.iter().map(|member| (member.value, member.span));
        let members = distinct(draft, members, "enum", item.name.text);
        draft.policy.enums.push(Enum { module: *module, name: item.name.text.to_owned(), members });
    }
}

/// Returns the members without those that stand twice, which are mistakes.
fn distinct<'a>(
    draft: &mut Draft<'_, '_>,
    members: impl Iterator<Item = (&'a str, Span)>,
    kind: &str,
    name: &str,
) -> Vec<String> {
    let mut places = HashMap::new();
    let mut distinct = Vec::new();
    for (member, span) in members {
        if let Some(first) = places.insert(member, span) {
            let title = format!("`{member}` stands twice in the {kind} `{name}`");
            draft.report(
                Diagnostic::new(Code::AP0202, title, span, "again here")
                    .because(first, "first here")
                    .help("remove one of them"),
            );
            continue;
        }
        distinct.push(member.to_owned());
    }
    distinct
}

/// Fills environments and tasks.
pub(crate) fn fill_environments_and_tasks(draft: &mut Draft<'_, '_>) {
    for module in draft.module_ids() {
        let items = &draft.items[module.index()];
        let names: BTreeSet<String> = items.environments.iter().map(|name| name.text.to_owned()).collect();
        for task in &items.tasks {
            *draft.tasks.entry(task.name.value.to_owned()).or_default() |= task.claimed;
        }
        draft.environments.push(names);
    }
    let all: BTreeSet<&String> = draft.environments.iter().flatten().collect();
    draft.policy.environments = all.into_iter().cloned().collect();
}

impl Draft<'_, '_> {
    /// Looks environments up; the ids sorted.
    pub(crate) fn written_environments(&mut self, module: ModuleId, names: &[ast::Name<'_>]) -> Option<Vec<EnvId>> {
        let mut ids = BTreeSet::new();
        let mut sound = true;
        for name in names {
            match self.environment(module, name.text) {
                Some(id) => {
                    ids.insert(id);
                }
                None if self.names.is_unread(module, name.text) => sound = false,
                None => {
                    sound = false;
                    let known: Vec<String> = (self.policy.environments.iter())
                        .filter(|known| self.environment(module, known).is_some())
                        .cloned()
                        .collect();
                    let help = did_you_mean(name.text, known.iter().map(String::as_str))
                        .unwrap_or_else(|| format!("declare it: `environment {}`", name.text));
                    let title = format!("unknown environment `{}`", name.text);
                    let label = "no `environment` declares it here";
                    self.report(Diagnostic::new(Code::AP0201, title, name.span, label).help(help));
                }
            }
        }
        sound.then(|| ids.into_iter().collect())
    }
}

/// Fills schedules.
pub(crate) fn fill_schedules(draft: &mut Draft<'_, '_>, declared: &Declared<'_>) {
    for (module, schedule) in &declared.schedules {
        let zone = match &schedule.zone {
            Some(zone) => draft.written_zone(zone),
            None => {
                let zone = draft.module_zone(*module);
                if zone.is_none() && draft.names.modules[module.index()].timezone.is_none() {
                    let title = format!("the schedule `{}` has no time zone", schedule.name.text);
                    draft.report(
                        Diagnostic::new(Code::AP0407, title, schedule.name.span, "these hours are local to nowhere")
                            .help("write `timezone \"America/New_York\"` in the module, or `in \"UTC\"` at the end"),
                    );
                }
                zone
            }
        };
        let windows = schedule.windows.iter().filter_map(|window| fill_window(draft, window)).collect();
        draft.policy.schedules.push(Schedule {
            module: *module,
            name: schedule.name.text.to_owned(),
            zone: zone.unwrap_or_default(),
            windows,
        });
    }
}

/// Reads one window. An end that is not after the start is on the next day.
fn fill_window(draft: &mut Draft<'_, '_>, window: &ast::Window<'_>) -> Option<Window> {
    let first = day(draft, &window.first_day)?;
    let last = window.last_day.map_or(Some(first), |last| day(draft, &last))?;
    let run = (last + 7 - first) % 7;
    let days = (0..=run).fold(0u8, |days, after| days | 1 << ((first + after) % 7));
    if window.start >= DAY || window.end > DAY || window.start == window.end {
        let title = if window.start == window.end { "a window without any time in it" } else { "not a time of day" };
        draft.report(
            Diagnostic::new(Code::AP0407, title, window.span, "from 00:00 to 24:00")
                .help("write the whole day as `00:00..24:00`"),
        );
        return None;
    }
    let end = if window.end > window.start { window.end } else { window.end + DAY };
    Some(Window { days, start: window.start, end })
}

fn day(draft: &mut Draft<'_, '_>, name: &ast::Name<'_>) -> Option<usize> {
    let found = DAYS.iter().position(|day| *day == name.text);
    if found.is_none() {
        let help = did_you_mean(name.text, DAYS).unwrap_or_else(|| format!("write one of `{}`", DAYS.join("`, `")));
        let title = format!("`{}` is not a day", name.text);
        draft.report(Diagnostic::new(Code::AP0201, title, name.span, "a day of the week stands here").help(help));
    }
    found
}
