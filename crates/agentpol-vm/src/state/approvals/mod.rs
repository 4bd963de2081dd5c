//! Approvals: asked by a decision, given by persons, looked at again when they are used, spent once (semantics 2.7 and 5).

mod action;
mod answer;
pub(crate) mod ask;
mod pending;
mod persons;

pub(crate) use action::{Action, Kept};
pub(crate) use answer::answer;
pub(crate) use persons::Person;

use super::digest::{Digest, Digests};
use super::key::Keyer;
use super::ledger::{Ledger, RecordName, add};
use super::record::{EntryKey, KEY_BYTES, Record, RecordMut};
use super::{Handle, Trouble};
use agentpol_bytecode::Program;
use agentpol_bytecode::decision::{Asker, Decision, Missing, Opened};
use agentpol_bytecode::render::SUPERVISED_WITHIN;
use agentpol_bytecode::tables::{Effect, Phase};
use alloc::vec::Vec;
use ask::{Asked, Asking, State};
use pending::{MAX_OPEN, Pending};

/// An approval that the call needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needed {
    by: Asker,
    count: u32,
    within: i64,
    /// The group that may give it; `None` for the requesting user.
    from: Option<u32>,
    distinct: bool,
    digest: Digest,
    handle: Handle,
    standing: Standing,
}

/// How far persons have come with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Enough persons have agreed.
    Given,
    /// A person has said no.
    Rejected,
    /// It is missing.
    Missing(Missing),
}

/// Who asks for whom, as approvals see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parties<'a> {
    /// What tells the actor from all other agents.
    pub(crate) agent: &'a str,
    /// `None` for nobody.
    pub(crate) user: Option<&'a str>,
    /// The chain's agents, whose owners do not answer.
    pub(crate) chain: &'a [u32],
}

/// The approvals that one call needs.
#[derive(Clone, Debug)]
pub(crate) struct Approvals {
    digests: Digests,
    /// The record with what is asked for agent and user.
    pending: Handle,
    pending_name: RecordName,
}

/// Returns what a rule asks of persons, or the phase of an agent.
fn terms(program: &Program, by: Asker) -> Option<(u32, i64, Option<u32>, bool)> {
    match by {
        Asker::Rule(rule) => match program.rule(rule)?.effect {
            Effect::RequireApproval { from, count, within, distinct } => Some((count, within, from, distinct)),
            _ => None,
        },
        Asker::Phase(agent) => match program.tables().agents.get(agent as usize)?.phase {
            Phase::Supervised { by } => Some((1, SUPERVISED_WITHIN, by, false)),
            _ => None,
        },
    }
}

impl Parties<'_> {
    /// The record with what is asked for agent and user. Nobody is not somebody whose name is `none`.
    fn pending(&self, keyer: &Keyer) -> RecordName {
        let mut packer = keyer.start();
        add(&mut packer, 1, self.agent.as_bytes());
        match self.user {
            Some(user) => add(&mut packer, 2, user.as_bytes()),
            None => add(&mut packer, 3, &[]),
        }
        RecordName::pending(&packer.finish())
    }
}

impl Approvals {
    /// Begins with a call that needs some.
    pub(crate) fn new(ledger: &mut Ledger<'_>, digests: Digests, parties: &Parties<'_>) -> Result<Approvals, Trouble> {
        let pending_name = parties.pending(ledger.keyer);
        let pending = ledger.open(&pending_name)?;
        Ok(Approvals { digests, pending, pending_name })
    }

    /// Notes that an approval is needed. One for which there is no room stays missing.
    pub(crate) fn need(&self, ledger: &mut Ledger<'_>, needed: &mut Vec<Needed>, by: Asker) -> Result<(), Trouble> {
        let Some((count, within, from, distinct)) = terms(ledger.program, by) else { return Ok(()) };
        if needed.len() < needed.capacity() {
            let digest = self.digests.of(ledger.key, ledger.program, by);
            let handle = ledger.open(&RecordName::ask(&digest.whole))?;
            let standing = Standing::Missing(Missing::None);
            needed.push(Needed { by, count, within, from, distinct, digest, handle, standing });
        }
        Ok(())
    }

    /// Finds out how far persons have come with each of them.
    pub(crate) fn weigh(&self, ledger: &Ledger<'_>, needed: &mut [Needed]) -> Result<(), Trouble> {
        let pending = Pending::of(Record::of(ledger.records.bytes(self.pending))?);
        for at in 0..needed.len() {
            let Some(one) = needed.get(at) else { break };
            let standing = match Asked::of(ledger.records.bytes(one.handle))? {
                None => Standing::Missing(pending.other(&one.digest, &self.digests, ledger.now)),
                Some(asked) => standing(ledger, needed, one, &asked)?,
            };
            needed.get_mut(at).into_iter().for_each(|one| one.standing = standing);
        }
        Ok(())
    }

    /// Prepares to ask for what the decision says is missing; `None` where there is no room for all of it (semantics A3).
    pub(crate) fn ask(
        &self,
        ledger: &mut Ledger<'_>,
        needed: &[Needed],
        decision: &Decision,
    ) -> Result<Option<Asks>, Trouble> {
        let wanted = decision.asks();
        let mut asks = Asks { new: 0, going: [([0; KEY_BYTES], Handle(0)); MAX_OPEN], count: 0 };
        for ask in wanted.named() {
            let Some(one) = needed.iter().find(|one| one.by == ask.by) else { return Ok(None) };
            let open = is_open(ledger, one)?;
            asks.new = asks.new.saturating_add(usize::from(!open));
        }
        let pending = Pending::of(Record::of(ledger.records.bytes(self.pending))?);
        let again = |digest: &EntryKey| needed.iter().any(|one| one.digest.whole == *digest);
        let fresh = wanted.named().iter().filter(|ask| {
            let digest = needed.iter().find(|one| one.by == ask.by).map(|one| one.digest.whole);
            digest.is_some_and(|digest| !pending.has(&digest))
        });
        let room = pending.making_room(fresh.count(), ledger.now, again);
        let open = pending.open(ledger.now).saturating_add(asks.new);
        let Some(going) = room.filter(|_| open <= MAX_OPEN && wanted.total() as usize <= wanted.named().len()) else {
            return Ok(None);
        };
        for digest in going.digests() {
            let handle = ledger.open(&RecordName::ask(digest))?;
            if let Some(place) = asks.going.get_mut(asks.count) {
                *place = (*digest, handle);
                asks.count = asks.count.saturating_add(1);
            }
        }
        Ok(Some(asks))
    }

    /// Asks, and says so in the decision.
    pub(crate) fn write(
        &self,
        ledger: &mut Ledger<'_>,
        needed: &[Needed],
        asks: &Asks,
        (parties, action): (&Parties<'_>, &Action<'_>),
        decision: &mut Decision,
    ) -> Result<(), Trouble> {
        for (digest, handle) in asks.going.iter().take(asks.count) {
            ledger.records.edit(*handle).ok_or(Trouble::Unusable)?.clear();
            let mut pending = RecordMut::of(ledger.records.edit(self.pending).ok_or(Trouble::Unusable)?)?;
            pending::forget(&mut pending, digest);
        }
        let wanted = *decision.asks();
        for one in wanted.named().iter().filter_map(|ask| needed.iter().find(|one| one.by == ask.by)) {
            if !is_open(ledger, one)? {
                self.open(ledger, one, parties, action)?;
            }
            let asked = Asked::of(ledger.records.bytes(one.handle))?.ok_or(Trouble::Unusable)?;
            let (asked_at, expires) = (asked.asked_at(), asked.expires());
            decision.asked(one.by, Opened { digest: one.digest.whole, asked_at, expires });
        }
        Ok(())
    }

    fn open(
        &self,
        ledger: &mut Ledger<'_>,
        one: &Needed,
        parties: &Parties<'_>,
        action: &Action<'_>,
    ) -> Result<(), Trouble> {
        let (program, now) = (ledger.program, ledger.now);
        let tables = program.tables();
        let group = one.from.and_then(|group| tables.groups.get(group as usize));
        let asking = Asking {
            asked_at: now,
            expires: now.saturating_add(one.within),
            count: one.count.max(1),
            meaning: program.meaning_hash(),
            group: group.map(|group| program.symbol(group.wire)),
            user: parties.user,
            pending: self.pending_name.bytes(),
        };
        let owner = |agent: &u32| tables.agents.get(*agent as usize).map(|agent| program.symbol(agent.owner));
        let excluded = parties.user.into_iter().chain(parties.chain.iter().filter_map(owner));
        let bytes = ledger.records.edit(one.handle).ok_or(Trouble::Unusable)?;
        ask::open(bytes, &asking, excluded, (action, one.by)).ok_or(Trouble::Unusable)?;
        let mut pending = RecordMut::of(ledger.records.edit(self.pending).ok_or(Trouble::Unusable)?)?;
        pending::add(&mut pending, &one.digest, &self.digests, &asking).ok_or(Trouble::Unusable)?;
        pending.step(now);
        Ok(())
    }

    /// Spends what was given (semantics A8).
    pub(crate) fn spend(&self, ledger: &mut Ledger<'_>, needed: &[Needed]) -> Result<(), Trouble> {
        for one in needed.iter().filter(|one| one.standing == Standing::Given) {
            let bytes = ledger.records.edit(one.handle).ok_or(Trouble::Unusable)?;
            ask::close(bytes, State::Spent, ledger.now).ok_or(Trouble::Unusable)?;
            let mut pending = RecordMut::of(ledger.records.edit(self.pending).ok_or(Trouble::Unusable)?)?;
            pending::mark(&mut pending, &one.digest.whole, State::Spent);
            pending.step(ledger.now);
        }
        Ok(())
    }
}

impl Needed {
    /// Who asks for it.
    pub(crate) fn by(&self) -> Asker {
        self.by
    }

    /// How far persons have come with it.
    pub(crate) fn standing(&self) -> Standing {
        self.standing
    }
}

/// What must be written so that something can be asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asks {
    /// How many are asked anew.
    new: usize,
    /// What is over and must go.
    going: [(EntryKey, Handle); MAX_OPEN],
    count: usize,
}

/// Whether an asking can still be answered, or has been, so that it is not asked anew.
fn is_open(ledger: &Ledger<'_>, one: &Needed) -> Result<bool, Trouble> {
    let asked = Asked::of(ledger.records.bytes(one.handle))?;
    Ok(asked.is_some_and(|asked| asked.state() != State::Spent && ledger.now < asked.expires()))
}

/// Whether there are enough persons who may still agree, and who do not serve another asking of the call where that is not
/// wanted.
fn standing(ledger: &Ledger<'_>, needed: &[Needed], one: &Needed, asked: &Asked<'_>) -> Result<Standing, Trouble> {
    match asked.state() {
        State::Spent => return Ok(Standing::Missing(Missing::Spent)),
        _ if ledger.now >= asked.expires() => return Ok(Standing::Missing(Missing::Expired)),
        State::Rejected => return Ok(Standing::Rejected),
        State::Open => {}
    }
    let (mut agreed, mut wrong) = (0u32, None);
    for person in asked.persons() {
        let mut elsewhere = false;
        for other in needed.iter().filter(|other| one.distinct && other.by != one.by) {
            let other = Asked::of(ledger.records.bytes(other.handle))?;
            elsewhere |= other
                .is_some_and(|other| other.state() == State::Open && ledger.now < other.expires() && other.has(person));
        }
        if !elsewhere {
            match persons::still_may(ledger, asked, person, one.from) {
                Ok(()) => agreed = agreed.saturating_add(1),
                Err(why) => wrong = wrong.or(Some(why)),
            }
        }
    }
    Ok(match agreed {
        enough if enough >= one.count.max(1) => Standing::Given,
        0 => Standing::Missing(wrong.unwrap_or(Missing::None)),
        _ => Standing::Missing(wrong.unwrap_or(Missing::TooFew)),
    })
}
