//! The typed policy: the seam between reading a policy and everything done with it.
//!
//! Tables are vectors in canonical order (modules by name, then the name inside the module), so that neither the order
//! of files nor the order of declarations shows in anything made from them. Ids are indexes into those tables.

mod answers;
mod declared;
mod directory;
mod expr;
mod memory;
mod rule;
mod scenario;
mod types;
mod walk;

pub use declared::*;
pub use directory::*;
pub use expr::*;
pub use memory::*;
pub use rule::*;
pub use scenario::*;
pub use types::*;

/// A whole program, typed.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// All modules, by name.
    pub modules: Vec<Module>,
    /// The module that may do what ownership forbids to the others.
    pub root: Option<ModuleId>,
    /// Ordered levels; the builtin `origin` and, where it is used, the builtin `sensitivity` included.
    pub levels: Vec<Level>,
    /// Enumerations.
    pub enums: Vec<Enum>,
    /// Shapes of records, inline records, users, contexts and parameter lists.
    pub shapes: Vec<Shape>,
    /// Groups.
    pub groups: Vec<Group>,
    /// Environments, by name.
    pub environments: Vec<String>,
    /// Time zones in use: IANA names or fixed offsets such as `-05:00`.
    pub zones: Vec<String>,
    /// Schedules.
    pub schedules: Vec<Schedule>,
    /// What a requesting user carries, beside `id` and `groups`.
    pub user: ShapeId,
    /// What the host adds to a request.
    pub context: ShapeId,
    /// Systems.
    pub systems: Vec<System>,
    /// Datasets of all systems.
    pub datasets: Vec<Dataset>,
    /// Records that results are made of.
    pub records: Vec<Record>,
    /// Where users, groups and their attributes come from.
    pub users_from: Source,
    /// The host cannot tell one session from another of the same agent and user.
    pub sessions_unvouched: bool,
    /// Where resources come from.
    pub resources_from: Source,
    /// Types of resources.
    pub resources: Vec<ResourceType>,
    /// Tools.
    pub tools: Vec<Tool>,
    /// Agents and fleets.
    pub agents: Vec<Agent>,
    /// Who may act through whom, and for what; by the two agents.
    pub delegations: Vec<Delegation>,
    /// Rules.
    pub rules: Vec<Rule>,
    /// Scenarios.
    pub tests: Vec<Scenario>,
    /// Tables.
    pub tables: Vec<Table>,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident => $table:ident: $of:ty;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(pub u32);

            impl std::ops::Index<$name> for Policy {
                type Output = $of;

                fn index(&self, id: $name) -> &$of {
                    &self.$table[id.0 as usize]
                }
            }

            impl $name {
                /// Returns the id as an index.
                pub fn index(self) -> usize {
                    self.0 as usize
                }
            }
        )*
    };
}

ids! {
    /// Names a module.
    ModuleId => modules: Module;
    /// Names a level.
    LevelId => levels: Level;
    /// Names an enumeration.
    EnumId => enums: Enum;
    /// Names a shape.
    ShapeId => shapes: Shape;
    /// Names a group.
    GroupId => groups: Group;
    /// Names an environment.
    EnvId => environments: String;
    /// Names a time zone.
    ZoneId => zones: String;
    /// Names a schedule.
    ScheduleId => schedules: Schedule;
    /// Names a system.
    SystemId => systems: System;
    /// Names a dataset.
    DatasetId => datasets: Dataset;
    /// Names a record.
    RecordId => records: Record;
    /// Names a type of resources.
    ResourceId => resources: ResourceType;
    /// Names a tool.
    ToolId => tools: Tool;
    /// Names an agent or fleet.
    AgentId => agents: Agent;
    /// Names a rule.
    RuleId => rules: Rule;
}
