//! Persons' answers: yes or no to an asking, by who may give it (semantics A2, A4 to A6).

use super::ask::{self, Asked, MAX_PERSONS, State};
use super::pending;
use super::persons::{self, Person};
use crate::state::Trouble;
use crate::state::ledger::{Ledger, Packer, RecordName};
use crate::state::record::{EntryKey, RecordMut};

/// An answer that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    /// How many more persons must agree.
    pub(crate) missing: u32,
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

/// Enters an answer. Everything that it writes to is opened before.
pub(crate) fn answer(
    ledger: &mut Ledger<'_>,
    digest: &EntryKey,
    person: &Person<'_>,
    yes: bool,
) -> Result<Answered, Refused> {
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
    persons::may(ledger, &asked, person)?;
    // Who says yes again is still one person.
    let again = asked.has(person.id);
    let agreed = asked.agreed().saturating_add(usize::from(yes && !again));
    let answered = Answered { missing: asked.count().saturating_sub(u32::try_from(agreed).unwrap_or(u32::MAX)) };
    if yes && again {
        return Ok(answered);
    }
    if agreed > MAX_PERSONS {
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
    Ok(answered)
}

fn key_of(ledger: &Ledger<'_>, person: &str) -> EntryKey {
    let mut packer = Packer::new(ledger.key);
    packer.add(1, person.as_bytes());
    packer.finish()
}
