//! Steps of scenarios, and the tables that say who may do what.

use super::{Kids, Lower, Node};
use crate::ast::*;
use agentpol_grammar::Rule as G;

impl<'a> Lower<'a, '_> {
    pub(super) fn step(&self, kids: &mut Kids<'a>) -> Option<StepKind<'a>> {
        let first = kids.next()?;
        Some(match first.as_rule() {
            G::k_after => StepKind::After(self.duration(&kids.take(G::duration)?)),
            G::call => StepKind::Call(self.call(&mut Kids::of(first))?),
            G::change_session => StepKind::Session(self.change_session(&mut Kids::of(first))?),
            _ => {
                let mut kids = Kids::of(first);
                let rejects = kids.next()?.as_rule() == G::k_reject;
                let answer = self.answer(&mut kids)?;
                if rejects { StepKind::Reject(answer) } else { StepKind::Approve(answer) }
            }
        })
    }

    fn answer(&self, kids: &mut Kids<'a>) -> Option<Answer<'a>> {
        kids.has(G::k_by);
        let who = self.text(&kids.text()?);
        kids.has(G::k_in);
        let group = kids.take(G::path).map(|node| self.path(node));
        Some(Answer { who, group, refused: self.refusal(kids) })
    }

    fn refusal(&self, kids: &mut Kids<'a>) -> Option<Refusal<'a>> {
        let mut kids = Kids::of(kids.take(G::refusal)?);
        kids.has(G::arrow);
        kids.has(G::k_refused);
        Some(Refusal { code: kids.take(G::code).map(|node| self.name(&node)) })
    }

    fn change_session(&self, kids: &mut Kids<'a>) -> Option<ChangeSession<'a>> {
        kids.has(G::k_in);
        kids.has(G::k_session);
        let name = self.text(&kids.text()?);
        let parent = if kids.has(G::k_of) { Some(self.text(&kids.text()?)) } else { None };
        let agent = if kids.has(G::k_agent) { Some(self.acting(kids)?) } else { None };
        let mut user = None;
        if kids.has(G::k_for) {
            kids.has(G::k_user);
            user = Some(self.someone(kids)?);
        }
        Some(ChangeSession { name, parent, agent, user, refused: self.refusal(kids) })
    }

    /// Takes a user with what the request says of them, or `none`.
    fn someone(&self, kids: &mut Kids<'a>) -> Option<Who<'a>> {
        if let Some(nobody) = kids.take(G::k_none) {
            return Some(Who { id: None, attributes: None, span: self.span(&nobody) });
        }
        let id = self.text(&kids.text()?);
        Some(Who { id: Some(id), attributes: self.maybe_object(kids)?, span: id.span })
    }

    fn call(&self, kids: &mut Kids<'a>) -> Option<Call<'a>> {
        let tool = self.path(kids.take(G::path)?);
        let args = self.pairs(kids)?;
        kids.has(G::arrow);
        let expect = self.expected(&mut Kids::of(kids.take(G::expected)?))?;
        let by = self.by(kids)?;
        let alerts = kids.take(G::alerts).map(|node| {
            let mut kids = Kids::of(node);
            kids.has(G::k_alerts);
            self.texts(&mut kids)
        });
        let mut endings = Vec::new();
        while let Some(node) = kids.take(G::ending) {
            let span = self.span(&node);
            endings.push(Ending { kind: self.ending(&mut Kids::of(node))?, span });
        }
        Some(Call { tool, args, expect, by, alerts, endings: self.slice(endings) })
    }

    fn by(&self, kids: &mut Kids<'a>) -> Option<Option<Text<'a>>> {
        Some(if kids.has(G::k_by) { Some(self.text(&kids.text()?)) } else { None })
    }

    fn ending(&self, kids: &mut Kids<'a>) -> Option<EndingKind<'a>> {
        Some(match kids.next()?.as_rule() {
            G::k_fails => EndingKind::Fails,
            G::k_released => EndingKind::Released,
            G::k_pending => EndingKind::Pending,
            G::k_untrusted => EndingKind::Untrusted,
            _ => EndingKind::Returns(self.value(kids.take(G::value)?)?),
        })
    }

    fn expected(&self, kids: &mut Kids<'a>) -> Option<Expect<'a>> {
        Some(match kids.next()?.as_rule() {
            G::k_allow => Expect::Allow,
            G::k_throttle => Expect::Throttle,
            G::k_deny => Expect::Deny(kids.take(G::code).map(|node| self.name(&node))),
            _ => {
                let mut from = Vec::new();
                while let Some(node) = kids.next() {
                    if node.as_rule() == G::approvers {
                        from.push(self.approvers(node)?);
                    }
                }
                Expect::RequireApproval(self.slice(from))
            }
        })
    }

    pub(super) fn axis(&self, kids: &mut Kids<'a>) -> Option<AxisKind<'a>> {
        kids.has(G::k_for);
        kids.has(G::k_each);
        Some(match kids.next()?.as_rule() {
            G::k_agent => {
                let mut chains = Vec::new();
                while let Some(node) = kids.take(G::chain) {
                    let mut kids = Kids::of(node);
                    let agent = self.hop(&mut kids)?;
                    kids.has(G::k_via);
                    chains.push((agent, self.hop(&mut kids)));
                }
                AxisKind::Agents(self.slice(chains))
            }
            G::k_user => {
                let mut users = Vec::new();
                while let Some(node) = kids.take(G::who) {
                    users.push(self.someone(&mut Kids::of(node))?);
                }
                AxisKind::Users(self.slice(users))
            }
            _ => {
                let mut samples = Vec::new();
                while let Some(node) = kids.take(G::sample) {
                    samples.push(self.sample(&mut Kids::of(node))?);
                }
                kids.has(G::except);
                let mut except = Vec::new();
                while let Some(node) = kids.take(G::pattern) {
                    except.push(self.pattern(node)?);
                }
                AxisKind::Tools(self.slice(samples), self.slice(except))
            }
        })
    }

    fn sample(&self, kids: &mut Kids<'a>) -> Option<Sample<'a>> {
        if let Some(pattern) = kids.take(G::pattern) {
            return Some(Sample::Pattern(self.pattern(pattern)?));
        }
        let (tool, args) = (self.path(kids.take(G::path)?), self.pairs(kids)?);
        kids.has(G::k_as);
        Some(Sample::Call(tool, args, kids.take(G::name).map(|node| self.name(&node))))
    }

    pub(super) fn row(&self, node: Node<'a>) -> Option<Row<'a>> {
        let span = self.span(&node);
        let mut kids = Kids::of(node);
        let else_row = kids.has(G::k_everything) && kids.has(G::k_else);
        let mut cells = Vec::new();
        while let Some(node) = kids.take(G::cells) {
            let span = self.span(&node);
            cells.push(Cells { kind: self.cells(&mut Kids::of(node))?, span });
        }
        kids.has(G::arrow);
        let expect = self.expected(&mut Kids::of(kids.take(G::expected)?))?;
        let by = self.by(&mut kids)?;
        Some(Row { cells: (!else_row).then(|| self.slice(cells)), expect, by, span })
    }

    fn cells(&self, kids: &mut Kids<'a>) -> Option<CellsKind<'a>> {
        Some(match kids.next()?.as_rule() {
            G::k_agent => CellsKind::Agent(self.paths(kids)),
            G::k_user => {
                let mut users = Vec::new();
                while let Some(node) = kids.take(G::whom) {
                    users.push(self.someone(&mut Kids::of(node))?);
                }
                CellsKind::User(self.slice(users))
            }
            G::k_tool => CellsKind::Tool(self.patterns(kids.take(G::patterns)?)?),
            G::k_does => CellsKind::Does(self.verbs(kids)?),
            _ => CellsKind::On(self.paths(kids)),
        })
    }
}
