//! Random policies that ask about earlier calls: few tools with few values, so that what happens meets what is asked.

use crate::random::Random;

/// What every such policy declares.
const DECLARED: &str = r#"module past
environment prod, staging
timezone "Europe/Berlin"
enum state = open | done
level rank = low < high
group staff
group leads in staff
user { grade: int, tag?: string }
system crm { dataset open: public  dataset people: confidential  dataset gold: restricted }
record thing by id { id: string, n: int, price?: decimal, state?: state, note?: untrusted string, at?: datetime in "Europe/Berlin", parts: list<part, 2> } keep 3
record part by id, n { id: string, n: int, on?: bool }
record seat by id, n { id: string, n?: int, on?: bool } keep 3 fresh within 1m
tool crm.get(id: string) -> thing                                        reads crm.people, returns trusted
tool crm.list(n: int) -> list<thing, 3>                                  reads crm.open
tool crm.set(id: string, n: int, price: decimal) -> thing(args.id)       updates crm.people, returns trusted
tool crm.value(id: string) -> thing(args.id).n                           reads crm.open, returns trusted
tool crm.either(id: string) -> thing | part                              reads crm.open, returns trusted
tool crm.seats(id: string, n: int) -> list<seat(id, n otherwise args.n), 2>  reads crm.open, returns trusted
tool crm.seat(id: string) -> seat(args.id, n) | string                   reads crm.open, returns trusted
tool crm.rows(n: int) -> list<list<part(id, args.n), 2>, 2>              reads crm.open, returns trusted
tool crm.word(id: string) -> string                                      reads crm.gold, returns trusted
tool fetch(id: string, n: int) -> string                                 reads crm.open
tool log(id: string, n: int, note?: string)                              creates crm.open, returns nothing
tool act(id: string, n: int, price: decimal, note?: string)              computes
tool probe(id: string, n: int, price: decimal, note?: string)            computes
tool taint(id: string, n: int, price: decimal, note?: string)            reads crm.gold
"#;

/// The agents, beside their phases.
const AGENTS: [(&str, &str); 5] = [
    ("bot", ""),
    ("aide", "reached via boss, directly"),
    ("boss", "delegates to aide { does reads, computes, creates }"),
    ("shop", ""),
    ("watched", ""),
];

/// The tools that are called.
pub(crate) const TOOLS: [&str; 12] = [
    "crm.get",
    "crm.list",
    "crm.set",
    "crm.value",
    "crm.either",
    "crm.seats",
    "crm.seat",
    "crm.rows",
    "crm.word",
    "fetch",
    "log",
    "act",
];
/// The ids that arguments and results have.
pub(crate) const IDS: [&str; 4] = ["a", "b", "c", "long enough that it is kept by its hash and not as it is"];
const NUMBERS: [&str; 5] = ["0", "1", "2", "3", "7"];
const WINDOWS: [&str; 6] = ["1s", "30s", "1m", "1h", "2h", "1d"];
const ORDER: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];

/// A policy in parts: each rule is a file of its own, so that one that the checker refuses can be left out.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) rules: Vec<String>,
    phases: [&'static str; 5],
    /// How long things hold; for ever where it is empty.
    fresh: &'static str,
    /// The host cannot tell sessions apart.
    unvouched: bool,
}

impl Policy {
    /// Makes one.
    pub(crate) fn new(random: &mut Random) -> Policy {
        let phases = ["autonomous", "autonomous", "autonomous", "supervised by staff", "observe until 2026-03-04"];
        let phases =
            std::array::from_fn(|at| if at == 4 { phases[3 + random.below(2)] } else { phases[random.below(4)] });
        let mut rules: Vec<String> = (0..9).map(|number| rule(random, number, "*")).collect();
        if random.percent(80) {
            rules.push("allow \"all\" { agent any  user any, none  tool * }".to_owned());
        }
        let fresh = if random.percent(40) { random.pick(&WINDOWS) } else { "" };
        let unvouched = random.percent(20);
        Policy { rules, phases, fresh, unvouched }
    }

    /// One that allows everything.
    pub(crate) fn bare() -> Policy {
        let rules = vec!["allow \"all\" { agent any  user any, none  tool * except probe }".to_owned()];
        Policy { rules, phases: ["autonomous"; 5], fresh: "", unvouched: false }
    }

    /// Its files, the declarations first.
    pub(crate) fn files(&self) -> Vec<String> {
        let fresh = if self.fresh.is_empty() { String::new() } else { format!(" fresh within {}", self.fresh) };
        let mut declared = DECLARED.replacen("keep 3", &format!("keep 3{fresh}"), 1);
        for ((name, clauses), phase) in AGENTS.iter().zip(self.phases) {
            let (word, identity) = match *name {
                "shop" => ("fleet shop(shop: string)".to_owned(), "identity \"spiffe://acme.example/{shop}\""),
                name => (format!("agent {name}"), ""),
            };
            let head = format!("{word} {{ function \"f\"  owner \"{name}_owner\"  phase {phase}");
            declared.push_str(&format!("{head}  {identity}  {clauses} }}\n"));
        }
        if self.unvouched {
            declared.push_str("sessions unvouched\n");
        }
        let rules = self.rules.iter().map(|rule| format!("module past\n{rule}\n"));
        [declared].into_iter().chain(rules).collect()
    }
}

/// A rule about these tools.
pub(crate) fn rule(random: &mut Random, number: usize, tools: &str) -> String {
    let tool =
        if tools == "*" { random.pick(&["*", "act", "crm.set", "crm.get", "act, log", "act, crm.*"]) } else { tools };
    let name = format!("rule {number}");
    let agent = random.pick(&["any", "any", "any", "bot", "shop", "aide, watched"]);
    let selectors = format!("agent {agent}  tool {tool}");
    let mut clauses = String::new();
    for word in ["when", "unless"] {
        if random.percent(60) {
            clauses.push_str(&format!("\n  {word} {}", condition(random, 2)));
        }
    }
    let observed = if random.percent(10) { "  phase observe" } else { "" };
    match random.below(10) {
        0..=1 => format!("allow \"{name}\" {{ {selectors}  user any{observed} {clauses} }}"),
        2..=4 => format!("deny \"{name}\" {{ {selectors}{observed} {clauses} }}"),
        5..=6 => limit(random, &name, &format!("{selectors}{observed} {clauses}")),
        7 => {
            let from = random.pick(&["leads", "staff", "user", "2 of staff"]);
            let distinct = if random.percent(30) { "  distinct" } else { "" };
            let within = random.pick(&["1m", "1h", "1d"]);
            format!(
                "require approval \"{name}\" {{ {selectors}{observed}  from {from}  within {within}{distinct} {clauses} }}"
            )
        }
        _ => alert(random, &name, &format!("{selectors} {clauses}")),
    }
}

/// A limit with these clauses.
pub(crate) fn limit(random: &mut Random, name: &str, clauses: &str) -> String {
    format!("limit \"{name}\" {{ {clauses}  at most {} }}", rate(random, 1))
}

fn rate(random: &mut Random, least: usize) -> String {
    let (bound, of) = match random.below(5) {
        0 => (random.below(9) + least, " of args.n"),
        1 => (random.below(30) + least, " of args.price"),
        _ => (random.below(4) + least, ""),
    };
    let keys = random.some(&["user", "agent", "session", "origin", "tool", "env", "args.id", "user.grade"], 25);
    let keys = if keys.is_empty() { String::new() } else { format!(" per {}", keys.join(", ")) };
    format!("{bound}{of} per {}{keys}", random.pick(&WINDOWS))
}

fn alert(random: &mut Random, name: &str, clauses: &str) -> String {
    let outcomes = random.pick(&["outcome deny", "outcome allow", "outcome deny, throttle, require approval", ""]);
    let watched = match random.below(3) {
        0 => String::new(),
        1 => format!("more than {}", rate(random, 1)),
        _ => {
            let keys = random.some(&["agent", "user", "tool", "dataset", "env", "origin"], 40);
            let keys = if keys.is_empty() { vec!["agent"] } else { keys };
            format!("novel ({})  within {}", keys.join(", "), random.pick(&WINDOWS[2..]))
        }
    };
    format!("alert \"{name}\" {{ {clauses}  {outcomes}  {watched} }}")
}

/// A rule about `probe` that asks how far earlier calls have come, and how many.
pub(crate) fn outcome_rule(random: &mut Random, number: usize) -> String {
    let atom = |random: &mut Random| {
        let word = random.pick(&["completed", "failed", "called"]);
        match random.below(3) {
            0 => format!("({word} {})", block(random, true)),
            1 => format!("(count of {word} {} {} {})", block(random, true), random.pick(&ORDER), random.pick(&NUMBERS)),
            _ => {
                let of = format!("sum of that.args.n over {word} {{ tool act }}");
                format!("({of} {} {})", random.pick(&ORDER), random.pick(&NUMBERS))
            }
        }
    };
    let condition = format!("({} {} {})", atom(random), random.pick(&["and", "or"]), atom(random));
    let (word, rest) =
        *[("deny", ""), ("require approval", "  from staff"), ("limit", "  at most 3 per 1h"), ("allow", "  user any")]
            .get(random.below(4))
            .unwrap_or(&("deny", ""));
    let clause = random.pick(&["when", "unless"]);
    format!("{word} \"outcome {number}\" {{ agent bot, aide, boss  tool probe{rest}  {clause} {condition} }}")
}

/// The same limit of `probe` twice: as it is, and tighter.
pub(crate) fn two_limits(random: &mut Random) -> (String, String) {
    let of = random.pick(&["", " of args.n"]);
    let keys = random.pick(&["", " per user", " per agent, args.id", " per session"]);
    let (bound, window) = (3 + random.below(4), 2 + random.below(4));
    let limit = |bound: usize, window: usize| {
        format!("limit \"pace\" {{ agent any  tool probe  at most {bound}{of} per {}s{keys} }}", window * 20)
    };
    let tighter = match random.below(2) {
        0 => limit(bound - 1 - random.below(2), window),
        _ => limit(bound, window + 1 + random.below(3)),
    };
    (limit(bound, window), tighter)
}

/// A condition of which most asks about the past.
pub(crate) fn condition(random: &mut Random, depth: usize) -> String {
    if depth > 0 && random.percent(45) {
        let (one, two) = (condition(random, depth - 1), condition(random, depth - 1));
        return match random.below(5) {
            0..=1 => format!("({one} and {two})"),
            2..=3 => format!("({one} or {two})"),
            _ => format!("(not {one})"),
        };
    }
    match random.below(19) {
        16..=18 => in_steps(random),
        0..=3 => format!("({} {})", random.pick(&["called", "completed", "attempted", "failed"]), block(random, true)),
        4..=5 => counted(random),
        6 => summed(random),
        7 => distinct(random),
        8..=9 => value_of_one(random),
        10..=11 => known(random),
        12 => format!("(session.sensitivity >= {})", random.pick(&["internal", "confidential", "restricted"])),
        13 => format!(
            "(origin(args.id) {} {})",
            random.pick(&["<", "<=", ">=", ">"]),
            random.pick(&["model", "trusted", "user"])
        ),
        14 => format!("(args.n {} {})", random.pick(&ORDER), random.pick(&NUMBERS)),
        _ => format!("(user.grade {} {})", random.pick(&ORDER), random.pick(&NUMBERS)),
    }
}

/// A set of earlier calls that another one may cut off, or of which the last ones are kept one by one.
fn set_in_steps(random: &mut Random) -> String {
    let keeping = random.percent(50);
    let mut set = block(random, false);
    set.truncate(set.len() - 2);
    let mut parts: Vec<&str> = Vec::new();
    if random.percent(if keeping { 100 } else { 50 }) {
        parts.push(random.pick(&["that.args.id == args.id", "that.user == user"]));
    }
    if keeping {
        let others =
            ["that.args.n < args.n", "that.args.n >= 1 + args.n", "that.args.id != args.id", "that.at < now - 30s"];
        parts.extend(random.some(&others, 40));
    }
    if !parts.is_empty() {
        let word = if set.contains(" where ") { " and " } else { "  where " };
        set.push_str(&format!("{word}{}", parts.join(" and ")));
    }
    if keeping {
        set.push_str("  keeping last 4");
    }
    if !keeping || random.percent(50) {
        let outcome = random.pick(&["", "completed ", "completed ", "failed ", "attempted "]);
        let tool = random.pick(&["log", "fetch", "crm.set", "act", "*"]);
        let parts = random.some(&["that.args.id == args.id", "that.args.n > 1"], 30);
        let related = if parts.is_empty() { String::new() } else { format!("  where {}", parts.join(" and ")) };
        set.push_str(&format!("  since {outcome}{{ tool {tool}{related} }}"));
    }
    format!("{set} }}")
}

/// A question about such a set.
fn in_steps(random: &mut Random) -> String {
    let happened = random.pick(&["called ", "completed ", "completed ", "failed ", "attempted "]);
    if random.percent(60) {
        return format!("({happened}{})", set_in_steps(random));
    }
    let plus = random.pick(&["", "", "1 + ", "args.n + "]);
    let asked = format!("{plus}count of {happened}{}", set_in_steps(random));
    format!("({asked} {} {})", random.pick(&ORDER), random.pick(&["0", "1", "2", "3"]))
}

/// A set of earlier calls.
fn block(random: &mut Random, pairs: bool) -> String {
    let tool =
        random.pick(&["act", "log", "fetch", "crm.set", "act, log", "act, fetch", "crm.get, crm.set", "crm.*", "*"]);
    let mut clauses = format!("tool {tool}");
    for (clause, percent) in [
        ("agent bot", 8),
        ("user any", 6),
        ("user in staff", 6),
        ("env prod", 8),
        ("returns untrusted", 5),
        ("does reads", 5),
        ("on sensitivity >= confidential", 5),
        ("by user", 15),
        ("by agent", 15),
    ] {
        if random.percent(percent) {
            clauses.push_str(&format!("  {clause}"));
        }
    }
    if random.percent(45) {
        clauses.push_str(&format!("  within {}", random.pick(&WINDOWS)));
    }
    let mut parts: Vec<String> = Vec::new();
    if pairs {
        if random.percent(40) {
            parts.push("that.args.id == args.id".to_owned());
        }
        if random.percent(15) {
            parts.push("that.user == user".to_owned());
        }
        if random.percent(10) {
            parts.push("that.agent == agent".to_owned());
        }
    }
    if random.percent(15) {
        parts.push(format!("that.args.n {} {}", random.pick(&ORDER), random.pick(&NUMBERS)));
    }
    if random.percent(8) {
        parts.push("has that.args.note and that.args.note == \"x\"".to_owned());
    }
    if pairs && random.percent(30) {
        let other = [
            "that.args.n != args.n",
            "that.args.n < args.n",
            "that.args.n >= args.n",
            "that.args.id != args.id",
            "that.args.price <= args.price",
            "that.at < now - 1m",
        ];
        parts.push((*random.pick(&other)).to_owned());
    }
    if !parts.is_empty() {
        clauses.push_str(&format!("  where {}", parts.join(" and ")));
    }
    format!("{{ {clauses} }}")
}

fn happened(random: &mut Random) -> &'static str {
    ["", "completed ", "failed ", "called ", "attempted "][random.below(5)]
}

fn counted(random: &mut Random) -> String {
    let plus = ["", "", "1 + ", "args.n + "][random.below(4)];
    let asked = format!("{plus}count of {}{}", happened(random), block(random, true));
    format!("({asked} {} {})", random.pick(&ORDER), random.pick(&NUMBERS))
}

fn summed(random: &mut Random) -> String {
    let (plus, of) = match random.below(4) {
        0 => ("", "that.args.n"),
        1 => ("args.n + ", "that.args.n"),
        2 => ("", "that.args.price"),
        _ => ("args.price + ", "that.args.price"),
    };
    let asked = format!("{plus}sum of {of} over {}{}", happened(random), block(random, true));
    format!("({asked} {} {})", random.pick(&ORDER), random.pick(&["0", "1", "5", "20"]))
}

fn distinct(random: &mut Random) -> String {
    let of = random.pick(&["that.args.id", "that.args.n"]);
    let asked = format!("count of distinct {of} over {}{}", happened(random), block(random, true));
    format!("({asked} {} {})", random.pick(&ORDER), random.pick(&NUMBERS))
}

fn value_of_one(random: &mut Random) -> String {
    let which = random.pick(&["first", "last", "last"]);
    let of = |tool: &str, random: &mut Random| {
        let key = if random.percent(40) { "  where that.args.id == args.id" } else { "" };
        let within = if random.percent(30) { format!("  within {}", random.pick(&WINDOWS)) } else { String::new() };
        let by = if random.percent(20) { "  by user" } else { "" };
        format!("({which} {{ tool {tool}{key}{within}{by} }})")
    };
    match random.below(8) {
        0 => format!("({}.args.n {} {})", of("act", random), random.pick(&ORDER), random.pick(&NUMBERS)),
        1 => format!("({}.args.id == args.id)", of("fetch", random)),
        2 => format!("({}.result.n {} {})", of("crm.get", random), random.pick(&ORDER), random.pick(&NUMBERS)),
        3 => format!("({}.result.state otherwise done == open)", of("crm.get, crm.set", random)),
        4 => format!("({}.result == \"a\")", of("crm.word", random)),
        5 => format!("({}.at > now - 1h)", of("act, log", random)),
        6 => format!("(any p in {}.result.parts: p.n > 1)", of("crm.get", random)),
        _ => format!("(has {})", of("act", random).trim_start_matches('(').trim_end_matches(')')),
    }
}

fn known(random: &mut Random) -> String {
    let one = "known thing(args.id)";
    match random.below(12) {
        0 => format!("({one}.n {} {})", random.pick(&ORDER), random.pick(&NUMBERS)),
        1 => format!("(has {one})"),
        2 => format!("({one}.state otherwise done == {})", random.pick(&["open", "done"])),
        3 => format!("({one}.price otherwise 0 > 1)"),
        4 => format!("({one}.note otherwise \"\" == \"x\")"),
        5 => format!("(any t in known thing: t.n {} {})", random.pick(&ORDER), random.pick(&NUMBERS)),
        6 => format!("(count(known thing) {} {})", random.pick(&ORDER), random.pick(&NUMBERS)),
        7 => format!("(any q in {one}.parts: q.n > 0)"),
        8 => "(has known seat(args.id, args.n))".to_owned(),
        9 => "(known seat(args.id, args.n).on otherwise false)".to_owned(),
        10 => "(any s in known seat: s.n otherwise 0 == args.n)".to_owned(),
        _ => "(has known part(args.id, args.n) and known part(args.id, args.n).on otherwise false)".to_owned(),
    }
}
