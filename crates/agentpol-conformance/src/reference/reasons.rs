//! Reasons against a call, and what they come to: lines 2 to 22 of semantics 4.1.

use super::call::Call;
use super::chain;
use super::condition;
use super::grants::{Matched, entitled, may_grant, needs_entitlement, ungranted};
use super::identity;
use super::memory::{Asker, Asking, Checked, Recall, Spent, Standing, check};
use super::phase::{self, Effective};
use super::select;
use super::summary::{MAX_NAMED, RuleName, Summary};
use super::truth::Truth;
use agentpol_bytecode::code::{Code, Outcome};
use agentpol_check::policy::{Approval, Effect, Policy, Rate, Rule};

/// How long an allowed call may wait to be dispatched (T6).
const DISPATCH_WITHIN: i64 = 60_000;
/// How long an ask of the supervised phase waits: a day.
const SUPERVISED_WITHIN: i64 = 86_400_000;

/// A decision, and what it would change.
pub(super) struct Judged<'a> {
    pub(super) summary: Summary,
    /// What is to be asked of persons.
    pub(super) missing: Vec<Asking>,
    /// What persons agreed to.
    pub(super) used: Vec<Asking>,
    /// What is taken from limits where the call is let through.
    pub(super) spent: Vec<Spent>,
    /// A limit that is live cannot count the call.
    pub(super) full: bool,
    /// All rules and whether they match.
    pub(super) rules: Vec<Matched<'a>>,
}

/// A reason against the call: the code, and what gives it.
#[derive(Clone, Debug)]
struct Reason<'a> {
    code: Code,
    rule: Option<&'a Rule>,
    /// When a reached limit has room again, in milliseconds.
    retry: Option<i64>,
    /// What is asked of persons, and why they have not answered it yet.
    asking: Option<(Asking, &'static str)>,
}

impl<'a> Reason<'a> {
    fn bare(code: Code) -> Reason<'a> {
        Reason { code, rule: None, retry: None, asking: None }
    }
}

/// Reasons that always bind, and reasons that the observe phase suspends.
#[derive(Clone, Default)]
struct Reasons<'a> {
    hard: Vec<Reason<'a>>,
    soft: Vec<Reason<'a>>,
}

/// What a call is judged by.
struct Judge<'j, 'a> {
    call: &'j Call<'a>,
    recall: Option<Recall<'j>>,
    /// What rules that are live and the phase ask of persons.
    asked: Vec<Asking>,
}

/// Line 5: every rule, and whether it matches.
pub(super) fn matched<'a>(call: &Call<'a>, recall: Option<Recall<'_>>) -> Vec<Matched<'a>> {
    let policy = call.policy;
    let matched = |rule: &'a Rule| {
        let scope = select::scope(policy, rule, call.agent, call.tool);
        (rule, condition::matches(&call.facts, recall, &rule.clauses, scope))
    };
    policy.rules.iter().map(matched).collect()
}

/// Lines 2 to 10.
pub(super) fn judge<'a>(call: &Call<'a>, recall: Option<Recall<'_>>) -> Judged<'a> {
    let policy = call.policy;
    let all = matched(call, recall);
    let live: Vec<Matched<'a>> = all.iter().copied().filter(|(rule, _)| !rule.observed).collect();
    let observed_rule =
        |rule: &Rule| rule.observed && select::scope(policy, rule, call.agent, call.tool) != Truth::False;
    let observing = phase::strictest(call) == Effective::Observe;
    let judge = Judge { call, recall, asked: askings(call, &live) };
    let reasons_live = judge.reasons(&live);
    let reasons_all = judge.reasons(&all);
    let mut bind = reasons_live.hard.clone();
    if !observing {
        bind.extend(reasons_live.soft.clone());
    }
    let full = reasons_live.hard.iter().chain(&reasons_live.soft).any(|reason| reason.code == Code::StateFull);
    let used: Vec<Asking> =
        judge.asked.iter().filter(|asking| judge.standing(asking) == Standing::Satisfied).cloned().collect();
    let allowed = match (reasons_live.soft.is_empty(), used.is_empty()) {
        (false, _) => Code::AllowedInObservation,
        (true, false) => Code::AllowedAfterApproval,
        (true, true) => Code::Allowed,
    };
    let mut summary = answer(call, &bind, &live, allowed);
    if observing || policy.rules.iter().any(observed_rule) {
        let would: Vec<Reason<'_>> = reasons_all.hard.into_iter().chain(reasons_all.soft).collect();
        summary.would = Some(deciding(&would).unwrap_or(Code::Allowed));
    }
    let missing = bind.iter().filter_map(|reason| reason.asking.clone()).map(|(asking, _)| asking).collect();
    Judged { summary, missing, used, spent: judge.spent(&all), full, rules: all }
}

/// The code that decides: of the most restrictive outcome, the first in the table.
fn deciding(bind: &[Reason<'_>]) -> Option<Code> {
    let outcome = bind.iter().map(|reason| reason.code.outcome()).max()?;
    bind.iter().map(|reason| reason.code).filter(|code| code.outcome() == outcome).min_by_key(|code| code.rank())
}

/// Lines 9, 10 and 23: outcome, code, rules by module and name, the other codes, what is missing.
fn answer(call: &Call<'_>, bind: &[Reason<'_>], live: &[Matched<'_>], allowed: Code) -> Summary {
    let policy = call.policy;
    let granting = live.iter().filter(|(rule, truth)| matches!(rule.effect, Effect::Allow) && *truth == Truth::True);
    let code = deciding(bind).unwrap_or(allowed);
    let deciders: Vec<RuleName> = match code.outcome() {
        Outcome::Allow => names(policy, granting.map(|(rule, _)| *rule)),
        _ => names(policy, of_code(bind, code)),
    };
    let mut also: Vec<Code> = bind.iter().map(|reason| reason.code).filter(|other| *other != code).collect();
    also.sort();
    also.dedup();
    let mut approvals: Vec<(RuleName, &'static str)> = Vec::new();
    let mut by_phase: Vec<&'static str> = Vec::new();
    for (asking, why) in bind.iter().filter_map(|reason| reason.asking.as_ref()) {
        match &asking.asker {
            Asker::Rule(name) => approvals.push((name.clone(), why)),
            Asker::Phase(_) => by_phase.push(why),
        }
    }
    approvals.sort();
    approvals.truncate(MAX_NAMED);
    let retry = bind.iter().filter_map(|reason| reason.retry).max();
    Summary {
        code,
        rules: deciders.iter().take(MAX_NAMED).cloned().collect(),
        total: deciders.len(),
        also,
        would: None,
        approvals: approvals.iter().map(|(name, _)| name.clone()).collect(),
        by_phase: !by_phase.is_empty(),
        missing: approvals.iter().map(|(_, why)| *why).chain(by_phase).take(MAX_NAMED).collect(),
        argument: None,
        dispatch_before: (code.outcome() == Outcome::Allow).then_some(call.now + DISPATCH_WITHIN),
        retry_after: retry.filter(|_| code.outcome() == Outcome::Throttle),
        alerts: Vec::new(),
    }
}

fn of_code<'a>(bind: &[Reason<'a>], code: Code) -> impl Iterator<Item = &'a Rule> {
    bind.iter().filter(move |reason| reason.code == code).filter_map(|reason| reason.rule)
}

/// Q2: rules by id, which is module and name.
fn names<'a>(policy: &Policy, rules: impl Iterator<Item = &'a Rule>) -> Vec<RuleName> {
    let mut names: Vec<RuleName> = rules.map(|rule| (policy[rule.module].name.clone(), rule.name.clone())).collect();
    names.sort();
    names
}

/// What the rules that may match, and the phase, ask of persons.
fn askings(call: &Call<'_>, rules: &[Matched<'_>]) -> Vec<Asking> {
    let of_rule = |(rule, truth): &Matched<'_>| match rule.effect {
        Effect::RequireApproval(approval) if *truth != Truth::False => {
            Some(Asking::of_rule(call.policy, rule, approval))
        }
        _ => None,
    };
    rules.iter().filter_map(of_rule).chain(phase_asks(call)).collect()
}

/// A changing call of supervised agents: each of them asks.
fn phase_asks(call: &Call<'_>) -> Vec<Asking> {
    if phase::strictest(call) != Effective::Supervised || !phase::changes(&call.policy[call.tool]) {
        return Vec::new();
    }
    let asks = |(agent, from)| Asking {
        asker: Asker::Phase(identity::qualified(call.policy, agent)),
        approval: Approval { from, count: 1, within: SUPERVISED_WITHIN, distinct: false },
    };
    phase::supervised(call).into_iter().map(asks).collect()
}

impl<'a> Judge<'_, 'a> {
    /// Lines 11 to 22: every reason against the call that the given rules and the agent's phase give.
    fn reasons(&self, rules: &[Matched<'a>]) -> Reasons<'a> {
        let (call, policy) = (self.call, self.call.policy);
        let tool = &policy[call.tool];
        let mine = policy[call.agent].module;
        let mut found = Reasons::default();
        for (rule, truth) in rules {
            if let Some(reason) = self.restriction(rule, *truth) {
                if rule.module == mine && !rule.always { found.soft.push(reason) } else { found.hard.push(reason) }
            }
        }
        if !chain::covered(policy, &call.facts, self.recall, &call.chain, call.tool) {
            found.hard.push(Reason::bare(Code::ScopeExceeded));
        }
        if needs_entitlement(policy, tool) && !entitled(&call.facts, rules) {
            found.hard.push(Reason::bare(Code::NotEntitled));
        }
        if phase::strictest(call) == Effective::ReadOnly && phase::changes(tool) {
            found.hard.push(Reason::bare(Code::PhaseReadOnly));
        }
        found.hard.extend(phase_asks(call).into_iter().filter_map(|asking| self.unanswered(asking, None)));
        if let Some(code) = ungranted(rules) {
            let reason = Reason::bare(code);
            if may_grant(policy, mine, call.tool) { found.soft.push(reason) } else { found.hard.push(reason) }
        }
        found
    }

    /// Lines 14 to 17, and the table of effects in 3.1: true and unknown both restrict.
    fn restriction(&self, rule: &'a Rule, truth: Truth) -> Option<Reason<'a>> {
        if truth == Truth::False {
            return None;
        }
        let reason = |code| Reason { rule: Some(rule), ..Reason::bare(code) };
        match &rule.effect {
            Effect::Allow | Effect::Entitle | Effect::Alert(_) => None,
            Effect::Deny if truth == Truth::True => Some(reason(Code::DeniedByRule)),
            Effect::Deny => Some(reason(Code::DeniedUnknown)),
            Effect::RequireApproval(approval) => {
                self.unanswered(Asking::of_rule(self.call.policy, rule, *approval), Some(rule))
            }
            Effect::Limit(rate) => match self.check(rule, rate) {
                None => Some(reason(Code::StateUnusable)),
                Some(Checked::Fits(_)) => None,
                Some(Checked::Invalid) => Some(reason(Code::LimitCostInvalid)),
                Some(Checked::Unreachable(_)) => Some(reason(Code::LimitUnreachable)),
                Some(Checked::Full) => Some(reason(Code::StateFull)),
                Some(Checked::Reached(_, after)) => Some(Reason { retry: Some(after), ..reason(Code::LimitReached) }),
            },
        }
    }

    /// How far persons have answered; without memory nobody has.
    fn standing(&self, asking: &Asking) -> Standing {
        match (self.recall, &self.call.scene) {
            (Some(recall), Some(scene)) => recall.standing(asking, &self.asked, &scene.bound(self.call.now)),
            _ => Standing::Missing("none"),
        }
    }

    fn unanswered(&self, asking: Asking, rule: Option<&'a Rule>) -> Option<Reason<'a>> {
        match self.standing(&asking) {
            Standing::Satisfied => None,
            Standing::Rejected => Some(Reason { rule, ..Reason::bare(Code::ApprovalRejected) }),
            Standing::Missing(why) => {
                Some(Reason { rule, asking: Some((asking, why)), ..Reason::bare(Code::ApprovalRequired) })
            }
        }
    }

    /// What a limit says; `None` without memory.
    fn check(&self, rule: &Rule, rate: &Rate) -> Option<Checked> {
        let recall = self.recall?;
        let frame = condition::bound(&self.call.facts, Some(recall), &rule.clauses);
        Some(check(recall, &frame, &self.call.facts, &self.call.policy[self.call.tool], rule, rate))
    }

    /// P2: what every limit that may match takes, in observation too; each counter once.
    fn spent(&self, rules: &[Matched<'a>]) -> Vec<Spent> {
        let mut spent: Vec<Spent> = Vec::new();
        for (rule, truth) in rules {
            let (Effect::Limit(rate), true) = (&rule.effect, *truth != Truth::False) else { continue };
            match self.check(rule, rate) {
                Some(Checked::Fits(taken) | Checked::Unreachable(taken) | Checked::Reached(taken, _)) => {
                    if !spent.contains(&taken) {
                        spent.push(taken);
                    }
                }
                Some(Checked::Invalid | Checked::Full) | None => {}
            }
        }
        spent
    }
}
