//! Events: sessions open and close, calls end, persons answer. Each is one atomic step (semantics 4.2).

use super::answer::Told as Answered;
use super::approvals::{self, Person};
use super::event::{self, Event};
use super::key::{Keyer, Name};
use super::ledger::Ledger;
use super::observe::{Ending, Observer};
use super::record::EntryKey;
use super::session::{self, MAX_DEPTH, Session};
use super::step::{Place, between, edit, open, read};
use super::{Host, Records, Refusal, Told};
use crate::chain;
use crate::memory::Memory;
use crate::request::Presented;
use crate::scratch::Scratch;
use crate::value::{NodeId, Text};
use agentpol_bytecode::Program;
use alloc::string::String;

/// Takes in an event of the protocol, given as the bytes of its JSON: an object of one member.
///
/// ```json
/// {"open":    {"session": "s1", "agent": "bot", "user": {"id": "ana"}, "parent": "s0", "at": "2026-03-02T15:00:00Z"}}
/// {"close":   {"session": "s1", "at": ".."}}
/// {"observe": {"session": "s1", "call": "c1", "outcome": "ok", "result": {}, "at": ".."}}
/// {"release": {"session": "s1", "call": "c1", "at": ".."}}
/// {"approve": {"digest": "<64 hex>", "person": {"id": "bo", "groups": ["leads"]}, "at": ".."}}
/// ```
///
/// # Errors
/// Returns why it is refused; then nothing is written.
pub fn tell(
    program: &Program,
    event: &[u8],
    scratch: &mut Scratch,
    records: &mut dyn Records,
    host: &Host<'_>,
) -> Result<Told, Refusal> {
    if scratch.made_for != *program.file_hash() || !host.installed.fits(program) {
        return Err(Refusal::Internal);
    }
    if !host.installed.is_current(records)? {
        return Err(Refusal::StateUnusable);
    }
    scratch.keyer.use_key(host.key);
    let keyer = scratch.keyer.clone();
    let event = event::read(program, event, &mut scratch.memory, &mut scratch.groups);
    let teller = Teller { program, host, keyer: &keyer };
    match event.map_err(|_| Refusal::EventMalformed)? {
        Event::Open { session, agent, via, user, parent, at } => {
            let opening = Opening { session, agent, via, user, parent, at };
            teller.open(records, scratch, &opening)
        }
        Event::Close { session, at } => teller.close(records, scratch, session, at),
        Event::Observe { session, call, done, result, text, untrusted, at } => {
            let told = match (result, text) {
                (Some(id), _) => Answered::Json(id),
                (None, Some(id)) => Answered::Text(id),
                (None, None) => Answered::Nothing,
            };
            let ending = if done { Ending::Done(told) } else { Ending::Failed };
            let as_declared = teller.end(records, scratch, (session, call, at), ending, untrusted)?;
            Ok(Told::Observed { as_declared })
        }
        Event::Release { session, call, at } => {
            teller.end(records, scratch, (session, call, at), Ending::Released, false)?;
            Ok(Told::Released)
        }
        Event::Answer { yes, digest, person, at } => teller.answer(records, scratch, yes, &digest, person, at),
    }
}

struct Teller<'t> {
    program: &'t Program,
    host: &'t Host<'t>,
    keyer: &'t Keyer,
}

/// A session being opened.
struct Opening {
    session: Text,
    agent: Presented,
    via: Option<NodeId>,
    user: Option<Text>,
    parent: Option<Text>,
    at: i64,
}

impl Teller<'_> {
    /// H5: the host opens a session for an agent and a user; below a parent, for the parent's user. Of a chain, the session
    /// at the root is the first's.
    fn open(&self, records: &mut dyn Records, scratch: &mut Scratch, opening: &Opening) -> Result<Told, Refusal> {
        let Scratch { memory, parts, attribute_nodes, .. } = scratch;
        let chain = chain::presented(self.program, memory, opening.via, &opening.agent, parts, attribute_nodes)?;
        let memory = &scratch.memory;
        let agent = |member| Name::agent(self.keyer, chain.text(self.program, memory, member));
        let first = agent(chain.origin());
        let origin = Some(&first).filter(|_| chain.agents().len() > 1);
        let name = Name::session(memory.text(opening.session)).ok_or(Refusal::EventMalformed)?;
        let handle = open(records, &name)?;
        if Session::of(read(records, handle)?).is_some() {
            return Err(Refusal::SessionExists);
        }
        let user = Name::user(self.keyer, opening.user.map(|user| memory.text(user)));
        let mut now = opening.at;
        let (mut root, mut parent) = (None, None);
        let owner = match opening.parent {
            None => first,
            Some(id) => {
                let place = self.below(records, memory, id, opening.at, &user, origin)?;
                now = place.now;
                let above = place.session(records).ok_or(Refusal::SessionUnknown)?;
                let itself = || Name::session(memory.text(id));
                let root_name = above.root().or_else(itself).ok_or(Refusal::SessionUnknown)?;
                root = place.seat().map(|seat| (seat.root, root_name));
                parent = above.root().and_then(|_| itself());
                agent(chain.actor())
            }
        };
        let root_name = root.as_ref().map(|(_, name)| *name);
        let session = Session {
            closed: false,
            opened: now,
            agent: owner.as_bytes(),
            user: user.as_bytes(),
            root: root_name.as_ref().map_or(&[], Name::as_bytes),
            parent: parent.as_ref().map_or(&[], Name::as_bytes),
        };
        let mut record = edit(records, handle)?;
        session.write(&mut record).ok_or(Refusal::StateFull)?;
        record.step(now);
        if let Some((root, _)) = root {
            edit(records, root)?.step(now);
        }
        Ok(Told::Opened)
    }

    /// The place of a parent that a session of this user may be opened below.
    fn below(
        &self,
        records: &mut dyn Records,
        memory: &Memory,
        parent: Text,
        at: i64,
        user: &Name,
        origin: Option<&Name>,
    ) -> Result<Place, Refusal> {
        let id = memory.text(parent);
        // Whose it is comes before when.
        let handle = open(records, &Name::session(id).ok_or(Refusal::SessionUnknown)?)?;
        let above = Session::of(read(records, handle)?).filter(|session| !session.closed);
        let above = above.ok_or(Refusal::SessionUnknown)?;
        let same_user = above.user == user.as_bytes();
        let (root, parent) = (above.root(), above.parent());
        // The root, those between, and the parent itself.
        let depth = between(records, parent)?.ok_or(Refusal::SessionUnknown)?.saturating_add(1);
        let depth = depth.saturating_add(usize::from(root.is_some()));
        let root = match root {
            Some(root) => open(records, &root)?,
            None => handle,
        };
        let found = Session::of(read(records, root)?).filter(|root| !root.closed).ok_or(Refusal::SessionUnknown)?;
        if !same_user || origin.is_some_and(|origin| found.agent != origin.as_bytes()) {
            return Err(Refusal::SessionMismatch);
        }
        if depth >= MAX_DEPTH {
            return Err(Refusal::StateFull);
        }
        Ok(Place::begin(records, Some(id), at)?)
    }

    fn close(&self, records: &mut dyn Records, scratch: &Scratch, session: Text, at: i64) -> Result<Told, Refusal> {
        let place = Place::begin(records, Some(scratch.memory.text(session)), at)?;
        let seat = place.seat().ok_or(Refusal::SessionUnknown)?;
        if place.closed {
            return Err(Refusal::SessionUnknown);
        }
        session::close(&mut edit(records, seat.own)?);
        edit(records, seat.root)?.step(place.now);
        Ok(Told::Closed)
    }

    fn end(
        &self,
        records: &mut dyn Records,
        scratch: &mut Scratch,
        (session, call, at): (Text, Text, i64),
        ending: Ending,
        untrusted: bool,
    ) -> Result<bool, Refusal> {
        let place = Place::begin(records, Some(scratch.memory.text(session)), at)?;
        if place.seat().is_none() {
            return Err(Refusal::SessionUnknown);
        }
        let call = place.call_key(self.keyer, scratch.memory.text(session), scratch.memory.text(call));
        let installed = self.host.installed;
        let mut observer = Observer { program: self.program, installed, keyer: self.keyer, place, call, untrusted };
        observer.end(records, scratch, ending)
    }

    fn answer(
        &self,
        records: &mut dyn Records,
        scratch: &Scratch,
        yes: bool,
        digest: &EntryKey,
        person: Text,
        at: i64,
    ) -> Result<Told, Refusal> {
        let id = String::from(scratch.memory.text(person));
        let person = Person { id: &id, groups: &scratch.groups };
        let directory = scratch.memory.directory.clone();
        let (program, keyer, key) = (self.program, self.keyer, self.host.key);
        let mut ledger = Ledger { program, records, key, keyer, directory, now: at, recall: None };
        let answered = approvals::answer(&mut ledger, digest, &person, yes)?;
        Ok(if yes { Told::Approved { missing: answered.missing } } else { Told::Rejected })
    }
}
