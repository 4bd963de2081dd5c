//! A program that judges the actions of a recording one after the other, with memory of what stands before each.
//!
//! Everything that looks at recordings (tests, comparisons of two policies, coverage, forecasts) goes through here, so that
//! all of them mean the same by an action, a verdict, and what cannot be judged.

use agentpol::Decision;
use agentpol_trace::{Action, Format, Issuer};

use crate::engine::{Declared, Engine};
use crate::manifest::{Answers, RecordingEntry};
use crate::report::History;
use crate::request::{NotEvaluable, Request};
use crate::run::Runs;
use crate::verdict::Verdict;

/// A program over one recording.
pub(crate) struct Judging<'r, 'p> {
    pub(crate) engine: &'r mut Engine<'p>,
    entry: &'r RecordingEntry,
    runs: Runs<'r>,
}

/// What became of an action.
pub(crate) enum Seen {
    /// It is not judged because of who made the call.
    By(Issuer),
    /// It is not judged because its run belongs to another domain.
    OtherDomain,
    /// It was judged, or cannot be.
    Judged(Box<Judged>),
}

/// An action that was judged, or cannot be.
pub(crate) struct Judged {
    /// The wire name of the tool, after the manifest's renaming.
    pub(crate) tool: String,
    /// The tool in the program, where it has it.
    pub(crate) tool_id: Option<u32>,
    /// The agent as it was presented, the text of a JSON value.
    pub(crate) agent: String,
    /// The verdict, or why there is none.
    pub(crate) verdict: Result<Verdict, NotEvaluable>,
    /// The decision, where there is a verdict.
    pub(crate) decision: Option<Decision>,
    /// What was decided before it was taken for approved, where it was.
    pub(crate) asked: Option<Decision>,
    /// What had to be assumed.
    pub(crate) assumed: Assumed,
}

impl Judged {
    /// The verdict, or the word for its absence.
    pub(crate) fn verdict(&self) -> Verdict {
        self.verdict.as_ref().map_or_else(Verdict::from, Clone::clone)
    }
}

/// What had to be assumed to judge an action.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Assumed {
    /// The time is the manifest's.
    pub(crate) clock: bool,
    /// The credential is fresh.
    pub(crate) credential: bool,
    /// It ran, and history leaves it out.
    pub(crate) forgotten: bool,
    /// It ran, and counts as approved.
    pub(crate) approved: bool,
    /// Origins were told by the matching rule, and some rule reads them.
    pub(crate) origins: bool,
}

impl<'r, 'p> Judging<'r, 'p> {
    /// Begins a recording of that format.
    pub(crate) fn new(
        engine: &'r mut Engine<'p>,
        entry: &'r RecordingEntry,
        format: Format,
        history: History,
    ) -> Judging<'r, 'p> {
        let runs = Runs::new(engine.program, entry, answers(entry, format), history);
        Judging { engine, entry, runs }
    }

    /// How many sessions were opened.
    pub(crate) fn sessions(&self) -> u64 {
        self.runs.opened()
    }

    /// Takes in what was said and answered before an action; to be asked once for each, in order, and before it is judged.
    /// Returns its number in the run, from 0, and how many answers were not as their tools declare them.
    pub(crate) fn catch_up(&mut self, action: &Action) -> (u64, u64) {
        self.runs.step(self.engine.program, &mut self.engine.scratch, action)
    }

    /// Judges an action.
    pub(crate) fn judge(&mut self, action: &Action) -> Seen {
        if !self.entry.issuers.contains(&action.issuer) {
            return Seen::By(action.issuer);
        }
        if self.entry.domain.is_some() && self.entry.domain != action.trace.domain {
            return Seen::OtherDomain;
        }
        let found = self.runs.judge(self.engine, action);
        let mut assumed = Assumed::default();
        let (mut tool_id, mut agent) = (None, String::new());
        let (tool, verdict) = match (found.request, &found.decision) {
            (Ok(request), Some(decision)) => {
                let verdict = self.verdict(action, &request, decision);
                if verdict.is_ok() {
                    assumed = Assumed {
                        clock: request.fixed_clock,
                        credential: request.assumed_credential,
                        forgotten: found.forgotten && self.engine.has_history(),
                        approved: found.asked.is_some(),
                        origins: found.matched && self.engine.reads_origins(),
                    };
                }
                tool_id = self.engine.program.find_tool(request.server.as_deref(), &request.tool);
                agent = request.agent;
                (request.tool, verdict)
            }
            (Ok(request), None) => (request.tool, Err(NotEvaluable::ToolUndeclared)),
            (Err(reason), _) => (self.entry.wire_tool(&action.tool).to_owned(), Err(reason)),
        };
        let decision = found.decision.filter(|_| verdict.is_ok());
        Seen::Judged(Box::new(Judged { tool, tool_id, agent, verdict, decision, asked: found.asked, assumed }))
    }

    /// What a decision says of the call. A tool that the policy does not know, and a credential or an environment that the
    /// recorder did not keep, say nothing about it, unless the record expects just that code.
    fn verdict(&self, action: &Action, request: &Request, decision: &Decision) -> Result<Verdict, NotEvaluable> {
        let verdict = self.engine.verdict(decision);
        let expected = action.expect.as_ref().and_then(|expect| expect.code.as_deref());
        match verdict.code.as_str() {
            code if expected == Some(code) => Ok(verdict),
            "tool_unknown" => match self.engine.declared(request) {
                Declared::Here if request.has_env => Ok(verdict),
                Declared::Here => Err(NotEvaluable::NoEnvironment),
                Declared::Elsewhere => Ok(verdict),
                Declared::Nowhere => Err(NotEvaluable::ToolUndeclared),
            },
            "credential_missing" if !request.has_credential => Err(NotEvaluable::NoCredential),
            _ => Ok(verdict),
        }
    }
}

/// How a recording of that format writes what tools answered.
pub(crate) fn answers(entry: &RecordingEntry, format: Format) -> Answers {
    entry.answers.unwrap_or(match format {
        Format::AgentDojo => Answers::Yaml,
        _ => Answers::AsWritten,
    })
}
