//! A counter: what a call costs and under which combination of keys it is counted.

use crate::call::Call;
use crate::scratch::Scratch;
use crate::state::ledger::{Ledger, RecordName, add, add_value, party};
use crate::state::record::{EntryKey, Record, RecordMut};
use crate::state::{Handle, Trouble};
use crate::value::Value;
use agentpol_bytecode::tables::{Kept, Key, Rate};

/// How many combinations of an agent's values one rate counts apart at a time (semantics H7).
const MAX_LIVE: usize = 1024;
/// How many millionths are one.
const MILLION: i64 = 1_000_000;

/// What a call takes from a rate, and where that is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counter {
    /// An index into the rates.
    pub(crate) rate: u32,
    pub(super) name: RecordName,
    pub(super) handle: Handle,
    pub(crate) cost: i64,
    /// An alert is raised from it.
    pub(crate) raises: bool,
    /// Where the agent's combinations are listed, where the call's values are among the keys.
    live: Option<Live>,
}

/// The list of combinations that an agent has counted under.
#[derive(Clone, Copy, Debug)]
struct Live {
    key: EntryKey,
    handle: Handle,
    /// A combination that is out of every window, and its counter: they go.
    gone: Option<(EntryKey, Handle)>,
}

/// What came of weighing.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Weighed {
    /// The cost or a key is not known, or the cost is negative.
    Invalid,
    /// The agent counts under too many combinations already.
    Full,
    /// This is what it takes.
    Takes(Counter),
}

/// Whose call it is, as keys see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whose {
    /// The root session.
    pub(crate) root: EntryKey,
    /// The agent and the user of the root session, where they are counted together.
    pub(crate) pair: EntryKey,
}

/// Finds out what a call takes from a rate. `dataset` is the one that is counted apart, where each is; else all together.
pub(crate) fn weigh(
    ledger: &mut Ledger<'_>,
    scratch: &mut Scratch,
    call: &Call,
    whose: &Whose,
    index: u32,
    dataset: Option<u32>,
) -> Result<Weighed, Trouble> {
    let program = ledger.program;
    let Some(rate) = program.tables().rates.get(index as usize) else { return Ok(Weighed::Invalid) };
    let view = ledger.view()?;
    call.keep(program, scratch, view.as_ref(), rate.entry, rate.keys.len().saturating_add(1));
    let cost = match rate.cost {
        None => Some(1),
        Some(kind) => scratch.kept.first().and_then(|kept| cost(kind, kept.value)),
    };
    let Some(cost) = cost.filter(|cost| *cost >= 0) else { return Ok(Weighed::Invalid) };
    let Some(key) = combination(ledger, scratch, call, whose, rate, dataset) else { return Ok(Weighed::Invalid) };
    let name = RecordName::rate(rate.id, &key);
    let handle = ledger.open(&name)?;
    let has_values = rate.keys.iter().any(|key| matches!(key, Key::Value(_)));
    let live = if has_values { live(ledger, scratch, call, rate, key)? } else { Some(None) };
    Ok(match live {
        Some(live) => Weighed::Takes(Counter { rate: index, name, handle, cost, raises: false, live }),
        None => Weighed::Full,
    })
}

/// A cost in the unit of the bound: an int, or millionths.
fn cost(kind: Kept, value: Value) -> Option<i64> {
    match (kind, value) {
        (Kept::Int, Value::Int(cost)) | (Kept::Decimal, Value::Decimal(cost)) => Some(cost),
        (Kept::Decimal, Value::Int(cost)) => cost.checked_mul(MILLION),
        _ => None,
    }
}

/// Packs the keys of a call; `None` where one is not known or not there.
fn combination(
    ledger: &Ledger<'_>,
    scratch: &Scratch,
    call: &Call,
    whose: &Whose,
    rate: &Rate,
    dataset: Option<u32>,
) -> Option<EntryKey> {
    let (program, memory) = (ledger.program, &scratch.memory);
    let tables = program.tables();
    let tool = tables.tools.get(call.tool as usize)?;
    let mut packer = ledger.keyer.start();
    let mut values = scratch.kept.iter().skip(usize::from(rate.cost.is_some()));
    for key in &rate.keys {
        match key {
            Key::Agent => add(&mut packer, 1, call.chain.text(program, memory, call.chain.actor()).as_bytes()),
            Key::User => match call.request.user {
                Some(user) => add(&mut packer, 2, memory.text(user.id).as_bytes()),
                // H16: nobody is somebody here.
                None => add(&mut packer, 3, &[]),
            },
            Key::Session => add(&mut packer, 4, &whose.root),
            Key::Pair => add(&mut packer, 9, &whose.pair),
            Key::Origin => add(&mut packer, 5, call.chain.text(program, memory, call.chain.origin()).as_bytes()),
            Key::Tool => {
                let module = tables.modules.get(tool.module as usize)?;
                add(&mut packer, 6, program.symbol(module.name).as_bytes());
                add(&mut packer, 6, program.symbol(tool.name).as_bytes());
            }
            Key::Dataset => {
                for one in tool.datasets.iter().filter(|one| dataset.is_none_or(|only| only == **one)) {
                    add(&mut packer, 7, program.symbol(tables.datasets.get(*one as usize)?.name).as_bytes());
                }
            }
            Key::Env => add(&mut packer, 8, memory.text(call.request.env?).as_bytes()),
            Key::Value(_) => add_value(&mut packer, program, memory, values.next()?.value)?,
        }
    }
    Some(packer.finish())
}

/// Finds the agent's list, and a place in it: `None` where it is full of combinations that still count.
fn live(
    ledger: &mut Ledger<'_>,
    scratch: &Scratch,
    call: &Call,
    rate: &Rate,
    key: EntryKey,
) -> Result<Option<Option<Live>>, Trouble> {
    let agent = call.chain.text(ledger.program, &scratch.memory, call.chain.actor());
    let handle = ledger.open(&RecordName::live(&party(ledger.keyer, agent)))?;
    let record = Record::of(ledger.records.bytes(handle))?;
    if record.find(rate.id, &key).is_some() {
        return Ok(Some(Some(Live { key, handle, gone: None })));
    }
    let over = record.least_recent(rate.id).filter(|entry| entry.stamp <= ledger.now.saturating_sub(rate.window));
    let over = over.map(|entry| *entry.key);
    if over.is_none() && record.count(rate.id) >= MAX_LIVE {
        return Ok(None);
    }
    let gone = match over {
        Some(over) => Some((over, ledger.open(&RecordName::rate(rate.id, &over))?)),
        None => None,
    };
    Ok(Some(Some(Live { key, handle, gone })))
}

/// Notes in the agent's list that it has counted under the combination.
pub(super) fn note_live(ledger: &mut Ledger<'_>, rate: &Rate, counter: &Counter, now: i64) -> Result<(), Trouble> {
    let Some(live) = counter.live else { return Ok(()) };
    // Others may have counted under the same combination since.
    if let Some((_, gone)) = live.gone
        && super::window_in(&Record::of(ledger.records.bytes(gone))?, rate).is_over(now.saturating_sub(rate.window))
    {
        ledger.records.edit(gone).ok_or(Trouble::Unusable)?.clear();
    }
    let mut record = RecordMut::of(ledger.records.edit(live.handle).ok_or(Trouble::Unusable)?)?;
    if let Some((gone, _)) = live.gone {
        record.remove(rate.id, &gone);
    }
    record.put(rate.id, &live.key, now, &[]).ok_or(Trouble::Unusable)?;
    record.step(now);
    Ok(())
}

impl Counter {
    /// The record that it counts in.
    pub(crate) fn handle(&self) -> Handle {
        self.handle
    }
}
