//! Agents and fleets.

use super::{Kids, Lower, Node};
use crate::ast::*;
use agentpol_grammar::Rule;

impl<'a> Lower<'a, '_> {
    pub(super) fn agent(&self, kids: &mut Kids<'a>) -> Option<Agent<'a>> {
        kids.next()?;
        let name = self.name(&kids.take(Rule::name)?);
        let fleet = match kids.take(Rule::fields_list) {
            Some(node) => Some(self.fields(&mut Kids::of(node))?),
            None => None,
        };
        let mut clauses = Vec::new();
        for node in kids.take(Rule::agent_block)?.into_inner() {
            let span = self.span(&node);
            clauses.push(AgentClause { kind: self.agent_clause(node)?, span });
        }
        Some(Agent { name, fleet, clauses: self.slice(clauses) })
    }

    fn agent_clause(&self, node: Node<'a>) -> Option<AgentClauseKind<'a>> {
        let mut kids = Kids::of(node);
        Some(match kids.next()?.as_rule() {
            Rule::k_function => AgentClauseKind::Function(self.text(&kids.text()?)),
            Rule::k_owner => AgentClauseKind::Owner(self.text(&kids.text()?)),
            Rule::k_identity => {
                if kids.has(Rule::k_issuer) {
                    let issuer = self.text(&kids.text()?);
                    kids.has(Rule::k_subject);
                    AgentClauseKind::Token(issuer, self.text(&kids.text()?))
                } else {
                    AgentClauseKind::Identity(self.text(&kids.text()?))
                }
            }
            Rule::k_credential => {
                kids.has(Rule::k_rotates);
                kids.has(Rule::k_every);
                AgentClauseKind::Credential(self.duration(&kids.take(Rule::duration)?))
            }
            Rule::k_phase => AgentClauseKind::Phase(self.phase(kids.take(Rule::phase)?)?),
            Rule::k_reached => {
                kids.has(Rule::k_via);
                let (mut via, mut directly) = (Vec::new(), false);
                while let Some(node) = kids.next() {
                    match node.as_rule() {
                        Rule::k_directly => directly = true,
                        _ => via.push(self.path(node)),
                    }
                }
                AgentClauseKind::ReachedVia(self.slice(via), directly)
            }
            _ => {
                kids.has(Rule::k_to);
                let to = self.paths(&mut kids);
                let scope = match kids.take(Rule::block) {
                    Some(node) => Some(self.block(node)?),
                    None => None,
                };
                AgentClauseKind::DelegatesTo(to, scope)
            }
        })
    }

    fn phase(&self, node: Node<'a>) -> Option<Phase<'a>> {
        let mut kids = Kids::of(node);
        let first = kids.next()?;
        Some(match first.as_rule() {
            Rule::k_observe => {
                kids.has(Rule::k_until);
                Phase::Observe(kids.take(Rule::date).map(|node| self.date(&node)))
            }
            Rule::k_supervised => {
                kids.has(Rule::k_by);
                if kids.has(Rule::k_user) {
                    Phase::SupervisedByUser
                } else {
                    Phase::Supervised(kids.take(Rule::path).map(|node| self.path(node)))
                }
            }
            _ => match first.as_str() {
                "read_only" => Phase::ReadOnly,
                "autonomous" => Phase::Autonomous,
                _ => Phase::Unknown(self.name(&first)),
            },
        })
    }
}
