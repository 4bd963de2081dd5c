//! Policies and requests made by a program, always the same, for measuring speed.
//!
//! The benches and the `decisions` table share them, so that every number speaks about the same text.

pub mod desk;
pub mod host;
pub mod measure;

use agentpol::SourceMap;
use std::fmt::Write;

/// How many files a generated policy has, the one with the shared words not counted.
pub const FILES: u32 = 100;
/// How many rules stand in each file.
pub const RULES_PER_FILE: u32 = 100;
/// How many tools each file declares.
const TOOLS: u32 = 10;

/// Makes a policy of [`FILES`] files, one module and team each, with [`RULES_PER_FILE`] rules each.
///
/// The rules are of the kinds that teams write: grants by tool and by verb, bounds on arguments, receivers, paths and
/// texts, approvals, entitlements. Every tenth team has one restriction on everything that pays or sends in the whole
/// program.
pub fn sources() -> SourceMap {
    let mut sources = SourceMap::new();
    sources.add("base.agentpol", BASE);
    for team in 0..FILES {
        sources.add(format!("team{team:02}.agentpol"), file(team));
    }
    sources
}

/// What all teams share.
const BASE: &str = "\
module acme.base

environment prod, staging
group staff, finance
group leads in staff
user { email: email, region: string }
context { cwd: path, calls_in_message: int }
define partners = [\"partner-a.example\", \"partner-b.example\", \"partner-c.example\"]
define is_internal(a: email) = a.domain == \"acme.example\" or a.domain in partners
";

fn file(team: u32) -> String {
    let mut text = String::with_capacity(32 << 10);
    header(&mut text, team).expect("writing to a string does not fail");
    for number in 0..RULES_PER_FILE {
        rule(&mut text, team, number).expect("writing to a string does not fail");
    }
    text
}

fn header(text: &mut String, team: u32) -> std::fmt::Result {
    writeln!(
        text,
        "// What team {team} lets its agents do.\nmodule acme.team{team:02} requires acme.base\nuse acme.base as base\n"
    )?;
    writeln!(text, "environment prod, staging\ntimezone \"Europe/Berlin\"\nschedule office = mon..fri 08:00..18:00\n")?;
    writeln!(
        text,
        "system desk{team:02} {{ dataset notes: internal  dataset orders: confidential  dataset till: restricted, entitlement required }}\n"
    )?;
    for tool in 0..TOOLS {
        let (verb, data) = match tool % 5 {
            0 => ("reads", "notes"),
            1 => ("updates", "orders"),
            2 => ("sends", "notes"),
            3 => ("pays", "till"),
            _ => ("reads", "orders"),
        };
        writeln!(
            text,
            "tool desk{team:02}.t{team:02}_{tool}(id: string, amount: decimal where amount >= 0.00, to: list<email, 20>, file: path, note?: string)\n    \
             {verb} desk{team:02}.{data}"
        )?;
    }
    for agent in ["clerk", "helper"] {
        writeln!(
            text,
            "agent {agent}{team:02} {{ function \"desk work\"  owner \"team{team}@acme.example\"  phase autonomous }}"
        )?;
    }
    writeln!(text)
}

fn rule(text: &mut String, team: u32, number: u32) -> std::fmt::Result {
    let tool = format!("desk{team:02}.t{team:02}_{}", number / 10 % TOOLS);
    let bound = 100 + number * 7 + team;
    match number % 10 {
        0 => {
            writeln!(text, "allow \"clerks work {number}\" {{ agent clerk{team:02}  user in base.staff  tool {tool} }}")
        }
        1 => writeln!(
            text,
            "allow \"helpers in the office {number}\" {{\n  agent  helper{team:02}\n  user   in base.leads\n  tool   {tool}\n  env    prod\n  \
             during office\n  when   args.amount < {bound}.00\n}}"
        ),
        2 => {
            writeln!(text, "deny \"not above {number}\" {{ agent any  tool {tool}  when args.amount > {bound}00.00 }}")
        }
        3 => writeln!(
            text,
            "deny \"only to friends {number}\" {{\n  agent  any\n  tool   {tool}\n  unless all a in args.to: base.is_internal(a)\n  \
             because \"letters of this kind stay among friends\"\n}}"
        ),
        4 => writeln!(
            text,
            "deny \"only the own files {number}\" {{ agent any  tool {tool}  unless args.file.within(\"/srv/team{team}\") }}"
        ),
        5 => writeln!(
            text,
            "require approval \"ask above {number}\" {{ agent any  tool {tool}  when args.amount >= {bound}0.00  from base.leads  within 4h }}"
        ),
        6 => writeln!(
            text,
            "deny \"odd names {number}\" {{ agent any  tool {tool}  when args.id matches \"[a-z]{{2}}{bound}[0-9]+\" }}"
        ),
        7 => writeln!(
            text,
            "deny \"no secrets {number}\" {{ agent any  tool {tool}  when has args.note and args.note contains \"secret-{bound}\" }}"
        ),
        8 => {
            writeln!(text, "entitle \"finance may {number}\" {{ user in base.finance  tool {tool}  on desk{team:02} }}")
        }
        _ if number < 99 || !team.is_multiple_of(10) => {
            writeln!(
                text,
                "deny \"not in {number}\" {{ agent any  tool {tool}  env staging  when user.region == \"region-{bound}\" }}"
            )
        }
        _ => writeln!(
            text,
            "deny \"not outside {number}\" {{ agent any  does pays, sends  env staging  when user.region == \"region-{bound}\" }}"
        ),
    }
}

/// A call that several rules look at and that is allowed.
pub const ALLOWED: &str = r#"{
  "at": "2026-03-02T10:00:00Z", "agent": "clerk42",
  "user": {"id": "ana", "groups": ["staff", "finance"], "email": "ana@acme.example", "region": "eu"},
  "env": "prod", "tool": "t42_2", "context": {"cwd": "/srv/team42", "calls_in_message": 1},
  "args": {"id": "order-17", "amount": 12.50, "to": ["a@acme.example", "b@partner-b.example", "c@acme.example"],
           "file": "/srv/team42/letters/17.txt", "note": "please send this today"}
}"#;

/// The same call to somebody that a rule forbids.
pub const DENIED: &str = r#"{
  "at": "2026-03-02T10:00:00Z", "agent": "clerk42",
  "user": {"id": "ana", "groups": ["staff", "finance"], "email": "ana@acme.example", "region": "eu"},
  "env": "prod", "tool": "t42_2", "context": {"cwd": "/srv/team42", "calls_in_message": 1},
  "args": {"id": "order-17", "amount": 12.50, "to": ["a@acme.example", "b@elsewhere.example"],
           "file": "/srv/team42/letters/17.txt", "note": "please send this today"}
}"#;

/// A call of a tool that nobody declares: the shortest way through.
pub const UNKNOWN: &str = r#"{
  "at": "2026-03-02T10:00:00Z", "agent": "clerk42", "user": "none", "tool": "elsewhere", "args": {}
}"#;
