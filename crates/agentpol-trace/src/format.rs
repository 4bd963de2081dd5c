//! The formats by name.

/// A format that this crate reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Format {
    /// Our own JSON Lines, one action a line; also foreign JSON Lines with a [`Mapping`](crate::Mapping).
    Own,
    /// `OpenAI` chat completions: `{"messages": [...]}` or an array of messages.
    OpenAi,
    /// Items of `OpenAI`'s Responses API.
    Responses,
    /// Anthropic messages, and the events of its managed agents.
    Anthropic,
    /// Transcripts of Claude Code.
    ClaudeCode,
    /// Payloads of Claude Code's hooks, one a line.
    ClaudeCodeHooks,
    /// Rollouts of Codex.
    Codex,
    /// Sessions of the Gemini CLI.
    GeminiCli,
    /// Messages of the Model Context Protocol.
    Mcp,
    /// OTLP/JSON spans with the conventions for generative AI, or those of `OpenInference`.
    Otlp,
    /// tau-bench: an array of `{"task_id", "traj"}`.
    TauBench,
    /// tau2-bench: one object with `simulations`.
    Tau2Bench,
    /// `AgentDojo`: one run a file, or one run a line behind a line of metadata.
    AgentDojo,
    /// Evaluation logs of Inspect, as `.json` or `.eval`.
    Inspect,
    /// Agent trajectory interchange format.
    Atif,
    /// Trajectories of SWE-agent.
    SweAgent,
    /// Runs of `LangSmith`.
    LangSmith,
    /// Observations of Langfuse.
    Langfuse,
    /// Test cases of `InjecAgent`.
    InjecAgent,
    /// The main data of `PrivacyLens`.
    PrivacyLens,
    /// Decision logs of the Open Policy Agent.
    Opa,
    /// Audit logs of Cerbos.
    Cerbos,
    /// `AuthZEN` requests and what was answered.
    AuthZen,
}

impl Format {
    /// Every format, in the order in which help texts name them.
    pub const ALL: [Format; 23] = [
        Format::Own,
        Format::OpenAi,
        Format::Responses,
        Format::Anthropic,
        Format::ClaudeCode,
        Format::ClaudeCodeHooks,
        Format::Codex,
        Format::GeminiCli,
        Format::Mcp,
        Format::Otlp,
        Format::TauBench,
        Format::Tau2Bench,
        Format::AgentDojo,
        Format::Inspect,
        Format::Atif,
        Format::SweAgent,
        Format::LangSmith,
        Format::Langfuse,
        Format::InjecAgent,
        Format::PrivacyLens,
        Format::Opa,
        Format::Cerbos,
        Format::AuthZen,
    ];

    /// Its name in manifests and options.
    pub fn name(self) -> &'static str {
        match self {
            Format::Own => "own",
            Format::OpenAi => "openai",
            Format::Responses => "openai-responses",
            Format::Anthropic => "anthropic",
            Format::ClaudeCode => "claude-code",
            Format::ClaudeCodeHooks => "claude-code-hooks",
            Format::Codex => "codex",
            Format::GeminiCli => "gemini-cli",
            Format::Mcp => "mcp",
            Format::Otlp => "otlp",
            Format::TauBench => "tau-bench",
            Format::Tau2Bench => "tau2-bench",
            Format::AgentDojo => "agentdojo",
            Format::Inspect => "inspect",
            Format::Atif => "atif",
            Format::SweAgent => "swe-agent",
            Format::LangSmith => "langsmith",
            Format::Langfuse => "langfuse",
            Format::InjecAgent => "injecagent",
            Format::PrivacyLens => "privacylens",
            Format::Opa => "opa",
            Format::Cerbos => "cerbos",
            Format::AuthZen => "authzen",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    /// What it is made of, for errors about what is not of it.
    pub(crate) fn record(self) -> &'static str {
        match self {
            Format::Own => "an action",
            Format::OpenAi => "a run of chat messages",
            Format::Responses => "an item of the Responses API",
            Format::Anthropic => "a run of Anthropic messages",
            Format::ClaudeCode => "a line of a Claude Code transcript",
            Format::ClaudeCodeHooks => "a payload of a Claude Code hook",
            Format::Codex => "a line of a Codex rollout",
            Format::GeminiCli => "a session of the Gemini CLI",
            Format::Mcp => "an MCP message",
            Format::Otlp => "a batch of OTLP spans",
            Format::TauBench => "a run of tau-bench",
            Format::Tau2Bench => "a simulation of tau2-bench",
            Format::AgentDojo => "a run of AgentDojo",
            Format::Inspect => "a sample of an Inspect log",
            Format::Atif => "an ATIF trajectory",
            Format::SweAgent => "a trajectory of SWE-agent",
            Format::LangSmith => "a run of LangSmith",
            Format::Langfuse => "an observation of Langfuse",
            Format::InjecAgent => "a test case of InjecAgent",
            Format::PrivacyLens => "a case of PrivacyLens",
            Format::Opa => "an event of an OPA decision log",
            Format::Cerbos => "an entry of a Cerbos audit log",
            Format::AuthZen => "an AuthZEN request or answer",
        }
    }

    /// The member of the document that lists the runs, and the one that says what is true of all of them, where the
    /// document is an object around its runs.
    pub(crate) fn around(self) -> Option<(&'static str, &'static str)> {
        match self {
            Format::Tau2Bench => Some(("simulations", "info")),
            Format::Inspect => Some(("samples", "eval")),
            _ => None,
        }
    }

    /// Whether a list at the top may be one run by itself: of messages, or of the records of one session.
    pub(crate) fn runs_are_lists(self) -> bool {
        matches!(self, Format::OpenAi | Format::Anthropic)
    }
}
