//! Alerts: told to the operator once a decision is settled, never to the agent (semantics 7, R1).

use super::Trouble;
use super::ledger::Ledger;
use super::limits::window::{self, Window};
use super::limits::{self, Counter, Weighed, Whose};
use super::record::{Record, RecordMut};
use crate::call::Call;
use crate::scratch::Scratch;
use agentpol_bytecode::code::Outcome;
use agentpol_bytecode::decision::{Decision, Raised};
use agentpol_bytecode::scope::Tri;
use agentpol_bytecode::tables::{Alarm, Effect, Key, Rate, RuleId};

/// The bit of an outcome among those that an alert watches.
fn bit(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Allow => 1,
        Outcome::RequireApproval => 2,
        Outcome::Throttle => 4,
        Outcome::Deny => 8,
    }
}

/// Looks at an alert whose rule is not surely false: raises it in the decision where it must be, and notes what it counts
/// behind the counters that there are.
pub(crate) fn hear(
    ledger: &mut Ledger<'_>,
    scratch: &mut Scratch,
    call: &Call,
    whose: &Whose,
    rule: (RuleId, Tri),
    decision: &mut Decision,
) -> Result<(), Trouble> {
    let (id, matched) = rule;
    let effect = ledger.program.rule(id).map(|rule| rule.effect);
    let Some(Effect::Alert { outcomes, alarm, .. }) = effect else { return Ok(()) };
    if outcomes & bit(decision.outcome()) == 0 {
        return Ok(());
    }
    let heard = match alarm {
        Alarm::Match => Some(Tri::True),
        Alarm::Rate(rate) => often(ledger, scratch, call, whose, rate)?,
        Alarm::Novel(rate) => novel(ledger, scratch, call, whose, rate)?,
    };
    if let Some(known) = heard {
        decision.raise(Raised { rule: id, uncertain: known.and(matched) != Tri::True });
    }
    Ok(())
}

/// More matches than the bound, told once for a window and key. What cannot be counted is told as uncertain.
fn often(
    ledger: &mut Ledger<'_>,
    scratch: &mut Scratch,
    call: &Call,
    whose: &Whose,
    index: u32,
) -> Result<Option<Tri>, Trouble> {
    let Some(rate) = ledger.program.tables().rates.get(index as usize) else { return Ok(None) };
    let Weighed::Takes(mut counter) = limits::weigh(ledger, scratch, call, whose, index, None)? else {
        return Ok(Some(Tri::Unknown));
    };
    let window = limits::window_of(ledger.records, rate, &counter)?;
    let after = window.now(ledger.now).saturating_sub(rate.window);
    let (used, complete) = window.used(after);
    let over = used.saturating_add(i128::from(counter.cost)) > i128::from(rate.bound) || !complete;
    counter.raises = over && window.raised().is_none_or(|raised| raised <= after);
    note(scratch, counter);
    Ok(counter.raises.then_some(Tri::True))
}

/// A combination of keys that was not seen within the window; each dataset apart where they are among the keys.
fn novel(
    ledger: &mut Ledger<'_>,
    scratch: &mut Scratch,
    call: &Call,
    whose: &Whose,
    index: u32,
) -> Result<Option<Tri>, Trouble> {
    let tables = ledger.program.tables();
    let Some(rate) = tables.rates.get(index as usize) else { return Ok(None) };
    let datasets = tables.tools.get(call.tool as usize).map(|tool| tool.datasets.as_slice()).unwrap_or_default();
    let apart = rate.keys.contains(&Key::Dataset);
    let mut heard = None;
    let mut at = 0usize;
    while at < if apart { datasets.len() } else { 1 } {
        let dataset = datasets.get(at).copied().filter(|_| apart);
        at = at.saturating_add(1);
        match limits::weigh(ledger, scratch, call, whose, index, dataset)? {
            Weighed::Takes(counter) => {
                if is_new(ledger, rate, &counter)? {
                    heard = heard.or(Some(Tri::True));
                }
                note(scratch, counter);
            }
            Weighed::Invalid | Weighed::Full => heard = Some(Tri::Unknown),
        }
    }
    Ok(heard)
}

fn is_new(ledger: &Ledger<'_>, rate: &Rate, counter: &Counter) -> Result<bool, Trouble> {
    let window: Window<'_> = limits::window_of(ledger.records, rate, counter)?;
    let after = window.now(ledger.now).saturating_sub(rate.window);
    Ok(window.newest().is_none_or(|newest| newest <= after))
}

fn note(scratch: &mut Scratch, counter: Counter) {
    if scratch.counters.len() < scratch.counters.capacity() {
        scratch.counters.push(counter);
    }
}

/// Counts what an alert has looked at.
pub(crate) fn count(ledger: &mut Ledger<'_>, rate: &Rate, counter: &Counter) -> Result<(), Trouble> {
    limits::reserve(ledger, rate, counter)?;
    if counter.raises {
        let record = Record::of(ledger.records.bytes(counter.handle()))?;
        let now = limits::window_in(&record, rate).now(ledger.now);
        let mut record = RecordMut::of(ledger.records.edit(counter.handle()).ok_or(Trouble::Unusable)?)?;
        window::raise(&mut record, rate.id, now);
    }
    Ok(())
}
