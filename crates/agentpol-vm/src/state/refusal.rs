//! What comes of an event: it is taken in, or refused and nothing is written.

use super::Trouble;
use agentpol_bytecode::code::Code;

macro_rules! refusals {
    ($($name:ident $word:literal $title:literal)*) => {
        /// Why an event was refused. Nothing was written.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Refusal { $(#[doc = $title] $name,)* }

        impl Refusal {
            /// All refusals.
            pub const ALL: &'static [Refusal] = &[$(Refusal::$name,)*];

            /// Returns its word.
            pub fn as_str(self) -> &'static str {
                match self { $(Refusal::$name => $word,)* }
            }

            /// Returns what it means.
            pub fn title(self) -> &'static str {
                match self { $(Refusal::$name => $title,)* }
            }
        }
    };
}

refusals! {
    EventMalformed "event_malformed" "the event is not as the protocol asks"
    StateUnusable "state_unusable" "the stored state cannot be used"
    StateConflict "state_conflict" "the stored state was changed by others too often"
    StateFull "state_full" "there is no room left in the state"
    ClockRegressed "clock_regressed" "the clock went backwards"
    AgentUnidentified "agent_unidentified" "what is presented does not identify an agent"
    AgentUnknown "agent_unknown" "no agent is declared under this identity"
    AgentSuspended "agent_suspended" "the agent is suspended"
    ChainInvalid "chain_invalid" "the chain of delegation is not valid"
    HopUndeclared "hop_undeclared" "a hop of the chain is not declared"
    DirectCallRefused "direct_call_refused" "the agent may only act through another"
    SessionExists "session_exists" "a session of this id was opened before"
    SessionUnknown "session_unknown" "the session was never opened, or is closed"
    SessionMismatch "session_mismatch" "the session belongs to another agent or user"
    CallUnknown "call_unknown" "no call of this id was let through in the session"
    CallClosed "call_closed" "the call was reported, released or lost before"
    AskUnknown "ask_unknown" "nothing was asked under this digest"
    AskClosed "ask_closed" "what was asked is spent, rejected or expired"
    PersonExcluded "person_excluded" "the person may not approve this call"
    PersonUnknown "person_unknown" "the person may not approve for this rule"
    Internal "internal" "the event could not be taken in"
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Refusal {
        match trouble {
            Trouble::Unusable => Refusal::StateUnusable,
            Trouble::Conflict => Refusal::StateConflict,
        }
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Refusal {
        match code {
            Code::StateUnusable => Refusal::StateUnusable,
            Code::StateConflict => Refusal::StateConflict,
            Code::StateFull => Refusal::StateFull,
            Code::ClockRegressed => Refusal::ClockRegressed,
            Code::RequestMalformed | Code::RequestTooLarge => Refusal::EventMalformed,
            Code::AgentUnidentified => Refusal::AgentUnidentified,
            Code::AgentUnknown => Refusal::AgentUnknown,
            Code::AgentSuspended => Refusal::AgentSuspended,
            Code::ChainInvalid => Refusal::ChainInvalid,
            Code::HopUndeclared => Refusal::HopUndeclared,
            Code::DirectCallRefused => Refusal::DirectCallRefused,
            Code::SessionUnknown => Refusal::SessionUnknown,
            Code::SessionMismatch => Refusal::SessionMismatch,
            _ => Refusal::Internal,
        }
    }
}

impl From<Trouble> for Code {
    fn from(trouble: Trouble) -> Code {
        match trouble {
            Trouble::Unusable => Code::StateUnusable,
            Trouble::Conflict => Code::StateConflict,
        }
    }
}

/// What an event has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Told {
    /// The session is open.
    Opened,
    /// The session is closed.
    Closed,
    /// The call is reported.
    Observed {
        /// The answer is wholly as its tool declares it. What is not is unknown from now on.
        as_declared: bool,
    },
    /// The call was never dispatched.
    Released,
    /// The approval is noted.
    Approved {
        /// How many more persons must approve.
        missing: u32,
    },
    /// The call is rejected.
    Rejected,
}
