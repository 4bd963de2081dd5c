//! The most bytes that a program's memory takes, for each record that a store keeps.
//!
//! The evaluator lays records out as a directory of entries and a heap of payloads behind it. The directory doubles when it
//! is full, lists in payloads grow by half, and what is wasted is swept up once it is the greater part: the bounds here
//! count all of that.

use crate::program::Program;
use crate::scope::Tri;
use crate::tables::{
    Alarm, Answer, Effect, Evidence, Kept, Key, KeySource, Phase, Rate, Reach, Slot, SlotShape, Tables, TypeDef,
};
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
    /// Of the combinations that an agent has counted under, where values are among the keys.
    pub agent_keys: u64,
    /// Of one approval that is asked for.
    pub approval: u64,
    /// Of all that is asked for one agent and user.
    pub approvals: u64,
}

impl Ceiling {
    /// Returns all that is more than nothing, each with what has it.
    pub fn parts(&self) -> impl Iterator<Item = (u64, &'static str)> {
        let parts = [
            (self.session, "a session"),
            (self.agent, "an agent"),
            (self.user, "a user"),
            (self.limit_key, "a key of a limit"),
            (self.alert_key, "a key of an alert"),
            (self.agent_keys, "the keys of an agent"),
            (self.approval, "an approval"),
            (self.approvals, "the approvals of an agent and user"),
        ];
        parts.into_iter().filter(|(bytes, _)| *bytes > 0)
    }
}

/// A step does not begin with a record that has more bytes: `state_full`.
pub const MAX_RECORD: u64 = 1 << 25;

/// What stands at the beginning of a record.
const HEAD: u64 = 32;
/// An entry in the directory.
const ENTRY: u64 = 56;
/// So much waste is left lying.
const LITTER: u64 = 4096;
/// What stands at the beginning of a payload.
const PAYLOAD: u64 = 128;
/// A time, or what else is eight bytes wide.
const TIME: u64 = 8;
/// A key, hashed where it is longer.
const KEY: u64 = 32;
/// How many open calls a slot waits for: it does not notice which have been lost before there are so many.
const MAX_PENDING: u64 = 256;
/// A scalar behind its tag.
const SCALAR: u64 = 24;
/// A field of a record that is kept, beside its value.
const FIELD: u64 = 28;
/// The longest list, map or record that is remembered.
const MAX_COMPOSED: u64 = 16 * 1024;
/// The longest name of a record, behind its length.
const NAME: u64 = 260;
/// How many of the first calls in a window are kept, so that those that fall out of it have others behind them.
const FIRST_STEPS: u64 = 16;
/// How many closed calls are told from unknown ones.
const MAX_CLOSED: u64 = 128;
/// What an open call has in each slot that waits for it, beside values.
const WAITING: u64 = 22 + 2 * KEY;
/// How many bytes of values are kept of one call, at most.
const MAX_VALUES: u64 = 1 << 17;
/// What an open call has taken from a limit.
const RESERVED: u64 = 72;
/// How many combinations of an agent's values one rate counts apart.
const MAX_LIVE: u64 = 1024;
/// How many persons may agree to one asking.
const MAX_PERSONS: u64 = 64;
/// The longest description of a call that persons are asked about.
const MAX_ACTION: u64 = 16 * 1024;
/// How many agents a chain has.
const MAX_CHAIN: u64 = 6;
/// How many askings of an agent and user are remembered, and what each takes.
const MAX_ASKINGS: u64 = 32;
const ASKING: u64 = 144;

/// What a record holds.
#[derive(Clone, Copy, Debug, Default)]
struct Load {
    entries: u64,
    payloads: u64,
}

impl Load {
    fn of(entries: u64, payload: u64) -> Load {
        Load { entries, payloads: entries.saturating_mul(payload) }
    }

    fn and(self, other: Load) -> Load {
        Load {
            entries: self.entries.saturating_add(other.entries),
            payloads: self.payloads.saturating_add(other.payloads),
        }
    }

    /// The bytes of the record; none for one that holds nothing.
    fn bytes(self) -> u64 {
        match self.entries {
            0 => 0,
            entries => {
                let directory = entries.max(2).saturating_mul(2 * ENTRY);
                let heap = self.payloads.saturating_mul(2).saturating_add(LITTER);
                directory.saturating_add(heap).saturating_add(HEAD)
            }
        }
    }
}

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
            own.map(|slot| slot_load(tables, slot)).fold(Load::default(), Load::and)
        };
        let evidence = tables.evidence.iter().map(|evidence| evidence_load(tables, evidence));
        let own = Load::of(1, (4 * NAME).saturating_add(PAYLOAD));
        let labels = Load::of(1, TIME.saturating_mul(tables.datasets.len() as u64 + 1));
        let closed = Load::of(1, TIME + MAX_CLOSED * KEY);
        let open = Load::of(u64::from(MAX_OPEN), open_bytes(self));
        let session = [own, labels, closed, open].into_iter().fold(slots(Reach::Session), Load::and);
        let session = evidence.fold(session, Load::and);
        let mut ceiling = Ceiling {
            session: session.bytes(),
            agent: slots(Reach::Agent).bytes(),
            user: slots(Reach::User).bytes(),
            ..Ceiling::default()
        };
        for rule in &tables.rules {
            let Some((_, rate)) = self.rate_of(rule) else { continue };
            let limit = matches!(rule.effect, Effect::Limit { .. });
            let most = if limit { &mut ceiling.limit_key } else { &mut ceiling.alert_key };
            *most = (*most).max(rate_load(rate, rule.effect).bytes());
        }
        let by_value = |rate: &&Rate| rate.keys.iter().any(|key| matches!(key, Key::Value(_)));
        let counted = tables.rates.iter().filter(by_value).count() as u64;
        ceiling.agent_keys = Load::of(counted.saturating_mul(MAX_LIVE + 1), 0).bytes();
        if asks(tables) {
            ceiling.approval = self.asking().bytes();
            ceiling.approvals = Load::of(MAX_ASKINGS + 1, ASKING).bytes();
        }
        ceiling
    }

    /// What is asked of persons, and who has agreed.
    fn asking(&self) -> Load {
        let tables = self.tables();
        let groups = tables.groups.iter().map(|group| self.symbol(group.wire).len() as u64).max().unwrap_or(0);
        let owners = tables.agents.iter().map(|agent| self.symbol(agent.owner).len() as u64 + TIME).max().unwrap_or(0);
        // The group, the user twice, the record that lists the asking, the owners.
        let texts = groups.saturating_add(3 * NAME + 6 * TIME).saturating_add(owners.saturating_mul(MAX_CHAIN));
        Load::of(1, PAYLOAD.saturating_add(texts)).and(Load::of(1, MAX_ACTION)).and(Load::of(MAX_PERSONS, NAME))
    }
}

/// Whether persons are asked for something.
fn asks(tables: &Tables) -> bool {
    tables.rules.iter().any(|rule| matches!(rule.effect, Effect::RequireApproval { .. }))
        || tables.agents.iter().any(|agent| matches!(agent.phase, Phase::Supervised { .. }))
}

/// Returns the bytes of all records of one kind, as many as are kept, where each is as long as it can be.
pub fn evidence_bytes(tables: &Tables, evidence: &Evidence) -> u64 {
    let Load { entries, payloads } = evidence_load(tables, evidence);
    entries.saturating_mul(ENTRY).saturating_add(payloads)
}

/// A list of so many, with the room that it may have beyond them.
fn list(count: u64, width: u64) -> u64 {
    count.saturating_add(count / 2).saturating_add(1).saturating_mul(width)
}

/// How wide a call under way is where a slot looks for it.
fn pending_bytes(slot: &Slot) -> u64 {
    let beside = (slot.values.len() as u64).saturating_sub(u64::from(slot.keys));
    let compared = match slot.shape {
        SlotShape::Ring { .. } => beside,
        SlotShape::First | SlotShape::Last => 0,
        _ => beside.min(1),
    };
    let keys = compared.saturating_add(u64::from(slot.keys.min(1)));
    (2 * TIME).saturating_add(keys.saturating_mul(KEY))
}

/// All keys of a slot, with the calls that surely count and those that may, and what lies under none: the same, and calls
/// under way.
fn slot_load(tables: &Tables, slot: &Slot) -> Load {
    let compared = (slot.values.len() as u64).saturating_sub(u64::from(slot.keys));
    let values = slot.values.iter().skip(slot.keys as usize);
    let values = values.map(|kept| kept_bytes(tables, *kept)).fold(0u64, u64::saturating_add);
    let (count, width, values) = match slot.shape {
        SlotShape::Time => (1, TIME, 0),
        SlotShape::Other => (2, TIME + KEY, 0),
        SlotShape::Least { steps } | SlotShape::Greatest { steps } => (u64::from(steps), 2 * TIME, 0),
        SlotShape::Count { most } => (u64::from(most), TIME, 0),
        SlotShape::Distinct { most } => (u64::from(most), TIME + KEY, 0),
        SlotShape::Sum { entries } => (u64::from(entries), 3 * TIME, 0),
        SlotShape::Newest { steps } => (u64::from(steps), 2 * TIME, 0),
        SlotShape::Ring { most } => (u64::from(most), (2 * TIME).saturating_add(compared.saturating_mul(KEY)), 0),
        SlotShape::Last => (1, 3 * TIME, values),
        SlotShape::First if slot.window.is_none() => (1, 3 * TIME, values),
        SlotShape::First => (FIRST_STEPS, 3 * TIME, values.saturating_mul(FIRST_STEPS)),
    };
    let lists = [list(count, width), list(count, width), list(count, TIME), list(values, 1)];
    let payload = lists.into_iter().fold(PAYLOAD, u64::saturating_add);
    let pending = list(MAX_PENDING, pending_bytes(slot));
    Load::of(u64::from(slot.room).saturating_add(1), payload).and(Load::of(1, payload.saturating_add(pending)))
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

/// All records of one kind, with the fields that are kept; one more while a new one comes in.
fn evidence_load(tables: &Tables, evidence: &Evidence) -> Load {
    let Some(TypeDef::Record { fields, .. }) = tables.types.get(evidence.ty as usize) else { return Load::default() };
    let fields = evidence.kept.iter().filter_map(|field| fields.get(*field as usize));
    let fields = fields.map(|field| type_bytes(tables, field.ty).saturating_add(FIELD));
    let payload = fields.fold(PAYLOAD, u64::saturating_add);
    Load::of(u64::from(evidence.room).saturating_add(2), payload)
}

/// A call under way: of the tool whose calls are remembered in most places.
fn open_bytes(program: &Program) -> u64 {
    let tables = program.tables();
    let of_slot = |(slot, _): (u32, Tri)| {
        let Some(slot) = tables.slots.get(slot as usize) else { return (0, 0) };
        let behind = slot.values.get(slot.keys as usize..).unwrap_or_default();
        let packed = if matches!(slot.shape, SlotShape::Ring { .. }) { behind.len() as u64 } else { 0 };
        let values = match (slot.result_entry, slot.shape) {
            // What hangs on the answer is worked out anew once there is one.
            (Some(_), _) => slot.values.as_slice(),
            (None, SlotShape::First | SlotShape::Last) => behind,
            (None, _) => &[],
        };
        (
            WAITING.saturating_add(packed.saturating_mul(KEY)),
            values.iter().map(|kept| kept_bytes(tables, *kept)).fold(0u64, u64::saturating_add),
        )
    };
    let of_tool = |tool: u32| {
        let each = program.memory().slots(tool).iter().copied().map(of_slot);
        let (waiting, values) =
            each.fold((0u64, 0u64), |all, one| (all.0.saturating_add(one.0), all.1.saturating_add(one.1)));
        let taught = TIME.saturating_mul(program.evidence_of(tool).len() as u64);
        waiting.saturating_add(values.min(MAX_VALUES)).saturating_add(taught)
    };
    let tools = u32::try_from(tables.tools.len()).unwrap_or(u32::MAX);
    let remembered = (0..tools).map(of_tool).max().unwrap_or(0);
    let keyed = tables.answers.iter().map(given_bytes).fold(0u64, u64::saturating_add);
    let limits = tables.rules.iter().filter(|rule| matches!(rule.effect, Effect::Limit { .. })).count() as u64;
    [remembered, keyed, limits.saturating_mul(RESERVED), NAME, PAYLOAD].into_iter().fold(0u64, u64::saturating_add)
}

/// What a call gives to the key of its answer: the whole key, or values that wait for the rest of it.
fn given_bytes(answer: &Answer) -> u64 {
    let Answer::Keyed { keys, .. } = answer else { return 0 };
    let parts = if keys.iter().all(|key| *key == KeySource::Call) { 0 } else { keys.len() as u64 };
    parts.saturating_mul(u64::from(MAX_KEPT) + SCALAR).saturating_add(KEY + TIME)
}

/// One combination of keys of a counter.
fn rate_load(rate: &Rate, effect: Effect) -> Load {
    let bound = u64::try_from(rate.bound).unwrap_or(0);
    let events = match (effect, rate.cost) {
        (Effect::Alert { alarm: Alarm::Novel(_), .. }, _) => TIME,
        (_, Some(_)) => list(AMOUNTS, 2 * TIME),
        (_, None) => list(bound.saturating_add(1), TIME),
    };
    let keys = rate.keys.iter().filter(|key| matches!(key, Key::Value(_))).count() as u64;
    Load::of(1, events.saturating_add(PAYLOAD).saturating_add(keys.saturating_mul(KEY)))
}
