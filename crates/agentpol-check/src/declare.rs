//! Gives every declared name its id: by module, then by name, so that no order of writing shows.

use crate::collect::ModuleItems;
use crate::names::{DefineId, Definition, Entity, ModuleNames, NamedTools, Names, ToolSetId};
use crate::policy::{
    AgentId, DatasetId, EnumId, GroupId, LevelId, ModuleId, RecordId, ResourceId, ScheduleId, SystemId, ToolId,
};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, Span};
use agentpol_syntax::ast::{self, SystemClause};
use indexmap::IndexMap;

/// Types that the language knows by name.
pub(crate) const BUILTIN_TYPES: [&str; 14] = [
    "bool", "int", "decimal", "float", "string", "duration", "date", "datetime", "ip", "email", "url", "host", "path",
    "json",
];

/// What is declared under a name, as written.
#[derive(Clone, Copy)]
enum Written<'a> {
    Level(ast::Level<'a>),
    Enum(ast::Enum<'a>),
    Group(ast::Wired<'a>, &'a [ast::Path<'a>]),
    Schedule(ast::Schedule<'a>),
    System(ast::System<'a>),
    Dataset(ast::Dataset<'a>),
    Record(ast::Record<'a>),
    Resource(ast::Resource<'a>),
    ToolSet(ast::ToolSet<'a>),
    Tool(ast::Tool<'a>),
    Agent(ast::Agent<'a>),
    Define(ast::Define<'a>),
}

/// A group as written: its names, and the groups that it says to belong to.
#[derive(Clone, Copy)]
pub(crate) struct WrittenGroup<'a> {
    pub(crate) wired: ast::Wired<'a>,
    pub(crate) parents: &'a [ast::Path<'a>],
}

/// A dataset as written; a system that lists none is itself one.
#[derive(Clone, Copy)]
pub(crate) struct WrittenDataset<'a> {
    pub(crate) system: SystemId,
    pub(crate) ast: Option<ast::Dataset<'a>>,
}

/// What is declared, in the order of ids, with the module that declares it.
#[derive(Default)]
pub(crate) struct Declared<'a> {
    /// The builtin levels stand before these.
    pub(crate) levels: Vec<(ModuleId, ast::Level<'a>)>,
    pub(crate) enums: Vec<(ModuleId, ast::Enum<'a>)>,
    pub(crate) groups: Vec<(ModuleId, WrittenGroup<'a>)>,
    pub(crate) schedules: Vec<(ModuleId, ast::Schedule<'a>)>,
    pub(crate) systems: Vec<(ModuleId, ast::System<'a>)>,
    pub(crate) datasets: Vec<WrittenDataset<'a>>,
    pub(crate) records: Vec<(ModuleId, ast::Record<'a>)>,
    pub(crate) resources: Vec<(ModuleId, ast::Resource<'a>)>,
    pub(crate) tools: Vec<(ModuleId, ast::Tool<'a>)>,
    pub(crate) agents: Vec<(ModuleId, ast::Agent<'a>)>,
}

/// Gives ids to everything that modules declare. `builtin_levels` ids are left free in front of the levels.
pub(crate) fn declare<'a>(
    items: &[ModuleItems<'a>],
    names: &mut Names<'a>,
    builtin_levels: usize,
    diagnostics: &mut Diagnostics,
) -> Declared<'a> {
    let mut declared = Declared::default();
    for (at, items) in items.iter().enumerate() {
        let module = ModuleId(at as u32);
        let (mut written, twice) = written(items, diagnostics);
        written.sort_keys();
        let mut own = IndexMap::with_capacity(written.len());
        for (name, (span, written)) in written {
            let entity = declared.number(module, written, names, builtin_levels);
            own.insert(name, (entity, span));
        }
        declared.datasets_of(module, &mut own);
        names.modules[at].own = own;
        names.modules[at].unread.clone_from(&items.unread);
        names.modules[at].twice = twice;
    }
    declared
}

/// Lists what a module declares, each name once; and the names that it declares more than once.
fn written<'a>(
    items: &ModuleItems<'a>,
    diagnostics: &mut Diagnostics,
) -> (IndexMap<String, (Span, Written<'a>)>, Vec<String>) {
    let mut list = Listing { names: IndexMap::new(), twice: Vec::new(), diagnostics };
    items.levels.iter().for_each(|item| list.typed(item.name, Written::Level(*item)));
    items.enums.iter().for_each(|item| list.typed(item.name, Written::Enum(*item)));
    for item in &items.groups {
        item.names.iter().for_each(|wired| list.add(wired.name, Written::Group(*wired, item.parents)));
    }
    items.schedules.iter().for_each(|item| list.add(item.name, Written::Schedule(*item)));
    for item in &items.systems {
        if list.add_as(item.name.text.to_owned(), item.name.span, Written::System(*item)) {
            for clause in item.clauses {
                if let SystemClause::Dataset(dataset) = clause {
                    let name = format!("{}.{}", item.name.text, dataset.name.text);
                    list.add_as(name, dataset.name.span, Written::Dataset(*dataset));
                }
            }
        }
    }
    items.records.iter().for_each(|item| list.typed(item.name, Written::Record(*item)));
    items.resources.iter().for_each(|item| list.typed(item.name, Written::Resource(*item)));
    items.tool_sets.iter().for_each(|item| list.add(item.name, Written::ToolSet(*item)));
    for item in &items.tools {
        list.add_as(item.name.joined(), item.name.span, Written::Tool(*item));
    }
    items.agents.iter().for_each(|item| list.add(item.name, Written::Agent(*item)));
    items.defines.iter().for_each(|item| list.add(item.name, Written::Define(*item)));
    (list.names, list.twice)
}

/// The names of a module while they are listed.
struct Listing<'a, 'd> {
    names: IndexMap<String, (Span, Written<'a>)>,
    /// Those that were there already.
    twice: Vec<String>,
    diagnostics: &'d mut Diagnostics,
}

impl<'a> Listing<'a, '_> {
    fn add(&mut self, name: ast::Name<'a>, written: Written<'a>) {
        self.add_as(name.text.to_owned(), name.span, written);
    }

    /// Adds a name that may stand where a type does.
    fn typed(&mut self, name: ast::Name<'a>, written: Written<'a>) {
        let builtin = BUILTIN_TYPES.contains(&name.text) || matches!(name.text, "shell" | "origin" | "principal");
        if builtin {
            let title = format!("`{}` hides what the language calls so", name.text);
            self.diagnostics.push(
                Diagnostic::new(Code::AP0203, title, name.span, "this word has its meaning already")
                    .help(format!("choose another name, such as `my_{}`", name.text)),
            );
        }
        self.add(name, written);
    }

    /// Adds a name; returns whether it is new.
    fn add_as(&mut self, name: String, span: Span, written: Written<'a>) -> bool {
        if let Some((first, _)) = self.names.get(&name) {
            self.diagnostics.push(declared_twice(&name, span, *first));
            self.twice.push(name);
            return false;
        }
        self.names.insert(name, (span, written));
        true
    }
}

/// Says that a name is declared twice in one module.
pub(crate) fn declared_twice(name: &str, span: Span, first: Span) -> Diagnostic {
    Diagnostic::new(Code::AP0202, format!("`{name}` is declared twice"), span, "declared again here")
        .because(first, "first declared here")
        .help("remove one of them, or choose another name")
}

impl<'a> Declared<'a> {
    /// Gives a declaration the next id of its kind. Datasets come when their systems have ids.
    fn number(
        &mut self,
        module: ModuleId,
        written: Written<'a>,
        names: &mut Names<'a>,
        builtin_levels: usize,
    ) -> Entity {
        match written {
            Written::Level(ast) => {
                Entity::Level(LevelId(next(&mut self.levels, (module, ast)) + builtin_levels as u32))
            }
            Written::Enum(ast) => Entity::Enum(EnumId(next(&mut self.enums, (module, ast)))),
            Written::Group(wired, parents) => {
                Entity::Group(GroupId(next(&mut self.groups, (module, WrittenGroup { wired, parents }))))
            }
            Written::Schedule(ast) => Entity::Schedule(ScheduleId(next(&mut self.schedules, (module, ast)))),
            Written::System(ast) => Entity::System(SystemId(next(&mut self.systems, (module, ast)))),
            Written::Dataset(ast) => {
                // The system's name sorts before those of its datasets, with other names possibly in between.
                let system = SystemId(u32::MAX);
                Entity::Dataset(DatasetId(next(&mut self.datasets, WrittenDataset { system, ast: Some(ast) })))
            }
            Written::Record(ast) => Entity::Record(RecordId(next(&mut self.records, (module, ast)))),
            Written::Resource(ast) => Entity::Resource(ResourceId(next(&mut self.resources, (module, ast)))),
            Written::Tool(ast) => Entity::Tool(ToolId(next(&mut self.tools, (module, ast)))),
            Written::Agent(ast) => Entity::Agent(AgentId(next(&mut self.agents, (module, ast)))),
            Written::ToolSet(ast) => Entity::ToolSet(ToolSetId(next(&mut names.tool_sets, NamedTools { module, ast }))),
            Written::Define(ast) => Entity::Define(DefineId(next(&mut names.defines, Definition { module, ast }))),
        }
    }

    /// Gives the datasets of a module their systems, and a system without any the one that it is itself.
    fn datasets_of(&mut self, module: ModuleId, own: &mut IndexMap<String, (Entity, Span)>) {
        let mut bare = Vec::new();
        for (at, (of, system)) in self.systems.iter().enumerate().filter(|(_, (of, _))| *of == module) {
            debug_assert_eq!(*of, module);
            let id = SystemId(at as u32);
            let mut any = false;
            for clause in system.clauses {
                if let SystemClause::Dataset(dataset) = clause {
                    any = true;
                    let name = format!("{}.{}", system.name.text, dataset.name.text);
                    if let Some((Entity::Dataset(dataset), _)) = own.get(&name) {
                        self.datasets[dataset.index()].system = id;
                    }
                }
            }
            if !any {
                bare.push(WrittenDataset { system: id, ast: None });
            }
        }
        self.datasets.extend(bare);
    }
}

/// Adds an element and returns its index.
fn next<T>(list: &mut Vec<T>, element: T) -> u32 {
    list.push(element);
    list.len() as u32 - 1
}

/// Makes the names of the modules, without any declaration yet.
pub(crate) fn module_names<'a>(modules: &[crate::policy::Module]) -> Names<'a> {
    let named = |module: &crate::policy::Module| ModuleNames { name: module.name.clone(), ..ModuleNames::default() };
    Names { modules: modules.iter().map(named).collect(), ..Names::default() }
}
