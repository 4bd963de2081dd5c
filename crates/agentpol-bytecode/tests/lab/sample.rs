//! A program that has something of everything.

use super::{Lab, READS, SENDS, always, one_clause, step};
use agentpol_bytecode::instruction::{Op, Part};
use agentpol_bytecode::tables::{
    Automaton, Check, Constant, Debug, Effect, Identity, Phase, Piece, Place, Schedule, Tables, TypeDef, Window,
};

/// Something of everything.
pub(crate) fn sample() -> Tables {
    let mut lab = Lab::new(&[
        "bot",
        "crm.search",
        "data",
        "fixed.example",
        "fleet",
        "high",
        "issuer",
        "limit",
        "low",
        "mail.send",
        "name",
        "no",
        "path",
        "query",
        "rule a",
        "rule b",
        "rule c",
        "sha256:aa",
        "spiffe://a.example/",
        "staff",
        "srv",
        "to",
        "why",
        "/work",
        "-x",
    ]);
    let level = lab.level(&["low", "high"]);
    lab.group("staff", &[]);
    let data = lab.dataset("data", &[1], true);
    let limit = lab.constant(Constant::Int(5));
    let words = lab.text("why");
    lab.constant(Constant::List(vec![words]));
    lab.constant(Constant::Float(1.5));
    let network = lab.constant(Constant::Network { bits: 0x0a00_0000, prefix: 8, v6: false });
    lab.constant(Constant::Ip { bits: 1, v6: true });
    lab.constant(Constant::Level { of: level, member: 0 });
    let below =
        lab.code(&[step(Op::Const, 1, 0, 0, limit), step(Op::Lt, 1, 0, 1, 0), step(Op::ReturnValue, 0, 1, 0, 0)]);
    lab.tables.automata.push(Automaton {
        classes: vec![0; 256],
        class_count: 1,
        start: 1,
        accepting: vec![false, true],
        next: vec![0, 1],
    });
    let mut query = lab.field("query", TypeDef::String);
    query.checks.push(Check::Matches(0));
    let mut limit = lab.field("limit", TypeDef::Int);
    limit.checks.push(Check::Where(below));
    limit.optional = true;
    let email = lab.ty(TypeDef::Email);
    let to = lab.field("to", TypeDef::List { of: email, max: 20 });
    let under = lab.word("/work");
    let path = lab.field("path", TypeDef::Path { under: Some(under) });
    let server = lab.word("srv");
    let (pinned, fixed) = (lab.word("sha256:aa"), lab.word("fixed.example"));
    let tool = lab.tool("crm.search", READS, &[data]);
    tool.params = vec![query, limit, path];
    tool.pinned = Some(pinned);
    let tool = lab.tool("mail.send", SENDS, &[]);
    (tool.params, tool.servers, tool.open) = (vec![to], vec![server], true);
    tool.fixed_hosts = vec![fixed];
    let (issuer, spiffe) = (lab.word("issuer"), lab.word("spiffe://a.example/"));
    let name = lab.field("name", TypeDef::String);
    lab.agent("bot").identities = vec![Identity { issuer: Some(issuer), pieces: vec![Piece::Text(issuer)] }];
    let fleet = lab.agent("fleet");
    fleet.identities = vec![Identity { issuer: None, pieces: vec![Piece::Text(spiffe), Piece::Attribute(0)] }];
    fleet.fleet = Some(vec![name]);
    (fleet.phase, fleet.credential_max_age) = (Phase::Supervised { by: Some(0) }, Some(1000));
    lab.tables.schedules.push(Schedule { zone: 0, windows: vec![Window { days: 31, start: 540, end: 1020 }] });
    lab.tables.context = vec![lab.field("no", TypeDef::Ip)];
    let block = [
        step(Op::Context, 0, 0, 0, 0),
        step(Op::InNetwork, 1, 0, 0, network),
        step(Op::Clause, 0, 1, 1, 0),
        step(Op::Arg, 0, 0, 0, lab.word("to")),
        step(Op::Any, 1, 0, 2, 9),
        step(Op::Part, 2, 2, 0, Part::Domain as u32),
        step(Op::Const, 3, 0, 0, words),
        step(Op::Eq, 2, 2, 3, 0),
        step(Op::Yield, 0, 2, 0, 0),
        step(Op::Clause, 0, 1, 0, 1),
        step(Op::Return, 0, 0, 0, 0),
    ];
    let why = lab.word("why");
    let deny = lab.rule("rule a", Effect::Deny, &block);
    (deny.because, deny.observed) = (Some(why), true);
    let allow = lab.rule("rule b", Effect::Allow, &one_clause(Op::During, 0));
    (allow.scope.agents, allow.scope.does, allow.always) = (Some(vec![0]), Some(READS), true);
    lab.rule("rule c", Effect::RequireApproval { from: None, count: 2, within: 1000, distinct: false }, &always());
    lab.finish();
    let place = Place { file: 0, line: 1, column: 2 };
    lab.tables.debug = Debug {
        files: vec!["a.agentpol".into()],
        rules: vec![place; 3],
        clauses: vec![
            vec![(place, "unless x".into()), (place, "when y".into())],
            vec![(place, "during z".into())],
            vec![],
        ],
        code: vec![(0, place), (3, place)],
    };
    lab.tables
}
