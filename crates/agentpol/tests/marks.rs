//! A program that measures coverage decides as one that does not, and counts what each condition was.

use agentpol::{Marked, Options, Outcome, Scratch, SourceMap, build, compile_marked, decide, load};

const POLICY: &str = r#"
module acme.desk
group support
system crm { dataset orders: confidential }
tool crm.refund(order: string, amount: decimal, note?: string) updates crm.orders
agent desk { function "customer support"  owner "desk@acme.example"  phase autonomous }
define large(amount: decimal) = amount > 100 or amount < 0
allow "refunds" { agent desk  user in support  tool crm.refund }
deny "large or odd" {
  agent any  tool crm.refund
  when large(args.amount) or (has args.note and args.note matches "x+")
}
"#;

fn request(args: &str) -> String {
    format!(
        r#"{{"at": "2026-03-02T15:00:00Z", "agent": "desk", "user": {{"id": "ana", "groups": ["support"]}}, "session": "s", "call": "c", "tool": "refund", "args": {args}}}"#
    )
}

#[test]
fn marks_count_the_values_of_conditions_and_change_no_decision() {
    let mut sources = SourceMap::new();
    sources.add("desk.agentpol", POLICY);
    let (built, diagnostics) = build(&sources, &Options::default());
    let built = built.unwrap_or_else(|| panic!("{diagnostics:?}"));
    let (marked, marks) = compile_marked(&built.policy, &sources).expect("the policy compiles");
    let (plain, marked) = (load(&built.bytes).expect("loads"), load(&marked.bytes).expect("loads"));
    let (mut bare, mut counting) = (Scratch::new(&plain), Scratch::new(&marked));
    let calls = [
        (r#"{"order": "o", "amount": 7}"#, Outcome::Allow),
        (r#"{"order": "o", "amount": 700}"#, Outcome::Deny),
        (r#"{"order": "o", "amount": 7, "note": "xx"}"#, Outcome::Deny),
        (r#"{"order": "o", "amount": 7, "note": "y"}"#, Outcome::Allow),
    ];
    for (args, outcome) in calls {
        let request = request(args);
        let decided = decide(&marked, request.as_bytes(), &mut counting);
        assert_eq!(decided.outcome(), outcome, "{args} {}", decided.code().as_str());
        assert_eq!(decided.code(), decide(&plain, request.as_bytes(), &mut bare).code());
    }
    assert!(bare.marks().is_empty());
    let text = |span: agentpol::Span| &POLICY[span.start as usize..span.end as usize];
    let counted: Vec<(&str, Marked)> =
        marks.iter().map(|mark| text(mark.span)).zip(counting.marks().iter().copied()).collect();
    let count = |no, yes| Marked { no, yes, unknown: 0 };
    let expected = [
        // The two conditions of the definition stand where it is used.
        ("large(args.amount)", count(3, 1)),
        ("large(args.amount)", count(4, 0)),
        // What is settled before is not asked.
        ("has args.note", count(1, 2)),
        (r#"args.note matches "x+""#, count(1, 1)),
    ];
    assert_eq!(counted, expected);
    counting.forget_marks();
    assert!(counting.marks().iter().all(|mark| *mark == Marked::default()));
}
