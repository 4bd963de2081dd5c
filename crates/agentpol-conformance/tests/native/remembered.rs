//! The vm in this process with a memory, side by side with the reference interpreter.

use super::{Remembering, digests, summary};
use agentpol::policy::Policy;
use agentpol::{Decision, Evaluator};
use agentpol_conformance::reference::{Asked, Before, Memory, Summary};
use std::collections::BTreeMap;

/// The key of the host that all engines are.
pub(crate) const HOST: [u8; 32] = *b"the host of all engines in tests";

/// A policy and the program made of it.
#[derive(Clone, Copy)]
pub(crate) struct Deployed<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) evaluator: &'a Evaluator,
}

impl Deployed<'_> {
    fn meaning(&self) -> [u8; 32] {
        *self.evaluator.program().meaning_hash()
    }
}

/// What both remember.
pub(crate) struct Remembered<'a> {
    deployed: Deployed<'a>,
    before: Option<Deployed<'a>>,
    pub(crate) slow: Memory<'a>,
    fast: Remembering,
    /// The digests that the vm gives, by those of the reference interpreter: equal ones are equal on both.
    digests: BTreeMap<String, String>,
}

/// What both decide.
pub(crate) struct Decided {
    /// The reference interpreter.
    pub(crate) slow: Summary,
    /// The vm.
    pub(crate) fast: Decision,
    /// How they differ, if they do.
    pub(crate) difference: Option<String>,
}

impl<'a> Remembered<'a> {
    /// Starts with nothing remembered.
    pub(crate) fn new(deployed: Deployed<'a>) -> Result<Remembered<'a>, String> {
        Ok(Remembered {
            deployed,
            before: None,
            slow: Memory::new(deployed.policy, deployed.meaning(), HOST),
            fast: Remembering::new(deployed.evaluator)?,
            digests: BTreeMap::new(),
        })
    }

    /// Deploys another policy, behind everything that happened where no time is given; returns when.
    pub(crate) fn deploy(&mut self, deployed: Deployed<'a>, at: Option<i64>) -> Result<i64, String> {
        let at = at.unwrap_or(self.slow.last() + 1);
        self.before = Some(self.deployed);
        self.deployed = deployed;
        self.slow.install(deployed.policy, deployed.meaning(), at, Before::Unknown);
        self.fast.deploy(deployed.evaluator, at)?;
        Ok(at)
    }

    /// Decides on both.
    pub(crate) fn decide(&mut self, request: &[u8]) -> Decided {
        let slow = self.slow.decide(request);
        let fast = self.fast.decide(request);
        let program = self.deployed.evaluator.program();
        let said = summary(&fast, program);
        let difference = match said == slow {
            true => self.compare_digests(digests(&fast, program)),
            false => Some(format!("the reference decides {slow}\n      the vm {said}")),
        };
        Decided { slow, fast, difference }
    }

    /// The policy before, where it is another one.
    fn before(&self) -> Option<Deployed<'a>> {
        self.before.filter(|before| before.meaning() != self.deployed.meaning())
    }

    /// Decides on both with the policy before; `None` where there is none.
    pub(crate) fn decide_stale(&mut self, request: &[u8]) -> Option<(Deployed<'a>, Decided)> {
        let before = self.before()?;
        let slow = self.slow.decide_as(before.policy, request);
        let fast = self.fast.stale()?.decide(request);
        let said = summary(&fast, before.evaluator.program());
        let difference = (said != slow).then(|| format!("the reference decides {slow}\n      the vm {said}"));
        Some((before, Decided { slow, fast, difference }))
    }

    /// Tells both with the policy before; returns what each says.
    pub(crate) fn tell_stale(&mut self, event: &str) -> Option<(Option<String>, Option<String>)> {
        let before = self.before()?;
        let slow = self.slow.tell_as(before.policy, event.as_bytes()).err().map(str::to_owned);
        Some((slow, self.fast.stale()?.tell(event.as_bytes())))
    }

    /// Tells both; returns what the reference interpreter says, what the vm says, and the event with the vm's digests.
    pub(crate) fn tell(&mut self, event: &str) -> (Option<String>, Option<String>, String) {
        let slow = self.slow.tell(event.as_bytes()).err().map(str::to_owned);
        let theirs = self.digests.iter().fold(event.to_owned(), |text, (ours, theirs)| text.replace(ours, theirs));
        let fast = self.fast.tell(theirs.as_bytes());
        (slow, fast, theirs)
    }

    /// D1: two asks have one digest on the one engine exactly where they have one on the other.
    fn compare_digests(&mut self, mut fast: Vec<Asked>) -> Option<String> {
        let mut slow = self.slow.asked().to_vec();
        let rules_first = |a: &Asked, b: &Asked| (a.rule.is_none(), &a.rule).cmp(&(b.rule.is_none(), &b.rule));
        slow.sort_by(rules_first);
        fast.sort_by(rules_first);
        if !slow.iter().map(|asked| &asked.rule).eq(fast.iter().map(|asked| &asked.rule)) {
            return Some(format!("the reference asks for {slow:?}, the vm for {fast:?}"));
        }
        for (ours, theirs) in slow.iter().zip(&fast) {
            let known = self.digests.entry(ours.digest.clone()).or_insert_with(|| theirs.digest.clone());
            if *known != theirs.digest {
                return Some(format!("one digest on the reference, two on the vm, for {:?}", ours.rule));
            }
        }
        let mut values: Vec<&String> = self.digests.values().collect();
        values.sort();
        values.dedup();
        (values.len() != self.digests.len()).then(|| "one digest on the vm, two on the reference".to_owned())
    }
}
