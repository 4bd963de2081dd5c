//! Tests and asserts.

use super::{Kids, Lower, Node};
use crate::ast::*;
use agentpol_grammar::Rule as G;

impl<'a> Lower<'a, '_> {
    pub(super) fn assertion(&self, kids: &mut Kids<'a>) -> Option<Assert<'a>> {
        kids.has(G::k_assert);
        let name = self.text(&kids.text()?);
        let mut blocks = Vec::new();
        while let Some(claim) = kids.take(G::claim) {
            for part in claim.into_inner().filter(|part| part.as_rule() == G::block) {
                blocks.push(self.block(part)?);
            }
        }
        Some(Assert { name, blocks: self.slice(blocks) })
    }

    pub(super) fn test(&self, kids: &mut Kids<'a>) -> Option<Test<'a>> {
        kids.has(G::k_test);
        let name = self.text(&kids.text()?);
        let node = kids.take(G::given)?;
        let given_span = self.span(&node);
        let mut given = Vec::new();
        for part in node.into_inner().filter(|part| part.as_rule() == G::given_part) {
            let span = self.span(&part);
            given.push(Given { kind: self.given(&mut Kids::of(part))?, span });
        }
        let (mut axes, mut rows, mut steps) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(node) = kids.next() {
            let span = self.span(&node);
            match node.as_rule() {
                G::axis => axes.push(Axis { kind: self.axis(&mut Kids::of(node))?, span }),
                G::row => rows.push(self.row(node)?),
                _ => steps.push(Step { kind: self.step(&mut Kids::of(node))?, span }),
            }
        }
        let (given, steps) = (self.slice(given), self.slice(steps));
        Some(Test { name, given, given_span, steps, axes: self.slice(axes), rows: self.slice(rows) })
    }

    fn given(&self, kids: &mut Kids<'a>) -> Option<GivenKind<'a>> {
        Some(match kids.next()?.as_rule() {
            G::k_agent => {
                let (agent, via) = self.acting(kids)?;
                GivenKind::Agent(agent, via)
            }
            G::k_for => {
                kids.has(G::k_user);
                match kids.text() {
                    Some(id) => GivenKind::User(self.text(&id), self.maybe_object(kids)?),
                    None => GivenKind::NoUser,
                }
            }
            G::k_in => {
                kids.has(G::k_session);
                GivenKind::Session(self.text(&kids.text()?))
            }
            G::k_env => GivenKind::Env(self.name(&kids.take(G::bare)?)),
            G::k_task => GivenKind::Task(self.text(&kids.text()?)),
            G::k_at => GivenKind::At(Self::datetime(&kids.take(G::datetime)?)),
            G::k_context => GivenKind::Context(self.maybe_object(kids)??),
            G::k_origin => GivenKind::Origin(self.maybe_object(kids)??),
            G::k_resource => self.given_resource(kids)?,
            _ => match kids.next()?.as_rule() {
                G::k_aged => GivenKind::CredentialAged(self.duration(&kids.take(G::duration)?)),
                _ => GivenKind::NoCredential,
            },
        })
    }

    fn given_resource(&self, kids: &mut Kids<'a>) -> Option<GivenKind<'a>> {
        let resource = self.named_resource(kids)?;
        let attributes = self.maybe_object(kids)?;
        kids.has(G::k_within);
        let mut within = Vec::new();
        while let Some(place) = self.named_resource(kids) {
            within.push(place);
        }
        Some(GivenKind::Resource(resource, attributes, self.slice(within)))
    }

    fn named_resource(&self, kids: &mut Kids<'a>) -> Option<NamedResource<'a>> {
        let mut kids = Kids::of(kids.take(G::named_resource)?);
        Some(NamedResource { of: self.path(kids.take(G::path)?), id: self.text(&kids.text()?) })
    }

    /// Takes an agent, and the agents that it is reached through.
    pub(super) fn acting(&self, kids: &mut Kids<'a>) -> Option<(Hop<'a>, &'a [Hop<'a>])> {
        let agent = self.hop(kids)?;
        kids.has(G::k_via);
        let mut via = Vec::new();
        while let Some(hop) = self.hop(kids) {
            via.push(hop);
        }
        Some((agent, self.slice(via)))
    }

    pub(super) fn hop(&self, kids: &mut Kids<'a>) -> Option<Hop<'a>> {
        let mut kids = Kids::of(kids.take(G::hop)?);
        Some(Hop { agent: self.path(kids.take(G::path)?), attributes: self.maybe_object(&mut kids)? })
    }

    pub(super) fn maybe_object(&self, kids: &mut Kids<'a>) -> Option<Option<&'a [Pair<'a>]>> {
        match kids.take(G::object) {
            Some(node) => Some(Some(self.pairs(&mut Kids::of(node))?)),
            None => Some(None),
        }
    }

    /// Takes all pairs that follow.
    pub(super) fn pairs(&self, kids: &mut Kids<'a>) -> Option<&'a [Pair<'a>]> {
        let mut out = Vec::new();
        while let Some(node) = kids.take(G::pair) {
            let mut parts = Kids::of(node);
            let key = parts.next()?;
            let key = match key.as_rule() {
                G::word => Text { value: key.as_str(), span: self.span(&key) },
                _ => self.text(&key),
            };
            out.push(Pair { key, value: self.value(parts.take(G::value)?)? });
        }
        Some(self.slice(out))
    }

    pub(super) fn value(&self, node: Node<'a>) -> Option<Literal<'a>> {
        let span = self.span(&node);
        let mut kids = Kids::of(node);
        let minus = kids.has(G::minus);
        let node = kids.next()?;
        let kind = match node.as_rule() {
            G::field_path => {
                let path = self.path(node);
                match path.segments {
                    [Name { text: "null", .. }] => LiteralKind::Null,
                    [Name { text: "true", .. }] => LiteralKind::Bool(true),
                    [Name { text: "false", .. }] => LiteralKind::Bool(false),
                    _ => LiteralKind::Word(path),
                }
            }
            G::answer_of => {
                let mut parts = Kids::of(node);
                let tool = self.result_of(parts.take(G::result_of)?)?;
                parts.has(G::k_at);
                LiteralKind::ResultOf(tool, parts.text().map(|text| self.text(&text)))
            }
            G::number => LiteralKind::Number(minus, self.number(&node)),
            G::duration => LiteralKind::Duration(self.duration(&node)),
            G::date => LiteralKind::Date(self.date(&node)),
            G::datetime => LiteralKind::DateTime(Self::datetime(&node)),
            G::object => LiteralKind::Object(self.pairs(&mut Kids::of(node))?),
            G::list_value => {
                let mut out = Vec::new();
                for kid in node.into_inner() {
                    out.push(self.value(kid)?);
                }
                LiteralKind::List(self.slice(out))
            }
            _ => LiteralKind::Text(self.text(&node)),
        };
        Some(Literal { kind, span })
    }
}
