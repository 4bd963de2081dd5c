//! `resource` and other references: their attributes, their ids, what they lie in, and `in` by closure.

use super::infer::wider;
use super::show::listed;
use super::typed::{Missing, Typed};
use super::types::alike;
use super::words::words_of;
use super::{Place, Typer};
use crate::names::Entity;
use crate::policy::{Expr, ExprKind, Field, GroupId, ResourceId, ShapeId, ToolId, Type};
use agentpol_diagnostics::{Code, Diagnostic, Span, did_you_mean};
use agentpol_syntax::ast::{self, ExprKind as Written};

/// How long the list of what a resource lies in may be, itself included.
const MAX_PATH: u32 = 256;

impl<'a> Typer<'_, 'a> {
    /// Types `resource`: of the types that the tools at hand say.
    pub(super) fn the_resource(&mut self, span: Span) -> Typed {
        let Place::Rule { tools, .. } = &self.place else { return self.unknown(span).at(span) };
        let policy = self.cx.policy;
        let of = |tool: &ToolId| policy[*tool].resource.as_ref().map(|resource| resource.of);
        let mut types: Vec<ResourceId> = tools.iter().filter_map(of).collect();
        let lacking: Vec<ToolId> = tools.iter().filter(|tool| of(tool).is_none()).copied().collect();
        types.sort();
        types.dedup();
        if let Some(first) = lacking.first() {
            if !self.told.iter().any(|told| told == "resource") {
                self.told.push("resource".to_owned());
                let names = listed(lacking.iter().map(|tool| policy[*tool].name.as_str()));
                let verb = if lacking.len() == 1 { "says" } else { "say" };
                let title = "not every tool of this rule says which resource it is about";
                let diagnostic = Diagnostic::new(Code::AP0330, title, span, format!("{names} {verb} none"))
                    .because(policy[*first].span, format!("`{}` is declared here", policy[*first].name));
                self.report(
                    diagnostic.help(
                        "write `of document(args.id)` behind the tool's parameters, or name other tools in `tool`",
                    ),
                );
            }
            return self.unknown(span).at(span);
        }
        if types.is_empty() {
            return self.unknown(span).at(span);
        }
        Typed::plain(self.node(ExprKind::Resource, Type::Resource(types), span)).at(span)
    }

    /// Types `.name` behind a user, group or resource; `asking` where `has` stands before it.
    pub(super) fn member_of_reference(&mut self, of: Typed, name: &ast::Name<'a>, span: Span, asking: bool) -> Typed {
        match (&of.expr.ty, name.text) {
            (Type::Unknown, _) => self.unknown(span).at(span),
            (_, "id") => self.behind(of, ExprKind::Id, Type::String, span),
            (Type::Resource(types), "path") => {
                let all = self.cx.policy.path_of(types);
                let ty = Type::List(Box::new(Type::Resource(all)), MAX_PATH);
                self.behind(of, ExprKind::PathOf, ty, span)
            }
            (Type::Resource(types), _) => {
                let shapes = types.iter().map(|id| (self.cx.policy[*id].name.clone(), self.cx.policy[*id].shape));
                let shapes = shapes.collect();
                self.attribute(of, shapes, name, span, asking)
            }
            (Type::User, _) => {
                let shapes = vec![("user".to_owned(), self.cx.policy.user)];
                self.attribute(of, shapes, name, span, asking)
            }
            (ty, _) => {
                let title = format!("`{}` has no `.{}`", self.type_name(ty), name.text);
                let label = format!("on {}", self.a_type(ty));
                let help = "it has `.id`, and `user in ...` asks for membership";
                self.report(Diagnostic::new(Code::AP0303, title, name.span, label).help(help));
                self.unknown(span).at(span)
            }
        }
    }

    /// Makes what is read of a reference and always there where it is.
    fn behind(&mut self, of: Typed, kind: fn(Box<Expr>) -> ExprKind, ty: Type, span: Span) -> Typed {
        let expr = self.node(kind(Box::new(of.expr)), ty, span);
        Typed { expr, at: span, ..of }
    }

    /// Types an attribute that every one of these types has, with one type.
    fn attribute(
        &mut self,
        of: Typed,
        shapes: Vec<(String, ShapeId)>,
        name: &ast::Name<'a>,
        span: Span,
        asking: bool,
    ) -> Typed {
        let policy = self.cx.policy;
        let found: Vec<&Field> =
            shapes.iter().filter_map(|(_, shape)| policy[*shape].field(name.text)).map(|(_, field)| field).collect();
        let Some(first) = found.first().copied() else { return self.no_attribute(&shapes, name, span) };
        let lacking: Vec<&str> = shapes
            .iter()
            .filter(|(_, shape)| policy[*shape].field(name.text).is_none())
            .map(|(name, _)| name.as_str())
            .collect();
        let kind = ExprKind::Attribute(Box::new(of.expr.clone()), name.text.to_owned());
        let key = self.key(&Expr { kind: kind.clone(), ty: Type::Unknown, span });
        let guarded = key.as_ref().is_some_and(|key| self.facts.contains(key));
        if !lacking.is_empty() && !asking && !guarded {
            let title = format!("not every resource of this rule has `{}`", name.text);
            let verb = if lacking.len() == 1 { "has" } else { "have" };
            let label = format!("{} {verb} none", listed(lacking.iter().copied()));
            let diagnostic = Diagnostic::new(Code::AP0214, title, name.span, label);
            let written = self.text(span);
            self.report(
                diagnostic
                    .because(first.span, format!("`{}` is declared here", name.text))
                    .help(format!("ask first, as in `has {written} and ...`, or write one rule for each type")),
            );
            return self.unknown(span).at(span);
        }
        if let Some(other) = found.iter().find(|other| !alike(policy, &other.ty, &first.ty)) {
            let title = format!("`{}` is not of one type in every resource of this rule", name.text);
            let diagnostic = Diagnostic::new(Code::AP0314, title, name.span, "which of them?")
                .because(first.span, format!("here it is {}", self.a_type(&first.ty)))
                .because(other.span, format!("here it is {}", self.a_type(&other.ty)));
            self.report(diagnostic.help("write one rule for each type"));
            return self.unknown(span).at(span);
        }
        let ty = found.iter().fold(first.ty.clone(), |ty, field| wider(&ty, &field.ty));
        let optional = !lacking.is_empty() || found.iter().any(|field| field.optional);
        let declared = found.iter().find(|field| field.optional).copied().unwrap_or(first);
        let secret = of.secret || found.iter().any(|field| field.secret);
        let mut missing = of.missing;
        if optional {
            let key = key.unwrap_or_default();
            missing.push(Missing { key, written: self.text(span), declared: declared.span });
        }
        let expr = self.node(kind, ty, span);
        Typed { expr, at: span, missing, secret, declared: Some((first.name.clone(), first.span)) }
    }

    fn no_attribute(&mut self, shapes: &[(String, ShapeId)], name: &ast::Name<'a>, span: Span) -> Typed {
        let policy = self.cx.policy;
        let fields = shapes.iter().flat_map(|(_, shape)| &policy[*shape].fields);
        let mut known: Vec<&str> = fields.map(|field| field.name.as_str()).chain(["id", "path"]).collect();
        known.sort_unstable();
        known.dedup();
        let names = listed(shapes.iter().map(|(name, _)| name.as_str()));
        let first = shapes.first().map_or("", |(name, _)| name.as_str());
        let title = format!("{names} has no `{}`", name.text);
        let line = if first == "user" { "user".to_owned() } else { format!("resource {first}") };
        let help = did_you_mean(name.text, known.iter().copied())
            .unwrap_or_else(|| format!("declare it, as in `{line} {{ {}: string }}`", name.text));
        self.report(Diagnostic::new(Code::AP0214, title, name.span, "not declared").help(help));
        self.unknown(span).at(span)
    }

    /// Returns whether what stands behind `user in` is no name of a group, but leads to users or groups.
    pub(super) fn reaches_references(&self, right: &ast::Expr<'a>) -> bool {
        match words_of(right) {
            Some(words) => {
                let Some(first) = words.first().map(|word| word.text) else { return false };
                let root = matches!(first, "resource" | "user" | "that");
                self.binding(first).is_some() || root || matches!(self.entity(first), Some((Entity::Define(_), _)))
            }
            None => !matches!(right.kind, Written::List(_) | Written::Text(_)),
        }
    }

    /// Types `REFERENCE in X`: a group by name, or what leads to users, groups or resources.
    pub(super) fn inside(&mut self, element: Typed, right: &ast::Expr<'a>, span: Span) -> Typed {
        if let Some(group) = self.named_group(right) {
            return self.in_group(element, group, span);
        }
        let over = self.infer(right, None);
        if element.is_unknown() {
            return self.undecided(span);
        }
        if over.is_unknown() {
            return self.undecided(span);
        }
        let by_definition = words_of(right).is_some_and(|words| {
            let first = words.first().map(|word| self.entity(word.text));
            matches!(first, Some(Some((Entity::Define(_), _))))
        });
        if matches!(element.expr.kind, ExprKind::Requester) && by_definition && !leads_to_references(&over.expr.ty) {
            return self.user_in(right, span);
        }
        let (inner, is_list) = match &over.expr.ty {
            Type::List(inner, _) => ((**inner).clone(), true),
            other => (other.clone(), false),
        };
        if !self.may_lie_in(&element, &over, &inner, is_list) {
            return self.undecided(span);
        }
        let (element, over) = (self.operand(element), self.operand(over));
        self.condition_node(ExprKind::Inside(Box::new(element), Box::new(over)), span)
    }

    fn named_group(&self, right: &ast::Expr<'a>) -> Option<GroupId> {
        let words = words_of(right)?;
        if self.binding(words.first()?.text).is_some() {
            return None;
        }
        let joined = words.iter().map(|word| word.text).collect::<Vec<_>>().join(".");
        match self.entity(&joined)? {
            (Entity::Group(id), _) => Some(id),
            _ => None,
        }
    }

    fn in_group(&mut self, element: Typed, group: GroupId, span: Span) -> Typed {
        if matches!(element.expr.ty, Type::Resource(_)) {
            let title = format!("`{}` is never in a group", self.type_name(&element.expr.ty));
            let group = &self.cx.policy[group];
            let diagnostic = Diagnostic::new(Code::AP0301, title, element.at, "a resource")
                .because(group.span, format!("`{}` is a group of users", group.name));
            self.report(diagnostic.help("ask for the user: `user in ...`"));
            return self.undecided(span);
        }
        let element = self.operand(element);
        let kind = match element.kind {
            ExprKind::Requester => ExprKind::UserIn(group),
            _ => ExprKind::InGroup(Box::new(element), group),
        };
        self.condition_node(kind, span)
    }

    /// Tells what can never be in what.
    fn may_lie_in(&mut self, element: &Typed, over: &Typed, inner: &Type, is_list: bool) -> bool {
        let people = |ty: &Type| matches!(ty, Type::User | Type::Group | Type::Principal);
        let (fits, help) = match (&element.expr.ty, inner) {
            (Type::User, Type::User) if !is_list => {
                (false, Some(format!("write `{} == {}`", self.text(element.at), self.text(over.at))))
            }
            (Type::Group, Type::User) => (false, None),
            (a, b) if people(a) && people(b) => (true, None),
            (Type::Resource(these), Type::Resource(those)) => {
                let path = self.cx.policy.path_of(these);
                let fits = those.iter().any(|id| path.contains(id));
                let inner = listed(those.iter().map(|id| self.cx.policy[*id].name.as_str()));
                let help = format!("say what it lies in: `resource ... {{ within {} }}`", inner.replace('`', ""));
                (fits, Some(help))
            }
            (Type::User, Type::Unknown) => (true, None),
            _ => (false, None),
        };
        if fits {
            return true;
        }
        let (a, b) = (self.type_name(&element.expr.ty), self.type_name(inner));
        let title = format!("`{a}` is never in `{b}`");
        let mut diagnostic =
            Diagnostic::new(Code::AP0301, title, element.at, format!("this is {}", self.a_type(&element.expr.ty)))
                .because(over.at, format!("this is {}", self.a_type(&over.expr.ty)));
        if let Some((name, declared)) = &over.declared {
            diagnostic = diagnostic.because(*declared, format!("`{name}` is declared here"));
        }
        self.report(diagnostic.maybe_help(help));
        false
    }
}

/// Returns whether values are references, or lists of them.
fn leads_to_references(ty: &Type) -> bool {
    match ty {
        Type::List(of, _) => of.is_reference() || **of == Type::Unknown,
        ty => ty.is_reference(),
    }
}
