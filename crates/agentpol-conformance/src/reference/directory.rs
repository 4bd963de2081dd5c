//! A directory, said slowly: JSON Lines kept as they are, membership and containment followed step by step.

use super::identity::{Actor, qualified};
use super::json::{self, Json, Member};
use super::truth::Truth;
use agentpol_check::policy::{GroupId, Policy, Type};
use std::collections::{BTreeMap, BTreeSet};

/// Users, groups, agents and resources.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    pub(super) as_of: Option<i64>,
    pub(super) users: BTreeMap<String, User>,
    /// Each with the groups that it says to be in.
    groups: BTreeMap<String, BTreeSet<String>>,
    agents: Vec<Entry>,
    pub(super) resources: BTreeMap<Named, Resource>,
}

/// Type and id of a resource.
pub(super) type Named = (String, String);

#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) active: bool,
    groups: BTreeSet<String>,
    pub(super) attributes: Vec<Member>,
}

#[derive(Clone, Debug)]
pub(super) struct Resource {
    within: Vec<Named>,
    pub(super) attributes: Vec<Member>,
}

/// What is said of an agent, or of the members of a fleet with these attributes.
#[derive(Clone, Debug)]
struct Entry {
    id: String,
    attributes: Vec<Member>,
    suspended: bool,
    read_only: bool,
}

/// What is said of an agent that acts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Status {
    pub(super) suspended: bool,
    pub(super) read_only: bool,
}

impl Directory {
    /// Reads sound JSON Lines; `None` where they are not.
    pub fn read(lines: &str) -> Option<Directory> {
        let mut directory = Directory::default();
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            let Json::Object(record) = json::read(line.trim().as_bytes()).ok()? else { return None };
            let [Member { key, value, .. }] = record.as_slice() else { return None };
            directory.record(key, value)?;
        }
        Some(directory)
    }

    fn record(&mut self, kind: &str, record: &Json) -> Option<()> {
        let named = |key: &str| text(record.get(key)?);
        let attributes = members(record.get("attributes"));
        match kind {
            "directory" => self.as_of = super::calendar::datetime(&named("as_of")?, None),
            "user" => {
                let groups = texts(record.get("groups"));
                let known = self.users.entry(named("id")?).or_insert_with(User::stranger);
                known.groups.extend(groups);
                known.active = record.get("active") != Some(&Json::Bool(false));
                known.attributes = attributes;
            }
            "group" => {
                let name = named("name")?;
                self.groups.entry(name.clone()).or_default().extend(texts(record.get("within")));
                for member in elements(record.get("members")) {
                    match (member.get("user").and_then(text), member.get("group").and_then(text)) {
                        (Some(user), _) => {
                            let user = self.users.entry(user).or_insert_with(User::stranger);
                            user.groups.insert(name.clone());
                        }
                        (_, Some(group)) => drop(self.groups.entry(group).or_default().insert(name.clone())),
                        _ => return None,
                    }
                }
            }
            "agent" => self.agents.push(Entry {
                id: named("id")?,
                attributes,
                suspended: record.get("suspended") == Some(&Json::Bool(true)),
                read_only: record.get("phase").is_some(),
            }),
            "resource" => {
                let within = elements(record.get("within")).iter().map(resource).collect::<Option<Vec<Named>>>()?;
                self.resources.insert(resource(record)?, Resource { within, attributes });
            }
            _ => return None,
        }
        Some(())
    }

    /// What is said of an agent that acts. Of a fleet's member for which it is not known which it is, everything counts.
    pub(super) fn status(&self, policy: &Policy, actor: &Actor) -> Status {
        let names = [policy[actor.id].wire.clone(), qualified(policy, actor.id)];
        let meant = |entry: &&Entry| names.contains(&entry.id) && is_meant(policy, actor, entry);
        let entries: Vec<&Entry> = self.agents.iter().filter(meant).collect();
        Status {
            suspended: entries.iter().any(|entry| entry.suspended),
            read_only: entries.iter().any(|entry| entry.read_only),
        }
    }

    /// Everything that a resource lies in, the nearest first, itself in front.
    pub(super) fn path(&self, of: &Named) -> Option<Vec<Named>> {
        let mut found = vec![of.clone()];
        let mut ring = vec![self.resources.get(of)?];
        while !ring.is_empty() {
            let next: BTreeSet<&Named> = ring.iter().flat_map(|resource| &resource.within).collect();
            let next: Vec<&Named> = next.into_iter().filter(|one| !found.contains(one)).collect();
            found.extend(next.iter().map(|one| (*one).clone()));
            ring = next.iter().filter_map(|one| self.resources.get(*one)).collect();
        }
        Some(found)
    }

    /// The groups that a user says to be in; `None` for a stranger.
    pub(super) fn groups_of(&self, user: &str) -> Option<Vec<String>> {
        Some(self.users.get(user)?.groups.iter().cloned().collect())
    }

    /// Whether the directory has a group of this name.
    pub(super) fn has_group(&self, name: &str) -> bool {
        self.groups.contains_key(name)
    }

    /// O6: whether somebody who belongs to these groups belongs to that one, by what the directory nests and what the
    /// policy nests. Who belongs to a group of the policy that the directory does not have is not known.
    pub(super) fn belongs(&self, policy: &Policy, groups: &[String], wanted: &str) -> Truth {
        let declared = |name: &str| policy.groups.iter().find(|group| group.wire == name);
        if !self.has_group(wanted) && declared(wanted).is_none() {
            return Truth::Unknown;
        }
        let reached = |start: Vec<String>| {
            let mut found: Vec<String> = start;
            let mut at = 0;
            while let Some(name) = found.get(at).cloned() {
                let nested = self.groups.get(&name).into_iter().flatten().cloned();
                let parents = declared(&name).map_or(&[][..], |group| &group.parents[..]);
                let said = parents.iter().map(|parent: &GroupId| policy[*parent].wire.clone());
                let next: Vec<String> = nested.chain(said).filter(|name| !found.contains(name)).collect();
                found.extend(next);
                at += 1;
            }
            found
        };
        if reached(groups.to_vec()).iter().any(|name| name == wanted) {
            return Truth::True;
        }
        let unbound = policy.groups.iter().filter(|group| !self.has_group(&group.wire));
        let open =
            unbound.map(|group| reached(vec![group.wire.clone()])).any(|all| all.iter().any(|one| one == wanted));
        if open { Truth::Unknown } else { Truth::False }
    }
}

impl User {
    fn stranger() -> User {
        User { active: true, groups: BTreeSet::new(), attributes: Vec::new() }
    }
}

/// Whether an entry speaks of the member that acts: by texts that are attributes of the fleet, each as presented.
fn is_meant(policy: &Policy, actor: &Actor, entry: &Entry) -> bool {
    let fields = policy[actor.id].fleet.map_or(&[][..], |shape| &policy[shape].fields[..]);
    let field = |name: &str| fields.iter().find(|field| field.wire == name);
    let is_text = |name: &str| field(name).is_some_and(|field| matches!(field.ty, Type::String | Type::Enum(_)));
    let presented = |name: &str| actor.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let known =
        entry.attributes.iter().all(|one| is_text(&one.key) && matches!(presented(&one.key), Some(Json::Text(_))));
    !known || entry.attributes.iter().all(|one| presented(&one.key).as_ref() == Some(&one.value))
}

/// The status of all agents of a chain together.
pub(super) fn status_of_all(directory: Option<&Directory>, policy: &Policy, actors: &[&Actor]) -> Status {
    let all = actors.iter().map(|actor| directory.map_or(Status::default(), |known| known.status(policy, actor)));
    all.fold(Status::default(), |sum, one| Status {
        suspended: sum.suspended || one.suspended,
        read_only: sum.read_only || one.read_only,
    })
}

fn text(value: &Json) -> Option<String> {
    match value {
        Json::Text(text) => Some(text.clone()),
        _ => None,
    }
}

fn elements(value: Option<&Json>) -> &[Json] {
    match value {
        Some(Json::List(elements)) => elements,
        _ => &[],
    }
}

fn texts(value: Option<&Json>) -> Vec<String> {
    elements(value).iter().filter_map(text).collect()
}

fn members(value: Option<&Json>) -> Vec<Member> {
    match value {
        Some(Json::Object(members)) => members.clone(),
        _ => Vec::new(),
    }
}

fn resource(value: &Json) -> Option<Named> {
    Some((text(value.get("type")?)?, text(value.get("id")?)?))
}
