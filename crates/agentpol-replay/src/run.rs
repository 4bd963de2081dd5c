//! The runs of a recording while it is replayed: what each has heard and been answered, and its session.
//!
//! History is taken as it was recorded: a call that was answered then is remembered as let through, whatever would be
//! decided about it today. Calls of one message were asked for before any of them was answered, and are decided so.

use std::collections::HashMap;
use std::rc::Rc;

use agentpol::{Code, Decision, Outcome, Program, Scratch, Told};
use agentpol_trace::{
    Action, Answerer, Arguments, Found, Origin, Provenance, RawJson, Speaker, Step, ToolResult, yaml_to_json,
};

use crate::engine::Engine;
use crate::heard::Heard;
use crate::manifest::{Answers, ApprovalSetting, ClockSetting, RecordingEntry, SessionSetting};
use crate::memory::{Ending, Memory, observed};
use crate::report::History;
use crate::request::{NotEvaluable, Request, Seat, request_in};

/// Who answers approvals that are taken for given: nobody whom a rule could exclude.
const APPROVER: &str = "recorded approver";

/// All runs of a recording.
///
/// Unless the manifest says it: where it sets the clock, times say nothing about what came before what, and each run is a world of its own.
/// Where times are recorded, all runs share what is remembered of agents, users and limits.
pub(crate) struct Runs<'e> {
    entry: &'e RecordingEntry,
    history: History,
    shared: Option<Rc<Memory>>,
    runs: HashMap<String, Run>,
    answers: Answers,
    /// How many sessions were opened.
    opened: u64,
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
    server: Option<String>,
    args: String,
    result: ToolResult,
    /// What was answered was taken out of the record.
    redacted: bool,
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
    /// What was decided before it was taken for approved, where it was.
    pub(crate) asked: Option<Decision>,
    /// Origins were told for it.
    pub(crate) matched: bool,
}

impl<'e> Runs<'e> {
    pub(crate) fn new(program: &Program, entry: &'e RecordingEntry, answers: Answers, history: History) -> Runs<'e> {
        let apart = match entry.sessions {
            Some(setting) => setting == SessionSetting::Apart,
            None => matches!(entry.clock, ClockSetting::At(_)),
        };
        let shared = (!apart).then(|| Rc::new(Memory::new(program)));
        Runs { entry, history, shared, runs: HashMap::new(), answers, opened: 0 }
    }

    /// How many sessions were opened.
    pub(crate) fn opened(&self) -> u64 {
        self.opened
    }

    /// Takes in what was said and answered before a call; to be asked once for each call, whoever made it. Returns its number
    /// in the run, from 0, and how many answers were not as their tools declare them.
    pub(crate) fn step(&mut self, program: &Program, scratch: &mut Scratch, action: &Action) -> (u64, u64) {
        let run = self.runs.entry(name(action).to_owned()).or_default();
        let memory = run.memory.get_or_insert_with(|| match &self.shared {
            Some(shared) => Rc::clone(shared),
            None => Rc::new(Memory::new(program)),
        });
        let memory = Rc::clone(memory);
        let not_as_declared = run.catch_up(program, scratch, &memory, action, self.answers, self.entry);
        run.steps += 1;
        (run.steps - 1, not_as_declared)
    }

    /// Decides a call, with all that stands before it.
    pub(crate) fn judge(&mut self, engine: &mut Engine<'_>, action: &Action) -> Judged {
        let run = self.runs.entry(name(action).to_owned()).or_default();
        let origin = run.origins(action).filter(|_| action.recorded.origin.is_none());
        let matched = origin.is_some();
        let seat = Seat { call: format!("call {}", action.seq), origin, heard: &run.heard };
        let unread = |reason| Judged { request: Err(reason), decision: None, forgotten: false, asked: None, matched };
        let mut request = match request_in(action, self.entry, Some(&seat)) {
            Ok(request) => request,
            Err(reason) => return unread(reason),
        };
        let Some(memory) = run.memory.clone() else { return unread(NotEvaluable::ToolUndeclared) };
        let (program, scratch) = (engine.program, &mut engine.scratch);
        let call = seat.call;
        let number = run.sessions.len();
        let opened = &mut self.opened;
        let session = run.sessions.entry(request.party.clone()).or_insert_with(|| {
            let session = format!("{} {number}", name(action));
            // Where this is refused, so is the call, and says why.
            *opened += u64::from(memory.tell(program, scratch, &request.opening(&session)).is_ok());
            session
        });
        request.take_seat(session);
        let ran = action.result.is_some();
        let as_recorded = ran && self.entry.approvals == ApprovalSetting::AsRecorded;
        let asked = if as_recorded { approve(engine, &memory, &request) } else { None };
        let ran_then = (self.history == History::AsRecorded).then_some(ran);
        let decision = memory.decide(engine.program, &mut engine.scratch, &request.json, ran_then);
        engine.reach(&decision);
        let forgotten = ran && decision.code() < Code::DeniedByRule;
        // In the closed loop a call that is not allowed today has no answer.
        let answered = self.history == History::AsRecorded || decision.opened();
        if let (Some(result), Arguments::Object(args)) = (&action.result, &action.args)
            && answered
        {
            run.waiting.push(Waiting {
                session: session.clone(),
                call,
                tool: engine.program.find_tool(request.server.as_deref(), &request.tool),
                server: request.server.clone(),
                args: args.text().to_owned(),
                result: result.clone(),
                redacted: action.recorded.redacted.iter().any(|pointer| pointer.starts_with("/result")),
                at: request.at.clone(),
            });
        }
        Judged { request: Ok(request), decision: Some(decision), forgotten, asked, matched }
    }
}

/// Where a call that ran would be asked for approval: asks, and answers for as many persons as are needed. Returns what was
/// decided when it asked.
fn approve(engine: &mut Engine<'_>, memory: &Memory, request: &Request) -> Option<Decision> {
    let outcome = memory.preview(engine.program, &mut engine.scratch, &request.json);
    if outcome != Some(Outcome::RequireApproval) {
        return None;
    }
    let decision = memory.decide(engine.program, &mut engine.scratch, &request.json, Some(false));
    for (ask, lacking) in decision.asks().named().iter().zip(engine.lacking(&decision)) {
        let Some(opened) = ask.opened else { continue };
        let digest: String = opened.digest.iter().map(|byte| format!("{byte:02x}")).collect();
        for number in 0..lacking.count {
            let person = if lacking.from == "user" {
                request.user().to_owned()
            } else {
                let (id, group) = (RawJson::string(&format!("{APPROVER} {number}")), RawJson::string(&lacking.from));
                format!(r#"{{"id": {}, "groups": [{}]}}"#, id.text(), group.text())
            };
            let at = RawJson::string(&request.at);
            let event = format!(r#"{{"approve": {{"digest": "{digest}", "person": {person}, "at": {}}}}}"#, at.text());
            // An approval that is not taken is missing, and the next decision says so.
            let _ = memory.tell(engine.program, &mut engine.scratch, &event);
        }
    }
    Some(decision)
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
        let ending = match (one.result.is_error, one.redacted) {
            (true, _) => Ending::Failed,
            (false, true) => Ending::Unknown,
            (false, false) => Ending::Text(text),
        };
        if matches!(ending, Ending::Text(_)) {
            let by = one.tool.and_then(|tool| named(program, tool, one.server.as_deref()));
            let trusted = |path: &[Step<'_>]| one.tool.is_some_and(|tool| vouches(program, tool, path));
            self.provenance.answer(by, &one.args, text, &trusted);
        }
        let told = memory.tell(program, scratch, &observed(&one.session, &one.call, &ending, &one.at));
        !matches!(told, Ok(Told::Observed { as_declared: false }))
    }

    /// Where the arguments of a call come from, as a request says it.
    fn origins(&self, action: &Action) -> Option<RawJson> {
        let Arguments::Object(args) = &action.args else { return None };
        let origins = self.provenance.origins(args.text());
        let member = |found: &Found| format!("{}: {}", RawJson::string(&found.pointer).text(), sources(found));
        let members: Vec<String> = origins.iter().map(member).collect();
        RawJson::parse(&format!("{{{}}}", members.join(", "))).ok().filter(|_| !members.is_empty())
    }
}

/// The name of a tool on the wire, where some rule asks for its results.
fn named(program: &Program, tool: u32, server: Option<&str>) -> Option<Answerer> {
    let tables = program.tables();
    let asked = tables.sources.iter().any(|sources| sources.tools.contains(&tool));
    let wire = tables.tools.get(tool as usize).filter(|_| asked)?.wire;
    Some(Answerer { server: server.map(str::to_owned), tool: program.symbol(wire).to_owned() })
}

/// Whether somebody vouches for the scalar at a path of a tool's answer.
fn vouches(program: &Program, tool: u32, path: &[Step<'_>]) -> bool {
    let steps = path.iter().map(|step| match step {
        Step::Member(name) => *name,
        Step::Element => "",
    });
    program.vouches(tool, Some(steps), |step, name| step == name)
}

/// The sources of a value, as a request says them.
fn sources(found: &Found) -> String {
    let held = found.held.iter().map(|held| {
        let text = |text: &str| RawJson::string(text).text().to_owned();
        let server = held.by.server.as_deref().map_or_else(String::new, |name| format!(", \"server\": {}", text(name)));
        format!("{{\"result_of\": {}{server}, \"at\": {}}}", text(&held.by.tool), text(&held.at))
    });
    let word = format!("\"{}\"", found.origin.as_str());
    let word = (found.held.is_empty() || found.origin > Origin::Trusted).then_some(word);
    let all: Vec<String> = word.into_iter().chain(held).collect();
    match all.as_slice() {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}
