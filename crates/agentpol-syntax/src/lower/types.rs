//! Fields and types.

use super::{Kids, Lower, Node};
use crate::ast::*;
use agentpol_grammar::Rule;

impl<'a> Lower<'a, '_> {
    /// `user { ... }` and `context { ... }`.
    pub(super) fn shape_item(&self, kids: &mut Kids<'a>) -> Option<&'a [Field<'a>]> {
        kids.next()?;
        self.shape(kids.take(Rule::shape)?)
    }

    pub(super) fn shape(&self, node: Node<'a>) -> Option<&'a [Field<'a>]> {
        self.fields(&mut Kids::of(node))
    }

    /// Takes all fields that follow.
    pub(super) fn fields(&self, kids: &mut Kids<'a>) -> Option<&'a [Field<'a>]> {
        let mut out = Vec::new();
        while let Some(node) = kids.take(Rule::field) {
            out.push(self.field(node)?);
        }
        Some(self.slice(out))
    }

    pub(super) fn field(&self, node: Node<'a>) -> Option<Field<'a>> {
        let span = self.span(&node);
        let mut kids = Kids::of(node);
        let name = self.name(&kids.take(Rule::word)?);
        let optional = kids.has(Rule::optional);
        let wire = kids.text().map(|text| self.text(&text));
        let ty = self.type_expr(kids.take(Rule::type_expr)?)?;
        let mut constraints = Vec::new();
        while let Some(node) = kids.take(Rule::constraint) {
            let mut parts = Kids::of(node);
            constraints.push(match parts.next()?.as_rule() {
                Rule::k_where => Constraint::Where(self.expr(parts.take(Rule::expr)?)?),
                _ => Constraint::Matches(self.text(&parts.text()?)),
            });
        }
        Some(Field { name, optional, wire, ty, constraints: self.slice(constraints), span })
    }

    pub(super) fn type_expr(&self, node: Node<'a>) -> Option<TypeExpr<'a>> {
        let span = self.span(&node);
        let mut kids = Kids::of(node);
        let (mut secret, mut untrusted) = (false, false);
        let base = loop {
            let kid = kids.next()?;
            match kid.as_rule() {
                Rule::k_secret => secret = true,
                Rule::k_untrusted => untrusted = true,
                _ => break kid,
            }
        };
        let kind = self.type_kind(base)?;
        Some(TypeExpr { secret, untrusted, kind, span })
    }

    fn type_kind(&self, node: Node<'a>) -> Option<TypeKind<'a>> {
        let rule = node.as_rule();
        if rule == Rule::type_name {
            return Some(TypeKind::Named(self.path(node)));
        }
        let mut kids = Kids::of(node);
        if rule == Rule::shape {
            return Some(TypeKind::Fields(self.fields(&mut kids)?));
        }
        let first = kids.next()?.as_rule();
        let inner = |kids: &mut Kids<'a>| Some(&*self.bump.alloc(self.type_expr(kids.take(Rule::type_expr)?)?));
        Some(match rule {
            Rule::list_type => {
                let element = inner(&mut kids)?;
                TypeKind::List(element, kids.take(Rule::number).map(|node| self.number(&node)))
            }
            Rule::map_type => {
                let (key, value) = (inner(&mut kids)?, inner(&mut kids)?);
                TypeKind::Map(key, value, kids.take(Rule::number).map(|node| self.number(&node)))
            }
            _ => match first {
                Rule::k_url => TypeKind::UrlWithIp6,
                Rule::k_decimal => TypeKind::DecimalAsString,
                Rule::k_path => {
                    kids.next()?;
                    TypeKind::PathUnder(self.text(&kids.text()?))
                }
                _ => {
                    kids.next()?;
                    TypeKind::DateTimeIn(self.text(&kids.text()?))
                }
            },
        })
    }
}
