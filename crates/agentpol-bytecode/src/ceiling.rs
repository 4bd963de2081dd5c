//! The most bytes that a program's memory takes, for each record that a store keeps.

use crate::program::Program;
use crate::scope::Tri;
use crate::tables::{Alarm, Answer, Effect, Kept, Key, Rate, Reach, Slot, SlotShape, Tables, TypeDef};
use crate::verify::{AMOUNTS, MAX_KEPT, MAX_OPEN};

/// The most bytes of state, for each thing that has a record of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ceiling {
    /// Of a root session.
    pub session: u64,
    /// Of an agent.
    pub agent: u64,
    /// Of a user.
    pub user: u64,
    /// Of one combination of keys of the largest limit.
    pub limit_key: u64,
    /// Of one combination of keys of the largest counter of an alert.
    pub alert_key: u64,
}

/// What stands at the beginning of a record.
const HEAD: u64 = 64;
/// What an entry has beside its values: what it is of, its key, where it is.
const ENTRY: u64 = 64;
/// A time, or what else is eight bytes wide, for what surely and for what possibly happened.
const TIMES: u64 = 16;
/// A key, hashed where it is longer.
const KEY: u64 = 32;
/// A number with its tag.
const SCALAR: u64 = 24;
/// The longest list, map or record that is remembered.
const MAX_COMPOSED: u64 = 16 * 1024;
/// The longest id of a session or call.
const MAX_ID: u64 = 256;
/// An event that is counted by how much: time, amount, the last of those merged into it.
const AMOUNT: u64 = 24;

impl Program {
    /// Returns the most bytes of state.
    ///
    /// Bounds of one record each: a store holds as many as there are sessions, agents, users and keys. Counters by values
    /// have room for 1,024 combinations for each agent.
    pub fn ceiling(&self) -> Ceiling {
        let tables = self.tables();
        if !self.remembers() {
            return Ceiling::default();
        }
        let slots = |reach: Reach| {
            let own = tables.slots.iter().filter(move |slot| slot.reach == reach);
            own.map(|slot| slot_bytes(tables, slot)).fold(0u64, u64::saturating_add)
        };
        let apart = |bytes: u64| if bytes == 0 { 0 } else { bytes.saturating_add(HEAD) };
        let evidence = tables.evidence.iter().map(|evidence| {
            let fields = record_bytes(tables, evidence.ty, &evidence.kept);
            fields.saturating_add(ENTRY).saturating_mul(u64::from(evidence.room))
        });
        let labels = (tables.datasets.len() as u64).div_ceil(8).saturating_add(TIMES);
        let open = open_bytes(self).saturating_mul(u64::from(MAX_OPEN));
        let session = [slots(Reach::Session), labels, open, HEAD, MAX_ID];
        let mut ceiling = Ceiling {
            session: session.into_iter().chain(evidence).fold(0u64, u64::saturating_add),
            agent: apart(slots(Reach::Agent)),
            user: apart(slots(Reach::User)),
            ..Ceiling::default()
        };
        for rule in &tables.rules {
            let Some((_, rate)) = self.rate_of(rule) else { continue };
            let (limit, bytes) = (matches!(rule.effect, Effect::Limit { .. }), rate_bytes(rate, rule.effect));
            let most = if limit { &mut ceiling.limit_key } else { &mut ceiling.alert_key };
            *most = (*most).max(bytes);
        }
        ceiling
    }
}

/// All keys of a slot.
fn slot_bytes(tables: &Tables, slot: &Slot) -> u64 {
    let values = slot.values.iter().skip(slot.keys as usize);
    let values = values.map(|kept| kept_bytes(tables, *kept)).fold(0u64, u64::saturating_add);
    let one = match slot.shape {
        SlotShape::Time => TIMES,
        SlotShape::Other => (KEY + TIMES) * 2,
        SlotShape::Least { steps } | SlotShape::Greatest { steps } => u64::from(steps) * 2 * (SCALAR + TIMES),
        SlotShape::Count { most } => u64::from(most) * TIMES,
        SlotShape::Distinct { most } => u64::from(most) * (KEY + TIMES),
        SlotShape::Sum { entries } => u64::from(entries) * 2 * AMOUNT,
        SlotShape::First | SlotShape::Last => values.saturating_add(TIMES),
    };
    one.saturating_add(ENTRY).saturating_mul(u64::from(slot.room))
}

fn kept_bytes(tables: &Tables, kept: Kept) -> u64 {
    match kept {
        Kept::Text => u64::from(MAX_KEPT) + SCALAR,
        Kept::Typed(of) => type_bytes(tables, of),
        _ => SCALAR,
    }
}

fn type_bytes(tables: &Tables, of: u32) -> u64 {
    match tables.types.get(of as usize) {
        Some(TypeDef::List { .. } | TypeDef::Map { .. } | TypeDef::Record { .. } | TypeDef::Json) => MAX_COMPOSED,
        Some(
            TypeDef::Bool
            | TypeDef::Int
            | TypeDef::Decimal { .. }
            | TypeDef::Float
            | TypeDef::Date
            | TypeDef::DateTime { .. }
            | TypeDef::Ip
            | TypeDef::Enum(_)
            | TypeDef::Level(_),
        ) => SCALAR,
        _ => u64::from(MAX_KEPT) + SCALAR,
    }
}

/// The fields of a record that are kept.
fn record_bytes(tables: &Tables, of: u32, kept: &[u32]) -> u64 {
    let Some(TypeDef::Record { fields, .. }) = tables.types.get(of as usize) else { return 0 };
    let fields = kept.iter().filter_map(|field| fields.get(*field as usize));
    fields.map(|field| type_bytes(tables, field.ty)).fold(TIMES, u64::saturating_add)
}

/// A call under way: of the tool whose calls are remembered in most places.
fn open_bytes(program: &Program) -> u64 {
    let tables = program.tables();
    let of_slot = |(slot, _): (u32, Tri)| {
        let values = tables.slots.get(slot as usize).map_or(&[][..], |slot| slot.values.as_slice());
        values.iter().map(|kept| kept_bytes(tables, *kept)).fold(SCALAR, u64::saturating_add)
    };
    let of_tool = |tool: u32| program.memory().slots(tool).iter().copied().map(of_slot).fold(0u64, u64::saturating_add);
    let tools = u32::try_from(tables.tools.len()).unwrap_or(u32::MAX);
    let slots = (0..tools).map(of_tool).max().unwrap_or(0);
    let keys = tables.answers.iter().map(|answer| match answer {
        Answer::Keyed { evidence, .. } => {
            let keys = tables.evidence.get(*evidence as usize).map_or(0, |evidence| evidence.keys.len() as u64);
            keys.saturating_mul(u64::from(MAX_KEPT) + SCALAR)
        }
        _ => 0,
    });
    [slots, keys.max().unwrap_or(0), MAX_ID, ENTRY].into_iter().fold(0u64, u64::saturating_add)
}

/// One combination of keys of a counter.
fn rate_bytes(rate: &Rate, effect: Effect) -> u64 {
    let bound = u64::try_from(rate.bound).unwrap_or(0);
    let events = match (effect, rate.cost) {
        (Effect::Alert { alarm: Alarm::Novel(_), .. }, _) => TIMES,
        (_, Some(_)) => AMOUNTS * AMOUNT,
        (_, None) => bound.saturating_add(1).saturating_mul(TIMES),
    };
    let keys = rate.keys.iter().filter(|key| matches!(key, Key::Value(_))).count() as u64;
    [events, HEAD, ENTRY, keys.saturating_mul(KEY)].into_iter().fold(0u64, u64::saturating_add)
}
