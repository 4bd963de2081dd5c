//! Whatever parses is typed without a panic, and in time: random expressions over a small policy.

use agentpol_check::{Options, check};
use agentpol_diagnostics::{Diagnostics, SourceMap};
use agentpol_syntax::parse;
use bumpalo::Bump;

const DECLARED: &str = r#"
module acme
timezone "UTC"
enum tier = regular | silver
level risk = low < high
group support
user { region?: string, tier: tier }
context { cwd: path, calls?: int }
system mail { dataset outbox: internal }
record part { name: string, sizes: list<int, 4>, note?: string, to: email }
tool mail.send(to: list<email, 8>, cc?: list<email, 8>, body: string, amount: decimal, n?: int, at: datetime, day: date,
               url: url, host: host, ip: ip, folder: path, tier: tier, risk: risk, pin: secret string, rate: float,
               parts: list<part, 4>, sizes: map<string, int, 4>, blob: json, ok: bool) sends mail.outbox
tool mail.post(to: list<email, 8>, body: string, amount: int) sends mail.outbox
record letter by id { id: string, from: email, size: int, tags: map<string, int, 4>, parts: list<part, 4>, pin: secret string }
tool mail.get(id: string, tier: tier) -> letter reads mail.outbox, returns trusted
tool mail.list(day: date) -> list<letter, 8> reads mail.outbox
tool mail.name(id: string) -> string reads mail.outbox, returns trusted
agent bot { function "mail"  owner "a@acme.example"  phase autonomous }
fleet till(store: string) { function "till"  owner "a@acme.example"  identity "spiffe://acme.example/{store}"  phase autonomous }
define partners = ["a.example", "b.example"]
define inside(a: email) = a.domain in partners
define big(n: int) = n > 3
define maybe(n?: int) = has n and big(n)
"#;

const LEAVES: &[&str] = &[
    "args.to",
    "args.cc",
    "args.body",
    "args.amount",
    "args.n",
    "args.at",
    "args.day",
    "args.url",
    "args.host",
    "args.ip",
    "args.folder",
    "args.tier",
    "args.risk",
    "args.pin",
    "args.rate",
    "args.parts",
    "args.sizes",
    "args.blob",
    "args.ok",
    "args.nope",
    "args",
    "user",
    "user.region",
    "user.tier",
    "user.id",
    "agent.store",
    "context.cwd",
    "context.calls",
    "session.id",
    "now",
    "today",
    "resource",
    "that",
    "1",
    "2.50",
    "0.1234567",
    "99999999999999999999",
    "\"x\"",
    "\"a@b.example\"",
    "\"/work\"",
    "\"10.0.0.0/8\"",
    "`[a-z]+`",
    "true",
    "false",
    "3d",
    "36h",
    "2026-03-02",
    "2026-03-02T15:00:00Z",
    "regular",
    "low",
    "trusted",
    "nowhere",
    "partners",
    "inside",
    "x",
    "y",
    "[]",
    "[1, 2.5]",
    "[\"a\"]",
    "support",
    "acme.partners",
    "mail.send",
    "known part(1)",
];

const INFIX: &[&str] = &[
    "and",
    "or",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "in",
    "like",
    "matches",
    "contains",
    "starts_with",
    "ends_with",
    "+",
    "-",
    "*",
    "otherwise",
];

const OF_CALLS: &[&str] = &[
    "that.args.id",
    "that.args.tier",
    "that.args.amount",
    "that.args.to",
    "that.args.pin",
    "that.args.day",
    "that.result",
    "that.result.size",
    "that.result.parts",
    "that.result.pin",
    "that.at",
    "that.user",
    "that.user.tier",
    "that.agent",
    "that.tool",
    "that",
    "known letter(that.args.id).from",
    "(last mail.get).result.size",
    "(first { tool mail.send  where that.args.amount == args.amount }).args.amount",
    "known letter(args.body)",
    "known letter",
    "session.risk",
    "session.sensitivity",
];

/// Small, and the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides
    }

    fn pick<'c>(&mut self, from: &[&'c str]) -> &'c str {
        from[self.roll(from.len())]
    }

    fn expression(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.pick(LEAVES).to_owned();
        }
        let inner = |dice: &mut Dice| dice.expression(depth - 1);
        match self.roll(24) {
            0..=5 => format!("({} {} {})", inner(self), self.pick(INFIX), inner(self)),
            6 => format!("not {}", inner(self)),
            7 => format!("has {}", inner(self)),
            8 => format!("-{}", inner(self)),
            9 => format!("(if {} then {} else {})", inner(self), inner(self), inner(self)),
            10 => format!("(any x in {}: {})", inner(self), inner(self)),
            11 => format!("(all y in {}: {})", inner(self), inner(self)),
            12 => format!("(any x, y in pairs({}, {}): {})", inner(self), inner(self), inner(self)),
            13 => format!("{}({})", self.pick(&["count", "first", "last", "sum", "min", "max", "origin"]), inner(self)),
            14 => format!("{}(x in {}: {})", self.pick(&["count", "first", "sum", "max"]), inner(self), inner(self)),
            15 => format!("{}[{}]", inner(self), inner(self)),
            16 => format!(
                "{}.{}",
                inner(self),
                self.pick(&["domain", "host", "name", "lower", "date", "note", "sizes", "path"])
            ),
            17 => format!(
                "{}.{}({})",
                inner(self),
                self.pick(&["in_domain", "within", "in_network", "domain"]),
                inner(self)
            ),
            18 => format!("{}({})", self.pick(&["inside", "big", "maybe", "partners", "nope"]), inner(self)),
            19 => format!("[{}, {}]", inner(self), inner(self)),
            20 => format!("({} * {} * 2)", inner(self), inner(self)),
            21 => format!("{}({}, {})", self.pick(&["min", "max", "pairs", "big"]), inner(self), inner(self)),
            22 => format!("({} otherwise {})", inner(self), inner(self)),
            _ => self.pick(LEAVES).to_owned(),
        }
    }

    /// A leaf, or one that says something of earlier calls.
    fn leaf(&mut self) -> String {
        match self.roll(3) {
            0 => self.pick(LEAVES).to_owned(),
            1 => self.pick(&["args.amount", "args.body", "args.tier", "args.day", "user.id", "\"x\"", "3"]).to_owned(),
            _ => self.pick(OF_CALLS).to_owned(),
        }
    }

    fn related(&mut self) -> String {
        match self.roll(8) {
            0 => self.expression(1),
            1 => format!("{} and {}", self.related(), self.related()),
            2 => format!("({} or {})", self.related(), self.related()),
            3 => format!("has {}", self.leaf()),
            4 => format!("any y in {}: {} == y", self.leaf(), self.leaf()),
            _ => format!("{} {} {}", self.leaf(), self.pick(&["==", "!=", "<", ">=", "in"]), self.leaf()),
        }
    }

    fn calls(&mut self) -> String {
        let tools = self.pick(&["mail.send", "mail.get", "mail.*", "mail.get, mail.name", "mail.list", "*"]);
        let mut block = format!("{{ tool {tools}");
        for _ in 0..self.roll(4) {
            let clause = match self.roll(9) {
                0 => "within 1h".to_owned(),
                1 => self.pick(&["by agent", "by user", "by session"]).to_owned(),
                2 => "returns untrusted".to_owned(),
                3 => self.pick(&["agent bot", "user in support", "does sends", "on mail"]).to_owned(),
                4 => format!("unless {}", self.related()),
                _ => format!("where {}", self.related()),
            };
            block.push_str(&format!("  {clause}"));
        }
        block + " }"
    }

    fn question(&mut self) -> String {
        let outcome = self.pick(&["called", "attempted", "completed", "failed", "completed"]);
        let calls = self.calls();
        let op = self.pick(&[">", "<=", "==", "!="]);
        match self.roll(9) {
            0..=2 => format!("{outcome} {calls}"),
            3 => format!("count of {outcome} {calls} {op} {}", self.pick(&["3", "0", "9_999", "-1", "args.n"])),
            4 => format!("{} + sum of {} over {outcome} {calls} {op} 10.5", self.leaf(), self.leaf()),
            5 => format!("count of distinct {} over {outcome} {calls} {op} 4", self.leaf()),
            6 => format!("has {} {calls}", self.pick(&["first", "last"])),
            7 => {
                let (end, part) =
                    (self.pick(&["first", "last"]), self.pick(&["args.amount", "result", "result.size", "at"]));
                format!("({end} {calls}).{part} {op} {}", self.leaf())
            }
            _ => format!("any x in {}: {outcome} {calls}", self.pick(&["args.to", "args.parts", "known letter"])),
        }
    }

    fn soup(&mut self) -> String {
        let brackets = [
            "(", ")", "[", "]", ".", ",", ":", "any x in", "all", "if", "then", "else", "has", "not", "count(",
            "first(",
        ];
        let words = 1 + self.roll(12);
        let word = |dice: &mut Dice| match dice.roll(3) {
            0 => dice.pick(LEAVES),
            1 => dice.pick(INFIX),
            _ => dice.pick(&brackets),
        };
        (0..words).map(|_| word(self)).collect::<Vec<_>>().join(" ")
    }
}

/// Checks the policy with these clauses; diagnostics must lie inside the text. Returns whether it parsed.
fn checks(clauses: &str) -> bool {
    let text = format!("{DECLARED}\n{clauses}\n");
    let mut sources = SourceMap::new();
    let id = sources.add("soup.agentpol", text.as_str());
    let bump = Bump::new();
    let (ast, found): (_, Diagnostics) = parse(&bump, id, &text);
    let parsed = !found.has_errors();
    let (policy, found) = check(&[ast], &sources, &Options::default());
    for diagnostic in found.iter() {
        assert!(diagnostic.labels.len() <= 3, "too many labels: {diagnostic:?}\n{clauses}");
        for label in &diagnostic.labels {
            assert!(text.get(label.span.range()).is_some(), "outside the text: {diagnostic:?}\n{clauses}");
        }
    }
    assert_eq!(policy.is_some(), !found.has_errors(), "a policy exactly where there is no error:\n{clauses}");
    parsed
}

#[test]
fn random_expressions_are_typed() {
    let mut dice = Dice(7);
    let mut parsed = 0;
    for round in 0..1_000 {
        let depth = 1 + round % 4;
        let (one, other) = (dice.expression(depth), dice.expression(depth));
        let tools = dice.pick(&["mail.send", "mail.*", "mail.post"]);
        let agent = dice.pick(&["agent any", "agent in till", "agent bot"]);
        let clauses = match dice.roll(3) {
            0 => format!("deny \"r\" {{ {agent}  tool {tools}  when {one}  unless {other} }}"),
            1 => format!("deny \"r\" {{ {agent}  tool {tools}  let x = {one}  when {other} }}"),
            _ => format!(
                "define d(x: int, y?: email) = {one}\ndeny \"r\" {{ {agent}  tool {tools}  when d(3, args.to) or {other} }}"
            ),
        };
        parsed += usize::from(checks(&clauses));
    }
    assert!(parsed > 500, "only {parsed} parsed");
}

#[test]
fn random_questions_about_calls_are_typed() {
    let mut dice = Dice(13);
    let mut parsed = 0;
    for round in 0..1_500 {
        let (one, other) = (dice.question(), dice.question());
        let rule = match round % 4 {
            0 => format!("deny \"r\" {{ agent any  tool mail.send  when {one} and {other} }}"),
            1 => format!("allow \"r\" {{ agent bot  user any  tool mail.send  when {one}  unless {other} }}"),
            2 => format!(
                "define d(x: decimal) = {one}\ndeny \"r\" {{ agent any  tool mail.send  when d(args.amount) or {other} }}"
            ),
            _ => {
                let calls = dice.calls();
                format!(
                    "deny \"r\" {{ agent any  tool mail.send  let b = last {calls}  when has b and b.args.amount > 3 or {one} }}"
                )
            }
        };
        parsed += usize::from(checks(&rule));
    }
    assert!(parsed > 1_000, "only {parsed} parsed");
}

#[test]
fn token_soup_is_told_of() {
    let mut dice = Dice(11);
    for _ in 0..800 {
        let soup = dice.soup();
        checks(&format!("deny \"r\" {{ agent any  tool mail.send  when {soup} }}"));
    }
}

#[test]
fn chains_of_definitions_end() {
    let mut chain = String::from("define d0(n: int) = n > 3\n");
    for at in 1..5_000 {
        chain.push_str(&format!("define d{at}(n: int) = d{}(n)\n", at - 1));
    }
    chain.push_str("deny \"r\" { agent any  tool mail.send  when d4999(3) }\ndeny \"s\" { agent any  tool mail.send  when d40(3) }");
    checks(&chain);
    let mut doubled = String::from("define d0 = 1 > 3\n");
    for at in 1..60 {
        doubled.push_str(&format!(
            "define d{at} = d{} and (if d{} then d{} else d{})\n",
            at - 1,
            at - 1,
            at - 1,
            at - 1
        ));
    }
    doubled.push_str("deny \"r\" { agent any  tool mail.send  when d59 }");
    checks(&doubled);
    let mut values = String::from("define d0 = [1]\n");
    for at in 1..60 {
        values.push_str(&format!("define d{at} = if args.ok then d{} else d{}\n", at - 1, at - 1));
    }
    values.push_str("deny \"r\" { agent any  tool mail.send  when 1 in d59 and d59 == d59 }");
    checks(&values);
    let nest = |inner: &str| format!("{}{inner}{}", "not (n > 1 or ".repeat(28), ")".repeat(28));
    let mut deep = String::from("define d0(n: int) = n > 3\n");
    for at in 1..30 {
        deep.push_str(&format!("define d{at}(n: int) = {}\n", nest(&format!("d{}(n)", at - 1))));
    }
    deep.push_str("deny \"r\" { agent any  tool mail.send  when d29(3) }");
    checks(&deep);
}
