//! The order in which a policy is written never shows in it.

use crate::pages::{check_files, meaning, short};
use agentpol_check::Options;

/// Items of one module, each on its own, in no order in particular.
const ITEMS: &[&str] = &[
    "use acme.base as base",
    "timezone \"America/New_York\"",
    "level risk = low < middle < high",
    "enum reason = \"no longer needed\" | other",
    "group support, leads",
    "group seniors in leads",
    "environment prod, staging",
    "schedule work = mon..fri 09:00..17:00, sat 10:00..12:00",
    "schedule night = mon..sun 22:00..06:00 in \"UTC\"",
    "user { region: string, tier?: reason }",
    "context { cwd?: path, calls: int }",
    "task \"support\", \"claims\" claimed",
    "system desk { environment prod  server \"desk\"  dataset notes: internal  dataset files: high, entitlement required }",
    "system bare",
    "record note by id { id: string, back: { at: datetime in \"Europe/Berlin\" } } keep 5",
    "tool desk.read(id: string matches \"[a-z]+\", rows: int where rows > 0) -> note reads desk.notes",
    "tool desk.write(id: string, why: reason) updates desk.files",
    "tool desk.mail(to: list<email, 5>) sends desk.notes",
    "tool Look(x: path) reads bare",
    "tools changes = desk.* except desk.read",
    "agent helper { function \"help\"  owner \"x@acme.example\"  identity \"spiffe://acme.example/a\"  phase autonomous  reached via router, planner, directly }",
    "fleet shops(shop: string) { function \"shop\"  owner \"x@acme.example\"  credential rotates every 24h  reached via planner }",
    "define inside(a: email) = a.domain == \"acme.example\"",
    "define partners = [\"a.example\", \"b.example\"]",
    "allow \"reads\" { agent helper  user in seniors  tool desk.read  when args.rows < 10 }",
    "deny \"outside\" { agent any  tool desk.mail  unless all a in args.to: inside(a) or a.domain in partners }",
    "require approval \"changes\" { agent any  tool changes  from leads  within 4h  during work }",
    "entitle \"files\" { user in leads  on desk.files }",
    "limit \"pace\" { agent any  tool desk.read  at most 5 of args.rows per 1h per user, args.id }",
    "alert \"denials\" { agent any  outcome deny, throttle  more than 10 per 5m per agent, tool }",
    "alert \"new\" { agent any  novel (dataset, agent)  within 30d }",
    "agent planner { function \"plan\"  owner \"x@acme.example\"  delegates to helper, shops { tool desk.read  user in seniors } }",
    "agent router { function \"route\"  owner \"x@acme.example\"  delegates to helper { does reads } }",
    "test \"reading\" { given agent helper for user \"ana\" { groups: [seniors], region: \"us\" } context { calls: 1 } at 2026-03-02T15:00:00Z  desk.read(id: \"a\", rows: 1) -> allow by \"reads\" }",
];

/// The other module.
const BASE: &str = "module acme.base\ngroup staff\ndeny \"exports\" { agent any  does exports }\n";

fn policy_of(items: &[&str], split: usize) -> String {
    let (one, two) = items.split_at(split);
    let text = |items: &[&str]| format!("module acme.desk\n{}\n", items.join("\n"));
    let (one, two) = (text(one), text(two));
    let options = Options { root: Some("acme.base".to_owned()), ..Options::default() };
    let (policy, found, sources) =
        check_files(&[("one.agentpol", &one), ("base.agentpol", BASE), ("two.agentpol", &two)], &options);
    let policy = policy.unwrap_or_else(|| panic!("{}", short(&found, &sources).join("\n")));
    meaning(&policy)
}

#[test]
fn the_order_of_items_and_files_never_shows() {
    let mut items = ITEMS.to_vec();
    let first = policy_of(&items, 12);
    items.reverse();
    assert!(policy_of(&items, 5) == first, "reversed");
    for turn in 1..ITEMS.len() {
        items.rotate_left(turn % 7 + 1);
        assert!(policy_of(&items, turn) == first, "turned {turn} times");
    }
}
