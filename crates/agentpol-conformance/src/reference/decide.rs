//! The decision: semantics 4.1.

use super::call::{Call, Scene, understand};
use super::directory::Directory;
use super::memory::{Decided, Heard, Memory, Recall, Spent, hear};
use super::reasons::{Judged, judge};
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
        Ok(call) => judge(&call, None).summary,
        Err((code, argument)) => Summary::structural(code, argument),
    }
}

impl<'a> Memory<'a> {
    /// Decides a request, and writes down what it changes.
    pub fn decide(&mut self, request: &[u8]) -> Summary {
        self.forget_asked();
        let call = match understand(self.policy(), Some(self), self.directory(), request) {
            Ok(call) => call,
            Err((code, argument)) => return Summary::structural(code, argument),
        };
        let Some(scene) = call.scene.clone() else { return judge(&call, None).summary };
        self.begin(&scene.place, call.now);
        let judged = judge(&call, Some(Recall::new(self, &scene.place, call.now)));
        self.commit(call, &scene, judged)
    }

    /// Line 23: what the outcome changes. An ask that finds no room makes it a denial.
    fn commit(&mut self, call: Call<'a>, scene: &Scene, judged: Judged<'a>) -> Summary {
        let Judged { mut summary, missing, used, spent, rules } = judged;
        let bound = scene.bound(call.now);
        match summary.outcome() {
            Outcome::RequireApproval if !self.open_asks(&missing, &bound) => summary.refuse(Code::ApprovalsFull),
            Outcome::Allow => self.spend(&used, &bound),
            _ => {}
        }
        let outcome = summary.outcome();
        let recall = Recall::new(self, &scene.place, call.now);
        let heard: Heard = hear(recall, &call.facts, &call.policy[call.tool], &rules, outcome);
        summary.alerts = heard.raised();
        self.count_alerts(heard);
        let (actor, tool, facts) = (call.agent, call.tool, call.facts);
        let spent: Vec<Spent> = spent;
        self.record(Decided { place: &scene.place, call: &scene.id, actor, tool, facts, outcome, spent });
        summary
    }
}
