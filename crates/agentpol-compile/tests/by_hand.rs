//! Typed policies made by hand: what the compiler makes of them, and what it refuses.

mod hand;

use agentpol_bytecode::instruction::Op;
use agentpol_bytecode::tables::{Check, Constant, Piece};
use agentpol_check::policy::*;
use agentpol_compile::{MAX_CELLS, compile};
use agentpol_diagnostics::SourceMap;
use hand::{arg, deny, equal, expr, field, int, ops, policy, refusal, tables, text};

#[test]
fn what_is_computed_twice_is_computed_once() {
    let is = |value: &str| equal(arg("id", Type::String), text(value));
    let either = expr(ExprKind::Or(vec![is("a"), is("b"), is("a")]), Type::Bool);
    let code = ops(&tables(&policy(vec![deny("d", vec![ClauseKind::When(either), ClauseKind::Unless(is("a"))])])));
    let count = |op| code.iter().filter(|other| **other == op).count();
    assert_eq!((count(Op::Arg), count(Op::Const), count(Op::Eq), count(Op::Clause)), (1, 2, 2, 2));
}

#[test]
fn costly_operands_come_last_and_can_be_jumped_over() {
    let pattern = Pattern { kind: PatternKind::Regex, text: "[a-z]+".to_owned() };
    let slow = expr(ExprKind::Matches(Box::new(arg("id", Type::String)), pattern), Type::Bool);
    let quick = equal(arg("count", Type::Int), int(1));
    let both = expr(ExprKind::And(vec![slow, quick]), Type::Bool);
    let code = ops(&tables(&policy(vec![deny("d", vec![ClauseKind::When(both)])])));
    let expected =
        [Op::Arg, Op::Const, Op::Eq, Op::Move, Op::SkipIfFalse, Op::Arg, Op::Match, Op::And, Op::Clause, Op::Return];
    assert_eq!(code, expected);
}

#[test]
fn membership_is_one_list_and_a_comparison_for_what_is_no_literal() {
    let negative = expr(ExprKind::Negative(Box::new(int(2))), Type::Int);
    let list =
        expr(ExprKind::List(vec![int(1), arg("count", Type::Int), negative]), Type::List(Box::new(Type::Int), 3));
    let member = expr(ExprKind::In(Box::new(int(7)), Box::new(list)), Type::Bool);
    let tables = tables(&policy(vec![deny("d", vec![ClauseKind::When(member)])]));
    let lists: Vec<&Constant> = tables.constants.iter().filter(|c| matches!(c, Constant::List(_))).collect();
    assert_eq!(lists.len(), 1);
    assert!(tables.constants.contains(&Constant::Int(-2)));
    let code = ops(&tables);
    assert!(code.contains(&Op::In) && code.contains(&Op::Eq) && code.contains(&Op::Or), "{code:?}");
}

#[test]
fn constraints_that_say_the_same_share_their_block() {
    let positive = || {
        let value = expr(ExprKind::Local(LocalId(0)), Type::Int);
        let above = expr(ExprKind::Compare(CompareOp::Gt, Box::new(value), Box::new(int(0))), Type::Bool);
        Constraint::Where(above)
    };
    let mut policy = policy(Vec::new());
    policy.shapes[1].fields[1].constraints = vec![positive(), positive()];
    let tables = tables(&policy);
    assert_eq!(tables.tools[0].params[1].checks, [Check::Where(0), Check::Where(0)]);
    assert_eq!(ops(&tables), [Op::Const, Op::Gt, Op::ReturnValue]);
}

#[test]
fn identities_are_cut_at_their_attributes() {
    let mut policy = policy(Vec::new());
    policy.shapes.push(Shape { fields: vec![field("store", Type::String), field("lane", Type::String)] });
    policy.agents[0].fleet = Some(ShapeId(2));
    policy.agents[0].identities = vec![Identity::Spiffe("spiffe://x.example/{lane}/s{store}".to_owned())];
    let tables = tables(&policy);
    let text = |symbol: u32| tables.symbols[symbol as usize].as_str();
    let pieces = &tables.agents[0].identities[0].pieces;
    match pieces.as_slice() {
        [Piece::Text(start), Piece::Attribute(1), Piece::Text(middle), Piece::Attribute(0)] => {
            assert_eq!((text(*start), text(*middle)), ("spiffe://x.example/", "/s"));
        }
        other => panic!("unexpected pieces {other:?}"),
    }
}

#[test]
fn too_large_tables_are_refused() {
    let pattern = Pattern { kind: PatternKind::Regex, text: "(a|b)*a(a|b){20}".to_owned() };
    let condition = expr(ExprKind::Matches(Box::new(arg("id", Type::String)), pattern.clone()), Type::Bool);
    let mut large = policy(vec![deny("d", vec![ClauseKind::When(condition)])]);
    assert_eq!(refusal(&large), ["AP0307"]);
    large.rules.clear();
    large.shapes[1].fields[0].constraints = vec![Constraint::Matches(pattern)];
    assert_eq!(refusal(&large), ["AP0307"]);
}

#[test]
fn rules_that_need_too_much_room_are_refused() {
    let lets = (0..300).map(|n| ClauseKind::Let(LocalId(n), int(i64::from(n))));
    let sum = (1..300).fold(expr(ExprKind::Local(LocalId(0)), Type::Int), |sum, n| {
        let local = expr(ExprKind::Local(LocalId(n)), Type::Int);
        expr(ExprKind::Min(Box::new(local), Box::new(sum)), Type::Int)
    });
    let wide = lets.chain([ClauseKind::When(equal(sum, int(0)))]).collect();
    assert_eq!(refusal(&policy(vec![deny("wide", wide)])), ["AP0503"]);
    let deep = (0..1_000).fold(equal(int(1), int(1)), |inner, _| expr(ExprKind::Not(Box::new(inner)), Type::Bool));
    assert_eq!(refusal(&policy(vec![deny("deep", vec![ClauseKind::When(deep)])])), ["AP0503"]);
}

#[test]
fn lists_that_are_gone_through_hold_literals() {
    let list = expr(ExprKind::List(vec![arg("id", Type::String)]), Type::List(Box::new(Type::String), 1));
    let count = expr(ExprKind::Count(Box::new(list)), Type::Int);
    assert_eq!(refusal(&policy(vec![deny("d", vec![ClauseKind::When(equal(count, int(1)))])])), ["AP0308"]);
}

#[test]
fn too_many_pairs_of_tools_and_agents_are_refused() {
    let mut policy = policy(Vec::new());
    let side = MAX_CELLS.isqrt() + 1;
    policy.agents = vec![policy.agents[0].clone(); side];
    policy.tools = vec![policy.tools[0].clone(); side];
    assert_eq!(refusal(&policy), ["AP0504"]);
}

#[test]
fn too_many_lists_of_sources_are_refused() {
    let mut policy = policy(Vec::new());
    let tool = policy.tools[0].clone();
    policy.tools = (0..80)
        .map(|n| Tool { name: format!("t{n:02}"), wire: format!("t{n}"), returns: Returns::Trusted, ..tool.clone() })
        .collect();
    let asked = |n: u32| {
        let sources = Sources { least: Some(3), tools: vec![ToolId(n)] };
        ClauseKind::Unless(expr(ExprKind::OriginIn(Box::new(arg("id", Type::String)), sources), Type::Bool))
    };
    policy.rules = (0..65).map(|n| deny(&format!("d{n:02}"), vec![asked(n)])).collect();
    assert_eq!(refusal(&policy), ["AP0504"]);
    policy.rules.truncate(64);
    assert_eq!(compile(&policy, &SourceMap::new()).unwrap().tables.sources.len(), 64);
}
