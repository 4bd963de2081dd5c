//! `use`: which other modules' names a module sees, and what it must not confuse them with.

use crate::draft::Draft;
use crate::names::Entity;
use crate::policy::{Level, LevelId, ModuleId};
use agentpol_diagnostics::{Code, Diagnostic, Span, did_you_mean};
use indexmap::IndexMap;

/// The builtin level of where a value comes from.
const ORIGIN: [&str; 5] = ["untrusted", "model", "trusted", "user", "system"];

/// The builtin level of data.
const SENSITIVITY: [&str; 4] = ["public", "internal", "confidential", "restricted"];

/// How many levels the language itself has.
pub(crate) const BUILTIN_LEVELS: usize = 2;

/// Fills the prefixes under which modules see each other.
pub(crate) fn resolve_uses(draft: &mut Draft<'_, '_>) {
    for module in draft.module_ids() {
        let mut used: IndexMap<String, (ModuleId, Span)> = IndexMap::new();
        for item in std::mem::take(&mut draft.items[module.index()].uses) {
            let name = item.module.joined();
            let Some(other) = draft.policy.modules.iter().position(|known| known.name == name) else {
                let known = draft.policy.modules.iter().map(|known| known.name.as_str());
                let help = did_you_mean(&name, known).unwrap_or_else(|| format!("load the files of `{name}` too"));
                let title = format!("unknown module `{name}`");
                draft
                    .report(Diagnostic::new(Code::AP0204, title, item.module.span, "no file belongs to it").help(help));
                continue;
            };
            let other = ModuleId(other as u32);
            if other == module {
                let title = format!("`{name}` uses itself");
                draft.report(
                    Diagnostic::new(Code::AP0204, title, item.module.span, "this is the file's own module")
                        .help("remove the line: its own names need no `use`"),
                );
                continue;
            }
            let (prefix, span) = match item.alias {
                Some(alias) => (alias.text.to_owned(), alias.span),
                None => (name, item.module.span),
            };
            match used.get(&prefix) {
                // Every file of a module may say what it uses.
                Some((same, _)) if *same == other => {}
                Some((_, first)) => draft.report(crate::declare::declared_twice(&prefix, span, *first)),
                None => {
                    used.insert(prefix, (other, span));
                }
            }
        }
        used.sort_by(|a, _, b, _| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        refuse_confusion(draft, module, &used);
        draft.names.modules[module.index()].used = used.into_iter().map(|(name, (id, _))| (name, id)).collect();
    }
}

/// Refuses prefixes that make one text mean two things.
fn refuse_confusion(draft: &mut Draft<'_, '_>, module: ModuleId, used: &IndexMap<String, (ModuleId, Span)>) {
    for (prefix, (other, span)) in used {
        if let Some((_, own)) = draft.names.modules[module.index()].own.get(prefix) {
            let title = format!("`{prefix}` hides a name of this module");
            let own = *own;
            draft.report(
                Diagnostic::new(Code::AP0203, title, *span, "used under this name")
                    .because(own, "declared here")
                    .help(format!("write `as` and another word behind `use {}`", draft.module_name(*other))),
            );
            continue;
        }
        let theirs = &draft.names.modules[other.index()].own;
        let doubled = theirs.keys().map(|name| format!("{prefix}.{name}")).find_map(|full| {
            if let Some((_, place)) = draft.names.modules[module.index()].own.get(&full) {
                return Some((full, *place));
            }
            let behind = |(shorter, (third, place)): (&String, &(ModuleId, Span))| {
                let rest = full.strip_prefix(shorter.as_str())?.strip_prefix('.')?;
                let same = shorter == prefix;
                let names = &draft.names.modules[third.index()].own;
                (!same && names.contains_key(rest)).then_some(*place)
            };
            let place = used.iter().find_map(behind)?;
            Some((full, place))
        });
        if let Some((full, place)) = doubled {
            draft.report(
                Diagnostic::new(Code::AP0215, format!("`{full}` would mean two things"), *span, "through this `use`")
                    .because(place, "and through this")
                    .help(format!("give the module a short name: `use {} as ...`", draft.module_name(*other))),
            );
        }
    }
}

/// Adds the levels of the language, for every module that has none of that name in sight.
pub(crate) fn add_builtin_levels(draft: &mut Draft<'_, '_>) {
    let members = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    let level = |name: &str, words: &[&str]| Level { module: None, name: name.to_owned(), members: members(words) };
    draft.policy.levels = vec![level("origin", &ORIGIN), level("sensitivity", &SENSITIVITY)];
    for module in draft.module_ids() {
        let declares = |id: &ModuleId| {
            let found = draft.names.modules[id.index()].own.get("sensitivity");
            matches!(found, Some((Entity::Level(_), _)))
        };
        let own = draft.names.modules[module.index()].own.contains_key("sensitivity");
        let seen = own || draft.names.modules[module.index()].used.values().any(declares);
        let builtin = &mut draft.names.modules[module.index()].builtin;
        builtin.insert("origin".to_owned(), (Entity::Level(LevelId(0)), Span::default()));
        if !seen {
            builtin.insert("sensitivity".to_owned(), (Entity::Level(LevelId(1)), Span::default()));
        }
    }
}

/// Finds the root module: the one that the project names, or the only one.
pub(crate) fn resolve_root(draft: &mut Draft<'_, '_>, named: Option<&str>) {
    draft.policy.root = match named {
        None if draft.policy.modules.len() == 1 => Some(ModuleId(0)),
        None => None,
        Some(name) => {
            let found = draft.policy.modules.iter().position(|module| module.name == name);
            if let (None, Some(first)) = (found, draft.policy.modules.first()) {
                let help = did_you_mean(name, draft.policy.modules.iter().map(|module| module.name.as_str()))
                    .unwrap_or_else(|| "name one of the program's modules as `root`".to_owned());
                let title = format!("the root module `{name}` is not there");
                let label = "the program begins with this module";
                let diagnostic = Diagnostic::new(Code::AP0204, title, first.span, label).help(help);
                draft.report(diagnostic);
            }
            found.map(|at| ModuleId(at as u32))
        }
    };
}
