//! Who acts through whom: chains, what each hop lets through, and whose phase holds (semantics I5 to I7).

use crate::ask::Ask;
use crate::lab::{DELETES, Lab, READS, always, one_clause};
use agentpol_bytecode::Program;
use agentpol_bytecode::instruction::{Instruction, Op};
use agentpol_bytecode::tables::{Delegation, Effect, Identity, Phase, Piece, Scope};

/// `boss` delegates to `helper`, `helper` to `worker`; `worker` is reached through `helper` alone. Tool `t`.
fn lab(verbs: u16) -> Lab {
    let mut lab = Lab::new(&["boss", "helper", "other", "worker", "r", "t", "u", "x", "prod"]);
    lab.tool("t", verbs, &[]);
    lab.tool("u", READS, &[]);
    for name in ["boss", "helper", "other", "worker"] {
        lab.agent(name);
    }
    lab.rule("r", Effect::Allow, &always());
    lab.tables.agents[1].reached_via = vec![0];
    lab.tables.agents[3].reached_via = vec![1];
    lab.tables.agents[3].directly = false;
    delegate(&mut lab, 0, 1, &[0, 1], &always());
    delegate(&mut lab, 1, 3, &[0], &always());
    lab
}

fn delegate(lab: &mut Lab, from: u32, to: u32, tools: &[u32], block: &[Instruction]) {
    let scope = Scope { tools: Some(tools.to_vec()), tools_by_name: true, ..Scope::default() };
    let clauses = block.iter().filter(|instruction| instruction.op == Op::Clause).count() as u32;
    let entry = lab.code(block);
    lab.tables.delegations.push(Delegation { from, to, scope, entry, clauses, registers: 16 });
}

fn by(agent: &str, via: &str) -> Ask {
    Ask::new().with("agent", agent).with("via", via)
}

fn code(program: &Program, agent: &str, via: &str) -> &'static str {
    by(&format!("\"{agent}\""), via).code(program)
}

#[test]
fn every_hop_is_declared_by_both_sides() {
    let program = lab(READS).program();
    assert_eq!(code(&program, "boss", "[]"), "allowed");
    assert_eq!(code(&program, "helper", r#"["boss"]"#), "allowed");
    assert_eq!(code(&program, "worker", r#"["helper"]"#), "allowed");
    assert_eq!(code(&program, "worker", r#"["boss","helper"]"#), "allowed");
    assert_eq!(code(&program, "worker", r#"["boss"]"#), "hop_undeclared");
    assert_eq!(code(&program, "worker", r#"["other","helper"]"#), "hop_undeclared");
    assert_eq!(code(&program, "boss", r#"["helper"]"#), "hop_undeclared");
    let mut refusing = lab(READS);
    refusing.tables.agents[1].reached_via.clear();
    assert_eq!(code(&refusing.program(), "helper", r#"["boss"]"#), "hop_undeclared");
    let mut silent = lab(READS);
    silent.tables.delegations[0].from = 2;
    silent.tables.delegations.swap(0, 1);
    assert_eq!(code(&silent.program(), "helper", r#"["boss"]"#), "hop_undeclared");
}

#[test]
fn who_is_reached_through_others_is_not_called_without_them() {
    let mut lab = lab(READS);
    let program = lab.program();
    assert_eq!(code(&program, "worker", "[]"), "direct_call_refused");
    assert_eq!(Ask::new().with("agent", r#""worker""#).code(&program), "direct_call_refused");
    lab.tables.agents[3].directly = true;
    assert_eq!(code(&lab.program(), "worker", "[]"), "allowed");
}

#[test]
fn a_chain_is_short_and_does_not_turn_back() {
    let program = lab(READS).program();
    assert_eq!(code(&program, "helper", r#"["boss","helper"]"#), "chain_invalid");
    assert_eq!(code(&program, "boss", r#"["boss"]"#), "chain_invalid");
    assert_eq!(code(&program, "worker", r#"["boss","helper","boss","helper","boss","helper"]"#), "chain_invalid");
    // Who stands behind the fifth is not looked at.
    assert_eq!(code(&program, "worker", r#"["boss","helper","boss","helper","boss","nobody"]"#), "chain_invalid");
}

#[test]
fn agents_of_a_chain_are_identified_like_the_actor() {
    let mut lab = lab(READS);
    let id = lab.word("x");
    lab.tables.agents[0].identities = vec![Identity { issuer: Some(id), pieces: vec![Piece::Text(id)] }];
    lab.tables.agents[0].credential_max_age = Some(3_600_000);
    lab.tables.agents[1].credential_max_age = Some(3_600_000);
    let program = lab.program();
    let fresh = r#"{"issued_at":"2026-03-02T14:30:00Z"}"#;
    let via = |via: &str| by(r#""helper""#, via).with("credential", fresh).code(&program);
    assert_eq!(via(r#"["boss"]"#), "agent_unidentified");
    assert_eq!(via(r#"["nobody"]"#), "agent_unknown");
    assert_eq!(via(r#"[{"id":"boss"}]"#), "agent_unidentified");
    assert_eq!(via(r#"[{}]"#), "request_malformed");
    assert_eq!(via(r#"{}"#), "request_malformed");
    assert_eq!(via(r#"[{"id":"boss","extra":1}]"#), "request_malformed");
    // What comes first in the table is named, wherever in the chain it stands.
    assert_eq!(via(r#"["nobody","boss"]"#), "agent_unidentified");
    let mut lab = self::lab(READS);
    lab.tables.agents[0].credential_max_age = Some(3_600_000);
    let program = lab.program();
    let via = |via: &str| by(r#""helper""#, via).code(&program);
    assert_eq!(via(r#"["boss"]"#), "credential_missing");
    assert_eq!(via(r#"[{"id":"boss","credential":{"issued_at":"2026-03-02T13:30:00Z"}}]"#), "credential_stale");
    assert_eq!(via(r#"[{"id":"boss","credential":{"issued_at":"2026-03-02T15:30:00Z"}}]"#), "credential_invalid");
    assert_eq!(via(&format!(r#"[{{"id":"boss","credential":{fresh}}}]"#)), "allowed");
    assert_eq!(via(r#"[{"id":"boss","credential":{}}]"#), "request_malformed");
}

#[test]
fn each_hop_narrows() {
    let program = lab(READS).program();
    let ask = |agent: &str, via: &str| by(&format!("\"{agent}\""), via).with("tool", r#""u""#).decide(&program);
    assert_eq!(ask("helper", r#"["boss"]"#).code().as_str(), "allowed");
    let refused = ask("worker", r#"["boss","helper"]"#);
    assert_eq!(refused.code().as_str(), "scope_exceeded");
    assert_eq!(refused.would(), None);
    // A scope whose clause is not known covers nothing; two delegations are two ways.
    let mut lab = lab(READS);
    let prod = lab.word("prod");
    delegate(&mut lab, 1, 3, &[1], &one_clause(Op::Env, prod));
    let program = lab.program();
    let ask = |env: Option<&str>| {
        let ask = by(r#""worker""#, r#"["boss","helper"]"#).with("tool", r#""u""#);
        env.map_or(ask.clone(), |env| ask.with("env", env)).code(&program)
    };
    assert_eq!(ask(None), "scope_exceeded");
    assert_eq!(ask(Some(r#""x""#)), "scope_exceeded");
    assert_eq!(ask(Some(r#""prod""#)), "allowed");
}

#[test]
fn the_strictest_phase_of_the_chain_holds() {
    let through = |boss, helper, worker| {
        let mut lab = lab(DELETES);
        for (agent, phase) in [(0, boss), (1, helper), (3, worker)] {
            lab.tables.agents[agent].phase = phase;
        }
        by(r#""worker""#, r#"["boss","helper"]"#).decide(&lab.program())
    };
    let supervised = Phase::Supervised { by: None };
    let observe = Phase::Observe { until: 30_000 };
    let code = |boss, helper, worker| through(boss, helper, worker).code().as_str();
    assert_eq!(code(Phase::Autonomous, Phase::Autonomous, Phase::Autonomous), "allowed");
    assert_eq!(code(Phase::ReadOnly, Phase::Autonomous, Phase::Autonomous), "phase_read_only");
    assert_eq!(code(Phase::Autonomous, Phase::ReadOnly, supervised), "phase_read_only");
    assert_eq!(code(Phase::Observe { until: 0 }, Phase::Autonomous, Phase::Autonomous), "phase_read_only");
    assert_eq!(code(observe, supervised, Phase::Autonomous), "approval_required");
    assert_eq!(through(observe, supervised, Phase::Autonomous).would(), None);
    assert_eq!(through(observe, Phase::Autonomous, observe).would(), None);
    assert!(through(observe, observe, observe).would().is_some());
    let several = through(supervised, Phase::Autonomous, supervised);
    assert_eq!((several.code().as_str(), several.asks().total()), ("approval_required", 2));
}
