//! Gathering what decisions reach, one after the other.

use std::collections::BTreeSet;

use agentpol::policy::Policy;
use agentpol::{Decision, Mark, Scratch, SourceMap, Tri};

use super::{Coverage, PartCoverage, Values, part, telling};

/// What was reached so far.
pub(crate) struct Gathered {
    coverage: Coverage,
    /// For each mark its rule, its part, and whether it decides an `if`; nothing for those that are not told.
    marks: Vec<Option<(usize, PartCoverage, bool)>>,
}

impl Gathered {
    /// Begins for a policy and the marks of its program.
    pub(crate) fn new(policy: &Policy, sources: &SourceMap, marks: &[Mark]) -> Gathered {
        let told = marks.iter().zip(telling(policy, marks)).map(|(mark, told)| {
            let rule = mark.rule.filter(|_| told)?;
            Some((rule, part(sources, mark.span), mark.branch))
        });
        Gathered { coverage: Coverage::new(policy, sources), marks: told.collect() }
    }

    /// Takes in the last decision, which must have been recorded.
    pub(crate) fn take(&mut self, scratch: &Scratch, decision: &Decision) {
        for found in scratch.last_matches() {
            let Some(rule) = self.coverage.rules.get_mut(found.rule.0 as usize) else { continue };
            rule.applied.add(one(found.matched));
            for (clause, value) in rule.clauses.iter_mut().zip(found.clauses) {
                clause.values.add(one(*value));
            }
        }
        for rule in decision.rules().named() {
            if let Some(rule) = self.coverage.rules.get_mut(rule.0 as usize) {
                rule.decided += 1;
            }
        }
    }

    /// Returns the rules that agent and tool did not rule out for some call, as indexes into the policy's.
    pub(crate) fn rules(&self) -> BTreeSet<usize> {
        let rules = self.coverage.rules.iter().enumerate();
        rules.filter(|(_, rule)| rule.applied.asked() > 0).map(|(number, _)| number).collect()
    }

    /// Returns what was reached, with the conditions as the program has counted them.
    pub(crate) fn finish(mut self, scratch: &Scratch) -> Coverage {
        for (mark, marked) in self.marks.into_iter().zip(scratch.marks()) {
            let Some((number, mut part, branch)) = mark else { continue };
            let Some(rule) = self.coverage.rules.get_mut(number) else { continue };
            part.values = Values::from(*marked);
            let parts = if branch { &mut rule.branches } else { &mut rule.conditions };
            parts.push(part);
        }
        for rule in &mut self.coverage.rules {
            rule.conditions.sort_by(|a, b| a.at.cmp(&b.at));
            rule.branches.sort_by(|a, b| a.at.cmp(&b.at));
        }
        self.coverage.rules.sort_by(|a, b| a.at.cmp(&b.at));
        self.coverage
    }
}

fn one(value: Tri) -> Values {
    Values {
        yes: u64::from(value == Tri::True),
        no: u64::from(value == Tri::False),
        unknown: u64::from(value == Tri::Unknown),
    }
}
