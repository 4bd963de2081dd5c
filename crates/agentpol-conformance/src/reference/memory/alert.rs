//! Alerts: raised after the decision, for the operator only.

use super::Memory;
use super::limit::{cost, key_text, signature};
use super::recall::Recall;
use super::slot::named;
use crate::reference::condition;
use crate::reference::facts::Facts;
use crate::reference::summary::RuleName;
use crate::reference::truth::Truth;
use agentpol_bytecode::code::Outcome;
use agentpol_check::policy::{self, Alarm, Alert, Effect, Key, Rule, Tool};

/// Something that an alert counts, and whether it raised it.
#[derive(Clone, Debug)]
pub(super) struct Rung {
    what: String,
    key: String,
    time: i64,
    cost: i64,
    raised: bool,
}

/// An alert that is raised: the rule, and whether it is uncertain that it applies.
pub(in crate::reference) type Raised = (RuleName, bool);

fn same(outcome: Outcome, wanted: policy::Outcome) -> bool {
    match wanted {
        policy::Outcome::Allow => outcome == Outcome::Allow,
        policy::Outcome::RequireApproval => outcome == Outcome::RequireApproval,
        policy::Outcome::Throttle => outcome == Outcome::Throttle,
        policy::Outcome::Deny => outcome == Outcome::Deny,
    }
}

/// Whether the alert watches decisions that come out so; one for what is new watches what is allowed.
fn watches(alert: &Alert, outcome: Outcome) -> bool {
    match (&alert.outcomes, &alert.alarm) {
        (Some(outcomes), _) => outcomes.iter().any(|wanted| same(outcome, *wanted)),
        (None, Alarm::Novel { .. }) => outcome == Outcome::Allow,
        (None, _) => true,
    }
}

/// What the alerts make of a decision: those raised, and what is to be counted.
pub(in crate::reference) struct Heard {
    raised: Vec<Raised>,
    rung: Vec<Rung>,
}

impl Heard {
    /// Those that are raised.
    pub(in crate::reference) fn raised(&self) -> Vec<Raised> {
        self.raised.clone()
    }
}

/// Goes through the alerts that are not surely false.
///
/// Where nothing is remembered of calls, alerts ask nothing of earlier ones.
pub(in crate::reference) fn hear(
    (recall, asked): (Recall<'_>, Option<Recall<'_>>),
    facts: &Facts<'_>,
    tool: &Tool,
    rules: &[(&Rule, Truth)],
    outcome: Outcome,
) -> Heard {
    let mut heard = Heard { raised: Vec::new(), rung: Vec::new() };
    for (rule, truth) in rules.iter().filter(|(_, truth)| *truth != Truth::False) {
        let Effect::Alert(alert) = &rule.effect else { continue };
        if !watches(alert, outcome) {
            continue;
        }
        if let Some(known) = sounds((recall, asked), facts, tool, rule, alert, &mut heard.rung) {
            let policy = recall.memory.policy;
            let name = (policy[rule.module].name.clone(), rule.name.clone());
            heard.raised.push((name, !known || *truth == Truth::Unknown));
        }
    }
    heard.raised.sort();
    heard
}

/// Whether the alert is raised, and then whether what it counts is known.
fn sounds(
    (recall, asked): (Recall<'_>, Option<Recall<'_>>),
    facts: &Facts<'_>,
    tool: &Tool,
    rule: &Rule,
    alert: &Alert,
    rung: &mut Vec<Rung>,
) -> Option<bool> {
    let policy = recall.memory.policy;
    let frame = condition::bound(facts, asked, &rule.clauses);
    let text = |key: &Key| key_text(recall, &frame, facts, tool, key);
    match &alert.alarm {
        Alarm::Match => Some(true),
        Alarm::Rate(rate) => {
            let keys: Option<Vec<String>> = rate.keys.iter().map(text).collect();
            let (Some(keys), Some(cost)) = (keys, cost(&frame, rate)) else { return Some(false) };
            let (what, key) = (signature(policy, rule, rate), format!("{keys:?}"));
            let (now, before) = recall.rung(&what, &key, rate.window);
            let total: i128 = before.iter().map(|rung| i128::from(rung.cost)).sum::<i128>() + i128::from(cost);
            let raised = total > i128::from(rate.bound) && !before.iter().any(|rung| rung.raised);
            rung.push(Rung { what, key, time: now, cost, raised });
            raised.then_some(true)
        }
        Alarm::Novel { keys, within } => {
            let what = format!("novel {}", named(policy, &(&rule.scope, &rule.clauses, keys)));
            let mut new = None;
            for combination in combinations(tool, keys, &text) {
                match combination {
                    None => new = Some(false),
                    Some(key) => {
                        let (now, before) = recall.rung(&what, &key, *within);
                        if before.is_empty() && new.is_none() {
                            new = Some(true);
                        }
                        rung.push(Rung { what: what.clone(), key, time: now, cost: 1, raised: false });
                    }
                }
            }
            new
        }
    }
}

/// The combinations that are new or not: one for each dataset where datasets are asked about.
fn combinations(tool: &Tool, keys: &[Key], text: &dyn Fn(&Key) -> Option<String>) -> Vec<Option<String>> {
    let datasets: Vec<String> = if keys.iter().any(|key| matches!(key, Key::Dataset)) {
        tool.datasets.iter().map(|dataset| format!("{dataset:?}")).collect()
    } else {
        vec![String::new()]
    };
    let others: Option<Vec<String>> = keys.iter().filter(|key| !matches!(key, Key::Dataset)).map(text).collect();
    datasets.iter().map(|dataset| others.as_ref().map(|others| format!("{dataset} {others:?}"))).collect()
}

impl<'m> Recall<'m> {
    /// The time of a counter, which never goes back, and what it counts in its window.
    fn rung(self, what: &str, key: &str, window: i64) -> (i64, Vec<&'m Rung>) {
        let all: Vec<&Rung> = self.memory.rung.iter().filter(|rung| rung.what == what && rung.key == key).collect();
        let now = all.iter().map(|rung| rung.time).fold(self.now, i64::max);
        (now, all.into_iter().filter(|rung| rung.time > now - window).collect())
    }
}

impl Memory<'_> {
    /// Writes down what alerts count.
    pub(in crate::reference) fn count_alerts(&mut self, heard: Heard) {
        self.rung.extend(heard.rung);
    }
}
