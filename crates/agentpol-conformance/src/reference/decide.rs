//! The decision: semantics 4.1.

use super::call::{Call, Scene, understand};
use super::directory::Directory;
use super::grants::Matched;
use super::memory::{Decided, Heard, Memory, Recall, hear};
use super::reasons::{Judged, judge, matched};
use super::summary::Summary;
use agentpol_bytecode::code::{Code, Outcome};
use agentpol_check::policy::Policy;
use std::sync::Arc;

/// Decides a request without memory of earlier calls.
pub fn decide(policy: &Policy, request: &[u8]) -> Summary {
    decide_with(policy, None, request)
}

/// Decides a request with a directory, without memory of earlier calls.
pub fn decide_with(policy: &Policy, directory: Option<Arc<Directory>>, request: &[u8]) -> Summary {
    match understand(policy, None, directory, request) {
        Ok(Call { unsound: Some((code, argument)), .. }) => Summary::structural(code, argument),
        Ok(call) => judge(&call, None).summary,
        Err((code, argument)) => Summary::structural(code, argument),
    }
}

impl<'a> Memory<'a> {
    /// Decides a request where this policy is at work. Behind the one that is installed none decides.
    pub fn decide_as(&mut self, policy: &Policy, request: &[u8]) -> Summary {
        match std::ptr::eq(policy, self.policy()) {
            true => self.decide(request),
            false => Summary::structural(Code::StateUnusable, None),
        }
    }

    /// Decides a request, and writes down what it changes.
    pub fn decide(&mut self, request: &[u8]) -> Summary {
        self.forget_asked();
        let call = match understand(self.policy(), Some(self), self.directory(), request) {
            Ok(call) => call,
            Err((code, argument)) => return Summary::structural(code, argument),
        };
        let Some(scene) = call.scene.clone() else { return judge(&call, None).summary };
        if let Some((code, argument)) = call.unsound.clone() {
            let mut summary = Summary::structural(code, argument);
            let rules = matched(&call, self.recall(&scene, call.now));
            self.alert(&call, &scene, &rules, &mut summary);
            return summary;
        }
        if scene.id.is_some() {
            self.begin(&scene.place, call.now);
        }
        let judged = judge(&call, self.recall(&scene, call.now));
        if judged.full {
            let mut summary = Summary::structural(Code::StateFull, None);
            self.alert(&call, &scene, &judged.rules, &mut summary);
            return summary;
        }
        self.commit(call, &scene, judged)
    }

    /// Line 23: what the outcome changes. An ask that finds no room makes it a denial.
    fn commit(&mut self, call: Call<'a>, scene: &Scene, judged: Judged<'a>) -> Summary {
        let Judged { mut summary, missing, used, spent, rules, full: _ } = judged;
        let Some(id) = &scene.id else {
            self.alert(&call, scene, &rules, &mut summary);
            return summary;
        };
        let bound = scene.bound(call.now);
        match summary.outcome() {
            Outcome::RequireApproval if !self.open_asks(&missing, &bound) => summary.refuse(Code::ApprovalsFull),
            Outcome::Allow => self.spend(&used, &bound),
            _ => {}
        }
        self.alert(&call, scene, &rules, &mut summary);
        let outcome = summary.outcome();
        let (actor, tool, facts) = (call.agent, call.tool, call.facts);
        self.record(Decided { place: &scene.place, call: id, actor, tool, facts, outcome, spent });
        summary
    }

    /// What rules may ask of memory: nothing, where nothing is remembered of calls.
    fn recall<'m>(&'m self, scene: &'m Scene, now: i64) -> Option<Recall<'m>> {
        scene.id.is_some().then(|| Recall::new(self, &scene.place, now))
    }

    /// Line 23: alerts look at the decision, also where the call's structure is not sound.
    fn alert(&mut self, call: &Call<'a>, scene: &Scene, rules: &[Matched<'a>], summary: &mut Summary) {
        let recall = Recall::new(self, &scene.place, call.now);
        let asked = self.recall(scene, call.now);
        let heard: Heard = hear((recall, asked), &call.facts, &call.policy[call.tool], rules, summary.outcome());
        summary.alerts = heard.raised();
        self.count_alerts(heard);
    }
}
