//! One atomic step over the records: which it touches, at what time, and what may be asked of them.

use super::evidence::{Asked, key_kind};
use super::install::Installed;
use super::key::{Keyer, Name};
use super::record::{ALONE, EntryKey, Record, RecordMut, has_room};
use super::session::{
    Labels, MAX_DEPTH, MAX_OPEN, OPEN, OpenCall, SLACK, Session, is_lost, open_calls, others_live, pair_key,
};
use super::{Handle, Records, Trouble};
use crate::memory::Memory;
use crate::value::{Register, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::code::Code;
use agentpol_bytecode::tables::Reach;
use alloc::vec::Vec;

/// Where a step happens, and when.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The time of the step: never before the last one of the session tree.
    pub(crate) now: i64,
    /// `None` where there is no such session.
    seat: Option<Seat>,
    /// The session, or one above it, is closed.
    pub(crate) closed: bool,
    /// The record of the agent that acts, where something is kept there.
    pub(crate) agent: Option<Handle>,
    /// The record of the user, or of nobody.
    pub(crate) user: Option<Handle>,
    /// The record of the root's agent and user together, where the host cannot tell their sessions apart.
    pub(crate) pair: Option<Handle>,
    /// What tells the root session from all others; only beside `pair`.
    pub(crate) root_key: EntryKey,
}

/// Where a session's records are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    pub(crate) own: Handle,
    pub(crate) root: Handle,
    /// When the root was opened.
    pub(crate) opened: i64,
}

/// Opens a record; one that is too long for a step is full.
pub(crate) fn open(records: &mut dyn Records, name: &Name) -> Result<Handle, Code> {
    let handle = records.open(name.as_bytes())?;
    if has_room(records.bytes(handle)) { Ok(handle) } else { Err(Code::StateFull) }
}

/// Reads a record.
pub(crate) fn read(records: &dyn Records, handle: Handle) -> Result<Record<'_>, Trouble> {
    Record::of(records.bytes(handle))
}

/// Changes a record.
pub(crate) fn edit(records: &mut dyn Records, handle: Handle) -> Result<RecordMut<'_>, Trouble> {
    RecordMut::of(records.edit(handle).ok_or(Trouble::Unusable)?)
}

/// How many sessions there are from this one up to the root, that one not counted; `None` where one of them is closed.
pub(crate) fn between(records: &mut dyn Records, mut above: Option<Name>) -> Result<Option<usize>, Code> {
    for depth in 0..MAX_DEPTH {
        let Some(name) = above else { return Ok(Some(depth)) };
        let handle = open(records, &name)?;
        let Some(session) = Session::of(read(records, handle)?).filter(|session| !session.closed) else {
            return Ok(None);
        };
        above = session.parent();
    }
    Ok(None)
}

impl Place {
    /// A step at a time in no session.
    pub(crate) fn nowhere(now: i64) -> Place {
        Place { now, seat: None, closed: true, agent: None, user: None, pair: None, root_key: ALONE }
    }

    /// Begins a step at a time in the session of this id.
    ///
    /// # Errors
    /// `clock_regressed` where the session tree has seen a later time, or what is wrong with the store.
    pub(crate) fn begin(records: &mut dyn Records, session: Option<&str>, at: i64) -> Result<Place, Code> {
        let nowhere = Place::nowhere(at);
        let mut name = Name::none();
        if !session.is_some_and(|session| name.set_session(session)) {
            return Ok(nowhere);
        }
        let own = open(records, &name)?;
        let record = read(records, own)?;
        let Some(found) = Session::of(record) else { return Ok(nowhere) };
        let mut closed = found.closed;
        let (root, opened, last) = match (found.root(), found.parent()) {
            (None, _) => (own, found.opened, record.last()),
            (Some(root), parent) => {
                closed = closed || between(records, parent)?.is_none();
                let root = open(records, &root)?;
                let record = read(records, root)?;
                // Without its root there is no session any more.
                let Some(found) = Session::of(record) else { return Ok(nowhere) };
                closed |= found.closed;
                (root, found.opened, record.last())
            }
        };
        if last.saturating_sub(at) > SLACK {
            return Err(Code::ClockRegressed);
        }
        let seat = Some(Seat { own, root, opened });
        Ok(Place { now: at.max(last), seat, closed, ..nowhere })
    }

    /// Where the session is; `None` where it was never opened.
    pub(crate) fn seat(&self) -> Option<Seat> {
        self.seat
    }

    /// The session, where it was opened.
    pub(crate) fn session<'r>(&self, records: &'r dyn Records) -> Option<Session<'r>> {
        Session::of(read(records, self.seat?.own).ok()?)
    }

    /// The record of the root.
    pub(crate) fn root<'r>(&self, records: &'r dyn Records) -> Option<Record<'r>> {
        read(records, self.seat?.root).ok()
    }

    /// Codes 18 and 19: the session must be open, and its own agent's and user's. Behind a chain, the root of the tree is
    /// the session of the first agent.
    pub(crate) fn admit(
        &self,
        records: &dyn Records,
        keyer: &Keyer,
        actor: &str,
        origin: Option<&str>,
        user: Option<&str>,
    ) -> Result<(), Code> {
        let seat = self.seat.ok_or(Code::SessionUnknown)?;
        let session = self.session(records).filter(|_| !self.closed).ok_or(Code::SessionUnknown)?;
        let acts = Name::is_agent(keyer, session.agent, actor);
        let fits = match origin {
            None => acts,
            Some(origin) => {
                let root = Session::of(read(records, seat.root)?).ok_or(Code::StateUnusable)?;
                Name::is_agent(keyer, root.agent, origin) && (seat.own == seat.root || acts)
            }
        };
        if fits && Name::is_user(keyer, session.user, user) { Ok(()) } else { Err(Code::SessionMismatch) }
    }

    /// Opens the record of the root's agent and user, where the host cannot tell their sessions apart.
    pub(crate) fn reach_pair(
        &mut self,
        records: &mut dyn Records,
        installed: &Installed,
        keyer: &Keyer,
    ) -> Result<(), Code> {
        if installed.pairs().is_some() {
            let key = self.pair_key(records, keyer).ok_or(Code::StateUnusable)?;
            self.pair = Some(open(records, &Name::pair(&key).ok_or(Code::StateUnusable)?)?);
        }
        Ok(())
    }

    /// What tells the root's agent and user from all others.
    pub(crate) fn pair_key(&self, records: &dyn Records, keyer: &Keyer) -> Option<EntryKey> {
        Session::of(self.root(records)?).map(|root| pair_key(keyer, &root))
    }

    /// Opens the records of the agent and the user, as far as the program keeps something there.
    pub(crate) fn reach(
        &mut self,
        records: &mut dyn Records,
        installed: &Installed,
        keyer: &Keyer,
        session: &str,
        (agent, user): (&str, Option<&str>),
    ) -> Result<(), Code> {
        self.reach_pair(records, installed, keyer)?;
        if self.pair.is_some() {
            self.root_key = self.root_key(records, keyer, session);
        }
        if installed.reaches(Reach::Agent) {
            self.agent = Some(open(records, &Name::agent(keyer, agent))?);
        }
        if installed.reaches(Reach::User) {
            self.user = Some(open(records, &Name::user(keyer, user))?);
        }
        Ok(())
    }

    /// The record in which a reach is kept.
    pub(crate) fn handle(&self, reach: Reach) -> Option<Handle> {
        match reach {
            Reach::Session => self.seat.map(|seat| seat.root),
            Reach::Agent => self.agent,
            Reach::User => self.user,
        }
    }

    /// What tells the root session from all others.
    pub(crate) fn root_key(&self, records: &dyn Records, keyer: &Keyer, session: &str) -> EntryKey {
        let mut packer = keyer.start();
        match self.session(records).filter(|session| !session.root.is_empty()) {
            Some(session) => packer.add(session.root.get(1..).unwrap_or_default()),
            None => packer.add(session.as_bytes()),
        }
        packer.finish()
    }

    /// Code 20: an id equal to that of an open call is a duplicate; closed ids may recur (semantics H4).
    pub(crate) fn is_duplicate(&self, records: &dyn Records, call: &EntryKey) -> bool {
        let open = self.root(records).and_then(|root| root.find(OPEN, call)).and_then(OpenCall::read);
        open.is_some_and(|open| !is_lost(open.time, self.now))
    }

    /// Code 26: as many calls are open as may be (semantics F7).
    pub(crate) fn is_full(&self, records: &dyn Records) -> bool {
        self.root(records).is_some_and(|root| open_calls(root, self.now) >= MAX_OPEN)
    }

    /// The key of a call in the tree: calls of the root by their id, those of other sessions with their session's.
    pub(crate) fn call_key(&self, keyer: &Keyer, session: &str, call: &str) -> EntryKey {
        let mut packer = keyer.start();
        // Behind its length, which is none at the root: no id of a call reads as one of another session.
        let session = if self.seat.is_some_and(|seat| seat.own != seat.root) { session } else { "" };
        packer.add(&u16::try_from(session.len()).unwrap_or(u16::MAX).to_le_bytes());
        packer.add(session.as_bytes());
        packer.add(call.as_bytes());
        packer.finish()
    }
}

/// What a judgement recalls: the place it happens in, since when what it asks is kept, and how keys are made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recall<'r> {
    pub(crate) place: &'r Place,
    pub(crate) installed: &'r Installed,
    pub(crate) keyer: &'r Keyer,
}

impl<'r> Recall<'r> {
    /// What rules may ask of the records as they are now.
    pub(crate) fn view<'v>(&self, records: &'v dyn Records) -> Result<View<'v>, Trouble>
    where
        'r: 'v,
    {
        let of = |handle: Option<Handle>| handle.map_or(Ok(Record::default()), |handle| read(records, handle));
        let seat = self.place.seat.ok_or(Trouble::Unusable)?;
        let root = read(records, seat.root)?;
        let (agent, user, pair) = (of(self.place.agent)?, of(self.place.user)?, of(self.place.pair)?);
        let (installed, keyer, now, opened) = (self.installed, self.keyer, self.place.now, seat.opened);
        let others = match installed.pairs() {
            None => i64::MIN,
            Some(since) => {
                let live = others_live(pair, &self.place.root_key);
                live.map_or(since, |live| since.max(live.saturating_add(1)))
            }
        };
        Ok(View { root, agent, user, pair, installed, keyer, now, opened, others })
    }
}

/// What may be asked of the records of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'v> {
    root: Record<'v>,
    agent: Record<'v>,
    user: Record<'v>,
    pair: Record<'v>,
    installed: &'v Installed,
    pub(crate) keyer: &'v Keyer,
    pub(crate) now: i64,
    /// When the root session was opened.
    opened: i64,
    /// Before this time other sessions may have been at work that cannot be told from this one; `i64::MIN` where none was.
    others: i64,
}

impl<'v> View<'v> {
    pub(crate) fn record(&self, reach: Reach) -> Record<'v> {
        match reach {
            Reach::Session => self.root,
            Reach::Agent => self.agent,
            Reach::User => self.user,
        }
    }

    pub(crate) fn slot_since(&self, slot: u32) -> i64 {
        self.installed.slot(slot)
    }

    /// Since when all of a reach is kept that is kept since `since`. In a session there is nothing before it was opened, but
    /// what other sessions did that cannot be told from it is not kept with it.
    pub(crate) fn kept_since(&self, since: i64, reach: Reach) -> i64 {
        match reach {
            Reach::Session if since <= self.opened => self.others,
            Reach::Session => since.max(self.others),
            Reach::Agent | Reach::User => since,
        }
    }

    /// What the session tree has touched, with all others that cannot be told from it; `None` where that is not known.
    fn labels(&self) -> Option<Labels<'v>> {
        match self.installed.pairs() {
            None => (self.installed.labels() <= self.opened).then(|| Labels::of(self.root)),
            Some(since) => (since == i64::MIN).then(|| Labels::of(self.pair)),
        }
    }

    /// Whether the session tree saw content that nobody vouches for; `None` where that is not known.
    pub(crate) fn saw(&self) -> Option<bool> {
        self.labels().map(|labels| labels.saw)
    }

    /// The highest member of a level among what the session tree has touched. What the program does not know is the highest.
    pub(crate) fn label(&self, program: &Program, level: u32) -> Value {
        let Some(labels) = self.labels() else { return Value::Unknown };
        let members = program.tables().levels.get(level as usize).map_or(0, Vec::len);
        let Some(top) = u32::try_from(members).ok().and_then(|members| members.checked_sub(1)) else {
            return Value::Unknown;
        };
        let label = |dataset: u32| {
            let dataset = program.tables().datasets.get(dataset as usize);
            dataset.and_then(|dataset| dataset.labels.get(level as usize)).copied().unwrap_or(top)
        };
        let each =
            labels.datasets().map(|number| self.installed.known_datasets(number).map(label).max().unwrap_or(top));
        let member = each.max().unwrap_or(0).max(if labels.anything { top } else { 0 });
        Value::Level { of: level, member }
    }

    fn evidence<'a>(&self, program: &'a Program, evidence: u32) -> Asked<'a>
    where
        'v: 'a,
    {
        let since = self.installed.evidence(evidence);
        let since = self.kept_since(since, Reach::Session);
        let unattested = since != i64::MIN;
        // Of a window the first instant no longer counts.
        let fresh = program.tables().evidence.get(evidence as usize).and_then(|evidence| evidence.fresh);
        let stale = fresh.map_or(i64::MIN, |fresh| self.now.saturating_sub(fresh).saturating_add(1));
        let since = since.max(stale);
        Asked { program, record: self.root, evidence, since, unattested }
    }

    /// Packs the keys of evidence; `None` where one is not known.
    pub(crate) fn evidence_key(
        &self,
        program: &Program,
        memory: &Memory,
        evidence: u32,
        keys: &[Register],
    ) -> Option<EntryKey> {
        let declared = program.tables().evidence.get(evidence as usize)?;
        let mut packer = self.keyer.start();
        let last = declared.keys.len().checked_sub(1)?;
        if keys.len() != declared.keys.len() {
            return None;
        }
        for (at, (path, key)) in declared.keys.iter().zip(keys).enumerate() {
            let kept = key_kind(program, declared.ty, path)?;
            packer.add_value(program, memory, kept, key.value, at == last).then_some(())?;
        }
        Some(packer.finish())
    }

    /// The newest record under a key.
    pub(crate) fn known(&self, program: &Program, memory: &mut Memory, evidence: u32, key: &EntryKey) -> Register {
        self.evidence(program, evidence).known(memory, key)
    }

    /// All records that are known.
    pub(crate) fn all_known(
        &self,
        program: &Program,
        memory: &mut Memory,
        evidence: u32,
        order: &mut Vec<(i64, EntryKey)>,
    ) -> Register {
        self.evidence(program, evidence).all(memory, order)
    }
}
