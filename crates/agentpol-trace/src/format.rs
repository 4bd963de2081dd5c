//! The formats by name: those that are imported and those that are only recognised.

/// A format that this crate reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Format {
    /// Our own JSON Lines, one action a line; also foreign JSON Lines with a [`Mapping`](crate::Mapping).
    Own,
    /// `OpenAI` chat completions: `{"messages": [...]}` or an array of messages.
    OpenAi,
    /// tau-bench: an array of `{"task_id", "traj"}`.
    TauBench,
    /// tau2-bench: one object with `simulations`.
    Tau2Bench,
    /// `AgentDojo`: one run a file, or one run a line behind a line of metadata.
    AgentDojo,
}

impl Format {
    /// Every format, in the order in which help texts name them.
    pub const ALL: [Format; 5] = [Format::Own, Format::OpenAi, Format::TauBench, Format::Tau2Bench, Format::AgentDojo];

    /// Its name in manifests and options.
    pub fn name(self) -> &'static str {
        match self {
            Format::Own => "own",
            Format::OpenAi => "openai",
            Format::TauBench => "tau-bench",
            Format::Tau2Bench => "tau2-bench",
            Format::AgentDojo => "agentdojo",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// A format that is recognised, so that the error can name it, and not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ForeignFormat {
    /// OTLP/JSON spans.
    Otlp,
    /// ATIF trajectories.
    Atif,
    /// Inspect evaluation logs.
    Inspect,
    /// Claude Code transcripts.
    ClaudeCode,
    /// Claude Code hook payloads.
    ClaudeCodeHooks,
    /// Codex rollouts.
    Codex,
    /// MCP messages.
    Mcp,
    /// `LangSmith` runs.
    LangSmith,
    /// Langfuse observations.
    Langfuse,
    /// Anthropic messages.
    Anthropic,
    /// `OpenAI` Responses items.
    Responses,
}

impl ForeignFormat {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            ForeignFormat::Otlp => "OTLP/JSON",
            ForeignFormat::Atif => "ATIF",
            ForeignFormat::Inspect => "an Inspect log",
            ForeignFormat::ClaudeCode => "a Claude Code transcript",
            ForeignFormat::ClaudeCodeHooks => "a log of Claude Code hook payloads",
            ForeignFormat::Codex => "a Codex rollout",
            ForeignFormat::Mcp => "a log of MCP messages",
            ForeignFormat::LangSmith => "LangSmith runs",
            ForeignFormat::Langfuse => "Langfuse observations",
            ForeignFormat::Anthropic => "Anthropic messages",
            ForeignFormat::Responses => "OpenAI Responses items",
        }
    }
}
