//! Membership: what the directory nests, and what the policy nests, together.

use super::Bound;
use agentpol_bytecode::Program;
use agentpol_bytecode::directory::Directory;
use agentpol_bytecode::scope::Tri;
use agentpol_bytecode::tables::Symbol;
use alloc::vec::Vec;

/// Who is in a group of the program.
#[derive(Clone, Debug, Default)]
pub(super) struct Membership {
    /// Its name on the wire.
    wire: Symbol,
    /// The directory's group of that name.
    pub(super) named: Option<u32>,
    /// Whoever belongs to one of these groups of the directory belongs to it; sorted.
    from: Vec<u32>,
    /// Some group inside it is not in the directory: who else belongs to it is not known.
    open: bool,
}

/// Works out for every group of the program who is in it. A group that the policy puts into another brings along all that
/// the directory puts into it, and the other way round.
pub(super) fn resolve(directory: &Directory, program: &Program) -> Vec<Membership> {
    let groups = &program.tables().groups;
    let find = |wire: &Symbol| directory.find_group(program.symbol(*wire));
    let mut found: Vec<Membership> = groups
        .iter()
        .map(|group| {
            let inside = group.closure.iter().map(find);
            let open = inside.clone().any(|group| group.is_none());
            let mut from: Vec<u32> = inside.flatten().collect();
            from.sort_unstable();
            from.dedup();
            Membership { wire: group.wire, named: find(&group.wire), from, open }
        })
        .collect();
    // Each round adds groups or is the last.
    while let Some(next) = (0..found.len()).find_map(|at| grown(directory, &found, at).map(|grown| (at, grown))) {
        let (at, grown) = next;
        found.get_mut(at).into_iter().for_each(|place| *place = grown.clone());
    }
    found
}

/// What the group becomes with all groups of the program that the directory nests in it; `None` where that is nothing new.
fn grown(directory: &Directory, found: &[Membership], at: usize) -> Option<Membership> {
    let before = found.get(at)?;
    let mut grown = before.clone();
    let nested = |other: &&Membership| {
        let above = other.named.map_or(&[][..], |named| above(directory, named));
        before.from.iter().any(|group| above.binary_search(group).is_ok())
    };
    for other in found.iter().filter(nested) {
        grown.from.extend_from_slice(&other.from);
        grown.open |= other.open;
    }
    grown.from.sort_unstable();
    grown.from.dedup();
    (grown.from.len() > before.from.len() || grown.open != before.open).then_some(grown)
}

/// The groups that a group belongs to, and itself.
fn above(directory: &Directory, group: u32) -> &[u32] {
    directory.tables().groups.get(group as usize).map_or(&[], |group| &group.above)
}

impl Bound {
    /// The groups that a group belongs to, and itself.
    pub(crate) fn above(&self, group: u32) -> &[u32] {
        above(&self.directory, group)
    }

    /// Whether somebody is in a group of the program who belongs to these groups of the directory.
    pub(crate) fn in_program_group(&self, belongs: &[u32], group: u32) -> Tri {
        let Some(group) = self.groups.get(group as usize) else { return Tri::Unknown };
        match share(belongs, &group.from) {
            true => Tri::True,
            false if group.open => Tri::Unknown,
            false => Tri::False,
        }
    }

    /// Whether somebody is in a group of the directory who belongs to these.
    pub(crate) fn in_group(&self, belongs: &[u32], group: u32) -> Tri {
        let mut found = Tri::from(belongs.binary_search(&group).is_ok());
        let nested = self.groups.iter().filter(|one| {
            let named = one.named.filter(|_| one.open || one.from.len() > 1);
            named.is_some_and(|named| self.above(named).binary_search(&group).is_ok())
        });
        for one in nested {
            found = found.or(share(belongs, &one.from).into()).or(if one.open { Tri::Unknown } else { Tri::False });
        }
        found
    }

    /// The same of a group that is only named: one of the program's that the directory lacks, else unknown.
    pub(crate) fn in_named_group(&self, program: &Program, belongs: &[u32], name: &str) -> Tri {
        let found = (0u32..).zip(&self.groups).find(|(_, group)| program.symbol(group.wire) == name);
        found.map_or(Tri::Unknown, |(at, _)| self.in_program_group(belongs, at))
    }
}

/// Whether two sorted lists have something in common; the shorter one is gone through.
fn share(one: &[u32], other: &[u32]) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    short.iter().any(|group| long.binary_search(group).is_ok())
}
