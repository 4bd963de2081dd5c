//! The engine as a replay asks it: one request in, a verdict with named rules out.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use agentpol::bytecode::decision::{Ask, Asker, RuleList};
use agentpol::bytecode::instruction::Op;
use agentpol::bytecode::tables::{Agent, Effect, Identity, Phase, Piece, RuleId};
use agentpol::{Bound, Decision, Program, Scratch, Tri};
use serde_json::Value;

use crate::coverage::Gathered;
use crate::findings::Lacking;
use crate::listing::Restriction;
use crate::report::RulePlace;
use crate::request::Request;
use crate::verdict::Verdict;

/// What a program knows of a tool.
pub(crate) enum Declared {
    /// The server offers it.
    Here,
    /// Another server offers a tool of this name than the one that the request names.
    Elsewhere,
    /// No tool has this name, or the request does not say which server it goes to.
    Nowhere,
}

/// A program and the room to decide in.
pub(crate) struct Engine<'p> {
    pub(crate) program: &'p Program,
    pub(crate) scratch: Scratch,
    /// What tests have reached so far, where that is measured.
    pub(crate) reached: Option<Gathered>,
    by_name: OnceCell<BTreeMap<String, RuleId>>,
}

impl<'p> Engine<'p> {
    pub(crate) fn new(program: &'p Program) -> Engine<'p> {
        Engine { program, scratch: Scratch::new(program), reached: None, by_name: OnceCell::new() }
    }

    pub(crate) fn use_directory(&mut self, directory: Option<Arc<Bound>>) {
        self.scratch.use_directory(directory);
    }

    /// Takes a decision in, where what tests reach is measured; right behind the decision.
    pub(crate) fn reach(&mut self, decision: &Decision) {
        if let Some(reached) = &mut self.reached {
            reached.take(&self.scratch, decision);
        }
    }

    /// What the program knows of the tool that is asked for.
    pub(crate) fn declared(&self, request: &Request) -> Declared {
        let named = |wire| self.program.tables().tools.iter().any(|tool| tool.wire == wire);
        if self.program.find_tool(request.server.as_deref(), &request.tool).is_some() {
            Declared::Here
        } else if request.server.is_some() && self.program.find_symbol(&request.tool).is_some_and(named) {
            Declared::Elsewhere
        } else {
            Declared::Nowhere
        }
    }

    /// The rules that stood in the way of the last decision, surely or perhaps, where they were recorded: all denials and
    /// approvals that matched, and limits that decided.
    pub(crate) fn restrictions(&self, decision: &Decision) -> Vec<Restriction> {
        let restriction = |one: agentpol::RuleMatch<'_>| {
            let effect = &self.program.rule(one.rule)?.effect;
            let stands = match effect {
                Effect::Deny | Effect::RequireApproval { .. } => one.matched != Tri::False,
                Effect::Limit { .. } => decision.rules().named().contains(&one.rule),
                _ => false,
            };
            let sure = one.matched == Tri::True;
            stands.then(|| Restriction { rule: self.name(one.rule), effect: effect.as_str(), sure })
        };
        self.scratch.last_matches().filter_map(restriction).collect()
    }

    /// The alerts that a decision raised.
    pub(crate) fn alerts(&self, decision: &Decision) -> Vec<String> {
        decision.alerts().named().iter().map(|alert| self.name(alert.rule)).collect()
    }

    /// The decision in short.
    pub(crate) fn verdict(&self, decision: &Decision) -> Verdict {
        Verdict {
            outcome: decision.outcome().as_str().to_owned(),
            code: decision.code().as_str().to_owned(),
            rules: self.names(decision.rules()),
            would: decision.would().filter(|code| *code != decision.code()).map(|code| code.as_str().to_owned()),
            argument: decision.argument().map(str::to_owned),
        }
    }

    fn names(&self, rules: &RuleList) -> Vec<String> {
        rules.named().iter().map(|rule| self.name(*rule)).collect()
    }

    /// A rule as `MODULE: NAME`.
    pub(crate) fn name(&self, rule: RuleId) -> String {
        let Some(found) = self.program.rule(rule) else { return String::new() };
        let module = self.program.tables().modules.get(found.module as usize);
        let module = module.map_or("", |module| self.program.symbol(module.name));
        format!("{module}: {}", self.program.symbol(found.name))
    }

    /// The rules of a name that is given without its module, as `MODULE: NAME`.
    pub(crate) fn called(&self, bare: &str) -> Vec<String> {
        let rules = (0u32..).zip(&self.program.tables().rules);
        let called = rules.filter(|(_, rule)| self.program.symbol(rule.name) == bare);
        called.map(|(number, _)| self.name(RuleId(number))).collect()
    }

    /// Whose approvals are missing: wire names of groups, or `user`; and what is the matter with those that there are.
    pub(crate) fn lacking(&self, decision: &Decision) -> Vec<Lacking> {
        let tables = self.program.tables();
        let wire = |group: Option<u32>| {
            let group = group.and_then(|group| tables.groups.get(group as usize));
            group.map_or_else(|| "user".to_owned(), |group| self.program.symbol(group.wire).to_owned())
        };
        let lacking = |ask: &Ask| {
            let (from, count) = match ask.by {
                Asker::Rule(rule) => match self.program.rule(rule)?.effect {
                    Effect::RequireApproval { from, count, .. } => (wire(from), count),
                    _ => return None,
                },
                Asker::Phase(agent) => match tables.agents.get(agent as usize)?.phase {
                    Phase::Supervised { by } => (wire(by), 1),
                    _ => return None,
                },
            };
            let rule = if let Asker::Rule(rule) = ask.by { Some(self.name(rule)) } else { None };
            Some(Lacking { from, count, missing: ask.missing.as_str(), rule })
        };
        decision.asks().named().iter().filter_map(lacking).collect()
    }

    /// The agent that presents itself so, by its name or by an identity that is whole; not the members of fleets.
    pub(crate) fn presented(&self, json: &str) -> Option<&Agent> {
        let agents = &self.program.tables().agents;
        let presented: Value = serde_json::from_str(json).ok()?;
        let (id, issuer, subject) = match &presented {
            Value::String(id) => (Some(id.as_str()), None, None),
            object => {
                let text = |name: &str| object.get(name).and_then(Value::as_str);
                (text("id"), text("issuer"), text("subject").or_else(|| text("spiffe")))
            }
        };
        if let Some(id) = id {
            return agents.iter().find(|agent| self.program.symbol(agent.wire) == id);
        }
        let subject = subject?;
        let is = |identity: &Identity| {
            let whole =
                matches!(identity.pieces.as_slice(), [Piece::Text(text)] if self.program.symbol(*text) == subject);
            whole && identity.issuer.map(|issuer| self.program.symbol(issuer)) == issuer
        };
        agents.iter().find(|agent| agent.identities.iter().any(is))
    }

    /// Whether decisions hang on earlier calls. Approvals alone do not make them.
    pub(crate) fn has_history(&self) -> bool {
        let tables = self.program.tables();
        let labels = tables.code.iter().any(|instruction| instruction.op == Op::SessionLabel);
        let kept = tables.slots.len() + tables.evidence.len() + tables.rates.len();
        kept > 0 || labels || self.reads_origins()
    }

    /// Whether some rule reads where arguments come from.
    pub(crate) fn reads_origins(&self) -> bool {
        self.program.tables().code.iter().any(|instruction| matches!(instruction.op, Op::Origin | Op::OriginIn))
    }

    /// Where rules stand, as far as the program has them.
    pub(crate) fn places(&self, names: &[String], decides: bool) -> Vec<RulePlace> {
        let tables = self.program.tables();
        let by_name = self.by_name.get_or_init(|| {
            let rules = (0u32..).zip(&tables.rules).map(|(number, _)| RuleId(number));
            rules.map(|rule| (self.name(rule), rule)).collect()
        });
        let mut places = Vec::new();
        for name in names {
            let Some(number) = by_name.get(name) else { continue };
            let Some(rule) = self.program.rule(*number) else { continue };
            let place = tables.debug.rules.get(number.0 as usize).copied().unwrap_or_default();
            places.push(RulePlace {
                rule: name.clone(),
                effect: rule.effect.as_str().to_owned(),
                file: tables.debug.files.get(place.file as usize).cloned().unwrap_or_default(),
                line: place.line,
                column: place.column,
                decides,
            });
        }
        places
    }
}
