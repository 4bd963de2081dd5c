//! The tests that stand in the policies, run through the facade; and what several threads and programs do to each other.

use agentpol::policy::{Call, Ending, Expected, Policy, Scenario, Step};
use agentpol::{
    Answered, Before, Decision, Engine, Evaluator, MemoryStore, Observation, Options, Outcome, Person, SourceMap, build,
};
use std::path::Path;

fn loaded(folder: &str, names: &[&str]) -> (Evaluator, Policy) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies").join(folder);
    let mut sources = SourceMap::new();
    for name in names {
        sources.add(*name, std::fs::read_to_string(folder.join(name)).expect("the file can be read"));
    }
    let built = build(&sources, &Options::default()).0.expect("builds");
    (Evaluator::load(&built.bytes).expect("loads"), built.policy)
}

fn clinic() -> (Evaluator, Policy) {
    loaded("clinic", &["agents.agentpol", "guard.agentpol", "rules.agentpol", "words.agentpol"])
}

/// Whether a decision is the expected one.
fn fits(evaluator: &Evaluator, step: &Call, decision: &Decision) -> bool {
    let named = |name: &String| {
        let rules = decision.rules().named().iter().filter_map(|rule| evaluator.program().rule(*rule));
        rules.map(|rule| evaluator.program().symbol(rule.name)).any(|rule| rule == name)
    };
    let outcome = match &step.claim.expect {
        Expected::Allow => decision.permits(),
        Expected::Deny { code } => {
            decision.outcome() == Outcome::Deny && code.as_ref().is_none_or(|code| code == decision.code().as_str())
        }
        Expected::RequireApproval { from } => {
            let asked = evaluator.operator_json(decision);
            let from = from.iter().all(|from| asked.contains(&format!("\"from\":\"{}\"", from.who)));
            decision.outcome() == Outcome::RequireApproval && from
        }
        Expected::Throttle => decision.outcome() == Outcome::Throttle,
    };
    outcome && step.claim.by.as_ref().is_none_or(named)
}

/// Tells what became of a call that was let through.
fn end(engine: &Engine<MemoryStore>, call: &Call) {
    let outcome = match &call.ending {
        Ending::Returned(json) => Answered::Json(json),
        Ending::Failed => Answered::Failed,
        Ending::Done => Answered::Unknown,
        Ending::Pending => return,
        Ending::Released => {
            engine.release(&call.session, &call.id, call.at).expect("is taken");
            return;
        }
    };
    let (session, untrusted, at) = (&*call.session, call.untrusted, call.at);
    let observation = Observation { session, call: &call.id, outcome, untrusted, at };
    engine.observe(&observation).expect("is taken");
}

/// Plays a scenario with memory, as a host would.
fn play(evaluator: &Evaluator, test: &Scenario) {
    let engine = Engine::new(evaluator.clone(), MemoryStore::new(), [1; 32], 0, Before::Empty).expect("installs");
    engine.tell(test.open.as_bytes()).expect("opens");
    let mut asked = Vec::new();
    for step in &test.steps {
        match step {
            Step::Call(call) => {
                let decision = engine.decide(call.request.as_bytes());
                let (request, got) = (&call.request, evaluator.operator_json(&decision));
                let (name, expected) = (&test.name, &call.claim.expect);
                assert!(fits(evaluator, call, &decision), "`{name}`: {request}\nexpected {expected:?}\ngot {got}");
                asked = decision.asks().named().iter().filter_map(|ask| Some(ask.opened?.digest)).collect();
                if decision.opened() {
                    end(&engine, call);
                }
            }
            Step::Open(opening) => {
                assert_eq!(
                    engine.tell(opening.event.as_bytes()).is_err(),
                    opening.refused.is_some(),
                    "`{}`",
                    test.name
                );
            }
            Step::Approve(person) | Step::Reject(person) => {
                let groups: Vec<&str> = person.groups.iter().map(String::as_str).collect();
                let by = Person { id: &person.id, groups: &groups };
                for digest in &asked {
                    match step {
                        Step::Approve(_) => engine.approve(digest, &by, person.at).expect("is taken"),
                        _ => engine.reject(digest, &by, person.at).expect("is taken"),
                    };
                }
            }
        }
    }
}

#[test]
fn the_policies_own_tests_hold() {
    for (evaluator, policy) in [clinic(), loaded("desk", &["all.agentpol"])] {
        assert!(!policy.tests.is_empty());
        policy.tests.iter().for_each(|test| play(&evaluator, test));
    }
}

#[test]
fn threads_share_a_program_and_programs_share_a_thread() {
    let (evaluator, policy) = clinic();
    let other = |name: &str| {
        let mut sources = SourceMap::new();
        sources.add(name, format!("module {name}\ntool {name}.act() computes\n"));
        Evaluator::load(&build(&sources, &Options::default()).0.expect("builds").bytes).expect("loads")
    };
    let others: Vec<Evaluator> = ["a", "b", "c", "d", "e"].into_iter().map(other).collect();
    let calls = policy.tests.iter().flat_map(|test| &test.steps);
    let calls = calls.filter_map(|step| if let Step::Call(call) = step { Some(call) } else { None });
    let requests: Vec<&str> = calls.map(|call| call.request.as_str()).collect();
    let expected: Vec<Decision> = requests.iter().map(|request| evaluator.decide(request.as_bytes())).collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for (at, request) in requests.iter().enumerate().cycle().take(200) {
                    let _ = others[at % others.len()].decide(request.as_bytes());
                    assert_eq!(evaluator.decide(request.as_bytes()), expected[at]);
                }
            });
        }
    });
}

#[test]
fn an_evaluator_can_be_shared() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    shared(&clinic().0);
}

#[test]
fn bytes_that_are_no_request_are_denied() {
    let (evaluator, _) = clinic();
    for request in ["", "{", "null", "[]", "{}", "\u{feff}{}", "{\"agent\": \"scribe\"}"] {
        let decision = evaluator.decide(request.as_bytes());
        assert!(!decision.permits());
        assert_eq!(decision.code().as_str(), "request_malformed", "{request:?}");
    }
}
