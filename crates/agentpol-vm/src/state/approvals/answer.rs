//! Persons' answers: yes or no to an asking, by who may give it (semantics A2, A4 to A6).

use super::ask::{self, Asked, State};
use super::pending;
use crate::state::Trouble;
use crate::state::ledger::{Ledger, Packer, RecordName};
use crate::state::record::{EntryKey, RecordMut};
use agentpol_bytecode::Program;
use agentpol_bytecode::tables::Symbol;

/// A person, as the host has authenticated them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person<'a> {
    pub(crate) id: &'a str,
    /// The groups that the host says they are in, sorted: those that the program knows.
    pub(crate) groups: &'a [Symbol],
}

/// Why an answer is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Nothing like this was asked.
    AskUnknown,
    /// It was used or rejected, its time is over, or the policy is another now.
    AskClosed,
    /// The clock went backwards.
    ClockRegressed,
    /// Not by this person.
    PersonExcluded,
    /// The person is not in the group that is asked.
    PersonUnknown,
    /// There is no room for another answer.
    Full,
    /// The store cannot go on.
    Trouble(Trouble),
}

impl From<Trouble> for Refused {
    fn from(trouble: Trouble) -> Refused {
        Refused::Trouble(trouble)
    }
}

/// How far the clock may be behind the record's last change, in milliseconds.
const CLOCK_SLACK: i64 = 5_000;

/// Enters an answer.
pub(crate) fn answer(
    ledger: &mut Ledger<'_>,
    digest: &EntryKey,
    person: &Person<'_>,
    yes: bool,
) -> Result<(), Refused> {
    let handle = ledger.open(&RecordName::ask(digest))?;
    let asked = Asked::of(ledger.records.bytes(handle))?.ok_or(Refused::AskUnknown)?;
    if asked.last().saturating_sub(ledger.now) > CLOCK_SLACK {
        return Err(Refused::ClockRegressed);
    }
    let now = ledger.now.max(asked.last());
    let same_policy = asked.meaning() == *ledger.program.meaning_hash();
    if asked.state() != State::Open || now >= asked.expires() || !same_policy {
        return Err(Refused::AskClosed);
    }
    may_answer(ledger.program, &asked, person)?;
    if yes && asked.has(person.id) {
        return Ok(());
    }
    if yes && !asked.has_room() {
        return Err(Refused::Full);
    }
    let name = asked.pending().and_then(RecordName::of).ok_or(Trouble::Unusable)?;
    let pending = ledger.open(&name)?;
    // Everything is open: from here on it is written.
    let key = key_of(ledger, person.id);
    let bytes = ledger.records.edit(handle).ok_or(Trouble::Unusable)?;
    let written = if yes { ask::agree(bytes, &key, person.id, now) } else { ask::close(bytes, State::Rejected, now) };
    written.ok_or(Refused::Full)?;
    let bytes = ledger.records.edit(pending).ok_or(Trouble::Unusable)?;
    let mut pending = RecordMut::of(bytes)?;
    match yes {
        true => pending::answered(&mut pending, digest),
        false => pending::mark(&mut pending, digest, State::Rejected),
    }
    pending.step(now);
    Ok(())
}

fn key_of(ledger: &Ledger<'_>, person: &str) -> EntryKey {
    let mut packer = Packer::new(ledger.key);
    packer.add(1, person.as_bytes());
    packer.finish()
}

/// Who may answer: the requesting user where they are asked, else a member of the group who did not ask, does not answer
/// for an agent of the chain, and is no agent.
fn may_answer(program: &Program, asked: &Asked<'_>, person: &Person<'_>) -> Result<(), Refused> {
    if program.find_agent(person.id).is_some() || program.find_identity(None, person.id).is_some() {
        return Err(Refused::PersonExcluded);
    }
    if asked.from_user() {
        let is_user = asked.user().is_some_and(|user| !user.is_empty() && user == person.id);
        return if is_user { Ok(()) } else { Err(Refused::PersonExcluded) };
    }
    if asked.excludes(person.id) {
        return Err(Refused::PersonExcluded);
    }
    let wire = asked.group().and_then(|group| program.find_symbol(group));
    let group = program.tables().groups.iter().find(|group| Some(group.wire) == wire);
    let inside = group.is_some_and(|group| person.groups.iter().any(|one| group.closure.binary_search(one).is_ok()));
    if inside { Ok(()) } else { Err(Refused::PersonUnknown) }
}
