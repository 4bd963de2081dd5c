//! What a decision says beside its code: whose approval is missing, when to try again, which alerts are raised.

use crate::sha256::HASH_BYTES;
use crate::tables::RuleId;

/// How many rules, approvals or alerts a decision names before it only counts them.
pub const MAX_NAMED_RULES: usize = 16;

/// A list of bounded size: the first sixteen in order, and how many there are.
#[derive(Clone, Copy, Debug)]
pub struct Named<T> {
    first: [T; MAX_NAMED_RULES],
    total: u32,
}

// What stands behind those that are named means nothing.
impl<T: PartialEq> PartialEq for Named<T> {
    fn eq(&self, other: &Self) -> bool {
        self.total == other.total && self.named() == other.named()
    }
}

impl<T: Eq> Eq for Named<T> {}

/// The rules of a decision.
pub type RuleList = Named<RuleId>;

impl<T: Copy + Default> Default for Named<T> {
    fn default() -> Self {
        Named { first: [T::default(); MAX_NAMED_RULES], total: 0 }
    }
}

impl<T: Copy> Named<T> {
    /// Becomes as another. A list is long, and few are named.
    pub(crate) fn become_as(&mut self, other: &Named<T>) {
        let places = self.first.iter_mut().zip(other.named());
        places.for_each(|(place, one)| *place = *one);
        self.total = other.total;
    }
}

impl<T> Named<T> {
    /// Adds one; beyond sixteen it is only counted.
    pub fn push(&mut self, one: T) {
        if let Some(place) = self.first.get_mut(self.total as usize) {
            *place = one;
        }
        self.total = self.total.saturating_add(1);
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.total = 0;
    }

    /// Returns those that are named.
    pub fn named(&self) -> &[T] {
        let named = (self.total as usize).min(MAX_NAMED_RULES);
        self.first.get(..named).unwrap_or(&[])
    }

    /// Returns those that are named, to be changed.
    pub(crate) fn named_mut(&mut self) -> &mut [T] {
        let named = (self.total as usize).min(MAX_NAMED_RULES);
        self.first.get_mut(..named).unwrap_or_default()
    }

    /// Counts those that are not named: from now on there are so many.
    pub(crate) fn count_more(&mut self, total: u32) {
        self.total = self.total.max(total);
    }

    /// Returns how many there are, named or not.
    pub fn total(&self) -> u32 {
        self.total
    }
}

/// An approval that is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// Who asks for it.
    pub by: Asker,
    /// What is the matter with what there is.
    pub missing: Missing,
    /// What is to be approved, where it can be: the decision asks, and state keeps the asking.
    pub opened: Option<Opened>,
}

/// An asking that persons can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The keyed hash of exactly this call, by this agent, for this user.
    pub digest: [u8; HASH_BYTES],
    /// When it was first asked for, in milliseconds since 1970-01-01T00:00:00Z.
    pub asked_at: i64,
    /// From when on it can no longer be used.
    pub expires: i64,
}

/// Who asks for an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// A rule.
    Rule(RuleId),
    /// The phase of an agent, by index.
    Phase(u32),
}

impl Default for Asker {
    fn default() -> Self {
        Asker::Rule(RuleId::default())
    }
}

/// What is the matter with the approvals that there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// There are none.
    #[default]
    None,
    /// Fewer persons have agreed than must.
    TooFew,
    /// The time in which they could be used is over.
    Expired,
    /// They were used for an earlier call.
    Spent,
    /// Somebody agreed who may not: the requesting user, an owner, or who already serves another rule.
    ApproverExcluded,
    /// Somebody agreed who is no longer in the group.
    ApproverLeftGroup,
    /// They are for another call.
    ActionChanged,
    /// They were given under another policy.
    PolicyChanged,
    /// They were given in another session.
    OtherSession,
}

impl Missing {
    /// Returns the word that stands in decisions.
    pub fn as_str(self) -> &'static str {
        match self {
            Missing::None => "none",
            Missing::TooFew => "too_few",
            Missing::Expired => "expired",
            Missing::Spent => "spent",
            Missing::ApproverExcluded => "approver_excluded",
            Missing::ApproverLeftGroup => "approver_left_group",
            Missing::ActionChanged => "action_changed",
            Missing::PolicyChanged => "policy_changed",
            Missing::OtherSession => "other_session",
        }
    }
}

/// An alert that is raised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Raised {
    /// The rule.
    pub rule: RuleId,
    /// Whether it holds is not known.
    pub uncertain: bool,
}

/// When a throttled call may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Milliseconds from the decision on.
    pub after: i64,
    /// The time, in milliseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
}
