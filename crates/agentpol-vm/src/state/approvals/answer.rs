//! Persons' answers: yes or no to an asking, by who may give it (semantics A2, A4 to A6).

use super::ask::{self, Asked, MAX_PERSONS, State};
use super::pending;
use super::persons::{self, Person};
use crate::state::ledger::{Ledger, RecordName, party};
use crate::state::record::{EntryKey, RecordMut};
use crate::state::session::SLACK;
use crate::state::{Refusal, Trouble};

/// An answer that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    /// How many more persons must agree.
    pub(crate) missing: u32,
}

/// Enters an answer. Everything that it writes to is opened before.
pub(crate) fn answer(
    ledger: &mut Ledger<'_>,
    digest: &EntryKey,
    person: &Person<'_>,
    yes: bool,
) -> Result<Answered, Refusal> {
    let handle = ledger.open(&RecordName::ask(digest))?;
    let asked = Asked::of(ledger.records.bytes(handle))?.ok_or(Refusal::AskUnknown)?;
    if asked.last().saturating_sub(ledger.now) > SLACK {
        return Err(Refusal::ClockRegressed);
    }
    let now = ledger.now.max(asked.last());
    let same_policy = asked.meaning() == *ledger.program.meaning_hash();
    if asked.state() != State::Open || now >= asked.expires() || !same_policy {
        return Err(Refusal::AskClosed);
    }
    persons::may(ledger, &asked, person)?;
    // Who says yes again is still one person.
    let again = asked.has(person.id);
    let agreed = asked.agreed().saturating_add(usize::from(yes && !again));
    let answered = Answered { missing: asked.count().saturating_sub(u32::try_from(agreed).unwrap_or(u32::MAX)) };
    if yes && again {
        return Ok(answered);
    }
    if agreed > MAX_PERSONS {
        return Err(Refusal::StateFull);
    }
    let name = asked.pending().and_then(RecordName::of).ok_or(Trouble::Unusable)?;
    let pending = ledger.open(&name)?;
    // Everything is open: from here on it is written.
    let key = party(ledger.keyer, person.id);
    let bytes = ledger.records.edit(handle).ok_or(Trouble::Unusable)?;
    let written = if yes { ask::agree(bytes, &key, person.id, now) } else { ask::close(bytes, State::Rejected, now) };
    written.ok_or(Refusal::StateFull)?;
    let bytes = ledger.records.edit(pending).ok_or(Trouble::Unusable)?;
    let mut pending = RecordMut::of(bytes)?;
    match yes {
        true => pending::answered(&mut pending, digest),
        false => pending::mark(&mut pending, digest, State::Rejected),
    }
    pending.step(now);
    Ok(answered)
}
