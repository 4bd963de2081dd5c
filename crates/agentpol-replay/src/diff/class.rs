//! What a change of a decision is: which of the words for it fits, and whether it lets more through.

use serde::Serialize;

use crate::verdict::{NOT_EVALUABLE, Verdict};

/// What became of a decision. In the order in which reports have them: what lets more through comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Class {
    /// Allowed, and was denied, or was no tool that the policy knew.
    NewlyAllowed,
    /// No rule allowed this tool to these agents, and now one may. Told from the policies, not from a call.
    NewlyCovered,
    /// An approval that was asked for is asked for no more, or of fewer persons.
    ApprovalDropped,
    /// Was to be tried later, and is not.
    ThrottleDropped,
    /// Was denied, and now waits for a person or a limit.
    DenialSoftened,
    /// Denied, and was not.
    NewlyDenied,
    /// An approval is asked for that was not.
    ApprovalAdded,
    /// To be tried later, and was not.
    ThrottleAdded,
    /// Cannot be judged, and could be.
    NoLongerJudged,
    /// Some rule might allow this tool to these agents, and now none may. Told from the policies, not from a call.
    NoLongerCovered,
    /// Denied, and could not be judged.
    NewlyJudged,
    /// The same outcome, for another reason.
    ReasonChanged,
    /// The same decision; what rules in observation would have made of it is another.
    ObservationChanged,
}

/// Which way a change goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More gets through.
    Looser,
    /// Less gets through.
    Stricter,
    /// Just as much gets through.
    Neither,
}

impl Class {
    /// Every class, in order.
    pub const ALL: [Class; 13] = [
        Class::NewlyAllowed,
        Class::NewlyCovered,
        Class::ApprovalDropped,
        Class::ThrottleDropped,
        Class::DenialSoftened,
        Class::NewlyDenied,
        Class::ApprovalAdded,
        Class::ThrottleAdded,
        Class::NoLongerJudged,
        Class::NoLongerCovered,
        Class::NewlyJudged,
        Class::ReasonChanged,
        Class::ObservationChanged,
    ];

    /// The word for it in reports and in the file of accepted changes.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::NewlyAllowed => "newly_allowed",
            Class::NewlyCovered => "newly_covered",
            Class::ApprovalDropped => "approval_dropped",
            Class::ThrottleDropped => "throttle_dropped",
            Class::DenialSoftened => "denial_softened",
            Class::NewlyDenied => "newly_denied",
            Class::ApprovalAdded => "approval_added",
            Class::ThrottleAdded => "throttle_added",
            Class::NoLongerJudged => "no_longer_judged",
            Class::NoLongerCovered => "no_longer_covered",
            Class::NewlyJudged => "newly_judged",
            Class::ReasonChanged => "reason_changed",
            Class::ObservationChanged => "observation_changed",
        }
    }

    /// The class of that word.
    pub fn from_word(word: &str) -> Option<Class> {
        Class::ALL.into_iter().find(|class| class.as_str() == word)
    }

    /// Which way it goes.
    pub fn direction(self) -> Direction {
        match self {
            Class::NewlyAllowed
            | Class::NewlyCovered
            | Class::ApprovalDropped
            | Class::ThrottleDropped
            | Class::DenialSoftened => Direction::Looser,
            Class::NewlyDenied
            | Class::ApprovalAdded
            | Class::ThrottleAdded
            | Class::NoLongerJudged
            | Class::NoLongerCovered => Direction::Stricter,
            Class::NewlyJudged | Class::ReasonChanged | Class::ObservationChanged => Direction::Neither,
        }
    }
}

/// Whose approval a decision asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The wire name of a group, or `user`.
    pub from: String,
    /// How many persons.
    pub count: u32,
}

/// A decision as far as two policies are compared by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    /// `allow`, `require_approval`, `throttle`, `deny` or `not_evaluable`.
    pub outcome: String,
    /// The deciding code; where nothing was judged the reason.
    pub code: String,
    /// The deciding rules as `MODULE: NAME`, by module and name, at most sixteen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// Whose approval it asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<Asked>,
    /// The code with all rules live, where some are only in observation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub would: Option<String>,
}

impl Decided {
    pub(crate) fn new(verdict: &Verdict, asks: Vec<Asked>) -> Decided {
        let Verdict { outcome, code, rules, would, .. } = verdict.clone();
        Decided { outcome, code, rules, asks, would }
    }

    fn is_judged(&self) -> bool {
        self.outcome != NOT_EVALUABLE
    }

    /// Whether the call gets through or not, as a host sees it: a tool that the policy does not know is denied.
    fn weight(&self) -> u8 {
        match self.outcome.as_str() {
            "allow" => 0,
            "require_approval" => 1,
            "throttle" => 2,
            _ => 3,
        }
    }
}

/// Names the change from one decision to the other; nothing where they are the same.
pub(crate) fn class(old: &Decided, new: &Decided) -> Option<Class> {
    if old == new {
        return None;
    }
    Some(match (old.weight(), new.weight()) {
        (1, 0) => Class::ApprovalDropped,
        (2, 0 | 1) => Class::ThrottleDropped,
        (3, 0) => Class::NewlyAllowed,
        (3, 1 | 2) => Class::DenialSoftened,
        (0 | 1, 2) => Class::ThrottleAdded,
        (0, 1) => Class::ApprovalAdded,
        // What is no tool any more is denied; what else keeps a call from being judged says nothing about it.
        (0..=2, 3) if new.is_judged() || new.code == "tool_undeclared" => Class::NewlyDenied,
        (0..=2, 3) => Class::NoLongerJudged,
        _ => alike(old, new),
    })
}

/// Names the change between decisions of one outcome.
fn alike(old: &Decided, new: &Decided) -> Class {
    match (old.is_judged(), new.is_judged()) {
        (true, false) => return Class::NoLongerJudged,
        (false, true) => return Class::NewlyJudged,
        _ => {}
    }
    let persons = |asks: &[Asked], from: &str| -> u32 {
        asks.iter().filter(|ask| ask.from == from).fold(0, |sum, ask| sum.saturating_add(ask.count))
    };
    let less = |one: &Decided, other: &Decided| {
        one.asks.iter().any(|ask| persons(&one.asks, &ask.from) > persons(&other.asks, &ask.from))
    };
    match () {
        () if less(old, new) => Class::ApprovalDropped,
        () if less(new, old) => Class::ApprovalAdded,
        () if (&old.code, &old.rules) != (&new.code, &new.rules) => Class::ReasonChanged,
        () => Class::ObservationChanged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(outcome: &str, code: &str) -> Decided {
        Decided { outcome: outcome.to_owned(), code: code.to_owned(), ..Decided::default() }
    }

    fn asking(asks: &[(&str, u32)]) -> Decided {
        let asks = asks.iter().map(|(from, count)| Asked { from: (*from).to_owned(), count: *count });
        Decided { asks: asks.collect(), ..decided("require_approval", "approval_required") }
    }

    #[test]
    fn every_pair_of_outcomes_has_its_word() {
        let outcomes = ["allow", "require_approval", "throttle", "deny", "not_evaluable"];
        let expected = [
            ["-", "approval_added", "throttle_added", "newly_denied", "newly_denied"],
            ["approval_dropped", "-", "throttle_added", "newly_denied", "newly_denied"],
            ["throttle_dropped", "throttle_dropped", "-", "newly_denied", "newly_denied"],
            ["newly_allowed", "denial_softened", "denial_softened", "-", "no_longer_judged"],
            ["newly_allowed", "denial_softened", "denial_softened", "newly_judged", "-"],
        ];
        for (old, row) in outcomes.iter().zip(expected) {
            for (new, word) in outcomes.iter().zip(row) {
                let of =
                    |outcome: &str| decided(outcome, if outcome == "not_evaluable" { "tool_undeclared" } else { "x" });
                let found = class(&of(old), &of(new)).map_or("-", Class::as_str);
                assert_eq!(found, word, "{old} to {new}");
            }
        }
        let unread = class(&decided("allow", "allowed"), &decided("not_evaluable", "no_environment"));
        assert_eq!(unread, Some(Class::NoLongerJudged));
    }

    #[test]
    fn fewer_persons_are_a_dropped_approval() {
        let (two, one) = (asking(&[("leads", 2)]), asking(&[("leads", 1)]));
        assert_eq!(class(&two, &one), Some(Class::ApprovalDropped));
        assert_eq!(class(&one, &two), Some(Class::ApprovalAdded));
        // Somebody else's approval is not that approval.
        assert_eq!(class(&one, &asking(&[("user", 1)])), Some(Class::ApprovalDropped));
        assert_eq!(class(&one, &asking(&[("leads", 1), ("user", 1)])), Some(Class::ApprovalAdded));
    }

    #[test]
    fn the_same_outcome_may_have_another_reason() {
        let (rule, none) = (decided("deny", "denied_by_rule"), decided("deny", "no_allow"));
        assert_eq!(class(&rule, &none), Some(Class::ReasonChanged));
        let would = Decided { would: Some("denied_by_rule".to_owned()), ..none.clone() };
        assert_eq!(class(&none, &would), Some(Class::ObservationChanged));
        assert_eq!(class(&none, &none), None);
    }

    #[test]
    fn words_are_read_back() {
        for class in Class::ALL {
            assert_eq!(Class::from_word(class.as_str()), Some(class));
            assert_eq!(serde_json::to_string(&class).unwrap(), format!("\"{}\"", class.as_str()));
        }
    }
}
