//! The engines that decide: the reference interpreter, the vm in this process, the vm as WASM.

use crate::native;
use agentpol::policy::Policy;
use agentpol::{Evaluator, Options, SourceMap};
use agentpol_conformance::reference::{self, Summary};

/// What decides beside the reference interpreter.
pub(crate) struct Engines {
    native: Evaluator,
}

/// What each of them answered.
pub(crate) struct Answers {
    /// The reference interpreter.
    pub(crate) summary: Summary,
    /// The vm in this process.
    native: Summary,
    /// What it tells operators.
    pub(crate) operator: String,
    /// What it tells the agent.
    pub(crate) agent: String,
}

impl Answers {
    /// How the engines disagree, if they do.
    pub(crate) fn disagreement(&self) -> Option<String> {
        (self.summary != self.native)
            .then(|| format!("the reference decides {}\n      the vm {}", self.summary, self.native))
    }
}

impl Engines {
    /// Loads a policy into the engines.
    pub(crate) fn load(sources: &SourceMap, options: &Options) -> Result<Engines, String> {
        let (_, native) = native::load(sources, options)?;
        Ok(Engines { native })
    }

    /// Decides a request on every engine.
    pub(crate) fn decide(&self, policy: &Policy, request: &[u8]) -> Answers {
        let decision = self.native.decide(request);
        Answers {
            summary: reference::decide(policy, request),
            native: native::summary(&decision, self.native.program()),
            operator: self.native.operator_json(&decision),
            agent: self.native.agent_json(&decision),
        }
    }
}
