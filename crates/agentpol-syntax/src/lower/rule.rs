//! Rules and blocks of clauses.

use super::tool::verb;
use super::{Kids, Lower, Node};
use crate::ast::*;
use agentpol_diagnostics::Span;
use agentpol_grammar::Rule as G;

impl<'a> Lower<'a, '_> {
    pub(super) fn rule(&self, kids: &mut Kids<'a>) -> Option<Rule<'a>> {
        let node = kids.take(G::effect)?;
        let effect_span = self.span(&node);
        let effect = match Kids::of(node).next()?.as_rule() {
            G::k_allow => Effect::Allow,
            G::k_deny => Effect::Deny,
            G::k_require => Effect::RequireApproval,
            G::k_entitle => Effect::Entitle,
            G::k_limit => Effect::Limit,
            _ => Effect::Alert,
        };
        let name = kids.text().map(|text| self.text(&text));
        Some(Rule { effect, effect_span, name, block: self.block(kids.take(G::block)?)? })
    }

    pub(super) fn block(&self, node: Node<'a>) -> Option<Block<'a>> {
        let span = self.span(&node);
        let mut clauses = Vec::new();
        for kid in node.into_inner() {
            let span = self.span(&kid);
            clauses.push(Clause { kind: self.clause(span, &mut Kids::of(kid))?, span });
        }
        Some(Block { clauses: self.slice(clauses), span })
    }

    fn clause(&self, span: Span, kids: &mut Kids<'a>) -> Option<ClauseKind<'a>> {
        let word = kids.next()?;
        Some(match word.as_rule() {
            G::k_agent => ClauseKind::Agent(self.agents(kids.take(G::agents)?)?),
            G::k_user => ClauseKind::User(self.users(kids)?),
            G::k_tool => ClauseKind::Tool(self.patterns(kids.take(G::patterns)?)?),
            G::k_when => ClauseKind::When(self.expr(kids.take(G::expr)?)?),
            G::k_unless => ClauseKind::Unless(self.expr(kids.take(G::expr)?)?),
            G::k_where => ClauseKind::Where(self.expr(kids.take(G::expr)?)?),
            G::k_does => ClauseKind::Does(self.verbs(kids)?),
            G::k_on => ClauseKind::On(self.on(kids)?),
            G::k_because => ClauseKind::Because(self.text(&kids.text()?)),
            G::k_from => ClauseKind::From(self.approvers(kids.take(G::approvers)?)?),
            G::k_within => ClauseKind::Within(self.duration(&kids.take(G::duration)?)),
            G::k_let => {
                let name = self.name(&kids.take(G::name)?);
                ClauseKind::Let(name, self.expr(kids.take(G::expr)?)?)
            }
            G::k_env => ClauseKind::Env(self.words(kids)),
            G::k_during => ClauseKind::During(self.paths(kids)),
            G::k_outside => ClauseKind::Outside(self.paths(kids)),
            G::k_task => ClauseKind::Task(self.texts(kids)),
            G::k_phase => {
                kids.has(G::k_observe);
                kids.has(G::k_until);
                ClauseKind::PhaseObserve(kids.take(G::date).map(|node| self.date(&node)))
            }
            G::k_always => ClauseKind::Always,
            G::k_by => ClauseKind::By(self.name(&kids.take(G::actor)?)),
            G::k_returns => ClauseKind::ReturnsUntrusted,
            G::k_distinct => ClauseKind::Distinct,
            G::k_at => {
                kids.has(G::k_most);
                ClauseKind::AtMost(self.rate(kids.take(G::rate)?)?)
            }
            G::k_more => {
                kids.has(G::k_than);
                ClauseKind::MoreThan(self.rate(kids.take(G::rate)?)?)
            }
            G::k_outcome => ClauseKind::Outcome(self.outcomes(kids)),
            G::k_novel => ClauseKind::Novel(self.exprs(kids)?),
            G::k_since => ClauseKind::Since(self.history(span, kids)?),
            G::k_keeping => {
                kids.has(G::k_last);
                ClauseKind::Keeping(self.number(&kids.take(G::number)?))
            }
            _ => ClauseKind::Severity(self.name(&kids.take(G::bare)?)),
        })
    }

    fn agents(&self, node: Node<'a>) -> Option<AgentSelector<'a>> {
        let mut kids = Kids::of(node);
        if kids.has(G::k_any) {
            kids.has(G::k_except);
            return Some(AgentSelector::Any(self.paths(&mut kids)));
        }
        if kids.has(G::k_with) {
            kids.has(G::k_function);
            return Some(AgentSelector::WithFunction(self.text(&kids.text()?)));
        }
        if kids.has(G::k_in) {
            return Some(AgentSelector::In(self.paths(&mut kids)));
        }
        Some(AgentSelector::Named(self.paths(&mut kids)))
    }

    fn users(&self, kids: &mut Kids<'a>) -> Option<&'a [UserSelector<'a>]> {
        let mut out = Vec::new();
        while let Some(node) = kids.take(G::users) {
            let span = self.span(&node);
            let mut parts = Kids::of(node);
            let first = parts.next()?;
            match first.as_rule() {
                G::k_any => out.push(UserSelector::Any(span)),
                G::k_none => out.push(UserSelector::None(span)),
                G::k_in => out.extend(self.paths(&mut parts).iter().map(|path| UserSelector::In(*path))),
                _ => out.push(UserSelector::Id(self.text(&first))),
            }
        }
        Some(self.slice(out))
    }

    pub(super) fn verbs(&self, kids: &mut Kids<'a>) -> Option<&'a [(VerbWord, Span)]> {
        let mut out = Vec::new();
        while let Some(node) = kids.take(G::verb) {
            out.push((verb(node.as_str())?, self.span(&node)));
        }
        Some(self.slice(out))
    }

    fn on(&self, kids: &mut Kids<'a>) -> Option<OnSelector<'a>> {
        let paths = self.paths(kids);
        let Some(op) = kids.take(G::compare) else { return Some(OnSelector::Names(paths)) };
        let member = self.name(&kids.take(G::bare)?);
        Some(OnSelector::Level { level: *paths.first()?, op: super::expr::compare(op.as_str())?, member })
    }

    pub(super) fn approvers(&self, node: Node<'a>) -> Option<Approvers<'a>> {
        let mut kids = Kids::of(node);
        if kids.has(G::k_user) {
            return Some(Approvers { count: None, group: None });
        }
        let count = kids.take(G::number).map(|node| self.number(&node));
        kids.has(G::k_of);
        Some(Approvers { count, group: Some(self.path(kids.take(G::path)?)) })
    }

    fn outcomes(&self, kids: &mut Kids<'a>) -> &'a [Name<'a>] {
        let mut out = Vec::new();
        while let Some(node) = kids.take(G::outcome) {
            let span = self.span(&node);
            match Kids::of(node).take(G::bare) {
                Some(word) => out.push(self.name(&word)),
                None => out.push(Name { text: "require approval", span }),
            }
        }
        self.slice(out)
    }

    fn rate(&self, node: Node<'a>) -> Option<Rate<'a>> {
        let mut kids = Kids::of(node);
        let bound = self.number(&kids.take(G::number)?);
        let of = if kids.has(G::k_of) { Some(self.expr(kids.take(G::expr)?)?) } else { None };
        kids.has(G::k_per);
        let window = self.duration(&kids.take(G::duration)?);
        kids.has(G::k_per);
        Some(Rate { bound, of, window, keys: self.exprs(&mut kids)? })
    }
}
