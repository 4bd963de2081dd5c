//! The end of a call: reported as done or failed, or never dispatched (semantics 4.2, H3, H13).

use super::answer::{Answers, Told};
use super::carried::CallGave;
use super::evidence::{self, When};
use super::install::Installed;
use super::journal::{expire, program_mark, value_of};
use super::kept::{Reader, Writer};
use super::key::{Keyer, Name};
use super::lesson::{Lessons, Pupil};
use super::query::slot_key;
use super::record::EntryKey;
use super::session::{self, OPEN, OpenCall, Waiting};
use super::slot::{Event, Shelf};
use super::step::{Place, edit, open};
use super::steps;
use super::{Handle, Records, Refusal, limits};
use crate::json;
use crate::machine::Machine;
use crate::scratch::Scratch;
use crate::value::{NO_NODE, NodeId, Register, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::scope::Tri;
use agentpol_bytecode::tables::{Answer, Happened, Reach, SlotShape, TypeDef};
use alloc::string::String;
use alloc::vec::Vec;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It was done, and answered so.
    Done(Told),
    Failed,
    /// It surely was never dispatched.
    Released,
}

/// What ends a call.
pub(crate) struct Observer<'o> {
    pub(crate) program: &'o Program,
    pub(crate) installed: &'o Installed,
    pub(crate) keyer: &'o Keyer,
    pub(crate) place: Place,
    /// The key of the call.
    pub(crate) call: EntryKey,
    /// The host says that content came back that nobody vouches for.
    pub(crate) untrusted: bool,
}

/// What one slot makes of the end.
struct Closing {
    slot: usize,
    handle: Handle,
    seq: u64,
    /// What counts from now on, with its values; `None` where it counts no more.
    event: Option<(Event, Vec<u8>)>,
}

/// A value that was not kept yet.
const NOT_KEPT: Register = Register { value: Value::Null, node: NO_NODE };

impl Observer<'_> {
    /// Ends the call; returns whether its answer is as declared. Nothing is written where it is refused.
    pub(crate) fn end(
        &mut self,
        records: &mut dyn Records,
        scratch: &mut Scratch,
        ending: Ending,
    ) -> Result<bool, Refusal> {
        let root = self.place.root(records).ok_or(Refusal::SessionUnknown)?;
        let Some(payload) = root.find(OPEN, &self.call) else {
            let closed = session::was_closed(root, &self.call);
            return Err(if closed { Refusal::CallClosed } else { Refusal::CallUnknown });
        };
        let payload = payload.to_vec();
        let call = OpenCall::read(&payload).ok_or(Refusal::StateUnusable)?;
        if session::is_lost(call.time, self.place.now) {
            return Err(Refusal::CallClosed);
        }
        self.reach(records, &call)?;
        if ending == Ending::Released {
            limits::release(records, call.others, false)?;
        }
        let (answer, lessons, whole) = self.hear(scratch, &call, ending);
        let closings = self.closings(scratch, &call, ending, answer)?;
        self.write(records, &call, ending, &closings, &lessons)?;
        Ok(whole)
    }

    /// Opens the records that the call is remembered in.
    fn reach(&mut self, records: &mut dyn Records, call: &OpenCall<'_>) -> Result<(), Refusal> {
        let waits = |reach: Reach| call.slots().any(|waiting| waiting.reach == reach as u8);
        if waits(Reach::Agent) {
            let name = Name::kept(call.agent).ok_or(Refusal::StateUnusable)?;
            self.place.agent = Some(open(records, &name)?);
        }
        if waits(Reach::User) {
            let name = self.place.session(records).and_then(|session| Name::kept(session.user));
            self.place.user = Some(open(records, &name.ok_or(Refusal::StateUnusable)?)?);
        }
        if self.untrusted {
            self.place.reach_pair(records, self.installed, self.keyer)?;
        }
        Ok(())
    }

    /// Reads the answer and learns from it: the answer as a value, what it teaches, whether all of it is as declared.
    fn hear(&self, scratch: &mut Scratch, call: &OpenCall<'_>, ending: Ending) -> (Register, Lessons, bool) {
        let tool = self.installed.known_tool(call.tool).and_then(|tool| self.program.tables().tools.get(tool as usize));
        let (Ending::Done(told), Some(answer)) = (ending, tool.and_then(|tool| tool.answer)) else {
            return (Register::UNKNOWN, Lessons::default(), true);
        };
        let told = self.json(scratch, answer, told);
        let same_program = call.program == program_mark(self.program);
        let keys = call.keys().filter(|_| same_program);
        let keys: Vec<(u32, CallGave<'_>)> = keys
            .map(|(answer, key)| (answer, CallGave::read(self.program, &mut scratch.memory, answer, key)))
            .collect();
        let answers = Answers { program: self.program, memory: &mut scratch.memory, registers: &mut scratch.registers };
        let lessons = Lessons::default();
        let mut pupil = Pupil { answers, keyer: self.keyer, keys: &keys, lessons, whole: true };
        pupil.hear(answer, told);
        let (lessons, whole) = (pupil.lessons, pupil.whole);
        (told.map_or(Register::UNKNOWN, |id| scratch.memory.register(id)), lessons, whole)
    }

    /// The answer as JSON: a text as it came is one where a text is declared, and is parsed elsewhere.
    fn json(&self, scratch: &mut Scratch, answer: u32, told: Told) -> Option<NodeId> {
        match told {
            Told::Nothing => None,
            Told::Json(id) => Some(id),
            Told::Text(id) => {
                let tables = self.program.tables();
                let verbatim = match tables.answers.get(answer as usize) {
                    Some(Answer::Verbatim) => true,
                    Some(Answer::Value(of)) => matches!(tables.types.get(*of as usize), Some(TypeDef::String)),
                    _ => false,
                };
                let Value::Text(text) = scratch.memory.value(id) else { return None };
                if verbatim {
                    return Some(id);
                }
                let text = String::from(scratch.memory.text(text));
                // What is no JSON may still be one of the forms that are declared.
                Some(json::read_more(text.as_bytes(), &mut scratch.memory).map_or(id, |(root, _)| root))
            }
        }
    }

    fn closings(
        &self,
        scratch: &mut Scratch,
        call: &OpenCall<'_>,
        ending: Ending,
        answer: Register,
    ) -> Result<Vec<Closing>, Refusal> {
        let slots = &self.program.tables().slots;
        let mut closings = Vec::new();
        for waiting in call.slots() {
            let Ok(at) = slots.binary_search_by_key(&waiting.slot, |slot| slot.id) else { continue };
            let Some(slot) = slots.get(at).filter(|slot| slot.reach as u8 == waiting.reach) else { continue };
            let handle = self.place.handle(slot.reach).ok_or(Refusal::StateUnusable)?;
            let counts = match (slot.happened, ending) {
                (Happened::Called, Ending::Done(_) | Ending::Failed)
                | (Happened::Completed, Ending::Done(_))
                | (Happened::Failed, Ending::Failed) => true,
                (Happened::Attempted, _) => continue,
                _ => false,
            };
            let done = matches!(ending, Ending::Done(_));
            let event =
                if counts { self.event(scratch, at, call.time, &waiting, done.then_some(answer)) } else { None };
            closings.push(Closing { slot: at, handle, seq: waiting.seq, event });
        }
        Ok(closings)
    }

    /// What a call says to a slot in the end; `None` where it is none of those that are asked about.
    fn event(
        &self,
        scratch: &mut Scratch,
        slot: usize,
        time: i64,
        waiting: &Waiting<'_>,
        answer: Option<Register>,
    ) -> Option<(Event, Vec<u8>)> {
        let slot = self.program.tables().slots.get(slot)?;
        let before = Event { time, seq: waiting.seq, sure: waiting.sure, key: waiting.key, value: waiting.value };
        let Some(entry) = slot.result_entry else { return Some((before, waiting.values.to_vec())) };
        let Some(answer) = answer else { return Some((Event { sure: false, ..before }, Vec::new())) };
        let Scratch { memory, registers, kept, .. } = scratch;
        let mut reader = Reader { program: self.program, bytes: waiting.values };
        kept.clear();
        for of in slot.values.iter().take(kept.capacity()) {
            kept.push(reader.kept(memory, *of).unwrap_or(NOT_KEPT));
        }
        let machine = Machine::bare(self.program, memory, registers).keeping(kept).answered(answer);
        let matched = machine.rule(entry);
        if matched == Tri::False {
            return None;
        }
        let key = slot_key(self.keyer, self.program, memory, slot, kept);
        let value = value_of(self.keyer, self.program, memory, slot, kept);
        let mut values = Vec::new();
        if matches!(slot.shape, SlotShape::First | SlotShape::Last) {
            let taken = kept.get(slot.keys as usize..).unwrap_or_default();
            values = Vec::with_capacity(taken.len().saturating_mul(1 << 15));
            for register in taken {
                Writer { program: self.program, memory, out: &mut values }.value(register.value)?;
            }
            values.shrink_to_fit();
        }
        for (of, register) in slot.values.iter().zip(kept.iter()).skip(slot.keys as usize).take(steps::measures(slot)) {
            values.extend_from_slice(&steps::measure(self.keyer, self.program, memory, *of, register.value));
        }
        Some((Event { sure: waiting.sure && matched == Tri::True, key, value, ..before }, values))
    }

    fn write(
        &self,
        records: &mut dyn Records,
        call: &OpenCall<'_>,
        ending: Ending,
        closings: &[Closing],
        lessons: &Lessons,
    ) -> Result<(), Refusal> {
        let seat = self.place.seat().ok_or(Refusal::SessionUnknown)?;
        let now = self.place.now;
        expire(records, seat.root, now)?;
        for closing in closings {
            let slot = self.program.tables().slots.get(closing.slot).ok_or(Refusal::Internal)?;
            let mut record = edit(records, closing.handle)?;
            let mut shelf = Shelf::of(&mut record, slot, now);
            shelf.forget(closing.seq);
            if let Some((event, values)) = &closing.event {
                shelf.close(event, values).ok_or(Refusal::StateFull)?;
            }
        }
        for handle in [self.place.agent, self.place.user].into_iter().flatten() {
            edit(records, handle)?.step(now);
        }
        if let (true, Some(pair)) = (self.untrusted, self.place.pair) {
            let mut pair = edit(records, pair)?;
            session::raise(&mut pair, true, false, core::iter::empty()).ok_or(Refusal::StateFull)?;
        }
        let mut root = edit(records, seat.root)?;
        // What another program expected of the answer, and this one does not read, is missing.
        let tool = self.installed.known_tool(call.tool);
        let read = tool.map(|tool| self.program.evidence_of(tool)).unwrap_or_default();
        let ids = |at: &u32| self.program.tables().evidence.get(*at as usize).map(|of| of.id);
        for id in call.evidence() {
            let unread = matches!(ending, Ending::Done(_)) && !read.iter().filter_map(ids).any(|known| known == id);
            evidence::settle(&mut root, id, unread).ok_or(Refusal::StateFull)?;
        }
        let when = When { time: call.time, seq: call.seq };
        lessons.write(self.program, &mut root, when).ok_or(Refusal::StateFull)?;
        if self.untrusted {
            session::raise(&mut root, true, false, core::iter::empty()).ok_or(Refusal::StateFull)?;
        }
        session::end(&mut root, &self.call).ok_or(Refusal::StateFull)?;
        root.step(now);
        if ending == Ending::Released {
            limits::release(records, call.others, true)?;
        }
        Ok(())
    }
}
