//! Changes to a small policy: which its tests notice, which none does, and which none reaches.

use agentpol::{Options, SourceMap, build};
use agentpol_replay::{Fate, History, Mutations, Subject, mutate};

const POLICY: &str = r#"module acme.desk
group support, leads
system crm { dataset orders: confidential }
tool crm.refund(order: string, amount: int) updates crm.orders
tool crm.close(order: string) deletes crm.orders
agent desk { function "customer support"  owner "desk@acme.example"  phase autonomous }
agent reader { function "reports"  owner "desk@acme.example"  phase read_only }
allow "refunds" { agent desk, reader  user in support  tool crm.refund }
deny "large" { agent any  tool crm.refund  when args.amount > 100 }
require approval "two" { agent any  tool crm.refund  when args.amount > 10  from 2 of leads }
limit "pace" { agent any  tool crm.refund  at most 2 per 1h per user }
deny "no closing" { agent any  tool crm.close }
"#;

const TESTS: &str = r#"
test "every bound from both sides" {
  given agent desk for user "ana" { groups: [support] } at 2026-03-02T15:00:00Z
  crm.refund(order: "o-1", amount: 101) -> deny by "large"
  crm.refund(order: "o-1", amount: 100) -> require approval
  approve by "bo" in leads
  crm.refund(order: "o-1", amount: 100) -> require approval
  approve by "cy" in leads
  crm.refund(order: "o-1", amount: 100) -> allow
  crm.refund(order: "o-2", amount: 11) -> require approval
  crm.refund(order: "o-2", amount: 10) -> allow
  crm.refund(order: "o-3", amount: 1) -> throttle by "pace"
}
test "strangers" {
  given agent desk for user "eve" { groups: [] } at 2026-03-02T15:00:00Z
  crm.refund(order: "o-1", amount: 1) -> deny no_allow
}
"#;

fn tried(policy: &str) -> Mutations {
    let mut sources = SourceMap::new();
    sources.add("desk.agentpol", policy);
    let (built, diagnostics) = build(&sources, &Options::default());
    let built = built.unwrap_or_else(|| panic!("{diagnostics:?}"));
    let subject = Subject {
        policy: &built.policy,
        sources: &sources,
        recordings: &[],
        directory: &|_| None,
        history: History::AsRecorded,
    };
    mutate(&subject, 2, &|_, _| true)
}

fn told(mutations: &Mutations, fate: &Fate) -> Vec<String> {
    let of_fate = mutations.mutants.iter().filter(|one| one.fate == *fate);
    of_fate.map(|one| format!("{}: {}", one.rule.as_deref().unwrap_or(""), one.what)).collect()
}

#[test]
fn tests_on_both_sides_of_every_bound_notice_every_change() {
    let mutations = tried(&format!("{POLICY}{TESTS}"));
    assert!(mutations.failing.is_empty());
    // Nothing is said of the agent that only reads.
    assert_eq!(told(&mutations, &Fate::Survived), [": the agent `reader` autonomous in place of read-only"]);
    let unreached = told(&mutations, &Fate::Unreached);
    assert_eq!(
        unreached,
        ["acme.desk: no closing: the rule left out", "acme.desk: no closing: `allow` in place of `deny`"]
    );
    let (killed, of) = mutations.score();
    assert_eq!(killed + 3, of);
    let by = mutations.mutants.iter().filter_map(|one| match &one.fate {
        Fate::Killed { by } => Some(by.as_str()),
        _ => None,
    });
    let names = ["acme.desk: every bound from both sides", "acme.desk: strangers"];
    assert!(by.clone().count() > 10 && by.clone().all(|by| names.contains(&by)));
}

#[test]
fn a_bound_that_is_tested_from_one_side_survives_being_shifted() {
    let mutations = tried(&format!("{POLICY}{}", TESTS.replace("amount: 100)", "amount: 90)")));
    let survived = told(&mutations, &Fate::Survived);
    let shifted = "acme.desk: large: `>=` in place of `>` in `args.amount > 100`".to_owned();
    assert!(survived.contains(&shifted), "{survived:?}");
}

#[test]
fn nothing_is_tried_where_tests_fail_already() {
    let mutations = tried(&format!("{POLICY}{}", TESTS.replace("-> deny no_allow", "-> allow")));
    assert_eq!(mutations.failing, ["acme.desk: strangers"]);
    assert!(mutations.mutants.is_empty());
}

#[test]
fn threads_change_nothing_about_the_result() {
    let text = format!("{POLICY}{TESTS}");
    assert_eq!(tried(&text), tried(&text));
}
