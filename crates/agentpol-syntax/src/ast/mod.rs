//! The abstract syntax: what a file says, before any name is looked up.
//!
//! Everything lives in a [`bumpalo::Bump`] of the caller's and borrows from it and from the source text. Chains of
//! `and`, `or`, `+` and the like are flat lists, so that depth is bounded by the nesting that the lexer admits.

mod agent;
mod decl;
mod expr;
mod rule;
mod scenario;
mod tool;

pub use agent::*;
pub use decl::*;
pub use expr::*;
pub use rule::*;
pub use scenario::*;
pub use tool::*;

use agentpol_diagnostics::{FileId, Span};

/// One file.
#[derive(Clone, Copy, Debug)]
pub struct Ast<'a> {
    /// The file.
    pub file: FileId,
    /// Its items, in order.
    pub items: &'a [Item<'a>],
    /// Names that items declare which could not be read. Whoever looks one of them up, or anything behind it after a
    /// dot, finds nothing and says nothing: the mistake is reported already. `user` and `context` stand for the shapes.
    pub unread: &'a [Path<'a>],
}

/// One item of a file.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// From the item's first word to its last token.
    pub span: Span,
    /// What it is.
    pub kind: ItemKind<'a>,
}

/// The kinds of item.
#[derive(Clone, Copy, Debug)]
pub enum ItemKind<'a> {
    /// `module acme.support requires acme.baseline`
    Module(Module<'a>),
    /// `use acme.baseline as base`
    Use(Use<'a>),
    /// `share crm.tickets with acme.support`
    Share(Share<'a>),
    /// `level sensitivity = public < internal`
    Level(Level<'a>),
    /// `enum reason = "no longer needed" | other`
    Enum(Enum<'a>),
    /// `group leads "Finance Leads" in finance`
    Group(Group<'a>),
    /// `environment prod, staging`
    Environment(&'a [Name<'a>]),
    /// `timezone "America/New_York"`
    Timezone(Text<'a>),
    /// `schedule business_hours = mon..fri 09:00..17:00`
    Schedule(Schedule<'a>),
    /// `user { region: string }`
    User(&'a [Field<'a>]),
    /// `context { cwd: path }`
    Context(&'a [Field<'a>]),
    /// `task "support" claimed`
    Task(&'a [TaskDecl<'a>]),
    /// `system crm { ... }`
    System(System<'a>),
    /// `record order by order_id { ... } keep 64`
    Record(Record<'a>),
    /// `resource document { ... }`
    Resource(Resource<'a>),
    /// `users from directory max age 15m`, `resources from request`
    Source(Source),
    /// `sessions unvouched`
    Sessions(Span),
    /// `tools changes = crm.cancel, billing.*`
    ToolSet(ToolSet<'a>),
    /// `tool crm.search(query: string) reads crm.tickets`
    Tool(Tool<'a>),
    /// `agent support_bot { ... }`
    Agent(Agent<'a>),
    /// `define is_internal(a: email) = ...`
    Define(Define<'a>),
    /// `allow "x" { ... }` and the other effects
    Rule(Rule<'a>),
    /// `assert "x" { ... }`: not built yet.
    Assert(Assert<'a>),
    /// `test "x" { ... }`
    Test(Test<'a>),
}

/// A single word that names something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// The word.
    pub text: &'a str,
    /// Where it stands.
    pub span: Span,
}

/// A dotted name: at least one segment.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    /// The words between the dots.
    pub segments: &'a [Name<'a>],
    /// The whole.
    pub span: Span,
}

impl Path<'_> {
    /// Returns the name as written, with its dots.
    pub fn joined(&self) -> String {
        self.segments.iter().map(|name| name.text).collect::<Vec<_>>().join(".")
    }
}

/// A string literal: its value after escapes, in either quoting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// The value.
    pub value: &'a str,
    /// The literal with its quotes.
    pub span: Span,
}
