//! The runs of a recording while it is replayed: what each has heard and been answered, and its session.
//!
//! History is taken as it was recorded: a call that was answered then is remembered as let through, whatever would be
//! decided about it today. Calls of one message were asked for before any of them was answered, and are decided so.

use std::collections::HashMap;
use std::rc::Rc;

use agentpol::{Code, Decision, Program, Scratch, Told};
use agentpol_trace::{Action, Arguments, Provenance, RawJson, Speaker, ToolResult, yaml_to_json};

use crate::heard::Heard;
use crate::manifest::{Answers, ClockSetting, RecordingEntry};
use crate::memory::{Ending, Memory, observed};
use crate::request::{NotEvaluable, Request, Seat, request_in};
use crate::trust::is_trusted;

/// All runs of a recording.
///
/// Where the manifest sets the clock, times say nothing about what came before what, and each run is a world of its own.
/// Where times are recorded, all runs share what is remembered of agents, users and limits.
pub(crate) struct Runs {
    shared: Option<Rc<Memory>>,
    runs: HashMap<String, Run>,
    answers: Answers,
}

/// One run.
#[derive(Default)]
pub(crate) struct Run {
    memory: Option<Rc<Memory>>,
    /// Sessions that are open, by who acts in them for whom, with the number of each.
    sessions: HashMap<String, String>,
    provenance: Provenance,
    heard: Heard,
    message: Option<u64>,
    waiting: Vec<Waiting>,
    steps: u64,
}

/// A call whose answer nobody has seen yet.
struct Waiting {
    session: String,
    call: String,
    tool: Option<u32>,
    args: String,
    result: ToolResult,
    at: String,
}

/// What became of a call.
pub(crate) struct Judged {
    /// The request, or why there is none.
    pub(crate) request: Result<Request, NotEvaluable>,
    /// The decision, where there is a request.
    pub(crate) decision: Option<Decision>,
    /// It ran, and is not remembered: its request could not be read.
    pub(crate) forgotten: bool,
    /// Earlier answers that are not as their tools declare them.
    pub(crate) not_as_declared: u64,
}

impl Runs {
    pub(crate) fn new(program: &Program, entry: &RecordingEntry, answers: Answers) -> Runs {
        let apart = matches!(entry.clock, ClockSetting::At(_));
        Runs { shared: (!apart).then(|| Rc::new(Memory::new(program))), runs: HashMap::new(), answers }
    }

    /// The number of a call in its run, from 0; to be asked once for each call, whoever made it.
    pub(crate) fn step(&mut self, action: &Action) -> u64 {
        let run = self.runs.entry(name(action).to_owned()).or_default();
        run.steps += 1;
        run.steps - 1
    }

    /// Decides a call, with all that stands before it.
    pub(crate) fn judge(
        &mut self,
        program: &Program,
        scratch: &mut Scratch,
        action: &Action,
        entry: &RecordingEntry,
    ) -> Judged {
        let run = self.runs.entry(name(action).to_owned()).or_default();
        let memory = run.memory.get_or_insert_with(|| match &self.shared {
            Some(shared) => Rc::clone(shared),
            None => Rc::new(Memory::new(program)),
        });
        let memory = Rc::clone(memory);
        let not_as_declared = run.catch_up(program, scratch, &memory, action, self.answers, entry);
        let seat = Seat { call: format!("call {}", action.seq), origin: run.origins(action), heard: &run.heard };
        let mut request = match request_in(action, entry, Some(&seat)) {
            Ok(request) => request,
            Err(reason) => {
                return Judged { request: Err(reason), decision: None, forgotten: false, not_as_declared };
            }
        };
        let call = seat.call;
        let number = run.sessions.len();
        let session = run.sessions.entry(request.party.clone()).or_insert_with(|| {
            let session = format!("{} {number}", name(action));
            // Where this is refused, so is the call, and says why.
            let _ = memory.tell(program, scratch, &request.opening(&session));
            session
        });
        request.take_seat(session);
        let ran = action.result.is_some();
        let decision = memory.decide(program, scratch, &request.json, Some(ran));
        let forgotten = ran && decision.code() < Code::DeniedByRule;
        if let (Some(result), Arguments::Object(args)) = (&action.result, &action.args) {
            run.waiting.push(Waiting {
                session: session.clone(),
                call,
                tool: program.find_tool(request.server.as_deref(), &request.tool),
                args: args.text().to_owned(),
                result: result.clone(),
                at: request.at.clone(),
            });
        }
        Judged { request: Ok(request), decision: Some(decision), forgotten, not_as_declared }
    }
}

/// What tells runs apart.
fn name(action: &Action) -> &str {
    action.trace.session.as_deref().unwrap_or(&action.trace.id)
}

impl Run {
    /// Takes in what was said and answered before the call; returns how many answers were not as declared.
    fn catch_up(
        &mut self,
        program: &Program,
        scratch: &mut Scratch,
        memory: &Memory,
        action: &Action,
        answers: Answers,
        entry: &RecordingEntry,
    ) -> u64 {
        let together = self.message.is_some() && self.message == action.turn.message;
        let before = if together { Vec::new() } else { std::mem::take(&mut self.waiting) };
        self.message = action.turn.message;
        let mut not_as_declared = 0;
        for one in before {
            not_as_declared += u64::from(!self.answered(program, scratch, memory, &one, answers));
        }
        for heard in &action.heard {
            self.provenance.hear(heard);
            if heard.by == Speaker::User {
                self.heard.listen(&heard.text, &entry.heard);
            }
        }
        not_as_declared
    }

    /// Takes in an answer; returns whether it is as declared, as far as anybody asks.
    fn answered(
        &mut self,
        program: &Program,
        scratch: &mut Scratch,
        memory: &Memory,
        one: &Waiting,
        answers: Answers,
    ) -> bool {
        let json = match answers {
            Answers::Yaml => yaml_to_json(&one.result.text),
            Answers::AsWritten => None,
        };
        let text = json.as_deref().unwrap_or(&one.result.text);
        let ending = if one.result.is_error { Ending::Failed } else { Ending::Text(text) };
        if !one.result.is_error {
            self.provenance.answer(&one.args, text, &|path| is_trusted(program, one.tool, path));
        }
        let told = memory.tell(program, scratch, &observed(&one.session, &one.call, &ending, &one.at));
        !matches!(told, Ok(Told::Observed { as_declared: false }))
    }

    /// Where the arguments of a call come from, as a request says it.
    fn origins(&self, action: &Action) -> Option<RawJson> {
        let Arguments::Object(args) = &action.args else { return None };
        let origins = self.provenance.origins(args.text());
        let member = |(pointer, origin): &(String, agentpol_trace::Origin)| {
            format!("{}: \"{}\"", RawJson::string(pointer).text(), origin.as_str())
        };
        let members: Vec<String> = origins.iter().map(member).collect();
        RawJson::parse(&format!("{{{}}}", members.join(", "))).ok().filter(|_| !members.is_empty())
    }
}
