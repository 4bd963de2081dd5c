//! Who may answer an asking: when they do, and looked at again when it is used (semantics A4 to A7).

use super::ask::Asked;
use crate::directory::Bound;
use crate::identity;
use crate::state::Refusal;
use crate::state::ledger::Ledger;
use agentpol_bytecode::Program;
use agentpol_bytecode::decision::Missing;
use agentpol_bytecode::scope::Tri;
use agentpol_bytecode::tables::Symbol;

/// A person, as the host has authenticated them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person<'a> {
    pub(crate) id: &'a str,
    /// The groups that the host says they are in, as far as the program knows them. A directory knows better.
    pub(crate) groups: &'a [Symbol],
}

/// Whether a person may answer: the requesting user where they are asked, else a member of the group who did not ask, does
/// not answer for an agent of the chain, and is no agent.
pub(super) fn may(ledger: &Ledger<'_>, asked: &Asked<'_>, person: &Person<'_>) -> Result<(), Refusal> {
    let program = ledger.program;
    if is_agent(program, person.id) || person.id.is_empty() || is_excluded(ledger, asked, person.id) {
        return Err(Refusal::PersonExcluded);
    }
    let wire = asked.group().and_then(|group| program.find_symbol(group));
    let group = program.tables().groups.iter().position(|group| Some(group.wire) == wire);
    let group = group.and_then(|group| u32::try_from(group).ok());
    if group.is_none() && !asked.is_of_user() {
        return Err(Refusal::PersonUnknown);
    }
    if is_member(ledger, person, group) { Ok(()) } else { Err(Refusal::PersonUnknown) }
}

/// Whether an id is an agent's, or could be: its name, the subject of a token that it presents, any SPIFFE id. Who vouches for
/// the token does not matter here: persons are told by their id alone.
fn is_agent(program: &Program, id: &str) -> bool {
    const SCHEME: &str = "spiffe://";
    let is_workload = id.get(..SCHEME.len()).is_some_and(|start| start.eq_ignore_ascii_case(SCHEME));
    let mut identities = program.tables().agents.iter().flat_map(|agent| &agent.identities);
    is_workload
        || program.find_agent(id).is_some()
        || identities.any(|identity| identity::covers(program, &identity.pieces, id))
}

/// A7: whether somebody who has agreed still may. Where no directory says so, what was told with the answer counts.
pub(super) fn still_may(
    ledger: &Ledger<'_>,
    asked: &Asked<'_>,
    person: &str,
    group: Option<u32>,
) -> Result<(), Missing> {
    if is_excluded(ledger, asked, person) {
        return Err(Missing::ApproverExcluded);
    }
    match from_directory(ledger) {
        None => Ok(()),
        Some(directory) if directory.is_some_and(|directory| directory.may_approve(person, group)) => Ok(()),
        Some(_) => Err(Missing::ApproverLeftGroup),
    }
}

/// The directory, where the program's users come from one.
fn from_directory<'l>(ledger: &'l Ledger<'_>) -> Option<Option<&'l Bound>> {
    let program = ledger.program;
    let fits = |bound: &&Bound| bound.made_for == *program.file_hash();
    program.tables().users_from.is_directory().then(|| ledger.directory.as_deref().filter(fits))
}

/// Whether a person is active and in the group.
fn is_member(ledger: &Ledger<'_>, person: &Person<'_>, group: Option<u32>) -> bool {
    match from_directory(ledger) {
        Some(directory) => directory.is_some_and(|directory| directory.may_approve(person.id, group)),
        None => group.is_none_or(|group| told(ledger.program, person.groups, group)),
    }
}

fn told(program: &Program, groups: &[Symbol], group: u32) -> bool {
    let closure = program.tables().groups.get(group as usize).map_or(&[][..], |group| &group.closure);
    groups.iter().any(|one| closure.binary_search(one).is_ok())
}

/// Whether a person is kept from answering, by their id or because they belong to a group that answers for an agent.
fn is_excluded(ledger: &Ledger<'_>, asked: &Asked<'_>, person: &str) -> bool {
    if asked.is_of_user() {
        return !asked.user().is_some_and(|user| !user.is_empty() && user == person);
    }
    let directory = from_directory(ledger).flatten();
    let groups = directory.and_then(|bound| Some((bound, bound.directory().find_user(person)?)));
    asked.excluded().any(|excluded| {
        excluded == person
            || groups.is_some_and(|(bound, user)| {
                let group = bound.directory().find_group(excluded);
                group.is_some_and(|group| bound.in_group(bound.groups_of(user), group) != Tri::False)
            })
    })
}
