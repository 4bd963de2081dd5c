//! The engines that decide: the reference interpreter, the vm in this process, the vm as WASM.

use crate::expectation::said;
use crate::native;
use crate::wasm::{self, Wasm};
use agentpol::policy::Policy;
use agentpol::{Evaluator, Options, SourceMap};
use agentpol_conformance::reference::{self, Summary};
use serde_json::{Map, Value, json};

/// What decides beside the reference interpreter.
pub(crate) struct Engines {
    native: Evaluator,
    wasm: Wasm,
}

/// What each of them answered.
pub(crate) struct Answers {
    /// The reference interpreter.
    pub(crate) summary: Summary,
    /// The vm in this process, and whether it permits.
    native: (Summary, bool),
    /// What it tells operators and the agent.
    views: (String, String),
    /// What the agent may be told, and no more.
    agent: String,
    wasm: wasm::Answer,
}

impl Answers {
    /// How the engines disagree, if they do.
    pub(crate) fn disagreement(&self) -> Option<String> {
        let (native, permits) = &self.native;
        let (operator, agent) = &self.views;
        let wasm = &self.wasm;
        if self.summary != *native {
            Some(format!("the reference decides {}\n      the vm {native}", self.summary))
        } else if *operator != wasm.operator || *agent != wasm.agent || *permits != (wasm.number == wasm::PERMITS) {
            Some(format!("the vm answers {operator} {agent}\n      as WASM {wasm:?}"))
        } else if *permits != (self.summary.outcome().as_str() == "allow") {
            Some(format!("permits: {permits}, the reference decides {}", self.summary))
        } else if *agent != self.agent {
            Some(format!("the agent is told {agent}\n      and may be told {}", self.agent))
        } else {
            None
        }
    }
}

impl Engines {
    /// Loads a policy into the engines.
    pub(crate) fn load(sources: &SourceMap, options: &Options) -> Result<Engines, String> {
        let (bytes, native) = native::load(sources, options)?;
        Ok(Engines { native, wasm: Wasm::load(&bytes)? })
    }

    /// Decides a request on every engine.
    pub(crate) fn decide(&mut self, policy: &Policy, request: &[u8]) -> Answers {
        let summary = reference::decide(policy, request);
        let decision = self.native.decide(request);
        Answers {
            native: (native::summary(&decision, self.native.program()), decision.permits()),
            views: (self.native.operator_json(&decision), self.native.agent_json(&decision)),
            agent: for_agent(&summary, policy),
            wasm: self.wasm.decide(request),
            summary,
        }
    }
}

/// What the agent may be told (semantics R1): the outcome, what the author says about it, which argument was bad.
fn for_agent(summary: &Summary, policy: &Policy) -> String {
    let bad = matches!(summary.code.as_str(), "argument_missing" | "argument_undeclared" | "argument_invalid");
    let word = match summary.outcome().as_str() {
        _ if bad => "bad_arguments",
        "require_approval" => "approval_required",
        "throttle" => "try_later",
        outcome => outcome,
    };
    let mut view = Map::from_iter([("outcome".to_owned(), json!(word))]);
    let because = said(summary, policy);
    if !because.is_empty() {
        view.insert("because".to_owned(), json!(because));
    }
    if let (true, Some(argument)) = (bad, &summary.argument) {
        view.insert("argument".to_owned(), json!(argument));
    }
    Value::Object(view).to_string()
}
