//! Reasons for and against a call, and how they settle into a decision (semantics 4.1, lines 8 to 12).
//!
//! The vm reports what it finds; the outcome follows here, in one place, so that a call is let through only where a
//! grant was reported and nothing binds against it.

use crate::code::{Code, Outcome};
use crate::decision::{Ask, Asker, CodeSet, Decision, Missing, Named, Retry, RuleList};
use crate::tables::RuleId;
use core::cmp::{Ordering, Reverse};

/// How long an allowed call may wait to be dispatched, in milliseconds (semantics T6).
const DISPATCH_WITHIN: i64 = 60_000;

/// Which rules a reason rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// On rules that are live, so that it counts.
    Live,
    /// On all rules, those in observation included: only `would` shows it.
    WithObserved,
}

/// What speaks for and against a call.
#[derive(Clone, Copy, Debug)]
pub struct Reasons {
    /// The agent is only observed: soft reasons are suspended.
    observing: bool,
    /// Some rule that was looked at is in observation.
    watched: bool,
    binding: CodeSet,
    suspended: bool,
    would: CodeSet,
    grants: RuleList,
    /// Of the codes that bind and rest on rules of their own, the one that goes before the others, and its rules.
    first: Option<Code>,
    rules: RuleList,
    retry_after: i64,
    approvals: RuleList,
    asks: Named<(Asker, Missing)>,
    /// Some approval that was asked for has been given, and will be spent.
    agreed: bool,
}

impl Reasons {
    /// Starts without any reason. `observing` where the agent's phase suspends soft reasons.
    pub fn new(observing: bool) -> Self {
        Reasons {
            observing,
            watched: false,
            binding: CodeSet::default(),
            suspended: false,
            would: CodeSet::default(),
            grants: RuleList::default(),
            first: None,
            rules: RuleList::default(),
            retry_after: 0,
            approvals: RuleList::default(),
            asks: Named::default(),
            agreed: false,
        }
    }

    /// Notes that a rule in observation may speak about the call.
    pub fn watch(&mut self) {
        self.watched = true;
    }

    /// Notes a rule that surely grants. Rules are reported in order.
    pub fn grant(&mut self, rule: RuleId) {
        self.grants.push(rule);
    }

    /// Notes a rule that restricts, for a reason that needs no more than its code. Soft is what the observe phase suspends.
    /// Rules are reported in order.
    pub fn restrict(&mut self, rule: RuleId, code: Code, soft: bool, standing: Standing) {
        if self.against(code, soft, standing) && rests_on_rules(code) {
            let order = self.first.map(|first| goes_before(code).cmp(&goes_before(first)));
            match order {
                Some(Ordering::Greater) => {}
                Some(Ordering::Equal) => self.rules.push(rule),
                Some(Ordering::Less) | None => {
                    self.first = Some(code);
                    self.rules = RuleList::default();
                    self.rules.push(rule);
                }
            }
        }
    }

    /// Notes a limit that is reached, and after how many milliseconds there is room again.
    pub fn throttle(&mut self, rule: RuleId, retry_after: i64, soft: bool, standing: Standing) {
        let suspended = soft && self.observing;
        if standing == Standing::Live && !suspended {
            self.retry_after = self.retry_after.max(retry_after);
        }
        self.restrict(rule, Code::LimitReached, soft, standing);
    }

    /// Notes that an approval is missing. Rules are reported in order.
    pub fn ask(&mut self, by: Asker, missing: Missing, soft: bool, standing: Standing) {
        if self.against(Code::ApprovalRequired, soft, standing) {
            if let Asker::Rule(rule) = by {
                self.approvals.push(rule);
            }
            self.asks.push((by, missing));
        }
    }

    /// Notes that an approval which is asked for has been given.
    pub fn agree(&mut self) {
        self.agreed = true;
    }

    /// Notes that the phase of an agent (by index) asks for an approval that is missing.
    pub fn supervise(&mut self, agent: u32, missing: Missing) {
        self.ask(Asker::Phase(agent), missing, false, Standing::Live);
        self.object(Code::ApprovalRequired, false, Standing::WithObserved);
    }

    /// Notes a reason that no single rule gives.
    pub fn object(&mut self, code: Code, soft: bool, standing: Standing) {
        self.against(code, soft, standing);
    }

    /// Returns whether the reason binds.
    fn against(&mut self, code: Code, soft: bool, standing: Standing) -> bool {
        let suspended = soft && self.observing;
        match standing {
            Standing::WithObserved => self.would.insert(code),
            Standing::Live if suspended => self.suspended = true,
            Standing::Live => self.binding.insert(code),
        }
        standing == Standing::Live && !suspended
    }

    /// Settles: the most restrictive outcome that binds; of its codes the first in the table. `now` is the time of the
    /// request in milliseconds since 1970-01-01T00:00:00Z.
    pub fn settle(&self, now: i64) -> Decision {
        let mut decision = Decision::structural(Code::Internal, None);
        self.settle_in(now, &mut decision);
        decision
    }

    /// Settles in the place of a decision: a decision is long, and little of it is said.
    pub fn settle_in(&self, now: i64, decision: &mut Decision) {
        let allowed = match (self.suspended, self.grants.total()) {
            (true, _) => Code::AllowedInObservation,
            (false, 1..) if self.agreed => Code::AllowedAfterApproval,
            (false, 1..) => Code::Allowed,
            // Nothing speaks against it, and nothing for it: a mistake of whoever reported.
            (false, 0) => Code::Internal,
        };
        let code = deciding(self.binding).unwrap_or(allowed);
        let mut also = self.binding;
        also.remove(code);
        let shown = self.observing || self.watched;
        decision.code = code;
        match self.rules_of(code) {
            Some(rules) => decision.rules.become_as(rules),
            None => decision.rules.clear(),
        }
        decision.also = also;
        decision.would = shown.then(|| deciding(self.would).unwrap_or(Code::Allowed));
        decision.approvals.become_as(&self.approvals);
        let asks = &mut decision.asks;
        asks.clear();
        self.asks.named().iter().for_each(|(by, missing)| asks.push(Ask { by: *by, missing: *missing, opened: None }));
        asks.count_more(self.asks.total());
        decision.retry = (code.outcome() == Outcome::Throttle)
            .then(|| Retry { after: self.retry_after, at: now.saturating_add(self.retry_after) });
        decision.alerts.clear();
        decision.opened = false;
        decision.argument = None;
        decision.dispatch_before = (code.outcome() == Outcome::Allow).then(|| now.saturating_add(DISPATCH_WITHIN));
    }

    fn rules_of(&self, code: Code) -> Option<&RuleList> {
        match code {
            Code::ApprovalRequired => Some(&self.approvals),
            _ if self.first == Some(code) => Some(&self.rules),
            _ if code.outcome() == Outcome::Allow => Some(&self.grants),
            _ => None,
        }
    }
}

/// Returns whether decisions of this code name the rules that gave it.
fn rests_on_rules(code: Code) -> bool {
    matches!(
        code,
        Code::DeniedByRule
            | Code::DeniedUnknown
            | Code::ApprovalRejected
            | Code::LimitCostInvalid
            | Code::LimitUnreachable
            | Code::LimitReached
    )
}

/// What decides between two codes: the stricter outcome, then the lower rank. The lesser goes before.
fn goes_before(code: Code) -> (Reverse<Outcome>, u8) {
    (Reverse(code.outcome()), code.rank())
}

/// Returns the code that decides among those that apply.
fn deciding(codes: CodeSet) -> Option<Code> {
    codes.iter().min_by_key(|code| goes_before(*code))
}

#[cfg(test)]
mod tests {
    use super::{Reasons, Standing};
    use crate::code::Code;
    use crate::decision::{Asker, Missing};
    use crate::tables::RuleId;

    #[test]
    fn nothing_for_and_nothing_against_is_no_allow() {
        assert_eq!(Reasons::new(false).settle(0).code(), Code::Internal);
        assert!(!Reasons::new(false).settle(0).permits());
    }

    #[test]
    fn the_strictest_outcome_wins_and_the_others_are_named() {
        let mut reasons = Reasons::new(false);
        reasons.grant(RuleId(0));
        reasons.ask(Asker::Rule(RuleId(1)), Missing::None, true, Standing::Live);
        assert_eq!(reasons.settle(0).code(), Code::ApprovalRequired);
        reasons.restrict(RuleId(2), Code::DeniedUnknown, true, Standing::Live);
        reasons.restrict(RuleId(3), Code::DeniedByRule, false, Standing::Live);
        let decision = reasons.settle(0);
        assert_eq!((decision.code(), decision.rules().named()), (Code::DeniedByRule, &[RuleId(3)][..]));
        assert!(decision.also().contains(Code::DeniedUnknown) && decision.also().contains(Code::ApprovalRequired));
        assert_eq!(decision.approvals().named(), &[RuleId(1)]);
        assert_eq!(decision.dispatch_before(), None);
    }

    #[test]
    fn observing_suspends_soft_reasons_only() {
        let mut reasons = Reasons::new(true);
        for standing in [Standing::Live, Standing::WithObserved] {
            reasons.object(Code::NoAllow, true, standing);
        }
        let decision = reasons.settle(5);
        assert_eq!((decision.code(), decision.would()), (Code::AllowedInObservation, Some(Code::NoAllow)));
        assert_eq!(decision.dispatch_before(), Some(60_005));
        reasons.object(Code::NotEntitled, false, Standing::Live);
        assert_eq!(reasons.settle(5).code(), Code::NotEntitled);
    }

    #[test]
    fn rules_in_observation_only_show_in_would() {
        let mut reasons = Reasons::new(false);
        reasons.grant(RuleId(0));
        reasons.watch();
        reasons.restrict(RuleId(1), Code::DeniedByRule, false, Standing::WithObserved);
        let decision = reasons.settle(0);
        assert_eq!((decision.code(), decision.would()), (Code::Allowed, Some(Code::DeniedByRule)));
        assert!(decision.also().iter().next().is_none());
    }

    #[test]
    fn the_longest_wait_is_named_and_a_limit_comes_before_an_approval() {
        let mut reasons = Reasons::new(false);
        reasons.grant(RuleId(0));
        reasons.throttle(RuleId(1), 5_000, true, Standing::Live);
        reasons.throttle(RuleId(2), 7_000, true, Standing::Live);
        reasons.throttle(RuleId(3), 9_000, true, Standing::WithObserved);
        reasons.ask(Asker::Rule(RuleId(4)), Missing::TooFew, true, Standing::Live);
        let decision = reasons.settle(1_000);
        assert_eq!((decision.code(), decision.rules().named()), (Code::LimitReached, &[RuleId(1), RuleId(2)][..]));
        let retry = decision.retry().expect("a throttled call may be tried again");
        assert_eq!((retry.after, retry.at), (7_000, 8_000));
        assert_eq!(
            decision.asks().named().iter().map(|ask| ask.missing).collect::<alloc::vec::Vec<_>>(),
            [Missing::TooFew]
        );
    }

    #[test]
    fn given_approvals_are_named_where_they_let_a_call_through() {
        let mut reasons = Reasons::new(false);
        reasons.grant(RuleId(0));
        reasons.agree();
        assert_eq!(reasons.settle(0).code(), Code::AllowedAfterApproval);
        reasons.restrict(RuleId(1), Code::ApprovalRejected, true, Standing::Live);
        let decision = reasons.settle(0);
        assert_eq!((decision.code(), decision.rules().named()), (Code::ApprovalRejected, &[RuleId(1)][..]));
        assert_eq!(decision.retry(), None);
    }
}
