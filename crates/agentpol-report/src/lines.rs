//! What tests reach, line by line: what the formats of coverage tell.

use std::collections::BTreeMap;

use agentpol_replay::{Coverage, Extent, Values};

use crate::Tested;

/// What is reached of a file.
#[derive(Default)]
pub(crate) struct File {
    /// For each rule: its line, its name, and how often it applied.
    pub(crate) rules: Vec<(u32, String, u64)>,
    /// For each line on which a goal stands: how often the most reached one was.
    pub(crate) hits: BTreeMap<u32, u64>,
    /// For each line: how often each of its parts was true, and false.
    pub(crate) branches: BTreeMap<u32, Vec<(u64, u64)>>,
}

impl File {
    fn part(&mut self, at: &Extent, values: Values) {
        let line = at.start.line;
        self.hit(line, values.asked());
        self.branches.entry(line).or_default().push((values.yes, values.no));
    }

    fn hit(&mut self, line: u32, hits: u64) {
        let old = self.hits.entry(line).or_default();
        *old = (*old).max(hits);
    }

    /// How many lines are reached.
    pub(crate) fn reached(&self) -> usize {
        self.hits.values().filter(|hits| **hits > 0).count()
    }

    /// How many sides of branches are taken, and how many there are.
    pub(crate) fn taken(&self) -> (usize, usize) {
        let all = self.branches.values().flatten();
        let taken = all.clone().map(|(yes, no)| usize::from(*yes > 0) + usize::from(*no > 0)).sum();
        (taken, all.count() * 2)
    }
}

/// The files of a run by name.
pub(crate) fn files(tested: &Tested<'_>) -> BTreeMap<String, File> {
    let mut files = BTreeMap::new();
    tested.projects.iter().filter_map(|project| project.coverage).for_each(|coverage| add(coverage, &mut files));
    files
}

fn add(coverage: &Coverage, files: &mut BTreeMap<String, File>) {
    for rule in &coverage.rules {
        let name = rule.at.start.file.strip_prefix("./").unwrap_or(&rule.at.start.file);
        let file = files.entry(name.to_owned()).or_default();
        let applied = rule.applied.yes + rule.applied.unknown;
        file.rules.push((rule.at.start.line, rule.rule.clone(), applied));
        file.hit(rule.at.start.line, applied);
        let parts = rule.clauses.iter().chain(&rule.conditions).chain(&rule.branches);
        parts.for_each(|part| file.part(&part.at, part.values));
    }
}
