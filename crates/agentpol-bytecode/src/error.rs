//! Why a program does not load.

use crate::layout::Section;
use alloc::string::String;
use core::fmt;

/// Why a program does not load.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadError {
    /// It does not begin as a program does, or ends inside the header.
    NotAProgram,
    /// It is written in another version of the format.
    Version {
        /// The version that it says.
        found: u32,
    },
    /// The table of sections does not fit the bytes.
    Sections,
    /// The hash over all bytes is not the one in the header: it is damaged or was changed.
    FileHash,
    /// The hash over what it means is not the one in the header.
    MeaningHash,
    /// A section does not follow the encoding.
    Malformed {
        /// Which.
        section: Section,
        /// The byte of the section at which reading stopped.
        at: u32,
    },
    /// It says what no program may say.
    Refused {
        /// Which law it breaks.
        fault: Fault,
        /// The entry that breaks it: an index into the section that the fault speaks of.
        at: u32,
    },
    /// It means something else than the host expects.
    OtherMeaning {
        /// The meaning hash that it has.
        found: [u8; 32],
    },
    /// It lacks a module that the host requires.
    ModuleMissing {
        /// Its name.
        name: String,
    },
}

macro_rules! faults {
    ($($name:ident $section:ident $law:literal)*) => {
        /// The laws that a program must keep, each named by the section in which it is broken.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Fault { $(#[doc = $law] $name,)* }

        impl Fault {
            /// Returns the law that is broken.
            pub fn law(self) -> &'static str {
                match self { $(Fault::$name => $law,)* }
            }

            /// Returns the section that the entry is in.
            pub fn section(self) -> Section {
                match self { $(Fault::$name => Section::$section,)* }
            }
        }
    };
}

faults! {
    ModuleTable Modules "modules have distinct names, at most one root, and sorted references to modules and tools"
    ModuleMissing Modules "every required module is present"
    SymbolTable Symbols "symbols are distinct and sorted by bytes"
    ConstantTable Constants "constants name existing entries, are finite and in range, and lists hold scalars of one kind"
    TypeTable Types "types are made of earlier types, and list and map lengths are bounded"
    FieldTable Types "fields have distinct names, and their checks exist and fit the type"
    EnumTable Enums "enumerations have distinct members, at least one"
    LevelTable Levels "levels have distinct members, at least one, and the first is `origin`"
    GroupTable Groups "groups are closed and sorted"
    ZoneTable Zones "offsets of a zone are sorted and cover all time"
    ScheduleTable Schedules "windows of a schedule are inside a week"
    AutomatonTable Automata "transitions stay inside the automaton and its dead state is dead"
    UserShape User "fields have distinct names, and their checks exist and fit the type"
    ContextShape Context "fields have distinct names, and their checks exist and fit the type"
    DatasetTable Datasets "a dataset has one member of every level"
    ToolTable Tools "a tool names existing entries, sorted, and has a verb"
    ToolAmbiguous Tools "server and wire name identify one tool"
    SourceTable Tools "sources differ, each names a level above `trusted` or none, and tools that somebody vouches for"
    AgentTable Agents "an agent names existing entries, and its identities are in canonical form"
    AgentAmbiguous Agents "an id or identity names one agent"
    ResourceTable Resources "types of resources have distinct names, and name existing entries"
    SlotTable Memory "a slot names existing entries, keeps a bounded number of fitting values, and stands in order of its id"
    QueryTable Memory "a question asks a slot for what it keeps, and for no longer than it does"
    EvidenceTable Memory "evidence is of a record that names it, its keys lead to scalars, what it keeps is sorted and no secret"
    AnswerTable Memory "answers are made of earlier ones, name existing entries, and are bounded"
    RateTable Memory "a rate is one rule's, counts a bounded number, and stands in order of its id"
    DelegationTable Delegations "a delegation names two agents and stands in their order"
    RuleTable Rules "a rule names existing entries, sorted, and stands in order of module and name"
    CodeTable Code "code is made of blocks, each with one owner, or shared by checks"
    OperandRange Code "operands name existing entries, and unused ones are 0"
    JumpTarget Code "jumps go forward and stay inside their body"
    LoopNesting Code "loops nest at most twice and end in a yield"
    RegisterUse Code "a register is written before it is read, and its number is below the rule's count"
    OperandKind Code "an operand has a kind that the operation can take"
    ClauseReport Code "each clause is reported once, outside loops and jumps"
    ConstraintOperation Code "a check reads its value and constants only"
    BlockOperation Code "an operation stands only in blocks that it fits"
    KeepPlace Code "each value to be kept is kept once, outside loops and jumps"
    StepBound Rules "the worst case of a cell is within the bound of steps"
    CellTable Cells "cells are those that the selectors give"
    DebugTable Debug "places name existing files and stand in order"
    TableSize Cells "tables are within the bounds of the format"
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::NotAProgram => f.write_str("not a compiled policy"),
            LoadError::Version { found } => {
                write!(f, "written in version {found} of the program format, which is not known here")
            }
            LoadError::Sections => {
                f.write_str("the table of sections does not fit the file: it is cut off or was changed")
            }
            LoadError::FileHash => f.write_str("the file hash does not fit: it is damaged or was changed"),
            LoadError::MeaningHash => f.write_str("the meaning hash does not fit: it was changed"),
            LoadError::Malformed { section, at } => {
                write!(f, "section `{}` is malformed at byte {at}", section.as_str())
            }
            LoadError::Refused { fault, at } => {
                write!(
                    f,
                    "section `{}`, entry {at}, breaks a law of programs: {}",
                    fault.section().as_str(),
                    fault.law()
                )
            }
            LoadError::OtherMeaning { found } => {
                f.write_str("it is not the expected program: its meaning hash is sha256:")?;
                found.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            LoadError::ModuleMissing { name } => write!(f, "the required module `{name}` is not in it"),
        }
    }
}

impl core::error::Error for LoadError {}
