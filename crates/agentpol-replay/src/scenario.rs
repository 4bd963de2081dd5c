//! Running the scenarios that stand in the policies: each step is carried out with memory of those before it, and what
//! comes of it is compared with its arrow.

use agentpol::bytecode::decision::Ask;
use agentpol::policy::{Call, Ending, Opening, Person, Policy, Refused, Scenario, Step};
use agentpol::{Answered, Decision, Observation, Refusal, SourceMap, Span, Told, events};

use crate::claims::{self, Came};
use crate::engine::Engine;
use crate::findings::{Reasons, ScenarioReport, StepFailure};
use crate::memory::Memory;
use crate::replay::{Replay, is_rule};
use crate::report::SourcePlace;
use crate::unknown::{Causes, Happened};
use crate::verdict::Verdict;

/// The words in place of an outcome for what state takes and does not take.
const TAKEN: &str = "taken";
const REFUSED: &str = "refused";

impl Replay<'_> {
    /// Runs one scenario of a policy, which must be the one that the program was made of.
    pub(crate) fn scenario(&mut self, policy: &Policy, sources: &SourceMap, scenario: &Scenario) -> ScenarioReport {
        run(&mut self.engine, policy, sources, scenario)
    }

    /// Runs every scenario of a policy, which must be the one that the program was made of. Each begins with empty memory.
    pub fn scenarios(&mut self, policy: &Policy, sources: &SourceMap) -> Vec<ScenarioReport> {
        self.engine.scratch.record(true);
        policy.tests.iter().map(|scenario| run(&mut self.engine, policy, sources, scenario)).collect()
    }
}

fn run(engine: &mut Engine<'_>, policy: &Policy, sources: &SourceMap, scenario: &Scenario) -> ScenarioReport {
    let memory = Memory::new(engine.program);
    let opened = memory.tell(engine.program, &mut engine.scratch, &scenario.open);
    let mut stage =
        Stage { policy, sources, memory, asked: Vec::new(), asked_before: Vec::new(), happened: Vec::new() };
    let mut failures = Vec::new();
    for (index, step) in scenario.steps.iter().enumerate() {
        let number = index + 1;
        match step {
            Step::Call(call) => failures.extend(stage.call(engine, number, call)),
            Step::Approve(person) => failures.extend(stage.answer(engine, number, "approve", person)),
            Step::Reject(person) => failures.extend(stage.answer(engine, number, "reject", person)),
            Step::Open(opening) => failures.extend(stage.open(engine, number, opening)),
        }
    }
    // A call in a session that cannot be opened may well be denied as expected; where it is not, this is why.
    if let (Err(refusal), false) = (opened, failures.is_empty()) {
        failures.insert(0, stage.untaken(0, scenario.span, "opening the session", None, Err(refusal)));
    }
    ScenarioReport {
        module: policy[scenario.module].name.clone(),
        name: scenario.name.clone(),
        at: place(sources, scenario.span),
        steps: scenario.steps.len(),
        failures,
    }
}

/// What a scenario stands in, and what has happened so far.
struct Stage<'s> {
    policy: &'s Policy,
    sources: &'s SourceMap,
    memory: Memory,
    /// What the last call was asked for.
    asked: Vec<Ask>,
    /// What the last call was asked for that was asked for anything.
    asked_before: Vec<Ask>,
    happened: Vec<Happened<'s>>,
}

impl<'s> Stage<'s> {
    fn call(&mut self, engine: &mut Engine<'_>, number: usize, call: &'s Call) -> Vec<StepFailure> {
        let mut failures = Vec::new();
        let decision = self.memory.decide(engine.program, &mut engine.scratch, &call.request, None);
        engine.reach(&decision);
        self.asked = decision.asks().named().to_vec();
        if !self.asked.is_empty() {
            self.asked_before = self.asked.clone();
        }
        let came = Came::new(engine, &decision);
        let alerts = engine.alerts(&decision);
        if !came.meets(&call.claim) || !raises(call, &alerts) {
            failures.push(self.failure(engine, (number, call), came, alerts));
        }
        match self.end(engine, call, &decision) {
            Err(refusal) => {
                let what = "taking what it gives";
                failures.push(self.untaken(number, call.span, what, None, Err(refusal)));
            }
            Ok(told) if decision.opened() => {
                let as_declared = !matches!(told, Some(Told::Observed { as_declared: false }));
                self.happened.push(Happened { step: number, call, as_declared });
            }
            Ok(_) => {}
        }
        failures
    }

    /// Says what became of a call that was let through.
    fn end(&self, engine: &mut Engine<'_>, call: &Call, decision: &Decision) -> Result<Option<Told>, Refusal> {
        if !decision.opened() {
            return Ok(None);
        }
        let (session, id, at, untrusted) = (&*call.session, &*call.id, call.at, call.untrusted);
        let outcome = match &call.ending {
            Ending::Returned(json) => Answered::Json(json),
            Ending::Failed => Answered::Failed,
            Ending::Done => Answered::Unknown,
            Ending::Pending => return Ok(None),
            Ending::Released => {
                let event = events::release(session, id, at);
                return self.memory.tell(engine.program, &mut engine.scratch, &event).map(Some);
            }
        };
        let event = events::observe(&Observation { session, call: id, outcome, untrusted, at });
        self.memory.tell(engine.program, &mut engine.scratch, &event).map(Some)
    }

    /// Lets a person answer what was asked for: taken where one of those who ask takes it.
    fn answer(&self, engine: &mut Engine<'_>, number: usize, word: &str, person: &Person) -> Option<StepFailure> {
        let what = format!("{word} by \"{}\"", person.id);
        let groups: Vec<&str> = person.groups.iter().map(String::as_str).collect();
        let by = events::Person { id: &person.id, groups: &groups };
        let asked = if person.refused.is_some() { &self.asked_before } else { &self.asked };
        let mut taken = false;
        let mut refusals: Vec<Refusal> = Vec::new();
        for opened in asked.iter().filter_map(|ask| ask.opened) {
            let event = match word {
                "approve" => events::approve(&opened.digest, &by, person.at),
                _ => events::reject(&opened.digest, &by, person.at),
            };
            match self.memory.tell(engine.program, &mut engine.scratch, &event) {
                Ok(_) => taken = true,
                Err(refusal) => refusals.push(refusal),
            }
        }
        let as_said = |refused: &Refused| {
            let fits = |refusal: &&Refusal| refused.code.as_ref().is_none_or(|code| code == refusal.as_str());
            refusals.iter().find(fits).or(refusals.first())
        };
        match (&person.refused, taken, refusals.first()) {
            (None, true, _) => None,
            (Some(refused), false, Some(_)) if refusals.iter().any(|one| is_as(refused, *one)) => None,
            (_, false, None) => Some(self.unasked(number, person.span, &what)),
            (refused, true, _) => Some(self.untaken(number, person.span, &what, refused.as_ref(), Ok(()))),
            (Some(refused), false, first) => {
                let refusal = as_said(refused).or(first).copied()?;
                Some(self.untaken(number, person.span, &what, Some(refused), Err(refusal)))
            }
            (None, false, Some(refusal)) => Some(self.untaken(number, person.span, &what, None, Err(*refusal))),
        }
    }

    /// Opens another session.
    fn open(&self, engine: &mut Engine<'_>, number: usize, opening: &Opening) -> Option<StepFailure> {
        let told = self.memory.tell(engine.program, &mut engine.scratch, &opening.event).map(|_| ());
        let refused = opening.refused.as_ref();
        let as_said = match (&told, refused) {
            (Ok(()), None) => true,
            (Err(refusal), Some(refused)) => is_as(refused, *refusal),
            _ => false,
        };
        let what = format!("in session \"{}\"", opening.session);
        (!as_said).then(|| self.untaken(number, opening.span, &what, refused, told))
    }

    fn failure(
        &self,
        engine: &Engine<'_>,
        (step, call): (usize, &Call),
        came: Came,
        alerts: Vec<String>,
    ) -> StepFailure {
        let mut expected = claims::words(&call.claim);
        match call.alerts.as_deref() {
            None => {}
            Some([]) => expected.push_str(" no alerts"),
            Some(names) => expected.push_str(&format!(" alerts \"{}\"", names.join("\", \""))),
        }
        let causes = Causes::new(self.policy, self.sources, &call.request, &self.happened);
        let (new, reasons) = came.reasons(engine, &call.claim, &causes);
        StepFailure {
            step,
            at: place(self.sources, call.span),
            tool: self.policy[call.tool].name.clone(),
            expected,
            new,
            approvers: reasons.asks.iter().map(|ask| ask.from.clone()).collect(),
            lacking: reasons.asks.iter().filter(|ask| ask.missing != "none").cloned().collect(),
            why: None,
            alerts: call.alerts.as_ref().map(|_| alerts),
            reasons,
        }
    }

    /// A step that state took or did not take, otherwise than expected.
    fn untaken(
        &self,
        step: usize,
        span: Span,
        what: &str,
        expected: Option<&Refused>,
        came: Result<(), Refusal>,
    ) -> StepFailure {
        let (outcome, code, why) = match came {
            Ok(()) => (TAKEN, TAKEN, None),
            Err(refusal) => (REFUSED, refusal.as_str(), Some(refusal.title())),
        };
        let expected = match expected {
            None => TAKEN.to_owned(),
            Some(Refused { code: None }) => REFUSED.to_owned(),
            Some(Refused { code: Some(code) }) => format!("{REFUSED} {code}"),
        };
        self.told(step, span, what, (expected, outcome, code, why))
    }

    /// A person's answer where nothing was asked for.
    fn unasked(&self, step: usize, span: Span, what: &str) -> StepFailure {
        let why = "the call before this asked for no approval";
        self.told(step, span, what, (TAKEN.to_owned(), REFUSED, "nothing_asked", Some(why)))
    }

    fn told(
        &self,
        step: usize,
        span: Span,
        what: &str,
        (expected, outcome, code, why): (String, &str, &str, Option<&'static str>),
    ) -> StepFailure {
        let (outcome, code) = (outcome.to_owned(), code.to_owned());
        StepFailure {
            step,
            at: place(self.sources, span),
            tool: what.to_owned(),
            expected,
            new: Verdict { outcome, code, rules: Vec::new(), would: None, argument: None },
            approvers: Vec::new(),
            lacking: Vec::new(),
            why,
            alerts: None,
            reasons: Reasons::default(),
        }
    }
}

/// Whether state refuses with what is expected.
fn is_as(refused: &Refused, refusal: Refusal) -> bool {
    refused.code.as_ref().is_none_or(|code| code == refusal.as_str())
}

/// Whether just these rules raise an alert that are expected to.
fn raises(call: &Call, raised: &[String]) -> bool {
    call.alerts.as_ref().is_none_or(|names| {
        names.iter().all(|name| raised.iter().any(|full| is_rule(full, name)))
            && raised.iter().all(|full| names.iter().any(|name| is_rule(full, name)))
    })
}

pub(crate) fn place(sources: &SourceMap, span: Span) -> SourcePlace {
    let Some(file) = sources.get(span.file) else { return SourcePlace::default() };
    let position = file.position(span.start);
    SourcePlace { file: file.name().to_owned(), line: position.line, column: position.column }
}
