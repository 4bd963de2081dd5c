//! What tests reach of a policy: its rules, their clauses, the conditions in them, and both sides of every `if`.
//!
//! Measured on a program of its own, made by [`compile_marked`](agentpol::compile_marked): the program that is deployed counts
//! nothing. A goal is a value that something should have had at least once: a rule that it applies, a clause, a condition
//! and an `if` each that they are true and that they are false.

mod gather;

use agentpol::policy::{ClauseKind, Policy, Rule};
use agentpol::{Mark, Marked, SourceMap, Span};
use serde::Serialize;

pub(crate) use gather::Gathered;

use crate::report::SourcePlace;

/// What tests reached of a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// The rules, by file and place.
    pub rules: Vec<RuleCoverage>,
}

/// What tests reached of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleCoverage {
    /// The rule as `MODULE: NAME`.
    pub rule: String,
    /// The words of its effect.
    pub effect: &'static str,
    /// Where it stands: from its first word to the end of its last clause.
    pub at: Extent,
    /// How often it applied, did not apply, or might have: of the calls that its agents and tools did not rule out.
    pub applied: Values,
    /// How often it was among the rules that decided.
    pub decided: u64,
    /// Its clauses, in the order of writing; those on agents, tools, verbs and data are told by the calls they rule out.
    pub clauses: Vec<PartCoverage>,
    /// Its conditions, in the order of places.
    pub conditions: Vec<PartCoverage>,
    /// What decides its `if`s.
    pub branches: Vec<PartCoverage>,
}

/// What tests reached of a part of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartCoverage {
    /// Where it stands.
    pub at: Extent,
    /// Its text.
    pub text: String,
    /// How often it was what.
    #[serde(flatten)]
    pub values: Values,
}

/// How often something was true, false or unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Values {
    /// True.
    pub yes: u64,
    /// False.
    pub no: u64,
    /// Unknown.
    pub unknown: u64,
}

/// A stretch of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Extent {
    /// Where it begins.
    #[serde(flatten)]
    pub start: SourcePlace,
    /// The line of its end, from 1.
    pub end_line: u32,
    /// The column behind its last character, from 1.
    pub end_column: u32,
}

/// Goals that were reached, of all there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Reached.
    pub reached: u64,
    /// All.
    pub of: u64,
}

/// The shares of a policy, or of a part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Shares {
    /// Rules that applied.
    pub rules: Share,
    /// Clauses that were true, and that were false.
    pub clauses: Share,
    /// Conditions that were true, and that were false.
    pub conditions: Share,
    /// Sides of `if`s that were taken.
    pub branches: Share,
}

impl Share {
    /// In percent, rounded down so that 100 means all; 100 of nothing.
    pub fn percent(self) -> u64 {
        (self.reached * 100).checked_div(self.of).unwrap_or(100)
    }

    fn add(&mut self, other: Share) {
        self.reached += other.reached;
        self.of += other.of;
    }
}

impl Shares {
    /// All goals together.
    pub fn all(&self) -> Share {
        let mut all = Share::default();
        for share in [self.rules, self.clauses, self.conditions, self.branches] {
            all.add(share);
        }
        all
    }
}

impl Values {
    /// Whether it was true, or might have been: a restriction that might apply restricts.
    pub fn applied(self) -> bool {
        self.yes + self.unknown > 0
    }

    /// How often it was asked for.
    pub fn asked(self) -> u64 {
        self.yes + self.no + self.unknown
    }

    fn share(self) -> Share {
        Share { reached: u64::from(self.yes > 0) + u64::from(self.no > 0), of: 2 }
    }

    fn add(&mut self, other: Values) {
        self.yes += other.yes;
        self.no += other.no;
        self.unknown += other.unknown;
    }
}

impl From<Marked> for Values {
    fn from(marked: Marked) -> Values {
        Values { yes: marked.yes, no: marked.no, unknown: marked.unknown }
    }
}

impl RuleCoverage {
    /// Its shares.
    pub fn shares(&self) -> Shares {
        let of = |parts: &[PartCoverage]| {
            let mut share = Share::default();
            parts.iter().for_each(|part| share.add(part.values.share()));
            share
        };
        Shares {
            rules: Share { reached: u64::from(self.applied.applied()), of: 1 },
            clauses: of(&self.clauses),
            conditions: of(&self.conditions),
            branches: of(&self.branches),
        }
    }
}

impl Coverage {
    /// The shares of those rules that are wanted.
    pub fn shares(&self, wanted: impl Fn(&RuleCoverage) -> bool) -> Shares {
        let mut all = Shares::default();
        for shares in self.rules.iter().filter(|rule| wanted(rule)).map(RuleCoverage::shares) {
            all.rules.add(shares.rules);
            all.clauses.add(shares.clauses);
            all.conditions.add(shares.conditions);
            all.branches.add(shares.branches);
        }
        all
    }

    /// Begins with nothing reached.
    fn new(policy: &Policy, sources: &SourceMap) -> Coverage {
        let of = |rule: &Rule| {
            let reported = rule.clauses.iter().filter(|clause| !matches!(clause.kind, ClauseKind::Let(..)));
            let clauses = reported.map(|clause| part(sources, clause.span)).collect();
            let whole = rule.clauses.iter().fold(rule.span, |whole, clause| whole.to(clause.span));
            RuleCoverage {
                rule: format!("{}: {}", policy[rule.module].name, rule.name),
                effect: rule.effect.as_str(),
                at: extent(sources, whole),
                applied: Values::default(),
                decided: 0,
                clauses,
                conditions: Vec::new(),
                branches: Vec::new(),
            }
        };
        Coverage { rules: policy.rules.iter().map(of).collect() }
    }
}

/// Those marks that say more than the clause they stand in: a clause that is one condition is told as a clause.
fn telling(policy: &Policy, marks: &[Mark]) -> Vec<bool> {
    let alone = |mark: &Mark| {
        let Some(rule) = mark.rule.and_then(|number| policy.rules.get(number)) else { return false };
        let whole = rule.clauses.iter().any(|clause| match &clause.kind {
            ClauseKind::When(condition) | ClauseKind::Unless(condition) => condition.span == mark.span,
            _ => false,
        });
        whole && marks.iter().filter(|other| other.rule == mark.rule && other.span == mark.span).count() == 1
    };
    marks.iter().map(|mark| mark.rule.is_some() && !alone(mark)).collect()
}

fn part(sources: &SourceMap, span: Span) -> PartCoverage {
    PartCoverage { at: extent(sources, span), text: sources.text(span).to_owned(), values: Values::default() }
}

pub(crate) fn extent(sources: &SourceMap, span: Span) -> Extent {
    let (file, start) = sources.locate(span);
    let end = sources.get(span.file).map_or(start, |file| file.position(span.end));
    Extent {
        start: SourcePlace { file: file.to_owned(), line: start.line, column: start.column },
        end_line: end.line,
        end_column: end.column,
    }
}
