//! `since` and `keeping last`: calls in the order of their steps (semantics 7).

use super::Past;
use super::question::{Range, against, counts};
use super::recall::Recall;
use super::slot::{Set, questions};
use crate::reference::compute::compare;
use crate::reference::truth::Truth;
use crate::reference::value::Held;
use agentpol_check::policy::{Earlier, Expr, Happened, Question};
use std::collections::BTreeSet;

/// A call of a set: whether it surely is one, or may be.
struct Member<'m> {
    past: &'m Past<'m>,
    sure: bool,
}

/// What cuts off.
#[derive(Default)]
struct Cut {
    /// The step of the newest call that surely does.
    sure: u64,
    /// The latest time of one that surely does.
    time: Option<i64>,
    /// The step of the newest call that may.
    maybe: u64,
    /// Calls before this time may have been followed by one that nobody kept.
    doubtful_before: Option<i64>,
}

/// The calls that had no room, where calls are kept one by one.
#[derive(Default)]
struct Gone {
    steps: BTreeSet<u64>,
    /// The latest time and the newest step of each list that gave calls up.
    last: Vec<(i64, u64)>,
}

impl<'m> Recall<'m> {
    /// Whether there are such calls, or how many, of those behind what cuts off.
    pub(super) fn in_steps(self, earlier: &Earlier, now: &[Held], value: &dyn Fn(&Expr) -> Held) -> Held {
        let cut = match &earlier.since {
            None => Cut::default(),
            Some(since) => {
                let now: Vec<Held> = since.pairs.iter().map(|pair| value(&pair.now)).collect();
                if now.iter().any(|side| side.known().is_none()) {
                    return Held::Unknown;
                }
                self.cut(since, &now)
            }
        };
        let (gone, set) = (self.gone(earlier), Set { earlier, cuts: false });
        let (mut low, mut high) = (0, 0);
        for member in self.members(set, now) {
            let past = member.past;
            let inside = earlier.within.is_none_or(|window| past.time > self.now - window);
            if !inside || past.decided <= cut.sure || gone.steps.contains(&past.decided) {
                continue;
            }
            let behind = past.decided > cut.maybe && cut.doubtful_before.is_none_or(|before| past.time >= before);
            low += i128::from(member.sure && behind);
            high += 1;
        }
        let range = Range { low, high: (!self.cut_off_missing(set, &cut, &gone)).then_some(high) };
        match &earlier.question {
            Question::Count { op, plus, bound } => {
                Held::truth(against(*op, &range, plus.as_deref().map(value).as_ref(), *bound))
            }
            _ => Held::truth(match (range.low, range.high) {
                (1.., _) => Truth::True,
                (_, Some(0)) => Truth::False,
                _ => Truth::Unknown,
            }),
        }
    }

    /// The calls of a set that fit what they are compared with, or may.
    fn members(self, set: Set<'_>, now: &[Held]) -> Vec<Member<'m>> {
        let asked = set.signature(self.memory.policy);
        let room = self.room(set);
        let mut members = Vec::new();
        for past in self.reached(set.earlier.reach) {
            let Some(entry) = past.entries.get(&asked).filter(|_| !room.dropped.contains(&past.decided)) else {
                continue;
            };
            let (low, high) = counts(entry.stage(past), set.earlier.happened);
            if !high {
                continue;
            }
            let pairs = set.earlier.pairs.iter().zip(&entry.pairs).zip(now);
            let mut truths: Vec<Truth> = pairs.map(|((pair, that), now)| compare(pair.op, that, now)).collect();
            truths.push(entry.filter());
            if !truths.contains(&Truth::False) {
                let sure = low && truths.iter().all(|truth| *truth == Truth::True);
                members.push(Member { past, sure });
            }
        }
        members
    }

    fn cut(self, since: &Earlier, now: &[Held]) -> Cut {
        let set = Set { earlier: since, cuts: true };
        let members = self.members(set, now);
        let sure = || members.iter().filter(|member| member.sure).map(|member| member.past);
        let asked = set.signature(self.memory.policy);
        let missing = self.memory.missing(&asked, since.reach, self, None);
        Cut {
            sure: sure().map(|past| past.decided).max().unwrap_or(0),
            time: sure().map(|past| past.time).max(),
            // One may have been under a key that gave way.
            maybe: members.iter().map(|member| member.past.decided).max().unwrap_or(0).max(self.room(set).lost_step),
            doubtful_before: missing.then(|| self.memory.kept_since(&asked, since.reach, self)),
        }
    }

    /// Of calls that are kept one by one only the last so many are there: of those that surely are in the set, and of those
    /// that may be.
    fn gone(self, earlier: &Earlier) -> Gone {
        let policy = self.memory.policy;
        let asked = Set { earlier, cuts: false }.signature(policy);
        let same = questions(policy).into_iter().filter(|set| set.signature(policy) == asked);
        let Some(most) = same.filter_map(|set| set.earlier.keeping).max() else { return Gone::default() };
        let mut gone = Gone::default();
        for wanted in [Truth::True, Truth::Unknown] {
            let closed: Vec<&Past<'_>> = self
                .reached(earlier.reach)
                .into_iter()
                .filter(|past| {
                    // What is open is looked for where open calls are.
                    let Some(entry) = past.entries.get(&asked) else { return false };
                    let kept = entry.closes(past, earlier.happened) || earlier.happened == Happened::Attempted;
                    kept && entry.filter() == wanted
                })
                .collect();
            let over = closed.len().saturating_sub(most as usize);
            let given_up = &closed[..over];
            gone.steps.extend(given_up.iter().map(|past| past.decided));
            let time = given_up.iter().map(|past| past.time).max();
            let step = given_up.iter().map(|past| past.decided).max();
            gone.last.extend(time.zip(step));
        }
        gone
    }

    /// Whether calls behind what cuts off may be missing.
    fn cut_off_missing(self, set: Set<'_>, cut: &Cut, gone: &Gone) -> bool {
        let asked = set.signature(self.memory.policy);
        let unkept = self.memory.missing(&asked, set.earlier.reach, self, set.earlier.within);
        let since = self.memory.kept_since(&asked, set.earlier.reach, self);
        let covered = cut.time.is_some_and(|time| time >= since);
        let room = self.room(set);
        let inside = |(time, step): &(i64, u64)| {
            set.earlier.within.is_none_or(|window| *time > self.now - window) && *step > cut.sure
        };
        let keys = room.lost.map(|time| (time, room.lost_step));
        unkept && !covered || gone.last.iter().chain(&keys).any(inside)
    }
}
