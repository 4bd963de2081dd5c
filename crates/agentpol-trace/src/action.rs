//! The model: what one recorded action is, whatever format it came from.

use std::sync::Arc;

use crate::json::RawJson;

/// One run of an agent: the actions that share a session and a purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// What the format calls this run; unique in a recording as far as the recorder made it so.
    pub id: String,
    /// The session. Where every run of a format is a session by itself, the run.
    pub session: Option<String>,
    /// The person on whose behalf the agent acted, where the format names one for the whole run.
    pub user: Option<String>,
    /// The language model that drove the agent.
    pub model: Option<String>,
    /// The task the agent was given.
    pub task: Option<String>,
    /// The domain, suite or desk the run belongs to.
    pub domain: Option<String>,
    /// The run that started this one, for the run of a sub-agent.
    pub parent: Option<String>,
}

/// Where a record stands in its source.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1.
    pub line: u64,
    /// The JSON Pointer (RFC 6901) from the root of that line or document; empty for the root itself.
    pub pointer: String,
}

/// Who asked for the action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Issuer {
    /// The agent: what policies judge.
    Agent,
    /// The user, with tools of their own; a simulated user in a benchmark.
    User,
    /// The provider of the model, with tools that it runs itself.
    Provider,
}

impl Issuer {
    /// The word for it in recordings and reports.
    pub fn name(self) -> &'static str {
        match self {
            Issuer::Agent => "agent",
            Issuer::User => "user",
            Issuer::Provider => "provider",
        }
    }

    /// The issuer of that name; `assistant` is another word for the agent.
    pub fn from_name(name: &str) -> Option<Issuer> {
        match name {
            "agent" | "assistant" => Some(Issuer::Agent),
            "user" => Some(Issuer::User),
            "provider" => Some(Issuer::Provider),
            _ => None,
        }
    }
}

/// The arguments of an action, as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arguments {
    /// A JSON object, in its exact spelling.
    Object(RawJson),
    /// JSON, but no object.
    NotAnObject(RawJson),
    /// Meant to be JSON and is none. Never read as `{}`.
    Unparsable {
        /// What was recorded.
        raw: String,
        /// What the JSON reader said.
        why: String,
    },
    /// Not recorded.
    Absent,
}

/// What the tool answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolResult {
    /// True where the recording says that the call failed; false where it says nothing.
    pub is_error: bool,
    /// The answer: the text of a JSON string, the JSON text of anything else.
    pub text: String,
}

/// Who spoke to the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Speaker {
    /// The person on whose behalf it acts.
    User,
    /// Whoever runs the agent: its instructions.
    System,
}

/// Something that was said to the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Who said it.
    pub by: Speaker,
    /// What was said.
    pub text: String,
}

/// What stood around the call in the message that made it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// How many calls that message made, this one included; unknown where the format does not say.
    pub calls_in_message: Option<u32>,
    /// Whether that message also spoke to the user.
    pub text_beside_call: Option<bool>,
    /// Which of the run's messages with calls it is, from 0: calls of one message were asked for together, before any of
    /// them was answered. Unknown where the format does not say; then each call stands alone.
    pub message: Option<u64>,
}

/// The fields of a request that the record itself carries, as exact JSON text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// `agent`
    pub agent: Option<RawJson>,
    /// `credential`
    pub credential: Option<RawJson>,
    /// `user`
    pub user: Option<RawJson>,
    /// `env`
    pub env: Option<String>,
    /// `task`
    pub task: Option<String>,
    /// `tool_digest`
    pub tool_digest: Option<String>,
    /// `context`
    pub context: Option<RawJson>,
    /// `origin`
    pub origin: Option<RawJson>,
    /// JSON Pointers into the record to what was taken out before it was handed on.
    pub redacted: Vec<String>,
}

/// The four outcomes of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Goes ahead.
    Allow,
    /// Waits for a person.
    RequireApproval,
    /// Waits for a limit.
    Throttle,
    /// Does not go ahead.
    Deny,
}

impl Outcome {
    /// Every outcome, mildest first.
    pub const ALL: [Outcome; 4] = [Outcome::Allow, Outcome::RequireApproval, Outcome::Throttle, Outcome::Deny];

    /// The word for it in recordings and decisions.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Allow => "allow",
            Outcome::RequireApproval => "require_approval",
            Outcome::Throttle => "throttle",
            Outcome::Deny => "deny",
        }
    }

    /// The outcome of that name.
    pub fn from_name(name: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// What was decided about a call when it was recorded, by whatever decided then: a hook, a person, another engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// The outcome; what asks a person is [`Outcome::RequireApproval`].
    pub outcome: Outcome,
    /// What the person answered, where one was asked and the recording has the answer.
    pub approved: Option<bool>,
    /// Who or what decided.
    pub by: Option<String>,
    /// Why, in its words.
    pub reason: Option<String>,
    /// The id of the decision in the log of who decided.
    pub id: Option<String>,
}

impl From<Outcome> for Ruling {
    fn from(outcome: Outcome) -> Ruling {
        Ruling { outcome, approved: None, by: None, reason: None, id: None }
    }
}

impl Ruling {
    /// Whether the call went ahead; unknown where a person was asked and nothing says what came of it.
    pub fn went_ahead(&self) -> Option<bool> {
        match self.outcome {
            Outcome::Allow => Some(true),
            Outcome::RequireApproval => self.approved,
            Outcome::Throttle | Outcome::Deny => Some(false),
        }
    }
}

/// The decision that the author of a recording expects for one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The outcome.
    pub outcome: Outcome,
    /// The code, where it is part of what is expected.
    pub code: Option<String>,
    /// The name of a rule that decided, where it is part of what is expected.
    pub rule: Option<String>,
}

/// One recorded call of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Its number in the recording, from 1, counting calls of every issuer.
    pub seq: u64,
    /// Where it stands.
    pub place: Place,
    /// The run it belongs to.
    pub trace: Arc<Trace>,
    /// Who asked for it.
    pub issuer: Issuer,
    /// The id the model gave the call. Recorders repeat these.
    pub call: Option<String>,
    /// The server that offers the tool.
    pub server: Option<String>,
    /// The wire name of the tool.
    pub tool: String,
    /// The arguments.
    pub args: Arguments,
    /// The answer; none where the call was refused, cut off, or the recording ends before it.
    pub result: Option<ToolResult>,
    /// The time, exactly as recorded. It need not be RFC 3339: many recorders write no offset.
    pub at: Option<String>,
    /// The message around it.
    pub turn: Turn,
    /// What was said to the agent since the call before.
    pub heard: Vec<Heard>,
    /// Request fields of the record.
    pub recorded: Recorded,
    /// What was decided about it then, where the recording says so.
    pub ruling: Option<Ruling>,
    /// The expected decision.
    pub expect: Option<Expectation>,
}

/// Why an action cannot be judged at all.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obstacle {
    /// A part that a decision may read was taken out.
    Redacted {
        /// Which.
        pointer: String,
    },
    /// The arguments are no JSON.
    ArgumentsUnparsable {
        /// What the JSON reader said.
        why: String,
    },
    /// The arguments are JSON, but no object.
    ArgumentsNotAnObject,
    /// The arguments were not recorded.
    ArgumentsAbsent,
}

impl Obstacle {
    /// A short stable name for counting.
    pub fn name(&self) -> &'static str {
        match self {
            Obstacle::Redacted { .. } => "redacted",
            Obstacle::ArgumentsUnparsable { .. } => "arguments_unparsable",
            Obstacle::ArgumentsNotAnObject => "arguments_not_an_object",
            Obstacle::ArgumentsAbsent => "arguments_absent",
        }
    }
}

impl Action {
    /// What stands in the way of judging this action, or nothing. A redacted result or expectation stands in no way.
    pub fn obstacle(&self) -> Option<Obstacle> {
        let unread = ["result", "expect"];
        let redacted = self.recorded.redacted.iter().find(|pointer| {
            let top = pointer.trim_start_matches('/').split('/').next().unwrap_or("");
            !unread.contains(&top)
        });
        if let Some(pointer) = redacted {
            return Some(Obstacle::Redacted { pointer: pointer.clone() });
        }
        match &self.args {
            Arguments::Object(_) => None,
            Arguments::NotAnObject(_) => Some(Obstacle::ArgumentsNotAnObject),
            Arguments::Unparsable { why, .. } => Some(Obstacle::ArgumentsUnparsable { why: why.clone() }),
            Arguments::Absent => Some(Obstacle::ArgumentsAbsent),
        }
    }
}
