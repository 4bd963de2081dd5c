//! Running the scenarios that stand in the policies: each step's request is decided and compared with its arrow.

use agentpol::bytecode::render::Time;
use agentpol::policy::{Call, Expected, Person, Phase, Policy, Scenario, Step};
use agentpol::{Decision, SourceMap, Span, events};

use crate::engine::Engine;
use crate::memory::{Ending, Memory, observed};
use crate::replay::{Replay, is_rule};
use crate::report::{ScenarioReport, SourcePlace, StepFailure};
use crate::verdict::Verdict;

impl Replay<'_> {
    /// Runs every scenario of a policy, which must be the one that the program was made of.
    pub fn scenarios(&mut self, policy: &Policy, sources: &SourceMap) -> Vec<ScenarioReport> {
        policy.tests.iter().map(|scenario| run(&mut self.engine, policy, sources, scenario)).collect()
    }
}

fn run(engine: &mut Engine<'_>, policy: &Policy, sources: &SourceMap, scenario: &Scenario) -> ScenarioReport {
    let memory = Memory::new(engine.program);
    let mut failures = Vec::new();
    // Where this is refused, so is every call, and says why.
    let _ = memory.tell(engine.program, &mut engine.scratch, &scenario.open);
    let mut asked: Vec<[u8; 32]> = Vec::new();
    for (index, step) in scenario.steps.iter().enumerate() {
        match step {
            Step::Call(step) => {
                let decision = memory.decide(engine.program, &mut engine.scratch, &step.request, None);
                asked = decision.asks().named().iter().filter_map(|ask| Some(ask.opened?.digest)).collect();
                let verdict = engine.verdict(&decision);
                if !meets(engine, policy, scenario, step, &decision, &verdict) {
                    let approvers = approvers(engine, policy, scenario, &decision);
                    let failure = failure(engine, policy, sources, scenario, (index, step), verdict);
                    failures.push(StepFailure { approvers, ..failure });
                }
                if decision.opened() {
                    end(engine, &memory, scenario, step);
                }
            }
            Step::Approve(person) => {
                failures.extend(answer(engine, &memory, sources, (index, person), &asked, "approve"));
            }
            Step::Reject(person) => {
                failures.extend(answer(engine, &memory, sources, (index, person), &asked, "reject"));
            }
        }
    }
    ScenarioReport {
        module: policy[scenario.module].name.clone(),
        name: scenario.name.clone(),
        at: place(sources, scenario.span),
        steps: scenario.steps.len(),
        failures,
    }
}

/// Says how a call that was let through ended.
fn end(engine: &mut Engine<'_>, memory: &Memory, scenario: &Scenario, step: &Call) {
    let ending = match &step.result {
        Some(Ok(json)) => Ending::Json(json),
        Some(Err(())) => Ending::Failed,
        None => Ending::Unknown,
    };
    let event = observed(&scenario.session, &step.id, &ending, &Time(step.at).to_string());
    // An answer that is not as declared is unknown to what follows.
    let _ = memory.tell(engine.program, &mut engine.scratch, &event);
}

/// Lets a person answer what the last call asked for; returns where that is refused.
fn answer(
    engine: &mut Engine<'_>,
    memory: &Memory,
    sources: &SourceMap,
    (index, person): (usize, &Person),
    asked: &[[u8; 32]],
    word: &str,
) -> Option<StepFailure> {
    let groups: Vec<&str> = person.groups.iter().map(String::as_str).collect();
    let who = events::Person { id: &person.id, groups: &groups };
    let mut refused = asked.is_empty().then_some("ask_unknown");
    for digest in asked {
        let event = match word {
            "approve" => events::approve(digest, &who, person.at),
            _ => events::reject(digest, &who, person.at),
        };
        if let Err(why) = memory.tell(engine.program, &mut engine.scratch, &event) {
            refused = Some(why.as_str());
        }
    }
    refused.map(|why| StepFailure {
        step: index + 1,
        at: place(sources, person.span),
        tool: format!("{word} by \"{}\"", person.id),
        expected: "taken in".to_owned(),
        new: Verdict {
            outcome: "refused".to_owned(),
            code: why.to_owned(),
            rules: Vec::new(),
            would: None,
            argument: None,
        },
        approvers: Vec::new(),
        rules: Vec::new(),
    })
}

/// Whether a decision is what a step's arrow says.
fn meets(
    engine: &Engine<'_>,
    policy: &Policy,
    scenario: &Scenario,
    step: &Call,
    decision: &Decision,
    verdict: &Verdict,
) -> bool {
    let as_said = match &step.expect {
        Expected::Allow => verdict.outcome == "allow",
        Expected::Deny { code } => verdict.outcome == "deny" && code.as_ref().is_none_or(|code| *code == verdict.code),
        Expected::Throttle => verdict.outcome == "throttle",
        Expected::RequireApproval { from } => {
            verdict.outcome == "require_approval"
                && from.as_ref().is_none_or(|from| approvers(engine, policy, scenario, decision).contains(from))
        }
    };
    as_said && step.by.as_ref().is_none_or(|by| verdict.rules.iter().any(|rule| is_rule(rule, by)))
}

/// Whose approvals are missing: wire names of groups, or `user`.
fn approvers(engine: &Engine<'_>, policy: &Policy, scenario: &Scenario, decision: &Decision) -> Vec<String> {
    let mut approvers = engine.approvers(decision);
    if let Phase::Supervised { by } = policy[scenario.agent].phase
        && decision.approval_by_phase()
    {
        approvers.push(by.map_or_else(|| "user".to_owned(), |group| policy[group].wire.clone()));
    }
    approvers
}

fn failure(
    engine: &Engine<'_>,
    policy: &Policy,
    sources: &SourceMap,
    scenario: &Scenario,
    (index, step): (usize, &Call),
    new: Verdict,
) -> StepFailure {
    let mut rules = engine.places(&new.rules, true);
    if let Some(by) = &step.by {
        let full = format!("{}: {by}", policy[scenario.module].name);
        if !new.rules.contains(&full) {
            rules.extend(engine.places(&[full], false));
        }
    }
    StepFailure {
        step: index + 1,
        at: place(sources, step.span),
        tool: policy[step.tool].name.clone(),
        expected: expected(step),
        new,
        approvers: Vec::new(),
        rules,
    }
}

/// The arrow in the language's words.
fn expected(step: &Call) -> String {
    let mut words = match &step.expect {
        Expected::Allow => "allow".to_owned(),
        Expected::Deny { code: None } => "deny".to_owned(),
        Expected::Deny { code: Some(code) } => format!("deny {code}"),
        Expected::Throttle => "throttle".to_owned(),
        Expected::RequireApproval { from: None } => "require approval".to_owned(),
        Expected::RequireApproval { from: Some(from) } => format!("require approval from {from}"),
    };
    if let Some(by) = &step.by {
        words.push_str(&format!(" by \"{by}\""));
    }
    words
}

fn place(sources: &SourceMap, span: Span) -> SourcePlace {
    let Some(file) = sources.get(span.file) else { return SourcePlace::default() };
    let position = file.position(span.start);
    SourcePlace { file: file.name().to_owned(), line: position.line, column: position.column }
}
