//! What tests expect of decisions: whether it came, and the rules that say why not.

use agentpol::policy::{Approver, Claim, Expected};
use agentpol::{Decision, RuleMatch, Tri};

use crate::engine::Engine;
use crate::findings::{AskedClause, AskedRule, Lacking, Reasons};
use crate::replay::is_rule;
use crate::report::RulePlace;
use crate::unknown::Causes;
use crate::verdict::Verdict;

/// What was decided, with whom it waits for.
pub(crate) struct Came {
    pub(crate) verdict: Verdict,
    pub(crate) asks: Vec<Lacking>,
}

impl Came {
    pub(crate) fn new(engine: &Engine<'_>, decision: &Decision) -> Came {
        Came { verdict: engine.verdict(decision), asks: engine.lacking(decision) }
    }

    /// Whether it is what is expected.
    pub(crate) fn meets(&self, claim: &Claim) -> bool {
        let verdict = &self.verdict;
        let as_said = match &claim.expect {
            Expected::Allow => verdict.outcome == "allow",
            Expected::Deny { code } => {
                verdict.outcome == "deny" && code.as_ref().is_none_or(|code| *code == verdict.code)
            }
            Expected::Throttle => verdict.outcome == "throttle",
            Expected::RequireApproval { from } => {
                verdict.outcome == "require_approval" && (from.is_empty() || self.asks_exactly(from))
            }
        };
        as_said && claim.by.as_ref().is_none_or(|by| verdict.rules.iter().any(|rule| is_rule(rule, by)))
    }

    /// Whether all these are asked, and nobody else.
    fn asks_exactly(&self, from: &[Approver]) -> bool {
        let same =
            |one: &Approver, ask: &Lacking| one.who == ask.from && one.count.is_none_or(|count| count == ask.count);
        from.iter().all(|one| self.asks.iter().any(|ask| same(one, ask)))
            && self.asks.iter().all(|ask| from.iter().any(|one| same(one, ask)))
    }

    /// Says why it is not what is expected. The engine must have recorded the decision.
    pub(crate) fn reasons(self, engine: &Engine<'_>, claim: &Claim, causes: &Causes<'_>) -> (Verdict, Reasons) {
        let Came { verdict, asks } = self;
        let mut rules = engine.places(&verdict.rules, true);
        let named = claim.by.as_ref().map(|by| engine.called(by)).unwrap_or_default();
        let missed: Vec<String> = named.into_iter().filter(|name| !verdict.rules.contains(name)).collect();
        rules.extend(engine.places(&missed, false));
        let asked = asked(engine, claim, &verdict, &missed, causes);
        (verdict, Reasons { asks, rules, asked })
    }
}

/// The rules of which it has to be said how they came out.
fn asked(
    engine: &Engine<'_>,
    claim: &Claim,
    verdict: &Verdict,
    missed: &[String],
    causes: &Causes<'_>,
) -> Vec<AskedRule> {
    let wanted = match (&claim.expect, verdict.outcome.as_str()) {
        (Expected::Allow, _) if verdict.code.starts_with("no_allow") => "allow",
        (Expected::Deny { .. }, outcome) if outcome != "deny" => "deny",
        (Expected::RequireApproval { .. }, outcome) if outcome != "require_approval" => "require approval",
        (Expected::Throttle, outcome) if outcome != "throttle" => "limit",
        _ => "",
    };
    let mut out: Vec<AskedRule> = Vec::new();
    for one in engine.scratch.last_matches() {
        let name = engine.name(one.rule);
        let Some(place) = engine.places(&[name], verdict.rules.contains(&engine.name(one.rule))).pop() else {
            continue;
        };
        let unsure = place.decides && one.matched == Tri::Unknown;
        let speaks = place.effect == wanted && !place.decides && missed.is_empty() || missed.contains(&place.rule);
        if unsure || speaks {
            out.push(AskedRule {
                value: word(one.matched),
                clauses: clauses(engine, &one, &place, causes),
                rule: place,
            });
        }
    }
    let silent = missed.iter().filter(|name| !out.iter().any(|one| one.rule.rule == **name)).cloned();
    let silent = engine.places(&silent.collect::<Vec<_>>(), false);
    out.extend(silent.into_iter().map(|rule| AskedRule { rule, value: "silent", clauses: Vec::new() }));
    out
}

fn word(value: Tri) -> &'static str {
    match value {
        Tri::True => "true",
        Tri::False => "false",
        Tri::Unknown => "unknown",
    }
}

/// The clauses of a rule that were not true.
fn clauses(engine: &Engine<'_>, one: &RuleMatch<'_>, rule: &RulePlace, causes: &Causes<'_>) -> Vec<AskedClause> {
    let known = engine.program.tables().debug.clauses.get(one.rule.0 as usize);
    let known = known.map(Vec::as_slice).unwrap_or_default();
    let not_true = one.clauses.iter().zip(known).filter(|(value, _)| **value != Tri::True);
    let clause = |(value, (place, text)): (&Tri, &(agentpol::bytecode::tables::Place, String))| AskedClause {
        text: text.split_whitespace().collect::<Vec<_>>().join(" "),
        line: place.line,
        column: place.column,
        value: word(*value),
        causes: if *value == Tri::Unknown { causes.of(&rule.file, place.line, place.column) } else { Vec::new() },
    };
    not_true.map(clause).collect()
}

/// What is expected, in the language's words.
pub(crate) fn words(claim: &Claim) -> String {
    let mut words = match &claim.expect {
        Expected::Allow => "allow".to_owned(),
        Expected::Deny { code: None } => "deny".to_owned(),
        Expected::Deny { code: Some(code) } => format!("deny {code}"),
        Expected::Throttle => "throttle".to_owned(),
        Expected::RequireApproval { from } => {
            let from: Vec<String> = from.iter().map(approver).collect();
            format!("require approval{}{}", if from.is_empty() { "" } else { " from " }, from.join(" and from "))
        }
    };
    if let Some(by) = &claim.by {
        words.push_str(&format!(" by \"{by}\""));
    }
    words
}

fn approver(one: &Approver) -> String {
    match one.count {
        Some(count) => format!("{count} of {}", one.who),
        None => one.who.clone(),
    }
}
