//! Running the scenarios that stand in the policies: each step is carried out with memory of those before it, and what is
//! decided is compared with its arrow.

use agentpol::bytecode::decision::Ask;
use agentpol::policy::{Call, Expected, Person, Policy, Scenario, Step};
use agentpol::{Answered, Decision, Observation, Refusal, SourceMap, Span, events};

use crate::engine::Engine;
use crate::memory::Memory;
use crate::replay::{Replay, is_rule};
use crate::report::{Lacking, ScenarioReport, SourcePlace, StepFailure};
use crate::verdict::Verdict;

/// The word in place of an outcome for what state does not take.
const REFUSED: &str = "refused";

impl Replay<'_> {
    /// Runs one scenario of a policy, which must be the one that the program was made of.
    pub(crate) fn scenario(&mut self, policy: &Policy, sources: &SourceMap, scenario: &Scenario) -> ScenarioReport {
        run(&mut self.engine, policy, sources, scenario)
    }

    /// Runs every scenario of a policy, which must be the one that the program was made of. Each begins with empty memory.
    pub fn scenarios(&mut self, policy: &Policy, sources: &SourceMap) -> Vec<ScenarioReport> {
        policy.tests.iter().map(|scenario| run(&mut self.engine, policy, sources, scenario)).collect()
    }
}

fn run(engine: &mut Engine<'_>, policy: &Policy, sources: &SourceMap, scenario: &Scenario) -> ScenarioReport {
    let mut report = ScenarioReport {
        module: policy[scenario.module].name.clone(),
        name: scenario.name.clone(),
        at: place(sources, scenario.span),
        steps: scenario.steps.len(),
        failures: Vec::new(),
    };
    let memory = Memory::new(engine.program);
    let opened = memory.tell(engine.program, &mut engine.scratch, &scenario.open);
    let stage = Stage { policy, sources, scenario };
    report.failures = stage.act(engine, &memory);
    // A call in a session that cannot be opened may well be denied as expected; where it is not, this is why.
    if let (Err(refusal), false) = (opened, report.failures.is_empty()) {
        report.failures.insert(0, stage.refused(0, scenario.span, "opening the session", refusal));
    }
    report
}

/// What a scenario stands in.
struct Stage<'s> {
    policy: &'s Policy,
    sources: &'s SourceMap,
    scenario: &'s Scenario,
}

impl Stage<'_> {
    fn act(&self, engine: &mut Engine<'_>, memory: &Memory) -> Vec<StepFailure> {
        let mut failures = Vec::new();
        let mut asked: Vec<Ask> = Vec::new();
        for (index, step) in self.scenario.steps.iter().enumerate() {
            match step {
                Step::Call(call) => {
                    let decision = memory.decide(engine.program, &mut engine.scratch, &call.request, None);
                    engine.reach(&decision);
                    asked = decision.asks().named().to_vec();
                    let verdict = engine.verdict(&decision);
                    let lacking = engine.lacking(&decision);
                    if !self.meets(call, &verdict, &lacking) {
                        failures.push(self.failure(engine, (index, call), verdict, lacking));
                    }
                    if let Err(refusal) = self.observe(engine, memory, call, &decision) {
                        failures.push(self.refused(index + 1, call.span, "taking what it gives", refusal));
                    }
                }
                Step::Approve(person) => {
                    failures.extend(self.answer(engine, memory, (index, "approve"), person, &asked));
                }
                Step::Reject(person) => {
                    failures.extend(self.answer(engine, memory, (index, "reject"), person, &asked));
                }
            }
        }
        failures
    }

    /// Whether a decision is what a step's arrow says.
    fn meets(&self, call: &Call, verdict: &Verdict, lacking: &[Lacking]) -> bool {
        let as_said = match &call.expect {
            Expected::Allow => verdict.outcome == "allow",
            Expected::Deny { code } => {
                verdict.outcome == "deny" && code.as_ref().is_none_or(|code| *code == verdict.code)
            }
            Expected::Throttle => verdict.outcome == "throttle",
            Expected::RequireApproval { from } => {
                verdict.outcome == "require_approval"
                    && from.as_ref().is_none_or(|from| lacking.iter().any(|lacking| lacking.from == *from))
            }
        };
        as_said && call.by.as_ref().is_none_or(|by| verdict.rules.iter().any(|rule| is_rule(rule, by)))
    }

    /// Says what a call gave that was let through.
    fn observe(
        &self,
        engine: &mut Engine<'_>,
        memory: &Memory,
        call: &Call,
        decision: &Decision,
    ) -> Result<(), Refusal> {
        if !decision.opened() {
            return Ok(());
        }
        let outcome = match &call.result {
            Some(Ok(json)) => Answered::Json(json),
            Some(Err(())) => Answered::Failed,
            None => Answered::Unknown,
        };
        let (session, id) = (&self.scenario.session, &call.id);
        let observation = Observation { session, call: id, outcome, untrusted: false, at: call.at };
        memory.tell(engine.program, &mut engine.scratch, &events::observe(&observation)).map(|_| ())
    }

    /// Lets a person answer everything that the last call asked for.
    fn answer(
        &self,
        engine: &mut Engine<'_>,
        memory: &Memory,
        (index, word): (usize, &str),
        person: &Person,
        asked: &[Ask],
    ) -> Vec<StepFailure> {
        let what = format!("{word} by \"{}\"", person.id);
        let groups: Vec<&str> = person.groups.iter().map(String::as_str).collect();
        let by = events::Person { id: &person.id, groups: &groups };
        let mut failures = Vec::new();
        let mut open = asked.iter().filter_map(|ask| ask.opened).peekable();
        if open.peek().is_none() {
            failures.push(self.unasked(index + 1, person.span, &what));
        }
        for opened in open {
            let event = match word {
                "approve" => events::approve(&opened.digest, &by, person.at),
                _ => events::reject(&opened.digest, &by, person.at),
            };
            if let Err(refusal) = memory.tell(engine.program, &mut engine.scratch, &event) {
                failures.push(self.refused(index + 1, person.span, &what, refusal));
            }
        }
        failures
    }

    fn failure(
        &self,
        engine: &Engine<'_>,
        (index, call): (usize, &Call),
        new: Verdict,
        lacking: Vec<Lacking>,
    ) -> StepFailure {
        let mut rules = engine.places(&new.rules, true);
        if let Some(by) = &call.by {
            let full = format!("{}: {by}", self.policy[self.scenario.module].name);
            if !new.rules.contains(&full) {
                rules.extend(engine.places(&[full], false));
            }
        }
        StepFailure {
            step: index + 1,
            at: place(self.sources, call.span),
            tool: self.policy[call.tool].name.clone(),
            expected: expected(call),
            new,
            approvers: lacking.iter().map(|lacking| lacking.from.clone()).collect(),
            lacking: lacking.into_iter().filter(|lacking| lacking.missing != "none").collect(),
            why: None,
            rules,
        }
    }

    /// A step that state does not take.
    fn refused(&self, step: usize, span: Span, what: &str, refusal: Refusal) -> StepFailure {
        self.untaken(step, span, what, (refusal.as_str(), refusal.title()))
    }

    /// A person's answer where nothing was asked for.
    fn unasked(&self, step: usize, span: Span, what: &str) -> StepFailure {
        self.untaken(step, span, what, ("nothing_asked", "the call before this asked for no approval"))
    }

    fn untaken(&self, step: usize, span: Span, what: &str, (code, why): (&'static str, &'static str)) -> StepFailure {
        let new = Verdict {
            outcome: REFUSED.to_owned(),
            code: code.to_owned(),
            rules: Vec::new(),
            would: None,
            argument: None,
        };
        StepFailure {
            step,
            at: place(self.sources, span),
            tool: what.to_owned(),
            expected: "taken".to_owned(),
            new,
            approvers: Vec::new(),
            lacking: Vec::new(),
            why: Some(why),
            rules: Vec::new(),
        }
    }
}

/// The arrow in the language's words.
fn expected(call: &Call) -> String {
    let mut words = match &call.expect {
        Expected::Allow => "allow".to_owned(),
        Expected::Deny { code: None } => "deny".to_owned(),
        Expected::Deny { code: Some(code) } => format!("deny {code}"),
        Expected::Throttle => "throttle".to_owned(),
        Expected::RequireApproval { from: None } => "require approval".to_owned(),
        Expected::RequireApproval { from: Some(from) } => format!("require approval from {from}"),
    };
    if let Some(by) = &call.by {
        words.push_str(&format!(" by \"{by}\""));
    }
    words
}

fn place(sources: &SourceMap, span: Span) -> SourcePlace {
    let Some(file) = sources.get(span.file) else { return SourcePlace::default() };
    let position = file.position(span.start);
    SourcePlace { file: file.name().to_owned(), line: position.line, column: position.column }
}
