//! Expressions: from what is written to what is typed.
//!
//! A [`Typer`] belongs to one rule, one constraint or one result key. It looks words up, gives every literal the type
//! that the other side asks for, writes definitions out where they are used, and follows `has` through `and`, `or`,
//! `not`, `if`, quantifiers and earlier clauses. Whatever could not be typed is [`Type::Unknown`] and silent from there
//! on, so that one mistake is told once.

mod absence;
mod arithmetic;
mod compare;
mod define;
mod facts;
mod formats;
mod functions;
mod grounds;
mod history;
mod infer;
mod known;
mod literals;
mod members;
mod methods;
mod origin;
mod patterns;
mod quantify;
mod rates;
mod resource;
mod roots;
mod scope;
mod show;
mod sources;
mod tests_of_text;
mod typed;
mod types;
mod words;
mod written;

pub(crate) use define::check_defines;
pub(crate) use formats::canonical;
pub(crate) use grounds::{More, more};
pub(crate) use history::MAX_KEYS;
pub(crate) use patterns::check as check_pattern;
pub(crate) use rates::{Counter, window};
pub(crate) use show::listed;
pub(crate) use written::{in_clause, parts, survey_names};

use crate::names::{DefineId, Names};
use crate::policy::{AgentId, Expr, ExprKind, LocalId, ModuleId, Policy, RecordId, ToolId, Type, ZoneId};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, SourceMap, Span};
use agentpol_syntax::ast;
use history::That;
use scope::{Binding, Frame};
use std::collections::BTreeMap;
use typed::Typed;

/// What an expression stands in, apart from its place: the program, and the module whose words it uses.
pub(crate) struct Surroundings<'c, 'a> {
    pub(crate) policy: &'c Policy,
    pub(crate) names: &'c Names<'a>,
    pub(crate) sources: &'c SourceMap,
    pub(crate) module: ModuleId,
    pub(crate) zone: Option<ZoneId>,
}

/// Where an expression stands, which says what it may read.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// In a clause of a rule.
    Rule {
        /// The tools that the rule may be about.
        tools: Vec<ToolId>,
        /// The agents that the rule may be about; `None` for every agent.
        agents: Option<Vec<AgentId>>,
        /// Whether the rule grants, which decides how trust may be read.
        grants: bool,
        /// The effect's words and the name.
        span: Span,
    },
    /// In the condition of a field: its own name is the value, [`LocalId`] 0.
    Constraint {
        /// The field's name.
        name: String,
        /// The field's type.
        ty: Type,
    },
    /// In the key of a tool's result: `args` and the fields of the record, which are read from [`LocalId`] 0.
    ResultKey {
        /// The tool.
        tool: ToolId,
        /// The record.
        record: RecordId,
    },
    /// In a definition, before it is used: what depends on the place of use is not known.
    Definition,
}

/// Which clause a condition stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhichClause {
    /// Must be true.
    When,
    /// Must be false.
    Unless,
}

/// How many nodes one rule may have once its definitions are written out.
const MAX_NODES: u64 = 100_000;
/// How deep one expression may nest once its definitions are written out; keeps recursion off the end of the stack.
const MAX_DEPTH: u32 = 128;

/// Stands for what is not typed, or not written out; never in a policy without errors.
const OPAQUE: LocalId = LocalId(u32::MAX);

/// Types the expressions of one place, in order.
pub(crate) struct Typer<'c, 'a> {
    cx: &'c Surroundings<'c, 'a>,
    place: Place,
    diagnostics: &'c mut Diagnostics,
    /// Result types of definitions, where they are not written out.
    results: Option<&'c [Type]>,
    /// Names in force, innermost last; those below `floor` belong to whoever uses the definition at hand.
    bindings: Vec<Binding<'a>>,
    floor: usize,
    /// Paths known to be there.
    facts: Vec<String>,
    /// Values of locals that `let` binds, for facts and polarity.
    lets: Vec<(LocalId, Expr)>,
    /// Elements of the quantifiers around, outermost first.
    elements: Vec<Vec<LocalId>>,
    /// Elements and parameters of which the host can say where they come from.
    traced: Vec<LocalId>,
    /// Elements of what earlier answers taught.
    remembered: Vec<LocalId>,
    /// The earlier call in whose frame expressions are typed; without one, the rule's.
    that: Option<That>,
    /// Definitions being written out, outermost first.
    frames: Vec<Frame>,
    /// Sizes of definitions, written out.
    sizes: BTreeMap<DefineId, u64>,
    locals: u32,
    nodes: u64,
    depth: u32,
    /// Names that a `let` of the same rule binds, here or further down.
    coming: Vec<&'a str>,
    /// Arguments that were told to be missing from a tool, once each.
    told: Vec<String>,
    /// The rule has grown too large; said once.
    full: bool,
}

impl<'c, 'a> Typer<'c, 'a> {
    /// Starts on one place.
    pub(crate) fn new(cx: &'c Surroundings<'c, 'a>, place: Place, diagnostics: &'c mut Diagnostics) -> Self {
        let mut typer = Typer {
            cx,
            place,
            diagnostics,
            results: None,
            bindings: Vec::new(),
            floor: 0,
            facts: Vec::new(),
            lets: Vec::new(),
            elements: Vec::new(),
            traced: Vec::new(),
            remembered: Vec::new(),
            that: None,
            frames: Vec::new(),
            sizes: BTreeMap::new(),
            locals: 0,
            nodes: 0,
            depth: 0,
            coming: Vec::new(),
            told: Vec::new(),
            full: false,
        };
        if matches!(typer.place, Place::Constraint { .. } | Place::ResultKey { .. }) {
            typer.locals = 1;
        }
        typer
    }

    /// Tells which names the clauses of the rule bind.
    pub(crate) fn will_bind(&mut self, names: impl Iterator<Item = &'a str>) {
        self.coming.extend(names);
    }

    /// Types a condition. What it says about missing values holds for the clauses after it.
    pub(crate) fn condition(&mut self, expr: &ast::Expr<'a>, clause: WhichClause) -> Expr {
        let typed = self.truth(expr);
        self.check_kept(&typed);
        self.check_polarity(&typed, clause);
        self.learn(&typed, clause == WhichClause::When);
        typed
    }

    /// Types the value of a `let` and puts its name in force.
    pub(crate) fn bind(&mut self, name: &ast::Name<'a>, value: &ast::Expr<'a>) -> (LocalId, Expr) {
        if let Some(call) = self.bind_call(name, value) {
            return call;
        }
        let typed = self.infer(value, None);
        if let Some(record) = self.bind_record(name, &typed) {
            return record;
        }
        self.check_kept(&typed.expr);
        let local = self.fresh();
        let expr = typed.expr.clone();
        self.declare(name, typed, local, Some(*value));
        (local, expr)
    }

    /// Types a value that must be of a type.
    pub(crate) fn value(&mut self, expr: &ast::Expr<'a>, expected: &Type) -> Expr {
        let typed = self.infer(expr, Some(expected));
        let typed = self.fit(typed, expected, "here");
        self.operand(typed)
    }

    /// Ends the place and returns how many locals its expressions use.
    pub(crate) fn finish(self) -> u32 {
        self.locals
    }

    /// Types an expression that must be a condition.
    fn truth(&mut self, expr: &ast::Expr<'a>) -> Expr {
        let typed = self.infer(expr, Some(&Type::Bool));
        if !matches!(typed.expr.ty, Type::Bool | Type::Unknown) {
            let title = format!("a condition is needed here, not `{}`", self.type_name(&typed.expr.ty));
            let diagnostic =
                Diagnostic::new(Code::AP0302, title, expr.span, format!("this is {}", self.a_type(&typed.expr.ty)));
            let help = format!("compare it with something, as in `{} == ...`", self.text(expr.span));
            self.report(diagnostic.help(help));
            return self.unknown(expr.span).expr;
        }
        self.operand(typed)
    }

    /// Makes a node. A rule that is full stays typed, but grows no further.
    fn node(&mut self, kind: ExprKind, ty: Type, span: Span) -> Expr {
        self.nodes += 1;
        let span = self.shown(span);
        if self.nodes > MAX_NODES {
            self.too_large(span);
            return Expr { kind: ExprKind::Local(OPAQUE), ty, span };
        }
        Expr { kind, ty, span }
    }

    /// Stands for what could not be typed.
    fn unknown(&self, span: Span) -> Typed {
        let span = self.shown(span);
        Typed::plain(Expr { kind: ExprKind::Local(OPAQUE), ty: Type::Unknown, span })
    }

    /// Returns the place for people: for an expanded definition, where it is used.
    fn shown(&self, span: Span) -> Span {
        self.frames.first().map_or(span, |frame| frame.used)
    }

    fn fresh(&mut self) -> LocalId {
        let local = LocalId(self.locals);
        self.locals += 1;
        local
    }

    /// Returns the source text of a span, on one line and not too long, for messages.
    fn text(&self, span: Span) -> String {
        show::shortened(self.cx.sources.text(span))
    }

    /// Returns the source text of a span on one line, whole, for what is to be typed.
    fn whole_text(&self, span: Span) -> String {
        self.cx.sources.text(span).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Tells a mistake. Inside a definition it is told once, with the first place of use.
    fn report(&mut self, mut diagnostic: Diagnostic) {
        if let Some(frame) = self.frames.first() {
            let span = diagnostic.span();
            let known = self.diagnostics.iter().any(|old| old.code == diagnostic.code && old.span() == span);
            if known {
                return;
            }
            let covered = span.file == frame.used.file && frame.used.start <= span.start && span.end <= frame.used.end;
            if !covered {
                diagnostic.labels.truncate(2);
                diagnostic = diagnostic.because(frame.used, "used here");
            }
        }
        self.diagnostics.push(diagnostic);
    }

    fn too_large(&mut self, span: Span) {
        self.full_of(span, &format!("this grows over {MAX_NODES} parts when its definitions are written out"));
    }

    /// Ends the typing of what is too large; said once.
    fn full_of(&mut self, span: Span, title: &str) {
        if std::mem::replace(&mut self.full, true) {
            return;
        }
        let mut diagnostic = Diagnostic::new(Code::AP0503, title, span, "it becomes too large here");
        if let Place::Rule { span: rule, .. } = &self.place {
            diagnostic = diagnostic.because(*rule, "in this rule");
        }
        self.report(diagnostic.help("bind what is used several times with `let`, or split the rule"));
    }
}
