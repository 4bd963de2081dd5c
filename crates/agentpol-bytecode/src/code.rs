//! The codes of decisions: complete, stable, and in order of precedence.

/// What is done with a call. Ordered from the mildest to the strictest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Let through.
    Allow,
    /// Persons must agree first.
    RequireApproval,
    /// May be tried again later.
    Throttle,
    /// Refused.
    Deny,
}

impl Outcome {
    /// Returns the word that stands in decisions.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Allow => "allow",
            Outcome::RequireApproval => "require_approval",
            Outcome::Throttle => "throttle",
            Outcome::Deny => "deny",
        }
    }
}

macro_rules! codes {
    ($($number:literal $name:ident $word:literal $outcome:ident $doc:literal)*) => {
        /// Why a decision is as it is. [`Code::rank`] is the order of precedence: of several, the lowest is named.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum Code { $(#[doc = $doc] $name = $number,)* }

        impl Code {
            /// All codes, by number.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// Returns the word that stands in decisions, such as `denied_by_rule`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $word,)* }
            }

            /// Returns the outcome that the code stands for.
            pub fn outcome(self) -> Outcome {
                match self { $(Code::$name => Outcome::$outcome,)* }
            }

            /// Returns what the code says, as a sentence without its full stop.
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$name => $doc,)* }
            }

            /// Finds a code by its word.
            pub fn from_word(word: &str) -> Option<Code> {
                match word { $($word => Some(Code::$name),)* _ => None }
            }

            /// Finds a code by its number.
            pub fn from_number(number: u8) -> Option<Code> {
                match number { $($number => Some(Code::$name),)* _ => None }
            }
        }
    };
}

codes! {
    1 StateUnusable "state_unusable" Deny "the stored state cannot be used"
    2 StateConflict "state_conflict" Deny "the stored state was changed by others too often"
    3 ClockRegressed "clock_regressed" Deny "the clock went backwards"
    4 RequestTooLarge "request_too_large" Deny "the request exceeds a size limit"
    5 RequestMalformed "request_malformed" Deny "the request is not as the format asks"
    6 AgentUnidentified "agent_unidentified" Deny "what is presented does not identify an agent"
    7 AgentUnknown "agent_unknown" Deny "no agent is declared under this identity"
    8 AgentSuspended "agent_suspended" Deny "the agent is suspended"
    9 CredentialMissing "credential_missing" Deny "the agent must present a credential with its time of issue"
    10 CredentialInvalid "credential_invalid" Deny "the credential is issued in the future"
    11 CredentialStale "credential_stale" Deny "the credential is older than the agent may use"
    12 ChainInvalid "chain_invalid" Deny "the chain of delegation is not valid"
    13 HopUndeclared "hop_undeclared" Deny "a hop of the chain is not declared"
    14 DirectCallRefused "direct_call_refused" Deny "the agent may only act through another"
    15 DirectoryStale "directory_stale" Deny "the directory is too old"
    16 UserUnknown "user_unknown" Deny "the user is not in the directory"
    17 UserSuspended "user_suspended" Deny "the user is suspended"
    18 SessionUnknown "session_unknown" Deny "the session was never opened"
    19 SessionMismatch "session_mismatch" Deny "the session belongs to another agent or user"
    20 CallDuplicate "call_duplicate" Deny "a call with this id is still open"
    21 ToolUnknown "tool_unknown" Deny "no tool of this name is declared for this server, or its system does not exist in this environment"
    22 ToolChanged "tool_changed" Deny "the tool's definition is not the pinned one"
    23 ArgumentMissing "argument_missing" Deny "a declared argument is missing"
    80 ArgumentUndeclared "argument_undeclared" Deny "an argument is not declared"
    81 ArgumentInvalid "argument_invalid" Deny "an argument is not of its declared type"
    82 ContextInvalid "context_invalid" Deny "the context is not as declared"
    24 ResourceMissing "resource_missing" Deny "the resource of the call is missing"
    25 ResourceMismatch "resource_mismatch" Deny "the resource is not the one that the arguments name"
    26 StateFull "state_full" Deny "there is no room left in the state"
    27 Internal "internal" Deny "the decision could not be made"
    30 DeniedByRule "denied_by_rule" Deny "a rule denies it"
    31 DeniedUnknown "denied_unknown" Deny "a rule that denies it may apply: what it asks is not known"
    32 ScopeExceeded "scope_exceeded" Deny "the delegation does not cover it"
    33 NotEntitled "not_entitled" Deny "the user has no right of their own to this data"
    34 PhaseReadOnly "phase_read_only" Deny "the agent may only read"
    35 ApprovalRejected "approval_rejected" Deny "a person has rejected it"
    36 LimitCostInvalid "limit_cost_invalid" Deny "the cost that a limit counts is negative or not known"
    37 LimitUnreachable "limit_unreachable" Deny "the cost alone exceeds the limit"
    38 NoAllowUnknown "no_allow_unknown" Deny "no rule surely allows it: what one asks is not known"
    39 NoAllow "no_allow" Deny "no rule allows it"
    40 ApprovalsFull "approvals_full" Deny "too many approvals are pending"
    50 LimitReached "limit_reached" Throttle "a limit is reached"
    60 ApprovalRequired "approval_required" RequireApproval "a person must approve it"
    70 Allowed "allowed" Allow "a rule allows it"
    71 AllowedAfterApproval "allowed_after_approval" Allow "a rule allows it and persons have approved it"
    72 AllowedInObservation "allowed_in_observation" Allow "let through because the agent is only observed"
}

impl Code {
    /// Returns the place in the order of precedence: the codes of one tier of the table share it.
    pub fn rank(self) -> u8 {
        match self {
            Code::ArgumentUndeclared | Code::ArgumentInvalid | Code::ContextInvalid => Code::ArgumentMissing as u8,
            other => other as u8,
        }
    }
}
