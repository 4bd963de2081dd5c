//! Random logs: sessions, calls, what they answer, and what persons say, in the order in which it happens.

use crate::past::{IDS, TOOLS};
use crate::random::Random;

/// A session that is open, and for whom.
#[derive(Clone, Debug)]
struct Open {
    id: String,
    /// Its agent as a request presents it.
    agent: &'static str,
    /// Agents in front of it.
    via: &'static str,
    user: Option<&'static str>,
}

/// Makes one step after the other.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    now: i64,
    sessions: Vec<Open>,
    opened: usize,
    calls: usize,
    /// Calls that were let through and not reported: the session, the id, the tool.
    open: Vec<(String, String, &'static str)>,
}

/// What happens next.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A request, in which session, by which id, for which tool.
    Request { text: String, session: String, call: String, tool: &'static str },
    /// An event.
    Event(String),
    /// A person answers what the last decision asks; the digest is to be put in.
    Answer { word: &'static str, rest: String },
}

impl Step {
    /// The request, where it is one.
    pub(crate) fn text(&self) -> &str {
        match self {
            Step::Request { text, .. } => text,
            Step::Event(_) | Step::Answer { .. } => "",
        }
    }
}

const START: i64 = 1_772_463_600_000;
const AGENTS: [(&str, &str); 7] = [
    (r#""bot""#, "[]"),
    (r#""aide""#, "[]"),
    (r#""boss""#, "[]"),
    (r#"{"spiffe":"spiffe://acme.example/one"}"#, "[]"),
    (r#"{"spiffe":"spiffe://acme.example/two"}"#, "[]"),
    (r#""watched""#, "[]"),
    (r#""aide""#, r#"["boss"]"#),
];
const USERS: [Option<&str>; 4] = [Some("ana"), Some("ana"), Some("bo"), None];

impl Log {
    pub(crate) fn new() -> Log {
        Log { now: START, sessions: Vec::new(), opened: 0, calls: 0, open: Vec::new() }
    }

    /// Whether there is a session to call in.
    pub(crate) fn has_session(&self) -> bool {
        !self.sessions.is_empty()
    }

    /// Notes that a call was let through.
    pub(crate) fn let_through(&mut self, session: &str, call: &str, tool: &'static str) {
        self.open.push((session.to_owned(), call.to_owned(), tool));
    }

    /// Chooses the next step.
    pub(crate) fn step(&mut self, random: &mut Random) -> Step {
        self.pass(random);
        if self.sessions.is_empty() || (self.opened < 6 && random.percent(8)) {
            return self.open(random);
        }
        match random.below(100) {
            0..=54 => {
                let tool = TOOLS[random.below(TOOLS.len())];
                let tool = if random.percent(35) { "act" } else { tool };
                self.request(random, tool)
            }
            55..=84 => self.report(random),
            85..=93 => {
                let at = self.at(random);
                answer(random, &at)
            }
            94 if self.sessions.len() > 2 => {
                let gone = self.sessions.remove(random.below(self.sessions.len()));
                Step::Event(format!(r#"{{"close":{{"session":"{}","at":"{}"}}}}"#, gone.id, self.at(random)))
            }
            95 => {
                let at = self.at(random);
                Step::Event(odd(random, &at))
            }
            _ => self.request(random, "act"),
        }
    }

    /// Time passes, now and then a little backwards.
    fn pass(&mut self, random: &mut Random) {
        let by = [0, 0, 0, 1, 999, 1_000, 10_000, 30_000, 60_000, 600_000, 1_800_000, 3_600_000, 3_600_001, 7_200_000];
        if random.percent(60) {
            self.now += by[random.below(by.len())];
        }
    }

    fn at(&self, random: &mut Random) -> String {
        let late = [0, 0, 0, 0, 0, 0, 0, 0, 1_000, 5_000, 5_001, 3_600_000];
        time(self.now - late[random.below(late.len())])
    }

    fn open(&mut self, random: &mut Random) -> Step {
        self.opened += 1;
        let (agent, via) = AGENTS[random.below(AGENTS.len())];
        let mut user = USERS[random.below(USERS.len())];
        let id = format!("s{}", self.opened);
        let mut members = format!(r#""session":"{id}","agent":{agent},"at":"{}""#, self.at(random));
        if via != "[]" {
            members.push_str(&format!(r#","via":{via}"#));
        } else if !self.sessions.is_empty() && random.percent(40) {
            let parent = &self.sessions[random.below(self.sessions.len())];
            if random.percent(90) {
                user = parent.user;
            }
            members.push_str(&format!(r#","parent":"{}""#, parent.id));
        }
        self.sessions.push(Open { id, agent, via, user });
        Step::Event(format!(r#"{{"open":{{{members},"user":{}}}}}"#, named(user)))
    }

    /// A request for a tool in one of the sessions.
    pub(crate) fn request(&mut self, random: &mut Random, tool: &'static str) -> Step {
        let session = self.sessions[random.below(self.sessions.len())].clone();
        self.calls += 1;
        let call = match self.open.last() {
            Some((_, id, _)) if random.percent(3) => id.clone(),
            _ => format!("c{}", self.calls),
        };
        let user = match session.user {
            None => r#""none""#.to_owned(),
            Some(id) => {
                let groups = random.some(&[r#""staff""#, r#""leads""#], 40).join(",");
                let grade = random.pick(&["1", "2", "\"x\""]);
                format!(r#"{{"id":"{id}","groups":[{groups}],"grade":{grade}}}"#)
            }
        };
        let id = if random.percent(2) { "s77" } else { &session.id };
        let mut members = format!(
            r#""at":"{}","agent":{},"user":{user},"session":"{id}","call":"{call}","tool":"{}","args":{}"#,
            self.at(random),
            session.agent,
            tool.rsplit('.').next().unwrap_or(tool),
            arguments(random, tool)
        );
        if session.via != "[]" || random.percent(3) {
            members.push_str(&format!(r#","via":{}"#, if random.percent(97) { session.via } else { r#"["bot"]"# }));
        }
        if random.percent(60) {
            members.push_str(&format!(r#","env":"{}""#, random.pick(&["prod", "prod", "staging"])));
        }
        if random.percent(30) && !matches!(tool, "crm.list" | "crm.rows") {
            members.push_str(&format!(
                r#","origin":{{"/id":"{}"}}"#,
                random.pick(&["untrusted", "model", "trusted", "user"])
            ));
        }
        Step::Request { text: format!("{{{members}}}"), session: session.id, call, tool }
    }

    /// One of the open calls ends.
    fn report(&mut self, random: &mut Random) -> Step {
        if self.open.is_empty() {
            return self.request(random, "act");
        }
        let at = if random.percent(70) { self.open.len() - 1 } else { random.below(self.open.len()) };
        let (session, call, tool) = if random.percent(92) { self.open.remove(at) } else { self.open[at].clone() };
        let members = format!(r#""session":"{session}","call":"{call}","at":"{}""#, self.at(random));
        Step::Event(match random.below(12) {
            0 => format!(r#"{{"release":{{{members}}}}}"#),
            1 => format!(r#"{{"observe":{{{members},"outcome":"failed"}}}}"#),
            2 => format!(r#"{{"observe":{{{members},"outcome":"ok"}}}}"#),
            3 => format!(r#"{{"observe":{{{members},"outcome":"ok","untrusted":true}}}}"#),
            4 => format!(r#"{{"observe":{{{members},"outcome":"ok","text":{:?}}}}}"#, text(random, tool)),
            _ => format!(r#"{{"observe":{{{members},"outcome":"ok","result":{}}}}}"#, result(random, tool)),
        })
    }
}

fn named(user: Option<&str>) -> String {
    user.map_or(r#""none""#.to_owned(), |id| format!(r#"{{"id":"{id}"}}"#))
}

/// A time as requests have it.
fn time(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis).map_or_else(|error| error.to_string(), |time| time.to_string())
}

fn number(random: &mut Random) -> &'static str {
    ["0", "1", "2", "3", "-1", "7"][random.below(6)]
}

fn price(random: &mut Random) -> &'static str {
    ["0", "1", "2.5", "10", "-1", "0.000001"][random.below(6)]
}

fn arguments(random: &mut Random, tool: &str) -> String {
    let id = random.pick(&IDS);
    let n = if random.percent(2) { "\"x\"" } else { number(random) };
    let note = if random.percent(30) { r#","note":"x""# } else { "" };
    match tool {
        "crm.list" | "crm.rows" => format!(r#"{{"n":{n}}}"#),
        "crm.set" => format!(r#"{{"id":"{id}","n":{n},"price":{}}}"#, price(random)),
        "fetch" | "crm.seats" => format!(r#"{{"id":"{id}","n":{n}}}"#),
        "log" => format!(r#"{{"id":"{id}","n":{n}{note}}}"#),
        "act" | "probe" | "taint" => format!(r#"{{"id":"{id}","n":{n},"price":{}{note}}}"#, price(random)),
        _ => format!(r#"{{"id":"{id}"}}"#),
    }
}

/// What a tool answers, as a text that may be no JSON.
fn text(random: &mut Random, tool: &str) -> String {
    if random.percent(20) {
        (*random.pick(&["no such thing", "{", "a", "2 3"])).to_owned()
    } else {
        result(random, tool)
    }
}

/// What a tool answers, mostly as it is declared.
fn result(random: &mut Random, tool: &str) -> String {
    if random.percent(6) {
        return (*random.pick(&["null", "[]", "{}", "\"x\"", "1", "[1]", "{\"id\":1}"])).to_owned();
    }
    match tool {
        "crm.list" => {
            let things: Vec<String> = (0..random.below(5)).map(|_| thing(random)).collect();
            format!("[{}]", things.join(","))
        }
        "crm.get" | "crm.set" => thing(random),
        "crm.either" if random.percent(50) => part(random),
        "crm.either" => thing(random),
        "crm.value" => number(random).to_owned(),
        "crm.seats" => several(random, seat),
        "crm.seat" => seat(random),
        "crm.rows" => several(random, |random| several(random, part)),
        "crm.word" => format!("\"{}\"", random.pick(&IDS)),
        _ => r#""done""#.to_owned(),
    }
}

fn thing(random: &mut Random) -> String {
    let mut members = Vec::new();
    if random.percent(96) {
        members.push(format!(r#""id":"{}""#, random.pick(&IDS)));
    }
    let n = ["1", "2", "\"3\"", "\"x\"", "1.0"][random.below(5)];
    if random.percent(90) {
        members.push(format!(r#""n":{n}"#));
    }
    for (key, values) in [
        ("price", ["1", "\"2.50\"", "0.0000015", "null"]),
        ("state", ["\"open\"", "\"done\"", "\"lost\"", "null"]),
        ("note", ["\"x\"", "\"y\"", "null", "7"]),
        ("at", ["\"2026-03-02T10:00:00\"", "\"2026-03-02T10:00:00Z\"", "\"today\"", "null"]),
    ] {
        if random.percent(50) {
            members.push(format!("\"{key}\":{}", values[random.below(4)]));
        }
    }
    if random.percent(90) {
        let parts: Vec<String> = (0..random.below(4)).map(|_| part(random)).collect();
        members.push(format!("\"parts\":[{}]", parts.join(",")));
    }
    if random.percent(10) {
        members.push(r#""more":{"deep":[1]}"#.to_owned());
    }
    format!("{{{}}}", members.join(","))
}

fn several(random: &mut Random, one: impl Fn(&mut Random) -> String) -> String {
    let all: Vec<String> = (0..random.below(4)).map(|_| one(random)).collect();
    format!("[{}]", all.join(","))
}

fn seat(random: &mut Random) -> String {
    let n = ["", r#","n":1"#, r#","n":2"#, r#","n":"x""#, r#","n":null"#][random.below(5)];
    let on = ["", r#","on":true"#, r#","on":false"#][random.below(3)];
    format!(r#"{{"id":"{}"{n}{on}}}"#, random.pick(&IDS))
}

fn part(random: &mut Random) -> String {
    let on = ["", r#","on":true"#, r#","on":false"#, r#","on":null"#][random.below(4)];
    format!(r#"{{"id":"{}","n":{}{on}}}"#, random.pick(&IDS), number(random))
}

fn answer(random: &mut Random, at: &str) -> Step {
    let person = random.pick(&["fay", "lea", "ana", "bo", "bot_owner", "boss_owner"]);
    let groups = random.pick(&[r#"["staff"]"#, r#"["leads"]"#, r#"["leads","staff"]"#, "[]"]);
    let word = if random.percent(85) { "approve" } else { "reject" };
    Step::Answer { word, rest: format!(r#""person":{{"id":"{person}","groups":{groups}}},"at":"{at}""#) }
}

/// An event that is refused, whatever happened before.
fn odd(random: &mut Random, at: &str) -> String {
    let odd = [
        format!(r#"{{"observe":{{"session":"s1","call":"c999","outcome":"ok","at":"{at}"}}}}"#),
        format!(r#"{{"release":{{"session":"s99","call":"c1","at":"{at}"}}}}"#),
        format!(r#"{{"open":{{"session":"s1","agent":"bot","user":"none","at":"{at}"}}}}"#),
        format!(r#"{{"close":{{"session":"s99","at":"{at}"}}}}"#),
        format!(r#"{{"approve":{{"digest":"{}","person":{{"id":"x"}},"at":"{at}"}}}}"#, "ab".repeat(32)),
        r#"{"close":{"session":"s1"}}"#.to_owned(),
        "{}".to_owned(),
    ];
    odd[random.below(odd.len())].clone()
}
