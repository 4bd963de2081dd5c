//! Words: members of enums and levels, local names, roots and definitions, in the order in which they are tried.

use super::typed::Typed;
use super::{Place, Typer};
use crate::names::{DefineId, Definition, Entity};
use crate::policy::{Expr, ExprKind, LocalId, ModuleId, Type};
use agentpol_diagnostics::{Code, Diagnostic, Span, did_you_mean, nearest};
use agentpol_syntax::ast::{self, ExprKind as Written};

/// How many nodes are looked at to find out whether an expression takes its type from its place.
const MAX_LOOKED_AT: u32 = 512;

/// What names mean at a place that is only looked at.
#[derive(Clone, Copy)]
struct Lexical<'n, 'a> {
    module: ModuleId,
    /// Where the local names in force begin.
    floor: usize,
    /// Parameters, which have types of their own.
    params: &'n [ast::Field<'a>],
}

/// The words that an expression can begin with.
const ROOTS: [&str; 9] = ["args", "user", "agent", "session", "context", "resource", "now", "today", "that"];

impl<'a> Typer<'_, 'a> {
    /// Types a word alone.
    pub(super) fn word(&mut self, name: &ast::Name<'a>, asked: Option<&Type>) -> Typed {
        let span = name.span;
        let known_as = self.binding(name.text).map(|binding| binding.span).or_else(|| self.definition(name.text));
        if let Some(ty @ (Type::Enum(_) | Type::Level(_))) = asked
            && let Some(value) = self.member(name.text, ty)
        {
            if let Some(other) = known_as {
                return self.ambiguous(name, ty, other);
            }
            return self.literal(value, ty.clone(), span);
        }
        if let Some(typed) = self.local(name, asked) {
            return typed;
        }
        let other_side_failed = asked == Some(&Type::Unknown);
        if ROOTS.contains(&name.text)
            && !(other_side_failed && matches!(name.text, "args" | "user" | "agent" | "context"))
        {
            return self.root_alone(name);
        }
        match self.entity(name.text) {
            Some((Entity::Define(define), _)) => self.use_definition(define, None, span, asked),
            Some((Entity::Level(_) | Entity::Enum(_), _)) | None => match asked {
                Some(ty @ (Type::Enum(_) | Type::Level(_))) => self.not_a_member(name.text, span, ty),
                // May be a member of what failed to type; that has been told.
                Some(Type::Unknown) => self.unknown(span).at(span),
                _ => self.unknown_word(name),
            },
            Some((entity, declared)) => self.no_value(name.text, span, entity, declared),
        }
    }

    fn ambiguous(&mut self, name: &ast::Name<'a>, ty: &Type, other: Span) -> Typed {
        let word = name.text;
        let title = format!("`{word}` is a value of `{}` and also a name in force here", self.type_name(ty));
        let diagnostic = Diagnostic::new(Code::AP0215, title, name.span, "which of the two?");
        let diagnostic = diagnostic.because(other, format!("`{word}` is declared here"));
        self.report(diagnostic.help(format!("write the value as text, `\"{word}\"`, or rename the other")));
        self.unknown(name.span).at(name.span)
    }

    /// Returns where the definition of a name stands.
    fn definition(&self, name: &str) -> Option<Span> {
        match self.entity(name)? {
            (Entity::Define(_), span) => Some(span),
            _ => None,
        }
    }

    /// Types a reference to a local name, to the value of a constraint or to a field of a result's record.
    fn local(&mut self, name: &ast::Name<'a>, asked: Option<&Type>) -> Option<Typed> {
        let span = name.span;
        if let Some(binding) = self.binding(name.text) {
            if let Some(call) = &binding.call {
                return Some(if call.is_some() { self.no_value_of_call(span) } else { self.unknown(span).at(span) });
            }
            let of_the_rule = binding.literal.is_none() && !is_written(&binding.stands_for.expr);
            if of_the_rule && !binding.stands_for.is_unknown() && self.is_outer(name.text) {
                return Some(self.of_the_rule(name.text, span));
            }
            let (literal, stands_for) = (binding.literal, binding.stands_for.clone());
            if let (Some(literal), Some(_)) = (literal, asked) {
                return Some(Typed { at: span, ..self.infer(&literal, asked) });
            }
            let size = size_of(&stands_for.expr);
            self.nodes += size;
            let expr = Expr { span: self.shown(span), ..stands_for.expr };
            return Some(Typed { expr, at: span, ..stands_for });
        }
        if !self.frames.is_empty() {
            return None;
        }
        match &self.place {
            Place::Constraint { name: own, ty } if own == name.text => {
                let ty = ty.clone();
                let expr = self.node(ExprKind::Local(LocalId(0)), ty, span);
                Some(Typed::plain(expr).at(span))
            }
            Place::ResultKey { record, .. } => {
                let shape = self.cx.policy[*record].shape;
                self.cx.policy[shape].field(name.text)?;
                let whole = self.node(ExprKind::Local(LocalId(0)), Type::Shape(shape), span);
                Some(self.field(Typed::plain(whole).at(span), name, span))
            }
            _ => None,
        }
    }

    /// A name that stands for something, but for no value.
    fn no_value(&mut self, word: &str, span: Span, entity: Entity, declared: Span) -> Typed {
        let title = format!("`{word}` is {}, not a value", entity.kind());
        let diagnostic = Diagnostic::new(Code::AP0207, title, span, "a value is needed here")
            .because(declared, format!("`{word}` is declared here"));
        let help = match entity {
            Entity::Group(_) => Some(format!("ask for membership: `user in {word}`")),
            Entity::Schedule(_) => Some(format!("write the clause `during {word}` or `outside {word}`")),
            Entity::Tool(_) | Entity::ToolSet(_) => Some(format!("write the clause `tool {word}`")),
            Entity::System(_) | Entity::Dataset(_) => Some(format!("write the clause `on {word}`")),
            Entity::Agent(_) => Some(format!("write the clause `agent {word}`")),
            _ => None,
        };
        self.report(diagnostic.maybe_help(help));
        self.unknown(span).at(span)
    }

    fn unknown_word(&mut self, name: &ast::Name<'a>) -> Typed {
        let (word, span) = (name.text, name.span);
        if let Some(of) = self.owner_of_member(word) {
            if matches!(self.place, Place::Definition) && self.frames.is_empty() {
                return self.unknown(span).at(span);
            }
            let title = format!("nothing here is of `{of}`, which `{word}` is a value of");
            let diagnostic = Diagnostic::new(Code::AP0201, title, span, format!("a value of `{of}`"));
            self.report(
                diagnostic.help(format!("compare it with something of that type, as in `args.NAME == {word}`")),
            );
            return self.unknown(span).at(span);
        }
        let title = format!("`{word}` is not declared");
        let help = self.suggestion(word);
        self.report(Diagnostic::new(Code::AP0201, title, span, "no name in force").maybe_help(help));
        self.unknown(span).at(span)
    }

    /// Suggests a name in force, an argument that lacks its `args.`, or quotes.
    fn suggestion(&self, word: &str) -> Option<String> {
        let visible = self.cx.names.visible(self.module());
        let definitions = visible.iter().filter(|(_, entity)| matches!(entity, Entity::Define(_)));
        let locals = self.bindings[self.floor..].iter().map(|binding| binding.name);
        let is_value = |name: &&str| *name != "that";
        let candidates: Vec<&str> = locals
            .chain(definitions.map(|(name, _)| name.as_str()))
            .chain(ROOTS.into_iter().filter(is_value))
            .collect();
        if self.coming.contains(&word) {
            return Some(format!("`let {word}` stands further down: move it before this"));
        }
        let own = match &self.place {
            Place::Constraint { name, .. } => Some(name.as_str()),
            _ => None,
        };
        if let Some(name) = nearest(word, own.into_iter().chain(candidates.iter().copied())) {
            return Some(format!("did you mean `{name}`?"));
        }
        if let Some(clause) = clause_of(word).filter(|_| matches!(self.place, Place::Rule { .. })) {
            return Some(format!("write a clause of its own: `{clause}`"));
        }
        if matches!(word, "null" | "nil" | "none" | "undefined" | "missing") {
            return Some("what may be missing is asked with `has`, as in `not has args.NAME`".to_owned());
        }
        let argument = self.argument_names().into_iter().any(|name| name == word);
        match (argument, matches!(self.place, Place::Constraint { .. })) {
            (true, _) => Some(format!("did you mean `args.{word}`?")),
            (false, true) => Some("a condition on a field reads that field alone, by its name".to_owned()),
            (false, false) => Some(format!("a text stands in quotes: `\"{word}\"`")),
        }
    }

    /// Returns the enum or level that has a word as a member, if any does.
    fn owner_of_member(&self, word: &str) -> Option<String> {
        let policy = self.cx.policy;
        let visible = self.cx.names.visible(self.module());
        visible.iter().find_map(|(name, entity)| {
            let members = match entity {
                Entity::Enum(id) => &policy[*id].members,
                Entity::Level(id) => &policy[*id].members,
                _ => return None,
            };
            members.iter().any(|member| member == word).then(|| name.clone())
        })
    }

    /// Types a dotted name of another module, and what follows it; `None` when the first word is a root or local.
    pub(super) fn dotted(&mut self, expr: &ast::Expr<'a>, asked: Option<&Type>) -> Option<Typed> {
        let words = words_of(expr)?;
        let first = words.first()?;
        if self.binding(first.text).is_some() || ROOTS.contains(&first.text) || self.is_record_field(first.text) {
            return None;
        }
        let mut joined = first.text.to_owned();
        if let Some((Entity::Define(_), _)) = self.entity(&joined) {
            return None;
        }
        for (at, word) in words.iter().enumerate().skip(1) {
            joined = format!("{joined}.{}", word.text);
            let span = first.span.to(word.span);
            match self.entity(&joined) {
                Some((Entity::Define(define), _)) => {
                    let rest = &words[at + 1..];
                    let asked = asked.filter(|_| rest.is_empty());
                    let start = self.use_definition(define, None, span, asked);
                    return Some(
                        rest.iter().fold(start, |of, name| self.member_of(of, name, first.span.to(name.span))),
                    );
                }
                Some((entity, declared)) => return Some(self.no_value(&joined, span, entity, declared)),
                None => {}
            }
        }
        Some(self.unknown_dotted(&words, &joined, expr.span))
    }

    pub(super) fn unknown_dotted(&mut self, words: &[ast::Name<'a>], joined: &str, span: Span) -> Typed {
        let Some(first) = words.first() else { return self.unknown(span).at(span) };
        if self.entity(first.text).is_some() || self.owner_of_member(first.text).is_some() {
            return self.word(first, None);
        }
        let visible = self.cx.names.visible(self.module());
        let definitions = visible.iter().filter(|(_, entity)| matches!(entity, Entity::Define(_)));
        let help =
            did_you_mean(joined, definitions.map(|(name, _)| name.as_str())).or_else(|| self.suggestion(first.text));
        let prefix =
            self.cx.names.modules.get(self.module().index()).is_some_and(|names| names.used.contains_key(first.text));
        let (word, span) = if prefix { (joined, span) } else { (first.text, first.span) };
        let title = format!("`{word}` is not declared");
        self.report(Diagnostic::new(Code::AP0201, title, span, "no name in force").maybe_help(help));
        self.unknown(span).at(span)
    }

    fn is_record_field(&self, word: &str) -> bool {
        match &self.place {
            Place::ResultKey { record, .. } => {
                let policy = self.cx.policy;
                policy[policy[*record].shape].field(word).is_some()
            }
            Place::Constraint { name, .. } => name == word,
            _ => false,
        }
    }

    /// Returns whether an expression takes its type from the place that it stands in: words, texts and numbers, and
    /// what is made of them alone.
    pub(super) fn is_flexible(&self, expr: &ast::Expr<'a>) -> bool {
        let names = Lexical { module: self.module(), floor: self.floor, params: &[] };
        self.flexible(expr, names, &mut { MAX_LOOKED_AT })
    }

    /// The same of the body of a definition.
    pub(super) fn is_flexible_body(&self, define: &Definition<'a>, left: &mut u32) -> bool {
        let params = define.ast.params.unwrap_or_default();
        let names = Lexical { module: define.module, floor: self.bindings.len(), params };
        self.flexible(&define.ast.body, names, left)
    }

    fn flexible(&self, expr: &ast::Expr<'a>, names: Lexical<'_, 'a>, left: &mut u32) -> bool {
        let Some(fewer) = left.checked_sub(1) else { return false };
        *left = fewer;
        let mut all = |parts: &[ast::Expr<'a>]| parts.iter().all(|part| self.flexible(part, names, left));
        match expr.kind {
            Written::Text(_) | Written::Number(_) => true,
            Written::Negative(of) => all(&[*of]),
            Written::List(elements) => all(elements),
            Written::If(_, then, other) => all(&[*then, *other]),
            Written::Otherwise(value, default) => all(&[*value, *default]),
            Written::Call(name, arguments) if matches!(name.text, "min" | "max") => {
                arguments.len() > 1 && all(arguments)
            }
            Written::Call(name, _) => match self.cx.names.find(names.module, name.text) {
                Some((Entity::Define(id), _)) => self.is_flexible_definition(id, true, left),
                _ => false,
            },
            Written::Name(name) => self.is_flexible_word(name, names, left),
            _ => false,
        }
    }

    fn is_flexible_word(&self, name: &ast::Name<'a>, names: Lexical<'_, 'a>, left: &mut u32) -> bool {
        let locals = self.bindings.get(names.floor..).unwrap_or_default();
        if let Some(binding) = locals.iter().rev().find(|binding| binding.name == name.text) {
            return binding.literal.is_some();
        }
        let is_param = names.params.iter().any(|param| param.name.text == name.text);
        if is_param || self.is_record_field(name.text) || matches!(name.text, "now" | "today" | "resource") {
            return false;
        }
        match self.cx.names.find(names.module, name.text) {
            Some((Entity::Define(id), _)) => self.is_flexible_definition(id, false, left),
            _ => true,
        }
    }

    fn is_flexible_definition(&self, id: DefineId, called: bool, left: &mut u32) -> bool {
        let define = self.cx.names.defines.get(id.0 as usize);
        define.is_some_and(|define| define.ast.params.is_some() == called && self.is_flexible_body(define, left))
    }
}

/// Returns whether a value is written out: a literal, or a list of them.
fn is_written(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(_) => true,
        ExprKind::List(elements) => elements.iter().all(is_written),
        _ => false,
    }
}

/// Returns the words of a dotted name.
pub(super) fn words_of<'a>(expr: &ast::Expr<'a>) -> Option<Vec<ast::Name<'a>>> {
    match expr.kind {
        Written::Name(name) => Some(vec![*name]),
        Written::Member(of, name) => {
            let mut words = words_of(of)?;
            words.push(*name);
            Some(words)
        }
        _ => None,
    }
}

/// Counts the nodes of an expression, up to what matters.
pub(super) fn size_of(expr: &Expr) -> u64 {
    let then = match &expr.kind {
        ExprKind::Earlier(earlier) => earlier.then(),
        _ => Vec::new(),
    };
    1 + expr.children().into_iter().chain(then).map(size_of).sum::<u64>()
}

/// Returns the clause that asks for what a word stands for, which no condition can read.
fn clause_of(word: &str) -> Option<&'static str> {
    Some(match word {
        "tool" => "tool crm.find",
        "env" | "environment" => "env prod",
        "task" => "task \"support\"",
        "group" | "groups" => "user in support",
        "verb" => "does reads",
        _ => return None,
    })
}
