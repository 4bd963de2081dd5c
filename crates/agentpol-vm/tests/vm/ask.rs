//! Requests as text, member by member.

use agentpol_bytecode::Program;
use agentpol_bytecode::decision::Decision;
use agentpol_vm::{Scratch, decide};

/// A request, each member as JSON text.
#[derive(Clone, Debug)]
pub(crate) struct Ask(Vec<(&'static str, String)>);

impl Ask {
    /// A sound request of the agent `bot` for the user `ana` to call the tool `t`.
    pub(crate) fn new() -> Ask {
        Ask(Vec::new())
            .with("at", r#""2026-03-02T15:00:00Z""#)
            .with("agent", r#""bot""#)
            .with("user", r#"{"id":"ana","groups":[]}"#)
            .with("tool", r#""t""#)
            .with("args", "{}")
    }

    /// Gives a member another value, or adds it.
    pub(crate) fn with(mut self, key: &'static str, value: &str) -> Ask {
        self.0.retain(|(name, _)| *name != key);
        self.0.push((key, value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, key: &'static str) -> Ask {
        self.0.retain(|(name, _)| *name != key);
        self
    }

    pub(crate) fn json(&self) -> String {
        let members: Vec<String> = self.0.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    }

    /// Has it decided.
    pub(crate) fn decide(&self, program: &Program) -> Decision {
        decide(program, self.json().as_bytes(), &mut Scratch::new(program))
    }

    /// The word of the code that decides.
    pub(crate) fn code(&self, program: &Program) -> &'static str {
        self.decide(program).code().as_str()
    }
}
