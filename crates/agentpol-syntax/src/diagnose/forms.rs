//! What items and clauses look like, shown where one is not complete.

use super::parts::Kind;

/// Returns the form of an item or clause by its first word.
pub(super) fn form(kind: Kind, word: &str) -> Option<&'static str> {
    match kind {
        Kind::Item => item(word),
        Kind::Rule => clause(word),
        Kind::Agent => agent(word),
        Kind::System => part(word),
        Kind::Given => given(word),
        Kind::Assert => Some("never allow { tool crm.delete } without approval"),
        Kind::Step => step(word),
        Kind::Field | Kind::Param | Kind::Tool => None,
    }
}

fn step(word: &str) -> Option<&'static str> {
    Some(match word {
        "in" => "in session \"s2\" of \"s1\"",
        "approve" | "reject" => "approve by \"bo\" in leads",
        "for" => "for each tool crm.find(query: \"x\"), crm.list",
        "agent" | "user" | "tool" | "does" | "on" => "agent support_bot  tool crm.* -> allow",
        "everything" => "everything else -> deny",
        _ => return None,
    })
}

fn item(word: &str) -> Option<&'static str> {
    Some(match word {
        "module" => "module acme.support",
        "use" => "use acme.baseline as base",
        "share" => "share crm.tickets with acme.support",
        "level" => "level secrecy = low < high",
        "enum" => "enum reason = lost | \"no longer needed\"",
        "group" => "group support, leads in staff",
        "environment" => "environment prod, staging",
        "timezone" => "timezone \"America/New_York\"",
        "schedule" => "schedule office = mon..fri 09:00..17:00",
        "task" => "task \"support\"",
        "tools" => "tools changes = crm.close, billing.*",
        "record" => "record order by order_id { order_id: string }",
        "system" => "system crm { dataset tickets: internal }",
        "define" => "define is_large(a: decimal) = a > 100.00",
        "tool" => "tool crm.find(query: string) reads crm.tickets",
        _ => return None,
    })
}

fn clause(word: &str) -> Option<&'static str> {
    Some(match word {
        "agent" => "agent support_bot",
        "user" => "user in support",
        "tool" => "tool crm.find",
        "does" => "does reads",
        "on" => "on crm.tickets",
        "env" => "env prod",
        "task" => "task \"support\"",
        "during" => "during office",
        "outside" => "outside office",
        "let" => "let half = args.amount * 2",
        "from" => "from 2 of leads",
        "within" => "within 4h",
        "phase" => "phase observe",
        "by" => "by user",
        "returns" => "returns untrusted",
        "at" => "at most 5 per 1h per user",
        "more" => "more than 10 per 5m per agent",
        "novel" => "novel (agent, tool)",
        "severity" => "severity high",
        "since" => "since completed { tool crm.find }",
        "keeping" => "keeping last 64",
        _ => return None,
    })
}

fn agent(word: &str) -> Option<&'static str> {
    Some(match word {
        "identity" => "identity \"spiffe://acme.example/agent/bot\"",
        "credential" => "credential rotates every 24h",
        "phase" => "phase supervised by leads",
        "reached" => "reached via planner, directly",
        "delegates" => "delegates to worker { tool crm.find }",
        _ => return None,
    })
}

fn part(word: &str) -> Option<&'static str> {
    Some(match word {
        "dataset" => "dataset tickets: internal",
        "entitlement" => "entitlement required",
        "case" => "case insensitive",
        _ => return None,
    })
}

fn given(word: &str) -> Option<&'static str> {
    Some(match word {
        "agent" => "agent support_bot",
        "for" => "for user \"ana\" { groups: [support] }",
        "in" => "in session \"s1\"",
        "env" => "env prod",
        "task" => "task \"support\"",
        "at" => "at 2026-03-02T15:00:00Z",
        "context" => "context { cwd: \"/srv\" }",
        "origin" => "origin { \"/to/0\": user }",
        "credential" => "credential aged 30h",
        _ => return None,
    })
}
