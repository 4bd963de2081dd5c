//! Limits: exact sliding windows of calls or cost, counted apart by key (semantics H2, H3, H10, 7).

use super::recall::Recall;
use super::slot::named;
use super::{Stage, Who};
use crate::reference::evaluate::Frame;
use crate::reference::facts::Facts;
use crate::reference::value::{Held, Value};
use agentpol_check::policy::{Alarm, Clause, Effect, Key, Policy, Rate, Rule, Tool};
use std::collections::{BTreeMap, BTreeSet};

/// How many combinations of an agent's values one limit counts apart at a time.
const MAX_LIVE: usize = 1024;

/// What a call takes from a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::reference) struct Spent {
    /// Which limit, by what it counts.
    pub(super) rate: String,
    pub(super) key: String,
    pub(super) cost: i64,
    /// When, by the counter's own clock.
    pub(super) time: i64,
}

/// What a limit says of a call.
pub(in crate::reference) enum Checked {
    /// There is room.
    Fits(Spent),
    /// The cost, or what is counted apart, is not known, or the cost is negative.
    Invalid,
    /// The cost alone is too much.
    Unreachable(Spent),
    /// There is room again after so many milliseconds.
    Reached(Spent, i64),
    /// The agent's values are counted apart in too many ways already.
    Full,
}

/// What the counters of a policy are known by, across policies.
pub(super) fn signatures(policy: &Policy) -> Vec<String> {
    let of = |rule: &Rule| match &rule.effect {
        Effect::Limit(rate) => Some(signature(policy, rule, rate)),
        Effect::Alert(alert) => match &alert.alarm {
            Alarm::Rate(rate) => Some(signature(policy, rule, rate)),
            _ => None,
        },
        _ => None,
    };
    policy.rules.iter().filter_map(of).collect()
}

/// The windows of counters that count values apart: those of which a value gives way once it is out of the window.
pub(super) fn forgetting(policy: &Policy) -> BTreeMap<String, i64> {
    let rates = policy.rules.iter().filter_map(|rule| match &rule.effect {
        Effect::Limit(rate) => Some((rule, &**rate)),
        Effect::Alert(alert) => match &alert.alarm {
            Alarm::Rate(rate) => Some((rule, rate)),
            _ => None,
        },
        _ => None,
    });
    let apart = rates.filter(|(_, rate)| rate.keys.iter().any(|key| matches!(key, Key::Value(_))));
    apart.map(|(rule, rate)| (signature(policy, rule, rate), rate.window)).collect()
}

/// What a rate counts, without its bound and the rule's name (H8).
pub(super) fn signature(policy: &Policy, rule: &Rule, rate: &Rate) -> String {
    let clauses: Vec<&Clause> = rule.clauses.iter().collect();
    // Who counts by agent and user does not go on with what was counted by session.
    let together = policy.sessions_unvouched && rate.keys.iter().any(|key| matches!(key, Key::Session));
    format!("{} {together} {}", rule.effect.as_str(), named(policy, &(&rule.scope, clauses, &rate.of, &rate.keys)))
}

/// What one key stands for; `None` where it is not known.
pub(super) fn key_text(
    recall: Recall<'_>,
    frame: &Frame<'_>,
    facts: &Facts<'_>,
    tool: &Tool,
    key: &Key,
) -> Option<String> {
    let place = recall.place;
    let agent = |who: &Who| format!("{} {:?}", who.name, who.member);
    Some(match key {
        Key::Agent => agent(&place.agent),
        // H16: nobody is somebody here.
        Key::User => place.user.as_ref().map_or("nobody".to_owned(), |user| format!("user {user}")),
        Key::Session if facts.policy.sessions_unvouched => format!("{:?}", recall.memory.pair_of(&place.root)),
        Key::Session => place.root.clone(),
        Key::Origin => agent(&place.origin),
        Key::Tool => format!("{} {}", facts.policy[tool.module].name, tool.name),
        Key::Dataset => format!("{:?}", tool.datasets),
        Key::Env => facts.env.clone()?,
        Key::Value(expr) => match frame.value(expr) {
            Held::Absent | Held::Unknown => return None,
            held => format!("{:?}", held.known()?),
        },
    })
}

/// What a call costs: an int, or millionths; `None` where it is not known or negative.
pub(super) fn cost(frame: &Frame<'_>, rate: &Rate) -> Option<i64> {
    match &rate.of {
        None => Some(1),
        Some(of) => match frame.value(of).known() {
            Some(Value::Int(cost) | Value::Decimal(cost)) if *cost >= 0 => Some(*cost),
            _ => None,
        },
    }
}

/// Checks a limit whose rule is not surely false.
pub(in crate::reference) fn check(
    recall: Recall<'_>,
    frame: &Frame<'_>,
    facts: &Facts<'_>,
    tool: &Tool,
    rule: &Rule,
    rate: &Rate,
) -> Checked {
    let policy = recall.memory.policy;
    let keys: Option<Vec<String>> = rate.keys.iter().map(|key| key_text(recall, frame, facts, tool, key)).collect();
    let (Some(keys), Some(cost)) = (keys, cost(frame, rate)) else { return Checked::Invalid };
    let mut spent = Spent { rate: signature(policy, rule, rate), key: format!("{keys:?}"), cost, time: recall.now };
    let all = taken(recall, &spent);
    if rate.keys.iter().any(|key| matches!(key, Key::Value(_))) && crowded(recall, &spent, rate.window) {
        return Checked::Full;
    }
    // A counter's time never goes back either.
    let now = all.last().map_or(recall.now, |(newest, _)| recall.now.max(*newest));
    spent.time = now;
    if cost > rate.bound {
        return Checked::Unreachable(spent);
    }
    let mut retry = None;
    let mut inside: Vec<(i64, i64)> = all.into_iter().filter(|(time, _)| *time > now - rate.window).collect();
    // What leaves the window first frees the first room.
    while inside.iter().map(|(_, cost)| i128::from(*cost)).sum::<i128>() + i128::from(cost) > i128::from(rate.bound) {
        let (time, _) = inside.remove(0);
        retry = Some(time + rate.window - recall.now);
    }
    // H8: what was taken before the limit was kept is not known.
    if let Some(since) = recall.memory.since(&spent.rate).filter(|since| *since > now - rate.window) {
        retry = retry.max(Some(since + rate.window - recall.now));
    }
    match retry {
        None => Checked::Fits(spent),
        Some(after) => Checked::Reached(spent, after.max(1)),
    }
}

/// H7: whether the agent has counted under as many other combinations within the window as there is room for.
fn crowded(recall: Recall<'_>, of: &Spent, window: i64) -> bool {
    let calls = recall.memory.calls.iter().filter(|past| past.agent == recall.place.agent);
    let same = calls.flat_map(|past| &past.spent).filter(|spent| spent.rate == of.rate);
    let live = same.filter(|spent| spent.key != of.key && spent.time > recall.now - window);
    live.map(|spent| &spent.key).collect::<BTreeSet<_>>().len() >= MAX_LIVE
}

/// When how much was taken, in order of time: what was released is given back.
fn taken(recall: Recall<'_>, of: &Spent) -> Vec<(i64, i64)> {
    let mut taken: Vec<(i64, i64)> = Vec::new();
    for past in recall.memory.calls.iter().filter(|past| past.stage != Stage::Released) {
        let same = past.spent.iter().filter(|spent| spent.rate == of.rate && spent.key == of.key);
        taken.extend(same.map(|spent| (spent.time, spent.cost)));
    }
    taken.sort();
    taken
}
