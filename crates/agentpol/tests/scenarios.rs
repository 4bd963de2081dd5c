//! The tests that stand in the policies, run through the facade; and what several threads and programs do to each other.

use agentpol::policy::{Expected, Policy, Step};
use agentpol::{Decision, Evaluator, Options, Outcome, SourceMap, build};
use std::path::Path;

fn sources() -> SourceMap {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies/clinic");
    let mut sources = SourceMap::new();
    for name in ["agents.agentpol", "guard.agentpol", "rules.agentpol", "words.agentpol"] {
        sources.add(name, std::fs::read_to_string(folder.join(name)).expect("the file can be read"));
    }
    sources
}

fn clinic() -> (Evaluator, Policy) {
    let built = build(&sources(), &Options::default()).0.expect("builds");
    (Evaluator::load(&built.bytes).expect("loads"), built.policy)
}

/// Whether a decision is the expected one.
fn fits(evaluator: &Evaluator, step: &Step, decision: &Decision) -> bool {
    let named = |name: &String| {
        let rules = decision.rules().named().iter().filter_map(|rule| evaluator.program().rule(*rule));
        rules.map(|rule| evaluator.program().symbol(rule.name)).any(|rule| rule == name)
    };
    let outcome = match &step.expect {
        Expected::Allow => decision.permits(),
        Expected::Deny { code } => {
            decision.outcome() == Outcome::Deny && code.as_ref().is_none_or(|code| code == decision.code().as_str())
        }
        Expected::RequireApproval { from } => {
            let asked = evaluator.operator_json(decision);
            let from = from.as_ref().is_none_or(|from| asked.contains(&format!("\"from\":\"{from}\"")));
            decision.outcome() == Outcome::RequireApproval && from
        }
        Expected::Throttle => decision.outcome() == Outcome::Throttle,
    };
    outcome && step.by.as_ref().is_none_or(named)
}

#[test]
fn the_policies_own_tests_hold() {
    let (evaluator, policy) = clinic();
    let steps = policy.tests.iter().flat_map(|test| test.steps.iter().map(move |step| (test, step)));
    for (test, step) in steps {
        let decision = evaluator.decide(step.request.as_bytes());
        let (asked, got) = (&step.request, evaluator.operator_json(&decision));
        assert!(fits(&evaluator, step, &decision), "`{}`: {asked}\nexpected {:?}\ngot {got}", test.name, step.expect);
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
    let requests: Vec<&str> =
        policy.tests.iter().flat_map(|test| &test.steps).map(|step| step.request.as_str()).collect();
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
