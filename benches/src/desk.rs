//! A policy whose rules ask for earlier calls in every shape there is, and the calls of a session under it.
//!
//! Each shape stands in a rule of its own for a tool of its own, so that each can be measured alone; for one tool,
//! `crm.refund`, all of them stand together, and for `crm.credit` what a policy has most often.

use agentpol::SourceMap;
use std::fmt::Write;

/// The tool for which rules of all shapes stand.
pub const ALL: &str = "refund";

/// The tool for which a rule asks whether something happened, one counts and one sums.
pub const SOME: &str = "credit";
/// The rules for that tool.
const FEW: [&str; 3] = ["called, by key", "count", "sum, by user"];
/// So many of the first actions are as those of a short session: what is kept by key has room for 256 keys, and what is
/// dropped is unknown, which restricts.
const CYCLE: u32 = 400;

/// The shapes of rules with memory: a name, and a rule for the tools behind it.
pub const SHAPES: [(&str, &str); 17] = [
    ("called, by key", "deny @ when called { tool crm.refund  where that.args.order_id == args.order_id }"),
    ("called, other value", "deny @ when called { tool crm.refund  where that.args.to != args.to }"),
    (
        "called, by key and more",
        "deny @ when called { tool crm.refund  where that.args.order_id == args.order_id and that.args.amount > args.amount }",
    ),
    ("called, by verb and label", "deny @ when called { does reads  on sensitivity >= confidential  within 1s }"),
    (
        "attempted, in a window",
        "deny @ when attempted { tool crm.refund  within 1d  where that.args.amount > 100_000 }",
    ),
    ("failed, by agent", "deny @ when failed { tool crm.refund  within 1d  by agent  where that.args.to == args.to }"),
    ("count", "deny @ when count of { tool crm.order  within 1d } > 9_000"),
    (
        "count, by key",
        "deny @ when count of completed { tool crm.order  within 1d  where that.args.order_id == args.order_id } > 100",
    ),
    ("distinct", "deny @ when count of distinct that.args.order_id over { tool crm.order  within 1d } > 9_000"),
    (
        "sum, by user",
        "deny @ when args.amount + sum of that.args.cost over { tool mail.send  within 1d  by user } > 1_000_000",
    ),
    (
        "last, by key",
        "deny @ when (last { tool crm.order  where that.args.order_id == args.order_id }).result.status == closed",
    ),
    ("first", "deny @ unless (first { tool crm.find }).result == \"u-1\""),
    ("known, by key", "deny @ unless known order(args.order_id).status == pending"),
    ("limit of calls", "limit @ at most 9_000 per 1d per user"),
    ("limit of cost", "limit @ at most 1_000_000.00 of args.amount per 1d per user, args.to"),
    ("approval, not matching", "require approval @ when args.amount > 500.00 from leads within 4h"),
    ("origin and label", "deny @ unless origin(args.to) >= trusted and session.sensitivity < restricted"),
];

const HEAD: &str = "\
module acme.desk

level sensitivity = public < internal < confidential < restricted
group support, leads
enum status = pending | shipped | closed
system crm { dataset orders: confidential  dataset people: internal }
system mail { dataset outbox: internal }
system web { dataset pages: public }
system other { dataset things: internal }

record order by order_id { order_id: string, user_id: string, status: status, note?: untrusted string } keep 64

tool crm.order(order_id: string) -> order reads crm.orders, returns trusted
tool crm.find(name: string) -> string reads crm.people, returns trusted
tool mail.send(to: string, body: string, cost: decimal where cost > 0) sends mail.outbox, returns nothing
tool web.read(page: string) -> string reads web.pages
agent desk { function \"customer support\"  owner \"desk@acme.example\"  phase autonomous }

allow \"the desk works\" { agent desk  user in support  tool crm.order, crm.find, mail.send, web.read }
";

/// Makes the policy. Beside its rules for [`SHAPES`], each for its tool and for [`ALL`], it has so many more rules with
/// memory, each about other tools.
pub fn policy(more: u32) -> SourceMap {
    let mut sources = SourceMap::new();
    sources.add("desk.agentpol", text(more).expect("writing to a string does not fail"));
    sources
}

fn text(more: u32) -> Result<String, std::fmt::Error> {
    let mut text = String::from(HEAD);
    for name in (0..SHAPES.len()).map(shape_tool).chain([ALL.to_owned(), SOME.to_owned()]) {
        writeln!(
            text,
            "tool crm.{name}(order_id: string, to: string, amount: decimal where amount > 0) -> order updates crm.orders, returns trusted"
        )?;
    }
    for (number, (name, rule)) in SHAPES.iter().enumerate() {
        let own = shape_tool(number);
        let few = if FEW.contains(name) { format!(", crm.{SOME}") } else { String::new() };
        let head = format!("\"{name}\" {{ agent any  tool crm.{own}, crm.{ALL}{few} ");
        writeln!(text, "{} }}", rule.replace('@', &head))?;
        writeln!(text, "allow \"{name}, may\" {{ agent desk  user in support  tool crm.{own} }}")?;
    }
    writeln!(text, "allow \"credits\" {{ agent desk  user in support  tool crm.{SOME} }}")?;
    writeln!(
        text,
        "allow \"own orders\" {{ agent desk  user in support  tool crm.{ALL}  when known order(args.order_id).user_id == \
         (first {{ tool crm.find }}).result }}"
    )?;
    for number in 0..more {
        // A tool for every tenth rule: a decision looks at the rules of its tool, however many others there are.
        if number % 10 == 0 {
            writeln!(text, "tool other.t{}(id: string, kind: string) updates other.things", number / 10)?;
        }
        writeln!(
            text,
            "deny \"other {number}\" {{ agent any  tool other.t{}  when called {{ tool other.t{}  within {}s  where \
             that.args.id == args.id }} }}",
            number / 10,
            (number + 1) % more.div_ceil(10),
            number + 60
        )?;
    }
    Ok(text)
}

/// The wire name of the tool that only rules of one shape are about.
pub fn shape_tool(shape: usize) -> String {
    format!("shape{shape}")
}

/// When sessions begin: 2026-03-02T08:00:00Z.
pub const START: i64 = 1_772_438_400_000;
/// How far actions lie apart, in milliseconds.
pub const STEP: i64 = 1_000;

/// An action of a session: a call and what comes of it.
#[derive(Debug)]
pub struct Action {
    /// The wire name of its tool.
    pub tool: &'static str,
    /// Its arguments, as JSON.
    pub args: String,
    /// What it is answered, as a member of an event.
    pub answer: String,
}

/// The action of a session with this number.
pub fn action(number: u32) -> Action {
    let order = |order: u32| {
        format!(r#""result":{{"order_id":"o-{order}","user_id":"u-1","status":"pending","note":"as agreed"}}"#)
    };
    match number % 5 {
        // The first call finds out who the customer is.
        0 => {
            Action { tool: "find", args: format!(r#"{{"name":"ana {number}"}}"#), answer: r#""text":"u-1""#.to_owned() }
        }
        1 | 3 => {
            let number = order_of(number);
            Action { tool: "order", args: format!(r#"{{"order_id":"o-{number}"}}"#), answer: order(number) }
        }
        2 if number < CYCLE => Action { tool: ALL, args: refund(number - 1), answer: order(number - 1) },
        _ if number % 10 == 4 => Action {
            tool: "read",
            args: format!(r#"{{"page":"help {number}"}}"#),
            answer: r#""text":"All sales are final.""#.to_owned(),
        },
        _ => Action {
            tool: "send",
            args: format!(r#"{{"to":"ana@acme.example","body":"Letter {number}.","cost":0.25}}"#),
            answer: r#""result":null"#.to_owned(),
        },
    }
}

/// The order that an action reads.
pub fn order_of(number: u32) -> u32 {
    number % CYCLE
}

/// The arguments of a tool with rules with memory.
pub fn refund(order: u32) -> String {
    format!(r#"{{"order_id":"o-{order}","to":"account of u-1","amount":12.50}}"#)
}
