//! What a manifest says about a recording beside where it is: who acted, when, and what is assumed.

use agentpol_trace::RawJson;

/// A text of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// As recorded; left out where it is not.
    FromRecord,
    /// Always this.
    Fixed(String),
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentSetting {
    /// As recorded.
    FromRecord,
    /// Always this: a text or an object as requests have it.
    Fixed(RawJson),
}

/// On whose behalf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserSetting {
    /// As recorded; groups and attributes are added where the record has none of that name.
    FromRecord {
        /// The groups.
        groups: Option<Vec<String>>,
        /// The attributes.
        attributes: Vec<(String, RawJson)>,
    },
    /// Nobody.
    Nobody,
    /// Always this person.
    Fixed {
        /// The id.
        id: String,
        /// The groups.
        groups: Option<Vec<String>>,
        /// The attributes.
        attributes: Vec<(String, RawJson)>,
    },
}

/// The time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClockSetting {
    /// As recorded; a time without an offset is read with this one, or is none.
    FromRecord {
        /// `Z` or `+02:00`.
        offset: Option<String>,
    },
    /// Always this, RFC 3339.
    At(String),
}

/// The agent's credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialSetting {
    /// As recorded. An agent that needs one and has none is not evaluable.
    FromRecord,
    /// Issued at the time of the call where the record has none; counted.
    AssumedFresh,
}

/// What is taken for approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApprovalSetting {
    /// Nothing: who has to ask, asks.
    Nothing,
    /// What ran when it was recorded; counted.
    AsRecorded,
}

/// What is done with decisions that the recording has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RulingSetting {
    /// They are counted, as those of today or others.
    Count,
    /// They are compared: another decision today is a difference.
    Compare,
}

/// What one run knows of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionSetting {
    /// Nothing: each begins with empty memory.
    Apart,
    /// What was before it in the recording.
    Together,
}

/// How a recording writes what tools answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// As the tools gave it: JSON, or a text.
    AsWritten,
    /// Lists and objects as YAML.
    Yaml,
}

/// A field of the context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextValue {
    /// As recorded: the field of that name, or what the format knows about the message under the names
    /// `calls_in_message` and `text_beside_call`.
    FromRecord,
    /// Always this.
    Fixed(RawJson),
}
