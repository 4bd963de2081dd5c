//! What the expressions of a rule can read.

use super::directory::Directory;
use super::json::Json;
use super::origin::Entry;
use super::resource::{self, Subject};
use super::truth::Truth;
use super::value::Held;
use agentpol_check::policy::{GroupId, Policy};
use std::sync::Arc;

/// Everything known about one request.
#[derive(Clone, Debug)]
pub(super) struct Facts<'a> {
    pub(super) policy: &'a Policy,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub(super) now: i64,
    /// The agent's name, `module.name`.
    pub(super) agent_name: String,
    /// The tool's name in the policy.
    pub(super) tool_name: String,
    /// `None` is nobody.
    pub(super) user: Option<UserFacts>,
    pub(super) session: Option<String>,
    pub(super) env: Option<String>,
    pub(super) task: Option<String>,
    /// By names in the policy, as are `agent` and `args`.
    pub(super) context: Vec<(String, Held)>,
    pub(super) agent: Vec<(String, Held)>,
    pub(super) args: Vec<(String, Held)>,
    /// The arguments as they came, for what is asked about their origin.
    pub(super) written: Json,
    pub(super) origin: Vec<Entry>,
    /// The resource of the call.
    pub(super) resource: Option<Subject>,
    /// Where users and resources are looked up.
    pub(super) directory: Option<Arc<Directory>>,
    /// What the call answered, once it did.
    pub(super) result: Held,
}

/// What is known about the user.
#[derive(Clone, Debug)]
pub(super) struct UserFacts {
    pub(super) id: String,
    pub(super) groups: Option<Vec<String>>,
    pub(super) attributes: Vec<(String, Held)>,
}

impl Facts<'_> {
    /// Finds a value by its name; what no declaration has is absent.
    pub(super) fn find(of: &[(String, Held)], name: &str) -> Held {
        of.iter().find(|(key, _)| key == name).map_or(Held::Absent, |(_, held)| held.clone())
    }

    /// `user in GROUP`: in the group or in one that belongs to it; nobody is in no group.
    pub(super) fn user_in(&self, group: GroupId) -> Truth {
        if self.policy.users_from.is_directory() {
            return resource::in_group(self, &resource::requester(self), group);
        }
        let Some(user) = &self.user else { return Truth::False };
        let Some(groups) = &user.groups else { return Truth::Unknown };
        let closure = &self.policy[group].closure;
        Truth::from(closure.iter().any(|inside| groups.contains(&self.policy[*inside].wire)))
    }
}
