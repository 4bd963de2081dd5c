//! What names mean: one table per module, and what is visible through `use`.

use crate::policy::{
    AgentId, Clause, DatasetId, EnumId, GroupId, LevelId, ModuleId, Reach, RecordId, ResourceId, ScheduleId, Scope,
    SystemId, ToolId, Type,
};
use agentpol_diagnostics::Span;
use agentpol_syntax::ast;
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// Names a definition of [`Names::defines`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct DefineId(pub(crate) u32);

/// Names a tool set of [`Names::tool_sets`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ToolSetId(pub(crate) u32);

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entity {
    Level(LevelId),
    Enum(EnumId),
    Group(GroupId),
    Schedule(ScheduleId),
    System(SystemId),
    Dataset(DatasetId),
    Record(RecordId),
    Resource(ResourceId),
    ToolSet(ToolSetId),
    Tool(ToolId),
    Agent(AgentId),
    Define(DefineId),
}

impl Entity {
    /// Returns the word for messages, with its article.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Entity::Level(_) => "a level",
            Entity::Enum(_) => "an enum",
            Entity::Group(_) => "a group",
            Entity::Schedule(_) => "a schedule",
            Entity::System(_) => "a system",
            Entity::Dataset(_) => "a dataset",
            Entity::Record(_) => "a record",
            Entity::Resource(_) => "a type of resources",
            Entity::ToolSet(_) => "a set of tools",
            Entity::Tool(_) => "a tool",
            Entity::Agent(_) => "an agent",
            Entity::Define(_) => "a definition",
        }
    }
}

/// A definition as written, and whose it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Definition<'a> {
    pub(crate) module: ModuleId,
    pub(crate) ast: ast::Define<'a>,
}

/// A tool set as written, and whose it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NamedTools<'a> {
    pub(crate) module: ModuleId,
    pub(crate) ast: ast::ToolSet<'a>,
}

/// A set of earlier calls as far as it needs no typing.
#[derive(Clone, Debug)]
pub(crate) struct Calls<'a> {
    pub(crate) scope: Scope,
    /// The tools that the scope may match.
    pub(crate) tools: Vec<ToolId>,
    pub(crate) reach: Reach,
    /// Milliseconds.
    pub(crate) within: Option<i64>,
    /// Users, environments, tasks and schedules.
    pub(crate) selectors: Vec<Clause>,
    /// What is still to be typed, in order.
    pub(crate) conditions: Vec<Condition<'a>>,
    /// The set of which the newest call cuts off what came before it.
    pub(crate) since: Option<Box<Since<'a>>>,
    /// How many calls are kept one by one.
    pub(crate) keeping: Option<(u32, Span)>,
}

/// What stands behind `since`.
#[derive(Clone, Debug)]
pub(crate) struct Since<'a> {
    pub(crate) outcome: ast::HistoryOutcome,
    pub(crate) calls: Calls<'a>,
}

/// A condition of a set of calls.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Condition<'a> {
    Where(ast::Expr<'a>),
    When(ast::Expr<'a>),
    Unless(ast::Expr<'a>),
}

/// The names of one module. Tools and datasets stand under their dotted names.
#[derive(Clone, Debug, Default)]
pub(crate) struct ModuleNames {
    /// Its own dotted name.
    pub(crate) name: String,
    /// What it declares, with the place of the declaration; by name.
    pub(crate) own: IndexMap<String, (Entity, Span)>,
    /// Modules by the prefixes under which they are visible: the alias, or the full name. The longest prefix first.
    pub(crate) used: IndexMap<String, ModuleId>,
    /// What the language itself declares and nothing here replaces.
    pub(crate) builtin: IndexMap<String, (Entity, Span)>,
    /// Names of declarations that could not be read, which has been said: looking one up is no second mistake.
    pub(crate) unread: Vec<String>,
    /// Names that it declares more than once, which has been said: that one is of another kind is no second mistake.
    pub(crate) twice: Vec<String>,
    /// The time zone, for `today`, `.date` and schedules without one.
    pub(crate) timezone: Option<String>,
}

/// All names of a program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names<'a> {
    /// By [`ModuleId`].
    pub(crate) modules: Vec<ModuleNames>,
    /// By [`DefineId`].
    pub(crate) defines: Vec<Definition<'a>>,
    /// The types of the parameters of each definition, by [`DefineId`].
    pub(crate) define_params: Vec<Vec<Type>>,
    /// By [`ToolSetId`].
    pub(crate) tool_sets: Vec<NamedTools<'a>>,
    /// Sets of earlier calls by the place of their question; `None` for those in which something is wrong.
    pub(crate) calls: BTreeMap<Span, Option<Calls<'a>>>,
}

impl Names<'_> {
    /// Looks a dotted name up as `module` sees it: its own names first, then names behind a used module's prefix, then
    /// what the language declares.
    pub(crate) fn find(&self, module: ModuleId, dotted: &str) -> Option<(Entity, Span)> {
        let names = self.modules.get(module.index())?;
        if let Some(found) = names.own.get(dotted) {
            return Some(*found);
        }
        let behind = |(prefix, id): (&String, &ModuleId)| {
            let rest = dotted.strip_prefix(prefix.as_str())?.strip_prefix('.')?;
            self.modules.get(id.index())?.own.get(rest).copied()
        };
        names.used.iter().find_map(behind).or_else(|| names.builtin.get(dotted).copied())
    }

    /// Returns whether a name, or one that it begins with, is declared somewhere that could not be read.
    pub(crate) fn is_unread(&self, module: ModuleId, dotted: &str) -> bool {
        let Some(names) = self.modules.get(module.index()) else { return false };
        let within = |name: &str, unread: &String| {
            name.strip_prefix(unread.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let own = names.unread.iter().any(|unread| within(dotted, unread));
        let behind = |(prefix, id): (&String, &ModuleId)| {
            let rest = dotted.strip_prefix(prefix.as_str()).and_then(|rest| rest.strip_prefix('.'));
            let unread = self.modules.get(id.index()).map(|other| other.unread.as_slice()).unwrap_or_default();
            rest.is_some_and(|rest| unread.iter().any(|unread| within(rest, unread)))
        };
        own || names.used.iter().any(behind)
    }

    /// Returns whether a name is declared more than once.
    pub(crate) fn is_twice(&self, module: ModuleId, dotted: &str) -> bool {
        let Some(names) = self.modules.get(module.index()) else { return false };
        let of = |id: ModuleId| self.modules.get(id.index()).map(|other| other.twice.as_slice()).unwrap_or_default();
        let behind = |(prefix, id): (&String, &ModuleId)| {
            let rest = dotted.strip_prefix(prefix.as_str()).and_then(|rest| rest.strip_prefix('.'));
            rest.is_some_and(|rest| of(*id).iter().any(|twice| twice == rest))
        };
        of(module).iter().any(|twice| twice == dotted) || names.used.iter().any(behind)
    }

    /// Returns whether `user` or `context` could not be read in some module.
    pub(crate) fn is_shape_unread(&self, word: &str) -> bool {
        self.modules.iter().any(|names| names.unread.iter().any(|unread| unread == word))
    }

    /// Returns every name that `module` can write, for "did you mean".
    pub(crate) fn visible(&self, module: ModuleId) -> Vec<(String, Entity)> {
        let Some(names) = self.modules.get(module.index()) else { return Vec::new() };
        let own = names.own.iter().map(|(name, (entity, _))| (name.clone(), *entity));
        let builtin = names.builtin.iter().map(|(name, (entity, _))| (name.clone(), *entity));
        let used = names.used.iter().filter_map(|(prefix, id)| Some((prefix, self.modules.get(id.index())?)));
        let behind = used.flat_map(|(prefix, other)| {
            other.own.iter().map(move |(name, (entity, _))| (format!("{prefix}.{name}"), *entity))
        });
        own.chain(behind).chain(builtin).collect()
    }
}
