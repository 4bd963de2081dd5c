//! The decision algorithm: rules, entitlement, phases, observation, precedence (semantics 4.1).

use crate::ask::Ask;
use crate::lab::{DELETES, Lab, READS, always, one_clause, step};
use agentpol_bytecode::instruction::{Instruction, Op};
use agentpol_bytecode::tables::{Effect, Module, On, Phase, RuleId};
use agentpol_bytecode::{Program, Tri};
use agentpol_vm::{Scratch, prepare};

/// Rules, by effect and block.
type Rules = Vec<(Effect, Vec<Instruction>)>;

const ASK: Effect = Effect::RequireApproval { from: None, count: 1, within: 3_600_000, distinct: false };

/// A block that never matches, one that is unknown: the request names no environment.
fn never() -> Vec<Instruction> {
    vec![
        step(Op::UserAny, 0, 0, 0, 0),
        step(Op::UserNone, 1, 0, 0, 0),
        step(Op::And, 0, 0, 1, 0),
        step(Op::Clause, 0, 0, 0, 0),
        end(),
    ]
}

fn unknown() -> Vec<Instruction> {
    one_clause(Op::Env, 0)
}

fn end() -> Instruction {
    step(Op::Return, 0, 0, 0, 0)
}

/// Agent `bot` and tool `t` with these verbs; rules `r0`, `r1`... with these effects and blocks.
fn lab(verbs: u16, rules: &[(Effect, Vec<Instruction>)]) -> Lab {
    let mut lab = Lab::new(&["bot", "data", "r0", "r1", "r2", "r3", "r4", "staff", "t", "why", "also why", "z"]);
    lab.tool("t", verbs, &[]);
    lab.agent("bot");
    lab.group("staff", &[]);
    for ((effect, block), name) in rules.iter().zip(["r0", "r1", "r2", "r3", "r4"]) {
        lab.rule(name, *effect, block);
    }
    lab
}

fn also(program: &Program, ask: &Ask) -> Vec<&'static str> {
    ask.decide(program).also().iter().map(|code| code.as_str()).collect()
}

#[test]
fn effects_follow_the_table() {
    use Effect::{Allow, Deny};
    let allow = || (Allow, always());
    let table: Vec<(&str, &[u32], Rules)> = vec![
        ("no_allow", &[], vec![]),
        ("allowed", &[0], vec![allow()]),
        ("no_allow", &[], vec![(Allow, never())]),
        ("no_allow_unknown", &[], vec![(Allow, unknown()), (Allow, never())]),
        ("allowed", &[1], vec![(Allow, unknown()), allow()]),
        ("allowed", &[0], vec![allow(), (Deny, never())]),
        ("denied_by_rule", &[1], vec![allow(), (Deny, always())]),
        ("denied_unknown", &[1], vec![allow(), (Deny, unknown())]),
        ("denied_by_rule", &[2], vec![allow(), (Deny, unknown()), (Deny, always())]),
        ("denied_by_rule", &[0, 1], vec![(Deny, always()), (Deny, always())]),
        ("approval_required", &[1], vec![allow(), (ASK, always())]),
        ("approval_required", &[1], vec![allow(), (ASK, unknown())]),
        ("allowed", &[0], vec![allow(), (ASK, never())]),
        ("denied_unknown", &[2], vec![allow(), (ASK, always()), (Deny, unknown())]),
        ("no_allow", &[], vec![(ASK, always())]),
    ];
    for (number, (code, rules, blocks)) in table.into_iter().enumerate() {
        let decision = Ask::new().decide(&lab(READS, &blocks).program());
        let named: Vec<u32> = decision.rules().named().iter().map(|rule| rule.0).collect();
        assert_eq!((decision.code().as_str(), named.as_slice()), (code, rules), "case {number}");
        assert_eq!(decision.would(), None);
    }
}

#[test]
fn other_codes_and_missing_approvals_are_named() {
    let blocks = [(Effect::Deny, always()), (ASK, unknown()), (Effect::Deny, unknown())];
    let program = lab(READS, &blocks).program();
    let decision = Ask::new().decide(&program);
    assert_eq!(also(&program, &Ask::new()), ["denied_unknown", "no_allow", "approval_required"]);
    assert_eq!(decision.approvals().named(), [RuleId(1)]);
}

#[test]
fn observed_rules_only_show_in_would() {
    let mut lab = lab(READS, &[(Effect::Allow, always()), (Effect::Deny, always())]);
    lab.tables.rules[1].observed = true;
    let decision = Ask::new().decide(&lab.program());
    assert_eq!(
        (decision.code().as_str(), decision.would().map(|code| code.as_str())),
        ("allowed", Some("denied_by_rule"))
    );
    let mut lab = self::lab(READS, &[(Effect::Allow, always())]);
    lab.tables.rules[0].observed = true;
    let decision = Ask::new().decide(&lab.program());
    assert_eq!((decision.code().as_str(), decision.would().map(|code| code.as_str())), ("no_allow", Some("allowed")));
}

#[test]
fn phases_bind_changing_calls() {
    let code = |verbs, phase| {
        let mut lab = lab(verbs, &[(Effect::Allow, always())]);
        lab.tables.agents[0].phase = phase;
        let decision = Ask::new().decide(&lab.program());
        (decision.code().as_str(), decision.approval_by_phase())
    };
    assert_eq!(code(READS, Phase::ReadOnly), ("allowed", false));
    assert_eq!(code(DELETES, Phase::ReadOnly), ("phase_read_only", false));
    assert_eq!(code(READS | DELETES, Phase::ReadOnly), ("phase_read_only", false));
    assert_eq!(code(DELETES, Phase::Autonomous), ("allowed", false));
    assert_eq!(code(DELETES, Phase::Supervised { by: Some(0) }), ("approval_required", true));
    assert_eq!(code(READS, Phase::Supervised { by: None }), ("allowed", false));
    // 2026-03-02 is day 20,514.
    assert_eq!(code(DELETES, Phase::Observe { until: 20_515 }), ("allowed", false));
    assert_eq!(code(DELETES, Phase::Observe { until: 20_514 }), ("phase_read_only", false));
    let mut lab = lab(READS, &[(Effect::Allow, always())]);
    (lab.tables.agents[0].phase, lab.tables.tools[0].unverified) = (Phase::ReadOnly, true);
    lab.tables.rules[0].scope.tools = Some(vec![0]);
    lab.tables.rules[0].scope.tools_by_name = true;
    assert_eq!(Ask::new().code(&lab.program()), "phase_read_only");
}

#[test]
fn observing_suspends_what_the_own_module_could_lift() {
    let observing = |rules: &[(Effect, Vec<Instruction>)]| {
        let mut lab = lab(READS, rules);
        let other = lab.word("z");
        lab.tables.modules.push(Module { name: other, ..Module::default() });
        lab.tables.agents[0].phase = Phase::Observe { until: 30_000 };
        lab
    };
    let decide = |mut lab: Lab| {
        let decision = Ask::new().decide(&lab.program());
        (decision.code().as_str(), decision.would().map(|code| code.as_str()))
    };
    assert_eq!(decide(observing(&[])), ("allowed_in_observation", Some("no_allow")));
    assert_eq!(decide(observing(&[(Effect::Allow, always())])), ("allowed", Some("allowed")));
    let own_deny = [(Effect::Allow, always()), (Effect::Deny, always())];
    assert_eq!(decide(observing(&own_deny)), ("allowed_in_observation", Some("denied_by_rule")));
    let mut lab = observing(&own_deny);
    lab.tables.rules[1].always = true;
    assert_eq!(decide(lab), ("denied_by_rule", Some("denied_by_rule")));
    let mut lab = observing(&own_deny);
    lab.tables.rules[1].module = 1;
    assert_eq!(decide(lab), ("denied_by_rule", Some("denied_by_rule")));
    // What the agent's module may not grant stays denied.
    let mut lab = observing(&[]);
    lab.tables.agents[0].module = 1;
    assert_eq!(decide(lab), ("no_allow", Some("no_allow")));
}

#[test]
fn marked_data_asks_for_the_users_own_right() {
    let entitled = |rules: &[(Effect, Vec<Instruction>)], ask: Ask| {
        let mut lab = lab(READS, rules);
        let data = lab.dataset("data", &[], true);
        lab.tables.tools[0].datasets = vec![data];
        lab.tables.rules.iter_mut().filter(|rule| rule.effect == Effect::Entitle).for_each(|rule| {
            rule.scope.on = Some(On::Datasets(vec![data]));
        });
        lab.tables
            .rules
            .iter_mut()
            .filter(|rule| rule.effect == Effect::Allow)
            .for_each(|rule| rule.names_nobody = rule.clauses > 0);
        ask.code(&lab.program())
    };
    let nobody = || Ask::new().with("user", r#""none""#);
    let allow = || (Effect::Allow, always());
    let allow_none = || (Effect::Allow, one_clause(Op::UserNone, 0));
    assert_eq!(entitled(&[allow()], Ask::new()), "not_entitled");
    assert_eq!(entitled(&[allow(), (Effect::Entitle, always())], Ask::new()), "allowed");
    assert_eq!(entitled(&[allow(), (Effect::Entitle, unknown())], Ask::new()), "not_entitled");
    assert_eq!(entitled(&[allow(), (Effect::Entitle, always())], nobody()), "not_entitled");
    assert_eq!(entitled(&[allow_none()], nobody()), "allowed");
    assert_eq!(entitled(&[allow_none(), allow()], Ask::new()), "not_entitled");
}

#[test]
fn a_tool_that_touches_anything_touches_marked_data() {
    let mut lab = lab(READS, &[(Effect::Allow, always())]);
    lab.tables.rules[0].scope.tools = Some(vec![0]);
    lab.tables.rules[0].scope.tools_by_name = true;
    lab.tables.tools[0].touches_anything = true;
    assert_eq!(Ask::new().code(&lab.program()), "allowed");
    lab.dataset("data", &[], true);
    assert_eq!(Ask::new().code(&lab.program()), "not_entitled");
}

#[test]
fn selectors_that_are_not_settled_are_unknown() {
    let mut lab = lab(READS, &[(Effect::Allow, always()), (Effect::Deny, always()), (Effect::Deny, never())]);
    lab.tables.tools[0].unverified = true;
    lab.tables.rules[0].scope.tools = Some(vec![0]);
    lab.tables.rules[0].scope.tools_by_name = true;
    lab.tables.rules[1].scope.does = Some(DELETES);
    lab.tables.rules[2].scope.does = Some(DELETES);
    let decision = Ask::new().decide(&lab.program());
    assert_eq!((decision.code().as_str(), decision.rules().named()), ("denied_unknown", &[RuleId(1)][..]));
}

#[test]
fn more_than_sixteen_rules_are_counted() {
    let names: Vec<String> = (10..30).map(|n| format!("deny {n}")).collect();
    let mut words: Vec<&str> = names.iter().map(String::as_str).collect();
    words.extend(["bot", "t"]);
    let mut lab = Lab::new(&words);
    lab.tool("t", READS, &[]);
    lab.agent("bot");
    names.iter().for_each(|name| lab.rule(name, Effect::Deny, &always()).always = false);
    let program = lab.program();
    let decision = Ask::new().decide(&program);
    assert_eq!((decision.rules().named().len(), decision.rules().total()), (16, 20));
    assert!(decision.for_operator(&program).to_string().contains(r#""rules_total":20"#));
}

#[test]
fn both_views_say_what_they_may() {
    let mut lab =
        lab(READS, &[(Effect::Allow, always()), (Effect::Deny, always()), (ASK, always()), (Effect::Deny, always())]);
    let (why, other) = (lab.word("why"), lab.word("also why"));
    for (rule, text) in [(1, why), (2, other), (3, why)] {
        lab.tables.rules[rule].because = Some(text);
    }
    let program = lab.program();
    let decision = Ask::new().decide(&program);
    let meaning: String = program.meaning_hash().iter().map(|byte| format!("{byte:02x}")).collect();
    let expected = format!(
        concat!(
            r#"{{"outcome":"deny","code":"denied_by_rule","rules":[{{"module":"m","name":"r1","effect":"deny"}},"#,
            r#"{{"module":"m","name":"r3","effect":"deny"}}],"also":["approval_required"],"approvals":[{{"rule":"#,
            r#"{{"module":"m","name":"r2","effect":"require approval"}},"from":"user","count":1,"within":"1h","#,
            r#""missing":"none"}}],"because":["why"],"meaning":"sha256:{}"}}"#
        ),
        meaning
    );
    assert_eq!(decision.for_operator(&program).to_string(), expected);
    assert_eq!(decision.for_agent(&program).to_string(), r#"{"outcome":"deny","because":["why"]}"#);
    let invalid = Ask::new().with("args", r#"{"x\u202e":1}"#).decide(&program);
    let told = invalid.for_agent(&program).to_string();
    assert_eq!(told, r#"{"outcome":"bad_arguments","argument":"/x\u202e"}"#);
}

#[test]
fn how_rules_came_out_is_kept_where_asked() {
    let mut lab = lab(READS, &[(Effect::Allow, always()), (Effect::Deny, never()), (Effect::Deny, unknown())]);
    let program = lab.program();
    let mut scratch = Scratch::new(&program);
    let text = Ask::new().json();
    prepare(&program, text.as_bytes(), &mut scratch).decide().code();
    assert_eq!(scratch.last_matches().count(), 0);
    scratch.record(true);
    prepare(&program, text.as_bytes(), &mut scratch).decide().code();
    let found: Vec<(u32, Tri, Vec<Tri>)> =
        scratch.last_matches().map(|one| (one.rule.0, one.matched, one.clauses.to_vec())).collect();
    let expected =
        vec![(0, Tri::True, vec![]), (1, Tri::False, vec![Tri::False]), (2, Tri::Unknown, vec![Tri::Unknown])];
    assert_eq!(found, expected);
    prepare(&program, b"{}", &mut scratch).decide().code();
    assert_eq!(scratch.last_matches().count(), 0);
}

#[test]
fn deciding_again_gives_the_same() {
    let mut lab = lab(READS, &[(Effect::Allow, always()), (Effect::Deny, unknown())]);
    let program = lab.program();
    let mut scratch = Scratch::new(&program);
    let text = Ask::new().json();
    let mut prepared = prepare(&program, text.as_bytes(), &mut scratch);
    let first = prepared.decide();
    assert!((0..5).all(|_| prepared.decide() == first));
    assert_eq!(Ask::new().decide(&program), first);
}
