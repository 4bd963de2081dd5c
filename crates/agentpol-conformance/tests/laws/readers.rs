//! Readers that must not differ: strict JSON, strict texts, patterns, schedules. Each is written twice, once in the reference
//! interpreter and once in the vm; here they read the same mutated input.

use crate::native;
use crate::number;
use crate::random::Random;
use agentpol::policy::Policy;
use agentpol::{Evaluator, Options, SourceMap, compile_sources};
use agentpol_conformance::reference::{self, Summary};
use std::collections::BTreeSet;

/// How many inputs each reader is given where nothing else is said.
const INPUTS: u64 = 2_000;

/// A policy on both engines.
struct Both {
    policy: Policy,
    native: Evaluator,
}

impl Both {
    fn new(rest: &str) -> Both {
        let text = format!(
            "module readers\nagent bot {{ function \"f\" owner \"o@acme.example\" phase autonomous }}\n\
             allow \"all\" {{ agent bot user any tool * }}\n{rest}"
        );
        let mut sources = SourceMap::new();
        sources.add("readers.agentpol", text.clone());
        let checked = compile_sources(&sources, &Options::default());
        let titles: Vec<String> = checked.diagnostics.iter().map(|found| found.title.clone()).collect();
        let policy = checked.policy.unwrap_or_else(|| panic!("{titles:?}\n{text}"));
        let (_, native) = native::load(&sources, &Options::default()).unwrap_or_else(|error| panic!("{error}\n{text}"));
        Both { policy, native }
    }

    /// Decides on both; they must agree.
    fn decide(&self, request: &[u8]) -> Summary {
        let slow = reference::decide(&self.policy, request);
        let fast = native::summary(&self.native.decide(request), self.native.program());
        let shown = String::from_utf8_lossy(request);
        assert!(slow == fast, "the reference decides {slow}\nthe vm {fast}\n{shown}");
        slow
    }

    fn call(&self, at: &str, tool: &str, args: &str) -> Summary {
        let rest = format!("\"agent\":\"bot\",\"user\":{{\"id\":\"u\"}},\"tool\":\"{tool}\",\"args\":{args}");
        self.decide(format!("{{\"at\":\"{at}\",{rest}}}").as_bytes())
    }
}

const NOON: &str = "2026-03-02T12:00:00Z";

/// Changes a text a little, by what such texts are attacked with.
pub(crate) fn mutated(random: &mut Random, text: &str) -> String {
    let pieces = [
        "", ".", "..", "/", "//", "/../", "/./", "%2e", "%2F", "%5c", "%00", "%", "%zz", "@", ":", ":80", ":080", "\\",
        " ", "\t", "\n", "\u{0}", "#", "?", "[", "]", "[::1]", "é", "A", "z", "-", "_", "0", "1", "256", "00", "~",
        ",", "\"", "'", "+", "T", "Z", "+01:00", "-00:00", ".5", ".1234", "::", "::ffff:", "ffff", "0x7f", "\u{200b}",
        "\u{7f}", "xn--", "*", "<", ">", ";", "&", "=", "(", "60",
    ];
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(2) {
        let at = random.below(chars.len() + 1);
        match random.below(4) {
            0 if at < chars.len() => drop(chars.remove(at)),
            1 if at + 1 < chars.len() => chars.swap(at, at + 1),
            2 if at < chars.len() => chars.truncate(at),
            _ => {
                let piece: Vec<char> = random.pick(&pieces).chars().collect();
                chars.splice(at..at, piece);
            }
        }
    }
    chars.into_iter().collect()
}

#[test]
fn strict_texts_are_read_alike() {
    let both = Both::new(
        "context { cwd?: path }\n\
         tool url_(v: url) computes\ntool url6(v: url allow ip6) computes\ntool email_(v: email) computes\n\
         tool host_(v: host) computes\ntool path_(v: path) computes\ntool under(v: path under \"/work\") computes\n\
         tool ip_(v: ip) computes\ntool date_(v: date) computes\ntool time(v: datetime) computes\n\
         tool local(v: datetime in \"Europe/Berlin\") computes\ntool sum(v: decimal as string) computes\n\
         deny \"host\" { agent any tool url_ when args.v.host == \"acme.example\" }\n\
         deny \"port\" { agent any tool url_ when args.v.port == 8080 }\n\
         deny \"path\" { agent any tool url_ when args.v.path == \"/\" }\n\
         deny \"six\" { agent any tool url6 when args.v.port == 8080 or args.v.host.in_domain(\"acme.example\") }\n\
         deny \"local part\" { agent any tool email_ when args.v.local == \"ana.b\" and args.v.domain == \"acme.example\" }\n\
         deny \"in\" { agent any tool host_ when args.v.in_domain(\"acme.example\") }\n\
         deny \"within\" { agent any tool path_ when args.v.within(\"/work\") }\n\
         deny \"name\" { agent any tool path_ when args.v.name == \"a.rs\" or args.v.extension == \"rs\" }\n\
         deny \"net\" { agent any tool ip_ when args.v.in_network(\"10.0.0.0/9\") or args.v.in_network(\"2001:db8::/33\") }\n\
         deny \"day\" { agent any tool date_ when args.v >= 2026-03-01 }\n\
         deny \"late\" { agent any tool time when args.v >= 2026-03-02T12:00:00Z }\n\
         deny \"berlin\" { agent any tool local when args.v >= 2026-03-29T01:00:00Z }\n\
         deny \"much\" { agent any tool sum when args.v > 100 }\n",
    );
    let seeds = [
        ("url_", "https://acme.example:8080/a/b?x=%20#y"),
        ("url_", "http://ACME.example"),
        ("url6", "https://[::1]:8080/a"),
        ("email_", "ana.b@Acme.example"),
        ("host_", "www.acme.example"),
        ("host_", "10.0.0.255"),
        ("path_", "/work/src/a.rs"),
        ("path_", "work/a.rs"),
        ("under", "/work/x/y"),
        ("ip_", "10.127.0.1"),
        ("ip_", "2001:db8:0:1:1:1:1:1"),
        ("ip_", "::ffff:10.0.0.1"),
        ("date_", "2026-03-02"),
        ("time", "2026-03-02T12:00:00.123+01:30"),
        ("local", "2026-03-29T03:30:00"),
        ("local", "2026-10-25T02:30:00"),
        ("sum", "-100.000001"),
    ];
    let mut random = Random::new(number("SEED", 1));
    let mut seen = BTreeSet::new();
    for _ in 0..number("INPUTS", INPUTS) {
        let (tool, seed) = seeds[random.below(seeds.len())];
        let value = serde_json::to_string(&mutated(&mut random, seed)).expect("a text");
        seen.insert((tool, both.call(NOON, tool, &format!("{{\"v\":{value}}}")).code));
    }
    assert!(seen.len() > 25, "too little is seen: {seen:?}");
}

#[test]
fn requests_are_read_alike() {
    let both = Both::new(
        "user { rank?: int }\ncontext { cwd?: path }\n\
         tool act(n?: int, t?: string, l?: list<int, 3>, j?: json, m?: map<string, decimal, 2>, ...) computes\n\
         deny \"one\" { agent any tool act when args.n otherwise 0 == 1 }\n\
         deny \"origin\" { agent any tool act unless origin(args) >= model }\n",
    );
    let seeds = [
        r#"{"at":"2026-03-02T12:00:00Z","agent":"bot","user":{"id":"u","rank":1,"groups":["a"]},"tool":"act","args":{"n":1,"t":"é\n","l":[1,2]},"origin":{"/l/0":"user"}}"#,
        r#"{"at":"2026-03-02T12:00:00Z","agent":{"id":"bot"},"user":"none","tool":"act","args":{"m":{"a":1.5},"j":{"x":[true,null,{"y":-1e3}]}},"context":{"cwd":"/work"},"env":"prod"}"#,
    ];
    let pieces = [
        "\"",
        "\\",
        "\\u00e9",
        "\\ud83d\\ude00",
        "\\ud800",
        "\\x",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "true",
        "0",
        "1.0",
        "-",
        "1e5",
        "01",
        "\"a\":1,",
        "\"n\":2,",
        "\"x\":{\"x\":1,\"x\":2},",
        " ",
        "\n",
        "\u{b}",
        "\u{feff}",
        "[[[[[[[[[[[[[[[[[[",
        "//",
        "'",
        "NaN",
        "\"tool\":\"act\",",
        "é",
        "\u{1}",
    ];
    let mut random = Random::new(number("SEED", 1));
    let mut seen = BTreeSet::new();
    for _ in 0..number("INPUTS", INPUTS) {
        let mut bytes = random.pick(&seeds).as_bytes().to_vec();
        for _ in 0..=random.below(2) {
            let at = random.below(bytes.len() + 1);
            match random.below(5) {
                0 if at < bytes.len() => drop(bytes.remove(at)),
                1 if at < bytes.len() => bytes[at] = random.below(256) as u8,
                2 => bytes.truncate(at),
                _ => drop(bytes.splice(at..at, random.pick(&pieces).bytes())),
            }
        }
        seen.insert(both.decide(&bytes).code);
    }
    assert!(seen.len() >= 5, "too little is seen: {seen:?}");
}

/// A random regular expression.
fn expression(random: &mut Random, depth: usize) -> String {
    let atoms = [
        "a", "b", "c", "é", ".", "[ab]", "[^a]", "[a-c_]", r"\d", r"\w", r"\s", r"\D", r"[\d_]", r"\.", "x y",
        "(?i:B)", "[é-ü]",
    ];
    if depth == 0 || random.percent(30) {
        return (*random.pick(&atoms)).to_owned();
    }
    let mut inner = || expression(random, depth - 1);
    let (one, two) = (inner(), inner());
    match random.below(6) {
        0 => format!("({one}|{two})"),
        1 => format!("({one})*"),
        2 => format!("({one})+{two}"),
        3 => format!("({one})?"),
        4 => format!("({one}){{1,2}}"),
        _ => format!("{one}{two}"),
    }
}

fn glob(random: &mut Random) -> String {
    let pieces = ["a", "b", "/", "*", "**", "**/", "?", "\\*", "é", "x"];
    (0..1 + random.below(5)).map(|_| random.pick(&pieces)).collect()
}

#[test]
fn patterns_are_read_alike() {
    let mut random = Random::new(number("SEED", 1));
    let mut answers = BTreeSet::new();
    let rounds = number("INPUTS", INPUTS) / 200;
    for _ in 0..rounds {
        let mut policy = "tool text(v: string) computes\ntool file(v: path) computes\n".to_owned();
        for index in 0..8 {
            let (regex, like, path) = (expression(&mut random, 3), glob(&mut random), glob(&mut random));
            policy.push_str(&format!("deny \"m{index}\" {{ agent any tool text when args.v matches `{regex}` }}\n"));
            policy.push_str(&format!("deny \"l{index}\" {{ agent any tool text when args.v like `{like}` }}\n"));
            policy.push_str(&format!("deny \"p{index}\" {{ agent any tool file when args.v like `/{path}` }}\n"));
        }
        let both = Both::new(&policy);
        let letters = ["a", "b", "c", "é", "1", "_", ".", " ", "x y", "\n", "/", "B", "ß", "٣", "*", "x"];
        for _ in 0..100 {
            let text: String = (0..random.below(6)).map(|_| random.pick(&letters)).collect();
            let (tool, text) = if random.percent(60) { ("text", text) } else { ("file", format!("/{text}")) };
            let args = format!("{{\"v\":{}}}", serde_json::to_string(&text).expect("a text"));
            answers.insert(both.call(NOON, tool, &args).total.min(4));
        }
    }
    assert!(answers.len() > 3, "patterns fit too seldom: {answers:?}");
}

#[test]
fn schedules_are_read_alike() {
    let mut random = Random::new(number("SEED", 1));
    let zones = [
        "America/New_York",
        "Europe/Berlin",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "UTC",
        "-05:00",
        "+13:45",
        "America/Sao_Paulo",
        "Africa/Casablanca",
    ];
    let days = ["mon", "tue..thu", "fri", "sat..sun", "mon..sun"];
    let mut answers = BTreeSet::new();
    for _ in 0..number("INPUTS", INPUTS) / 250 {
        let mut policy = String::new();
        for index in 0..6 {
            let window = |random: &mut Random| {
                let minute = |random: &mut Random| ["00", "15", "30", "59"][random.below(4)];
                let (start, end) = (
                    format!("{:02}:{}", random.below(24), minute(random)),
                    format!("{:02}:{}", random.below(24), minute(random)),
                );
                let end = if start == end { "24:00".to_owned() } else { end };
                format!("{} {start}..{end}", random.pick(&days))
            };
            let windows = [window(&mut random), window(&mut random)].join(", ");
            policy.push_str(&format!("schedule s{index} = {windows} in \"{}\"\n", random.pick(&zones)));
            policy.push_str(&format!("deny \"d{index}\" {{ agent any tool act during s{index} }}\n"));
        }
        policy.push_str(&format!("timezone \"{}\"\ntool act() computes\n", random.pick(&zones)));
        policy.push_str("deny \"today\" { agent any tool act when today >= 2030-06-15 }\n");
        let both = Both::new(&policy);
        for _ in 0..125 {
            let (year, month, day) = (1970 + random.below(140), 1 + random.below(12), 1 + random.below(28));
            let (hour, minute, second) =
                (random.below(24), [0, 14, 15, 29, 30, 59][random.below(6)], [0, 59][random.below(2)]);
            let at = format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
            answers.insert(both.call(&at, "act", "{}").total);
        }
    }
    assert!(answers.len() > 2, "too little is seen: {answers:?}");
}
