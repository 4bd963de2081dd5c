//! What the sources say, gathered: each thing once, with the place where it stands.

use crate::json::Members;
use crate::problem::{Problem, ProblemKind};
use crate::scim::UserKey;
use std::collections::BTreeMap;

/// Where something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// An index into the files.
    pub(crate) file: usize,
    /// From 1.
    pub(crate) line: u32,
}

/// Gathers what sources say, and makes a directory of it.
#[derive(Debug, Default)]
pub struct Builder {
    files: Vec<String>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) user_key: UserKey,
    pub(crate) as_of: Option<i64>,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) groups: BTreeMap<String, Group>,
    pub(crate) agents: BTreeMap<(String, Vec<(String, String)>), Agent>,
    pub(crate) resources: BTreeMap<ResourceId, Resource>,
    /// What SCIM ids stand for.
    pub(crate) scim_users: BTreeMap<String, String>,
    pub(crate) scim_groups: BTreeMap<String, String>,
}

/// A user, or a group of users, that something else names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    User(String),
    Group(String),
    /// By SCIM id, of either kind.
    Scim(String),
}

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) place: Place,
    pub(crate) active: bool,
    /// Groups that it says to be in.
    pub(crate) groups: Vec<Member>,
    pub(crate) attributes: Members,
    /// Attributes that name users by SCIM id: name and id.
    pub(crate) people: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) place: Place,
    pub(crate) members: Vec<Member>,
    /// Groups that it says to be in.
    pub(crate) within: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) place: Place,
    pub(crate) suspended: bool,
    pub(crate) read_only: bool,
}

/// Type and id.
pub(crate) type ResourceId = (String, String);

#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) place: Place,
    pub(crate) within: Vec<ResourceId>,
    pub(crate) attributes: Members,
}

impl Builder {
    /// Starts with nothing. `user_key` says which member of a SCIM user is the id that requests name.
    pub fn new(user_key: UserKey) -> Self {
        Builder { user_key, ..Builder::default() }
    }

    pub(crate) fn file(&mut self, name: &str) -> usize {
        self.files.push(name.to_owned());
        self.files.len() - 1
    }

    /// A place as file and line.
    pub(crate) fn at(&self, place: Place) -> (String, u32) {
        (self.files.get(place.file).cloned().unwrap_or_default(), place.line)
    }

    pub(crate) fn twice(&mut self, what: String, place: Place, first: Place) {
        let first = self.at(first);
        self.problem(place, ProblemKind::Twice { what, first });
    }

    pub(crate) fn add_user(&mut self, id: String, user: User) {
        match self.users.get(&id).map(|first| first.place) {
            Some(first) => self.twice(format!("user {id:?}"), user.place, first),
            None => drop(self.users.insert(id, user)),
        }
    }

    pub(crate) fn add_group(&mut self, name: String, group: Group) {
        match self.groups.get(&name).map(|first| first.place) {
            Some(first) => self.twice(format!("group {name:?}"), group.place, first),
            None => drop(self.groups.insert(name, group)),
        }
    }

    pub(crate) fn add_agent(&mut self, id: String, attributes: Vec<(String, String)>, agent: Agent) {
        let key = (id, attributes);
        match self.agents.get(&key).map(|first| first.place) {
            Some(first) => self.twice(format!("agent {:?}", key.0), agent.place, first),
            None => drop(self.agents.insert(key, agent)),
        }
    }

    pub(crate) fn add_resource(&mut self, id: ResourceId, resource: Resource) {
        match self.resources.get(&id).map(|first| first.place) {
            Some(first) => self.twice(format!("{} {:?}", id.0, id.1), resource.place, first),
            None => drop(self.resources.insert(id, resource)),
        }
    }
}
