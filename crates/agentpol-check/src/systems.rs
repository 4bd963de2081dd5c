//! Systems and their datasets: labels, servers, entitlement.

use crate::collect::not_yet;
use crate::declare::Declared;
use crate::draft::Draft;
use crate::names::Entity;
use crate::policy::{Dataset, DatasetId, LevelId, ModuleId, System, SystemId};
use agentpol_diagnostics::{Code, Diagnostic, Span, did_you_mean};
use agentpol_syntax::ast::{self, SystemClause};
use std::collections::{BTreeMap, BTreeSet};

/// Fills systems and datasets.
pub(crate) fn fill_systems(draft: &mut Draft<'_, '_>, declared: &Declared<'_>) {
    let mut servers: BTreeMap<&str, (ModuleId, Span)> = BTreeMap::new();
    for (module, ast) in &declared.systems {
        let mut system = System {
            module: *module,
            name: ast.name.text.to_owned(),
            servers: Vec::new(),
            environments: Vec::new(),
            datasets: Vec::new(),
            span: ast.name.span,
        };
        let mut own = BTreeSet::new();
        for clause in ast.clauses {
            match clause {
                SystemClause::Environment(names) => {
                    own.extend(draft.written_environments(*module, names).unwrap_or_default());
                }
                SystemClause::Server(server) => {
                    add_server(draft, &mut system, server, &mut servers);
                }
                SystemClause::CaseInsensitive(span) => {
                    let help = "until then, write `matches \"(?i)...\"`, or constrain paths to small letters";
                    draft.report(not_yet("paths without letter case", *span, help));
                }
                SystemClause::Dataset(_) | SystemClause::Entitlement(_) => {}
            }
        }
        system.environments = own.into_iter().collect();
        system.servers.sort();
        draft.policy.systems.push(system);
    }
    fill_datasets(draft, declared);
}

/// Adds a server to a system. A server belongs to the systems of one module, else one module could offer tools of its
/// own making on another's server. The root has no need to: it may declare tools on anybody's systems.
fn add_server<'a>(
    draft: &mut Draft<'_, '_>,
    system: &mut System,
    server: &ast::Text<'a>,
    servers: &mut BTreeMap<&'a str, (ModuleId, Span)>,
) {
    if server.value.is_empty() {
        draft.report(
            Diagnostic::new(Code::AP0407, "a server without a name", server.span, "an empty text")
                .help("write the server's name, or remove the clause"),
        );
        return;
    }
    let (owner, first) = *servers.entry(server.value).or_insert((system.module, server.span));
    if owner != system.module {
        let title = format!("the server `{}` belongs to another module", server.value);
        let diagnostic = Diagnostic::new(Code::AP0208, title, server.span, "claimed again here")
            .because(first, format!("a system of `{}` names it", draft.module_name(owner)))
            .help(format!("`use {}` and name its tools; ask its owner for what is missing", draft.module_name(owner)));
        draft.report(diagnostic);
        return;
    }
    if system.servers.iter().any(|known| known == server.value) {
        let title = format!("the server `{}` stands twice", server.value);
        let diagnostic = Diagnostic::new(Code::AP0105, title, server.span, "again here").help("remove one of them");
        draft.report(diagnostic);
        return;
    }
    system.servers.push(server.value.to_owned());
}

/// Fills datasets. A system that lists none is one dataset itself, without a name and without a label.
fn fill_datasets(draft: &mut Draft<'_, '_>, declared: &Declared<'_>) {
    for (at, written) in declared.datasets.iter().enumerate() {
        let Some((module, system)) = declared.systems.get(written.system.index()) else { continue };
        let whole = system.clauses.iter().any(|clause| matches!(clause, SystemClause::Entitlement(_)));
        let dataset = match written.ast {
            Some(ast) => Dataset {
                system: written.system,
                name: ast.name.text.to_owned(),
                label: ast.label.and_then(|label| draft.label(*module, &label)),
                entitlement: ast.entitlement || whole,
                span: ast.name.span,
            },
            None => Dataset {
                system: written.system,
                name: String::new(),
                label: None,
                entitlement: whole,
                span: system.name.span,
            },
        };
        draft.policy.datasets.push(dataset);
        draft.policy.systems[written.system.index()].datasets.push(DatasetId(at as u32));
    }
}

impl Draft<'_, '_> {
    /// Finds the level and member of a label: `internal`, or `sensitivity.internal` where that is not clear.
    fn label(&mut self, module: ModuleId, path: &ast::Path<'_>) -> Option<(LevelId, u32)> {
        let (member, of) = path.segments.split_last()?;
        let candidates = match of {
            [] => self.labels(module, member.text),
            [..] => {
                let level = of.iter().map(|name| name.text).collect::<Vec<_>>().join(".");
                match self.names.find(module, &level) {
                    Some((Entity::Level(id), _)) => self.member(id, member.text).into_iter().collect(),
                    _ => Vec::new(),
                }
            }
        };
        match candidates.as_slice() {
            [one] => Some(*one),
            [] if self.names.is_unread(module, &path.joined()) => None,
            [] => {
                let known = self.known_labels(module);
                let help = did_you_mean(member.text, known.iter().map(String::as_str))
                    .unwrap_or_else(|| format!("write one of `{}`", known.join("`, `")));
                let title = format!("no level has the member `{}`", path.joined());
                self.report(Diagnostic::new(Code::AP0410, title, path.span, "not a label").help(help));
                None
            }
            [first, ..] => {
                let level = &self.policy[first.0].name;
                let title = format!("`{}` is a member of several levels", member.text);
                let diagnostic = Diagnostic::new(Code::AP0215, title, path.span, "which level is meant?")
                    .help(format!("write the level too: `{level}.{}`", member.text));
                self.report(diagnostic);
                None
            }
        }
    }

    /// Finds the labels of a name: of the module's own levels, else of those it uses, else of the builtin one.
    fn labels(&self, module: ModuleId, member: &str) -> Vec<(LevelId, u32)> {
        let of = |wanted: &dyn Fn(Option<ModuleId>) -> bool| -> Vec<(LevelId, u32)> {
            let ids = (0..self.policy.levels.len() as u32).map(LevelId);
            ids.filter(|id| wanted(self.policy[*id].module)).filter_map(|id| self.member(id, member)).collect()
        };
        let own = of(&|owner| owner == Some(module));
        if !own.is_empty() {
            return own;
        }
        let used: Vec<ModuleId> = self.names.modules[module.index()].used.values().copied().collect();
        let theirs = of(&|owner| owner.is_some_and(|owner| used.contains(&owner)));
        if !theirs.is_empty() {
            return theirs;
        }
        self.builtin_sensitivity(module).and_then(|id| self.member(id, member)).into_iter().collect()
    }

    /// Returns the builtin level of data, if the module sees it.
    fn builtin_sensitivity(&self, module: ModuleId) -> Option<LevelId> {
        match self.names.modules[module.index()].builtin.get("sensitivity") {
            Some((Entity::Level(id), _)) => Some(*id),
            _ => None,
        }
    }

    /// Returns a member of a level.
    pub(crate) fn member(&self, level: LevelId, name: &str) -> Option<(LevelId, u32)> {
        let at = self.policy[level].members.iter().position(|member| member == name)?;
        Some((level, at as u32))
    }

    /// Returns every label that the module can write.
    fn known_labels(&self, module: ModuleId) -> Vec<String> {
        let used = &self.names.modules[module.index()].used;
        let builtin = self.builtin_sensitivity(module);
        let seen = |at: usize| match self.policy.levels[at].module {
            Some(owner) => owner == module || used.values().any(|id| *id == owner),
            None => builtin == Some(LevelId(at as u32)),
        };
        let levels = (0..self.policy.levels.len()).filter(|at| seen(*at));
        levels.flat_map(|at| self.policy.levels[at].members.clone()).collect()
    }

    /// Returns the datasets that a name of data stands for.
    pub(crate) fn datasets_of(&self, entity: Entity) -> Vec<DatasetId> {
        match entity {
            Entity::Dataset(id) => vec![id],
            Entity::System(id) => self.policy[id].datasets.clone(),
            _ => Vec::new(),
        }
    }

    /// Returns the name of a dataset as people write it.
    pub(crate) fn dataset_name(&self, id: DatasetId) -> String {
        let dataset = &self.policy[id];
        let system: SystemId = dataset.system;
        match dataset.name.as_str() {
            "" => self.policy[system].name.clone(),
            name => format!("{}.{name}", self.policy[system].name),
        }
    }
}
