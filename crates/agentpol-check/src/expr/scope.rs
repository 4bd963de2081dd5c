//! Names in force: `let`, the elements of quantifiers, and the parameters of a definition being written out.

use super::Typer;
use super::history::Call;
use super::typed::{Missing, Typed};
use crate::names::{DefineId, Entity};
use crate::policy::{Expr, ExprKind, LocalId, ModuleId, ZoneId};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast;
use std::rc::Rc;

/// A name in force.
#[derive(Clone, Debug)]
pub(super) struct Binding<'a> {
    pub(super) name: &'a str,
    pub(super) span: Span,
    /// What a reference stands for.
    pub(super) stands_for: Typed,
    /// A literal, or a list of them: typed anew at each reference, for the type asked for there.
    pub(super) literal: Option<ast::Expr<'a>>,
    /// The earlier call that it stands for, which is no value; the inner `None` where something is wrong with it.
    pub(super) call: Option<Option<Rc<Call>>>,
}

/// A definition being written out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) define: DefineId,
    pub(super) module: ModuleId,
    pub(super) zone: Option<ZoneId>,
    /// Where the rule uses it; for one used by another, where the rule uses the other.
    pub(super) used: Span,
}

impl<'a> Typer<'_, 'a> {
    /// Returns the module whose words are in force.
    pub(super) fn module(&self) -> ModuleId {
        self.frames.last().map_or(self.cx.module, |frame| frame.module)
    }

    /// Returns the time zone in force.
    pub(super) fn zone(&self) -> Option<ZoneId> {
        self.frames.last().map_or(self.cx.zone, |frame| frame.zone)
    }

    /// Finds a local name.
    pub(super) fn binding(&self, name: &str) -> Option<&Binding<'a>> {
        self.bindings[self.floor..].iter().rev().find(|binding| binding.name == name)
    }

    /// Finds a name that a word stands for in the module in force.
    pub(super) fn entity(&self, name: &str) -> Option<(Entity, Span)> {
        self.cx.names.find(self.module(), name)
    }

    /// Puts the name of a local in force that holds a value.
    pub(super) fn declare(
        &mut self,
        name: &ast::Name<'a>,
        value: Typed,
        local: LocalId,
        written: Option<ast::Expr<'a>>,
    ) {
        self.check_fresh(name);
        let literal = written.filter(|expr| self.is_flexible(expr));
        let stands_for = self.through(name, &value, local);
        self.lets.push((local, value.expr));
        self.bindings.push(Binding { name: name.text, span: name.span, stands_for, literal, call: None });
    }

    /// Puts the name of an element in force: always there, secret where the list is.
    pub(super) fn declare_element(
        &mut self,
        name: &ast::Name<'a>,
        expr: Expr,
        secret: bool,
        declared: Option<(String, Span)>,
    ) {
        self.check_fresh(name);
        let stands_for = Typed { at: name.span, expr, missing: Vec::new(), secret, declared };
        self.bindings.push(Binding { name: name.text, span: name.span, stands_for, literal: None, call: None });
    }

    /// Makes the reference to a local that holds `value`: missing where the value is.
    fn through(&mut self, name: &ast::Name<'a>, value: &Typed, local: LocalId) -> Typed {
        let expr = Expr { kind: ExprKind::Local(local), ty: value.expr.ty.clone(), span: value.expr.span };
        let mut missing = value.missing.clone();
        if self.key(&value.expr).is_none() && !missing.is_empty() {
            missing = vec![Missing { key: local_key(local), written: name.text.to_owned(), declared: name.span }];
        }
        Typed { expr, at: name.span, missing, secret: value.secret, declared: value.declared.clone() }
    }

    /// Refuses a name that hides another.
    pub(super) fn check_fresh(&mut self, name: &ast::Name<'a>) {
        let hidden = match self.binding(name.text) {
            Some(binding) => Some((binding.span, "this is in force here")),
            None => match self.entity(name.text) {
                Some((Entity::Define(_), span)) => Some((span, "this is a definition")),
                _ => None,
            },
        };
        let Some((span, what)) = hidden.filter(|(span, _)| *span != name.span) else { return };
        let title = format!("`{}` hides another `{}`", name.text, name.text);
        let diagnostic = Diagnostic::new(Code::AP0203, title, name.span, "the second of that name").because(span, what);
        self.report(diagnostic.help("choose another name for this one"));
    }
}

/// Names a local among the paths.
pub(super) fn local_key(local: LocalId) -> String {
    format!("%{}", local.0)
}
