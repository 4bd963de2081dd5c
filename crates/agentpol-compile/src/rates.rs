//! Limits and alerts to counters, and who may act through whom.

use crate::block::Step;
use crate::canon::{self, Canon};
use crate::pools::Pools;
use crate::program::scope;
use crate::registers::Laid;
use crate::rule::{self, Writer, reported};
use crate::shape::Types;
use crate::slots::one_id;
use agentpol_bytecode::instruction::Op;
use agentpol_bytecode::tables::{self, Alarm, Delegation, Effect, Key};
use agentpol_check::policy::{self, Alert, Expr, Outcome, Policy, Rule};
use agentpol_diagnostics::Diagnostics;

/// The counters of a program under construction: each with its canonical text and the rule that it is of.
#[derive(Debug, Default)]
pub(crate) struct Rates(Vec<(String, usize, tables::Rate)>);

/// What is to be counted.
struct Counted<'r> {
    /// What kind of counter, and of which decisions.
    word: String,
    bound: i64,
    window: i64,
    cost: Option<&'r Expr>,
    keys: &'r [policy::Key],
}

impl<'r> Counted<'r> {
    fn by(word: String, rate: &'r policy::Rate) -> Self {
        Counted { word, bound: rate.bound, window: rate.window, cost: rate.of.as_ref(), keys: &rate.keys }
    }
}

impl Rates {
    /// Makes the effect of the rule with this number: its counter's number comes with [`finish`](Rates::finish).
    pub(crate) fn effect(
        &mut self,
        number: usize,
        rule: &Rule,
        pools: &mut Pools,
        types: &mut Types<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Effect {
        let mut count = |counted| self.count(number, rule, &counted, pools, types, diagnostics);
        match &rule.effect {
            policy::Effect::Allow => Effect::Allow,
            policy::Effect::Entitle => Effect::Entitle,
            policy::Effect::Deny => Effect::Deny,
            policy::Effect::RequireApproval(approval) => Effect::RequireApproval {
                from: approval.from.map(|group| group.0),
                count: approval.count,
                within: approval.within,
                distinct: approval.distinct,
            },
            policy::Effect::Limit(rate) => {
                count(Counted::by("limit".to_owned(), rate));
                Effect::Limit { rate: 0 }
            }
            policy::Effect::Alert(alert) => {
                let outcomes = outcomes(alert);
                let alarm = match &alert.alarm {
                    policy::Alarm::Match => Alarm::Match,
                    policy::Alarm::Rate(rate) => {
                        count(Counted::by(format!("alert {outcomes:04b}"), rate));
                        Alarm::Rate(0)
                    }
                    policy::Alarm::Novel { keys, within } => {
                        let word = format!("novel {outcomes:04b}");
                        count(Counted { word, bound: 0, window: *within, cost: None, keys });
                        Alarm::Novel(0)
                    }
                };
                Effect::Alert { severity: alert.severity as u8, outcomes, alarm }
            }
        }
    }

    fn count(
        &mut self,
        number: usize,
        rule: &Rule,
        counted: &Counted<'_>,
        pools: &mut Pools,
        types: &mut Types<'_>,
        diagnostics: &mut Diagnostics,
    ) {
        let policy = types.policy();
        let block = block(policy, rule, counted, pools, diagnostics);
        let key = |key: &policy::Key| match key {
            policy::Key::Agent => Key::Agent,
            policy::Key::User => Key::User,
            // Who may take a new session has no budget of their own in each.
            policy::Key::Session if policy.sessions_unvouched => Key::Pair,
            policy::Key::Session => Key::Session,
            policy::Key::Origin => Key::Origin,
            policy::Key::Tool => Key::Tool,
            policy::Key::Dataset => Key::Dataset,
            policy::Key::Env => Key::Env,
            policy::Key::Value(value) => Key::Value(types.kept(&value.ty, false, pools, diagnostics)),
        };
        let keys = counted.keys.iter().map(key).collect();
        let cost = counted.cost.map(|cost| types.kept(&cost.ty, false, pools, diagnostics));
        let registers = block.registers;
        let rate = tables::Rate {
            id: 0,
            bound: counted.bound,
            window: counted.window,
            entry: types.code.add(block),
            registers,
            cost,
            keys,
        };
        self.0.push((text(policy, rule, counted), number, rate));
    }

    /// Gives each counter its id, sorts them, and tells the rules their counters' numbers.
    ///
    /// Counters that count the same calls, such as those of an hour and of a day, are told apart by their order: the longest
    /// window first, so that a shorter one beside it moves none.
    pub(crate) fn finish(self, rules: &mut [tables::Rule], diagnostics: &mut Diagnostics) -> Vec<tables::Rate> {
        let mut rates = self.0;
        rates.sort_by(|(text, number, rate), (other_text, other_number, other)| {
            let order = text.cmp(other_text).then(other.window.cmp(&rate.window));
            order.then(other.bound.cmp(&rate.bound)).then(number.cmp(other_number))
        });
        let mut before: (String, u32) = (String::new(), 0);
        for (text, _, rate) in &mut rates {
            before = if *text == before.0 { (before.0, before.1 + 1) } else { (text.clone(), 0) };
            rate.id = canon::id(&format!("{text}\n#{}", before.1));
        }
        rates.sort_by_key(|(_, _, rate)| rate.id);
        if let Some(pair) = rates.windows(2).find(|pair| pair[0].2.id == pair[1].2.id) {
            diagnostics.push(one_id(pair[0].2.id));
        }
        for (at, (_, number, _)) in (0u32..).zip(&rates) {
            match &mut rules[*number].effect {
                Effect::Limit { rate } | Effect::Alert { alarm: Alarm::Rate(rate) | Alarm::Novel(rate), .. } => {
                    *rate = at;
                }
                _ => {}
            }
        }
        rates.into_iter().map(|(_, _, rate)| rate).collect()
    }
}

/// Decisions that come out so, as bits. What is new is what was let through, where nothing else is said.
fn outcomes(alert: &Alert) -> u8 {
    match (&alert.outcomes, &alert.alarm) {
        (Some(outcomes), _) => outcomes.iter().fold(0, |bits, outcome| bits | 1 << *outcome as u8),
        (None, policy::Alarm::Novel { .. }) => 1 << Outcome::Allow as u8,
        (None, _) => 0b1111,
    }
}

/// The cost, then the values that it is counted by.
fn block(
    policy: &Policy,
    rule: &Rule,
    counted: &Counted<'_>,
    pools: &mut Pools,
    diagnostics: &mut Diagnostics,
) -> Laid {
    let mut writer = Writer::new(policy, pools, diagnostics);
    writer.name(&rule.clauses);
    let keys = counted.keys.iter().filter_map(|key| match key {
        policy::Key::Value(value) => Some(value),
        _ => None,
    });
    (0u32..).zip(counted.cost.into_iter().chain(keys)).for_each(|(place, value)| writer.keep(value, place));
    writer.block.push(Step { op: Op::Return, dst: 0, a: 0, b: 0, imm: 0, span: rule.span });
    writer.finish(0, rule.span, &format!("`{}`", rule.name))
}

fn text(policy: &Policy, rule: &Rule, counted: &Counted<'_>) -> String {
    let mut canon = Canon::new(policy);
    let scope = canon.scope(&rule.scope);
    let clauses = canon.clauses(&rule.clauses);
    let mut text = format!("rate 1\n{}\nscope {scope}\nwhere {clauses}", counted.word);
    if let Some(cost) = counted.cost {
        text += &format!("\nof {}:{}", canon.expr(cost), canon.of_scalar(&cost.ty));
    }
    for key in counted.keys {
        text += &match key {
            policy::Key::Value(value) => format!("\nper {}:{}", canon.expr(value), canon.of_scalar(&value.ty)),
            policy::Key::Session if policy.sessions_unvouched => "\nper pair".to_owned(),
            other => format!("\nper {}", word(other)),
        };
    }
    text
}

fn word(key: &policy::Key) -> &'static str {
    match key {
        policy::Key::Agent => "agent",
        policy::Key::User => "user",
        policy::Key::Session => "session",
        policy::Key::Origin => "origin",
        policy::Key::Tool => "tool",
        policy::Key::Dataset => "dataset",
        policy::Key::Env => "env",
        policy::Key::Value(_) => "value",
    }
}

/// Who may act through whom, and for what.
pub(crate) fn delegation(
    delegation: &policy::Delegation,
    pools: &mut Pools,
    types: &mut Types<'_>,
    diagnostics: &mut Diagnostics,
) -> Delegation {
    let policy = types.policy();
    let (from, to) = (&policy[delegation.from].name, &policy[delegation.to].name);
    let what = format!("the delegation of `{from}` to `{to}`");
    let block = rule::clauses(policy, &delegation.clauses, delegation.span, &what, pools, diagnostics);
    let registers = block.registers;
    Delegation {
        from: delegation.from.0,
        to: delegation.to.0,
        scope: scope(&delegation.scope, pools),
        entry: types.code.add(block),
        clauses: reported(&delegation.clauses).count() as u32,
        registers,
    }
}
