//! What records hold, for people who look at a store.

use super::Records;
use super::approvals::Kept;
use super::approvals::ask::{Asked, State};
use super::install::Installed;
use super::key::Name;
use super::record::Record;
use super::session::{OPEN, OpenCall, Session};
use agentpol_bytecode::sha256::HASH_BYTES;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// A record of a store, as far as people look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Described {
    /// A session.
    Session(DescribedSession),
    /// What is asked of persons.
    Ask(DescribedAsk),
    /// What is kept of an agent, by what tells it from others.
    Agent(String),
    /// What is kept of a user; `None` for nobody.
    User(Option<String>),
    /// Counters of limits and alerts.
    Counter,
    /// What the store keeps for itself.
    Other,
}

/// A session as a store holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedSession {
    /// Its id.
    pub id: String,
    /// What tells its agent from others.
    pub agent: String,
    /// Its user; `None` for nobody.
    pub user: Option<String>,
    /// The session at the root of its tree, where that is another.
    pub root: Option<String>,
    /// When it was opened, in milliseconds since 1970-01-01T00:00:00Z.
    pub opened: i64,
    /// When a step last touched its tree; of a root only.
    pub last: i64,
    /// It decides nothing any more.
    pub closed: bool,
    /// The open calls of its tree; of a root only.
    pub open: Vec<DescribedCall>,
}

/// An open call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedCall {
    /// Its id; `None` where it is kept as a hash.
    pub id: Option<String>,
    /// The session that it was made in, where that is not the root.
    pub session: Option<String>,
    /// The tool, by index; `None` where the program does not have it.
    pub tool: Option<u32>,
    /// When it was let through, in milliseconds since 1970-01-01T00:00:00Z.
    pub time: i64,
}

/// What is asked of persons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedAsk {
    /// What persons answer to.
    pub digest: [u8; HASH_BYTES],
    /// The group that may answer; `None` for the requesting user.
    pub from: Option<String>,
    /// The requesting user; empty for nobody.
    pub user: String,
    /// How many persons must agree.
    pub count: u32,
    /// Who has agreed.
    pub agreed: Vec<String>,
    /// When it was first asked, in milliseconds since 1970-01-01T00:00:00Z.
    pub asked_at: i64,
    /// From when on it can no longer be used.
    pub expires: i64,
    /// `open`, `spent` or `rejected`.
    pub state: &'static str,
    /// The meaning hash of the program under which it was asked: under another it cannot be used.
    pub meaning: [u8; HASH_BYTES],
    /// What is asked, each part of the call that the digest stands for; none of what is spent.
    pub details: Vec<DescribedDetail>,
    /// How many more details there are, for which there was no room.
    pub left_out: u32,
}

/// A part of a call that persons are asked about. Where a length is greater than that of the text, the text was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedDetail {
    /// What it is about: `rule` (its name is the module), `phase`, `tool` (its name is the one in the policy), `server`,
    /// `tool_digest`, `agent`, `via`, `user`, `session`, `env`, `task`, `resource` (its name is the type), `attribute`,
    /// `within`, `argument`, `context` or `origin`.
    pub part: &'static str,
    /// Its name, where there are several of the part.
    pub name: String,
    /// How many bytes the name has.
    pub name_bytes: u32,
    /// JSON. Values that are secret were never kept: `"(secret)"` stands in their place.
    pub value: String,
    /// How many bytes the value has.
    pub value_bytes: u32,
}

/// Says what a record holds; `None` where it is no sound record.
pub fn describe(key: &[u8], bytes: &[u8], installed: &Installed) -> Option<Described> {
    let record = Record::of(bytes).ok()?;
    let (kind, id) = key.split_first()?;
    Some(match kind {
        b's' => Described::Session(session(id, record, installed)?),
        b'q' => Described::Ask(ask(id, bytes)?),
        b'a' | b'A' | b'u' | b'U' | b'n' => party(key),
        b'r' | b'l' => Described::Counter,
        _ => Described::Other,
    })
}

/// Says what is known of the session of this id; `None` where there is none.
pub fn describe_session(id: &str, records: &mut dyn Records, installed: &Installed) -> Option<DescribedSession> {
    let name = Name::session(id)?;
    let handle = records.open(name.as_bytes()).ok()?;
    session(id.as_bytes(), Record::of(records.bytes(handle)).ok()?, installed)
}

/// Whom a record is about, by its name.
fn party(name: &[u8]) -> Described {
    match name.split_first() {
        Some((b'a', id)) => Described::Agent(text(id)),
        Some((b'u', id)) => Described::User(Some(text(id))),
        Some((b'A', _)) => Described::Agent("(a long id)".to_owned()),
        Some((b'U', _)) => Described::User(Some("(a long id)".to_owned())),
        _ => Described::User(None),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn session(id: &[u8], record: Record<'_>, installed: &Installed) -> Option<DescribedSession> {
    let session = Session::of(record)?;
    let agent = match party(session.agent) {
        Described::Agent(id) => id,
        _ => String::new(),
    };
    let user = match party(session.user) {
        Described::User(id) => id,
        _ => None,
    };
    let call = |entry: super::record::Entry<'_>| {
        let call = OpenCall::read(entry.payload)?;
        // Short ids stand in the key behind its length: that of the session behind its own, then the call's.
        let length = usize::from(*entry.key.first()?).checked_sub(1)?;
        let ids = entry.key.get(1..).and_then(|rest| rest.get(..length)).and_then(|ids| {
            let (length, ids) = ids.split_first_chunk::<2>()?;
            ids.split_at_checked(usize::from(u16::from_le_bytes(*length)))
        });
        Some(DescribedCall {
            id: ids.map(|(_, call)| text(call)),
            session: ids.map(|(session, _)| text(session)).filter(|session| !session.is_empty()),
            tool: installed.known_tool(call.tool),
            time: call.time,
        })
    };
    Some(DescribedSession {
        id: text(id),
        agent,
        user,
        root: session.root.split_first().map(|(_, root)| text(root)),
        opened: session.opened,
        last: record.last(),
        closed: session.closed,
        open: record.all(OPEN).filter_map(call).collect(),
    })
}

fn ask(id: &[u8], bytes: &[u8]) -> Option<DescribedAsk> {
    let asked = Asked::of(bytes).ok()??;
    let (left_out, details) = asked.action();
    let detail = |kept: Kept<'_>| DescribedDetail {
        part: kept.part,
        name: kept.name.to_owned(),
        name_bytes: kept.name_bytes,
        value: kept.value.to_owned(),
        value_bytes: kept.value_bytes,
    };
    Some(DescribedAsk {
        digest: *id.get(8..)?.first_chunk()?,
        from: asked.group().filter(|_| !asked.is_of_user()).map(ToOwned::to_owned),
        user: asked.user().unwrap_or_default().to_owned(),
        count: asked.count(),
        agreed: asked.persons().map(ToOwned::to_owned).collect(),
        asked_at: asked.asked_at(),
        expires: asked.expires(),
        state: match asked.state() {
            State::Open => "open",
            State::Spent => "spent",
            State::Rejected => "rejected",
        },
        meaning: asked.meaning(),
        details: details.map(detail).collect(),
        left_out,
    })
}
