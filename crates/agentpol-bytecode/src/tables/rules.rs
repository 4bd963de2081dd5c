//! Rules, and which of them speak about a tool and an agent.

use super::{RuleId, Symbol};
use alloc::vec::Vec;

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Grants.
    Allow,
    /// Gives the user a right.
    Entitle,
    /// Forbids.
    Deny,
    /// Asks persons first.
    RequireApproval {
        /// A group, or with none the requesting user.
        from: Option<u32>,
        /// How many distinct persons.
        count: u32,
        /// Milliseconds from the asking to the use.
        within: i64,
        /// Nobody who serves another rule for the same call serves this one.
        distinct: bool,
    },
    /// Bounds how often, or how much.
    Limit {
        /// An index into the rates.
        rate: u32,
    },
    /// Tells the operator.
    Alert {
        /// How grave: 0 low, 1 medium, 2 high, 3 critical.
        severity: u8,
        /// Decisions that come out so: bit 0 allow, 1 require approval, 2 throttle, 3 deny.
        outcomes: u8,
        /// What raises it.
        alarm: Alarm,
    },
}

impl Effect {
    /// Returns whether it grants.
    pub fn grants(self) -> bool {
        matches!(self, Effect::Allow | Effect::Entitle)
    }

    /// Returns the words of the language.
    pub fn as_str(self) -> &'static str {
        match self {
            Effect::Allow => "allow",
            Effect::Entitle => "entitle",
            Effect::Deny => "deny",
            Effect::RequireApproval { .. } => "require approval",
            Effect::Limit { .. } => "limit",
            Effect::Alert { .. } => "alert",
        }
    }
}

/// What raises an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// Every match.
    Match,
    /// More matches than the rate's bound.
    Rate(u32),
    /// A combination of the rate's keys that was not seen in its window.
    Novel(u32),
}

/// A rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its module.
    pub module: u32,
    /// Its name.
    pub name: Symbol,
    /// What it does.
    pub effect: Effect,
    /// In observation.
    pub observed: bool,
    /// Holds in every phase.
    pub always: bool,
    /// What people and the agent are told.
    pub because: Option<Symbol>,
    /// The part that agent and tool decide.
    pub scope: Scope,
    /// A `user` clause names nobody (`user none`): it reaches entitled data without a user.
    pub names_nobody: bool,
    /// Where its block starts in the code.
    pub entry: u32,
    /// How many clauses its block reports.
    pub clauses: u32,
    /// How many registers its block uses.
    pub registers: u32,
}

/// The part of a rule that agent and tool alone decide; what is `None` covers everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// Agents, sorted.
    pub agents: Option<Vec<u32>>,
    /// Tools, sorted.
    pub tools: Option<Vec<u32>>,
    /// Every tool is named one by one.
    pub tools_by_name: bool,
    /// Verbs, as bits.
    pub does: Option<u16>,
    /// Data.
    pub on: Option<On>,
    /// In a grant: tools the module may grant, sorted.
    pub grantable: Option<Vec<u32>>,
}

/// Which data.
#[derive(Clone, Debug, PartialEq)]
pub enum On {
    /// These datasets, sorted.
    Datasets(Vec<u32>),
    /// A level and a member: at most it in a grant, at least it in a restriction.
    Level(u32, u32),
}

/// A rule in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The rule.
    pub rule: RuleId,
    /// Agent and tool alone do not settle that it matches: its match is unknown at best.
    pub unsure: bool,
}
