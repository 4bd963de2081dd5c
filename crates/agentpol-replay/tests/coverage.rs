//! What tests reach of a policy, counted by hand on a small one.

use agentpol::{Options, SourceMap, build, compile_marked, load};
use agentpol_replay::{Coverage, PartCoverage, Replay, Share, Values};

const POLICY: &str = r#"module acme.desk
group support, leads
system crm { dataset orders: confidential }
tool crm.refund(order: string, amount: decimal, note?: string) updates crm.orders
tool crm.close(order: string) deletes crm.orders
agent desk { function "customer support"  owner "desk@acme.example"  phase autonomous }
allow "refunds" { agent desk  user in support  tool crm.refund }
deny "large or noted" {
  agent any
  tool crm.refund
  when args.amount > (if is_small(args.order) then 10 else 100) or (has args.note and args.amount > 5)
  unless args.order == "o-0"
}
deny "no closing" { agent any  tool crm.close }
define is_small(order: string) = order == "small"

test "refunds" {
  given agent desk for user "ana" { groups: [support] } at 2026-03-02T15:00:00Z
  crm.refund(order: "o-1", amount: 7) -> allow
  crm.refund(order: "small", amount: 70) -> deny by "large or noted"
}
"#;

fn measured(policy: &str) -> Coverage {
    let mut sources = SourceMap::new();
    sources.add("desk.agentpol", policy);
    let (built, diagnostics) = build(&sources, &Options::default());
    let built = built.unwrap_or_else(|| panic!("{diagnostics:?}"));
    let (compiled, marks) = compile_marked(&built.policy, &sources).expect("the policy compiles");
    let program = load(&compiled.bytes).expect("loads");
    let mut replay = Replay::new(&program).with_coverage(&built.policy, &sources, &marks);
    let scenarios = replay.scenarios(&built.policy, &sources);
    assert!(scenarios.iter().all(|scenario| scenario.failures.is_empty()), "{scenarios:?}");
    replay.coverage().expect("it was measured")
}

#[test]
fn rules_clauses_conditions_and_branches_are_counted_apart() {
    let coverage = measured(POLICY);
    let told = |parts: &[PartCoverage]| {
        parts.iter().map(|part| (part.text.clone(), part.values.yes, part.values.no)).collect::<Vec<_>>()
    };
    let part = |text: &str, yes: u64, no: u64| (text.to_owned(), yes, no);
    let names: Vec<&str> = coverage.rules.iter().map(|rule| rule.rule.as_str()).collect();
    assert_eq!(names, ["acme.desk: refunds", "acme.desk: large or noted", "acme.desk: no closing"]);
    let [refunds, large, closing] = coverage.rules.as_slice() else { panic!("three rules") };
    assert_eq!((refunds.applied, refunds.decided), (Values { yes: 2, no: 0, unknown: 0 }, 1));
    assert_eq!(told(&refunds.clauses), [part("user in support", 2, 0)]);
    assert_eq!((large.at.start.line, large.at.end_line), (8, 12));
    assert_eq!(large.clauses.len(), 2);
    assert_eq!((large.clauses[0].values.yes, large.clauses[0].values.no), (1, 1));
    assert_eq!(told(&large.clauses)[1], part(r#"unless args.order == "o-0""#, 2, 0));
    assert_eq!(told(&large.branches), [part("is_small(args.order)", 1, 1)]);
    assert_eq!(closing.applied.asked(), 0);
    let shares = coverage.shares(|_| true);
    assert_eq!(shares.rules, Share { reached: 2, of: 3 });
    assert_eq!(shares.clauses, Share { reached: 4, of: 6 });
    assert_eq!(shares.branches, Share { reached: 2, of: 2 });
    assert_eq!(shares.rules.percent(), 66);
    assert_eq!(coverage.shares(|rule| rule.rule.ends_with("no closing")).all(), Share { reached: 0, of: 1 });
}

#[test]
fn a_clause_that_is_one_condition_is_told_once() {
    let coverage = measured(POLICY);
    let large = &coverage.rules[1];
    let texts: Vec<&str> = large.conditions.iter().map(|part| part.text.as_str()).collect();
    assert!(!texts.contains(&r#"args.order == "o-0""#), "{texts:?}");
    assert!(texts.contains(&"has args.note") && texts.contains(&"args.amount > 5"), "{texts:?}");
}
