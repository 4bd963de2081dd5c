//! Who acts on what: datasets, tools, agents.

use super::{Field, ResourceOf, Returns, Symbol};
use alloc::vec::Vec;

/// A dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// `system.name`
    pub name: Symbol,
    /// For each level (by index, `origin` included and 0) the member it counts as.
    pub labels: Vec<u32>,
    /// The user's own right is needed.
    pub entitlement: bool,
}

/// A tool.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// Its module.
    pub module: u32,
    /// Its name in the policy.
    pub name: Symbol,
    /// Its name on the wire.
    pub wire: Symbol,
    /// The servers it comes from, sorted; empty where the wire names none.
    pub servers: Vec<Symbol>,
    /// The environments that all the systems it touches exist in, sorted; `None` for any. A request must name one.
    pub environments: Option<Vec<Symbol>>,
    /// Its parameters, in order of declaration.
    pub params: Vec<Field>,
    /// Undeclared arguments pass.
    pub open: bool,
    /// Its verbs: bit n is the n-th of reads, creates, updates, deletes, sends, exports, pays, executes, deploys,
    /// grants, computes.
    pub verbs: u16,
    /// Nobody has checked them.
    pub unverified: bool,
    /// What it touches, sorted.
    pub datasets: Vec<u32>,
    /// It may touch anything.
    pub touches_anything: bool,
    /// The only hosts its url, host, email and ip arguments may name (canonical); empty for any.
    pub fixed_hosts: Vec<Symbol>,
    /// The digest its definition must have.
    pub pinned: Option<Symbol>,
    /// What it answers, an index into the answers; `None` where nothing is declared.
    pub answer: Option<u32>,
    /// How far its answers can be trusted.
    pub returns: Returns,
    /// The resource that a call is about.
    pub resource: Option<ResourceOf>,
}

/// Where a value may come from: what is at least of the level, and what was held by an answer of one of the tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    /// A member of the builtin level `origin` above `trusted`; `None` where only the tools count.
    pub least: Option<u32>,
    /// Tools that somebody vouches for, sorted, at least one.
    pub tools: Vec<u32>,
}

/// An agent or fleet.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// Its module.
    pub module: u32,
    /// Its name in the policy.
    pub name: Symbol,
    /// Its name in requests; the qualified name works as well.
    pub wire: Symbol,
    /// `module.name`
    pub qualified: Symbol,
    /// Who it is on the wire.
    pub identities: Vec<Identity>,
    /// The age in milliseconds at which its credential is stale.
    pub credential_max_age: Option<i64>,
    /// Who answers for it.
    pub owner: Symbol,
    /// How far it is trusted.
    pub phase: Phase,
    /// The agents that it may be reached through, sorted.
    pub reached_via: Vec<u32>,
    /// It may be called without any agent in between.
    pub directly: bool,
    /// A fleet's attributes.
    pub fleet: Option<Vec<Field>>,
}

/// Who an agent is on the wire: one text for a SPIFFE id, two for a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// The issuer; `None` for a SPIFFE id.
    pub issuer: Option<Symbol>,
    /// The SPIFFE id or the subject, in pieces.
    pub pieces: Vec<Piece>,
}

/// A piece of an identity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Piece {
    /// This text.
    Text(Symbol),
    /// The value of this attribute (an index into the fleet's fields): one or more characters, none of them `/`.
    Attribute(u32),
}

/// How far an agent is trusted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Phase {
    /// Until this day (days since 1970-01-01, UTC); from then on read only.
    Observe {
        /// The first day on which it no longer holds.
        until: i32,
    },
    /// Changing calls are denied.
    ReadOnly,
    /// Changing calls need a person of the group, or with none the requesting user.
    Supervised {
        /// The group.
        by: Option<u32>,
    },
    /// Its rules alone decide.
    Autonomous,
}
