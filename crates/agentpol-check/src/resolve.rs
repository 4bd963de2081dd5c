//! Looks written names up, and says what was meant where nothing is found.

use crate::draft::Draft;
use crate::names::{Entity, Names};
use crate::policy::{AgentId, GroupId, LevelId, ModuleId, RecordId, ScheduleId, ToolId};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, Span, did_you_mean};
use agentpol_syntax::ast;

/// What a name must be where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Group,
    Schedule,
    Data,
    Tools,
    Tool,
    Agent,
    Level,
    Record,
    Resource,
    Type,
}

impl Wanted {
    /// Returns the words for messages, without article.
    fn words(self) -> &'static str {
        match self {
            Wanted::Group => "group",
            Wanted::Schedule => "schedule",
            Wanted::Data => "system or dataset",
            Wanted::Tools => "tool or set of tools",
            Wanted::Tool => "tool",
            Wanted::Agent => "agent",
            Wanted::Level => "level",
            Wanted::Record => "record",
            Wanted::Resource => "type of resources",
            Wanted::Type => "type",
        }
    }

    /// Returns the words with their article.
    fn a_word(self) -> String {
        let article = if self == Wanted::Agent { "an" } else { "a" };
        format!("{article} {}", self.words())
    }

    /// Returns the line that would declare the missing name.
    fn declaration(self, name: &str) -> String {
        match self {
            Wanted::Group => format!("declare it: `group {name}`"),
            Wanted::Schedule => format!("declare it: `schedule {name} = mon..fri 09:00..17:00`"),
            Wanted::Data => format!("declare it as a `system`, or as a `dataset` of one: `{name}`"),
            Wanted::Tools | Wanted::Tool => format!("declare it: `tool {name}(...) reads ...`"),
            Wanted::Agent => format!("declare it: `agent {name} {{ ... }}`"),
            Wanted::Level => format!("declare it: `level {name} = low < high`"),
            Wanted::Record => format!("declare it: `record {name} by id {{ id: string }}`"),
            Wanted::Resource => format!("declare it: `resource {name} {{ owner: user }}`"),
            Wanted::Type => format!("declare it as an `enum`, `level` or `record`: `{name}`"),
        }
    }

    /// Returns whether an entity is what is wanted.
    pub(crate) fn fits(self, entity: Entity) -> bool {
        match self {
            Wanted::Group => matches!(entity, Entity::Group(_)),
            Wanted::Schedule => matches!(entity, Entity::Schedule(_)),
            Wanted::Data => matches!(entity, Entity::System(_) | Entity::Dataset(_)),
            Wanted::Tools => matches!(entity, Entity::Tool(_) | Entity::ToolSet(_)),
            Wanted::Tool => matches!(entity, Entity::Tool(_)),
            Wanted::Agent => matches!(entity, Entity::Agent(_)),
            Wanted::Level => matches!(entity, Entity::Level(_)),
            Wanted::Record => matches!(entity, Entity::Record(_)),
            Wanted::Type => {
                matches!(entity, Entity::Enum(_) | Entity::Level(_) | Entity::Record(_) | Entity::Resource(_))
            }
            Wanted::Resource => matches!(entity, Entity::Resource(_)),
        }
    }
}

/// Looks a name up that must be of a kind; says what is wrong otherwise.
pub(crate) fn resolve(
    names: &Names<'_>,
    module: ModuleId,
    path: &ast::Path<'_>,
    wanted: Wanted,
    diagnostics: &mut Diagnostics,
) -> Option<Entity> {
    let name = path.joined();
    match names.find(module, &name) {
        Some((entity, _)) if wanted.fits(entity) => Some(entity),
        Some(_) if names.is_twice(module, &name) => None,
        Some((entity, place)) => {
            let title = format!("`{name}` is {}, not {}", entity.kind(), wanted.a_word());
            let mut diagnostic =
                Diagnostic::new(Code::AP0207, title, path.span, format!("{} must stand here", wanted.a_word()));
            if place != Span::default() {
                diagnostic = diagnostic.because(place, "declared here");
            }
            diagnostics.push(diagnostic.maybe_help(nearest(names, module, &name, wanted)));
            None
        }
        None if names.is_unread(module, &name) => None,
        None => {
            diagnostics.push(unknown(names, module, &name, path.span, wanted));
            None
        }
    }
}

/// Says that a name is unknown, and what may have been meant.
pub(crate) fn unknown(names: &Names<'_>, module: ModuleId, name: &str, span: Span, wanted: Wanted) -> Diagnostic {
    let foreign = (wanted == Wanted::Type).then(|| type_of_other_languages(name)).flatten();
    let help = elsewhere(names, module, name, wanted)
        .or_else(|| foreign.map(|ty| format!("write `{ty}`")))
        .or_else(|| nearest(names, module, name, wanted))
        .unwrap_or_else(|| declaration(names, module, name, wanted));
    let title = format!("unknown {} `{name}`", wanted.words());
    Diagnostic::new(Code::AP0201, title, span, "nothing of this name is declared here or used").help(help)
}

/// Returns the type that another language's name stands for.
fn type_of_other_languages(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "boolean" => "bool",
        "integer" | "int32" | "int64" | "long" | "uint" => "int",
        "number" | "numeric" | "money" => "decimal",
        "double" | "float32" | "float64" | "real" => "float",
        "str" | "text" | "char" | "varchar" | "uuid" => "string",
        "timestamp" | "time" | "instant" => "datetime",
        "interval" | "timedelta" => "int",
        "uri" | "href" => "url",
        "hostname" | "domain" => "host",
        "ipv4" | "ipv6" | "ipaddress" => "ip",
        "file" | "filepath" => "path",
        "array" | "list" | "set" => "list<string>",
        "dict" | "map" => "map<string, string>",
        "object" | "struct" => "{ name: string }",
        "unknown" | "dynamic" | "value" => "json",
        _ => return None,
    })
}

/// Says where and how the missing name would be declared.
fn declaration(names: &Names<'_>, module: ModuleId, name: &str, wanted: Wanted) -> String {
    let used = names.modules.get(module.index()).map(|own| &own.used);
    let behind = used.into_iter().flatten().find_map(|(prefix, id)| {
        let rest = name.strip_prefix(prefix.as_str())?.strip_prefix('.')?;
        Some((rest, &names.modules.get(id.index())?.name))
    });
    match (behind, name.split_once('.')) {
        (Some((rest, owner)), _) => {
            let line = wanted.declaration(rest);
            format!("in `{owner}`, {line}")
        }
        (None, Some((first, _))) if !matches!(wanted, Wanted::Tools | Wanted::Tool | Wanted::Data) => {
            format!("name the module that `{first}` stands for: `use ... as {first}`")
        }
        (None, _) => wanted.declaration(name),
    }
}

/// Finds the nearest visible name of the wanted kind.
fn nearest(names: &Names<'_>, module: ModuleId, name: &str, wanted: Wanted) -> Option<String> {
    let visible: Vec<String> =
        names.visible(module).into_iter().filter(|(_, entity)| wanted.fits(*entity)).map(|(name, _)| name).collect();
    let builtin = crate::declare::BUILTIN_TYPES.iter().copied().filter(|_| wanted == Wanted::Type);
    let near = did_you_mean(name, visible.iter().map(String::as_str).chain(builtin));
    let last = |full: &str| full.rsplit('.').next().map(str::to_owned);
    let same_last = || visible.iter().find(|full| full.contains('.') && last(full) == last(name));
    near.or_else(|| same_last().map(|full| format!("did you mean `{full}`?")))
}

/// Finds the very name in another module, and how it would be written here.
fn elsewhere(names: &Names<'_>, module: ModuleId, name: &str, wanted: Wanted) -> Option<String> {
    let own = names.modules.get(module.index())?;
    let declares =
        |other: &crate::names::ModuleNames| other.own.get(name).is_some_and(|(entity, _)| wanted.fits(*entity));
    if let Some((prefix, _)) = own.used.iter().find(|(_, id)| declares(&names.modules[id.index()])) {
        return Some(format!("did you mean `{prefix}.{name}`?"));
    }
    if let Some(other) = names.modules.iter().find(|other| other.name != own.name && declares(other)) {
        let last = other.name.rsplit('.').next().unwrap_or(&other.name);
        return Some(format!("write `use {} as {last}` and `{last}.{name}`", other.name));
    }
    // A full name whose module is there and not used.
    let dotted = |other: &&crate::names::ModuleNames| {
        let rest = name.strip_prefix(other.name.as_str()).and_then(|rest| rest.strip_prefix('.'));
        rest.is_some_and(|rest| other.own.get(rest).is_some_and(|(entity, _)| wanted.fits(*entity)))
    };
    let other = names.modules.iter().find(dotted)?;
    Some(format!("write `use {}` at the top of the module", other.name))
}

impl Draft<'_, '_> {
    fn entity(&mut self, module: ModuleId, path: &ast::Path<'_>, wanted: Wanted) -> Option<Entity> {
        resolve(&self.names, module, path, wanted, &mut self.diagnostics)
    }

    /// Looks a group up.
    pub(crate) fn group(&mut self, module: ModuleId, path: &ast::Path<'_>) -> Option<GroupId> {
        match self.entity(module, path, Wanted::Group)? {
            Entity::Group(id) => Some(id),
            _ => None,
        }
    }

    /// Looks a schedule up.
    pub(crate) fn schedule(&mut self, module: ModuleId, path: &ast::Path<'_>) -> Option<ScheduleId> {
        match self.entity(module, path, Wanted::Schedule)? {
            Entity::Schedule(id) => Some(id),
            _ => None,
        }
    }

    /// Looks an agent or fleet up.
    pub(crate) fn agent(&mut self, module: ModuleId, path: &ast::Path<'_>) -> Option<AgentId> {
        match self.entity(module, path, Wanted::Agent)? {
            Entity::Agent(id) => Some(id),
            _ => None,
        }
    }

    /// Looks a tool up.
    pub(crate) fn tool(&mut self, module: ModuleId, path: &ast::Path<'_>) -> Option<ToolId> {
        match self.entity(module, path, Wanted::Tool)? {
            Entity::Tool(id) => Some(id),
            _ => None,
        }
    }

    /// Looks a level up.
    pub(crate) fn level(&mut self, module: ModuleId, path: &ast::Path<'_>) -> Option<LevelId> {
        match self.entity(module, path, Wanted::Level)? {
            Entity::Level(id) => Some(id),
            _ => None,
        }
    }

    /// Looks a record up.
    pub(crate) fn record(&mut self, module: ModuleId, path: &ast::Path<'_>) -> Option<RecordId> {
        match self.entity(module, path, Wanted::Record)? {
            Entity::Record(id) => Some(id),
            _ => None,
        }
    }

    /// Looks a system or dataset up.
    pub(crate) fn data(&mut self, module: ModuleId, path: &ast::Path<'_>) -> Option<Entity> {
        self.entity(module, path, Wanted::Data)
    }

    /// Looks a tool or a set of tools up.
    pub(crate) fn tools(&mut self, module: ModuleId, path: &ast::Path<'_>) -> Option<Entity> {
        self.entity(module, path, Wanted::Tools)
    }
}
