//! Random requests: mostly as the policy expects them, now and then not.

use crate::expressions::{DECIMALS, INTS, TEXTS};
use crate::random::Random;
use crate::world::{AGENTS, CONTEXT, Field, GROUPS, Kind, Tool, USER, World};
use std::collections::BTreeMap;

/// A request in parts, so that laws can change one.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Members as JSON text; `user`, `args`, `context` and `origin` stand apart.
    pub(crate) members: BTreeMap<&'static str, String>,
    /// `None` is nobody.
    pub(crate) user: Option<BTreeMap<&'static str, String>>,
    pub(crate) args: BTreeMap<String, String>,
    pub(crate) context: BTreeMap<&'static str, String>,
    /// By pointer an index into [`ORIGINS`].
    pub(crate) origin: BTreeMap<String, usize>,
}

impl Request {
    /// Writes it.
    pub(crate) fn text(&self) -> String {
        let mut members: Vec<String> = self.members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        let object = |entries: Vec<String>| format!("{{{}}}", entries.join(","));
        members.push(match &self.user {
            None => "\"user\":\"none\"".to_owned(),
            Some(user) => {
                let keys = user.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                format!("\"user\":{}", object(keys))
            }
        });
        members.push(format!("\"args\":{}", object(self.args.iter().map(|(k, v)| format!("{k:?}:{v}")).collect())));
        members
            .push(format!("\"context\":{}", object(self.context.iter().map(|(k, v)| format!("{k:?}:{v}")).collect())));
        let origin = self.origin.iter().map(|(k, v)| format!("{k:?}:{}", ORIGINS[*v].said)).collect();
        members.push(format!("\"origin\":{}", object(origin)));
        object(members)
    }
}

const TIMES: [&str; 8] = [
    "2026-03-02T15:00:00Z",
    "2026-03-02T13:59:59.999Z",
    "2026-03-07T03:00:00Z",
    "2026-03-08T07:30:00Z",
    "2026-10-25T00:30:00Z",
    "2026-05-31T23:59:59Z",
    "2026-06-01T00:00:00Z",
    "2101-01-01T00:00:00Z",
];

/// What a request may say of an argument.
pub(crate) struct Said {
    pub(crate) said: &'static str,
    /// How good its best source is.
    level: u8,
    /// The tools of which an answer held it, as bits.
    held: u8,
}

impl Said {
    /// Whether another is nowhere better.
    pub(crate) fn covers(&self, other: &Said) -> bool {
        other.level <= self.level && other.held & !self.held == 0
    }
}

const fn said(said: &'static str, level: u8, held: u8) -> Said {
    Said { said, level, held }
}

/// What requests say of arguments.
pub(crate) const ORIGINS: [Said; 13] = [
    said(r#""untrusted""#, 0, 0),
    said(r#""model""#, 1, 0),
    said(r#""trusted""#, 2, 0),
    said(r#""user""#, 3, 0),
    said(r#""system""#, 4, 0),
    said(r#"{"result_of":"vouch_one"}"#, 2, 1),
    said(r#"{"result_of":"part_one"}"#, 0, 0),
    said(r#"{"result_of":"part_one","at":"/0/echo"}"#, 0, 0),
    said(r#"{"result_of":"part_one","at":"/0/word"}"#, 2, 2),
    said(r#"{"result_of":"vouch_two","at":""}"#, 2, 4),
    said(r#"["user",{"result_of":"vouch_one"}]"#, 3, 1),
    said(r#"[{"result_of":"part_two","at":"/3/word"},"untrusted",{"result_of":"vouch_one"}]"#, 2, 9),
    said(r#"["system",{"result_of":"part_one","at":"/0/echo"},{"result_of":"elsewhere"}]"#, 4, 0),
];

/// Makes a request about one of the world's tools.
pub(crate) fn request(random: &mut Random, world: &World) -> Request {
    let (agent, tool) = (random.below(AGENTS.len()), random.below(world.tools.len()));
    request_about(random, world, agent, tool)
}

/// Makes a request of this agent about this tool.
pub(crate) fn request_about(random: &mut Random, world: &World, agent: usize, tool: usize) -> Request {
    let mut members = BTreeMap::from([
        ("at", format!("{:?}", random.pick(&TIMES))),
        ("agent", AGENTS[agent].presented.to_owned()),
        ("tool", format!("{:?}", world.tools[tool].wire)),
    ]);
    let server = if random.percent(3) { Some("elsewhere") } else { world.tools[tool].server };
    members.extend(server.map(|server| ("server", format!("{server:?}"))));
    for (key, values) in
        [("env", ["prod", "staging", "moon"]), ("task", ["desk", "mail", "moon"]), ("session", ["s1", "s2", "s3"])]
    {
        if random.percent(70) {
            members.insert(key, format!("{:?}", random.pick(&values)));
        }
    }
    let args = arguments(random, &world.tools[tool]);
    let origin = origins(random, &args);
    Request { members, user: user(random), context: context(random), origin, args }
}

fn user(random: &mut Random) -> Option<BTreeMap<&'static str, String>> {
    if random.percent(15) {
        return None;
    }
    let mut user = BTreeMap::from([("id", format!("{:?}", random.pick(&["ana", "bo", "cy"])))]);
    if random.percent(90) {
        let groups: Vec<String> = random.some(&GROUPS, 40).iter().map(|group| format!("{group:?}")).collect();
        user.insert("groups", format!("[{}]", groups.join(",")));
    }
    for field in USER.iter() {
        if random.percent(80) {
            user.insert(field.name, if random.percent(5) { odd(random) } else { value(random, field.kind) });
        }
    }
    Some(user)
}

fn context(random: &mut Random) -> BTreeMap<&'static str, String> {
    let given = random.some(&CONTEXT, 70);
    let mut value_of = |field: &Field| if random.percent(1) { odd(random) } else { value(random, field.kind) };
    given.iter().map(|field| (field.name, value_of(field))).collect()
}

fn arguments(random: &mut Random, tool: &Tool) -> BTreeMap<String, String> {
    let mut args = BTreeMap::new();
    for field in &tool.fields {
        let forgotten = random.percent(1) && random.percent(30);
        let given = if field.optional { random.percent(60) } else { !forgotten };
        if given {
            let odd_one = random.percent(if field.optional { 2 } else { 1 });
            args.insert(field.name.to_owned(), if odd_one { odd(random) } else { value(random, field.kind) });
        }
    }
    if random.percent(2) {
        args.insert("extra/~".to_owned(), odd(random));
    }
    args
}

fn origins(random: &mut Random, args: &BTreeMap<String, String>) -> BTreeMap<String, usize> {
    let any = |random: &mut Random| random.below(ORIGINS.len());
    let mut origin = BTreeMap::new();
    if random.percent(10) {
        origin.insert(String::new(), any(random));
    }
    for (name, value) in args.iter().filter(|(name, _)| !name.contains('/')) {
        if random.percent(50) {
            origin.insert(format!("/{name}"), any(random));
        }
        if value.starts_with('[') && value != "[]" && random.percent(30) {
            origin.insert(format!("/{name}/0"), any(random));
        }
    }
    origin
}

/// Something that is seldom of the type that is asked for.
fn odd(random: &mut Random) -> String {
    let odd = [
        "null",
        "true",
        "-1",
        "1.0",
        "1.5",
        "1e3",
        "100.0000004",
        "9223372036854775808",
        "\"\"",
        "\"x\"",
        "[]",
        "{}",
        "[null]",
        "{\"a\":1}",
        "[[1]]",
        "\"/work/../x\"",
        "\"https://a@b.example/\"",
        "\"2026-02-30\"",
    ];
    (*random.pick(&odd)).to_owned()
}

/// A value of the kind.
fn value(random: &mut Random, kind: Kind) -> String {
    match kind {
        Kind::Bool => (*random.pick(&["true", "false"])).to_owned(),
        Kind::Int if random.percent(15) => (*random.pick(&["-1", "-9223372036854775808", "4.0", "-0"])).to_owned(),
        Kind::Int => (*random.pick(&INTS)).to_owned(),
        Kind::Decimal if random.percent(15) => (*random.pick(&["-3.5", "7"])).to_owned(),
        Kind::Decimal => (*random.pick(&DECIMALS)).to_owned(),
        Kind::Float => (*random.pick(&["0.25", "0.5", "1e-3", "-7"])).to_owned(),
        Kind::Text => quoted(random, &TEXTS),
        Kind::Date => quoted(random, &["2026-03-01", "2026-03-02", "2026-06-02", "2100-01-01"]),
        Kind::Time => quoted(
            random,
            &["2026-03-02T15:00:00Z", "2026-03-03T01:00:00+02:00", "2026-03-08T07:00:00Z", "2110-01-01T00:00:00Z"],
        ),
        Kind::Ip => quoted(random, &["10.0.0.1", "::ffff:10.1.2.3", "192.0.2.1", "2001:db8::1"]),
        Kind::Email => quoted(random, &["a@acme.example", "ab@sub.ACME.example", "b@evilacme.example"]),
        Kind::Url => {
            quoted(random, &["https://a.example/x", "http://sub.acme.example:8080", "https://ACME.example/x/y?q#f"])
        }
        Kind::Host => quoted(random, &["a.example", "A.Example", "sub.acme.example", "10.0.0.1"]),
        Kind::Path => quoted(random, &["/work/x", "/work", "/work/../x", "//work//a.rs", "/tmp/x", "/work/x/"]),
        Kind::Reason => quoted(random, &["other", "no longer needed"]),
        Kind::Rank => quoted(random, &["low", "middle", "high"]),
        Kind::Ints => list(random, Kind::Int, 4),
        Kind::Texts => list(random, Kind::Text, 3),
        Kind::Items => {
            let items: Vec<String> = (0..random.below(4)).map(|_| item(random)).collect();
            format!("[{}]", items.join(","))
        }
        Kind::Table => {
            let keys = random.some(&["a", "b", "é"], 60);
            let entries: Vec<String> = keys.iter().map(|key| format!("{key:?}:{}", value(random, Kind::Int))).collect();
            format!("{{{}}}", entries.join(","))
        }
        Kind::Owner => {
            let age = if random.percent(50) { format!(",\"age\":{}", value(random, Kind::Int)) } else { String::new() };
            format!("{{\"id\":{}{age}}}", value(random, Kind::Text))
        }
    }
}

fn quoted(random: &mut Random, texts: &[&str]) -> String {
    format!("{:?}", random.pick(texts))
}

fn list(random: &mut Random, kind: Kind, most: usize) -> String {
    let elements: Vec<String> = (0..random.below(most + 1)).map(|_| value(random, kind)).collect();
    format!("[{}]", elements.join(","))
}

fn item(random: &mut Random) -> String {
    let (sku, price) = (value(random, Kind::Text), value(random, Kind::Decimal));
    let count = if random.percent(40) { format!(",\"count\":{}", value(random, Kind::Int)) } else { String::new() };
    format!("{{\"sku\":{sku},\"price\":{price}{count}}}")
}
