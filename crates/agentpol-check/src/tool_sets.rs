//! Patterns of tools: names, sets, `crm.*` and `*`, and what each stands for in a module.

use crate::draft::Draft;
use crate::names::{Entity, ModuleNames, ToolSetId};
use crate::policy::{ModuleId, ToolId};
use agentpol_diagnostics::{Code, Diagnostic, did_you_mean};
use agentpol_syntax::ast::{self, ToolPattern};
use std::collections::BTreeMap;

/// How many sets may be named through each other.
pub(crate) const MAX_NESTING: usize = 64;

/// Tools, and for each whether it is named one by one rather than met by a pattern.
pub(crate) type Selected = BTreeMap<ToolId, bool>;

/// What every set stands for, by [`ToolSetId`].
#[derive(Debug, Default)]
pub(crate) struct ToolSets {
    sets: Vec<Progress>,
}

#[derive(Clone, Debug)]
enum Progress {
    Unseen,
    Open,
    Done(Selected),
}

/// Expands every set once.
pub(crate) fn expand_sets(draft: &mut Draft<'_, '_>) -> ToolSets {
    let mut sets = ToolSets { sets: vec![Progress::Unseen; draft.names.tool_sets.len()] };
    for at in 0..sets.sets.len() {
        sets.expand(draft, ToolSetId(at as u32), 0);
    }
    sets
}

impl ToolSets {
    fn expand(&mut self, draft: &mut Draft<'_, '_>, id: ToolSetId, depth: usize) {
        if !matches!(self.sets[id.0 as usize], Progress::Unseen) {
            return;
        }
        self.sets[id.0 as usize] = Progress::Open;
        let set = draft.names.tool_sets[id.0 as usize];
        let selected = self.select(draft, set.module, &set.ast.tools, depth + 1).unwrap_or_default();
        self.sets[id.0 as usize] = Progress::Done(selected);
    }

    /// Returns the tools that patterns stand for; nothing where one of them is a mistake, which has then been said.
    pub(crate) fn select_written(
        &mut self,
        draft: &mut Draft<'_, '_>,
        module: ModuleId,
        patterns: &ast::ToolPatterns<'_>,
    ) -> Option<Selected> {
        self.select(draft, module, patterns, 0)
    }

    fn select(
        &mut self,
        draft: &mut Draft<'_, '_>,
        module: ModuleId,
        patterns: &ast::ToolPatterns<'_>,
        depth: usize,
    ) -> Option<Selected> {
        let mut selected = Selected::new();
        let mut sound = true;
        for pattern in patterns.include {
            match self.one(draft, module, pattern, depth) {
                Some(tools) => tools.into_iter().for_each(|(id, named)| *selected.entry(id).or_default() |= named),
                None => sound = false,
            }
        }
        for pattern in patterns.except {
            match self.one(draft, module, pattern, depth) {
                Some(tools) => tools.keys().for_each(|id| {
                    selected.remove(id);
                }),
                None => sound = false,
            }
        }
        sound.then_some(selected)
    }

    fn one(
        &mut self,
        draft: &mut Draft<'_, '_>,
        module: ModuleId,
        pattern: &ToolPattern<'_>,
        depth: usize,
    ) -> Option<Selected> {
        match pattern {
            ToolPattern::Every(_) => Some((0..draft.policy.tools.len() as u32).map(|at| (ToolId(at), false)).collect()),
            ToolPattern::Under(path) => under(draft, module, path),
            ToolPattern::Named(path) => match draft.tools(module, path)? {
                Entity::Tool(id) => Some(Selected::from([(id, true)])),
                Entity::ToolSet(id) => self.set(draft, module, path, id, depth),
                _ => None,
            },
        }
    }

    /// Returns the tools of a named set. A set of another module grows without asking, so it names nothing one by one.
    fn set(
        &mut self,
        draft: &mut Draft<'_, '_>,
        module: ModuleId,
        path: &ast::Path<'_>,
        id: ToolSetId,
        depth: usize,
    ) -> Option<Selected> {
        if depth > MAX_NESTING {
            let title = format!("sets of tools name each other more than {MAX_NESTING} deep");
            let diagnostic = Diagnostic::new(Code::AP0504, title, path.span, "too deep here");
            draft.report(diagnostic.help("name the tools themselves"));
            return None;
        }
        self.expand(draft, id, depth);
        match &self.sets[id.0 as usize] {
            Progress::Done(selected) => {
                let own = draft.names.tool_sets[id.0 as usize].module == module;
                Some(selected.iter().map(|(id, named)| (*id, *named && own)).collect())
            }
            Progress::Open | Progress::Unseen => {
                let title = format!("the set `{}` contains itself", path.joined());
                let place = draft.names.tool_sets[id.0 as usize].ast.name.span;
                let diagnostic = Diagnostic::new(Code::AP0502, title, path.span, "named inside itself")
                    .because(place, "declared here")
                    .help("remove it from this list");
                draft.report(diagnostic);
                None
            }
        }
    }
}

/// Returns the tools whose names begin with a path: of the module itself, or of one that it uses.
fn under(draft: &mut Draft<'_, '_>, module: ModuleId, path: &ast::Path<'_>) -> Option<Selected> {
    let joined = path.joined();
    let names = &draft.names.modules[module.index()];
    let mut found: Vec<ToolId> = beginning_with(names, &format!("{joined}."));
    for (prefix, id) in &names.used {
        let theirs = &draft.names.modules[id.index()];
        if *prefix == joined {
            found.extend(beginning_with(theirs, ""));
        } else if let Some(rest) = joined.strip_prefix(prefix.as_str()).and_then(|rest| rest.strip_prefix('.')) {
            found.extend(beginning_with(theirs, &format!("{rest}.")));
        }
    }
    let system = matches!(draft.names.find(module, &joined), Some((Entity::System(_), _)));
    if found.is_empty() && !system && !names.used.contains_key(&joined) {
        if draft.names.is_unread(module, &joined) || begins_unread(names, &joined) {
            return None;
        }
        let visible = draft.names.visible(module);
        let mut prefixes: Vec<&str> = visible
            .iter()
            .filter(|(_, entity)| matches!(entity, Entity::Tool(_) | Entity::System(_)))
            .map(|(name, entity)| match entity {
                Entity::Tool(_) => name.rsplit_once('.').map_or("", |(prefix, _)| prefix),
                _ => name.as_str(),
            })
            .collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        let help = did_you_mean(&joined, prefixes).map(|help| help.replace("`?", ".*`?"));
        let title = format!("no tool is named `{joined}.` and more");
        let diagnostic = Diagnostic::new(Code::AP0201, title, path.span, "stands for no tool")
            .help(help.unwrap_or_else(|| format!("declare a tool such as `tool {joined}.search(...) reads ...`")));
        draft.report(diagnostic);
        return None;
    }
    Some(found.into_iter().map(|id| (id, false)).collect())
}

/// Returns whether a declaration that could not be read has a name that begins so.
fn begins_unread(names: &ModuleNames, path: &str) -> bool {
    names.unread.iter().any(|name| name.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}

/// Returns the tools of a module whose names begin with a prefix. Names are sorted.
fn beginning_with(names: &ModuleNames, prefix: &str) -> Vec<ToolId> {
    let start = names.own.partition_point(|name, _| name.as_str() < prefix);
    let rest = names.own.iter().skip(start).take_while(|(name, _)| name.starts_with(prefix));
    let tool = |(_, (entity, _)): (&String, &(Entity, _))| match entity {
        Entity::Tool(id) => Some(*id),
        _ => None,
    };
    rest.filter_map(tool).collect()
}
