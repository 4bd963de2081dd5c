//! Events of the state protocol, as a host says them: the JSON that [`Engine::tell`](crate::Engine::tell) takes.

use agentpol_bytecode::render::{Text, Time};
use std::fmt::{self, Write};

/// An agent as it presents itself, in requests and events alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Presented<'e> {
    /// By the name that the policy has for it: only agents that declare no identity.
    Id(&'e str),
    /// By its SPIFFE id.
    Spiffe(&'e str),
    /// By a verified token's issuer and subject.
    Token {
        /// The issuer.
        issuer: &'e str,
        /// The subject.
        subject: &'e str,
    },
}

/// On whose behalf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnBehalf<'e> {
    /// Nobody's.
    Nobody,
    /// The user's of this id.
    User(&'e str),
}

/// Opens a session. All calls of one conversation or task belong to one; what its agents hand to others to do belongs to
/// sessions that have it as their parent.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'e> {
    /// A fresh id of 1 to 256 bytes.
    pub session: &'e str,
    /// Who acts in it.
    pub agent: Presented<'e>,
    /// For whom.
    pub user: OnBehalf<'e>,
    /// The session that it was started from.
    pub parent: Option<&'e str>,
    /// Who delegated to the agent, first of the chain first.
    pub via: &'e [Presented<'e>],
    /// When, in milliseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
}

/// What a call that was let through came to.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'e> {
    /// The session.
    pub session: &'e str,
    /// The call's id.
    pub call: &'e str,
    /// Whether it was done, and what it answered.
    pub outcome: Answered<'e>,
    /// The host knows that the answer holds content from outside, whatever the policy says of the tool.
    pub untrusted: bool,
    /// When, in milliseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
}

/// What a call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answered<'e> {
    /// It is done; the answer is this JSON.
    Json(&'e str),
    /// It is done; the answer is this text.
    Text(&'e str),
    /// It is done; the answer is not known.
    Unknown,
    /// It failed, or may have.
    Failed,
}

/// A person who answers an approval, after the host made sure that it is them and that they saw what they answer.
#[derive(Clone, Copy, Debug)]
pub struct Person<'e> {
    /// The person's id, as requests have it for users.
    pub id: &'e str,
    /// Wire names of the groups they are in. With a directory it knows them, and none may be given.
    pub groups: &'e [&'e str],
}

impl fmt::Display for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Presented::Id(id) => write!(f, "{}", Text(id)),
            Presented::Spiffe(id) => write!(f, r#"{{"spiffe":{}}}"#, Text(id)),
            Presented::Token { issuer, subject } => {
                write!(f, r#"{{"issuer":{},"subject":{}}}"#, Text(issuer), Text(subject))
            }
        }
    }
}

impl fmt::Display for OnBehalf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OnBehalf::Nobody => f.write_str(r#""none""#),
            OnBehalf::User(id) => write!(f, r#"{{"id":{}}}"#, Text(id)),
        }
    }
}

/// Returns the event that opens a session.
pub fn open(opening: &Opening<'_>) -> String {
    let Opening { session, agent, user, parent, via, at } = opening;
    let mut event = format!(r#"{{"open":{{"session":{},"agent":{agent},"user":{user}"#, Text(session));
    if let Some(parent) = parent {
        event.push_str(&format!(r#","parent":{}"#, Text(parent)));
    }
    if let [first, rest @ ..] = via {
        event.push_str(&format!(r#","via":[{first}"#));
        rest.iter().for_each(|agent| event.push_str(&format!(",{agent}")));
        event.push(']');
    }
    finish(event, *at)
}

/// Returns the event that closes a session.
pub fn close(session: &str, at: i64) -> String {
    finish(format!(r#"{{"close":{{"session":{}"#, Text(session)), at)
}

/// Returns the event that says what a call came to.
pub fn observe(observation: &Observation<'_>) -> String {
    let Observation { session, call, outcome, untrusted, at } = observation;
    let word = if *outcome == Answered::Failed { "failed" } else { "ok" };
    let (session, call) = (Text(session), Text(call));
    let mut event = format!(r#"{{"observe":{{"session":{session},"call":{call},"outcome":"{word}""#);
    match outcome {
        Answered::Json(json) => event.push_str(&format!(r#","result":{json}"#)),
        Answered::Text(text) => event.push_str(&format!(r#","text":{}"#, Text(text))),
        Answered::Unknown | Answered::Failed => {}
    }
    if *untrusted {
        event.push_str(r#","untrusted":true"#);
    }
    finish(event, *at)
}

/// Returns the event that says that a call was never dispatched.
pub fn release(session: &str, call: &str, at: i64) -> String {
    finish(format!(r#"{{"release":{{"session":{},"call":{}"#, Text(session), Text(call)), at)
}

/// Returns the event by which a person says yes.
pub fn approve(digest: &[u8; 32], person: &Person<'_>, at: i64) -> String {
    answer("approve", digest, person, at)
}

/// Returns the event by which a person says no.
pub fn reject(digest: &[u8; 32], person: &Person<'_>, at: i64) -> String {
    answer("reject", digest, person, at)
}

fn answer(word: &str, digest: &[u8; 32], person: &Person<'_>, at: i64) -> String {
    let mut event = format!(r#"{{"{word}":{{"digest":""#);
    for byte in digest {
        // Writing to a string does not fail.
        let _ = write!(event, "{byte:02x}");
    }
    event.push_str(&format!(r#"","person":{{"id":{}"#, Text(person.id)));
    if let [first, rest @ ..] = person.groups {
        event.push_str(&format!(r#","groups":[{}"#, Text(first)));
        rest.iter().for_each(|group| event.push_str(&format!(",{}", Text(group))));
        event.push(']');
    }
    event.push('}');
    finish(event, at)
}

fn finish(event: String, at: i64) -> String {
    format!(r#"{event},"at":"{}"}}}}"#, Time(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-02T15:00:00Z.
    const AT: i64 = 1_772_463_600_000;

    #[test]
    fn events_are_those_of_the_protocol() {
        let token = Presented::Token { issuer: "https://as.example", subject: "bot \"7\"" };
        let via = [Presented::Id("planner"), token];
        let agent = Presented::Spiffe("spiffe://acme.example/bot");
        let (user, parent) = (OnBehalf::User("ana"), Some("s0"));
        let opening = Opening { session: "s1", agent, user, parent, via: &via, at: AT };
        assert_eq!(
            open(&opening),
            concat!(
                r#"{"open":{"session":"s1","agent":{"spiffe":"spiffe://acme.example/bot"},"user":{"id":"ana"},"#,
                r#""parent":"s0","via":["planner",{"issuer":"https://as.example","subject":"bot \"7\""}],"#,
                r#""at":"2026-03-02T15:00:00Z"}}"#
            )
        );
        let opening = Opening { user: OnBehalf::Nobody, parent: None, via: &[], ..opening };
        assert!(open(&opening).contains(r#""user":"none","at""#));
        assert_eq!(close("s1", AT), r#"{"close":{"session":"s1","at":"2026-03-02T15:00:00Z"}}"#);
        assert_eq!(release("s", "c", AT), r#"{"release":{"session":"s","call":"c","at":"2026-03-02T15:00:00Z"}}"#);
    }

    #[test]
    fn answers_come_as_json_as_text_or_not_at_all() {
        let told = |outcome, untrusted| observe(&Observation { session: "s", call: "c", outcome, untrusted, at: AT });
        let head = r#"{"observe":{"session":"s","call":"c","outcome":"#;
        let tail = r#","at":"2026-03-02T15:00:00Z"}}"#;
        assert_eq!(told(Answered::Json("[1]"), false), format!(r#"{head}"ok","result":[1]{tail}"#));
        assert_eq!(told(Answered::Text("a\nb"), true), format!(r#"{head}"ok","text":"a\nb","untrusted":true{tail}"#));
        assert_eq!(told(Answered::Unknown, false), format!(r#"{head}"ok"{tail}"#));
        assert_eq!(told(Answered::Failed, false), format!(r#"{head}"failed"{tail}"#));
    }

    #[test]
    fn persons_answer_by_digest() {
        let event = approve(&[0xab; 32], &Person { id: "bo", groups: &["leads", "staff"] }, AT);
        let digest = "ab".repeat(32);
        assert_eq!(
            event,
            format!(
                r#"{{"approve":{{"digest":"{digest}","person":{{"id":"bo","groups":["leads","staff"]}},"at":"2026-03-02T15:00:00Z"}}}}"#
            )
        );
        assert!(reject(&[0; 32], &Person { id: "bo", groups: &[] }, AT).contains(r#""person":{"id":"bo"},"#));
    }
}
