//! The decision: semantics 4.1, without memory of earlier calls and with it.

use crate::arguments::Failure;
use crate::call::{self, Call, Caller};
use crate::chain;
use crate::judge::{self, Scene, Stop};
use crate::request::Request;
use crate::scratch::Scratch;
use crate::settle::Judgement;
use crate::state::journal::{self, Commit};
use crate::state::key::Keyer;
use crate::state::ledger::Ledger;
use crate::state::limits::Whose;
use crate::state::record::{ALONE, EntryKey};
use crate::state::step::{Place, Recall};
use crate::state::{Host, Records};
use agentpol_bytecode::Program;
use agentpol_bytecode::code::{Code, Outcome};
use agentpol_bytecode::decision::{Decision, Named, Raised};
use agentpol_bytecode::render::OperatorView;
use agentpol_bytecode::tables::{Effect, Rule};

/// Decides a request, given as the bytes of its JSON. Whatever they are, this returns a decision: it never panics, takes
/// no memory, and allows nothing that no rule surely allows.
pub fn decide(program: &Program, request: &[u8], scratch: &mut Scratch) -> Decision {
    prepare(program, request, scratch).decide()
}

/// Decides a request with what is remembered, and remembers it: limits are taken from, approvals spent, the call is open
/// from then on. Takes no memory but where a record grows. The records are one atomic step of the store: the decision counts
/// once that step is durable, and not before.
pub fn decide_in(
    program: &Program,
    request: &[u8],
    scratch: &mut Scratch,
    records: &mut dyn Records,
    host: &Host<'_>,
) -> Decision {
    prepare(program, request, scratch).decide_in(records, host)
}

/// Decides a request with what is remembered, and writes nothing: what would come out, for an operator's eyes.
pub fn preview_in(
    program: &Program,
    request: &[u8],
    scratch: &mut Scratch,
    records: &mut dyn Records,
    host: &Host<'_>,
) -> Preview {
    prepare(program, request, scratch).preview_in(records, host)
}

/// What would be decided. It permits nothing, and is for the operator alone (semantics R1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a preview that nobody looks at was for nothing"]
pub struct Preview(Decision);

impl Preview {
    /// Returns what would come out.
    pub fn outcome(&self) -> Outcome {
        self.0.outcome()
    }

    /// Returns why, in one code.
    pub fn code(&self) -> Code {
        self.0.code()
    }

    /// Returns the alerts that would be raised.
    pub fn alerts(&self) -> &Named<Raised> {
        self.0.alerts()
    }

    /// Returns the view for operators and their records.
    pub fn for_operator<'a>(&'a self, program: &'a Program) -> OperatorView<'a> {
        self.0.for_operator(program)
    }
}

/// Reads a request, so that it can be decided any number of times.
pub fn prepare<'a>(program: &'a Program, request: &[u8], scratch: &'a mut Scratch) -> Prepared<'a> {
    scratch.trace.clear();
    let request = if scratch.made_for == *program.file_hash() {
        call::request(program, request, scratch)
    } else {
        Err(Code::Internal)
    };
    let caller = request.and_then(|request| call::caller(program, scratch, request, request.at));
    let call = caller.and_then(|caller| Ok(caller.calls(call::tool(program, scratch, &caller)?)));
    let values = match &call {
        Ok(call) => call::read(program, scratch, call),
        Err(code) => Err((*code, None)),
    };
    Prepared { program, scratch, request, caller, call, values, ran: None }
}

/// A request that was read: as far as each part goes, with the first structural code that applies at the request's own time.
#[derive(Debug)]
#[must_use = "a request that is read is not decided yet"]
pub struct Prepared<'a> {
    program: &'a Program,
    scratch: &'a mut Scratch,
    request: Result<Request, Code>,
    caller: Result<Caller, Code>,
    /// What is called.
    call: Result<Call, Code>,
    /// Whether everything that rules read could be read.
    values: Result<(), Failure>,
    /// Whether the call ran, where that is history.
    ran: Option<bool>,
}

/// The store of a step, and whose it is.
struct Held<'s> {
    host: &'s Host<'s>,
    keyer: &'s Keyer,
    /// What comes of the step is written.
    writing: bool,
}

impl Prepared<'_> {
    /// Decides. The same request gives the same decision every time.
    pub fn decide(&mut self) -> Decision {
        let mut decision = Judgement::nothing();
        self.judge_apart(&mut Judgement::new(&mut decision));
        decision
    }

    fn judge_apart(&mut self, judgement: &mut Judgement<'_>) {
        match (&self.call, self.values) {
            (Ok(call), Ok(())) => {
                if judge::judge(self.program, self.scratch, call, None, judgement).is_err() {
                    judgement.refuse(Code::Internal, None);
                }
            }
            (Err(code), _) => judgement.refuse(*code, None),
            (_, Err((code, argument))) => judgement.refuse(code, argument),
        }
    }

    /// As [`decide_in`].
    pub fn decide_in(&mut self, records: &mut dyn Records, host: &Host<'_>) -> Decision {
        self.step(records, host, true)
    }

    /// Decides as [`decide_in`] a call that is history already: it is remembered as let through exactly where it `ran`,
    /// whatever comes out. For replays of recordings, never for a call to come.
    pub fn recorded_in(&mut self, records: &mut dyn Records, host: &Host<'_>, ran: bool) -> Decision {
        self.ran = Some(ran);
        self.step(records, host, true)
    }

    /// As [`preview_in`].
    pub fn preview_in(&mut self, records: &mut dyn Records, host: &Host<'_>) -> Preview {
        Preview(self.step(records, host, false))
    }

    fn step(&mut self, records: &mut dyn Records, host: &Host<'_>, writing: bool) -> Decision {
        let mut decision = Judgement::nothing();
        self.step_in(records, host, writing, &mut Judgement::new(&mut decision));
        decision
    }

    fn step_in(&mut self, records: &mut dyn Records, host: &Host<'_>, writing: bool, judgement: &mut Judgement<'_>) {
        if !host.installed.fits(self.program) {
            return;
        }
        let current = host.installed.is_current(records);
        if current != Ok(true) {
            return judgement.refuse(current.err().map_or(Code::StateUnusable, Code::from), None);
        }
        let before = self.scratch.memory.state();
        self.scratch.keyer.use_key(host.key);
        let keyer = self.scratch.keyer.clone();
        let held = Held { host, keyer: &keyer, writing };
        let decided = match self.program.remembers() {
            true => self.decide_at(records, &held, judgement),
            false => self.decide_apart(records, &held, judgement),
        };
        self.scratch.memory.back_to(before);
        if let Err(stop) = decided {
            let code = match stop {
                Stop::Trouble(trouble) => trouble.into(),
                Stop::Full => Code::StateFull,
                Stop::Internal => Code::Internal,
            };
            judgement.refuse(code, None);
        }
    }

    /// Decides where nothing hangs on what happened before: no session is asked for, and alerts only look.
    fn decide_apart(
        &mut self,
        records: &mut dyn Records,
        held: &Held<'_>,
        judgement: &mut Judgement<'_>,
    ) -> Result<(), Stop> {
        let Ok(call) = self.call else {
            self.judge_apart(judgement);
            return Ok(());
        };
        let place = Place::nowhere(call.now);
        if let Err(failure) = self.values {
            return self.refuse(records, held, &place, false, failure, judgement);
        }
        let since = |rate: u32| held.host.installed.rate(rate);
        let mut scene = self.scene(records, held, &place, false, &since);
        judge::judge(self.program, self.scratch, &call, Some(&mut scene), judgement)
    }

    /// Line 1, and then what follows from it.
    fn decide_at(
        &mut self,
        records: &mut dyn Records,
        held: &Held<'_>,
        judgement: &mut Judgement<'_>,
    ) -> Result<(), Stop> {
        let (place, key) = match self.admit(records, held) {
            Ok(admitted) => admitted,
            // What comes before the tool in the table is looked at before it: alerts do not know which tool it is.
            Err(code) => {
                judgement.refuse(code, None);
                return Ok(());
            }
        };
        if let Err(failure) = self.values {
            return self.refuse(records, held, &place, true, failure, judgement);
        }
        if place.is_full(records) {
            return self.refuse(records, held, &place, true, (Code::StateFull, None), judgement);
        }
        self.judge(records, held, &place, key, judgement)
    }

    /// Codes 3 to 22, at the time of the session: where the call happens, and the key it is remembered by.
    fn admit(&mut self, records: &mut dyn Records, held: &Held<'_>) -> Result<(Place, EntryKey), Code> {
        let Held { host, keyer, .. } = held;
        let Prepared { program, scratch, request, caller, call, .. } = self;
        let request = request.as_ref().map_err(|code| *code)?;
        let session = request.session.map(|session| scratch.memory.text(session));
        let mut place = Place::begin(records, session, request.at)?;
        let moved;
        let caller = match caller {
            Err(code) => return Err(*code),
            Ok(caller) if place.now == request.at => caller,
            Ok(_) => {
                moved = call::caller(program, scratch, *request, place.now)?;
                &moved
            }
        };
        let (chain, memory) = (&caller.chain, &scratch.memory);
        let text = |member| chain.text(program, memory, member);
        let origin = (chain.agents().len() > 1).then(|| text(chain.origin()));
        let user = request.user.map(|user| memory.text(user.id));
        place.admit(records, keyer, text(chain.actor()), origin, user)?;
        let id = request.call.map(|call| memory.text(call)).filter(|call| !call.is_empty());
        let session = request.session.map_or("", |session| memory.text(session));
        let key = place.call_key(keyer, session, id.ok_or(Code::RequestMalformed)?);
        if place.is_duplicate(records, &key) {
            return Err(Code::CallDuplicate);
        }
        if let Err(code) = call {
            return Err(*code);
        }
        place.reach(records, host.installed, keyer, session, (text(chain.actor()), user))?;
        Ok((place, key))
    }

    /// What rules, limits, alerts and approvals look at. Before a session is known they ask nothing of earlier calls.
    fn scene<'s>(
        &self,
        records: &'s mut dyn Records,
        held: &'s Held<'s>,
        place: &'s Place,
        admitted: bool,
        since: &'s dyn Fn(u32) -> i64,
    ) -> Scene<'s>
    where
        Self: 's,
    {
        let Held { host, keyer, .. } = held;
        let session = self.request.ok().and_then(|request| request.session);
        let session = session.map_or("", |session| self.scratch.memory.text(session));
        let root = if self.tells_roots() { place.root_key(records, keyer, session) } else { ALONE };
        let pairs = host.installed.pairs().is_some();
        let pair = if pairs { place.pair_key(records, keyer) } else { None };
        let directory = self.scratch.memory.directory.clone();
        let recall = admitted.then_some(Recall { place, installed: host.installed, keyer });
        let ledger = Ledger { program: self.program, records, key: host.key, keyer, directory, now: place.now, recall };
        let pair = pair.unwrap_or(ALONE);
        Scene { ledger, whose: Whose { root, pair }, since }
    }

    /// Whether something may be counted apart or asked for the root session of the call.
    fn tells_roots(&self) -> bool {
        let Ok(call) = &self.call else { return self.scratch.tells_roots };
        let tells = |rule: &Rule| !matches!(rule.effect, Effect::Allow | Effect::Entitle | Effect::Deny);
        let cell = self.program.cell(call.tool, call.agent).unwrap_or_default();
        let by_rule = || cell.iter().any(|one| self.program.rule(one.rule).is_none_or(tells));
        let by_phase = || chain::supervised(self.program, &call.chain).next().is_some();
        self.scratch.tells_roots && (by_rule() || by_phase())
    }

    /// A call whose structure is not sound is denied; alerts hear of it where agent and tool are known.
    fn refuse(
        &mut self,
        records: &mut dyn Records,
        held: &Held<'_>,
        place: &Place,
        admitted: bool,
        failure: Failure,
        judgement: &mut Judgement<'_>,
    ) -> Result<(), Stop> {
        let Ok(call) = self.call else {
            judgement.refuse(failure.0, failure.1);
            return Ok(());
        };
        let call = Call { now: place.now, ..call };
        let since = |rate: u32| held.host.installed.rate(rate);
        let mut scene = self.scene(records, held, place, admitted, &since);
        judge::deny(self.program, self.scratch, &call, &mut scene, failure, judgement)?;
        if held.writing {
            judgement.write(&mut scene, self.scratch, &call, false)?;
        }
        Ok(())
    }

    /// Lines 2 to 23.
    fn judge(
        &mut self,
        records: &mut dyn Records,
        held: &Held<'_>,
        place: &Place,
        key: EntryKey,
        judgement: &mut Judgement<'_>,
    ) -> Result<(), Stop> {
        let (program, installed) = (self.program, held.host.installed);
        let call = &Call { now: place.now, ..self.call.map_err(|_| Stop::Internal)? };
        let since = |rate: u32| installed.rate(rate);
        let mut scene = self.scene(records, held, place, true, &since);
        match judge::judge(program, self.scratch, call, Some(&mut scene), judgement) {
            Err(Stop::Full) => {
                return self.refuse(records, held, place, true, (Code::StateFull, None), judgement);
            }
            judged => judged?,
        }
        let let_through = self.ran.unwrap_or(judgement.decision.permits());
        if held.writing {
            let view = scene.ledger.view()?.ok_or(Stop::Internal)?;
            journal::note(program, self.scratch, &view, call, let_through);
            judgement.write(&mut scene, self.scratch, call, let_through)?;
            let Scratch { memory, journal, reserved, .. } = &mut *self.scratch;
            let agent = call.chain.text(program, memory, call.chain.actor());
            let (tool, keyer) = (call.tool, held.keyer);
            let commit = Commit { program, installed, place, tool, call: key, agent, keyer, let_through };
            commit.write(scene.ledger.records, journal, reserved)?;
            if let_through {
                judgement.decision.open();
            }
        }
        Ok(())
    }
}
